#include "tests/sim/gitea.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/* Labels and comments. */

static void labels_get(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);

	if (pr)
		reply_json(c, 200, gt_labels(c->sim, c->repo, pr));
}

/* By id; by name since 1.22. What is not known is left out silently. */
static void labels_add(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
	json_t *v, *l;
	size_t i;

	if (!pr)
		return;
	if (str_eq(c->method, "PUT"))
		json_array_clear(pr->labels);
	json_array_foreach(json_object_get(c->in, "labels"), i, v) {
		if (json_is_string(v) && gt_version(c->sim) < 122) {
			reply_error(c, 422, "json: cannot unmarshal string into "
				"Go struct field IssueLabelsOption.labels of "
				"type int64");
			return;
		}
		l = gt_find_label(c, v);
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
		json_array_append_new(all, gt_label(c->sim, c->repo, v));
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
	reply_json(c, 201, gt_label(c->sim, c->repo, v));
}

static void comments_get(struct sim_call *c)
{
	struct sim_pr *pr = call_pr(c);
	json_t *all, *v;
	size_t i;

	if (!pr)
		return;
	all = json_array();
	json_array_foreach(pr->comments, i, v)
		json_array_append_new(all, gt_comment(c, pr, v));
	reply_json(c, 200, all);
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
	reply_json(c, 201, gt_comment(c, pr, v));
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
			reply_json(c, 200, gt_comment(c, pr, v));
			return;
		}
	}
	reply_error(c, 404, "The target couldn't be found.");
}

static const struct sim_route rows[] = {
	{ "GET", "/issues/:n/labels", labels_get },
	{ "POST", "/issues/:n/labels", labels_add },
	{ "PUT", "/issues/:n/labels", labels_add },
	{ "GET", "/issues/:n/comments", comments_get },
	{ "POST", "/issues/:n/comments", comment_add },
	{ "PATCH", "/issues/comments/:id", comment_edit },
	{ "DELETE", "/issues/comments/:id", comment_edit },
	{ "GET", "/labels", repo_labels },
	{ "POST", "/labels", repo_label_add },
};
const struct sim_routes gitea_issues = { rows, ARRAY_LEN(rows) };
