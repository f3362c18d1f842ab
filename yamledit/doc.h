#ifndef YAMLEDIT_DOC_H
#define YAMLEDIT_DOC_H

#include <stddef.h>

#include "bot/base/err.h"
#include "bot/base/mem.h"
#include "bot/base/node.h"

/*
 * TEXT (one YAML document, UTF-8, LEN bytes, borrowed) as a configuration
 * tree in arena A. Comments are gone, line and column stay.
 *
 * ERR_DATA, with "LINE:COLUMN: " in front: does not parse, more than one
 * document, a duplicate key, an alias, a merge key, a key that is no scalar,
 * over the limits of size (YE_MAX_SIZE) or depth (YE_MAX_DEPTH).
 */
int ye_doc_parse(const struct node **out, struct arena *a, const char *text,
		 size_t len, struct err *err);

#endif
