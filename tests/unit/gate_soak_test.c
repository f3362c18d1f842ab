#include "tests/unit/gates.h"

static void how_long_it_was_live(void **state)
{
	static const struct {
		const char *name, *setting;
		int64_t from_s, until_s;
		const char *want;
	} rows[] = {
		/* now is 1,000,000 */
		{ "a second short of a day", "soak: 24h", 1000000 - 86399,
		  TIME_UNKNOWN, "wait 1970-01-12T13:46:41Z: live in dev for "
		  "23h 59m of 1d" },
		{ "a day to the second", "soak: 24h", 1000000 - 86400,
		  TIME_UNKNOWN, "pass: live in dev for 1d, 1d needed" },
		{ "a second more", "soak: 24h", 1000000 - 86401, TIME_UNKNOWN,
		  "pass: live in dev for 1d, 1d needed" },
		{ "in the future", "soak: 24h", 1000005, TIME_UNKNOWN,
		  "wait 1970-01-13T13:46:45Z: live in dev since a time in the "
		  "future" },
		{ "not known", "soak: 24h", TIME_UNKNOWN, TIME_UNKNOWN,
		  "wait: since when it is live in dev is not known" },
		{ "superseded after its soak", "soak: 1h", 900000, 903600,
		  "pass: live in dev for 1h, 1h needed" },
		{ "superseded a second early", "soak: 1h", 900000, 903599,
		  "refuse: left dev after 59m 59s, 1h needed" },
		{ "superseded, nobody knows when", "soak: 1h", 900000, 900000,
		  "refuse: left dev after 0s, 1h needed" },
		{ "superseded, nobody knows since when", "soak: 1h",
		  TIME_UNKNOWN, 900000, "refuse: left dev; for how long it was "
		  "live there is not known" },
		{ "no soak at all", "soak: 0", 1000000, TIME_UNKNOWN,
		  "pass: live in dev for 0s, 0s needed" },
		{ "no soak, but since when is not known", "soak: 0",
		  TIME_UNKNOWN, TIME_UNKNOWN,
		  "wait: since when it is live in dev is not known" },
		{ "the end of time", "soak: 24h", INT64_MAX - 5, TIME_UNKNOWN,
		  "wait: live in dev since a time in the future" },
		{ "before all time", "soak: 24h", INT64_MIN + 1, TIME_UNKNOWN,
		  "wait -" },
	};
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct stay stay = { .version = "1", .from_s = rows[i].from_s,
				     .until_s = rows[i].until_s };
		struct gate_facts f = { .now_s = 1000000, .from = "dev",
					.stay = &stay };
		char got[320];

		gate_verdict(got, sizeof(got), rows[i].setting, &f, true);
		if (strcmp(rows[i].want, "wait -") == 0)
			assert_true(strncmp(got, "wait", 4) == 0);
		else
			row(&bad, rows[i].name, got, rows[i].want);
	}
	assert_int_equal(bad, 0);
}

static void never_live_there(void **state)
{
	struct gate_facts f = { .now_s = 1000000 };
	char got[320];

	(void)state;
	gate_verdict(got, sizeof(got), "soak: 1h", &f, true);
	assert_string_equal(got, "wait: not known to have been live in the "
			    "environment before");
}

static void the_soak_among_gates(void **state)
{
	struct written_gate tag, soak;
	struct gate gates[2];

	(void)state;
	gate_written(&tag, "tag: v.*");
	gate_written(&soak, "soak: 90m");
	gates[0] = tag.gate;
	gates[1] = soak.gate;
	assert_int_equal(gates_soak_s(gates, 2), 5400);
	assert_int_equal(gates_soak_s(gates, 1), 0);
	assert_int_equal(gates_soak_s(NULL, 0), 0);
	gate_written_release(&tag);
	gate_written_release(&soak);
}

static void settings_that_are_refused(void **state)
{
	static const struct bad_setting rows[] = {
		{ "soak: 24", "'24' is not a duration" },
		{ "soak: [24h]", "soak is a list" },
		{ "soak: {for: 24h}", "soak is a map" },
		{ "soak: -1h", "not a duration" },
		{ "soak:", "soak is nothing" },
	};

	(void)state;
	check_bad_settings(rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_long_it_was_live),
		cmocka_unit_test(never_live_there),
		cmocka_unit_test(the_soak_among_gates),
		cmocka_unit_test(settings_that_are_refused),
	};

	return cmocka_run_group_tests_name("gate soak", tests, NULL, NULL);
}
