#include "bot/git/impl.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/git/sign.h"

int repo_open(struct repo **out, const struct repo_options *options,
	      struct err *err)
{
	struct repo *r = xcalloc(1, sizeof(*r));

	r->options = *options;
	r->location = xstrdup(options->location);
	r->options.location = r->location;
	if ((options->signing_key &&
	     sign_key_check(options->signing_key, err) < 0) ||
	    store_new(&r->store, err) < 0 ||
	    wire_open(&r->wire, &r->options, err) < 0) {
		repo_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

void repo_free(struct repo *r)
{
	if (!r)
		return;
	wire_close(&r->wire);
	store_free(r->store);
	arena_release(&r->arena);
	oidlist_release(&r->along);
	oidmap_release(&r->ahead.tips);
	oidmap_release(&r->ahead.objects);
	oidmap_release(&r->listed);
	oidmap_release(&r->texts);
	free(r->files);
	free(r->location);
	free(r);
}

int repo_ls_refs(struct repo *r, const char *const *prefixes, size_t n,
		 struct repo_refs *out, struct err *err)
{
	*out = (struct repo_refs){ 0 };
	return wire_ls_refs(&r->wire, prefixes, n, out, err);
}

void repo_refs_release(struct repo_refs *refs)
{
	free(refs->items);
	arena_release(&refs->arena);
	*refs = (struct repo_refs){ 0 };
}

/* Files ------------------------------------------------------------------- */

/* The blob's text, kept: whoever asked for it borrows it to the end. */
static int text_of(struct repo *r, const struct oid *id, struct repo_file *out,
		   struct err *err)
{
	size_t *at = oidmap_get(&r->texts, id);
	struct repo_file *f;
	struct object o;

	if (!at) {
		if (store_read(r->store, id, OBJECT_BLOB, &o, err) < 0)
			return -1;
		ARRAY_GROW(r->files, r->files_len, r->files_cap);
		f = &r->files[r->files_len];
		*f = (struct repo_file){ .exists = true, .blob = *id,
					 .len = o.len };
		f->text = arena_strndup(&r->arena, o.data, o.len);
		object_release(&o);
		oidmap_add(&r->texts, id, r->files_len++);
		at = oidmap_get(&r->texts, id);
	}
	*out = r->files[*at];
	return 0;
}

int repo_read(struct repo *r, const struct oid *commit,
	      const char *const *paths, size_t n, struct repo_file *out,
	      struct err *err)
{
	struct path_match *m = xcalloc(n, sizeof(*m));
	int rc = paths_resolve(r, commit, paths, n, true, m, err);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		out[i] = (struct repo_file){ 0 };
		if (!m[i].found ||
		    (m[i].kind != TREE_FILE && m[i].kind != TREE_SYMLINK))
			continue;
		rc = text_of(r, &m[i].id, &out[i], err);
		out[i].is_symlink = m[i].kind == TREE_SYMLINK;
		if (rc < 0)
			err_prefix(err, "%s: ", paths[i]);
	}
	free(m);
	return rc;
}

int repo_blobs(struct repo *r, const struct oid *ids, size_t n,
	       struct repo_file *out, struct err *err)
{
	struct need need = { 0 };
	int rc;

	for (size_t i = 0; i < n; i++)
		if (!store_has(r->store, &ids[i]))
			need_blob(&need, &ids[i]);
	rc = need_meet(r, &need, err);
	need_release(&need);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = text_of(r, &ids[i], &out[i], err);
	return rc;
}

/* The tree at PATH; *FOUND is false where there is none. */
static int find_dir(struct repo *r, const struct oid *commit, const char *path,
		    struct oid *tree, bool *found, struct err *err)
{
	struct commit_head head;

	*found = true;
	if (need_commits(r, commit, 1, 1, true, NULL, err) < 0 ||
	    commit_head_read(r, commit, &head, err) < 0)
		return -1;
	*tree = head.tree;
	for (;;) {
		size_t len = strcspn(path, "/");
		struct need need = { 0 };
		struct tree_entry e;
		struct object o;
		int rc;

		if (!store_has(r->store, tree))
			need_tree(&need, tree, NEED_LEVEL);
		rc = need_meet(r, &need, err);
		need_release(&need);
		if (rc < 0 || !*path)
			return rc;
		if (store_read(r->store, tree, OBJECT_TREE, &o, err) < 0)
			return -1;
		rc = tree_find(&e, o.data, o.len, path, len, err);
		*found = rc > 0 && tree_kind(e.mode) == TREE_DIR;
		if (*found)
			memcpy(tree->id, e.id, sizeof(tree->id));
		object_release(&o);
		if (rc < 0 || !*found)
			return rc < 0 ? -1 : 0;
		path += len + (path[len] == '/');
	}
}

int repo_list(struct repo *r, const struct oid *commit, const char *path,
	      bool dirs, struct arena *a, const char ***names, size_t *len,
	      struct err *err)
{
	struct tree_entry e;
	struct oid tree;
	struct object o;
	size_t at = 0, cap = 0;
	const char **list = NULL;
	bool found;
	int rc;

	*names = NULL;
	*len = 0;
	if (find_dir(r, commit, path, &tree, &found, err) < 0)
		return -1;
	if (!found)
		return 0;
	oidmap_add(&r->listed, &tree, 0);
	if (store_read(r->store, &tree, OBJECT_TREE, &o, err) < 0)
		return -1;
	while ((rc = tree_next(&e, o.data, o.len, &at, err)) > 0) {
		enum tree_kind kind = tree_kind(e.mode);

		if (dirs ? kind != TREE_DIR
			 : kind != TREE_FILE && kind != TREE_SYMLINK)
			continue;
		ARRAY_GROW(list, *len, cap);
		list[(*len)++] = arena_strndup(a, e.name, e.name_len);
	}
	object_release(&o);
	if (rc == 0 && *len) {
		*names = arena_alloc(a, *len * sizeof(*list));
		memcpy(*names, list, *len * sizeof(*list));
	}
	free(list);
	return rc;
}

/* Commits ------------------------------------------------------------------- */

int commit_head_read(struct repo *r, const struct oid *id,
		     struct commit_head *out, struct err *err)
{
	struct object o;
	int rc;

	if (store_read(r->store, id, OBJECT_COMMIT, &o, err) < 0)
		return -1;
	rc = commit_head_parse(out, o.data, o.len, err);
	object_release(&o);
	return rc;
}

int repo_commit(struct repo *r, const struct oid *id, struct arena *a,
		struct repo_commit *out, struct err *err)
{
	struct object o;
	int rc;

	if (need_commits(r, id, 1, 1, false, NULL, err) < 0 ||
	    store_read(r->store, id, OBJECT_COMMIT, &o, err) < 0)
		return -1;
	out->id = *id;
	rc = commit_parse(out, o.data, o.len, a, err);
	object_release(&o);
	return rc;
}

void repo_look_along(struct repo *r, const struct oid *commits, size_t n)
{
	r->along.len = 0;
	for (size_t i = 0; i < n; i++)
		oidlist_add(&r->along, &commits[i]);
}

void repo_cost(const struct repo *r, struct repo_cost *out)
{
	const struct transport *t = r->wire.transport;

	*out = (struct repo_cost){ .requests = t->requests,
				   .bytes_sent = t->bytes_sent,
				   .bytes_received = t->bytes_received };
	if (!r->road_known)
		out->road = "nothing fetched yet";
	else if (r->wire.version != 2)
		out->road = "protocol v0, depth 1";
	else if (r->tree_depth == FILTER_NONE)
		out->road = "protocol v2, depth 1";
	else if (r->tree_depth == 0)
		out->road = "protocol v2, tree filter level by level";
	else
		out->road = "protocol v2, tree filter";
}
