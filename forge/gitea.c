/* Gitea and Forgejo: the repository and its pull requests. */
#include "forge/gitea.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "forge/merge.h"

enum {
	OPEN_TRIES = 4,
	NEWEST_LEAST = 500,	/* pull requests that are looked at anyhow */
	BY_HEAD_MOST = 50,
};

#define OPENING "open the pull request"

/* Versions ----------------------------------------------------------------------- */

static void version_numbers(const char *s, int out[2])
{
	char *end;

	out[0] = out[1] = 0;
	if (!isdigit((unsigned char)*s))
		return;
	out[0] = (int)strtol(s, &end, 10);
	if (*end == '.' && isdigit((unsigned char)end[1]))
		out[1] = (int)strtol(end + 1, NULL, 10);
}

/*
 * "1.22.3", "1.27.0+dev-12", or Forgejo's "16.0.1+gitea-1.22.0". Forgejo
 * began to count by itself at 7, long after what is asked of Gitea here.
 */
static void version_read(struct forge *f, const char *text)
{
	version_numbers(text, f->version);
	f->forgejo = strstr(text, "+gitea-") ? f->version[0] : 0;
}

static int version_ask(struct forge *f, struct err *err)
{
	struct forge_answer ans = { 0 };
	struct err why = { 0 };
	int rc = 0;

	if (f->version[0] >= 0)
		return 0;
	if (forge_object(f, "GET", forge_root_url(f, "/version"), NULL,
			 "ask for the version", NULL, &ans, &why) == 0) {
		version_read(f, js_str(ans.json, "version"));
	} else if (why.code == ERR_REFUSED) {
		/* It does not tell: take it for an old one. */
		log_verbose("%s; taken for an old one", why.msg);
		f->version[0] = f->version[1] = 0;
	} else {
		rc = err_set(err, why.code, "%s", why.msg);
	}
	forge_answer_release(&ans);
	return rc;
}

int gt_version_at_least(struct forge *f, int major, int minor, bool *out,
			struct err *err)
{
	if (version_ask(f, err) < 0)
		return -1;
	*out = f->version[0] > major ||
	       (f->version[0] == major && f->version[1] >= minor);
	return 0;
}

static int gt_repo(struct forge *f, struct forge_repo *out, struct err *err)
{
	struct forge_answer ans = { 0 };
	int rc = forge_object(f, "GET", forge_repo_url(f, "%s", ""), NULL,
			      "read the repository", GT_READ, &ans, err);

	out->allows_merge_commit = js_bool(ans.json, "allow_merge_commits",
					   true);
	out->allows_squash = js_bool(ans.json, "allow_squash_merge", true);
	out->allows_rebase = js_bool(ans.json, "allow_rebase", true);
	forge_answer_release(&ans);
	return rc;
}

/* Finding --------------------------------------------------------------------------- */

static int gt_list_open(struct forge *f, const char *base,
			const char *head_prefix, struct arena *a,
			struct forge_pr **out, size_t *len, struct err *err)
{
	struct forge_pr_rows rows = { .f = f, .a = a, .base = base,
				      .head_prefix = head_prefix,
				      .open_only = true };

	if (forge_pages(f, forge_repo_url(f, "/pulls?state=open&%s",
					  f->ops->page_size),
			NULL, 0, "list the open pull requests",
			GT_READ, forge_pr_rows_add, &rows, err) < 0)
		return -1;
	*out = rows.items;
	*len = rows.len;
	return 0;
}

struct newest {
	struct forge_pr_rows rows;
	size_t seen;
	int64_t since_s;	/* what was closed since has changed since */
	int64_t last_s;		/* of the last row; INT64_MIN: that was all */
};

static int newest_row(void *ctx, const json_t *row, struct err *err)
{
	struct newest *n = ctx;

	n->last_s = js_time(row, "updated_at");
	if (++n->seen > NEWEST_LEAST && n->last_s < n->since_s)
		return 1;
	n->last_s = INT64_MIN;
	return forge_pr_rows_add(&n->rows, row, err);
}

static int newest_read(struct forge *f, int64_t since_s, struct err *err)
{
	struct newest n = {
		.rows = { .f = f, .a = &f->newest_arena },
		.since_s = since_s == TIME_UNKNOWN ? INT64_MAX : since_s,
		.last_s = INT64_MIN,
	};

	if (f->has_newest && f->newest_since_s <= n.since_s)
		return 0;
	arena_release(&f->newest_arena);
	f->has_newest = false;
	if (forge_pages(f, forge_repo_url(f, "/pulls?state=all&sort="
					  "recentupdate&%s", f->ops->page_size),
			NULL, 0, "list the pull requests", GT_READ, newest_row,
			&n, err) < 0)
		return -1;
	f->newest = n.rows.items;
	f->newest_len = n.rows.len;
	f->newest_since_s = n.last_s == INT64_MIN ? n.last_s : n.last_s + 1;
	f->has_newest = true;
	return 0;
}

static int newer_first(const void *a, const void *b)
{
	const struct forge_pr *x = a, *y = b;

	return (x->number < y->number) - (x->number > y->number);
}

static struct forge_pr pr_copy(struct arena *a, const struct forge_pr *from)
{
	struct forge_pr to = *from;

	to.url = arena_strdup(a, from->url);
	to.title = arena_strdup(a, from->title);
	to.body = arena_strdup(a, from->body);
	to.head_branch = arena_strdup(a, from->head_branch);
	to.base_branch = arena_strdup(a, from->base_branch);
	to.head_sha = arena_strdup(a, from->head_sha);
	to.author = arena_strdup(a, from->author);
	to.merge_sha = arena_strdup(a, from->merge_sha);
	to.labels = arena_alloc(a, from->labels_len * sizeof(*to.labels));
	for (size_t i = 0; i < from->labels_len; i++)
		to.labels[i] = arena_strdup(a, from->labels[i]);
	return to;
}

/* From 16 on Forgejo can be asked by head and base. */
static size_t gt_by_head_urls(struct forge *f, const char *base,
			      const char *head, struct arena *a,
			      const char *urls[2])
{
	struct err ignored = { 0 };

	if (version_ask(f, &ignored) < 0 || f->forgejo < 16)
		return 0;
	urls[0] = arena_strdup(a, forge_repo_url(f, "/pulls?state=all&base=%s"
						 "&head=%s&%s",
						 forge_esc(a, base),
						 forge_esc(a, head),
						 f->ops->page_size));
	return 1;
}

static int by_head_asked(struct forge *f, struct forge_pr_rows *rows,
			 struct err *err)
{
	const char *urls[2];

	if (gt_by_head_urls(f, rows->base, rows->head, rows->a, urls) == 0)
		BUG("Forgejo's version has changed");
	return forge_pages(f, urls[0], NULL, 0, "list the pull requests of a branch",
			   GT_READ, forge_pr_rows_add, rows, err);
}

static int gt_list_by_head(struct forge *f, const char *base, const char *head,
			   int64_t since_s, struct arena *a,
			   struct forge_pr **out, size_t *len, struct err *err)
{
	struct forge_pr_rows rows = { .f = f, .a = a, .base = base,
				      .head = head };
	struct forge_pr *found;
	size_t n = 0;

	if (version_ask(f, err) < 0)
		return -1;
	if (f->forgejo >= 16) {
		if (by_head_asked(f, &rows, err) < 0)
			return -1;
		found = rows.items;
		n = rows.len;
	} else {
		if (newest_read(f, since_s, err) < 0)
			return -1;
		found = arena_alloc(a, f->newest_len * sizeof(*found));
		for (size_t i = 0; i < f->newest_len; i++)
			if (strcmp(f->newest[i].head_branch, head) == 0 &&
			    strcmp(f->newest[i].base_branch, base) == 0)
				found[n++] = pr_copy(a, &f->newest[i]);
	}
	if (n)
		qsort(found, n, sizeof(*found), newer_first);
	*out = found;
	*len = n < BY_HEAD_MOST ? n : BY_HEAD_MOST;
	return 0;
}

/* Opening --------------------------------------------------------------------------- */

/*
 * The call by both branches would be one request, but it ignores the state:
 * of a branch that is used again it finds the old one.
 */
static int find_open(struct forge *f, const struct forge_new_pr *pr,
		     struct arena *a, struct forge_pr *out, struct err *err)
{
	struct forge_pr *rows;
	size_t len;

	if (gt_list_open(f, pr->base, pr->head, a, &rows, &len, err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (strcmp(rows[i].head_branch, pr->head) != 0)
			continue;
		*out = rows[i];
		return 1;
	}
	return 0;
}

/* After a 404, which says everything from "no branch" to "no right". */
static int look_at_branch(struct forge *f, const struct forge_new_pr *pr,
			  struct arena *a, struct err *err)
{
	struct forge_answer ans = { 0 };
	int rc = forge_call(f, "GET",
			    forge_repo_url(f, "/branches/%s",
					   forge_esc_branch(a, pr->head)),
			    NULL, &ans, err);

	if (rc == 0 && ans.status == 404)
		rc = err_set(err, ERR_TRANSIENT, "cannot " OPENING ": the "
			     "branch %s is not at %s; run again", pr->head,
			     f->host);
	else if (rc == 0 && ans.status != 200)
		rc = forge_fail(f, &ans, "read the branch", GT_READ,
				err);
	forge_answer_release(&ans);
	return rc;
}

static int open_refused(struct forge *f, const struct forge_new_pr *pr,
			const struct forge_answer *ans, struct err *err)
{
	if (ans->status == 422 && forge_says(ans, "no changes"))
		return err_set(err, ERR_NOTFOUND, "there is nothing in %s that "
			       "%s has not", pr->head, pr->base);
	if (ans->status == 404)
		return err_set(err, ERR_REFUSED, "cannot " OPENING ": %s says "
			       "404%s%s though the branch is there: the token "
			       "may not read or write pull requests (an "
			       "Actions token never may); it needs the "
			       "permission " GT_REPO, f->host,
			       ans->text.len ? ": " : "", buf_str(&ans->text));
	if (ans->status == 423)
		return err_set(err, ERR_REFUSED, "cannot " OPENING ": %s/%s "
			       "is archived", f->owner, f->name);
	return forge_fail(f, ans, OPENING, GT_REPO, err);
}

static json_t *new_body(const struct forge_new_pr *pr)
{
	json_t *j = json_object();

	js_set(j, "title", pr->title);
	js_set(j, "head", pr->head);
	js_set(j, "base", pr->base);
	js_set(j, "body", pr->body);
	return j;
}

static int gt_open_pr(struct forge *f, const struct forge_new_pr *pr,
		      struct arena *a, struct forge_pr *out, bool *existed,
		      struct err *err)
{
	struct forge_answer ans = { 0 };
	int64_t pause = 1000;
	int rc;

	for (int i = 1;; i++, pause *= 2) {
		bool lost;

		forge_answer_release(&ans);
		rc = forge_call(f, "POST", forge_repo_url(f, "/pulls"),
				new_body(pr), &ans, err);
		if (rc == 0 && ans.status == 201) {
			rc = forge_pr_read(f, ans.json, a, out, err);
			break;
		}
		lost = forge_doubtful(rc, &ans, err);
		if (lost || (rc == 0 && ans.status == 409)) {
			if (rc == 0)
				forge_fail(f, &ans, OPENING, NULL, err);
			rc = forge_open_settle(f, pr, a, out, existed, lost,
					       find_open, err);
			break;
		}
		if (rc < 0)
			break;
		if (ans.status == 404 && !forge_says(&ans, "Can't read") &&
		    i < OPEN_TRIES) {
			rc = look_at_branch(f, pr, a, err);
			if (rc < 0)
				break;
			if (http_wait(f->http, pause))
				continue;
		}
		rc = open_refused(f, pr, &ans, err);
		break;
	}
	forge_answer_release(&ans);
	return rc;
}

static const char *const gitea_hosts[] = { "gitea.com", NULL };
static const char *const gitea_tokens[] = { "GITEA_TOKEN", NULL };
static const char *const forgejo_hosts[] = { "codeberg.org", NULL };
static const char *const forgejo_tokens[] = { "FORGEJO_TOKEN", "GITEA_TOKEN",
					      NULL };

/* Two names for one driver: what differs is read from the version. */
#define GITEA_OPS                                                              \
	.root_suffix = "/api/v1", .token_header = "Authorization: token",     \
	.accept = "Accept: application/json", .git_user = "git-promote",      \
	.page_size = "limit=50", .has_silent_pages = true,                    \
	.repo = gt_repo, .list_open = gt_list_open,                           \
	.list_by_head = gt_list_by_head, .by_head_urls = gt_by_head_urls,     \
	.get = forge_pr_get, .readiness_urls = forge_pr_readiness_urls,       \
	.open_pr = gt_open_pr, .update_pr = forge_pr_update,                  \
	.close_pr = forge_pr_close, .add_labels = gt_add_labels,              \
	.request_reviewers = forge_pr_reviewers,                              \
	.read_permission = GT_READ, .write_permission = GT_REPO,              \
	.readiness = gt_readiness, .merge = gt_merge, .arm = gt_arm,          \
	.disarm = gt_disarm, .statuses = gt_statuses,                         \
	.statuses_urls = gt_statuses_urls,                                    \
	.set_status = gt_set_status, .pushes = gt_pushes

const struct forge_ops forge_gitea = {
	.name = "gitea",
	.hosts = gitea_hosts,
	.token_variables = gitea_tokens,
	GITEA_OPS,
};

const struct forge_ops forge_forgejo = {
	.name = "forgejo",
	.hosts = forgejo_hosts,
	.token_variables = forgejo_tokens,
	GITEA_OPS,
};
