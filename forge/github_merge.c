/* GitHub: merging, auto-merge and the merge queue. */
#include "forge/github.h"

#include <string.h>

#include "bot/base/log.h"
#include "forge/merge.h"

enum { BASE_MOVED_TRIES = 3 };

#define DOING "merge the pull request"

/* GraphQL --------------------------------------------------------------------------- */

/* HOST/api/v3 has its GraphQL at HOST/api/graphql; api.github.com at /graphql. */
static const char *graphql_url(struct forge *f)
{
	const char *v3 = strstr(f->root, "/api/v3");
	struct buf *b = &f->url;

	buf_reset(b);
	if (v3 && !v3[strlen("/api/v3")])
		buf_addf(b, "%.*s/api/graphql", (int)(v3 - f->root), f->root);
	else
		buf_addf(b, "%s/graphql", f->root);
	return buf_str(b);
}

/*
 * One query or mutation. Errors come with status 200: 0 means that there is
 * an answer, whose `errors` are in OUT's text, and whose data may be null.
 */
static int graphql(struct forge *f, const char *query, json_t *variables_take,
		   const char *doing, struct forge_answer *out, struct err *err)
{
	json_t *j = json_object();
	int rc;

	js_set(j, "query", query);
	js_set_take(j, "variables", variables_take);
	rc = forge_object(f, "POST", graphql_url(f), j, doing, GH_PULLS, out,
			  err);
	if (rc == 0 && forge_says(out, "rate limit"))
		rc = err_set(err, ERR_TRANSIENT, "cannot %s: %s limits the rate "
			     "of requests (%s); run again in an hour", doing,
			     f->host, buf_str(&out->text));
	return rc;
}

static bool has_errors(const struct forge_answer *ans)
{
	return js_len(js_get(ans->json, "errors")) > 0;
}

/*
 * Answered by GraphQL only. Most repositories have no queue, so it is asked
 * for once, and then only where there is one.
 */
bool gh_in_queue(struct forge *f, const char *node_id)
{
	struct forge_answer ans = { 0 };
	struct err why = { 0 };
	json_t *vars;
	const json_t *node;
	bool in = false;

	if (!node_id || f->queue == QUEUE_NONE)
		return false;
	vars = json_object();
	js_set(vars, "id", node_id);
	/* An Enterprise Server without merge queues refuses the query. */
	if (graphql(f, "query($id:ID!){node(id:$id){...on PullRequest{"
		       "isInMergeQueue isMergeQueueEnabled}}}", vars,
		    "ask for the merge queue", &ans, &why) < 0 ||
	    has_errors(&ans)) {
		log_verbose("no merge queue is known: %s",
			    why.code ? why.msg : buf_str(&ans.text));
		if (f->queue == QUEUE_UNKNOWN)
			f->queue = QUEUE_NONE;
	} else {
		node = js_in(ans.json, "data", "node");
		in = js_bool(node, "isInMergeQueue", false);
		if (in || js_bool(node, "isMergeQueueEnabled", false))
			f->queue = QUEUE_THERE;
		else
			f->queue = QUEUE_NONE;
	}
	forge_answer_release(&ans);
	return in;
}

/* What a mutation refused: an error of ours. */
static int mutation_fail(struct forge *f, const struct forge_answer *ans,
			 const char *doing, struct err *err)
{
	const char *text = buf_str(&ans->text);

	if (forge_says(ans, "Head branch was modified") ||
	    forge_says(ans, "expected head") ||
	    forge_says(ans, "head sha") || forge_says(ans, "Head sha"))
		return err_set(err, ERR_RACE, "cannot %s: the branch has moved "
			       "(%s)", doing, text);
	if (forge_says(ans, "not accessible"))
		return err_set(err, ERR_REFUSED, "%s does not let this token "
			       "%s (%s); it needs the permissions " GH_PULLS
			       " and " GH_CONTENTS, f->host, doing, text);
	if (forge_says(ans, "not allowed"))
		return err_set(err, ERR_REFUSED, "cannot %s: %s; the "
			       "repository's settings (General, Pull Requests) "
			       "can allow it", doing, text);
	if (forge_says(ans, "draft"))
		return err_set(err, ERR_REFUSED, "cannot %s: it is a draft (%s)",
			       doing, text);
	return err_set(err, ERR_REFUSED, "cannot %s: %s", doing,
		       ans->text.len ? text : "the forge refuses it");
}

/* Merge queue ------------------------------------------------------------------------- */

static int enqueue(struct forge *f, const char *node_id, const char *head_sha,
		   struct err *err)
{
	struct forge_answer ans = { 0 };
	json_t *vars = json_object();
	int rc;

	js_set(vars, "id", node_id ? node_id : "");
	js_set(vars, "head", head_sha);
	rc = graphql(f, "mutation($id:ID!,$head:GitObjectID!){"
			"enqueuePullRequest(input:{pullRequestId:$id,"
			"expectedHeadOid:$head}){clientMutationId}}", vars,
		     "put the pull request into the merge queue", &ans, err);
	if (rc == 0 && has_errors(&ans) && !forge_says(&ans, "already in"))
		rc = mutation_fail(f, &ans, "put the pull request into the "
				   "merge queue", err);
	if (rc == 0)
		f->queue = QUEUE_THERE;
	forge_answer_release(&ans);
	return rc;
}

/* Merging ------------------------------------------------------------------------------ */

static const char *const method_words[] = {
	[FORGE_MERGE_COMMIT] = "merge",
	[FORGE_MERGE_SQUASH] = "squash",
	[FORGE_MERGE_REBASE] = "rebase",
};

/* What the repository's settings did not tell, the refusal does. */
static bool next_method(const struct forge_answer *ans,
			enum forge_merge_method *method)
{
	if (!forge_says(ans, "are not allowed on this repository") ||
	    *method == FORGE_MERGE_REBASE)
		return false;
	*method = *method == FORGE_MERGE_COMMIT ? FORGE_MERGE_SQUASH
						: FORGE_MERGE_REBASE;
	return true;
}

static json_t *merge_body(const char *head_sha, enum forge_merge_method method,
			  const char *title, const char *message)
{
	json_t *j = json_object();

	js_set(j, "sha", head_sha);
	js_set(j, "merge_method", method_words[method]);
	if (title && method != FORGE_MERGE_REBASE)
		js_set(j, "commit_title", title);
	if (message && method != FORGE_MERGE_REBASE)
		js_set(j, "commit_message", message);
	return j;
}

/* A 405 or 422 that is final for this run, by its text. */
static int not_mergeable(struct forge *f, const struct forge_answer *ans,
			 long long number, struct err *err)
{
	const char *text = buf_str(&ans->text);

	if (forge_says(ans, "are not allowed on this repository") ||
	    forge_says(ans, "not authorized"))
		return err_set(err, ERR_REFUSED, "cannot merge #%lld: %s",
			       number, text);
	if (forge_says(ans, "draft"))
		return err_set(err, ERR_REFUSED, "cannot merge #%lld: it is a "
			       "draft", number);
	if (ans->status == 405)	/* checks, approvals, conflicts */
		return err_set(err, ERR_WAIT, "#%lld cannot be merged yet: %s",
			       number, ans->text.len ? text
						     : "it is not mergeable");
	return forge_fail(f, ans, DOING, GH_CONTENTS, err);
}

static int merge_refused(struct forge *f, const struct forge_answer *ans,
			 long long number, const char *head_sha,
			 struct arena *a, const char **merge_sha,
			 struct err *err)
{
	struct forge_pr pr;
	int rc;

	if (ans->status == 403 || ans->status == 401)
		return forge_fail(f, ans, DOING, GH_CONTENTS, err);
	rc = forge_merge_look(f, number, head_sha, a, merge_sha, &pr, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (ans->status == 409)
		return err_set(err, ERR_RACE, "#%lld: %s", number,
			       ans->text.len ? buf_str(&ans->text)
					     : "the head has moved");
	if (ans->status == 405 && forge_says(ans, "merge queue")) {
		if (enqueue(f, pr.node_id, head_sha, err) < 0)
			return -1;
		return err_set(err, ERR_WAIT, "#%lld is in the merge queue and "
			       "lands by itself", number);
	}
	return not_mergeable(f, ans, number, err);
}

int gh_merge(struct forge *f, long long number, const char *head_sha,
	     enum forge_merge_method method, const char *title,
	     const char *message, struct arena *a, const char **merge_sha,
	     struct err *err)
{
	bool any = method == FORGE_MERGE_ANY;
	struct forge_answer ans = { 0 };
	int moved = 0, rc;

	if (forge_merge_pick(f, &method, err) < 0)
		return -1;
	for (;;) {
		forge_answer_release(&ans);
		rc = forge_call(f, "PUT",
				forge_repo_url(f, "/pulls/%lld/merge", number),
				merge_body(head_sha, method, title, message),
				&ans, err);
		if (rc == 0 && ans.status == 200) {
			*merge_sha = js_sha(a, js_get(ans.json, "sha"));
			break;
		}
		if (forge_doubtful(rc, &ans, err)) {
			if (rc == 0)
				forge_fail(f, &ans, DOING, NULL, err);
			rc = forge_merge_doubtful(f, number, head_sha, a,
						  merge_sha, err);
			break;
		}
		if (rc < 0)
			break;
		/* Another merge into base is not through yet. */
		if (ans.status == 405 &&
		    forge_says(&ans, "Base branch was modified") &&
		    moved < BASE_MOVED_TRIES &&
		    http_wait(f->http, (int64_t)1000 << moved)) {
			moved++;
			continue;
		}
		if (any && ans.status == 405 && next_method(&ans, &method))
			continue;
		rc = merge_refused(f, &ans, number, head_sha, a, merge_sha, err);
		break;
	}
	forge_answer_release(&ans);
	return rc;
}

/* Auto-merge ---------------------------------------------------------------------------- */

/* It has nothing to wait for: GitHub wants it merged, not armed. */
static bool mergeable_now(const struct forge_answer *ans)
{
	return forge_says(ans, "clean status") ||
	       forge_says(ans, "unstable status") ||
	       forge_says(ans, "has_hooks status") ||
	       forge_says(ans, "Protected branch rules not configured");
}

static int merge_instead(struct forge *f, const struct forge_pr *pr,
			 const char *head_sha, enum forge_merge_method method,
			 bool *merged, struct err *err)
{
	struct arena a = { 0 };
	const char *sha;
	int rc = gh_merge(f, pr->number, head_sha, method, NULL, NULL, &a, &sha,
			  err);

	/* The queue is an arming, too. */
	if (rc < 0 && err->code == ERR_WAIT && f->queue == QUEUE_THERE) {
		err_clear(err);
		rc = 0;
	} else if (rc == 0) {
		*merged = true;
	}
	arena_release(&a);
	return rc;
}

int gh_arm(struct forge *f, const struct forge_pr *pr, const char *head_sha,
	   enum forge_merge_method method, bool *merged, struct err *err)
{
	static const char *const words[] = {
		[FORGE_MERGE_COMMIT] = "MERGE",
		[FORGE_MERGE_SQUASH] = "SQUASH",
		[FORGE_MERGE_REBASE] = "REBASE",
	};
	bool any = method == FORGE_MERGE_ANY;
	struct forge_answer ans = { 0 };
	json_t *vars;
	int rc;

	if (!pr->node_id)
		return err_set(err, ERR_DATA, "%s does not name #%lld for "
			       "GraphQL, which arming needs", f->host,
			       pr->number);
	if (f->queue == QUEUE_THERE)	/* auto-merge may be off all the same */
		return enqueue(f, pr->node_id, head_sha, err);
	if (forge_merge_pick(f, &method, err) < 0)
		return -1;
	do {
		forge_answer_release(&ans);
		vars = json_object();
		js_set(vars, "id", pr->node_id);
		js_set(vars, "head", head_sha);
		js_set(vars, "method", words[method]);
		rc = graphql(f, "mutation($id:ID!,$head:GitObjectID!,"
				"$method:PullRequestMergeMethod!){"
				"enablePullRequestAutoMerge(input:{"
				"pullRequestId:$id,expectedHeadOid:$head,"
				"mergeMethod:$method}){clientMutationId}}",
			     vars, "arm auto-merge", &ans, err);
	} while (rc == 0 && any && next_method(&ans, &method));
	if (rc < 0 || !has_errors(&ans))
		goto out;
	if (mergeable_now(&ans))
		rc = merge_instead(f, pr, head_sha, method, merged, err);
	else if (forge_says(&ans, "already enabled"))
		rc = 0;
	else if (forge_says(&ans, "merge queue"))
		rc = enqueue(f, pr->node_id, head_sha, err);
	else if (forge_says(&ans, "UNKNOWN") || forge_says(&ans, "dirty status"))
		rc = err_set(err, ERR_WAIT, "#%lld cannot be armed yet: %s",
			     pr->number, buf_str(&ans.text));
	else
		rc = mutation_fail(f, &ans, "arm auto-merge", err);
out:
	forge_answer_release(&ans);
	return rc;
}

int gh_disarm(struct forge *f, const struct forge_pr *pr, struct err *err)
{
	struct forge_answer ans = { 0 };
	json_t *vars;
	bool queued;
	int rc;

	if (!pr->node_id)
		return 0;
	queued = gh_in_queue(f, pr->node_id);
	vars = json_object();
	js_set(vars, "id", pr->node_id);
	rc = graphql(f, queued ? "mutation($id:ID!){dequeuePullRequest(input:{"
				 "id:$id}){clientMutationId}}"
			       : "mutation($id:ID!){disablePullRequestAutoMerge"
				 "(input:{pullRequestId:$id}){"
				 "clientMutationId}}", vars,
		     "disarm auto-merge", &ans, err);
	if (rc == 0 && has_errors(&ans) && !forge_says(&ans, "not enabled") &&
	    !forge_says(&ans, "can't disable") && !forge_says(&ans, "not in"))
		rc = mutation_fail(f, &ans, "disarm auto-merge", err);
	forge_answer_release(&ans);
	return rc;
}
