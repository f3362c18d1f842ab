#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/* Pull requests as GitHub's REST API has them. Texts and codes: what its
   clients have reported in public; see each. */

/* 422 with one error; CODE "custom" carries a text. */
void invalid(struct sim_call *c, const char *field, const char *code,
	     const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;
	json_t *e;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	reply_error(c, 422, "Validation Failed");
	e = json_pack("{s:s,s:s}", "resource", "PullRequest", "code", code);
	if (field)
		json_object_set_new(e, "field", json_string(field));
	if (b.len)
		json_object_set_new(e, "message", json_string(buf_str(&b)));
	json_object_set_new(c->out.json, "errors", json_pack("[o]", e));
	buf_release(&b);
}

static void say_pr(struct sim_call *c, int status, struct sim_pr *pr,
		   bool is_poll)
{
	reply_json(c, status, gh_pr(c->sim, c->repo, pr, sim_merge_state(
		c->sim, c->repo, pr, is_poll), true));
}

static bool head_fits(struct sim_call *c, const struct sim_pr *pr)
{
	const char *head = query(c, "head"), *colon;
	size_t len;

	/* Without an owner GitHub drops the filter and returns everything
	   (PyGithub/PyGithub#1678). */
	if (!head || !(colon = strchr(head, ':')) ||
	    trap_get(c->sim, TRAP_HEAD_FILTER_IGNORED))
		return true;
	len = (size_t)(colon - head);
	return !strncmp(pr->head_repo, head, len) &&
	       pr->head_repo[len] == '/' && str_eq(colon + 1, pr->head);
}

static void list(struct sim_call *c)
{
	const char *state = query(c, "state"), *base = query(c, "base");
	const char *direction = query(c, "direction");
	bool oldest_first = str_eq(direction, "asc");
	json_t *all = json_array();

	if (!state)
		state = "open";
	for (size_t i = 0; i < c->repo->prs_len; i++) {
		struct sim_pr *pr = c->repo->prs[oldest_first ? i
						: c->repo->prs_len - 1 - i];

		if (!str_eq(state, "all") &&
		    str_eq(state, "closed") != pr->closed)
			continue;
		if ((base && !str_eq(base, pr->base)) || !head_fits(c, pr))
			continue;
		json_array_append_new(all, gh_pr(c->sim, c->repo, pr,
						 SIM_UNKNOWN, false));
	}
	reply_page(c, all, NULL);
}

static bool any_commits(struct sim_call *c, const char *base, const char *head)
{
	struct buf range = { 0 }, n = { 0 };
	bool any;

	buf_addf(&range, "%s..%s", base, head);
	GIT(c->repo->dir, &n, "rev-list", "--count", buf_str(&range));
	any = n.len && !str_eq(buf_str(&n), "0");
	buf_release(&range);
	buf_release(&n);
	return any;
}

static bool creation_refused(struct sim_call *c, const char *base,
			     const char *head)
{
	struct sim *s = c->sim;

	if (trap_get(s, TRAP_NO_PULLS))
		reply_error(c, 403, "GitHub Actions is not permitted to create "
				    "or approve pull requests.");
	else if (!*jstr(c->in, "title"))
		invalid(c, "title", "missing_field", "%s", "");
	else if (!sim_ref(c->repo, head))
		invalid(c, "head", "invalid", "%s", "");
	else if (!sim_ref(c->repo, base))
		invalid(c, "base", "invalid", "%s", "");
	/* cli/cli#2691: seen for a moment after a push */
	else if (trap_take(s, TRAP_HEAD_SHA_BLANK))
		invalid(c, NULL, "custom", "Head sha can't be blank, Base sha "
			"can't be blank, No commits between %s and %s, Head ref "
			"must be a branch", base, head);
	else if (trap_take(s, TRAP_REFS_UNREADABLE))
		invalid(c, NULL, "custom", "not all refs are readable");
	else if (trap_take(s, TRAP_NO_COMMITS_BETWEEN) ||
		 !any_commits(c, sim_ref(c->repo, base), sim_ref(c->repo, head)))
		invalid(c, NULL, "custom", "No commits between %s and %s", base,
			head);
	else
		return false;
	return true;
}

/* More of either is refused (renovatebot/renovate has run into it). */
static bool too_long(struct sim_call *c)
{
	static const struct { const char *field; size_t most; } rows[] = {
		{ "title", 256 }, { "body", 65536 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t chars = 0;

		for (const char *s = jstr(c->in, rows[i].field); *s; s++)
			chars += ((unsigned char)*s & 0xc0) != 0x80;
		if (chars <= rows[i].most)
			continue;
		invalid(c, rows[i].field, "custom", "%s is too long (maximum "
			"is %zu characters)", rows[i].field, rows[i].most);
		return true;
	}
	return false;
}

static void create(struct sim_call *c)
{
	const char *head = jstr(c->in, "head"), *base = jstr(c->in, "base");
	size_t owner_len = strcspn(head, ":");
	struct buf repo = { 0 };
	struct sim_pr *pr;

	if (head[owner_len] == ':' && !strncmp(head, c->repo->owner, owner_len))
		head += owner_len + 1;
	if (creation_refused(c, base, head) || too_long(c))
		return;
	for (size_t i = 0; i < c->repo->prs_len; i++) {
		pr = c->repo->prs[i];
		if (!pr->closed && str_eq(pr->head, head) &&
		    str_eq(pr->base, base)) {
			invalid(c, NULL, "custom", "A pull request already "
				"exists for %s:%s.", c->repo->owner, head);
			return;
		}
	}
	buf_addf(&repo, "%s/%s", c->repo->owner, c->repo->name);
	pr = sim_pr_new(c->sim, c->repo, buf_str(&repo), head, base,
			c->user->name);
	sim_set(&pr->title, jstr(c->in, "title"));
	sim_set(&pr->body, jstr(c->in, "body"));
	pr->draft = json_is_true(json_object_get(c->in, "draft"));
	say_pr(c, 201, pr, false);
	buf_release(&repo);
}

static void get(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);

	if (pr)
		say_pr(c, 200, pr, true);
}

static bool reopen_refused(struct sim_call *c, struct sim_pr *pr)
{
	if (pr->merged) {
		invalid(c, "state", "invalid", "state cannot be changed. The "
			"pull request is already merged.");
		return true;
	}
	if (!sim_ref(c->repo, pr->head)) {
		invalid(c, "state", "invalid", "state cannot be changed. The %s "
			"branch has been deleted.", pr->head);
		return true;
	}
	for (size_t i = 0; i < c->repo->prs_len; i++) {
		struct sim_pr *o = c->repo->prs[i];

		if (o == pr || o->closed || !str_eq(o->head, pr->head) ||
		    !str_eq(o->base, pr->base))
			continue;
		invalid(c, "state", "invalid", "state cannot be changed. There "
			"is already an open pull request (#%lld) for the same "
			"head and base.", o->number);
		return true;
	}
	return false;
}

static void edit(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
	const char *state = jstr(c->in, "state");
	json_t *v;

	if (!pr)
		return;
	if ((str_eq(state, "open") && pr->closed && reopen_refused(c, pr)) ||
	    too_long(c))
		return;
	if ((v = json_object_get(c->in, "title")) && json_is_string(v))
		sim_set(&pr->title, json_string_value(v));
	if ((v = json_object_get(c->in, "body")))
		sim_set(&pr->body, json_is_string(v) ? json_string_value(v) : "");
	if ((v = json_object_get(c->in, "base")) && json_is_string(v))
		sim_set(&pr->base, json_string_value(v));
	pr->updated_s = sim_now(c->sim);
	if (*state)
		sim_close_pr(c->sim, pr, str_eq(state, "closed"));
	say_pr(c, 200, pr, false);
}

static bool method_allowed(struct sim_call *c, const char *method,
			   struct buf *why)
{
	static const char *const rows[][3] = {
		{ "merge", "allow_merge_commit", "Merge commits are" },
		{ "squash", "allow_squash_merge", "Squash merges are" },
		{ "rebase", "allow_rebase_merge", "Rebase merges are" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_eq(rows[i][0], method) && !json_is_true(
			json_object_get(c->repo->settings, rows[i][1]))) {
			buf_addf(why, "%s not allowed on this repository.",
				 rows[i][2]);
			return false;
		}
	return true;
}

const char *github_merge_refusal(struct sim_call *c, struct sim_pr *pr,
				 const char *method, int *status,
				 struct buf *why)
{
	const json_t *rule = sim_rule(c->repo, pr->base);
	enum sim_merge_state st;

	*status = 405;
	if (pr->closed)
		buf_addstr(why, "Pull Request is not mergeable");
	else if (pr->draft)
		buf_addstr(why, "Pull Request is still a draft");
	else if (!method_allowed(c, method, why))
		;
	else if (json_is_true(json_object_get(rule, "queue")))
		buf_addstr(why, "Changes must be made through the merge queue");
	else if (trap_take(c->sim, TRAP_BASE_MODIFIED))
		buf_addstr(why, "Base branch was modified. Review and try the "
				"merge again.");
	if (why->len)
		return buf_str(why);
	st = sim_merge_state(c->sim, c->repo, pr, false);
	if (st == SIM_DIRTY || (st == SIM_UNKNOWN && !pr->is_clean))
		buf_addstr(why, "Pull Request is not mergeable");
	else if (sim_blocked(c->sim, c->repo, pr, why))
		;
	else if (st == SIM_BEHIND)
		buf_addstr(why, "The head branch must be up to date with the "
				"base branch before merging");
	return why->len ? buf_str(why) : NULL;
}

static void merge(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
	const char *method = jstr(c->in, "merge_method"), *refusal;
	const char *sha = jstr(c->in, "sha");
	const json_t *title = json_object_get(c->in, "commit_title");
	const json_t *message = json_object_get(c->in, "commit_message");
	struct buf why = { 0 };
	int status;

	if (!pr)
		return;
	if (!*method)
		method = "merge";
	refusal = github_merge_refusal(c, pr, method, &status, &why);
	if (refusal) {
		reply_error(c, status, "%s", refusal);
	} else if (*sha && !str_eq(sha, pr->head_sha) &&
		   !trap_get(c->sim, TRAP_IGNORE_HEAD)) {
		reply_error(c, 409, "Head branch was modified. Review and try "
				    "the merge again.");
	} else {
		switch (sim_merge(c->sim, c->repo, pr, method,
				  json_string_value(title),
				  json_string_value(message), c->user->name,
				  false)) {
		case MERGE_OK:
			reply_json(c, 200, json_pack(
				"{s:s,s:b,s:s}", "sha", pr->merge_sha, "merged",
				1, "message", "Pull Request successfully merged"));
			break;
		case MERGE_MOVED:
			reply_error(c, 405, "Base branch was modified. Review "
					    "and try the merge again.");
			break;
		default:
			reply_error(c, 405, "Pull Request is not mergeable");
		}
	}
	buf_release(&why);
}

static void is_merged(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);

	if (pr && pr->merged)
		reply_none(c, 204);
	else if (pr)
		reply_error(c, 404, "Not Found");
}

static void update_branch(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
	const char *want = jstr(c->in, "expected_head_sha");

	if (!pr)
		return;
	if (*want && !str_eq(want, pr->head_sha))
		reply_error(c, 422, "expected head sha didn't match current "
				    "head ref.");
	else if (sim_update_branch(c->sim, c->repo, pr, c->user->name) !=
		 MERGE_OK)
		reply_error(c, 422, "merge conflict between base and head");
	else
		reply_json(c, 202, json_pack("{s:s,s:s}", "message", "Updating "
			"pull request branch.", "url", c->sim->url));
}

/* One bad name fails all of them. */
static void request_reviewers(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
	json_t *people = json_object_get(c->in, "reviewers"), *v;
	json_t *teams = json_object_get(c->in, "team_reviewers");
	size_t i;

	if (!pr)
		return;
	json_array_foreach(people, i, v) {
		const char *name = json_string_value(v);

		if (str_eq(name, pr->author)) {
			reply_error(c, 422, "Review cannot be requested from "
					    "pull request author.");
			return;
		}
		if (!name || !sim_user(c->sim, name)) {
			reply_error(c, 422, "Reviews may only be requested from "
				"collaborators. One or more of the users or "
				"teams you specified is not a collaborator of "
				"the %s/%s repository.", c->repo->owner,
				c->repo->name);
			return;
		}
	}
	json_array_foreach(teams, i, v)
		if (!json_has_string(c->sim->teams, json_string_value(v))) {
			reply_error(c, 422, "Could not resolve to a node with "
					    "the global id of 'T_%s'.",
				    json_string_value(v));
			return;
		}
	json_array_foreach(people, i, v)
		if (!json_has_string(pr->reviewers, json_string_value(v)))
			json_array_append(pr->reviewers, v);
	json_array_foreach(teams, i, v)
		if (!json_has_string(pr->teams, json_string_value(v)))
			json_array_append(pr->teams, v);
	reply_json(c, 201, gh_pr(c->sim, c->repo, pr, SIM_UNKNOWN, false));
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
	reply_json(c, 200, gh_pr(c->sim, c->repo, pr, SIM_UNKNOWN, false));
}

static void requested(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
	json_t *full;

	if (!pr)
		return;
	full = gh_pr(c->sim, c->repo, pr, SIM_UNKNOWN, false);
	reply_json(c, 200, json_pack("{s:O,s:O}", "users",
		json_object_get(full, "requested_reviewers"), "teams",
		json_object_get(full, "requested_teams")));
	json_decref(full);
}

static void reviews(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
	json_t *all = json_array(), *v;
	size_t i;

	if (pr) {
		json_array_foreach(pr->reviews, i, v)
			json_array_append_new(all, gh_review(c->sim, c->repo,
							     pr, v));
		reply_page(c, json_incref(all), NULL);
	}
	json_decref(all);
}

static void commits(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
	struct buf range = { 0 }, out = { 0 };
	json_t *all = json_array();
	char *id, *save = NULL;

	if (!pr) {
		json_decref(all);
		return;
	}
	buf_addf(&range, "%s..%s", pr->base_sha, pr->head_sha);
	GIT(c->repo->dir, &out, "rev-list", "--reverse", buf_str(&range));
	for (id = out.len ? strtok_r(out.data, "\n", &save) : NULL; id;
	     id = strtok_r(NULL, "\n", &save))
		json_array_append_new(all, gh_commit(c->sim, c->repo, id));
	reply_page(c, all, NULL);
	buf_release(&range);
	buf_release(&out);
}

static void files(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
	struct buf range = { 0 }, out = { 0 };
	json_t *all = json_array();
	char *name, *save = NULL;

	if (!pr) {
		json_decref(all);
		return;
	}
	buf_addf(&range, "%s...%s", pr->base_sha, pr->head_sha);
	GIT(c->repo->dir, &out, "diff", "--name-only", "--no-renames",
	    buf_str(&range));
	for (name = out.len ? strtok_r(out.data, "\n", &save) : NULL; name;
	     name = strtok_r(NULL, "\n", &save))
		json_array_append_new(all, json_pack(
			"{s:s,s:s,s:s,s:i,s:i,s:i,s:s,s:s,s:s}", "filename",
			name, "sha", pr->head_sha, "status", "modified",
			"additions", 1, "deletions", 1, "changes", 2,
			"blob_url", c->sim->url, "raw_url", c->sim->url,
			"contents_url", c->sim->url));
	reply_page(c, all, NULL);
	buf_release(&range);
	buf_release(&out);
}

static const struct sim_route rows[] = {
	{ "GET", "/pulls", list },
	{ "POST", "/pulls", create },
	{ "GET", "/pulls/:n", get },
	{ "PATCH", "/pulls/:n", edit },
	{ "GET", "/pulls/:n/merge", is_merged },
	{ "PUT", "/pulls/:n/merge", merge },
	{ "PUT", "/pulls/:n/update-branch", update_branch },
	{ "GET", "/pulls/:n/requested_reviewers", requested },
	{ "POST", "/pulls/:n/requested_reviewers", request_reviewers },
	{ "DELETE", "/pulls/:n/requested_reviewers", unrequest_reviewers },
	{ "GET", "/pulls/:n/reviews", reviews },
	{ "GET", "/pulls/:n/commits", commits },
	{ "GET", "/pulls/:n/files", files },
};
const struct sim_routes github_pulls = { rows, ARRAY_LEN(rows) };
