/* status: what auto would do, and what else a person should know. */
#include "bot/planning.h"

#include "bot/base/str.h"

static struct result *result_of(struct planner *pl, const struct spot *spot)
{
	for (size_t i = 0; i < pl->plan->len; i++)
		if (pl->plan->results[i].spot == spot)
			return &pl->plan->results[i];
	return pl_result(pl, spot, spot->place.service, spot->place.env->name);
}

/* COMMON: see struct note. */
static void note_add(struct planner *pl, struct result *res, const char *kind,
		     const char *version, const char *text, const char *common)
{
	struct note *notes = arena_alloc(pl_arena(pl), (res->notes_len + 1) *
					 sizeof(*notes));

	for (size_t i = 0; i < res->notes_len; i++)
		notes[i] = res->notes[i];
	notes[res->notes_len++] = (struct note){ kind, version, text,
						    common };
	res->notes = notes;
}

/* "rolled back to 1.4.1 at TIME by Ann: errors since noon". */
static const char *held_text(struct planner *pl, const struct stay *since)
{
	struct buf out = { 0 };

	buf_addf(&out, "%s to %s", since->rolled_back ? "rolled back" : "left "
		 "by hand, back", since->version);
	if (since->from_s != TIME_UNKNOWN) {
		buf_addstr(&out, " at ");
		time_format(&out, since->from_s);
	}
	if (since->author)
		buf_addf(&out, " by %s", since->author);
	if (since->reason)
		buf_addf(&out, ": %s", since->reason);
	return buf_keep(&out, pl_arena(pl));
}

/*
 * Held versions that something newer has not made a thing of the past: the
 * environment still runs an earlier one.
 */
static void note_held(struct planner *pl, struct result *res,
		      const struct timeline *t)
{
	const struct stay *now = timeline_now(t), *since;

	for (size_t i = 0; now && i < t->len; i++) {
		const struct stay *s = &t->stays[i];

		if (!stay_is_gap(s) && timeline_find(t, s->version) == s &&
		    timeline_held(t, s->version, &since) &&
		    timeline_earlier(t, now->version, s->version))
			note_add(pl, res, "held", s->version,
				 held_text(pl, since), NULL);
	}
}

static void note_pinned(struct planner *pl, struct result *res,
			const struct spot *spot)
{
	const struct rules *rules = spot_rules(spot);
	struct gate_facts facts = {
		.now_s = pl->state->now_s, .service = res->service,
		.environment = res->environment,
		.version = spot->place.version, .arena = pl_arena(pl),
	};
	struct gate_result g;

	for (size_t i = 0; i < rules->gates_len && pl_from_len(spot); i++) {
		if (!str_eq(rules->gates[i].kind->name, "pin"))
			continue;
		gate_judge(&rules->gates[i], &facts, &g);
		if (g.verdict != VERDICT_PASS)
			note_add(pl, res, "pinned", spot->place.version,
				 arena_strdup(pl_arena(pl), g.reason), NULL);
	}
}

/* Where it is not all right: what it is live in, after the landing. */
static void note_verify(struct planner *pl, struct result *res,
			const struct spot *spot)
{
	const struct stay *now = timeline_now(spot->timeline);
	struct gate_result g;

	if (now && pl_verify(pl, spot, now, &g) &&
	    g.verdict != VERDICT_PASS && g.verdict != VERDICT_NEED)
		note_add(pl, res, "verify", now->version,
			 arena_strdup(pl_arena(pl), g.reason),
			 g.unseen ? arena_printf(pl_arena(pl), "never seen: %s"
				" (`verify: none` where there is none)",
				g.unseen) : NULL);
}

static void note_overridden(struct planner *pl, struct result *res,
			    const struct timeline *t)
{
	const struct stay *now = timeline_now(t);

	if (now && now->overridden)
		note_add(pl, res, "override", now->version,
			 arena_printf(pl_arena(pl), "came past %s%s%s",
				      now->overridden, now->reason ? ": " : "",
				      now->reason ? now->reason : ""), NULL);
}

void plan_status(struct planner *pl)
{
	const struct state *s = pl->state;

	plan_auto(pl);
	for (size_t i = 0; i < s->services_len; i++)
		for (size_t e = 0; e < s->config.environments_len; e++) {
			const struct spot *spot = state_spot(s, i, e);
			struct result *res;

			if (!spot->place.exists || spot->place.err.code ||
			    !request_wants(pl->request, spot->place.env->name))
				continue;
			if (!spot->timeline) {
				pl_need(pl, spot, NEED_TIMELINE);
				continue;
			}
			res = result_of(pl, spot);
			note_held(pl, res, spot->timeline);
			note_pinned(pl, res, spot);
			note_verify(pl, res, spot);
			note_overridden(pl, res, spot->timeline);
		}
}
