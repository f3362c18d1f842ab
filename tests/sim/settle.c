#include "tests/sim/sim.h"

#include <stdio.h>

#include "bot/base/str.h"

/* What happens at a forge by itself: pushes are seen, branches that are gone
   close what hung on them, and what was armed lands. */

static void head_moved(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
		       const char *sha)
{
	const json_t *rule = sim_rule(r, pr->base);
	size_t i;
	json_t *v;

	snprintf(pr->head_sha, sizeof(pr->head_sha), "%s", sha);
	pr->updated_s = sim_now(s);
	pr->arm.queued = false;
	sim_keep_head(r, pr, sha);
	if (!json_is_true(json_object_get(rule, "dismiss_stale")))
		return;
	json_array_foreach(pr->reviews, i, v)
		if (str_eq(jstr(v, "state"), "APPROVED"))
			json_object_set_new(v, "dismissed", json_true());
}

/* GitHub takes commits that reached the base by a push for a merge. */
static void landed_by_push(struct sim *s, struct sim_repo *r,
			   struct sim_pr *pr, const char *base, bool head_moves)
{
	if (!sim_is_github(s) || !git_is_ancestor(r->dir, pr->head_sha, base))
		return;
	sim_close_pr(s, pr, true);
	if (head_moves)
		return;
	pr->merged = true;
	pr->merged_s = pr->closed_s;
	snprintf(pr->merge_sha, sizeof(pr->merge_sha), "%s", base);
}

static void look(struct sim *s, struct sim_repo *r, struct sim_pr *pr)
{
	const char *base = sim_ref(r, pr->base);
	struct buf now = { 0 };
	bool head_moves, base_moves;

	sim_head_now(s, r, pr, &now);
	if (!now.len) {
		sim_close_pr(s, pr, true);	/* its branch was deleted */
		goto out;
	}
	head_moves = !str_eq(pr->head_sha, buf_str(&now));
	base_moves = base && !str_eq(pr->base_sha, base);
	if (head_moves && pr->lag_left == 0 && trap_get(s, TRAP_STALE_HEAD))
		pr->lag_left = trap_get(s, TRAP_STALE_HEAD) + 1;
	if (head_moves && pr->lag_left > 0 && --pr->lag_left > 0)
		head_moves = false;
	if (head_moves)
		head_moved(s, r, pr, buf_str(&now));
	if (base_moves)
		snprintf(pr->base_sha, sizeof(pr->base_sha), "%s", base);
	if (base && (head_moves || base_moves))
		landed_by_push(s, r, pr, base, head_moves);
out:
	buf_release(&now);
}

/* Armed or queued, and nothing stands in the way any more: it lands. */
static bool lands(struct sim *s, struct sim_repo *r, struct sim_pr *pr)
{
	enum sim_merge_state st;

	if (pr->closed || (!pr->arm.on && !pr->arm.queued))
		return false;
	st = sim_merge_state(s, r, pr, false);
	if (st == SIM_UNKNOWN && pr->is_clean) {
		pr->polls_left = 0;	/* the forge itself needs no polls */
		pr->ready_ms = 0;
		st = sim_merge_state(s, r, pr, false);
	}
	if (st != SIM_CLEAN && st != SIM_UNSTABLE)
		return false;
	if (!pr->arm.queued && sim_is_github(s) &&
	    json_is_true(json_object_get(sim_rule(r, pr->base), "queue"))) {
		pr->arm.on = false;
		pr->arm.queued = true;
		pr->arm.queue_left = trap_get(s, TRAP_QUEUE_POLLS);
	}
	if (pr->arm.queued && pr->arm.queue_left-- > 0)
		return false;
	return sim_merge(s, r, pr, pr->arm.method, pr->arm.title,
			 pr->arm.message, pr->arm.by,
			 pr->arm.delete_branch) == MERGE_OK;
}

void sim_settle(struct sim *s, struct sim_repo *r)
{
	bool again = true;

	sim_refs_read(s, r);
	for (size_t i = 0; i < r->prs_len; i++)
		if (!r->prs[i]->closed)
			look(s, r, r->prs[i]);
	while (again) {
		again = false;
		for (size_t i = 0; i < r->prs_len && !again; i++)
			again = lands(s, r, r->prs[i]);
		if (again)
			sim_refs_read(s, r);
	}
}
