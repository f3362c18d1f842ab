/* Results for programs. Keys are camelCase, as kubectl's and gh's. */
#include "bot/output.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"

/* A string, redacted; null for NULL. Not UTF-8: escaped as for a terminal. */
static json_t *text(const char *s)
{
	struct buf out = { 0 };
	json_t *j;
	char *copy;

	if (!s)
		return json_null();
	copy = xstrdup(s);
	log_redact(copy);
	if (utf8_valid(copy, strlen(copy)))
		buf_addstr(&out, copy);
	else
		escape_terminal(&out, copy, strlen(copy));
	j = json_string(buf_str(&out));
	buf_release(&out);
	free(copy);
	return j;
}

static json_t *time_text(int64_t s)
{
	struct buf out = { 0 };
	json_t *j;

	if (s == TIME_UNKNOWN)
		return json_null();
	time_format(&out, s);
	j = json_string(buf_str(&out));
	buf_release(&out);
	return j;
}

/* What the verdict rested on. */
static json_t *evidence_json(const struct gate_result *g)
{
	json_t *list = json_array();

	for (size_t i = 0; i < g->evidence_len; i++) {
		const struct gate_evidence *e = &g->evidence[i];

		json_array_append_new(list, json_pack(
			"{s:o, s:o, s:o, s:o}", "name", text(e->name),
			"value", text(e->value), "at", time_text(e->at_s),
			"url", text(e->url)));
	}
	return list;
}

static json_t *gates_json(const struct result *res)
{
	static const char *const verdicts[] = {
		[VERDICT_PASS] = "pass", [VERDICT_WAIT] = "wait",
		[VERDICT_REFUSE] = "refuse", [VERDICT_NEED] = "unknown",
	};
	json_t *list = json_array();

	for (size_t i = 0; i < res->gates_len; i++) {
		const struct gate_result *g = &res->gates[i];

		json_array_append_new(list, json_pack(
			"{s:s, s:s, s:o, s:o, s:o}", "gate", g->name,
			"verdict", verdicts[g->verdict],
			"reason", text(g->reason),
			"until", time_text(g->until_s),
			"evidence", evidence_json(g)));
	}
	return list;
}

static json_t *notes_json(const struct result *res)
{
	json_t *list = json_array();

	for (size_t i = 0; i < res->notes_len; i++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:o}",
			"kind", res->notes[i].kind,
			"version", text(res->notes[i].version),
			"text", text(res->notes[i].text)));
	return list;
}

/* Emergency stops, one entry for each environment that has one. */
static json_t *stops_json(const struct state *s)
{
	json_t *list = json_array();

	for (size_t e = 0; s->stops && e < s->config.environments_len; e++)
		if (s->stops[e].file)
			json_array_append_new(list, json_pack(
				"{s:o, s:o, s:o}", "environment",
				text(s->config.environments[e].name), "file",
				text(s->stops[e].file), "reason",
				text(s->stops[e].reason)));
	return list;
}

/* Other commits where the version comes from, as the pull request lists. */
static json_t *touched_json(const struct touched *t)
{
	json_t *list;

	if (!t)
		return json_null();
	list = json_array();
	for (size_t i = 0; i < t->len; i++)
		json_array_append_new(list, json_pack("{s:o, s:o, s:o}",
			"commit", text(t->items[i].commit),
			"author", text(t->items[i].author),
			"subject", text(t->items[i].subject)));
	return json_pack("{s:o, s:o, s:I}", "path", text(t->path), "commits",
			 list, "more", (json_int_t)t->more);
}

static json_t *result_json(const struct result *res)
{
	json_t *j = json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}",
		"service", text(res->service),
		"environment", text(res->environment),
		"action", action_name(res->action),
		"oldVersion", text(res->old_version),
		"newVersion", text(res->new_version),
		"reason", text(res->reason),
		"readyAt", time_text(res->ready_s),
		"gates", gates_json(res));

	json_object_set_new(j, "exitCode",
			    json_integer(err_exit_code(res->err.code)));
	json_object_set_new(j, "commit",
			    text(res->commit[0] ? res->commit : NULL));
	json_object_set_new(j, "branch", text(res->branch));
	if (res->pr_number)
		json_object_set_new(j, "pullRequest", json_pack("{s:I, s:o}",
			"number", (json_int_t)res->pr_number,
			"url", text(res->pr_url)));
	else
		json_object_set_new(j, "pullRequest", json_null());
	json_object_set_new(j, "notes", notes_json(res));
	json_object_set_new(j, "touched", touched_json(res->touched));
	json_object_set_new(j, "diff", text(res->diff && *res->diff
					    ? res->diff : NULL));
	return j;
}

static void print(json_t *j)
{
	char *s = json_dumps(j, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

	puts(s);
	free(s);
	json_decref(j);
}

/* promote.yaml's faults, for a program that shows them where they stand. */
static json_t *faults_json(const struct diag *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->len; i++)
		json_array_append_new(list, json_pack(
			"{s:s, s:i, s:i, s:s, s:o}", "file", CONFIG_FILE,
			"line", d->entries[i].line,
			"column", d->entries[i].column, "severity",
			d->entries[i].is_warning ? "warning" : "error",
			"message", text(d->entries[i].text)));
	return list;
}

static json_t *places_json(const struct state *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->services_len; i++)
		for (size_t e = 0; e < s->config.environments_len; e++) {
			const struct spot *spot = state_spot(s, i, e);
			const struct place *p = &spot->place;
			json_t *fields = json_array();

			for (size_t k = 0; k < p->slots_len; k++)
				json_array_append_new(fields, json_pack(
					"{s:o, s:o, s:o, s:o, s:o, s:o}",
					"file", text(p->slots[k].file),
					"where", text(p->slots[k].where),
					"image", text(p->slots[k].image),
					"path", text(p->slots[k].path), "tag",
					text(p->slots[k].version.tag), "digest",
					text(p->slots[k].version.digest)));
			json_array_append_new(list, json_pack(
				"{s:o, s:o, s:b, s:o, s:o, s:o}",
				"service", text(p->service),
				"environment", text(p->env->name),
				"deployed", p->exists,
				"version", text(p->version), "error",
				text(p->err.code ? p->err.msg : NULL),
				"fields", fields));
		}
	return list;
}

static json_t *stay_json(const struct stay *s)
{
	json_t *j = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
		"version", text(stay_is_gap(s) ? NULL : s->version),
		"since", time_text(s->from_s),
		"until", time_text(s->until_s),
		"commit", text(s->commit), "author", text(s->author),
		"source", text(s->source));

	json_object_set_new(j, "build", s->build < 0 ? json_null()
			    : json_integer(s->build));
	json_object_set_new(j, "from", text(s->promoted_from));
	json_object_set_new(j, "rolledBack", text(s->rolled_back));
	json_object_set_new(j, "override", text(s->overridden));
	json_object_set_new(j, "reason", text(s->reason));
	json_object_set_new(j, "byPromote", json_boolean(s->is_ours));
	return j;
}

/* log: newest first; `complete`: nothing came before the last one. */
static json_t *timelines_json(const struct state *s, const struct request *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->services_len * s->config.environments_len;
	     i++) {
		const struct spot *spot = &s->spots[i];
		const struct timeline *t = spot->timeline;
		json_t *stays = json_array();
		size_t n = 0;

		for (; t && n < t->len && n < r->limit; n++)
			json_array_append_new(stays,
					      stay_json(&t->stays[n]));
		if (!t) {
			json_decref(stays);
			continue;
		}
		json_array_append_new(list, json_pack("{s:o, s:o, s:b, s:o}",
			"service", text(spot->place.service),
			"environment", text(spot->place.env->name),
			"complete", t->complete && !s->history_is_cut &&
			n == t->len,
			"stays", stays));
	}
	return list;
}

void output_json(const struct run *run, const struct request *r,
		 const struct err *err, int exit_code)
{
	json_t *j = json_object(), *list = json_array();

	json_object_set_new(j, "base", !run->state.base ? json_null() :
		json_pack("{s:o, s:o}", "branch", text(run->state.base),
			  "commit", text(run->state.base_hex[0]
					 ? run->state.base_hex : NULL)));
	json_object_set_new(j, "dryRun", json_boolean(r->dry));
	for (size_t i = 0; i < run->len; i++)
		json_array_append_new(list, result_json(&run->results[i]));
	json_object_set_new(j, "results", list);
	if (r->command == CMD_STATUS || r->command == CMD_CHECK)
		json_object_set_new(j, "places", places_json(&run->state));
	if (r->command == CMD_STATUS)
		json_object_set_new(j, "stops", stops_json(&run->state));
	if (r->command == CMD_LOG)
		json_object_set_new(j, "timelines",
				    timelines_json(&run->state, r));
	json_object_set_new(j, "faults", faults_json(&run->state.diag));
	json_object_set_new(j, "error", !err->code ? json_null() :
		json_pack("{s:i, s:o}", "exitCode", err_exit_code(err->code),
			  "message", text(err->msg)));
	json_object_set_new(j, "exitCode", json_integer(exit_code));
	print(j);
}

void help_json(void)
{
	puts("With --json a command prints one object on stdout, also where it "
	     "fails; what\nis for people goes to stderr. Every key is always "
	     "there, null where there is\nnothing to say. Keys may be added. "
	     "Times are UTC, as in 2026-11-02T08:30:00Z.\n"
	     "\n"
	     "  base       {branch, commit}: what was read\n"
	     "  dryRun     with -n: nothing was done, actions are what would be\n"
	     "  results    one for each service and environment that was "
	     "looked at:\n"
	     "    service, environment, oldVersion, newVersion\n"
	     "    action       done: pushed, opened, refreshed, rebuilt, merged, "
	     "armed, closed;\n"
	     "                 not: unchanged, superseded, pending, waiting, "
	     "held, declined,\n"
	     "                 drifted, refused, failed\n"
	     "    reason       why, for people; readyAt: until when it waits\n"
	     "    exitCode     what it would be for this one alone\n"
	     "    gates        [{gate, verdict, reason, until, evidence}]; "
	     "verdict: pass, wait,\n"
	     "                 refuse, unknown; evidence: [{name, value, at, "
	     "url}]\n"
	     "    commit, branch, pullRequest {number, url}\n"
	     "    notes        [{kind, version, text}]; kind: held, pinned, "
	     "verify, override\n"
	     "    touched      {path, commits: [{commit, author, subject}], "
	     "more}: other\n"
	     "                 commits where the version comes from\n"
	     "    diff         unified, of what changes\n"
	     "  faults     of promote.yaml: [{file, line, column, severity, "
	     "message}]\n"
	     "  error      {exitCode, message}: what stopped the whole run\n"
	     "  exitCode   the command's\n"
	     "\n"
	     "Of status and check also\n"
	     "\n"
	     "  places     [{service, environment, deployed, version, error, "
	     "fields}];\n"
	     "             fields: [{file, where, image, path, tag, digest}]\n"
	     "\n"
	     "of status stops [{environment, file, reason}], and of log\n"
	     "\n"
	     "  timelines  [{service, environment, complete, stays}]; stays, "
	     "newest first:\n"
	     "             [{version, since, until, commit, author, source, "
	     "build, from,\n"
	     "             rolledBack, override, reason, byPromote}]\n"
	     "\n"
	     "  git promote status --json | jq -r '.places[] |\n"
	     "    select(.environment == \"production\") | \"\\(.service) "
	     "\\(.version)\"'");
}
