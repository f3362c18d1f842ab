/*
 * How much auto begins in one run, against storms: what has been eligible
 * longest goes first, the rest waits for a later run. Rollbacks are exempt.
 */
#include "bot/planning.h"

#include <stdlib.h>

#include "bot/base/str.h"

enum { ASK_FIRST = 20 };	/* see turns_ask() */

void pl_ready_add(struct planner *pl, const struct result *res,
		  const struct ready *ready, bool named)
{
	struct ready *it;

	ARRAY_GROW(pl->ready, pl->ready_len, pl->ready_cap);
	it = &pl->ready[pl->ready_len++];
	*it = *ready;
	it->result = (size_t)(res - pl->plan->results);
	it->named = named;
}

/* Would it begin a promotion, rather than look after one? */
static bool is_new(const struct ready *r)
{
	return pl_push_is_way(r->spot) || !r->spot->pr;
}

/*
 * What cannot begin takes no turn, or a few that a person has to look at would
 * keep all others waiting for ever. Why not is said when it is delivered.
 */
static bool can_begin(struct planner *pl, const struct ready *r)
{
	const struct spot *spot = r->spot;
	const struct place *p = &spot->place;
	struct version *versions = r->versions;
	struct result unsaid = { 0 };
	struct text_edit *edits;
	struct err err = { 0 };
	size_t len;

	if (!versions) {
		versions = arena_alloc(pl_arena(pl), p->slots_len *
				       sizeof(*versions));
		if (!pl_versions_copy(pl, &unsaid, spot, r->version, versions))
			return false;
	}
	if (place_edit(p, pl_arena(pl), versions, spot->texts, &edits, &len,
		       &err) < 0)
		return false;
	if (pl_push_is_way(spot) || oid_is_zero(&spot->branch_id))
		return true;
	if (!spot->branch_facts.is_known)
		pl_need(pl, spot, NEED_BRANCH);
	return !spot->branch_facts.is_known || spot->branch_facts.is_ours;
}

/* Its gates could let it through now. A set's have been asked already. */
static bool may_go(struct planner *pl, const struct ready *r)
{
	struct judged judged;

	if (!can_begin(pl, r))
		return false;
	if (r->versions)
		return true;
	pl_gates_judge(pl, r->spot, r->version, r->slowest, &judged);
	return !judged.first;
}

static int64_t eligible_s(const struct ready *r)
{
	const struct rules *rules = spot_rules(r->spot);
	int64_t at;

	if (!r->stay || r->stay->from_s == TIME_UNKNOWN ||
	    __builtin_add_overflow(r->stay->from_s, gates_soak_s(rules->gates,
				   rules->gates_len), &at))
		return INT64_MAX;
	return at;
}

struct turn {
	struct ready *ready;
	int64_t since_s;
	size_t at;		/* in promote.yaml's order, to break ties */
};

static int turn_compare(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->since_s != y->since_s)
		return x->since_s < y->since_s ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static size_t open_count(const struct planner *pl, size_t env)
{
	const struct state *s = pl->state;
	size_t n = 0;

	for (size_t i = 0; i < s->rows_len; i++)
		n += state_spot(s, i, env)->pr != NULL;
	return n;
}

static void turn_take(struct planner *pl, struct ready *r, size_t *begun,
		      size_t *open)
{
	const struct limits *limits = &pl->state->config.limits;
	bool by_pr = !pl_push_is_way(r->spot);

	if (limits->promotions && *begun >= limits->promotions)
		r->put_off = arena_printf(pl_arena(pl), "limits: %zu "
			"promotions in one run; it follows in a later one",
			limits->promotions);
	else if (by_pr && limits->pull_requests &&
		 open[r->spot->env] >= limits->pull_requests)
		r->put_off = arena_printf(pl_arena(pl), "limits: %zu pull "
			"requests open in %s; it follows when one has landed",
			limits->pull_requests, r->spot->place.env->name);
	if (r->put_off)
		return;
	++*begun;
	open[r->spot->env] += by_pr;
}

/* Nobody has asked yet whether a person said no to it. */
static bool past_lacking(const struct planner *pl, const struct ready *r)
{
	return pl->request->has_forge && !pl_push_is_way(r->spot) &&
	       !r->spot->past_known;
}

/*
 * Where a no gives a turn to the next one, that one is asked about too: as
 * many again each time, so that it does not take a round for each.
 */
static void turns_ask(struct planner *pl, const struct turn *turns, size_t n)
{
	size_t room = ASK_FIRST;
	bool wanted = false;

	for (size_t i = 0; i < n; i++) {
		const struct ready *r = turns[i].ready;

		wanted |= !r->put_off && past_lacking(pl, r);
		room += r->spot->past_known;
	}
	for (size_t i = 0; wanted && i < n && room; i++)
		if (past_lacking(pl, turns[i].ready)) {
			pl_need_past(pl, turns[i].ready->spot,
				     turns[i].ready->version);
			room--;
		}
}

/* Who has to wait for another run. */
static void turns_give(struct planner *pl)
{
	size_t envs = pl->state->config.environments_len, n = 0;
	struct turn *turns = xcalloc(pl->ready_len + 1, sizeof(*turns));
	size_t *open = xcalloc(envs + 1, sizeof(*open));
	size_t begun = pl->request->begun;

	for (size_t e = 0; e < envs; e++)
		open[e] = open_count(pl, e);
	for (size_t i = 0; i < pl->ready_len; i++)
		if (is_new(&pl->ready[i]) && may_go(pl, &pl->ready[i])) {
			turns[n] = (struct turn){ &pl->ready[i],
				eligible_s(&pl->ready[i]), i };
			n++;
		}
	qsort(turns, n, sizeof(*turns), turn_compare);
	for (size_t i = 0; i < n; i++)
		turn_take(pl, turns[i].ready, &begun, open);
	turns_ask(pl, turns, n);
	free(turns);
	free(open);
}

void pl_ready_deliver(struct planner *pl)
{
	const struct limits *limits = &pl->state->config.limits;

	if (limits->promotions || limits->pull_requests)
		turns_give(pl);
	/* In the order of the results: commits onto base stand in it too. */
	for (size_t i = 0; i < pl->ready_len; i++) {
		const struct ready *r = &pl->ready[i];
		struct result *res = &pl->plan->results[r->result];

		if (r->put_off) {
			res->new_version = r->version;
			pl_stop(pl, res, ACTION_WAITING, ERR_WAIT, "%s",
				r->put_off);
		} else if (r->versions) {
			pl_set_deliver(pl, res, r, r->named);
		} else {
			pl_promote_version(pl, res, r->spot, r->version,
					   r->stay, r->slowest, r->named);
		}
	}
	free(pl->ready);
	pl->ready = NULL;
	pl->ready_len = pl->ready_cap = 0;
}
