#include "bot/git/impl.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"

/*
 * The first-parent line, and along it what stood under each name: not one
 * entry for each commit, but one for each change, so that a hundred thousand
 * commits that left a path alone cost nothing.
 */
struct line {
	struct line_commit {
		struct oid id, tree;
		int64_t committer_s;
		int64_t newest_s;	/* of this one and all behind it */
	} *commits;			/* [0] is the head */
	size_t len, cap;
	bool complete;			/* the last one is the root */
	bool trees;			/* they will be needed, too */
};

/* From POS on back, up to the next run's: the same. */
struct run {
	size_t pos;
	bool found;
	enum tree_kind kind;
	struct oid id;
};

struct runs {
	struct run *items;
	size_t len, cap;
	enum need_how how;	/* to fetch the trees that these are */
};

/* The line ------------------------------------------------------------------ */

/*
 * Bring the commits from ID on back, as many as are still wanted. 1: they are
 * here; 0: the server has none there (its own history ends, as in a shallow
 * clone): that is a boundary, not an error.
 */
static int fetch_back(struct repo *r, const struct line *line,
		      const struct oid *id, size_t depth, struct err *err)
{
	const struct oid *after = line->len
		? &line->commits[line->len - 1].id : NULL;
	/* The older protocol gives what a ref holds, nothing else. */
	bool old = wire_hello(&r->wire, err) == 0 && r->wire.version != 2;
	int rc;

	if (err->code != ERR_NONE)
		return -1;
	if (line->len)
		log_progress("reading history: %zu commits", line->len);
	if (!line->len)
		rc = need_head(r, id, depth, line->trees, err);
	else if (old)
		rc = need_deeper(r, &line->commits[0].id, depth, err);
	else
		rc = need_commits(r, id, 1, depth - line->len, line->trees,
				  after, err);
	if (rc < 0 && err->code == ERR_NOTFOUND && line->len) {
		err_clear(err);
		return 0;
	}
	return rc < 0 ? -1 : store_has(r->store, id);
}

static int line_read(struct repo *r, struct line *line, const struct oid *head,
		     size_t depth, struct err *err)
{
	struct oid at = *head;

	while (line->len < depth) {
		struct commit_head c;

		if (!store_has(r->store, &at)) {
			int rc = fetch_back(r, line, &at, depth, err);

			if (rc <= 0)
				return rc;
		}
		if (commit_head_read(r, &at, &c, err) < 0)
			return -1;
		ARRAY_GROW(line->commits, line->len, line->cap);
		line->commits[line->len++] = (struct line_commit){
			.id = at, .tree = c.tree, .committer_s = c.committer_s
		};
		if (oid_is_zero(&c.parent)) {
			line->complete = true;
			break;
		}
		at = c.parent;
	}
	return 0;
}

static void line_newest(struct line *line)
{
	int64_t newest = INT64_MIN;

	for (size_t i = line->len; i-- > 0;) {
		if (line->commits[i].committer_s > newest)
			newest = line->commits[i].committer_s;
		line->commits[i].newest_s = newest;
	}
}

/*
 * The message of the only commit that this one merged: made on top of one of
 * those that follow on LINE, so that there is nothing else in what was merged.
 */
static int read_merged(struct repo *r, const struct repo_commit *c,
		       const struct line *line, size_t pos, struct arena *a,
		       const char **out, struct err *err)
{
	struct repo_commit merged;

	*out = NULL;
	if (c->parents_len != 2 || !store_has(r->store, &c->parents[1]))
		return 0;
	if (repo_commit(r, &c->parents[1], a, &merged, err) < 0)
		return -1;
	for (size_t i = pos + 1; i < line->len && merged.parents_len == 1; i++)
		if (oid_eq(&line->commits[i].id, &merged.parents[0]))
			*out = merged.message;
	return 0;
}

int repo_line(struct repo *r, const struct oid *head, size_t depth,
	      struct arena *a, struct repo_line *out, struct err *err)
{
	struct line line = { .trees = depth <= FEW_COMMITS };
	int rc = line_read(r, &line, head, depth, err);

	log_progress_done();
	*out = (struct repo_line){ .len = line.len,
				   .complete = line.complete };
	out->commits = arena_alloc(a, line.len * sizeof(*out->commits));
	out->merged = arena_alloc(a, line.len * sizeof(*out->merged));
	for (size_t i = 0; rc == 0 && i < line.len; i++) {
		rc = repo_commit(r, &line.commits[i].id, a, &out->commits[i],
				 err);
		if (rc == 0)
			rc = read_merged(r, &out->commits[i], &line, i, a,
					 &out->merged[i], err);
	}
	free(line.commits);
	return rc;
}

/* What stood under a name --------------------------------------------------- */

static void runs_add(struct runs *runs, size_t pos, bool found,
		     enum tree_kind kind, const struct oid *id)
{
	const struct run *last = runs->len ? &runs->items[runs->len - 1] : NULL;

	if (last && last->found == found &&
	    (!found || (last->kind == kind && oid_eq(&last->id, id))))
		return;
	ARRAY_GROW(runs->items, runs->len, runs->cap);
	runs->items[runs->len++] = (struct run){ .pos = pos, .found = found,
						 .kind = kind, .id = *id };
}

static void need_runs(struct repo *r, const struct runs *runs,
		      struct need *need)
{
	for (size_t i = 0; i < runs->len; i++)
		if (runs->items[i].found && runs->items[i].kind == TREE_DIR &&
		    !store_has(r->store, &runs->items[i].id))
			need_tree(need, &runs->items[i].id, runs->how);
}

static struct runs *runs_of(struct path_node *node)
{
	if (!node->data)
		node->data = xcalloc(1, sizeof(struct runs));
	return node->data;
}

/* From what a directory was at each time to what its children were. */
static int runs_descend(struct repo *r, struct path_node *node, bool at_root,
			struct err *err)
{
	const struct runs *runs = runs_of(node);
	struct path_match *m = xcalloc(node->len + 1, sizeof(*m));
	size_t dirs = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < runs->len && node->len; i++) {
		const struct run *run = &runs->items[i];
		struct object o = { 0 };

		memset(m, 0, node->len * sizeof(*m));
		if (run->found && run->kind == TREE_DIR) {
			rc = store_read(r->store, &run->id, OBJECT_TREE, &o,
					err);
			if (rc == 0)
				rc = paths_match(node, o.data, o.len, m, &dirs,
						 err);
			object_release(&o);
		}
		for (size_t k = 0; rc == 0 && k < node->len; k++) {
			struct runs *child = runs_of(node->children[k]);

			runs_add(child, run->pos, m[k].found, m[k].kind,
				 &m[k].id);
			if (run->found)
				child->how = paths_how(r, &run->id, dirs,
						       at_root);
		}
	}
	free(m);
	return rc;
}

/* Level by level, so that each level's trees come in one request. */
static int runs_all(struct repo *r, struct path_node *root, struct err *err)
{
	struct path_node **level = xmalloc(sizeof(*level)), **next;
	size_t len = 1, next_len, next_cap;
	struct need need = { 0 };
	int rc = 0;

	level[0] = root;
	while (rc == 0 && len) {
		next = NULL;
		next_len = next_cap = 0;
		for (size_t i = 0; i < len; i++)
			if (level[i]->len)
				need_runs(r, runs_of(level[i]), &need);
		rc = need_meet(r, &need, err);
		for (size_t i = 0; rc == 0 && i < len; i++) {
			rc = runs_descend(r, level[i], level[i] == root, err);
			for (size_t k = 0; k < level[i]->len; k++) {
				ARRAY_GROW(next, next_len, next_cap);
				next[next_len++] = level[i]->children[k];
			}
		}
		free(level);
		level = next;
		len = next_len;
	}
	need_release(&need);
	free(level);
	return rc;
}

static void free_runs(struct path_node *node)
{
	struct runs *runs = node->data;

	for (size_t i = 0; i < node->len; i++)
		free_runs(node->children[i]);
	if (runs)
		free(runs->items);
	free(runs);
}

/* The answer ---------------------------------------------------------------- */

static void fill_history(struct repo_history *h, const struct line *line,
			 const struct runs *runs, struct arena *a)
{
	size_t len = 0;

	*h = (struct repo_history){ .walked = line->len,
				    .complete = line->complete };
	h->changes = arena_alloc(a, (runs->len + 1) * sizeof(*h->changes));
	for (size_t i = 0; i < runs->len; i++) {
		const struct run *run = &runs->items[i];
		size_t end = i + 1 < runs->len ? runs->items[i + 1].pos
					       : line->len;
		const struct line_commit *c = &line->commits[end - 1];
		bool exists = run->found && (run->kind == TREE_FILE ||
					     run->kind == TREE_SYMLINK);
		struct repo_change *last = len ? &h->changes[len - 1] : NULL;
		struct repo_change change = {
			.pos = end - 1, .commit = c->id,
			.committer_s = c->committer_s,
			.landed_s = c->newest_s, .exists = exists,
		};

		change.is_dir = run->found && run->kind == TREE_DIR;
		if (exists || change.is_dir)
			change.blob = run->id;
		/* A directory that became a submodule is still no file, a file
		   that became a link to the same bytes the same bytes. */
		if (last && last->exists == exists &&
		    oid_eq(&last->blob, &change.blob))
			*last = change;
		else
			h->changes[len++] = change;
	}
	h->len = len;
}

static void fill_all(struct path_node *node, const struct line *line,
		     struct arena *a, struct repo_history *out)
{
	for (size_t i = 0; i < node->leaves_len; i++)
		fill_history(&out[node->leaves[i]], line, runs_of(node), a);
	for (size_t i = 0; i < node->len; i++)
		fill_all(node->children[i], line, a, out);
}

int repo_history(struct repo *r, const struct oid *head,
		 const char *const *paths, size_t n, size_t depth,
		 const bool *looks, struct arena *a, struct repo_history *out,
		 struct err *err)
{
	struct arena names = { 0 };
	struct path_node *root = paths_new(paths, n, &names);
	struct runs *top = runs_of(root);
	struct line line = { .trees = true };
	int rc = line_read(r, &line, head, depth ? depth : 1, err);

	for (size_t i = 0; rc == 0 && i < line.len; i++)
		if (i == 0 || !looks || looks[i])
			runs_add(top, i, true, TREE_DIR,
				 &line.commits[i].tree);
	top->how = NEED_LEVEL;
	if (rc == 0)
		rc = runs_all(r, root, err);
	log_progress_done();
	if (rc == 0) {
		line_newest(&line);
		fill_all(root, &line, a, out);
	}
	free_runs(root);
	paths_release(root);
	arena_release(&names);
	free(line.commits);
	return rc;
}
