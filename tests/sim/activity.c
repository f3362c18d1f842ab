#include "tests/sim/gitea.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/*
 * What a forge remembers of pushes. Each ref that moved since the last look at
 * the repository is one, at the time of this look; the refs that were there at
 * the first look are older than the forge's memory.
 */

enum { FEED_COMMITS = 5, PER_PAGE = 30, PER_PAGE_MOST = 100 };

#define NONE "0000000000000000000000000000000000000000"

static void moved(struct sim *s, struct sim_repo *r, const char *ref,
		  const char *before, const char *after)
{
	json_array_append_new(r->activity, json_pack(
		"{s:I,s:s,s:s,s:s,s:I}", "id", (json_int_t)++s->next_id,
		"ref", ref, "before", before ? before : NONE, "after",
		after ? after : NONE, "at_s", (json_int_t)sim_now(s)));
}

void sim_activity_take(struct sim *s, struct sim_repo *r, const json_t *old)
{
	const char *ref;
	json_t *id;

	json_object_foreach(r->refs, ref, id) {
		const char *was = json_string_value(json_object_get(old, ref));

		if (str_starts(ref, "refs/heads/") &&
		    !str_eq(was, json_string_value(id)))
			moved(s, r, ref, was, json_string_value(id));
	}
	json_object_foreach((json_t *)(uintptr_t)old, ref, id)
		if (str_starts(ref, "refs/heads/") &&
		    !json_object_get(r->refs, ref))
			moved(s, r, ref, json_string_value(id), NULL);
}

static int64_t at_s(const json_t *row)
{
	return json_integer_value(json_object_get(row, "at_s"));
}

/* ---- GitHub ---- */

static bool is_merge(const struct sim_repo *r, const char *sha)
{
	for (size_t i = 0; i < r->prs_len; i++)
		if (r->prs[i]->merged && r->prs[i]->merged_by &&
		    str_eq(r->prs[i]->merge_sha, sha))
			return true;
	return false;
}

static const char *type_of(const struct sim_repo *r, const json_t *row)
{
	const char *before = jstr(row, "before"), *after = jstr(row, "after");

	if (str_eq(before, NONE))
		return "branch_creation";
	if (str_eq(after, NONE))
		return "branch_deletion";
	if (is_merge(r, after))
		return "pr_merge";
	return git_is_ancestor(r->dir, before, after) ? "push" : "force_push";
}

/* By BRANCH as well as by refs/heads/BRANCH. */
static bool is_ref(const struct sim_call *c, const json_t *row)
{
	const char *want = query(c, "ref"), *ref = jstr(row, "ref");

	return !want || str_eq(want, ref) ||
	       str_eq(want, ref + strlen("refs/heads/"));
}

/*
 * Pages go by cursors, which are in Link and nowhere else; `page` is one more
 * parameter that is not known, and so ignored.
 */
static void next_page(struct sim_call *c, long long id)
{
	const char *ref = query(c, "ref"), *size = query(c, "per_page");
	struct buf link = { 0 }, cursor = { 0 };

	buf_addf(&cursor, "djE6%lld=", id);
	buf_addf(&link, "<%s/repositories/%lld/activity?per_page=%s",
		 c->sim->url, c->repo->id, size ? size : "30");
	if (ref) {
		buf_addstr(&link, "&ref=");
		escape_url(&link, ref);
	}
	buf_addstr(&link, "&after=");
	escape_url(&link, buf_str(&cursor));
	buf_addstr(&link, ">; rel=\"next\"");
	reply_header(c, "Link", "%s", buf_str(&link));
	buf_release(&link);
	buf_release(&cursor);
}

void github_activity(struct sim_call *c)
{
	const char *after = query(c, "after"), *size = query(c, "per_page");
	const char *type = query(c, "activity_type");
	long long most = size ? strtoll(size, NULL, 10) : PER_PAGE;
	long long cap = trap_get(c->sim, TRAP_PAGE_CAP), last = 0;
	json_t *out = json_array();

	if (trap_get(c->sim, TRAP_NO_ACTIVITY)) {
		reply_error(c, 404, "Not Found");
		json_decref(out);
		return;
	}
	if (cap <= 0 || cap > PER_PAGE_MOST)
		cap = PER_PAGE_MOST;
	if (most <= 0 || most > cap)
		most = cap;
	if (after && str_starts(after, "djE6"))
		last = strtoll(after + strlen("djE6"), NULL, 10);
	for (size_t i = json_array_size(c->repo->activity); i-- > 0;) {
		const json_t *row = json_array_get(c->repo->activity, i);
		long long id = json_integer_value(json_object_get(row, "id"));

		if ((last && id >= last) || !is_ref(c, row) ||
		    (type && !str_eq(type, type_of(c->repo, row))))
			continue;
		if ((long long)json_array_size(out) == most) {
			row = json_array_get(out, json_array_size(out) - 1);
			next_page(c, json_integer_value(json_object_get(row,
									"id")));
			break;
		}
		json_array_append_new(out, json_pack(
			"{s:I,s:o,s:s,s:s,s:s,s:o,s:s,s:n}", "id", id,
			"node_id", text_url("PSH_%lld", id), "before",
			jstr(row, "before"), "after", jstr(row, "after"), "ref",
			jstr(row, "ref"), "timestamp", sim_time(at_s(row)),
			"activity_type", type_of(c->repo, row), "actor"));
	}
	reply_json(c, 200, out);
}

/* ---- Gitea and Forgejo ---- */

/* Newest first; of the same second, what was added last. */
static void put(json_t *list, json_t *row)
{
	size_t i = 0;

	while (i < json_array_size(list) &&
	       at_s(json_array_get(list, i)) > at_s(row))
		i++;
	json_array_insert_new(list, i, row);
}

static json_t *deed(const char *op, const char *ref, int64_t at,
		    const json_t *push)
{
	json_t *row = json_pack("{s:s,s:s,s:I,s:s}", "op", op, "ref", ref,
				"at_s", (json_int_t)at, "content", "");

	if (push)
		json_object_set(row, "push", (json_t *)(uintptr_t)push);
	return row;
}

/* A new branch is two rows: that it was made, and what was pushed. */
static void put_push(json_t *list, const json_t *push)
{
	const char *ref = jstr(push, "ref");

	if (str_eq(jstr(push, "after"), NONE)) {
		put(list, deed("delete_branch", ref, at_s(push), NULL));
		return;
	}
	if (str_eq(jstr(push, "before"), NONE))
		put(list, deed("commit_repo", ref, at_s(push), NULL));
	put(list, deed("commit_repo", ref, at_s(push), push));
}

static void put_pr(json_t *list, const struct sim_pr *pr)
{
	json_t *row = deed("create_pull_request", "", pr->created_s, NULL);
	json_t *text = text_url("%lld|%s", pr->number, pr->title);

	json_object_set(row, "content", text);
	put(list, row);
	if (pr->merged) {
		row = deed("merge_pull_request", "", pr->merged_s, NULL);
		json_object_set(row, "content", text);
		put(list, row);
	}
	json_decref(text);
}

static json_t *commit_of(const char *line)
{
	char sha[41] = "", date[32] = "";

	if (sscanf(line, "%40s %31s", sha, date) != 2)
		return json_null();
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "Sha1", sha,
			 "Message", "a commit\n", "AuthorEmail",
			 "who@localhost", "AuthorName", "who", "CommitterEmail",
			 "who@localhost", "CommitterName", "who", "Timestamp",
			 date);
}

/* What the push brought, as JSON in a text. */
static json_t *content_of(const struct sim_repo *r, const json_t *push)
{
	const char *before = jstr(push, "before"), *after = jstr(push, "after");
	bool is_new = str_eq(before, NONE);
	struct buf range = { 0 }, log = { 0 };
	json_t *commits = json_array(), *all, *out;
	char *text, *save = NULL, *line;
	int len = 0;

	buf_addf(&range, "%s%s%s", is_new ? "" : before, is_new ? "" : "..",
		 after);
	/* The author's time: no word on when anything landed. */
	GIT(r->dir, &log, "log", "-n10", "--format=%H %aI", buf_str(&range));
	for (line = log.len ? strtok_r(log.data, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		if (len++ < FEED_COMMITS)
			json_array_append_new(commits, commit_of(line));
	buf_reset(&log);
	GIT(r->dir, &log, "log", "-n1", "--format=%H %aI", after);
	all = json_pack("{s:o,s:o,s:o,s:i}", "Commits", commits, "HeadCommit",
			commit_of(buf_str(&log)), "CompareURL", is_new
			? json_string("") : text_url("%s/%s/compare/%s...%s",
			r->owner, r->name, before, after), "Len", len);
	text = json_dumps(all, JSON_COMPACT);
	out = json_string(text);
	free(text);
	json_decref(all);
	buf_release(&range);
	buf_release(&log);
	return out;
}

static json_t *gt_row(struct sim_call *c, const json_t *row)
{
	struct sim *s = c->sim;
	const char *who = c->repo->owner;
	const json_t *push = json_object_get(row, "push");

	return json_pack("{s:I,s:I,s:s,s:I,s:o,s:I,s:o,s:i,s:n,s:s,s:b,s:o,s:o}",
			 "id", (json_int_t)++s->next_id, "user_id",
			 (json_int_t)id_of(who), "op_type", jstr(row, "op"),
			 "act_user_id", (json_int_t)id_of(who), "act_user",
			 gt_person(s, who), "repo_id", (json_int_t)c->repo->id,
			 "repo", gt_repo(s, c->repo, c->user), "comment_id", 0,
			 "comment", "ref_name", jstr(row, "ref"), "is_private",
			 1, "content", push ? content_of(c->repo, push)
			 : json_incref(json_object_get(row, "content")),
			 "created", sim_time(at_s(row)));
}

/* Everything that happened in the repository. There since Gitea 1.20. */
void gitea_activity(struct sim_call *c)
{
	json_t *list = json_array(), *page = json_array(), *row;
	size_t i;

	if (gt_version(c->sim) < 120 || trap_get(c->sim, TRAP_NO_ACTIVITY)) {
		reply_error(c, 404, "The target couldn't be found.");
		json_decref(list);
		json_decref(page);
		return;
	}
	json_array_foreach(c->repo->activity, i, row)
		put_push(list, row);
	for (i = 0; i < c->repo->prs_len; i++)
		put_pr(list, c->repo->prs[i]);
	reply_page(c, list, NULL);
	/* Only now: each of them is a git of its own. */
	json_array_foreach(c->out.json, i, row)
		json_array_append_new(page, gt_row(c, row));
	reply_json(c, 200, page);
}
