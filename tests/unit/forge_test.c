/* What does not depend on a forge's answers: kinds, roots, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bot/base/str.h"
#include "forge/forge.h"
#include "forge/json.h"

static void roots(void **state)
{
	static const struct { const char *kind, *origin, *want; } rows[] = {
		{ "github", "https://github.com:443", "https://api.github.com" },
		{ "github", "https://github.com", "https://api.github.com" },
		{ "github", "https://ghe.example:8443",
		  "https://ghe.example:8443/api/v3" },
		{ "github", "https://ghe.example/", "https://ghe.example/api/v3" },
		{ "github", "https://github.com.evil.example",
		  "https://github.com.evil.example/api/v3" },
		{ "github", "http://127.0.0.1:8080/api/v3/",
		  "http://127.0.0.1:8080/api/v3" },
		{ "gitea", "https://gitea.com:443",
		  "https://gitea.com:443/api/v1" },
		{ "forgejo", "https://codeberg.org",
		  "https://codeberg.org/api/v1" },
		{ "gitea", "https://git.example/gitea/api/v1",
		  "https://git.example/gitea/api/v1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *got = forge_default_root(rows[i].kind, rows[i].origin);

		assert_string_equal(got, rows[i].want);
		free(got);
	}
}

static void kinds(void **state)
{
	static const struct { const char *host, *want; } rows[] = {
		{ "github.com", "github" },
		{ "GitHub.com", "github" },
		{ "codeberg.org", "forgejo" },
		{ "gitea.com", "gitea" },
		{ "git.example", NULL },
		{ "notgithub.com", NULL },
	};
	struct buf names = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(str_eq(forge_kind_of_host(rows[i].host),
				   rows[i].want));
	forge_kind_names(&names);
	assert_string_equal(buf_str(&names), "github, gitea, forgejo");
	buf_release(&names);
	assert_true(forge_kind_known("forgejo"));
	assert_false(forge_kind_known("sourceforge"));
	assert_string_equal(forge_git_user("github"), "x-access-token");
	assert_string_equal(forge_token_variables("gitea")[0], "GITEA_TOKEN");
	assert_null(forge_token_variables("none")[0]);
}

static int url_fake(void *ctx, const struct http_request *req,
		    struct http_response *res, struct err *err)
{
	struct buf *seen = ctx;

	(void)err;
	buf_addstr(seen, req->url);
	res->status = 404;
	return 0;
}

static void what_is_not_to_be_opened(void **state)
{
	static const struct {
		const char *kind, *root, *owner, *name, *token;
		enum err_code want;
	} rows[] = {
		{ "sourceforge", "https://x.example", "a", "b", NULL, ERR_USAGE },
		{ "gitea", "https://u:p@x.example", "a", "b", NULL, ERR_USAGE },
		{ "gitea", "https://x.example", "", "b", NULL, ERR_USAGE },
		{ "gitea", "https://x.example", "..", "b", NULL, ERR_USAGE },
		{ "gitea", "https://x.example", "a", NULL, NULL, ERR_USAGE },
		{ "gitea", "https://x.example", "a", "b", "two words",
		  ERR_USAGE },
		{ "gitea", "https://x.example", "a", "b", NULL, ERR_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_options ho = { .deadline = deadline_in(10000) };
		struct forge_options o = {
			.kind = rows[i].kind, .root = rows[i].root,
			.owner = rows[i].owner, .name = rows[i].name,
			.token = rows[i].token, .http = http_new(&ho),
		};
		struct err err = { 0 };
		struct forge *f;

		forge_open(&f, &o, &err);
		if (err.code != rows[i].want)
			fail_msg("row %zu: %d '%s'", i, (int)err.code, err.msg);
		forge_free(f);
		http_free(o.http);
	}
}

static void owner_and_name_are_escaped(void **state)
{
	struct http_options ho = { .deadline = deadline_in(10000) };
	struct forge_options o = {
		.kind = "gitea", .root = "https://x.example/api/v1",
		.owner = "a/../b", .name = "c?d#e", .http = http_new(&ho),
	};
	struct arena a = { 0 };
	struct buf seen = { 0 };
	struct err err = { 0 };
	struct forge_pr pr;
	struct forge *f;

	(void)state;
	http_set_fake(o.http, url_fake, &seen);
	assert_int_equal(forge_open(&f, &o, &err), 0);
	assert_int_equal(forge_get(f, 7, &a, &pr, &err), -1);
	assert_string_equal(buf_str(&seen), "https://x.example/api/v1/repos/"
			    "a%2F..%2Fb/c%3Fd%23e/pulls/7");
	forge_free(f);
	http_free(o.http);
	buf_release(&seen);
	arena_release(&a);
}

/* So many reasons, each another one. */
static int errors_fake(void *ctx, const struct http_request *req,
		       struct http_response *res, struct err *err)
{
	(void)ctx;
	(void)req;
	(void)err;
	res->status = 422;
	buf_addstr(&res->body, "{\"errors\":[\"the first\"");
	for (int i = 0; i < 200000; i++)
		buf_addf(&res->body, ",\"%07d\"", i);
	buf_addstr(&res->body, "]}");
	return 0;
}

/* Read to its end it would take minutes, and tests have theirs. */
static void a_flood_of_errors_takes_no_time(void **state)
{
	struct http_options ho = { .deadline = deadline_in(60000) };
	struct forge_options o = {
		.kind = "gitea", .root = "https://x.example/api/v1",
		.owner = "a", .name = "c", .http = http_new(&ho),
	};
	struct err err = { 0 };
	struct forge *f;

	(void)state;
	http_set_fake(o.http, errors_fake, NULL);
	assert_int_equal(forge_open(&f, &o, &err), 0);
	assert_int_equal(forge_close_pr(f, 7, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	assert_non_null(strstr(err.msg, "the first; 0000"));
	assert_true(strlen(err.msg) < 600);
	forge_free(f);
	http_free(o.http);
}

static void json_is_read_under_limits(void **state)
{
	static const struct { const char *text; bool ok; } rows[] = {
		{ "null", true },
		{ "[]", true },
		{ "{\"a\": \"]]]]]]\\\"[[[\"}", true },
		{ "", false },
		{ "{", false },
		{ "{} {}", false },
		{ "{\"a\": \"\\u0000\"}", false },
		{ "[\"\xff\"]", false },
		{ "<html>", false },
	};
	struct buf deep = { 0 };
	json_t *j;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		j = js_parse(rows[i].text, strlen(rows[i].text));
		if (!j != !rows[i].ok)
			fail_msg("%s", rows[i].text);
		json_decref(j);
	}
	for (int n = 64; n <= 65; n++) {
		buf_reset(&deep);
		for (int i = 0; i < n; i++)
			buf_addch(&deep, '[');
		for (int i = 0; i < n; i++)
			buf_addch(&deep, ']');
		j = js_parse(buf_str(&deep), deep.len);
		assert_int_equal(j != NULL, n == 64);
		json_decref(j);
	}
	buf_release(&deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots),
		cmocka_unit_test(kinds),
		cmocka_unit_test(what_is_not_to_be_opened),
		cmocka_unit_test(owner_and_name_are_escaped),
		cmocka_unit_test(a_flood_of_errors_takes_no_time),
		cmocka_unit_test(json_is_read_under_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
