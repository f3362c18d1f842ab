/* What drivers make of rows of JSON, alike for forges alike. */
#include "forge/call.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/base/str.h"

/* Double the room of an array that lives in an arena. */
static void *rows_grow(struct arena *a, void *items, size_t len, size_t *cap,
		       size_t size)
{
	void *more;

	if (len < *cap)
		return items;
	*cap = *cap ? 2 * *cap : 8;
	more = arena_alloc(a, *cap * size);
	if (len)
		memcpy(more, items, len * size);
	return more;
}

const char *forge_cut(struct arena *a, const char *s, size_t most)
{
	size_t len = 0;

	for (size_t chars = 0; s[len]; len++)
		if (((unsigned char)s[len] & 0xc0) != 0x80 && ++chars > most)
			break;
	return arena_strndup(a, s, len);
}

/* Pull requests ------------------------------------------------------------------ */

/*
 * By the repositories' ids, not their names: those change with a rename and
 * in their case. The head repository is null when a fork was deleted.
 */
static bool head_is_ours(const json_t *json)
{
	const json_t *head = js_get(json, "head"), *base = js_get(json, "base");
	long long head_id = js_int(js_get(head, "repo"), "id");
	long long base_id = js_int(js_get(base, "repo"), "id");

	if (!head_id)
		head_id = js_int(head, "repo_id");
	if (!base_id)
		base_id = js_int(base, "repo_id");
	return head_id > 0 && head_id == base_id;
}

static void read_labels(const json_t *json, struct arena *a,
			struct forge_pr *out)
{
	const json_t *labels = js_get(json, "labels");
	size_t n = js_len(labels);

	out->labels = arena_alloc(a, n * sizeof(*out->labels));
	for (size_t i = 0; i < n; i++) {
		const json_t *l = json_array_get(labels, i);

		out->labels[out->labels_len++] =
			json_is_string(l) ? arena_strdup(a, js_text(l))
					  : js_dup(a, l, "name");
	}
}

int forge_pr_read(struct forge *f, const json_t *json, struct arena *a,
		  struct forge_pr *out, struct err *err)
{
	const char *state = js_str(json, "state");
	const char *merge_sha = js_sha(a, js_get(json, "merge_commit_sha"));

	memset(out, 0, sizeof(*out));
	out->number = js_int(json, "number");
	out->head_branch = arena_strdup(a, js_text(js_in(json, "head", "ref")));
	out->base_branch = arena_strdup(a, js_text(js_in(json, "base", "ref")));
	out->head_sha = js_sha(a, js_in(json, "head", "sha"));
	out->created_s = js_time(json, "created_at");
	out->closed_s = js_time(json, "closed_at");
	out->merged_s = js_time(json, "merged_at");
	if (out->number <= 0 || !*out->head_branch || !*out->base_branch)
		return err_set(err, ERR_DATA, "%s answers with a pull request "
			       "that has no number or branches", f->host);
	/* A head branch that is gone may leave an old one without an id. */
	if (!out->head_sha) {
		if (strcmp(state, "open") == 0)
			return err_set(err, ERR_DATA, "%s answers with pull "
				       "request #%lld without the id of its "
				       "head", f->host, out->number);
		out->head_sha = "";
	}
	if (js_bool(json, "merged", out->merged_s != TIME_UNKNOWN))
		out->state = FORGE_PR_MERGED;
	else if (strcmp(state, "open") == 0)
		out->state = FORGE_PR_OPEN;
	else
		out->state = FORGE_PR_CLOSED;
	/* While it is open, GitHub puts a trial merge there. */
	if (out->state == FORGE_PR_MERGED)
		out->merge_sha = merge_sha;
	if (*js_str(json, "node_id"))
		out->node_id = js_dup(a, json, "node_id");
	out->url = js_dup(a, json, "html_url");
	out->title = js_dup(a, json, "title");
	out->body = js_dup(a, json, "body");
	out->head_is_ours = head_is_ours(json);
	out->is_draft = js_bool(json, "draft", false);
	out->auto_merge = json_is_object(js_get(json, "auto_merge"));
	out->author = arena_strdup(a, js_text(js_in(json, "user", "login")));
	read_labels(json, a, out);
	return 0;
}

int forge_pr_rows_add(void *ctx, const json_t *row, struct err *err)
{
	struct forge_pr_rows *rows = ctx;
	struct forge_pr pr;

	if (forge_pr_read(rows->f, row, rows->a, &pr, err) < 0)
		return -1;
	if (!pr.head_is_ours ||
	    (rows->open_only && pr.state != FORGE_PR_OPEN) ||
	    (rows->base && strcmp(pr.base_branch, rows->base) != 0) ||
	    (rows->head && strcmp(pr.head_branch, rows->head) != 0) ||
	    (rows->head_prefix && !str_starts(pr.head_branch,
					      rows->head_prefix)))
		return 0;
	/* One that was opened meanwhile shifts the others a page on. */
	for (size_t i = 0; i < rows->len; i++)
		if (rows->items[i].number == pr.number)
			return 0;
	rows->items = rows_grow(rows->a, rows->items, rows->len, &rows->cap,
				sizeof(*rows->items));
	rows->items[rows->len++] = pr;
	return rows->enough && rows->len >= rows->enough;
}

/* Statuses ------------------------------------------------------------------------- */

void forge_status_rows_add(struct forge_status_rows *rows,
			   const struct forge_status *s)
{
	for (size_t i = 0; i < rows->len; i++) {
		struct forge_status *have = &rows->items[i];

		if (strcmp(have->name, s->name) != 0)
			continue;
		if (s->updated_s > have->updated_s)
			*have = *s;
		return;
	}
	rows->items = rows_grow(rows->a, rows->items, rows->len, &rows->cap,
				sizeof(*rows->items));
	rows->items[rows->len++] = *s;
}

static enum forge_status_state status_state(const char *word)
{
	if (strcmp(word, "success") == 0)
		return FORGE_STATUS_SUCCESS;
	if (strcmp(word, "failure") == 0 || strcmp(word, "error") == 0)
		return FORGE_STATUS_FAILURE;
	if (strcmp(word, "warning") == 0 || strcmp(word, "skipped") == 0)
		return FORGE_STATUS_NEUTRAL;
	return FORGE_STATUS_PENDING;
}

int forge_status_row(void *ctx, const json_t *row, struct err *err)
{
	struct forge_status_rows *rows = ctx;
	/* `state` is GitHub's; Gitea has that for all of them together. */
	const char *word = js_str(row, "status");
	struct forge_status s = {
		.name = js_dup(rows->a, row, "context"),
		.state = status_state(*word ? word : js_str(row, "state")),
		.description = js_dup(rows->a, row, "description"),
		.url = js_dup(rows->a, row, "target_url"),
		.updated_s = js_time(row, "updated_at"),
	};

	(void)err;
	if (s.updated_s == TIME_UNKNOWN)
		s.updated_s = js_time(row, "created_at");
	forge_status_rows_add(rows, &s);
	return 0;
}

/* Pushes --------------------------------------------------------------------------- */

int forge_push_rows_add(struct forge_push_rows *rows, const char *before,
			const char *after, int64_t at_s)
{
	static const char none[] = "0000000000000000000000000000000000000000";

	if (at_s == TIME_UNKNOWN)
		return 0;
	if (at_s < rows->since_s)
		return 1;
	if (!after || strcmp(after, none) == 0)
		return 0;
	rows->items = rows_grow(rows->a, rows->items, rows->len, &rows->cap,
				sizeof(*rows->items));
	rows->items[rows->len++] = (struct forge_push){
		.after = after, .at_s = at_s,
		.before = before && strcmp(before, none) != 0 ? before : NULL,
	};
	return 0;
}

/* Reviews -------------------------------------------------------------------------- */

void forge_reviews_add(struct forge_reviews *r, const char *user,
		       const char *state, const char *commit, bool counts)
{
	bool approved = strcasecmp(state, "APPROVED") == 0;
	bool objects = strcasecmp(state, "CHANGES_REQUESTED") == 0 ||
		       strcasecmp(state, "REQUEST_CHANGES") == 0;
	struct review_word *w = NULL;

	if (!approved && !objects && strcasecmp(state, "DISMISSED") != 0)
		return;
	for (size_t i = 0; i < r->len && !w; i++)
		if (strcmp(r->words[i].user, user) == 0)
			w = &r->words[i];
	if (!w) {
		r->words = rows_grow(r->a, r->words, r->len, &r->cap,
				     sizeof(*r->words));
		w = &r->words[r->len++];
		w->user = arena_strdup(r->a, user);
	}
	w->approved = approved && counts && strcmp(commit, r->head_sha) == 0;
	w->objects = objects;
}

size_t forge_reviews_approvals(const struct forge_reviews *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->len; i++)
		n += r->words[i].approved;
	return n;
}

bool forge_reviews_objected(const struct forge_reviews *r)
{
	for (size_t i = 0; i < r->len; i++)
		if (r->words[i].objects)
			return true;
	return false;
}

/* Names that a forge may not know ----------------------------------------------------- */

/* Did it refuse this for the names in it, and not for the token's rights? */
static bool names_refused(const struct forge_answer *a)
{
	return a->status == 422 || a->status == 404 || a->status == 400;
}

int forge_each_or_all(struct forge *f, long long number,
		      const char *const *names, size_t n, const char *doing,
		      const char *permission, const char *what,
		      forge_ask_fn *ask, struct err *err)
{
	struct forge_answer a = { 0 };
	struct buf bad = { 0 };
	int rc = 0;

	if (n == 0)
		return 0;
	if (ask(f, number, names, n, &a, err) < 0 ||
	    (a.status / 100 != 2 && (!names_refused(&a)))) {
		rc = err->code ? -1 : forge_fail(f, &a, doing, permission, err);
		goto out;
	}
	for (size_t i = 0; a.status / 100 != 2 && i < n; i++) {
		struct forge_answer one = { 0 };

		if (n > 1 && ask(f, number, &names[i], 1, &one, err) < 0) {
			rc = -1;
		} else if (n > 1 && one.status / 100 == 2) {
			;
		} else {
			const struct forge_answer *why = n > 1 ? &one : &a;

			buf_addf(&bad, "%s%s%s%s%s", bad.len ? ", " : "",
				 names[i], why->text.len ? " (" : "",
				 buf_str(&why->text), why->text.len ? ")" : "");
		}
		forge_answer_release(&one);
		if (rc < 0)
			goto out;
	}
	if (bad.len)
		rc = err_set(err, ERR_NOTFOUND, "%s does not take %s on #%lld: "
			     "%s", f->host, what, number, buf_str(&bad));
out:
	forge_answer_release(&a);
	buf_release(&bad);
	return rc;
}
