/* bump: new builds into an entry environment. */
#include "bot/planning.h"

#include <string.h>

#include "bot/base/str.h"
#include "policies/order.h"

/* --to, or the only environment without `from`. */
static const struct environment *entry_find(struct planner *pl)
{
	const struct config *c = &pl->state->config;
	const char *want = pl->request->env;
	const struct environment *found = NULL;
	struct buf names = { 0 };
	size_t n = 0;

	if (want) {
		size_t i = pl_environment(pl, want);

		if (i != SIZE_MAX && c->environments[i].from_len &&
		    !pl_overridden(pl, "chain"))
			err_set(&pl->plan->err, ERR_USAGE, "%s gets its "
				"versions from %s; bump that, then `git "
				"promote to %s`; for a hotfix --override chain "
				"--reason TEXT", want, c->environments[
				c->environments[i].from[0]].name, want);
		return i == SIZE_MAX ? NULL : &c->environments[i];
	}
	for (size_t i = 0; i < c->environments_len; i++)
		if (c->environments[i].from_len == 0) {
			found = &c->environments[i];
			buf_addf(&names, "%s%s", n++ ? ", " : "", found->name);
		}
	if (n > 1)
		err_set(&pl->plan->err, ERR_USAGE, "several environments take "
			"builds (%s); name one with --to", buf_str(&names));
	buf_release(&names);
	return found;
}

/* One wish into the slots it is for. */
static int wish_take(struct planner *pl, struct result *res,
		     const struct place *p, const struct wish *w,
		     struct version *out)
{
	size_t images = 0, hits = 0;

	for (size_t i = 0; i < p->slots_len; i++)
		images += p->slots[i].kind != FIELD_PLAIN;
	if (!w->label && w->version.digest && images > 1) {
		pl_stop(pl, res, ACTION_FAILED, ERR_USAGE, "%s has several "
			"images; a digest must name its own: %s:%s="
			"TAG@sha256:...", p->service, p->service,
			p->slots[0].label);
		return -1;
	}
	for (size_t i = 0; i < p->slots_len; i++)
		if (w->slot ? w->slot == &p->slots[i]
			    : !w->label || slot_is_called(&p->slots[i],
							  w->label)) {
			out[i] = w->version;
			hits++;
		}
	if (hits)
		return 0;
	pl_stop(pl, res, ACTION_FAILED, ERR_NOTFOUND, "%s has no image '%s'; "
		"it has '%s'%s", p->service, w->label, p->slots[0].label,
		p->slots_len > 1 ? " and others" : "");
	return -1;
}

int pl_versions_wished(struct planner *pl, struct result *res,
		       const struct spot *spot, struct version *out)
{
	const struct place *p = &spot->place;
	const struct request *r = pl->request;
	struct err err = { 0 };

	for (size_t i = 0; i < p->slots_len; i++)
		out[i] = p->slots[i].version;
	/* What is said of one image counts more than what is said of all. */
	for (int labelled = 0; labelled < 2; labelled++)
		for (size_t k = 0; k < r->wishes_len; k++) {
			const struct wish *w = &r->wishes[k];

			if (str_eq(w->service, p->service) && w->has_version &&
			    (w->label != NULL) == labelled &&
			    wish_take(pl, res, p, w, out) < 0)
				return -1;
		}
	/* A field beside the images repeats what they run. */
	for (size_t i = 1; i < p->slots_len; i++)
		if (p->slots[i].kind == FIELD_PLAIN &&
		    p->slots[0].kind != FIELD_PLAIN)
			out[i] = out[0];
	if (place_fit(p, out, &err) == 0)
		return 0;
	pl_stop(pl, res, ACTION_FAILED, err.code, "%s", err.msg);
	return -1;
}

static int64_t build_wished(const struct request *r, const char *service)
{
	for (size_t k = 0; k < r->wishes_len; k++)
		if (str_eq(r->wishes[k].service, service))
			return r->wishes[k].build;
	return -1;
}

/*
 * The rule Order, on the newest part of history: whether a version was ever
 * left before takes all of it to know, and a CI job shall cost what its edit
 * costs. Further back an old build is told by its --build number only, as far
 * as one is known.
 */
static enum order order_at(struct planner *pl, const struct spot *spot,
			   const char *version, int64_t build)
{
	struct timeline known;
	enum order order;

	if (!spot->recent) {
		pl_need(pl, spot, NEED_RECENT);
		return ORDER_MORE;
	}
	/* A squash may have dropped a number that the pull request knows. */
	if (build >= 0 && pl->request->has_forge && !spot->past_known &&
	    !spot_rules(spot)->deliver_push) {
		pl_need(pl, spot, NEED_PAST);
		return ORDER_MORE;
	}
	order = order_judge(spot->recent, version, build);
	if (order != ORDER_MORE)
		return order;
	if (build >= 0 && !pl->state->recent_is_all) {
		pl_need(pl, spot, NEED_RECENT);
		return ORDER_MORE;
	}
	known = *spot->recent;
	known.complete = true;
	return order_judge(&known, version, build);
}

static void bump_one(struct planner *pl, const struct spot *spot)
{
	const struct request *r = pl->request;
	const struct place *p = &spot->place;
	struct result *res = pl_result(pl, spot, p->service, p->env->name);
	struct version *versions = arena_alloc(pl_arena(pl), p->slots_len *
					       sizeof(*versions));
	struct change_info info = {
		.service = p->service, .environment = p->env->name,
		.old_version = p->version, .source = r->source,
		.build = build_wished(r, p->service), .reason = r->reason,
		.overridden = pl_overrides(pl),
		.by = "bump",
	};
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
	if (pl_versions_wished(pl, res, spot, versions) < 0 ||
	    pl_override_refused(pl, res, spot))
		return;
	version = place_version(pl_arena(pl), p->slots, versions, p->slots_len);
	info.new_version = res->new_version = version;
	if (str_eq(version, p->version)) {
		pl_tidy(pl, res, spot);
		return;
	}
	if (pl_stopped(pl, res, spot))
		return;
	switch (order_at(pl, spot, version, info.build)) {
	case ORDER_MORE:
		return;
	case ORDER_SAME:
	case ORDER_NEWER:
		break;
	case ORDER_SUPERSEDED:
		res->action = ACTION_SUPERSEDED;
		pl_reason(pl, res, "%s already has a later build than %s",
			  p->env->name, version);
		return;
	case ORDER_HELD:
		pl_stop(pl, res, ACTION_HELD, ERR_PERSON, "%s was rolled back "
			"from %s; bump a newer build, or bring it back with "
			"`git promote to %s %s=%s --reason TEXT`", p->env->name,
			version, p->env->name, p->service, version);
		return;
	case ORDER_CONFLICT:
		pl_stop(pl, res, ACTION_REFUSED, ERR_PERSON, "build %lld has "
			"already brought another version into %s; give each "
			"build its own number", (long long)info.build,
			p->env->name);
		return;
	}
	/* A hotfix: gates that do not ask where it was before still count. */
	if (p->env->from_len && !pl_gates_pass(pl, res, spot, version, NULL))
		return;
	pl_deliver(pl, res, spot, versions, version, &info,
		   p->env->from_len > 0);
	pl_tell_forge(pl, res, spot);
}

/* bump --image: each field of SPOT that runs it; two may run the same one. */
static size_t image_wishes(struct planner *pl, const struct spot *spot,
			   struct wish *out)
{
	const struct request *r = pl->request;
	const struct place *p = &spot->place;
	size_t n = 0;

	for (size_t k = 0; k < p->slots_len; k++) {
		const struct slot *slot = &p->slots[k];

		/* One beside the images repeats them. */
		if ((slot->kind == FIELD_PLAIN &&
		     p->slots[0].kind != FIELD_PLAIN) ||
		    !slot_runs_image(slot, &spot->texts[k], r->image.name))
			continue;
		out[n++] = (struct wish){
			.service = p->service,
			.label = p->slots_len > 1 ? slot->label : NULL,
			.slot = slot,
			.has_version = true,
			.version = r->image.version,
			.build = r->build,
		};
	}
	return n;
}

static void bump_image(struct planner *pl, size_t env)
{
	const struct state *s = pl->state;
	struct request *own = arena_alloc(pl_arena(pl), sizeof(*own));
	struct planner inner = { .plan = pl->plan, .state = s, .request = own };
	size_t hits = 0;

	*own = *pl->request;
	for (size_t i = 0; i < s->services_len; i++) {
		const struct spot *spot = state_spot(s, i, env);
		const struct place *p = &spot->place;

		own->wishes = arena_alloc(pl_arena(pl), (p->slots_len + 1) *
					  sizeof(*own->wishes));
		own->wishes_len = p->exists ? image_wishes(pl, spot,
							   own->wishes) : 0;
		if (own->wishes_len == 0)
			continue;
		hits++;
		bump_one(&inner, spot);
	}
	if (hits == 0)
		err_set(&pl->plan->err, ERR_NOTFOUND, "no service in %s runs "
			"the image %s; see `git promote check`",
			s->config.environments[env].name, own->image.name);
}

void plan_bump(struct planner *pl)
{
	const struct state *s = pl->state;
	const struct environment *env = entry_find(pl);
	const struct request *r = pl->request;
	size_t e;

	if (!env || pl->plan->err.code)
		return;
	e = (size_t)(env - s->config.environments);
	if (r->image.name) {
		bump_image(pl, e);
		return;
	}
	for (size_t i = 0; i < r->wishes_len; i++) {
		size_t service = state_service(s, r->wishes[i].service);
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again |= str_eq(r->wishes[k].service,
					r->wishes[i].service);
		if (again)
			continue;
		if (service == SIZE_MAX) {
			struct result *res = pl_result(pl, NULL,
				r->wishes[i].service, env->name);

			pl_stop(pl, res, ACTION_FAILED, ERR_NOTFOUND, "%s",
				pl_no_service(pl, res->service));
			continue;
		}
		bump_one(pl, state_spot(s, service, e));
	}
}
