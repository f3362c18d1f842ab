#ifndef BOT_GIT_TREE_H
#define BOT_GIT_TREE_H

#include "bot/git/repo.h"

/*
 * Trees as they are stored: "MODE NAME\0" and twenty bytes of id, again and
 * again. Read as they are, odd modes and order and all; libgit2's tree builder
 * would put them right, and so change bytes that nobody asked to be changed.
 */
struct tree_entry {
	unsigned mode;		/* 040000, 0100644, 0120000, 0160000 ... */
	const char *name;	/* NUL-terminated, in the tree's data */
	size_t name_len;
	const unsigned char *id;	/* twenty bytes, in the tree's data */
};

enum tree_kind { TREE_DIR, TREE_FILE, TREE_SYMLINK, TREE_OTHER };
enum tree_kind tree_kind(unsigned mode);

/*
 * The entry at *AT, moved past it. 1: there was one; 0: the end; -1: ERR_DATA,
 * not a tree.
 */
int tree_next(struct tree_entry *out, const char *data, size_t len, size_t *at,
	      struct err *err);

/*
 * The entry called NAME. 1: found, 0: none, -1: ERR_DATA, also where two have
 * that name: whatever one of them is, git's programs do not agree which.
 */
int tree_find(struct tree_entry *out, const char *data, size_t len,
	      const char *name, size_t name_len, struct err *err);

#endif
