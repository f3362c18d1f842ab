#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bot/base/buf.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

static void which_names_are_names(void **state)
{
	static const struct { const char *text; bool want; } rows[] = {
		{ "web", true },
		{ "2", true },
		{ "Production-EU_1.2", true },
		{ "", false },
		{ "-web", false },
		{ ".web", false },
		{ "_web", false },
		{ "web.", false },
		{ "web..x", false },
		{ "web.lock", false },
		{ ".lock", false },
		{ "lock", true },
		{ "web.lockx", true },
		{ "a/b", false },
		{ "a b", false },
		{ "a\nb", false },
		{ "a~b", false },
		{ "a{b", false },
		{ "a@b", false },
		{ "\xc3\xa4", false },
		{ "a\xc3\xa4", false },
	};
	char longest[102];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (name_valid(rows[i].text, strlen(rows[i].text)) !=
		    rows[i].want)
			fail_msg("'%s'", rows[i].text);
	memset(longest, 'a', sizeof(longest));
	assert_true(name_valid(longest, 100));
	assert_false(name_valid(longest, 101));
	assert_false(name_valid("a\0b", 3));
}

static void what_is_utf8(void **state)
{
	static const struct { const char *name, *text; bool want; } rows[] = {
		{ "nothing", "", true },
		{ "two bytes", "\xc3\xa4", true },
		{ "three", "\xe2\x82\xac", true },
		{ "four", "\xf0\x9f\x9a\x80", true },
		{ "the last code point", "\xf4\x8f\xbf\xbf", true },
		{ "beyond it", "\xf4\x90\x80\x80", false },
		{ "a surrogate", "\xed\xa0\x80", false },
		{ "an overlong slash", "\xc0\xaf", false },
		{ "overlong in three", "\xe0\x80\xaf", false },
		{ "overlong in four", "\xf0\x80\x80\xaf", false },
		{ "cut", "\xe2\x82", false },
		{ "a tail alone", "\x80", false },
		{ "never a byte of it", "\xff", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (utf8_valid(rows[i].text, strlen(rows[i].text)) !=
		    rows[i].want)
			fail_msg("%s", rows[i].name);
	assert_true(utf8_valid("a\0b", 3));
}

struct escape_row {
	const char *name, *text, *want;
};

static void check_escapes(void (*escape)(struct buf *out, const char *s),
			  const struct escape_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct buf out = { 0 };

		buf_addstr(&out, "> ");
		escape(&out, rows[i].text);
		if (strcmp(buf_str(&out) + 2, rows[i].want) != 0)
			fail_msg("%s: %s, want %s", rows[i].name,
				 buf_str(&out) + 2, rows[i].want);
		buf_release(&out);
	}
}

static void terminal(struct buf *out, const char *s)
{
	escape_terminal(out, s, strlen(s));
}

static void for_a_terminal(void **state)
{
	static const struct escape_row rows[] = {
		{ "plain", "v1.4 (ok)", "v1.4 (ok)" },
		{ "letters of any script", "Zürich 東京 🚀", "Zürich 東京 🚀" },
		{ "a colour", "\x1b[31mred", "\\x1b[31mred" },
		{ "a new line", "a\nb\r\tc", "a\\x0ab\\x0d\\x09c" },
		{ "delete", "a\x7f", "a\\x7f" },
		{ "a control sequence in eight bits", "\xc2\x9b" "31m",
		  "\\xc2\\x9b31m" },
		{ "right to left", "a\xe2\x80\xae" "b", "a\\xe2\\x80\\xaeb" },
		{ "nothing to see", "a\xe2\x80\x8b" "b", "a\\xe2\\x80\\x8bb" },
		{ "a line separator", "a\xe2\x80\xa8" "b",
		  "a\\xe2\\x80\\xa8b" },
		{ "a soft hyphen", "a\xc2\xad" "b", "a\\xc2\\xadb" },
		{ "tags that nobody sees", "a\xf3\xa0\x81\xa1",
		  "a\\xf3\\xa0\\x81\\xa1" },
		{ "not UTF-8", "a\xff\xc3", "a\\xff\\xc3" },
	};

	(void)state;
	check_escapes(terminal, rows, ARRAY_LEN(rows));
}

static void for_markdown(void **state)
{
	static const struct escape_row rows[] = {
		{ "plain", "held back", "held back" },
		{ "markup", "*a* _b_ `c` ~d~", "\\*a\\* \\_b\\_ \\`c\\` "
		  "\\~&#8203;d\\~" },
		{ "a link", "[a](b)", "\\[a\\]\\(b\\)" },
		{ "an image", "![a](b)", "\\!&#8203;\\[a\\]\\(b\\)" },
		{ "a table's end", "a|b", "a\\|b" },
		{ "HTML", "<b a=\"x\">'", "&#60;b a=&#34;x&#34;&#62;&#39;" },
		{ "an entity", "&lt;", "&#38;&#8203;lt;" },
		{ "a comment", "<!-- x -->",
		  "&#60;\\!&#8203;\\-\\- x \\-\\-&#62;" },
		{ "a mention", "@octocat", "@&#8203;octocat" },
		{ "a team", "(@org/team)", "\\(@&#8203;org/team\\)" },
		{ "an issue", "#12", "\\#&#8203;12" },
		{ "an issue by prefix", "GH-12 and gh-1, not GH-x or ab-1",
		  "GH\\-&#8203;12 and gh\\-&#8203;1, not GH\\-x or ab\\-1" },
		{ "a merge request", "!7", "\\!&#8203;7" },
		{ "a snippet", "$7", "\\$&#8203;7" },
		{ "a sign alone", "a @ b # c", "a @ b \\# c" },
		{ "a sign at the end", "a@", "a@" },
		{ "an address", "https://example.com",
		  "https\\://example\\.com" },
		{ "new lines", "a\n\n# b\r\n", "a  \\# b  " },
		{ "a backslash", "a\\", "a\\\\" },
		{ "what is not seen", "a\xe2\x80\xae" "b\x01", "a b " },
		{ "not UTF-8", "a\xff", "a " },
	};

	(void)state;
	check_escapes(escape_markdown, rows, ARRAY_LEN(rows));
}

static void for_a_trailer(void **state)
{
	static const struct escape_row rows[] = {
		{ "plain", "rolled back: slow", "rolled back: slow" },
		{ "lines become one", "a\nPromote-Version: 9\n",
		  "a Promote-Version: 9" },
		{ "blanks fold", "  a \t b  ", "a b" },
		{ "nothing but blanks", " \n ", "" },
		{ "control characters", "a\x1b[1m", "a [1m" },
		{ "other scripts stay", "größer", "größer" },
	};

	(void)state;
	check_escapes(escape_trailer, rows, ARRAY_LEN(rows));
}

static void for_an_address(void **state)
{
	static const struct escape_row rows[] = {
		{ "what may stay", "aZ09-._~", "aZ09-._~" },
		{ "what may not", "a/b?c=d&e f%",
		  "a%2Fb%3Fc%3Dd%26e%20f%25" },
		{ "bytes", "\xc3\xa4\n", "%C3%A4%0A" },
	};

	(void)state;
	check_escapes(escape_url, rows, ARRAY_LEN(rows));
}

static void beginnings_and_ends(void **state)
{
	(void)state;
	assert_true(str_starts("abc", "ab") && str_starts("a", ""));
	assert_false(str_starts("a", "ab"));
	assert_true(str_ends("abc", "bc") && str_ends("a", ""));
	assert_false(str_ends("c", "bc"));
	assert_true(str_eq(NULL, NULL) && str_eq("a", "a"));
	assert_false(str_eq(NULL, "") || str_eq("", NULL));
}

static void what_is_too_long_ends_with_a_word(void **state)
{
	static const struct { const char *text, *want; size_t max; } rows[] = {
		{ "as it is", "as it is", 8 },
		{ "this is not recommended", "this is not...", 20 },
		{ "this is not recommended", "this is not...", 15 },
		{ "this is not recommended", "this is...", 13 },
		{ "a verylongword", "a verylo...", 11 },
		{ "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "\xc3\xa4...", 6 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[32];

		strcpy(text, rows[i].text);
		str_cut(text, rows[i].max);
		assert_string_equal(text, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_names_are_names),
		cmocka_unit_test(what_is_utf8),
		cmocka_unit_test(for_a_terminal),
		cmocka_unit_test(for_markdown),
		cmocka_unit_test(for_a_trailer),
		cmocka_unit_test(for_an_address),
		cmocka_unit_test(beginnings_and_ends),
		cmocka_unit_test(what_is_too_long_ends_with_a_word),
	};

	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
