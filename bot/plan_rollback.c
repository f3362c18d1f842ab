/*
 * rollback: an environment goes back to a version that it had before. That
 * has its own branch and pull request, and no gate stands in its way.
 */
#include "bot/planning.h"

#include "bot/base/str.h"

static const struct pin *pin_find(const struct planner *pl,
				  const struct spot *spot)
{
	const struct request *r = pl->request;

	for (size_t i = 0; i < r->pins_len; i++)
		if (str_eq(r->pins[i].service, spot->place.service) &&
		    str_eq(r->pins[i].environment, spot->place.env->name))
			return &r->pins[i];
	return NULL;
}

/*
 * The version before the present stay. Not one that is held: somebody went
 * back from it. Nor one that came after the present one, which is what the
 * environment had before an earlier rollback: that would be going forward.
 */
static const char *version_before(const struct timeline *t)
{
	const struct stay *now = timeline_now(t);

	for (const struct stay *s = now + 1; s < t->stays + t->len; s++)
		if (!stay_is_gap(s) && !timeline_held(t, s->version, NULL) &&
		    timeline_earlier(t, s->version, now->version))
			return s->version;
	return NULL;
}

static bool history_wanted(struct planner *pl, const struct spot *spot,
			   size_t horizon)
{
	if (spot->timeline && (spot->timeline->complete ||
			       pl->state->history_depth >= horizon))
		return false;
	pl_need(pl, spot, NEED_TIMELINE);
	return true;
}

/* What to go back to; NULL: RES says why not, or facts are lacking. */
static const char *target_find(struct planner *pl, struct result *res,
			       const struct spot *spot)
{
	const struct timeline *t = spot->timeline;
	const char *version;

	if (history_wanted(pl, spot, HISTORY_HORIZON))
		return NULL;
	if (!timeline_now(t)) {
		pl_stop(pl, res, ACTION_FAILED, ERR_NOTFOUND, "what %s runs in "
			"%s cannot be read off its history", res->service,
			res->environment);
		return NULL;
	}
	version = version_before(t);
	if (!version && !history_wanted(pl, spot, SIZE_MAX))
		pl_stop(pl, res, ACTION_REFUSED, ERR_PERSON, "%s has had no "
			"earlier version of %s that is not held%s; `git "
			"promote log %s %s` shows what it had, --to VERSION "
			"names one", res->environment, res->service,
			pl->state->history_is_cut ? ", as far back as the "
			"repository's history goes" : "", res->service,
			res->environment);
	return version;
}

/* The version that a person named: one that the environment had earlier. */
static const char *target_named(struct planner *pl, struct result *res,
				const struct spot *spot, const struct wish *w)
{
	const struct place *p = &spot->place;
	const struct timeline *t = spot->timeline;
	struct version *versions = arena_alloc(pl_arena(pl), p->slots_len *
					       sizeof(*versions));
	const char *version;

	for (size_t i = 0; i < p->slots_len; i++)
		versions[i] = w->version;
	if (w->mixed && !pl_versions_of(pl, spot, w->mixed, versions)) {
		pl_stop(pl, res, ACTION_FAILED, ERR_USAGE, "'%s' is not what "
			"%s runs; `git promote log %s %s` shows what --to can "
			"name", w->mixed, res->service, res->service,
			res->environment);
		return NULL;
	}
	version = place_version(pl_arena(pl), p->slots, versions, p->slots_len);
	if (str_eq(version, p->version))
		return version;
	if (history_wanted(pl, spot, HISTORY_HORIZON) ||
	    (!timeline_find(t, version) && history_wanted(pl, spot, SIZE_MAX)))
		return NULL;
	res->new_version = version;
	if (!timeline_find(t, version)) {
		pl_stop(pl, res, ACTION_REFUSED, ERR_PERSON, "%s never had %s; "
			"`git promote log %s %s` shows what it had",
			res->environment, version, res->service,
			res->environment);
		return NULL;
	}
	if (timeline_earlier(t, p->version, version)) {
		pl_stop(pl, res, ACTION_REFUSED, ERR_PERSON, "%s came after %s; "
			"that is no rollback: `git promote to %s %s=%s "
			"--reason TEXT`", version, p->version, res->environment,
			res->service, version);
		return NULL;
	}
	if (timeline_held(t, version, NULL) && !pl->request->reason) {
		pl_stop(pl, res, ACTION_HELD, ERR_PERSON, "%s was rolled back "
			"from %s itself; say why it comes back with --reason "
			"TEXT", res->environment, version);
		return NULL;
	}
	return version;
}

/* What services of the set SPOT have open, each alone (`to --only`, a hotfix). */
static bool members_close(struct planner *pl, struct result *res,
			  const struct spot *spot, const char *why)
{
	const struct service *row = spot_row(pl->state, spot);
	bool known = true;

	for (size_t i = 0; i < row->members_len; i++)
		known &= pl_withdraw(pl, res, state_spot(pl->state,
				     row->members[i], spot->env), why);
	return known;
}

/* The way forward is closed, where there is a forge to close it. */
static bool forward_close(struct planner *pl, struct result *res,
			  const struct spot *spot)
{
	if (!pl->request->has_forge)
		return true;
	if (!pl->state->prs_known) {
		pl_need_prs(pl);
		pl->plan->needs.prs_may_fail =
			pl_push_is_way(state_back(pl->state, spot));
		return false;
	}
	if (pl->state->prs_err.code) {
		pl_reason(pl, res, "whether a pull request is open is not "
			  "known: %s", pl->state->prs_err.msg);
		return true;
	}
	/* The set's would bring it forward again. */
	if (pl_set_of(pl, spot) &&
	    !pl_withdraw(pl, res, pl_set_of(pl, spot),
			 "a service in it was rolled back"))
		return false;
	if (!pl_withdraw(pl, res, spot, "the environment was rolled back") ||
	    !members_close(pl, res, spot, "the set was rolled back"))
		return false;
	if (spot->pr && !res->reason)
		pl_reason(pl, res, "closes pull request #%lld",
			  spot->pr->number);
	return true;
}

/* The environment has it: what is left is to clear away. */
static void back_done(struct planner *pl, struct result *res,
		      const struct spot *spot, const char *version)
{
	const struct spot *back = state_back(pl->state, spot);

	res->new_version = version;
	if (!forward_close(pl, res, spot) || pl->state->prs_err.code)
		return;
	pl_tidy(pl, res, back);
	res->action = ACTION_NONE;
}

static void back_deliver(struct planner *pl, struct result *res,
			 const struct spot *spot, const char *version)
{
	const struct spot *back = state_back(pl->state, spot);
	const struct place *p = &back->place;
	struct version *versions = arena_alloc(pl_arena(pl), p->slots_len *
					       sizeof(*versions));
	struct change_info info = {
		.service = p->service, .environment = p->env->name,
		.old_version = p->version, .new_version = version,
		.rolled_back = p->version, .build = -1,
		.reason = pl->request->reason, .overridden = pl_overrides(pl),
		.by = "rollback",
	};

	if (!pl_versions_of(pl, back, version, versions)) {
		pl_stop(pl, res, ACTION_FAILED, ERR_UNSAFE, "'%s' cannot be "
			"copied field by field", version);
		return;
	}
	pl_deliver(pl, res, back, versions, version, &info, true);
}

static void rollback_one(struct planner *pl, const struct spot *spot,
			 const struct wish *w)
{
	const struct place *p = &spot->place;
	struct result *res = pl_result(pl, state_back(pl->state, spot),
				       p->service, p->env->name);
	const struct pin *pin = pin_find(pl, spot);
	const char *version;

	if (p->err.code) {
		pl_stop(pl, res, ACTION_FAILED, p->err.code, "%s", p->err.msg);
		return;
	}
	if (!p->exists) {
		pl_stop(pl, res, ACTION_FAILED, ERR_NOTFOUND, "%s is not "
			"deployed in %s: there is no %s", p->service,
			p->env->name, p->slots[0].file);
		return;
	}
	if (pl_unknown(pl, res, spot))
		return;
	if (pin && !str_eq(p->version, pin->to) &&
	    !str_eq(p->version, pin->from)) {
		pl_stop(pl, res, ACTION_REFUSED, ERR_PERSON, "somebody brought "
			"%s to %s meanwhile; look, and run it again where it "
			"is still wanted", p->env->name, p->version);
		return;
	}
	version = pin ? pin->to : w->has_version
		? target_named(pl, res, spot, w)
		: target_find(pl, res, spot);
	if (!version)
		return;
	if (str_eq(version, p->version)) {
		back_done(pl, res, spot, version);
		return;
	}
	/* By push it goes first, and the forge is asked afterwards. */
	if ((pl->request->dry ||
	     !pl_push_is_way(state_back(pl->state, spot))) &&
	    !forward_close(pl, res, spot))
		return;
	back_deliver(pl, res, spot, version);
	pl_tell_forge(pl, res, state_back(pl->state, spot));
}

/* All that move together go back together, once. */
static void rollback_set(struct planner *pl, const struct spot *set,
			 const struct wish *w)
{
	for (size_t i = 0; i < pl->plan->len; i++)
		if (pl->plan->results[i].spot == state_back(pl->state, set))
			return;
	rollback_one(pl, set, w);
}

void plan_rollback(struct planner *pl)
{
	const struct state *s = pl->state;
	const struct request *r = pl->request;
	size_t e = pl_environment(pl, r->env);

	if (e == SIZE_MAX)
		return;
	for (size_t i = 0; i < r->wishes_len; i++) {
		const struct wish *w = &r->wishes[i];
		size_t service = state_service(s, w->service);

		if (service == SIZE_MAX)
			pl_stop(pl, pl_result(pl, NULL, w->service, r->env),
				ACTION_FAILED, ERR_NOTFOUND, "%s",
				pl_no_service(pl, w->service));
		else if (r->only || !pl_set_of(pl, state_spot(s, service, e)) ||
			 s->config.environments[e].from_len == 0)
			/* Builds come into an entry environment one by one. */
			rollback_one(pl, state_spot(s, service, e), w);
		else
			rollback_set(pl, pl_set_of(pl, state_spot(s, service,
								  e)), w);
	}
}

/* No pull request was ever opened for the branch as it is: a run was killed. */
static bool is_unfinished(const struct spot *back)
{
	char head[OID_HEX + 1];

	oid_hex(head, &back->branch_id);
	for (size_t i = 0; i < back->past_len; i++)
		if (str_eq(back->past[i].head_sha, head))
			return false;
	return true;
}

bool pl_had_earlier(struct planner *pl, const struct spot *spot,
		    const char *version)
{
	const struct timeline *t = spot->timeline;

	if (history_wanted(pl, spot, HISTORY_HORIZON) ||
	    (!timeline_find(t, version) && history_wanted(pl, spot, SIZE_MAX)))
		return false;
	return timeline_find(t, version) && timeline_now(t) &&
	       timeline_earlier(t, version, spot->place.version);
}

/*
 * May what stands on the branch of a rollback land by itself? Whoever can push
 * a branch can make one that looks like ours, so only what `rollback` itself
 * would go to without a word. One that is pushed onto base has no branch.
 */
static bool is_way_back(struct planner *pl, const struct spot *spot,
			const char *version)
{
	return !pl_push_is_way(state_back(pl->state, spot)) &&
	       pl_had_earlier(pl, spot, version) &&
	       !timeline_held(spot->timeline, version, NULL);
}

static bool waits_for_person(struct planner *pl, struct result *res,
			     const struct spot *back)
{
	if (!back->pr)
		return false;
	res->action = ACTION_PENDING;
	res->pr_number = back->pr->number;
	res->pr_url = back->pr->url;
	pl_reason(pl, res, "rolling back waits for a person to merge pull "
		  "request #%lld", back->pr->number);
	return true;
}

bool pl_rollback_open(struct planner *pl, struct result *res,
		      const struct spot *spot)
{
	const struct spot *back = state_back(pl->state, spot);
	const struct branch_facts *f = &back->branch_facts;
	bool has_branch = !oid_is_zero(&back->branch_id);

	if (!pl->request->has_forge || (!has_branch && !back->pr))
		return false;
	if (pl_unknown(pl, res, spot))
		return true;
	if (has_branch && !f->is_known) {
		pl_need(pl, back, NEED_BRANCH);
		return true;
	}
	if (!has_branch || !f->is_ours || !f->version)
		return waits_for_person(pl, res, back);
	if (f->is_on_base || str_eq(f->version, spot->place.version)) {
		pl_tidy(pl, res, back);
		return false;
	}
	if (f->forked_version &&
	    !str_eq(f->forked_version, spot->place.version)) {
		pl_withdraw(pl, res, back, "the environment has moved on");
		return false;
	}
	if (!back->pr && !back->past_known) {
		pl_need_past_of_branch(pl, back);
		return true;
	}
	if (!back->pr && !is_unfinished(back))
		return false;
	if (!is_way_back(pl, spot, f->version))
		return pl->plan->needs.any || waits_for_person(pl, res, back);
	back_deliver(pl, res, spot, f->version);
	return true;
}

/* So long after the time of `verify` a failure still leads to a rollback. */
enum { FAILED_LATE_S = 24 * 3600 };

/*
 * What `verify` says of the version that SPOT has now, where that is to be
 * acted upon. VERDICT_PASS: it is not.
 */
static enum verdict failed_judge(struct planner *pl, const struct spot *spot,
				 struct gate_result *g)
{
	const struct rules *rules = spot_rules(spot);
	const struct timeline *t = spot->timeline;
	const struct stay *now, *before;

	if (!rules->verify_rollback || rules->verify_len == 0)
		return VERDICT_PASS;
	if (!t) {
		pl_need(pl, spot, NEED_TIMELINE);
		return VERDICT_NEED;
	}
	now = timeline_now(t);
	if (!now || now->from_s == TIME_UNKNOWN || pl->state->now_s -
	    now->from_s > rules->verify_within_s + FAILED_LATE_S)
		return VERDICT_PASS;
	before = now + 1;
	while (before < t->stays + t->len && stay_is_gap(before))
		before++;
	/* What a rollback went to is not gone back from by itself. */
	if (before == t->stays + t->len ||
	    timeline_earlier(t, now->version, before->version))
		return VERDICT_PASS;
	return pl_verify(pl, spot, now, g) ? g->verdict : VERDICT_PASS;
}

/* A person's no to going back: its pull request was closed, since SINCE_S. */
static const struct forge_pr *back_declined(struct planner *pl,
					    const struct spot *back,
					    int64_t since_s)
{
	struct marker m;

	for (size_t i = 0; i < back->past_len; i++) {
		const struct forge_pr *pr = &back->past[i];

		if (pr->state == FORGE_PR_CLOSED && pr->head_is_ours &&
		    (pr->created_s == TIME_UNKNOWN ||
		     pr->created_s >= since_s) &&
		    text_marker_parse(pl_arena(pl), pr->body, &m) && !m.closed)
			return pr;
	}
	return NULL;
}

/* SPOT, which failed, or the set that it moves with: go back. */
static bool failed_back(struct planner *pl, const struct spot *spot,
			const struct spot *failed, const struct gate_result *g,
			const struct forge_pr **declined)
{
	const struct spot *back = state_back(pl->state, spot);
	int64_t since_s = timeline_now(failed->timeline)->from_s;
	struct planner inner = *pl;
	struct request *own;
	struct wish wish = { .service = spot->place.service };

	if (pl->request->has_forge && !back->pr &&
	    !pl_push_is_way(back)) {
		if (!back->past_known) {
			pl_need_past_since(pl, back, since_s);
			return true;
		}
		*declined = back_declined(pl, back, since_s);
		if (*declined)
			return false;
	}
	own = arena_alloc(pl_arena(pl), sizeof(*own));
	*own = *pl->request;
	own->reason = arena_printf(pl_arena(pl), "verify %s", g->reason);
	inner.request = own;
	rollback_one(&inner, spot, &wish);
	return true;
}

bool pl_rollback_failed(struct planner *pl, const struct spot *spot,
			const struct forge_pr **declined)
{
	const struct service *row = spot_row(pl->state, spot);
	size_t n = row->members_len ? row->members_len : 1;
	bool lacking = false;

	*declined = NULL;
	for (size_t i = 0; i < n; i++) {
		const struct spot *one = row->members_len
			? state_spot(pl->state, row->members[i], spot->env)
			: spot;
		struct gate_result g;

		if (!one->place.exists || one->place.err.code)
			continue;
		switch (failed_judge(pl, one, &g)) {
		case VERDICT_REFUSE:
			return failed_back(pl, spot, one, &g, declined);
		case VERDICT_NEED:
			lacking = true;
			break;
		case VERDICT_PASS:
		case VERDICT_WAIT:
			break;
		}
	}
	return lacking;
}

void pl_say_back_declined(struct planner *pl, struct result *res,
			  const struct forge_pr *declined)
{
	if (!declined || res->reason || res->action != ACTION_NONE)
		return;
	res->action = ACTION_DECLINED;
	pl_reason(pl, res, "verify failed, and going back was declined: pull "
		  "request #%lld was closed; `git promote rollback %s %s` goes "
		  "back", declined->number, res->environment, res->service);
}
