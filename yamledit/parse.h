#ifndef YAMLEDIT_PARSE_H
#define YAMLEDIT_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/base/err.h"
#include "bot/base/mem.h"

/*
 * Text as the list of libyaml's events, each with its byte range. The list
 * is the tree: `after` leads from a node to what follows it, so that nobody
 * needs nodes of their own. Private to yamledit/.
 */
enum ev_type {
	EV_DOC_START, EV_DOC_END,
	EV_MAP_START, EV_MAP_END,
	EV_LIST_START, EV_LIST_END,
	EV_SCALAR, EV_ALIAS,
};

enum ev_style {
	STYLE_NONE,			/* documents, aliases, ends */
	STYLE_PLAIN, STYLE_SINGLE, STYLE_DOUBLE, STYLE_LITERAL, STYLE_FOLDED,
	STYLE_BLOCK, STYLE_FLOW,	/* maps and lists */
};

#define NO_EV SIZE_MAX
#define NO_BYTE SIZE_MAX

struct ev {
	uint8_t type, style;
	bool implicit, quoted_implicit;	/* as libyaml has them */
	bool aliased;		/* has an anchor, and an alias leads here */
	bool is_planned;	/* `value` is a new one, not yet in the text */
	int line, column;	/* of `start`, from 1; column in characters */
	size_t start, end;	/* bytes; as libyaml marks them: the end may
				   lie behind blank lines and comments */
	size_t after;		/* start of node: the event after the node */
	size_t parent;		/* the map or list it is in, or NO_EV */
	size_t target;		/* EV_ALIAS: the anchored event, or NO_EV;
				   end of a map or list: its start */
	const char *value;	/* scalar; may hold a NUL */
	size_t len;
	const char *anchor;	/* also EV_ALIAS: the name */
	const char *tag;
};

struct parse {
	const char *text;	/* borrowed */
	size_t text_len;
	struct arena arena;
	struct ev *ev;
	size_t n, cap;
	size_t *docs;		/* the event of each document's root */
	size_t docs_len, docs_cap;
};

/*
 * Parse TEXT, which must outlive P. Release P also after a failure.
 * ERR_DATA: not UTF-8, not YAML, over YE_MAX_SIZE or YE_MAX_DEPTH.
 */
int ye_parse_init(struct parse *p, const char *text, size_t len, struct err *err);
void ye_parse_release(struct parse *p);

/* Fail with "LINE:COLUMN: " of event E in front. Always -1. */
int ye_parse_err(struct err *err, enum err_code code, const struct ev *e,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Does the scalar E read as TEXT? */
bool ye_ev_is(const struct ev *e, const char *text);

/* No value at all, ~ or null: what every reader takes for null. */
bool ye_ev_is_null(const struct ev *e);

/* Would every reader see the scalar E as a string? */
bool ye_ev_is_string(const struct ev *e);

/* A plain or tagged << key: the entry brings in keys of another map. */
bool ye_ev_is_merge(const struct ev *e);

/*
 * Where the bytes of the node at event I end: its last own scalar, alias or
 * bracket, without the blank lines and comments that libyaml counts in.
 */
size_t ye_node_end(const struct parse *p, size_t i);

/* The same for the last child of the map or list at event I. */
size_t ye_last_child_end(const struct parse *p, size_t i);

/*
 * Where the text of the empty scalar at event I, a value or an item, would
 * begin: right behind the ':', '-' or '---'. NO_BYTE: there is none, as in {a, b}.
 */
size_t ye_empty_place(const struct parse *p, size_t i);

/* A map or list with brackets of its own: not a block, not [a: b]. */
bool ye_has_brackets(const struct parse *p, size_t i);

/* Between [ ] or { }? */
bool ye_in_flow(const struct parse *p, size_t i);

/* A literal or folded text, `|` or `>`? */
bool ye_is_block_text(const struct ev *e);

/*
 * What such a text does with the line breaks at its end: '+' keeps them all,
 * '-' none, 0 one.
 */
char ye_chomping(const struct parse *p, const struct ev *e);

/* Where the content of a node begins, behind its anchor and tag. */
size_t ye_content_start(const struct parse *p, const struct ev *e);

#endif
