/* yamledit: what is added, what is removed, and versions of images. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "yamledit/edit.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef" \
	       "0123456789abcdef0123456789abcdef"

/* One edit: OP, on WHERE (path, name or key), to VALUE (value, version). */
static void run(const char *name, const char *in, enum ye_op op,
		const char *where, const char *value, bool create,
		enum err_code code, const char *want)
{
	struct ye_options opt = { .create = create };
	struct ye_edit e = { .op = op, .value = value, .name = where };
	struct ye_path *path = NULL;
	struct arena a = { 0 };
	struct buf out = { 0 }, again = { 0 };
	struct err err = { 0 };

	if (op != YE_IMAGE && ye_path_parse(&path, where, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
	if ((op == YE_IMAGE || op == YE_HELM) &&
	    version_parse(&e.version, &a, value, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
	e.path = path;
	ye_apply(&out, in, strlen(in), &e, 1, &opt, &err);
	if (err.code != code)
		fail_msg("%s: code %d: %s", name, err.code, err.msg);
	if (code && !strstr(err.msg, want))
		fail_msg("%s: message '%s'", name, err.msg);
	if (!code && strcmp(buf_str(&out), want) != 0)
		fail_msg("%s: got\n%s\nwant\n%s", name, buf_str(&out), want);
	/* Once more is no change; what was removed is not there. */
	if (!code && op != YE_DELETE) {
		ye_apply(&again, buf_str(&out), out.len, &e, 1, &opt, &err);
		assert_string_equal(buf_str(&again), buf_str(&out));
	}
	buf_release(&out);
	buf_release(&again);
	arena_release(&a);
	ye_path_free(path);
}

struct row {
	const char *name, *in, *where, *value;
	enum err_code code;
	const char *want;	/* text, or words of the message */
};

static void run_rows(const struct row *rows, size_t n, enum ye_op op,
		     bool create)
{
	for (size_t i = 0; i < n; i++)
		run(rows[i].name, rows[i].in, op, rows[i].where, rows[i].value,
		    create, rows[i].code, rows[i].want);
}

static void missing_is_added(void **state)
{
	static const struct row rows[] = {
		{ "a key of a nested map", "a:\n  b: x # c\n\n  # d\ne: f\n",
		  "a.c", "w", 0, "a:\n  b: x # c\n  c: w\n\n  # d\ne: f\n" },
		{ "a key of the document", "a: x\n\n# end\n", "b", "w", 0,
		  "a: x\n\n# end\nb: w\n" },
		{ "with CRLF", "a:\r\n  b: x\r\n", "a.c", "w", 0,
		  "a:\r\n  b: x\r\n  c: w\r\n" },
		{ "a map in a map, stepped as others",
		  "a:\n    b: x\n", "c.d", "w", 0,
		  "a:\n    b: x\nc:\n    d: w\n" },
		{ "below nothing", "a:\n  b: # c\nd: e\n", "a.b.c", "w", 0,
		  "a:\n  b: # c\n    c: w\nd: e\n" },
		{ "below null", "a: null # c\n", "a.b", "w", 0,
		  "a: # c\n  b: w\n" },
		{ "in an empty flow map", "a: {}\n", "a.b.c", "w", 0,
		  "a: {b: {c: w}}\n" },
		{ "in JSON", "{\"a\": {\"b\": \"x\"}}\n", "a.c", "w", 0,
		  "{\"a\": {\"b\": \"x\", \"c\": \"w\"}}\n" },
		{ "one entry to a line", "a: {\n  b: x, # c\n  d: x # e\n}\n",
		  "a.f", "w", 0,
		  "a: {\n  b: x, # c\n  d: x, # e\n  f: w\n}\n" },
		{ "the same with a last comma", "a: [\n  x, # c\n]\n", "a[1]",
		  "w", 0, "a: [\n  x, # c\n  w,\n]\n" },
		{ "an item by index", "a:\n- x\n", "a[1]", "w", 0,
		  "a:\n- x\n- w\n" },
		{ "an item by name",
		  "l:\n  - name: a\n    v: 1x\n", "l[name=b].v.w", "x y", 0,
		  "l:\n  - name: a\n    v: 1x\n  - name: b\n    v:\n"
		  "      w: \"x y\"\n" },
		{ "a flow item among flow items", "l:\n- {name: a, v: x}\n",
		  "l[name=b].v", "w", 0,
		  "l:\n- {name: a, v: x}\n- {name: b, v: w}\n" },
		{ "a list", "a: x\n", "l[name=b].v", "w", 0,
		  "a: x\nl:\n- name: b\n  v: w\n" },
		{ "a key that wants quotes", "a: x\n", "on", "w", 0,
		  "a: x\n\"on\": w\n" },
		{ "beside a merge key", "x: &x {b: 1}\na:\n  <<: *x\n", "a.b",
		  "w", 0, "x: &x {b: 1}\na:\n  <<: *x\n  b: w\n" },
		{ "behind a text that keeps blank lines",
		  "a:\n  b: |+\n    x\n\nc: d\n", "a.f", "w", 0,
		  "a:\n  b: |+\n    x\n\n  f: w\nc: d\n" },
		{ "behind a text whose comment has a plus",
		  "a:\n  b: |#+\n    x\n\nc: d\n", "a.f", "w", 0,
		  "a:\n  b: |#+\n    x\n  f: w\n\nc: d\n" },
		{ "before a comment without a blank", "{'a'#c\n}\n", "a", "w",
		  0, "{'a': w #c\n}\n" },
		{ "behind an explicit key", "? a\n: ? b\n  : x\n", "a.c", "w",
		  0, "? a\n: ? b\n  : x\n  c: w\n" },
		{ "an index too far", "a:\n- x\n", "a[2]", "w", ERR_NOTFOUND,
		  "no item [2]" },
		{ "below a string", "a: x\n", "a.b", "w", ERR_UNSAFE,
		  "a string, where a map" },
		{ "an item of a map", "a: {b: c}\n", "a[0]", "w", ERR_UNSAFE,
		  "a map" },
		{ "nothing to add to", "# c\n", "a", "w", ERR_NOTFOUND,
		  "nothing but" },
		{ "before a tab", "a: {\n\t}\n", "a.b", "w", ERR_UNSAFE,
		  "a line below begins with a tab" },
		{ "below null on a line of its own", "a:\n  ~\n", "a.b", "w",
		  ERR_UNSAFE, "not understood" },
		{ "behind what would grow", "a: |\n  x", "b", "w", ERR_UNSAFE,
		  "line break" },
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), YE_SET, true);
	run("not unless asked for", "a: x\n", YE_SET, "b", "w", false,
	    ERR_NOTFOUND, "no key 'b'");
}

static void what_goes_goes_alone(void **state)
{
	static const struct row rows[] = {
		{ "an entry and its comment", "a: 1\nb: 2 # c\n# d\ne: 3\n",
		  "b", NULL, 0, "a: 1\n# d\ne: 3\n" },
		{ "all lines of a map", "a:\n  b: 1\n  c: 2\nd: 3\n", "a",
		  NULL, 0, "d: 3\n" },
		{ "behind a dash", "- a: 1\n  b: 2\n", "[0].a", NULL, 0,
		  "- b: 2\n" },
		{ "behind a dash, before a comment",
		  "- a: 1\n  # c\n  b: 2\n", "[0].a", NULL, 0,
		  "-\n  # c\n  b: 2\n" },
		{ "an item", "a:\n- x\n- w\n", "a[0]", NULL, 0, "a:\n- w\n" },
		{ "the last line, without a break", "a: 1\nb: 2", "b", NULL,
		  0, "a: 1" },
		{ "in flow, the first", "{a: 1, b: 2}\n", "a", NULL, 0,
		  "{b: 2}\n" },
		{ "in flow, the last", "{a: 1, b: 2}\n", "b", NULL, 0,
		  "{a: 1}\n" },
		{ "in flow, the only one", "a: {b: 1}\n", "a.b", NULL, 0,
		  "a: {}\n" },
		{ "in flow, a line of its own",
		  "[\n  a, # 1\n  b, # 2\n  c # 3\n]\n", "[1]", NULL, 0,
		  "[\n  a, # 1\n  c # 3\n]\n" },
		{ "the only entry", "a:\n  b: 1\n", "a.b", NULL, ERR_UNSAFE,
		  "null" },
		{ "an anchor in use", "a: &x 1\nb: 2\nc: *x\n", "a", NULL,
		  ERR_UNSAFE, "*x" },
		{ "an anchor in use, inside", "a: {d: &x 1}\nc: [*x]\n", "a",
		  NULL, ERR_UNSAFE, "*x" },
		{ "blank lines that a text above would keep",
		  "a: |+\n  x\nb: 1\n\nc: 2\n", "b", NULL, ERR_UNSAFE,
		  "take in" },
		{ "in flow, before a comment without a blank",
		  "[a,'b'#c\n]\n", "[1]", NULL, 0, "[a #c\n]\n" },
		{ "above a tab", "a: 1\nb: x\n  \t# c\n", "b", NULL,
		  ERR_UNSAFE, "a line below begins with a tab" },
		{ "in flow, behind a tab", "[a,\n\tb]\n", "[1]", NULL,
		  ERR_UNSAFE, "there are tabs" },
		{ "in flow, a tab in its comment", "[a, b #\tc\n]\n", "[1]",
		  NULL, 0, "[a #\tc\n]\n" },
		{ "in flow, behind a tag of nothing", "[! , a]\n", "[1]",
		  NULL, ERR_UNSAFE, "needs the comma" },
		{ "in flow, behind a dash", "[-, a]\n", "[1]", NULL,
		  ERR_UNSAFE, "needs the comma" },
		{ "in flow, behind what looks like an end",
		  "[\n---, a]\n", "[1]", NULL, ERR_UNSAFE, "end of the" },
		{ "what leaves a template", "{t: 1, {a: b}: c}\n", "t", NULL,
		  ERR_UNSAFE, "template" },
		{ "what is not there", "a: 1\n", "b", NULL, ERR_NOTFOUND,
		  "no key" },
		{ "the document", "a: 1\n", ".", NULL, ERR_UNSAFE,
		  "document" },
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), YE_DELETE, false);
}

#define ITEM(keys) "images:\n- name: b\n  newTag: x\n- name: r.io:5000/a\n" \
		   "  newName: z\n" keys "c: d\n"

static void images_run_exactly_that_version(void **state)
{
	static const struct row rows[] = {
		{ "tag to tag", ITEM("  newTag: v1\n"), "r.io:5000/a", "v2", 0,
		  ITEM("  newTag: v2\n") },
		{ "tag to digest", ITEM("  newTag: v1\n"), "r.io:5000/a",
		  "@" DIGEST, 0, ITEM("  digest: " DIGEST "\n") },
		{ "tag to both", ITEM("  newTag: v1\n"), "r.io:5000/a",
		  "1.0@" DIGEST, 0,
		  ITEM("  newTag: \"1.0\"\n  digest: " DIGEST "\n") },
		{ "both to tag",
		  ITEM("  newTag: v1\n  digest: " DIGEST " # d\n"),
		  "r.io:5000/a", "v2", 0, ITEM("  newTag: v2\n") },
		{ "digest to tag", ITEM("  digest: " DIGEST "\n"),
		  "r.io:5000/a", "v2", 0, ITEM("  newTag: v2\n") },
		{ "neither to tag", ITEM(""), "r.io:5000/a", "v2", 0,
		  ITEM("  newTag: v2\n") },
		{ "by name, not by newName", ITEM(""), "z", "v2", ERR_NOTFOUND,
		  "no item with name 'z'" },
		{ "in flow", "images: [{name: a, newTag: v1}]\n", "a",
		  "@" DIGEST, 0, "images: [{name: a, digest: " DIGEST "}]\n" },
		{ "two of a name", "images: [{name: a}, {name: a}]\n", "a",
		  "v2", ERR_UNSAFE, "a second item" },
		{ "a merge key has the digest, too", "x: &x\n  digest: y\n"
		  "images:\n- <<: *x\n  name: a\n  digest: " DIGEST "\n", "a",
		  "v2", ERR_UNSAFE, "6:3: without this 'digest'" },
		{ "no list", "images: x\n", "a", "v2", ERR_NOTFOUND,
		  "images is a string, not a list" },
	};
	static const struct row added[] = {
		{ "an entry", "images:\n- name: b\n  newTag: x\n", "a", "v2",
		  0, "images:\n- name: b\n  newTag: x\n- name: a\n"
		  "  newTag: v2\n" },
		{ "images and both keys", "resources:\n  - x\n", "a",
		  "v2@" DIGEST, 0, "resources:\n  - x\nimages:\n  - name: a\n"
		  "    newTag: v2\n    digest: " DIGEST "\n" },
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), YE_IMAGE, false);
	run_rows(added, ARRAY_LEN(added), YE_IMAGE, true);
}

static void helm_values_hold_versions(void **state)
{
	static const struct row rows[] = {
		{ "tag", "i:\n  tag: v1\n", "i", "v2", 0, "i:\n  tag: v2\n" },
		{ "a digest that is there, empty",
		  "i:\n  tag: v1\n  digest: \"\"\n", "i", "v2@" DIGEST, 0,
		  "i:\n  tag: v2\n  digest: \"" DIGEST "\"\n" },
		{ "an empty digest stays", "i: {tag: v1, digest: \"\"}\n", "i",
		  "v2", 0, "i: {tag: v2, digest: \"\"}\n" },
		{ "a digest of another version goes, its key stays",
		  "i:\n  tag: v1\n  digest: " DIGEST " # d\n", "i", "v2", 0,
		  "i:\n  tag: v2\n  digest: \"\" # d\n" },
		{ "so does that of the tag",
		  "i:\n  tag: v1\n  digest: \"\"\n", "i", "@" DIGEST, 0,
		  "i:\n  tag: \"\"\n  digest: \"" DIGEST "\"\n" },
		{ "a digest has nowhere to go", "i:\n  tag: v1\n", "i",
		  "v2@" DIGEST, ERR_NOTFOUND, "digest" },
		{ "tag and digest in one string", "i:\n  tag: v1@" DIGEST "\n",
		  "i", "v2@" DIGEST, 0, "i:\n  tag: v2@" DIGEST "\n" },
		{ "a reference with a port", "i: r:5000/a/b:v1@" DIGEST " # c\n",
		  "i", "v2", 0, "i: r:5000/a/b:v2 # c\n" },
		{ "a reference without a tag", "i: 'a/b'\n", "i", "v2", 0,
		  "i: 'a/b:v2'\n" },
		{ "a reference to a digest", "i: a:v1\n", "i", "@" DIGEST, 0,
		  "i: a@" DIGEST "\n" },
		{ "Argo CD's kustomize.images", "images:\n- a=r.io/a:v1\n",
		  "images[0]", "v2", 0, "images:\n- a=r.io/a:v2\n" },
		{ "a bare tag", "i: {tag: v1}\n", "i.tag", "v2", ERR_UNSAFE,
		  "name the map" },
		{ "no reference", "i: a b\n", "i", "v2", ERR_UNSAFE,
		  "not an image reference" },
		{ "a tag that a merge key would bring back",
		  "i:\n  <<: {tag: v0}\n  tag: v1\n  digest: x\n", "i",
		  "@" DIGEST, 0, "i:\n  <<: {tag: v0}\n  tag: \"\"\n"
		  "  digest: " DIGEST "\n" },
		{ "a template", "i: '{{ x }}'\n", "i", "v2", ERR_UNSAFE,
		  "template" },
		{ "nothing", "i:\n", "i", "v2", ERR_UNSAFE, "nothing" },
		{ "a list", "i: [a]\n", "i", "v2", ERR_UNSAFE, "a list" },
	};
	static const struct row added[] = {
		{ "the whole map", "a: x\n", "i", "v2@" DIGEST, 0,
		  "a: x\ni:\n  tag: v2\n  digest: " DIGEST "\n" },
		{ "in nothing", "i:\nb: x\n", "i", "v2", 0,
		  "i:\n  tag: v2\nb: x\n" },
		{ "the digest", "i:\n  tag: v1\n", "i", "v2@" DIGEST, 0,
		  "i:\n  tag: v2\n  digest: " DIGEST "\n" },
	};

	(void)state;
	run_rows(rows, ARRAY_LEN(rows), YE_HELM, false);
	run_rows(added, ARRAY_LEN(added), YE_HELM, true);
}

static void versions_are_read(void **state)
{
	static const struct {
		const char *name, *in;
		enum err_code code;
		const char *want;
	} rows[] = {
		{ "map", "i: {tag: 1.10, digest: }\n", 0, "1.10" },
		{ "both", "i: {tag: v1, digest: " DIGEST "}\n", 0,
		  "v1@" DIGEST },
		{ "joined", "i: {tag: v1@" DIGEST "}\n", 0, "v1@" DIGEST },
		{ "reference", "i: r:5000/a:v1\n", 0, "v1" },
		{ "neither", "i: {a: b}\n", ERR_NOTFOUND, "" },
		{ "an empty tag", "i: {tag: \"\"}\n", 0, "" },
		{ "a tag of nothing", "i: {repository: a, tag: }\n", 0, "" },
		{ "an alias", "x: &x v1\ni: {tag: *x}\n", ERR_UNSAFE, "" },
		{ "absent", "a: b\n", ERR_NOTFOUND, "" },
	};
	struct ye_path *path;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(ye_path_parse(&path, "i", &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct version v = { 0 };
		struct arena a = { 0 };
		struct buf got = { 0 };

		err_clear(&err);
		if (ye_helm_get(&v, &a, rows[i].in, strlen(rows[i].in), path,
				NULL, &err) == 0)
			version_format(&got, &v);
		if (err.code != rows[i].code ||
		    strcmp(buf_str(&got), rows[i].want) != 0)
			fail_msg("%s: %d '%s' %s", rows[i].name, err.code,
				 buf_str(&got), err.msg);
		buf_release(&got);
		arena_release(&a);
	}
	ye_path_free(path);
}

static void images_are_listed(void **state)
{
	const char *in = "images:\n- name: a\n  newName: b\n  newTag: \"1\"\n"
			 "- digest: " DIGEST "\n  name: c\n";
	static const struct { const char *name, *in; enum err_code code; }
	bad[] = {
		{ "two of a name", "images: [{name: a}, {name: a}]", ERR_UNSAFE },
		{ "no name", "images: [{newTag: a}]", ERR_UNSAFE },
		{ "an alias", "x: &x {name: a}\nimages: [*x]", ERR_UNSAFE },
		{ "a merge key", "x: &x {newTag: a}\nimages:\n- <<: *x\n"
		  "  name: b\n", ERR_UNSAFE },
		{ "no list", "images: {a: b}", ERR_UNSAFE },
		{ "not YAML", "images: [", ERR_DATA },
	};
	struct ye_images images;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(ye_images(&images, in, strlen(in), &err), 0);
	assert_int_equal(images.len, 2);
	assert_string_equal(images.items[0].name, "a");
	assert_string_equal(images.items[0].new_name, "b");
	assert_string_equal(images.items[0].version.tag, "1");
	assert_null(images.items[0].version.digest);
	assert_int_equal(images.items[1].line, 5);
	assert_int_equal(images.items[1].column, 3);
	assert_string_equal(images.items[1].version.digest, DIGEST);
	assert_null(images.items[1].new_name);
	ye_images_release(&images);
	assert_int_equal(ye_images(&images, "a: b", 4, &err), 0);
	assert_int_equal(images.len, 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		err_clear(&err);
		ye_images(&images, bad[i].in, strlen(bad[i].in), &err);
		if (err.code != bad[i].code)
			fail_msg("%s: %d %s", bad[i].name, err.code, err.msg);
	}
}

static void keys_are_listed(void **state)
{
	const char *in = "b: 1\n\"a.c\": 2\n<<: {z: 1}\nd: {e: 1}\n";
	struct arena a = { 0 };
	struct err err = { 0 };
	const char **keys;
	size_t len;

	(void)state;
	assert_int_equal(ye_keys(&keys, &len, &a, in, strlen(in), NULL, NULL,
				 &err), 0);
	assert_int_equal(len, 3);
	assert_string_equal(keys[0], "b");
	assert_string_equal(keys[1], "a.c");
	assert_string_equal(keys[2], "d");
	assert_int_equal(ye_keys(&keys, &len, &a, "[]", 2, NULL, NULL, &err),
			 -1);
	assert_int_equal(err.code, ERR_UNSAFE);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_is_added),
		cmocka_unit_test(what_goes_goes_alone),
		cmocka_unit_test(images_run_exactly_that_version),
		cmocka_unit_test(helm_values_hold_versions),
		cmocka_unit_test(versions_are_read),
		cmocka_unit_test(images_are_listed),
		cmocka_unit_test(keys_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
