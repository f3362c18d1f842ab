#ifndef BOT_BASE_MEM_H
#define BOT_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Memory that is there or ends the process: a bot that has changed nothing
 * yet, or whose last step was one atomic ref update, loses nothing by dying.
 * Whatever comes from a file or the network has a size cap before it is
 * stored, so running out means the machine, not the input.
 */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *s);			/* NULL stays NULL */
char *xstrndup(const char *s, size_t len);	/* always NUL-terminated */
void free_secret(char *s);	/* overwritten first; NULL is fine */

/* One line on stderr and exit 70. */
_Noreturn void die_oom(void);
_Noreturn void bug(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A broken promise inside the program: says where, exits 70. */
#define BUG(...) bug(__FILE__, __LINE__, __VA_ARGS__)

/*
 * Make room for one more element in the growable array PTR with LEN used and
 * CAP allocated elements: ARRAY_GROW(v->items, v->len, v->cap); then store.
 */
#define ARRAY_GROW(ptr, len, cap)                                              \
	do {                                                                   \
		if ((len) == (cap)) {                                          \
			(cap) = (cap) ? 2 * (cap) : 8;                         \
			(ptr) = xrealloc((ptr), (cap) * sizeof(*(ptr)));       \
		}                                                              \
	} while (0)

/*
 * Memory that is freed whole. Config, state and plan own one each; what is
 * taken from an arena is never freed alone. A zeroed struct is an empty arena.
 */
struct arena {
	struct arena_block *blocks;
};

void *arena_alloc(struct arena *a, size_t size);	/* zeroed, aligned */
char *arena_strdup(struct arena *a, const char *s);	/* NULL stays NULL */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
void arena_release(struct arena *a);

#endif
