/*
 * auto, in an environment that builds come into: what a bump or a rollback
 * left on its way. Nobody else comes back to it: the next bump is about the
 * next build.
 */
#include "bot/planning.h"

#include "bot/base/str.h"
#include "bot/trailers.h"
#include "policies/order.h"

static bool is_left(const struct planner *pl, const struct spot *spot)
{
	const struct spot *back = state_back(pl->state, spot);

	return spot->pr || !oid_is_zero(&spot->branch_id) ||
	       back->pr || !oid_is_zero(&back->branch_id);
}

/* The rule Order, as for a bump of what stands on the branch. */
static enum order order_left(struct planner *pl, const struct spot *spot)
{
	const struct branch_facts *f = &spot->branch_facts;
	struct timeline known;
	enum order order;
	int64_t build = -1;

	if (!spot->timeline) {
		pl_need(pl, spot, NEED_TIMELINE);
		return ORDER_MORE;
	}
	if (f->message)
		build = trailer_number(trailer_get(pl_arena(pl), f->message,
						   "Promote-Build"));
	order = order_judge(spot->timeline, f->version, build);
	if (order != ORDER_MORE)
		return order;
	if (pl->state->history_depth < HISTORY_HORIZON) {
		pl_need(pl, spot, NEED_TIMELINE);
		return ORDER_MORE;
	}
	known = *spot->timeline;
	known.complete = true;
	return order_judge(&known, f->version, build);
}

static void left_for_person(struct planner *pl, struct result *res,
			    const struct spot *spot, const char *why)
{
	res->action = ACTION_PENDING;
	pl_reason(pl, res, "pull request #%lld waits for a person: %s",
		  spot->pr->number, why);
	pl_disarm(pl, res, spot);
}

/*
 * `to` brings back by name what was left. What a person asked for is not closed
 * again; and the marker is no proof that one did, so it does not land either.
 */
static bool left_by_name(struct planner *pl, struct result *res,
			 const struct spot *spot)
{
	struct marker m;

	if (!text_marker_parse(pl_arena(pl), spot->pr->body, &m) ||
	    !str_eq(m.by, "to"))
		return false;
	res->action = ACTION_PENDING;
	pl_reason(pl, res, "pull request #%lld brings back what was left: "
		  "merge it, or run `git promote to %s %s=%s --reason TEXT` "
		  "again", spot->pr->number, res->environment, res->service,
		  res->new_version);
	return true;
}

static void left_deliver(struct planner *pl, struct result *res,
			 const struct spot *spot)
{
	const struct place *p = &spot->place;
	const char *version = spot->branch_facts.version;
	struct version *versions = arena_alloc(pl_arena(pl), p->slots_len *
					       sizeof(*versions));
	struct change_info info = {
		.service = p->service, .environment = p->env->name,
		.old_version = p->version, .new_version = version,
		.build = -1, .by = "bump",
	};

	if (pl_push_is_way(spot))
		left_for_person(pl, res, spot, "builds are pushed here now");
	else if (!pl_versions_of(pl, spot, version, versions))
		pl_stop(pl, res, ACTION_FAILED, ERR_UNSAFE, "'%s' cannot be "
			"copied field by field", version);
	else
		pl_deliver(pl, res, spot, versions, version, &info, false);
}

static void left_look(struct planner *pl, struct result *res,
		      const struct spot *spot)
{
	const struct branch_facts *f = &spot->branch_facts;

	if (oid_is_zero(&spot->branch_id))
		return;
	if (!f->is_known) {
		pl_need(pl, spot, NEED_BRANCH);
		return;
	}
	/* Where none was opened: whoever can push a branch can make one. */
	if (!spot->pr || !f->version || f->is_on_base ||
	    str_eq(f->version, spot->place.version)) {
		pl_tidy(pl, res, spot);
		return;
	}
	res->new_version = f->version;
	if (pl_stopped(pl, res, spot)) {
		pl_disarm(pl, res, spot);
		return;
	}
	switch (order_left(pl, spot)) {
	case ORDER_MORE:
		break;
	case ORDER_SAME:
	case ORDER_NEWER:
		left_deliver(pl, res, spot);
		break;
	case ORDER_SUPERSEDED:
		if (left_by_name(pl, res, spot) ||
		    !pl_withdraw(pl, res, spot, "a later build is there"))
			break;
		res->action = ACTION_SUPERSEDED;
		if (!res->reason)
			pl_reason(pl, res, "%s has a later build than %s; "
				  "closes pull request #%lld",
				  res->environment, f->version,
				  spot->pr->number);
		break;
	case ORDER_HELD:
		if (!left_by_name(pl, res, spot))
			left_for_person(pl, res, spot,
					"it was rolled back from");
		break;
	case ORDER_CONFLICT:
		left_for_person(pl, res, spot, "another version came with the "
				"same build number");
		break;
	}
}

void pl_auto_left(struct planner *pl, const struct spot *spot)
{
	const struct place *p = &spot->place;
	struct result *res;

	if (!pl->request->has_forge || !p->exists)
		return;
	if (!pl->state->prs_known) {
		pl_need_prs(pl);
		return;
	}
	if (!is_left(pl, spot))
		return;
	res = pl_result(pl, spot, p->service, p->env->name);
	if (p->err.code) {
		pl_stop(pl, res, ACTION_FAILED, p->err.code, "%s", p->err.msg);
		return;
	}
	if (!pl_unknown(pl, res, spot) && !pl_rollback_open(pl, res, spot))
		left_look(pl, res, spot);
}
