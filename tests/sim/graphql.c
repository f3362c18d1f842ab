#include "tests/sim/graphql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/* GitHub's GraphQL: what a query selects, out of the same pull requests. */

void gql_fail(struct gql *g, const char *type, const char *path,
		 const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;
	json_t *e;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	e = json_pack("{s:s,s:[{s:i,s:i}]}", "message", buf_str(&b),
		      "locations", "line", 1, "column", 1);
	if (type)
		json_object_set_new(e, "type", json_string(type));
	if (path)
		json_object_set_new(e, "path", json_pack("[s]", path));
	json_array_append_new(g->errors, e);
	buf_release(&b);
}

/* ---- fields with arguments ---- */

static bool pr_fits(const struct sim_pr *pr, const json_t *args)
{
	const json_t *states = json_object_get(args, "states");
	const char *head = jstr(args, "headRefName");
	const char *base = jstr(args, "baseRefName");
	const char *state = pr->merged ? "MERGED" : pr->closed ? "CLOSED"
							       : "OPEN";

	return (!*head || str_eq(head, pr->head)) &&
	       (!*base || str_eq(base, pr->base)) &&
	       (json_is_string(states)
		? str_eq(json_string_value(states), state)
		: !json_array_size(states) || json_has_string(states, state));
}

/* A field of a repository that needs its arguments, or NULL. */
static json_t *repo_field(struct gql *g, json_t *obj, const char *field,
			  const json_t *args)
{
	json_t *full = json_pack("{s:O}", "repo",
				 json_object_get(obj, "nameWithOwner")), *all;
	struct sim_repo *r = gql_repo_of(g, full);
	const char *name;
	struct sim_pr *pr;

	json_decref(full);
	if (str_eq(field, "pullRequest")) {
		pr = sim_pr(r, json_integer_value(json_object_get(args,
								  "number")));
		if (pr)
			return gql_stub_pr(r, pr);
		gql_fail(g, "NOT_FOUND", field, "Could not resolve to a PullRequest"
		     " with the number of %lld.", (long long)json_integer_value(
			json_object_get(args, "number")));
		return json_null();
	}
	if (str_eq(field, "pullRequests")) {
		all = json_array();
		for (size_t i = 0; i < r->prs_len; i++)
			if (pr_fits(r->prs[i], args))
				json_array_append_new(all, gql_stub_pr(r, r->prs[i]));
		return gql_connection(all);
	}
	if (str_eq(field, "ref")) {
		name = jstr(args, "qualifiedName");
		if (str_starts(name, "refs/heads/"))
			name += strlen("refs/heads/");
		if (!sim_ref(r, name))
			return json_null();
		return json_pack("{s:s,s:s,s:s,s:s,s:o}", "__typename", "Ref",
				 "id", "REF_1", "name", name, "prefix",
				 "refs/heads/", "target",
				 gql_stub_commit(r, sim_ref(r, name)));
	}
	if (str_eq(field, "mergeQueue"))
		return json_is_true(json_object_get(sim_rule(
			r, jstr(args, "branch")), "queue"))
			? json_pack("{s:s,s:s,s:s}", "__typename", "MergeQueue",
				    "id", "MQ_1", "url", g->c->sim->url)
			: json_null();
	return NULL;
}

struct sim_pr *gql_pr_by_id(struct gql *g, const char *id,
			       struct sim_repo **r)
{
	long long n = str_starts(id, "PR_") ? strtoll(id + 3, NULL, 10) : 0;

	for (size_t i = 0; i < g->c->sim->repos_len; i++) {
		*r = g->c->sim->repos[i];
		if (n && (*r)->id == n / 100000)
			return sim_pr(*r, n % 100000);
	}
	return NULL;
}

static json_t *root_field(struct gql *g, const char *field, const json_t *args)
{
	struct sim_repo *r = NULL;
	struct sim_pr *pr;

	if (str_eq(field, "viewer"))
		return gql_actor(g->c->user->name);
	if (str_eq(field, "rateLimit"))
		return json_pack("{s:s,s:i,s:i,s:i,s:i,s:i,s:o}", "__typename",
				 "RateLimit", "cost", 1, "limit", 5000,
				 "nodeCount", 0, "remaining", 4999, "used", 1,
				 "resetAt", sim_time(clock_now_s() + 3600));
	if (str_eq(field, "repository")) {
		r = sim_repo(g->c->sim, jstr(args, "owner"), jstr(args, "name"));
		if (!r)
			gql_fail(g, "NOT_FOUND", field, "Could not resolve to a "
			     "Repository with the name '%s/%s'.",
			     jstr(args, "owner"), jstr(args, "name"));
		else
			sim_settle(g->c->sim, r);
		return r ? gql_stub("repo", r) : json_null();
	}
	if (str_eq(field, "node")) {
		pr = gql_pr_by_id(g, jstr(args, "id"), &r);
		if (!pr)
			gql_fail(g, "NOT_FOUND", field, "Could not resolve to a "
			     "node with the global id of '%s'", jstr(args, "id"));
		else
			sim_settle(g->c->sim, r);
		return pr ? gql_stub_pr(r, pr) : json_null();
	}
	return NULL;
}

/* ---- running a query ---- */

/* nodes, edges and pages of a list, cut as the arguments say. */
static void cut(json_t *o, const json_t *args)
{
	json_t *nodes = json_object_get(o, "nodes"), *part = json_array();
	json_t *first = json_object_get(args, "first");
	json_t *last = json_object_get(args, "last");
	size_t n = json_array_size(nodes), from, to = n;

	from = (size_t)strtoull(jstr(args, "after"), NULL, 10);
	if (json_is_integer(first) &&
	    from + (size_t)json_integer_value(first) < n)
		to = from + (size_t)json_integer_value(first);
	if (json_is_integer(last) && (size_t)json_integer_value(last) < n)
		from = n - (size_t)json_integer_value(last);
	for (size_t i = from; i < to; i++)
		json_array_append(part, json_array_get(nodes, i));
	json_object_set_new(o, "totalCount", json_integer((json_int_t)n));
	json_object_set_new(o, "pageInfo", json_pack(
		"{s:s,s:b,s:o}", "__typename", "PageInfo", "hasNextPage", to < n,
		"endCursor", text_url("%zu", to)));
	json_object_set_new(o, "nodes", part);
}

static json_t *project(struct gql *g, json_t *obj, const json_t *sel);

static json_t *look_up(struct gql *g, json_t *obj, const char *field,
		       const json_t *args)
{
	const char *type = jstr(obj, "__typename");
	json_t *v = NULL;

	if (str_eq(type, "Query"))
		v = root_field(g, field, args);
	else if (str_eq(type, "Mutation"))
		v = gql_mutate(g, field, args);
	else if (str_eq(type, "Repository"))
		v = repo_field(g, obj, field, args);
	if (!v && (v = json_object_get(obj, field)))
		v = json_deep_copy(v);
	if (!v) {
		gql_fail(g, NULL, NULL, "Field '%s' doesn't exist on type '%s'",
		     field, type);
		g->voids = true;
		return json_null();
	}
	if (json_object_get(v, "__stub")) {
		json_t *full = gql_expand(g, v);

		json_decref(v);
		v = full;
	}
	if (json_object_get(v, "nodes"))
		cut(v, args);
	return v;
}

static void project_into(struct gql *g, json_t *out, json_t *obj,
			 const json_t *sel)
{
	json_t *s, *v;
	size_t i;

	json_array_foreach(sel, i, s) {
		const char *on = jstr(s, "on"), *as = jstr(s, "as");

		if (!json_object_get(s, "field")) {
			const char *type = jstr(obj, "__typename");

			if (!*on || str_eq(on, type) || str_eq(on, "Node") ||
			    str_eq(on, "Actor"))
				project_into(g, out, obj,
					     json_object_get(s, "sel"));
			continue;
		}
		v = look_up(g, obj, jstr(s, "field"), json_object_get(s, "args"));
		json_object_set_new(out, as, project(g, v,
						     json_object_get(s, "sel")));
		json_decref(v);
	}
}

static json_t *project(struct gql *g, json_t *obj, const json_t *sel)
{
	json_t *out, *v;
	size_t i;

	if (json_is_array(obj)) {
		out = json_array();
		json_array_foreach(obj, i, v) {
			json_t *full = json_object_get(v, "__stub")
				? gql_expand(g, v) : json_incref(v);

			json_array_append_new(out, project(g, full, sel));
			json_decref(full);
		}
		return out;
	}
	if (!json_is_object(obj) || !sel)
		return json_incref(obj);
	out = json_object();
	project_into(g, out, obj, sel);
	return out;
}

void graphql_call(struct sim_call *c)
{
	struct gql g = { .c = c, .errors = json_array() };
	struct gql_doc doc;
	json_t *root, *data = NULL;

	if (!c->user) {
		reply_error(c, 401, "This endpoint requires you to be "
				    "authenticated.");
		json_decref(g.errors);
		return;
	}
	if (!gql_parse(&doc, jstr(c->in, "query"),
		       json_object_get(c->in, "variables"))) {
		gql_fail(&g, NULL, NULL, "%s", doc.wrong);
		g.voids = true;
	} else {
		root = json_pack("{s:s}", "__typename",
				 doc.is_mutation ? "Mutation" : "Query");
		data = project(&g, root, doc.sel);
		json_decref(root);
	}
	/* Errors come with 200 as well. */
	reply_json(c, 200, json_object());
	if (data && !g.voids)
		json_object_set(c->out.json, "data", data);
	if (json_array_size(g.errors))
		json_object_set(c->out.json, "errors", g.errors);
	json_decref(data);
	json_decref(g.errors);
	gql_release(&doc);
}
