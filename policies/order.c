#include "policies/order.h"

#include "bot/base/str.h"

/*
 * VERSION was here and is not any more. The difference between held and
 * superseded is whether what replaced it is the earlier one; where that may
 * lie in the missing past we have to look. A bump is never that: it would
 * have been refused.
 */
static enum order judge_left(const struct timeline *t, const char *version)
{
	const struct stay *next = timeline_next(t, timeline_find(t, version));

	if (timeline_held(t, version, NULL))
		return ORDER_HELD;
	if (!t->complete && next->build < 0 &&
	    timeline_first(t, next->version) == next)
		return ORDER_MORE;
	return ORDER_SUPERSEDED;
}

enum order order_judge(const struct timeline *t, const char *version,
		       int64_t build)
{
	const struct stay *now = timeline_now(t);
	bool certain = true;
	int64_t highest = build < 0 ? -1
				    : timeline_highest_build(t, NULL, &certain);

	if (now && str_eq(now->version, version))
		return ORDER_SAME;
	/*
	 * Before what was left: a version that was rolled back from and has
	 * been overtaken by a newer one since is nothing to bother a person
	 * with.
	 */
	if (build < highest && certain)
		return ORDER_SUPERSEDED;
	if (timeline_left(t, version)) {
		enum order left = judge_left(t, version);

		return build < highest && left == ORDER_HELD ? ORDER_MORE
							     : left;
	}
	if (timeline_find(t, version))	/* taken out, and put back now */
		return ORDER_NEWER;
	if (highest >= 0 && build > highest)
		return ORDER_NEWER;
	if (highest >= 0 && certain)
		return build == highest ? ORDER_CONFLICT : ORDER_SUPERSEDED;
	return t->complete ? ORDER_NEWER : ORDER_MORE;
}
