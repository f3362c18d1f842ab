#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/* GitHub's REST API but for pull requests, and who may call it. */

static struct sim_pr *the_pr(struct sim_call *c)
{
	struct sim_pr *pr = sim_pr(c->repo, strtoll(c->arg[0], NULL, 10));

	if (!pr)
		reply_error(c, 404, "Not Found");
	return pr;
}

static void repo_get(struct sim_call *c)
{
	reply_json(c, 200, gh_repo(c->sim, c->repo, c->user, true));
}

/* ---- labels, comments, assignees ---- */

static void labels_say(struct sim_call *c, struct sim_pr *pr)
{
	reply_page(c, gh_labels(c->sim, c->repo, pr), NULL);
}

static void labels_get(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);

	if (pr)
		labels_say(c, pr);
}

/* A missing label is made on the way, with GitHub's default colour. */
static void labels_add(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	json_t *list = json_is_array(c->in) ? c->in
				: json_object_get(c->in, "labels"), *v;
	size_t i;

	if (!pr)
		return;
	if (!json_is_array(list)) {
		invalid(c, "labels", "invalid", "%s", "");
		return;
	}
	if (str_eq(c->method, "PUT"))
		json_array_clear(pr->labels);
	json_array_foreach(list, i, v) {
		const char *name = json_is_string(v) ? json_string_value(v)
						     : jstr(v, "name");

		if (!*name || strlen(name) > 50) {
			invalid(c, "name", "invalid", "%s", "");
			return;
		}
		v = sim_label(c->sim, c->repo, name, NULL, true);
		if (!json_has_string(pr->labels, jstr(v, "name")))
			json_array_append(pr->labels, json_object_get(v, "name"));
	}
	labels_say(c, pr);
}

static void label_drop(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);

	if (!pr)
		return;
	if (!json_has_string(pr->labels, c->arg[1])) {
		reply_error(c, 404, "Label does not exist");
		return;
	}
	json_drop_string(pr->labels, c->arg[1]);
	labels_say(c, pr);
}

static void repo_labels(struct sim_call *c)
{
	json_t *all = json_array(), *v;
	size_t i;

	json_array_foreach(c->repo->labels, i, v)
		json_array_append_new(all, gh_label(c->sim, c->repo, v));
	reply_page(c, all, NULL);
}

static void repo_label(struct sim_call *c)
{
	json_t *v = sim_label(c->sim, c->repo, c->arg[0], NULL, false);

	if (v)
		reply_json(c, 200, gh_label(c->sim, c->repo, v));
	else
		reply_error(c, 404, "Not Found");
}

static void repo_label_add(struct sim_call *c)
{
	const char *name = jstr(c->in, "name"), *color = jstr(c->in, "color");

	if (!*name) {
		invalid(c, "name", "missing_field", "%s", "");
	} else if (sim_label(c->sim, c->repo, name, NULL, false)) {
		invalid(c, "name", "already_exists", "%s", "");
	} else if (*color && strspn(color, "0123456789abcdefABCDEF") != 6) {
		invalid(c, "color", "invalid", "%s", "");
	} else {
		json_t *v = sim_label(c->sim, c->repo, name,
				      *color ? color : NULL, true);

		json_object_set_new(v, "description",
				    json_string(jstr(c->in, "description")));
		reply_json(c, 201, gh_label(c->sim, c->repo, v));
	}
}

static void comments_get(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	json_t *all = json_array(), *v;
	size_t i;

	if (pr) {
		json_array_foreach(pr->comments, i, v)
			json_array_append_new(all, gh_comment(c->sim, c->repo,
							      pr, v));
		reply_page(c, json_incref(all), NULL);
	}
	json_decref(all);
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
	reply_json(c, 201, gh_comment(c->sim, c->repo, pr, v));
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
			reply_json(c, 200, gh_comment(c->sim, c->repo, pr, v));
			return;
		}
	}
	reply_error(c, 404, "Not Found");
}

static void issue_get(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	json_t *o;
	const char *api = c->sim->kind == SIM_GHES ? "/api/v3" : "";

	if (!pr)
		return;
	o = gh_pr(c->sim, c->repo, pr, SIM_UNKNOWN, false);
	json_object_set_new(o, "comments", json_integer(
		(json_int_t)json_array_size(pr->comments)));
	json_object_set_new(o, "repository_url", text_url("%s%s/repos/%s/%s",
		c->sim->url, api, c->repo->owner, c->repo->name));
	json_object_set_new(o, "events_url", text_url("%s/events", c->sim->url));
	json_object_set_new(o, "labels_url", text_url("%s/labels", c->sim->url));
	reply_json(c, 200, o);
}

static void issue_edit(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);

	if (!pr)
		return;
	if (json_object_get(c->in, "title"))
		sim_set(&pr->title, jstr(c->in, "title"));
	if (json_object_get(c->in, "body"))
		sim_set(&pr->body, jstr(c->in, "body"));
	if (*jstr(c->in, "state") && !pr->merged)
		sim_close_pr(c->sim, pr, str_eq(jstr(c->in, "state"), "closed"));
	issue_get(c);
}

/* Who cannot be assigned is dropped without a word. */
static void assign(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	json_t *v;
	size_t i;

	if (!pr)
		return;
	json_array_foreach(json_object_get(c->in, "assignees"), i, v)
		if (sim_user(c->sim, json_string_value(v)) &&
		    !json_has_string(pr->assignees, json_string_value(v)))
			json_array_append(pr->assignees, v);
	issue_get(c);
	c->out.status = 201;
}

/* ---- statuses and checks ---- */

/* The newest of each context, in the order they first came. */
static json_t *newest(const json_t *list, const char *key)
{
	json_t *by_name = json_object(), *all = json_array(), *v;
	const char *name;
	size_t i;

	json_array_foreach(list, i, v)
		json_object_set(by_name, jstr(v, key), v);
	json_object_foreach(by_name, name, v)
		json_array_append(all, v);
	json_decref(by_name);
	return all;
}

static void status_add(struct sim_call *c)
{
	static const char *const words[] = { "error", "failure", "pending",
					     "success" };
	const char *state = jstr(c->in, "state");
	const char *context = jstr(c->in, "context");
	struct buf sha = { 0 };
	bool known = false;
	json_t *list;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		known |= str_eq(words[i], state);
	if (trap_get(c->sim, TRAP_NO_STATUSES)) {
		reply_header(c, "X-Accepted-GitHub-Permissions",
			     "statuses=write");
		reply_error(c, 403, "Resource not accessible by personal "
				    "access token");
	} else if (!known) {
		invalid(c, "state", "invalid", "%s", "");
	} else if (strlen(jstr(c->in, "description")) > 140) {
		invalid(c, "description", "custom",
			"description is too long (maximum is 140 characters)");
	} else if (!resolve(c->repo, c->arg[0], &sha)) {
		reply_error(c, 422, "No commit found for SHA: %s", c->arg[0]);
	} else {
		sim_add_status(c->sim, c->repo, buf_str(&sha),
			       *context ? context : "default", state,
			       jstr(c->in, "description"),
			       jstr(c->in, "target_url"), c->user->name);
		list = json_object_get(c->repo->statuses, buf_str(&sha));
		reply_json(c, 201, gh_status(c->sim, c->repo, buf_str(&sha),
			json_array_get(list, json_array_size(list) - 1), true));
	}
	buf_release(&sha);
}

static void status_combined(struct sim_call *c)
{
	struct buf sha = { 0 };
	json_t *latest, *all = json_array(), *v;
	const char *word = "success", *st;
	size_t i, total;

	if (!resolve(c->repo, c->arg[0], &sha)) {
		reply_error(c, 422, "No commit found for SHA: %s", c->arg[0]);
		json_decref(all);
		return;
	}
	latest = newest(json_object_get(c->repo->statuses, buf_str(&sha)),
			"context");
	json_array_foreach(latest, i, v) {
		st = jstr(v, "state");
		if (str_eq(st, "failure") || str_eq(st, "error"))
			word = "failure";
		else if (str_eq(st, "pending") && str_eq(word, "success"))
			word = "pending";
		json_array_append_new(all, gh_status(c->sim, c->repo,
						     buf_str(&sha), v, false));
	}
	total = json_array_size(all);
	reply_page(c, all, NULL);
	/* No status at all is "pending" too; only total_count tells. */
	c->out.json = json_pack("{s:s,s:o,s:I,s:s,s:o,s:s,s:s}", "state",
		total ? word : "pending", "statuses", c->out.json,
		"total_count", (json_int_t)total, "sha", buf_str(&sha),
		"repository", gh_repo(c->sim, c->repo, NULL, false),
		"commit_url", c->sim->url, "url", c->sim->url);
	json_decref(latest);
	buf_release(&sha);
}

static void status_list(struct sim_call *c)
{
	struct buf sha = { 0 };
	json_t *all = json_array(), *list;

	if (resolve(c->repo, c->arg[0], &sha)) {
		list = json_object_get(c->repo->statuses, buf_str(&sha));
		for (size_t i = json_array_size(list); i-- > 0; )
			json_array_append_new(all, gh_status(
				c->sim, c->repo, buf_str(&sha),
				json_array_get(list, i), true));
		reply_page(c, all, NULL);
	} else {
		reply_error(c, 422, "No commit found for SHA: %s", c->arg[0]);
		json_decref(all);
	}
	buf_release(&sha);
}

static void check_runs(struct sim_call *c)
{
	struct buf sha = { 0 };
	json_t *latest, *all = json_array(), *v;
	const char *name = query(c, "check_name"), *filter = query(c, "filter");
	size_t i;

	if (trap_get(c->sim, TRAP_NO_CHECKS)) {
		reply_header(c, "X-Accepted-GitHub-Permissions", "checks=read");
		reply_error(c, 403, "Resource not accessible by personal "
				    "access token");
	} else if (!resolve(c->repo, c->arg[0], &sha)) {
		reply_error(c, 422, "No commit found for SHA: %s", c->arg[0]);
	} else {
		v = json_object_get(c->repo->checks, buf_str(&sha));
		latest = str_eq(filter, "all") ? (v ? json_incref(v)
						    : json_array())
					       : newest(v, "name");
		json_array_foreach(latest, i, v)
			if (!name || str_eq(jstr(v, "name"), name))
				json_array_append_new(all, gh_check(
					c->sim, c->repo, buf_str(&sha), v));
		reply_page(c, json_incref(all), "check_runs");
		json_decref(latest);
	}
	json_decref(all);
	buf_release(&sha);
}

static void pulls_of_commit(struct sim_call *c)
{
	json_t *all = json_array();

	for (size_t i = 0; i < c->repo->prs_len; i++) {
		struct sim_pr *pr = c->repo->prs[i];

		if (str_eq(pr->head_sha, c->arg[0]) ||
		    str_eq(pr->merge_sha, c->arg[0]))
			json_array_append_new(all, gh_pr(c->sim, c->repo, pr,
							 SIM_UNKNOWN, false));
	}
	reply_page(c, all, NULL);
}

/* ---- git data ---- */

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

/* ---- deployments ---- */

static json_t *deployment(struct sim_call *c, const json_t *d)
{
	return json_pack("{s:O,s:o,s:O,s:O,s:s,s:O,s:o,s:{},s:s,s:O,s:O,s:s,"
			 "s:s,s:o}", "id", json_object_get(d, "id"), "node_id",
			 text_url("DE_x"), "sha", json_object_get(d, "sha"),
			 "ref", json_object_get(d, "ref"), "task", "deploy",
			 "environment", json_object_get(d, "environment"),
			 "creator", gh_user(c->sim, jstr(d, "creator")),
			 "payload", "description", jstr(d, "description"),
			 "created_at", json_object_get(d, "at"), "updated_at",
			 json_object_get(d, "at"), "statuses_url", c->sim->url,
			 "repository_url", c->sim->url, "url",
			 text_url("%s/deployment", c->sim->url));
}

static void deployments_get(struct sim_call *c)
{
	const char *env = query(c, "environment"), *sha = query(c, "sha");
	json_t *all = json_array(), *list = c->repo->deployments, *d;

	for (size_t i = json_array_size(list); i-- > 0; ) {
		d = json_array_get(list, i);
		if ((!env || str_eq(env, jstr(d, "environment"))) &&
		    (!sha || str_eq(sha, jstr(d, "sha"))))
			json_array_append_new(all, deployment(c, d));
	}
	reply_page(c, all, NULL);
}

static void deployment_add(struct sim_call *c)
{
	const char *env = jstr(c->in, "environment");
	struct buf sha = { 0 };
	json_t *d;

	if (!resolve(c->repo, jstr(c->in, "ref"), &sha)) {
		reply_error(c, 422, "No ref found for: %s", jstr(c->in, "ref"));
		return;
	}
	d = json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:o,s:[]}", "id",
		      (json_int_t)++c->sim->next_id, "sha", buf_str(&sha),
		      "ref", jstr(c->in, "ref"), "environment",
		      *env ? env : "production", "description",
		      jstr(c->in, "description"), "creator", c->user->name,
		      "at", sim_time(sim_now(c->sim)), "statuses");
	json_array_append_new(c->repo->deployments, d);
	reply_json(c, 201, deployment(c, d));
	buf_release(&sha);
}

static json_t *deployment_find(struct sim_call *c)
{
	long long id = strtoll(c->arg[0], NULL, 10);
	json_t *d;
	size_t i;

	json_array_foreach(c->repo->deployments, i, d)
		if (json_integer_value(json_object_get(d, "id")) == id)
			return json_object_get(d, "statuses");
	reply_error(c, 404, "Not Found");
	return NULL;
}

static void deployment_statuses(struct sim_call *c)
{
	json_t *list = deployment_find(c), *all = json_array();

	if (list) {
		for (size_t i = json_array_size(list); i-- > 0; )
			json_array_append(all, json_array_get(list, i));
		reply_page(c, json_incref(all), NULL);
	}
	json_decref(all);
}

static void deployment_status_add(struct sim_call *c)
{
	json_t *list = deployment_find(c), *v;

	if (!list)
		return;
	v = json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:s,s:s}",
		      "id", (json_int_t)++c->sim->next_id, "node_id", "DES_x",
		      "state", jstr(c->in, "state"), "description",
		      jstr(c->in, "description"), "environment",
		      jstr(c->in, "environment"), "target_url",
		      jstr(c->in, "target_url"), "url", c->sim->url,
		      "created_at", sim_time(sim_now(c->sim)), "updated_at",
		      sim_time(sim_now(c->sim)), "creator",
		      gh_user(c->sim, c->user->name), "deployment_url",
		      c->sim->url, "repository_url", c->sim->url);
	json_array_append_new(list, v);
	reply_json(c, 201, json_incref(v));
}

static const struct sim_route of_repo[] = {
	{ "GET", "", repo_get },
	{ "GET", "/issues/:n", issue_get },
	{ "PATCH", "/issues/:n", issue_edit },
	{ "GET", "/issues/:n/labels", labels_get },
	{ "POST", "/issues/:n/labels", labels_add },
	{ "PUT", "/issues/:n/labels", labels_add },
	{ "DELETE", "/issues/:n/labels/:name", label_drop },
	{ "GET", "/issues/:n/comments", comments_get },
	{ "POST", "/issues/:n/comments", comment_add },
	{ "POST", "/issues/:n/assignees", assign },
	{ "PATCH", "/issues/comments/:id", comment_edit },
	{ "DELETE", "/issues/comments/:id", comment_edit },
	{ "GET", "/labels", repo_labels },
	{ "POST", "/labels", repo_label_add },
	{ "GET", "/labels/:name", repo_label },
	{ "POST", "/statuses/:sha", status_add },
	{ "GET", "/commits/*/status", status_combined },
	{ "GET", "/commits/*/statuses", status_list },
	{ "GET", "/commits/*/check-runs", check_runs },
	{ "GET", "/commits/:sha/pulls", pulls_of_commit },
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
	{ "GET", "/deployments", deployments_get },
	{ "POST", "/deployments", deployment_add },
	{ "GET", "/deployments/:id/statuses", deployment_statuses },
	{ "POST", "/deployments/:id/statuses", deployment_status_add },
};

/* ---- the root ---- */

static void user_get(struct sim_call *c)
{
	json_t *o;

	if (!c->user) {
		reply_error(c, 401, "Requires authentication");
		return;
	}
	if (trap_get(c->sim, TRAP_APP_TOKEN)) {
		reply_error(c, 403, "Resource not accessible by integration");
		return;
	}
	o = gh_user(c->sim, c->user->name);
	json_object_update_new(o, json_pack(
		"{s:s,s:n,s:n,s:n,s:n,s:n,s:n,s:i,s:i,s:i,s:i,s:o,s:o}",
		"name", c->user->name, "company", "blog", "location", "email",
		"hireable", "bio", "public_repos", 0, "public_gists", 0,
		"followers", 0, "following", 0, "created_at", sim_time(0),
		"updated_at", sim_time(0)));
	reply_json(c, 200, o);
}

static void rate_limit(struct sim_call *c)
{
	long long reset = (long long)clock_now_s() + 3600;
	json_t *core = json_pack("{s:i,s:i,s:I,s:i}", "limit", 5000,
				 "remaining", 4999, "reset", (json_int_t)reset,
				 "used", 1);

	reply_json(c, 200, json_pack("{s:{s:O,s:O,s:O},s:O}", "resources",
				     "core", core, "graphql", core, "search",
				     core, "rate", core));
	json_decref(core);
}

static void meta(struct sim_call *c)
{
	json_t *o = json_pack("{s:b}", "verifiable_password_authentication",
			      c->sim->kind == SIM_GHES);

	if (c->sim->kind == SIM_GHES)
		json_object_set_new(o, "installed_version",
				    json_string("3.17.2"));
	reply_json(c, 200, o);
}

static const struct sim_route of_root[] = {
	{ "GET", "/user", user_get },
	{ "GET", "/rate_limit", rate_limit },
	{ "GET", "/meta", meta },
	{ "POST", "/graphql", graphql_call },
};

/* Content made in the last minute is what the secondary limit counts. */
static bool over_content_limit(struct sim_call *c)
{
	struct sim *s = c->sim;
	long long limit = trap_get(s, TRAP_CONTENT_LIMIT), after;
	int64_t now = clock_mono_ms() / 1000;
	long long n = 0;

	if (limit <= 0 || str_eq(c->method, "GET"))
		return false;
	for (size_t i = 0; i < s->content_len && i < ARRAY_LEN(s->content_at_s);
	     i++)
		n += now - s->content_at_s[i] < 60;
	if (n < limit) {
		s->content_at_s[s->content_len++ %
				ARRAY_LEN(s->content_at_s)] = now;
		return false;
	}
	after = trap_get(s, TRAP_RETRY_AFTER);
	if (after > 0)
		reply_header(c, "Retry-After", "%lld", after);
	reply_error(c, 403, "You have exceeded a secondary rate limit and have "
		"been temporarily blocked from content creation. Please retry "
		"your request again later.");
	return true;
}

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
	/* What may not be seen is not there. */
	return c->repo && (c->auth == AUTH_OK || !json_is_true(
		json_object_get(c->repo->settings, "private")));
}

static void repo_call(struct sim_call *c)
{
	bool writes = !str_eq(c->method, "GET");

	if (!find_repo(c)) {
		reply_error(c, 404, "Not Found");
		return;
	}
	if (writes && !sim_can(c->sim, c->user, "write")) {
		reply_header(c, "X-Accepted-GitHub-Permissions",
			     "pull_requests=write");
		reply_error(c, 403, "Resource not accessible by personal "
				    "access token");
		return;
	}
	if (writes && json_is_true(json_object_get(c->repo->settings,
						   "archived"))) {
		reply_error(c, 403, "Repository was archived so is read-only.");
		return;
	}
	if (over_content_limit(c))
		return;
	sim_settle(c->sim, c->repo);
	if (!route(c, github_pulls, github_pulls_len) &&
	    !route(c, of_repo, ARRAY_LEN(of_repo)))
		reply_error(c, 404, "Not Found");
	if (writes)
		sim_settle(c->sim, c->repo);
}

void github_call(struct sim_call *c)
{
	char *path;

	reply_header(c, "X-RateLimit-Limit", "5000");
	reply_header(c, "X-RateLimit-Remaining", "4990");
	reply_header(c, "X-RateLimit-Reset", "%lld",
		     (long long)clock_now_s() + 3600);
	reply_header(c, "X-GitHub-Media-Type", "github.v3; format=json");
	if (str_starts(c->path, "/api/v3/")) {
		path = xstrdup(c->path + strlen("/api/v3"));
	} else if (str_eq(c->path, "/api/graphql")) {
		path = xstrdup("/graphql");
	} else if (c->sim->kind == SIM_GHES) {
		reply_error(c, 404, "Not Found");
		c->out.type = "text/html";
		return;
	} else {
		path = xstrdup(c->path);
	}
	free(c->path);
	c->path = path;
	c->rest = path;
	if (c->auth == AUTH_BAD)
		reply_error(c, 401, "Bad credentials");
	else if (str_starts(c->path, "/repos/"))
		repo_call(c);
	else if (!route(c, of_root, ARRAY_LEN(of_root)))
		reply_error(c, 404, "Not Found");
}
