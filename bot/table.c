#include "bot/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

void show(struct buf *out, const char *s)
{
	char *copy = xstrdup(s ? s : "-");

	log_redact(copy);
	escape_terminal(out, copy, strlen(copy));
	free(copy);
}

void show_version(struct buf *out, const char *version)
{
	const char *at;

	if (!version || !*version) {
		buf_addch(out, '-');
		return;
	}
	while ((at = strstr(version, "sha256:"))) {
		size_t hex = strspn(at + 7, "0123456789abcdef");

		buf_add(out, version, (size_t)(at - version));
		buf_add(out, at, 7 + (hex < 12 ? hex : 12));
		version = at + 7 + hex;
	}
	show(out, version);
}

void show_out(struct buf *out)
{
	fwrite(buf_str(out), 1, out->len, stdout);
	buf_release(out);
}

/* Columns that terminals show: UTF-8 continuation bytes take none. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void table_add(struct table *t, char *text_taken, const char *color)
{
	size_t len = t->len;

	ARRAY_GROW(t->cells, t->len, t->cap);
	ARRAY_GROW(t->colors, len, t->colors_cap);
	t->cells[t->len] = text_taken;
	t->colors[t->len] = color;
	t->len++;
}

void table_put(const struct table *t, bool colored)
{
	size_t *widths = xcalloc(t->columns, sizeof(*widths));
	struct buf out = { 0 };

	for (size_t i = 0; i < t->len; i++)
		if (width(t->cells[i]) > widths[i % t->columns])
			widths[i % t->columns] = width(t->cells[i]);
	for (size_t i = 0; i < t->len; i++) {
		bool is_last = i % t->columns == t->columns - 1;

		if (colored && t->colors[i])
			buf_addstr(&out, t->colors[i]);
		buf_addstr(&out, t->cells[i]);
		if (colored && t->colors[i])
			buf_addstr(&out, C_OFF);
		if (is_last)
			buf_addch(&out, '\n');
		else
			buf_addf(&out, "%*s", (int)(widths[i % t->columns] + 2 -
				 width(t->cells[i])), "");
	}
	show_out(&out);
	free(widths);
}

void table_release(struct table *t)
{
	for (size_t i = 0; i < t->len; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t->colors);
}
