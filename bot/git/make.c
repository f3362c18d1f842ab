#include "bot/git/impl.h"

#include <stdlib.h>
#include <string.h>

#include "bot/git/sign.h"

/*
 * A commit of ours: the parent's trees, byte for byte, with the twenty bytes
 * of each changed entry replaced on the way up.
 */
struct maker {
	struct repo *r;
	const struct repo_edit *edits;
};

static int make_blob(struct maker *m, const struct path_node *leaf,
		     const struct path_match *old, struct oid *out,
		     struct err *err)
{
	const struct repo_edit *e = &m->edits[leaf->leaves[0]];

	if (leaf->leaves_len > 1)
		return err_set(err, ERR_BUG, "%s is edited twice", e->path);
	if (!old->found)
		return err_set(err, ERR_NOTFOUND, "there is no file %s",
			       e->path);
	if (old->kind != TREE_FILE || leaf->len)
		return err_set(err, ERR_UNSAFE, "%s is not a plain file",
			       e->path);
	if (store_write(m->r->store, OBJECT_BLOB, e->text, e->len,
			&old->id, out, err) < 0)
		return -1;
	if (oid_eq(out, &old->id))
		return err_set(err, ERR_BUG, "the edit of %s changes nothing",
			       e->path);
	return 0;
}

static int make_tree(struct maker *m, const struct path_node *node,
		     const struct oid *tree, struct oid *out, struct err *err)
{
	struct path_match *found = xcalloc(node->len, sizeof(*found));
	struct object o = { 0 };
	char *data = NULL;
	size_t dirs, len;
	int rc = -1;

	if (store_read(m->r->store, tree, OBJECT_TREE, &o, err) < 0 ||
	    paths_match(node, o.data, o.len, found, &dirs, err) < 0)
		goto out;
	len = o.len;
	data = xmalloc(len);
	memcpy(data, o.data, len);
	for (size_t i = 0; i < node->len; i++) {
		const struct path_node *child = node->children[i];
		struct oid id;

		if (child->leaves_len) {
			if (make_blob(m, child, &found[i], &id, err) < 0)
				goto out;
		} else if (!found[i].found || found[i].kind != TREE_DIR) {
			err_set(err, ERR_NOTFOUND, "there is no directory %s",
				child->name);
			goto out;
		} else if (make_tree(m, child, &found[i].id, &id, err) < 0) {
			goto out;
		}
		memcpy(data + found[i].id_at, id.id, sizeof(id.id));
	}
	rc = store_write(m->r->store, OBJECT_TREE, data, len, tree, out, err);
out:
	object_release(&o);
	free(found);
	free(data);
	return rc;
}

/* I1: the two commits differ in exactly the files that were to be edited. */
static int check(struct repo *r, const struct oid *parent,
		 const struct oid *made, const struct repo_edit *edits,
		 size_t n, struct err *err)
{
	struct arena a = { 0 };
	struct repo_diff *diffs;
	size_t len, same = 0;
	int rc = repo_diff(r, parent, made, n, &a, &diffs, &len, err);

	for (size_t i = 0; rc == 0 && i < len; i++)
		for (size_t k = 0; k < n; k++)
			if (strcmp(diffs[i].path, edits[k].path) == 0 &&
			    !diffs[i].mode_changed &&
			    !oid_is_zero(&diffs[i].old_blob) &&
			    !oid_is_zero(&diffs[i].new_blob))
				same++;
	if (rc == 0 && (len != n || same != n))
		rc = err_set(err, ERR_BUG, "the commit that was made differs "
			     "in %zu files, %zu of them planned; %zu were to "
			     "be", len, same, n);
	arena_release(&a);
	return rc;
}

int repo_commit_make(struct repo *r, const struct oid *parent,
		     const struct repo_edit *edits, size_t n,
		     const struct repo_commit_meta *meta, struct oid *out,
		     struct err *err)
{
	struct maker m = { .r = r, .edits = edits };
	const char **paths = xcalloc(n, sizeof(*paths));
	struct path_match *found = xcalloc(n, sizeof(*found));
	struct path_node *root = NULL;
	struct arena a = { 0 };
	struct buf text = { 0 };
	struct commit_head head;
	struct oid tree, made;
	int rc = -1;

	for (size_t i = 0; i < n; i++)
		paths[i] = edits[i].path;
	/* Brings the trees on the way; the files themselves are replaced. */
	if (paths_resolve(r, parent, paths, n, false, found, err) < 0 ||
	    commit_head_read(r, parent, &head, err) < 0)
		goto out;
	root = paths_new(paths, n, &a);
	if (make_tree(&m, root, &head.tree, &tree, err) < 0 ||
	    commit_format(&text, &tree, parent, meta, err) < 0 ||
	    (r->options.signing_key &&
	     sign_commit(&text, r->options.signing_key, r->options.deadline,
			 err) < 0) ||
	    store_write(r->store, OBJECT_COMMIT, text.data, text.len, NULL,
			&made, err) < 0 ||
	    check(r, parent, &made, edits, n, err) < 0)
		goto out;
	*out = made;
	rc = 0;
out:
	if (root)
		paths_release(root);
	arena_release(&a);
	buf_release(&text);
	free(paths);
	free(found);
	return rc;
}
