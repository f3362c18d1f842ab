#include "yamledit/doc.h"

#include <string.h>

#include <yaml.h>

#include "yamledit/edit.h"
#include "yamledit/find.h"
#include "yamledit/parse.h"

static int make(struct node **out, struct arena *a, const struct parse *p,
		size_t i, struct err *err);

/*
 * Duplicate keys: each new key is looked for among those before it, in a
 * table of open addresses as large as the map needs.
 */
static int check_new_key(const struct node **table, size_t cap,
			 const struct node *key, struct err *err)
{
	uint64_t h = 14695981039346656037u;	/* FNV-1a */
	size_t i;

	for (const char *s = key->value; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	for (i = h & (cap - 1); table[i]; i = (i + 1) & (cap - 1))
		if (strcmp(table[i]->value, key->value) == 0)
			return err_set(err, ERR_DATA, "%d:%d: the key '%s' "
				"stands twice; first on line %d", key->line,
				key->column, key->value, table[i]->line);
	table[i] = key;
	return 0;
}

static int check_key(const struct ev *e, struct err *err)
{
	if (e->type != EV_SCALAR)
		return ye_parse_err(err, ERR_DATA, e, "a key must be a string");
	if (ye_ev_is_merge(e))
		return ye_parse_err(err, ERR_DATA, e, "a merge key (<<) is not "
				    "supported here");
	return 0;
}

static int make_map(struct node *n, struct arena *a, const struct parse *p,
		    size_t i, struct err *err)
{
	const struct ev *ev = p->ev;
	const struct node **table;
	size_t cap = 4, end = ev[i].after - 1;

	for (size_t k = i + 1; k < end; k = ev[ev[k].after].after)
		n->len++;
	while (cap < 2 * n->len)
		cap *= 2;
	n->keys = arena_alloc(a, n->len * sizeof(struct node *));
	n->items = arena_alloc(a, n->len * sizeof(struct node *));
	table = arena_alloc(a, cap * sizeof(struct node *));
	n->len = 0;
	for (size_t k = i + 1; k < end; k = ev[ev[k].after].after, n->len++)
		if (check_key(&ev[k], err) < 0 ||
		    make(&n->keys[n->len], a, p, k, err) < 0 ||
		    check_new_key(table, cap, n->keys[n->len], err) < 0 ||
		    make(&n->items[n->len], a, p, ev[k].after, err) < 0)
			return -1;
	return 0;
}

static int make_list(struct node *n, struct arena *a, const struct parse *p,
		     size_t i, struct err *err)
{
	const struct ev *ev = p->ev;
	size_t end = ev[i].after - 1;

	for (size_t c = i + 1; c < end; c = ev[c].after)
		n->len++;
	n->items = arena_alloc(a, n->len * sizeof(struct node *));
	n->len = 0;
	for (size_t c = i + 1; c < end; c = ev[c].after)
		if (make(&n->items[n->len++], a, p, c, err) < 0)
			return -1;
	return 0;
}

static int make_scalar(struct node *n, struct arena *a, const struct ev *e,
		       struct err *err)
{
	if (strlen(e->value) != e->len)
		return ye_parse_err(err, ERR_DATA, e, "a NUL in a string");
	n->value = arena_strdup(a, e->value);
	n->is_null = ye_ev_is_null(e);
	n->is_string = e->style != STYLE_PLAIN ||
		       (e->tag && strcmp(e->tag, YAML_STR_TAG) == 0);
	return 0;
}

/* Depth is bounded by YE_MAX_DEPTH, so recursion is. */
static int make(struct node **out, struct arena *a, const struct parse *p,
		size_t i, struct err *err)
{
	const struct ev *e = &p->ev[i];
	struct node *n = arena_alloc(a, sizeof(*n));

	*out = n;
	n->line = e->line;
	n->column = e->column;
	switch (e->type) {
	case EV_MAP_START:
		n->kind = NODE_MAP;
		return make_map(n, a, p, i, err);
	case EV_LIST_START:
		n->kind = NODE_LIST;
		return make_list(n, a, p, i, err);
	case EV_ALIAS:
		return ye_parse_err(err, ERR_DATA, e, "an alias (*%s) is not "
				    "supported here", e->anchor);
	default:
		n->kind = NODE_SCALAR;
		return make_scalar(n, a, e, err);
	}
}

int ye_doc_parse(const struct node **out, struct arena *a, const char *text,
		 size_t len, struct err *err)
{
	struct parse p;
	struct node *root = NULL;
	int rc = -1;

	if (ye_parse_init(&p, text, len, err) < 0)
		goto out;
	if (p.docs_len > 1) {
		ye_parse_err(err, ERR_DATA, &p.ev[p.docs[1] - 1], "a second "
			     "document; only one is expected");
		goto out;
	}
	if (p.docs_len == 1) {
		rc = make(&root, a, &p, p.docs[0], err);
	} else {
		/* Nothing but comments reads as null. */
		root = arena_alloc(a, sizeof(*root));
		root->kind = NODE_SCALAR;
		root->line = root->column = 1;
		root->value = "";
		root->is_null = true;
		rc = 0;
	}
	*out = root;
out:
	ye_parse_release(&p);
	return rc;
}
