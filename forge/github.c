/* GitHub and GitHub Enterprise Server: reading, and all writing but merges. */
#include "forge/github.h"

#include <string.h>
#include <strings.h>

#include "bot/base/log.h"
#include "bot/base/str.h"

enum { DESCRIPTION_MAX = 140 };

static int gh_caps(struct forge *f, unsigned *caps, struct err *err)
{
	(void)f;
	(void)err;
	*caps = FORGE_HAS_LABELS | FORGE_HAS_REVIEWERS |
		FORGE_HAS_TEAM_REVIEWERS | FORGE_HAS_AUTO_MERGE |
		FORGE_HAS_EXPECTED_HEAD | FORGE_HAS_STATUSES;
	return 0;
}

static int gh_repo(struct forge *f, struct arena *a, struct forge_repo *out,
		   struct err *err)
{
	struct forge_answer ans = { 0 };
	const json_t *j;
	int rc = -1;

	if (forge_object(f, "GET", forge_repo_url(f, "%s", ""), NULL,
			 "read the repository", "metadata: read", &ans,
			 err) < 0)
		goto out;
	j = ans.json;
	out->default_branch = js_dup(a, j, "default_branch");
	out->can_push = js_bool(js_get(j, "permissions"), "push", true) &&
			!js_bool(j, "archived", false);
	/* Below maintainer rights these are not told. */
	out->allows_merge_commit = js_bool(j, "allow_merge_commit", true);
	out->allows_squash = js_bool(j, "allow_squash_merge", true);
	out->allows_rebase = js_bool(j, "allow_rebase_merge", true);
	out->allows_auto_merge = js_bool(j, "allow_auto_merge", true);
	rc = 0;
out:
	forge_answer_release(&ans);
	return rc;
}

/* Pull requests ------------------------------------------------------------------ */

static int gh_list_open(struct forge *f, const char *base,
			const char *head_prefix, struct arena *a,
			struct forge_pr **out, size_t *len, struct err *err)
{
	struct forge_pr_rows rows = { .f = f, .a = a, .base = base,
				      .head_prefix = head_prefix,
				      .open_only = true };

	/* The filter takes a whole head only, and ignores what it does not
	   understand: every row is looked at. */
	if (forge_pages(f, forge_repo_url(f, "/pulls?state=open&base=%s&%s",
					  forge_esc(a, base),
					  f->ops->page_size),
			NULL, 0, "list the open pull requests",
			"pull requests: read", forge_pr_rows_add, &rows,
			err) < 0)
		return -1;
	*out = rows.items;
	*len = rows.len;
	return 0;
}

/* Without the owner the filter is dropped and everything comes. */
static size_t gh_by_head_urls(struct forge *f, const char *base,
			      const char *head, struct arena *a,
			      const char *urls[2])
{
	urls[0] = arena_strdup(a, forge_repo_url(f, "/pulls?state=all&head=%s:"
						 "%s&base=%s&sort=created"
						 "&direction=desc&%s",
						 forge_esc(a, f->owner),
						 forge_esc(a, head),
						 forge_esc(a, base),
						 f->ops->page_size));
	return 1;
}

int gh_list_by_head(struct forge *f, const char *base, const char *head,
		    struct arena *a, struct forge_pr **out, size_t *len,
		    struct err *err)
{
	struct forge_pr_rows rows = { .f = f, .a = a, .base = base,
				      .head = head, .enough = 50 };
	const char *urls[2];

	gh_by_head_urls(f, base, head, a, urls);
	if (forge_pages(f, urls[0], NULL, 0, "list the pull requests of a branch",
			"pull requests: read", forge_pr_rows_add, &rows,
			err) < 0)
		return -1;
	*out = rows.items;
	*len = rows.len;
	return 0;
}

int gh_get(struct forge *f, long long number, struct arena *a,
	   struct forge_pr *out, struct err *err)
{
	struct forge_answer ans = { 0 };
	int rc = forge_object(f, "GET", forge_repo_url(f, "/pulls/%lld", number),
			      NULL, "read the pull request",
			      "pull requests: read", &ans, err);

	if (rc < 0 && ans.status == 404)
		err->code = ERR_NOTFOUND;	/* the repository was seen before */
	if (rc == 0)
		rc = forge_pr_read(f, ans.json, a, out, err);
	forge_answer_release(&ans);
	return rc;
}

static int gh_update_pr(struct forge *f, long long number, const char *title,
			const char *body, struct err *err)
{
	struct forge_answer ans = { 0 };
	json_t *j = json_object();
	int rc;

	if (title)
		js_set(j, "title", title);
	if (body)
		js_set(j, "body", body);
	rc = forge_object(f, "PATCH", forge_repo_url(f, "/pulls/%lld", number),
			  j, "change the pull request", GH_PULLS, &ans, err);
	forge_answer_release(&ans);
	return rc;
}

static int gh_close_pr(struct forge *f, long long number, struct err *err)
{
	struct forge_answer ans = { 0 };
	struct err ignored = { 0 };
	struct arena a = { 0 };
	json_t *j = json_object();
	struct forge_pr now;
	int rc;

	js_set(j, "state", "closed");
	rc = forge_object(f, "PATCH", forge_repo_url(f, "/pulls/%lld", number),
			  j, "close the pull request", GH_PULLS, &ans, err);
	/* Closed or merged by now, by us or by somebody else? */
	if (rc < 0 && (ans.status == 0 || ans.status == 422 ||
		       ans.status >= 500) &&
	    gh_get(f, number, &a, &now, &ignored) == 0 &&
	    now.state != FORGE_PR_OPEN) {
		err_clear(err);
		rc = 0;
	}
	forge_answer_release(&ans);
	arena_release(&a);
	return rc;
}

static json_t *name_list(const char *const *names, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(list, js_string(names[i])) < 0)
			BUG("cannot make a list");
	return list;
}

static int ask_labels(struct forge *f, long long number,
		      const char *const *names, size_t n,
		      struct forge_answer *out, struct err *err)
{
	json_t *j = json_object();

	js_set_take(j, "labels", name_list(names, n));
	return forge_call(f, "POST", forge_repo_url(f, "/issues/%lld/labels",
						    number), j, out, err);
}

static int gh_add_labels(struct forge *f, long long number,
			 const char *const *labels, size_t n, struct err *err)
{
	return forge_each_or_all(f, number, labels, n, "add labels", GH_PULLS,
				 "the labels", ask_labels, err);
}

/* "user" and "org/team" are two lists; a team goes by its slug alone. */
static int ask_reviewers(struct forge *f, long long number,
			 const char *const *names, size_t n,
			 struct forge_answer *out, struct err *err)
{
	json_t *j = json_object(), *users = json_array(), *teams = json_array();

	for (size_t i = 0; i < n; i++) {
		const char *slash = strchr(names[i], '/');

		json_array_append_new(slash ? teams : users,
				      js_string(slash ? slash + 1 : names[i]));
	}
	if (js_len(users))
		js_set_take(j, "reviewers", json_incref(users));
	if (js_len(teams))
		js_set_take(j, "team_reviewers", json_incref(teams));
	json_decref(users);
	json_decref(teams);
	return forge_call(f, "POST",
			  forge_repo_url(f, "/pulls/%lld/requested_reviewers",
					 number), j, out, err);
}

static int gh_request_reviewers(struct forge *f, long long number,
				const char *const *reviewers, size_t n,
				struct err *err)
{
	return forge_each_or_all(f, number, reviewers, n, "ask for reviews",
				 GH_PULLS, "the reviewers", ask_reviewers, err);
}

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
			"read the reviews", "pull requests: read", review_row,
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

static size_t gh_readiness_urls(struct forge *f, long long number,
				struct arena *a, const char *urls[2])
{
	urls[0] = arena_strdup(a, forge_repo_url(f, "/pulls/%lld", number));
	urls[1] = arena_strdup(a, forge_repo_url(f, "/pulls/%lld/reviews?%s",
						 number, f->ops->page_size));
	return 2;
}

static int gh_readiness(struct forge *f, long long number, int64_t wait_ms,
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
				      "pull requests: read", &ans, err);

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

/* Branches and statuses ------------------------------------------------------------- */

static int gh_delete_branch(struct forge *f, const char *branch,
			    struct err *err)
{
	struct forge_answer ans = { 0 };
	struct arena a = { 0 };
	const char *ref = forge_esc_branch(&a, branch);
	int rc;

	rc = forge_call(f, "DELETE", forge_repo_url(f, "/git/refs/heads/%s", ref),
			NULL, &ans, err);
	if (rc < 0 && !forge_doubtful(rc, &ans, err))
		goto out;
	if (rc == 0 && (ans.status == 204 ||
			(ans.status == 422 &&
			 forge_says(&ans, "does not exist"))))
		goto out;
	/* Doubtful, or refused with a text we do not know: is it there? */
	if (rc < 0 || ans.status >= 500 || ans.status == 404 ||
	    ans.status == 422) {
		struct forge_answer look = { 0 };
		struct err ignored = { 0 };
		bool gone = forge_call(f, "GET",
				       forge_repo_url(f, "/git/ref/heads/%s",
						      ref),
				       NULL, &look, &ignored) == 0 &&
			    look.status == 404;

		forge_answer_release(&look);
		if (gone) {
			err_clear(err);
			rc = 0;
			goto out;
		}
	}
	if (rc == 0)
		rc = forge_fail(f, &ans, "delete the branch", GH_CONTENTS, err);
out:
	forge_answer_release(&ans);
	arena_release(&a);
	return rc;
}

static int status_row(void *ctx, const json_t *row, struct err *err)
{
	struct forge_status_rows *rows = ctx;
	const char *state = js_str(row, "state");
	struct forge_status s = {
		.name = js_dup(rows->a, row, "context"),
		.description = js_dup(rows->a, row, "description"),
		.url = js_dup(rows->a, row, "target_url"),
		.updated_s = js_time(row, "updated_at"),
	};

	(void)err;
	s.state = strcmp(state, "success") == 0 ? FORGE_STATUS_SUCCESS
		: strcmp(state, "failure") == 0 ||
		  strcmp(state, "error") == 0	? FORGE_STATUS_FAILURE
						: FORGE_STATUS_PENDING;
	forge_status_rows_add(rows, &s);
	return 0;
}

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

static size_t gh_statuses_urls(struct forge *f, const char *sha,
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

static int gh_statuses(struct forge *f, const char *sha, struct arena *a,
		       struct forge_status **out, size_t *len,
		       bool *checks_unknown, struct err *err)
{
	struct forge_status_rows rows = { .a = a };
	struct err why = { 0 };
	const char *urls[2];

	gh_statuses_urls(f, sha, a, urls);
	if (forge_pages(f, urls[0], "statuses", 0, "read the statuses",
			"commit statuses: read", status_row, &rows, err) < 0)
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

static int gh_set_status(struct forge *f, const char *sha, const char *name,
			 enum forge_status_state state,
			 const char *description, struct err *err)
{
	static const char *const words[] = {
		[FORGE_STATUS_PENDING] = "pending",
		[FORGE_STATUS_SUCCESS] = "success",
		[FORGE_STATUS_FAILURE] = "failure",
		[FORGE_STATUS_NEUTRAL] = "success",
	};
	struct forge_answer ans = { 0 };
	struct arena a = { 0 };
	json_t *j = json_object();
	int rc;

	js_set(j, "state", words[state]);
	js_set(j, "context", name);
	js_set(j, "description", forge_cut(&a, description, DESCRIPTION_MAX));
	rc = forge_object(f, "POST",
			  forge_repo_url(f, "/statuses/%s", forge_esc(&a, sha)),
			  j, "set a status",
			  "commit statuses: read and write", &ans, err);
	forge_answer_release(&ans);
	arena_release(&a);
	return rc;
}

static const char *const gh_hosts[] = { "github.com", "www.github.com",
					"api.github.com", NULL };
static const char *const gh_tokens[] = { "GITHUB_TOKEN", "GH_TOKEN", NULL };

const struct forge_ops forge_github = {
	.name = "github",
	.hosts = gh_hosts,
	.hosted_root = "https://api.github.com",
	.root_suffix = "/api/v3",
	.token_header = "Authorization: Bearer",
	.accept = "Accept: application/vnd.github+json",
	.extra_header = "X-GitHub-Api-Version: 2022-11-28",
	.git_user = "x-access-token",
	.token_variables = gh_tokens,
	.page_size = "per_page=100",
	.paces_writes = true,
	.caps = gh_caps,
	.repo = gh_repo,
	.list_open = gh_list_open,
	.list_by_head = gh_list_by_head,
	.by_head_urls = gh_by_head_urls,
	.get = gh_get,
	.open_pr = gh_open_pr,
	.update_pr = gh_update_pr,
	.close_pr = gh_close_pr,
	.add_labels = gh_add_labels,
	.request_reviewers = gh_request_reviewers,
	.readiness = gh_readiness,
	.readiness_urls = gh_readiness_urls,
	.merge = gh_merge,
	.arm = gh_arm,
	.disarm = gh_disarm,
	.delete_branch = gh_delete_branch,
	.statuses = gh_statuses,
	.statuses_urls = gh_statuses_urls,
	.set_status = gh_set_status,
};
