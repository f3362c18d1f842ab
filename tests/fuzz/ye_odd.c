/*
 * Any edit of YAML spelled oddly. The first four bytes choose the edit; each
 * of the others is one choice in writing a text: what stands next, and how.
 * Random bytes are hardly ever YAML; this nearly always is.
 */
#include "tests/fuzz/ye_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct odd {
	const uint8_t *data;
	size_t size;		/* choices left */
	struct buf text;
};

enum { MAX_DEPTH = 4, MAX_TEXT = 1500 };

/* 0 when there are no more choices: the simplest, and the end of all loops. */
static unsigned choose(struct odd *o, unsigned n)
{
	if (o->size == 0 || o->text.len > MAX_TEXT)
		return 0;
	o->size--;
	return *o->data++ % n;
}

static void put_one(struct odd *o, const char *const *table, size_t len)
{
	buf_addstr(&o->text, table[choose(o, (unsigned)len)]);
}
#define PUT(o, ...)                                                            \
	put_one((o), (const char *const[]){ __VA_ARGS__ },                     \
		ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })))

static void indent(struct odd *o, unsigned column)
{
	while (column-- > 0)
		buf_addch(&o->text, ' ');
}

static void line_end(struct odd *o)
{
	PUT(o, "", "", "", "", " ", " # c", "\t", "  #c\t", "#+", " \t");
	PUT(o, "\n", "\n", "\n", "\n", "\r\n", "\n\n", "\n  \n", "\n# d\n",
	    "\n   # e\n", "\n      \n", "\n\t\n", "\n \t# f\n");
}

static void properties(struct odd *o)
{
	PUT(o, "", "", "", "", "", "&a ", "&b ", "!!str ", "! ", "!x ",
	    "&a !!str ", "&a", "!");
}

static void scalar(struct odd *o)
{
	properties(o);
	PUT(o, "a", "b", "c", "name", "tag", "digest", "newTag", "images",
	    "v1", "x y", "'q'", "\"d\"", "''", "", "~", "null", "*a", "*b",
	    "-", "?", ":", "-x", "?x", ":x", "<<", "---", "...", "%a", "a#b",
	    "a:b", "x\n    y", "x\n\n    y", "x\n \t y", "'q\n  w'",
	    "\"d\n\n  e\"");
}

static void block_text(struct odd *o, unsigned column)
{
	properties(o);
	PUT(o, "|", "|+", "|-", ">", ">+", ">-", "|2", "|+1", "|#c+");
	PUT(o, "\n", " # c+\n", "\n\n", "\n   \n");
	for (unsigned n = choose(o, 3); n > 0; n--) {
		indent(o, column + 2);
		PUT(o, "t", "- t", "# t", "\tt", "a: b", "");
		PUT(o, "\n", "\n", "", "\n\n", "\n      \n", "\n  \n");
	}
}

static void flow_gap(struct odd *o)
{
	PUT(o, "", "", "", "", " ", "\n", "\n  ", " # c\n  ", "\n# c\n   ",
	    "\t", "\n\t", "#c\n");
}

static void flow(struct odd *o, unsigned depth)
{
	bool is_map = choose(o, 2);

	properties(o);
	buf_addch(&o->text, is_map ? '{' : '[');
	flow_gap(o);
	for (unsigned n = choose(o, 4); n > 0; n--) {
		if (choose(o, 6) < 4 ? is_map : !is_map) {
			PUT(o, "", "", "", "", "? ", "?\n  ", "?");
			if (depth < MAX_DEPTH && choose(o, 8) == 7)
				flow(o, depth + 1);
			else
				scalar(o);
			flow_gap(o);
			PUT(o, ": ", ": ", ":", ":\n  ", ": # c\n ");
		}
		if (depth < MAX_DEPTH && choose(o, 5) == 4)
			flow(o, depth + 1);
		else
			scalar(o);
		flow_gap(o);
		PUT(o, ", ", ", ", ",", ",\n  ", ",\n", ",\t",
		    n == 1 ? "" : ", ");
		flow_gap(o);
	}
	buf_addch(&o->text, is_map ? '}' : ']');
}

static void block(struct odd *o, unsigned column, unsigned depth);

/* What stands behind a dash, `?` or ':' that COLUMN is the column of. */
static void value(struct odd *o, unsigned column, unsigned depth)
{
	switch (choose(o, depth < MAX_DEPTH ? 9 : 5)) {
	case 0:
	case 1:
		PUT(o, " ", " ", " ", "  ", "\t", "");
		scalar(o);
		line_end(o);
		break;
	case 2:
		buf_addch(&o->text, ' ');
		block_text(o, column);
		break;
	case 3:
		buf_addch(&o->text, ' ');
		flow(o, 0);
		line_end(o);
		break;
	case 4:
		line_end(o);
		break;
	case 5:
	case 6:
		buf_addch(&o->text, ' ');
		block(o, column + 2, depth + 1);
		break;
	default:
		PUT(o, "", "", "", " &a", " !!map", " &b");
		line_end(o);
		column += choose(o, 3);
		indent(o, column);
		block(o, column, depth + 1);
	}
}

/* A map or list whose first entry stands where the text ends. */
static void block(struct odd *o, unsigned column, unsigned depth)
{
	bool is_map = choose(o, 2);

	for (unsigned n = choose(o, 3) + 1; n > 0; n--) {
		bool is_explicit = is_map && choose(o, 6) == 5;

		if (is_map && !is_explicit) {
			scalar(o);
			PUT(o, ":", ":", ":", " :");
		} else {
			buf_addch(&o->text, is_map ? '?' : '-');
		}
		value(o, column, depth);
		if (is_explicit && choose(o, 4)) {
			indent(o, column);
			buf_addch(&o->text, ':');
			value(o, column, depth);
		}
		if (n > 1)
			indent(o, column);
	}
}

static void document(struct odd *o)
{
	PUT(o, "", "", "", "", "--- ", "---\n", "--- # c\n", "--- &a\n",
	    "%YAML 1.1\n---\n");
	switch (choose(o, 8)) {
	case 5:
		scalar(o);
		line_end(o);
		break;
	case 6:
		flow(o, 0);
		line_end(o);
		break;
	case 7:
		block_text(o, 0);
		break;
	default:
		block(o, 0, 0);
	}
	PUT(o, "", "", "", "...\n", "# end\n", "\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct odd o = { 0 };

	if (size < 4)
		return 0;
	o.data = data + 4;
	o.size = size - 4;
	PUT(&o, "", "", "", "", "", "\xef\xbb\xbf", "# c\n");
	document(&o);
	while (choose(&o, 5) == 4)
		document(&o);
	if (choose(&o, 4) == 3 && o.text.len)
		o.text.data[--o.text.len] = '\0';	/* no last line break */
	check_edits(&o.text, data);
	buf_release(&o.text);
	return 0;
}
