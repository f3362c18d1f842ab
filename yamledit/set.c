#include <string.h>

#include <yaml.h>

#include "yamledit/layout.h"
#include "yamledit/scalar.h"
#include "yamledit/session.h"
#include "yamledit/text.h"

/*
 * A new value in the place of an old scalar. libyaml's marks are exact for
 * plain and quoted ones; what has an anchor or a tag, what is empty, and
 * block scalars need a closer look.
 */

/*
 * The value of `|` or `>` goes where the indicator stands, so that a comment
 * behind it stays, and the lines of text go. Blank lines below stay.
 */
static void splice_block_scalar(struct session *s, const struct ev *e,
				size_t at, const char *text, size_t len)
{
	const char *t = s->p.text;
	size_t n = s->p.text_len;
	size_t head = ye_line_end(t, n, at), end = e->end, mark;

	while (end > head && (t[end - 1] == ' ' || ye_is_break(t[end - 1])))
		end--;
	/* A blank line with a tab is content here, and no YAML elsewhere. */
	for (size_t i = end; i < e->end; i++)
		if (t[i] == '\t')
			end = i + 1;
	mark = at + 1 + strspn(t + at + 1, "+-0123456789");
	ye_plan_splice(&s->plan, at, mark, text, len);
	if (end > head)
		ye_plan_splice(&s->plan, head, end, "", 0);
}

/*
 * {a, b} and `? a`: the ':' is missing too, and comes behind the key, or on a
 * line of its own under the '?'.
 */
static int splice_colon(struct session *s, size_t ev, const char *value,
			struct err *err)
{
	const struct parse *p = &s->p;
	const struct ev *e = &p->ev[ev], *before = &p->ev[ev - 1];
	size_t key = before->type == EV_MAP_END || before->type == EV_LIST_END
		? before->target : ev - 1;
	size_t end = ye_node_end(p, key), start = NO_BYTE;
	struct buf text = { 0 };

	if (e->parent != NO_EV && p->ev[key].start < end)
		start = ye_entry_start(p, key);
	if (start == NO_BYTE)
		return ye_parse_err(err, ERR_UNSAFE, e, "a key without a value "
				    "and without ':'; write 'key: ...' first");
	if (ye_check_tabs(p, end, e, err) < 0)
		return -1;
	if (ye_in_flow(p, ev)) {
		/* A key over lines has a ':' only behind a '?'. */
		if (start == p->ev[key].start &&
		    (ye_text_has(p->text, start, end, '\n') ||
		     ye_text_has(p->text, start, end, '\r')))
			ye_plan_splice(&s->plan, start, start, "? ", 2);
		/* The name of an alias or a tag would take the ':' in. */
		buf_addf(&text, "%s: %s", p->ev[key].type == EV_ALIAS ||
			 ye_content_start(p, &p->ev[key]) >= end ? " " : "",
			 value);
		ye_plan_splice(&s->plan, end, end, text.data, text.len);
	} else if (ye_check_last_line(p, end, ev, err) == 0) {
		ye_indent(&text, ye_column_of(p, start));
		buf_addf(&text, ": %s", value);
		ye_splice_lines(&s->plan, p, end,
				ye_text_eol(p->text, p->text_len, end), &text);
	}
	buf_release(&text);
	return err->code ? -1 : 0;
}

int ye_splice_empty(struct session *s, size_t ev, const char *value,
		    struct err *err)
{
	const struct ev *e = &s->p.ev[ev];
	const char *t = s->p.text;
	size_t n = s->p.text_len, at = e->end;
	struct buf text = { 0 };

	if (e->start == e->end)
		at = ye_empty_place(&s->p, ev);
	if (at == NO_BYTE)
		return splice_colon(s, ev, value, err);
	if (ye_check_tabs(&s->p, at, e, err) < 0)
		return -1;
	/* { a: } has a blank to use, and keeps its look with it. */
	if (ye_in_flow(&s->p, ev) && at + 1 < n && t[at] == ' ' &&
	    memchr(",}]", t[at + 1], 3))
		at++;
	else
		buf_addch(&text, ' ');
	buf_addstr(&text, value);
	ye_plan_splice(&s->plan, at, at, text.data, text.len);
	buf_release(&text);
	return 0;
}

/* Quotes where a plain scalar was: the tabs below it are in the way then. */
static int check_below(const struct parse *p, size_t ev, char last,
		       struct err *err)
{
	const struct ev *e = &p->ev[ev];

	if (e->style != STYLE_PLAIN || (last != '"' && last != '\'') ||
	    ye_in_flow(p, ev))
		return 0;
	return ye_check_tabs(p, e->end, e, err);
}

/*
 * `|` may stand on a line of its own at the column of the key that it is for.
 * No other scalar may.
 */
static int check_column(const struct parse *p, const struct ev *e, size_t at,
			struct err *err)
{
	if (!ye_is_block_text(e) ||
	    e->parent == NO_EV ||
	    !ye_text_is_empty(p->text, ye_line_start(p->text, at), at) ||
	    ye_column_of(p, at) > ye_child_column(p, e->parent))
		return 0;
	return ye_parse_err(err, ERR_UNSAFE, e, "this text begins at the "
			    "column of its key; indent it first");
}

static int check_target(const struct ev *e, struct err *err)
{
	if (e->type != EV_SCALAR)
		return ye_err_not_scalar(err, e);
	if (e->tag && strcmp(e->tag, YAML_STR_TAG) != 0 &&
	    strcmp(e->tag, "!") != 0)
		return ye_parse_err(err, ERR_UNSAFE, e, "the value has the tag "
			"%s: a string there would not read as one", e->tag);
	if (ye_is_template_string(e))
		return ye_parse_err(err, ERR_UNSAFE, e, "the value is a template "
			"({{ }}): edit what it is filled from instead");
	return 0;
}

int ye_set_scalar(struct session *s, size_t at, const char *value,
		  struct err *err)
{
	struct ev *e = &s->p.ev[at];
	struct buf text = { 0 };
	struct fresh_entry *added;
	size_t start;
	int rc = 0;

	if (ye_ev_is(e, value))
		return 0;
	if (check_target(e, err) < 0)
		return -1;
	if (e->is_planned) {
		if (ye_session_commit(s, err) < 0)
			return -1;
		e = &s->p.ev[at];
	}
	start = ye_content_start(&s->p, e);
	/* libyaml takes &a:b for an anchor with :b behind it. */
	if (start > e->start && start < e->end &&
	    !ye_text_is_empty(s->p.text, start - 1, start))
		buf_addch(&text, ' ');
	ye_scalar_write(&text, value, e->style, ye_in_flow(&s->p, at));
	if (check_column(&s->p, e, start, err) < 0 ||
	    check_below(&s->p, at, text.data[text.len - 1], err) < 0)
		rc = -1;
	if (rc < 0)
		;
	else if (ye_is_block_text(e))
		splice_block_scalar(s, e, start, text.data, text.len);
	else if (start >= e->end)
		rc = ye_splice_empty(s, at, text.data, err);
	else
		ye_plan_splice(&s->plan, start, e->end, text.data, text.len);
	buf_release(&text);
	if (rc < 0)
		return -1;
	added = arena_alloc(&s->plan.arena, sizeof(*added));
	added->node = ye_fresh_scalar(&s->plan, value);
	ye_plan_change(&s->plan, &(struct change){ .at = at, .removed = 1,
						.added = added,
						.is_set = true });
	/* From now on it reads as the new value: later paths may ask for it. */
	e->value = arena_strdup(&s->p.arena, value);
	e->len = strlen(value);
	e->is_planned = true;
	return 0;
}

int ye_edit_set(struct session *s, const struct ye_path *path, const char *value,
		struct err *err)
{
	struct place at;
	struct err why = { 0 };
	int rc;

	if (ye_scalar_check(value, err) < 0)
		return -1;
	rc = ye_session_find(&at, s, path, &why);
	if (rc == 0)
		return ye_set_scalar(s, at.node, value, err);
	/* What a merge key brings in may get a key of its own beside it. */
	if (rc == 1 && s->opt.create &&
	    (why.code == ERR_NOTFOUND || at.steps + 1 == path->len)) {
		if (ye_session_commit(s, err) < 0)
			return -1;
		rc = ye_add_path(s, &at, path, ye_fresh_scalar(&s->plan, value),
				 err);
		if (rc <= 0)
			return rc;
	}
	*err = why;
	return -1;
}
