#ifndef POLICIES_TIMELINE_H
#define POLICIES_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/base/clock.h"

/*
 * The timeline of a service in an environment: the versions it has had there
 * on base's first-parent history, newest first. Soak, hold, order and drift
 * are all read off it. Facts only: whoever fills it (bot/timeline.c) owns the
 * strings.
 *
 * A version is one canonical string (bot/base/version.h), the same wherever
 * the same thing runs; NULL where the field was not there.
 */
struct stay {
	const char *version;
	int64_t from_s;		/* live since; TIME_UNKNOWN: not known */
	int64_t until_s;	/* when it was replaced; TIME_UNKNOWN: it is
				   there still, or that is not known */
	const char *commit;	/* that brought it, 40 hex digits; or NULL */
	size_t pos;		/* of that commit: 0 is the head */
	int64_t build;		/* --build of that commit; -1: not known */
};

struct timeline {
	const struct stay *stays;
	size_t len;		/* 0: the service was never there */
	bool complete;		/* the history before the last stay is known:
				   there was none. Else the last stay began
				   then or earlier. */
};

/* The stay that is live, or NULL. */
const struct stay *timeline_now(const struct timeline *t);

/* The newest stay of VERSION, or NULL. */
const struct stay *timeline_find(const struct timeline *t, const char *version);

/*
 * Is VERSION held in the environment: did the environment leave it for an
 * earlier version and not come back to it since? A version is earlier when
 * it had a stay before that one. *SINCE is the stay that replaced it.
 */
bool timeline_held(const struct timeline *t, const char *version,
		   const struct stay **since);

/* Did the environment leave VERSION, for a newer or an older one? */
bool timeline_left(const struct timeline *t, const char *version);

/*
 * The highest --build number among the stays since the last rollback; -1:
 * none known. *VERSION is what it brought.
 */
int64_t timeline_highest_build(const struct timeline *t, const char **version);

#endif
