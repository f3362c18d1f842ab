/*
 * Services that move together: all or none, in one commit, once the gates of
 * each have passed.
 */
#include "bot/planning.h"

#include "bot/base/str.h"

void pl_set_deliver(struct planner *pl, struct result *res,
		    const struct ready *ready, bool named)
{
	const struct place *p = &ready->spot->place;
	struct change_info info = {
		.service = p->service, .environment = p->env->name,
		.old_version = p->version, .new_version = ready->version,
		.from = pl_from_spot(pl, ready->spot, 0)->place.env->name,
		.stay = ready->stay, .build = -1,
		.reason = pl->request->reason, .overridden = pl_overrides(pl),
		.by = pl->request->command == CMD_TO ? "to" : "auto",
	};

	pl_deliver(pl, res, ready->spot, ready->versions, ready->version,
		   &info, named);
}

static bool is_rolling_back(struct planner *pl, struct result *res,
			    const struct spot *spot)
{
	const struct service *row = spot_row(pl->state, spot);

	for (size_t i = 0; i < row->members_len; i++)
		if (pl_rollback_open(pl, res, state_spot(pl->state,
				     row->members[i], spot->env)))
			return true;
	return pl_rollback_open(pl, res, spot);
}

/* One pull request at a time for each: what a person began alone goes first. */
static bool is_begun_alone(struct planner *pl, struct result *res,
			   const struct spot *spot)
{
	const struct service *row = spot_row(pl->state, spot);

	for (size_t i = 0; i < row->members_len; i++) {
		const struct spot *m = state_spot(pl->state, row->members[i],
						  spot->env);

		if (!m->pr)
			continue;
		pl_stop(pl, res, ACTION_WAITING, ERR_WAIT, "%s has a pull "
			"request of its own, #%lld; the set follows when that "
			"has landed or is closed", m->place.service,
			m->pr->number);
		return true;
	}
	return false;
}

static bool is_usable(struct planner *pl, struct result *res,
		      const struct spot *spot)
{
	const struct place *p = &spot->place;

	for (size_t i = 0; i < pl_from_len(spot) && !p->err.code; i++)
		p = &pl_from_spot(pl, spot, i)->place;
	if (!p->err.code)
		return !pl_unknown(pl, res, spot);
	pl_stop(pl, res, ACTION_FAILED, p->err.code, "%s", p->err.msg);
	return false;
}

void pl_auto_set(struct planner *pl, struct result *res,
		 const struct spot *spot)
{
	const struct rules *rules = spot_rules(spot);
	const char *const *wants = NULL;
	struct ready ready;

	if (!is_usable(pl, res, spot) || is_rolling_back(pl, res, spot))
		return;
	if (pl_stopped(pl, res, spot)) {
		pl_disarm(pl, res, spot);
		return;
	}
	if (is_begun_alone(pl, res, spot))
		return;
	if (!rules->promote_auto && spot->pr) {
		if (oid_is_zero(&spot->branch_id))
			return;
		if (!spot->branch_facts.is_known) {
			pl_need(pl, spot, NEED_BRANCH);
			return;
		}
		wants = pl_set_wants(pl, spot,
				     spot->branch_facts.version);
	}
	if (!pl_set_find(pl, res, spot, wants, &ready))
		return;
	if (!rules->promote_auto && !spot->pr) {
		res->action = ACTION_PENDING;
		pl_reason(pl, res, "ready for `git promote to %s %s`",
			  res->environment, res->service);
		return;
	}
	pl_ready_add(pl, res, &ready, wants != NULL);
}

void pl_to_set(struct planner *pl, const struct spot *spot)
{
	const char *const *wants;
	struct result *res;
	struct ready ready;

	for (size_t i = 0; i < pl->plan->len; i++)
		if (pl->plan->results[i].spot == spot)
			return;		/* another of its services was named */
	res = pl_result(pl, spot, spot->place.service, spot->place.env->name);
	if (!spot->place.exists) {
		pl_stop(pl, res, ACTION_FAILED, ERR_NOTFOUND, "nothing of %s is "
			"deployed in %s", res->service, res->environment);
		return;
	}
	if (!is_usable(pl, res, spot) ||
	    pl_override_refused(pl, res, spot) || pl_stopped(pl, res, spot))
		return;
	wants = pl_set_wishes(pl, res, spot);
	if (wants && pl_set_find(pl, res, spot, wants, &ready))
		pl_set_deliver(pl, res, &ready, true);
	pl_tell_forge(pl, res, spot);
}

const struct spot *pl_set_of(struct planner *pl, const struct spot *spot)
{
	size_t set = spot_row(pl->state, spot)->set;

	return set == SIZE_MAX ? NULL : state_spot(pl->state, set, spot->env);
}
