#ifndef BOT_GIT_PACKFILE_H
#define BOT_GIT_PACKFILE_H

#include <git2.h>
#include <git2/sys/odb_backend.h>

#include "bot/git/oidmap.h"

/*
 * A pack that was fetched. Its files have no names any more; what libgit2
 * keeps of it can be dropped and opened again all the same, through our own
 * descriptors.
 */
struct packfile {
	git_odb_backend *backend;
	int pack_fd, idx_fd;
	struct oid some;	/* an object in it */
	bool was_read;		/* the user's: there is a cache to drop */
};

/*
 * Index the pack of LEN bytes at DATA. IDS is told the id of each object in
 * it. ERR_DATA: not a pack, broken, incomplete. ERR_TRANSIENT: no room for its
 * files. After a failure there is nothing to release.
 */
int packfile_index(struct packfile *out, const char *data, size_t len,
		   struct oidlist *ids, struct err *err);

/* What libgit2 keeps of it. After a failure nothing can be read from P any more. */
int packfile_drop_cache(struct packfile *p, struct err *err);
void packfile_release(struct packfile *p);

/* As libgit2 takes an id. */
static inline const git_oid *git(const struct oid *id)
{
	_Static_assert(sizeof(struct oid) <= sizeof(git_oid), "SHA-1 ids");
	return (const git_oid *)(const void *)id;
}

#endif
