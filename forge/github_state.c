/* GitHub: may it be merged, and what do the checks say. */
#include "forge/github.h"

#include <string.h>

#include "bot/base/log.h"

enum { DESCRIPTION_MAX = 140 };

/* Readiness ------------------------------------------------------------------------ */

static int review_row(void *ctx, const json_t *row, struct err *err)
{
	const char *who = js_str(row, "author_association");
	/* On a public repository anybody can approve. */
	bool counts = !*who || strcmp(who, "OWNER") == 0 ||
		      strcmp(who, "MEMBER") == 0 ||
		      strcmp(who, "COLLABORATOR") == 0;

	(void)err;
	forge_reviews_add(ctx, js_text(js_in(row, "user", "login")),
			  js_str(row, "state"), js_str(row, "commit_id"),
			  counts);
	return 0;
}

/* Unknown is not approved. */
static bool gh_approved(struct forge *f, long long number, struct arena *a,
			const char *head_sha)
{
	struct forge_reviews r = { .a = a, .head_sha = head_sha };
	struct err why = { 0 };

	if (forge_pages(f, forge_repo_url(f, "/pulls/%lld/reviews?%s", number,
					  f->ops->page_size), NULL, 0,
			"read the reviews", GH_READ, review_row,
			&r, &why) < 0) {
		log_verbose("#%lld: taken as not approved: %s", number, why.msg);
		return false;
	}
	return forge_reviews_approvals(&r) > 0 && !forge_reviews_objected(&r);
}

static const struct {
	const char *state;
	enum forge_ready ready;
	const char *reason;
} merge_states[] = {
	{ "clean", FORGE_READY, "can be merged" },
	{ "has_hooks", FORGE_READY, "can be merged" },
	/* Only checks that are not required are red or running. */
	{ "unstable", FORGE_READY, "can be merged; some checks are not green" },
	{ "blocked", FORGE_READY_BLOCKED,
	  "branch protection asks for an approval or a check" },
	{ "behind", FORGE_READY_BEHIND, "must be brought up to date first" },
	{ "dirty", FORGE_READY_CONFLICT, "conflicts with the base" },
	{ "draft", FORGE_READY_DRAFT, "is a draft" },
};

static void judge(const json_t *j, const struct forge_pr *pr,
		  struct forge_readiness *out)
{
	const json_t *mergeable = js_get(j, "mergeable");
	const char *state = js_str(j, "mergeable_state");

	out->ready = FORGE_READY_UNKNOWN;
	out->reason = "the forge is still computing whether it can be merged";
	for (size_t i = 0; i < ARRAY_LEN(merge_states); i++) {
		if (strcmp(state, merge_states[i].state) != 0)
			continue;
		out->ready = merge_states[i].ready;
		out->reason = merge_states[i].reason;
	}
	if (json_is_false(mergeable) && out->ready == FORGE_READY_UNKNOWN) {
		out->ready = FORGE_READY_CONFLICT;
		out->reason = "cannot be merged";
	}
	/* Null: it is being computed, whatever the state says meanwhile. */
	if (json_is_null(mergeable) && out->ready != FORGE_READY_DRAFT) {
		out->ready = FORGE_READY_UNKNOWN;
		out->reason = "the forge is still computing whether it can be "
			      "merged";
	}
	if (pr->is_draft && out->ready != FORGE_READY_CONFLICT) {
		out->ready = FORGE_READY_DRAFT;
		out->reason = "is a draft";
	}
}

int gh_readiness(struct forge *f, long long number, int64_t wait_ms,
		 struct arena *a, struct forge_readiness *out,
		 struct err *err)
{
	int64_t step = 1000, waited = 0;
	struct forge_pr pr;

	memset(out, 0, sizeof(*out));
	for (;; waited += step, step *= 2) {
		struct forge_answer ans = { 0 };
		int rc = forge_object(f, "GET",
				      forge_repo_url(f, "/pulls/%lld", number),
				      NULL, "read the pull request",
				      GH_READ, &ans, err);

		if (rc == 0)
			rc = forge_pr_read(f, ans.json, a, &pr, err);
		if (rc == 0)
			judge(ans.json, &pr, out);
		forge_answer_release(&ans);
		if (rc < 0)
			return -1;
		/* Reading it is what starts the computation. */
		if (pr.state != FORGE_PR_OPEN ||
		    out->ready != FORGE_READY_UNKNOWN || waited >= wait_ms)
			break;
		if (step > wait_ms - waited)
			step = wait_ms - waited;
		if (!http_wait(f->http, step))
			break;
	}
	out->head_sha = pr.head_sha;
	if (pr.state != FORGE_PR_OPEN) {
		out->ready = FORGE_READY_BLOCKED;
		out->reason = pr.state == FORGE_PR_MERGED ? "is merged already"
							  : "is closed";
		return 0;
	}
	out->approved = gh_approved(f, number, a, pr.head_sha);
	/* What conflicts, is behind or a draft does not land by itself. */
	if (out->ready != FORGE_READY && out->ready != FORGE_READY_BLOCKED &&
	    out->ready != FORGE_READY_UNKNOWN)
		return 0;
	if (pr.auto_merge || gh_in_queue(f, pr.node_id)) {
		out->ready = FORGE_READY_QUEUED;
		out->reason = pr.auto_merge ? "auto-merge is armed"
					    : "is in the merge queue";
	}
	return 0;
}

/* Statuses ------------------------------------------------------------------------- */

static int check_row(void *ctx, const json_t *row, struct err *err)
{
	struct forge_status_rows *rows = ctx;
	const char *end = js_str(row, "conclusion");
	struct forge_status s = {
		.name = js_dup(rows->a, row, "name"),
		.description = arena_strdup(rows->a,
					    js_text(js_in(row, "output",
							  "title"))),
		.url = js_dup(rows->a, row, "html_url"),
		.updated_s = js_time(row, "completed_at"),
	};

	(void)err;
	if (s.updated_s == TIME_UNKNOWN)
		s.updated_s = js_time(row, "started_at");
	if (strcmp(js_str(row, "status"), "completed") != 0)
		s.state = FORGE_STATUS_PENDING;
	else if (strcmp(end, "success") == 0)
		s.state = FORGE_STATUS_SUCCESS;
	else if (strcmp(end, "neutral") == 0 || strcmp(end, "skipped") == 0)
		s.state = FORGE_STATUS_NEUTRAL;
	else	/* also stale, startup_failure and what is yet to come */
		s.state = FORGE_STATUS_FAILURE;
	forge_status_rows_add(rows, &s);
	return 0;
}

size_t gh_statuses_urls(struct forge *f, const char *sha,
			struct arena *a, const char *urls[2])
{
	const char *commit = forge_esc(a, sha);

	urls[0] = arena_strdup(a, forge_repo_url(f, "/commits/%s/status?%s",
						 commit, f->ops->page_size));
	urls[1] = arena_strdup(a, forge_repo_url(f, "/commits/%s/check-runs?"
						 "filter=latest&%s", commit,
						 f->ops->page_size));
	return 2;
}

int gh_statuses(struct forge *f, const char *sha, struct arena *a,
		struct forge_status **out, size_t *len,
		bool *checks_unknown, struct err *err)
{
	struct forge_status_rows rows = { .a = a };
	struct err why = { 0 };
	const char *urls[2];

	gh_statuses_urls(f, sha, a, urls);
	if (forge_pages(f, urls[0], "statuses", 0, "read the statuses",
			"commit statuses: read", forge_status_row, &rows, err) < 0)
		return -1;
	/* A fine-grained token cannot read check runs at all. */
	if (forge_pages(f, urls[1], "check_runs", 0, "read the checks", "checks: read",
			check_row, &rows, &why) < 0) {
		if (why.code != ERR_REFUSED)
			return err_set(err, why.code, "%s", why.msg);
		log_verbose("checks are unknown: %s", why.msg);
		*checks_unknown = true;
	}
	*out = rows.items;
	*len = rows.len;
	return 0;
}

int gh_set_status(struct forge *f, const char *sha, const char *name,
		  enum forge_status_state state,
		  const char *description, struct err *err)
{
	static const char *const words[] = {
		[FORGE_STATUS_PENDING] = "pending",
		[FORGE_STATUS_SUCCESS] = "success",
		[FORGE_STATUS_FAILURE] = "failure",
		[FORGE_STATUS_NEUTRAL] = "success",
	};

	return forge_status_post(f, sha, name, words[state], description,
				 DESCRIPTION_MAX, "commit statuses: read and write",
				 err);
}
