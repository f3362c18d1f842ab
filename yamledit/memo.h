#ifndef YAMLEDIT_MEMO_H
#define YAMLEDIT_MEMO_H

#include <stddef.h>

#include "bot/base/err.h"
#include "yamledit/parse.h"

/*
 * TEXT parsed, to be read only. Hundreds of services may share one file, and
 * each asks for its own field of it: the last texts that were read are kept,
 * each with a copy of its bytes, and what is kept is known by those bytes. So
 * whoever reads need not know who else did. Private to yamledit/.
 *
 * NULL: as ye_parse_init() fails, each time anew. What comes back is valid
 * until the next call.
 */
const struct parse *ye_memo(const char *text, size_t len, struct err *err);

/* Forget them all. */
void ye_memo_release(void);

#endif
