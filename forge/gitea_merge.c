/* Gitea and Forgejo: merging now, and when the checks are green. */
#include "forge/gitea.h"

#include <string.h>

#include "bot/base/log.h"
#include "forge/merge.h"

enum { MERGE_WAITS = 6 };	/* 250 ms * n^2: 23 s together */

#define DOING "merge the pull request"

static const char *const method_words[] = {
	[FORGE_MERGE_COMMIT] = "merge",
	[FORGE_MERGE_SQUASH] = "squash",
	[FORGE_MERGE_REBASE] = "rebase",
};

static json_t *merge_body(const char *head_sha, enum forge_merge_method method,
			  const char *title, const char *message,
			  bool when_green)
{
	json_t *j = json_object();

	js_set(j, "Do", method_words[method]);
	js_set(j, "head_commit_id", head_sha);
	if (title && method != FORGE_MERGE_REBASE)
		js_set(j, "MergeTitleField", title);
	if (message && method != FORGE_MERGE_REBASE)
		js_set(j, "MergeMessageField", message);
	if (when_green)
		js_set_take(j, "merge_when_checks_succeed", json_true());
	return j;
}

/* Does the forge ask for patience: is it computing, or did base move on? */
static bool try_later(const struct forge_answer *ans)
{
	if (ans->status == 405)
		return forge_says(ans, "try again later");
	if (ans->status != 409)
		return false;
	if (forge_says(ans, "push out of date"))
		return true;
	/* The push of the merge was rejected: by a rule that says so, or
	   because another merge into base came first. */
	return forge_says(ans, "PushRejected") && !forge_says(ans, "not ready") &&
	       !forge_says(ans, "protected") && !forge_says(ans, "hook") &&
	       !forge_says(ans, "allowed") && !forge_says(ans, "approv");
}

/* A refusal that is final for this run, of one that is open with its head. */
static int not_mergeable(struct forge *f, const struct forge_answer *ans,
			 long long number, struct err *err)
{
	const char *text = buf_str(&ans->text);

	if (ans->status == 423)
		return err_set(err, ERR_REFUSED, "cannot merge #%lld: %s/%s is "
			       "archived", number, f->owner, f->name);
	if (forge_says(ans, "head out of date"))
		return err_set(err, ERR_RACE, "#%lld: the head has moved",
			       number);
	if (forge_says(ans, "try again later"))
		return err_set(err, ERR_WAIT, "#%lld cannot be merged yet: it "
			       "conflicts with the base, or %s is still "
			       "computing", number, f->host);
	if (forge_says(ans, "Work in progress") || forge_says(ans, "WIP"))
		return err_set(err, ERR_REFUSED, "cannot merge #%lld: it is a "
			       "draft (work in progress)", number);
	/* With a reason in brackets it is protection that is not satisfied;
	   else it is the person whose token this is. */
	if ((forge_says(ans, "not allowed") && !forge_says(ans, "[reason:") &&
	     !forge_says(ans, "not ready")) ||
	    forge_says(ans, "merge style"))
		return err_set(err, ERR_REFUSED, "cannot merge #%lld: %s",
			       number, text);
	if (ans->status == 405 || ans->status == 409)
		return err_set(err, ERR_WAIT, "#%lld cannot be merged yet: %s",
			       number, ans->text.len ? text
						     : "the forge does not "
						       "say why");
	return forge_fail(f, ans, DOING, GT_REPO, err);
}

enum outcome { OUT_MERGED, OUT_SCHEDULED };

/* What an answer that is neither 200, 201 nor "later" means. */
static int judge(struct forge *f, const struct forge_answer *ans,
		 long long number, const char *head_sha, struct arena *a,
		 const char **merge_sha, enum outcome *outcome, struct err *err)
{
	struct forge_pr pr;
	int rc;

	if (ans->status == 401 || ans->status == 403)
		return forge_fail(f, ans, DOING, GT_REPO, err);
	if (ans->status == 409 && forge_says(ans, "scheduled")) {
		*outcome = OUT_SCHEDULED;
		return 0;
	}
	/* Merged already: 404 on old versions, 405 without a word on newer. */
	rc = forge_merge_look(f, number, head_sha, a, merge_sha, &pr, err);
	if (rc == 1) {
		*outcome = OUT_MERGED;
		return 0;
	}
	return rc < 0 ? -1 : not_mergeable(f, ans, number, err);
}

/*
 * Ask for the merge until there is a final word. Sending it again is safe:
 * it names the head, and a second merge of the same is refused.
 */
static int merge_ask(struct forge *f, long long number, const char *head_sha,
		     const json_t *body, struct arena *a,
		     const char **merge_sha, enum outcome *outcome,
		     struct err *err)
{
	struct forge_answer ans = { 0 };
	int rc;

	*outcome = OUT_MERGED;
	for (int64_t n = 1;; n++) {
		bool failed;

		forge_answer_release(&ans);
		rc = forge_call(f, "POST",
				forge_repo_url(f, "/pulls/%lld/merge", number),
				json_deep_copy(body), &ans, err);
		if (rc == 0 && (ans.status == 200 || ans.status == 201)) {
			if (ans.status == 201)
				*outcome = OUT_SCHEDULED;
			break;
		}
		failed = rc == 0 && ans.status >= 500;
		if (forge_doubtful(rc, &ans, err)) {
			if (rc == 0)
				forge_fail(f, &ans, DOING, NULL, err);
			rc = forge_merge_doubtful(f, number, head_sha, a,
						  merge_sha, err);
			if (rc == 0 || !failed || err->code != ERR_TRANSIENT)
				break;
		} else if (rc < 0) {
			break;
		}
		if ((failed || try_later(&ans)) && n <= MERGE_WAITS &&
		    http_wait(f->http, 250 * n * n)) {
			err_clear(err);
			continue;
		}
		if (!failed)
			rc = judge(f, &ans, number, head_sha, a, merge_sha,
				   outcome, err);
		break;
	}
	forge_answer_release(&ans);
	return rc;
}

/* Old servers merge whatever the head is: look at it just before. */
static int pin(struct forge *f, long long number, const char *head_sha,
	       struct arena *a, const char **merge_sha, struct err *err)
{
	struct forge_pr pr;
	bool pins;

	if (gt_version_at_least(f, 1, 16, &pins, err) < 0)
		return -1;
	if (pins)
		return 0;
	log_warn("%s is older than Gitea 1.16 and does not pin a merge to a "
		 "head; it was compared just before, which is weaker", f->host);
	return forge_merge_look(f, number, head_sha, a, merge_sha, &pr, err);
}

int gt_merge(struct forge *f, long long number, const char *head_sha,
	     enum forge_merge_method method, const char *title,
	     const char *message, struct arena *a, const char **merge_sha,
	     struct err *err)
{
	struct err ignored = { 0 };
	enum outcome outcome;
	struct forge_pr pr;
	json_t *body;
	int rc;

	if (forge_merge_pick(f, &method, err) < 0)
		return -1;
	rc = pin(f, number, head_sha, a, merge_sha, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	body = merge_body(head_sha, method, title, message, false);
	rc = merge_ask(f, number, head_sha, body, a, merge_sha, &outcome, err);
	json_decref(body);
	if (rc < 0)
		return -1;
	if (outcome == OUT_SCHEDULED)
		return err_set(err, ERR_WAIT, "#%lld is scheduled and lands by "
			       "itself", number);
	/* The answer has no body: the commit is in the pull request. */
	if (!*merge_sha &&
	    forge_merge_look(f, number, head_sha, a, merge_sha, &pr,
			     &ignored) < 0 && ignored.code == ERR_RACE)
		return err_set(err, ERR_RACE, "#%lld was merged with another "
			       "head than the one that was judged", number);
	return 0;
}

/*
 * A schedule is not pinned: the server compares the head with nothing when
 * the checks are green at last. So it is looked at before and after.
 */
int gt_arm(struct forge *f, const struct forge_pr *pr, const char *head_sha,
	   enum forge_merge_method method, bool *merged, struct err *err)
{
	const char *merge_sha = NULL;
	struct err after = { 0 };
	struct arena a = { 0 };
	enum outcome outcome;
	struct forge_pr now;
	json_t *body;
	bool arms;
	int rc;

	if (gt_version_at_least(f, 1, 17, &arms, err) < 0)
		return -1;
	if (!arms)	/* it would merge at once */
		return err_set(err, ERR_REFUSED, "%s is older than Gitea 1.17 "
			       "and has no auto-merge", f->host);
	if (forge_merge_pick(f, &method, err) < 0)
		return -1;
	rc = forge_merge_look(f, pr->number, head_sha, &a, &merge_sha, &now,
			      err);
	if (rc != 0) {
		*merged = rc == 1;
		goto out;
	}
	body = merge_body(head_sha, method, NULL, NULL, true);
	rc = merge_ask(f, pr->number, head_sha, body, &a, &merge_sha, &outcome,
		       err);
	json_decref(body);
	if (rc < 0)
		goto out;
	*merged = outcome == OUT_MERGED;
	if (forge_merge_look(f, pr->number, head_sha, &a, &merge_sha, &now,
			     &after) == 1)
		*merged = true;
	if (after.code == ERR_RACE) {
		rc = err_set(err, ERR_RACE, "%s", after.msg);
		err_clear(&after);
		if (outcome == OUT_SCHEDULED)
			gt_disarm(f, pr, &after);
	}
out:
	arena_release(&a);
	return rc < 0 ? -1 : 0;
}

int gt_disarm(struct forge *f, const struct forge_pr *pr, struct err *err)
{
	struct forge_answer ans = { 0 };
	int rc = forge_call(f, "DELETE",
			    forge_repo_url(f, "/pulls/%lld/merge", pr->number),
			    NULL, &ans, err);

	/* 404: it was not scheduled. */
	if (rc == 0 && ans.status != 204 && ans.status != 404)
		rc = forge_fail(f, &ans, "disarm auto-merge", GT_REPO, err);
	forge_answer_release(&ans);
	return rc;
}
