/*
 * Gitea and Forgejo: labels. They go by ids, of the repository or of its
 * organisation; one that is missing has to be made first.
 */
#include "forge/gitea.h"

#include <string.h>

struct label_ids {
	const char *const *names;
	size_t n;
	long long *ids;		/* 0: not found yet */
};

static int label_row(void *ctx, const json_t *row, struct err *err)
{
	struct label_ids *l = ctx;

	(void)err;
	for (size_t i = 0; i < l->n; i++)
		if (!l->ids[i] && strcmp(js_str(row, "name"), l->names[i]) == 0)
			l->ids[i] = js_int(row, "id");
	return 0;
}

static bool labels_missing(const struct label_ids *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->ids[i])
			return true;
	return false;
}

static int label_create(struct forge *f, const char *name, long long *id,
			struct buf *bad, struct err *err)
{
	struct forge_answer ans = { 0 };
	json_t *j = json_object();
	int rc;

	js_set(j, "name", name);
	js_set(j, "color", "#ededed");	/* the server wants one */
	rc = forge_call(f, "POST", forge_repo_url(f, "/labels"), j, &ans, err);
	if (rc == 0 && ans.status == 201)
		*id = js_int(ans.json, "id");
	else if (rc == 0 && ans.status >= 500)
		rc = forge_fail(f, &ans, "create a label", GT_ISSUES, err);
	else if (rc == 0)
		buf_addf(bad, "%s%s (%ld%s%s)", bad->len ? ", " : "", name,
			 ans.status, ans.text.len ? ": " : "",
			 buf_str(&ans.text));
	forge_answer_release(&ans);
	return rc;
}

static int labels_find(struct forge *f, struct label_ids *l, struct buf *bad,
		       struct err *err)
{
	struct err ignored = { 0 };
	struct arena a = { 0 };
	int rc = forge_pages(f, forge_repo_url(f, "/labels?%s",
					       f->ops->page_size),
			     NULL, 0, "list the labels", "issue: read",
			     label_row, l, err);

	/* An organisation has labels of its own; a person has no such page. */
	if (rc == 0 && labels_missing(l))
		(void)forge_pages(f, forge_root_url(f, "/orgs/%s/labels?%s",
						    forge_esc(&a, f->owner),
						    f->ops->page_size),
				  NULL, 0, "list the organisation's labels",
				  NULL, label_row, l, &ignored);
	for (size_t i = 0; rc == 0 && i < l->n; i++)
		if (!l->ids[i])
			rc = label_create(f, l->names[i], &l->ids[i], bad, err);
	arena_release(&a);
	return rc;
}

int gt_add_labels(struct forge *f, long long number,
		  const char *const *labels, size_t n, struct err *err)
{
	struct arena a = { 0 };
	struct label_ids l = { .names = labels, .n = n };
	struct forge_answer ans = { 0 };
	struct buf bad = { 0 };
	json_t *ids, *j;
	int rc;

	if (n == 0)
		return 0;
	l.ids = arena_alloc(&a, n * sizeof(*l.ids));
	rc = labels_find(f, &l, &bad, err);
	if (rc < 0)
		goto out;
	ids = json_array();
	for (size_t i = 0; i < n; i++)
		if (l.ids[i])
			json_array_append_new(ids, json_integer(l.ids[i]));
	if (js_len(ids) == 0) {
		json_decref(ids);
	} else {
		j = json_object();
		js_set_take(j, "labels", ids);
		rc = forge_call(f, "POST",
				forge_repo_url(f, "/issues/%lld/labels",
					       number), j, &ans, err);
		if (rc == 0 && ans.status != 200)
			rc = forge_fail(f, &ans, "add labels", GT_ISSUES, err);
	}
	if (rc == 0 && bad.len)
		rc = err_set(err, ERR_NOTFOUND, "%s does not take the labels "
			     "on #%lld: %s", f->host, number, buf_str(&bad));
out:
	forge_answer_release(&ans);
	buf_release(&bad);
	arena_release(&a);
	return rc;
}
