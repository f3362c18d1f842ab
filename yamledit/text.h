#ifndef YAMLEDIT_TEXT_H
#define YAMLEDIT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Steps along YAML text between two events, where nothing can stand but
 * blanks, line breaks, comments and indicators. Offsets are bytes; no step
 * leaves the text. Private to yamledit/.
 */

/* Length of a UTF-8 byte order mark: 3 or 0. */
size_t ye_text_bom(const char *text, size_t len);

bool ye_is_blank(char c);		/* space, tab */
bool ye_is_break(char c);		/* \n, \r */

/* The first break at or after AT, or LEN. */
size_t ye_line_end(const char *text, size_t len, size_t at);

/* The begin of the line of AT; behind a byte order mark. */
size_t ye_line_start(const char *text, size_t at);

/* Behind the break (\n, \r\n, \r) that begins at AT. */
size_t ye_skip_break(const char *text, size_t len, size_t at);

/* Before the break that ends at AT. */
size_t ye_back_break(const char *text, size_t at);

/* Behind the blanks at AT; behind blanks, breaks and comments at AT. */
size_t ye_skip_blanks(const char *text, size_t len, size_t at);
size_t ye_skip_gap(const char *text, size_t len, size_t at);

/* Before the blanks that end at AT. */
size_t ye_back_blanks(const char *text, size_t at);

/* The first blank or break at or after AT, or LEN. */
size_t ye_word_end(const char *text, size_t len, size_t at);

bool ye_text_has(const char *text, size_t from, size_t to, char c);

/* Nothing but blanks and breaks? */
bool ye_text_is_empty(const char *text, size_t from, size_t to);

/*
 * The line break used where AT is: that of its line, else of the line before,
 * else "\n".
 */
const char *ye_text_eol(const char *text, size_t len, size_t at);

#endif
