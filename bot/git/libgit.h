#ifndef BOT_GIT_LIBGIT_H
#define BOT_GIT_LIBGIT_H

#include "bot/base/err.h"

/*
 * libgit2 as we use it: for objects only. No configuration of the system or
 * the user is read (an insteadOf there could send us elsewhere), memory comes
 * from mem.h, and one block is never larger than an object may be.
 */
void libgit_start(void);	/* counted: once for each libgit_stop() */
void libgit_stop(void);

/* "WHAT: libgit2's reason", ERR_DATA. Always -1. */
int libgit_error(struct err *err, const char *what);

#endif
