/* log: what a service has run where, read off its timelines. */
#include "bot/planning.h"

#include "bot/base/str.h"

enum { LOG_HORIZON = 4096 };	/* commits; --limit N looks further back */

static bool is_enough(const struct planner *pl, const struct timeline *t)
{
	const struct request *r = pl->request;
	size_t n = 0;

	/* The last stay of what is known may have begun earlier. */
	for (size_t i = 0; i < t->len; i++)
		n += !stay_is_gap(&t->stays[i]);
	return t->complete || n > r->limit ||
	       (!r->limit_given && pl->state->history_depth >= LOG_HORIZON);
}

void plan_log(struct planner *pl)
{
	const struct state *s = pl->state;
	const struct request *r = pl->request;
	size_t service = state_service(s, r->wishes[0].service);

	if (r->env && pl_environment(pl, r->env) == SIZE_MAX)
		return;
	if (service == SIZE_MAX) {
		err_set(&pl->plan->err, ERR_NOTFOUND, "%s",
			pl_no_service(pl, r->wishes[0].service));
		return;
	}
	for (size_t e = 0; e < s->config.environments_len; e++) {
		const struct spot *spot = state_spot(s, service, e);

		if (r->env && !str_eq(r->env, spot->place.env->name))
			continue;
		if (!spot->timeline || !is_enough(pl, spot->timeline))
			pl_need(pl, spot, NEED_TIMELINE);
	}
}
