#ifndef BOT_GIT_COMMIT_H
#define BOT_GIT_COMMIT_H

#include "bot/git/repo.h"

/* What a walk over history needs of a commit. */
struct commit_head {
	struct oid tree, parent;	/* parent: the first; zero: a root */
	int64_t committer_s;
};

/* ERR_DATA: DATA is not a commit's. */
int commit_head_parse(struct commit_head *out, const char *data, size_t len,
		      struct err *err);

/* All of it, strings in arena A; out->id is the caller's to set. */
int commit_parse(struct repo_commit *out, const char *data, size_t len,
		 struct arena *a, struct err *err);

/*
 * A commit's bytes. ERR_BUG: a name, an address or the message is not one
 * (line breaks, '<', '>', NUL).
 */
int commit_format(struct buf *out, const struct oid *tree,
		  const struct oid *parent,
		  const struct repo_commit_meta *meta, struct err *err);

#endif
