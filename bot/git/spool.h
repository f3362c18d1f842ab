#ifndef BOT_GIT_SPOOL_H
#define BOT_GIT_SPOOL_H

#include <signal.h>
#include <stdbool.h>
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
 * /dev/shm, the first that does. As long as it is there no signal ends us, so
 * that a pipeline that is cancelled leaves nothing behind.
 */
struct temp_dir {
	char *path;
	sigset_t signals;	/* as they were */
};

int temp_dir_init(struct temp_dir *t, struct err *err);
/* False: it is not empty and stays. */
bool temp_dir_release(struct temp_dir *t);

#endif
