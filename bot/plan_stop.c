/* The emergency stop, and break-glass, which gets past gates and the stop. */
#include "bot/planning.h"

#include "bot/base/str.h"

/*
 * A hotfix that goes past the chain was nowhere before, so what looks at its
 * stay there is overridden with it. Gates of the clock still count.
 */
static bool goes_with_chain(const struct request *r, const char *gate)
{
	const struct gate_kind *kind = gate_kind_find(gate);

	if (r->command != CMD_BUMP || !kind ||
	    !(kind->judges_health || str_eq(gate, "soak")))
		return false;
	for (size_t i = 0; i < r->overrides_len; i++)
		if (str_eq(r->overrides[i], "chain"))
			return true;
	return false;
}

bool pl_overridden(const struct planner *pl, const char *gate)
{
	for (size_t i = 0; i < pl->request->overrides_len; i++)
		if (str_eq(pl->request->overrides[i], gate))
			return true;
	return goes_with_chain(pl->request, gate);
}

const char *pl_overrides(struct planner *pl)
{
	const struct request *r = pl->request;
	const char *list = NULL;

	for (size_t i = 0; i < r->overrides_len; i++)
		list = list ? arena_printf(pl_arena(pl), "%s,%s", list,
					   r->overrides[i]) : r->overrides[i];
	return list;
}

static bool may_override(const struct rules *rules, const char *gate)
{
	for (size_t i = 0; i < rules->overrides_len; i++)
		if (str_eq(rules->overrides[i], gate))
			return true;
	return !rules->overrides_set;
}

bool pl_override_refused(struct planner *pl, struct result *res,
			 const struct spot *spot)
{
	const struct request *r = pl->request;
	const struct rules *rules = spot_rules(spot);

	for (size_t i = 0; i < r->overrides_len; i++)
		if (!may_override(rules, r->overrides[i])) {
			pl_stop(pl, res, ACTION_REFUSED, ERR_PERSON,
				CONFIG_FILE " does not let '%s' be overridden "
				"for %s in %s; see its `override`",
				r->overrides[i], res->service,
				res->environment);
			return true;
		}
	return false;
}

bool pl_stopped(struct planner *pl, struct result *res,
		const struct spot *spot)
{
	const struct stop *stop = &pl->state->stops[spot->env];

	if (!stop->file || pl_overridden(pl, "stop"))
		return false;
	pl_stop(pl, res, ACTION_WAITING, ERR_WAIT, "stopped by %s: %s",
		stop->file, stop->reason);
	/* Where people promote, auto would have left it alone anyway. */
	res->is_stopped = spot_rules(spot)->promote_auto || spot->pr;
	return true;
}
