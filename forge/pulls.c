/* Calls that are alike on forges that are alike. */
#include "forge/call.h"

#include <string.h>

int forge_pr_get(struct forge *f, long long number, struct arena *a,
		 struct forge_pr *out, struct err *err)
{
	struct forge_answer ans = { 0 };
	int rc = forge_object(f, "GET", forge_repo_url(f, "/pulls/%lld", number),
			      NULL, "read the pull request",
			      f->ops->read_permission, &ans, err);

	if (rc < 0 && ans.status == 404)
		err->code = ERR_NOTFOUND;	/* the repository was seen before */
	if (rc == 0)
		rc = forge_pr_read(f, ans.json, a, out, err);
	forge_answer_release(&ans);
	return rc;
}

size_t forge_pr_readiness_urls(struct forge *f, long long number,
			       struct arena *a, const char *urls[2])
{
	urls[0] = arena_strdup(a, forge_repo_url(f, "/pulls/%lld", number));
	urls[1] = arena_strdup(a, forge_repo_url(f, "/pulls/%lld/reviews?%s",
						 number, f->ops->page_size));
	return 2;
}

int forge_pr_update(struct forge *f, long long number, const char *title,
		    const char *body, struct err *err)
{
	struct forge_answer ans = { 0 };
	json_t *j = json_object();
	int rc;

	if (title)
		js_set(j, "title", title);
	if (body)
		js_set(j, "body", body);
	rc = forge_object(f, "PATCH", forge_repo_url(f, "/pulls/%lld", number),
			  j, "change the pull request",
			  f->ops->write_permission, &ans, err);
	forge_answer_release(&ans);
	return rc;
}

int forge_pr_close(struct forge *f, long long number, struct err *err)
{
	struct forge_answer ans = { 0 };
	struct err ignored = { 0 };
	struct arena a = { 0 };
	json_t *j = json_object();
	struct forge_pr now;
	int rc;

	js_set(j, "state", "closed");
	rc = forge_object(f, "PATCH", forge_repo_url(f, "/pulls/%lld", number),
			  j, "close the pull request",
			  f->ops->write_permission, &ans, err);
	/* Merged or closed by now, by us or by somebody else? (Of one that is
	   merged Gitea says 412, GitHub 422.) */
	if (rc < 0 && (ans.status == 0 || ans.status == 409 ||
		       ans.status == 412 || ans.status == 422 ||
		       ans.status >= 500) &&
	    forge_pr_get(f, number, &a, &now, &ignored) == 0 &&
	    now.state != FORGE_PR_OPEN) {
		err_clear(err);
		rc = 0;
	}
	forge_answer_release(&ans);
	arena_release(&a);
	return rc;
}

/* "user" and "org/team" are two lists; a team goes by its slug alone. */
static int ask_reviewers(struct forge *f, long long number,
			 const char *const *names, size_t n,
			 struct forge_answer *out, struct err *err)
{
	json_t *j = json_object(), *users = json_array(), *teams = json_array();

	for (size_t i = 0; i < n; i++) {
		const char *slash = strchr(names[i], '/');

		json_array_append_new(slash ? teams : users,
				      js_string(slash ? slash + 1 : names[i]));
	}
	if (js_len(users))
		js_set_take(j, "reviewers", json_incref(users));
	if (js_len(teams))
		js_set_take(j, "team_reviewers", json_incref(teams));
	json_decref(users);
	json_decref(teams);
	return forge_call(f, "POST",
			  forge_repo_url(f, "/pulls/%lld/requested_reviewers",
					 number), j, out, err);
}

int forge_pr_reviewers(struct forge *f, long long number,
		       const char *const *reviewers, size_t n, struct err *err)
{
	return forge_each_or_all(f, number, reviewers, n, "ask for reviews",
				 f->ops->write_permission, "the reviewers",
				 ask_reviewers, err);
}

int forge_status_post(struct forge *f, const char *sha, const char *name,
		      const char *word, const char *description, size_t most,
		      const char *permission, struct err *err)
{
	struct forge_answer ans = { 0 };
	struct arena a = { 0 };
	json_t *j = json_object();
	int rc;

	js_set(j, "state", word);
	js_set(j, "context", name);
	js_set(j, "description", forge_cut(&a, description, most));
	rc = forge_object(f, "POST",
			  forge_repo_url(f, "/statuses/%s", forge_esc(&a, sha)),
			  j, "set a status", permission, &ans, err);
	forge_answer_release(&ans);
	arena_release(&a);
	return rc;
}
