#ifndef POLICIES_TIMELINE_H
#define POLICIES_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/base/clock.h"

/*
 * The timeline of a service in an environment: the versions it has had there
 * on base's first-parent history, newest first. Soak, hold, order and drift
 * are all read off it. Facts only: whoever fills it (bot/timelines.c) owns the
 * strings.
 *
 * A version is one canonical string (bot/base/version.h), the same wherever
 * the same thing runs; NULL or "" is a gap: the field was not there. A commit that does
 * not change the version neither ends a stay nor begins one.
 */
struct stay {
	const char *version;
	int64_t from_s;		/* live since; TIME_UNKNOWN: not known */
	int64_t until_s;	/* when it was replaced; TIME_UNKNOWN: it is
				   there still. Replaced, but nobody knows
				   when: the same as from_s, so that the stay
				   never counts for longer than it was */
	const char *commit;	/* that brought it, 40 hex digits; or NULL */
	size_t pos;		/* of that commit on base's first-parent line: 0
				   is the head */
	int64_t build;		/* --build of that commit; -1: not known */
	const char *source;	/* --source of that commit; or NULL */

	/* For people only: nothing is decided by these. NULL: not known. */
	const char *author;
	const char *promoted_from;	/* environment */
	const char *rolled_back;	/* the version it was rolled back from */
	const char *overridden;		/* gates, "soak,hours" */
	const char *reason;
	const char *landing;	/* from_s is the forge's word: "merged",
				   "pushed"; NULL: git's */
	bool is_ours;		/* the commit says that the bot made it */
};

struct timeline {
	const struct stay *stays;
	size_t len;		/* 0: the service was never there */
	bool complete;		/* the history before the last stay is known:
				   there was none, or it is beyond the horizon
				   of whoever reads it and will not be read.
				   Else the last stay began then or earlier. */
};

/*
 * Which of two versions is the earlier one? The one that came first: whose
 * oldest known stay is older. Newest stays would not do, since a rollback
 * makes an old version's newest stay the newest of all; and the order in
 * which versions first came does not change by moving between them. After
 * A, B, A the earlier one is A, and B is held; after A, B, A, B it is A
 * still, so A is superseded, not held.
 *
 * All functions skip gaps (the field was not there for a time): what counts
 * is the version before the gap and the one after it. All judge what is
 * known; where the missing past of a timeline that is not complete could
 * matter is for order.h and candidate.h to say.
 */

static inline bool stay_is_gap(const struct stay *s)
{
	return !s->version || !*s->version;
}

/* The stay that is live, or NULL. */
const struct stay *timeline_now(const struct timeline *t);

/* The newest and the oldest known stay of VERSION, or NULL. */
const struct stay *timeline_find(const struct timeline *t, const char *version);
const struct stay *timeline_first(const struct timeline *t,
				  const char *version);

/* The stay that replaced S, a stay of T; NULL: none did (but maybe a gap). */
const struct stay *timeline_next(const struct timeline *t,
				 const struct stay *s);

/* Did A come before B, both versions of T? */
bool timeline_earlier(const struct timeline *t, const char *a, const char *b);

/*
 * Is VERSION held in the environment: did the environment leave it for an
 * earlier version and not come back to it since? *SINCE (may be NULL) is the
 * stay that replaced it.
 */
bool timeline_held(const struct timeline *t, const char *version,
		   const struct stay **since);

/* Did the environment leave VERSION, for a newer or an older one? */
bool timeline_left(const struct timeline *t, const char *version);

/*
 * Did the environment, after it last had VERSION, go back to an earlier
 * version, at once or by steps? After A, B, C, A both B and C are undone
 * while only C is held.
 */
bool timeline_undone(const struct timeline *t, const char *version);

/*
 * The highest --build number among the versions since the last rollback,
 * what that went back to included; -1: none known. The number of a version
 * is that of any of its stays, since the commit of a rollback has none.
 * *VERSION (may be NULL) is what it brought, *CERTAIN (may be NULL) whether
 * no rollback to a version of the missing past could change the answer.
 */
int64_t timeline_highest_build(const struct timeline *t, const char **version,
			       bool *certain);

/*
 * How long the stay lasted, up to NOW_S where it is live; -1: nobody knows,
 * or it begins in the future.
 */
int64_t stay_lasted_s(const struct stay *s, int64_t now_s);

/*
 * What the forge says of when things landed, put into LEN STAYS, newest first,
 * while a timeline is made. A time is only ever moved on, never back: "live
 * since" is the later of git's word and the forge's.
 *
 * Stay I began at AT_S or later, as LANDING ("merged", "pushed") tells: what it
 * replaced was there until then, and what came after it began no earlier.
 */
void stays_landed(struct stay *stays, size_t len, size_t i, int64_t at_s,
		  const char *landing);

/* A push to base: the positions of its heads, SIZE_MAX where a head is not on
   the line. */
struct landing {
	size_t after, before;
	int64_t at_s;
};
/*
 * Each stay at a position up to LAST, beyond which no head was looked for, landed
 * when one of N pushes (in any order) brought its commit.
 */
void stays_pushed(struct stay *stays, size_t len,
		  const struct landing *pushes, size_t n, size_t last);

#endif
