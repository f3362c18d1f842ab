/* GitHub and GitHub Enterprise Server: the repository and its pull requests. */
#include "forge/github.h"

#include <string.h>

/* Below maintainer rights these are not told. */
static int gh_repo(struct forge *f, struct forge_repo *out, struct err *err)
{
	struct forge_answer ans = { 0 };
	int rc = forge_object(f, "GET", forge_repo_url(f, "%s", ""), NULL,
			      "read the repository", "metadata: read", &ans,
			      err);

	out->allows_merge_commit = js_bool(ans.json, "allow_merge_commit",
					   true);
	out->allows_squash = js_bool(ans.json, "allow_squash_merge", true);
	out->allows_rebase = js_bool(ans.json, "allow_rebase_merge", true);
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
			GH_READ, forge_pr_rows_add, &rows,
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
		    int64_t since_s, struct arena *a, struct forge_pr **out,
		    size_t *len, struct err *err)
{
	struct forge_pr_rows rows = { .f = f, .a = a, .base = base,
				      .head = head, .enough = 50 };
	const char *urls[2];

	(void)since_s;		/* it can be asked by head */
	gh_by_head_urls(f, base, head, a, urls);
	if (forge_pages(f, urls[0], NULL, 0, "list the pull requests of a branch",
			GH_READ, forge_pr_rows_add, &rows,
			err) < 0)
		return -1;
	*out = rows.items;
	*len = rows.len;
	return 0;
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

/* Pushes ------------------------------------------------------------------------- */

enum { PUSH_PAGES = 10 };

/*
 * One change of a ref, of whatever activity_type: `push`, `force_push`,
 * `pr_merge`, `merge_queue_merge`, `branch_creation` (before is zeros),
 * `branch_deletion` (after is).
 */
static int push_row(void *ctx, const json_t *row, struct err *err)
{
	struct forge_push_rows *rows = ctx;

	(void)err;
	if (strcmp(js_str(row, "ref"), rows->branch) != 0)
		return 0;
	return forge_push_rows_add(rows, js_sha(rows->a, js_get(row, "before")),
				   js_sha(rows->a, js_get(row, "after")),
				   js_time(row, "timestamp"));
}

/*
 * https://docs.github.com/rest/repos/repos#list-repository-activities: by
 * cursors, newest first. An Enterprise Server that is too old for it says 404.
 * time_period is no help: its shortest is a day, and what is older ends the
 * reading anyhow.
 */
static int gh_pushes(struct forge *f, const char *branch, int64_t since_s,
		     struct arena *a, struct forge_push **out, size_t *len,
		     struct err *err)
{
	struct forge_push_rows rows = { .a = a, .since_s = since_s };

	rows.branch = arena_printf(a, "refs/heads/%s", branch);
	if (forge_pages(f, forge_repo_url(f, "/activity?ref=%s&%s",
					  forge_esc(a, rows.branch),
					  f->ops->page_size),
			NULL, PUSH_PAGES, "list the pushes", "contents: read",
			push_row, &rows, err) < 0)
		return -1;
	*out = rows.items;
	*len = rows.len;
	return 0;
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
	.read_permission = GH_READ,
	.write_permission = GH_PULLS,
	.paces_writes = true,
	.repo = gh_repo,
	.list_open = gh_list_open,
	.list_by_head = gh_list_by_head,
	.by_head_urls = gh_by_head_urls,
	.get = forge_pr_get,
	.open_pr = gh_open_pr,
	.update_pr = forge_pr_update,
	.close_pr = forge_pr_close,
	.add_labels = gh_add_labels,
	.request_reviewers = forge_pr_reviewers,
	.readiness = gh_readiness,
	.readiness_urls = forge_pr_readiness_urls,
	.merge = gh_merge,
	.arm = gh_arm,
	.disarm = gh_disarm,
	.statuses = gh_statuses,
	.statuses_urls = gh_statuses_urls,
	.set_status = gh_set_status,
	.pushes = gh_pushes,
};
