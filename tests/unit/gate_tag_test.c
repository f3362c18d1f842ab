#include "tests/unit/gates.h"

#define D "sha256:0123456789abcdef0123456789abcdef" \
	  "0123456789abcdef0123456789abcdef"

static void which_versions_may_go(void **state)
{
	static const struct { const char *name, *setting, *version, *want; }
	rows[] = {
		{ "matches", "tag: 'v[0-9]+[.][0-9]+'", "v1.4", "pass" },
		{ "the whole tag: not the beginning", "tag: 'v[0-9]+[.][0-9]+'",
		  "v1.4-rc1", "refuse" },
		{ "the whole tag: not the end", "tag: 'v[0-9]+[.][0-9]+'",
		  "rc-v1.4", "refuse" },
		{ "alternatives: each is the whole tag", "tag: 'v1|v2'", "v12",
		  "refuse" },
		{ "alternatives: the longer one", "tag: 'v1|v12'", "v12",
		  "pass" },
		{ "a parenthesis does not undo that", "tag: 'x)|.*'", "xy",
		  "pass" },
		{ "nor does it here", "tag: 'x)|y'", "xz", "refuse" },
		{ "a digest beside it", "tag: 'v[0-9]+'", "v1@" D, "pass" },
		{ "a digest alone", "tag: 'v[0-9]+'", "@" D, "refuse" },
		{ "latest", "tag: {mutable: [main]}", "latest", "refuse" },
		{ "a branch", "tag: {mutable: [main, develop]}", "develop",
		  "refuse" },
		{ "not quite a branch", "tag: {mutable: main}", "main-1a2b3c",
		  "pass" },
		{ "latest, but it matches", "tag: '.*'", "latest", "refuse" },
		{ "latest, but a digest says which", "tag: '.*'", "latest@" D,
		  "pass" },
		{ "a digest is required", "tag: {digest: required}", "1.4.2",
		  "refuse" },
		{ "a digest is required and there",
		  "tag: {digest: required}", "1.4.2@" D, "pass" },
		{ "a digest is required, it is all there is",
		  "tag: {digest: required}", "@" D, "pass" },
		{ "a digest is optional", "tag: {digest: optional}", "1.4.2",
		  "pass" },
		{ "several images", "tag: '[0-9.]+'",
		  "team/api=1.4,team/worker=1.5", "pass" },
		{ "several images, one is wrong", "tag: '[0-9.]+'",
		  "team/api=1.4,team/worker=dev", "refuse" },
		{ "several images, one has no digest",
		  "tag: {digest: required}", "api=1.4@" D ",worker=1.4",
		  "refuse" },
		{ "not a version", "tag: '.*'", "no version", "refuse" },
		{ "no version", "tag: '.*'", NULL, "wait" },
		{ "an empty version", "tag: '.*'", "", "wait" },
	};
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_facts f = { .version = rows[i].version };
		char got[320];

		gate_verdict(got, sizeof(got), rows[i].setting, &f, false);
		row(&bad, rows[i].name, got, rows[i].want);
	}
	assert_int_equal(bad, 0);
}

static void settings_that_are_refused(void **state)
{
	static const struct bad_setting rows[] = {
		{ "tag:", "pattern is empty" },
		{ "tag: '['", "is not a pattern" },
		{ "tag: '(a'", "is not a pattern" },
		{ "tag: '(a)\\1'", "is not a pattern" },
		{ "tag: '((a{100}){100}){100}'", "is not a pattern" },
		{ "tag: 'a{1000}'", "is not a pattern" },
		{ "tag: {digest: yes}", "digest: required" },
		{ "tag: {digest: [required]}", "digest: required" },
		{ "tag: {patern: x}", "did you mean 'pattern'?" },
		{ "tag: {mutable: []}", "0 entries" },
		{ "tag: [a]", "pattern is a list" },
	};

	(void)state;
	check_bad_settings(rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_versions_may_go),
		cmocka_unit_test(settings_that_are_refused),
	};

	return cmocka_run_group_tests_name("gate tag", tests, NULL, NULL);
}
