#include "bot/git/impl.h"

#include <stdlib.h>
#include <string.h>

/*
 * A directory with as many siblings as this is one of a kind: a service among
 * services, whose subtree is small.
 */
enum { MANY_SIBLINGS = 16, FEW_DIRS = 32 };

/* The names ----------------------------------------------------------------- */

static int name_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int rc = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return rc ? rc : (a_len > b_len) - (a_len < b_len);
}

static int node_cmp(const void *a, const void *b)
{
	const struct path_node *x = *(struct path_node *const *)a;
	const struct path_node *y = *(struct path_node *const *)b;

	return name_cmp(x->name, x->name_len, y->name, y->name_len);
}

static struct path_node *child_of(struct path_node *node, const char *name,
				  size_t len, struct arena *a)
{
	struct path_node *child;

	/* Paths come in groups: the last one is the likeliest. */
	for (size_t i = node->len; i-- > 0;)
		if (name_cmp(node->children[i]->name,
			     node->children[i]->name_len, name, len) == 0)
			return node->children[i];
	child = arena_alloc(a, sizeof(*child));
	child->name = arena_strndup(a, name, len);
	child->name_len = len;
	ARRAY_GROW(node->children, node->len, node->cap);
	node->children[node->len++] = child;
	return child;
}

static void sort_nodes(struct path_node *node)
{
	if (node->len)
		qsort(node->children, node->len, sizeof(*node->children),
		      node_cmp);
	for (size_t i = 0; i < node->len; i++)
		sort_nodes(node->children[i]);
}

struct path_node *paths_new(const char *const *paths, size_t n,
			    struct arena *a)
{
	struct path_node *root = arena_alloc(a, sizeof(*root));

	root->name = "";
	for (size_t i = 0; i < n; i++) {
		struct path_node *node = root;
		const char *s = paths[i];

		for (;;) {
			size_t len = strcspn(s, "/");

			node = child_of(node, s, len, a);
			if (!s[len])
				break;
			s += len + 1;
		}
		ARRAY_GROW(node->leaves, node->leaves_len, node->leaves_cap);
		node->leaves[node->leaves_len++] = i;
	}
	sort_nodes(root);
	return root;
}

void paths_release(struct path_node *node)
{
	for (size_t i = 0; i < node->len; i++)
		paths_release(node->children[i]);
	free(node->children);
	free(node->leaves);
}

/* Which of the children is called NAME; -1: none. */
static ssize_t find_child(const struct path_node *node, const char *name,
			  size_t len)
{
	size_t lo = 0, hi = node->len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int rc = name_cmp(name, len, node->children[mid]->name,
				  node->children[mid]->name_len);

		if (rc == 0)
			return (ssize_t)mid;
		if (rc < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return -1;
}

int paths_match(const struct path_node *node, const char *data, size_t len,
		struct path_match *out, size_t *dirs, struct err *err)
{
	struct tree_entry e;
	size_t at = 0;
	ssize_t i;
	int rc;

	*dirs = 0;
	memset(out, 0, node->len * sizeof(*out));
	while ((rc = tree_next(&e, data, len, &at, err)) > 0) {
		*dirs += tree_kind(e.mode) == TREE_DIR;
		i = find_child(node, e.name, e.name_len);
		if (i < 0)
			continue;
		if (out[i].found)
			return err_set(err, ERR_DATA, "two entries called '%s' "
				       "in one directory", e.name);
		out[i].found = true;
		out[i].kind = tree_kind(e.mode);
		memcpy(out[i].id.id, e.id, sizeof(out[i].id.id));
		out[i].id_at = (size_t)((const char *)e.id - data);
	}
	return rc;
}

enum need_how paths_how(const struct repo *r, const struct oid *parent,
			size_t dirs, bool at_root)
{
	bool many = dirs >= MANY_SIBLINGS;

	/* What lies right below the root is as likely to be everything. */
	if (at_root)
		return many ? NEED_MAYBE : NEED_LEVEL;
	return many || oidmap_get(&r->listed, parent) ? NEED_THIN : NEED_MAYBE;
}

/* Walking down -------------------------------------------------------------- */

struct walk {
	struct repo *r;
	struct need *need;
	bool blobs;
	struct path_match *out;	/* NULL: only what is missing counts */
};

/*
 * With nothing but tree:0 to be had, the first file at the root (promote.yaml)
 * costs a request of its own; the directories there, which the next question
 * is about, come along in it. tree:2 brings the same.
 */
static void come_along(struct walk *w, const char *data, size_t len,
		       size_t dirs)
{
	struct err ignored = { 0 };
	struct tree_entry e;
	struct oid id;
	size_t at = 0;

	if (w->r->tree_depth != 0 || dirs > FEW_DIRS)
		return;
	while (tree_next(&e, data, len, &at, &ignored) > 0) {
		memcpy(id.id, e.id, sizeof(id.id));
		if (tree_kind(e.mode) == TREE_DIR &&
		    !store_has(w->r->store, &id))
			need_tree(w->need, &id, NEED_LEVEL);
	}
}

static void found_leaf(struct walk *w, const struct path_node *node,
		       const struct path_match *m)
{
	for (size_t i = 0; w->out && i < node->leaves_len; i++)
		w->out[node->leaves[i]] = *m;
	if (w->blobs && node->leaves_len &&
	    (m->kind == TREE_FILE || m->kind == TREE_SYMLINK) &&
	    !store_has(w->r->store, &m->id))
		need_blob(w->need, &m->id);
}

static int walk_tree(struct walk *w, const struct path_node *node,
		     const struct oid *tree, enum need_how how, bool is_root,
		     struct err *err)
{
	struct path_match *m;
	struct object o;
	size_t dirs;
	int rc;

	if (!store_has(w->r->store, tree)) {
		need_tree(w->need, tree, how);
		return 0;
	}
	if (store_read(w->r->store, tree, OBJECT_TREE, &o, err) < 0)
		return -1;
	m = xcalloc(node->len, sizeof(*m));
	rc = paths_match(node, o.data, o.len, m, &dirs, err);
	for (size_t i = 0; rc == 0 && i < node->len; i++) {
		if (!m[i].found)
			continue;
		found_leaf(w, node->children[i], &m[i]);
		if (m[i].kind == TREE_DIR && node->children[i]->len)
			rc = walk_tree(w, node->children[i], &m[i].id,
				       paths_how(w->r, tree, dirs, is_root),
				       false, err);
	}
	if (rc == 0 && is_root && w->need->blobs.len)
		come_along(w, o.data, o.len, dirs);
	free(m);
	object_release(&o);
	return rc;
}

static int walk_commit(struct walk *w, const struct path_node *root,
		       const struct oid *commit, struct err *err)
{
	struct commit_head head;

	if (commit_head_read(w->r, commit, &head, err) < 0)
		return -1;
	return walk_tree(w, root, &head.tree, NEED_ROOT, true, err);
}

int paths_resolve(struct repo *r, const struct oid *commit,
		  const char *const *paths, size_t n, bool blobs,
		  struct path_match *out, struct err *err)
{
	struct need need = { 0 };
	struct walk w = { .r = r, .need = &need, .blobs = blobs, .out = out };
	struct walk along = { .r = r, .need = &need, .blobs = blobs };
	struct arena a = { 0 };
	struct path_node *root = paths_new(paths, n, &a);
	int rc = need_head(r, commit, 1, true, err);

	while (rc == 0) {
		memset(out, 0, n * sizeof(*out));
		rc = walk_commit(&w, root, commit, err);
		if (rc < 0 || need_empty(&need))
			break;
		for (size_t i = 0; rc == 0 && i < r->along.len; i++)
			rc = walk_commit(&along, root, &r->along.ids[i], err);
		if (rc == 0)
			rc = need_meet(r, &need, err);
	}
	need_release(&need);
	paths_release(root);
	arena_release(&a);
	return rc;
}

int repo_read_ahead(struct repo *r, const struct repo_look *looks, size_t n,
		    struct err *err)
{
	struct need need = { 0 };
	struct walk w = { .r = r, .need = &need, .blobs = true };
	struct oid *commits = xcalloc(n + 1, sizeof(*commits));
	struct arena a = { 0 };
	int rc;

	for (size_t i = 0; i < n; i++)
		commits[i] = looks[i].commit;
	rc = need_commits(r, commits, n, 1, true, NULL, err);
	while (rc == 0) {
		for (size_t i = 0; rc == 0 && i < n; i++) {
			struct path_node *root = paths_new(looks[i].paths,
							   looks[i].n, &a);

			rc = walk_commit(&w, root, &commits[i], err);
			paths_release(root);
		}
		if (rc < 0 || need_empty(&need))
			break;
		rc = need_meet(r, &need, err);
	}
	need_release(&need);
	arena_release(&a);
	free(commits);
	return rc;
}
