#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "bot/base/buf.h"
#include "bot/base/str.h"
#include "bot/base/zone.h"
#include "policies/gates.h"

/*
 * hours: "Mon-Thu 09:00-16:00 Europe/Zurich", or a list of such windows. A
 * window holds from its first minute to the second before its last; one that
 * ends before it begins goes on into the next day. Without days it is every
 * day, without a zone it is UTC. The zone's own clocks count, so windows
 * move with daylight saving.
 */
enum { DAY_MIN = 24 * 60, WEEK_MIN = 7 * DAY_MIN, WINDOWS_MAX = 20 };

struct window {
	const char *text;
	const struct zone *zone;
	bool open[WEEK_MIN];	/* by minute of the local week, from Sunday */
};

struct hours {
	size_t len;
	struct window *windows;
};

#define EXAMPLE "hours: Mon-Thu 09:00-16:00 Europe/Zurich"

/* Setting ---------------------------------------------------------------- */

/* Sunday is 0; -1: not a day. */
static int day_of(const char *s, size_t len)
{
	static const char *const days[] = { "sunday", "monday", "tuesday",
					    "wednesday", "thursday", "friday",
					    "saturday" };

	for (int i = 0; i < 7; i++)
		if ((len == 3 || len == strlen(days[i])) &&
		    strncasecmp(s, days[i], len) == 0)
			return i;
	return -1;
}

/* "Mon-Thu", "Mon,Wed,Sat-Sun". */
static bool days_parse(const char *s, size_t len, bool day[7])
{
	const char *end = s + len;

	while (s < end) {
		size_t n = strcspn(s, ",- \t");
		int first = day_of(s, n), last = first;

		s += n;
		if (s < end && *s == '-') {
			n = strcspn(++s, ",- \t");
			last = day_of(s, n);
			s += n;
		}
		if (first < 0 || last < 0)
			return false;
		for (int i = first;; i = (i + 1) % 7) {
			day[i] = true;
			if (i == last)
				break;
		}
		if (s < end && (*s != ',' || ++s == end))
			return false;
	}
	return true;
}

/* "09:00" in minutes; up to 24:00; -1: not a time. */
static int clock_parse(const char *s)
{
	int min;

	for (int i = 0; i < 5; i++)
		if (i == 2 ? s[i] != ':' : !isdigit((unsigned char)s[i]))
			return -1;
	min = ((s[0] - '0') * 10 + s[1] - '0') * 60 + (s[3] - '0') * 10 + s[4] -
	      '0';
	return s[3] <= '5' && min <= DAY_MIN ? min : -1;
}

/* "09:00-12:00,13:00-16:00" on the days that are wanted. */
static bool times_parse(const char *s, size_t len, const bool day[7],
			bool *open)
{
	const char *end = s + len;

	while (s < end) {
		int from, to;

		if (end - s < 11 || s[5] != '-' || (from = clock_parse(s)) < 0 ||
		    (to = clock_parse(s + 6)) < 0 || from == to ||
		    from == DAY_MIN)
			return false;
		if (to < from)
			to += DAY_MIN;
		for (int d = 0; d < 7; d++)
			for (int m = from; day[d] && m < to; m++)
				open[(d * DAY_MIN + m) % WEEK_MIN] = true;
		s += 11;
		if (s < end && (*s != ',' || ++s == end))
			return false;
	}
	return true;
}

/* The next word of *S: its length, and *S moved to it. */
static size_t word(const char **s)
{
	*s += strspn(*s, " \t");
	return strcspn(*s, " \t");
}

static bool window_parse(struct window *w, const struct node *n,
			 const struct gate_parse *p)
{
	const char *s = n->value;
	bool day[7] = { false };
	size_t len = word(&s);
	struct err err = { 0 };

	w->text = n->value;
	if (isdigit((unsigned char)*s)) {
		memset(day, true, sizeof(day));
	} else {
		if (!days_parse(s, len, day)) {
			diag_error(p->diag, n, "hours: '%.*s' are no days; "
				   "write them as in Mon-Thu or Mon,Wed",
				   (int)len, s);
			return false;
		}
		s += len;
		len = word(&s);
	}
	if (len == 0 || !times_parse(s, len, day, w->open)) {
		diag_error(p->diag, n, "hours: '%.*s' is no time of day; write "
			   "it as in 09:00-16:00", (int)len, s);
		return false;
	}
	s += len;
	len = word(&s);
	if (p->zone(&w->zone, p->arena, len ? arena_strndup(p->arena, s, len)
					    : "UTC", &err) < 0) {
		diag_error(p->diag, n, "hours: %s", err.msg);
		return false;
	}
	s += len;
	if (word(&s) == 0)
		return true;
	diag_error(p->diag, n, "hours: '%s' is too much; write '%s'", s,
		   EXAMPLE);
	return false;
}

static const void *parse(const struct node *n, const struct gate_parse *p)
{
	struct hours *hours = arena_alloc(p->arena, sizeof(*hours));
	const struct node *const *texts;
	bool good = true;

	if (!gate_texts(n, p, "hours", EXAMPLE, &texts, &hours->len))
		return NULL;
	if (hours->len > WINDOWS_MAX) {
		diag_error(p->diag, n, "hours has more than %d windows",
			   WINDOWS_MAX);
		return NULL;
	}
	hours->windows = arena_alloc(p->arena, hours->len *
				     sizeof(*hours->windows));
	for (size_t i = 0; i < hours->len; i++)
		good &= window_parse(&hours->windows[i], texts[i], p);
	return good ? hours : NULL;
}

/* Judging ---------------------------------------------------------------- */

static bool is_open(const struct window *w, int64_t at_s, int *minute)
{
	int64_t local_s = at_s + zone_offset_s(w->zone, at_s);
	/* The epoch was a Thursday; weeks here begin with Sunday. */
	int64_t min = local_s / 60 - (local_s % 60 < 0) + 4 * DAY_MIN;

	*minute = (int)((min % WEEK_MIN + WEEK_MIN) % WEEK_MIN);
	return w->open[*minute];
}

/* When it opens next, after AT_S, at which it is closed. */
static int64_t opens_s(const struct window *w, int64_t at_s)
{
	int64_t end_s = at_s + 8 * 7 * 86400;
	int minute;

	/*
	 * By the clock as it goes now. Where clocks change on the way, stop
	 * there by halves and look again: it may open at the change itself.
	 */
	while (at_s < end_s) {
		int32_t offset_s = zone_offset_s(w->zone, at_s);
		int64_t next_s, step_s = 0;

		if (is_open(w, at_s, &minute))
			return at_s;
		while (!w->open[(minute + ++step_s) % WEEK_MIN])
			;
		next_s = at_s - ((at_s + offset_s) % 60 + 60) % 60 +
			 step_s * 60;
		if (zone_offset_s(w->zone, next_s) == offset_s &&
		    zone_offset_s(w->zone, at_s + (next_s - at_s) / 2) ==
			    offset_s)
			return next_s;
		for (int64_t low_s = at_s; low_s + 1 < next_s;) {
			int64_t mid_s = low_s + (next_s - low_s) / 2;

			if (zone_offset_s(w->zone, mid_s) == offset_s)
				low_s = mid_s;
			else
				next_s = mid_s;
		}
		at_s = next_s;
	}
	return TIME_UNKNOWN;
}

static void judge(const void *setting, const struct gate_facts *f,
		  struct gate_result *out)
{
	const struct hours *hours = setting;
	struct buf when = { 0 };
	int64_t at_s;
	int minute;

	for (size_t i = 0; i < hours->len; i++) {
		const struct window *w = &hours->windows[i];
		bool open = is_open(w, f->now_s, &minute);

		gate_rests_on(out, f, w->text, open ? "open" : "closed",
			      f->now_s, NULL);
		if (open) {
			gate_say(out, VERDICT_PASS, "it is %s", w->text);
			out->until_s = TIME_UNKNOWN;
			break;
		}
		at_s = opens_s(w, f->now_s);
		if (i && at_s >= out->until_s)
			continue;
		buf_reset(&when);
		time_format(&when, at_s);
		gate_say(out, VERDICT_WAIT, "only %s; opens %s", w->text,
			 buf_str(&when));
		out->until_s = at_s;
	}
	buf_release(&when);
}

const struct gate_kind gate_hours = {
	.name  = "hours",
	.help  = "days and times of day, in a time zone",
	.changes_with_time = true,
	.parse = parse,
	.judge = judge,
};
