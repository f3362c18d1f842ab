/*
 * Since when is it live? Git says it of every commit, and a commit can be older
 * than its landing. Before something is done because of how long a version was
 * live, the forge is asked what it saw; not before all else passes.
 */
#include "bot/planning.h"

#include "bot/base/str.h"

/*
 * A commit of ours is made when it is pushed, so git's word is true of it. Not
 * where that was to a branch, and the forge knows of no merge: then a person
 * has moved base on to it, at some time. (A rollback has a branch of its own,
 * of which it is not asked here.)
 */
static bool is_told(const struct planner *pl, const struct spot *spot,
		    const struct stay *stay)
{
	if (!pl->request->has_forge || spot_merged(spot, stay))
		return true;
	return stay->is_ours && (spot_rules(spot)->deliver_push ||
				 stay->rolled_back || !spot->past_known);
}

bool pl_pushes_known(struct planner *pl, const struct spot *spot,
		     const struct stay *stay, int64_t since_s,
		     const char **error)
{
	const struct landings *l = &pl->state->landings;
	struct needs *n = &pl->plan->needs;
	/* As far as it is read: another stay may be the next to be judged. */
	size_t last = spot->timeline->stays[spot->timeline->len - 1].pos;

	*error = NULL;
	if (is_told(pl, spot, stay) || since_s >= pl->state->now_s)
		return true;
	if (l->are_known && stay->pos >= l->first && stay->pos <= l->last &&
	    since_s >= l->since_s) {
		*error = l->error;
		return true;
	}
	if (!n->landings || stay->pos < n->landings_first)
		n->landings_first = stay->pos;
	if (!n->landings || last > n->landings_last)
		n->landings_last = last;
	if (!n->landings || since_s < n->landings_since_s)
		n->landings_since_s = since_s;
	n->landings = n->any = true;
	return false;
}

/* The stay of VERSION that was long enough, as the candidate rule takes it. */
const struct stay *pl_stay_that_counts(const struct timeline *t,
				       const char *version, int64_t soak_s,
				       int64_t now_s)
{
	for (size_t i = 0; t && i < t->len; i++)
		if (str_eq(t->stays[i].version, version) &&
		    stay_lasted_s(&t->stays[i], now_s) >= soak_s)
			return &t->stays[i];
	return NULL;
}

/* Does a gate, or `verify` in FROM, count from the landing of STAY on? */
static bool counts_from_landing(const struct planner *pl,
				const struct spot *spot,
				const struct spot *from)
{
	const struct rules *rules = spot_rules(spot);

	for (size_t i = 0; i < rules->gates_len; i++)
		if (rules->gates[i].kind->judges_health &&
		    !pl_overridden(pl, rules->gates[i].kind->name))
			return true;
	return spot_rules(from)->verify_len && !pl_overridden(pl, "verify");
}

/*
 * How far back a push could change anything. Before the soak none does, as long
 * as it is only that; before the commit was made there was none.
 */
static int64_t pushes_since(struct planner *pl, const struct spot *spot,
			    const struct spot *from, const struct stay *stay,
			    int64_t soak_s)
{
	int64_t since_s;

	if (counts_from_landing(pl, spot, from) ||
	    __builtin_sub_overflow(pl->state->now_s, soak_s, &since_s) ||
	    since_s < stay->from_s)
		return stay->from_s;
	return since_s;
}

/*
 * A request for each service: not where there is a pull request already, the
 * set's where it moves with one.
 */
static bool past_known(struct planner *pl, const struct spot *spot)
{
	const struct spot *set = pl_set_of(pl, spot);
	const struct rules *rules = spot_rules(spot);
	bool known = true;

	if (!pl->request->has_forge || rules->gates_len == 0 ||
	    ((spot->pr || (set && set->pr)) && !rules->merge_auto))
		return true;
	for (size_t i = 0; i < pl_from_len(spot); i++) {
		const struct spot *from = pl_from_spot(pl, spot, i);

		if (spot_rules(from)->deliver_push || from->past_known)
			continue;
		pl_need(pl, from, NEED_PAST);
		known = false;
	}
	return known;
}

/*
 * Nothing is to be done with VERSION but to wait for a person. Where its branch
 * is not known yet, nothing is done before it is.
 */
static bool is_proposed(const struct spot *spot, const char *version)
{
	const struct branch_facts *f = &spot->branch_facts;

	return spot->pr && !spot_rules(spot)->merge_auto &&
	       !pl_push_is_way(spot) &&
	       (!f->is_known || str_eq(f->version, version));
}

bool pl_landing_known(struct planner *pl, struct result *res,
		      const struct spot *spot, const char *version,
		      const struct stay *stay)
{
	int64_t soak_s = pl_candidate_facts(pl, spot).soak_s;
	bool known;

	if (!stay)
		return true;
	known = past_known(pl, spot);
	if (!known || is_proposed(spot, version))
		return known;
	for (size_t i = 0; i < pl_from_len(spot); i++) {
		const struct spot *from = pl_from_spot(pl, spot, i);
		const char *error;

		stay = pl_stay_that_counts(from->timeline, version, soak_s,
					   pl->state->now_s);
		if (!stay)
			continue;
		known &= pl_pushes_known(pl, from, stay, pushes_since(pl, spot,
					 from, stay, soak_s), &error);
		if (!error || !known)
			continue;
		pl_stop(pl, res, ACTION_WAITING, ERR_WAIT, "when %s landed in "
			"%s is not known: %s", version, from->place.env->name,
			error);
		return false;
	}
	return known;
}
