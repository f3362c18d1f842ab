#include "bot/base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "bot/base/buf.h"
#include "bot/base/mem.h"

enum { BACKOFF_MOST_MS = 2000 };

static const struct { const char *name; int64_t s; } units[] = {
	{ "w", 7 * 86400 }, { "d", 86400 }, { "h", 3600 },
	{ "m", 60 }, { "s", 1 },
};

int clock_read(int64_t *out_s, struct err *err)
{
	const char *pinned = getenv("PROMOTE_NOW");

	*out_s = (int64_t)time(NULL);
	if (!pinned || !*pinned)
		return 0;
	if (time_parse(out_s, pinned, err) < 0)
		return err_prefix(err, "PROMOTE_NOW: ");
	return 0;
}

int64_t clock_now_s(void)
{
	struct err ignored = { 0 };
	int64_t s;

	if (clock_read(&s, &ignored) < 0)
		s = (int64_t)time(NULL);
	return s;
}

int64_t clock_mono_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int duration_parse(int64_t *out_s, const char *text, struct err *err)
{
	const int64_t most = (int64_t)100 * 366 * 86400;
	const char *s = text;
	int64_t total = 0;
	size_t unit = 0;

	if (strcmp(text, "0") == 0) {
		*out_s = 0;
		return 0;
	}
	do {
		int64_t n = 0;

		if (!isdigit((unsigned char)*s))
			goto bad;
		for (; isdigit((unsigned char)*s); s++) {
			n = n * 10 + (*s - '0');
			if (n > most)
				goto bad;
		}
		for (; unit < ARRAY_LEN(units); unit++)
			if (*s == units[unit].name[0])
				break;
		if (unit == ARRAY_LEN(units))
			goto bad;
		total += n * units[unit++].s;
		s++;
		if (total > most)
			goto bad;
	} while (*s);
	*out_s = total;
	return 0;
bad:
	return err_set(err, ERR_USAGE, "'%s' is not a duration; write a number "
		       "and a unit, as in 90s, 30m, 24h or 1d12h", text);
}

void duration_format(struct buf *out, int64_t s)
{
	int shown = 0;

	if (s == TIME_UNKNOWN) {	/* and has no positive counterpart */
		buf_addstr(out, "unknown");
		return;
	}
	if (s < 0) {
		buf_addch(out, '-');
		s = -s;
	}
	for (size_t i = 1; i < ARRAY_LEN(units) && shown < 2; i++) {
		int64_t n = s / units[i].s;

		if (n == 0 && shown == 0)
			continue;
		shown++;
		s -= n * units[i].s;
		if (n)
			buf_addf(out, "%s%lld%s", shown == 2 ? " " : "",
				 (long long)n, units[i].name);
	}
	if (shown == 0)
		buf_addstr(out, "0s");
}

/* Exactly N digits at *S, moved past; -1 where there are fewer. */
static int digits(const char **s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (!isdigit((unsigned char)**s))
			return -1;
		v = v * 10 + (**s - '0');
	}
	return v;
}

/* Days since the epoch (Howard Hinnant, "chrono-compatible date algorithms"). */
int64_t days_from_civil(int y, int m, int d)
{
	int64_t yy = m <= 2 ? y - 1 : y;
	int64_t era = (yy >= 0 ? yy : yy - 399) / 400;
	int64_t yoe = yy - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int year_of_day(int64_t day)
{
	int64_t z = day + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);

	/* That year begins in March: its last two months are the next one's. */
	return (int)(yoe + era * 400 + (doy >= 306));
}

int weekday_of_day(int64_t day)
{
	return (int)(((day + 4) % 7 + 7) % 7);
}

int days_in_month(int y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };

	if (m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0))
		return 29;
	return days[m - 1];
}

int time_parse(int64_t *out_s, const char *text, struct err *err)
{
	const char *s = text;
	int y, m, d, hh = 0, mm = 0, ss = 0, off = 0;

	y = digits(&s, 4);
	if (y < 0 || *s++ != '-')
		goto bad;
	m = digits(&s, 2);
	if (m < 1 || m > 12 || *s++ != '-')
		goto bad;
	d = digits(&s, 2);
	if (d < 1 || d > days_in_month(y, m))
		goto bad;
	if (*s == 'T' || *s == 't' || *s == ' ') {
		s++;
		hh = digits(&s, 2);
		if (hh < 0 || hh > 23 || *s++ != ':')
			goto bad;
		mm = digits(&s, 2);
		if (mm < 0 || mm > 59 || *s++ != ':')
			goto bad;
		ss = digits(&s, 2);
		if (ss < 0 || ss > 60)
			goto bad;
		if (*s == '.') {
			s++;
			if (!isdigit((unsigned char)*s))
				goto bad;
			while (isdigit((unsigned char)*s))
				s++;
		}
		if (*s == '+' || *s == '-') {
			int sign = *s++ == '-' ? -1 : 1;
			int oh = digits(&s, 2), om;

			if (oh < 0 || oh > 23 || *s++ != ':')
				goto bad;
			om = digits(&s, 2);
			if (om < 0 || om > 59)
				goto bad;
			off = sign * (oh * 3600 + om * 60);
		} else if (*s == 'Z' || *s == 'z') {
			s++;
		} else {
			goto bad;
		}
	}
	if (*s)
		goto bad;
	*out_s = days_from_civil(y, m, d) * 86400 + hh * 3600 + mm * 60 + ss -
		 off;
	return 0;
bad:
	return err_set(err, ERR_USAGE, "'%s' is not a time; write "
		       "2026-11-21T09:00:00Z or a date", text);
}

void time_format(struct buf *out, int64_t s)
{
	time_t t = (time_t)s;
	struct tm tm;

	/* Not by strftime(): it writes the year 33 as "33". */
	if (s == TIME_UNKNOWN || !gmtime_r(&t, &tm) || tm.tm_year < -1900 ||
	    tm.tm_year > 9999 - 1900)
		buf_addstr(out, "unknown");
	else
		buf_addf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ",
			 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			 tm.tm_hour, tm.tm_min, tm.tm_sec);
}

struct deadline deadline_in(int64_t ms)
{
	return (struct deadline){ .at_ms = clock_mono_ms() + ms };
}

int64_t deadline_left_ms(const struct deadline *d)
{
	int64_t left = d->at_ms - clock_mono_ms();

	return left > 0 ? left : 0;
}

bool sleep_ms(int64_t ms, const struct deadline *d)
{
	struct timespec ts = { .tv_sec = (time_t)(ms / 1000),
			       .tv_nsec = (long)(ms % 1000) * 1000000 };

	if (deadline_left_ms(d) <= ms)
		return false;
	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		;
	return true;
}

/* Up to MOST_MS, at random, or BACKOFF_MOST_MS where that is less. */
static bool jitter_sleep(int64_t most_ms, const struct deadline *d)
{
	unsigned int r = 0;

	if (most_ms > BACKOFF_MOST_MS)
		most_ms = BACKOFF_MOST_MS;
	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r))
		r = (unsigned int)clock_mono_ms() * 2654435761u;
	return sleep_ms((int64_t)(r % (unsigned int)most_ms), d);
}

bool backoff_wait(struct backoff *b, const struct deadline *d)
{
	int64_t most_ms = 50;

	for (unsigned i = 0; i < b->tries && most_ms < BACKOFF_MOST_MS; i++)
		most_ms *= 2;
	b->tries++;
	return jitter_sleep(most_ms, d);
}

bool backoff_race(struct backoff *b, int64_t try_ms, const struct deadline *d)
{
	if (try_ms < 1)
		try_ms = 1;
	if (try_ms > BACKOFF_MOST_MS)
		try_ms = BACKOFF_MOST_MS;
	b->tries++;
	return jitter_sleep(2 * b->tries * try_ms, d);
}
