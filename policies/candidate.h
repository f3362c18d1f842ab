#ifndef POLICIES_CANDIDATE_H
#define POLICIES_CANDIDATE_H

#include "policies/timeline.h"

/*
 * The candidate: the newest version on the timelines of `from` that had one
 * stay there of at least the soak (in each of several), is not held or
 * declined in the target, and is newer than what the target has.
 */
enum candidate_verdict {
	CANDIDATE_NONE,		/* the target has the newest there is */
	CANDIDATE_READY,	/* VERSION may go, as far as soak is concerned */
	CANDIDATE_SOAKING,	/* VERSION will be one at READY_S */
	CANDIDATE_HELD,		/* the newest ones are held; no other is left */
	CANDIDATE_DECLINED,	/* likewise, by a closed pull request */
	CANDIDATE_DRIFT,	/* what the target runs was never in `from` */
	CANDIDATE_MORE,		/* history does not reach back far enough */
};

struct candidate_facts {
	const struct timeline *from;	/* one per environment in `from` */
	size_t from_len;
	const struct timeline *target;
	int64_t soak_s;
	int64_t now_s;
	const char *const *declined;	/* versions a person said no to */
	size_t declined_len;
};

struct candidate {
	enum candidate_verdict verdict;
	const char *version;	/* what the verdict is about; NULL for NONE, MORE */
	const struct stay *stay;	/* its stay in from[0] that counts */
	int64_t ready_s;	/* SOAKING: when; else TIME_UNKNOWN */
	/* While READY: a newer one that still soaks, for status; or NULL. */
	const char *soaking;
	int64_t soaking_ready_s;
};

void candidate_find(const struct candidate_facts *f, struct candidate *out);

#endif
