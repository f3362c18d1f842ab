#include "yamledit/find.h"

#include <string.h>

#include "bot/base/buf.h"
#include "bot/base/node.h"
#include "yamledit/edit.h"

const char *ye_ev_kind(const struct ev *e)
{
	switch (e->type) {
	case EV_MAP_START:
		return "a map";
	case EV_LIST_START:
		return "a list";
	case EV_ALIAS:
		return "an alias";
	default:
		return ye_ev_is_null(e) ? "nothing" : "a string";
	}
}

int ye_err_not_scalar(struct err *err, const struct ev *e)
{
	return ye_parse_err(err, ERR_UNSAFE, e, "%s, where one value is expected"
			    "%s", ye_ev_kind(e), e->type == EV_MAP_START
			    ? "; add a key to the path"
			    : e->type == EV_LIST_START
			    ? "; add [0] or [name=...] to the path" : "");
}

bool ye_is_template_string(const struct ev *e)
{
	const char *open = e->type == EV_SCALAR
		? memmem(e->value, e->len, "{{", 2) : NULL;

	return open && strstr(open, "}}");
}

/* How much merges may make us look at: aliases can nest like a bomb. */
enum { MAP_VISITS = 10000 };

/*
 * Does what is merged from V (an alias, a map, a list of those) bring in KEY?
 * True where that cannot be told.
 */
static bool merge_has(const struct parse *p, size_t v, const char *key,
		      int *visits)
{
	const struct ev *e = &p->ev[v];

	if (--*visits < 0)
		return true;
	if (e->type == EV_ALIAS)
		return e->target == NO_EV || e->target > v ||
		       p->ev[e->target].after > v ||
		       merge_has(p, e->target, key, visits);
	if (e->type == EV_LIST_START) {
		for (size_t i = v + 1; i < e->after - 1; i = p->ev[i].after)
			if (merge_has(p, i, key, visits))
				return true;
		return false;
	}
	if (e->type != EV_MAP_START)
		return true;
	for (size_t i = v + 1; i < e->after - 1;) {
		size_t value = p->ev[i].after;
		const struct ev *k = &p->ev[i];

		if (--*visits < 0 || k->type == EV_ALIAS || ye_ev_is(k, key) ||
		    (ye_ev_is_merge(k) && merge_has(p, value, key, visits)))
			return true;
		i = p->ev[value].after;
	}
	return false;
}

/* An alias as a key stands for the text that it leads to. */
static bool key_is(const struct parse *p, size_t k, const char *key)
{
	const struct ev *e = &p->ev[k];

	if (e->type == EV_ALIAS)
		return e->target != NO_EV && ye_ev_is(&p->ev[e->target], key);
	return ye_ev_is(e, key);
}

int ye_find_key(size_t *value_ev, size_t *key_ev, const struct parse *p,
		size_t map, const char *key, struct err *err)
{
	int visits = MAP_VISITS;

	return ye_find_item_key(value_ev, key_ev, p, map, key, &visits, err);
}

int ye_find_item_key(size_t *value_ev, size_t *key_ev, const struct parse *p,
		     size_t map, const char *key, int *visits, struct err *err)
{
	size_t found = NO_EV, merge = NO_EV;
	const struct ev *ev = p->ev;

	for (size_t k = map + 1; k < ev[map].after - 1;
	     k = ev[ev[k].after].after) {
		if (key_is(p, k, key)) {
			if (found != NO_EV)
				return ye_parse_err(err, ERR_UNSAFE, &ev[k],
					"'%s' stands twice in one map, first "
					"on line %d: readers differ in which "
					"one counts", key, ev[found].line);
			if (ev[k].type == EV_ALIAS)
				return ye_parse_err(err, ERR_UNSAFE, &ev[k],
					"the key '%s' is an alias", key);
			found = k;
		} else if (ye_ev_is_merge(&ev[k]) &&
			   merge_has(p, ev[k].after, key, visits)) {
			merge = k;
		}
	}
	if (found != NO_EV && merge != NO_EV && merge > found)
		return ye_parse_err(err, ERR_UNSAFE, &ev[merge], "a merge key "
				    "below '%s' has it too: readers differ in "
				    "which one counts", key);
	if (found == NO_EV && merge != NO_EV) {
		ye_parse_err(err, ERR_UNSAFE, &ev[merge], "'%s' comes from a "
			     "merge key: there is nothing of its own to edit "
			     "here", key);
		return 1;
	}
	if (found == NO_EV)
		return 1;
	*value_ev = ev[found].after;
	if (key_ev)
		*key_ev = found;
	return 0;
}

/* A few keys of a map, or names of items, for "there are: ...". */
struct names {
	const char *some[65];	/* NULL at the end */
	size_t len, all;
};

static void names_add(struct names *n, const struct ev *e)
{
	if (e->type == EV_SCALAR && n->len < ARRAY_LEN(n->some) - 1)
		n->some[n->len++] = e->value;
	n->all++;
}

/* "; did you mean 'newTag'?" or "; there are: a, b, c". */
static void add_names(struct buf *out, const struct names *n, const char *want)
{
	const char *near = nearest_word(want, n->some);

	if (near) {
		buf_addf(out, "; did you mean '%s'?", near);
		return;
	}
	for (size_t i = 0; i < n->len && i < 8; i++)
		buf_addf(out, "%s%.60s", i ? ", " : "; there are: ",
			 n->some[i]);
	if (n->all > 8)
		buf_addf(out, " and %zu more", n->all - 8);
}

/* Says what is missing, and the nearest thing that exists. Returns 1. */
static int missing(const struct place *at, const struct parse *p,
		   const struct ye_path *path, struct err *err)
{
	const struct step *s = &path->steps[at->steps];
	const struct ev *ev = p->ev, *e = &ev[at->node];
	struct buf where = { 0 }, more = { 0 };
	struct names names = { 0 };
	size_t end = e->after - 1, v, one = NO_EV;
	int visits = YE_LIST_VISITS;

	ye_path_format(&where, path, at->steps);
	if (e->type == EV_MAP_START && s->kind == STEP_KEY) {
		for (size_t k = at->node + 1; k < end; k = ev[ev[k].after].after)
			names_add(&names, &ev[k]);
		add_names(&more, &names, s->key);
		ye_parse_err(err, ERR_NOTFOUND, e, "no key '%s' in %s%s", s->key,
			     buf_str(&where), buf_str(&more));
	} else if (e->type == EV_LIST_START && s->kind == STEP_SELECT) {
		for (size_t i = at->node + 1; i < end; i = ev[i].after) {
			struct err ignored = { 0 };

			one = i;
			if (ev[i].type == EV_MAP_START &&
			    ye_find_item_key(&v, NULL, p, i, s->key, &visits,
					     &ignored) == 0)
				names_add(&names, &ev[v]);
		}
		add_names(&more, &names, s->value);
		ye_parse_err(err, ERR_NOTFOUND, e, "no item with %s '%s' in %s%s",
			     s->key, s->value, buf_str(&where),
			     one == NO_EV ? "; it is empty" : buf_str(&more));
	} else if (e->type == EV_LIST_START && s->kind == STEP_INDEX) {
		for (size_t i = at->node + 1; i < end; i = ev[i].after)
			names.all++;
		ye_parse_err(err, ERR_NOTFOUND, e, "no item [%zu] in %s, which "
			     "has %zu, counted from 0", s->index,
			     buf_str(&where), names.all);
	} else {
		ye_parse_err(err, ERR_NOTFOUND, e, "%s is %s, not %s%s",
			     buf_str(&where), ye_ev_kind(e),
			     s->kind == STEP_KEY ? "a map" : "a list",
			     e->type == EV_LIST_START
			     ? "; pick an item: [0], [name=...]" : "");
	}
	buf_release(&where);
	buf_release(&more);
	return 1;
}

static int step_index(size_t *out, const struct parse *p, size_t list,
		      size_t index)
{
	for (size_t i = list + 1; i < p->ev[list].after - 1;
	     i = p->ev[i].after)
		if (index-- == 0) {
			*out = i;
			return 0;
		}
	return 1;
}

/*
 * Does an item that is an alias lead to a map with KEY = VALUE? True where that
 * cannot be told.
 */
static bool alias_matches(const struct parse *p, size_t i, const struct step *s,
			  int *visits)
{
	size_t t = p->ev[i].target, v;
	struct err ignored = { 0 };

	if (t == NO_EV || p->ev[t].type != EV_MAP_START)
		return false;
	if (*visits < 0 || p->ev[t].after - t > (size_t)*visits)
		return true;
	*visits -= (int)(p->ev[t].after - t);
	switch (ye_find_item_key(&v, NULL, p, t, s->key, visits, &ignored)) {
	case 0:
		return ye_ev_is(&p->ev[v], s->value);
	case 1:
		return ignored.code != ERR_NONE;	/* merged: who knows */
	default:
		return true;
	}
}

/*
 * The one item whose KEY is VALUE. Where two have the same text, and one of
 * them is a string and the other a number, the string is meant.
 */
static int step_select(size_t *out, const struct parse *p, size_t list,
		       const struct step *s, struct err *err)
{
	const struct ev *ev = p->ev;
	size_t found = NO_EV, strings = 0, matches = 0, v;
	bool found_string = false;
	int visits = YE_LIST_VISITS;

	for (size_t i = list + 1; i < ev[list].after - 1; i = ev[i].after) {
		struct err why = { 0 };
		int rc;

		if (ev[i].type == EV_ALIAS && alias_matches(p, i, s, &visits))
			return ye_parse_err(err, ERR_UNSAFE, &ev[i], "the item "
				"with %s '%s' is an alias: an edit would "
				"change another place", s->key, s->value);
		if (ev[i].type != EV_MAP_START)
			continue;
		rc = ye_find_item_key(&v, NULL, p, i, s->key, &visits, &why);
		if (rc != 0 && why.code != ERR_NONE) {
			/* It may be the one; only it itself can tell. */
			*err = why;
			return -1;
		}
		if (rc == 0 && ev[v].type == EV_ALIAS &&
		    ev[v].target != NO_EV &&
		    ye_ev_is(&ev[ev[v].target], s->value))
			return ye_parse_err(err, ERR_UNSAFE, &ev[v], "'%s' is an "
					    "alias here", s->key);
		if (rc != 0 || !ye_ev_is(&ev[v], s->value))
			continue;
		matches++;
		strings += ye_ev_is_string(&ev[v]);
		if (found == NO_EV || (ye_ev_is_string(&ev[v]) && !found_string)) {
			found = i;
			found_string = ye_ev_is_string(&ev[v]);
		}
		if (matches > 1 && strings != 1)
			return ye_parse_err(err, ERR_UNSAFE, &ev[i], "a second "
				"item with %s '%s'; the first is on line %d",
				s->key, s->value, ev[found].line);
	}
	if (found == NO_EV)
		return 1;
	*out = found;
	return 0;
}

static int take_step(struct place *at, const struct parse *p,
		     const struct ye_path *path, struct err *err)
{
	const struct step *s = &path->steps[at->steps];
	size_t next = NO_EV, key = NO_EV;
	int rc = 1;

	if (p->ev[at->node].type == EV_MAP_START && s->kind == STEP_KEY)
		rc = ye_find_key(&next, &key, p, at->node, s->key, err);
	if (p->ev[at->node].type == EV_LIST_START && s->kind == STEP_INDEX)
		rc = step_index(&next, p, at->node, s->index);
	if (p->ev[at->node].type == EV_LIST_START && s->kind == STEP_SELECT)
		rc = step_select(&next, p, at->node, s, err);
	if (rc != 0)
		return rc < 0 ? -1 : missing(at, p, path, err);
	at->parent = at->node;
	at->node = next;
	at->key = key;
	at->steps++;
	return 0;
}

int ye_find(struct place *out, const struct parse *p, size_t doc,
	    const struct ye_path *path, bool is_edit, struct err *err)
{
	struct place at = { .doc = doc, .parent = NO_EV, .key = NO_EV,
			    .node = p->docs[doc] };
	int rc;

	for (;;) {
		const struct ev *e = &p->ev[at.node];

		if (e->type == EV_ALIAS)
			return ye_parse_err(err, ERR_UNSAFE, e, "an alias (*%s): "
				"edit the place it stands for", e->anchor);
		if (is_edit && e->aliased)
			return ye_parse_err(err, ERR_UNSAFE, e, "the anchor &%s "
				"is in use: an edit here would change the "
				"places with *%s too", e->anchor, e->anchor);
		if (at.steps == path->len)
			break;
		rc = take_step(&at, p, path, err);
		*out = at;
		if (rc != 0)
			return rc;
	}
	*out = at;
	return 0;
}

/* 1 where document N does not meet the conditions. */
static int matches(const struct parse *p, size_t n,
		   const struct conditions *where, struct err *err)
{
	for (size_t i = 0; i < where->len; i++) {
		struct err why = { 0 };
		struct place at;
		int rc = ye_find(&at, p, n, where->items[i].path, false, &why);

		if (rc < 0) {
			*err = why;
			return -1;
		}
		if (rc > 0 || !ye_ev_is(&p->ev[at.node], where->items[i].value))
			return 1;
	}
	return 0;
}

/* Does document N hold anything at all? */
static bool has_content(const struct parse *p, size_t n)
{
	const struct ev *root = &p->ev[p->docs[n]];

	return root->type != EV_SCALAR || root->start != root->end ||
	       root->anchor || root->tag;
}

static int pick_document(size_t *out, const struct parse *p,
			 const struct ye_options *opt,
			 const struct conditions *where, struct err *err)
{
	size_t found = NO_EV;

	for (size_t n = 0; n < p->docs_len; n++) {
		int rc;

		if (opt->document ? n + 1 != (size_t)opt->document
				  : !has_content(p, n))
			continue;
		rc = matches(p, n, where, err);
		if (rc < 0)
			return -1;
		if (rc > 0)
			continue;
		if (found != NO_EV && opt->where)
			return ye_parse_err(err, ERR_UNSAFE,
				&p->ev[p->docs[n] - 1],
				"a second document with %s; the first is "
				"number %zu", opt->where, found + 1);
		if (found != NO_EV)
			return ye_parse_err(err, ERR_UNSAFE,
				&p->ev[p->docs[n] - 1],
				"there are %zu documents; pick one by `where`, "
				"as in kind=Deployment,metadata.name=web",
				p->docs_len);
		found = n;
	}
	if (found == NO_EV && opt->where)
		return err_set(err, ERR_NOTFOUND, "1:1: no document with %s",
			       opt->where);
	if (found == NO_EV && opt->document)
		return err_set(err, ERR_NOTFOUND, "1:1: there is no document "
			       "%d; the last is %zu", opt->document, p->docs_len);
	if (found == NO_EV)
		return err_set(err, ERR_NOTFOUND, "1:1: there is nothing but "
			       "comments; write a first key by hand");
	*out = found;
	return 0;
}

int ye_find_document(size_t *out, const struct parse *p,
		     const struct ye_options *opt, struct err *err)
{
	static const struct ye_options none = { 0 };
	struct conditions where = { 0 };
	int rc;

	if (!opt)
		opt = &none;
	if (opt->where && ye_conditions_parse(&where, opt->where, err) < 0)
		return -1;
	rc = pick_document(out, p, opt, &where, err);
	ye_conditions_release(&where);
	return rc;
}
