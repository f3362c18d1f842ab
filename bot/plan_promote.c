/* auto and status: versions from one environment into the next. */
#include "bot/planning.h"

#include <string.h>

#include "bot/base/str.h"

const struct spot *pl_from_spot(const struct planner *pl,
				const struct spot *spot, size_t i)
{
	return state_spot(pl->state, spot->service, spot->place.env->from[i]);
}

size_t pl_from_len(const struct spot *spot)
{
	return spot->place.env->from_len;
}

/* Versions of the stay's time, slot by slot, from the text of VERSION. */
bool pl_versions_of(struct planner *pl, const struct spot *spot,
		    const char *version, struct version *out)
{
	const struct place *p = &spot->place;
	char *copy, *save = NULL;
	size_t n = 0;
	struct err err = { 0 };

	if (!strchr(version, '=')) {
		if (version_parse(&out[0], pl_arena(pl), version, &err) < 0)
			return false;
		for (size_t i = 1; i < p->slots_len; i++)
			out[i] = out[0];
		return true;
	}
	/* Canonical form of several: LABEL=VERSION,... (bot/place.h). */
	copy = arena_strdup(pl_arena(pl), version);
	for (size_t i = 0; i < p->slots_len; i++)
		out[i] = (struct version){ 0 };
	for (char *w = strtok_r(copy, ",", &save); w;
	     w = strtok_r(NULL, ",", &save)) {
		char *eq = strrchr(w, '=');

		if (!eq)
			return false;
		*eq = '\0';
		for (size_t i = 0; i < p->slots_len; i++)
			if (str_eq(p->slots[i].label, w) &&
			    version_empty(&out[i])) {
				if (version_parse(&out[i], pl_arena(pl),
						  eq + 1, &err) < 0)
					return false;
				n++;
				break;
			}
	}
	for (size_t i = 1; i < p->slots_len; i++)
		if (version_empty(&out[i]) &&
		    p->slots[i].kind == FIELD_PLAIN)
			out[i] = out[0];
	return n > 0;
}

bool pl_versions_copy(struct planner *pl, struct result *res,
		      const struct spot *spot, const char *version,
		      struct version *out)
{
	const struct spot *from = pl_from_len(spot) ? pl_from_spot(pl, spot, 0)
						 : spot;
	const struct place *p = &spot->place;

	if (!spot_takes(spot, from))
		pl_stop(pl, res, ACTION_FAILED, ERR_UNSAFE, "%s has other "
			"images in %s than in %s; let its entries in "
			CONFIG_FILE " name the same ones in the same order",
			p->service, p->env->name, from->place.env->name);
	else if (!pl_versions_of(pl, from, version, out))
		pl_stop(pl, res, ACTION_FAILED, ERR_UNSAFE, "%s: '%s' cannot "
			"be copied field by field", p->service, version);
	else
		return true;
	return false;
}

bool pl_timelines_here(struct planner *pl, const struct spot *spot)
{
	bool here = spot->timeline != NULL;

	if (!spot->timeline)
		pl_need(pl, spot, NEED_TIMELINE);
	for (size_t i = 0; i < pl_from_len(spot); i++)
		if (!pl_from_spot(pl, spot, i)->timeline) {
			pl_need(pl, pl_from_spot(pl, spot, i), NEED_TIMELINE);
			here = false;
		}
	return here;
}

void pl_timelines_more(struct planner *pl, const struct spot *spot)
{
	if (!spot->timeline->complete)
		pl_need(pl, spot, NEED_TIMELINE);
	for (size_t i = 0; i < pl_from_len(spot); i++)
		if (!pl_from_spot(pl, spot, i)->timeline->complete)
			pl_need(pl, pl_from_spot(pl, spot, i), NEED_TIMELINE);
	if (!pl->plan->needs.any)
		BUG("the policy wants more history than there is");
}

struct candidate_facts pl_candidate_facts(struct planner *pl,
					  const struct spot *spot)
{
	const struct rules *rules = spot_rules(spot);
	struct timeline *from = arena_alloc(pl_arena(pl), pl_from_len(spot) *
					    sizeof(*from));
	struct candidate_facts f = {
		.from = from, .from_len = pl_from_len(spot),
		.target = spot->timeline, .now_s = pl->state->now_s,
	};

	if (!pl_overridden(pl, "soak"))
		f.soak_s = gates_soak_s(rules->gates, rules->gates_len);
	for (size_t i = 0; i < pl_from_len(spot); i++)
		from[i] = *pl_from_spot(pl, spot, i)->timeline;
	return f;
}

/* The name of a version's source, from the commit that brought it. */
static void sources_take(const struct spot *spot, const struct stay *stay,
			 struct change_info *info)
{
	const struct stay *now = timeline_now(spot->timeline);

	info->source = stay ? stay->source : NULL;
	info->old_source = now ? now->source : NULL;
}

void pl_promote_version(struct planner *pl, struct result *res,
			const struct spot *spot, const char *version,
			const struct stay *stay, const struct stay *slowest,
			bool named)
{
	const struct spot *from = pl_from_len(spot) ? pl_from_spot(pl, spot, 0)
						 : spot;
	const struct request *r = pl->request;
	struct version *versions = arena_alloc(pl_arena(pl),
		spot->place.slots_len * sizeof(*versions));
	struct change_info info = {
		.service = spot->place.service,
		.environment = spot->place.env->name,
		.old_version = spot->place.version, .new_version = version,
		.from = from == spot ? NULL : from->place.env->name,
		.stay = stay, .build = -1, .reason = r->reason,
		.by = r->command == CMD_TO ? "to" : "auto",
	};

	res->new_version = version;
	if (!pl_gates_pass(pl, res, spot, version, slowest) ||
	    !pl_landing_known(pl, res, spot, version, slowest))
		return;
	if (!pl_versions_copy(pl, res, spot, version, versions))
		return;
	sources_take(spot, stay, &info);
	info.overridden = pl_overrides(pl);
	pl_deliver(pl, res, spot, versions, version, &info, named);
}

bool pl_places_usable(struct planner *pl, const struct spot *spot)
{
	const struct place *p = &spot->place;
	struct result *res;

	if (!p->exists)
		return false;
	for (size_t i = 0; i < pl_from_len(spot); i++) {
		const struct place *f = &pl_from_spot(pl, spot, i)->place;

		if (!f->exists)
			return false;
		if (f->err.code && !p->err.code)
			p = f;
	}
	if (!p->err.code)
		return true;
	res = pl_result(pl, spot, spot->place.service, spot->place.env->name);
	pl_stop(pl, res, ACTION_FAILED, p->err.code, "%s", p->err.msg);
	return false;
}

bool pl_in_sync(struct planner *pl, const struct spot *spot)
{
	for (size_t i = 0; i < pl_from_len(spot); i++)
		if (!str_eq(pl_from_spot(pl, spot, i)->place.version,
			    spot->place.version))
			return false;
	return true;
}

void pl_say_waiting(struct planner *pl, struct result *res,
		    const char *version, int64_t ready_s)
{
	struct buf when = { 0 };
	const struct spot *lacks = NULL;

	res->new_version = version;
	res->ready_s = ready_s;
	for (size_t i = 0; i < pl_from_len(res->spot) && !lacks; i++) {
		const struct spot *from = pl_from_spot(pl, res->spot, i);

		if (from->timeline && !timeline_find(from->timeline, version))
			lacks = from;
	}
	if (lacks) {
		pl_stop(pl, res, ACTION_WAITING, ERR_WAIT, "%s has not been "
			"live in %s yet", version, lacks->place.env->name);
		return;
	}
	if (ready_s != TIME_UNKNOWN) {
		buf_addstr(&when, " until ");
		time_format(&when, ready_s);
	}
	pl_stop(pl, res, ACTION_WAITING, ERR_WAIT, "%s soaks in %s%s", version,
		pl_from_spot(pl, res->spot, 0)->place.env->name, buf_str(&when));
	buf_release(&when);
}

void pl_say_verdict(struct planner *pl, struct result *res,
		    const struct spot *spot, const struct candidate *c)
{
	const char *env = res->environment, *service = res->service;
	const char *from = pl_from_spot(pl, spot, 0)->place.env->name;

	res->new_version = c->version;
	switch (c->verdict) {
	case CANDIDATE_NONE:
		pl_tidy(pl, res, spot);
		return;
	case CANDIDATE_SOAKING:
		pl_say_waiting(pl, res, c->version, c->ready_s);
		return;
	case CANDIDATE_HELD:
		pl_stop(pl, res, ACTION_HELD, ERR_PERSON, "%s was rolled back "
			"from %s; a newer version or `git promote to %s %s=%s "
			"--reason TEXT` goes on", env, c->version, env, service,
			c->version);
		return;
	case CANDIDATE_DECLINED:
		pl_stop(pl, res, ACTION_DECLINED, ERR_PERSON, "%s was declined: "
			"its pull request was closed; a newer version or `git "
			"promote to %s %s=%s` goes on", c->version, env,
			service, c->version);
		return;
	case CANDIDATE_DRIFT:
		pl_stop(pl, res, ACTION_DRIFTED, ERR_PERSON, "%s runs %s, which "
			"was never in %s; `git promote to %s %s` says that %s "
			"is newer", env, spot->place.version, from, env,
			service, from);
		return;
	case CANDIDATE_READY:
	case CANDIDATE_MORE:
		break;
	}
	BUG("nothing to say of verdict %d", (int)c->verdict);
}

/* I6: what was not live in `from` does not land by the bot's hand. */
static void keep_for_person(struct planner *pl, struct result *res,
			    const struct spot *spot)
{
	res->new_version = spot->branch_facts.version;
	res->action = ACTION_PENDING;
	res->pr_number = spot->pr->number;
	res->pr_url = spot->pr->url;
	pl_reason(pl, res, "pull request #%lld waits for a person: %s has not "
		  "been live in %s", spot->pr->number, res->new_version,
		  pl_from_spot(pl, spot, 0)->place.env->name);
}

bool pl_is_answered(struct planner *pl, const struct spot *spot,
		    const struct timeline *t, const char *version)
{
	const struct branch_facts *f = &spot->branch_facts;
	const struct stay *since;

	if (!timeline_held(t, version, &since))
		return true;
	return (pl_opened_by(pl, spot, "to") ||
		pl_opened_by(pl, spot, "bump")) &&
	       f->beyond_len && f->beyond[0].committer_s >= since->from_s;
}

/*
 * An open pull request of which a person said by name what it brings, or in an
 * environment that is promoted by hand: `auto` looks after the version it has,
 * and brings no other.
 */
static void keep_open(struct planner *pl, struct result *res,
		      const struct spot *spot)
{
	struct ready ready = { .spot = spot };
	struct candidate_facts f;
	struct candidate c;

	if (oid_is_zero(&spot->branch_id))
		return;		/* its branch went between two looks */
	if (!spot->branch_facts.is_known) {
		pl_need(pl, spot, NEED_BRANCH);
		return;
	}
	if (!spot->branch_facts.version ||
	    str_eq(spot->branch_facts.version, spot->place.version)) {
		pl_tidy(pl, res, spot);
		return;
	}
	if (!pl_timelines_here(pl, spot))
		return;
	f = pl_candidate_facts(pl, spot);
	candidate_judge(&f, spot->branch_facts.version, &c);
	if (c.verdict == CANDIDATE_MORE) {
		pl_timelines_more(pl, spot);
		return;
	}
	/* Whoever can push a branch can make one that looks like ours. */
	if (c.verdict == CANDIDATE_NONE) {
		keep_for_person(pl, res, spot);
		return;
	}
	if (!pl_is_answered(pl, spot, spot->timeline, c.version)) {
		c.verdict = CANDIDATE_HELD;
		pl_say_verdict(pl, res, spot, &c);
		pl_disarm(pl, res, spot);
		return;
	}
	ready.version = spot->branch_facts.version;
	ready.stay = c.stay;
	ready.slowest = c.slowest;
	pl_ready_add(pl, res, &ready, true);
}

bool pl_opened_by(struct planner *pl, const struct spot *spot, const char *by)
{
	struct marker m;

	return spot->pr &&
	       text_marker_parse(pl_arena(pl), spot->pr->body, &m) &&
	       str_eq(m.by, by);
}

static void auto_look(struct planner *pl, struct result *res,
		      const struct spot *spot)
{
	struct candidate_facts f;
	struct candidate c;

	if (pl_rollback_open(pl, res, spot))
		return;
	if (pl_in_sync(pl, spot)) {
		pl_tidy(pl, res, spot);
		return;
	}
	if (pl_stopped(pl, res, spot)) {
		pl_disarm(pl, res, spot);
		return;
	}
	/* A bump past the chain: a candidate from it must not take its place. */
	if (spot->pr && (!spot_rules(spot)->promote_auto ||
			 pl_opened_by(pl, spot, "bump"))) {
		keep_open(pl, res, spot);
		return;
	}
	if (!pl_timelines_here(pl, spot))
		return;
	f = pl_candidate_facts(pl, spot);
	f.declined = pl_declined(pl, spot, &f.declined_len);
	candidate_find(&f, &c);
	if (c.verdict == CANDIDATE_MORE) {
		pl_timelines_more(pl, spot);
		return;
	}
	/* What drifted or is held may have been answered by name already. */
	if ((c.verdict == CANDIDATE_DRIFT || c.verdict == CANDIDATE_HELD) &&
	    pl_opened_by(pl, spot, "to")) {
		keep_open(pl, res, spot);
		return;
	}
	if (c.verdict != CANDIDATE_READY) {
		pl_say_verdict(pl, res, spot, &c);
		return;
	}
	if (!spot_rules(spot)->promote_auto) {
		res->new_version = c.version;
		if (pl_gates_pass(pl, res, spot, c.version, c.slowest)) {
			res->action = ACTION_PENDING;
			pl_reason(pl, res, "ready for `git promote to %s %s`",
				  res->environment, res->service);
		}
		return;
	}
	/* Gates that do not pass need not know of an earlier no; who asks for
	   the status wants to. */
	if (pl->request->command == CMD_STATUS && !spot->pr &&
	    !spot->past_known && pl->request->has_forge &&
	    !spot_rules(spot)->deliver_push) {
		pl_need_past(pl, spot, c.version);
		return;
	}
	pl_ready_add(pl, res, &(struct ready){ .spot = spot,
		     .version = c.version, .stay = c.stay,
		     .slowest = c.slowest }, false);
}

/* A service that moves alone, or a set. */
static void auto_one(struct planner *pl, const struct spot *spot)
{
	bool is_set = spot_row(pl->state, spot)->members_len != 0;
	const struct forge_pr *declined = NULL;
	struct result *res;

	if (is_set ? !spot->place.exists : !pl_places_usable(pl, spot))
		return;
	if (!pl->state->prs_known && pl->request->has_forge) {
		pl_need_prs(pl);
		return;
	}
	if (pl->request->command == CMD_AUTO &&
	    pl_rollback_failed(pl, spot, &declined))
		return;
	res = pl_result(pl, spot, spot->place.service, spot->place.env->name);
	if (is_set)
		pl_auto_set(pl, res, spot);
	else if (!pl_unknown(pl, res, spot))
		auto_look(pl, res, spot);
	pl_say_back_declined(pl, res, declined);
}

/*
 * One that moves with others, and of which a person said that it goes alone
 * (`--only`, a hotfix): what is open for it is looked after like any other.
 */
static void auto_alone(struct planner *pl, const struct spot *spot)
{
	const struct spot *back = state_back(pl->state, spot);
	const struct spot *all = state_back(pl->state, pl_set_of(pl, spot));
	struct result *res;

	if (!spot->pr || !pl_places_usable(pl, spot))
		return;
	res = pl_result(pl, spot, spot->place.service, spot->place.env->name);
	if (pl_unknown(pl, res, spot))
		return;
	if (back->pr || all->pr) {
		res->action = ACTION_PENDING;
		pl_reason(pl, res, "pull request #%lld waits: #%lld rolls back",
			  spot->pr->number, (back->pr ? back : all)->pr->number);
	}
	if (res->reason || pl_stopped(pl, res, spot))
		pl_disarm(pl, res, spot);
	else
		keep_open(pl, res, spot);
}

void plan_auto(struct planner *pl)
{
	const struct config *c = &pl->state->config;

	for (size_t i = 0; i < pl->request->envs_len; i++)
		if (pl_environment(pl, pl->request->envs[i]) == SIZE_MAX)
			return;
	/* Down the chain, so that a version lands before it is looked for. */
	for (size_t e = 0; e < c->environments_len; e++) {
		if (!request_wants(pl->request, c->environments[e].name))
			continue;
		if (c->environments[e].from_len == 0) {
			for (size_t i = 0; i < pl->state->services_len; i++)
				pl_auto_left(pl, state_spot(pl->state, i, e));
			continue;
		}
		for (size_t i = 0; i < pl->state->rows_len; i++) {
			const struct spot *spot = state_spot(pl->state, i, e);

			if (pl_set_of(pl, spot))
				auto_alone(pl, spot);
			else
				auto_one(pl, spot);
		}
	}
	pl_ready_deliver(pl);
	pl_tell_forge_all(pl);
	if (pl->request->envs_len == 0)
		pl_tell_orphans(pl);
}
