#include <string.h>

#include "yamledit/layout.h"
#include "yamledit/scalar.h"
#include "yamledit/session.h"
#include "yamledit/text.h"

/*
 * What is missing is added behind the last sibling, at its column and in its
 * style. In a nested map that is right behind the last line of its own, in
 * front of comments and blank lines; in the map that is the whole document it
 * is the document's end.
 */

static void change(struct session *s, size_t at, size_t removed,
		   const struct fresh_entry *entry)
{
	struct fresh_entry *e = arena_alloc(&s->plan.arena, sizeof(*e));

	*e = *entry;
	if (e->key)
		e->key = arena_strdup(&s->plan.arena, e->key);
	ye_plan_change(&s->plan, &(struct change){ .at = at, .removed = removed,
						.added = e });
}

/* Behind the last line of document DOC that holds anything. */
static size_t document_end(const struct parse *p, size_t doc)
{
	const struct ev *end = &p->ev[p->ev[p->docs[doc]].after];
	size_t at = p->text_len;

	if (!end->implicit)
		at = end->start;		/* ... */
	else if (doc + 1 < p->docs_len)
		at = end[1].start;		/* the --- of the next */
	while (at > 0 && (ye_is_blank(p->text[at - 1]) ||
			  ye_is_break(p->text[at - 1])))
		at--;
	return at;
}

/* Blanks behind the dash of the last item, where it shows any. */
static void look_at_dash(struct layout *l, const struct parse *p, size_t item,
			 size_t dash)
{
	size_t at = ye_skip_blanks(p->text, p->text_len, dash + 1);

	if (at == p->ev[item].start && at > dash + 1)
		l->gap = (int)(at - dash - 1);
}

static int add_block(struct session *s, size_t at,
		     const struct fresh_entry *entry, struct err *err)
{
	const struct parse *p = &s->p;
	struct layout l = ye_layout_of(p, s->doc, at);
	size_t first = ye_entry_start(p, at + 1), end = ye_last_child_end(p, at);
	size_t last = NO_EV, dash;
	struct buf text = { 0 };
	bool as_flow = false;

	if (first == NO_BYTE)
		return ye_parse_err(err, ERR_UNSAFE, &p->ev[at], "this shape is "
				    "not understood well enough to add to it");
	if (p->ev[at].type == EV_LIST_START) {
		for (size_t c = at + 1; c < p->ev[at].after - 1;
		     c = p->ev[c].after)
			last = c;
		dash = ye_entry_start(p, last);
		if (dash != NO_BYTE)
			look_at_dash(&l, p, last, dash);
		as_flow = p->ev[last].type == EV_MAP_START &&
			  ye_has_brackets(p, last);
	}
	if (p->ev[at].parent == NO_EV && document_end(p, s->doc) > end)
		end = document_end(p, s->doc);
	if (ye_check_last_line(p, end, p->ev[at].after - 1, err) < 0)
		return -1;
	l.eol = ye_text_eol(p->text, p->text_len,
			    end > 0 && ye_is_break(p->text[end - 1])
				    ? end - 1 : end);
	ye_indent(&text, ye_column_of(p, first));
	if (as_flow) {
		buf_addch(&text, '-');
		ye_indent(&text, l.gap);
		ye_write_flow(&text, entry, ye_flow_style(p, last));
	} else {
		ye_write_block(&text, entry, ye_column_of(p, first), &l);
	}
	ye_splice_lines(&s->plan, p, end, l.eol, &text);
	buf_release(&text);
	change(s, p->ev[at].after - 1, 0, entry);
	return 0;
}

/* Does the entry that ends at END stand on lines of its own? */
static bool has_own_lines(const struct parse *p, size_t start, size_t end)
{
	size_t rest = ye_skip_blanks(p->text, p->text_len, end);

	return ye_text_is_empty(p->text, ye_line_start(p->text, start), start) &&
	       (rest == p->text_len || ye_is_break(p->text[rest]) ||
		p->text[rest] == '#');
}

static int add_flow(struct session *s, size_t at,
		    const struct fresh_entry *entry, struct err *err)
{
	const struct parse *p = &s->p;
	size_t end = ye_last_child_end(p, at), next, last = NO_EV, start;
	bool is_map = p->ev[at].type == EV_MAP_START, has_comma;
	const char *comma;
	struct buf text = { 0 };

	for (size_t c = at + 1; c < p->ev[at].after - 1; c = p->ev[c].after) {
		last = c;
		if (is_map)
			c = p->ev[c].after;
	}
	next = ye_skip_gap(p->text, p->text_len, end);
	has_comma = last != NO_EV && p->text[next] == ',';
	if (has_comma)
		end = next + 1;
	if (ye_flow_style(p, at) != STYLE_DOUBLE &&
	    ye_check_tabs(p, end, &p->ev[at], err) < 0)
		return -1;
	start = last == NO_EV ? 0 : p->ev[last].start;
	/* libyaml refuses {a:, b} */
	comma = p->text[end - 1] == ':' ? " ," : ",";
	if (last != NO_EV && has_own_lines(p, start, end)) {
		/* One entry to a line: so is the new one, comments stay. */
		size_t line = ye_line_start(p->text, start);

		if (!has_comma)
			ye_plan_splice(&s->plan, end, end, comma,
				       strlen(comma));
		end = ye_line_end(p->text, p->text_len, end);
		buf_addstr(&text, ye_text_eol(p->text, p->text_len, end));
		buf_add(&text, p->text + line, start - line);
		ye_write_flow(&text, entry, ye_flow_style(p, at));
		if (has_comma)
			buf_addch(&text, ',');
	} else {
		if (last != NO_EV)
			buf_addf(&text, "%s ", has_comma ? "" : comma);
		ye_write_flow(&text, entry, ye_flow_style(p, at));
	}
	ye_plan_splice(&s->plan, end, end, text.data, text.len);
	buf_release(&text);
	change(s, p->ev[at].after - 1, 0, entry);
	return 0;
}

/* A new map or list with ENTRY in it. */
static const struct fresh *wrap(struct plan *plan,
				const struct fresh_entry *entry)
{
	struct fresh *f = arena_alloc(&plan->arena, sizeof(*f));

	f->kind = entry->key ? FRESH_MAP : FRESH_LIST;
	f->entries = arena_alloc(&plan->arena, sizeof(*f->entries));
	f->entries[0] = *entry;
	if (entry->key)
		f->entries[0].key = arena_strdup(&plan->arena, entry->key);
	f->len = 1;
	return f;
}

/* `key:` with nothing behind it gets lines below it. */
static int fill_block(struct session *s, size_t at, const struct fresh *made,
		      size_t place, struct err *err)
{
	const struct parse *p = &s->p;
	const struct ev *e = &p->ev[at];
	struct layout l = ye_layout_of(p, s->doc, at);
	int column = ye_child_column(p, e->parent);
	struct buf text = { 0 };

	if (column < 0 || (e->len && e->line != p->ev[at - 1].line))
		return ye_parse_err(err, ERR_UNSAFE, e, "this shape is not "
				    "understood well enough to add to it");
	column += made->kind == FRESH_MAP ? l.step : l.list;
	if (e->len)		/* null, ~ */
		ye_plan_splice(&s->plan, ye_back_blanks(p->text, e->start), e->end,
			       "", 0);
	l.eol = ye_text_eol(p->text, p->text_len, e->len ? e->end : place);
	ye_indent(&text, column);
	ye_write_children(&text, made, column, &l);
	ye_splice_lines(&s->plan, p, e->len ? e->end : place, l.eol, &text);
	buf_release(&text);
	return 0;
}

static int fill_null(struct session *s, size_t at, const struct fresh *made,
		     struct err *err)
{
	const struct parse *p = &s->p;
	const struct ev *e = &p->ev[at];
	struct fresh_entry entry = { .node = made };
	struct buf text = { 0 };
	size_t place = e->len ? e->start : ye_empty_place(p, at);
	int rc = 0;

	if (e->parent == NO_EV || e->anchor || e->tag || place == NO_BYTE)
		return ye_parse_err(err, ERR_UNSAFE, e, "nothing can be added "
				    "here");
	if (ye_check_tabs(p, e->len ? e->end : place, e, err) < 0)
		return -1;
	if (p->ev[e->parent].type == EV_MAP_START && !ye_in_flow(p, at)) {
		if (fill_block(s, at, made, place, err) < 0)
			return -1;
	} else {
		ye_write_flow(&text, &entry, ye_flow_style(p, at));
		if (e->len)
			ye_plan_splice(&s->plan, e->start, e->end, text.data,
				       text.len);
		else
			rc = ye_splice_empty(s, at, text.data, err);
		buf_release(&text);
		if (rc < 0)
			return -1;
	}
	change(s, at, 1, &entry);
	return 0;
}

int ye_add_entry(struct session *s, size_t at, const struct fresh_entry *entry,
		 struct err *err)
{
	const struct ev *e = &s->p.ev[at];
	int rc = 0;

	if (s->plan.changes_len)
		BUG("an edit that adds is not alone");
	if (ye_ev_is_null(e)) {
		rc = fill_null(s, at, wrap(&s->plan, entry), err);
	} else if (e->type != (entry->key ? EV_MAP_START : EV_LIST_START)) {
		rc = ye_parse_err(err, ERR_UNSAFE, e, "%s, where %s is expected",
			       ye_ev_kind(e), entry->key ? "a map" : "a list");
	} else if (e->style == STYLE_FLOW && !ye_has_brackets(&s->p, at)) {
		rc = ye_parse_err(err, ERR_UNSAFE, e, "a map without braces "
				  "([a: b]) holds one entry only");
	} else if (e->style == STYLE_FLOW) {
		rc = add_flow(s, at, entry, err);
	} else {
		rc = add_block(s, at, entry, err);
	}
	return rc < 0 ? -1 : ye_session_commit(s, err);
}

/*
 * What stands at the end of the steps from I on: maps and lists of one entry
 * each, and VALUE in the last. NULL: a step asks for what cannot be made.
 */
static const struct fresh *build(struct plan *plan, const struct ye_path *path,
				 size_t i, const struct fresh *value);

/* [name=web]: a map with that name, and what the steps behind it ask for. */
static const struct fresh *build_item(struct plan *plan,
				      const struct ye_path *path, size_t i,
				      const struct fresh *value)
{
	const struct step *s = &path->steps[i];
	const struct fresh *rest = build(plan, path, i + 1, value);
	struct fresh *item;

	if (!rest || rest->kind != FRESH_MAP)
		return NULL;
	item = arena_alloc(&plan->arena, sizeof(*item));
	item->kind = FRESH_MAP;
	item->len = rest->len + 1;
	item->entries = arena_alloc(&plan->arena,
				    item->len * sizeof(*item->entries));
	item->entries[0] = (struct fresh_entry){ s->key,
					ye_fresh_scalar(plan, s->value) };
	for (size_t k = 0; k < rest->len; k++) {
		if (strcmp(rest->entries[k].key, s->key) == 0)
			return NULL;
		item->entries[k + 1] = rest->entries[k];
	}
	return item;
}

/* The entry or item that step I asks for. False: it cannot be made. */
static bool make_entry(struct fresh_entry *out, struct plan *plan,
		       const struct ye_path *path, size_t i,
		       const struct fresh *value)
{
	const struct step *s = &path->steps[i];

	out->key = s->kind == STEP_KEY ? s->key : NULL;
	out->node = s->kind == STEP_SELECT ? build_item(plan, path, i, value)
					   : build(plan, path, i + 1, value);
	return out->node != NULL;
}

static const struct fresh *build(struct plan *plan, const struct ye_path *path,
				 size_t i, const struct fresh *value)
{
	struct fresh_entry entry;

	if (i == path->len)
		return value;
	if (path->steps[i].kind == STEP_INDEX && path->steps[i].index > 0)
		return NULL;
	return make_entry(&entry, plan, path, i, value) ? wrap(plan, &entry)
							: NULL;
}

/* [N] where N items are there adds one, as [0] does to an empty list. */
static bool is_next(const struct parse *p, size_t list, const struct step *s)
{
	size_t n = 0;

	if (s->kind != STEP_INDEX || p->ev[list].type != EV_LIST_START)
		return s->kind != STEP_INDEX || s->index == 0;
	for (size_t c = list + 1; c < p->ev[list].after - 1;
	     c = p->ev[c].after)
		n++;
	return s->index == n;
}

/* libyaml takes no key longer than this where no '?' stands before it. */
enum { MAX_KEY = 1000 };

static int check_path(const struct session *s, const struct place *place,
		      const struct ye_path *path, struct err *err)
{
	const struct ev *e = &s->p.ev[place->node];

	if (path->len + 2 > YE_MAX_DEPTH)
		return ye_parse_err(err, ERR_UNSAFE, e, "more than %d maps and "
				    "lists inside one another", YE_MAX_DEPTH);
	for (size_t i = place->steps; i < path->len; i++)
		if (path->steps[i].key && strlen(path->steps[i].key) > MAX_KEY)
			return ye_parse_err(err, ERR_UNSAFE, e, "a new key can "
					    "have at most %d bytes", MAX_KEY);
	return 0;
}

int ye_add_path(struct session *s, const struct place *place,
		const struct ye_path *path, const struct fresh *value,
		struct err *err)
{
	struct fresh_entry entry;

	if (check_path(s, place, path, err) < 0)
		return -1;
	if (place->steps == path->len) {	/* a null to be filled */
		if (fill_null(s, place->node, value, err) < 0)
			return -1;
		return ye_session_commit(s, err);
	}
	if (!is_next(&s->p, place->node, &path->steps[place->steps]) ||
	    !make_entry(&entry, &s->plan, path, place->steps, value))
		return 1;
	return ye_add_entry(s, place->node, &entry, err);
}
