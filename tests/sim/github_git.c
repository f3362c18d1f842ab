#include "tests/sim/sim.h"

#include <stdio.h>
#include <string.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/* Refs, commits, branches and what protects them. */

static void ref_say(struct sim_call *c, int status, const char *ref,
		    const char *sha)
{
	const char *api = c->sim->kind == SIM_GHES ? "/api/v3" : "";

	reply_json(c, status, json_pack("{s:s,s:o,s:o,s:{s:s,s:s,s:o}}", "ref",
		ref, "node_id", text_url("REF_%s", ref), "url",
		text_url("%s%s/repos/%s/%s/git/%s", c->sim->url, api,
			 c->repo->owner, c->repo->name, ref), "object", "type",
		"commit", "sha", sha, "url", text_url(
			"%s%s/repos/%s/%s/git/commits/%s", c->sim->url, api,
			c->repo->owner, c->repo->name, sha)));
}

static void ref_get(struct sim_call *c)
{
	struct buf ref = { 0 };
	const char *sha;

	buf_addf(&ref, "refs/%s", c->arg[0]);
	sha = json_string_value(json_object_get(c->repo->refs, buf_str(&ref)));
	if (sha)
		ref_say(c, 200, buf_str(&ref), sha);
	else
		reply_error(c, 404, "Not Found");
	buf_release(&ref);
}

static bool is_protected(struct sim_call *c, const char *ref)
{
	const json_t *rule = str_starts(ref, "refs/heads/")
		? sim_rule(c->repo, ref + strlen("refs/heads/")) : NULL;

	return json_is_true(json_object_get(rule, "block_push"));
}

static void ref_delete(struct sim_call *c)
{
	struct buf ref = { 0 };

	buf_addf(&ref, "refs/%s", c->arg[0]);
	if (!json_object_get(c->repo->refs, buf_str(&ref)))
		reply_error(c, 422, "Reference does not exist");
	else if (is_protected(c, buf_str(&ref)))
		reply_error(c, 422, "Cannot delete this protected branch");
	else if (GIT(c->repo->dir, NULL, "update-ref", "-d", buf_str(&ref)) == 0)
		reply_none(c, 204);
	else
		reply_error(c, 409, "Conflict");
	buf_release(&ref);
}

static void ref_create(struct sim_call *c)
{
	const char *ref = jstr(c->in, "ref"), *sha = jstr(c->in, "sha");

	if (!str_starts(ref, "refs/"))
		reply_error(c, 422, "Reference name must start with 'refs/'");
	else if (json_object_get(c->repo->refs, ref))
		reply_error(c, 422, "Reference already exists");
	else if (GIT(c->repo->dir, NULL, "update-ref", ref, sha, "") != 0)
		reply_error(c, 422, "Object does not exist");
	else
		ref_say(c, 201, ref, sha);
}

static void ref_update(struct sim_call *c)
{
	const char *sha = jstr(c->in, "sha"), *old;
	struct buf ref = { 0 };

	buf_addf(&ref, "refs/%s", c->arg[0]);
	old = json_string_value(json_object_get(c->repo->refs, buf_str(&ref)));
	if (!old)
		reply_error(c, 422, "Reference does not exist");
	else if (is_protected(c, buf_str(&ref)))
		reply_error(c, 422, "Protected branch update failed");
	else if (!json_is_true(json_object_get(c->in, "force")) &&
		 GIT(c->repo->dir, NULL, "merge-base", "--is-ancestor", old,
		     sha) != 0)
		reply_error(c, 422, "Update is not a fast forward");
	else if (GIT(c->repo->dir, NULL, "update-ref", buf_str(&ref), sha,
		     old) != 0)
		reply_error(c, 422, "Object does not exist");
	else
		ref_say(c, 200, buf_str(&ref), sha);
	buf_release(&ref);
}

static void commit_get(struct sim_call *c)
{
	struct buf sha = { 0 };

	if (resolve(c->repo, c->arg[0], &sha))
		reply_json(c, 200, gh_commit(c->sim, c->repo, buf_str(&sha)));
	else
		reply_error(c, 422, "No commit found for SHA: %s", c->arg[0]);
	buf_release(&sha);
}

static void branch_get(struct sim_call *c)
{
	const char *sha = sim_ref(c->repo, c->arg[0]), *u = c->sim->url;
	const json_t *rule = sim_rule(c->repo, c->arg[0]);
	json_t *need = json_object_get(rule, "contexts");

	if (!sha) {
		reply_error(c, 404, "Branch not found");
		return;
	}
	reply_json(c, 200, json_pack(
		"{s:s,s:o,s:b,s:o,s:{s:s,s:s},"
		"s:{s:b,s:{s:s,s:O?,s:[]}}}",
		"name", c->arg[0], "commit", gh_commit(c->sim, c->repo, sha),
		"protected", rule != NULL, "protection_url",
		text_url("%s/protection", u), "_links", "self", u, "html", u,
		"protection", "enabled", rule != NULL,
		"required_status_checks", "enforcement_level",
		rule ? "everyone" : "off", "contexts", need, "checks"));
	if (!need)
		json_object_set_new(json_object_get(json_object_get(
			c->out.json, "protection"), "required_status_checks"),
			"contexts", json_array());
}

/* Reading protection takes an administrator; rules take anybody. */
static void protection_get(struct sim_call *c)
{
	if (!sim_can(c->sim, c->user, "admin"))
		reply_error(c, 403, "Resource not accessible by integration");
	else if (!sim_rule(c->repo, c->arg[0]))
		reply_error(c, 404, "Branch not protected");
	else
		reply_json(c, 200, json_pack("{s:s}", "url", c->sim->url));
}

static void rules_get(struct sim_call *c)
{
	const json_t *rule = sim_rule(c->repo, c->arg[0]), *need;
	json_t *all = json_array(), *checks = json_array(), *v;
	long long n = json_integer_value(json_object_get(rule, "approvals"));
	size_t i;

	need = json_object_get(rule, "contexts");
	json_array_foreach(need, i, v)
		json_array_append_new(checks, json_pack("{s:O}", "context", v));
	if (n)
		json_array_append_new(all, json_pack(
			"{s:s,s:{s:I,s:b,s:b,s:b,s:b}}", "type", "pull_request",
			"parameters", "required_approving_review_count",
			(json_int_t)n, "dismiss_stale_reviews_on_push",
			json_is_true(json_object_get(rule, "dismiss_stale")),
			"require_code_owner_review", 0,
			"require_last_push_approval", 0,
			"required_review_thread_resolution", 0));
	if (json_array_size(checks))
		json_array_append_new(all, json_pack(
			"{s:s,s:{s:O,s:b}}", "type", "required_status_checks",
			"parameters", "required_status_checks", checks,
			"strict_required_status_checks_policy",
			json_is_true(json_object_get(rule, "strict"))));
	if (json_is_true(json_object_get(rule, "queue")))
		json_array_append_new(all, json_pack("{s:s}", "type",
						     "merge_queue"));
	json_decref(checks);
	reply_page(c, all, NULL);
}

static void contents_get(struct sim_call *c)
{
	json_t *o = shared_contents(c, query(c, "ref"), c->arg[0]);

	if (o)
		reply_json(c, 200, o);
	else
		reply_error(c, 404, "Not Found");
}

static void compare(struct sim_call *c)
{
	char *dots = strstr(c->arg[0], "...");
	struct buf a = { 0 }, b = { 0 }, range = { 0 }, n = { 0 };
	long long behind = 0, ahead = 0;
	json_t *base = NULL;

	if (dots)
		*dots = '\0';
	if (!dots || !resolve(c->repo, c->arg[0], &a) ||
	    !resolve(c->repo, dots + 3, &b)) {
		reply_error(c, 404, "Not Found");
		goto out;
	}
	buf_addf(&range, "%s...%s", buf_str(&a), buf_str(&b));
	GIT(c->repo->dir, &n, "rev-list", "--left-right", "--count",
	    buf_str(&range));
	if (sscanf(buf_str(&n), "%lld %lld", &behind, &ahead) != 2)
		behind = ahead = 0;
	base = gh_commit(c->sim, c->repo, buf_str(&a));
	reply_json(c, 200, json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:[],s:[],s:O,s:O}",
		"url", c->sim->url, "html_url", c->sim->url, "permalink_url",
		c->sim->url, "diff_url", c->sim->url, "patch_url", c->sim->url,
		"status", ahead && behind ? "diverged" : ahead ? "ahead"
		: behind ? "behind" : "identical",
		"ahead_by", (json_int_t)ahead, "behind_by", (json_int_t)behind,
		"total_commits", (json_int_t)ahead, "commits", "files",
		"base_commit", base, "merge_base_commit", base));
out:
	json_decref(base);
	buf_release(&a);
	buf_release(&b);
	buf_release(&range);
	buf_release(&n);
}

static const struct sim_route rows[] = {
	{ "GET", "/activity", github_activity },
	{ "GET", "/commits/*", commit_get },
	{ "GET", "/git/ref/*", ref_get },
	{ "POST", "/git/refs", ref_create },
	{ "PATCH", "/git/refs/*", ref_update },
	{ "DELETE", "/git/refs/*", ref_delete },
	{ "GET", "/branches/*/protection", protection_get },
	{ "GET", "/branches/*", branch_get },
	{ "GET", "/rules/branches/*", rules_get },
	{ "GET", "/contents/*", contents_get },
	{ "GET", "/compare/*", compare },
};
const struct sim_routes github_git = { rows, ARRAY_LEN(rows) };
