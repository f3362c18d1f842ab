#include <string.h>

#include "yamledit/parse.h"
#include "yamledit/text.h"

/*
 * Where nodes begin and end. libyaml's marks are those of its tokens: exact
 * for plain and quoted scalars; with the blank lines below for block scalars;
 * at the next token for what ends without one of its own.
 */

bool ye_has_brackets(const struct parse *p, size_t i)
{
	const struct ev *end = &p->ev[p->ev[i].after - 1];

	return p->ev[i].style == STYLE_FLOW && end->start < end->end;
}

bool ye_in_flow(const struct parse *p, size_t i)
{
	size_t parent = p->ev[i].parent;

	return parent != NO_EV && p->ev[parent].style == STYLE_FLOW;
}

bool ye_is_block_text(const struct ev *e)
{
	return e->style == STYLE_LITERAL || e->style == STYLE_FOLDED;
}

char ye_chomping(const struct parse *p, const struct ev *e)
{
	size_t at = ye_content_start(p, e) + 1;

	for (; at < e->end && strchr("+-123456789", p->text[at]); at++)
		if (p->text[at] == '+' || p->text[at] == '-')
			return p->text[at];
	return '\0';
}

/* The indicator, its modifiers and comment, then the last line with text. */
static size_t block_scalar_end(const struct parse *p, const struct ev *e)
{
	size_t start = ye_content_start(p, e);
	size_t head = ye_line_end(p->text, p->text_len, start), end = e->end;

	if (ye_chomping(p, e) == '+')
		return end;	/* all blank lines are content */
	while (end > head && strchr(" \n\r", p->text[end - 1]))
		end--;
	return end;
}

/*
 * Behind the ':' of the empty value at event I, whose key ends at END. The
 * key's end is handed in, not asked for again: with `? ? ? ?` each question
 * would be two of the next key's.
 */
static size_t place_behind(const struct parse *p, size_t i, size_t end)
{
	size_t at = ye_skip_gap(p->text, p->text_len, end);

	if (at >= p->text_len || p->text[at] != ':')
		return NO_BYTE;
	/* `:a` begins the next key, but for what is inside { }. */
	if (!ye_in_flow(p, i) && at + 1 < p->text_len &&
	    !ye_is_blank(p->text[at + 1]) && !ye_is_break(p->text[at + 1]))
		return NO_BYTE;
	return at + 1;
}

size_t ye_empty_place(const struct parse *p, size_t i)
{
	const struct ev *e = &p->ev[i], *before;

	if (e->parent == NO_EV)		/* behind the --- */
		return p->ev[i - 1].implicit ? NO_BYTE : p->ev[i - 1].end;
	if (p->ev[e->parent].type == EV_LIST_START)
		return e->start > 0 && p->text[e->start - 1] == '-'
			? e->start : NO_BYTE;
	before = &p->ev[i - 1];
	return place_behind(p, i, ye_node_end(p,
			    before->type == EV_MAP_END ||
			    before->type == EV_LIST_END ? before->target
							: i - 1));
}

size_t ye_last_child_end(const struct parse *p, size_t i)
{
	const struct ev *ev = p->ev;
	size_t last = ev[i].after - 1, key = NO_EV, value = NO_EV;

	for (size_t c = i + 1; c < last; c = ev[c].after) {
		key = value;
		value = c;
	}
	if (value == NO_EV)
		return ev[i].end;
	if (ev[i].type == EV_MAP_START && ev[value].type == EV_SCALAR &&
	    ev[value].start == ev[value].end) {
		size_t end = ye_node_end(p, key);
		size_t at = place_behind(p, value, end);

		return at == NO_BYTE ? end : at;
	}
	return ye_node_end(p, value);
}

size_t ye_node_end(const struct parse *p, size_t i)
{
	const struct ev *e = &p->ev[i];

	if (e->type == EV_SCALAR)
		return ye_is_block_text(e) ? block_scalar_end(p, e) : e->end;
	/*
	 * A block map or list ends for libyaml at the next token, and so does
	 * the implied map of [a: b]. The last child knows better.
	 */
	if (e->type != EV_ALIAS &&
	    !ye_has_brackets(p, i))
		return ye_last_child_end(p, i);
	return p->ev[e->after - 1].end;
}

size_t ye_content_start(const struct parse *p, const struct ev *e)
{
	/* The scalar behind its properties may be empty. */
	size_t end = e->type == EV_SCALAR ? e->end : p->text_len;
	size_t at = e->start;

	for (int left = !!e->anchor + !!e->tag; left > 0 && at < end; left--) {
		/* &a:b is an anchor a for libyaml, with ":b" behind it. */
		at = p->text[at] == '&' && e->anchor
			? at + 1 + strlen(e->anchor)
			: ye_word_end(p->text, end, at);
		at = ye_skip_gap(p->text, end, at);
	}
	return at;
}
