#ifndef FORGE_MERGE_H
#define FORGE_MERGE_H

#include "forge/call.h"

/* What opening and merging have in common on all forges. */

/*
 * Read pull request NUMBER again after a refusal or a lost answer. 1: it is
 * merged with HEAD_SHA; 0: it is open with HEAD_SHA; -1: ERR says what stands
 * against it (ERR_RACE: another head; ERR_REFUSED: closed).
 */
int forge_merge_look(struct forge *f, long long number, const char *head_sha,
		     struct arena *a, const char **merge_sha,
		     struct forge_pr *pr, struct err *err);

/*
 * The answer to a merge was lost, or was a server's error that ERR holds:
 * only the pull request tells what was done. 0: it is merged, ERR is empty.
 */
int forge_merge_doubtful(struct forge *f, long long number,
			 const char *head_sha, struct arena *a,
			 const char **merge_sha, struct err *err);

/* FORGE_MERGE_ANY becomes the first method that the repository allows. */
int forge_merge_pick(struct forge *f, enum forge_merge_method *method,
		     struct err *err);

/*
 * A creation was answered by "exists already", or not at all (WAS_LOST):
 * find the open pull request. FIND answers 1 found, 0 there is none, -1.
 * ERR holds the first cause and stays where none is found.
 */
typedef int forge_find_fn(struct forge *f, const struct forge_new_pr *pr,
			  struct arena *a, struct forge_pr *out,
			  struct err *err);
int forge_open_settle(struct forge *f, const struct forge_new_pr *pr,
		      struct arena *a, struct forge_pr *out, bool *existed,
		      bool was_lost, forge_find_fn *find, struct err *err);

#endif
