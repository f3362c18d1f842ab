#include "yamledit/layout.h"

#include <string.h>

#include "yamledit/scalar.h"
#include "yamledit/text.h"

int ye_column_of(const struct parse *p, size_t at)
{
	return (int)(at - ye_line_start(p->text, at));
}

/* The child before C, or NO_EV. */
static size_t child_before(const struct parse *p, size_t c)
{
	const struct ev *before = &p->ev[c - 1];

	if (c - 1 == p->ev[c].parent)
		return NO_EV;
	return before->type == EV_MAP_END || before->type == EV_LIST_END
		? before->target : c - 1;
}

/* Where what comes before entry C ends. */
static size_t gap_before(const struct parse *p, size_t c)
{
	size_t before = child_before(p, c), at;

	if (before == NO_EV)
		return ye_content_start(p, &p->ev[p->ev[c].parent]);
	if (p->ev[before].type == EV_SCALAR &&
	    p->ev[before].start == p->ev[before].end) {
		at = ye_empty_place(p, before);
		if (at != NO_BYTE)
			return at;
		/* `? a` without a value: its key is the last there is. */
		before = child_before(p, before);
	}
	return before == NO_EV ? NO_BYTE : ye_node_end(p, before);
}

/* Behind the bracket or comma before the flow entry C, from AT on. */
static size_t skip_comma(const struct parse *p, size_t c, size_t at)
{
	size_t parent = p->ev[c].parent;
	bool is_first = c == parent + 1;

	at = ye_skip_gap(p->text, p->text_len, at);
	if (at < p->text_len && (is_first ? p->text[at] == '{' ||
					    p->text[at] == '['
					  : p->text[at] == ','))
		at++;
	return at;
}

size_t ye_entry_start(const struct parse *p, size_t c)
{
	const struct ev *e = &p->ev[c];
	size_t at = gap_before(p, c);
	bool is_item = p->ev[e->parent].type == EV_LIST_START;
	bool is_flow = ye_in_flow(p, c);

	if (at == NO_BYTE)
		return NO_BYTE;
	if (is_flow)
		at = skip_comma(p, c, at);
	at = ye_skip_gap(p->text, p->text_len, at);
	if (at < p->text_len && at < e->start + 1 &&
	    p->text[at] == (is_item && !is_flow ? '-' : '?'))
		return at;
	return (is_item && !is_flow) || at != e->start ? NO_BYTE : at;
}

int ye_child_column(const struct parse *p, size_t i)
{
	size_t at = p->ev[i].after > i + 2 ? ye_entry_start(p, i + 1) : NO_BYTE;

	return at == NO_BYTE ? -1 : ye_column_of(p, at);
}

static bool is_block(const struct ev *e)
{
	return e->style == STYLE_BLOCK;
}

/* Take from the value at event V of map M what it shows. */
static void look(struct layout *l, const struct parse *p, size_t m, size_t v)
{
	const struct ev *e = &p->ev[v];
	int outer, inner;
	size_t dash;

	if (!is_block(e) || (e->type == EV_MAP_START ? l->step : l->list) >= 0)
		return;
	outer = ye_child_column(p, m);
	inner = ye_child_column(p, v);
	if (outer < 0 || inner < outer)
		return;
	if (e->type == EV_MAP_START) {
		l->step = inner > outer ? inner - outer : -1;
		return;
	}
	l->list = inner - outer;
	dash = ye_entry_start(p, v + 1);
	if (l->gap < 0 && p->ev[v + 1].line == e->line &&
	    p->ev[v + 1].start > dash + 1 &&
	    ye_text_is_empty(p->text, dash + 1, p->ev[v + 1].start))
		l->gap = (int)(p->ev[v + 1].start - dash - 1);
}

struct layout ye_layout_of(const struct parse *p, size_t doc, size_t near)
{
	struct layout l = { -1, -1, -1, "\n" };
	size_t root = p->docs[doc], end = p->ev[root].after;

	if (p->ev[near].type == EV_SCALAR)
		near = p->ev[near].parent;
	if (near != NO_EV && p->ev[near].type == EV_MAP_START &&
	    is_block(&p->ev[near]))
		for (size_t k = near + 1; k < p->ev[near].after - 1;
		     k = p->ev[p->ev[k].after].after)
			look(&l, p, near, p->ev[k].after);
	for (size_t i = root + 1; i < end; i++) {
		size_t m = p->ev[i].parent;

		if (is_block(&p->ev[i]) && m != NO_EV &&
		    p->ev[m].type == EV_MAP_START && is_block(&p->ev[m]))
			look(&l, p, m, i);
		if (l.step >= 0 && l.list >= 0 && l.gap >= 0)
			break;
	}
	l.step = l.step < 0 ? 2 : l.step;
	l.list = l.list < 0 ? 0 : l.list;
	l.gap = l.gap < 0 ? 1 : l.gap;
	return l;
}

static void write_key(struct buf *out, const char *key, int style, bool flow)
{
	ye_scalar_write(out, key, style, flow);
	buf_addch(out, ':');
}

void ye_write_flow(struct buf *out, const struct fresh_entry *entry, int style)
{
	const struct fresh *node = entry->node;

	if (entry->key) {
		write_key(out, entry->key, style, true);
		buf_addch(out, ' ');
	}
	if (node->kind == FRESH_SCALAR) {
		ye_scalar_write(out, node->value, style, true);
		return;
	}
	buf_addch(out, node->kind == FRESH_MAP ? '{' : '[');
	for (size_t i = 0; i < node->len; i++) {
		if (i)
			buf_addstr(out, ", ");
		ye_write_flow(out, &node->entries[i], style);
	}
	buf_addch(out, node->kind == FRESH_MAP ? '}' : ']');
}

void ye_indent(struct buf *out, int columns)
{
	while (columns-- > 0)
		buf_addch(out, ' ');
}

void ye_write_children(struct buf *out, const struct fresh *node, int column,
		       const struct layout *l)
{
	for (size_t i = 0; i < node->len; i++) {
		if (i) {
			buf_addstr(out, l->eol);
			ye_indent(out, column);
		}
		ye_write_block(out, &node->entries[i], column, l);
	}
}

void ye_write_block(struct buf *out, const struct fresh_entry *entry, int column,
		    const struct layout *l)
{
	const struct fresh *node = entry->node;
	int inner;

	if (entry->key) {
		write_key(out, entry->key, STYLE_NONE, false);
		if (node->kind == FRESH_SCALAR) {
			buf_addch(out, ' ');
		} else {
			inner = column +
				(node->kind == FRESH_MAP ? l->step : l->list);
			buf_addstr(out, l->eol);
			ye_indent(out, inner);
			ye_write_children(out, node, inner, l);
			return;
		}
	} else {
		buf_addch(out, '-');
		ye_indent(out, l->gap);
		column += 1 + l->gap;
	}
	if (node->kind == FRESH_SCALAR)
		ye_scalar_write(out, node->value, STYLE_NONE, false);
	else
		ye_write_children(out, node, column, l);
}

/* The style of the first key or item of a flow collection. */
static int first_style(const struct parse *p, size_t i)
{
	const struct ev *first = &p->ev[i + 1];

	return first->type == EV_SCALAR && first->style == STYLE_DOUBLE
		? STYLE_DOUBLE : STYLE_NONE;
}

int ye_flow_style(const struct parse *p, size_t i)
{
	const struct ev *e = &p->ev[i];

	/* [{"name": "a"}]: the items tell. */
	if (e->type == EV_LIST_START && p->ev[i + 1].type == EV_MAP_START &&
	    first_style(p, i + 1) == STYLE_DOUBLE)
		return STYLE_DOUBLE;
	for (; i != NO_EV && (p->ev[i].type == EV_SCALAR ||
			      p->ev[i].style == STYLE_FLOW);
	     i = p->ev[i].parent)
		if (p->ev[i].type == EV_MAP_START &&
		    first_style(p, i) == STYLE_DOUBLE)
			return STYLE_DOUBLE;
	return STYLE_NONE;
}

const struct ev *ye_text_above(const struct parse *p, size_t i)
{
	while (i-- > 0)
		switch (p->ev[i].type) {
		case EV_SCALAR:
			if (p->ev[i].start < p->ev[i].end ||
			    ye_empty_place(p, i) != NO_BYTE)
				return &p->ev[i];
			break;
		case EV_ALIAS:
		case EV_DOC_START:
			return NULL;
		default:
			break;
		}
	return NULL;
}

int ye_check_tabs(const struct parse *p, size_t end, const struct ev *e,
		  struct err *err)
{
	size_t n = p->text_len, line = end, at;

	if (end == 0 || !ye_is_break(p->text[end - 1]))
		line = ye_skip_break(p->text, n, ye_line_end(p->text, n, end));
	for (; line < n; line = ye_skip_break(p->text, n, at)) {
		at = ye_skip_blanks(p->text, n, line);
		if (ye_text_has(p->text, line, at, '\t'))
			return ye_parse_err(err, ERR_UNSAFE, e, "a line below "
				"begins with a tab, which would be an error "
				"behind the new text");
		if (at < n && !ye_is_break(p->text[at]))
			break;
	}
	return 0;
}

int ye_check_last_line(const struct parse *p, size_t end, size_t i,
		       struct err *err)
{
	const struct ev *last = ye_text_above(p, i);
	size_t n = p->text_len, at, line;

	if (ye_check_tabs(p, end, &p->ev[i], err) < 0)
		return -1;
	if (!last || !ye_is_block_text(last))
		return 0;
	if (ye_line_end(p->text, n, end) == n && last->len > 0 &&
	    ye_chomping(p, last) != '-' &&
	    last->value[last->len - 1] != '\n')
		return ye_parse_err(err, ERR_UNSAFE, last, "this text ends "
			"without a line break; one would become part of it "
			"with any line added below");
	/* Indented further than the text, they are part of it: who can see? */
	for (line = ye_skip_break(p->text, n, ye_line_end(p->text, n, end));
	     line < n; line = ye_skip_break(p->text, n, at)) {
		at = ye_line_end(p->text, n, line);
		if (!ye_text_is_empty(p->text, line, at))
			break;
		if (at > line)
			return ye_parse_err(err, ERR_UNSAFE, last, "lines of "
				"blanks below this text may be part of it; "
				"remove them first");
	}
	return 0;
}

void ye_splice_lines(struct plan *plan, const struct parse *p, size_t end,
		     const char *eol, const struct buf *text)
{
	/* The end of a `|+` text is the begin of a line already. */
	bool at_line = end > 0 && ye_is_break(p->text[end - 1]);
	size_t at = at_line ? end : ye_line_end(p->text, p->text_len, end);
	struct buf lines = { 0 };

	if (!at_line && at == p->text_len) {
		buf_addstr(&lines, eol);
		buf_add(&lines, text->data, text->len);
	} else {
		if (!at_line)
			at = ye_skip_break(p->text, p->text_len, at);
		buf_add(&lines, text->data, text->len);
		buf_addstr(&lines, eol);
	}
	ye_plan_splice(plan, at, at, lines.data, lines.len);
	buf_release(&lines);
}
