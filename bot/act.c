#include "bot/act.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"
#include "bot/text.h"

/* The refs to move, in one push. */
struct push {
	struct repo_update *updates;
	size_t len, cap;
	size_t base;		/* index of base's update, or SIZE_MAX */
	struct oid base_tip;	/* the last commit made onto base */
};

/* Where a result stands while the plan is carried out. */
struct doing {
	size_t branch_update;	/* index into the push, or SIZE_MAX */
	bool on_base;
	bool undone;		/* its push failed: no step after it */
	const struct spot *told;	/* whose pull request has a status now,
					   which the marker is to say */
	const char *status, *head;
	const struct spot *asked;	/* whose labels and reviewers were */
};

static const char *heads(struct arena *a, const char *branch)
{
	return arena_printf(a, "refs/heads/%s", branch);
}

static struct repo_update *update_add(struct push *push, const char *ref,
				      const struct oid *old_id,
				      const struct oid *new_id)
{
	struct repo_update *u;

	ARRAY_GROW(push->updates, push->len, push->cap);
	u = &push->updates[push->len++];
	memset(u, 0, sizeof(*u));
	u->ref = ref;
	u->old_id = *old_id;
	u->new_id = *new_id;
	return u;
}

static int commit_make(const struct step *step, const struct state *s,
		       const struct request *r, struct world *w,
		       const struct oid *parent, struct oid *out,
		       struct err *err)
{
	struct repo_commit_meta meta = {
		.author_name = r->author_name, .author_mail = r->author_mail,
		.message = step->message, .when_s = s->now_s,
	};
	struct repo_edit *edits = xcalloc(step->edits_len, sizeof(*edits));
	int rc;

	for (size_t i = 0; i < step->edits_len; i++)
		edits[i] = (struct repo_edit){
			.path = step->edits[i].path,
			.text = step->edits[i].new_text.data,
			.len = step->edits[i].new_text.len,
		};
	rc = repo_commit_make(w->repo, parent, edits, step->edits_len, &meta,
			      out, err);
	free(edits);
	return rc;
}

/* Make every commit of the plan; those onto base stand on one another. */
static int commits_make(struct push *push, struct doing *doing, struct plan *p,
			const struct state *s, const struct request *r,
			struct world *w, struct err *err)
{
	push->base_tip = s->base_id;
	for (size_t i = 0; i < p->len; i++) {
		struct result *res = &p->results[i];

		for (struct step *step = res->steps; step; step = step->next) {
			struct oid id;

			if (step->kind == STEP_BASE) {
				if (commit_make(step, s, r, w, &push->base_tip,
						&id, err) < 0)
					return -1;
				push->base_tip = id;
				doing[i].on_base = true;
			} else if (step->kind == STEP_BRANCH) {
				if (commit_make(step, s, r, w, &s->base_id,
						&id, err) < 0)
					return -1;
				doing[i].branch_update = push->len;
				update_add(push, heads(&p->arena,
						       step->spot->branch),
					   &step->spot->branch_id, &id);
				res->branch = step->spot->branch;
			} else {
				continue;
			}
			oid_hex(res->commit, &id);
		}
	}
	if (!oid_eq(&push->base_tip, &s->base_id)) {
		push->base = push->len;
		update_add(push, heads(&p->arena, s->base), &s->base_id,
			   &push->base_tip);
	}
	return 0;
}

static void fail(struct plan *p, struct result *res, enum err_code code,
		 const char *text)
{
	err_clear(&res->err);
	err_set(&res->err, code, "%s", text);
	res->reason = arena_strdup(&p->arena, text);
	res->action = code == ERR_REFUSED ? ACTION_REFUSED : ACTION_FAILED;
	res->commit[0] = '\0';
}

/* Why the server refused, and what there is to do. */
static const char *refusal_text(struct plan *p, const struct result *res,
				const struct doing *doing,
				const struct repo_update *u)
{
	/* git's word for somebody's checkout, which it leaves alone. */
	if (str_starts(u->message, "branch is currently checked out"))
		return arena_printf(&p->arena, "%s is checked out in that "
			"repository, and git does not push under a work tree; "
			"name a bare one with --repo, or the URL of the remote",
			u->ref);
	return arena_printf(&p->arena, "the server refused to update %s: "
		"%s%s%s", u->ref, u->message[0] ? u->message
						: "it gave no reason",
		doing->on_base ? "; if it is protected, let the token push "
			"there or set `deliver: pull-request` for " : "",
		doing->on_base ? res->environment : "");
}

/* What the push of one ref means for a result. True: planned again. */
static bool outcome_take(struct plan *p, struct result *res,
			 struct doing *doing, const struct repo_update *u)
{
	switch (u->status) {
	case REPO_PUSH_OK:
		return false;
	case REPO_PUSH_RACE:
	case REPO_PUSH_UNKNOWN:
		doing->undone = true;
		/* Not true yet, and not the last word where there is time. */
		res->reason = u->status == REPO_PUSH_RACE
			? "another push landed first"
			: "the server did not say whether it took the push";
		res->steps = NULL;
		res->commit[0] = '\0';
		return true;
	case REPO_PUSH_REFUSED:
		doing->undone = true;
		fail(p, res, ERR_REFUSED, refusal_text(p, res, doing, u));
		return false;
	}
	return false;
}

static void open_done(struct result *res, const struct forge_pr *pr)
{
	res->pr_number = pr->number;
	res->pr_url = pr->url;
}

/* False: another time it may not fail. */
static bool wish_failed(const struct result *res, const char *what,
			const struct err *err)
{
	log_warn("%s in %s: %s: %s", res->service, res->environment, what,
		 err->msg);
	return err->code != ERR_TRANSIENT;
}

/*
 * Labels and reviewers; then BODY's marker says no more that they are to be
 * asked for, as else the next run does. What the forge does not take is a
 * warning. True: all was said.
 */
static bool wishes_send(const struct rules *rules, struct world *w,
			const struct result *res, struct arena *a,
			long long number, const char *body)
{
	struct err err = { 0 };
	bool done = true;

	if (rules->labels_len &&
	    forge_add_labels(w->forge, number, rules->labels,
			     rules->labels_len, &err) < 0)
		done &= wish_failed(res, "labels", &err);
	err_clear(&err);
	if (rules->reviewers_len &&
	    forge_request_reviewers(w->forge, number, rules->reviewers,
				    rules->reviewers_len, &err) < 0)
		done &= wish_failed(res, "reviewers", &err);
	err_clear(&err);
	if (done && forge_update_pr(w->forge, number, NULL,
				    text_body_asked(a, body), &err) < 0)
		done = wish_failed(res, "its text", &err);
	return done;
}

/*
 * Without it the next run tries again, so that it does not work is a warning;
 * a forge that takes no status from this token is asked once a run.
 */
static void step_status(const struct result *res, struct doing *doing,
			const struct step *step, struct world *w)
{
	const char *head = step->head_sha ? step->head_sha : res->commit;
	struct err err = { 0 };

	if (w->statuses_refused)
		return;
	if (forge_set_status(w->forge, head, step->context, step->is_success
			     ? FORGE_STATUS_SUCCESS : FORGE_STATUS_PENDING,
			     step->description, &err) < 0) {
		w->statuses_refused = err.code == ERR_REFUSED ||
				      err.code == ERR_NOTFOUND;
		log_warn("%s in %s: the status %s was not set: %s",
			 res->service, res->environment, step->context,
			 err.msg);
		return;
	}
	doing->told = step->spot;
	doing->status = step->key;
	doing->head = head;
}

/* The step's text, with what was done since it was planned. */
static const char *body_of(struct plan *p, const struct doing *doing,
			   const struct step *step)
{
	const char *body = step->body;

	if (body && doing->told == step->spot)
		body = text_body_status(&p->arena, body, doing->status,
					doing->head);
	if (body && doing->asked == step->spot)
		body = text_body_asked(&p->arena, body);
	return body;
}

static int step_open(struct plan *p, struct result *res, const struct step *step,
		     const char *body, const struct state *s, struct world *w,
		     bool *again, struct err *err)
{
	const struct rules *rules = spot_rules(res->spot);
	struct forge_new_pr new_pr = {
		.head = step->spot->branch, .base = s->base,
		.title = step->title, .body = body,
	};
	struct forge_pr pr;
	bool existed;

	if (forge_open_pr(w->forge, &new_pr, &p->arena, &pr, &existed,
			  err) < 0) {
		if (err->code == ERR_NOTFOUND)
			err->code = ERR_RACE;	/* another run has landed it */
		return -1;
	}
	open_done(res, &pr);
	if (existed &&
	    forge_update_pr(w->forge, pr.number, step->title, body, err) < 0)
		return -1;
	*again |= rules->merge_auto;
	if (rules->labels_len || rules->reviewers_len)
		wishes_send(rules, w, res, &p->arena, pr.number, body);
	return 0;
}

/* Ask the forge to merge by itself; where it will not, a later run merges. */
static int step_arm(struct result *res, const struct step *step,
		    const char *body, struct world *w, bool *again, struct err *err)
{
	struct err arm = { 0 };
	bool merged = false;

	if (forge_arm(w->forge, step->pr, step->head_sha, FORGE_MERGE_ANY,
		      &merged, &arm) < 0) {
		log_verbose("pull request #%lld: %s", step->pr->number,
			    arm.msg);
		res->action = ACTION_PENDING;
		if (arm.code == ERR_TRANSIENT)
			return 0;
	}
	if (merged) {
		res->action = ACTION_MERGED;
		*again = true;
		return 0;
	}
	return forge_update_pr(w->forge, step->pr->number, NULL, body, err);
}

static int step_merge(struct plan *p, struct result *res,
		      const struct step *step, struct world *w, bool *again,
		      struct err *err)
{
	const char *sha = NULL;

	if (forge_merge(w->forge, step->pr->number, step->head_sha,
			FORGE_MERGE_ANY, step->title, step->message, &p->arena,
			&sha, err) < 0)
		return -1;
	if (sha)
		snprintf(res->commit, sizeof(res->commit), "%.40s", sha);
	*again = true;
	return 0;
}

static int step_update(struct doing *doing, const struct step *step,
		       const char *body, struct world *w, bool *again,
		       struct err *err)
{
	if (step->after_status && doing->told != step->spot)
		return 0;
	*again = true;
	return forge_update_pr(w->forge, step->pr->number, step->title, body,
			       err);
}

static int step_do(struct plan *p, struct result *res, struct doing *doing,
		   const struct step *step, const struct state *s,
		   struct world *w, bool *again, struct err *err)
{
	const char *body = body_of(p, doing, step);

	switch (step->kind) {
	case STEP_BASE:
	case STEP_BRANCH:
	case STEP_DELETE_BRANCH:
		return 0;	/* by push, before and after */
	case STEP_PR_OPEN:
		return step_open(p, res, step, body, s, w, again, err);
	case STEP_PR_ASK:
		if (wishes_send(spot_rules(step->spot), w, res, &p->arena,
				step->pr->number, body))
			doing->asked = step->spot;
		return 0;
	case STEP_PR_UPDATE:
		return step_update(doing, step, body, w, again, err);
	case STEP_STATUS:
		step_status(res, doing, step, w);
		return 0;
	case STEP_PR_CLOSE:
		/* Marked first, so that it is not taken for a person's no. */
		if (forge_update_pr(w->forge, step->pr->number, NULL,
				    step->body, err) < 0)
			return -1;
		return forge_close_pr(w->forge, step->pr->number, err);
	case STEP_PR_ARM:
		return step_arm(res, step, body, w, again, err);
	case STEP_PR_DISARM:
		if (forge_disarm(w->forge, step->pr, err) < 0)
			return -1;
		return forge_update_pr(w->forge, step->pr->number, NULL, body,
				       err);
	case STEP_PR_MERGE:
		return step_merge(p, res, step, w, again, err);
	}
	return 0;
}

static void forge_steps(struct plan *p, struct doing *doing,
			const struct state *s, struct world *w, bool *again)
{
	for (size_t i = 0; i < p->len; i++) {
		struct result *res = &p->results[i];
		struct err err = { 0 };

		for (struct step *step = res->steps;
		     step && !doing[i].undone; step = step->next) {
			if (step_do(p, res, &doing[i], step, s, w, again,
				    &err) == 0)
				continue;
			if (step->may_fail) {
				log_warn("%s in %s: %s", res->service,
					 res->environment, err.msg);
				err_clear(&err);
				continue;
			}
			doing[i].undone = true;
			if (err.code == ERR_RACE || err.code == ERR_WAIT) {
				/* Somebody moved it, or not yet: look again. */
				*again = true;
				res->action = ACTION_PENDING;
				res->reason = arena_strdup(&p->arena, err.msg);
			} else {
				fail(p, res, err.code, err.msg);
			}
		}
	}
}

/* Branches that are no longer wanted go last, by compare-and-swap too. */
static void branches_delete(struct plan *p, const struct doing *doing,
			    struct world *w)
{
	struct push gone = { 0 };
	struct oid none = { { 0 } };
	struct err err = { 0 };

	for (size_t i = 0; i < p->len; i++)
		for (struct step *step = p->results[i].steps;
		     step && !doing[i].undone; step = step->next)
			if (step->kind == STEP_DELETE_BRANCH)
				update_add(&gone, heads(&p->arena,
					step->spot->branch),
					&step->spot->branch_id, &none);
	if (gone.len && repo_push(w->repo, gone.updates, gone.len, false,
				  &err) < 0)
		log_warn("old branches were not deleted: %s", err.msg);
	for (size_t i = 0; i < gone.len && !err.code; i++)
		if (gone.updates[i].status == REPO_PUSH_REFUSED)
			log_warn("%s was not deleted: %s", gone.updates[i].ref,
				 gone.updates[i].message);
	free(gone.updates);
}

int act(struct plan *p, const struct state *s, const struct request *r,
	struct world *w, bool *again, struct err *err)
{
	struct push push = { .base = SIZE_MAX };
	struct doing *doing = xcalloc(p->len, sizeof(*doing));
	const char *race = NULL;
	int rc = -1;

	*again = false;
	for (size_t i = 0; i < p->len; i++)
		doing[i].branch_update = SIZE_MAX;
	if (commits_make(&push, doing, p, s, r, w, err) < 0)
		goto out;
	if (push.len) {
		log_progress("pushing %zu ref%s", push.len,
			     push.len == 1 ? "" : "s");
		if (repo_push(w->repo, push.updates, push.len, false,
			      err) < 0)
			goto out;
	}
	for (size_t i = 0; i < p->len; i++) {
		struct result *res = &p->results[i];

		if (doing[i].on_base &&
		    outcome_take(p, res, &doing[i], &push.updates[push.base]))
			race = res->reason;
		if (doing[i].branch_update != SIZE_MAX &&
		    outcome_take(p, res, &doing[i],
				 &push.updates[doing[i].branch_update]))
			race = res->reason;
	}
	/* A rollback does not wait for the forge; what is to do there follows. */
	if (r->command == CMD_ROLLBACK && push.base != SIZE_MAX && w->forge)
		*again = true;
	forge_steps(p, doing, s, w, again);
	branches_delete(p, doing, w);
	if (race) {
		err_set(err, ERR_RACE, "%s", race);
		/* Those results are not true yet. */
		for (size_t i = 0; i < p->len; i++)
			if (doing[i].undone && !p->results[i].err.code)
				p->results[i].action = ACTION_PENDING;
		goto out;
	}
	rc = 0;
out:
	free(push.updates);
	free(doing);
	return rc;
}
