#ifndef BOT_GIT_PACK_H
#define BOT_GIT_PACK_H

#include "bot/git/store.h"

/*
 * A pack of ours (gitformat-pack(5)), written for a push: a changed file or
 * directory goes out as what differs from the one before, which the server
 * has or which is in the pack as well. A directory of two thousand services
 * is then fifty bytes, not forty thousand.
 *
 * IN tells what the pack holds. A server that announces "no-thin" wants whole
 * objects: store_make_pack().
 */
int pack_thin(struct store *s, const struct oid *ids, size_t n,
	      const struct oidmap *in, struct buf *out, struct err *err);

#endif
