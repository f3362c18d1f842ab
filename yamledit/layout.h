#ifndef YAMLEDIT_LAYOUT_H
#define YAMLEDIT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/base/buf.h"
#include "yamledit/parse.h"
#include "yamledit/plan.h"

/*
 * How a text is laid out, and how something new is written so that it looks
 * like its siblings. Private to yamledit/.
 */
struct layout {
	int step;		/* columns that a map in a map is indented by */
	int list;		/* columns that a list in a map is indented by */
	int gap;		/* blanks behind a dash */
	const char *eol;
};

/*
 * As seen in document DOC; siblings of the node at event NEAR first, else the
 * first that is there, else 2, 0 and 1 as kustomize writes it.
 */
struct layout ye_layout_of(const struct parse *p, size_t doc, size_t near);

/*
 * Where entry or item C (a key, or an item) of a map or list begins: its `?`,
 * its dash, or the key itself. NO_BYTE: not found (a shape that is not
 * understood).
 */
size_t ye_entry_start(const struct parse *p, size_t c);

/* The column of the first entry of the block map or list at I, or -1. */
int ye_child_column(const struct parse *p, size_t i);

/* The column of byte AT, from 0, in bytes: only indicators can precede. */
int ye_column_of(const struct parse *p, size_t at);

/*
 * New lines behind the line of byte END; TEXT has no break at its end. Where
 * the last line has no break, neither has the new last one.
 */
void ye_splice_lines(struct plan *plan, const struct parse *p, size_t end,
		     const char *eol, const struct buf *text);

/*
 * The scalar whose text is the last above event I: empty ones that stand
 * nowhere do not count. NULL: an alias, or the begin of the document.
 */
const struct ev *ye_text_above(const struct parse *p, size_t i);

/*
 * libyaml takes tabs that begin the lines below a plain scalar, blank lines
 * or a comment, as part of it, and refuses them below others. ERR_UNSAFE, at
 * the event E, where the lines below the one of byte END begin so.
 */
int ye_check_tabs(const struct parse *p, size_t end, const struct ev *e,
		  struct err *err);

/*
 * A block scalar at the end of a text without a last line break has no line
 * break in its value either: any line added behind it would give it one.
 * ERR_UNSAFE where the text above event I, which ends at END, is such, and
 * as ye_check_tabs().
 */
int ye_check_last_line(const struct parse *p, size_t end, size_t i,
		       struct err *err);

void ye_indent(struct buf *out, int columns);

/* KEY: VALUE (or VALUE alone where the key is NULL) inside [ ] or { }. */
void ye_write_flow(struct buf *out, const struct fresh_entry *entry, int style);

/*
 * An entry as block lines, from its key or dash at COLUMN on, which is where
 * OUT stands; without a line break at the end.
 */
void ye_write_block(struct buf *out, const struct fresh_entry *entry, int column,
		    const struct layout *l);

/* The entries of a map or list, from where OUT stands, which is COLUMN. */
void ye_write_children(struct buf *out, const struct fresh *node, int column,
		       const struct layout *l);

/*
 * The style that keys and values inside the flow collection at event I have:
 * STYLE_DOUBLE in JSON, else STYLE_NONE.
 */
int ye_flow_style(const struct parse *p, size_t i);

#endif
