#include "yamledit/diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/buf.h"
#include "bot/base/mem.h"

/*
 * Lines that are the same at both ends are left aside; what remains is
 * compared as Myers does ("An O(ND) Difference Algorithm and Its
 * Variations", 1986), up to MAX_EDITS. Texts that differ in more lines than
 * that get a diff that is right but not the shortest.
 */
enum { CONTEXT = 3, MAX_EDITS = 1000 };

struct lines {
	struct line {
		const char *s;
		size_t len;	/* with the break */
		bool is_changed;	/* removed from old, added in new */
	} *items;
	size_t len, cap;
};

static void lines_split(struct lines *l, const char *text, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		const char *nl = memchr(text + at, '\n', len - at);

		n = nl ? (size_t)(nl - text) + 1 - at : len - at;
		ARRAY_GROW(l->items, l->len, l->cap);
		l->items[l->len++] = (struct line){ .s = text + at, .len = n };
	}
}

static bool line_eq(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

/* The lines between what both ends have in common. */
struct middle {
	struct line *a, *b;
	ptrdiff_t n, m;
};

/*
 * The furthest x on each diagonal k after d edits; row d holds the diagonals
 * -d to d and begins at d * d.
 */
static int32_t *furthest(int32_t *v, ptrdiff_t d, ptrdiff_t k)
{
	return &v[d * d + d + k];
}

/* Was diagonal K at edit D reached by a line of the new text? */
static bool is_down(int32_t *v, ptrdiff_t d, ptrdiff_t k)
{
	return k == -d || (k != d && *furthest(v, d - 1, k - 1) <
					     *furthest(v, d - 1, k + 1));
}

/* The number of edits, or -1 where there are more than MAX_EDITS. */
static ptrdiff_t search(const struct middle *mid, int32_t **rows)
{
	size_t cap = 0, used = 0;

	for (ptrdiff_t d = 0; d <= MAX_EDITS; d++) {
		used += (size_t)(2 * d + 1);
		if (used > cap) {
			cap = 2 * used;
			*rows = xrealloc(*rows, cap * sizeof(**rows));
		}
		for (ptrdiff_t k = -d; k <= d; k += 2) {
			ptrdiff_t x = 0, y;

			if (d > 0)
				x = is_down(*rows, d, k)
					? *furthest(*rows, d - 1, k + 1)
					: *furthest(*rows, d - 1, k - 1) + 1;
			y = x - k;
			while (x < mid->n && y >= 0 && y < mid->m &&
			       line_eq(&mid->a[x], &mid->b[y]))
				x++, y++;
			*furthest(*rows, d, k) = (int32_t)x;
			if (x >= mid->n && y >= mid->m)
				return d;
		}
	}
	return -1;
}

/* Walk back from the end and mark what was not a common line. */
static void trace(const struct middle *mid, int32_t *rows, ptrdiff_t d)
{
	ptrdiff_t x = mid->n, y = mid->m;

	for (; d > 0; d--) {
		ptrdiff_t k = x - y;

		if (is_down(rows, d, k)) {
			x = *furthest(rows, d - 1, k + 1);
			y = x - (k + 1);
			if (y >= 0 && y < mid->m)
				mid->b[y].is_changed = true;
		} else {
			x = *furthest(rows, d - 1, k - 1);
			y = x - (k - 1);
			if (x >= 0 && x < mid->n)
				mid->a[x].is_changed = true;
		}
	}
}

/* Too many edits: line against line where that fits, else all of it. */
static void mark_plainly(const struct middle *mid)
{
	for (ptrdiff_t i = 0; i < mid->n || i < mid->m; i++) {
		bool is_same = mid->n == mid->m &&
			       line_eq(&mid->a[i], &mid->b[i]);

		if (i < mid->n)
			mid->a[i].is_changed = !is_same;
		if (i < mid->m)
			mid->b[i].is_changed = !is_same;
	}
}

static void compare(struct lines *a, struct lines *b)
{
	struct middle mid;
	size_t head = 0, tail = 0;
	int32_t *rows = NULL;
	ptrdiff_t d;

	while (head < a->len && head < b->len &&
	       line_eq(&a->items[head], &b->items[head]))
		head++;
	while (tail < a->len - head && tail < b->len - head &&
	       line_eq(&a->items[a->len - 1 - tail],
		       &b->items[b->len - 1 - tail]))
		tail++;
	mid.n = (ptrdiff_t)(a->len - head - tail);
	mid.m = (ptrdiff_t)(b->len - head - tail);
	mid.a = mid.n ? a->items + head : NULL;
	mid.b = mid.m ? b->items + head : NULL;
	d = search(&mid, &rows);
	if (d < 0)
		mark_plainly(&mid);
	else
		trace(&mid, rows, d);
	free(rows);
}

static void add_line(struct buf *out, char sign, const struct line *l)
{
	buf_addch(out, sign);
	buf_add(out, l->s, l->len);
	if (l->s[l->len - 1] != '\n')
		buf_addstr(out, "\n\\ No newline at end of file\n");
}

/* "12,3"; an empty range names the line before it, as diff -u does. */
static void add_range(struct buf *out, size_t from, size_t len)
{
	buf_addf(out, "%zu", len ? from + 1 : from);
	if (len != 1)
		buf_addf(out, ",%zu", len);
}

/* Lines [i, i_end) of the old and [j, j_end) of the new text. */
static void add_hunk(struct buf *out, const struct lines *a,
		     const struct lines *b, size_t i, size_t i_end, size_t j,
		     size_t j_end)
{
	buf_addstr(out, "@@ -");
	add_range(out, i, i_end - i);
	buf_addstr(out, " +");
	add_range(out, j, j_end - j);
	buf_addstr(out, " @@\n");
	while (i < i_end || j < j_end) {
		if (i < i_end && a->items[i].is_changed)
			add_line(out, '-', &a->items[i++]);
		else if (j < j_end && b->items[j].is_changed)
			add_line(out, '+', &b->items[j++]);
		else
			add_line(out, ' ', &a->items[i++]), j++;
	}
}

static bool changed_at(const struct lines *a, size_t i, const struct lines *b,
		       size_t j)
{
	return (i < a->len && a->items[i].is_changed) ||
	       (j < b->len && b->items[j].is_changed);
}

static void add_hunks(struct buf *out, const struct lines *a,
		      const struct lines *b)
{
	size_t i = 0, j = 0;

	while (i < a->len || j < b->len) {
		size_t lead, i0, j0, same;

		if (!changed_at(a, i, b, j)) {
			i++, j++;
			continue;
		}
		lead = i < CONTEXT ? i : CONTEXT;
		lead = j < lead ? j : lead;
		i0 = i - lead;
		j0 = j - lead;
		/* On, over at most twice the context of common lines. */
		for (same = 0; same <= 2 * CONTEXT &&
			       (i < a->len || j < b->len);) {
			if (!changed_at(a, i, b, j)) {
				i++, j++, same++;
				continue;
			}
			while (i < a->len && a->items[i].is_changed)
				i++;
			while (j < b->len && b->items[j].is_changed)
				j++;
			same = 0;
		}
		if (same > CONTEXT) {
			i -= same - CONTEXT;
			j -= same - CONTEXT;
		}
		add_hunk(out, a, b, i0, i, j0, j);
	}
}

void ye_diff(struct buf *out, const char *path, const char *old_text,
	     size_t old_len, const char *new_text, size_t new_len)
{
	struct lines a = { 0 }, b = { 0 };

	if (old_len == new_len &&
	    (old_len == 0 || memcmp(old_text, new_text, old_len) == 0))
		return;
	lines_split(&a, old_text, old_len);
	lines_split(&b, new_text, new_len);
	compare(&a, &b);
	buf_addf(out, "--- a/%s\n+++ b/%s\n", path, path);
	add_hunks(out, &a, &b);
	free(a.items);
	free(b.items);
}
