#include "tests/unit/gates.h"

/*
 * Checks as "NAME@SECOND STATE": + success, - failure, ~ running, 0 skipped.
 * The version landed in staging at second 100; now is 1000.
 */
static const struct {
	const char *name, *setting;
	const char *checks[4];
	const char *want;
} rows[] = {
	{ "green", "checks: smoke", { "smoke@200+" }, "pass: 1 of 1 passed" },
	{ "never seen", "checks: smoke", { "other@200+" },
	  "wait: smoke has not been seen since the version landed" },
	{ "none at all", "checks: smoke", { NULL },
	  "wait: smoke has not been seen since the version landed" },
	{ "red", "checks: smoke", { "smoke@200-" }, "wait: smoke failed" },
	{ "running", "checks: smoke", { "smoke@200~" },
	  "wait: smoke is running" },
	{ "skipped", "checks: smoke", { "smoke@200:0" },
	  "pass: 1 of 1 passed" },
	{ "a second before it landed", "checks: smoke", { "smoke@99+" },
	  "wait: smoke has not been seen since the version landed" },
	{ "the second it landed", "checks: smoke", { "smoke@100+" },
	  "pass: 1 of 1 passed" },
	{ "this second", "checks: smoke", { "smoke@1000+" },
	  "pass: 1 of 1 passed" },
	{ "in the future", "checks: smoke", { "smoke@1001+" },
	  "wait: smoke has a result from the future" },
	{ "nobody knows when", "checks: smoke", { "smoke@?+" },
	  "wait: smoke has not been seen since the version landed" },
	{ "the newest counts: red, then green", "checks: smoke",
	  { "smoke@200-", "smoke@300+" }, "pass: 1 of 1 passed" },
	{ "green, then red again", "checks: smoke",
	  { "smoke@200+", "smoke@300-" }, "wait: smoke failed" },
	{ "in whatever order they come", "checks: smoke",
	  { "smoke@300-", "smoke@200+" }, "wait: smoke failed" },
	{ "green, and running again", "checks: smoke",
	  { "smoke@200+", "smoke@300~" }, "wait: smoke is running" },
	{ "two in one second: the worse", "checks: smoke",
	  { "smoke@200-", "smoke@200+" }, "wait: smoke failed" },
	{ "the same, the other way round", "checks: smoke",
	  { "smoke@200+", "smoke@200-" }, "wait: smoke failed" },
	{ "an old green one does not cover a red one of before",
	  "checks: smoke", { "smoke@50+", "smoke@60-" },
	  "wait: smoke has not been seen since the version landed" },
	{ "all of several", "checks: [smoke, load]",
	  { "smoke@200+", "load@200+" }, "pass: 2 of 2 passed" },
	{ "one of several", "checks: [smoke, load]",
	  { "smoke@200+", "load@200-" }, "wait: load failed" },
	{ "red says more than running, that more than never seen",
	  "checks: [lint, smoke, load]", { "smoke@200~", "load@200-" },
	  "wait: load failed" },
	{ "running more than never seen", "checks: [lint, smoke, load]",
	  { "smoke@200~" }, "wait: smoke is running" },
	{ "red in the future is not red yet", "checks: [smoke, load]",
	  { "smoke@1001-", "load@200-" }, "wait: load failed" },
	{ "the service's name", "checks: 'smoke/{service}'",
	  { "smoke/web@200+" }, "pass: 1 of 1 passed" },
	{ "another service's", "checks: 'smoke/{service}'",
	  { "smoke/api@200+" },
	  "wait: smoke/web has not been seen since the version landed" },
	{ "both environments", "checks: '{from}-{environment}'",
	  { "staging-production@200+" }, "pass: 1 of 1 passed" },
	{ "the name as it is", "checks: Smoke", { "smoke@200+" },
	  "wait: Smoke has not been seen since the version landed" },
};

static size_t facts_of(const char *const *texts, struct check_fact *out,
		       char names[4][64])
{
	size_t n = 0;

	for (; n < 4 && texts[n]; n++) {
		const char *at = strrchr(texts[n], '@');

		snprintf(names[n], 64, "%.*s", (int)(at - texts[n]), texts[n]);
		out[n] = (struct check_fact){
			.name = names[n],
			.updated_s = at[1] == '?' ? TIME_UNKNOWN : atoi(at + 1),
		};
		switch (at[strlen(at) - 1]) {
		case '+':
			out[n].state = CHECK_SUCCESS;
			break;
		case '-':
			out[n].state = CHECK_FAILURE;
			break;
		case '~':
			out[n].state = CHECK_PENDING;
			break;
		default:
			out[n].state = CHECK_NEUTRAL;
		}
	}
	return n;
}

static void what_checks_say(void **state)
{
	const struct stay stay = { .version = "1", .from_s = 100,
				   .until_s = TIME_UNKNOWN };
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct check_fact facts[4];
		char names[4][64], got[320];
		struct gate_facts f = {
			.now_s = 1000, .service = "web", .from = "staging",
			.environment = "production", .stay = &stay,
			.checks = facts, .has_checks = true,
			.checks_len = facts_of(rows[i].checks, facts, names),
		};

		gate_verdict(got, sizeof(got), rows[i].setting, &f, true);
		row(&bad, rows[i].name, got, rows[i].want);
	}
	assert_int_equal(bad, 0);
}

/* No need for what cannot help: checks count only from the landing on. */
static void what_it_lacks(void **state)
{
	struct stay stay = { .version = "1", .from_s = 100,
			     .until_s = TIME_UNKNOWN };
	struct gate_facts f = { .now_s = 1000, .service = "web",
				.from = "staging", .stay = &stay };
	struct written_gate w;
	struct gate_result r;

	(void)state;
	gate_written(&w, "checks: ['smoke/{service}', load]");
	gate_judge(&w.gate, &f, &r);
	assert_int_equal(r.verdict, VERDICT_NEED);
	assert_int_equal(r.need, GATE_NEED_CHECKS);
	stay.from_s = TIME_UNKNOWN;
	gate_judge(&w.gate, &f, &r);
	assert_int_equal(r.verdict, VERDICT_WAIT);
	f.stay = NULL;
	f.has_checks = true;
	gate_judge(&w.gate, &f, &r);
	assert_int_equal(r.verdict, VERDICT_WAIT);
	gate_written_release(&w);
}

static void settings_that_are_refused(void **state)
{
	static const struct bad_setting bad[] = {
		{ "checks:", "checks is empty" },
		{ "checks: []", "0 entries" },
		{ "checks: {smoke: true}", "checks is a map" },
		{ "checks: [smoke, [load]]", "checks is a list" },
		{ "checks: 'smoke/{servce}'", "placeholder that is not known" },
		{ "checks: 'smoke/{service'", "placeholder that is not known" },
		{ "checks: 'smoke/service}'", "placeholder that is not known" },
		{ "checks: \"a\\tb\"", "cannot be shown" },
	};

	(void)state;
	check_bad_settings(bad, ARRAY_LEN(bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_checks_say),
		cmocka_unit_test(what_it_lacks),
		cmocka_unit_test(settings_that_are_refused),
	};

	return cmocka_run_group_tests_name("gate checks", tests, NULL, NULL);
}
