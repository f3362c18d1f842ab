/* to: a person promotes by hand. Gates bind people too. */
#include "bot/planning.h"

#include "bot/base/str.h"

/* Back into an entry environment: only what was there before. */
static bool was_there(struct planner *pl, struct result *res,
		      const struct spot *spot, const char *version)
{
	if (timeline_find(spot->timeline, version))
		return true;
	if (!spot->timeline->complete) {
		pl_need(pl, spot, NEED_TIMELINE);
		return false;
	}
	pl_stop(pl, res, ACTION_REFUSED, ERR_PERSON, "%s was never in %s; new "
		"builds get there by `git promote bump`", version,
		res->environment);
	return false;
}

/* I6: only what has been live in every `from`; gates bind people too. */
static bool was_proven(struct planner *pl, struct result *res,
		       const struct spot *spot, const char *version,
		       struct candidate *c)
{
	struct candidate_facts f = pl_candidate_facts(pl, spot);

	candidate_judge(&f, version, c);
	switch (c->verdict) {
	case CANDIDATE_READY:
		return true;
	case CANDIDATE_SOAKING:
		pl_say_waiting(pl, res, version, c->ready_s);
		return false;
	case CANDIDATE_MORE:
		pl_timelines_more(pl, spot);
		return false;
	default:
		pl_stop(pl, res, ACTION_REFUSED, ERR_PERSON, "%s has not been "
			"live in %s; only what has been there can be promoted",
			version, pl_from_spot(pl, spot, 0)->place.env->name);
		return false;
	}
}

/* `to ENV SERVICE=VERSION`: the version a person named. */
static void to_named(struct planner *pl, struct result *res,
		     const struct spot *spot, const char *version)
{
	struct candidate c = { 0 };

	res->new_version = version;
	if (pl_from_len(spot) ? !was_proven(pl, res, spot, version, &c)
			   : !was_there(pl, res, spot, version))
		return;
	if (timeline_left(spot->timeline, version) && !pl->request->reason) {
		pl_stop(pl, res, ACTION_HELD, ERR_PERSON, "%s has left %s "
			"already; say why it comes back with --reason TEXT",
			res->environment, version);
		return;
	}
	pl_promote_version(pl, res, spot, version, c.stay, c.slowest, true);
}

/* What the wishes name, canonical; NULL: RES says what is wrong with them. */
static const char *version_named(struct planner *pl, struct result *res,
				 const struct spot *spot)
{
	const struct place *p = &spot->place;
	struct version *versions = arena_alloc(pl_arena(pl), p->slots_len *
					       sizeof(*versions));

	if (pl_versions_wished(pl, res, spot, versions) < 0)
		return NULL;
	return place_version(pl_arena(pl), p->slots, versions, p->slots_len);
}

/* `to ENV SERVICE`: the candidate; where that rule cannot say, what is live. */
static void to_newest(struct planner *pl, struct result *res,
		      const struct spot *spot)
{
	const struct spot *from = pl_from_spot(pl, spot, 0);
	struct candidate_facts f = pl_candidate_facts(pl, spot);
	struct candidate c;

	candidate_find(&f, &c);
	if (c.verdict == CANDIDATE_MORE) {
		pl_timelines_more(pl, spot);
		return;
	}
	if (c.verdict == CANDIDATE_DRIFT && from->place.version) {
		if (was_proven(pl, res, spot, from->place.version, &c))
			pl_promote_version(pl, res, spot, from->place.version,
					c.stay, c.slowest, true);
		return;
	}
	if (c.verdict != CANDIDATE_READY) {
		pl_say_verdict(pl, res, spot, &c);
		return;
	}
	pl_promote_version(pl, res, spot, c.version, c.stay, c.slowest, true);
}

static void to_one(struct planner *pl, const struct spot *spot, bool is_named)
{
	const struct place *p = &spot->place;
	const char *version = NULL;
	struct result *res;

	if (!p->exists || p->err.code) {
		res = pl_result(pl, spot, p->service, p->env->name);
		if (p->err.code)
			pl_stop(pl, res, ACTION_FAILED, p->err.code, "%s",
				p->err.msg);
		else
			pl_stop(pl, res, ACTION_FAILED, ERR_NOTFOUND, "%s is "
				"not deployed in %s: there is no %s",
				p->service, p->env->name, p->slots[0].file);
		return;
	}
	for (size_t i = 0; i < pl_from_len(spot); i++)
		if (!pl_from_spot(pl, spot, i)->place.exists) {
			res = pl_result(pl, spot, p->service, p->env->name);
			pl_stop(pl, res, ACTION_FAILED, ERR_NOTFOUND, "%s is "
				"not deployed in %s, where %s gets it from",
				p->service,
				pl_from_spot(pl, spot, i)->place.env->name,
				p->env->name);
			return;
		}
	if (!pl_places_usable(pl, spot))
		return;
	res = pl_result(pl, spot, p->service, p->env->name);
	if (pl_unknown(pl, res, spot) || pl_override_refused(pl, res, spot))
		return;
	if (is_named) {
		version = version_named(pl, res, spot);
		if (!version)
			return;
	}
	if (is_named ? str_eq(version, p->version) : pl_in_sync(pl, spot)) {
		pl_tidy(pl, res, spot);
		return;
	}
	if (pl_stopped(pl, res, spot) || !pl_timelines_here(pl, spot))
		return;
	if (is_named)
		to_named(pl, res, spot, version);
	else
		to_newest(pl, res, spot);
	pl_tell_forge(pl, res, spot);
}

void plan_to(struct planner *pl)
{
	const struct state *s = pl->state;
	const struct request *r = pl->request;
	size_t e = pl_environment(pl, r->env);

	if (e == SIZE_MAX)
		return;
	for (size_t i = 0; i < r->wishes_len; i++) {
		const struct wish *w = &r->wishes[i];
		size_t service = state_service(s, w->service);
		bool is_named = w->has_version, again = false;
		const struct spot *spot, *set;

		/* Several images of one service move together. */
		for (size_t k = 0; k < r->wishes_len; k++)
			if (k != i && str_eq(r->wishes[k].service, w->service)) {
				is_named |= r->wishes[k].has_version;
				again |= k < i;
			}
		if (again)
			continue;
		if (service == SIZE_MAX) {
			struct result *res = pl_result(pl, NULL, w->service,
						       r->env);

			pl_stop(pl, res, ACTION_FAILED, ERR_NOTFOUND, "%s",
				pl_no_service(pl, w->service));
			continue;
		}
		if (s->config.environments[e].from_len == 0 && !is_named) {
			err_set(&pl->plan->err, ERR_USAGE, "%s is an entry "
				"environment: builds get there by `git promote "
				"bump`; name a version to bring one back",
				r->env);
			return;
		}
		spot = state_spot(s, service, e);
		set = service >= s->services_len ? spot : pl_set_of(pl, spot);
		if (set && !r->only && s->config.environments[e].from_len)
			pl_to_set(pl, set);
		else
			to_one(pl, spot, is_named);
	}
}
