#ifndef BOT_BASE_CLOCK_H
#define BOT_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "bot/base/err.h"

struct buf;

/* A point in time nobody told us. Times are seconds since the epoch, UTC. */
#define TIME_UNKNOWN INT64_MIN

/*
 * The wall clock. PROMOTE_NOW (RFC 3339), where set, is the answer instead:
 * the time is part of what a plan is made from, so it can be pinned to look
 * at what a run would have done (a dry run or a test at another time).
 */
int64_t clock_now_s(void);

/* The same, but ERR_USAGE where PROMOTE_NOW is not a time. */
int clock_read(int64_t *out_s, struct err *err);

/* Monotonic, for deadlines only. */
int64_t clock_mono_ms(void);

/*
 * A duration as people write it: a number and a unit, once or several times,
 * the largest first: "30m", "24h", "1d12h", "90s", "2w", "500ms" is refused.
 * A bare number but "0" is refused: the unit is the point.
 */
int duration_parse(int64_t *out_s, const char *text, struct err *err);

/* "2d 3h", "45m", "10s": the two largest units. Negative: "-45m". What is not
   known is "unknown". */
void duration_format(struct buf *out, int64_t s);

/*
 * RFC 3339 ("2026-11-21T09:00:00Z", with an offset, with fractions that are
 * dropped), or a date alone, which is its first second in UTC.
 */
int time_parse(int64_t *out_s, const char *text, struct err *err);

/* "2026-11-21T09:00:00Z"; TIME_UNKNOWN, or beyond the year 9999: "unknown". */
void time_format(struct buf *out, int64_t s);

/*
 * The calendar (proleptic Gregorian) in days since the epoch. Months and days
 * count from 1, weekdays from 0, which is Sunday.
 */
int64_t days_from_civil(int year, int month, int day);
int days_in_month(int year, int month);
int year_of_day(int64_t day);
int weekday_of_day(int64_t day);

/*
 * The end of everything a run may do. Zeroed means already over; start one
 * with deadline_in().
 */
struct deadline {
	int64_t at_ms;		/* on the monotonic clock */
};

struct deadline deadline_in(int64_t ms);
int64_t deadline_left_ms(const struct deadline *d);	/* never below 0 */

/*
 * Waiting between tries that lost: doubles from 50 ms to 2 s, each with full
 * jitter so that many bots spread out (AWS Architecture Blog, "Exponential
 * Backoff And Jitter").
 */
struct backoff {
	unsigned tries;
};

/*
 * Sleep before the next try. False, without sleeping, when the deadline
 * would be over by then.
 */
bool backoff_wait(struct backoff *b, const struct deadline *d);

/*
 * The same after a lost race, where each loss means that somebody else got
 * through: the queue grows shorter by itself, so the wait grows by no more
 * than what a try takes (TRY_MS: the one just lost), and a slow or busy
 * server, where tries take long, is asked less often.
 */
bool backoff_race(struct backoff *b, int64_t try_ms, const struct deadline *d);

/* Sleep MS, but false at once if the deadline comes before that. */
bool sleep_ms(int64_t ms, const struct deadline *d);

#endif
