#include "tests/sim/gitea.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/* Commits and their statuses, branches, files, the repository itself. */

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
		reply_json(c, 201, gt_status(c, buf_str(&sha), json_array_get(
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
		json_array_append_new(all, gt_status(c, sha, v));
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
		"statuses", gt_list(c->sim, json_incref(all)),
		"commit_url", "", "url", "", "repository",
		n ? gt_repo(c->sim, c->repo, c->user) : json_null()));
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
			json_array_append_new(all, gt_status(
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
		if (gt_version(c->sim) < 117 ||
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
	reply_json(c, 200, gt_repo(c->sim, c->repo, c->user));
}

static void can_review(struct sim_call *c)
{
	json_t *all = json_array();

	for (struct sim_user *u = c->sim->users; u; u = u->next)
		json_array_append_new(all, gt_person(c->sim, u->name));
	reply_json(c, 200, all);
}

static const struct sim_route rows[] = {
	{ "GET", "", repo_get },
	{ "GET", "/activities/feeds", gitea_activity },
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
const struct sim_routes gitea_repo = { rows, ARRAY_LEN(rows) };
