#ifndef BOT_EVIDENCE_H
#define BOT_EVIDENCE_H

#include "bot/base/mem.h"
#include "forge/forge.h"

/*
 * What witnesses outside say of a version: commit statuses and check runs.
 * Asked at most once a run, however often the state is read anew, so it lives
 * with the world and not with the state.
 */
struct evidence {
	struct arena arena;
	struct forge_commit **commits;
	size_t commits_len, commits_cap;
};

/* What is known of a commit's statuses; NULL: it was not asked about. */
const struct forge_commit *evidence_of_commit(const struct evidence *e,
					      const char *sha);
void evidence_release(struct evidence *e);

#endif
