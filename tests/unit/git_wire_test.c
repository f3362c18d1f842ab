#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/git_fake.h"

/* What servers may say, and what is made of it; no server is needed. */

/*
 * Rows are written with "|" before each packet's text, "^" for a flush and "~"
 * for a delimiter: "|version 2\n^".
 */
static char *packets(const char *text, size_t *len)
{
	struct buf out = { 0 };

	while (*text) {
		size_t n = strcspn(text + 1, "|^~");

		if (*text == '^')
			pkt_flush(&out);
		else if (*text == '~')
			pkt_delim(&out);
		else
			pkt_addf(&out, "%.*s", (int)n, text + 1);
		text += 1 + (*text == '|' ? n : 0);
	}
	*len = out.len;
	return buf_detach(&out);
}

#define A40 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B40 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define V2  "|version 2\n|agent=git/2.39.5\n|ls-refs=unborn\n" \
	    "|fetch=shallow filter\n|object-format=sha1\n^"

struct talk {
	struct fake fake;
	struct wire wire;
	struct deadline deadline;
	struct err err;
	char *hello, *answer;
};

static void talk_begin(struct talk *t, const char *hello, const char *answer,
		       size_t piece)
{
	*t = (struct talk){ .deadline = deadline_in(5000) };
	t->fake.base.ops = &fake_ops;
	t->hello = packets(hello, &t->fake.hello_len);
	t->answer = packets(answer, &t->fake.answer_len);
	t->fake.hello = t->hello;
	t->fake.answer = t->answer;
	t->fake.piece = piece;
	t->wire = (struct wire){ .transport = &t->fake.base, .version = -1,
				 .deadline = &t->deadline };
}

static void talk_end(struct talk *t)
{
	wire_close(&t->wire);
	free(t->hello);
	free(t->answer);
}

static void refs_are_read(void **state)
{
	static const struct {
		const char *name, *hello, *answer;
		enum err_code want;
		const char *refs;	/* or words of the error */
	} rows[] = {
		{ "two refs and HEAD", V2,
		  "|" A40 " HEAD symref-target:refs/heads/main\n"
		  "|" A40 " refs/heads/main\n|" B40 " refs/heads/x peeled:" A40
		  "\n^", ERR_NONE, "refs/heads/main refs/heads/x "
		  "HEAD=refs/heads/main" },
		{ "an empty repository", V2,
		  "|unborn HEAD symref-target:refs/heads/trunk\n^", ERR_NONE,
		  "HEAD=refs/heads/trunk" },
		{ "refs not asked for", V2,
		  "|" A40 " refs/tags/v1\n|" A40 " refs/heads/a\n^", ERR_NONE,
		  "refs/heads/a HEAD=?" },
		{ "the service's name first", "|# service=git-upload-pack\n^"
		  V2, "^", ERR_NONE, "HEAD=?" },
		{ "an ERR packet", V2, "|ERR gone\n", ERR_REFUSED, "gone" },
		{ "an ERR packet at once", "|ERR no access\n", "", ERR_REFUSED,
		  "no access" },
		{ "a short id", V2, "|aaaa refs/heads/a\n^", ERR_DATA, "line" },
		{ "upper case", V2, "|AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		  " refs/heads/a\n^", ERR_DATA, "line" },
		{ "no name", V2, "|" A40 " \n^", ERR_DATA, "line" },
		{ "an escape in a name", V2, "|" A40 " refs/heads/\x1b[2J\n^",
		  ERR_DATA, "name" },
		{ "two dots in a name", V2, "|" A40 " refs/heads/a..b\n^",
		  ERR_DATA, "name" },
		{ "a delimiter in between", V2, "~^", ERR_DATA, "line" },
		{ "sha256", "|version 2\n|object-format=sha256\n^", "",
		  ERR_DATA, "sha256" },
		{ "sha256 by its length", "|" A40 "aaaaaaaaaaaaaaaaaaaaaaaa "
		  "refs/heads/main\n^", "", ERR_DATA, "sha256" },
		{ "cut off", "|" A40 " refs/heads/a\n", "", ERR_DATA, "cut off" },
	};
	static const char *const prefixes[] = { "refs/heads/" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t piece = 1; piece < 300; piece += 1 + piece / 3) {
			struct buf got = { 0 };
			struct repo_refs refs = { 0 };
			struct talk t;

			talk_begin(&t, rows[i].hello, rows[i].answer, piece);
			if (wire_ls_refs(&t.wire, prefixes, 1, &refs,
					 &t.err) == 0) {
				for (size_t k = 0; k < refs.len; k++)
					buf_addf(&got, "%s ",
						 refs.items[k].name);
				buf_addf(&got, "HEAD=%s", refs.head_target
					 ? refs.head_target : "?");
			}
			if (t.err.code != rows[i].want ||
			    (rows[i].want == ERR_NONE
				? strcmp(buf_str(&got), rows[i].refs) != 0
				: !strstr(t.err.msg, rows[i].refs)))
				fail_msg("%s, in pieces of %zu: %d '%s' '%s'",
					 rows[i].name, piece, t.err.code,
					 t.err.msg, buf_str(&got));
			repo_refs_release(&refs);
			buf_release(&got);
			talk_end(&t);
		}
}

/* The older greeting has a NUL in it, and tags whose name ends in ^{}. */
static void older_greeting_is_read(void **state)
{
	static const char *const prefixes[] = { "refs/heads/" };
	struct buf hello = { 0 };
	struct repo_refs refs = { 0 };
	struct talk t;

	(void)state;
	pkt_addf(&hello, "%s", "# service=git-upload-pack\n");
	pkt_flush(&hello);
	pkt_addf(&hello, A40 " HEAD%cside-band-64k shallow "
		 "symref=HEAD:refs/heads/main object-format=sha1\n", '\0');
	pkt_addf(&hello, A40 " refs/heads/main\n");
	pkt_addf(&hello, B40 " refs/tags/t\n");
	pkt_addf(&hello, A40 " refs/tags/t^{}\n");
	pkt_flush(&hello);
	for (size_t piece = 1; piece < 200; piece += 7) {
		talk_begin(&t, "", "", piece);
		t.fake.hello = hello.data;
		t.fake.hello_len = hello.len;
		assert_int_equal(wire_ls_refs(&t.wire, prefixes, 1, &refs,
					      &t.err), 0);
		assert_int_equal(t.wire.version, 0);
		assert_int_equal(refs.len, 1);
		assert_string_equal(refs.head_target, "refs/heads/main");
		assert_true(caps_get(&t.wire.caps, "shallow", NULL, NULL));
		repo_refs_release(&refs);
		talk_end(&t);
	}
	buf_release(&hello);
}

static int make_nothing(void *ctx, bool thin, struct buf *out, struct err *err)
{
	(void)ctx;
	(void)thin;
	(void)out;
	(void)err;
	return 0;
}

static void reports_are_believed_as_far_as_they_go(void **state)
{
	static const struct {
		const char *name, *report;	/* inside of side band 1 */
		enum repo_push_status main, side;
		const char *message;		/* of main */
	} rows[] = {
		{ "both went", "|unpack ok\n|ok refs/heads/main\n"
		  "|ok refs/heads/side\n^", REPO_PUSH_OK, REPO_PUSH_OK, "" },
		{ "one was refused", "|unpack ok\n|ng refs/heads/main no way\n"
		  "|ok refs/heads/side\n^", REPO_PUSH_REFUSED, REPO_PUSH_OK,
		  "no way" },
		{ "one is not mentioned", "|unpack ok\n|ok refs/heads/side\n^",
		  REPO_PUSH_UNKNOWN, REPO_PUSH_OK, "did not report" },
		{ "cut off after the first", "|unpack ok\n"
		  "|ok refs/heads/main\n", REPO_PUSH_OK, REPO_PUSH_UNKNOWN,
		  "" },
		{ "not unpacked", "|unpack quota\n|ok refs/heads/main\n^",
		  REPO_PUSH_REFUSED, REPO_PUSH_REFUSED, "quota" },
		{ "no unpack line", "|ok refs/heads/main\n^",
		  REPO_PUSH_UNKNOWN, REPO_PUSH_UNKNOWN, "report is none" },
		{ "a ref that was not asked", "|unpack ok\n|ok refs/heads/y\n^",
		  REPO_PUSH_UNKNOWN, REPO_PUSH_UNKNOWN, "not asked for" },
		{ "options of status v2", "|unpack ok\n|ok refs/heads/main\n"
		  "|option refname refs/heads/z\n|ok refs/heads/side\n^",
		  REPO_PUSH_OK, REPO_PUSH_OK, "" },
		{ "nothing", "", REPO_PUSH_UNKNOWN, REPO_PUSH_UNKNOWN,
		  "cut off" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct repo_update u[] = {
			{ .ref = "refs/heads/main", .new_id = { "1" } },
			{ .ref = "refs/heads/side", .new_id = { "1" } },
		};
		struct buf hello = { 0 }, answer = { 0 };
		const struct push_pack pack = { .make = make_nothing };
		size_t len;
		char *report = packets(rows[i].report, &len);
		struct talk t;

		talk_begin(&t, "", "", 3);
		pkt_addf(&hello, A40 " refs/heads/main%creport-status "
			 "side-band-64k delete-refs\n", '\0');
		pkt_flush(&hello);
		for (size_t at = 0; at < len; at += 10)
			pkt_addf(&answer, "%c%.*s", 1,
				 len - at < 10 ? (int)(len - at) : 10,
				 report + at);
		if (len && strchr(rows[i].report, '^'))
			pkt_flush(&answer);
		t.fake.hello = hello.data;
		t.fake.hello_len = hello.len;
		t.fake.answer = buf_str(&answer);
		t.fake.answer_len = answer.len;
		assert_int_equal(wire_push(&t.wire, u, 2, false, &pack,
					   &t.err), 0);
		if (u[0].status != rows[i].main || u[1].status != rows[i].side ||
		    !strstr(u[0].message, rows[i].message))
			fail_msg("%s: %d %d '%s'", rows[i].name, u[0].status,
				 u[1].status, u[0].message);
		free(report);
		buf_release(&hello);
		buf_release(&answer);
		talk_end(&t);
	}
}

/* Its last words are one line, as all that is shown. */
static void a_server_that_fails_says_why(void **state)
{
	struct repo_update u = { .ref = "refs/heads/main", .new_id = { "1" } };
	const struct push_pack pack = { .make = make_nothing };
	struct buf hello = { 0 }, answer = { 0 };
	struct talk t;

	(void)state;
	talk_begin(&t, "", "", 3);
	pkt_addf(&hello, A40 " refs/heads/main%creport-status side-band-64k\n",
		 '\0');
	pkt_flush(&hello);
	pkt_addf(&answer, "%cout of disk\n", 3);
	t.fake.hello = hello.data;
	t.fake.hello_len = hello.len;
	t.fake.answer = answer.data;
	t.fake.answer_len = answer.len;
	assert_int_equal(wire_push(&t.wire, &u, 1, false, &pack, &t.err), 0);
	assert_int_equal(u.status, REPO_PUSH_UNKNOWN);
	assert_string_equal(u.message, "the git server failed: out of disk");
	buf_release(&hello);
	buf_release(&answer);
	talk_end(&t);
}

static void what_a_server_cannot_is_not_sent(void **state)
{
	static const struct {
		const char *name, *caps;
		bool atomic;
		const char *want;	/* words of the error */
	} rows[] = {
		{ "no report", "side-band-64k", false, "does not report" },
		{ "not atomic", "report-status delete-refs", true,
		  "several refs together" },
		{ "no deleting", "report-status atomic", true,
		  "deletes no branches" },
		{ "sha256", "report-status object-format=sha256", false,
		  "sha256" },
	};
	const struct push_pack pack = { .make = make_nothing };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct repo_update u[] = {
			{ .ref = "refs/heads/main", .new_id = { "1" } },
			{ .ref = "refs/heads/side", .old_id = { "1" } },
		};
		struct buf hello = { 0 };
		struct talk t;

		talk_begin(&t, "", "", 100);
		pkt_addf(&hello, A40 " refs/heads/main%c%s\n", '\0',
			 rows[i].caps);
		pkt_flush(&hello);
		t.fake.hello = hello.data;
		t.fake.hello_len = hello.len;
		if (wire_push(&t.wire, u, 2, rows[i].atomic, &pack,
			      &t.err) == 0 ||
		    !strstr(t.err.msg, rows[i].want))
			fail_msg("%s: %s", rows[i].name, t.err.msg);
		buf_release(&hello);
		talk_end(&t);
	}
}

static void ssh_places_are_parsed(void **state)
{
	static const struct {
		const char *location, *user_host, *port, *path;
		enum err_code want;
	} rows[] = {
		{ "git@h:team/r.git", "git@h", NULL, "team/r.git", ERR_NONE },
		{ "h:/abs/r", "h", NULL, "/abs/r", ERR_NONE },
		{ "ssh://git@h/r.git", "git@h", NULL, "/r.git", ERR_NONE },
		{ "ssh://git@h:2222/r", "git@h", "2222", "/r", ERR_NONE },
		{ "ssh://h/~u/a%20b", "h", NULL, "~u/a b", ERR_NONE },
		{ "ssh://g@[::1]:22/r", "g@::1", "22", "/r", ERR_NONE },
		{ "[::1]:r", "::1", NULL, "r", ERR_NONE },
		{ "ssh://-oX/r", NULL, NULL, NULL, ERR_SECURITY },
		{ "ssh://a@-oX/r", NULL, NULL, NULL, ERR_SECURITY },
		{ "-oX:r", NULL, NULL, NULL, ERR_SECURITY },
		{ "h:-r", NULL, NULL, NULL, ERR_SECURITY },
		{ "ssh://h", NULL, NULL, NULL, ERR_USAGE },
		{ "ssh:///r", NULL, NULL, NULL, ERR_USAGE },
		{ "a@:r", NULL, NULL, NULL, ERR_USAGE },
		{ "ssh://h:22x/r", NULL, NULL, NULL, ERR_USAGE },
		{ "ssh://h h/r", NULL, NULL, NULL, ERR_USAGE },
		{ "ssh://h/a%0ab", NULL, NULL, NULL, ERR_USAGE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		struct ssh_place p;
		int rc = ssh_place_parse(&p, rows[i].location, &err);

		if (err.code != rows[i].want ||
		    (rc == 0 &&
		     (strcmp(p.user_host, rows[i].user_host) != 0 ||
		      strcmp(p.path, rows[i].path) != 0 ||
		      strcmp(p.port ? p.port : "-",
			     rows[i].port ? rows[i].port : "-") != 0)))
			fail_msg("%s: %d '%s' '%s' '%s'", rows[i].location,
				 err.code, p.user_host, p.port, p.path);
		ssh_place_release(&p);
	}
}

static void words_are_split(void **state)
{
	static const struct {
		const char *line, *want;	/* NULL: refused */
	} rows[] = {
		{ "ssh", "ssh" },
		{ " ssh  -i\tkey ", "ssh|-i|key" },
		{ "ssh -o 'A b' \"c d\"", "ssh|-o|A b|c d" },
		{ "a\\ b c'd'e", "a b|cde" },
		{ "'it'\\''s'", "it's" },
		{ "\"a\\\"b\\c\"", "a\"b\\c" },
		{ "ssh ''", "ssh|" },
		{ "'$x'", "$x" },
		{ "", NULL },		{ "  ", NULL },
		{ "ssh; rm x", NULL },	{ "ssh $X", NULL },
		{ "ssh \"$X\"", NULL },	{ "ssh `x`", NULL },
		{ "ssh | x", NULL },	{ "ssh & x", NULL },
		{ "ssh > x", NULL },	{ "ssh 'open", NULL },
		{ "ssh (x)", NULL },	{ "ssh ~/x", NULL },
		{ "ssh *", NULL },	{ "ssh\nrm", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf got = { 0 };
		struct err err = { 0 };
		char **words;
		size_t len;
		int rc = split_words(&words, &len, rows[i].line, &err);

		for (size_t k = 0; k < len; k++) {
			buf_addf(&got, "%s%s", k ? "|" : "", words[k]);
			free(words[k]);
		}
		free(words);
		if ((rc == 0) != (rows[i].want != NULL) ||
		    (rc == 0 && strcmp(buf_str(&got), rows[i].want) != 0))
			fail_msg("%s: %d '%s'", rows[i].line, rc,
				 buf_str(&got));
		buf_release(&got);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(refs_are_read),
		cmocka_unit_test(older_greeting_is_read),
		cmocka_unit_test(reports_are_believed_as_far_as_they_go),
		cmocka_unit_test(a_server_that_fails_says_why),
		cmocka_unit_test(what_a_server_cannot_is_not_sent),
		cmocka_unit_test(ssh_places_are_parsed),
		cmocka_unit_test(words_are_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
