#include "bot/git/impl.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PATH = 4096 };	/* bytes; no checkout takes a longer one */

/* Two trees under one path, of which one may be missing (zero). */
struct pair {
	const char *path;	/* "" or ending in a slash */
	struct oid old, new;
};

struct differ {
	struct repo *r;
	struct arena *a;
	struct pair *pairs;	/* yet to be opened */
	size_t pairs_len, pairs_cap;
	struct repo_diff *diffs;
	size_t len, cap, most;
};

/* A tree's entries, sorted by name alone: an odd tree may not be. */
struct entries {
	struct object o;
	struct tree_entry *items;
	size_t len, cap;
};

static int by_name(const void *a, const void *b)
{
	const struct tree_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int entries_read(struct entries *e, struct repo *r,
			const struct oid *id, struct err *err)
{
	struct tree_entry item;
	size_t at = 0;
	int rc;

	if (oid_is_zero(id))
		return 0;
	if (store_read(r->store, id, OBJECT_TREE, &e->o, err) < 0)
		return -1;
	while ((rc = tree_next(&item, e->o.data, e->o.len, &at, err)) > 0) {
		ARRAY_GROW(e->items, e->len, e->cap);
		e->items[e->len++] = item;
	}
	if (rc == 0 && e->len)
		qsort(e->items, e->len, sizeof(*e->items), by_name);
	for (size_t i = 1; rc == 0 && i < e->len; i++)
		if (by_name(&e->items[i - 1], &e->items[i]) == 0)
			rc = err_set(err, ERR_DATA, "two entries called '%s' "
				     "in one directory", e->items[i].name);
	return rc;
}

static void entries_release(struct entries *e)
{
	object_release(&e->o);
	free(e->items);
}

static struct oid id_of(const struct tree_entry *e)
{
	struct oid id = { 0 };

	if (e)
		memcpy(id.id, e->id, sizeof(id.id));
	return id;
}

static bool is_dir(const struct tree_entry *e)
{
	return e && tree_kind(e->mode) == TREE_DIR;
}

/*
 * In a directory that differs a file does. So directories count as well:
 * a few objects that name one another can make millions of them.
 */
static int check_room(const struct differ *d, struct err *err)
{
	return d->len + d->pairs_len < d->most ? 0
		: err_set(err, ERR_DATA, "more than %zu files differ", d->most);
}

static int add_diff(struct differ *d, const char *dir,
		    const struct tree_entry *old, const struct tree_entry *new,
		    struct err *err)
{
	if (check_room(d, err) < 0)
		return -1;
	ARRAY_GROW(d->diffs, d->len, d->cap);
	d->diffs[d->len++] = (struct repo_diff){
		.path = arena_printf(d->a, "%s%s", dir,
				     old ? old->name : new->name),
		.old_blob = id_of(old),
		.new_blob = id_of(new),
		.mode_changed = old && new && old->mode != new->mode,
	};
	return 0;
}

/* One name in both trees, or in one of them (the other is NULL). */
static int compare(struct differ *d, const char *dir,
		   const struct tree_entry *old, const struct tree_entry *new,
		   struct err *err)
{
	const struct tree_entry *old_file = is_dir(old) ? NULL : old;
	const struct tree_entry *new_file = is_dir(new) ? NULL : new;

	if (old && new && old->mode == new->mode &&
	    memcmp(old->id, new->id, sizeof(struct oid)) == 0)
		return 0;
	if ((old_file || new_file) &&
	    add_diff(d, dir, old_file, new_file, err) < 0)
		return -1;
	if (is_dir(old) || is_dir(new)) {
		struct pair p = { .old = id_of(is_dir(old) ? old : NULL),
				  .new = id_of(is_dir(new) ? new : NULL) };

		if (oid_eq(&p.old, &p.new))
			return 0;
		if (check_room(d, err) < 0)
			return -1;
		p.path = arena_printf(d->a, "%s%s/", dir,
				      old ? old->name : new->name);
		if (strlen(p.path) > MAX_PATH)
			return err_set(err, ERR_DATA, "a path of more than %d "
				       "bytes", MAX_PATH);
		ARRAY_GROW(d->pairs, d->pairs_len, d->pairs_cap);
		d->pairs[d->pairs_len++] = p;
	}
	return 0;
}

static int open_pair(struct differ *d, const struct pair *p, struct err *err)
{
	struct entries old = { 0 }, new = { 0 };
	size_t i = 0, k = 0;
	int rc = -1;

	if (entries_read(&old, d->r, &p->old, err) < 0 ||
	    entries_read(&new, d->r, &p->new, err) < 0)
		goto out;
	rc = 0;
	while (rc == 0 && (i < old.len || k < new.len)) {
		int order = i == old.len   ? 1
			    : k == new.len ? -1
			    : by_name(&old.items[i], &new.items[k]);

		rc = compare(d, p->path, order <= 0 ? &old.items[i] : NULL,
			     order >= 0 ? &new.items[k] : NULL, err);
		i += order <= 0;
		k += order >= 0;
	}
out:
	entries_release(&old);
	entries_release(&new);
	return rc;
}

/* Open all pairs that are known, after fetching what they lack at once. */
static int open_level(struct differ *d, struct err *err)
{
	struct pair *pairs = d->pairs;
	size_t n = d->pairs_len;
	struct need need = { 0 };
	int rc;

	for (size_t i = 0; i < n; i++) {
		const struct oid *ids[] = { &pairs[i].old, &pairs[i].new };

		for (size_t k = 0; k < 2; k++)
			if (!oid_is_zero(ids[k]) &&
			    !store_has(d->r->store, ids[k]))
				need_tree(&need, ids[k], NEED_LEVEL);
	}
	rc = need_meet(d->r, &need, err);
	need_release(&need);
	d->pairs = NULL;
	d->pairs_len = d->pairs_cap = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = open_pair(d, &pairs[i], err);
	free(pairs);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct repo_diff *)a)->path,
		      ((const struct repo_diff *)b)->path);
}

int repo_diff(struct repo *r, const struct oid *from, const struct oid *to,
	      size_t most, struct arena *a, struct repo_diff **out,
	      size_t *len, struct err *err)
{
	struct differ d = { .r = r, .a = a, .most = most };
	const struct oid both[] = { *from, *to };
	struct commit_head old, new;
	int rc = -1;

	*out = NULL;
	*len = 0;
	if (need_commits(r, both, 2, 1, true, NULL, err) < 0 ||
	    commit_head_read(r, from, &old, err) < 0 ||
	    commit_head_read(r, to, &new, err) < 0)
		return -1;
	if (oid_eq(&old.tree, &new.tree))
		return 0;
	ARRAY_GROW(d.pairs, d.pairs_len, d.pairs_cap);
	d.pairs[d.pairs_len++] = (struct pair){ "", old.tree, new.tree };
	do
		rc = open_level(&d, err);
	while (rc == 0 && d.pairs_len);
	if (rc == 0 && d.len) {
		qsort(d.diffs, d.len, sizeof(*d.diffs), by_path);
		*out = arena_alloc(a, d.len * sizeof(**out));
		memcpy(*out, d.diffs, d.len * sizeof(**out));
		*len = d.len;
	}
	free(d.pairs);
	free(d.diffs);
	return rc;
}
