#include "tests/sim/sim.h"

#include <stdio.h>

#include "bot/base/clock.h"
#include "bot/base/str.h"

/* May it be merged, and what stands against it: checks, reviews, protection,
   conflicts, and that the forge has not found out yet. */

void sim_add_status(struct sim *s, struct sim_repo *r, const char *sha,
		    const char *context, const char *state,
		    const char *description, const char *url,
		    const char *creator)
{
	json_t *list = json_object_get(r->statuses, sha);

	if (!list) {
		list = json_array();
		json_object_set_new(r->statuses, sha, list);
	}
	json_array_append_new(list, json_pack(
		"{s:I,s:s,s:s,s:s,s:s,s:s,s:o}", "id",
		(json_int_t)++s->next_id, "context", context, "state", state,
		"description", description, "target_url", url, "creator",
		creator, "at", sim_time(sim_now(s))));
}

static const char *graver(const char *a, const char *b)
{
	if (str_eq(a, "failure") || str_eq(b, "failure"))
		return "failure";
	return str_eq(a, "pending") || str_eq(b, "pending") ? "pending"
							    : "success";
}

static const char *status_word(const char *state)
{
	if (str_eq(state, "success") || str_eq(state, "pending"))
		return str_eq(state, "success") ? "success" : "pending";
	if (str_eq(state, "warning") || str_eq(state, "skipped") ||
	    str_eq(state, "neutral"))
		return "success";
	return "failure";
}

/* The newest word on CONTEXT, from statuses and check runs; NULL: none. */
static const char *context_state(struct sim_repo *r, const char *sha,
				 const char *context)
{
	const char *word = NULL;
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(r->statuses, sha), i, v)
		if (str_eq(jstr(v, "context"), context))
			word = status_word(jstr(v, "state"));
	json_array_foreach(json_object_get(r->checks, sha), i, v)
		if (str_eq(jstr(v, "name"), context))
			word = !str_eq(jstr(v, "status"), "completed")
				? "pending" : status_word(jstr(v, "conclusion"));
	return word;
}

const char *sim_checks_state(struct sim_repo *r, const char *sha,
			     const json_t *required)
{
	const char *all = "success";
	size_t i;
	json_t *v;

	if (required) {
		json_array_foreach(required, i, v) {
			const char *w = context_state(r, sha,
						      json_string_value(v));

			all = graver(all, w ? w : "pending");
		}
		return all;
	}
	json_array_foreach(json_object_get(r->statuses, sha), i, v)
		all = graver(all, context_state(r, sha, jstr(v, "context")));
	json_array_foreach(json_object_get(r->checks, sha), i, v)
		all = graver(all, context_state(r, sha, jstr(v, "name")));
	return all;
}

const json_t *sim_rule(const struct sim_repo *r, const char *branch)
{
	return json_object_get(r->protected, branch);
}

/* The last review of USER that says yes or no, or NULL. */
static const json_t *last_word(const struct sim_pr *pr, const char *user)
{
	const json_t *last = NULL;
	size_t i;
	json_t *v;

	json_array_foreach(pr->reviews, i, v)
		if (str_eq(jstr(v, "user"), user) &&
		    !str_eq(jstr(v, "state"), "COMMENTED") &&
		    !json_is_true(json_object_get(v, "dismissed")))
			last = v;
	return last;
}

static size_t count_words(struct sim_pr *pr, const char *state, bool at_head)
{
	size_t i, n = 0;
	json_t *v;

	json_array_foreach(pr->reviews, i, v)
		if (last_word(pr, jstr(v, "user")) == v &&
		    str_eq(jstr(v, "state"), state) &&
		    (!at_head || str_eq(jstr(v, "sha"), pr->head_sha)))
			n++;
	return n;
}

size_t sim_approvals(struct sim *s, struct sim_repo *r, struct sim_pr *pr)
{
	const json_t *rule = sim_rule(r, pr->base);

	(void)s;
	return count_words(pr, "APPROVED",
			   json_is_true(json_object_get(rule, "dismiss_stale")));
}

bool sim_has_changes_requested(struct sim_repo *r, struct sim_pr *pr)
{
	(void)r;
	return count_words(pr, "CHANGES_REQUESTED", false) > 0;
}

bool sim_blocked(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
		 struct buf *out)
{
	const json_t *rule = sim_rule(r, pr->base), *need;
	bool is_gh = sim_is_github(s);
	size_t wanted, i;
	const char *st;
	json_t *v;

	if (!rule)
		return false;
	wanted = (size_t)json_integer_value(json_object_get(rule, "approvals"));
	if (wanted && sim_has_changes_requested(r, pr)) {
		buf_addstr(out, is_gh ? "Changes have been requested."
				      : "There are requested changes");
		return true;
	}
	if (sim_approvals(s, r, pr) < wanted) {
		if (is_gh)
			buf_addf(out, "At least %zu approving review%s required"
				 " by reviewers with write access.", wanted,
				 wanted == 1 ? " is" : "s are");
		else
			buf_addstr(out, "Does not have enough approvals");
		return true;
	}
	need = json_object_get(rule, "contexts");
	st = sim_checks_state(r, pr->head_sha, need ? need : json_null());
	if (!json_array_size(need) || str_eq(st, "success"))
		return false;
	if (!is_gh) {
		buf_addstr(out, "Not all required status checks successful");
		return true;
	}
	json_array_foreach(need, i, v) {
		const char *w = context_state(r, pr->head_sha,
					      json_string_value(v));

		if (str_eq(w, "success"))
			continue;
		buf_addf(out, "Required status check \"%s\" is %s.",
			 json_string_value(v), !w ? "expected"
			 : str_eq(w, "pending") ? "pending" : "failing");
		return true;
	}
	return false;
}

/* Mergeability belongs to one pair of commits; a new pair starts it anew. */
static bool is_computed(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
			bool is_poll)
{
	const char *base = sim_ref(r, pr->base);
	struct buf fork = { 0 };

	if (!base)
		return true;
	if (!str_eq(pr->seen_head, pr->head_sha) ||
	    !str_eq(pr->seen_base, base)) {
		snprintf(pr->seen_head, sizeof(pr->seen_head), "%s",
			 pr->head_sha);
		snprintf(pr->seen_base, sizeof(pr->seen_base), "%s", base);
		pr->polls_left = trap_get(s, TRAP_MERGEABLE_POLLS);
		pr->ready_ms = clock_mono_ms() + trap_get(s, TRAP_MERGEABLE_MS);
		pr->is_clean = GIT(r->dir, NULL, "merge-tree", "--write-tree",
				   base, pr->head_sha) == 0;
		GIT(r->dir, &fork, "merge-base", base, pr->head_sha);
		snprintf(pr->merge_base, sizeof(pr->merge_base), "%s",
			 buf_str(&fork));
		buf_release(&fork);
	}
	if (pr->polls_left > 0) {
		if (is_poll)
			pr->polls_left--;
		return false;
	}
	return clock_mono_ms() >= pr->ready_ms;
}

enum sim_merge_state sim_merge_state(struct sim *s, struct sim_repo *r,
				     struct sim_pr *pr, bool is_poll)
{
	const json_t *rule = sim_rule(r, pr->base);
	const char *base = sim_ref(r, pr->base);
	struct buf why = { 0 };
	bool blocked;

	if (!is_computed(s, r, pr, is_poll))
		return SIM_UNKNOWN;
	if (!pr->is_clean || !base)
		return SIM_DIRTY;
	if (pr->draft)
		return SIM_DRAFT;
	blocked = sim_blocked(s, r, pr, &why);
	buf_release(&why);
	if (blocked)
		return SIM_BLOCKED;
	if (json_is_true(json_object_get(rule, "strict")) &&
	    !git_is_ancestor(r->dir, base, pr->head_sha))
		return SIM_BEHIND;
	if (!str_eq(sim_checks_state(r, pr->head_sha, NULL), "success"))
		return SIM_UNSTABLE;
	return SIM_CLEAN;
}
