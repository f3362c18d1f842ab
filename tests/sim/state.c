#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

int64_t sim_now(const struct sim *s)
{
	return (s->now_fixed ? s->now_s : clock_now_s()) + s->offset_s;
}

json_t *sim_time(int64_t t)
{
	struct buf b = { 0 };
	json_t *o;

	if (t == TIME_UNKNOWN)
		return json_null();
	time_format(&b, t);
	o = json_string(buf_str(&b));
	buf_release(&b);
	return o;
}

void sim_set(char **slot, const char *value)
{
	char *copy = xstrdup(value);

	free(*slot);
	*slot = copy;
}

const char *jstr(const json_t *o, const char *key)
{
	const char *v = json_string_value(json_object_get(o, key));

	return v ? v : "";
}

bool json_has_string(const json_t *list, const char *s)
{
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v)
		if (str_eq(json_string_value(v), s))
			return true;
	return false;
}

void json_drop_string(json_t *list, const char *s)
{
	for (size_t i = json_array_size(list); i-- > 0; )
		if (str_eq(json_string_value(json_array_get(list, i)), s))
			json_array_remove(list, i);
}

/* ---- people ---- */

struct sim_user *sim_user(struct sim *s, const char *name)
{
	for (struct sim_user *u = s->users; u; u = u->next)
		if (str_eq(u->name, name))
			return u;
	return NULL;
}

struct sim_user *sim_user_add(struct sim *s, const char *name,
			      const char *token, const char *permission)
{
	struct sim_user *u = sim_user(s, name);

	if (!u) {
		u = xcalloc(1, sizeof(*u));
		u->name = xstrdup(name);
		u->next = s->users;
		s->users = u;
	}
	if (token)
		sim_set(&u->token, token);
	if (permission || !u->permission)
		sim_set(&u->permission, permission ? permission : "write");
	return u;
}

bool sim_can(const struct sim *s, const struct sim_user *u, const char *what)
{
	if (!u)
		return false;
	if (u == s->bot && trap_get(s, TRAP_READ_ONLY))
		return str_eq(what, "read");
	if (str_eq(u->permission, "admin") || str_eq(what, "read"))
		return true;
	return str_eq(u->permission, what);
}

/* ---- repositories ---- */

static json_t *settings_default(void)
{
	return json_pack("{s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:s}",
			 "private", 1, "archived", 0,
			 "allow_merge_commit", 1, "allow_squash_merge", 1,
			 "allow_rebase_merge", 1, "allow_fast_forward_only", 1,
			 "allow_auto_merge", 0, "delete_branch_on_merge", 0,
			 "fork", 0, "default_merge_style", "merge");
}

struct sim_repo *sim_repo(struct sim *s, const char *owner, const char *name)
{
	struct sim_repo *r;
	struct buf dir = { 0 };
	struct stat st;

	for (size_t i = 0; i < s->repos_len; i++)
		if (str_eq(s->repos[i]->owner, owner) &&
		    str_eq(s->repos[i]->name, name))
			return s->repos[i];
	if (strchr(owner, '/') || strchr(name, '/') || owner[0] == '.' ||
	    name[0] == '.')
		return NULL;
	buf_addf(&dir, "%s/%s/%s.git", s->root, owner, name);
	if (stat(buf_str(&dir), &st) < 0 || !S_ISDIR(st.st_mode)) {
		buf_release(&dir);
		return NULL;
	}
	r = xcalloc(1, sizeof(*r));
	r->owner = xstrdup(owner);
	r->name = xstrdup(name);
	r->dir = buf_detach(&dir);
	r->id = ++s->next_id;
	r->refs = json_object();
	r->labels = json_array();
	r->statuses = json_object();
	r->checks = json_object();
	r->protected = json_object();
	r->settings = settings_default();
	r->deployments = json_array();
	ARRAY_GROW(s->repos, s->repos_len, s->repos_cap);
	s->repos[s->repos_len++] = r;
	return r;
}

const char *sim_ref(const struct sim_repo *r, const char *branch)
{
	struct buf b = { 0 };
	const char *id;

	buf_addf(&b, "refs/heads/%s", branch);
	id = json_string_value(json_object_get(r->refs, buf_str(&b)));
	buf_release(&b);
	return id;
}

void sim_default_branch(const struct sim_repo *r, struct buf *out)
{
	static const char prefix[] = "ref: refs/heads/";
	const char *set = jstr(r->settings, "default_branch");
	struct buf path = { 0 };
	char line[512] = "";
	FILE *f;

	buf_addf(&path, "%s/HEAD", r->dir);
	f = *set ? NULL : fopen(buf_str(&path), "r");
	if (f && fgets(line, sizeof(line), f) && str_starts(line, prefix)) {
		line[strcspn(line, "\n")] = '\0';
		set = line + strlen(prefix);
	}
	buf_addstr(out, set);
	if (f)
		fclose(f);
	buf_release(&path);
}

static void refs_read(struct sim_repo *r)
{
	struct buf b = { 0 };
	char *line, *save = NULL;

	json_object_clear(r->refs);
	GIT(r->dir, &b, "for-each-ref", "--format=%(objectname) %(refname)");
	for (line = b.len ? strtok_r(b.data, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *name = strchr(line, ' ');

		if (!name)
			continue;
		*name++ = '\0';
		json_object_set_new(r->refs, name, json_string(line));
	}
	buf_release(&b);
}

json_t *sim_label(struct sim *s, struct sim_repo *r, const char *name,
		  const char *color, bool create)
{
	size_t i;
	json_t *v;

	json_array_foreach(r->labels, i, v)
		if (!strcasecmp(jstr(v, "name"), name))
			return v;
	if (!create)
		return NULL;
	v = json_pack("{s:I,s:s,s:s,s:s}", "id", (json_int_t)++s->next_id,
		      "name", name, "color", color ? color : "ededed",
		      "description", "");
	json_array_append_new(r->labels, v);
	return v;
}

/* ---- statuses and checks ---- */

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

/* ---- pull requests ---- */

struct sim_pr *sim_pr(struct sim_repo *r, long long number)
{
	for (size_t i = 0; i < r->prs_len; i++)
		if (r->prs[i]->number == number)
			return r->prs[i];
	return NULL;
}

static bool is_own(const struct sim_repo *r, const struct sim_pr *pr)
{
	size_t n = strlen(r->owner);

	return !strncmp(pr->head_repo, r->owner, n) &&
	       pr->head_repo[n] == '/' &&
	       str_eq(pr->head_repo + n + 1, r->name);
}

/* Where the head is now; "" where it is gone. A fork's is fetched. */
static void head_now(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
		     struct buf *out)
{
	struct buf dir = { 0 }, spec = { 0 };

	if (is_own(r, pr)) {
		const char *id = sim_ref(r, pr->head);

		buf_addstr(out, id ? id : "");
		return;
	}
	buf_addf(&dir, "%s/%s.git", s->root, pr->head_repo);
	buf_addf(&spec, "+refs/heads/%s:refs/pull/%lld/head", pr->head,
		 pr->number);
	if (GIT(r->dir, NULL, "fetch", "-q", buf_str(&dir), buf_str(&spec)) == 0)
		GIT(buf_str(&dir), out, "rev-parse", pr->head);
	buf_release(&dir);
	buf_release(&spec);
}

/* Forges keep the head of a pull request even when its branch is gone. */
static void keep_head(struct sim_repo *r, struct sim_pr *pr, const char *sha)
{
	struct buf ref = { 0 };

	buf_addf(&ref, "refs/pull/%lld/head", pr->number);
	if (is_own(r, pr))
		GIT(r->dir, NULL, "update-ref", buf_str(&ref), sha);
	buf_release(&ref);
}

struct sim_pr *sim_pr_new(struct sim *s, struct sim_repo *r,
			  const char *head_repo, const char *head,
			  const char *base, const char *author)
{
	struct sim_pr *pr = xcalloc(1, sizeof(*pr));
	struct buf sha = { 0 };

	pr->number = (long long)r->prs_len + 1;
	pr->title = xstrdup("");
	pr->body = xstrdup("");
	pr->head = xstrdup(head);
	pr->base = xstrdup(base);
	pr->head_repo = xstrdup(head_repo);
	pr->author = xstrdup(author);
	pr->created_s = pr->updated_s = sim_now(s);
	pr->closed_s = pr->merged_s = TIME_UNKNOWN;
	pr->labels = json_array();
	pr->reviewers = json_array();
	pr->teams = json_array();
	pr->assignees = json_array();
	pr->reviews = json_array();
	pr->comments = json_array();
	head_now(s, r, pr, &sha);
	snprintf(pr->head_sha, sizeof(pr->head_sha), "%s", buf_str(&sha));
	snprintf(pr->base_sha, sizeof(pr->base_sha), "%s",
		 sim_ref(r, base) ? sim_ref(r, base) : "");
	keep_head(r, pr, pr->head_sha);
	buf_release(&sha);
	ARRAY_GROW(r->prs, r->prs_len, r->prs_cap);
	r->prs[r->prs_len++] = pr;
	return pr;
}

void sim_close_pr(struct sim *s, struct sim_pr *pr, bool closed)
{
	if (pr->closed == closed)
		return;
	pr->closed = closed;
	pr->closed_s = closed ? sim_now(s) : TIME_UNKNOWN;
	pr->updated_s = sim_now(s);
	pr->arm.on = pr->arm.queued = false;
}

const json_t *sim_rule(const struct sim_repo *r, const char *branch)
{
	return json_object_get(r->protected, branch);
}

void sim_review(struct sim *s, struct sim_pr *pr, const char *user,
		const char *state, const char *body)
{
	json_array_append_new(pr->reviews, json_pack(
		"{s:I,s:s,s:s,s:s,s:s,s:o,s:b}", "id",
		(json_int_t)++s->next_id, "user", user, "state", state,
		"body", body, "sha", pr->head_sha, "at",
		sim_time(sim_now(s)), "dismissed", 0));
	json_drop_string(pr->reviewers, user);
	pr->updated_s = sim_now(s);
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

static bool is_ancestor(struct sim_repo *r, const char *a, const char *b)
{
	return GIT(r->dir, NULL, "merge-base", "--is-ancestor", a, b) == 0;
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
	    !is_ancestor(r, base, pr->head_sha))
		return SIM_BEHIND;
	if (!str_eq(sim_checks_state(r, pr->head_sha, NULL), "success"))
		return SIM_UNSTABLE;
	return SIM_CLEAN;
}

/* ---- what happens by itself ---- */

static void head_moved(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
		       const char *sha)
{
	const json_t *rule = sim_rule(r, pr->base);
	size_t i;
	json_t *v;

	snprintf(pr->head_sha, sizeof(pr->head_sha), "%s", sha);
	pr->updated_s = sim_now(s);
	pr->arm.queued = false;
	keep_head(r, pr, sha);
	if (!json_is_true(json_object_get(rule, "dismiss_stale")))
		return;
	json_array_foreach(pr->reviews, i, v)
		if (str_eq(jstr(v, "state"), "APPROVED"))
			json_object_set_new(v, "dismissed", json_true());
}

/* GitHub takes commits that reached the base by a push for a merge. */
static void landed_by_push(struct sim *s, struct sim_repo *r,
			   struct sim_pr *pr, const char *base, bool head_moves)
{
	if (!sim_is_github(s) || !is_ancestor(r, pr->head_sha, base))
		return;
	sim_close_pr(s, pr, true);
	if (head_moves)
		return;
	pr->merged = true;
	pr->merged_s = pr->closed_s;
	snprintf(pr->merge_sha, sizeof(pr->merge_sha), "%s", base);
}

static void look(struct sim *s, struct sim_repo *r, struct sim_pr *pr)
{
	const char *base = sim_ref(r, pr->base);
	struct buf now = { 0 };
	bool head_moves, base_moves;

	head_now(s, r, pr, &now);
	if (!now.len) {
		sim_close_pr(s, pr, true);	/* its branch was deleted */
		goto out;
	}
	head_moves = !str_eq(pr->head_sha, buf_str(&now));
	base_moves = base && !str_eq(pr->base_sha, base);
	if (head_moves && pr->lag_left == 0 && trap_get(s, TRAP_STALE_HEAD))
		pr->lag_left = trap_get(s, TRAP_STALE_HEAD) + 1;
	if (head_moves && pr->lag_left > 0 && --pr->lag_left > 0)
		head_moves = false;
	if (head_moves)
		head_moved(s, r, pr, buf_str(&now));
	if (base_moves)
		snprintf(pr->base_sha, sizeof(pr->base_sha), "%s", base);
	if (base && (head_moves || base_moves))
		landed_by_push(s, r, pr, base, head_moves);
out:
	buf_release(&now);
}

/* Armed or queued, and nothing stands in the way any more: it lands. */
static bool lands(struct sim *s, struct sim_repo *r, struct sim_pr *pr)
{
	enum sim_merge_state st;

	if (pr->closed || (!pr->arm.on && !pr->arm.queued))
		return false;
	st = sim_merge_state(s, r, pr, false);
	if (st == SIM_UNKNOWN && pr->is_clean) {
		pr->polls_left = 0;	/* the forge itself needs no polls */
		pr->ready_ms = 0;
		st = sim_merge_state(s, r, pr, false);
	}
	if (st != SIM_CLEAN && st != SIM_UNSTABLE)
		return false;
	if (!pr->arm.queued && sim_is_github(s) &&
	    json_is_true(json_object_get(sim_rule(r, pr->base), "queue"))) {
		pr->arm.on = false;
		pr->arm.queued = true;
		pr->arm.queue_left = trap_get(s, TRAP_QUEUE_POLLS);
	}
	if (pr->arm.queued && pr->arm.queue_left-- > 0)
		return false;
	return sim_merge(s, r, pr, pr->arm.method, pr->arm.title,
			 pr->arm.message, pr->arm.by,
			 pr->arm.delete_branch) == MERGE_OK;
}

void sim_settle(struct sim *s, struct sim_repo *r)
{
	bool again = true;

	refs_read(r);
	for (size_t i = 0; i < r->prs_len; i++)
		if (!r->prs[i]->closed)
			look(s, r, r->prs[i]);
	while (again) {
		again = false;
		for (size_t i = 0; i < r->prs_len && !again; i++)
			again = lands(s, r, r->prs[i]);
		if (again)
			refs_read(r);
	}
}

/* ---- the end ---- */

static void pr_free(struct sim_pr *pr)
{
	char *strings[] = { pr->title, pr->body, pr->head, pr->base,
			    pr->author, pr->head_repo, pr->merged_by,
			    pr->arm.method, pr->arm.title, pr->arm.message,
			    pr->arm.by };
	json_t *values[] = { pr->labels, pr->reviewers, pr->teams,
			     pr->assignees, pr->reviews, pr->comments };

	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		free(strings[i]);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		json_decref(values[i]);
	free(pr);
}

static void repo_free(struct sim_repo *r)
{
	json_t *values[] = { r->refs, r->labels, r->statuses, r->checks,
			     r->protected, r->settings, r->deployments };

	for (size_t i = 0; i < r->prs_len; i++)
		pr_free(r->prs[i]);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		json_decref(values[i]);
	free(r->prs);
	free(r->owner);
	free(r->name);
	free(r->dir);
	free(r);
}

void sim_free_state(struct sim *s)
{
	for (size_t i = 0; i < s->repos_len; i++)
		repo_free(s->repos[i]);
	free(s->repos);
	while (s->users) {
		struct sim_user *u = s->users;

		s->users = u->next;
		free(u->name);
		free(u->token);
		free(u->permission);
		free(u);
	}
	faults_clear(s);
	json_decref(s->teams);
	json_decref(s->org_labels);
	json_decref(s->requests);
	free(s->url);
}
