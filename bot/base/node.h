#ifndef BOT_BASE_NODE_H
#define BOT_BASE_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/base/mem.h"

/*
 * Configuration as a tree whose every node knows where it stood, so that
 * whoever finds fault with it (bot/config.c, a gate in policies/) can name
 * line and column without knowing the syntax it was written in.
 * yamledit/doc.h makes one from YAML.
 */
enum node_kind { NODE_SCALAR, NODE_MAP, NODE_LIST };

struct node {
	enum node_kind kind;
	int line, column;	/* both from 1 */
	const char *value;	/* scalar: its text; else NULL */
	bool is_string;		/* scalar: quoted, block or !!str */
	bool is_null;		/* scalar: empty, ~ or null, not a string */
	size_t len;		/* list: items; map: entries */
	struct node **keys;	/* map: keys[i] goes with items[i] */
	struct node **items;
};

/* The value under KEY, or NULL (also for anything but a map). */
const struct node *node_get(const struct node *map, const char *key);

/* "a string", "a map", "a list", "nothing": for messages. */
const char *node_kind_name(const struct node *n);

/*
 * All that is wrong with a configuration, not only the first thing. Each
 * entry is one line, "LINE:COLUMN: what is wrong; what to write instead".
 */
struct diag {
	struct arena arena;
	struct diag_entry {
		int line, column;
		bool is_warning;
		const char *text;	/* without the position */
	} *entries;
	size_t len, cap;
	size_t errors;		/* entries that are not warnings */
};

/* N may be NULL: the position is 1:1. */
void diag_error(struct diag *d, const struct node *n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void diag_warn(struct diag *d, const struct node *n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* By position in the file. */
void diag_sort(struct diag *d);
void diag_release(struct diag *d);

/*
 * The key in KNOWN (NULL at the end) that a person who wrote WORD most
 * likely meant, or NULL: at most two letters, and half of it, apart.
 */
const char *nearest_word(const char *word, const char *const *known);

#endif
