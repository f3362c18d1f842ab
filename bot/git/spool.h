#ifndef BOT_GIT_SPOOL_H
#define BOT_GIT_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "bot/base/err.h"

/*
 * Bytes on their way from the network to the object store, in a file that has
 * no name any more: it is gone when the program ends, however it ends.
 */
struct spool {
	int fd;			/* -1: nothing was added yet */
	uint64_t len;
};

#define SPOOL_INIT { .fd = -1 }

int spool_add(struct spool *s, const void *data, size_t len, struct err *err);
void spool_release(struct spool *s);

/*
 * A directory of our own that takes files: below $TMPDIR, /tmp, /var/tmp or
 * /dev/shm, the first that does. The caller frees the path.
 */
char *temp_dir(struct err *err);

#endif
