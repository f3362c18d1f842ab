/*
 * What a set of services that move together would run: each is judged by
 * itself, and one word is made of all.
 */
#include "bot/planning.h"

#include <string.h>

#include "bot/base/str.h"

/* One service of the set, and what it would run. */
struct member {
	const struct spot *spot;
	size_t first;		/* its first slot in the set's place */
	const char *version;	/* NULL: it stays as it is */
	bool by_hand;		/* a person said that what drifted is older */
	const char *asked;	/* for what by name, while that is open; or NULL */
	struct candidate c;
	struct result said;	/* what there is to say of it alone */
};

/* Those that are deployed there. */
static size_t members_list(struct planner *pl, const struct spot *spot,
			   struct member **out)
{
	const struct service *row = spot_row(pl->state, spot);
	struct member *list = arena_alloc(pl_arena(pl), (row->members_len + 1) *
					  sizeof(*list));
	size_t n = 0, slots = 0;

	for (size_t i = 0; i < row->members_len; i++) {
		const struct spot *m = state_spot(pl->state, row->members[i],
						  spot->env);

		if (!m->place.exists)
			continue;
		list[n].spot = m;
		list[n].first = slots;
		list[n].said = (struct result){
			.spot = m, .service = m->place.service,
			.environment = m->place.env->name,
			.old_version = m->place.version,
			.ready_s = TIME_UNKNOWN,
		};
		slots += m->place.slots_len;
		n++;
	}
	*out = list;
	return n;
}

static bool is_in_from(struct planner *pl, const struct spot *spot)
{
	for (size_t i = 0; i < pl_from_len(spot); i++)
		if (!pl_from_spot(pl, spot, i)->place.exists)
			return false;
	return true;
}

/* The candidate rule for one; WANT: the version that is asked for, or NULL. */
static void member_candidate(struct planner *pl, const struct spot *set,
			     struct member *m, const char *want)
{
	struct candidate_facts f = pl_candidate_facts(pl, m->spot);
	const char *live = pl_from_spot(pl, m->spot, 0)->place.version;

	if (want) {
		candidate_judge(&f, want, &m->c);
		return;
	}
	candidate_find(&f, &m->c);
	/* By hand, what runs before is what is meant (as `to` for one). */
	if (m->c.verdict == CANDIDATE_DRIFT && live && m->by_hand)
		candidate_judge(&f, live, &m->c);
	else if (m->c.verdict == CANDIDATE_HELD && m->asked &&
		 str_eq(m->asked, m->c.version) &&
		 pl_is_answered(pl, set, m->spot->timeline, m->asked))
		candidate_judge(&f, m->asked, &m->c);
}

static void member_judge(struct planner *pl, const struct spot *set,
			 struct member *m, const char *want)
{
	struct result *said = &m->said;

	member_candidate(pl, set, m, want);
	switch (m->c.verdict) {
	case CANDIDATE_MORE:
		pl_timelines_more(pl, m->spot);
		return;
	case CANDIDATE_NONE:
		if (want)
			pl_stop(pl, said, ACTION_REFUSED, ERR_PERSON, "%s has "
				"not been live in %s; only what has been there "
				"can be promoted", want, pl_from_spot(pl,
				m->spot, 0)->place.env->name);
		return;
	case CANDIDATE_READY:
		break;
	default:
		pl_say_verdict(pl, said, m->spot, &m->c);
		return;
	}
	if (want && timeline_left(m->spot->timeline, want) &&
	    !pl->request->reason && pl->request->command == CMD_TO) {
		pl_stop(pl, said, ACTION_HELD, ERR_PERSON, "%s has left %s "
			"already; say why it comes back with --reason TEXT",
			said->environment, want);
		return;
	}
	if (pl_gates_pass(pl, said, m->spot, m->c.version, m->c.slowest) &&
	    pl_landing_known(pl, said, m->spot, m->c.version, m->c.slowest))
		m->version = m->c.version;
}

/* False: facts are lacking. */
static bool member_find(struct planner *pl, const struct spot *set,
			struct member *m, const char *want)
{
	const struct place *p = &m->spot->place;

	if (want ? str_eq(want, p->version) : pl_in_sync(pl, m->spot))
		return true;
	if (!is_in_from(pl, m->spot))
		return true;	/* it cannot be promoted, nor hold others up */
	if (!pl_timelines_here(pl, m->spot))
		return false;
	member_judge(pl, set, m, want);
	return true;
}

/* What to say of the set when one of it cannot go: the gravest word. */
static bool holds_up(struct planner *pl, struct result *res,
		     const struct member *list, size_t n)
{
	const struct member *worst = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct result *said = &list[i].said;

		if (said->err.code &&
		    (!worst || (worst->said.err.code == ERR_WAIT &&
				said->err.code != ERR_WAIT)))
			worst = &list[i];
	}
	if (!worst)
		return false;
	res->ready_s = worst->said.ready_s;
	pl_stop(pl, res, worst->said.action, worst->said.err.code, "%s: %s",
		worst->said.service, worst->said.reason);
	return true;
}

/* All verdicts, each with the service that it is about. */
static void gates_take(struct planner *pl, struct result *res,
		       const struct member *list, size_t n)
{
	size_t most = 1;

	for (size_t i = 0; i < n; i++)
		most += list[i].said.gates_len;
	res->gates = arena_alloc(pl_arena(pl), most * sizeof(*res->gates));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < list[i].said.gates_len; k++) {
			struct gate_result *g = &res->gates[res->gates_len++];
			const struct gate_result *own =
				&list[i].said.gates[k];

			*g = *own;
			gate_say(g, own->verdict, "%s: %s",
				 list[i].said.service, own->reason);
		}
}

/* One version for each slot of the set: new ones, and what stays. */
static bool versions_join(struct planner *pl, struct result *res,
			  const struct spot *spot, const struct member *list,
			  size_t n, struct version *out)
{
	for (size_t k = 0; k < spot->place.slots_len; k++)
		out[k] = spot->place.slots[k].version;
	for (size_t i = 0; i < n; i++)
		if (list[i].version &&
		    !pl_versions_copy(pl, res, list[i].spot, list[i].version,
				      out + list[i].first))
			return false;
	return true;
}

/* The stay that is ready last stands for all of them. */
static const struct stay *slowest_stay(const struct member *list, size_t n)
{
	const struct stay *slowest = NULL;

	for (size_t i = 0; i < n; i++)
		if (list[i].version && list[i].c.slowest &&
		    (!slowest || list[i].c.slowest->from_s > slowest->from_s))
			slowest = list[i].c.slowest;
	return slowest;
}

/* Auto would open the set's pull request, or put another version into it. */
static bool would_change(struct planner *pl, const struct result *res,
			 const struct spot *spot)
{
	struct marker m;

	if (pl->request->command == CMD_TO || !pl->request->has_forge ||
	    pl_push_is_way(spot))
		return false;
	return !spot->pr || !text_marker_parse(pl_arena(pl), spot->pr->body,
					       &m) ||
	       !str_eq(m.version, res->new_version);
}

/*
 * A no to one that was to go alone (its own pull request was closed) holds here
 * as well. False: facts are lacking.
 */
static bool members_declined(struct planner *pl, struct member *list, size_t n)
{
	bool known = true;

	for (size_t i = 0; i < n; i++) {
		const struct spot *m = list[i].spot;
		struct candidate no = { .verdict = CANDIDATE_DECLINED,
					.version = list[i].version };
		const char *const *said;
		size_t len;

		if (!no.version)
			continue;
		if (!m->past_known) {
			pl_need_past(pl, m, no.version);
			known = false;
		}
		said = pl_declined(pl, m, &len);
		for (size_t k = 0; k < len; k++)
			if (str_eq(said[k], no.version))
				pl_say_verdict(pl, &list[i].said, m, &no);
	}
	return known;
}

bool pl_set_find(struct planner *pl, struct result *res,
		 const struct spot *spot, const char *const *wants,
		 struct ready *out)
{
	struct member *list;
	size_t n = members_list(pl, spot, &list);
	struct version *versions = arena_alloc(pl_arena(pl), (n +
		spot->place.slots_len) * sizeof(*versions));
	bool here = true, any = false, asked = pl_opened_by(pl, spot, "to");
	const char *const *open = NULL;

	if (asked && !wants && !oid_is_zero(&spot->branch_id)) {
		if (!spot->branch_facts.is_known) {
			pl_need(pl, spot, NEED_BRANCH);
			return false;
		}
		open = pl_set_wants(pl, spot, spot->branch_facts.version);
	}
	for (size_t i = 0; i < n; i++) {
		list[i].by_hand = asked || pl->request->command == CMD_TO;
		list[i].asked = open ? open[i] : NULL;
		here &= member_find(pl, spot, &list[i],
				    wants ? wants[i] : NULL);
	}
	if (!here || pl->plan->needs.any)
		return false;
	gates_take(pl, res, list, n);
	for (size_t i = 0; i < n; i++)
		any |= list[i].version != NULL;
	if (any && !versions_join(pl, res, spot, list, n, versions))
		return false;
	if (any)
		res->new_version = place_version(pl_arena(pl),
			spot->place.slots, versions, spot->place.slots_len);
	if (holds_up(pl, res, list, n))
		return false;
	if (would_change(pl, res, spot) && (!members_declined(pl, list, n) ||
					    holds_up(pl, res, list, n)))
		return false;
	if (!any) {
		pl_tidy(pl, res, spot);
		return false;
	}
	*out = (struct ready){ .spot = spot, .version = res->new_version,
			       .versions = versions,
			       .stay = slowest_stay(list, n) };
	return true;
}

/* Judge one that the set would move; false: facts are lacking. */
static bool member_look(struct planner *pl, struct member *m, const char *want,
			bool *is_origin, bool *is_held, struct judged *out)
{
	struct candidate_facts f;

	if (!pl_timelines_here(pl, m->spot))
		return false;
	f = pl_candidate_facts(pl, m->spot);
	candidate_judge(&f, want, &m->c);
	if (m->c.verdict == CANDIDATE_MORE) {
		pl_timelines_more(pl, m->spot);
		return false;
	}
	*is_origin |= m->c.verdict == CANDIDATE_NONE;
	*is_held |= timeline_held(m->spot->timeline, want, NULL);
	pl_gates_judge(pl, m->spot, want, m->c.slowest, out);
	m->said.gates = out->gates;
	m->said.gates_len = out->len;
	return !out->lacks_facts;
}

bool pl_set_judge(struct planner *pl, const struct spot *spot,
		  const char *const *wants, bool *is_origin, bool *is_held,
		  struct judged *out)
{
	struct result all = { .ready_s = TIME_UNKNOWN };
	struct member *list;
	size_t n = members_list(pl, spot, &list);
	bool here = true;

	*is_origin = *is_held = false;
	for (size_t i = 0; i < n; i++) {
		struct judged one = { 0 };

		if (!str_eq(wants[i], list[i].spot->place.version))
			here &= member_look(pl, &list[i], wants[i], is_origin,
					    is_held, &one);
	}
	gates_take(pl, &all, list, n);
	*out = (struct judged){ .gates = all.gates, .len = all.gates_len,
				.lacks_facts = !here };
	for (size_t k = 0; k < out->len; k++)
		if (out->gates[k].verdict != VERDICT_PASS &&
		    (!out->first || out->gates[k].verdict == VERDICT_REFUSE))
			out->first = &out->gates[k];
	return here;
}

const char *const *pl_set_wants(struct planner *pl, const struct spot *spot,
				const char *version)
{
	struct version *versions = arena_alloc(pl_arena(pl),
		(spot->place.slots_len + 1) * sizeof(*versions));
	struct member *list;
	size_t n = members_list(pl, spot, &list);
	const char **wants = arena_alloc(pl_arena(pl), (n + 1) *
					 sizeof(*wants));

	if (!version || !pl_versions_of(pl, spot, version, versions))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const struct place *p = &list[i].spot->place;

		wants[i] = place_version(pl_arena(pl), p->slots,
					 versions + list[i].first,
					 p->slots_len);
	}
	return wants;
}

bool pl_set_is_part(struct planner *pl, const struct spot *spot,
		    const char *version, const char *whole)
{
	const char *const *wants, *const *all;
	struct member *list;
	size_t n;

	if (!spot_row(pl->state, spot)->members_len)
		return false;
	n = members_list(pl, spot, &list);
	wants = pl_set_wants(pl, spot, version);
	all = pl_set_wants(pl, spot, whole);
	if (!wants || !all)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!str_eq(wants[i], all[i]) &&
		    !str_eq(wants[i], list[i].spot->place.version))
			return false;
	return true;
}

/* The wish for a set gives its version to all. */
static const char *want_of_set(struct planner *pl, const struct spot *set,
			       const struct place *p)
{
	const struct request *r = pl->request;
	struct version *versions = arena_alloc(pl_arena(pl),
		(p->slots_len + 1) * sizeof(*versions));
	const char *want = NULL;

	for (size_t k = 0; k < r->wishes_len; k++) {
		const struct wish *w = &r->wishes[k];

		if (!w->has_version || !str_eq(w->service, set->place.service))
			continue;
		for (size_t j = 0; j < p->slots_len; j++)
			versions[j] = w->version;
		want = place_version(pl_arena(pl), p->slots, versions,
				     p->slots_len);
	}
	return want;
}

const char *const *pl_set_wishes(struct planner *pl, struct result *res,
				 const struct spot *spot)
{
	const struct request *r = pl->request;
	struct member *list;
	size_t n = members_list(pl, spot, &list);
	const char **wants = arena_alloc(pl_arena(pl), (n + 1) *
					 sizeof(*wants));

	for (size_t i = 0; i < n; i++) {
		const struct spot *m = list[i].spot;
		const struct place *p = &m->place;
		struct version *versions = arena_alloc(pl_arena(pl),
			(p->slots_len + 1) * sizeof(*versions));
		bool named = false;

		for (size_t k = 0; k < r->wishes_len; k++)
			named |= r->wishes[k].has_version &&
				 str_eq(r->wishes[k].service, p->service);
		wants[i] = want_of_set(pl, spot, p);
		if (!named)
			continue;
		if (pl_versions_wished(pl, res, m, versions) < 0)
			return NULL;
		wants[i] = place_version(pl_arena(pl), p->slots, versions,
					 p->slots_len);
	}
	return wants;
}
