#include "tests/sim/gitea.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/* Gitea's and Forgejo's API: its root, and who may call it. */

static void user_get(struct sim_call *c)
{
	if (c->user)
		reply_json(c, 200, gt_person(c->sim, c->user->name));
	else
		reply_error(c, 401, "%s", c->auth == AUTH_BAD
			    ? "invalid username, password or token"
			    : "token is required");
}

static void version_get(struct sim_call *c)
{
	reply_json(c, 200, json_pack("{s:s}", "version", c->sim->version));
}

static void settings_get(struct sim_call *c)
{
	long long cap = trap_get(c->sim, TRAP_PAGE_CAP);

	reply_json(c, 200, json_pack("{s:I,s:i,s:i,s:i}", "max_response_items",
		(json_int_t)(cap > 0 ? cap : 50), "default_paging_num", 30,
		"default_git_trees_per_page", 1000, "default_max_blob_size",
		10485760));
}

static void org_labels(struct sim_call *c)
{
	reply_page(c, json_deep_copy(c->sim->org_labels), NULL);
}

static const struct sim_route rows[] = {
	{ "GET", "/user", user_get },
	{ "GET", "/version", version_get },
	{ "GET", "/settings/api", settings_get },
	{ "GET", "/orgs/:org/labels", org_labels },
};
static const struct sim_routes of_root = { rows, ARRAY_LEN(rows) };

/* What may not be seen is not there. */
static bool may_see(const struct sim_call *c)
{
	return c->repo && (c->auth == AUTH_OK || (c->auth == AUTH_NONE &&
		!json_is_true(json_object_get(c->repo->settings, "private"))));
}

static void repo_call(struct sim_call *c)
{
	bool writes = !str_eq(c->method, "GET");

	call_find_repo(c);
	if (!may_see(c))
		reply_error(c, 404, "The target couldn't be found.");
	else if (writes && !sim_can(c->sim, c->user, "write"))
		reply_error(c, 403, "user should have a permission to write to "
				    "a repo");
	else if (writes && json_is_true(json_object_get(c->repo->settings,
							"archived")))
		reply_error(c, 423, "%s/%s is archived", c->repo->owner,
			    c->repo->name);
	else {
		sim_settle(c->sim, c->repo);
		if (!route(c, &gitea_pulls) && !route(c, &gitea_issues) &&
		    !route(c, &gitea_repo))
			reply_error(c, 404, "The target couldn't be found.");
		if (writes)
			sim_settle(c->sim, c->repo);
	}
}

void gitea_call(struct sim_call *c)
{
	char *path;

	if (trap_get(c->sim, TRAP_COOKIES)) {
		reply_header(c, "Set-Cookie", "i_like_gitea=0123456789abcdef; "
					      "Path=/; HttpOnly; SameSite=Lax");
		c->out.is_chunked = true;
	}
	if (!str_starts(c->path, "/api/v1/")) {
		reply_error(c, 404, "Not found.");
		c->out.type = "text/html";
		return;
	}
	path = xstrdup(c->path + strlen("/api/v1"));
	free(c->path);
	c->path = path;
	c->rest = path;
	if (str_starts(c->path, "/repos/"))
		repo_call(c);
	else if (!route(c, &of_root))
		reply_error(c, 404, "The target couldn't be found.");
}
