#include "bot/base/zone.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bot/base/clock.h"

enum { NAME_MAX_LEN = 64, FILE_MAX_LEN = 256 * 1024, DAY_S = 86400 };

/* A day of the year on which clocks change, and when on that day. */
struct change {
	enum { CHANGE_WEEKDAY, CHANGE_JULIAN, CHANGE_DAY } kind;
	int month, week, day;	/* WEEKDAY: 1-12, 1-5, 0-6; else day only */
	int32_t at_s;		/* local time; may be negative or over a day */
};

/* What holds after the last transition, or always. */
struct rule {
	int32_t std_s, dst_s;	/* ahead of UTC */
	bool has_dst;
	struct change to_dst, to_std;
};

struct zone {
	size_t len;
	int64_t *at;		/* transitions, oldest first */
	int32_t *offset_s;	/* offset_s[i] holds from at[i] on */
	int32_t first_s;	/* before at[0] */
	bool has_rule;
	struct rule rule;
};

/* The rule ---------------------------------------------------------------- */

/* A number of at most MOST at *S, moved past; -1: none. */
static int number(const char **s, int most)
{
	int n = 0;

	if (!isdigit((unsigned char)**s))
		return -1;
	for (; isdigit((unsigned char)**s); (*s)++) {
		n = n * 10 + (**s - '0');
		if (n > most)
			return -1;
	}
	return n;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool hms(const char **s, int most_h, int32_t *out)
{
	int sign = 1, part[3] = { 0 };

	if (**s == '+' || **s == '-')
		sign = *(*s)++ == '-' ? -1 : 1;
	part[0] = number(s, most_h);
	for (int i = 1; i < 3 && part[i - 1] >= 0 && **s == ':'; i++) {
		(*s)++;
		part[i] = number(s, 59);
	}
	*out = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
	return part[0] >= 0 && part[1] >= 0 && part[2] >= 0;
}

/* Three letters or more, or anything in <>. */
static bool abbreviation(const char **s)
{
	const char *start = *s;

	if (**s == '<') {
		*s += strcspn(*s, ">");
		return *(*s) == '>' && (*s)++;
	}
	while (isalpha((unsigned char)**s))
		(*s)++;
	return *s - start >= 3;
}

static bool change_parse(const char **s, struct change *c)
{
	c->at_s = 2 * 3600;
	if (**s == 'M') {
		c->kind = CHANGE_WEEKDAY;
		(*s)++;
		c->month = number(s, 12);
		if (c->month < 1 || *(*s)++ != '.')
			return false;
		c->week = number(s, 5);
		if (c->week < 1 || *(*s)++ != '.')
			return false;
		c->day = number(s, 6);
	} else {
		c->kind = **s == 'J' ? CHANGE_JULIAN : CHANGE_DAY;
		*s += **s == 'J';
		c->day = number(s, 365);
		if (c->kind == CHANGE_JULIAN && c->day == 0)
			return false;
	}
	if (c->day < 0)
		return false;
	if (**s != '/')
		return true;
	(*s)++;
	return hms(s, 167, &c->at_s);
}

static bool rule_parse(struct rule *r, const char *s)
{
	if (!abbreviation(&s) || !hms(&s, 24, &r->std_s))
		return false;
	/* POSIX counts westward. */
	r->std_s = -r->std_s;
	r->has_dst = *s != '\0';
	if (!r->has_dst)
		return true;
	if (!abbreviation(&s))
		return false;
	r->dst_s = r->std_s + 3600;
	if (*s != ',') {
		if (!hms(&s, 24, &r->dst_s))
			return false;
		r->dst_s = -r->dst_s;
	}
	return *s++ == ',' && change_parse(&s, &r->to_dst) && *s++ == ',' &&
	       change_parse(&s, &r->to_std) && *s == '\0';
}

/* The day of CHANGE in YEAR, in days since the epoch. */
static int64_t change_day(const struct change *c, int year)
{
	int64_t first = days_from_civil(year, 1, 1), day;
	bool leap = days_from_civil(year + 1, 1, 1) - first == 366;
	int weekday;

	if (c->kind == CHANGE_DAY)
		return first + c->day;
	if (c->kind == CHANGE_JULIAN)	/* 29 February is never counted */
		return first + c->day - 1 + (leap && c->day >= 60);
	first = days_from_civil(year, c->month, 1);
	weekday = weekday_of_day(first);
	day = first + (c->day - weekday + 7) % 7 + 7 * (c->week - 1);
	while (day >= days_from_civil(c->month == 12 ? year + 1 : year,
				      c->month == 12 ? 1 : c->month + 1, 1))
		day -= 7;
	return day;
}

static int32_t rule_offset_s(const struct rule *r, int64_t at_s)
{
	int64_t local_s = at_s + r->std_s, start_s, end_s;
	int year;

	if (!r->has_dst)
		return r->std_s;
	year = year_of_day(local_s / DAY_S - (local_s % DAY_S < 0));
	start_s = change_day(&r->to_dst, year) * DAY_S + r->to_dst.at_s -
		  r->std_s;
	end_s = change_day(&r->to_std, year) * DAY_S + r->to_std.at_s -
		r->dst_s;
	/* South of the equator summer is what lies outside. */
	if (start_s < end_s)
		return at_s >= start_s && at_s < end_s ? r->dst_s : r->std_s;
	return at_s >= end_s && at_s < start_s ? r->std_s : r->dst_s;
}

/* The file (RFC 8536) ----------------------------------------------------- */

struct header {
	unsigned version;
	uint32_t isut, isstd, leap, time, type, chars;
};

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

enum { HEADER_LEN = 44, TYPE_LEN = 6 };

static bool header_read(struct header *h, const unsigned char *p, size_t len)
{
	if (len < HEADER_LEN || memcmp(p, "TZif", 4) != 0)
		return false;
	h->version = p[4] ? p[4] - '0' : 1;
	h->isut = be32(p + 20);
	h->isstd = be32(p + 24);
	h->leap = be32(p + 28);
	h->time = be32(p + 32);
	h->type = be32(p + 36);
	h->chars = be32(p + 40);
	return h->isut <= FILE_MAX_LEN && h->isstd <= FILE_MAX_LEN &&
	       h->leap <= FILE_MAX_LEN && h->time <= FILE_MAX_LEN &&
	       h->type > 0 && h->type <= 256 && h->chars <= FILE_MAX_LEN;
}

static size_t block_len(const struct header *h, size_t time_size)
{
	return h->time * (time_size + 1) + h->type * TYPE_LEN + h->chars +
	       h->leap * (time_size + 4) + h->isstd + h->isut;
}

/* The transitions of the block at P, with times of eight bytes. */
static bool transitions_read(struct zone *z, struct arena *a,
			     const struct header *h, const unsigned char *p)
{
	const unsigned char *index = p + h->time * 8, *types = index + h->time;

	z->len = h->time;
	z->at = arena_alloc(a, z->len * sizeof(*z->at));
	z->offset_s = arena_alloc(a, z->len * sizeof(*z->offset_s));
	z->first_s = (int32_t)be32(types);
	for (size_t i = 0; i < z->len; i++) {
		if (index[i] >= h->type)
			return false;
		z->at[i] = be64(p + i * 8);
		z->offset_s[i] = (int32_t)be32(types + index[i] * TYPE_LEN);
		if (i && z->at[i] <= z->at[i - 1])
			return false;
	}
	return true;
}

static bool file_parse(struct zone *z, struct arena *a,
		       const unsigned char *p, size_t len)
{
	struct header h;
	const unsigned char *end;
	size_t skip;

	/* The first block has times of four bytes; nobody needs it. */
	if (!header_read(&h, p, len) || h.version < 2)
		return false;
	skip = HEADER_LEN + block_len(&h, 4);
	if (skip > len || !header_read(&h, p + skip, len - skip))
		return false;
	p += skip + HEADER_LEN;
	len -= skip + HEADER_LEN;
	/* Leap seconds: those files count another time than git does. */
	if (block_len(&h, 8) > len || h.leap ||
	    !transitions_read(z, a, &h, p))
		return false;
	p += block_len(&h, 8);
	len -= block_len(&h, 8);
	if (len < 2 || p[0] != '\n' || !(end = memchr(p + 1, '\n', len - 1)))
		return false;
	z->has_rule = end > p + 1;
	return !z->has_rule ||
	       rule_parse(&z->rule, arena_strndup(a, (const char *)p + 1,
						  (size_t)(end - p - 1)));
}

/* No dots, so that no name leads out of the directory. */
static bool name_is_fine(const char *name)
{
	size_t len = strlen(name);

	return len && len <= NAME_MAX_LEN && name[0] != '/' &&
	       name[len - 1] != '/' && !strstr(name, "//") &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789_+-/") == len;
}

static int file_load(struct zone *z, struct arena *a, const char *dir,
		     const char *name, struct err *err)
{
	const char *path = arena_printf(a, "%s/%s", dir, name);
	unsigned char *data;
	struct stat st;
	size_t len;
	FILE *f;
	bool good;

	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, ERR_NOTFOUND, "no time zones are known "
			       "here (%s); install tzdata, or write the hours "
			       "in UTC", dir);
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "there is no time zone '%s'; "
			       "write it as in Europe/Zurich", name);
	f = fopen(path, "rb");
	if (!f)
		return err_set(err, ERR_NOTFOUND, "cannot read %s: %s", path,
			       strerror(errno));
	data = xmalloc(FILE_MAX_LEN);
	len = fread(data, 1, FILE_MAX_LEN, f);
	fclose(f);
	good = len < FILE_MAX_LEN && file_parse(z, a, data, len);
	free(data);
	if (!good)
		return err_set(err, ERR_DATA, "%s is not a time zone's file "
			       "that this program can read", path);
	return 0;
}

int zone_load(const struct zone **out, struct arena *a, const char *name,
	      struct err *err)
{
	struct zone *z = arena_alloc(a, sizeof(*z));
	const char *dir = getenv("TZDIR");

	*out = z;
	if (strcmp(name, "UTC") == 0)
		return 0;
	if (!name_is_fine(name))
		return err_set(err, ERR_USAGE, "'%s' is not a time zone; write "
			       "it as in Europe/Zurich", name);
	return file_load(z, a, dir && *dir ? dir : "/usr/share/zoneinfo", name,
			 err);
}

int zone_of_rule(const struct zone **out, struct arena *a, const char *rule,
		 struct err *err)
{
	struct zone *z = arena_alloc(a, sizeof(*z));

	z->has_rule = true;
	*out = z;
	if (!rule_parse(&z->rule, rule))
		return err_set(err, ERR_USAGE, "'%s' is not a time zone's "
			       "rule", rule);
	return 0;
}

int32_t zone_offset_s(const struct zone *z, int64_t at_s)
{
	size_t low = 0, high = z->len;

	/* Nobody is in the year 10000; the sums below stay in range. */
	if (at_s > INT64_C(253402300799))
		at_s = INT64_C(253402300799);
	if (at_s < -INT64_C(62135596800))
		at_s = -INT64_C(62135596800);
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (z->at[mid] <= at_s)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == z->len && z->has_rule)
		return rule_offset_s(&z->rule, at_s);
	return low ? z->offset_s[low - 1] : z->first_s;
}

int64_t zone_when_s(const struct zone *z, int64_t local_s)
{
	/* No offset is longer than a day, and no two changes are as close. */
	int32_t before_s = zone_offset_s(z, local_s - DAY_S);
	int32_t after_s = zone_offset_s(z, local_s + DAY_S);
	int64_t early_s = local_s - (before_s > after_s ? before_s : after_s);
	int64_t late_s = local_s - (before_s > after_s ? after_s : before_s);

	if (early_s + zone_offset_s(z, early_s) == local_s)
		return early_s;
	/* The first second at which clocks there are as far or farther. */
	while (early_s < late_s) {
		int64_t mid_s = early_s + (late_s - early_s) / 2;

		if (mid_s + zone_offset_s(z, mid_s) >= local_s)
			late_s = mid_s;
		else
			early_s = mid_s + 1;
	}
	return late_s;
}
