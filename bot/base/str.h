#ifndef BOT_BASE_STR_H
#define BOT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* NULL equals NULL only. */
bool str_eq(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* [A-Za-z0-9], whatever the locale says. */
bool ascii_alnum(char c);

/*
 * A name of a service or an environment: [A-Za-z0-9][A-Za-z0-9._-]*, at most
 * 100 bytes, with no ".." and no ".lock" or "." at the end, so that it can
 * stand in a ref (git-check-ref-format(1)).
 */
bool name_valid(const char *s, size_t len);

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool utf8_valid(const char *s, size_t len);

/*
 * Shorten S, where it is longer than MAX bytes (at least 4), to so many with
 * "..." at the end: behind a whole word, or in one that is very long behind a
 * whole character.
 */
void str_cut(char *s, size_t max);

/*
 * Untrusted text for a terminal or a log: control characters (C0, DEL, C1,
 * and the bidirectional and line-separator characters that reorder or break
 * lines) and invalid UTF-8 become visible \xNN escapes. Newlines too: what
 * is one message stays one line.
 */
void escape_terminal(struct buf *out, const char *s, size_t len);

/*
 * Untrusted text for one line of Markdown as the forges render it: no markup,
 * no mention, no HTML, no reference. Newlines become blanks.
 *
 * Neither a backslash nor an entity keeps GitHub and GitLab from taking @name
 * or #12 as a mention or a reference: they look for those after rendering. A
 * zero-width space behind the sign does.
 */
void escape_markdown(struct buf *out, const char *s);

/*
 * Untrusted text for the value of a commit trailer: one line, no control
 * character, blanks folded.
 */
void escape_trailer(struct buf *out, const char *s);

/* Percent-encode everything but RFC 3986's unreserved characters. */
void escape_url(struct buf *out, const char *s);

#endif
