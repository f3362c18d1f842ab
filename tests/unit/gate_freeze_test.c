#include "tests/unit/gates.h"

#define HOLIDAYS "freeze: [{from: 2026-12-20, to: 2027-01-03, reason: holidays}]"

static void when_it_is_frozen(void **state)
{
	static const struct { const char *name, *setting, *now, *want; } rows[] = {
		{ "a second before", HOLIDAYS, "2026-12-19T23:59:59Z",
		  "pass: not frozen" },
		{ "the first second", HOLIDAYS, "2026-12-20T00:00:00Z",
		  "wait 2027-01-04T00:00:00Z: frozen until "
		  "2027-01-04T00:00:00Z: holidays" },
		{ "the last second: the last day counts whole", HOLIDAYS,
		  "2027-01-03T23:59:59Z", "wait 2027-01-04T00:00:00Z: frozen "
		  "until 2027-01-04T00:00:00Z: holidays" },
		{ "a second after", HOLIDAYS, "2027-01-04T00:00:00Z",
		  "pass: not frozen" },
		{ "no reason", "freeze: [{from: 2026-12-20, to: 2026-12-20}]",
		  "2026-12-20T12:00:00Z", "wait 2026-12-21T00:00:00Z: frozen "
		  "until 2026-12-21T00:00:00Z" },
		{ "times, the last one included",
		  "freeze: [{from: 2026-12-20T10:00:00Z, to: "
		  "2026-12-20T12:00:00+01:00}]", "2026-12-20T11:00:00Z",
		  "wait 2026-12-20T11:00:01Z: frozen until "
		  "2026-12-20T11:00:01Z" },
		{ "times, a second after",
		  "freeze: [{from: 2026-12-20T10:00:00Z, to: "
		  "2026-12-20T12:00:00+01:00}]", "2026-12-20T11:00:01Z",
		  "pass: not frozen" },
		{ "days of a zone: a second before",
		  "freeze: [{from: 2026-12-20, to: 2026-12-20, zone: "
		  "Europe/Zurich}]", "2026-12-19T22:59:59Z",
		  "pass: not frozen" },
		{ "days of a zone: from its midnight",
		  "freeze: [{from: 2026-12-20, to: 2026-12-20, zone: "
		  "Europe/Zurich}]", "2026-12-19T23:00:00Z",
		  "wait 2026-12-20T23:00:00Z: frozen until "
		  "2026-12-20T23:00:00Z" },
		{ "a day of 23 hours",
		  "freeze: [{from: 2026-03-29, to: 2026-03-29, zone: "
		  "Europe/Zurich}]", "2026-03-28T23:00:00Z",
		  "wait 2026-03-29T22:00:00Z: frozen until "
		  "2026-03-29T22:00:00Z" },
		{ "one begins where another ends",
		  "freeze: [{from: 2026-12-22, to: 2026-12-23}, "
		  "{from: 2026-12-20, to: 2026-12-21, reason: first}]",
		  "2026-12-20T12:00:00Z", "wait 2026-12-24T00:00:00Z: frozen "
		  "until 2026-12-24T00:00:00Z: first" },
		{ "between two",
		  "freeze: [{from: 2026-12-20, to: 2026-12-20}, "
		  "{from: 2026-12-22, to: 2026-12-23}]",
		  "2026-12-21T12:00:00Z", "pass: not frozen" },
		{ "an empty list", "freeze: []", "2026-12-21T12:00:00Z",
		  "pass: not frozen" },
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
		{ "freeze: 2026-12-20", "not a list" },
		{ "freeze: [2026-12-20]", "not a map" },
		{ "freeze: [{from: 2026-12-20}]", "needs from and to" },
		{ "freeze: [{from: 2026-12-20, until: 2026-12-21}]",
		  "'until' is not known here" },
		{ "freeze: [{from: 2026-12-20, to: 2026-12-21, reasn: x}]",
		  "did you mean 'reason'?" },
		{ "freeze: [{from: 2026-12-20, to: 2026-12-19}]",
		  "ends before it begins" },
		{ "freeze: [{from: 2026-02-29, to: 2026-03-01}]",
		  "'2026-02-29' is not a time" },
		{ "freeze: [{from: 20.12.2026, to: 2026-12-21}]",
		  "is not a time" },
		{ "freeze: [{from: 2026-12-20, to: 2026-12-21, zone: Mars}]",
		  "there is no time zone 'Mars'" },
		{ "freeze: [{from: 2026-12-20, to: 2026-12-21, reason: \"a\\nb\"}]",
		  "cannot be shown" },
	};

	(void)state;
	check_bad_settings(rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_it_is_frozen),
		cmocka_unit_test(settings_that_are_refused),
	};

	return cmocka_run_group_tests_name("gate freeze", tests, NULL, NULL);
}
