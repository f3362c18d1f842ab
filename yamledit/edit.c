#include "yamledit/edit.h"

#include <string.h>

#include "yamledit/memo.h"
#include "yamledit/session.h"

int ye_session_init(struct session *s, const char *text, size_t len,
		    const struct ye_options *opt, struct err *err)
{
	memset(s, 0, sizeof(*s));
	if (opt)
		s->opt = *opt;
	if (len <= YE_MAX_SIZE)
		buf_add(&s->text, text, len);
	if (ye_parse_init(&s->p, buf_str(&s->text), len, err) < 0)
		return -1;
	if (ye_check_editable(&s->p, err) < 0)
		return -1;
	return ye_find_document(&s->doc, &s->p, &s->opt, err);
}

void ye_session_release(struct session *s)
{
	ye_plan_release(&s->plan);
	ye_parse_release(&s->p);
	buf_release(&s->text);
}

int ye_session_commit(struct session *s, struct err *err)
{
	struct buf text = { 0 };
	struct parse p = { 0 };

	if (s->plan.changes_len == 0)
		return 0;
	/* What comes out can be edited, too: no {{ made of { and {. */
	if (ye_plan_apply(&text, &p, &s->plan, &s->p, err) < 0 ||
	    ye_check_editable(&p, err) < 0) {
		ye_parse_release(&p);
		buf_release(&text);
		return -1;
	}
	ye_session_release(s);
	s->text = text;
	s->p = p;
	return 0;
}

int ye_session_find(struct place *out, struct session *s,
		    const struct ye_path *path, struct err *err)
{
	return ye_find(out, &s->p, s->doc, path, true, err);
}

static int edit_one(struct session *s, const struct ye_edit *e,
		    struct err *err)
{
	switch (e->op) {
	case YE_SET:
		return ye_edit_set(s, e->path, e->value, err);
	case YE_DELETE:
		return ye_edit_delete(s, e->path, err);
	case YE_IMAGE:
		return ye_edit_image(s, e->name, &e->version, err);
	case YE_HELM:
		return ye_edit_helm(s, e->path, &e->version, err);
	}
	BUG("edit %d", (int)e->op);
}

int ye_apply(struct buf *out, const char *text, size_t len,
	     const struct ye_edit *edits, size_t n,
	     const struct ye_options *opt, struct err *err)
{
	struct session s;
	int rc = -1;

	if (ye_session_init(&s, text, len, opt, err) < 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (edit_one(&s, &edits[i], err) < 0)
			goto out;
	if (ye_session_commit(&s, err) < 0)
		goto out;
	buf_add(out, s.text.data, s.text.len);
	rc = 0;
out:
	ye_session_release(&s);
	return rc;
}

int ye_set(struct buf *out, const char *text, size_t len,
	   const struct ye_path *path, const char *value,
	   const struct ye_options *opt, struct err *err)
{
	struct ye_edit e = { .op = YE_SET, .path = path, .value = value };

	return ye_apply(out, text, len, &e, 1, opt, err);
}

int ye_delete(struct buf *out, const char *text, size_t len,
	      const struct ye_path *path, const struct ye_options *opt,
	      struct err *err)
{
	struct ye_edit e = { .op = YE_DELETE, .path = path };

	return ye_apply(out, text, len, &e, 1, opt, err);
}

int ye_image_set(struct buf *out, const char *text, size_t len,
		 const char *name, const struct version *version,
		 const struct ye_options *opt, struct err *err)
{
	struct ye_edit e = { .op = YE_IMAGE, .name = name,
			     .version = *version };

	return ye_apply(out, text, len, &e, 1, opt, err);
}

int ye_helm_set(struct buf *out, const char *text, size_t len,
		const struct ye_path *key, const struct version *version,
		const struct ye_options *opt, struct err *err)
{
	struct ye_edit e = { .op = YE_HELM, .path = key, .version = *version };

	return ye_apply(out, text, len, &e, 1, opt, err);
}

int ye_get(struct buf *out, const char *text, size_t len,
	   const struct ye_path *path, const struct ye_options *opt,
	   struct err *err)
{
	const struct parse *p = ye_memo(text, len, err);
	struct place at;
	const struct ev *e;
	size_t doc;

	if (!p || ye_find_document(&doc, p, opt, err) < 0 ||
	    ye_find(&at, p, doc, path, false, err) != 0)
		return -1;
	e = &p->ev[at.node];
	if (e->type != EV_SCALAR)
		return ye_err_not_scalar(err, e);
	if (!ye_ev_is_null(e))
		buf_add(out, e->value, e->len);
	return 0;
}

static int keys_of(const char ***out, size_t *out_len, struct arena *a,
		   const struct parse *p, size_t map, struct err *err)
{
	const struct ev *ev = p->ev;
	size_t n = 0, i = 0;
	const char **keys;

	if (ev[map].type != EV_MAP_START)
		return ye_parse_err(err, ERR_UNSAFE, &ev[map], "%s, where a map "
				    "is expected", ye_ev_kind(&ev[map]));
	for (size_t k = map + 1; k < ev[map].after - 1;
	     k = ev[ev[k].after].after)
		n++;
	keys = arena_alloc(a, (n + 1) * sizeof(*keys));
	for (size_t k = map + 1; k < ev[map].after - 1;
	     k = ev[ev[k].after].after)
		if (ev[k].type == EV_SCALAR && !ye_ev_is_merge(&ev[k]))
			keys[i++] = arena_strndup(a, ev[k].value, ev[k].len);
	*out = keys;
	*out_len = i;
	return 0;
}

int ye_keys(const char ***out, size_t *out_len, struct arena *a,
	    const char *text, size_t len, const struct ye_path *path,
	    const struct ye_options *opt, struct err *err)
{
	static const struct ye_path top = { .text = "." };
	const struct parse *p = ye_memo(text, len, err);
	struct place at;
	size_t doc;

	if (!p || ye_find_document(&doc, p, opt, err) < 0 ||
	    ye_find(&at, p, doc, path ? path : &top, false, err) != 0)
		return -1;
	return keys_of(out, out_len, a, p, at.node, err);
}
