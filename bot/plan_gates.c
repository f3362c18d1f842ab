/*
 * Judging a promotion's gates: put the facts together that they may see, and
 * ask for those that are not known yet.
 */
#include "bot/planning.h"

#include <stdio.h>
#include <string.h>

#include "bot/base/str.h"

enum {
	COMMITS_FIRST = 8,	/* of a stay, from its landing on */
	COMMITS_LAST = 16,	/* and back from its end */
};

/* The end of the stay on base's line: the last position that has it. */
static size_t stay_end(const struct planner *pl, const struct spot *spot,
		       const struct stay *stay)
{
	for (size_t i = 0; i < pl_from_len(spot); i++) {
		const struct timeline *t = pl_from_spot(pl, spot, i)->timeline;

		if (t && stay > t->stays && stay < t->stays + t->len)
			return stay[-1].pos + 1;
	}
	return 0;
}

static void need_commit(struct planner *pl, size_t pos)
{
	struct needs *n = &pl->plan->needs;
	unsigned char *grown;

	if (pos >= n->commits_len) {
		grown = arena_alloc(pl_arena(pl), pos + 1);
		if (n->commits_len)
			memcpy(grown, n->commits, n->commits_len);
		n->commits = grown;
		n->commits_len = pos + 1;
	}
	n->commits[pos] = 1;
	n->any = true;
}

static void check_take(struct check_fact *out, const struct forge_status *in)
{
	static const int states[] = {
		[FORGE_STATUS_PENDING] = CHECK_PENDING,
		[FORGE_STATUS_SUCCESS] = CHECK_SUCCESS,
		[FORGE_STATUS_FAILURE] = CHECK_FAILURE,
		[FORGE_STATUS_NEUTRAL] = CHECK_NEUTRAL,
	};

	*out = (struct check_fact){ .name = in->name, .url = in->url,
				    .updated_s = in->updated_s };
	out->state = states[in->state];
}

static void checks_add(struct planner *pl, struct gate_facts *f,
		       const struct forge_commit *c)
{
	struct check_fact *all = arena_alloc(pl_arena(pl), (f->checks_len +
					     c->len) * sizeof(*all));

	if (f->checks_len)
		memcpy(all, f->checks, f->checks_len * sizeof(*all));
	for (size_t i = 0; i < c->len; i++)
		check_take(&all[f->checks_len + i], &c->items[i]);
	f->checks = all;
	f->checks_len += c->len;
	f->check_runs_unknown |= c->checks_unknown;
	if (c->err.code && !f->checks_error)
		f->checks_error = c->err.msg;
}

/*
 * Checks run on commits of base while the stay lasted. A busy base has
 * hundreds of them, so two parts are asked about: the commits from the
 * landing on, where CI looks at what has changed (and, of a push with many
 * commits, at the last one), and those before the end, which have the newest
 * word of whoever looks at every commit.
 */
static bool checks_here(struct planner *pl, const struct spot *spot,
			struct gate_facts *f)
{
	const struct state *s = pl->state;
	size_t start = f->stay->pos, end = stay_end(pl, spot, f->stay);
	bool here = true;

	if (!pl->request->has_forge) {
		f->checks_error = pl->request->forge_missing;
		return f->has_checks = true;
	}
	if (end > start)	/* a timeline that was cut */
		end = start;
	for (size_t pos = end; pos <= start; pos++) {
		const struct forge_commit *c = NULL;
		char hex[OID_HEX + 1];

		if (pos - end >= COMMITS_LAST && start - pos >= COMMITS_FIRST)
			continue;
		if (pos < s->line_len)
			c = evidence_of_commit(s->evidence,
				oid_hex(hex, &s->line[pos]));
		if (c)
			checks_add(pl, f, c);
		else
			need_commit(pl, pos);
		here &= c != NULL;
	}
	return f->has_checks = here;
}

static void need_question(struct planner *pl, const struct gate_question *q)
{
	struct needs *n = &pl->plan->needs;
	const struct gate_question **grown;

	/* Room doubles: a power of two is full. */
	if ((n->questions_len & (n->questions_len - 1)) == 0) {
		grown = arena_alloc(pl_arena(pl), (2 * n->questions_len + 1) *
				    sizeof(*grown));
		if (n->questions_len)
			memcpy(grown, n->questions, n->questions_len *
			       sizeof(*grown));
		n->questions = grown;
	}
	n->questions[n->questions_len++] = q;
	n->any = true;
}

/* The answers to what GATE asks; false: some were asked for. */
static bool answers_here(struct planner *pl, const struct gate *gate,
			 struct gate_facts *f)
{
	struct gate_question *questions;
	struct gate_answer *all;
	size_t len;

	gate->kind->ask(gate->setting, f, pl_arena(pl), &questions, &len);
	all = arena_alloc(pl_arena(pl), len * sizeof(*all));
	f->answers = all;
	f->has_answers = true;
	for (size_t i = 0; i < len; i++) {
		const struct gate_answer *a = evidence_of_question(
			pl->state->evidence, &questions[i]);

		if (a)
			all[i] = *a;
		else
			need_question(pl, &questions[i]);
		f->has_answers &= a != NULL;
	}
	return f->has_answers;
}

static struct gate_result gate_one(struct planner *pl, const struct spot *spot,
				   const struct gate *gate,
				   struct gate_facts *facts)
{
	struct gate_result g;

	facts->has_answers = false;
	gate_judge(gate, facts, &g);
	if (pl_overridden(pl, g.name)) {
		if (g.verdict == VERDICT_PASS)
			return g;
		g.verdict = VERDICT_PASS;
		snprintf(g.reason, sizeof(g.reason), "overridden");
	} else if (g.verdict == VERDICT_NEED &&
		   (g.need == GATE_NEED_CHECKS ? checks_here(pl, spot, facts)
					       : answers_here(pl, gate, facts))) {
		gate_judge(gate, facts, &g);
	}
	return g;
}

void pl_gates_judge(struct planner *pl, const struct spot *spot,
		    const char *version, const struct stay *stay,
		    struct judged *out)
{
	const struct rules *rules = pl_rules(pl, spot);
	/* An entry environment's gates never count: `check` warns of them. */
	size_t len = pl_from_len(spot) ? rules->gates_len : 0;
	struct gate_facts facts = {
		.now_s = pl->state->now_s,
		.service = spot->place.service,
		.environment = spot->place.env->name,
		.version = version,
		.from = pl_from_len(spot)
			? pl_from_spot(pl, spot, 0)->place.env->name : NULL,
		.stay = stay,
		.arena = pl_arena(pl),
	};

	memset(out, 0, sizeof(*out));
	out->gates = arena_alloc(pl_arena(pl), len * sizeof(*out->gates));
	out->len = len;
	for (size_t i = 0; i < len; i++) {
		struct gate_result *g = &out->gates[i];

		*g = gate_one(pl, spot, &rules->gates[i], &facts);
		out->lacks_facts |= g->verdict == VERDICT_NEED;
		if (g->verdict != VERDICT_PASS &&
		    (!out->first || g->verdict == VERDICT_REFUSE))
			out->first = g;
	}
}

bool pl_gates_pass(struct planner *pl, struct result *res,
		   const struct spot *spot, const char *version,
		   const struct stay *stay)
{
	struct judged j;

	pl_gates_judge(pl, spot, version, stay, &j);
	res->gates = j.gates;
	res->gates_len = j.len;
	if (!j.first)
		return true;
	res->ready_s = j.first->until_s;
	if (j.first->verdict == VERDICT_REFUSE)
		pl_stop(pl, res, ACTION_REFUSED, ERR_PERSON, "%s: %s",
			j.first->name, j.first->reason);
	else
		pl_stop(pl, res, ACTION_WAITING, ERR_WAIT, "%s: %s",
			j.first->name, j.first->reason);
	return false;
}
