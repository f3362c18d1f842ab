#ifndef POLICIES_CANDIDATE_H
#define POLICIES_CANDIDATE_H

#include "policies/timeline.h"

/*
 * The candidate: the newest version on the timelines of `from` that had one
 * stay there of at least the soak (in each of several), that the target has
 * not left, and that is newer than what the target has.
 *
 * - Newer is by the order in which versions first came to from[0]
 *   (timeline.h). The newest stays would make an old version that `from` was
 *   rolled back to newer than one that the target has, and move the target
 *   backwards. Any one stay counts for the soak, not only the newest.
 * - A version may have been superseded in `from` since, but one that `from`
 *   went back from (timeline_undone) is no candidate: somebody saw what was
 *   wrong with it.
 * - Nothing that the target has left comes back. A version that is held
 *   there, or declined, also stands before the versions older than itself: a
 *   person's no is answered by something newer, never by something older.
 * - Where the target's version was never in from[0] (drift), newer is what
 *   first landed in from[0] after that version first landed in the target. By
 *   position on base's history, not by time: clocks differ, history does not.
 * - Where `from` or a part of it does not have the service (any more),
 *   nothing is promoted.
 *
 * The timelines may end early, all at about the same commit. What is asked
 * of them is bounded: from[0] back to what the target has, or to the first
 * candidate that landed after it; the target back to the landing of the
 * candidate in `from`, since it cannot have left earlier what came later.
 */
enum candidate_verdict {
	CANDIDATE_NONE,		/* the target has the newest there is */
	CANDIDATE_READY,	/* VERSION may go, as far as soak is concerned */
	CANDIDATE_SOAKING,	/* VERSION will be one at READY_S */
	CANDIDATE_HELD,		/* VERSION is held; nothing newer is on its way */
	CANDIDATE_DECLINED,	/* likewise, by a closed pull request */
	CANDIDATE_DRIFT,	/* what the target runs was never in `from` */
	CANDIDATE_MORE,		/* history does not reach back far enough */
};

struct candidate_facts {
	const struct timeline *from;	/* one per environment in `from` */
	size_t from_len;
	const struct timeline *target;
	int64_t soak_s;		/* 0: no soak; times do not matter then */
	int64_t now_s;
	const char *const *declined;	/* versions a person said no to */
	size_t declined_len;
};

struct candidate {
	enum candidate_verdict verdict;
	const char *version;	/* what the verdict is about: DRIFT, what the
				   target has; NULL for NONE, MORE */
	const struct stay *stay;	/* its stay in from[0] that counts: the
				   newest one that is long enough, else its
				   newest; NULL for DRIFT, NONE, MORE */
	const struct stay *slowest;	/* READY, SOAKING: among the stays that
				   count, one per `from`, the one that is
				   ready last; what a gate should see.
				   SOAKING: NULL where a `from` has not had
				   VERSION yet */
	int64_t ready_s;	/* SOAKING: when; else TIME_UNKNOWN */
	/* While READY: a newer one that still soaks, for status; or NULL. */
	const char *soaking;
	int64_t soaking_ready_s;
};

void candidate_find(const struct candidate_facts *f, struct candidate *out);

/*
 * The same for a version that a person named (`git promote to`): READY or
 * SOAKING, whatever the target has, left or declined, and whether `from` went
 * back from it or not. SOAKING with ready_s unknown where it left a `from`
 * before its soak was over. NONE where it has not been live in each (I6).
 */
void candidate_judge(const struct candidate_facts *f, const char *version,
		     struct candidate *out);

#endif
