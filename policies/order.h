#ifndef POLICIES_ORDER_H
#define POLICIES_ORDER_H

#include "policies/timeline.h"

/*
 * May a new build go into an entry environment (rules Order and Held)?
 */
enum order {
	ORDER_NEWER,		/* go on */
	ORDER_SAME,		/* it is there already */
	ORDER_SUPERSEDED,	/* a later build was there first: nothing to do */
	ORDER_HELD,		/* rolled back from: a person must say so */
	ORDER_CONFLICT,		/* same build number, another version */
	ORDER_MORE,		/* the timeline does not reach back far enough */
};

/*
 * BUILD is -1 where none was given. Where no number is known on either side,
 * only what the environment has already left is refused.
 *
 * Numbers grow with each build. So a number above all that are known needs no
 * older history, and one below the number that the newest bump brought needs
 * none either: a CI job costs what its edit costs. Without numbers a version
 * that is not on the known part of the timeline is ORDER_MORE until the
 * timeline is complete; a reader with a horizon sets `complete` there.
 */
enum order order_judge(const struct timeline *target, const char *version,
		       int64_t build);

#endif
