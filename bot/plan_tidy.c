/* What became needless goes: pull requests, their branches, auto-merges. */
#include "bot/planning.h"

#include "bot/base/str.h"

void pl_disarm(struct planner *pl, struct result *res,
	       const struct spot *spot)
{
	struct marker m = { 0 };
	struct step *step;

	/* Gitea does not tell; the marker says that it was asked. */
	if (!spot->pr ||
	    (!(text_marker_parse(pl_arena(pl), spot->pr->body, &m) && m.armed) &&
	     !spot->pr->auto_merge))
		return;
	step = pl_step(pl, res, spot, STEP_PR_DISARM);
	step->may_fail = true;
	step->pr = spot->pr;
	step->body = text_body_armed(pl_arena(pl), spot->pr->body, NULL);
}

bool pl_withdraw(struct planner *pl, struct result *res,
		 const struct spot *spot, const char *why)
{
	bool has_branch = !oid_is_zero(&spot->branch_id);
	struct step *step;

	if (!spot->pr)
		return true;
	if (has_branch && !spot->branch_facts.is_known) {
		pl_need(pl, spot, NEED_BRANCH);
		return false;
	}
	if (has_branch && !spot->branch_facts.is_ours) {
		pl_reason(pl, res, "pull request #%lld stays open: its branch "
			  "has a commit that is not ours (%s)",
			  spot->pr->number, spot->branch_facts.foreign);
		return true;
	}
	step = pl_step(pl, res, spot, STEP_PR_CLOSE);
	step->pr = spot->pr;
	step->body = text_body_closed(pl_arena(pl), spot->pr->body, why);
	step->may_fail = true;
	if (has_branch)
		pl_step(pl, res, spot, STEP_DELETE_BRANCH);
	return true;
}

/* We closed its pull request, and were killed before the branch was gone. */
static bool is_left_over(struct planner *pl, const struct spot *spot)
{
	char head[OID_HEX + 1];
	struct marker m;

	oid_hex(head, &spot->branch_id);
	for (size_t i = 0; i < spot->past_len; i++) {
		const struct forge_pr *pr = &spot->past[i];

		if (pr->state == FORGE_PR_CLOSED &&
		    str_eq(pr->head_sha, head) &&
		    text_marker_parse(pl_arena(pl), pr->body, &m))
			return m.closed != NULL;
	}
	return false;
}

/* By its branch: its body may be copied into any other. */
static bool is_ours(const struct forge_pr *pr)
{
	return str_starts(pr->head_branch, "promote/") ||
	       str_starts(pr->head_branch, "rollback/");
}

static bool is_of_a_spot(const struct state *s, const struct forge_pr *pr)
{
	for (size_t i = 0; i < s->spots_len; i++)
		if (s->spots[i].pr == pr)
			return true;
	return false;
}

void pl_tell_orphans(struct planner *pl)
{
	const struct state *s = pl->state;

	for (size_t i = 0; i < s->prs_len; i++) {
		struct spot *spot = arena_alloc(pl_arena(pl), sizeof(*spot));
		struct result *res;
		struct marker m;

		spot->pr = &s->prs[i];
		if (!is_ours(spot->pr) || is_of_a_spot(s, spot->pr) ||
		    !text_marker_parse(pl_arena(pl), spot->pr->body, &m) ||
		    !m.service || !m.environment)
			continue;
		res = pl_result(pl, NULL, m.service, m.environment);
		pl_stop(pl, res, ACTION_REFUSED, ERR_PERSON, "pull request "
			"#%lld is left from before " CONFIG_FILE " was "
			"changed: no service or set has its branch any more; "
			"close it", spot->pr->number);
		res->new_version = m.version;
		pl_pr_facts(res, spot->pr);
		pl_disarm(pl, res, spot);
	}
}

void pl_tidy(struct planner *pl, struct result *res, const struct spot *spot)
{
	const struct branch_facts *f = &spot->branch_facts;
	struct marker m = { 0 };
	struct step *step;

	if (!pl->request->has_forge)
		return;
	if (oid_is_zero(&spot->branch_id) && !spot->pr)
		return;
	if (!pl->state->prs_known) {
		pl_need_prs(pl);
		return;
	}
	if (!oid_is_zero(&spot->branch_id) && !f->is_known) {
		pl_need(pl, spot, NEED_BRANCH);
		return;
	}
	pl_pr_facts(res, spot->pr);
	if (!oid_is_zero(&spot->branch_id) && !f->is_ours)
		return;		/* a person's, whatever became of it */
	if (spot->pr) {
		text_marker_parse(pl_arena(pl), spot->pr->body, &m);
		if (!str_eq(m.version, spot->place.version) &&
		    !str_eq(m.by, "auto")) {
			res->action = ACTION_PENDING;
			pl_reason(pl, res, "pull request #%lld waits for a "
				  "person to merge it", spot->pr->number);
			return;
		}
		step = pl_step(pl, res, spot, STEP_PR_CLOSE);
		step->pr = spot->pr;
		step->body = text_body_closed(pl_arena(pl), spot->pr->body,
			str_eq(m.version, spot->place.version)
			? "the version is on the base branch already"
			: "the version is no longer to be promoted");
		res->action = ACTION_CLOSED;
		pl_reason(pl, res, "%s is no longer to be promoted",
			  m.version ? m.version : "it");
	}
	if (oid_is_zero(&spot->branch_id))
		return;
	if (spot->pr || f->is_on_base ||
	    str_eq(f->version, spot->place.version))
		pl_step(pl, res, spot, STEP_DELETE_BRANCH);
	else if (!spot->past_known)
		pl_need_past_of_branch(pl, spot);
	else if (is_left_over(pl, spot))
		pl_step(pl, res, spot, STEP_DELETE_BRANCH);
}
