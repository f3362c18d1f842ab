#include "tests/sim/graphql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"
#include "tests/sim/sim.h"

/*
 * GitHub's GraphQL over the same pull requests. An object is JSON with all
 * its fields, the objects it refers to as stubs {"__stub": ..., "repo": ...}
 * that are made only where the query looks into them.
 */
struct gql {
	struct sim_call *c;
	json_t *errors;
	bool voids;	/* a fault of the query: no data at all */
};

static json_t *project(struct gql *g, json_t *obj, const json_t *sel);

static void fail(struct gql *g, const char *type, const char *path,
		 const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void fail(struct gql *g, const char *type, const char *path,
		 const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;
	json_t *e;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	e = json_pack("{s:s,s:[{s:i,s:i}]}", "message", buf_str(&b),
		      "locations", "line", 1, "column", 1);
	if (type)
		json_object_set_new(e, "type", json_string(type));
	if (path)
		json_object_set_new(e, "path", json_pack("[s]", path));
	json_array_append_new(g->errors, e);
	buf_release(&b);
}

/* ---- objects ---- */

static json_t *stub(const char *what, const struct sim_repo *r)
{
	return json_pack("{s:s,s:o}", "__stub", what, "repo",
			 text_url("%s/%s", r->owner, r->name));
}

static json_t *stub_pr(const struct sim_repo *r, const struct sim_pr *pr)
{
	json_t *o = stub("pr", r);

	json_object_set_new(o, "number", json_integer(pr->number));
	return o;
}

static json_t *stub_commit(const struct sim_repo *r, const char *oid)
{
	json_t *o;

	if (!oid || !*oid)
		return json_null();
	o = stub("commit", r);
	json_object_set_new(o, "oid", json_string(oid));
	return o;
}

/* Cut by first, last and after when it is projected. */
static json_t *connection(json_t *nodes_taken)
{
	return json_pack("{s:s,s:o}", "__typename", "Connection", "nodes",
			 nodes_taken);
}

static json_t *actor(const char *login)
{
	if (!login || !*login)
		return json_null();
	return json_pack("{s:s,s:s,s:s,s:o,s:s,s:I}", "__typename", "User",
			 "login", login, "name", login, "id",
			 text_url("U_%lld", id_of(login)), "email", "",
			 "databaseId", (json_int_t)id_of(login));
}

static const char *upper(struct buf *b, const char *s)
{
	buf_reset(b);
	for (; *s; s++)
		buf_addch(b, (char)(*s >= 'a' && *s <= 'z' ? *s - 32 : *s));
	return buf_str(b);
}

static json_t *labels(struct gql *g, struct sim_repo *r, struct sim_pr *pr)
{
	json_t *all = json_array(), *v, *l;
	size_t i;

	json_array_foreach(pr->labels, i, v) {
		l = sim_label(g->c->sim, r, json_string_value(v), NULL, true);
		json_array_append_new(all, json_pack(
			"{s:s,s:o,s:O,s:O}", "__typename", "Label", "id",
			text_url("LA_%lld", (long long)json_integer_value(
				json_object_get(l, "id"))), "name",
			json_object_get(l, "name"), "color",
			json_object_get(l, "color")));
	}
	return connection(all);
}

static json_t *reviews(struct sim_repo *r, struct sim_pr *pr)
{
	json_t *all = json_array(), *v;
	size_t i;

	json_array_foreach(pr->reviews, i, v)
		json_array_append_new(all, json_pack(
			"{s:s,s:o,s:s,s:o,s:o,s:O,s:b,s:n}", "__typename",
			"PullRequestReview", "id", text_url("PRR_%lld",
				(long long)json_integer_value(
					json_object_get(v, "id"))),
			"state", json_is_true(json_object_get(v, "dismissed"))
				? "DISMISSED" : jstr(v, "state"),
			"author", actor(jstr(v, "user")), "commit",
			stub_commit(r, jstr(v, "sha")), "submittedAt",
			json_object_get(v, "at"), "isMinimized", 0,
			"minimizedReason"));
	return connection(all);
}

static json_t *requests(const struct sim_pr *pr)
{
	json_t *all = json_array(), *v;
	size_t i;

	json_array_foreach(pr->reviewers, i, v)
		json_array_append_new(all, json_pack(
			"{s:s,s:o}", "__typename", "ReviewRequest",
			"requestedReviewer", actor(json_string_value(v))));
	return connection(all);
}

static const char *decision(struct gql *g, struct sim_repo *r,
			    struct sim_pr *pr)
{
	const json_t *rule = sim_rule(r, pr->base);
	size_t wanted = (size_t)json_integer_value(json_object_get(rule,
								   "approvals"));

	if (sim_has_changes_requested(r, pr))
		return "CHANGES_REQUESTED";
	if (sim_approvals(g->c->sim, r, pr) >= wanted)
		return wanted || sim_approvals(g->c->sim, r, pr) ? "APPROVED"
								  : NULL;
	return "REVIEW_REQUIRED";
}

static json_t *auto_merge(const struct sim_pr *pr)
{
	struct buf b = { 0 };
	json_t *o;

	if (!pr->arm.on)
		return json_null();
	o = json_pack("{s:s,s:s,s:o,s:o,s:s?,s:s?,s:n}", "__typename",
		      "AutoMergeRequest", "mergeMethod",
		      upper(&b, pr->arm.method), "enabledBy",
		      actor(pr->arm.by), "enabledAt", sim_time(pr->arm.at_s),
		      "commitHeadline", pr->arm.title, "commitBody",
		      pr->arm.message, "authorEmail");
	buf_release(&b);
	return o;
}

static json_t *queue_entry(const struct sim_repo *r, const struct sim_pr *pr)
{
	if (!pr->arm.queued)
		return json_null();
	return json_pack("{s:s,s:o,s:s,s:i,s:o,s:n,s:o}", "__typename",
			 "MergeQueueEntry", "id", text_url("MQE_%lld",
			 pr->number), "state", "QUEUED", "position", 1,
			 "enqueuedAt", sim_time(pr->arm.at_s),
			 "estimatedTimeToMerge", "pullRequest", stub_pr(r, pr));
}

static json_t *commits_of(struct sim_repo *r, const struct sim_pr *pr)
{
	json_t *node = json_pack("{s:s,s:o,s:o}", "__typename",
				 "PullRequestCommit", "id",
				 text_url("PRC_%s", pr->head_sha), "commit",
				 stub_commit(r, pr->head_sha));

	return connection(json_pack("[o]", node));
}

static void pr_links(struct sim_repo *r, struct sim_pr *pr, json_t *o)
{
	char *owner = xstrndup(pr->head_repo, strcspn(pr->head_repo, "/"));
	json_t *head = stub("repo", r);
	bool cross = !str_eq(owner, r->owner) ||
		     !str_eq(pr->head_repo + strlen(owner) + 1, r->name);

	json_object_set_new(head, "repo", json_string(pr->head_repo));
	json_object_set_new(o, "headRepository", head);
	json_object_set_new(o, "headRepositoryOwner", actor(owner));
	json_object_set_new(o, "isCrossRepository", json_boolean(cross));
	json_object_set_new(o, "baseRepository", stub("repo", r));
	json_object_set_new(o, "repository", stub("repo", r));
	json_object_set_new(o, "mergeCommit", stub_commit(r, pr->merge_sha));
	json_object_set_new(o, "commits", commits_of(r, pr));
	json_object_set_new(o, "autoMergeRequest", auto_merge(pr));
	json_object_set_new(o, "mergeQueueEntry", queue_entry(r, pr));
	free(owner);
}

static json_t *pr_object(struct gql *g, struct sim_repo *r, struct sim_pr *pr)
{
	struct sim *s = g->c->sim;
	enum sim_merge_state st = sim_merge_state(s, r, pr, true);
	const char *decided = decision(g, r, pr);
	struct buf b = { 0 };
	json_t *o = json_pack(
		"{s:s,s:o,s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:b,s:b,s:b,"
		"s:s,s:s,s:o,s:s?,s:o,s:o,s:o,s:o,s:b,s:b,s:b,s:b}",
		"__typename", "PullRequest", "id",
		text_url("PR_%lld", r->id * 100000 + pr->number),
		"number", (json_int_t)pr->number, "title", pr->title, "body",
		pr->body, "headRefName", pr->head, "headRefOid", pr->head_sha,
		"baseRefName", pr->base, "baseRefOid", pr->base_sha,
		"state", pr->merged ? "MERGED" : pr->closed ? "CLOSED" : "OPEN",
		"isDraft", (int)pr->draft, "closed", (int)pr->closed,
		"merged", (int)pr->merged, "isInMergeQueue",
		(int)pr->arm.queued, "mergeable", st == SIM_UNKNOWN
		? "UNKNOWN" : st == SIM_DIRTY ? "CONFLICTING" : "MERGEABLE",
		"mergeStateStatus", upper(&b, github_state_name(st)), "author",
		actor(pr->author), "reviewDecision", decided, "createdAt",
		sim_time(pr->created_s), "updatedAt", sim_time(pr->updated_s),
		"closedAt", sim_time(pr->closed_s), "mergedAt",
		sim_time(pr->merged_s), "isMergeQueueEnabled",
		json_is_true(json_object_get(sim_rule(r, pr->base), "queue")),
		"viewerCanEnableAutoMerge", st == SIM_BLOCKED,
		"viewerCanMergeAsAdmin", 0, "viewerCanUpdateBranch", 1);

	json_object_set_new(o, "mergedBy", actor(pr->merged_by));
	json_object_set_new(o, "maintainerCanModify", json_false());
	json_object_set_new(o, "url", text_url("%s/%s/%s/pull/%lld", s->url,
					       r->owner, r->name, pr->number));
	json_object_set_new(o, "labels", labels(g, r, pr));
	json_object_set_new(o, "latestOpinionatedReviews", reviews(r, pr));
	json_object_set_new(o, "reviewRequests", requests(pr));
	json_object_set_new(o, "comments", connection(json_array()));
	json_object_set_new(o, "assignees", connection(json_array()));
	json_object_set_new(o, "statusCheckRollup", stub("rollup", r));
	json_object_set_new(json_object_get(o, "statusCheckRollup"), "oid",
			    json_string(pr->head_sha));
	pr_links(r, pr, o);
	buf_release(&b);
	return o;
}

static json_t *repo_object(struct gql *g, struct sim_repo *r)
{
	static const char *const same[][2] = {
		{ "autoMergeAllowed", "allow_auto_merge" },
		{ "mergeCommitAllowed", "allow_merge_commit" },
		{ "squashMergeAllowed", "allow_squash_merge" },
		{ "rebaseMergeAllowed", "allow_rebase_merge" },
		{ "deleteBranchOnMerge", "delete_branch_on_merge" },
		{ "isArchived", "archived" }, { "isFork", "fork" },
		{ "isPrivate", "private" },
	};
	struct buf def = { 0 };
	json_t *o;

	sim_default_branch(r, &def);
	o = json_pack("{s:s,s:o,s:s,s:o,s:o,s:s,s:{s:s,s:s,s:s,s:s,s:o}}",
		      "__typename", "Repository", "id",
		      text_url("R_%lld", r->id), "name", r->name,
		      "nameWithOwner", text_url("%s/%s", r->owner, r->name),
		      "url", text_url("%s/%s/%s", g->c->sim->url, r->owner,
				      r->name), "viewerPermission",
		      sim_can(g->c->sim, g->c->user, "admin") ? "ADMIN"
		      : sim_can(g->c->sim, g->c->user, "write") ? "WRITE"
		      : "READ", "defaultBranchRef", "__typename", "Ref",
		      "name", buf_str(&def), "prefix", "refs/heads/", "id",
		      "REF_1", "target", stub_commit(r, sim_ref(r,
							buf_str(&def))));
	json_object_set_new(o, "owner", actor(r->owner));
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		json_object_set(o, same[i][0],
				json_object_get(r->settings, same[i][1]));
	buf_release(&def);
	return o;
}

static json_t *commit_object(struct gql *g, struct sim_repo *r, const char *oid)
{
	struct buf msg = { 0 };
	json_t *o, *roll = stub("rollup", r);

	GIT(r->dir, &msg, "show", "-s", "--format=%B", oid);
	json_object_set_new(roll, "oid", json_string(oid));
	o = json_pack("{s:s,s:o,s:s,s:s,s:o,s:n,s:o}", "__typename", "Commit",
		      "id", text_url("C_%s", oid), "oid", oid, "message",
		      buf_str(&msg), "url", text_url("%s/%s/%s/commit/%s",
			g->c->sim->url, r->owner, r->name, oid), "signature",
		      "statusCheckRollup", roll);
	buf_release(&msg);
	return o;
}

static json_t *rollup(struct gql *g, struct sim_repo *r, const char *oid)
{
	json_t *all = json_array(), *v;
	struct buf b = { 0 };
	const char *word;
	size_t i;

	if (trap_get(g->c->sim, TRAP_NO_CHECKS)) {
		fail(g, "FORBIDDEN", "statusCheckRollup", "Resource not "
		     "accessible by personal access token");
		json_decref(all);
		return json_null();
	}
	json_array_foreach(json_object_get(r->statuses, oid), i, v)
		json_array_append_new(all, json_pack(
			"{s:s,s:O,s:s,s:O,s:O,s:O,s:s,s:b}", "__typename",
			"StatusContext", "context", json_object_get(v, "context"),
			"state", upper(&b, jstr(v, "state")), "description",
			json_object_get(v, "description"), "targetUrl",
			json_object_get(v, "target_url"), "createdAt",
			json_object_get(v, "at"), "id", "SC_1", "isRequired", 0));
	json_array_foreach(json_object_get(r->checks, oid), i, v) {
		json_t *run = json_pack(
			"{s:s,s:O,s:s,s:O,s:O,s:s,s:n,s:b}", "__typename",
			"CheckRun", "name", json_object_get(v, "name"),
			"status", upper(&b, jstr(v, "status")), "startedAt",
			json_object_get(v, "at"), "completedAt",
			json_object_get(v, "at"), "id", "CR_1", "detailsUrl",
			"isRequired", 0);

		json_object_set_new(run, "conclusion", *jstr(v, "conclusion")
			? json_string(upper(&b, jstr(v, "conclusion")))
			: json_null());
		json_array_append_new(all, run);
	}
	if (json_array_size(all) == 0) {
		json_decref(all);
		buf_release(&b);
		return json_null();
	}
	word = sim_checks_state(r, oid, NULL);
	v = json_pack("{s:s,s:s,s:s,s:o}", "__typename", "StatusCheckRollup",
		      "id", "SCR_1", "state", upper(&b, word), "contexts",
		      connection(all));
	buf_release(&b);
	return v;
}

static struct sim_repo *repo_of(struct gql *g, const json_t *stub_or_args)
{
	const char *full = jstr(stub_or_args, "repo");
	char *owner = xstrndup(full, strcspn(full, "/"));
	struct sim_repo *r = full[strlen(owner)] == '/'
		? sim_repo(g->c->sim, owner, full + strlen(owner) + 1) : NULL;

	free(owner);
	return r;
}

static json_t *expand(struct gql *g, const json_t *o)
{
	struct sim_repo *r = repo_of(g, o);
	const char *what = jstr(o, "__stub");
	struct sim_pr *pr;

	if (!r)
		return json_null();
	if (str_eq(what, "repo"))
		return repo_object(g, r);
	if (str_eq(what, "commit"))
		return commit_object(g, r, jstr(o, "oid"));
	if (str_eq(what, "rollup"))
		return rollup(g, r, jstr(o, "oid"));
	pr = sim_pr(r, json_integer_value(json_object_get(o, "number")));
	return pr ? pr_object(g, r, pr) : json_null();
}

/* ---- fields with arguments ---- */

static bool pr_fits(const struct sim_pr *pr, const json_t *args)
{
	const json_t *states = json_object_get(args, "states");
	const char *head = jstr(args, "headRefName");
	const char *base = jstr(args, "baseRefName");
	const char *state = pr->merged ? "MERGED" : pr->closed ? "CLOSED"
							       : "OPEN";

	return (!*head || str_eq(head, pr->head)) &&
	       (!*base || str_eq(base, pr->base)) &&
	       (json_is_string(states)
		? str_eq(json_string_value(states), state)
		: !json_array_size(states) || json_has_string(states, state));
}

/* A field of a repository that needs its arguments, or NULL. */
static json_t *repo_field(struct gql *g, json_t *obj, const char *field,
			  const json_t *args)
{
	json_t *full = json_pack("{s:O}", "repo",
				 json_object_get(obj, "nameWithOwner")), *all;
	struct sim_repo *r = repo_of(g, full);
	const char *name;
	struct sim_pr *pr;

	json_decref(full);
	if (str_eq(field, "pullRequest")) {
		pr = sim_pr(r, json_integer_value(json_object_get(args,
								  "number")));
		if (pr)
			return stub_pr(r, pr);
		fail(g, "NOT_FOUND", field, "Could not resolve to a PullRequest"
		     " with the number of %lld.", (long long)json_integer_value(
			json_object_get(args, "number")));
		return json_null();
	}
	if (str_eq(field, "pullRequests")) {
		all = json_array();
		for (size_t i = 0; i < r->prs_len; i++)
			if (pr_fits(r->prs[i], args))
				json_array_append_new(all, stub_pr(r, r->prs[i]));
		return connection(all);
	}
	if (str_eq(field, "ref")) {
		name = jstr(args, "qualifiedName");
		if (str_starts(name, "refs/heads/"))
			name += strlen("refs/heads/");
		if (!sim_ref(r, name))
			return json_null();
		return json_pack("{s:s,s:s,s:s,s:s,s:o}", "__typename", "Ref",
				 "id", "REF_1", "name", name, "prefix",
				 "refs/heads/", "target",
				 stub_commit(r, sim_ref(r, name)));
	}
	if (str_eq(field, "mergeQueue"))
		return json_is_true(json_object_get(sim_rule(
			r, jstr(args, "branch")), "queue"))
			? json_pack("{s:s,s:s,s:s}", "__typename", "MergeQueue",
				    "id", "MQ_1", "url", g->c->sim->url)
			: json_null();
	return NULL;
}

static struct sim_pr *pr_by_id(struct gql *g, const char *id,
			       struct sim_repo **r)
{
	long long n = str_starts(id, "PR_") ? strtoll(id + 3, NULL, 10) : 0;

	for (size_t i = 0; i < g->c->sim->repos_len; i++) {
		*r = g->c->sim->repos[i];
		if (n && (*r)->id == n / 100000)
			return sim_pr(*r, n % 100000);
	}
	return NULL;
}

static json_t *root_field(struct gql *g, const char *field, const json_t *args)
{
	struct sim_repo *r = NULL;
	struct sim_pr *pr;

	if (str_eq(field, "viewer"))
		return actor(g->c->user->name);
	if (str_eq(field, "rateLimit"))
		return json_pack("{s:s,s:i,s:i,s:i,s:i,s:i,s:o}", "__typename",
				 "RateLimit", "cost", 1, "limit", 5000,
				 "nodeCount", 0, "remaining", 4999, "used", 1,
				 "resetAt", sim_time(clock_now_s() + 3600));
	if (str_eq(field, "repository")) {
		r = sim_repo(g->c->sim, jstr(args, "owner"), jstr(args, "name"));
		if (!r)
			fail(g, "NOT_FOUND", field, "Could not resolve to a "
			     "Repository with the name '%s/%s'.",
			     jstr(args, "owner"), jstr(args, "name"));
		else
			sim_settle(g->c->sim, r);
		return r ? stub("repo", r) : json_null();
	}
	if (str_eq(field, "node")) {
		pr = pr_by_id(g, jstr(args, "id"), &r);
		if (!pr)
			fail(g, "NOT_FOUND", field, "Could not resolve to a "
			     "node with the global id of '%s'", jstr(args, "id"));
		else
			sim_settle(g->c->sim, r);
		return pr ? stub_pr(r, pr) : json_null();
	}
	return NULL;
}

/* ---- mutations ---- */

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

static json_t *mutate(struct gql *g, const char *field, const json_t *args)
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
	pr = pr_by_id(g, *id ? id : jstr(in, "id"), &r);
	if (!pr) {
		fail(g, "NOT_FOUND", field, "Could not resolve to a node with "
		     "the global id of '%s'", id);
		return json_null();
	}
	sim_settle(g->c->sim, r);
	if (!sim_can(g->c->sim, g->c->user, "write")) {
		fail(g, "FORBIDDEN", field, "Resource not accessible by "
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
		fail(g, "UNPROCESSABLE", field, "%s", refusal);
		return json_null();
	}
	sim_settle(g->c->sim, r);
	return json_pack("{s:s,s:o,s:o,s:o,s:O?}", "__typename", "Payload",
			 "pullRequest", stub_pr(r, pr), "actor",
			 actor(g->c->user->name), "mergeQueueEntry",
			 queue_entry(r, pr), "clientMutationId",
			 json_object_get(in, "clientMutationId"));
}

/* ---- running a query ---- */

/* nodes, edges and pages of a list, cut as the arguments say. */
static void cut(json_t *o, const json_t *args)
{
	json_t *nodes = json_object_get(o, "nodes"), *part = json_array();
	json_t *first = json_object_get(args, "first");
	json_t *last = json_object_get(args, "last");
	size_t n = json_array_size(nodes), from, to = n;

	from = (size_t)strtoull(jstr(args, "after"), NULL, 10);
	if (json_is_integer(first) &&
	    from + (size_t)json_integer_value(first) < n)
		to = from + (size_t)json_integer_value(first);
	if (json_is_integer(last) && (size_t)json_integer_value(last) < n)
		from = n - (size_t)json_integer_value(last);
	for (size_t i = from; i < to; i++)
		json_array_append(part, json_array_get(nodes, i));
	json_object_set_new(o, "totalCount", json_integer((json_int_t)n));
	json_object_set_new(o, "pageInfo", json_pack(
		"{s:s,s:b,s:o}", "__typename", "PageInfo", "hasNextPage", to < n,
		"endCursor", text_url("%zu", to)));
	json_object_set_new(o, "nodes", part);
}

static json_t *look_up(struct gql *g, json_t *obj, const char *field,
		       const json_t *args)
{
	const char *type = jstr(obj, "__typename");
	json_t *v = NULL;

	if (str_eq(type, "Query"))
		v = root_field(g, field, args);
	else if (str_eq(type, "Mutation"))
		v = mutate(g, field, args);
	else if (str_eq(type, "Repository"))
		v = repo_field(g, obj, field, args);
	if (!v && (v = json_object_get(obj, field)))
		v = json_deep_copy(v);
	if (!v) {
		fail(g, NULL, NULL, "Field '%s' doesn't exist on type '%s'",
		     field, type);
		g->voids = true;
		return json_null();
	}
	if (json_object_get(v, "__stub")) {
		json_t *full = expand(g, v);

		json_decref(v);
		v = full;
	}
	if (json_object_get(v, "nodes"))
		cut(v, args);
	return v;
}

static void project_into(struct gql *g, json_t *out, json_t *obj,
			 const json_t *sel)
{
	json_t *s, *v;
	size_t i;

	json_array_foreach(sel, i, s) {
		const char *on = jstr(s, "on"), *as = jstr(s, "as");

		if (!json_object_get(s, "field")) {
			const char *type = jstr(obj, "__typename");

			if (!*on || str_eq(on, type) || str_eq(on, "Node") ||
			    str_eq(on, "Actor"))
				project_into(g, out, obj,
					     json_object_get(s, "sel"));
			continue;
		}
		v = look_up(g, obj, jstr(s, "field"), json_object_get(s, "args"));
		json_object_set_new(out, as, project(g, v,
						     json_object_get(s, "sel")));
		json_decref(v);
	}
}

static json_t *project(struct gql *g, json_t *obj, const json_t *sel)
{
	json_t *out, *v;
	size_t i;

	if (json_is_array(obj)) {
		out = json_array();
		json_array_foreach(obj, i, v) {
			json_t *full = json_object_get(v, "__stub")
				? expand(g, v) : json_incref(v);

			json_array_append_new(out, project(g, full, sel));
			json_decref(full);
		}
		return out;
	}
	if (!json_is_object(obj) || !sel)
		return json_incref(obj);
	out = json_object();
	project_into(g, out, obj, sel);
	return out;
}

void graphql_call(struct sim_call *c)
{
	struct gql g = { .c = c, .errors = json_array() };
	struct gql_doc doc;
	json_t *root, *data = NULL;

	if (!c->user) {
		reply_error(c, 401, "This endpoint requires you to be "
				    "authenticated.");
		json_decref(g.errors);
		return;
	}
	if (!gql_parse(&doc, jstr(c->in, "query"),
		       json_object_get(c->in, "variables"))) {
		fail(&g, NULL, NULL, "%s", doc.wrong);
		g.voids = true;
	} else {
		root = json_pack("{s:s}", "__typename",
				 doc.is_mutation ? "Mutation" : "Query");
		data = project(&g, root, doc.sel);
		json_decref(root);
	}
	/* Errors come with 200 as well. */
	reply_json(c, 200, json_object());
	if (data && !g.voids)
		json_object_set(c->out.json, "data", data);
	if (json_array_size(g.errors))
		json_object_set(c->out.json, "errors", g.errors);
	json_decref(data);
	json_decref(g.errors);
	gql_release(&doc);
}
