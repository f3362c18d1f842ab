#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/* Labels, comments, assignees: a pull request is an issue as well. */

static void labels_say(struct sim_call *c, struct sim_pr *pr)
{
	reply_page(c, gh_labels(c->sim, c->repo, pr), NULL);
}

static void labels_get(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);

	if (pr)
		labels_say(c, pr);
}

/* A missing label is made on the way, with GitHub's default colour. */
static void labels_add(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
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
	struct sim_pr *pr = call_pr(c);

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
	struct sim_pr *pr = call_pr(c);
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
	struct sim_pr *pr = call_pr(c);
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
	struct sim_pr *pr = call_pr(c);
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
	struct sim_pr *pr = call_pr(c);

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
	struct sim_pr *pr = call_pr(c);
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

static const struct sim_route rows[] = {
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
};
const struct sim_routes github_issues = { rows, ARRAY_LEN(rows) };
