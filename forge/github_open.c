/* GitHub: opening a pull request, and all the ways in which it says no. */
#include "forge/github.h"

#include "forge/merge.h"

enum { TRIES = 4 };	/* 1, 2 and 4 seconds between them */

#define DOING "open the pull request"

/* The open one of HEAD into BASE: 1 found, 0 there is none, -1. */
static int find_open(struct forge *f, const struct forge_new_pr *pr,
		     struct arena *a, struct forge_pr *out, struct err *err)
{
	struct forge_pr *rows;
	size_t len;

	if (gh_list_by_head(f, pr->base, pr->head, TIME_UNKNOWN, a, &rows, &len,
			    err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (rows[i].state != FORGE_PR_OPEN)
			continue;
		*out = rows[i];
		return 1;
	}
	return 0;
}

/* Just after a push, part of GitHub does not know the branch yet. */
static bool branch_not_seen(const struct forge_answer *ans)
{
	return forge_says(ans, "Head sha can't be blank") ||
	       forge_says(ans, "No commits between") ||
	       forge_says(ans, "not all refs are readable") ||
	       forge_says(ans, "head invalid") ||
	       forge_says(ans, "Head ref must be a branch");
}

/*
 * Is there a reason to try again? 0: yes, the branch is there and has
 * something that the base has not.
 */
static int look_at_branch(struct forge *f, const struct forge_new_pr *pr,
			  struct arena *a, struct err *err)
{
	struct forge_answer ans = { 0 };
	int rc = -1;

	if (forge_call(f, "GET", forge_repo_url(f, "/git/ref/heads/%s",
						forge_esc_branch(a, pr->head)),
		       NULL, &ans, err) < 0)
		goto out;
	if (ans.status == 404) {
		err_set(err, ERR_TRANSIENT, "cannot " DOING ": the branch %s "
			"is not at %s; run again", pr->head, f->host);
		goto out;
	}
	if (ans.status != 200) {
		forge_fail(f, &ans, "read the branch", GH_CONTENTS, err);
		goto out;
	}
	forge_answer_release(&ans);
	if (forge_object(f, "GET", forge_repo_url(f, "/compare/%s...%s?%s",
						  forge_esc_branch(a, pr->base),
						  forge_esc_branch(a, pr->head),
						  "per_page=1"),
			 NULL, "compare the branches", "contents: read", &ans,
			 err) < 0)
		goto out;
	if (json_is_integer(js_get(ans.json, "ahead_by")) &&
	    js_int(ans.json, "ahead_by") == 0) {
		err_set(err, ERR_NOTFOUND, "there is nothing in %s that %s "
			"has not", pr->head, pr->base);
		goto out;
	}
	rc = 0;
out:
	forge_answer_release(&ans);
	return rc;
}

static int refused(struct forge *f, const struct forge_answer *ans,
		   struct err *err)
{
	if (forge_says(ans, "not permitted to create or approve"))
		return err_set(err, ERR_REFUSED, "cannot " DOING ": the token "
			       "of GitHub Actions may not create pull requests "
			       "in %s/%s; allow it under Settings, Actions, "
			       "General, Workflow permissions, or use the token "
			       "of an app (%s)", f->owner, f->name,
			       buf_str(&ans->text));
	if (forge_says(ans, "not all refs are readable"))
		return err_set(err, ERR_REFUSED, "cannot " DOING ": %s says "
			       "that the token may not read both branches; it "
			       "needs the permission contents: read (%s)",
			       f->host, buf_str(&ans->text));
	return forge_fail(f, ans, DOING, GH_PULLS, err);
}

static json_t *new_body(const struct forge_new_pr *pr)
{
	json_t *j = json_object();

	js_set(j, "title", pr->title);
	js_set(j, "head", pr->head);
	js_set(j, "base", pr->base);
	js_set(j, "body", pr->body);
	return j;
}

int gh_open_pr(struct forge *f, const struct forge_new_pr *pr, struct arena *a,
	       struct forge_pr *out, bool *existed, struct err *err)
{
	struct forge_answer ans = { 0 };
	int64_t pause = 1000;
	int rc = -1;

	for (int i = 0; i < TRIES; i++, pause *= 2) {
		forge_answer_release(&ans);
		rc = forge_call(f, "POST", forge_repo_url(f, "/pulls"),
				new_body(pr), &ans, err);
		if (rc == 0 && ans.status == 201) {
			rc = forge_pr_read(f, ans.json, a, out, err);
			break;
		}
		if (forge_doubtful(rc, &ans, err)) {
			if (rc == 0)
				forge_fail(f, &ans, DOING, NULL, err);
			rc = forge_open_settle(f, pr, a, out, existed, true,
					       find_open, err);
			break;
		}
		if (rc < 0)
			break;
		if (ans.status == 422 && forge_says(&ans, "already exists")) {
			forge_fail(f, &ans, DOING, NULL, err);
			rc = forge_open_settle(f, pr, a, out, existed, false,
					       find_open, err);
			break;
		}
		if (ans.status != 422 || !branch_not_seen(&ans)) {
			rc = refused(f, &ans, err);
			break;
		}
		rc = look_at_branch(f, pr, a, err);
		if (rc < 0)
			break;
		if (i + 1 == TRIES || !http_wait(f->http, pause)) {
			rc = refused(f, &ans, err);
			break;
		}
	}
	forge_answer_release(&ans);
	return rc;
}
