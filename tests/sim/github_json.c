#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/*
 * Shapes of GitHub's answers, complete enough for its own description
 * (rest-api-description) to call them valid.
 */
json_t *text_url(const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;
	json_t *o;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	o = json_string(buf_str(&b));
	buf_release(&b);
	return o;
}

long long id_of(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h % 1000000 + 1;
}

static const char *api(const struct sim *s)
{
	return s->kind == SIM_GHES ? "/api/v3" : "";
}

static json_t *node_id(const char *kind, long long id)
{
	return text_url("%s_%lld", kind, id);
}

json_t *gh_user(const struct sim *s, const char *name)
{
	static const char *const urls[] = {
		"followers", "following", "gists", "starred", "subscriptions",
		"organizations", "repos", "events", "received_events",
	};
	json_t *o;

	if (!name || !*name)
		return json_null();
	o = json_pack("{s:s,s:I,s:o,s:s,s:s,s:b,s:o,s:o,s:o}", "login", name,
		      "id", (json_int_t)id_of(name), "node_id",
		      node_id("U", id_of(name)), "type", "User",
		      "gravatar_id", "", "site_admin", 0,
		      "avatar_url", text_url("%s/avatars/%s", s->url, name),
		      "url", text_url("%s%s/users/%s", s->url, api(s), name),
		      "html_url", text_url("%s/%s", s->url, name));
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct buf key = { 0 };

		buf_addf(&key, "%s_url", urls[i]);
		json_object_set_new(o, buf_str(&key), text_url(
			"%s%s/users/%s/%s", s->url, api(s), name, urls[i]));
		buf_release(&key);
	}
	return o;
}

json_t *gh_users(const struct sim *s, const json_t *names)
{
	json_t *list = json_array(), *v;
	size_t i;

	json_array_foreach(names, i, v)
		json_array_append_new(list, gh_user(s, json_string_value(v)));
	return list;
}

static json_t *team(const struct sim *s, const char *slug)
{
	const char *u = s->url, *a = api(s);

	return json_pack("{s:s,s:s,s:I,s:o,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:n,s:s,"
			 "s:I,s:I}",
			 "slug", slug, "name", slug, "id",
			 (json_int_t)id_of(slug), "node_id",
			 node_id("T", id_of(slug)), "description", "",
			 "permission", "push", "privacy", "closed",
			 "url", text_url("%s%s/teams/%s", u, a, slug),
			 "html_url", text_url("%s/teams/%s", u, slug),
			 "members_url", text_url("%s%s/teams/%s/members", u, a, slug),
			 "repositories_url", text_url("%s%s/teams/%s/repos", u, a, slug),
			 "parent", "type", "organization",
			 "organization_id", (json_int_t)1,
			 "enterprise_id", (json_int_t)1);
}

static void repo_urls(struct sim *s, struct sim_repo *r, json_t *o)
{
	static const char *const urls[] = {
		"archive", "assignees", "blobs", "branches", "collaborators",
		"comments", "commits", "compare", "contents", "contributors",
		"deployments", "downloads", "events", "forks", "git_commits",
		"git_refs", "git_tags", "hooks", "issue_comment",
		"issue_events", "issues", "keys", "labels", "languages",
		"merges", "milestones", "notifications", "pulls", "releases",
		"stargazers", "statuses", "subscribers", "subscription",
		"tags", "teams", "trees",
	};

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct buf key = { 0 };

		buf_addf(&key, "%s_url", urls[i]);
		json_object_set_new(o, buf_str(&key), text_url(
			"%s%s/repos/%s/%s/%s", s->url, api(s), r->owner,
			r->name, urls[i]));
		buf_release(&key);
	}
	json_object_set_new(o, "url", text_url("%s%s/repos/%s/%s", s->url,
					       api(s), r->owner, r->name));
	json_object_set_new(o, "html_url", text_url("%s/%s/%s", s->url,
						    r->owner, r->name));
	json_object_set_new(o, "clone_url", text_url("%s/%s/%s.git", s->url,
						     r->owner, r->name));
	json_object_set_new(o, "svn_url", text_url("%s/%s/%s", s->url,
						   r->owner, r->name));
	json_object_set_new(o, "git_url", text_url("git://127.0.0.1/%s/%s.git",
						   r->owner, r->name));
	json_object_set_new(o, "ssh_url", text_url("git@127.0.0.1:%s/%s.git",
						   r->owner, r->name));
}

json_t *gh_repo(struct sim *s, struct sim_repo *r, const struct sim_user *u,
		bool full)
{
	static const char *const zeros[] = {
		"forks", "forks_count", "open_issues", "open_issues_count",
		"stargazers_count", "watchers", "watchers_count", "size",
		"network_count", "subscribers_count",
	};
	static const char *const allows[] = {
		"allow_merge_commit", "allow_squash_merge",
		"allow_rebase_merge", "allow_auto_merge",
		"delete_branch_on_merge",
	};
	static const char *const nos[] = {
		"disabled", "has_issues", "has_projects", "has_wiki",
		"has_pages", "has_discussions", "has_downloads",
	};
	struct buf def = { 0 };
	json_t *o;

	sim_default_branch(r, &def);
	o = json_pack("{s:I,s:o,s:s,s:o,s:o,s:s,s:n,s:n,s:n,s:n,s:n,s:o,s:o,s:o}",
		      "id", (json_int_t)r->id, "node_id", node_id("R", r->id),
		      "name", r->name, "full_name",
		      text_url("%s/%s", r->owner, r->name),
		      "owner", gh_user(s, r->owner),
		      "default_branch", buf_str(&def), "description",
		      "homepage", "language", "mirror_url", "license",
		      "created_at", sim_time(0), "updated_at", sim_time(0),
		      "pushed_at", sim_time(0));
	repo_urls(s, r, o);
	for (size_t i = 0; i < ARRAY_LEN(zeros); i++)
		json_object_set_new(o, zeros[i], json_integer(0));
	for (size_t i = 0; i < ARRAY_LEN(nos); i++)
		json_object_set_new(o, nos[i], json_false());
	json_object_set(o, "private", json_object_get(r->settings, "private"));
	json_object_set(o, "fork", json_object_get(r->settings, "fork"));
	json_object_set(o, "archived", json_object_get(r->settings, "archived"));
	if (full && u)
		json_object_set_new(o, "permissions", json_pack(
			"{s:b,s:b,s:b,s:b,s:b}", "admin", sim_can(s, u, "admin"),
			"maintain", sim_can(s, u, "admin"),
			"push", sim_can(s, u, "write"),
			"triage", sim_can(s, u, "write"), "pull", 1));
	/* Below a maintainer's rights GitHub keeps the allow_* to itself. */
	for (size_t i = 0; full && sim_can(s, u, "write") &&
			   !trap_get(s, TRAP_HIDE_ALLOWS) &&
			   i < ARRAY_LEN(allows); i++)
		json_object_set(o, allows[i],
				json_object_get(r->settings, allows[i]));
	buf_release(&def);
	return o;
}

json_t *gh_label(struct sim *s, struct sim_repo *r, const json_t *label)
{
	long long id = json_integer_value(json_object_get(label, "id"));

	return json_pack("{s:I,s:o,s:o,s:s,s:s,s:s,s:b}", "id", (json_int_t)id,
			 "node_id", node_id("LA", id), "url",
			 text_url("%s%s/repos/%s/%s/labels/%s", s->url, api(s),
				  r->owner, r->name, jstr(label, "name")),
			 "name", jstr(label, "name"), "color",
			 jstr(label, "color"), "description",
			 jstr(label, "description"), "default", 0);
}

json_t *gh_labels(struct sim *s, struct sim_repo *r, const struct sim_pr *pr)
{
	json_t *list = json_array(), *v;
	size_t i;

	json_array_foreach(pr->labels, i, v)
		json_array_append_new(list, gh_label(s, r, sim_label(
			s, r, json_string_value(v), NULL, true)));
	return list;
}

static json_t *end_of(struct sim *s, struct sim_repo *r, const char *repo,
		      const char *branch, const char *sha)
{
	struct sim_repo *at = r;
	char *owner = xstrndup(repo, strcspn(repo, "/"));
	json_t *o;

	at = sim_repo(s, owner, repo + strlen(owner) + 1);
	o = json_pack("{s:o,s:s,s:s,s:o,s:o}", "label",
		      text_url("%s:%s", owner, branch), "ref", branch,
		      "sha", sha, "user", gh_user(s, owner), "repo",
		      at ? gh_repo(s, at, NULL, false) : json_null());
	free(owner);
	return o;
}

static json_t *pr_links(const char *issue, const char *pull, json_t *o)
{
	static const char *const of_pull[][2] = {
		{ "url", "" }, { "commits_url", "/commits" },
		{ "review_comments_url", "/comments" },
		{ "review_comment_url", "/comments{/number}" },
	};
	json_t *links = json_object();
	static const char *const names[][2] = {
		{ "self", "url" }, { "html", "html_url" },
		{ "issue", "issue_url" }, { "comments", "comments_url" },
		{ "review_comments", "review_comments_url" },
		{ "review_comment", "review_comment_url" },
		{ "commits", "commits_url" }, { "statuses", "statuses_url" },
	};

	for (size_t i = 0; i < ARRAY_LEN(of_pull); i++)
		json_object_set_new(o, of_pull[i][0],
				    text_url("%s%s", pull, of_pull[i][1]));
	json_object_set_new(o, "issue_url", json_string(issue));
	json_object_set_new(o, "comments_url", text_url("%s/comments", issue));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		json_object_set_new(links, names[i][0], json_pack(
			"{s:O}", "href", json_object_get(o, names[i][1])));
	return links;
}

static json_t *auto_merge(struct sim *s, const struct sim_pr *pr)
{
	if (!pr->arm.on)
		return json_null();
	return json_pack("{s:o,s:s,s:s,s:s}", "enabled_by",
			 gh_user(s, pr->arm.by), "merge_method", pr->arm.method,
			 "commit_title", pr->arm.title ? pr->arm.title : "",
			 "commit_message",
			 pr->arm.message ? pr->arm.message : "");
}

/*
 * Before a merge this names a commit, too: the one with which GitHub tried
 * whether it merges. It is on no branch, so it proves nothing.
 */
static json_t *merge_commit(const struct sim_pr *pr)
{
	char sha[65];
	size_t n = strlen(pr->seen_head);

	if (*pr->merge_sha)
		return json_string(pr->merge_sha);
	if (!pr->is_clean || n == 0)
		return json_null();
	for (size_t i = 0; i < n; i++)
		sha[i] = pr->seen_head[n - 1 - i];
	sha[n] = '\0';
	return json_string(sha);
}

static const char *const state_names[] = {
	[SIM_UNKNOWN] = "unknown", [SIM_DIRTY] = "dirty",
	[SIM_DRAFT] = "draft", [SIM_BLOCKED] = "blocked",
	[SIM_BEHIND] = "behind", [SIM_UNSTABLE] = "unstable",
	[SIM_CLEAN] = "clean",
};

const char *github_state_name(enum sim_merge_state st)
{
	return state_names[st];
}

static void pr_full(struct sim *s, struct sim_pr *pr,
		    enum sim_merge_state state, json_t *o)
{
	static const char *const zeros[] = { "review_comments", "additions",
					     "deletions" };
	json_t *can = state == SIM_UNKNOWN ? json_null()
					   : json_boolean(state != SIM_DIRTY);

	json_object_set_new(o, "merged", json_boolean(pr->merged));
	json_object_set_new(o, "mergeable", pr->closed ? json_null() : can);
	json_object_set_new(o, "rebaseable", pr->closed ? json_null() : can);
	json_object_set_new(o, "mergeable_state", json_string(
		pr->closed ? "unknown" : state_names[state]));
	json_object_set_new(o, "merged_by", gh_user(s, pr->merged_by));
	json_object_set_new(o, "comments",
			    json_integer((json_int_t)json_array_size(pr->comments)));
	json_object_set_new(o, "commits", json_integer(1));
	json_object_set_new(o, "changed_files", json_integer(1));
	json_object_set_new(o, "maintainer_can_modify", json_false());
	for (size_t i = 0; i < ARRAY_LEN(zeros); i++)
		json_object_set_new(o, zeros[i], json_integer(0));
}

json_t *gh_pr(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
	      enum sim_merge_state state, bool full)
{
	struct buf issue = { 0 }, pull = { 0 };
	json_t *o, *teams = json_array(), *v;
	size_t i;

	json_array_foreach(pr->teams, i, v)
		json_array_append_new(teams, team(s, json_string_value(v)));
	buf_addf(&issue, "%s%s/repos/%s/%s/issues/%lld", s->url, api(s),
		 r->owner, r->name, pr->number);
	buf_addf(&pull, "%s%s/repos/%s/%s/pulls/%lld", s->url, api(s),
		 r->owner, r->name, pr->number);
	o = json_pack("{s:I,s:I,s:o,s:s,s:s,s:o,s:s,s:b,s:b,s:o}",
		      "id", (json_int_t)(r->id * 100000 + pr->number),
		      "number", (json_int_t)pr->number, "node_id",
		      node_id("PR", r->id * 100000 + pr->number),
		      "state", pr->closed ? "closed" : "open",
		      "title", pr->title, "body",
		      *pr->body ? json_string(pr->body) : json_null(),
		      "author_association", "CONTRIBUTOR",
		      "draft", (int)pr->draft, "locked", 0,
		      "user", gh_user(s, pr->author));
	json_object_set_new(o, "html_url", text_url("%s/%s/%s/pull/%lld",
		s->url, r->owner, r->name, pr->number));
	json_object_set_new(o, "diff_url", text_url("%s/%s/%s/pull/%lld.diff",
		s->url, r->owner, r->name, pr->number));
	json_object_set_new(o, "patch_url", text_url("%s/%s/%s/pull/%lld.patch",
		s->url, r->owner, r->name, pr->number));
	json_object_set_new(o, "statuses_url", text_url(
		"%s%s/repos/%s/%s/statuses/%s", s->url, api(s), r->owner,
		r->name, pr->head_sha));
	json_object_set_new(o, "_links", pr_links(buf_str(&issue),
						  buf_str(&pull), o));
	json_object_set_new(o, "head", end_of(s, r, pr->head_repo, pr->head,
					      pr->head_sha));
	buf_reset(&issue);
	buf_addf(&issue, "%s/%s", r->owner, r->name);
	json_object_set_new(o, "base", end_of(s, r, buf_str(&issue), pr->base,
					      pr->base_sha));
	json_object_set_new(o, "created_at", sim_time(pr->created_s));
	json_object_set_new(o, "updated_at", sim_time(pr->updated_s));
	json_object_set_new(o, "closed_at", sim_time(pr->closed_s));
	json_object_set_new(o, "merged_at", sim_time(pr->merged_s));
	json_object_set_new(o, "merge_commit_sha", merge_commit(pr));
	json_object_set_new(o, "labels", gh_labels(s, r, pr));
	json_object_set_new(o, "milestone", json_null());
	json_object_set_new(o, "assignees", gh_users(s, pr->assignees));
	json_object_set_new(o, "assignee", gh_user(s, json_string_value(
		json_array_get(pr->assignees, 0))));
	json_object_set_new(o, "requested_reviewers",
			    gh_users(s, pr->reviewers));
	json_object_set_new(o, "requested_teams", teams);
	json_object_set_new(o, "auto_merge", auto_merge(s, pr));
	if (full)
		pr_full(s, pr, state, o);
	buf_release(&issue);
	buf_release(&pull);
	return o;
}

json_t *gh_review(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
		  const json_t *v)
{
	long long id = json_integer_value(json_object_get(v, "id"));
	json_t *html = text_url("%s/%s/%s/pull/%lld#review-%lld", s->url,
				r->owner, r->name, pr->number, id);
	json_t *pull = text_url("%s%s/repos/%s/%s/pulls/%lld", s->url, api(s),
				r->owner, r->name, pr->number);

	return json_pack("{s:I,s:o,s:o,s:s,s:s,s:s,s:O,s:o,s:o,s:s,"
			 "s:{s:{s:O},s:{s:O}}}",
			 "id", (json_int_t)id, "node_id", node_id("PRR", id),
			 "user", gh_user(s, jstr(v, "user")),
			 "body", jstr(v, "body"), "state",
			 json_is_true(json_object_get(v, "dismissed"))
				? "DISMISSED" : jstr(v, "state"),
			 "commit_id", jstr(v, "sha"), "submitted_at",
			 json_object_get(v, "at"), "html_url", html,
			 "pull_request_url", pull, "author_association",
			 "COLLABORATOR", "_links", "html", "href", html,
			 "pull_request", "href", pull);
}

json_t *gh_status(struct sim *s, struct sim_repo *r, const char *sha,
		  const json_t *v, bool with_creator)
{
	long long id = json_integer_value(json_object_get(v, "id"));
	const char *target = jstr(v, "target_url");
	json_t *o = json_pack("{s:I,s:o,s:s,s:s,s:o,s:s,s:O,s:O,s:o,s:n}",
		"id", (json_int_t)id, "node_id", node_id("SC", id),
		"state", jstr(v, "state"), "context", jstr(v, "context"),
		"target_url", *target ? json_string(target) : json_null(),
		"description", jstr(v, "description"),
		"created_at", json_object_get(v, "at"),
		"updated_at", json_object_get(v, "at"), "url",
		text_url("%s%s/repos/%s/%s/statuses/%s", s->url, api(s),
			 r->owner, r->name, sha), "avatar_url");

	if (with_creator)
		json_object_set_new(o, "creator", gh_user(s, jstr(v, "creator")));
	return o;
}

json_t *gh_check(struct sim *s, struct sim_repo *r, const char *sha,
		 const json_t *v)
{
	long long id = json_integer_value(json_object_get(v, "id"));
	bool is_done = str_eq(jstr(v, "status"), "completed");

	return json_pack("{s:I,s:o,s:s,s:s,s:s,s:o,s:O,s:o,s:o,s:o,s:n,s:n,s:n,"
			 "s:n,s:[],s:{s:n,s:n,s:n,s:i,s:s}}",
			 "id", (json_int_t)id, "node_id", node_id("CR", id),
			 "name", jstr(v, "name"), "head_sha", sha,
			 "status", jstr(v, "status"), "conclusion",
			 is_done ? json_string(jstr(v, "conclusion"))
				 : json_null(),
			 "started_at", json_object_get(v, "at"), "completed_at",
			 is_done ? json_incref(json_object_get(v, "at"))
				 : json_null(),
			 "url", text_url("%s%s/repos/%s/%s/check-runs/%lld",
					 s->url, api(s), r->owner, r->name, id),
			 "html_url", text_url("%s/%s/%s/runs/%lld", s->url,
					      r->owner, r->name, id),
			 "details_url", "external_id", "check_suite", "app",
			 "pull_requests", "output", "title", "summary", "text",
			 "annotations_count", 0, "annotations_url", s->url);
}

json_t *gh_comment(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
		   const json_t *v)
{
	long long id = json_integer_value(json_object_get(v, "id"));

	return json_pack("{s:I,s:o,s:s,s:o,s:O,s:O,s:o,s:o,s:o,s:s}",
			 "id", (json_int_t)id, "node_id", node_id("IC", id),
			 "body", jstr(v, "body"), "user",
			 gh_user(s, jstr(v, "user")),
			 "created_at", json_object_get(v, "at"),
			 "updated_at", json_object_get(v, "at"),
			 "url", text_url("%s%s/repos/%s/%s/issues/comments/%lld",
					 s->url, api(s), r->owner, r->name, id),
			 "html_url", text_url("%s/%s/%s/pull/%lld#c-%lld",
					      s->url, r->owner, r->name,
					      pr->number, id),
			 "issue_url", text_url("%s%s/repos/%s/%s/issues/%lld",
					       s->url, api(s), r->owner,
					       r->name, pr->number),
			 "author_association", "CONTRIBUTOR");
}

bool resolve(struct sim_repo *r, const char *ref, struct buf *out)
{
	struct buf spec = { 0 };
	bool ok;

	if (json_object_get(r->commits, ref)) {
		buf_addstr(out, ref);
		return true;
	}
	buf_addf(&spec, "%s^{commit}", ref);
	ok = ref[0] != '-' && GIT(r->dir, out, "rev-parse", "-q", "--verify",
				  "--end-of-options", buf_str(&spec)) == 0;
	if (!ok)
		buf_release(out);
	else if (str_eq(buf_str(out), ref))
		json_object_set_new(r->commits, ref, json_true());
	buf_release(&spec);
	return ok;
}

static json_t *person(char *name, char *mail, char *date)
{
	struct buf t = { 0 };
	json_t *o;

	time_format(&t, strtoll(date, NULL, 10));
	o = json_pack("{s:s,s:s,s:s}", "name", name, "email", mail, "date",
		      buf_str(&t));
	buf_release(&t);
	return o;
}

json_t *gh_commit(struct sim *s, struct sim_repo *r, const char *sha)
{
	struct buf b = { 0 }, msg = { 0 };
	char *f[8] = { 0 }, *save = NULL, *id;
	json_t *parents = json_array(), *o = NULL;
	size_t n = 0;

	GIT(r->dir, &b, "show", "-s",
	    "--format=%T%n%an%n%ae%n%at%n%cn%n%ce%n%ct%nx%P", sha);
	GIT(r->dir, &msg, "show", "-s", "--format=%B", sha);
	for (char *t = b.len ? strtok_r(b.data, "\n", &save) : NULL; t && n < 8;
	     t = strtok_r(NULL, "\n", &save))
		f[n++] = t;
	if (n < 8)
		goto out;
	for (id = strtok_r(f[7] + 1, " ", &save); id;
	     id = strtok_r(NULL, " ", &save))
		json_array_append_new(parents, json_pack("{s:s,s:o}", "sha", id,
			"url", text_url("%s%s/repos/%s/%s/commits/%s", s->url,
					api(s), r->owner, r->name, id)));
	o = json_pack("{s:s,s:o,s:o,s:o,s:o,s:n,s:n,s:O,"
		      "s:{s:o,s:o,s:s,s:{s:s,s:o},s:i,s:o}}",
		      "sha", sha, "node_id", text_url("C_%s", sha),
		      "url", text_url("%s%s/repos/%s/%s/commits/%s", s->url,
				      api(s), r->owner, r->name, sha),
		      "html_url", text_url("%s/%s/%s/commit/%s", s->url,
					   r->owner, r->name, sha),
		      "comments_url", text_url("%s%s/repos/%s/%s/commits/%s/"
			"comments", s->url, api(s), r->owner, r->name, sha),
		      "author", "committer", "parents", parents, "commit",
		      "author", person(f[1], f[2], f[3]),
		      "committer", person(f[4], f[5], f[6]),
		      "message", buf_str(&msg), "tree", "sha", f[0], "url",
		      text_url("%s%s/repos/%s/%s/git/trees/%s", s->url, api(s),
			       r->owner, r->name, f[0]),
		      "comment_count", 0, "url",
		      text_url("%s%s/repos/%s/%s/git/commits/%s", s->url,
			       api(s), r->owner, r->name, sha));
out:
	json_decref(parents);
	buf_release(&b);
	buf_release(&msg);
	return o;
}
