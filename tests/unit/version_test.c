#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bot/base/buf.h"
#include "bot/base/version.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define D "sha256:" HEX
#define TAG_128 "a2345678901234567890123456789012345678901234567890123456789012" \
	"345678901234567890123456789012345678901234567890123456789012345678"

static void what_is_a_version(void **state)
{
	/* NULL: refused */
	static const struct { const char *text, *tag, *digest; } rows[] = {
		{ "1.4.2", "1.4.2", NULL },
		{ "1234567", "1234567", NULL },
		{ "12e4567", "12e4567", NULL },
		{ "_x", "_x", NULL },
		{ "1.0.0+build.5", "1.0.0+build.5", NULL },
		{ "1.4.2@" D, "1.4.2", D },
		{ "@" D, NULL, D },
		{ TAG_128, TAG_128, NULL },
		{ TAG_128 "x", NULL, NULL },
		{ "", NULL, NULL },
		{ "@", NULL, NULL },
		{ "1.4.2@", NULL, NULL },
		{ ".1", NULL, NULL },
		{ "-1", NULL, NULL },
		{ "+1", NULL, NULL },
		{ "1 2", NULL, NULL },
		{ "1\n2", NULL, NULL },
		{ "a/b", NULL, NULL },
		{ "a:b", NULL, NULL },
		{ "a=b", NULL, NULL },
		{ "a,b", NULL, NULL },
		{ "$(x)", NULL, NULL },
		{ "\xc3\xa4", NULL, NULL },
		{ "1@sha256:" "0123", NULL, NULL },
		{ "1@" D "0", NULL, NULL },
		{ "1@" D "@" D, NULL, NULL },
		{ "1@sha512:" HEX, NULL, NULL },
		{ "1@sha256:G123456789abcdef0123456789abcdef"
		  "0123456789abcdef0123456789abcdef", NULL, NULL },
		{ "1@sha256:0123456789ABCDEF0123456789abcdef"
		  "0123456789abcdef0123456789abcdef", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = { 0 };
		struct version v;
		struct err err = { 0 };
		struct buf back = { 0 };
		bool want = rows[i].tag || rows[i].digest;

		if ((version_parse(&v, &a, rows[i].text, &err) == 0) != want)
			fail_msg("'%s': %s", rows[i].text, err.msg);
		if (want) {
			assert_true(version_eq(&v, &(struct version){
				rows[i].tag, rows[i].digest }));
			version_format(&back, &v);
			assert_string_equal(buf_str(&back), rows[i].text);
			assert_false(version_empty(&v));
		} else {
			assert_int_equal(err.code, ERR_USAGE);
		}
		buf_release(&back);
		arena_release(&a);
	}
}

/* Both grammars look at LEN bytes, not at a string. */
static void no_byte_beyond_the_end(void **state)
{
	(void)state;
	assert_true(tag_valid("1.4/x", 3));
	assert_false(tag_valid("1\0x", 3));
	assert_true(digest_valid(D "zzz", strlen(D)));
	assert_false(digest_valid(D, strlen(D) - 1));
}

static void which_versions_are_equal(void **state)
{
	const struct version tag = { "1", NULL }, both = { "1", D };
	const struct version digest = { NULL, D }, none = { NULL, NULL };

	(void)state;
	assert_true(version_eq(&both, &both));
	assert_false(version_eq(&tag, &both));
	assert_false(version_eq(&digest, &both));
	assert_false(version_eq(&tag, &none));
	assert_true(version_empty(&none));
}

static void what_is_an_image(void **state)
{
	/* name NULL: refused */
	static const struct { const char *text, *name, *tag, *digest; } rows[] = {
		{ "nginx", "nginx", NULL, NULL },
		{ "nginx:1.25", "nginx", "1.25", NULL },
		{ "library/nginx:1.25", "library/nginx", "1.25", NULL },
		{ "r.example.com/team/web:1", "r.example.com/team/web", "1",
		  NULL },
		{ "r.example.com:5000/web", "r.example.com:5000/web", NULL,
		  NULL },
		{ "r.example.com:5000/web:1@" D, "r.example.com:5000/web", "1",
		  D },
		{ "localhost:5000/a/b@" D, "localhost:5000/a/b", NULL, D },
		{ "host:5000", "host", "5000", NULL },
		{ "IMAGE_PLACEHOLDER", "IMAGE_PLACEHOLDER", NULL, NULL },
		{ "", NULL, NULL, NULL },
		{ ":1", NULL, NULL, NULL },
		{ "@" D, NULL, NULL, NULL },
		{ "a:", NULL, NULL, NULL },
		{ "a@", NULL, NULL, NULL },
		{ "a/", NULL, NULL, NULL },
		{ "/a", NULL, NULL, NULL },
		{ "a//b", NULL, NULL, NULL },
		{ "a/:1", NULL, NULL, NULL },
		{ "a:b:c", NULL, NULL, NULL },
		{ "r:x/web", NULL, NULL, NULL },
		{ "r:/web", NULL, NULL, NULL },
		{ "r/web:80/x", NULL, NULL, NULL },
		{ "r:80:80/x", NULL, NULL, NULL },
		{ "a b", NULL, NULL, NULL },
		{ "a/-b", NULL, NULL, NULL },
		{ "../a", NULL, NULL, NULL },
		{ "https://r.example.com/a", NULL, NULL, NULL },
		{ "a@sha256:12", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = { 0 };
		struct image_ref ref;
		struct err err = { 0 };
		int rc = image_ref_parse(&ref, &a, rows[i].text, &err);

		if ((rc == 0) != (rows[i].name != NULL))
			fail_msg("'%s': %s", rows[i].text,
				 rc ? err.msg : ref.name);
		if (rc == 0) {
			assert_string_equal(ref.name, rows[i].name);
			assert_true(version_eq(&ref.version,
					       &(struct version){ rows[i].tag,
							rows[i].digest }));
		} else {
			assert_int_equal(err.code, ERR_DATA);
		}
		arena_release(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_version),
		cmocka_unit_test(no_byte_beyond_the_end),
		cmocka_unit_test(which_versions_are_equal),
		cmocka_unit_test(what_is_an_image),
	};

	return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
