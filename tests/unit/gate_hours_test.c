#include "tests/unit/gates.h"

static void when_it_is_open(void **state)
{
	static const struct { const char *name, *setting, *now, *want; } rows[] = {
		/* Monday is 2026-11-23; Zurich is an hour ahead in winter */
		{ "a second before it opens",
		  "hours: Mon-Thu 09:00-16:00 Europe/Zurich",
		  "2026-11-23T07:59:59Z", "wait 2026-11-23T08:00:00Z" },
		{ "the second it opens",
		  "hours: Mon-Thu 09:00-16:00 Europe/Zurich",
		  "2026-11-23T08:00:00Z", "pass" },
		{ "the last second", "hours: Mon-Thu 09:00-16:00 Europe/Zurich",
		  "2026-11-23T14:59:59Z", "pass" },
		{ "a second late", "hours: Mon-Thu 09:00-16:00 Europe/Zurich",
		  "2026-11-23T15:00:00Z", "wait 2026-11-24T08:00:00Z" },
		{ "Thursday evening: Monday",
		  "hours: Mon-Thu 09:00-16:00 Europe/Zurich",
		  "2026-11-26T15:00:00Z", "wait 2026-11-30T08:00:00Z" },
		{ "UTC where no zone is given", "hours: Mon 09:00-10:00",
		  "2026-11-23T09:00:00Z", "pass" },
		{ "every day where no day is given", "hours: 09:00-10:00",
		  "2026-11-22T09:30:00Z", "pass" },
		{ "whole names, any case", "hours: monday,FRI 09:00-10:00",
		  "2026-11-23T09:00:00Z", "pass" },
		{ "days over the end of the week", "hours: Sat-Mon 09:00-10:00",
		  "2026-11-22T09:00:00Z", "pass" },
		{ "and not those between", "hours: Sat-Mon 09:00-10:00",
		  "2026-11-24T09:00:00Z", "wait 2026-11-28T09:00:00Z" },
		{ "single days", "hours: Mon,Wed 09:00-10:00",
		  "2026-11-24T09:00:00Z", "wait 2026-11-25T09:00:00Z" },
		{ "a break at noon: before", "hours: 09:00-12:00,13:00-16:00",
		  "2026-11-23T11:59:59Z", "pass" },
		{ "a break at noon: in it", "hours: 09:00-12:00,13:00-16:00",
		  "2026-11-23T12:00:00Z", "wait 2026-11-23T13:00:00Z" },
		{ "overnight: before midnight", "hours: Fri 22:00-02:00",
		  "2026-11-27T23:59:59Z", "pass" },
		{ "overnight: after midnight", "hours: Fri 22:00-02:00",
		  "2026-11-28T01:59:59Z", "pass" },
		{ "overnight: over", "hours: Fri 22:00-02:00",
		  "2026-11-28T02:00:00Z", "wait 2026-12-04T22:00:00Z" },
		{ "overnight into the first day of the week",
		  "hours: Sat 22:00-02:00", "2026-11-29T01:00:00Z", "pass" },
		{ "a whole day", "hours: Mon 00:00-24:00",
		  "2026-11-23T23:59:59Z", "pass" },
		{ "a whole day is over at midnight", "hours: Mon 00:00-24:00",
		  "2026-11-24T00:00:00Z", "wait 2026-11-30T00:00:00Z" },
		{ "one of two windows",
		  "hours: [Mon 09:00-10:00, Tue 11:00-12:00 Europe/Zurich]",
		  "2026-11-24T10:00:00Z", "pass" },
		{ "the nearer of two windows",
		  "hours: [Mon 09:00-10:00, Sun 11:00-12:00]",
		  "2026-11-24T10:00:00Z", "wait 2026-11-29T11:00:00Z" },
		{ "half an hour off: a second early",
		  "hours: Mon 09:00-10:00 Asia/Kolkata",
		  "2026-11-23T03:29:59Z", "wait 2026-11-23T03:30:00Z" },
		{ "half an hour off", "hours: Mon 09:00-10:00 Asia/Kolkata",
		  "2026-11-23T03:30:00Z", "pass" },

		/* clocks go forward: 2026-03-29 01:00Z, 02:00 becomes 03:00 */
		{ "the day before: winter's hour",
		  "hours: 09:00-10:00 Europe/Zurich", "2026-03-28T08:00:00Z",
		  "pass" },
		{ "over night to summer: an hour sooner",
		  "hours: 09:00-10:00 Europe/Zurich", "2026-03-28T09:00:00Z",
		  "wait 2026-03-29T07:00:00Z" },
		{ "that morning, a second before",
		  "hours: 09:00-10:00 Europe/Zurich", "2026-03-29T06:59:59Z",
		  "wait 2026-03-29T07:00:00Z" },
		{ "that morning", "hours: 09:00-10:00 Europe/Zurich",
		  "2026-03-29T07:00:00Z", "pass" },
		{ "an hour that is not there that day",
		  "hours: Sun 02:00-03:00 Europe/Zurich",
		  "2026-03-29T00:59:59Z", "wait 2026-04-05T00:00:00Z" },
		{ "open from within the missing hour: when it is over",
		  "hours: Sun 02:30-04:00 Europe/Zurich",
		  "2026-03-29T00:59:59Z", "wait 2026-03-29T01:00:00Z" },
		{ "from Friday over the change",
		  "hours: Mon 09:00-10:00 Europe/Zurich",
		  "2026-03-27T12:00:00Z", "wait 2026-03-30T07:00:00Z" },

		/* and back: 2026-10-25 01:00Z, 03:00 becomes 02:00 */
		{ "an hour that is there twice: the first",
		  "hours: Sun 02:00-03:00 Europe/Zurich",
		  "2026-10-25T00:00:00Z", "pass" },
		{ "the second", "hours: Sun 02:00-03:00 Europe/Zurich",
		  "2026-10-25T01:59:59Z", "pass" },
		{ "after both", "hours: Sun 02:00-03:00 Europe/Zurich",
		  "2026-10-25T02:00:00Z", "wait 2026-11-01T01:00:00Z" },
		{ "closed after the first half, opens again by the clock",
		  "hours: Sun 02:00-02:30 Europe/Zurich",
		  "2026-10-25T00:30:00Z", "wait 2026-10-25T01:00:00Z" },
		{ "over night to winter: an hour later",
		  "hours: 09:00-10:00 Europe/Zurich", "2026-10-24T09:00:00Z",
		  "wait 2026-10-25T08:00:00Z" },

		/* the other side of the world, the other way round */
		{ "Sydney, summer", "hours: 09:00-10:00 Australia/Sydney",
		  "2026-01-12T22:00:00Z", "pass" },
		{ "Sydney, over night to winter",
		  "hours: 09:00-10:00 Australia/Sydney",
		  "2026-04-04T00:00:00Z", "wait 2026-04-04T23:00:00Z" },
	};
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_facts f = { .now_s = when(rows[i].now) };
		char got[320];

		gate_verdict(got, sizeof(got), rows[i].setting, &f, false);
		row(&bad, rows[i].name, got, rows[i].want);
	}
	assert_int_equal(bad, 0);
}

/* When it says it opens, it does, and not a second before. */
static void it_opens_when_it_says(void **state)
{
	static const char *const settings[] = {
		"hours: Sun 02:30-02:45 Europe/Zurich",
		"hours: Mon-Thu 09:00-16:00 America/New_York",
		"hours: [Sat 23:00-01:00 Australia/Sydney, Wed 05:00-05:01]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		struct written_gate w;
		int64_t s = when("2026-01-01"), end = when("2027-01-01");

		gate_written(&w, settings[i]);
		while (s < end) {
			struct gate_facts f = { .now_s = s };
			struct gate_result r;

			gate_judge(&w.gate, &f, &r);
			if (r.verdict == VERDICT_PASS) {
				s += 1777;
				continue;
			}
			f.now_s = r.until_s;
			assert_true(r.until_s > s);
			gate_judge(&w.gate, &f, &r);
			assert_int_equal(r.verdict, VERDICT_PASS);
			f.now_s--;
			gate_judge(&w.gate, &f, &r);
			assert_int_equal(r.verdict, VERDICT_WAIT);
			s += 7919;
		}
		gate_written_release(&w);
	}
}

static void what_it_says(void **state)
{
	struct gate_facts f = { .now_s = when("2026-11-22") };
	char got[320];

	(void)state;
	gate_verdict(got, sizeof(got), "hours: Mon 09:00-16:00", &f, true);
	assert_string_equal(got, "wait 2026-11-23T09:00:00Z: only Mon "
			    "09:00-16:00; opens 2026-11-23T09:00:00Z");
}

static void settings_that_are_refused(void **state)
{
	static const struct bad_setting rows[] = {
		{ "hours:", "hours is empty" },
		{ "hours: []", "0 entries" },
		{ "hours: {from: 9}", "hours is a map" },
		{ "hours: Mon", "'' is no time of day" },
		{ "hours: Mo 09:00-16:00", "'Mo' are no days" },
		{ "hours: Mon- 09:00-16:00", "'Mon-' are no days" },
		{ "hours: Mon, 09:00-16:00", "'Mon,' are no days" },
		{ "hours: Mon-Thu-Fri 09:00-16:00", "no days" },
		{ "hours: Mon 9:00-16:00", "no time of day" },
		{ "hours: Mon 09:00", "no time of day" },
		{ "hours: Mon 09:00-09:00", "no time of day" },
		{ "hours: Mon 24:00-09:00", "no time of day" },
		{ "hours: Mon 09:60-10:00", "no time of day" },
		{ "hours: Mon 09:00-24:01", "no time of day" },
		{ "hours: Mon 09:00-10:00,", "no time of day" },
		{ "hours: Mon 09:00-10:00 Europe/Atlantis",
		  "there is no time zone 'Europe/Atlantis'" },
		{ "hours: Mon 09:00-10:00 UTC now", "'now' is too much" },
	};

	(void)state;
	check_bad_settings(rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_it_is_open),
		cmocka_unit_test(it_opens_when_it_says),
		cmocka_unit_test(what_it_says),
		cmocka_unit_test(settings_that_are_refused),
	};

	return cmocka_run_group_tests_name("gate hours", tests, NULL, NULL);
}
