#ifndef BOT_BASE_BUF_H
#define BOT_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/*
 * Growable bytes. `data` is NULL while nothing was added, else always
 * followed by a NUL that `len` does not count. A zeroed struct is empty.
 */
struct buf {
	char *data;
	size_t len, cap;
};

void buf_add(struct buf *b, const void *data, size_t len);
void buf_addstr(struct buf *b, const char *s);
void buf_addch(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Room for LEN more bytes; returns where they go. Does not change `len`. */
char *buf_reserve(struct buf *b, size_t len);

/* Empty it, keep the memory. */
void buf_reset(struct buf *b);
void buf_release(struct buf *b);

/* The text as a string; "" while nothing was added. Borrowed. */
const char *buf_str(const struct buf *b);

/* Hand the string over to the caller, who frees it; B is empty then. */
char *buf_detach(struct buf *b);

/* The string in arena A; B is empty then. */
char *buf_keep(struct buf *b, struct arena *a);

#endif
