#include "bot/run.h"

#include <stdlib.h>
#include <string.h>

#include "bot/act.h"
#include "bot/base/log.h"
#include "bot/base/str.h"
#include "bot/read.h"

enum {
	ROUNDS_AGAIN = 6,	/* while something lands, and a look at what
				   the last one left; races do not count */
	NEEDS_MOST = 100,	/* a plan that is never content is a bug */
};

static struct gate_evidence *evidence_copy(struct arena *a,
					   const struct gate_result *g)
{
	struct gate_evidence *all = arena_alloc(a, g->evidence_len *
						sizeof(*all));

	for (size_t i = 0; i < g->evidence_len; i++)
		all[i] = (struct gate_evidence){
			arena_strdup(a, g->evidence[i].name),
			arena_strdup(a, g->evidence[i].value),
			g->evidence[i].at_s,
			arena_strdup(a, g->evidence[i].url),
		};
	return all;
}

static const struct note *notes_copy(struct arena *a, const struct result *in)
{
	struct note *out = arena_alloc(a, in->notes_len * sizeof(*out) + 1);

	for (size_t i = 0; i < in->notes_len; i++)
		out[i] = (struct note){
			in->notes[i].kind,
			arena_strdup(a, in->notes[i].version),
			arena_strdup(a, in->notes[i].text),
			arena_strdup(a, in->notes[i].common),
		};
	return out;
}

static const struct touched *touched_copy(struct arena *a,
					  const struct touched *in)
{
	struct touched *out;

	if (!in || !in->path)
		return NULL;
	out = arena_alloc(a, sizeof(*out));
	*out = (struct touched){ .path = arena_strdup(a, in->path),
				 .len = in->len, .more = in->more };
	out->items = arena_alloc(a, (in->len + 1) * sizeof(*out->items));
	for (size_t i = 0; i < in->len; i++)
		out->items[i] = (struct touched_commit){
			arena_strdup(a, in->items[i].commit),
			arena_strdup(a, in->items[i].author),
			arena_strdup(a, in->items[i].subject),
		};
	return out;
}

/* A copy that outlives the plan it was made in. */
static struct result result_copy(struct arena *a, const struct result *in)
{
	struct result out = *in;

	out.spot = NULL;
	out.steps = NULL;
	out.service = arena_strdup(a, in->service);
	out.environment = arena_strdup(a, in->environment);
	out.old_version = arena_strdup(a, in->old_version);
	out.new_version = arena_strdup(a, in->new_version);
	out.reason = arena_strdup(a, in->reason);
	out.diff = arena_strdup(a, in->diff);
	out.branch = arena_strdup(a, in->branch);
	out.pr_url = arena_strdup(a, in->pr_url);
	out.notes = notes_copy(a, in);
	out.touched = touched_copy(a, in->touched);
	out.gates = arena_alloc(a, in->gates_len * sizeof(*out.gates));
	if (in->gates_len)
		memcpy(out.gates, in->gates, in->gates_len *
		       sizeof(*out.gates));
	for (size_t i = 0; i < in->gates_len; i++) {
		out.gates[i].name = arena_strdup(a, in->gates[i].name);
		out.gates[i].unseen = arena_strdup(a, in->gates[i].unseen);
		out.gates[i].evidence = evidence_copy(a, &in->gates[i]);
	}
	return out;
}

static struct result *find(struct run *run, const struct result *like)
{
	for (size_t i = 0; i < run->len; i++)
		if (str_eq(run->results[i].service, like->service) &&
		    str_eq(run->results[i].environment, like->environment))
			return &run->results[i];
	return NULL;
}

/* What an earlier round did is done, whatever this one says beyond that. */
static void deed_keep(struct result *res, const struct result *then)
{
	res->did = true;
	res->old_version = then->old_version;
	if (!res->new_version)
		res->new_version = then->new_version;
	if (!res->commit[0])
		memcpy(res->commit, then->commit, sizeof(res->commit));
	if (!res->branch)
		res->branch = then->branch;
	if (!res->touched)
		res->touched = then->touched;
	if (!res->pr_number) {
		res->pr_number = then->pr_number;
		res->pr_url = then->pr_url;
	}
}

/* What waits behind a version that this run has brought: the next one's. */
static bool is_next(const struct result *before, const struct result *now)
{
	int code = err_exit_code(now->err.code);

	return (before->action == ACTION_MERGED ||
		before->action == ACTION_PUSHED) &&
	       (code == 10 || code == 11) &&
	       !str_eq(now->new_version, before->new_version);
}

/*
 * Keep what this round says. A deed of an earlier round stays the answer
 * while later rounds find nothing more to do than to wait for it.
 */
static void results_keep(struct run *run, bool only_unproven)
{
	for (size_t i = 0; i < run->plan.len; i++) {
		const struct result *now = &run->plan.results[i];
		struct result *before = find(run, now);

		if (only_unproven && !now->unproven)
			continue;
		if (!before) {
			ARRAY_GROW(run->results, run->len, run->cap);
			run->results[run->len++] =
				result_copy(&run->arena, now);
		} else if (!action_is_deed(before->action) ||
			   action_is_deed(now->action) ||
			   (now->err.code && !is_next(before, now))) {
			struct result then = *before;

			*before = result_copy(&run->arena, now);
			if (then.did || action_is_deed(then.action))
				deed_keep(before, &then);
		} else if (now->action == ACTION_NONE && now->reason) {
			before->reason = arena_strdup(&run->arena,
						      now->reason);
		}
	}
}

/*
 * I8: what was merged must be on base now, or this round says so instead of
 * whatever it would do next, which is not to merge it once more. Another
 * version may have landed on top; that is said, too.
 */
static void merges_check(struct run *run)
{
	for (size_t i = 0; i < run->plan.len; i++) {
		struct result *now = &run->plan.results[i];
		struct result *before = find(run, now);

		if (!before || before->proven ||
		    (before->action != ACTION_MERGED && !before->unproven))
			continue;
		before->proven = str_eq(now->old_version, before->new_version);
		if (before->proven)
			continue;
		now->unproven = true;
		now->steps = NULL;
		now->new_version = before->new_version;
		now->action = ACTION_FAILED;
		now->reason = arena_printf(&run->plan.arena, "the forge says "
			"that pull request #%lld was merged, but %s runs %s; "
			"look at the history of its file", before->pr_number,
			now->environment, now->old_version && *now->old_version
			? now->old_version : "nothing");
		err_clear(&now->err);
		err_set(&now->err, ERR_TRANSIENT, "%s", now->reason);
	}
}

/* What `limits` counts, of the rounds before. */
static size_t begun_count(const struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->len; i++)
		n += run->results[i].action == ACTION_PUSHED ||
		     run->results[i].action == ACTION_OPENED ||
		     run->results[i].action == ACTION_MERGED;
	return n;
}

/* What a rollback goes back from and to is found once, and stays. */
static void rollbacks_pin(struct run *run)
{
	for (size_t i = 0; i < run->plan.len; i++) {
		const struct result *res = &run->plan.results[i];
		struct arena *a = &run->arena;

		if (res->err.code || !res->new_version ||
		    str_eq(res->new_version, res->old_version))
			continue;
		ARRAY_GROW(run->pins, run->pins_len, run->pins_cap);
		run->pins[run->pins_len++] = (struct pin){
			arena_strdup(a, res->service),
			arena_strdup(a, res->environment),
			arena_strdup(a, res->old_version),
			arena_strdup(a, res->new_version),
		};
	}
}

/* Plan, get what the plan lacks, and plan again until it is content. */
static int plan_until_content(struct run *run, struct world *w,
			      const struct request *r, struct err *err)
{
	for (int i = 0; i < NEEDS_MOST; i++) {
		plan_make(&run->plan, &run->state, r);
		if (run->plan.err.code) {
			*err = run->plan.err;
			return -1;
		}
		if (!run->plan.needs.any)
			return 0;
		if (read_needs(&run->state, w, &run->plan.needs, err) < 0)
			return -1;
	}
	BUG("the plan is never content");
}

int run_loop(struct run *run, struct world *w, const struct request *r,
	     bool dry, struct err *err)
{
	struct backoff backoff = { 0 };
	bool again = false;
	int rounds = 0;

	for (;;) {
		struct request now = *r;
		int64_t began_ms = clock_mono_ms();

		err_clear(err);
		log_progress("reading %s", w->location);
		if (r->command == CMD_BUMP && !dry)
			repo_expect_push(w->repo);
		if (read_state(&run->state, w, r, err) < 0)
			return -1;
		now.dry = dry;
		now.has_forge = w->forge != NULL;
		now.forge_missing = w->forge_missing;
		now.begun = begun_count(run);
		now.pins = run->pins;
		now.pins_len = run->pins_len;
		if (plan_until_content(run, w, &now, err) < 0)
			return -1;
		merges_check(run);
		if (r->command == CMD_ROLLBACK && !run->pins)
			rollbacks_pin(run);
		if (dry || rounds == ROUNDS_AGAIN) {
			results_keep(run, !dry);
			break;
		}
		if (act(&run->plan, &run->state, &now, w, &again, err) == 0) {
			results_keep(run, false);
			rounds++;
			if (!again)
				break;
			continue;
		}
		if (err->code != ERR_RACE)
			return -1;
		results_keep(run, false);
		run->races++;
		log_verbose("%s; reading the new head (try %u)", err->msg,
			    run->races + 1);
		if (!backoff_race(&backoff, clock_mono_ms() - began_ms,
				  &w->deadline)) {
			const char *why = arena_strdup(&run->arena, err->msg);

			err_clear(err);
			return err_set(err, ERR_TRANSIENT, "%s, and --timeout "
				       "is over (%u %s)", why, run->races,
				       run->races == 1 ? "try" : "tries");
		}
	}
	log_progress_done();
	err_clear(err);
	return 0;
}

void run_release(struct run *run)
{
	plan_release(&run->plan);
	state_release(&run->state);
	free(run->results);
	free(run->pins);
	arena_release(&run->arena);
	memset(run, 0, sizeof(*run));
}
