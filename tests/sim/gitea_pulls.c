#include "tests/sim/gitea.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/*
 * Gitea's and Forgejo's API as the servers really behave, which is not what
 * their description says: lists that are empty are null, 500 means "gone",
 * 405 means "not yet" and "never" alike.
 */

static void list(struct sim_call *c)
{
	const char *state = query(c, "state"), *branch = NULL, *head = NULL;
	json_t *all = json_array();

	/* Filters came late, and under two names; older ones ignore them. */
	if (c->sim->kind == SIM_FORGEJO && atoi(c->sim->version) >= 12) {
		branch = query(c, "base");
		head = query(c, "head");
	} else if (c->sim->kind == SIM_GITEA && gt_version(c->sim) >= 126) {
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
		json_array_append_new(all, gt_pr(c, pr, false));
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
	if (gt_version(c->sim) >= 126)
		request(pr, c->in);
	json_array_foreach(json_object_get(c->in, "labels"), i, v)
		if ((l = gt_find_label(c, v)))
			json_array_append(pr->labels, json_object_get(l, "name"));
	reply_json(c, 201, gt_pr(c, pr, false));
	buf_release(&repo);
}

static void get(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);

	if (pr)
		reply_json(c, 200, gt_pr(c, pr, true));
}

/* GET pulls/BASE/HEAD ignores the state: the first row ever wins. */
static void get_by_branches(struct sim_call *c)
{
	for (size_t i = 0; i < c->repo->prs_len; i++) {
		struct sim_pr *pr = c->repo->prs[i];

		if (!str_eq(pr->base, c->arg[0]) || !str_eq(pr->head, c->arg[1]))
			continue;
		reply_json(c, 200, gt_pr(c, pr, false));
		return;
	}
	reply_error(c, 404, "The target couldn't be found.");
}

static void edit(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
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
	reply_json(c, 201, gt_pr(c, pr, false));
}

static void is_merged(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);

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

	if (pr->merged && gt_version(s) >= 116)
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
	else if (sim_blocked(s, c->repo, pr, &why) && gt_version(s) < 117)
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
	struct sim_pr *pr = call_pr(c);
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
	bool checks_head = gt_version(c->sim) >= 116 &&
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
	struct sim_pr *pr = call_pr(c);

	if (pr && pr->arm.on) {
		pr->arm.on = false;
		reply_none(c, 204);
	} else if (pr) {
		reply_error(c, 404, "The target couldn't be found.");
	}
}

static void request_reviewers(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
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
			gt_person(c->sim, json_string_value(v)), "state",
			"REQUEST_REVIEW", "body", "", "commit_id", pr->head_sha,
			"official", 1, "submitted_at",
			sim_time(sim_now(c->sim))));
	reply_json(c, 201, all);
}

static void unrequest_reviewers(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
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
	struct sim_pr *pr = call_pr(c);
	json_t *all, *v;
	size_t i;

	if (!pr)
		return;
	all = json_array();
	json_array_foreach(pr->reviewers, i, v)
		json_array_append_new(all, json_pack(
			"{s:I,s:o,s:n,s:s,s:s,s:s,s:b,s:b,s:b,s:i,s:o}", "id",
			(json_int_t)(1000000 + (long long)i), "user",
			gt_person(c->sim, json_string_value(v)), "team", "state",
			"REQUEST_REVIEW", "body", "", "commit_id", "", "stale",
			0, "official", 1, "dismissed", 0, "comments_count", 0,
			"submitted_at", sim_time(pr->updated_s)));
	json_array_foreach(pr->reviews, i, v) {
		const char *st = jstr(v, "state");

		json_array_append_new(all, json_pack(
			"{s:O,s:o,s:n,s:s,s:O,s:O,s:b,s:b,s:b,s:i,s:O,s:O}",
			"id", json_object_get(v, "id"), "user",
			gt_person(c->sim, jstr(v, "user")), "team", "state",
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
	struct sim_pr *pr = call_pr(c);
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
	struct sim_pr *pr = call_pr(c);
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
	struct sim_pr *pr = call_pr(c);

	if (!pr)
		return;
	if (sim_update_branch(c->sim, c->repo, pr, c->user->name) == MERGE_OK)
		reply_none(c, 200);
	else
		reply_error(c, 409, "merge failed because of conflict");
}

static const struct sim_route rows[] = {
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
	{ "GET", "/issues/:n", get },
};
const struct sim_routes gitea_pulls = { rows, ARRAY_LEN(rows) };
