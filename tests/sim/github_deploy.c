#include "tests/sim/sim.h"

#include <stdlib.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/* Deployments and their statuses. */

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

static const struct sim_route rows[] = {
	{ "GET", "/deployments", deployments_get },
	{ "POST", "/deployments", deployment_add },
	{ "GET", "/deployments/:id/statuses", deployment_statuses },
	{ "POST", "/deployments/:id/statuses", deployment_status_add },
};
const struct sim_routes github_deploy = { rows, ARRAY_LEN(rows) };
