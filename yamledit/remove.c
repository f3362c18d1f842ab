#include <stdlib.h>
#include <string.h>

#include "yamledit/layout.h"
#include "yamledit/session.h"
#include "yamledit/text.h"

/*
 * A block entry goes with its lines and the comment behind it; comments and
 * blank lines above and below stay. A flow entry goes with one comma.
 */

/*
 * Where the entry at PLACE begins and ends as events and as bytes. START is
 * its key, `?` or dash.
 */
struct entry {
	size_t ev, ev_after;
	size_t start, end;
	size_t next;		/* the first event of the next entry, or NO_EV */
	bool is_first;
};

static struct entry entry_of(const struct parse *p, const struct place *at)
{
	struct entry e = { .ev = at->key != NO_EV ? at->key : at->node };
	const struct ev *value = &p->ev[at->node];
	size_t place;

	e.ev_after = value->after;
	e.is_first = e.ev == at->parent + 1;
	e.next = e.ev_after < p->ev[at->parent].after - 1 ? e.ev_after : NO_EV;
	e.end = ye_node_end(p, at->node);
	if (value->type == EV_SCALAR && value->start == value->end) {
		place = ye_empty_place(p, at->node);
		e.end = place != NO_BYTE ? place
			: at->key != NO_EV ? ye_node_end(p, at->key) : NO_BYTE;
	}
	e.start = ye_entry_start(p, e.ev);
	return e;
}

static int err_shape(struct err *err, const struct ev *e)
{
	return ye_parse_err(err, ERR_UNSAFE, e, "this shape is not understood "
			    "well enough to remove from it");
}

/*
 * An anchor that goes while an alias to it stays, or that hides one of the
 * same name from aliases below.
 */
static int check_anchors(const struct parse *p, const struct entry *e,
			 struct err *err)
{
	for (size_t i = e->ev_after; i < p->n && p->ev[i].type != EV_DOC_END;
	     i++)
		if (p->ev[i].type == EV_ALIAS && p->ev[i].target != NO_EV &&
		    p->ev[i].target >= e->ev && p->ev[i].target < e->ev_after)
			return ye_parse_err(err, ERR_UNSAFE, &p->ev[i],
				"*%s stands for what would be removed",
				p->ev[i].anchor);
	return 0;
}

/* The block scalar that would end where what is removed begins, or NULL. */
static const struct ev *block_above(const struct parse *p,
				    const struct entry *e)
{
	const struct ev *above = ye_text_above(p, e->ev);

	return above && ye_is_block_text(above) ? above : NULL;
}

/*
 * Blank lines and indented comments from AT on would become part of a text
 * above.
 */
static int check_text_above(const struct parse *p, const struct ev *above,
			    size_t at, struct err *err)
{
	size_t n = p->text_len;
	bool keeps = ye_chomping(p, above) == '+';

	while (at < n) {
		size_t end = ye_line_end(p->text, n, at);
		size_t word = ye_skip_blanks(p->text, n, at);

		if (word < end && p->text[word] != '#')
			return 0;
		if (word > at || (word == end && keeps))
			return ye_parse_err(err, ERR_UNSAFE, above, "this text "
				"would take in the lines below what is "
				"removed");
		at = ye_skip_break(p->text, n, end);
	}
	return 0;
}

static int remove_block(struct session *s, const struct entry *e,
			struct err *err)
{
	const struct parse *p = &s->p;
	size_t n = p->text_len, from = ye_line_start(p->text, e->start), to, next;
	const struct ev *above;
	bool at_line = e->end > 0 && ye_is_break(p->text[e->end - 1]);

	to = at_line ? e->end : ye_line_end(p->text, n, e->end);
	if (!ye_text_is_empty(p->text, from, e->start)) {
		/* Behind a dash or '?' of what it is in: that stays. */
		next = ye_entry_start(p, e->next);
		if (next == NO_BYTE)
			return err_shape(err, &p->ev[e->next]);
		if (ye_text_is_empty(p->text, to, next))
			ye_plan_splice(&s->plan, e->start, next, "", 0);
		else
			ye_plan_splice(&s->plan,
				       ye_back_blanks(p->text, e->start),
				       at_line ? ye_back_break(p->text, to)
					       : to, "", 0);
		return 0;
	}
	if (ye_check_tabs(p, e->end, &p->ev[e->ev], err) < 0)
		return -1;
	above = block_above(p, e);
	if (!at_line && to < n)
		to = ye_skip_break(p->text, n, to);
	else if (!at_line && !above)
		/* The last line, without a break: the one before gets so. */
		from = ye_back_break(p->text, from);
	if (above && check_text_above(p, above, to, err) < 0)
		return -1;
	ye_plan_splice(&s->plan, from, to, "", 0);
	return 0;
}

/* The comma in the gap behind AT, or NO_BYTE. */
static size_t comma_behind(const struct parse *p, size_t at)
{
	at = ye_skip_gap(p->text, p->text_len, at);
	return at < p->text_len && p->text[at] == ',' ? at : NO_BYTE;
}

/*
 * From START to END; where nothing but a comment stands beside that, the
 * whole line, as for a block entry.
 */
static void cut_line(struct session *s, size_t start, size_t end)
{
	const struct parse *p = &s->p;
	size_t n = p->text_len, line = ye_line_start(p->text, start);
	size_t rest = ye_skip_blanks(p->text, n, end);

	if (ye_text_is_empty(p->text, line, start) && rest < n &&
	    (ye_is_break(p->text[rest]) || p->text[rest] == '#')) {
		start = line;
		end = ye_skip_break(p->text, n, ye_line_end(p->text, n, rest));
	}
	ye_plan_splice(&s->plan, start, end, "", 0);
}

/* Blanks, breaks, comments and commas: a tab outside the comments? */
static bool gap_has_tab(const struct parse *p, size_t from, size_t to)
{
	for (; from < to; from++) {
		if (p->text[from] == '#')
			from = ye_line_end(p->text, to, from);
		else if (p->text[from] == '\t')
			return true;
	}
	return false;
}

static bool is_marker(const struct parse *p, size_t at)
{
	return p->text_len - at >= 3 &&
	       (memcmp(p->text + at, "---", 3) == 0 ||
		memcmp(p->text + at, "...", 3) == 0);
}

/* A line with text that looks like --- or ... among these, or text at TO? */
static bool has_marker(const struct parse *p, size_t from, size_t to)
{
	size_t at = ye_line_start(p->text, from);

	for (; at <= to && at < p->text_len;
	     at = ye_skip_break(p->text, p->text_len,
				ye_line_end(p->text, p->text_len, at)))
		if (is_marker(p, at))
			return true;
	return is_marker(p, to);
}

/*
 * FROM and TO are the ends of what is around the entry. Without it and its
 * comma, what is at TO comes nearer, to the begin of a line perhaps: for
 * libyaml a tab is an error there, and --- is not text. And only a comma ends
 * `!`, a tag with nothing behind it, or a lone `-`.
 */
static int check_flow(const struct parse *p, const struct entry *e, size_t from,
		      size_t to, struct err *err)
{
	const struct ev *above = ye_text_above(p, e->ev);

	if (gap_has_tab(p, from, e->start) || gap_has_tab(p, e->end, to))
		return ye_parse_err(err, ERR_UNSAFE, &p->ev[e->ev], "there are "
				    "tabs around this; make them blanks first");
	if (has_marker(p, from, to))
		return ye_parse_err(err, ERR_UNSAFE, &p->ev[e->ev], "a line "
				    "around this begins like the end of the "
				    "document; put it in quotes first");
	if (above && !e->is_first && above->style == STYLE_PLAIN &&
	    (above->len == 0 || (above->len == 1 && strchr("-?:", *above->value))))
		return ye_parse_err(err, ERR_UNSAFE, above, "this needs the "
				    "comma behind it; give it a value first");
	return 0;
}

/* Where what is before entry E ends: a sibling, or the bracket. */
static size_t end_before(const struct parse *p, const struct place *at,
			 const struct entry *e)
{
	struct place before = { .parent = at->parent, .key = NO_EV };
	size_t c = at->parent + 1;

	if (e->is_first)
		return p->ev[at->parent].end;
	while (c != e->ev) {
		if (at->key != NO_EV) {
			before.key = c;
			c = p->ev[c].after;
		}
		before.node = c;
		c = p->ev[c].after;
	}
	return entry_of(p, &before).end;
}

static int remove_flow(struct session *s, const struct place *at,
		       const struct entry *e, struct err *err)
{
	const struct parse *p = &s->p;
	size_t before = end_before(p, at, e), comma = comma_behind(p, e->end);
	size_t last = p->ev[at->parent].after - 1, start = e->start, end, rest;

	if (before == NO_BYTE || (comma == NO_BYTE && e->next != NO_EV))
		return err_shape(err, &p->ev[e->ev]);
	if (check_flow(p, e, before,
		       p->ev[e->next != NO_EV ? e->next : last].start, err) < 0)
		return -1;
	end = comma == NO_BYTE ? e->end : comma + 1;
	if (e->next != NO_EV) {
		/* With the blanks behind it, or the comment and its line. */
		rest = ye_skip_blanks(p->text, p->text_len, end);
		if (!ye_is_break(p->text[rest]) && p->text[rest] != '#')
			end = rest;
	} else if (comma != NO_BYTE) {
		if (!ye_text_is_empty(p->text, ye_line_start(p->text, start),
				      start))
			start = ye_back_blanks(p->text, start);
	} else if (!e->is_first) {
		/* The comma before it goes instead. */
		comma = comma_behind(p, before);
		if (comma == NO_BYTE)
			return err_shape(err, &p->ev[e->ev]);
		if (ye_text_is_empty(p->text, comma + 1, start) &&
		    !ye_text_has(p->text, comma + 1, start, '\n')) {
			ye_plan_splice(&s->plan, comma, end, "", 0);
			return 0;
		}
		ye_plan_splice(&s->plan, comma, comma + 1, "", 0);
	}
	cut_line(s, start, end);
	return 0;
}

static int check_shape(const struct parse *p, const struct place *at,
		       const struct entry *e, struct err *err)
{
	/* An empty key (`? : a`) has no place of its own. */
	if (e->start == NO_BYTE || e->end == NO_BYTE || e->end < e->start ||
	    (at->key != NO_EV && p->ev[at->key].start == p->ev[at->key].end &&
	     p->ev[at->key].type == EV_SCALAR))
		return err_shape(err, &p->ev[e->ev]);
	if (e->is_first && e->next == NO_EV &&
	    !ye_has_brackets(p, at->parent))
		return ye_parse_err(err, ERR_UNSAFE, &p->ev[e->ev], "the only "
				    "entry: without it nothing would be left, "
				    "which reads as null");
	return 0;
}

int ye_remove_place(struct session *s, const struct place *at, struct err *err)
{
	const struct parse *p;
	struct entry e;

	if (ye_session_commit(s, err) < 0)
		return -1;
	p = &s->p;
	if (at->parent == NO_EV)
		return ye_parse_err(err, ERR_UNSAFE, &p->ev[at->node], "a whole "
				    "document cannot be removed");
	e = entry_of(p, at);
	if (check_shape(p, at, &e, err) < 0 || check_anchors(p, &e, err) < 0)
		return -1;
	if ((p->ev[at->parent].style == STYLE_FLOW
		     ? remove_flow(s, at, &e, err)
		     : remove_block(s, &e, err)) < 0)
		return -1;
	ye_plan_change(&s->plan, &(struct change){
			.at = e.ev, .removed = e.ev_after - e.ev });
	return ye_session_commit(s, err);
}

int ye_edit_delete(struct session *s, const struct ye_path *path, struct err *err)
{
	struct place at;

	if (ye_session_find(&at, s, path, err) != 0)
		return -1;
	return ye_remove_place(s, &at, err);
}
