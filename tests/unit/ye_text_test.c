/* yamledit: paths, the quoting rule, configuration trees, diffs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "yamledit/diff.h"
#include "yamledit/doc.h"
#include "yamledit/edit.h"
#include "yamledit/memo.h"
#include "yamledit/path.h"

static void paths_are_read(void **state)
{
	static const struct { const char *text, *want; size_t len; } good[] = {
		{ ".", "the document", 0 },
		{ "a", "a", 1 },
		{ "a.b.c", "a.b.c", 3 },
		{ "a[2]", "a[2]", 2 },
		{ "[0][1]", "[0][1]", 2 },
		{ "images[name=r.io:5000/a.b].newTag",
		  "images[name=r.io:5000/a.b].newTag", 3 },
		{ "a.\"b.c/d\"", "a.\"b.c/d\"", 2 },
		{ "\"a\"", "a", 1 },
		{ "\"a\\\"b\\\\\"", "\"a\\\"b\\\\\"", 1 },
		{ "a[\"k=v\"=\"x]y\"]", "a[\"k=v\"=\"x]y\"]", 2 },
		{ "a[name=\"\"]", "a[name=\"\"]", 2 },
		{ "a-b/c:d", "a-b/c:d", 1 },
	};
	static const struct { const char *text, *words; } bad[] = {
		{ "", "empty" },
		{ ".a", "character 1: a path begins with a key" },
		{ "a.", "character 3: expected a key" },
		{ "a..b", "character 3: expected a key" },
		{ "a[", "character 3: expected an index" },
		{ "a[]", "character 3: expected an index" },
		{ "a[x]", "character 4: expected '='" },
		{ "a[x=]", "character 5: expected a value" },
		{ "a[x=y", "character 6: expected ']'" },
		{ "a[-1]", "character 5: expected '='" },
		{ "a]", "character 2: expected '.'" },
		{ "\"a", "character 3: the closing" },
		{ "\"a\"b", "character 4: expected '.'" },
		{ "a[99999999999]", "no list is that long" },
		{ "\xff", "UTF-8" },
	};
	struct ye_path *path;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct buf out = { 0 };
		struct err err = { 0 };

		if (ye_path_parse(&path, good[i].text, &err) < 0)
			fail_msg("%s: %s", good[i].text, err.msg);
		ye_path_format(&out, path, path->len);
		assert_string_equal(buf_str(&out), good[i].want);
		assert_int_equal(path->len, good[i].len);
		buf_release(&out);
		ye_path_free(path);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = { 0 };

		if (ye_path_parse(&path, bad[i].text, &err) == 0)
			fail_msg("'%s' is taken", bad[i].text);
		assert_int_equal(err.code, ERR_USAGE);
		if (!strstr(err.msg, bad[i].words))
			fail_msg("'%s': %s", bad[i].text, err.msg);
	}
	ye_path_free(NULL);
}

static void plain_is_only_what_all_read_as_a_string(void **state)
{
	static const char *const plain[] = {
		"v1", "1.2.3", "sha256:ab", "a:b", "a#b", "-rc1", "main", "1.2.3-4",
		"0e1f", "8b1a9953c4611296a827abf8c47804d7", "$x", "~x", "=x",
		"latest", "2024-01", "2024-01-02-abc", "r.io:5000/a/b:v1",
		"r.io/a/b:1.2@sha256:0123456789abcdef", "https://r.io/a",
		"a=r.io/a:1.2", "https://r.io:5000/a#b",
	};
	static const char *const urls[] = {
		"https://r.io/a//b?ref=1.4.2", "git+ssh://git@r.io/a?b=c,d;(e)=f",
	};
	static const char *const quoted[] = {
		"", "1", "1.10", "0123", "0x1F", "0o17", "0b1", "0b+0", "0o-7", "1e5",
		"12e4567",
		"706798e8", "08", "1_000", "12:30:45", "+1", ".5", ".e1", ".inf",
		"-.INF", ".NaN", "y", "N", "yes", "Off", "TRUE", "null", "~", "=",
		"<<", "2024-01-02", "2024-1-2", "2001-12-14T21:59:43Z", "...",
		"-", "--", "---", "- x", "a: b", "a:", "a #b", "#a", "@a", "`a",
		"%a", "&a", "*a", "!a", "|", ">", "'", "\"", "[a", "a]", "{a",
		"http://a b", "http://a#b: c", "http://a:", "a?b", "1://a?b",
		"?", "? a", ",a", " a", "a ", "a\n", "a\tb", "\xc3\xa9",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (!ye_plain_safe(plain[i], true))
			fail_msg("'%s' wants no quotes", plain[i]);
	for (size_t i = 0; i < ARRAY_LEN(quoted); i++)
		if (ye_plain_safe(quoted[i], false))
			fail_msg("'%s' wants quotes", quoted[i]);
	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		if (!ye_plain_safe(urls[i], false) ||
		    ye_plain_safe(urls[i], true))
			fail_msg("'%s' wants quotes inside [ ] only", urls[i]);
	assert_true(ye_plain_safe("a{b}c", false));
	assert_false(ye_plain_safe("a{b}c", true));
}

static void documents_become_trees(void **state)
{
	const char *in = "# c\na: \"1\"\nb: [x, ~]\nc:\n  d: 2\n";
	struct arena a = { 0 };
	const struct node *n, *b;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(ye_doc_parse(&n, &a, in, strlen(in), &err), 0);
	assert_int_equal(n->kind, NODE_MAP);
	assert_int_equal(n->len, 3);
	assert_true(node_get(n, "a")->is_string);
	assert_int_equal(node_get(n, "a")->line, 2);
	assert_int_equal(node_get(n, "a")->column, 4);
	b = node_get(n, "b");
	assert_int_equal(b->kind, NODE_LIST);
	assert_false(b->items[0]->is_string);
	assert_true(b->items[1]->is_null);
	assert_string_equal(node_get(node_get(n, "c"), "d")->value, "2");
	assert_int_equal(node_get(node_get(n, "c"), "d")->line, 5);
	assert_int_equal(ye_doc_parse(&n, &a, "# c\n", 4, &err), 0);
	assert_true(n->is_null);
	arena_release(&a);
}

static void bad_documents_are_refused(void **state)
{
	static const struct { const char *in, *words; } rows[] = {
		{ "a: 1\nb: 2\na: 3\n", "3:1: the key 'a' stands twice; "
		  "first on line 1" },
		{ "a: &x 1\nb: *x\n", "2:4: an alias" },
		{ "<<: {a: 1}\n", "1:1: a merge key" },
		{ "? [a]\n: b\n", "1:3: a key must be a string" },
		{ "a: 1\n---\nb: 2\n", "2:1: a second document" },
		{ "a: \"\\0\"\n", "1:4: a NUL" },
		{ "a: b: c\n", "1:5: not YAML" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = { 0 };
		const struct node *n;
		struct err err = { 0 };

		if (ye_doc_parse(&n, &a, rows[i].in, strlen(rows[i].in),
				 &err) == 0)
			fail_msg("taken: %s", rows[i].in);
		assert_int_equal(err.code, ERR_DATA);
		if (strncmp(err.msg, rows[i].words, strlen(rows[i].words)))
			fail_msg("%s: %s", rows[i].in, err.msg);
		arena_release(&a);
	}
}

static void diffs_are_unified(void **state)
{
	static const struct { const char *name, *a, *b, *want; } rows[] = {
		{ "equal", "a\n", "a\n", "" },
		{ "one line", "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
		  "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
		  "--- a/f\n+++ b/f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n"
		  " 7\n 8\n" },
		{ "two hunks", "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
		  "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
		  "--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n"
		  "@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n" },
		{ "six lines between are one hunk", "1\n2\n3\n4\n5\n6\n7\n8\n",
		  "x\n2\n3\n4\n5\n6\n7\ny\n",
		  "--- a/f\n+++ b/f\n@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n"
		  " 6\n 7\n-8\n+y\n" },
		{ "no last line break", "a\nb", "a\nc", "--- a/f\n+++ b/f\n"
		  "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n"
		  "+c\n\\ No newline at end of file\n" },
		{ "a line more", "a\n", "a\nb\n",
		  "--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n a\n+b\n" },
		{ "from nothing", "", "a\n",
		  "--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+a\n" },
		{ "to nothing", "a\n", "",
		  "--- a/f\n+++ b/f\n@@ -1 +0,0 @@\n-a\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { 0 };

		ye_diff(&out, "f", rows[i].a, strlen(rows[i].a), rows[i].b,
			strlen(rows[i].b));
		if (strcmp(buf_str(&out), rows[i].want) != 0)
			fail_msg("%s: got\n%s", rows[i].name, buf_str(&out));
		buf_release(&out);
	}
}

/* More edits than the search takes: still a diff, and not slow. */
static void large_diffs_end(void **state)
{
	struct buf a = { 0 }, b = { 0 }, out = { 0 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		buf_addf(&a, "a%d\nsame\n", i);
		buf_addf(&b, "b%d\nsame\n", i);
	}
	ye_diff(&out, "f", a.data, a.len, b.data, b.len);
	assert_true(out.len > a.len);
	assert_non_null(strstr(out.data, "\n-a7\n+b7\n same\n"));
	buf_reset(&out);
	buf_addstr(&b, "more\n");
	ye_diff(&out, "f", a.data, a.len, b.data, b.len);
	assert_non_null(strstr(out.data, "\n+more\n"));
	buf_release(&a);
	buf_release(&b);
	buf_release(&out);
}

/* Hundreds of services share a file; it is parsed once, and never mistaken. */
static void texts_read_again_are_not_parsed_again(void **state)
{
	char text[] = "a: 1\n", same[] = "a: 1\n", name[32];
	struct err err = { 0 };
	const struct parse *p = ye_memo(text, strlen(text), &err);
	const struct ev *ev = p->ev;

	(void)state;
	p = ye_memo("b: 1\n", 5, &err);
	assert_true(ye_ev_is(&p->ev[2], "b"));
	p = ye_memo(same, strlen(same), &err);
	assert_ptr_equal(p->ev, ev);
	text[3] = '2';		/* known by its bytes, not by where they are */
	p = ye_memo(text, strlen(text), &err);
	assert_true(ye_ev_is(&p->ev[3], "2"));
	p = ye_memo(same, strlen(same), &err);
	assert_ptr_equal(p->ev, ev);
	for (int i = 0; i < 2; i++) {
		assert_null(ye_memo("a: [", 4, &err));
		assert_int_equal(err.code, ERR_DATA);
		err_clear(&err);
	}
	for (int i = 0; i < 200; i++) {		/* more than are kept */
		snprintf(name, sizeof(name), "k%d: 1\n", i);
		p = ye_memo(name, strlen(name), &err);
		assert_true(strncmp(p->ev[2].value, name, p->ev[2].len) == 0);
	}
	p = ye_memo(same, strlen(same), &err);
	assert_true(ye_ev_is(&p->ev[2], "a") && ye_ev_is(&p->ev[3], "1"));
	ye_memo_release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_read),
		cmocka_unit_test(plain_is_only_what_all_read_as_a_string),
		cmocka_unit_test(documents_become_trees),
		cmocka_unit_test(bad_documents_are_refused),
		cmocka_unit_test(diffs_are_unified),
		cmocka_unit_test(large_diffs_end),
		cmocka_unit_test(texts_read_again_are_not_parsed_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
