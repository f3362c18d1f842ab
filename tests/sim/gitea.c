#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/*
 * Gitea's and Forgejo's API as the servers really behave, which is not what
 * their description says: lists that are empty are null, 500 means "gone",
 * 405 means "not yet" and "never" alike.
 */

/* 1.15 -> 115; Forgejo counts by the Gitea version it speaks of. */
static int version(const struct sim *s)
{
	const char *v = strstr(s->version, "+gitea-");
	int major = 1, minor = 23;

	v = v ? v + strlen("+gitea-") : s->version;
	if (sscanf(v, "%d.%d", &major, &minor) != 2)
		return 123;
	return major * 100 + minor;
}

static json_t *list_or_null(struct sim *s, json_t *list)
{
	if (json_array_size(list) || !trap_get(s, TRAP_NULLS))
		return list;
	json_decref(list);
	return json_null();
}

/* ---- shapes ---- */

static json_t *person(struct sim *s, const char *name)
{
	if (!name || !*name)
		return json_null();
	return json_pack("{s:I,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:s,s:o,s:b,s:b,s:s}",
			 "id", (json_int_t)id_of(name), "login", name,
			 "login_name", "", "full_name", "", "username", name,
			 "email", text_url("%s@noreply.localhost", name),
			 "avatar_url", text_url("%s/avatars/%s", s->url, name),
			 "html_url", text_url("%s/%s", s->url, name),
			 "language", "", "created", sim_time(0),
			 "is_admin", 0, "active", 1, "visibility", "public");
}

static json_t *people(struct sim *s, const json_t *names)
{
	json_t *list = json_array(), *v;
	size_t i;

	json_array_foreach(names, i, v)
		json_array_append_new(list, person(s, json_string_value(v)));
	return list_or_null(s, list);
}

static json_t *repo_json(struct sim *s, struct sim_repo *r,
			 const struct sim_user *u)
{
	static const char *const same[][2] = {
		{ "allow_merge_commits", "allow_merge_commit" },
		{ "allow_squash_merge", "allow_squash_merge" },
		{ "allow_rebase", "allow_rebase_merge" },
		{ "allow_rebase_explicit", "allow_rebase_merge" },
		{ "allow_fast_forward_only_merge", "allow_fast_forward_only" },
		{ "default_merge_style", "default_merge_style" },
		{ "default_delete_branch_after_merge", "delete_branch_on_merge" },
		{ "private", "private" }, { "archived", "archived" },
		{ "fork", "fork" },
	};
	struct buf def = { 0 };
	json_t *o;

	sim_default_branch(r, &def);
	o = json_pack("{s:I,s:o,s:s,s:o,s:s,s:n,s:s,s:o,s:o,s:o,s:o,s:o,s:b,"
		      "s:b,s:b,s:{s:b,s:b,s:b}}",
		      "id", (json_int_t)r->id, "owner", person(s, r->owner),
		      "name", r->name, "full_name",
		      text_url("%s/%s", r->owner, r->name), "description", "",
		      "parent", "default_branch", buf_str(&def),
		      "html_url", text_url("%s/%s/%s", s->url, r->owner, r->name),
		      "url", text_url("%s/api/v1/repos/%s/%s", s->url, r->owner,
				      r->name),
		      "clone_url", text_url("%s/%s/%s.git", s->url, r->owner,
					    r->name),
		      "created_at", sim_time(0), "updated_at", sim_time(0),
		      "empty", 0, "mirror", 0, "has_pull_requests", 1,
		      "permissions", "admin", sim_can(s, u, "admin"),
		      "push", sim_can(s, u, "write"), "pull", 1);
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		json_object_set(o, same[i][0],
				json_object_get(r->settings, same[i][1]));
	buf_release(&def);
	return o;
}

static json_t *label_json(struct sim *s, struct sim_repo *r, const json_t *l)
{
	return json_pack("{s:O,s:O,s:O,s:O,s:b,s:b,s:o}",
			 "id", json_object_get(l, "id"),
			 "name", json_object_get(l, "name"),
			 "color", json_object_get(l, "color"),
			 "description", json_object_get(l, "description"),
			 "exclusive", 0, "is_archived", 0, "url",
			 text_url("%s/api/v1/repos/%s/%s/labels/%lld", s->url,
				  r->owner, r->name, (long long)
				  json_integer_value(json_object_get(l, "id"))));
}

static json_t *find_label(struct sim_call *c, const json_t *want)
{
	json_t *lists[] = { c->repo->labels, c->sim->org_labels }, *v;
	size_t i;

	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		json_array_foreach(lists[k], i, v)
			if (json_equal(json_object_get(v, "id"), want) ||
			    (json_is_string(want) && version(c->sim) >= 122 &&
			     json_equal(json_object_get(v, "name"), want)))
				return v;
	return NULL;
}

static json_t *labels_json(struct sim *s, struct sim_repo *r,
			   const struct sim_pr *pr)
{
	json_t *list = json_array(), *v, *l;
	size_t i, k;

	json_array_foreach(pr->labels, i, v) {
		json_t *found = sim_label(s, r, json_string_value(v), NULL,
					  false);

		json_array_foreach(s->org_labels, k, l)
			if (!found && json_equal(json_object_get(l, "name"), v))
				found = l;
		if (found)
			json_array_append_new(list, label_json(s, r, found));
	}
	return list;
}

static json_t *end_json(struct sim_call *c, const char *full, const char *branch,
			const char *sha)
{
	char *owner = xstrndup(full, strcspn(full, "/"));
	struct sim_repo *r = sim_repo(c->sim, owner, full + strlen(owner) + 1);
	json_t *o = json_pack("{s:s,s:s,s:s,s:I,s:o}", "label", branch, "ref",
			      branch, "sha", sha, "repo_id",
			      (json_int_t)(r ? r->id : 0), "repo",
			      r ? repo_json(c->sim, r, c->user) : json_null());

	free(owner);
	return o;
}

static json_t *teams_json(struct sim_call *c, const json_t *teams)
{
	json_t *list = json_array(), *v;
	size_t i;

	json_array_foreach(teams, i, v)
		json_array_append_new(list, json_pack(
			"{s:I,s:O,s:s,s:n,s:b,s:s}", "id", (json_int_t)
			id_of(json_string_value(v)), "name", v, "description",
			"", "organization", "includes_all_repositories", 0,
			"permission", "write"));
	return list_or_null(c->sim, list);
}

static json_t *pr_json(struct sim_call *c, struct sim_pr *pr, bool is_poll)
{
	struct sim *s = c->sim;
	struct sim_repo *r = c->repo;
	enum sim_merge_state st = pr->closed ? SIM_UNKNOWN
				: sim_merge_state(s, r, pr, is_poll);
	struct buf full = { 0 };
	json_t *html = text_url("%s/%s/%s/pulls/%lld", s->url, r->owner, r->name,
				pr->number), *o;

	buf_addf(&full, "%s/%s", r->owner, r->name);
	o = json_pack("{s:I,s:I,s:O,s:O,s:s,s:s,s:s,s:o,s:b,s:b,s:b,s:b,s:I,"
		      "s:o,s:o,s:o,s:o,s:o,s:o,s:n,s:n,s:s}",
		      "id", (json_int_t)(r->id * 1000 + pr->number), "number",
		      (json_int_t)pr->number, "url", html, "html_url", html,
		      "title", pr->title, "body", pr->body, "state",
		      pr->closed ? "closed" : "open", "user",
		      person(s, pr->author), "draft", (int)pr->draft,
		      "is_locked", 0, "merged", (int)pr->merged,
		      /* One word for computing, for conflicts and for drafts. */
		      "mergeable", st != SIM_UNKNOWN && st != SIM_DIRTY &&
				   st != SIM_DRAFT,
		      "comments", (json_int_t)json_array_size(pr->comments),
		      "created_at", sim_time(pr->created_s), "updated_at",
		      sim_time(pr->updated_s), "closed_at",
		      sim_time(pr->closed_s), "merged_at",
		      sim_time(pr->merged_s), "merge_commit_sha",
		      *pr->merge_sha ? json_string(pr->merge_sha) : json_null(),
		      "merged_by", person(s, pr->merged_by), "milestone",
		      "due_date", "merge_base", pr->merge_base);
	json_object_set_new(o, "head", end_json(c, pr->head_repo, pr->head,
						pr->head_sha));
	json_object_set_new(o, "base", end_json(c, buf_str(&full), pr->base,
						pr->base_sha));
	json_object_set_new(o, "labels", labels_json(s, r, pr));
	json_object_set_new(o, "assignees", people(s, pr->assignees));
	json_object_set_new(o, "assignee", person(s, json_string_value(
		json_array_get(pr->assignees, 0))));
	json_object_set_new(o, "requested_reviewers", people(s, pr->reviewers));
	json_object_set_new(o, "requested_reviewers_teams",
			    teams_json(c, pr->teams));
	json_decref(html);
	buf_release(&full);
	return o;
}

static json_t *status_json(struct sim_call *c, const char *sha, const json_t *v)
{
	struct sim *s = c->sim;

	return json_pack("{s:O,s:O,s:O,s:O,s:O,s:o,s:O,s:O,s:o}",
			 "id", json_object_get(v, "id"),
			 "status", json_object_get(v, "state"),
			 "context", json_object_get(v, "context"),
			 "description", json_object_get(v, "description"),
			 "target_url", json_object_get(v, "target_url"),
			 "creator", person(s, jstr(v, "creator")),
			 "created_at", json_object_get(v, "at"),
			 "updated_at", json_object_get(v, "at"),
			 "url", text_url("%s/api/v1/repos/%s/%s/statuses/%s",
					 s->url, c->repo->owner, c->repo->name,
					 sha));
}

static json_t *comment_json(struct sim_call *c, struct sim_pr *pr,
			    const json_t *v)
{
	return json_pack("{s:O,s:O,s:o,s:O,s:O,s:o,s:s,s:o}",
			 "id", json_object_get(v, "id"), "body",
			 json_object_get(v, "body"), "user",
			 person(c->sim, jstr(v, "user")), "created_at",
			 json_object_get(v, "at"), "updated_at",
			 json_object_get(v, "at"), "html_url",
			 text_url("%s/%s/%s/pulls/%lld#issuecomment", c->sim->url,
				  c->repo->owner, c->repo->name, pr->number),
			 "issue_url", "", "pull_request_url",
			 text_url("%s/%s/%s/pulls/%lld", c->sim->url,
				  c->repo->owner, c->repo->name, pr->number));
}

/* ---- pull requests ---- */

static struct sim_pr *the_pr(struct sim_call *c)
{
	struct sim_pr *pr = sim_pr(c->repo, strtoll(c->arg[0], NULL, 10));

	if (!pr)
		reply_error(c, 404, "The target couldn't be found.");
	return pr;
}

static void list(struct sim_call *c)
{
	const char *state = query(c, "state"), *branch = NULL, *head = NULL;
	json_t *all = json_array();

	/* Filters came late, and under two names; older ones ignore them. */
	if (c->sim->kind == SIM_FORGEJO && atoi(c->sim->version) >= 12) {
		branch = query(c, "base");
		head = query(c, "head");
	} else if (c->sim->kind == SIM_GITEA && version(c->sim) >= 126) {
		branch = query(c, "base_branch");
	}
	for (size_t i = c->repo->prs_len; i-- > 0; ) {
		struct sim_pr *pr = c->repo->prs[i];

		if (!str_eq(state, "all") &&
		    str_eq(state, "closed") != pr->closed)
			continue;
		if ((branch && !str_eq(branch, pr->base)) ||
		    (head && !str_eq(head, pr->head)))
			continue;
		json_array_append_new(all, pr_json(c, pr, false));
	}
	reply_page(c, all, NULL);
}

static bool any_commits(struct sim_call *c, const char *base, const char *head)
{
	return GIT(c->repo->dir, NULL, "merge-base", "--is-ancestor", head,
		   base) != 0;
}

static void request(struct sim_pr *pr, const json_t *in)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(in, "reviewers"), i, v)
		if (!json_has_string(pr->reviewers, json_string_value(v)))
			json_array_append(pr->reviewers, v);
	json_array_foreach(json_object_get(in, "team_reviewers"), i, v)
		if (!json_has_string(pr->teams, json_string_value(v)))
			json_array_append(pr->teams, v);
}

static void drafts(struct sim_pr *pr)
{
	/* There is no field for it: the title says so. */
	pr->draft = !strncasecmp(pr->title, "WIP:", 4) ||
		    !strncasecmp(pr->title, "[WIP]", 5);
}

static void create(struct sim_call *c)
{
	const char *head = jstr(c->in, "head"), *base = jstr(c->in, "base");
	const char *head_sha, *base_sha;
	size_t owner_len = strcspn(head, ":"), i;
	struct buf repo = { 0 };
	struct sim_pr *pr;
	json_t *v, *l;

	if (head[owner_len] == ':' && !strncmp(head, c->repo->owner, owner_len))
		head += owner_len + 1;
	head_sha = sim_ref(c->repo, head);
	base_sha = sim_ref(c->repo, base);
	if (trap_get(c->sim, TRAP_NO_PULLS) || !head_sha || !base_sha) {
		reply_error(c, 404, "%s", trap_get(c->sim, TRAP_NO_PULLS)
			? "Can't read pulls or can't read UnitTypeCode"
			: "The target couldn't be found.");
		return;
	}
	for (i = 0; i < c->repo->prs_len; i++) {
		pr = c->repo->prs[i];
		if (pr->closed || !str_eq(pr->head, head) ||
		    !str_eq(pr->base, base))
			continue;
		reply_error(c, 409, "pull request already exists for these "
			"targets [id: %lld, issue_id: %lld, head_repo_id: %lld,"
			" base_repo_id: %lld, head_branch: %s, base_branch: "
			"%s]", pr->number, pr->number, c->repo->id, c->repo->id,
			head, base);
		return;
	}
	if (!any_commits(c, base_sha, head_sha)) {
		reply_error(c, 422, "There are no changes between the head and "
				    "the base");
		return;
	}
	if (!*jstr(c->in, "title")) {
		reply_error(c, 422, "[]: title is empty");
		return;
	}
	buf_addf(&repo, "%s/%s", c->repo->owner, c->repo->name);
	pr = sim_pr_new(c->sim, c->repo, buf_str(&repo), head, base,
			c->user->name);
	sim_set(&pr->title, jstr(c->in, "title"));
	sim_set(&pr->body, jstr(c->in, "body"));
	drafts(pr);
	if (version(c->sim) >= 126)
		request(pr, c->in);
	json_array_foreach(json_object_get(c->in, "labels"), i, v)
		if ((l = find_label(c, v)))
			json_array_append(pr->labels, json_object_get(l, "name"));
	reply_json(c, 201, pr_json(c, pr, false));
	buf_release(&repo);
}

static void get(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);

	if (pr)
		reply_json(c, 200, pr_json(c, pr, true));
}

/* GET pulls/BASE/HEAD ignores the state: the first row ever wins. */
static void get_by_branches(struct sim_call *c)
{
	for (size_t i = 0; i < c->repo->prs_len; i++) {
		struct sim_pr *pr = c->repo->prs[i];

		if (!str_eq(pr->base, c->arg[0]) || !str_eq(pr->head, c->arg[1]))
			continue;
		reply_json(c, 200, pr_json(c, pr, false));
		return;
	}
	reply_error(c, 404, "The target couldn't be found.");
}

static void edit(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	const char *state = jstr(c->in, "state");
	json_t *v;

	if (!pr)
		return;
	if (*state && pr->merged) {
		reply_error(c, 412, "cannot change state of this pull request, "
				    "it was already merged");
		return;
	}
	if ((v = json_object_get(c->in, "title")) && *json_string_value(v))
		sim_set(&pr->title, json_string_value(v));
	if ((v = json_object_get(c->in, "body")) && json_is_string(v))
		sim_set(&pr->body, json_string_value(v));
	if ((v = json_object_get(c->in, "base")) && json_is_string(v))
		sim_set(&pr->base, json_string_value(v));
	drafts(pr);
	pr->updated_s = sim_now(c->sim);
	if (*state)
		sim_close_pr(c->sim, pr, str_eq(state, "closed"));
	reply_json(c, 201, pr_json(c, pr, false));
}

static void is_merged(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);

	if (pr && pr->merged)
		reply_none(c, 204);
	else if (pr)
		reply_error(c, 404, "The target couldn't be found.");
}

/* What stands against a merge before anything is tried; true: answered. */
static bool merge_refused(struct sim_call *c, struct sim_pr *pr, bool is_auto)
{
	struct sim *s = c->sim;
	struct buf why = { 0 };
	enum sim_merge_state st;
	bool refused = true;

	if (pr->merged && version(s) >= 116)
		reply_error(c, 405, "%s", "");
	else if (pr->closed)
		reply_error(c, 404, "The target couldn't be found.");
	else if (pr->draft)
		reply_error(c, 405, "Work in progress PRs cannot be merged");
	else if (trap_take(s, TRAP_TRY_AGAIN))
		reply_error(c, 405, "Please try again later");
	else if ((st = sim_merge_state(s, c->repo, pr, true)) == SIM_DIRTY &&
		 trap_take(s, TRAP_CONFLICT_500))
		reply_error(c, 500, "%s", "");
	else if (st == SIM_DIRTY || st == SIM_UNKNOWN)
		reply_error(c, 405, "Please try again later");
	else if (is_auto)
		refused = false;
	else if (sim_blocked(s, c->repo, pr, &why) && version(s) < 117)
		/* seen on 1.15 and 1.16: the hook is what refuses */
		reply_error(c, 409, "PushRejected Error: remote: Gitea: Not "
			"allowed to push to protected branch %s and pull "
			"request #%lld is not ready to be merged", pr->base,
			pr->number);
	else if (why.len || st == SIM_BEHIND)
		reply_error(c, 405, "not allowed to merge [reason: %s]",
			    why.len ? buf_str(&why)
				    : "The head branch is behind the base branch");
	else
		refused = false;
	buf_release(&why);
	return refused;
}

static bool style_allowed(struct sim_call *c, const char *style)
{
	static const char *const rows[][2] = {
		{ "merge", "allow_merge_commit" },
		{ "rebase", "allow_rebase_merge" },
		{ "rebase-merge", "allow_rebase_merge" },
		{ "squash", "allow_squash_merge" },
		{ "fast-forward-only", "allow_fast_forward_only" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_eq(rows[i][0], style))
			return json_is_true(json_object_get(c->repo->settings,
							    rows[i][1]));
	return false;
}

/* Nothing is pending: then "when checks succeed" is now. */
static bool is_ready(struct sim_call *c, struct sim_pr *pr)
{
	enum sim_merge_state st = sim_merge_state(c->sim, c->repo, pr, false);

	return st == SIM_CLEAN;
}

static void schedule(struct sim_call *c, struct sim_pr *pr, const char *style,
		     const char *title, const char *message, bool delete_branch)
{
	if (pr->arm.on) {
		reply_error(c, 409, "pull request is already scheduled to auto "
				    "merge when checks succeed [pull_id: %lld]",
			    pr->number);
		return;
	}
	pr->arm.on = true;
	pr->arm.delete_branch = delete_branch;
	pr->arm.at_s = sim_now(c->sim);
	sim_set(&pr->arm.method, style);
	sim_set(&pr->arm.title, title);
	sim_set(&pr->arm.message, message);
	sim_set(&pr->arm.by, c->user->name);
	reply_none(c, 201);
}

static void merge(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	const char *style = jstr(c->in, "Do");
	const char *title = json_string_value(json_object_get(c->in,
							"MergeTitleField"));
	const char *message = json_string_value(json_object_get(c->in,
							"MergeMessageField"));
	const char *want = jstr(c->in, "head_commit_id");
	bool is_auto = json_is_true(json_object_get(c->in,
						    "merge_when_checks_succeed"));
	bool del = json_is_true(json_object_get(c->in,
						"delete_branch_after_merge"));
	bool checks_head = version(c->sim) >= 116 &&
			   !trap_get(c->sim, TRAP_IGNORE_HEAD);

	if (!pr)
		return;
	if (!*style) {
		reply_error(c, 422, "[Do]: Required");
	} else if (merge_refused(c, pr, is_auto)) {
		;
	} else if (!style_allowed(c, style)) {
		reply_error(c, 405, "invalid merge style");
	} else if (is_auto && !is_ready(c, pr)) {
		/* The head is checked at the merge, not here. */
		schedule(c, pr, style, title, message, del);
	} else if (*want && checks_head && !str_eq(want, pr->head_sha)) {
		reply_error(c, 409, "head out of date");
	} else if (trap_take(c->sim, TRAP_PUSH_REJECTED)) {
		reply_error(c, 409, "PushRejected Error: remote rejected: base "
				    "branch moved");
	} else {
		switch (sim_merge(c->sim, c->repo, pr, style, title, message,
				  c->user->name, del)) {
		case MERGE_OK:
			reply_none(c, 200);
			break;
		case MERGE_CONFLICT:
			reply_error(c, 409, "Merge Conflict Error");
			break;
		default:
			reply_error(c, 409, "PushOutOfDate Error: merge push "
					    "out of date");
		}
	}
}

static void unschedule(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);

	if (pr && pr->arm.on) {
		pr->arm.on = false;
		reply_none(c, 204);
	} else if (pr) {
		reply_error(c, 404, "The target couldn't be found.");
	}
}

static void request_reviewers(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	json_t *v, *all;
	size_t i;

	if (!pr)
		return;
	json_array_foreach(json_object_get(c->in, "reviewers"), i, v) {
		const char *name = json_string_value(v);

		if (!name || !sim_user(c->sim, name)) {
			reply_error(c, 404, "user does not exist [uid: 0, "
					    "name: %s]", name ? name : "");
			return;
		}
		if (str_eq(name, pr->author)) {
			reply_error(c, 422, "poster of pr can't be reviewer "
					    "[user_id: %lld, repo_id: %lld]",
				    id_of(name), c->repo->id);
			return;
		}
	}
	json_array_foreach(json_object_get(c->in, "team_reviewers"), i, v)
		if (!json_has_string(c->sim->teams, json_string_value(v))) {
			reply_error(c, 404, "team does not exist [org_id %lld, "
				    "team_id 0, name: %s]",
				    id_of(c->repo->owner), json_string_value(v));
			return;
		}
	request(pr, c->in);
	all = json_array();
	json_array_foreach(pr->reviewers, i, v)
		json_array_append_new(all, json_pack(
			"{s:I,s:o,s:s,s:s,s:s,s:b,s:o}", "id",
			(json_int_t)++c->sim->next_id, "user",
			person(c->sim, json_string_value(v)), "state",
			"REQUEST_REVIEW", "body", "", "commit_id", pr->head_sha,
			"official", 1, "submitted_at",
			sim_time(sim_now(c->sim))));
	reply_json(c, 201, all);
}

static void unrequest_reviewers(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	json_t *v;
	size_t i;

	if (!pr)
		return;
	json_array_foreach(json_object_get(c->in, "reviewers"), i, v)
		json_drop_string(pr->reviewers, json_string_value(v));
	json_array_foreach(json_object_get(c->in, "team_reviewers"), i, v)
		json_drop_string(pr->teams, json_string_value(v));
	reply_none(c, 204);
}

static void reviews(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	json_t *all, *v;
	size_t i;

	if (!pr)
		return;
	all = json_array();
	json_array_foreach(pr->reviewers, i, v)
		json_array_append_new(all, json_pack(
			"{s:I,s:o,s:n,s:s,s:s,s:s,s:b,s:b,s:b,s:i,s:o}", "id",
			(json_int_t)(1000000 + (long long)i), "user",
			person(c->sim, json_string_value(v)), "team", "state",
			"REQUEST_REVIEW", "body", "", "commit_id", "", "stale",
			0, "official", 1, "dismissed", 0, "comments_count", 0,
			"submitted_at", sim_time(pr->updated_s)));
	json_array_foreach(pr->reviews, i, v) {
		const char *st = jstr(v, "state");

		json_array_append_new(all, json_pack(
			"{s:O,s:o,s:n,s:s,s:O,s:O,s:b,s:b,s:b,s:i,s:O,s:O}",
			"id", json_object_get(v, "id"), "user",
			person(c->sim, jstr(v, "user")), "team", "state",
			str_eq(st, "CHANGES_REQUESTED") ? "REQUEST_CHANGES"
			: str_eq(st, "COMMENTED") ? "COMMENT" : st,
			"body", json_object_get(v, "body"), "commit_id",
			json_object_get(v, "sha"), "stale",
			!str_eq(jstr(v, "sha"), pr->head_sha), "official", 1,
			"dismissed", json_is_true(json_object_get(v, "dismissed")),
			"comments_count", 0, "submitted_at",
			json_object_get(v, "at"), "updated_at",
			json_object_get(v, "at")));
	}
	reply_page(c, all, NULL);
}

static void review_add(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	const char *event = jstr(c->in, "event");

	if (!pr)
		return;
	if (str_eq(c->user->name, pr->author) && !str_eq(event, "COMMENT")) {
		reply_error(c, 422, "approve your own pull is not allowed");
		return;
	}
	sim_review(c->sim, pr, c->user->name, str_eq(event, "APPROVED")
		? "APPROVED" : str_eq(event, "REQUEST_CHANGES")
		? "CHANGES_REQUESTED" : "COMMENTED", jstr(c->in, "body"));
	reply_json(c, 200, json_pack("{s:s}", "state", event));
}

static void files(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	struct buf range = { 0 }, out = { 0 };
	json_t *all;
	char *name, *save = NULL;

	if (!pr)
		return;
	all = json_array();
	buf_addf(&range, "%s...%s", pr->base_sha, pr->head_sha);
	GIT(c->repo->dir, &out, "diff", "--name-only", "--no-renames",
	    buf_str(&range));
	for (name = out.len ? strtok_r(out.data, "\n", &save) : NULL; name;
	     name = strtok_r(NULL, "\n", &save))
		json_array_append_new(all, json_pack(
			"{s:s,s:s,s:i,s:i,s:i}", "filename", name, "status",
			"changed", "additions", 1, "deletions", 1, "changes", 2));
	reply_page(c, all, NULL);
	buf_release(&range);
	buf_release(&out);
}

static void update(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);

	if (!pr)
		return;
	if (sim_update_branch(c->sim, c->repo, pr, c->user->name) == MERGE_OK)
		reply_none(c, 200);
	else
		reply_error(c, 409, "merge failed because of conflict");
}

/* ---- labels, comments, issues ---- */

static void labels_get(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);

	if (pr)
		reply_json(c, 200, labels_json(c->sim, c->repo, pr));
}

/* By id; by name since 1.22. What is not known is left out silently. */
static void labels_add(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	json_t *v, *l;
	size_t i;

	if (!pr)
		return;
	if (str_eq(c->method, "PUT"))
		json_array_clear(pr->labels);
	json_array_foreach(json_object_get(c->in, "labels"), i, v) {
		if (json_is_string(v) && version(c->sim) < 122) {
			reply_error(c, 422, "json: cannot unmarshal string into "
				"Go struct field IssueLabelsOption.labels of "
				"type int64");
			return;
		}
		l = find_label(c, v);
		if (l && !json_has_string(pr->labels, jstr(l, "name")))
			json_array_append(pr->labels, json_object_get(l, "name"));
	}
	labels_get(c);
}

static void repo_labels(struct sim_call *c)
{
	json_t *all = json_array(), *v;
	size_t i;

	json_array_foreach(c->repo->labels, i, v)
		json_array_append_new(all, label_json(c->sim, c->repo, v));
	reply_page(c, all, NULL);
}

/* Two labels of one name are two labels here. */
static void repo_label_add(struct sim_call *c)
{
	const char *name = jstr(c->in, "name"), *color = jstr(c->in, "color");
	json_t *v;

	if (*color == '#')
		color++;
	if (!*name || strspn(color, "0123456789abcdefABCDEF") != 6) {
		reply_error(c, 422, "%s", *name ? "bad color code" : "[Name]: "
						  "Required");
		return;
	}
	v = json_pack("{s:I,s:s,s:s,s:s}", "id", (json_int_t)++c->sim->next_id,
		      "name", name, "color", color, "description",
		      jstr(c->in, "description"));
	json_array_append_new(c->repo->labels, v);
	reply_json(c, 201, label_json(c->sim, c->repo, v));
}

static void comments_get(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	json_t *all, *v;
	size_t i;

	if (!pr)
		return;
	all = json_array();
	json_array_foreach(pr->comments, i, v)
		json_array_append_new(all, comment_json(c, pr, v));
	reply_json(c, 200, all);
}

static void comment_add(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	json_t *v;

	if (!pr)
		return;
	v = json_pack("{s:I,s:s,s:s,s:o}", "id", (json_int_t)++c->sim->next_id,
		      "user", c->user->name, "body", jstr(c->in, "body"), "at",
		      sim_time(sim_now(c->sim)));
	json_array_append_new(pr->comments, v);
	reply_json(c, 201, comment_json(c, pr, v));
}

static void comment_edit(struct sim_call *c)
{
	long long id = strtoll(c->arg[0], NULL, 10);
	json_t *v;

	for (size_t i = 0; i < c->repo->prs_len; i++) {
		struct sim_pr *pr = c->repo->prs[i];

		for (size_t k = 0; k < json_array_size(pr->comments); k++) {
			v = json_array_get(pr->comments, k);
			if (json_integer_value(json_object_get(v, "id")) != id)
				continue;
			if (str_eq(c->method, "DELETE")) {
				json_array_remove(pr->comments, k);
				reply_none(c, 204);
				return;
			}
			json_object_set(v, "body", json_object_get(c->in, "body"));
			reply_json(c, 200, comment_json(c, pr, v));
			return;
		}
	}
	reply_error(c, 404, "The target couldn't be found.");
}

/* ---- commits, branches, statuses ---- */

static bool unknown_commit(struct sim_call *c, struct buf *sha)
{
	if (resolve(c->repo, c->arg[0], sha))
		return false;
	if (trap_get(c->sim, TRAP_UNKNOWN_COMMIT_500))
		reply_error(c, 500, "%s", "");
	else
		reply_error(c, 404, "The target couldn't be found.");
	return true;
}

static void status_add(struct sim_call *c)
{
	static const char *const words[] = { "pending", "success", "error",
					     "failure", "warning", "skipped" };
	const char *context = jstr(c->in, "context");
	const char *state = jstr(c->in, "state");
	struct buf sha = { 0 };
	bool known = false;
	json_t *l;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		known |= str_eq(words[i], state);
	if (trap_get(c->sim, TRAP_NO_STATUSES)) {
		reply_error(c, 404, "The target couldn't be found.");
	} else if (!unknown_commit(c, &sha)) {
		if (!known) {
			reply_error(c, 422, "[State]: unknown");
			goto out;
		}
		sim_add_status(c->sim, c->repo, buf_str(&sha),
			       *context ? context : "default", state,
			       jstr(c->in, "description"),
			       jstr(c->in, "target_url"), c->user->name);
		l = json_object_get(c->repo->statuses, buf_str(&sha));
		reply_json(c, 201, status_json(c, buf_str(&sha), json_array_get(
			l, json_array_size(l) - 1)));
	}
out:
	buf_release(&sha);
}

static json_t *newest(struct sim_call *c, const char *sha)
{
	json_t *by_name = json_object(), *all = json_array(), *v;
	const char *name;
	size_t i;

	json_array_foreach(json_object_get(c->repo->statuses, sha), i, v)
		json_object_set(by_name, jstr(v, "context"), v);
	json_object_foreach(by_name, name, v)
		json_array_append_new(all, status_json(c, sha, v));
	json_decref(by_name);
	return all;
}

static int gravity(const char *state)
{
	static const char *const order[] = { "skipped", "success", "warning",
					     "pending", "failure", "error" };

	for (int i = 0; i < (int)ARRAY_LEN(order); i++)
		if (str_eq(order[i], state))
			return i;
	return 0;
}

static void status_combined(struct sim_call *c)
{
	struct buf sha = { 0 };
	const char *word = "";
	json_t *all, *v;
	size_t i, n;

	if (unknown_commit(c, &sha))
		return;
	all = newest(c, buf_str(&sha));
	n = json_array_size(all);
	json_array_foreach(all, i, v)
		if (!*word || gravity(jstr(v, "status")) > gravity(word))
			word = jstr(v, "status");
	reply_header(c, "X-Total-Count", "%zu", n);
	/* None at all: state "", not "pending"; sha "" and statuses null. */
	reply_json(c, 200, json_pack(
		"{s:s,s:s,s:I,s:o,s:s,s:s,s:o}", "state", word, "sha",
		n ? buf_str(&sha) : "", "total_count", (json_int_t)n,
		"statuses", list_or_null(c->sim, json_incref(all)),
		"commit_url", "", "url", "", "repository",
		n ? repo_json(c->sim, c->repo, c->user) : json_null()));
	json_decref(all);
	buf_release(&sha);
}

static void status_list(struct sim_call *c)
{
	struct buf sha = { 0 };
	json_t *all = json_array(), *l;

	if (!unknown_commit(c, &sha)) {
		l = json_object_get(c->repo->statuses, buf_str(&sha));
		for (size_t i = json_array_size(l); i-- > 0; )
			json_array_append_new(all, status_json(
				c, buf_str(&sha), json_array_get(l, i)));
		reply_page(c, json_incref(all), NULL);
	}
	json_decref(all);
	buf_release(&sha);
}

static void branch_get(struct sim_call *c)
{
	const char *sha = sim_ref(c->repo, c->arg[0]);
	const json_t *rule = sim_rule(c->repo, c->arg[0]);
	json_t *need = json_object_get(rule, "contexts");

	if (!sha) {
		reply_error(c, 404, "The target couldn't be found.");
		return;
	}
	reply_json(c, 200, json_pack(
		"{s:s,s:b,s:b,s:b,s:I,s:b,s:o,s:s,s:{s:s,s:s,s:s}}",
		"name", c->arg[0], "protected", rule != NULL, "user_can_push",
		!json_is_true(json_object_get(rule, "block_push")),
		"user_can_merge", 1, "required_approvals",
		(json_int_t)json_integer_value(json_object_get(rule, "approvals")),
		"enable_status_check", json_array_size(need) > 0,
		"status_check_contexts", need ? json_incref(need) : json_array(),
		"effective_branch_protection_name", rule ? c->arg[0] : "",
		"commit", "id", sha, "message", "", "url", ""));
}

static void branch_delete(struct sim_call *c)
{
	struct buf ref = { 0 };

	buf_addf(&ref, "refs/heads/%s", c->arg[0]);
	if (!sim_ref(c->repo, c->arg[0])) {
		if (version(c->sim) < 117 ||
		    trap_get(c->sim, TRAP_GONE_BRANCH_500))
			reply_error(c, 500, "%s", "");
		else
			reply_error(c, 404, "The target couldn't be found.");
	} else if (sim_rule(c->repo, c->arg[0])) {
		reply_error(c, 403, "branch protected");
	} else {
		GIT(c->repo->dir, NULL, "update-ref", "-d", buf_str(&ref));
		reply_none(c, 204);
	}
	buf_release(&ref);
}

static void refs_get(struct sim_call *c)
{
	struct buf ref = { 0 };
	json_t *all = json_array(), *v;
	const char *name;

	buf_addf(&ref, "refs/%s", c->arg[0]);
	json_object_foreach(c->repo->refs, name, v)
		if (str_starts(name, buf_str(&ref)))
			json_array_append_new(all, json_pack(
				"{s:s,s:s,s:{s:s,s:O,s:s}}", "ref", name, "url",
				"", "object", "type", "commit", "sha", v, "url",
				""));
	if (json_array_size(all) == 0)
		reply_error(c, 404, "The target couldn't be found.");
	else
		reply_json(c, 200, json_incref(all));
	json_decref(all);
	buf_release(&ref);
}

static void protections(struct sim_call *c)
{
	json_t *all = json_array(), *rule;
	const char *name;

	json_object_foreach(c->repo->protected, name, rule)
		json_array_append_new(all, json_pack(
			"{s:s,s:s,s:I,s:b,s:O?,s:b}", "branch_name", name,
			"rule_name", name, "required_approvals", (json_int_t)
			json_integer_value(json_object_get(rule, "approvals")),
			"enable_status_check",
			json_array_size(json_object_get(rule, "contexts")) > 0,
			"status_check_contexts", json_object_get(rule, "contexts"),
			"dismiss_stale_approvals",
			json_is_true(json_object_get(rule, "dismiss_stale"))));
	reply_json(c, 200, all);
}

static void commit_get(struct sim_call *c)
{
	struct buf sha = { 0 };

	if (resolve(c->repo, c->arg[0], &sha))
		reply_json(c, 200, gh_commit(c->sim, c->repo, buf_str(&sha)));
	else
		reply_error(c, 404, "The target couldn't be found.");
	buf_release(&sha);
}

static void contents_get(struct sim_call *c)
{
	json_t *o = shared_contents(c, query(c, "ref"), c->arg[0]);

	if (o)
		reply_json(c, 200, o);
	else
		reply_error(c, 404, "The target couldn't be found.");
}

static void compare(struct sim_call *c)
{
	char *dots = strstr(c->arg[0], "...");
	struct buf a = { 0 }, b = { 0 }, range = { 0 }, n = { 0 };

	if (dots)
		*dots = '\0';
	if (dots && resolve(c->repo, c->arg[0], &a) &&
	    resolve(c->repo, dots + 3, &b)) {
		buf_addf(&range, "%s..%s", buf_str(&a), buf_str(&b));
		GIT(c->repo->dir, &n, "rev-list", "--count", buf_str(&range));
		reply_json(c, 200, json_pack("{s:I,s:[]}", "total_commits",
			(json_int_t)strtoll(buf_str(&n), NULL, 10), "commits"));
	} else {
		reply_error(c, 404, "The target couldn't be found.");
	}
	buf_release(&a);
	buf_release(&b);
	buf_release(&range);
	buf_release(&n);
}

static void repo_get(struct sim_call *c)
{
	reply_json(c, 200, repo_json(c->sim, c->repo, c->user));
}

static void can_review(struct sim_call *c)
{
	json_t *all = json_array();

	for (struct sim_user *u = c->sim->users; u; u = u->next)
		json_array_append_new(all, person(c->sim, u->name));
	reply_json(c, 200, all);
}

static const struct sim_route of_repo[] = {
	{ "GET", "", repo_get },
	{ "GET", "/pulls", list },
	{ "POST", "/pulls", create },
	{ "GET", "/pulls/:n", get },
	{ "PATCH", "/pulls/:n", edit },
	{ "GET", "/pulls/:n/merge", is_merged },
	{ "POST", "/pulls/:n/merge", merge },
	{ "DELETE", "/pulls/:n/merge", unschedule },
	{ "POST", "/pulls/:n/update", update },
	{ "GET", "/pulls/:n/reviews", reviews },
	{ "POST", "/pulls/:n/reviews", review_add },
	{ "GET", "/pulls/:n/files", files },
	{ "POST", "/pulls/:n/requested_reviewers", request_reviewers },
	{ "DELETE", "/pulls/:n/requested_reviewers", unrequest_reviewers },
	{ "GET", "/pulls/:base/*", get_by_branches },
	{ "GET", "/issues/:n/labels", labels_get },
	{ "POST", "/issues/:n/labels", labels_add },
	{ "PUT", "/issues/:n/labels", labels_add },
	{ "GET", "/issues/:n/comments", comments_get },
	{ "POST", "/issues/:n/comments", comment_add },
	{ "PATCH", "/issues/comments/:id", comment_edit },
	{ "DELETE", "/issues/comments/:id", comment_edit },
	{ "GET", "/issues/:n", get },
	{ "GET", "/labels", repo_labels },
	{ "POST", "/labels", repo_label_add },
	{ "POST", "/statuses/:sha", status_add },
	{ "GET", "/commits/*/status", status_combined },
	{ "GET", "/commits/*/statuses", status_list },
	{ "GET", "/branches/*", branch_get },
	{ "DELETE", "/branches/*", branch_delete },
	{ "GET", "/git/refs/*", refs_get },
	{ "GET", "/git/commits/:sha", commit_get },
	{ "GET", "/branch_protections", protections },
	{ "GET", "/contents/*", contents_get },
	{ "GET", "/compare/*", compare },
	{ "GET", "/reviewers", can_review },
	{ "GET", "/assignees", can_review },
};

/* ---- the root ---- */

static void user_get(struct sim_call *c)
{
	if (c->user)
		reply_json(c, 200, person(c->sim, c->user->name));
	else
		reply_error(c, 401, "%s", c->auth == AUTH_BAD
			    ? "invalid username, password or token"
			    : "token is required");
}

static void version_get(struct sim_call *c)
{
	reply_json(c, 200, json_pack("{s:s}", "version", c->sim->version));
}

static void settings_get(struct sim_call *c)
{
	long long cap = trap_get(c->sim, TRAP_PAGE_CAP);

	reply_json(c, 200, json_pack("{s:I,s:i,s:i,s:i}", "max_response_items",
		(json_int_t)(cap > 0 ? cap : 50), "default_paging_num", 30,
		"default_git_trees_per_page", 1000, "default_max_blob_size",
		10485760));
}

static void org_labels(struct sim_call *c)
{
	reply_page(c, json_deep_copy(c->sim->org_labels), NULL);
}

static const struct sim_route of_root[] = {
	{ "GET", "/user", user_get },
	{ "GET", "/version", version_get },
	{ "GET", "/settings/api", settings_get },
	{ "GET", "/orgs/:org/labels", org_labels },
};

static bool find_repo(struct sim_call *c)
{
	const char *owner = c->rest + strlen("/repos/"), *name, *end;
	char *o, *n;

	name = strchr(owner, '/');
	if (!name)
		return false;
	end = name + 1 + strcspn(name + 1, "/");
	o = url_decode(owner, (size_t)(name - owner));
	n = url_decode(name + 1, (size_t)(end - name - 1));
	c->repo = sim_repo(c->sim, o, n);
	c->rest = end;
	free(o);
	free(n);
	return c->repo && (c->auth == AUTH_OK || (c->auth == AUTH_NONE &&
		!json_is_true(json_object_get(c->repo->settings, "private"))));
}

static void repo_call(struct sim_call *c)
{
	bool writes = !str_eq(c->method, "GET");

	if (!find_repo(c))
		reply_error(c, 404, "The target couldn't be found.");
	else if (writes && !sim_can(c->sim, c->user, "write"))
		reply_error(c, 403, "user should have a permission to write to "
				    "a repo");
	else if (writes && json_is_true(json_object_get(c->repo->settings,
							"archived")))
		reply_error(c, 423, "%s/%s is archived", c->repo->owner,
			    c->repo->name);
	else {
		sim_settle(c->sim, c->repo);
		if (!route(c, of_repo, ARRAY_LEN(of_repo)))
			reply_error(c, 404, "The target couldn't be found.");
		if (writes)
			sim_settle(c->sim, c->repo);
	}
}

void gitea_call(struct sim_call *c)
{
	char *path;

	if (trap_get(c->sim, TRAP_COOKIES)) {
		reply_header(c, "Set-Cookie", "i_like_gitea=0123456789abcdef; "
					      "Path=/; HttpOnly; SameSite=Lax");
		c->out.is_chunked = true;
	}
	if (!str_starts(c->path, "/api/v1/")) {
		reply_error(c, 404, "Not found.");
		c->out.type = "text/html";
		return;
	}
	path = xstrdup(c->path + strlen("/api/v1"));
	free(c->path);
	c->path = path;
	c->rest = path;
	if (str_starts(c->path, "/repos/"))
		repo_call(c);
	else if (!route(c, of_root, ARRAY_LEN(of_root)))
		reply_error(c, 404, "The target couldn't be found.");
}
