#include "tests/sim/graphql.h"

#include <stdio.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/* What GraphQL can change. */

static void set_arm(struct gql *g, struct sim_pr *pr, const json_t *in)
{
	const char *method = jstr(in, "mergeMethod");

	pr->arm.at_s = sim_now(g->c->sim);
	sim_set(&pr->arm.method, str_eq(method, "SQUASH") ? "squash"
		: str_eq(method, "REBASE") ? "rebase" : "merge");
	sim_set(&pr->arm.title, json_string_value(json_object_get(
					in, "commitHeadline")));
	sim_set(&pr->arm.message, json_string_value(json_object_get(
					in, "commitBody")));
	sim_set(&pr->arm.by, g->c->user->name);
}

/* The refusals are what tools report of it; each is told by its text. */
static const char *enable(struct gql *g, struct sim_repo *r, struct sim_pr *pr,
			  const json_t *in)
{
	enum sim_merge_state st = sim_merge_state(g->c->sim, r, pr, false);

	if (!json_is_true(json_object_get(r->settings, "allow_auto_merge")))
		return "Pull request Auto merge is not allowed for this "
		       "repository";
	if (pr->closed)
		return "Pull request is closed";
	if (trap_take(g->c->sim, TRAP_CLEAN_RACE))
		return "Pull request Pull request is in clean status";
	if (!sim_rule(r, pr->base))
		return "Pull request Protected branch rules not configured for "
		       "this branch";
	if (st == SIM_CLEAN)
		return "Pull request Pull request is in clean status";
	if (st == SIM_UNSTABLE)
		return "Pull request Pull request is in unstable status";
	set_arm(g, pr, in);
	pr->arm.on = true;
	return NULL;
}

static const char *disable(struct gql *g, struct sim_repo *r,
			   struct sim_pr *pr, const json_t *in)
{
	(void)g;
	(void)r;
	(void)in;
	if (!pr->arm.on)
		return "Can't disable auto-merge for this pull request";
	pr->arm.on = false;
	return NULL;
}

static const char *enqueue(struct gql *g, struct sim_repo *r,
			   struct sim_pr *pr, const json_t *in)
{
	struct buf why = { 0 };
	bool blocked = sim_blocked(g->c->sim, r, pr, &why);

	buf_release(&why);
	if (!json_is_true(json_object_get(sim_rule(r, pr->base), "queue")))
		return "The merge queue is not enabled for this branch";
	if (pr->closed || blocked)
		return "Pull request is not in a mergeable state";
	set_arm(g, pr, in);
	pr->arm.queued = true;
	pr->arm.queue_left = trap_get(g->c->sim, TRAP_QUEUE_POLLS);
	return NULL;
}

static const char *dequeue(struct gql *g, struct sim_repo *r,
			   struct sim_pr *pr, const json_t *in)
{
	(void)g;
	(void)r;
	(void)in;
	pr->arm.queued = false;
	return NULL;
}

static const char *merge_now(struct gql *g, struct sim_repo *r,
			     struct sim_pr *pr, const json_t *in)
{
	static char text[512];	/* the lock is held */
	struct buf why = { 0 };
	const char *method = jstr(in, "mergeMethod"), *refusal;
	int status;

	method = str_eq(method, "SQUASH") ? "squash" : str_eq(method, "REBASE")
		? "rebase" : "merge";
	g->c->repo = r;
	refusal = github_merge_refusal(g->c, pr, method, &status, &why);
	if (refusal)
		snprintf(text, sizeof(text), "%s", refusal);
	buf_release(&why);
	if (refusal)
		return text;
	return sim_merge(g->c->sim, r, pr, method, json_string_value(
		json_object_get(in, "commitHeadline")), json_string_value(
		json_object_get(in, "commitBody")), g->c->user->name,
		false) == MERGE_OK ? NULL : "Base branch was modified. Review "
					    "and try the merge again.";
}

static const char *close_now(struct gql *g, struct sim_repo *r,
			     struct sim_pr *pr, const json_t *in)
{
	(void)r;
	(void)in;
	sim_close_pr(g->c->sim, pr, true);
	return NULL;
}

static const char *to_draft(struct gql *g, struct sim_repo *r,
			    struct sim_pr *pr, const json_t *in)
{
	(void)g;
	(void)r;
	(void)in;
	pr->draft = true;
	return NULL;
}

static const char *from_draft(struct gql *g, struct sim_repo *r,
			      struct sim_pr *pr, const json_t *in)
{
	(void)g;
	(void)r;
	(void)in;
	pr->draft = false;
	return NULL;
}

static const struct mutation {
	const char *name;
	const char *(*apply)(struct gql *g, struct sim_repo *r,
			     struct sim_pr *pr, const json_t *in);
} mutations[] = {
	{ "enablePullRequestAutoMerge", enable },
	{ "disablePullRequestAutoMerge", disable },
	{ "enqueuePullRequest", enqueue },
	{ "dequeuePullRequest", dequeue },
	{ "mergePullRequest", merge_now },
	{ "closePullRequest", close_now },
	{ "convertPullRequestToDraft", to_draft },
	{ "markPullRequestReadyForReview", from_draft },
};

json_t *gql_mutate(struct gql *g, const char *field, const json_t *args)
{
	const json_t *in = json_object_get(args, "input");
	const char *id = jstr(in, "pullRequestId"), *refusal = NULL;
	const char *want = jstr(in, "expectedHeadOid");
	const struct mutation *m = NULL;
	struct sim_repo *r = NULL;
	struct sim_pr *pr;

	for (size_t i = 0; i < ARRAY_LEN(mutations); i++)
		if (str_eq(mutations[i].name, field))
			m = &mutations[i];
	if (!m)
		return NULL;
	pr = gql_pr_by_id(g, *id ? id : jstr(in, "id"), &r);
	if (!pr) {
		gql_fail(g, "NOT_FOUND", field, "Could not resolve to a node with "
		     "the global id of '%s'", id);
		return json_null();
	}
	sim_settle(g->c->sim, r);
	if (!sim_can(g->c->sim, g->c->user, "write")) {
		gql_fail(g, "FORBIDDEN", field, "Resource not accessible by "
					    "personal access token");
		return json_null();
	}
	if (*want && !str_eq(want, pr->head_sha) &&
	    !trap_get(g->c->sim, TRAP_IGNORE_HEAD))
		refusal = "Head branch was modified. Review and try the merge "
			  "again.";
	if (!refusal)
		refusal = m->apply(g, r, pr, in);
	if (refusal) {
		gql_fail(g, "UNPROCESSABLE", field, "%s", refusal);
		return json_null();
	}
	sim_settle(g->c->sim, r);
	return json_pack("{s:s,s:o,s:o,s:o,s:O?}", "__typename", "Payload",
			 "pullRequest", gql_stub_pr(r, pr), "actor",
			 gql_actor(g->c->user->name), "mergeQueueEntry",
			 gql_queue_entry(r, pr), "clientMutationId",
			 json_object_get(in, "clientMutationId"));
}
