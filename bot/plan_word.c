/*
 * Gates bind people too: a commit status on the head of our pull requests
 * says whether the gates pass, so that branch protection can ask for it. It is
 * judged anew in every run, and written only when it says something new. What
 * was written last stands in the pull request's marker: to ask the forge for
 * the statuses of hundreds of heads each time would cost more than all else.
 * Whoever edits the marker could set the status as well.
 */
#include "bot/planning.h"

#include <string.h>

#include "bot/base/str.h"

/* What a status would say. */
struct word {
	bool is_success;
	const char *key;	/* the same while nothing new is to be said:
				   reasons name ages, which change by the
				   second */
	const char *description;
};

static struct step *step_find(const struct result *res,
			      const struct spot *spot, enum step_kind kind)
{
	struct step *step = res->steps;

	while (step && (step->spot != spot || step->kind != kind))
		step = step->next;
	return step;
}

static struct word word_of_gates(struct planner *pl,
				 const struct gate_result *gates, size_t len,
				 const struct gate_result *first)
{
	struct arena *a = pl_arena(pl);
	struct buf text = { 0 }, until = { 0 };
	struct word w = { .is_success = !first, .key = "success" };

	if (!first) {
		buf_addstr(&text, len ? "all gates pass: " : "no gates");
		for (size_t i = 0; i < len; i++)
			buf_addf(&text, "%s%s", i ? ", " : "", gates[i].name);
	} else {
		buf_addf(&text, "%s: %s", first->name, first->reason);
		if (first->until_s != TIME_UNKNOWN)
			time_format(&until, first->until_s);
		w.key = arena_printf(a, "pending:%s%s%s", first->name,
				     until.len ? ":" : "", buf_str(&until));
		if (until.len && !strstr(buf_str(&text), buf_str(&until)))
			buf_addf(&text, ", until %s", buf_str(&until));
	}
	w.description = buf_keep(&text, a);
	buf_release(&until);
	return w;
}

/* A word that does not come from a gate. */
static struct word word_pending(struct planner *pl, const char *key,
				const char *text)
{
	return (struct word){ .key = arena_printf(pl_arena(pl), "pending:%s",
						  key),
			      .description = text };
}

static struct word word_rollback(void)
{
	return (struct word){ true, "success", "a rollback: no gate stands in "
			      "its way" };
}

/* The same for services that move together: what is said of each. */
static bool word_of_set(struct planner *pl, const struct spot *spot,
			const struct marker *m, const char *version,
			struct judged *j, struct word *out)
{
	const char *const *wants = pl_set_wants(pl, spot, version);
	bool is_origin = true, is_held = false;

	if (wants && !pl_set_judge(pl, spot, wants, &is_origin, &is_held, j))
		return false;
	if (is_origin)
		*out = word_pending(pl, "origin", "not all of it has been live "
				    "in the environment before");
	else if (is_held && str_eq(m->by, "auto"))
		*out = word_pending(pl, "held", "one of it was rolled back "
				    "from");
	else
		*out = word_of_gates(pl, j->gates, j->len, j->first);
	return true;
}

/* Whoever can push a branch can make one that looks like a rollback's. */
static bool word_of_rollback(struct planner *pl, const struct spot *back,
			     const char *version, struct word *out)
{
	const struct spot *spot = state_spot(pl->state, back->service,
					     back->env);

	if (pl_had_earlier(pl, spot, version))
		*out = word_rollback();
	else if (!pl->plan->needs.any)
		*out = word_pending(pl, "origin", "the environment has not had "
				    "it before");
	return !pl->plan->needs.any;
}

/*
 * Judge the version that the open pull request has, which need not be the one
 * that RES is about. False: facts are lacking, or there is nothing to say.
 */
static bool word_of_open(struct planner *pl, const struct spot *spot,
			 const struct marker *m, const char *version,
			 struct judged *j, struct word *out)
{
	const struct stop *stop = &pl->state->stops[spot->env];
	struct candidate_facts f;
	struct candidate c;

	if (spot->is_rollback)
		return word_of_rollback(pl, spot, version, out);
	if (stop->file && !pl_overridden(pl, "stop")) {
		*out = word_pending(pl, "stop", arena_printf(pl_arena(pl),
				    "stopped by %s: %s", stop->file,
				    stop->reason));
		return true;
	}
	if (pl_from_len(spot) == 0) {
		*out = word_of_gates(pl, NULL, 0, NULL);
		return true;
	}
	if (spot_row(pl->state, spot)->members_len)
		return word_of_set(pl, spot, m, version, j, out);
	if (!pl_timelines_here(pl, spot))
		return false;
	f = pl_candidate_facts(pl, spot);
	candidate_judge(&f, version, &c);
	if (c.verdict == CANDIDATE_MORE) {
		pl_timelines_more(pl, spot);
		return false;
	}
	if (c.verdict == CANDIDATE_NONE && !pl_overridden(pl, "chain")) {
		*out = word_pending(pl, "origin", "it has not been live in the "
				    "environment before");
		return true;
	}
	if (str_eq(m->by, "auto") &&
	    timeline_held(spot->timeline, version, NULL)) {
		*out = word_pending(pl, "held", "it was rolled back from");
		return true;
	}
	pl_gates_judge(pl, spot, version, c.slowest, j);
	*out = word_of_gates(pl, j->gates, j->len, j->first);
	return !j->lacks_facts;
}

static struct step *step_new(struct planner *pl, enum step_kind kind,
			     const struct spot *spot, struct step *next)
{
	struct step *step = arena_alloc(pl_arena(pl), sizeof(*step));

	step->kind = kind;
	step->spot = spot;
	step->pr = spot->pr;
	step->next = next;
	return step;
}

/* The pull request's text, with a marker anew where a person dropped it. */
static const char *body_marked(struct planner *pl, const struct result *res,
			       const struct spot *spot)
{
	struct marker m;

	if (text_marker_parse(pl_arena(pl), spot->pr->body, &m) ||
	    !spot->branch_facts.version)
		return spot->pr->body;
	m = (struct marker){ .service = res->service,
			     .environment = res->environment,
			     .version = spot->branch_facts.version,
			     .by = "auto" };
	return text_body_marked(pl_arena(pl), spot->pr->body, &m);
}

/* The status goes first: what the marker says has happened by then. */
static void steps_add(struct planner *pl, struct result *res,
		      const struct spot *spot, const struct word *w,
		      const struct judged *j, const char *head)
{
	struct step *status, *update;

	if (spot->pr && !step_find(res, spot, STEP_PR_UPDATE)) {
		update = step_new(pl, STEP_PR_UPDATE, spot, res->steps);
		update->after_status = true;
		update->may_fail = true;	/* then it is said once more */
		update->body = text_body_gates(pl_arena(pl),
					       body_marked(pl, res, spot),
					       j->gates, j->len);
		res->steps = update;
	}
	status = step_new(pl, STEP_STATUS, spot, res->steps);
	status->head_sha = head;
	status->context = arena_printf(pl_arena(pl), "git-promote/%s",
				       spot->place.env->name);
	status->description = w->description;
	status->is_success = w->is_success;
	status->key = w->key;
	res->steps = status;
}

/*
 * The forge was to merge it by itself, and that is no longer what is wanted: a
 * gate waits now, promote.yaml has changed, or a person's commit came on top.
 */
static bool is_armed_in_vain(const struct result *res, const struct spot *spot,
			     const struct marker *m, const struct word *w)
{
	const struct branch_facts *f = &spot->branch_facts;

	if (!m->armed || step_find(res, spot, STEP_PR_DISARM) ||
	    step_find(res, spot, STEP_PR_MERGE))
		return false;
	return !w->is_success || !pl_may_arm(spot) ||
	       (f->is_known && !f->is_ours);
}

static void status_open(struct planner *pl, struct result *res,
			const struct spot *spot)
{
	const struct branch_facts *f = &spot->branch_facts;
	struct marker m = { 0 };
	struct judged j = { 0 };
	const char *version;
	char hex[OID_HEX + 1];
	struct word w;

	if (oid_is_zero(&spot->branch_id))
		return;		/* its branch went between two looks */
	text_marker_parse(pl_arena(pl), spot->pr->body, &m);
	version = f->is_known ? f->version : m.version;
	if (!version && !f->is_known) {
		pl_need(pl, spot, NEED_BRANCH);
		return;
	}
	if (!version || !word_of_open(pl, spot, &m, version, &j, &w))
		return;
	oid_hex(hex, &spot->branch_id);
	if (is_armed_in_vain(res, spot, &m, &w))
		pl_disarm(pl, res, spot);
	if (str_eq(m.status, w.key) && str_eq(m.head, hex))
		return;
	if (!f->is_known)
		pl_need(pl, spot, NEED_BRANCH);
	else if (f->is_ours)
		steps_add(pl, res, spot, &w, &j, arena_strdup(pl_arena(pl),
							      hex));
}

/* A run died between opening it and asking for labels and reviewers. */
static void ask_again(struct planner *pl, struct result *res,
		      const struct spot *spot)
{
	struct marker m;
	struct step *step;

	if (!text_marker_parse(pl_arena(pl), spot->pr->body, &m) || !m.asks)
		return;
	step = step_new(pl, STEP_PR_ASK, spot, res->steps);
	step->body = spot->pr->body;
	res->steps = step;
}

static void tell(struct planner *pl, struct result *res,
		 const struct spot *spot)
{
	struct judged j = { .gates = res->gates, .len = res->gates_len };
	bool has_branch = step_find(res, spot, STEP_BRANCH);
	char hex[OID_HEX + 1];
	struct word w;

	if (spot->pr && !res->pr_number) {	/* whatever it waits for */
		res->pr_number = spot->pr->number;
		res->pr_url = spot->pr->url;
	}
	if (!pl->request->has_forge || spot->err.code ||
	    pl->request->command == CMD_STATUS || res->err.code == ERR_BUG ||
	    step_find(res, spot, STEP_PR_CLOSE) ||
	    step_find(res, spot, STEP_BASE))
		return;
	if (has_branch || step_find(res, spot, STEP_PR_OPEN)) {
		/* Only what passed is put onto a branch. */
		w = spot->is_rollback ? word_rollback()
			: word_of_gates(pl, j.gates, j.len, NULL);
		steps_add(pl, res, spot, &w, &j, has_branch ? NULL :
			  arena_strdup(pl_arena(pl),
				       oid_hex(hex, &spot->branch_id)));
	} else if (spot->pr) {
		status_open(pl, res, spot);
	}
	if (spot->pr)
		ask_again(pl, res, spot);
}

void pl_tell_forge(struct planner *pl, struct result *res,
		   const struct spot *spot)
{
	if (!pl->plan->needs.any)
		tell(pl, res, spot);
}

void pl_tell_forge_all(struct planner *pl)
{
	if (pl->plan->needs.any)
		return;
	/* What one of them lacks is asked for together with all the others. */
	for (size_t i = 0; i < pl->plan->len; i++) {
		struct result *res = &pl->plan->results[i];
		const struct spot *spot = res->spot;
		bool usable = spot && !spot->place.err.code;

		for (size_t k = 0; usable && k < pl_from_len(spot); k++)
			usable = !pl_from_spot(pl, spot, k)->place.err.code;
		if (!usable)
			continue;
		tell(pl, res, spot);
		if (!spot->is_rollback)
			tell(pl, res, state_back(pl->state, spot));
	}
}
