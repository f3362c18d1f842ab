#include "yamledit/plan.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"
#include "yamledit/edit.h"

void ye_plan_release(struct plan *plan)
{
	free(plan->splices);
	free(plan->changes);
	arena_release(&plan->arena);
	memset(plan, 0, sizeof(*plan));
}

void ye_plan_splice(struct plan *plan, size_t start, size_t end, const char *text,
		    size_t len)
{
	ARRAY_GROW(plan->splices, plan->splices_len, plan->splices_cap);
	plan->splices[plan->splices_len] = (struct splice){
		.start = start, .end = end, .len = len,
		.text = arena_strndup(&plan->arena, text, len),
		.order = plan->splices_len,
	};
	plan->splices_len++;
}

void ye_plan_change(struct plan *plan, const struct change *change)
{
	ARRAY_GROW(plan->changes, plan->changes_len, plan->changes_cap);
	plan->changes[plan->changes_len++] = *change;
}

const struct fresh *ye_fresh_scalar(struct plan *plan, const char *value)
{
	struct fresh *f = arena_alloc(&plan->arena, sizeof(*f));

	f->kind = FRESH_SCALAR;
	f->value = arena_strdup(&plan->arena, value);
	return f;
}

static int splice_cmp(const void *va, const void *vb)
{
	const struct splice *a = va, *b = vb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static int change_cmp(const void *va, const void *vb)
{
	const struct change *a = va, *b = vb;

	return a->at == b->at ? 0 : a->at < b->at ? -1 : 1;
}

/* libyaml takes "a"#c and |#c; behind anything else # would be text. */
static bool wants_blank(const struct buf *out, const struct splice *s)
{
	char last = s->len ? s->text[s->len - 1]
			   : out->len ? out->data[out->len - 1] : '\n';

	return !strchr(s->len ? " \t\r\n\"'" : " \t\r\n", last);
}

static void splice_all(struct buf *out, struct plan *plan, const char *text,
		       size_t len)
{
	size_t at = 0;

	qsort(plan->splices, plan->splices_len, sizeof(*plan->splices),
	      splice_cmp);
	for (size_t i = 0; i < plan->splices_len; i++) {
		const struct splice *s = &plan->splices[i];

		if (s->start < at || s->end < s->start || s->end > len)
			BUG("splices overlap");
		buf_add(out, text + at, s->start - at);
		buf_add(out, s->text, s->len);
		at = s->end;
		if (at < len && text[at] == '#' && wants_blank(out, s))
			buf_addch(out, ' ');
	}
	buf_add(out, text + at, len - at);
}

/* The two lists of events, and how far they were found as planned. */
struct proof {
	const struct ev *old_ev, *new_ev;
	size_t old_n, new_n, i, j;
};

/*
 * All that readers can tell apart. The style of a map or list is looked at
 * as well: an edit has no reason to change it.
 */
static bool same(const struct ev *a, const struct ev *b)
{
	return a->type == b->type && a->style == b->style &&
	       a->implicit == b->implicit &&
	       a->quoted_implicit == b->quoted_implicit && a->len == b->len &&
	       (a->len == 0 || memcmp(a->value, b->value, a->len) == 0) &&
	       str_eq(a->anchor, b->anchor) && str_eq(a->tag, b->tag);
}

/* A string for every reader, as ye_scalar_write() makes them. */
static bool reads_as(const struct ev *e, const char *value)
{
	return ye_ev_is(e, value) &&
	       (e->style == STYLE_SINGLE || e->style == STYLE_DOUBLE ||
		(e->style == STYLE_PLAIN && ye_plain_safe(value, false)));
}

static const struct ev *next_new(struct proof *f)
{
	return f->j < f->new_n ? &f->new_ev[f->j++] : NULL;
}

static bool prove_scalar(struct proof *f, const char *value)
{
	const struct ev *e = next_new(f);

	return e && reads_as(e, value) && !e->anchor && !e->tag;
}

static bool prove_fresh(struct proof *f, const struct fresh *node)
{
	enum ev_type start = node->kind == FRESH_MAP ? EV_MAP_START
						     : EV_LIST_START;
	const struct ev *e;

	if (node->kind == FRESH_SCALAR)
		return prove_scalar(f, node->value);
	e = next_new(f);
	if (!e || e->type != start || e->anchor || e->tag)
		return false;
	for (size_t i = 0; i < node->len; i++)
		if ((node->entries[i].key &&
		     !prove_scalar(f, node->entries[i].key)) ||
		    !prove_fresh(f, node->entries[i].node))
			return false;
	e = next_new(f);
	return e && e->type == start + 1;	/* EV_MAP_END, EV_LIST_END */
}

static bool prove_change(struct proof *f, const struct change *c)
{
	const struct ev *e, *old = &f->old_ev[f->i];

	f->i += c->removed;
	if (!c->added)
		return true;
	if (!c->is_set)
		return (!c->added->key || prove_scalar(f, c->added->key)) &&
		       prove_fresh(f, c->added->node);
	e = next_new(f);
	return e && reads_as(e, c->added->node->value) &&
	       str_eq(e->anchor, old->anchor) && str_eq(e->tag, old->tag);
}

static bool prove(const struct plan *plan, const struct parse *old_p,
		  const struct parse *new_p)
{
	struct proof f = { .old_ev = old_p->ev, .old_n = old_p->n,
			   .new_ev = new_p->ev, .new_n = new_p->n };

	for (size_t c = 0;; c++) {
		size_t until = c < plan->changes_len ? plan->changes[c].at
						     : f.old_n;

		if (until < f.i)
			BUG("changes overlap");
		while (f.i < until) {
			const struct ev *e = next_new(&f);

			if (!e || !same(&f.old_ev[f.i++], e))
				return false;
		}
		if (c == plan->changes_len)
			return f.j == f.new_n;
		if (!prove_change(&f, &plan->changes[c]))
			return false;
	}
}

int ye_plan_apply(struct buf *out, struct parse *new_p, struct plan *plan,
		  const struct parse *p, struct err *err)
{
	struct err why = { 0 };
	const struct ev *at;

	if (plan->changes_len == 0)
		BUG("a plan without a change");
	splice_all(out, plan, p->text, p->text_len);
	qsort(plan->changes, plan->changes_len, sizeof(*plan->changes),
	      change_cmp);
	at = &p->ev[plan->changes[0].at];
	if (ye_parse_init(new_p, buf_str(out), out->len, &why) < 0) {
		if (out->len > YE_MAX_SIZE)
			return ye_parse_err(err, ERR_DATA, at, "the edit makes "
					    "the text larger than %u MiB",
					    YE_MAX_SIZE >> 20);
		return ye_parse_err(err, ERR_BUG, at, "the edit would break the "
				    "text (%s); refused", why.msg);
	}
	if (!prove(plan, p, new_p))
		return ye_parse_err(err, ERR_BUG, at, "the edit would change "
				    "more than its place; refused");
	return 0;
}
