#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/* GitHub's REST API: its root, who may call it, and how often. */

static void repo_get(struct sim_call *c)
{
	reply_json(c, 200, gh_repo(c->sim, c->repo, c->user, true));
}

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

static const struct sim_route rows[] = {
	{ "GET", "/user", user_get },
	{ "GET", "/rate_limit", rate_limit },
	{ "GET", "/meta", meta },
	{ "POST", "/graphql", graphql_call },
};
static const struct sim_routes of_root = { rows, ARRAY_LEN(rows) };

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

/* What may not be seen is not there. */
static bool may_see(const struct sim_call *c)
{
	return c->repo && (c->auth == AUTH_OK || !json_is_true(
		json_object_get(c->repo->settings, "private")));
}

static void repo_call(struct sim_call *c)
{
	bool writes = !str_eq(c->method, "GET");

	call_find_repo(c);
	if (!may_see(c)) {
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
	if (!*c->rest && str_eq(c->method, "GET"))
		repo_get(c);
	else if (!route(c, &github_pulls) && !route(c, &github_issues) &&
		 !route(c, &github_status) && !route(c, &github_git) &&
		 !route(c, &github_deploy))
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
	else if (!route(c, &of_root))
		reply_error(c, 404, "Not Found");
}
