#include "policies/timeline.h"

#include "bot/base/str.h"

const struct stay *timeline_now(const struct timeline *t)
{
	return t->len && !stay_is_gap(&t->stays[0]) ? &t->stays[0] : NULL;
}

const struct stay *timeline_find(const struct timeline *t, const char *version)
{
	for (size_t i = 0; version && *version && i < t->len; i++)
		if (str_eq(t->stays[i].version, version))
			return &t->stays[i];
	return NULL;
}

const struct stay *timeline_first(const struct timeline *t,
				  const char *version)
{
	for (size_t i = t->len; version && *version && i-- > 0;)
		if (str_eq(t->stays[i].version, version))
			return &t->stays[i];
	return NULL;
}

const struct stay *timeline_next(const struct timeline *t,
				 const struct stay *s)
{
	while (s > t->stays)
		if (!stay_is_gap(--s))
			return s;
	return NULL;
}

/* Newest first: what lies further back in the array came earlier. */
bool timeline_earlier(const struct timeline *t, const char *a, const char *b)
{
	const struct stay *sa = timeline_first(t, a);
	const struct stay *sb = timeline_first(t, b);

	return sa && sb && sa > sb;
}

bool timeline_held(const struct timeline *t, const char *version,
		   const struct stay **since)
{
	const struct stay *s = timeline_find(t, version);
	const struct stay *next = s ? timeline_next(t, s) : NULL;

	if (!next || !timeline_earlier(t, next->version, version))
		return false;
	if (since)
		*since = next;
	return true;
}

bool timeline_left(const struct timeline *t, const char *version)
{
	const struct stay *s = timeline_find(t, version);

	/* A gap alone (the service was taken out) does not leave a version. */
	return s && timeline_next(t, s);
}

bool timeline_undone(const struct timeline *t, const char *version)
{
	const struct stay *s = timeline_find(t, version);

	while (s && (s = timeline_next(t, s)))
		if (timeline_earlier(t, s->version, version))
			return true;
	return false;
}

static int64_t build_of(const struct timeline *t, const char *version)
{
	int64_t most = -1;

	for (size_t i = 0; i < t->len; i++)
		if (str_eq(t->stays[i].version, version) &&
		    t->stays[i].build > most)
			most = t->stays[i].build;
	return most;
}

/* The stay before S, past gaps; NULL: not known, or none. */
static const struct stay *stay_before(const struct timeline *t,
				      const struct stay *s)
{
	while (++s < t->stays + t->len)
		if (!stay_is_gap(s))
			return s;
	return NULL;
}

int64_t timeline_highest_build(const struct timeline *t, const char **version,
			       bool *certain)
{
	int64_t most = -1;
	bool sure = true, sure_at_most = true;

	for (size_t i = 0; i < t->len; i++) {
		const struct stay *s = &t->stays[i], *before;
		int64_t build;

		if (stay_is_gap(s))
			continue;
		build = build_of(t, s->version);
		if (build > most) {
			most = build;
			sure_at_most = sure;
			if (version)
				*version = s->version;
		}
		before = stay_before(t, s);
		if (before && timeline_earlier(t, s->version, before->version))
			break;
		/*
		 * A stay without a number of its own was no bump. It could
		 * be a rollback to a version whose first stay is not known,
		 * and then what lies further back would not count.
		 */
		if (!t->complete && s->build < 0 &&
		    timeline_first(t, s->version) == s)
			sure = false;
	}
	if (certain)
		*certain = most < 0 ? t->complete : sure_at_most;
	return most;
}

int64_t stay_lasted_s(const struct stay *s, int64_t now_s)
{
	int64_t until_s = s->until_s, lasted_s;

	if (until_s == TIME_UNKNOWN || until_s > now_s)
		until_s = now_s;
	if (s->from_s == TIME_UNKNOWN || s->from_s > until_s ||
	    __builtin_sub_overflow(until_s, s->from_s, &lasted_s))
		return -1;
	return lasted_s;
}

void stays_landed(struct stay *stays, size_t len, size_t i, int64_t at_s,
		  const char *landing)
{
	for (i++; i-- > 0;) {
		struct stay *s = &stays[i];

		if (s->from_s == TIME_UNKNOWN || s->from_s >= at_s)
			return;
		s->from_s = at_s;
		s->landing = landing;
		if (i + 1 < len)
			s[1].until_s = at_s;
	}
}

/*
 * When one of N pushes (in any order) brought the commit at POS: the oldest
 * that made it part of base, its new head at POS or nearer to base's head, its
 * old head further back. TIME_UNKNOWN: none of them did.
 */
static int64_t landing_of(const struct landing *pushes, size_t n, size_t pos)
{
	int64_t at_s = TIME_UNKNOWN;

	for (size_t i = 0; i < n; i++) {
		const struct landing *p = &pushes[i];

		if (p->after > pos || p->before <= pos)
			continue;	/* not there yet, or there before */
		if (at_s == TIME_UNKNOWN || p->at_s < at_s)
			at_s = p->at_s;
	}
	return at_s;
}

void stays_pushed(struct stay *stays, size_t len,
		  const struct landing *pushes, size_t n, size_t last)
{
	for (size_t i = 0; i < len; i++)
		if (stays[i].pos <= last)
			stays_landed(stays, len, i, landing_of(pushes, n,
				     stays[i].pos), "pushed");
}
