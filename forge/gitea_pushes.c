/* Gitea and Forgejo: when a branch was pushed to. */
#include "forge/gitea.h"

#include <string.h>

#include "bot/base/str.h"

enum { PUSH_PAGES = 20 };

/* OLD of "OWNER/NAME/compare/OLD...NEW"; NULL: it is not an id. */
static const char *old_of(struct arena *a, const char *compare)
{
	const char *end = strstr(compare, "...");
	const char *id = end && end - compare >= 40 ? end - 40 : NULL;
	const char *sha = NULL;
	json_t *text;

	if (!id || (id > compare && id[-1] != '/'))
		return NULL;
	text = json_stringn(id, 40);
	sha = js_sha(a, text);
	json_decref(text);
	return sha;
}

/*
 * The repository's whole activity: issues, other branches, all of it. What a
 * push brought is JSON once more, as text, its commits the newest few
 * (FEED_MAX_COMMIT_NUM), the new head apart from them, and the old one in the
 * address of the comparison only; of a new branch that is some commit before
 * the ones shown, or a branch's name. A merge is a push as well; the row that
 * calls it a merge names no commit, nor does the one that makes a branch, nor
 * one whose text was too long to be kept ("{}").
 */
static int feed_row(void *ctx, const json_t *row, struct err *err)
{
	struct forge_push_rows *rows = ctx;
	int64_t at_s = js_time(row, "created");
	const char *text = js_str(row, "content");
	const char *before = NULL, *after = NULL;
	json_t *push;

	(void)err;
	if (strcmp(js_str(row, "op_type"), "commit_repo") == 0 &&
	    strcmp(js_str(row, "ref_name"), rows->branch) == 0 &&
	    (push = js_parse(text, strlen(text)))) {
		after = js_sha(rows->a, js_in(push, "HeadCommit", "Sha1"));
		before = old_of(rows->a, js_str(push, "CompareURL"));
		json_decref(push);
	}
	return forge_push_rows_add(rows, before, after, at_s);
}

/*
 * repoListActivityFeeds of https://docs.gitea.com/api: from Gitea 1.20 on, and
 * in every Forgejo that counts for itself; older ones say 404. Newest first.
 * Its `date` is one day in the server's own time zone, which nobody can know.
 */
int gt_pushes(struct forge *f, const char *branch, int64_t since_s,
	      struct arena *a, struct forge_push **out, size_t *len,
	      struct err *err)
{
	struct forge_push_rows rows = { .a = a, .since_s = since_s };

	rows.branch = arena_printf(a, "refs/heads/%s", branch);
	if (forge_pages(f, forge_repo_url(f, "/activities/feeds?%s",
					  f->ops->page_size),
			NULL, PUSH_PAGES, "list the pushes", GT_READ, feed_row,
			&rows, err) < 0)
		return -1;
	*out = rows.items;
	*len = rows.len;
	return 0;
}
