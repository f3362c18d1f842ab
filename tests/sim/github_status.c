#include "tests/sim/sim.h"

#include <string.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/* Commit statuses and check runs. */

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

static const struct sim_route rows[] = {
	{ "POST", "/statuses/:sha", status_add },
	{ "GET", "/commits/*/status", status_combined },
	{ "GET", "/commits/*/statuses", status_list },
	{ "GET", "/commits/*/check-runs", check_runs },
	{ "GET", "/commits/:sha/pulls", pulls_of_commit },
};
const struct sim_routes github_status = { rows, ARRAY_LEN(rows) };
