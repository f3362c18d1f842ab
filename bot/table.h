#ifndef BOT_TABLE_H
#define BOT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/base/buf.h"

/* What the printers for people (bot/output*.c) share. Nobody else includes it. */

/* Colours by what a reader should do: nothing, wait, look. */
#define C_OFF	"\033[0m"
#define C_BOLD	"\033[1m"
#define C_DIM	"\033[2m"
#define C_RED	"\033[31m"
#define C_GREEN	"\033[32m"
#define C_YELLOW "\033[33m"

/* Append untrusted text, redacted and escaped; NULL is a dash. */
void show(struct buf *out, const char *s);

/* Digests are cut to twelve digits where people read. */
void show_version(struct buf *out, const char *version);

/* Write OUT to stdout and release it. */
void show_out(struct buf *out);

/* A table of text: cells row by row, the first row its head. */
struct table {
	char **cells;
	const char **colors;
	size_t columns, len, cap, colors_cap;
};

void table_add(struct table *t, char *text_taken, const char *color);
void table_put(const struct table *t, bool colored);
void table_release(struct table *t);

#endif
