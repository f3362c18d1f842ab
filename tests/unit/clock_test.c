#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bot/base/buf.h"
#include "bot/base/clock.h"
#include "bot/base/mem.h"

enum { REFUSED = -1 };

static void durations_as_people_write_them(void **state)
{
	static const struct { const char *text; int64_t want; } rows[] = {
		{ "0", 0 }, { "0s", 0 }, { "90s", 90 }, { "30m", 1800 },
		{ "24h", 86400 }, { "1d", 86400 }, { "1d12h", 129600 },
		{ "2w", 1209600 }, { "1w1d1h1m1s", 694861 },
		{ "5200w", INT64_C(5200) * 604800 },
		{ "", REFUSED }, { "30", REFUSED }, { "h", REFUSED },
		{ "500ms", REFUSED }, { "1h30", REFUSED }, { "1m1h", REFUSED },
		{ "1h1h", REFUSED }, { "-1h", REFUSED }, { "+1h", REFUSED },
		{ "1 h", REFUSED }, { " 1h", REFUSED }, { "1h ", REFUSED },
		{ "1.5h", REFUSED }, { "1H", REFUSED }, { "00", REFUSED },
		{ "99999999999999999999s", REFUSED }, { "9999w", REFUSED },
		{ "forever", REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		int64_t got = REFUSED;

		if (duration_parse(&got, rows[i].text, &err) < 0)
			assert_int_equal(err.code, ERR_USAGE);
		if (got != rows[i].want)
			fail_msg("'%s': %lld", rows[i].text, (long long)got);
	}
}

static void durations_as_we_write_them(void **state)
{
	static const struct { int64_t s; const char *want; } rows[] = {
		{ 0, "0s" }, { 1, "1s" }, { 59, "59s" }, { 60, "1m" },
		{ 61, "1m 1s" }, { 3600, "1h" }, { 3661, "1h 1m" },
		{ 3601, "1h" }, { 86399, "23h 59m" }, { 86400, "1d" },
		{ 97200, "1d 3h" }, { 8 * 86400, "8d" }, { -45 * 60, "-45m" },
		{ -1, "-1s" }, { TIME_UNKNOWN, "unknown" },
		{ INT64_MIN + 1, "-106751991167300d 15h" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { 0 };

		duration_format(&out, rows[i].s);
		if (strcmp(buf_str(&out), rows[i].want) != 0)
			fail_msg("%lld: %s", (long long)rows[i].s,
				 buf_str(&out));
		buf_release(&out);
	}
}

static void points_in_time(void **state)
{
	static const struct { const char *text; int64_t want; } rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01", 0 },
		{ "2026-11-21T09:00:00Z", 1795251600 },
		{ "2026-11-21t09:00:00z", 1795251600 },
		{ "2026-11-21 09:00:00Z", 1795251600 },
		{ "2026-11-21T10:00:00+01:00", 1795251600 },
		{ "2026-11-21T03:30:00-05:30", 1795251600 },
		{ "2026-11-21T09:00:00.999Z", 1795251600 },
		{ "2026-11-21T09:00:00.1+00:00", 1795251600 },
		{ "2000-02-29", 951782400 },
		{ "1900-03-01", -2203891200 },
		{ "2016-12-31T23:59:60Z", 1483228800 },
		{ "", REFUSED }, { "2026", REFUSED }, { "2026-11", REFUSED },
		{ "2026-13-01", REFUSED }, { "2026-00-01", REFUSED },
		{ "2026-11-31", REFUSED }, { "2026-11-00", REFUSED },
		{ "2026-02-29", REFUSED }, { "1900-02-29", REFUSED },
		{ "2026-11-21T09:00:00", REFUSED },
		{ "2026-11-21T09:00Z", REFUSED },
		{ "2026-11-21T24:00:00Z", REFUSED },
		{ "2026-11-21T09:60:00Z", REFUSED },
		{ "2026-11-21T09:00:61Z", REFUSED },
		{ "2026-11-21T09:00:00.Z", REFUSED },
		{ "2026-11-21T09:00:00+0100", REFUSED },
		{ "2026-11-21T09:00:00Z ", REFUSED },
		{ "2026-11-21x", REFUSED }, { "26-11-21", REFUSED },
		{ "yesterday", REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		int64_t got = REFUSED;

		if (time_parse(&got, rows[i].text, &err) < 0)
			assert_int_equal(err.code, ERR_USAGE);
		if (got != rows[i].want)
			fail_msg("'%s': %lld", rows[i].text, (long long)got);
	}
}

static void there_and_back(void **state)
{
	struct err err = { 0 };

	(void)state;
	for (int64_t s = -INT64_C(62135596800); s < INT64_C(253402300799);
	     s += INT64_C(86400) * 11 + 12345) {
		struct buf out = { 0 };
		int64_t got;

		time_format(&out, s);
		if (time_parse(&got, buf_str(&out), &err) < 0 || got != s)
			fail_msg("%lld: %s", (long long)s, buf_str(&out));
		buf_release(&out);
	}
}

/* Against the C library, day by day. */
static void the_calendar(void **state)
{
	int64_t first = days_from_civil(1896, 1, 1);

	(void)state;
	assert_int_equal(days_from_civil(1970, 1, 1), 0);
	for (int64_t day = first; day < first + 400 * 366; day++) {
		time_t t = (time_t)(day * 86400);
		struct tm tm;

		gmtime_r(&t, &tm);
		if (days_from_civil(tm.tm_year + 1900, tm.tm_mon + 1,
				    tm.tm_mday) != day ||
		    year_of_day(day) != tm.tm_year + 1900 ||
		    weekday_of_day(day) != tm.tm_wday ||
		    days_in_month(tm.tm_year + 1900, tm.tm_mon + 1) <
			    tm.tm_mday)
			fail_msg("day %lld", (long long)day);
	}
}

static void a_pinned_clock(void **state)
{
	struct err err = { 0 };
	int64_t s = 0;

	(void)state;
	setenv("PROMOTE_NOW", "2026-11-21T09:00:00Z", 1);
	assert_int_equal(clock_now_s(), 1795251600);
	assert_int_equal(clock_read(&s, &err), 0);
	assert_int_equal(s, 1795251600);
	setenv("PROMOTE_NOW", "tomorrow", 1);
	assert_int_equal(clock_read(&s, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.msg, "PROMOTE_NOW: 'tomorrow'"));
	setenv("PROMOTE_NOW", "", 1);
	assert_true(clock_now_s() > INT64_C(1700000000));
	unsetenv("PROMOTE_NOW");
	assert_true(clock_now_s() > INT64_C(1700000000));
}

static void deadlines(void **state)
{
	struct deadline none = { 0 }, soon = deadline_in(20);
	struct backoff b = { 0 };
	int64_t start = clock_mono_ms();

	(void)state;
	assert_int_equal(deadline_left_ms(&none), 0);
	assert_false(sleep_ms(0, &none));
	assert_false(backoff_wait(&b, &none));
	assert_false(sleep_ms(1000, &soon));
	assert_true(sleep_ms(1, &soon));
	while (backoff_wait(&b, &soon))
		;
	assert_true(clock_mono_ms() - start < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_as_people_write_them),
		cmocka_unit_test(durations_as_we_write_them),
		cmocka_unit_test(points_in_time),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(the_calendar),
		cmocka_unit_test(a_pinned_clock),
		cmocka_unit_test(deadlines),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
