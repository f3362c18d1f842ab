#ifndef YAMLEDIT_SCALAR_H
#define YAMLEDIT_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/base/err.h"

struct buf;

/*
 * How a string is spelled as a YAML scalar. Private to yamledit/; the rule
 * that is public is ye_plain_safe().
 */

/* Would every reader see a string in this plain scalar that a file holds? */
bool ye_scalar_is_stringlike(const char *value);

/*
 * Append VALUE, spelled for STYLE (enum ev_style): a quoted style is kept,
 * unless single quotes cannot hold VALUE; all others become plain where that
 * is safe, else double quoted. FLOW: inside [ ] or { }.
 */
void ye_scalar_write(struct buf *out, const char *value, int style, bool flow);

/* ERR_USAGE: VALUE is not UTF-8, so no YAML file can hold it. */
int ye_scalar_check(const char *value, struct err *err);

#endif
