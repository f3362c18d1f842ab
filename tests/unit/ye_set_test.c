/* yamledit: a new value in the place of an old one, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "yamledit/edit.h"

static struct ye_path *path_of(const char *name, const char *text)
{
	struct ye_path *path = NULL;
	struct err err = { 0 };

	if (ye_path_parse(&path, text, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
	return path;
}

static void set_is(const char *name, const char *in, const char *path_text,
		   const char *value, const char *want)
{
	struct ye_path *path = path_of(name, path_text);
	struct buf out = { 0 };
	struct err err = { 0 };

	if (ye_set(&out, in, strlen(in), path, value, NULL, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
	if (strcmp(buf_str(&out), want) != 0)
		fail_msg("%s: got\n%s\nwant\n%s", name, buf_str(&out), want);
	buf_release(&out);
	ye_path_free(path);
}

/* The message must begin with the place and hold the words. */
static void set_fails(const char *name, const char *in, const char *path_text,
		      enum err_code code, const char *begin, const char *words)
{
	struct ye_path *path = path_of(name, path_text);
	struct buf out = { 0 };
	struct err err = { 0 };

	if (ye_set(&out, in, strlen(in), path, "v2", NULL, &err) == 0)
		fail_msg("%s: not refused:\n%s", name, buf_str(&out));
	if (err.code != code)
		fail_msg("%s: code %d, %s", name, err.code, err.msg);
	if (strncmp(err.msg, begin, strlen(begin)) != 0 ||
	    !strstr(err.msg, words))
		fail_msg("%s: message '%s'", name, err.msg);
	if (out.len)
		fail_msg("%s: output was touched", name);
	ye_path_free(path);
}

#define IMG(tag) "images:\n- name: a\n  newTag: v0\n- name: app\n  newTag: " \
		 tag "\nz: 1\n"

static void values_find_their_place(void **state)
{
	static const struct { const char *name, *in, *path, *value, *want; }
	rows[] = {
		{ "by name, not by order", IMG("v1"), "images[name=app].newTag",
		  "v2", IMG("v2") },
		{ "by index", IMG("v1"), "images[1].newTag", "v2", IMG("v2") },
		{ "an image with a port and a path",
		  "images:\n- name: r.io:5000/a.b/c\n  newTag: 1\n",
		  "images[name=r.io:5000/a.b/c].newTag", "v2",
		  "images:\n- name: r.io:5000/a.b/c\n  newTag: v2\n" },
		{ "a string before a number of the same text",
		  "l:\n- n: 1\n  v: a\n- n: \"1\"\n  v: b\n", "l[n=1].v", "c",
		  "l:\n- n: 1\n  v: a\n- n: \"1\"\n  v: c\n" },
		{ "a number where it is alone", "l:\n- port: 80\n  v: a\n",
		  "l[port=80].v", "c", "l:\n- port: 80\n  v: c\n" },
		{ "a key with dots", "a:\n  b.c/d: x\n", "a.\"b.c/d\"", "w",
		  "a:\n  b.c/d: w\n" },
		{ "CRLF", "a: 1\r\nb: x\r\n", "b", "w", "a: 1\r\nb: w\r\n" },
		{ "each line its own end", "a: 1\r\nb: x\nc: 2\r\n", "b", "w",
		  "a: 1\r\nb: w\nc: 2\r\n" },
		{ "a tab in a comment", "a: x\t#\tc\n#\td\n", "a", "w",
		  "a: w\t#\tc\n#\td\n" },
		{ "between directives and an end",
		  "%YAML 1.1\n--- # c\na: x\n...\n# d\n", "a", "w",
		  "%YAML 1.1\n--- # c\na: w\n...\n# d\n" },
		{ "a byte order mark", "\xef\xbb\xbf" "a: x\n", "a", "w",
		  "\xef\xbb\xbf" "a: w\n" },
		{ "non-ASCII before", "# \xc3\xbc \xe4\xb8\xad \xf0\x9f\x98\x80"
		  "\na: x\n", "a", "w", "# \xc3\xbc \xe4\xb8\xad "
		  "\xf0\x9f\x98\x80\na: w\n" },
		{ "no last line break", "a: x", "a", "w", "a: w" },
		{ "the document itself", "x\n", ".", "w", "w\n" },
		{ "the same value, quoted by somebody", "a: \"x\" # c\n", "a",
		  "x", "a: \"x\" # c\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		set_is(rows[i].name, rows[i].in, rows[i].path, rows[i].value,
		       rows[i].want);
}

static void styles_are_kept(void **state)
{
	static const struct { const char *name, *in, *value, *want; } rows[] = {
		{ "plain", "a: x\n", "w", "a: w\n" },
		{ "plain to URL", "a: x\n", "https://git.example.com/b//d?ref=1.0",
		  "a: https://git.example.com/b//d?ref=1.0\n" },
		{ "plain to URL in flow", "{a: x}\n", "http://r.io/d?ref=1.0",
		  "{a: \"http://r.io/d?ref=1.0\"}\n" },
		{ "plain to number", "a: x\n", "12e4567", "a: \"12e4567\"\n" },
		{ "plain to bool of YAML 1.1", "a: x\n", "on", "a: \"on\"\n" },
		{ "single", "a: 'x'\n", "it's", "a: 'it''s'\n" },
		{ "single to control", "a: 'x'\n", "a\tb", "a: \"a\\tb\"\n" },
		{ "double", "a: \"x\"\n", "\"\\", "a: \"\\\"\\\\\"\n" },
		{ "line separators are escaped", "a: 'x'\n",
		  "\xc2\x85\xe2\x80\xa8", "a: \"\\u0085\\u2028\"\n" },
		{ "other letters are not", "a: \"x\"\n", "\xc3\xbc",
		  "a: \"\xc3\xbc\"\n" },
		{ "empty", "a:\n", "w", "a: w\n" },
		{ "empty, comment", "a: # c\n", "w", "a: w # c\n" },
		{ "empty in flow", "{a: }\n", "w", "{a: w}\n" },
		{ "anchor alone", "a: &x\nb: 1\n", "w", "a: &x w\nb: 1\n" },
		{ "anchor and tag", "a: &x !!str v # c\n", "1",
		  "a: &x !!str \"1\" # c\n" },
		{ "properties on a line of their own", "a: &x # c\n  v\n", "w",
		  "a: &x # c\n  w\n" },
		{ "plain over lines", "a: x\n  y\n\n  z\nb: 1\n", "v",
		  "a: v\nb: 1\n" },
		{ "literal", "a: |\n  x\n\n  y\n\n# c\nb: 1\n", "v",
		  "a: v\n\n# c\nb: 1\n" },
		{ "folded with comment", "a: >-2 # c\n    x\nb: 1\n", "v",
		  "a: v # c\nb: 1\n" },
		{ "literal at the end", "a: |-\n  x", "v", "a: v" },
		{ "literal without text", "a: |\nb: 1\n", "v", "a: v\nb: 1\n" },
		{ "literal with CRLF", "a: |+\r\n  x\r\n\r\nb: 1\r\n", "v",
		  "a: v\r\n\r\nb: 1\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		set_is(rows[i].name, rows[i].in,
		       "a", rows[i].value,
		       rows[i].want);
}

static void what_is_unsafe_is_refused(void **state)
{
	static const struct {
		const char *name, *in, *path;
		enum err_code code;
		const char *begin, *words;
	} rows[] = {
		{ "a typo", IMG("v1"), "images[name=app].newtag", ERR_NOTFOUND,
		  "4:3: ", "did you mean 'newTag'" },
		{ "no such item", IMG("v1"), "images[name=web].newTag",
		  ERR_NOTFOUND, "2:1: ", "there are: a, app" },
		{ "an index too high", "a:\n- x\n", "a[1]", ERR_NOTFOUND,
		  "2:1: ", "has 1" },
		{ "two items", "l:\n- n: a\n- n: a\n", "l[n=a].n", ERR_UNSAFE,
		  "3:3: ", "second item" },
		{ "a key twice", "a: 1\na: 2\n", "a", ERR_UNSAFE, "2:1: ",
		  "stands twice" },
		{ "a key twice on the way", "a:\n  b: 1\na:\n  b: 2\n", "a.b",
		  ERR_UNSAFE, "3:1: ", "stands twice" },
		{ "an alias", "x: &x 1\na: *x\n", "a", ERR_UNSAFE, "2:4: ",
		  "alias" },
		{ "an alias on the way", "x: &x {b: 1}\na: *x\n", "a.b",
		  ERR_UNSAFE, "2:4: ", "alias" },
		{ "an anchor in use", "a: &x 1\nb: *x\n", "a", ERR_UNSAFE,
		  "1:4: ", "*x" },
		{ "inside an anchor in use", "a: &x {b: 1}\nc: *x\n", "a.b",
		  ERR_UNSAFE, "1:4: ", "*x" },
		{ "from a merge key", "x: &x {b: 1}\na:\n  <<: *x\n", "a.b",
		  ERR_UNSAFE, "3:3: ", "merge key" },
		{ "before a merge key", "x: &x {b: 1}\na:\n  b: 2\n  <<: *x\n",
		  "a.b", ERR_UNSAFE, "4:3: ", "readers differ" },
		{ "an item that is an alias", "x: &x {n: a}\nl: [*x]\n",
		  "l[n=a].n", ERR_UNSAFE, "2:5: ", "alias" },
		{ "a map", "a: {b: 1}\n", "a", ERR_UNSAFE, "1:4: ", "a map" },
		{ "a tag that is no string's", "a: !!int 1\n", "a", ERR_UNSAFE,
		  "1:4: ", "tag:yaml.org,2002:int" },
		{ "a directive behind a text", "|\n%YAML 1.1\n---\nb\n", ".", ERR_UNSAFE,
		  "2:1: ", "(%) right behind a text" },
		{ "a template that parses", "a: {{ .x }}\n", "a", ERR_UNSAFE,
		  "1:4: ", "template" },
		{ "a template in a string", "a: \"{{ .x }}\"\n", "a",
		  ERR_UNSAFE, "1:4: ", "template" },
		{ "a text at the column of its key", "a:\n|\n x\n", "a",
		  ERR_UNSAFE, "2:1: ", "column" },
		{ "SOPS", "a: 1\nsops:\n  mac: x\n", "a", ERR_UNSAFE, "3:8: ",
		  "SOPS" },
		{ "two documents", "a: 1\n---\na: 2\n", "a", ERR_UNSAFE,
		  "2:1: ", "2 documents" },
		{ "no document", "# c\n", "a", ERR_NOTFOUND, "1:1: ",
		  "nothing" },
		{ "not YAML", "a: [\n", "a", ERR_DATA, "2:1: ", "not YAML" },
		{ "a tab", "a:\n\tb: 1\n", "a.b", ERR_DATA, "2:1: ", "a tab" },
		{ "UTF-16", "\xff\xfe" "a", "a", ERR_DATA, "1:1: ",
		  "UTF-16" },
		{ "not UTF-8", "a: 1\nb: \xff\n", "a", ERR_DATA, "2:4: ",
		  "UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		set_fails(rows[i].name, rows[i].in, rows[i].path, rows[i].code,
			  rows[i].begin, rows[i].words);
}

static void limits_hold(void **state)
{
	struct buf deep = { 0 }, out = { 0 };
	struct ye_path *path = path_of("limits", "a");
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_addch(&deep, '[');
	assert_int_equal(ye_set(&out, deep.data, deep.len, path, "v", NULL,
				&err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.msg, "1:129: more than 128"));
	buf_reset(&deep);
	err_clear(&err);
	for (int i = 0; i < 200; i++)
		buf_addf(&deep, "%%TAG !a%d! x\n", i);
	buf_addstr(&deep, "---\na: x\n");
	assert_int_equal(ye_set(&out, deep.data, deep.len, path, "v", NULL,
				&err), -1);
	assert_int_equal(err.code, ERR_DATA);
	buf_reset(&deep);
	err_clear(&err);
	buf_addstr(&deep, "a: ");
	memset(buf_reserve(&deep, YE_MAX_SIZE), 'x', YE_MAX_SIZE);
	deep.len += YE_MAX_SIZE;
	assert_int_equal(ye_set(&out, deep.data, deep.len, path, "v", NULL,
				&err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_int_equal(out.len, 0);
	buf_release(&deep);
	ye_path_free(path);
}

/* Each `?` is a map whose key is the next one: no work may double with it. */
static void nested_keys_take_no_time(void **state)
{
	struct buf text = { 0 }, out = { 0 };
	struct ye_options opt = { .create = true };
	struct ye_path *path = path_of("nested", "b");
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_addstr(&text, "? ");
	buf_addstr(&text, "a\n");
	assert_int_equal(ye_set(&out, text.data, text.len, path, "v", &opt,
				&err), 0);
	assert_non_null(strstr(out.data, "? a\nb: v\n"));
	buf_release(&text);
	buf_release(&out);
	ye_path_free(path);
}

static void edits_see_those_before(void **state)
{
	const char *in = "l:\n- {n: a, v: 1x}\n- {n: b, v: 2x}\n";
	struct ye_path *p[3] = { path_of("", "l[n=a].n"),
				 path_of("", "l[n=c].v"),
				 path_of("", "l[n=b].v") };
	struct ye_edit edits[] = {
		{ .op = YE_SET, .path = p[0], .value = "c" },
		{ .op = YE_SET, .path = p[1], .value = "first" },
		{ .op = YE_SET, .path = p[2], .value = "w" },
		{ .op = YE_SET, .path = p[2], .value = "2x" },
	};
	struct buf out = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(ye_apply(&out, in, strlen(in), edits,
				  ARRAY_LEN(edits), NULL, &err), 0);
	assert_string_equal(buf_str(&out),
			    "l:\n- {n: c, v: first}\n- {n: b, v: 2x}\n");
	buf_release(&out);
	/* One that fails takes all with it. */
	edits[3].path = p[0];
	assert_int_equal(ye_apply(&out, in, strlen(in), edits,
				  ARRAY_LEN(edits), NULL, &err), -1);
	assert_int_equal(out.len, 0);
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		ye_path_free(p[i]);
}

static void documents_are_picked(void **state)
{
	const char *in = "kind: A\nm: {n: x}\n---\nkind: B\nm: {n: x}\n---\n"
			 "kind: B\nm: {n: y}\n---\n";
	static const struct {
		const char *name;
		struct ye_options opt;
		enum err_code code;
		const char *want;
	} rows[] = {
		{ "by number", { .document = 2 }, 0, "B" },
		{ "by kind", { .where = "kind=A" }, 0, "A" },
		{ "by kind and name", { .where = "kind=B,m.n=y" }, 0, "B" },
		{ "number and kind", { .document = 1, .where = "kind=B" },
		  ERR_NOTFOUND, NULL },
		{ "two match", { .where = "kind=B" }, ERR_UNSAFE, NULL },
		{ "none matches", { .where = "kind=C" }, ERR_NOTFOUND, NULL },
		{ "past the end", { .document = 9 }, ERR_NOTFOUND, NULL },
		{ "not said", { 0 }, ERR_UNSAFE, NULL },
		{ "no condition", { .where = "kind" }, ERR_USAGE, NULL },
	};
	struct ye_path *path = path_of("", "kind");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { 0 };
		struct err err = { 0 };

		ye_get(&out, in, strlen(in), path, &rows[i].opt, &err);
		if (err.code != rows[i].code)
			fail_msg("%s: %d %s", rows[i].name, err.code, err.msg);
		if (rows[i].want && strcmp(rows[i].want, buf_str(&out)) != 0)
			fail_msg("%s: %s", rows[i].name, buf_str(&out));
		buf_release(&out);
	}
	ye_path_free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_find_their_place),
		cmocka_unit_test(styles_are_kept),
		cmocka_unit_test(what_is_unsafe_is_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(nested_keys_take_no_time),
		cmocka_unit_test(edits_see_those_before),
		cmocka_unit_test(documents_are_picked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
