/*
 * How a version gets to where it is wanted: a commit onto base, or a branch
 * with one commit and a pull request that is opened, refreshed, rebuilt,
 * merged or left alone.
 */
#include "bot/planning.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"
#include "bot/trailers.h"
#include "yamledit/diff.h"

struct step *pl_step(struct planner *pl, struct result *res,
		     const struct spot *spot, enum step_kind kind)
{
	struct step *step = arena_alloc(pl_arena(pl), sizeof(*step)), **at;

	step->kind = kind;
	step->spot = spot;
	for (at = &res->steps; *at; at = &(*at)->next)
		;
	*at = step;
	return step;
}

static void diff_take(struct planner *pl, struct result *res,
		      const struct text_edit *edits, size_t n)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < n; i++)
		ye_diff(&out, edits[i].path, edits[i].old_text.data,
			edits[i].old_text.len, edits[i].new_text.data,
			edits[i].new_text.len);
	res->diff = buf_keep(&out, pl_arena(pl));
}

/* The edits on the texts that base will have after the steps before. */
static int edits_make(struct planner *pl, struct result *res,
		      const struct spot *spot, const struct version *versions,
		      bool after_overlay, struct text_edit **edits, size_t *len)
{
	const struct place *p = &spot->place;
	const struct plan *plan = pl->plan;
	struct text *texts = arena_alloc(pl_arena(pl),
					 p->slots_len * sizeof(*texts));

	for (size_t i = 0; i < p->slots_len; i++) {
		texts[i] = spot->texts[i];
		for (size_t k = 0; after_overlay && k < plan->overlay_len; k++)
			if (str_eq(plan->overlay[k].path, p->slots[i].file))
				texts[i] = plan->overlay[k].new_text;
	}
	if (place_edit(p, pl_arena(pl), versions, texts, edits, len,
		       &res->err) < 0) {
		res->action = ACTION_FAILED;
		res->reason = arena_strdup(pl_arena(pl), res->err.msg);
		return -1;
	}
	return 0;
}

static void overlay_add(struct plan *p, const struct text_edit *edit)
{
	for (size_t i = 0; i < p->overlay_len; i++)
		if (str_eq(p->overlay[i].path, edit->path)) {
			p->overlay[i].new_text = edit->new_text;
			return;
		}
	ARRAY_GROW(p->overlay, p->overlay_len, p->overlay_cap);
	p->overlay[p->overlay_len++] = *edit;
}

static void deliver_push(struct planner *pl, struct result *res,
			 const struct spot *spot,
			 const struct version *versions,
			 const struct change_info *info)
{
	struct text_edit *edits;
	struct step *step;
	size_t len;

	if (edits_make(pl, res, spot, versions, true, &edits, &len) < 0)
		return;
	if (len == 0) {
		res->action = ACTION_NONE;
		return;
	}
	step = pl_step(pl, res, spot, STEP_BASE);
	step->edits = edits;
	step->edits_len = len;
	step->message = text_commit(pl_arena(pl), info);
	for (size_t i = 0; i < len; i++)
		overlay_add(pl->plan, &edits[i]);
	diff_take(pl, res, edits, len);
	res->action = ACTION_PUSHED;
}

const char *const *pl_declined(struct planner *pl, const struct spot *spot,
			       size_t *len)
{
	const char **list = arena_alloc(pl_arena(pl), (spot->past_len + 1) *
					sizeof(*list));
	struct marker m, open = { 0 };

	*len = 0;
	if (spot->pr)
		text_marker_parse(pl_arena(pl), spot->pr->body, &open);
	for (size_t i = 0; i < spot->past_len; i++) {
		const struct forge_pr *pr = &spot->past[i];

		if (pr->state == FORGE_PR_CLOSED && pr->head_is_ours &&
		    text_marker_parse(pl_arena(pl), pr->body, &m) &&
		    !m.closed && !str_eq(m.version, open.version))
			list[(*len)++] = m.version;
	}
	return list;
}

static bool is_declined(struct planner *pl, const struct spot *spot,
			const char *version)
{
	size_t len;
	const char *const *list = pl_declined(pl, spot, &len);
	struct marker open = { 0 };

	if (spot->pr)
		text_marker_parse(pl_arena(pl), spot->pr->body, &open);
	for (size_t i = 0; i < len; i++)
		if (str_eq(list[i], version) ||
		    (!str_eq(open.version, version) &&
		     pl_set_is_part(pl, spot, version, list[i])))
			return true;
	return false;
}

bool pl_may_arm(const struct spot *spot)
{
	const struct rules *rules = spot_rules(spot);

	for (size_t i = 0; i < rules->gates_len && !spot->is_rollback; i++)
		if (rules->gates[i].kind->changes_with_time)
			return false;
	return rules->merge_auto;
}

void pl_pr_facts(struct result *res, const struct forge_pr *pr)
{
	if (!pr)
		return;
	res->pr_number = pr->number;
	res->pr_url = pr->url;
}

/* The pull request shows the wanted version: may it land? */
static void plan_landing(struct planner *pl, struct result *res,
			 const struct spot *spot,
			 const struct change_info *info)
{
	const struct forge_readiness *rd = spot->readiness;
	char head[OID_HEX + 1];
	struct marker m = { 0 };
	struct step *step;

	res->action = ACTION_PENDING;
	if (!spot_rules(spot)->merge_auto) {
		pl_reason(pl, res, "pull request #%lld waits for a person to "
			  "merge it", spot->pr->number);
		return;
	}
	oid_hex(head, &spot->branch_id);
	if (!str_eq(rd->head_sha, head)) {
		pl_reason(pl, res, "pull request #%lld: the forge has not seen "
			  "its newest commit yet", spot->pr->number);
		return;
	}
	pl_reason(pl, res, "pull request #%lld: %s", spot->pr->number,
		  rd->reason);
	if (rd->ready == FORGE_READY) {
		step = pl_step(pl, res, spot, STEP_PR_MERGE);
		res->action = ACTION_MERGED;
		res->reason = NULL;
	} else if (rd->ready == FORGE_READY_BLOCKED && !spot->pr->auto_merge &&
		   pl_may_arm(spot) &&
		   text_marker_parse(pl_arena(pl), spot->pr->body, &m) &&
		   !str_eq(m.armed, head)) {
		step = pl_step(pl, res, spot, STEP_PR_ARM);
		step->body = text_body_armed(pl_arena(pl), spot->pr->body,
					     head);
		res->action = ACTION_ARMED;
	} else {
		return;
	}
	step->pr = spot->pr;
	step->head_sha = arena_strdup(pl_arena(pl), head);
	step->title = text_pr_title(pl_arena(pl), info);
	step->message = text_commit(pl_arena(pl), info);
}

/*
 * Must the branch be made anew on base's head although it has the wanted
 * version? Only where it cannot land as it is. Gitea has no word for a
 * conflict, it says "not mergeable" as while it computes: where base changed
 * the very files too, that is enough.
 */
static bool must_rebuild(const struct spot *spot)
{
	const struct forge_readiness *rd = spot->readiness;

	if (!rd)
		return false;
	return rd->ready == FORGE_READY_BEHIND ||
	       (spot->branch_facts.files_moved &&
		(rd->ready == FORGE_READY_CONFLICT ||
		 rd->ready == FORGE_READY_UNKNOWN));
}

/* Facts about the branch and the pull request that the next part rests on. */
static bool pr_facts_here(struct planner *pl, struct result *res,
			  const struct spot *spot, const char *version)
{
	const struct branch_facts *f = &spot->branch_facts;
	bool has_branch = !oid_is_zero(&spot->branch_id);

	if (!pl->state->prs_known) {
		pl_need_prs(pl);
		return false;
	}
	pl_pr_facts(res, spot->pr);
	if (has_branch && !f->is_known) {
		pl_need(pl, spot, NEED_BRANCH);
		return false;
	}
	if (has_branch && !f->is_ours) {
		pl_stop(pl, res, ACTION_REFUSED, ERR_PERSON, "branch %s has a "
			"commit that is not ours (%s); it is left alone: merge "
			"or close it, or delete the branch", spot->branch,
			f->foreign ? f->foreign : "unknown");
		return false;
	}
	if (!spot->past_known &&
	    !(spot->pr && str_eq(f->version, version))) {
		pl_need_past(pl, spot, version);
		return false;
	}
	if (spot->pr && !spot->readiness &&
	    (spot_rules(spot)->merge_auto || f->files_moved ||
	     !str_eq(f->version, version))) {
		pl_need(pl, spot, NEED_READY);
		return false;
	}
	return true;
}

static void plan_branch(struct planner *pl, struct result *res,
			const struct spot *spot, const struct version *versions,
			const struct change_info *info)
{
	struct text_edit *edits;
	struct step *step;
	size_t len;

	if (edits_make(pl, res, spot, versions, false, &edits, &len) < 0)
		return;
	if (len == 0)
		BUG("%s is in %s already", info->new_version,
		    info->environment);
	step = pl_step(pl, res, spot, STEP_BRANCH);
	step->edits = edits;
	step->edits_len = len;
	step->message = text_commit(pl_arena(pl), info);
	diff_take(pl, res, edits, len);
}

static void plan_pr_text(struct planner *pl, struct result *res,
			 const struct spot *spot, enum step_kind kind,
			 const struct change_info *info)
{
	const struct rules *rules = spot_rules(spot);
	struct step *step = pl_step(pl, res, spot, kind);
	struct change_info all = *info;
	struct marker m = { 0 };

	all.touched = res->touched = spot->touched;
	all.asks = kind == STEP_PR_OPEN
		? rules->labels_len || rules->reviewers_len
		: text_marker_parse(pl_arena(pl), spot->pr->body, &m) && m.asks;
	/* A set has no files of its own, but may have a timeline. */
	if (info->from && spot->timeline && !spot->touched &&
	    spot->spec->fields_len)
		pl_need(pl, spot, NEED_TOUCHED);
	step->pr = spot->pr;
	step->title = kind == STEP_PR_OPEN
		? text_pr_title(pl_arena(pl), &all)
		: text_pr_title_over(pl_arena(pl), &all, spot->pr->title);
	step->body = text_pr_body(pl_arena(pl), &all, kind == STEP_PR_OPEN
				  ? NULL : spot->pr->body);
}

/*
 * The branch is made anew, or landed, by another run than the one that was
 * told why: what its commit said of that stays. A record; it allows nothing.
 */
static void record_keep(struct planner *pl, const struct branch_facts *f,
			struct change_info *info)
{
	struct arena *a = pl_arena(pl);

	if (!f->message)
		return;
	if (!info->reason)
		info->reason = trailer_get(a, f->message, "Promote-Reason");
	if (!info->overridden)
		info->overridden = trailer_get(a, f->message,
					       "Promote-Override");
	if (!info->source)
		info->source = trailer_get(a, f->message, "Promote-Source");
	if (info->build < 0)
		info->build = trailer_number(trailer_get(a, f->message,
							 "Promote-Build"));
}

/* A build that comes late does not take the place of one that waits. */
static bool is_late(struct planner *pl, struct result *res,
		    const struct spot *spot, const struct change_info *info)
{
	const char *message = spot->branch_facts.message;
	int64_t waits = message ? trailer_number(trailer_get(pl_arena(pl),
				message, "Promote-Build")) : -1;

	if (!spot->pr || info->build < 0 || waits < info->build)
		return false;
	if (waits == info->build) {
		pl_stop(pl, res, ACTION_REFUSED, ERR_PERSON, "build %lld is "
			"another version in pull request #%lld; give each "
			"build its own number", (long long)waits,
			spot->pr->number);
		return true;
	}
	res->action = ACTION_SUPERSEDED;
	pl_reason(pl, res, "pull request #%lld has a later build than %s",
		  spot->pr->number, info->new_version);
	return true;
}

bool pl_push_is_way(const struct spot *spot)
{
	const struct rules *rules = spot_rules(spot);

	return spot->is_rollback ? rules->rollback_push : rules->deliver_push;
}

static void deliver_pr(struct planner *pl, struct result *res,
		       const struct spot *spot, const struct version *versions,
		       const char *version, struct change_info *info,
		       bool named)
{
	const struct branch_facts *f = &spot->branch_facts;
	const struct forge_readiness *rd;
	struct marker m = { 0 };
	bool has_it, left_to_land, rebuilt;

	if (!pl->request->has_forge) {
		pl_stop(pl, res, ACTION_FAILED, ERR_USAGE, "environment %s is "
			"delivered by pull request, but %s", res->environment,
			pl->request->forge_missing);
		return;
	}
	if (!pr_facts_here(pl, res, spot, version))
		return;
	rd = spot->readiness;
	has_it = !oid_is_zero(&spot->branch_id) && !f->is_on_base &&
		 str_eq(f->version, version);
	if (!has_it && is_late(pl, res, spot, info))
		return;
	if (has_it)
		record_keep(pl, f, info);
	if (!named && is_declined(pl, spot, version)) {
		pl_stop(pl, res, ACTION_DECLINED, ERR_PERSON, "%s was declined: "
			"its pull request was closed; reopen it, or run `git "
			"promote to %s %s=%s`", version, res->environment,
			res->service, version);
		return;
	}
	left_to_land = spot->pr && rd && !spot_rules(spot)->refresh_always &&
		(rd->approved || rd->ready == FORGE_READY_QUEUED ||
		 spot->pr->auto_merge);
	if (spot->pr && !has_it && left_to_land && !named) {
		res->action = ACTION_PENDING;
		pl_reason(pl, res, "pull request #%lld is approved or queued and "
			  "is left to land; %s follows", spot->pr->number,
			  version);
		return;
	}
	rebuilt = !has_it || must_rebuild(spot);
	if (rebuilt)
		plan_branch(pl, res, spot, versions, info);
	if (res->err.code)
		return;
	if (!spot->pr) {
		plan_pr_text(pl, res, spot, STEP_PR_OPEN, info);
		res->action = ACTION_OPENED;
		return;
	}
	text_marker_parse(pl_arena(pl), spot->pr->body, &m);
	/* Marked as closed by us, and open: a run was killed, or a person
	   opened it again. The next time it is closed is a person's no. */
	if (!str_eq(m.version, version) || m.closed) {
		plan_pr_text(pl, res, spot, STEP_PR_UPDATE, info);
		res->action = ACTION_REFRESHED;
	} else if (rebuilt) {
		res->action = has_it ? ACTION_REBUILT : ACTION_REFRESHED;
	} else {
		plan_landing(pl, res, spot, info);
	}
}

void pl_deliver(struct planner *pl, struct result *res,
		const struct spot *spot, const struct version *versions,
		const char *version, struct change_info *info, bool named)
{
	res->new_version = version;
	info->gates = res->gates;
	info->gates_len = res->gates_len;
	if (pl_push_is_way(spot))
		deliver_push(pl, res, spot, versions, info);
	else
		deliver_pr(pl, res, spot, versions, version, info, named);
}
