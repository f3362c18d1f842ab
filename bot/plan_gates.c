/*
 * Judging a promotion's gates: put the facts together that they may see, and
 * ask for those that are not known yet.
 */
#include "bot/planning.h"

#include <string.h>

#include "bot/base/str.h"

enum {
	COMMITS_FIRST = 8,	/* of a stay, from its landing on */
	COMMITS_LAST = 16,	/* and back from its end; */
	COMMITS_FURTHER = 128,	/* so many before something is done */
};

/* The end of the stay on base's line: the last position that has it. */
static size_t end_in(const struct timeline *t, const struct stay *stay)
{
	return t && stay > t->stays && stay < t->stays + t->len
		? stay[-1].pos + 1 : 0;
}

static size_t stay_end(const struct planner *pl, const struct spot *spot,
		       const struct stay *stay)
{
	size_t end = 0;

	for (size_t i = 0; i < pl_from_len(spot) && end == 0; i++)
		end = end_in(pl_from_spot(pl, spot, i)->timeline, stay);
	return end;
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
 * commits, at the last one), and LAST before the end, which have the newest
 * word of whoever looks at every commit. *NEWER: how many of the facts are
 * from commits behind which some were left out.
 */
static bool checks_here(struct planner *pl, size_t end, size_t last,
			struct gate_facts *f, size_t *newer)
{
	const struct state *s = pl->state;
	size_t start = f->stay->pos;
	bool here = true;

	f->checks = NULL;
	f->checks_len = 0;
	f->checks_error = NULL;
	*newer = SIZE_MAX;
	if (!pl->request->has_forge) {
		f->checks_error = pl->request->forge_missing;
		return f->has_checks = true;
	}
	if (end > start)	/* a timeline that was cut */
		end = start;
	for (size_t pos = end; pos <= start; pos++) {
		const struct forge_commit *c = NULL;
		char hex[OID_HEX + 1];

		if (pos - end >= last && start - pos >= COMMITS_FIRST) {
			*newer = f->checks_len;
			continue;
		}
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

/* Is what G rests on from the newest commits, or is all that is newer known? */
static bool is_newest(const struct gate_result *g, const struct gate_facts *f,
		      size_t newer)
{
	for (size_t i = 0; newer < f->checks_len && i < g->evidence_len; i++) {
		size_t k = 0;

		while (k < newer && !(str_eq(f->checks[k].name,
					     g->evidence[i].name) &&
				      f->checks[k].updated_s ==
				      g->evidence[i].at_s))
			k++;
		if (k == newer)
			return false;
	}
	return true;
}

/*
 * Where a name was last seen near the landing, there may be a newer word on a
 * commit between the two parts. Far more commits are asked about then, but not
 * before nothing else keeps the version.
 */
static void checks_judge(struct planner *pl, const struct gate *gate,
			 struct gate_facts *f, size_t end,
			 struct gate_result *g)
{
	const struct gate_result lacks = *g;
	size_t newer;

	if (!checks_here(pl, end, COMMITS_LAST, f, &newer))
		return;
	gate_judge(gate, f, g);
	if (!pl->looks_further || g->verdict != VERDICT_PASS ||
	    is_newest(g, f, newer))
		return;
	*g = lacks;
	if (checks_here(pl, end, COMMITS_FURTHER, f, &newer))
		gate_judge(gate, f, g);
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

/* END: see end_in(). */
static struct gate_result gate_one(struct planner *pl, const struct gate *gate,
				   struct gate_facts *facts, size_t end)
{
	struct gate_result g;

	facts->has_answers = false;
	gate_judge(gate, facts, &g);
	if (pl_overridden(pl, g.name)) {
		if (g.verdict == VERDICT_PASS)
			return g;
		gate_say(&g, VERDICT_PASS, "overridden");
	} else if (g.verdict == VERDICT_NEED && g.need == GATE_NEED_CHECKS) {
		checks_judge(pl, gate, facts, end, &g);
	} else if (g.verdict == VERDICT_NEED && answers_here(pl, gate, facts)) {
		gate_judge(gate, facts, &g);
	}
	return g;
}

static void judged_add(struct judged *j, const struct gate_result *g)
{
	struct gate_result *own = &j->gates[j->len++];

	*own = *g;
	j->lacks_facts |= g->verdict == VERDICT_NEED;
	if (g->verdict != VERDICT_PASS &&
	    (!j->first || g->verdict == VERDICT_REFUSE))
		j->first = own;
}

static void evidence_join(struct planner *pl, struct gate_result *to,
			  const struct gate_result *from)
{
	struct gate_evidence *all = arena_alloc(pl_arena(pl),
		(to->evidence_len + from->evidence_len) * sizeof(*all));

	if (to->evidence_len)
		memcpy(all, to->evidence, to->evidence_len * sizeof(*all));
	if (from->evidence_len)
		memcpy(all + to->evidence_len, from->evidence,
		       from->evidence_len * sizeof(*all));
	to->evidence = all;
	to->evidence_len += from->evidence_len;
}

/*
 * One gate of `verify`, as it was when the time of FACTS' stay was over. What
 * nobody remembers of then is asked of now, while the version of STAY is there:
 * that shows whether it works, not that it failed then.
 */
static struct gate_result verify_one(struct planner *pl,
				     const struct gate *gate,
				     const struct gate_facts *facts,
				     const struct stay *stay, size_t end)
{
	struct gate_facts f = *facts;
	struct gate_result g = gate_one(pl, gate, &f, end);

	if (!g.unseen || stay->until_s != TIME_UNKNOWN ||
	    f.stay->until_s == TIME_UNKNOWN)
		return g;
	f.stay = stay;
	g = gate_one(pl, gate, &f, end);
	g.is_bad = false;
	return g;
}

/*
 * The gates of `verify`, one after another; of those that do not pass the one
 * that says most. THEN is STAY up to the end of its time.
 */
static const struct gate_result *verify_each(struct planner *pl,
					     const struct spot *spot,
					     const struct stay *stay,
					     const struct stay *then,
					     struct gate_result *out)
{
	const struct rules *rules = spot_rules(spot);
	const struct gate_facts facts = {
		.now_s = pl->state->now_s, .service = spot->place.service,
		.environment = spot->place.env->name,
		.from = spot->place.env->name, .version = stay->version,
		.stay = then, .arena = pl_arena(pl),
	};
	size_t end = end_in(spot->timeline, stay);
	struct gate_result *first = NULL;

	out->verdict = VERDICT_PASS;
	for (size_t i = 0; i < rules->verify_len; i++) {
		struct gate_result *g = arena_alloc(pl_arena(pl), sizeof(*g));

		*g = verify_one(pl, &rules->verify[i], &facts, stay, end);
		evidence_join(pl, out, g);
		if (g->verdict == VERDICT_NEED)
			out->verdict = VERDICT_NEED;
		if (gate_weight(g) > (first ? gate_weight(first) : 0))
			first = g;
	}
	return first;
}

bool pl_verify(struct planner *pl, const struct spot *spot,
	       const struct stay *stay, struct gate_result *out)
{
	const struct rules *rules = spot_rules(spot);
	const struct gate_result *first;
	struct stay then = *stay;
	const char *error;
	int64_t end_s;

	*out = (struct gate_result){ .name = "verify", .until_s = TIME_UNKNOWN };
	if (rules->verify_len == 0)
		return false;
	gate_say(out, VERDICT_WAIT, "since when %s runs it is not known",
		 spot->place.env->name);
	if (stay->from_s == TIME_UNKNOWN ||
	    __builtin_add_overflow(stay->from_s, rules->verify_within_s,
				   &end_s))
		return true;
	/* It is judged as it was when its time was over, however late. */
	if (end_s < pl->state->now_s &&
	    (then.until_s == TIME_UNKNOWN || then.until_s > end_s))
		then.until_s = end_s;
	first = verify_each(pl, spot, stay, &then, out);
	if (pl_overridden(pl, "verify")) {
		gate_say(out, VERDICT_PASS, "overridden");
	} else if (out->verdict == VERDICT_NEED) {
		out->need = GATE_NEED_ANSWERS;
	} else if (!first) {
		gate_say(out, VERDICT_PASS, "%s works in %s", stay->version,
			 spot->place.env->name);
	} else if (pl->state->now_s < end_s) {
		gate_say(out, VERDICT_WAIT, "not yet in %s: %s: %s",
			 spot->place.env->name, first->name, first->reason);
	} else if (!pl_pushes_known(pl, spot, stay, pl->state->now_s -
				    rules->verify_within_s, &error)) {
		/* Its time is not over if it was pushed within that. */
		out->verdict = VERDICT_NEED;
		out->need = GATE_NEED_ANSWERS;
	} else if (error) {
		gate_say(out, VERDICT_WAIT, "since when %s runs it is not "
			 "known: %s", spot->place.env->name, error);
	} else {
		out->is_bad = first->is_bad;
		out->unseen = first->unseen;
		gate_say(out, first->is_bad ? VERDICT_REFUSE : VERDICT_WAIT,
			 "%s in %s: %s: %s", first->is_bad ? "failed"
			 : first->unseen ? "never seen"
			 : "did not pass in time", spot->place.env->name,
			 first->name, first->reason);
	}
	return true;
}

/* The stay in FROM that says something of VERSION; NULL: never there. */
static const struct stay *stay_in(struct planner *pl, const struct spot *spot,
				  const struct spot *from, const char *version)
{
	const struct rules *rules = spot_rules(spot);
	const struct stay *stay;

	if (!from->timeline)
		return NULL;	/* nobody asked: a hotfix past the chain */
	stay = pl_stay_that_counts(from->timeline, version,
				   pl_overridden(pl, "soak") ? 0 :
				   gates_soak_s(rules->gates, rules->gates_len),
				   pl->state->now_s);
	return stay ? stay : timeline_find(from->timeline, version);
}

/*
 * Health is a matter of one environment: of several `from` each is looked at,
 * and what is worst of them counts.
 */
static struct gate_result gate_each_from(struct planner *pl,
					 const struct gate *gate,
					 const struct spot *spot,
					 const struct gate_facts *facts)
{
	struct gate_result all;
	bool lacks = false;

	for (size_t i = 0; i < pl_from_len(spot); i++) {
		const struct spot *from = pl_from_spot(pl, spot, i);
		struct gate_facts f = *facts;
		struct gate_result g, said;

		f.from = from->place.env->name;
		f.stay = stay_in(pl, spot, from, facts->version);
		g = gate_one(pl, gate, &f, end_in(from->timeline, f.stay));
		lacks |= g.verdict == VERDICT_NEED;
		said = g;
		if (g.verdict != VERDICT_PASS)
			gate_say(&said, g.verdict, "%s: %s", f.from, g.reason);
		if (i == 0) {
			all = said;
			continue;
		}
		evidence_join(pl, &all, &g);
		gate_weigh(&all, &said);
	}
	if (lacks)
		all.verdict = VERDICT_NEED;
	return all;
}

/* Nothing is promoted further from where it does not work. */
static void verify_from(struct planner *pl, const struct spot *spot,
			const char *version, struct judged *out)
{
	for (size_t i = 0; i < pl_from_len(spot); i++) {
		const struct spot *from = pl_from_spot(pl, spot, i);
		const struct stay *stay = from->timeline
			? timeline_find(from->timeline, version) : NULL;
		struct gate_result g;

		if (stay && pl_verify(pl, from, stay, &g))
			judged_add(out, &g);
	}
}

void pl_gates_judge(struct planner *pl, const struct spot *spot,
		    const char *version, const struct stay *stay,
		    struct judged *out)
{
	const struct rules *rules = spot_rules(spot);
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
	out->gates = arena_alloc(pl_arena(pl), (len + pl_from_len(spot)) *
				 sizeof(*out->gates));
	for (size_t i = 0; i < len; i++) {
		const struct gate *gate = &rules->gates[i];
		struct gate_result g;

		if (gate->kind->judges_health && pl_from_len(spot) > 1)
			g = gate_each_from(pl, gate, spot, &facts);
		else
			g = gate_one(pl, gate, &facts,
				     stay_end(pl, spot, stay));
		judged_add(out, &g);
	}
	verify_from(pl, spot, version, out);
}

bool pl_gates_pass(struct planner *pl, struct result *res,
		   const struct spot *spot, const char *version,
		   const struct stay *stay)
{
	struct judged j;

	pl_gates_judge(pl, spot, version, stay, &j);
	if (!j.first) {
		pl->looks_further = true;
		pl_gates_judge(pl, spot, version, stay, &j);
		pl->looks_further = false;
	}
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
