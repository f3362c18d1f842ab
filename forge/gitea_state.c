/* Gitea and Forgejo: may it be merged, and what do the checks say. */
#include "forge/gitea.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "bot/base/log.h"
#include "bot/base/str.h"

enum {
	DESCRIPTION_MAX = 255,
	CONFLICT_MS = 8000,	/* not mergeable for so long: a conflict */
};

/* Statuses ------------------------------------------------------------------------ */

/* A commit that the server does not have gives 500. */
static bool commit_missing(struct forge *f, const char *sha, struct arena *a)
{
	struct forge_answer ans = { 0 };
	struct err ignored = { 0 };
	bool missing = forge_call(f, "GET",
				  forge_repo_url(f, "/git/commits/%s",
						 forge_esc(a, sha)),
				  NULL, &ans, &ignored) == 0 &&
		       (ans.status == 404 || ans.status == 422);

	forge_answer_release(&ans);
	return missing;
}

static const char *statuses_url(struct forge *f, const char *sha,
				struct arena *a)
{
	return forge_repo_url(f, "/commits/%s/status?%s", forge_esc(a, sha),
			      f->ops->page_size);
}

size_t gt_statuses_urls(struct forge *f, const char *sha, struct arena *a,
			const char *urls[2])
{
	urls[0] = arena_strdup(a, statuses_url(f, sha, a));
	return 1;
}

int gt_statuses(struct forge *f, const char *sha, struct arena *a,
		struct forge_status **out, size_t *len, bool *checks_unknown,
		struct err *err)
{
	struct forge_status_rows rows = { .a = a };

	*checks_unknown = false;	/* actions write statuses, too */
	if (forge_pages(f, statuses_url(f, sha, a), "statuses", 0,
			"read the statuses", GT_READ, forge_status_row,
			&rows, err) < 0) {
		if (err->code == ERR_TRANSIENT && commit_missing(f, sha, a)) {
			err_clear(err);
			return err_set(err, ERR_NOTFOUND, "%s does not know "
				       "the commit %.10s", f->host, sha);
		}
		return -1;
	}
	*out = rows.items;
	*len = rows.len;
	return 0;
}

int gt_set_status(struct forge *f, const char *sha, const char *name,
		  enum forge_status_state state, const char *description,
		  struct err *err)
{
	static const char *const words[] = {
		[FORGE_STATUS_PENDING] = "pending",
		[FORGE_STATUS_SUCCESS] = "success",
		[FORGE_STATUS_FAILURE] = "failure",
		[FORGE_STATUS_NEUTRAL] = "warning",
	};

	return forge_status_post(f, sha, name, words[state], description,
				 DESCRIPTION_MAX, GT_REPO, err);
}

/* Readiness ------------------------------------------------------------------------ */

static int review_row(void *ctx, const json_t *row, struct err *err)
{
	/* Not official: the reviewer's word has no weight for this branch. */
	bool counts = js_bool(row, "official", true) &&
		      !js_bool(row, "stale", false);
	const char *state = js_str(row, "state");

	(void)err;
	if (js_bool(row, "dismissed", false))
		state = "DISMISSED";
	forge_reviews_add(ctx, js_text(js_in(row, "user", "login")), state,
			  js_str(row, "commit_id"), counts);
	return 0;
}

static void reviews_read(struct forge *f, long long number,
			 struct forge_reviews *r)
{
	struct err why = { 0 };

	if (forge_pages(f, forge_repo_url(f, "/pulls/%lld/reviews?%s", number,
					  f->ops->page_size), NULL, 0,
			"read the reviews", GT_READ, review_row, r,
			&why) < 0) {
		log_verbose("#%lld: taken as not approved: %s", number, why.msg);
		r->len = 0;
	}
}

static void blocked(struct forge_readiness *out, const char *reason)
{
	out->ready = FORGE_READY_BLOCKED;
	out->reason = reason;
}

/* Does every context that protection asks for stand on the head? */
static void judge_checks(struct forge *f, const json_t *contexts,
			 struct arena *a, struct forge_readiness *out)
{
	struct forge_status *rows = NULL;
	struct err why = { 0 };
	bool unknown;
	size_t len = 0;

	if (gt_statuses(f, out->head_sha, a, &rows, &len, &unknown, &why) < 0) {
		log_verbose("%s", why.msg);
		blocked(out, "its checks cannot be read");
		return;
	}
	for (size_t i = 0; i < js_len(contexts); i++) {
		const char *want = js_text(json_array_get(contexts, i));
		bool there = false;

		for (size_t k = 0; k < len; k++) {
			if (fnmatch(want, rows[k].name, 0) != 0)
				continue;
			there = true;
			if (rows[k].state == FORGE_STATUS_PENDING ||
			    rows[k].state == FORGE_STATUS_FAILURE)
				blocked(out, arena_printf(a, "the check %s is "
							  "not green",
							  rows[k].name));
		}
		if (!there)
			blocked(out, arena_printf(a, "the check %s is missing",
						  want));
	}
	for (size_t k = 0; js_len(contexts) == 0 && k < len; k++)
		if (rows[k].state == FORGE_STATUS_PENDING ||
		    rows[k].state == FORGE_STATUS_FAILURE)
			blocked(out, arena_printf(a, "the check %s is not "
						  "green", rows[k].name));
	if (js_len(contexts) == 0 && len == 0)
		blocked(out, "it has no check yet");
}

/*
 * `mergeable` knows conflicts only. What protection asks for is told by the
 * branch, to everybody who may read it; where it is not, the merge will say.
 */
static void judge_protection(struct forge *f, const char *base,
			     size_t approvals, struct arena *a,
			     struct forge_readiness *out)
{
	struct forge_answer ans = { 0 };
	struct err why = { 0 };
	long long want;

	if (forge_object(f, "GET", forge_repo_url(f, "/branches/%s",
						  forge_esc_branch(a, base)),
			 NULL, "read the base branch", GT_READ, &ans,
			 &why) < 0) {
		log_verbose("%s", why.msg);
	} else if (js_bool(ans.json, "protected", false)) {
		if (js_bool(ans.json, "enable_status_check", false))
			judge_checks(f, js_get(ans.json,
					       "status_check_contexts"),
				     a, out);
		want = js_int(ans.json, "required_approvals");
		if (want > 0 && (size_t)want > approvals)
			blocked(out, arena_printf(a, "has %zu of %lld "
						  "approvals", approvals,
						  want));
		if (!js_bool(ans.json, "user_can_merge", true))
			blocked(out, arena_printf(a, "the token's user may "
						  "not merge into %s", base));
	}
	forge_answer_release(&ans);
}

static bool is_work_in_progress(const struct forge_pr *pr)
{
	return pr->is_draft || strncasecmp(pr->title, "WIP:", 4) == 0 ||
	       strncasecmp(pr->title, "[WIP]", 5) == 0;
}

/*
 * Read it until it is mergeable, for WAIT_MS. False is also what it says
 * while it computes, for ever where there is a conflict, and when a draft.
 */
static int poll_mergeable(struct forge *f, long long number, int64_t wait_ms,
			  struct arena *a, struct forge_pr *pr, bool *mergeable,
			  int64_t *waited, struct err *err)
{
	int64_t step;

	*waited = 0;
	for (int64_t n = 1;; n++, *waited += step) {
		struct forge_answer ans = { 0 };
		int rc = forge_object(f, "GET",
				      forge_repo_url(f, "/pulls/%lld", number),
				      NULL, "read the pull request",
				      GT_READ, &ans, err);

		if (rc == 0)
			rc = forge_pr_read(f, ans.json, a, pr, err);
		*mergeable = rc == 0 && js_bool(ans.json, "mergeable", false);
		forge_answer_release(&ans);
		if (rc < 0)
			return -1;
		if (*mergeable || pr->state != FORGE_PR_OPEN ||
		    is_work_in_progress(pr) || *waited >= wait_ms)
			return 0;
		step = 250 * n * n;
		if (step > wait_ms - *waited)
			step = wait_ms - *waited;
		if (!http_wait(f->http, step))
			return 0;
	}
}

int gt_readiness(struct forge *f, long long number, int64_t wait_ms,
		 struct arena *a, struct forge_readiness *out, struct err *err)
{
	struct forge_reviews r = { .a = a };
	struct forge_pr pr;
	bool mergeable;
	int64_t waited;

	memset(out, 0, sizeof(*out));
	if (poll_mergeable(f, number, wait_ms, a, &pr, &mergeable, &waited,
			   err) < 0)
		return -1;
	out->head_sha = r.head_sha = pr.head_sha;
	if (pr.state != FORGE_PR_OPEN) {
		blocked(out, pr.state == FORGE_PR_MERGED ? "is merged already"
							 : "is closed");
		return 0;
	}
	reviews_read(f, number, &r);
	out->approved = forge_reviews_approvals(&r) > 0 &&
			!forge_reviews_objected(&r);
	if (is_work_in_progress(&pr)) {
		out->ready = FORGE_READY_DRAFT;
		out->reason = "is a draft (work in progress)";
	} else if (!mergeable && waited >= CONFLICT_MS) {
		out->ready = FORGE_READY_CONFLICT;
		out->reason = "conflicts with the base";
	} else if (!mergeable) {
		out->ready = FORGE_READY_UNKNOWN;
		out->reason = "the forge is still computing whether it can be "
			      "merged, or it conflicts";
	} else {
		out->ready = FORGE_READY;
		out->reason = "can be merged";
		judge_protection(f, pr.base_branch, forge_reviews_approvals(&r),
				 a, out);
	}
	return 0;
}
