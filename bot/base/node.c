#include "bot/base/node.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/buf.h"
#include "bot/base/str.h"

const struct node *node_get(const struct node *map, const char *key)
{
	if (!map || map->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->len; i++)
		if (map->keys[i]->kind == NODE_SCALAR &&
		    strcmp(map->keys[i]->value, key) == 0)
			return map->items[i];
	return NULL;
}

const char *node_kind_name(const struct node *n)
{
	switch (n->kind) {
	case NODE_MAP:
		return "a map";
	case NODE_LIST:
		return "a list";
	case NODE_SCALAR:
		break;
	}
	return n->is_null ? "nothing" : "a string";
}

__attribute__((format(printf, 4, 0)))
static void diag_add(struct diag *d, const struct node *n, bool is_warning,
		     const char *fmt, va_list ap)
{
	struct buf raw = { 0 }, text = { 0 };
	struct diag_entry *e;

	/* Names and values in it are whatever the file says. */
	buf_vaddf(&raw, fmt, ap);
	escape_terminal(&text, buf_str(&raw), raw.len);
	buf_release(&raw);
	ARRAY_GROW(d->entries, d->len, d->cap);
	e = &d->entries[d->len++];
	e->line = n ? n->line : 1;
	e->column = n ? n->column : 1;
	e->is_warning = is_warning;
	e->text = arena_strdup(&d->arena, buf_str(&text));
	d->errors += !is_warning;
	buf_release(&text);
}

void diag_error(struct diag *d, const struct node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(d, n, false, fmt, ap);
	va_end(ap);
}

void diag_warn(struct diag *d, const struct node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(d, n, true, fmt, ap);
	va_end(ap);
}

static int entry_cmp(const void *va, const void *vb)
{
	const struct diag_entry *a = va, *b = vb;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return strcmp(a->text, b->text);
}

void diag_sort(struct diag *d)
{
	if (d->len)
		qsort(d->entries, d->len, sizeof(*d->entries), entry_cmp);
}

void diag_release(struct diag *d)
{
	free(d->entries);
	arena_release(&d->arena);
	memset(d, 0, sizeof(*d));
}

/* Levenshtein distance of two short words; a large number for long ones. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), row[64];

	if (la >= ARRAY_LEN(row) || lb >= ARRAY_LEN(row))
		return ARRAY_LEN(row);
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

const char *nearest_word(const char *word, const char *const *known)
{
	const char *best = NULL;
	size_t least = 3;

	for (; *known; known++) {
		size_t d = distance(word, *known);

		if (d < least && 2 * d <= strlen(*known)) {
			least = d;
			best = *known;
		}
	}
	return best;
}
