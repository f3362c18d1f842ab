#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "bot/base/clock.h"
#include "bot/base/zone.h"

static int64_t at(const char *text)
{
	struct err err = { 0 };
	int64_t s;

	if (time_parse(&s, text, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

/* Rules as the files have them, at the seconds around their changes. */
static void a_rule(void **state)
{
	static const struct {
		const char *name, *rule, *time;
		int32_t want_s;
	} rows[] = {
		{ "no summer", "JST-9", "2026-07-01T00:00:00Z", 32400 },
		{ "west", "EST5EDT,M3.2.0,M11.1.0", "2026-01-01", -18000 },
		{ "Zurich, a second before summer",
		  "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3600 },
		{ "Zurich, summer", "CET-1CEST,M3.5.0,M10.5.0/3",
		  "2026-03-29T01:00:00Z", 7200 },
		{ "Zurich, a second before winter",
		  "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:59:59Z", 7200 },
		{ "Zurich, winter", "CET-1CEST,M3.5.0,M10.5.0/3",
		  "2026-10-25T01:00:00Z", 3600 },
		{ "New York, a second before summer",
		  "EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -18000 },
		{ "New York, summer", "EST5EDT,M3.2.0,M11.1.0",
		  "2026-03-08T07:00:00Z", -14400 },
		{ "Sydney, January is summer",
		  "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-15", 39600 },
		{ "Sydney, July is winter", "AEST-10AEDT,M10.1.0,M4.1.0/3",
		  "2026-07-15", 36000 },
		{ "Sydney, the last second of summer",
		  "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-04-04T15:59:59Z",
		  39600 },
		{ "Sydney, winter", "AEST-10AEDT,M10.1.0,M4.1.0/3",
		  "2026-04-04T16:00:00Z", 36000 },
		{ "half hours, a name in <>", "<+0330>-3:30", "2026-01-01",
		  12600 },
		{ "half an hour of summer",
		  "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-01",
		  39600 },
		{ "a rule before midnight (Greenland)",
		  "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z",
		  -7200 },
		{ "and a second later", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
		  "2026-03-29T01:00:00Z", -3600 },
		{ "a rule days later (Gaza)", "EET-2EEST,M3.4.4/50,M10.4.4/50",
		  "2026-03-28T00:00:00Z", 10800 },
		{ "and a second before", "EET-2EEST,M3.4.4/50,M10.4.4/50",
		  "2026-03-27T23:59:59Z", 7200 },
		{ "days without 29 February", "XXX0YYY,J60,J300",
		  "2028-03-01T02:00:00Z", 3600 },
		{ "and a second before", "XXX0YYY,J60,J300",
		  "2028-03-01T01:59:59Z", 0 },
		{ "days with it", "XXX0YYY,59,300", "2028-02-29T02:00:00Z",
		  3600 },
		{ "Irish winter is the exception",
		  "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01", 0 },
		{ "Irish summer is the rule", "IST-1GMT0,M10.5.0,M3.5.0/1",
		  "2026-07-01", 3600 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = { 0 };
		struct err err = { 0 };
		const struct zone *z;
		int32_t got;

		if (zone_of_rule(&z, &a, rows[i].rule, &err) < 0)
			fail_msg("%s: %s", rows[i].name, err.msg);
		got = zone_offset_s(z, at(rows[i].time));
		if (got != rows[i].want_s)
			fail_msg("%s: %d", rows[i].name, got);
		arena_release(&a);
	}
}

static void no_rules(void **state)
{
	static const char *const rows[] = {
		"", "CE", "CET", "CET-", "CET-25", "CET-1CEST", "CET-1CEST,",
		"CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
		"CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,J0,J300",
		"CET-1CEST,366,300", "CET-1CEST,M3.5.0,M10.5.0x", "<CET-1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = { 0 };
		struct err err = { 0 };
		const struct zone *z;

		if (zone_of_rule(&z, &a, rows[i], &err) == 0)
			fail_msg("'%s' was taken", rows[i]);
		assert_int_equal(err.code, ERR_USAGE);
		arena_release(&a);
	}
}

/* The system's own zones; every year from the file's first to its rule. */
static void zones_of_this_system(void **state)
{
	static const struct {
		const char *zone, *time;
		int32_t want_s;
	} rows[] = {
		{ "UTC", "2026-07-01", 0 },
		{ "Europe/Zurich", "1970-07-01", 3600 },
		{ "Europe/Zurich", "1985-07-01", 7200 },
		{ "Europe/Zurich", "2026-03-29T00:59:59Z", 3600 },
		{ "Europe/Zurich", "2026-03-29T01:00:00Z", 7200 },
		{ "Europe/Zurich", "2060-07-01", 7200 },
		{ "America/New_York", "2026-11-01T06:00:00Z", -18000 },
		{ "Asia/Kolkata", "2026-01-01", 19800 },
		{ "Australia/Lord_Howe", "2026-01-01", 39600 },
		{ "Pacific/Apia", "2011-12-30T09:59:59Z", -36000 },
		{ "Pacific/Apia", "2011-12-30T10:00:00Z", 50400 },
		{ "Etc/GMT+5", "2026-01-01", -18000 },
	};

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Zurich", R_OK) < 0)
		skip();
	unsetenv("TZDIR");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = { 0 };
		struct err err = { 0 };
		const struct zone *z;
		int32_t got;

		if (zone_load(&z, &a, rows[i].zone, &err) < 0)
			fail_msg("%s", err.msg);
		got = zone_offset_s(z, at(rows[i].time));
		if (got != rows[i].want_s)
			fail_msg("%s %s: %d", rows[i].zone, rows[i].time, got);
		arena_release(&a);
	}
}

/* The C library reads the same files: it must agree at every hour. */
static void as_the_c_library_has_it(void **state)
{
	static const char *const zones[] = {
		"Europe/Zurich", "America/Sao_Paulo", "Africa/Casablanca",
		"Asia/Gaza", "America/Nuuk", "Australia/Sydney",
		"Antarctica/Troll", "Europe/Dublin",
	};

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Zurich", R_OK) < 0)
		skip();
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		struct arena a = { 0 };
		struct err err = { 0 };
		const struct zone *z;

		if (zone_load(&z, &a, zones[i], &err) < 0)
			fail_msg("%s", err.msg);
		setenv("TZ", zones[i], 1);
		tzset();
		for (int64_t s = at("2005-01-01"); s < at("2045-01-01");
		     s += 7 * 3600) {
			time_t t = (time_t)s;
			struct tm tm;

			localtime_r(&t, &tm);
			if (tm.tm_gmtoff != zone_offset_s(z, s))
				fail_msg("%s at %lld: %d, the C library has "
					 "%ld", zones[i], (long long)s,
					 zone_offset_s(z, s), tm.tm_gmtoff);
		}
		arena_release(&a);
	}
	setenv("TZ", "UTC", 1);
	tzset();
}

static void no_zones(void **state)
{
	static const struct {
		const char *name, *dir;
		enum err_code want;
	} rows[] = {
		{ "Europe/Nowhere", NULL, ERR_USAGE },
		{ "Europe", NULL, ERR_USAGE },
		{ "", NULL, ERR_USAGE },
		{ "../../etc/passwd", NULL, ERR_USAGE },
		{ "/etc/passwd", NULL, ERR_USAGE },
		{ "Europe//Zurich", NULL, ERR_USAGE },
		{ "Europe/Zurich ", NULL, ERR_USAGE },
		{ "zone_tab", "/nonexistent", ERR_NOTFOUND },
		{ "Europe/Zurich", "/nonexistent", ERR_NOTFOUND },
		{ "passwd", "/etc", ERR_DATA },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = { 0 };
		struct err err = { 0 };
		const struct zone *z;

		if (rows[i].dir)
			setenv("TZDIR", rows[i].dir, 1);
		else
			unsetenv("TZDIR");
		if (zone_load(&z, &a, rows[i].name, &err) == 0)
			fail_msg("'%s' was taken", rows[i].name);
		if (err.code != rows[i].want &&
		    access("/usr/share/zoneinfo", R_OK) == 0)
			fail_msg("'%s': %s", rows[i].name, err.msg);
		arena_release(&a);
	}
	unsetenv("TZDIR");
}

static void file_write(const char *path, const unsigned char *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

/* Cut anywhere, or one byte changed: an error or a zone, never a crash. */
static void broken_files(void **state)
{
	char dir[] = "/tmp/zone-test-XXXXXX", path[64];
	unsigned char data[4096];
	size_t len, taken = 0;
	FILE *f = fopen("/usr/share/zoneinfo/Europe/Zurich", "rb");

	(void)state;
	if (!f)
		skip();
	len = fread(data, 1, sizeof(data), f);
	fclose(f);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/Z", dir);
	setenv("TZDIR", dir, 1);
	for (size_t i = 0; i < 2 * len; i += 5) {
		struct arena a = { 0 };
		struct err err = { 0 };
		const struct zone *z;
		unsigned char old = data[i / 2];

		data[i / 2] = (unsigned char)(old ^ (i * 37 + 1));
		file_write(path, data, i < len ? i : len);
		data[i / 2] = old;
		if (zone_load(&z, &a, "Z", &err) < 0) {
			assert_int_equal(err.code, ERR_DATA);
		} else {
			zone_offset_s(z, at("2026-07-01"));
			zone_when_s(z, INT64_C(1795251600));
			taken += i < len;
		}
		arena_release(&a);
	}
	assert_int_equal(taken, 0);	/* of those that were cut short */
	unlink(path);
	rmdir(dir);
	unsetenv("TZDIR");
}

static void when_clocks_show_a_time(void **state)
{
	static const struct { const char *name, *rule, *local, *want; } rows[] = {
		{ "any day", "CET-1CEST,M3.5.0,M10.5.0/3", "2026-12-20",
		  "2026-12-19T23:00:00Z" },
		{ "in summer", "CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01",
		  "2026-06-30T22:00:00Z" },
		{ "never: when they go forward", "CET-1CEST,M3.5.0,M10.5.0/3",
		  "2026-03-29T02:30:00Z", "2026-03-29T01:00:00Z" },
		{ "twice: the first time", "CET-1CEST,M3.5.0,M10.5.0/3",
		  "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z" },
		{ "west", "EST5EDT,M3.2.0,M11.1.0", "2026-12-20",
		  "2026-12-20T05:00:00Z" },
		{ "UTC", "UTC0", "2026-12-20", "2026-12-20T00:00:00Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = { 0 };
		struct err err = { 0 };
		const struct zone *z;

		assert_int_equal(zone_of_rule(&z, &a, rows[i].rule, &err), 0);
		if (zone_when_s(z, at(rows[i].local)) != at(rows[i].want))
			fail_msg("%s: %lld", rows[i].name,
				 (long long)zone_when_s(z, at(rows[i].local)));
		arena_release(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule),
		cmocka_unit_test(no_rules),
		cmocka_unit_test(zones_of_this_system),
		cmocka_unit_test(as_the_c_library_has_it),
		cmocka_unit_test(no_zones),
		cmocka_unit_test(broken_files),
		cmocka_unit_test(when_clocks_show_a_time),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
