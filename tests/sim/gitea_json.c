#include "tests/sim/gitea.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/mem.h"

/* What Gitea says of things. Lists that are empty and people that are not
   there are null, whatever its description says. */

/* 1.15 -> 115; Forgejo counts by the Gitea version it speaks of. */
int gt_version(const struct sim *s)
{
	const char *v = strstr(s->version, "+gitea-");
	int major = 1, minor = 23;

	v = v ? v + strlen("+gitea-") : s->version;
	if (sscanf(v, "%d.%d", &major, &minor) != 2)
		return 123;
	return major * 100 + minor;
}

json_t *gt_list(struct sim *s, json_t *list)
{
	if (json_array_size(list) || !trap_get(s, TRAP_NULLS))
		return list;
	json_decref(list);
	return json_null();
}

json_t *gt_person(struct sim *s, const char *name)
{
	if (!name || !*name)
		return json_null();
	return json_pack("{s:I,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:s,s:o,s:b,s:b,s:s}",
			 "id", (json_int_t)id_of(name), "login", name,
			 "login_name", "", "full_name", "", "username", name,
			 "email", text_url("%s@noreply.localhost", name),
			 "avatar_url", text_url("%s/avatars/%s", s->url, name),
			 "html_url", text_url("%s/%s", s->url, name),
			 "language", "", "created", sim_time(0),
			 "is_admin", 0, "active", 1, "visibility", "public");
}

json_t *gt_people(struct sim *s, const json_t *names)
{
	json_t *list = json_array(), *v;
	size_t i;

	json_array_foreach(names, i, v)
		json_array_append_new(list, gt_person(s, json_string_value(v)));
	return gt_list(s, list);
}

json_t *gt_repo(struct sim *s, struct sim_repo *r,
			 const struct sim_user *u)
{
	static const char *const same[][2] = {
		{ "allow_merge_commits", "allow_merge_commit" },
		{ "allow_squash_merge", "allow_squash_merge" },
		{ "allow_rebase", "allow_rebase_merge" },
		{ "allow_rebase_explicit", "allow_rebase_merge" },
		{ "allow_fast_forward_only_merge", "allow_fast_forward_only" },
		{ "default_merge_style", "default_merge_style" },
		{ "default_delete_branch_after_merge", "delete_branch_on_merge" },
		{ "private", "private" }, { "archived", "archived" },
		{ "fork", "fork" },
	};
	struct buf def = { 0 };
	json_t *o;

	sim_default_branch(r, &def);
	o = json_pack("{s:I,s:o,s:s,s:o,s:s,s:n,s:s,s:o,s:o,s:o,s:o,s:o,s:b,"
		      "s:b,s:b,s:{s:b,s:b,s:b}}",
		      "id", (json_int_t)r->id, "owner", gt_person(s, r->owner),
		      "name", r->name, "full_name",
		      text_url("%s/%s", r->owner, r->name), "description", "",
		      "parent", "default_branch", buf_str(&def),
		      "html_url", text_url("%s/%s/%s", s->url, r->owner, r->name),
		      "url", text_url("%s/api/v1/repos/%s/%s", s->url, r->owner,
				      r->name),
		      "clone_url", text_url("%s/%s/%s.git", s->url, r->owner,
					    r->name),
		      "created_at", sim_time(0), "updated_at", sim_time(0),
		      "empty", 0, "mirror", 0, "has_pull_requests", 1,
		      "permissions", "admin", sim_can(s, u, "admin"),
		      "push", sim_can(s, u, "write"), "pull", 1);
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		json_object_set(o, same[i][0],
				json_object_get(r->settings, same[i][1]));
	buf_release(&def);
	return o;
}

json_t *gt_label(struct sim *s, struct sim_repo *r, const json_t *l)
{
	return json_pack("{s:O,s:O,s:O,s:O,s:b,s:b,s:o}",
			 "id", json_object_get(l, "id"),
			 "name", json_object_get(l, "name"),
			 "color", json_object_get(l, "color"),
			 "description", json_object_get(l, "description"),
			 "exclusive", 0, "is_archived", 0, "url",
			 text_url("%s/api/v1/repos/%s/%s/labels/%lld", s->url,
				  r->owner, r->name, (long long)
				  json_integer_value(json_object_get(l, "id"))));
}

json_t *gt_find_label(struct sim_call *c, const json_t *want)
{
	json_t *lists[] = { c->repo->labels, c->sim->org_labels }, *v;
	size_t i;

	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		json_array_foreach(lists[k], i, v)
			if (json_equal(json_object_get(v, "id"), want) ||
			    (json_is_string(want) && gt_version(c->sim) >= 122 &&
			     json_equal(json_object_get(v, "name"), want)))
				return v;
	return NULL;
}

json_t *gt_labels(struct sim *s, struct sim_repo *r,
			   const struct sim_pr *pr)
{
	json_t *list = json_array(), *v, *l;
	size_t i, k;

	json_array_foreach(pr->labels, i, v) {
		json_t *found = sim_label(s, r, json_string_value(v), NULL,
					  false);

		json_array_foreach(s->org_labels, k, l)
			if (!found && json_equal(json_object_get(l, "name"), v))
				found = l;
		if (found)
			json_array_append_new(list, gt_label(s, r, found));
	}
	return list;
}

static json_t *end_json(struct sim_call *c, const char *full, const char *branch,
			const char *sha)
{
	char *owner = xstrndup(full, strcspn(full, "/"));
	struct sim_repo *r = sim_repo(c->sim, owner, full + strlen(owner) + 1);
	json_t *o = json_pack("{s:s,s:s,s:s,s:I,s:o}", "label", branch, "ref",
			      branch, "sha", sha, "repo_id",
			      (json_int_t)(r ? r->id : 0), "repo",
			      r ? gt_repo(c->sim, r, c->user) : json_null());

	free(owner);
	return o;
}

static json_t *teams_json(struct sim_call *c, const json_t *teams)
{
	json_t *list = json_array(), *v;
	size_t i;

	json_array_foreach(teams, i, v)
		json_array_append_new(list, json_pack(
			"{s:I,s:O,s:s,s:n,s:b,s:s}", "id", (json_int_t)
			id_of(json_string_value(v)), "name", v, "description",
			"", "organization", "includes_all_repositories", 0,
			"permission", "write"));
	return gt_list(c->sim, list);
}

json_t *gt_pr(struct sim_call *c, struct sim_pr *pr, bool is_poll)
{
	struct sim *s = c->sim;
	struct sim_repo *r = c->repo;
	enum sim_merge_state st = pr->closed ? SIM_UNKNOWN
				: sim_merge_state(s, r, pr, is_poll);
	struct buf full = { 0 };
	json_t *html = text_url("%s/%s/%s/pulls/%lld", s->url, r->owner, r->name,
				pr->number), *o;

	buf_addf(&full, "%s/%s", r->owner, r->name);
	o = json_pack("{s:I,s:I,s:O,s:O,s:s,s:s,s:s,s:o,s:b,s:b,s:b,s:b,s:I,"
		      "s:o,s:o,s:o,s:o,s:o,s:o,s:n,s:n,s:s}",
		      "id", (json_int_t)(r->id * 1000 + pr->number), "number",
		      (json_int_t)pr->number, "url", html, "html_url", html,
		      "title", pr->title, "body", pr->body, "state",
		      pr->closed ? "closed" : "open", "user",
		      gt_person(s, pr->author), "draft", (int)pr->draft,
		      "is_locked", 0, "merged", (int)pr->merged,
		      /* One word for computing, for conflicts and for drafts. */
		      "mergeable", st != SIM_UNKNOWN && st != SIM_DIRTY &&
				   st != SIM_DRAFT,
		      "comments", (json_int_t)json_array_size(pr->comments),
		      "created_at", sim_time(pr->created_s), "updated_at",
		      sim_time(pr->updated_s), "closed_at",
		      sim_time(pr->closed_s), "merged_at",
		      sim_time(pr->merged_s), "merge_commit_sha",
		      *pr->merge_sha ? json_string(pr->merge_sha) : json_null(),
		      "merged_by", gt_person(s, pr->merged_by), "milestone",
		      "due_date", "merge_base", pr->merge_base);
	json_object_set_new(o, "head", end_json(c, pr->head_repo, pr->head,
						pr->head_sha));
	json_object_set_new(o, "base", end_json(c, buf_str(&full), pr->base,
						pr->base_sha));
	json_object_set_new(o, "labels", gt_labels(s, r, pr));
	json_object_set_new(o, "assignees", gt_people(s, pr->assignees));
	json_object_set_new(o, "assignee", gt_person(s, json_string_value(
		json_array_get(pr->assignees, 0))));
	json_object_set_new(o, "requested_reviewers", gt_people(s, pr->reviewers));
	json_object_set_new(o, "requested_reviewers_teams",
			    teams_json(c, pr->teams));
	json_decref(html);
	buf_release(&full);
	return o;
}

json_t *gt_status(struct sim_call *c, const char *sha, const json_t *v)
{
	struct sim *s = c->sim;

	return json_pack("{s:O,s:O,s:O,s:O,s:O,s:o,s:O,s:O,s:o}",
			 "id", json_object_get(v, "id"),
			 "status", json_object_get(v, "state"),
			 "context", json_object_get(v, "context"),
			 "description", json_object_get(v, "description"),
			 "target_url", json_object_get(v, "target_url"),
			 "creator", gt_person(s, jstr(v, "creator")),
			 "created_at", json_object_get(v, "at"),
			 "updated_at", json_object_get(v, "at"),
			 "url", text_url("%s/api/v1/repos/%s/%s/statuses/%s",
					 s->url, c->repo->owner, c->repo->name,
					 sha));
}

json_t *gt_comment(struct sim_call *c, struct sim_pr *pr,
			    const json_t *v)
{
	return json_pack("{s:O,s:O,s:o,s:O,s:O,s:o,s:s,s:o}",
			 "id", json_object_get(v, "id"), "body",
			 json_object_get(v, "body"), "user",
			 gt_person(c->sim, jstr(v, "user")), "created_at",
			 json_object_get(v, "at"), "updated_at",
			 json_object_get(v, "at"), "html_url",
			 text_url("%s/%s/%s/pulls/%lld#issuecomment", c->sim->url,
				  c->repo->owner, c->repo->name, pr->number),
			 "issue_url", "", "pull_request_url",
			 text_url("%s/%s/%s/pulls/%lld", c->sim->url,
				  c->repo->owner, c->repo->name, pr->number));
}
