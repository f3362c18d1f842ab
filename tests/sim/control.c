#include "tests/sim/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bot/base/clock.h"
#include "bot/base/err.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/*
 * What tests do behind the forge's back, and what people would do in its web
 * pages. No token: the simulator listens on loopback only.
 */

static void say(struct sim_call *c, int status, const char *text)
{
	reply_json(c, status, json_pack("{s:s}", status < 300 ? "ok" : "error",
					text));
}

/* "repo": "OWNER/NAME" */
static bool find_repo(struct sim_call *c)
{
	const char *full = jstr(c->in, "repo");
	char *owner = xstrndup(full, strcspn(full, "/"));

	if (full[strlen(owner)] == '/')
		c->repo = sim_repo(c->sim, owner, full + strlen(owner) + 1);
	free(owner);
	return c->repo != NULL;
}

static bool the_repo(struct sim_call *c)
{
	if (!find_repo(c))
		say(c, 404, "\"repo\": no such repository");
	else
		sim_settle(c->sim, c->repo);
	return c->repo != NULL;
}

static struct sim_pr *the_pr(struct sim_call *c)
{
	struct sim_pr *pr = NULL;

	if (!the_repo(c))
		return NULL;
	pr = sim_pr(c->repo, json_integer_value(json_object_get(c->in,
								 "number")));
	if (!pr)
		say(c, 404, "\"number\": no such pull request");
	return pr;
}

static const char *by(struct sim_call *c)
{
	const char *user = jstr(c->in, "user");

	return *user ? user : "alice";
}

static json_t *pr_plain(struct sim *s, struct sim_repo *r, struct sim_pr *pr)
{
	json_t *o = json_pack(
		"{s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:s,s:s,s:O,s:O,s:O,s:O,"
		"s:O,s:b,s:b,s:o,s:o,s:o,s:s}",
		"number", (json_int_t)pr->number, "title", pr->title, "body",
		pr->body, "head", pr->head, "base", pr->base, "author",
		pr->author, "head_sha", pr->head_sha, "state", pr->merged
		? "merged" : pr->closed ? "closed" : "open", "draft",
		(int)pr->draft, "merge_sha", pr->merge_sha, "merged_by",
		pr->merged_by ? pr->merged_by : "", "labels", pr->labels,
		"reviewers", pr->reviewers, "teams", pr->teams, "reviews",
		pr->reviews, "comments", pr->comments, "armed", pr->arm.on,
		"queued", pr->arm.queued, "created_at", sim_time(pr->created_s),
		"closed_at", sim_time(pr->closed_s), "merged_at",
		sim_time(pr->merged_s), "mergeable_state",
		pr->closed ? "" : github_state_name(
			sim_merge_state(s, r, pr, false)));

	json_object_set(o, "assignees", pr->assignees);
	return o;
}

static void pr_say(struct sim_call *c, struct sim_pr *pr)
{
	reply_json(c, 200, pr_plain(c->sim, c->repo, pr));
}

static void prs(struct sim_call *c)
{
	json_t *all = json_array();

	json_decref(c->in);
	c->in = json_pack("{s:s}", "repo", query(c, "repo") ? query(c, "repo")
							    : "");
	if (the_repo(c)) {
		for (size_t i = 0; i < c->repo->prs_len; i++)
			json_array_append_new(all, pr_plain(c->sim, c->repo,
							    c->repo->prs[i]));
		reply_json(c, 200, json_incref(all));
	}
	json_decref(all);
}

static void trap_post(struct sim_call *c)
{
	const char *name;
	json_t *v;

	json_object_foreach(c->in, name, v) {
		struct buf b = { 0 };
		bool ok;

		buf_addf(&b, "%s=%lld", name, (long long)(json_is_true(v) ? 1
						: json_integer_value(v)));
		ok = trap_set(c->sim, buf_str(&b));
		buf_release(&b);
		if (!ok) {
			say(c, 400, "no such trap; see forge-sim --help");
			return;
		}
	}
	reply_json(c, 200, traps_json(c->sim));
}

static void trap_get_all(struct sim_call *c)
{
	reply_json(c, 200, traps_json(c->sim));
}

static void trap_reset(struct sim_call *c)
{
	traps_default(c->sim);
	faults_clear(c->sim);
	reply_json(c, 200, traps_json(c->sim));
}

static void fault_post(struct sim_call *c)
{
	const char *wrong = fault_add(c->sim, c->in);

	say(c, wrong ? 400 : 200, wrong ? wrong : "set");
}

static void fault_delete(struct sim_call *c)
{
	faults_clear(c->sim);
	say(c, 200, "none left");
}

static void requests(struct sim_call *c)
{
	reply_json(c, 200, json_incref(c->sim->requests));
}

static void requests_delete(struct sim_call *c)
{
	json_decref(c->sim->requests);
	c->sim->requests = json_array();
	say(c, 200, "forgotten");
}

static void review(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	const char *state = jstr(c->in, "state");

	if (!pr)
		return;
	sim_user_add(c->sim, by(c), NULL, NULL);
	sim_review(c->sim, pr, by(c), *state ? state : "APPROVED",
		   jstr(c->in, "body"));
	sim_settle(c->sim, c->repo);
	pr_say(c, pr);
}

/* "sha", or "branch", or "number" for a pull request's head */
static bool the_commit(struct sim_call *c, struct buf *sha)
{
	const char *name = jstr(c->in, "sha");
	struct sim_pr *pr;

	if (!the_repo(c))
		return false;
	if (!*name)
		name = jstr(c->in, "branch");
	pr = sim_pr(c->repo, json_integer_value(json_object_get(c->in,
								 "number")));
	if (!*name && pr)
		name = pr->head_sha;
	if (*name && resolve(c->repo, name, sha))
		return true;
	say(c, 404, "sha, branch or number: no such commit");
	return false;
}

static void status(struct sim_call *c)
{
	struct buf sha = { 0 };

	if (the_commit(c, &sha)) {
		sim_add_status(c->sim, c->repo, buf_str(&sha),
			       jstr(c->in, "context"), jstr(c->in, "state"),
			       jstr(c->in, "description"),
			       jstr(c->in, "target_url"), by(c));
		sim_settle(c->sim, c->repo);
		say(c, 200, buf_str(&sha));
	}
	buf_release(&sha);
}

static void check(struct sim_call *c)
{
	struct buf sha = { 0 };
	const char *conclusion = jstr(c->in, "conclusion");
	json_t *list;

	if (the_commit(c, &sha)) {
		list = json_object_get(c->repo->checks, buf_str(&sha));
		if (!list) {
			list = json_array();
			json_object_set_new(c->repo->checks, buf_str(&sha), list);
		}
		json_array_append_new(list, json_pack(
			"{s:I,s:s,s:s,s:s,s:o}", "id",
			(json_int_t)++c->sim->next_id, "name",
			jstr(c->in, "name"), "status", *conclusion ? "completed"
			: *jstr(c->in, "status") ? jstr(c->in, "status")
			: "in_progress", "conclusion", conclusion, "at",
			sim_time(sim_now(c->sim))));
		sim_settle(c->sim, c->repo);
		say(c, 200, buf_str(&sha));
	}
	buf_release(&sha);
}

/* A person presses the button: protection binds them, polls do not. */
static void merge(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	const char *method = jstr(c->in, "method");
	struct buf why = { 0 };

	if (!pr)
		return;
	if (pr->closed)
		say(c, 409, "closed or merged already");
	else if (!json_is_true(json_object_get(c->in, "admin")) &&
		 sim_blocked(c->sim, c->repo, pr, &why))
		say(c, 405, buf_str(&why));
	else if (sim_merge(c->sim, c->repo, pr, *method ? method : "merge",
			   json_string_value(json_object_get(c->in, "title")),
			   json_string_value(json_object_get(c->in, "message")),
			   by(c), json_is_true(json_object_get(
				c->in, "delete_branch"))) != MERGE_OK)
		say(c, 409, "conflict, or not a fast-forward");
	else {
		sim_settle(c->sim, c->repo);
		pr_say(c, pr);
	}
	buf_release(&why);
}

static void close_pr(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);

	if (!pr)
		return;
	sim_close_pr(c->sim, pr, str_ends(c->path, "/close"));
	pr_say(c, pr);
}

static void edit(struct sim_call *c)
{
	struct sim_pr *pr = the_pr(c);
	json_t *v;

	if (!pr)
		return;
	if ((v = json_object_get(c->in, "title")))
		sim_set(&pr->title, json_string_value(v));
	if ((v = json_object_get(c->in, "body")))
		sim_set(&pr->body, json_string_value(v));
	if ((v = json_object_get(c->in, "draft")))
		pr->draft = json_is_true(v);
	pr->updated_s = sim_now(c->sim);
	pr_say(c, pr);
}

/* Somebody else's pull request, from a fork if "head_repo" says so. */
static void open_pr(struct sim_call *c)
{
	const char *from = jstr(c->in, "head_repo");
	struct sim_pr *pr;

	if (!the_repo(c))
		return;
	sim_user_add(c->sim, by(c), NULL, NULL);
	for (json_int_t n = json_integer_value(json_object_get(c->in, "after"));
	     n-- > 0;)
		sim_close_pr(c->sim, sim_pr_new(c->sim, c->repo,
			     jstr(c->in, "repo"), jstr(c->in, "head"),
			     jstr(c->in, "base"), by(c)), true);
	pr = sim_pr_new(c->sim, c->repo, *from ? from : jstr(c->in, "repo"),
			jstr(c->in, "head"), jstr(c->in, "base"), by(c));
	sim_set(&pr->title, jstr(c->in, "title"));
	sim_set(&pr->body, jstr(c->in, "body"));
	pr_say(c, pr);
}

static bool write_file(const char *dir, const char *name, const char *text)
{
	struct buf path = { 0 };
	FILE *f;
	bool ok;

	buf_addf(&path, "%s/%s", dir, name);
	f = fopen(buf_str(&path), "w");
	ok = f && fputs(text, f) >= 0 && fchmod(fileno(f), 0755) == 0;
	if (f && fclose(f) != 0)
		ok = false;
	buf_release(&path);
	return ok;
}

/*
 * The forge refuses pushes to a protected branch in a hook, so a merge of its
 * own, which runs none, goes through.
 */
static bool hook_write(struct sim *s, struct sim_repo *r)
{
	bool is_gh = sim_is_github(s);
	struct buf text = { 0 };
	const char *name;
	json_t *rule;
	bool ok;

	json_object_foreach(r->protected, name, rule)
		if (json_is_true(json_object_get(rule, "block_push")))
			buf_addf(&text, "refs/heads/%s\n", name);
	ok = write_file(r->dir, "sim-protected", buf_str(&text));
	buf_release(&text);
	if (is_gh)
		return ok && write_file(r->dir, "hooks/update",
			"#!/bin/sh\n"
			"grep -qxF -- \"$1\" \"$GIT_DIR/sim-protected\" || exit 0\n"
			"echo \"error: GH006: Protected branch update failed for $1.\" >&2\n"
			"echo 'error: Changes must be made through a pull request.' >&2\n"
			"exit 1\n");
	return ok && write_file(r->dir, "hooks/pre-receive",
		"#!/bin/sh\n"
		"while read -r old new ref; do\n"
		"\tgrep -qxF -- \"$ref\" \"$GIT_DIR/sim-protected\" || continue\n"
		"\techo >&2\n"
		"\techo \"Gitea: Not allowed to push to protected branch ${ref#refs/heads/}\" >&2\n"
		"\texit 1\n"
		"done\n");
}

static void protect(struct sim_call *c)
{
	const char *branch = jstr(c->in, "branch");
	json_t *rule;

	if (!the_repo(c))
		return;
	rule = json_deep_copy(c->in);
	json_object_del(rule, "repo");
	json_object_del(rule, "branch");
	if (str_eq(c->method, "DELETE"))
		json_object_del(c->repo->protected, branch);
	else
		json_object_set(c->repo->protected, branch, rule);
	json_decref(rule);
	if (!hook_write(c->sim, c->repo)) {
		say(c, 500, "cannot write the hook");
		return;
	}
	sim_settle(c->sim, c->repo);
	reply_json(c, 200, json_incref(c->repo->protected));
}

static void repo_set(struct sim_call *c)
{
	if (!the_repo(c))
		return;
	json_object_del(c->in, "repo");
	json_object_update(c->repo->settings, c->in);
	reply_json(c, 200, json_incref(c->repo->settings));
}

static void now(struct sim_call *c)
{
	const char *text = jstr(c->in, "now");
	json_t *offset = json_object_get(c->in, "offset_s");
	struct err err = { 0 };

	/* What was pushed to it so far was pushed before. */
	if (*jstr(c->in, "repo") && find_repo(c))
		sim_refs_read(c->sim, c->repo);
	if (*text && time_parse(&c->sim->now_s, text, &err) < 0) {
		say(c, 400, err.msg);
		return;
	}
	if (*text)
		c->sim->now_fixed = true;
	if (json_is_true(json_object_get(c->in, "real")))
		c->sim->now_fixed = false;
	if (offset)
		c->sim->offset_s = json_integer_value(offset);
	reply_json(c, 200, json_pack("{s:o}", "now", sim_time(sim_now(c->sim))));
}

static void person(struct sim_call *c)
{
	const char *name = jstr(c->in, "name");

	if (!*name) {
		say(c, 400, "\"name\" is missing");
		return;
	}
	sim_user_add(c->sim, name,
		     json_string_value(json_object_get(c->in, "token")),
		     json_string_value(json_object_get(c->in, "permission")));
	say(c, 200, name);
}

static void team(struct sim_call *c)
{
	json_array_append_new(c->sim->teams, json_string(jstr(c->in, "name")));
	say(c, 200, "known");
}

static void label(struct sim_call *c)
{
	const char *color = jstr(c->in, "color");

	if (json_is_true(json_object_get(c->in, "org"))) {
		json_array_append_new(c->sim->org_labels, json_pack(
			"{s:I,s:s,s:s,s:s}", "id", (json_int_t)
			++c->sim->next_id, "name", jstr(c->in, "name"), "color",
			"ededed", "description", ""));
	} else if (the_repo(c)) {
		sim_label(c->sim, c->repo, jstr(c->in, "name"),
			  *color ? color : NULL, true);
	} else {
		return;
	}
	say(c, 200, "there");
}

static const struct control_row {
	struct sim_route route;
	const char *help;
} rows[] = {
	{ { "GET", "/_sim/requests", requests },
	  "all requests seen: method, uri, path, query, headers (no secrets),\n"
	  "auth, user, body, status, answer; git: asked, report, refused, bytes" },
	{ { "DELETE", "/_sim/requests", requests_delete }, "forget them" },
	{ { "GET", "/_sim/trap", trap_get_all }, "where each trap stands" },
	{ { "POST", "/_sim/trap", trap_post }, "{NAME: N, ...}" },
	{ { "DELETE", "/_sim/trap", trap_reset },
	  "traps as at the start, no faults" },
	{ { "POST", "/_sim/fault", fault_post },
	  "{method, path: regular expressions; count (1; -1: for ever), skip,\n"
	  "when: before|after (it acts first), do: answer|cut|reset|silent|none,\n"
	  "status, headers, body (text or JSON), type, at: bytes of the body,\n"
	  "ms_per_kb, run: [argv] started in between and waited for}" },
	{ { "DELETE", "/_sim/fault", fault_delete }, "no faults any more" },
	{ { "GET", "/_sim/pulls", prs }, "?repo=: all pull requests, plainly" },
	{ { "POST", "/_sim/pulls", open_pr },
	  "{repo, head, base, title, body, user, head_repo}: somebody's own,\n"
	  "after: so many from the same branch that are closed" },
	{ { "POST", "/_sim/review", review },
	  "{repo, number, user (alice), state (APPROVED|CHANGES_REQUESTED|\n"
	  "COMMENTED), body}" },
	{ { "POST", "/_sim/status", status },
	  "{repo, sha|branch|number, context, state, description, user}" },
	{ { "POST", "/_sim/check", check },
	  "{repo, sha|branch|number, name, status, conclusion}: a check run" },
	{ { "POST", "/_sim/merge", merge },
	  "{repo, number, method (merge|squash|rebase|rebase-merge|\n"
	  "fast-forward-only), title, message, user, admin, delete_branch}" },
	{ { "POST", "/_sim/close", close_pr }, "{repo, number}" },
	{ { "POST", "/_sim/reopen", close_pr }, "{repo, number}" },
	{ { "POST", "/_sim/edit", edit }, "{repo, number, title, body, draft}" },
	{ { "POST", "/_sim/protect", protect },
	  "{repo, branch, approvals, contexts: [], strict, dismiss_stale,\n"
	  "block_push, queue}" },
	{ { "DELETE", "/_sim/protect", protect }, "{repo, branch}" },
	{ { "POST", "/_sim/repo", repo_set },
	  "{repo, default_branch, private, archived, allow_merge_commit,\n"
	  "allow_squash_merge, allow_rebase_merge, allow_fast_forward_only,\n"
	  "allow_auto_merge, delete_branch_on_merge, default_merge_style}" },
	{ { "POST", "/_sim/now", now }, "{now: RFC 3339 | real: true, offset_s,\n"
	  "repo: looked at before; a push counts from the next look on}" },
	{ { "POST", "/_sim/person", person }, "{name, token, permission}" },
	{ { "POST", "/_sim/team", team }, "{name}" },
	{ { "POST", "/_sim/label", label }, "{repo, name, color} or {org, name}" },
};

void control_help(void)
{
	printf("JSON in, JSON out, no token:\n\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *h = rows[i].help;

		printf("%s %s\n", rows[i].route.method, rows[i].route.path);
		while (*h) {
			size_t len = strcspn(h, "\n");

			printf("    %.*s\n", (int)len, h);
			h += len + (h[len] == '\n');
		}
	}
}

void control_call(struct sim_call *c)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (route(c, &(struct sim_routes){ &rows[i].route, 1 }) &&
		    c->out.status != 405)
			return;
	say(c, 404, "see forge-sim --help-api");
}
