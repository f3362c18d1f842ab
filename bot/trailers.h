#ifndef BOT_TRAILERS_H
#define BOT_TRAILERS_H

#include <stddef.h>
#include <stdint.h>

#include "bot/base/buf.h"
#include "bot/base/mem.h"

/*
 * Trailers of commit messages (git-interpret-trailers(1)): "Key: value" lines
 * of the last paragraph. Evidence about order only; nothing is authorised by
 * a trailer (I2).
 */

/* The value of the last KEY trailer of MESSAGE, in A; NULL: none. */
const char *trailer_get(struct arena *a, const char *message, const char *key);

/* Append "KEY: value\n"; nothing where VALUE is NULL or empty. Escapes. */
void trailer_add(struct buf *out, const char *key, const char *value);

/* A number of at most 18 digits, or -1. */
int64_t trailer_number(const char *value);

#endif
