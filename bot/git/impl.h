#ifndef BOT_GIT_IMPL_H
#define BOT_GIT_IMPL_H

#include "bot/git/commit.h"
#include "bot/git/oidmap.h"
#include "bot/git/repo.h"
#include "bot/git/store.h"
#include "bot/git/tree.h"
#include "bot/git/wire.h"

/* What the files of bot/git/ share and nobody else sees. */
struct repo {
	struct repo_options options;
	char *location;
	struct wire wire;
	struct store *store;
	struct arena arena;	/* texts of blobs */

	bool road_known;
	int tree_depth;		/* what a first look asks for: tree:N, or
				   FILTER_NONE on the road without filters */
	bool will_push;		/* repo_expect_push() */
	bool fat;		/* a subtree was too much to take whole */
	struct oid looked_at;	/* the newest commit whose files were read, or
				   zero: what a later one is asked against */
	struct oidlist along;	/* see repo_look_along() */
	struct {		/* repo_beyond_ahead() */
		struct oid base;
		struct oidmap tips, objects;
	} ahead;
	struct oidmap listed;	/* trees of which the names were asked for */
	struct oidmap texts;	/* blob -> index in files */
	struct repo_file *files;
	size_t files_len, files_cap;
};

enum { FEW_COMMITS = 32 };	/* of a line that are fetched in one look */

/* Fetching what is not here (need.c) ---------------------------------------- */

/*
 * Commits, each with up to DEPTH - 1 generations of its parents. With TREES
 * also what the server sends of their trees in the same breath; then there may
 * be fewer generations, and the caller asks again from where they end.
 * AFTER, where given, is a commit that is here and whose parents these are:
 * what it holds is not sent again. ERR_NOTFOUND: the server has none such.
 */
int need_commits(struct repo *r, const struct oid *ids, size_t n, size_t depth,
		 bool trees, const struct oid *after, struct err *err);

/*
 * A commit whose files will be read. When one was read before, as after a lost
 * race, this is where the branch has gone since: then all that is new comes at
 * once, files and history, unless it turns out to be much. Else as
 * need_commits().
 */
int need_head(struct repo *r, const struct oid *id, size_t depth, bool trees,
	      struct err *err);

/*
 * The older protocol gives nothing but what a ref holds: HEAD again, with so
 * many generations of its parents.
 */
int need_deeper(struct repo *r, const struct oid *head, size_t depth,
		struct err *err);

/* What a look at trees found missing. Zeroed is empty. */
struct need {
	struct oidlist blobs;
	struct oidlist roots;	/* of commits: with the directories in them,
				   where they come in the same breath */
	struct oidlist level;	/* trees, of which only they are needed */
	struct oidlist thin;	/* trees wanted whole, one of many siblings:
				   each is small */
	struct oidlist maybe;	/* trees wanted whole, if they are not fat */
	struct oidmap seen;
};

enum need_how { NEED_ROOT, NEED_LEVEL, NEED_THIN, NEED_MAYBE };
void need_tree(struct need *n, const struct oid *id, enum need_how how);
void need_blob(struct need *n, const struct oid *id);
bool need_empty(const struct need *n);
void need_release(struct need *n);

/*
 * Fetch all of it, in one request where that can be; afterwards it is here, or
 * ERR_DATA. Empties N.
 */
int need_meet(struct repo *r, struct need *n, struct err *err);

/* The commits that TIPs have and HAVES have not, as the server says. */
int need_between(struct repo *r, const struct oid *tip,
		 const struct oid *haves, size_t n, uint64_t max_bytes,
		 struct oidlist *out, bool *over_max, struct err *err);

/*
 * What N TIPS have and BASE has not, commits and files, in one request. *KNOWN
 * is false where that would be much, or the protocol is too old for it.
 */
int need_branches(struct repo *r, const struct oid *tips, size_t n,
		  const struct oid *base, struct oidlist *out, bool *known,
		  struct err *err);

/* Reading what is here ------------------------------------------------------ */

int commit_head_read(struct repo *r, const struct oid *id,
		     struct commit_head *out, struct err *err);

/* Paths as a tree of names (paths.c) ---------------------------------------- */

struct path_node {
	const char *name;
	size_t name_len;
	struct path_node **children;	/* sorted by name */
	size_t len, cap;
	size_t *leaves;		/* indexes of the paths that end here */
	size_t leaves_len, leaves_cap;
	void *data;		/* the user's */
};

/* All in arena A but the arrays: release it. */
struct path_node *paths_new(const char *const *paths, size_t n,
			    struct arena *a);
void paths_release(struct path_node *root);

/* What a tree has under the names of a node's children. */
struct path_match {
	bool found;
	enum tree_kind kind;
	struct oid id;
	size_t id_at;		/* where the id stands in the tree's data */
};

/*
 * OUT[i] for children[i]. *DIRS: how many directories the tree has in all.
 * ERR_DATA: not a tree, or two entries of a name that is asked for.
 */
int paths_match(const struct path_node *node, const char *data, size_t len,
		struct path_match *out, size_t *dirs, struct err *err);

/*
 * Walk down the N PATHS of COMMIT, fetching the trees on the way and, with
 * BLOBS, what they lead to. OUT[N]: not found where a path leads nowhere.
 */
int paths_resolve(struct repo *r, const struct oid *commit,
		  const char *const *paths, size_t n, bool blobs,
		  struct path_match *out, struct err *err);

/* How to fetch a directory that is missing below PARENT, which has DIRS. */
enum need_how paths_how(const struct repo *r, const struct oid *parent,
			size_t dirs, bool at_root);

#endif
