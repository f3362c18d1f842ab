#include "forge/call.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"

enum { MOST_PAGES = 500, CURSOR_MAX = 512 };

/*
 * Is there a page after this one? Only that is taken from Link (and a
 * cursor), not the address: behind a proxy many a Gitea names one that does
 * not exist, and no server is to say where the token goes next.
 */
static bool more_pages(struct forge *f, const struct forge_answer *a,
		       size_t rows, size_t seen)
{
	struct buf b = { 0 };
	bool more;

	if (http_header(&a->res, "Link", &b))
		more = strstr(b.data, "rel=\"next\"") != NULL;
	else if (http_header(&a->res, "X-Total-Count", &b))
		more = rows > 0 && seen < strtoull(b.data, NULL, 10);
	else
		more = f->ops->has_silent_pages && rows > 0;
	buf_release(&b);
	return more;
}

/*
 * The cursor of the next page, where the list goes by cursors and not by
 * numbers (GitHub's activity). Of the address in Link that value alone is
 * taken, and only if it can be nothing else in a query.
 */
static bool next_cursor(const struct forge_answer *a, struct buf *out)
{
	static const char fit[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%-_.~=";
	struct buf link = { 0 };
	size_t len = 0;

	if (!http_header(&a->res, "Link", &link))
		return false;
	for (const char *at = strchr(link.data, '<'); at && !len;
	     at = strchr(at + 1, '<')) {
		size_t whole = 1 + strcspn(at + 1, "<");
		const char *rel = strstr(at, "rel=\"next\"");
		const char *key = strpbrk(at, "?&");

		if (!rel || rel >= at + whole)
			continue;
		while (key && key < rel && !str_starts(key + 1, "after="))
			key = strpbrk(key + 1, "?&");
		if (!key || key >= rel)
			continue;
		key += strlen("?after=");
		len = strspn(key, fit);
		if (len > CURSOR_MAX || !strchr("&>", key[len]))
			len = 0;
		buf_add(out, key, len);
	}
	buf_release(&link);
	return len > 0;
}

/* Where page PAGE of the list at FIRST is, after the answer A. */
static void next_url(struct buf *out, const char *first, unsigned page,
		     const struct forge_answer *a)
{
	struct buf cursor = { 0 };

	buf_reset(out);
	buf_addstr(out, first);
	if (next_cursor(a, &cursor))
		buf_addf(out, "&after=%s", buf_str(&cursor));
	else
		buf_addf(out, "&page=%u", page);
	buf_release(&cursor);
}

/* Rows of one page to FN: 0 go on, 1 enough, -1. */
static int page_read(const json_t *rows, forge_page_fn *fn, void *ctx,
		     struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < js_len(rows) && rc == 0; i++)
		rc = fn(ctx, json_array_get(rows, i), err);
	return rc;
}

int forge_pages(struct forge *f, const char *url, const char *key,
		unsigned most, const char *doing, const char *permission,
		forge_page_fn *fn, void *ctx, struct err *err)
{
	char *first = xstrdup(url);
	struct forge_answer a = { 0 };
	struct buf next = { 0 }, before = { 0 };
	size_t seen = 0;
	int rc = 0;

	buf_addstr(&next, first);
	for (unsigned page = 1;; page++) {
		const json_t *rows;
		bool more;

		forge_answer_release(&a);
		rc = forge_call(f, "GET", buf_str(&next), NULL, &a, err);
		if (rc < 0) {
			err_prefix(err, "cannot %s: ", doing);
			break;
		}
		/* A list that knows no pages is the same on each of them. */
		if (page > 1 && a.res.body.len == before.len &&
		    strcmp(buf_str(&a.res.body), buf_str(&before)) == 0)
			break;
		rows = key ? js_get(a.json, key) : a.json;
		if (a.status != 200 || !(json_is_array(rows) ||
					 json_is_null(rows))) {
			rc = forge_fail(f, &a, doing, permission, err);
			break;
		}
		seen += js_len(rows);
		rc = page_read(rows, fn, ctx, err);
		more = more_pages(f, &a, js_len(rows), seen);
		if (rc != 0 || !more || (most && page == most))
			break;
		if (page == MOST_PAGES) {
			rc = err_set(err, ERR_DATA, "cannot %s: %s has more "
				     "than %d pages of it", doing, f->host,
				     MOST_PAGES);
			break;
		}
		buf_reset(&before);
		buf_addstr(&before, buf_str(&a.res.body));
		next_url(&next, first, page + 1, &a);
	}
	forge_answer_release(&a);
	buf_release(&next);
	buf_release(&before);
	free(first);
	return rc < 0 ? -1 : 0;
}
