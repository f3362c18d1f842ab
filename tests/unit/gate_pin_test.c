#include "tests/unit/gates.h"

static void how_long_it_is_pinned(void **state)
{
	static const struct { const char *name, *setting, *now, *want; } rows[] = {
		{ "a second before the day",
		  "pin: {until: 2026-12-01, reason: audit}",
		  "2026-11-30T23:59:59Z", "wait 2026-12-01T00:00:00Z: pinned "
		  "until 2026-12-01T00:00:00Z: audit" },
		{ "that day", "pin: {until: 2026-12-01, reason: audit}",
		  "2026-12-01T00:00:00Z",
		  "pass: was pinned until 2026-12-01T00:00:00Z" },
		{ "a time", "pin: {until: 2026-12-01T12:00:00Z, reason: audit}",
		  "2026-12-01T11:59:59Z", "wait 2026-12-01T12:00:00Z: pinned "
		  "until 2026-12-01T12:00:00Z: audit" },
		{ "for good", "pin: {reason: 2.x is not supported any more}",
		  "2026-12-01", "refuse: pinned: 2.x is not supported any "
		  "more" },
	};
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_facts f = { .now_s = when(rows[i].now) };
		char got[320];

		gate_verdict(got, sizeof(got), rows[i].setting, &f, true);
		row(&bad, rows[i].name, got, rows[i].want);
	}
	assert_int_equal(bad, 0);
}

static void settings_that_are_refused(void **state)
{
	static const struct bad_setting rows[] = {
		{ "pin: true", "not a map" },
		{ "pin: {until: 2026-12-01}", "needs a reason" },
		{ "pin: {reason: ''}", "reason is empty" },
		{ "pin: {until: soon, reason: audit}", "'soon' is not a time" },
		{ "pin: {untl: 2026-12-01, reason: audit}",
		  "did you mean 'until'?" },
	};

	(void)state;
	check_bad_settings(rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_long_it_is_pinned),
		cmocka_unit_test(settings_that_are_refused),
	};

	return cmocka_run_group_tests_name("gate pin", tests, NULL, NULL);
}
