#include "tests/sim/graphql.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/* Pull requests, repositories, commits as GraphQL has them. */

json_t *gql_stub(const char *what, const struct sim_repo *r)
{
	return json_pack("{s:s,s:o}", "__stub", what, "repo",
			 text_url("%s/%s", r->owner, r->name));
}

json_t *gql_stub_pr(const struct sim_repo *r, const struct sim_pr *pr)
{
	json_t *o = gql_stub("pr", r);

	json_object_set_new(o, "number", json_integer(pr->number));
	return o;
}

json_t *gql_stub_commit(const struct sim_repo *r, const char *oid)
{
	json_t *o;

	if (!oid || !*oid)
		return json_null();
	o = gql_stub("commit", r);
	json_object_set_new(o, "oid", json_string(oid));
	return o;
}

/* Cut by first, last and after when it is projected. */
json_t *gql_connection(json_t *nodes_taken)
{
	return json_pack("{s:s,s:o}", "__typename", "Connection", "nodes",
			 nodes_taken);
}

json_t *gql_actor(const char *login)
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
	return gql_connection(all);
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
			"author", gql_actor(jstr(v, "user")), "commit",
			gql_stub_commit(r, jstr(v, "sha")), "submittedAt",
			json_object_get(v, "at"), "isMinimized", 0,
			"minimizedReason"));
	return gql_connection(all);
}

static json_t *requests(const struct sim_pr *pr)
{
	json_t *all = json_array(), *v;
	size_t i;

	json_array_foreach(pr->reviewers, i, v)
		json_array_append_new(all, json_pack(
			"{s:s,s:o}", "__typename", "ReviewRequest",
			"requestedReviewer", gql_actor(json_string_value(v))));
	return gql_connection(all);
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
		      gql_actor(pr->arm.by), "enabledAt", sim_time(pr->arm.at_s),
		      "commitHeadline", pr->arm.title, "commitBody",
		      pr->arm.message, "authorEmail");
	buf_release(&b);
	return o;
}

json_t *gql_queue_entry(const struct sim_repo *r, const struct sim_pr *pr)
{
	if (!pr->arm.queued)
		return json_null();
	return json_pack("{s:s,s:o,s:s,s:i,s:o,s:n,s:o}", "__typename",
			 "MergeQueueEntry", "id", text_url("MQE_%lld",
			 pr->number), "state", "QUEUED", "position", 1,
			 "enqueuedAt", sim_time(pr->arm.at_s),
			 "estimatedTimeToMerge", "pullRequest", gql_stub_pr(r, pr));
}

static json_t *commits_of(struct sim_repo *r, const struct sim_pr *pr)
{
	json_t *node = json_pack("{s:s,s:o,s:o}", "__typename",
				 "PullRequestCommit", "id",
				 text_url("PRC_%s", pr->head_sha), "commit",
				 gql_stub_commit(r, pr->head_sha));

	return gql_connection(json_pack("[o]", node));
}

static void pr_links(struct sim_repo *r, struct sim_pr *pr, json_t *o)
{
	char *owner = xstrndup(pr->head_repo, strcspn(pr->head_repo, "/"));
	json_t *head = gql_stub("repo", r);
	bool cross = !str_eq(owner, r->owner) ||
		     !str_eq(pr->head_repo + strlen(owner) + 1, r->name);

	json_object_set_new(head, "repo", json_string(pr->head_repo));
	json_object_set_new(o, "headRepository", head);
	json_object_set_new(o, "headRepositoryOwner", gql_actor(owner));
	json_object_set_new(o, "isCrossRepository", json_boolean(cross));
	json_object_set_new(o, "baseRepository", gql_stub("repo", r));
	json_object_set_new(o, "repository", gql_stub("repo", r));
	json_object_set_new(o, "mergeCommit", gql_stub_commit(r, pr->merge_sha));
	json_object_set_new(o, "commits", commits_of(r, pr));
	json_object_set_new(o, "autoMergeRequest", auto_merge(pr));
	json_object_set_new(o, "mergeQueueEntry", gql_queue_entry(r, pr));
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
		gql_actor(pr->author), "reviewDecision", decided, "createdAt",
		sim_time(pr->created_s), "updatedAt", sim_time(pr->updated_s),
		"closedAt", sim_time(pr->closed_s), "mergedAt",
		sim_time(pr->merged_s), "isMergeQueueEnabled",
		json_is_true(json_object_get(sim_rule(r, pr->base), "queue")),
		"viewerCanEnableAutoMerge", st == SIM_BLOCKED,
		"viewerCanMergeAsAdmin", 0, "viewerCanUpdateBranch", 1);

	json_object_set_new(o, "mergedBy", gql_actor(pr->merged_by));
	json_object_set_new(o, "maintainerCanModify", json_false());
	json_object_set_new(o, "url", text_url("%s/%s/%s/pull/%lld", s->url,
					       r->owner, r->name, pr->number));
	json_object_set_new(o, "labels", labels(g, r, pr));
	json_object_set_new(o, "latestOpinionatedReviews", reviews(r, pr));
	json_object_set_new(o, "reviewRequests", requests(pr));
	json_object_set_new(o, "comments", gql_connection(json_array()));
	json_object_set_new(o, "assignees", gql_connection(json_array()));
	json_object_set_new(o, "statusCheckRollup", gql_stub("rollup", r));
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
		      "REF_1", "target", gql_stub_commit(r, sim_ref(r,
							buf_str(&def))));
	json_object_set_new(o, "owner", gql_actor(r->owner));
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		json_object_set(o, same[i][0],
				json_object_get(r->settings, same[i][1]));
	buf_release(&def);
	return o;
}

static json_t *commit_object(struct gql *g, struct sim_repo *r, const char *oid)
{
	struct buf msg = { 0 };
	json_t *o, *roll = gql_stub("rollup", r);

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
		gql_fail(g, "FORBIDDEN", "statusCheckRollup", "Resource not "
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
		      gql_connection(all));
	buf_release(&b);
	return v;
}

struct sim_repo *gql_repo_of(struct gql *g, const json_t *stub_or_args)
{
	const char *full = jstr(stub_or_args, "repo");
	char *owner = xstrndup(full, strcspn(full, "/"));
	struct sim_repo *r = full[strlen(owner)] == '/'
		? sim_repo(g->c->sim, owner, full + strlen(owner) + 1) : NULL;

	free(owner);
	return r;
}

json_t *gql_expand(struct gql *g, const json_t *o)
{
	struct sim_repo *r = gql_repo_of(g, o);
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
