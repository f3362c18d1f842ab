#include "policies/candidate.h"

#include "bot/base/str.h"

/* How far a version has come in an environment; the worse the later. */
enum soak {
	SOAK_DONE,
	SOAK_LATER,		/* it is live there, or may still come */
	SOAK_MORE,		/* a stay may have begun before the known */
	SOAK_NEVER,		/* it left before it was over */
};

struct soaked {
	enum soak soak;
	const struct stay *stay;	/* that counts; NULL: never there */
	int64_t ready_s;		/* TIME_UNKNOWN: nobody knows */
};

static int64_t ready_at(const struct stay *s, int64_t soak_s)
{
	int64_t at;

	if (s->from_s == TIME_UNKNOWN ||
	    __builtin_add_overflow(s->from_s, soak_s, &at))
		return TIME_UNKNOWN;
	return at;
}

static bool soaked_long_enough(const struct timeline *t, const struct stay *s,
			       const struct candidate_facts *f)
{
	if (f->soak_s <= 0)
		return true;
	/* Replaced, but when is not known: not long enough. */
	if (s != t->stays && s->until_s == TIME_UNKNOWN)
		return false;
	return stay_lasted_s(s, f->now_s) >= f->soak_s;
}

/* VERSION in the one environment of T. */
static struct soaked soak_in(const struct timeline *t, const char *version,
			     const struct candidate_facts *f)
{
	const struct stay *newest = timeline_find(t, version);
	const struct stay *end = t->stays + t->len;
	struct soaked r = { SOAK_NEVER, newest, TIME_UNKNOWN };

	if (!newest)
		return (struct soaked){ SOAK_LATER, NULL, TIME_UNKNOWN };
	for (const struct stay *s = newest; s < end; s++)
		if (str_eq(s->version, version) &&
		    soaked_long_enough(t, s, f))
			return (struct soaked){ SOAK_DONE, s,
						ready_at(s, f->soak_s) };
	if (!t->complete && str_eq(end[-1].version, version))
		r.soak = SOAK_MORE;
	else if (newest == timeline_now(t))
		r = (struct soaked){ SOAK_LATER, newest,
				     ready_at(newest, f->soak_s) };
	return r;
}

static bool is_slower(const struct soaked *a, const struct soaked *b)
{
	if (a->soak != b->soak)
		return a->soak > b->soak;
	return b->ready_s != TIME_UNKNOWN &&
	       (a->ready_s == TIME_UNKNOWN || a->ready_s > b->ready_s);
}

/* VERSION in all of `from`: as far as where it is least far. */
static enum soak soak_in_all(const struct candidate_facts *f,
			     const char *version, struct candidate *out)
{
	const struct stay *first = timeline_first(&f->from[0], version);
	struct soaked worst = soak_in(&f->from[0], version, f);

	out->version = version;
	out->stay = worst.stay;
	for (size_t k = 1; k < f->from_len; k++) {
		const struct timeline *t = &f->from[k];
		struct soaked r = soak_in(t, version, f);

		/* Looked for as far back as it is known in from[0]. */
		if (!r.stay && first && !t->complete &&
		    (t->len == 0 || t->stays[t->len - 1].pos < first->pos))
			r.soak = SOAK_MORE;
		if (is_slower(&r, &worst))
			worst = r;
	}
	out->slowest = worst.stay;
	out->ready_s = worst.soak == SOAK_LATER ? worst.ready_s : TIME_UNKNOWN;
	return worst.soak;
}

static bool is_declined(const struct candidate_facts *f, const char *version)
{
	for (size_t i = 0; i < f->declined_len; i++)
		if (str_eq(f->declined[i], version))
			return true;
	return false;
}

/* What the target has, or had last where there is a gap now. */
static const struct stay *stay_had(const struct timeline *t)
{
	for (size_t i = 0; i < t->len; i++)
		if (!stay_is_gap(&t->stays[i]))
			return &t->stays[i];
	return NULL;
}

/* May the target have had the version before what is known of it? */
static bool may_have_left(const struct candidate_facts *f,
			  const struct stay *first)
{
	const struct timeline *t = f->target, *from = &f->from[0];
	const struct stay *last = from->stays + from->len - 1;

	if (t->complete)
		return false;
	return t->len == 0 || first->pos > t->stays[t->len - 1].pos ||
	       (first == last && !from->complete);
}

enum newer { NEWER_YES, NEWER_NO, NEWER_UNKNOWN };

/* Is the version that came to from[0] with FIRST newer than HAD? */
static enum newer is_newer(const struct candidate_facts *f,
			   const struct stay *first, const struct stay *had)
{
	const struct timeline *from = &f->from[0];
	const struct stay *had_first;

	if (!had)
		return NEWER_YES;
	had_first = timeline_first(from, had->version);
	if (had_first == first)		/* itself: back after a gap, at most */
		return timeline_now(f->target) ? NEWER_NO : NEWER_YES;
	if (had_first)
		return first < had_first ? NEWER_YES : NEWER_NO;
	/*
	 * Drift. The target's first stay counts, since going back to a hotfix
	 * does not make it newer; and the last stay of a timeline that was cut
	 * began there or earlier.
	 */
	if (first->pos < timeline_first(f->target, had->version)->pos &&
	    (from->complete || first != from->stays + from->len - 1))
		return NEWER_YES;
	return from->complete ? NEWER_NO : NEWER_UNKNOWN;
}

/* Did any of `from` go back from VERSION? */
static bool is_undone(const struct candidate_facts *f, const char *version)
{
	for (size_t k = 0; k < f->from_len; k++)
		if (timeline_undone(&f->from[k], version))
			return true;
	return false;
}

/*
 * What to say of one version, newer than what the target has: a verdict, or
 * CANDIDATE_NONE to go on with the next older one.
 */
static enum candidate_verdict judge_one(const struct candidate_facts *f,
					const struct stay *first,
					struct candidate *out)
{
	const char *version = first->version;
	enum candidate_verdict verdict = CANDIDATE_NONE;
	enum soak soak = soak_in_all(f, version, out);

	if (timeline_left(f->target, version)) {
		if (timeline_held(f->target, version, NULL))
			verdict = CANDIDATE_HELD;
	} else if (is_declined(f, version)) {
		verdict = CANDIDATE_DECLINED;
	} else if (soak == SOAK_MORE ||
		   (soak != SOAK_NEVER && may_have_left(f, first))) {
		verdict = CANDIDATE_MORE;
	} else if (soak != SOAK_NEVER) {
		verdict = soak == SOAK_DONE ? CANDIDATE_READY
					    : CANDIDATE_SOAKING;
	}
	/* Last, since it costs most and few versions come as far as here. */
	if (verdict != CANDIDATE_NONE && is_undone(f, version))
		return CANDIDATE_NONE;
	if (verdict == CANDIDATE_HELD || verdict == CANDIDATE_DECLINED) {
		out->slowest = NULL;
		out->ready_s = TIME_UNKNOWN;
	}
	return verdict;
}

static void answer(struct candidate *out, enum candidate_verdict verdict,
		   const char *version)
{
	*out = (struct candidate){ .verdict = verdict, .version = version,
				   .ready_s = TIME_UNKNOWN,
				   .soaking_ready_s = TIME_UNKNOWN };
}

/* Versions of from[0], newest first, until one ends the search. */
static void search(const struct candidate_facts *f, struct candidate *out)
{
	const struct timeline *from = &f->from[0];
	const struct stay *had = stay_had(f->target);
	struct candidate soaking, one;
	bool enough = from->complete;	/* do we know all that matters? */

	answer(&soaking, CANDIDATE_NONE, NULL);
	for (size_t i = 0; i < from->len; i++) {
		const struct stay *s = &from->stays[i];
		enum newer newer;

		if (stay_is_gap(s) || timeline_first(from, s->version) != s)
			continue;
		newer = is_newer(f, s, had);
		if (newer != NEWER_YES) {
			enough = newer == NEWER_NO;
			break;
		}
		answer(&one, CANDIDATE_NONE, NULL);
		one.verdict = judge_one(f, s, &one);
		if (one.verdict == CANDIDATE_MORE) {
			enough = false;
			break;
		}
		if (one.verdict == CANDIDATE_SOAKING && !soaking.version)
			soaking = one;
		if (one.verdict == CANDIDATE_NONE ||
		    one.verdict == CANDIDATE_SOAKING)
			continue;
		/* A no stands before what is older, not what is newer. */
		if (one.verdict != CANDIDATE_READY && soaking.version) {
			enough = true;
			break;
		}
		*out = one;
		out->soaking = soaking.version;
		out->soaking_ready_s = soaking.ready_s;
		return;
	}
	if (!enough)
		answer(out, CANDIDATE_MORE, NULL);
	else if (soaking.version)
		*out = soaking;
	else if (timeline_now(f->target) &&
		 !timeline_find(from, had->version))
		answer(out, CANDIDATE_DRIFT, had->version);
}

void candidate_find(const struct candidate_facts *f, struct candidate *out)
{
	answer(out, CANDIDATE_NONE, NULL);
	for (size_t k = 0; k < f->from_len; k++) {
		const struct timeline *t = &f->from[k];

		if (t->len == 0 && !t->complete)
			answer(out, CANDIDATE_MORE, NULL);
		if (!timeline_now(t))
			return;
	}
	if (f->from_len)
		search(f, out);
}

void candidate_judge(const struct candidate_facts *f, const char *version,
		     struct candidate *out)
{
	enum soak soak;

	answer(out, CANDIDATE_NONE, NULL);
	for (size_t k = 0; k < f->from_len; k++)
		if (!timeline_find(&f->from[k], version)) {
			if (!f->from[k].complete)
				answer(out, CANDIDATE_MORE, NULL);
			return;
		}
	if (f->from_len == 0)
		return;
	soak = soak_in_all(f, version, out);
	if (soak == SOAK_MORE)
		answer(out, CANDIDATE_MORE, NULL);
	else
		out->verdict = soak == SOAK_DONE ? CANDIDATE_READY
						 : CANDIDATE_SOAKING;
}
