#include "yamledit/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "yamledit/edit.h"
#include "yamledit/scalar.h"
#include "yamledit/text.h"

/*
 * yaml_mark_t.index counts characters and leaves a byte order mark out: walk
 * along the text to have bytes. Marks come nearly sorted, so walking both
 * ways from the last one is linear. Lines are counted here too: for libyaml
 * U+0085 and U+2028 end a line, for editors they do not.
 */
struct walk {
	const char *text;
	size_t len, byte, chars;
	size_t line_chars;	/* `chars` at the begin of the line */
	int line;
};

static void walk_init(struct walk *w, const char *text, size_t len)
{
	memset(w, 0, sizeof(*w));
	w->text = text;
	w->len = len;
	w->byte = ye_text_bom(text, len);
	w->line = 1;
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void walk_back(struct walk *w)
{
	do
		w->byte--;
	while (w->byte > 0 && continues(w->text[w->byte]));
	w->chars--;
	if (w->text[w->byte] != '\n')
		return;
	w->line--;
	w->line_chars = w->chars;
	for (size_t i = w->byte; i > 0 && w->text[i - 1] != '\n'; i--)
		w->line_chars -= !continues(w->text[i - 1]);
}

static size_t walk_to(struct walk *w, size_t index)
{
	while (w->chars < index && w->byte < w->len) {
		if (w->text[w->byte] == '\n') {
			w->line++;
			w->line_chars = w->chars + 1;
		}
		do
			w->byte++;
		while (w->byte < w->len && continues(w->text[w->byte]));
		w->chars++;
	}
	while (w->chars > index)
		walk_back(w);
	return w->byte;
}

/*
 * The anchors seen so far in a document, for `target` and `aliased`: open
 * addressing, the newest of a name wins as YAML has it.
 */
struct anchors {
	size_t *slots;		/* event + 1; 0: free */
	size_t len, cap;	/* cap is a power of two */
};

static size_t *anchor_slot(const struct anchors *a, const struct ev *ev,
			   const char *name)
{
	uint64_t h = 14695981039346656037u;	/* FNV-1a */

	for (const char *s = name; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	for (size_t i = h & (a->cap - 1);; i = (i + 1) & (a->cap - 1))
		if (!a->slots[i] ||
		    strcmp(ev[a->slots[i] - 1].anchor, name) == 0)
			return &a->slots[i];
}

static void anchor_add(struct anchors *a, const struct ev *ev, size_t at)
{
	struct anchors bigger = { .cap = a->cap ? 2 * a->cap : 16 };
	size_t *slot;

	if (2 * (a->len + 1) > a->cap) {
		bigger.slots = xcalloc(bigger.cap, sizeof(*bigger.slots));
		bigger.len = a->len;
		for (size_t i = 0; i < a->cap; i++)
			if (a->slots[i])
				*anchor_slot(&bigger, ev,
					     ev[a->slots[i] - 1].anchor) =
					a->slots[i];
		free(a->slots);
		*a = bigger;
	}
	slot = anchor_slot(a, ev, ev[at].anchor);
	a->len += !*slot;
	*slot = at + 1;
}

static size_t anchor_find(const struct anchors *a, const struct ev *ev,
			  const char *name)
{
	return a->cap ? *anchor_slot(a, ev, name) - 1 : NO_EV;
}

/* A new document knows none of the anchors before it. */
static void anchors_clear(struct anchors *a)
{
	free(a->slots);
	memset(a, 0, sizeof(*a));
}

static const char *keep(struct arena *a, const yaml_char_t *s)
{
	return arena_strdup(a, (const char *)s);
}

static uint8_t scalar_style(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return STYLE_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return STYLE_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE:
		return STYLE_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE:
		return STYLE_FOLDED;
	default:
		return STYLE_PLAIN;
	}
}

/* Fill E from Y, all but the place; false: not an event that is kept. */
static bool ev_fill(struct ev *e, struct arena *a, const yaml_event_t *y)
{
	switch (y->type) {
	case YAML_DOCUMENT_START_EVENT:
		e->type = EV_DOC_START;
		e->implicit = y->data.document_start.implicit;
		return true;
	case YAML_DOCUMENT_END_EVENT:
		e->type = EV_DOC_END;
		e->implicit = y->data.document_end.implicit;
		return true;
	case YAML_MAPPING_START_EVENT:
		e->type = EV_MAP_START;
		e->style = y->data.mapping_start.style ==
			YAML_FLOW_MAPPING_STYLE ? STYLE_FLOW : STYLE_BLOCK;
		e->implicit = y->data.mapping_start.implicit;
		e->anchor = keep(a, y->data.mapping_start.anchor);
		e->tag = keep(a, y->data.mapping_start.tag);
		return true;
	case YAML_SEQUENCE_START_EVENT:
		e->type = EV_LIST_START;
		e->style = y->data.sequence_start.style ==
			YAML_FLOW_SEQUENCE_STYLE ? STYLE_FLOW : STYLE_BLOCK;
		e->implicit = y->data.sequence_start.implicit;
		e->anchor = keep(a, y->data.sequence_start.anchor);
		e->tag = keep(a, y->data.sequence_start.tag);
		return true;
	case YAML_MAPPING_END_EVENT:
		e->type = EV_MAP_END;
		return true;
	case YAML_SEQUENCE_END_EVENT:
		e->type = EV_LIST_END;
		return true;
	case YAML_ALIAS_EVENT:
		e->type = EV_ALIAS;
		e->anchor = keep(a, y->data.alias.anchor);
		return true;
	case YAML_SCALAR_EVENT:
		e->type = EV_SCALAR;
		e->style = scalar_style(y->data.scalar.style);
		e->implicit = y->data.scalar.plain_implicit;
		e->quoted_implicit = y->data.scalar.quoted_implicit;
		e->value = arena_strndup(a, (char *)y->data.scalar.value,
					 y->data.scalar.length);
		e->len = y->data.scalar.length;
		e->anchor = keep(a, y->data.scalar.anchor);
		e->tag = keep(a, y->data.scalar.tag);
		return true;
	default:
		return false;
	}
}

/* What a person can do about it, where the message alone does not say. */
static const char *hint(const struct parse *p, const char *problem)
{
	if (memmem(p->text, p->text_len, "{{", 2))
		return "; this looks like a template ({{ }}): edit the values "
		       "it is filled from instead";
	if (strstr(problem, "cannot start any token") &&
	    memchr(p->text, '\t', p->text_len))
		return "; a tab cannot indent";
	if (strstr(problem, "expected key") ||
	    strstr(problem, "mapping values are not allowed"))
		return "; look for wrong indentation, a line above without "
		       "its colon, or a value with {, [ or ': ' in it and no "
		       "quotes";
	return "";
}

static int parser_err(const struct parse *p, const yaml_parser_t *y,
		      struct err *err)
{
	const char *problem = y->problem ? y->problem : "unknown error";
	struct walk w;
	size_t byte, chars = 0;

	if (y->error == YAML_MEMORY_ERROR)
		die_oom();
	walk_init(&w, p->text, p->text_len);
	if (y->error == YAML_READER_ERROR) {
		/* Here the offset is in bytes, and the marks are zero. */
		byte = y->problem_offset < p->text_len ? y->problem_offset
						       : p->text_len;
		for (size_t i = w.byte; i < byte; i++)
			chars += !continues(p->text[i]);
		walk_to(&w, chars);
		return err_set(err, ERR_DATA, "%d:%zu: not text: %s",
			       w.line, w.chars - w.line_chars + 1, problem);
	}
	walk_to(&w, y->problem_mark.index);
	return err_set(err, ERR_DATA, "%d:%zu: not YAML: %s%s%s%s", w.line,
		       w.chars - w.line_chars + 1, y->context ? y->context : "",
		       y->context ? ", " : "", problem, hint(p, problem));
}

/* What opens and closes as events arrive, so that depth is known early. */
struct nest {
	size_t open[YE_MAX_DEPTH];
	size_t depth;
	struct anchors anchors;
};

static int nest_take(struct parse *p, struct nest *n, size_t at,
		     struct err *err)
{
	struct ev *e = &p->ev[at];

	e->after = at + 1;
	e->target = NO_EV;
	e->parent = n->depth ? n->open[n->depth - 1] : NO_EV;
	switch (e->type) {
	case EV_DOC_START:
		ARRAY_GROW(p->docs, p->docs_len, p->docs_cap);
		p->docs[p->docs_len++] = at + 1;
		anchors_clear(&n->anchors);
		break;
	case EV_MAP_START:
	case EV_LIST_START:
		if (n->depth == YE_MAX_DEPTH)
			return ye_parse_err(err, ERR_DATA, e, "more than %d maps "
					    "and lists inside one another",
					    YE_MAX_DEPTH);
		n->open[n->depth++] = at;
		break;
	case EV_MAP_END:
	case EV_LIST_END:
		e->target = n->open[--n->depth];
		e->parent = p->ev[e->target].parent;
		p->ev[e->target].after = at + 1;
		break;
	case EV_ALIAS:
		e->target = anchor_find(&n->anchors, p->ev, e->anchor);
		if (e->target != NO_EV)
			p->ev[e->target].aliased = true;
		return 0;
	default:
		break;
	}
	if (e->anchor)
		anchor_add(&n->anchors, p->ev, at);
	return 0;
}

static int events(struct parse *p, yaml_parser_t *y, struct nest *nest,
		  struct err *err)
{
	struct walk w;
	bool is_end = false;

	walk_init(&w, p->text, p->text_len);
	while (!is_end) {
		yaml_event_t event;
		struct ev e = { 0 };
		bool is_kept;

		if (!yaml_parser_parse(y, &event))
			return parser_err(p, y, err);
		is_end = event.type == YAML_STREAM_END_EVENT;
		is_kept = ev_fill(&e, &p->arena, &event);
		e.start = walk_to(&w, event.start_mark.index);
		e.line = w.line;
		e.column = (int)(w.chars - w.line_chars + 1);
		e.end = walk_to(&w, event.end_mark.index);
		yaml_event_delete(&event);
		if (!is_kept)
			continue;
		ARRAY_GROW(p->ev, p->n, p->cap);
		p->ev[p->n] = e;
		if (nest_take(p, nest, p->n++, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * libyaml looks through all %TAG lines for each of them, so a text full of
 * them takes it hours. Nobody has more than a few.
 */
enum { MAX_TAG_LINES = 100 };

static bool has_many_tag_lines(const char *text, size_t len)
{
	const char *at = text, *end = text + len;

	for (int n = 0; n < MAX_TAG_LINES; n++) {
		at = memmem(at, (size_t)(end - at), "%TAG", 4);
		if (!at)
			return false;
		at++;
	}
	return true;
}

static int check_text(const char *text, size_t len, struct err *err)
{
	if (len > YE_MAX_SIZE)
		return err_set(err, ERR_DATA, "1:1: larger than %u MiB",
			       YE_MAX_SIZE >> 20);
	/* libyaml would read UTF-16, and its marks would not be ours. */
	if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 ||
			 memcmp(text, "\xfe\xff", 2) == 0))
		return err_set(err, ERR_DATA, "1:1: UTF-16 is not supported; "
			       "save the file as UTF-8");
	if (has_many_tag_lines(text, len))
		return err_set(err, ERR_DATA, "1:1: more than %d %%TAG lines",
			       MAX_TAG_LINES);
	return 0;
}

int ye_parse_init(struct parse *p, const char *text, size_t len, struct err *err)
{
	struct nest nest = { 0 };
	yaml_parser_t y;
	int rc;

	memset(p, 0, sizeof(*p));
	p->text = text ? text : "";
	p->text_len = len;
	if (check_text(p->text, len, err) < 0)
		return -1;
	if (!yaml_parser_initialize(&y))
		die_oom();
	/*
	 * The encoding is left to libyaml: told that it is UTF-8, it counts a
	 * byte order mark as a column and fails (yaml/libyaml#334).
	 */
	yaml_parser_set_input_string(&y, (const unsigned char *)p->text, len);
	rc = events(p, &y, &nest, err);
	yaml_parser_delete(&y);
	anchors_clear(&nest.anchors);
	return rc;
}

void ye_parse_release(struct parse *p)
{
	free(p->ev);
	free(p->docs);
	arena_release(&p->arena);
	memset(p, 0, sizeof(*p));
}

int ye_parse_err(struct err *err, enum err_code code, const struct ev *e,
		 const char *fmt, ...)
{
	char msg[sizeof(err->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	return err_set(err, code, "%d:%d: %s", e->line, e->column, msg);
}

bool ye_ev_is(const struct ev *e, const char *text)
{
	return e->type == EV_SCALAR && e->len == strlen(text) &&
	       memcmp(e->value, text, e->len) == 0;
}

bool ye_ev_is_null(const struct ev *e)
{
	return e->type == EV_SCALAR && e->style == STYLE_PLAIN &&
	       (!e->tag || strcmp(e->tag, YAML_NULL_TAG) == 0) &&
	       (e->len == 0 || ye_ev_is(e, "~") || ye_ev_is(e, "null") ||
		ye_ev_is(e, "Null") || ye_ev_is(e, "NULL"));
}

bool ye_ev_is_string(const struct ev *e)
{
	if (e->type != EV_SCALAR)
		return false;
	if (e->tag)
		return strcmp(e->tag, YAML_STR_TAG) == 0 ||
		       strcmp(e->tag, "!") == 0;
	return e->style != STYLE_PLAIN || ye_scalar_is_stringlike(e->value);
}

bool ye_ev_is_merge(const struct ev *e)
{
	return ye_ev_is(e, "<<") && e->style == STYLE_PLAIN;
}
