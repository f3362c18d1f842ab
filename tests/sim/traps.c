#include "tests/sim/sim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/*
 * What forges really do to their clients, each a number that is off at 0.
 * "next" ones count themselves down.
 */
static const struct trap_row {
	const char *name;
	long long github, gitea;	/* where it stands at the start */
	const char *help;
} traps[TRAP_COUNT] = {
	[TRAP_MERGEABLE_POLLS] = { "mergeable-polls", 1, 1,
		"looks at a pull request until its mergeability is computed" },
	[TRAP_MERGEABLE_MS] = { "mergeable-ms", 0, 0,
		"milliseconds until then" },
	[TRAP_STALE_HEAD] = { "stale-head", 0, 0,
		"looks at the API until it sees a push to a head branch" },
	[TRAP_BASE_MODIFIED] = { "base-modified", 0, 0,
		"next N merges: GitHub's 405 \"Base branch was modified\"" },
	[TRAP_CONFLICT_500] = { "conflict-500", 0, 0,
		"next N merges that conflict: Gitea's 500, then its 405" },
	[TRAP_TRY_AGAIN] = { "try-again", 0, 0,
		"next N merges: Gitea's 405 \"Please try again later\"" },
	[TRAP_HEAD_SHA_BLANK] = { "head-sha-blank", 0, 0,
		"next N creations: GitHub's 422 \"Head sha can't be blank\"" },
	[TRAP_NO_COMMITS_BETWEEN] = { "no-commits-between", 0, 0,
		"next N creations: GitHub's 422 of that name, untrue" },
	[TRAP_REFS_UNREADABLE] = { "refs-unreadable", 0, 0,
		"next N creations: 422 \"not all refs are readable\"" },
	[TRAP_HEAD_FILTER_IGNORED] = { "head-filter-ignored", 0, 0,
		"GitHub's list ignores head= even with an owner" },
	[TRAP_NO_CHECKS] = { "no-checks", 0, 0,
		"check runs: 403, as for a fine-grained token" },
	[TRAP_NO_PULLS] = { "no-pulls", 0, 0,
		"pull requests: GitHub 403, Gitea 404 (automatic tokens)" },
	[TRAP_READ_ONLY] = { "read-only", 0, 0, "the bot's token may only read" },
	[TRAP_NO_STATUSES] = { "no-statuses", 0, 0,
		"setting a status: 403 (GitHub) or 404 (Gitea)" },
	[TRAP_IGNORE_HEAD] = { "ignore-head", 0, 0,
		"merges ignore the expected head (Gitea below 1.16 does)" },
	[TRAP_NULLS] = { "nulls", 0, 1, "empty lists and people are null" },
	[TRAP_GONE_BRANCH_500] = { "gone-branch-500", 0, 0,
		"deleting a branch that is gone: 500 with an empty message" },
	[TRAP_UNKNOWN_COMMIT_500] = { "unknown-commit-500", 0, 1,
		"status of an unknown commit: 500 with an empty message" },
	[TRAP_PAGE_CAP] = { "page-cap", 0, 0,
		"entries in a page at most (0: GitHub 100, Gitea 50)" },
	[TRAP_CONTENT_LIMIT] = { "content-limit", 0, 0,
		"GitHub: creations in a minute before the secondary limit" },
	[TRAP_RETRY_AFTER] = { "retry-after", 60, 60,
		"seconds in Retry-After of limits (0: no such header)" },
	[TRAP_QUEUE_POLLS] = { "queue-polls", 1, 1,
		"looks until what is in the merge queue lands" },
	[TRAP_COOKIES] = { "cookies", 0, 1, "cookies and chunked answers" },
	[TRAP_CLEAN_RACE] = { "clean-race", 0, 0,
		"next N armings: \"clean status\" though something is missing" },
	[TRAP_APP_TOKEN] = { "app-token", 0, 0,
		"GitHub: GET /user is 403, as for a token of an app" },
	[TRAP_HIDE_ALLOWS] = { "hide-allows", 0, 0,
		"GitHub: allow_* are left out, as below a maintainer's rights" },
	[TRAP_PUSH_REJECTED] = { "push-rejected", 0, 0,
		"next N merges: Gitea's 409, push rejected, base moved" },
	[TRAP_NO_ACTIVITY] = { "no-activity", 0, 0,
		"the list of pushes: 404, as of a server too old for it" },
};

static long long values[TRAP_COUNT];	/* one server in a process */

struct sim_fault {
	json_t *spec;
	regex_t path, method;
	long long skip, count;
	struct sim_fault *next;
};

void traps_default(struct sim *s)
{
	for (int i = 0; i < TRAP_COUNT; i++)
		values[i] = sim_is_github(s) ? traps[i].github : traps[i].gitea;
}

long long trap_get(const struct sim *s, enum sim_trap t)
{
	(void)s;
	return values[t];
}

bool trap_take(struct sim *s, enum sim_trap t)
{
	(void)s;
	if (values[t] <= 0)
		return false;
	values[t]--;
	return true;
}

json_t *traps_json(const struct sim *s)
{
	json_t *o = json_object();

	(void)s;
	for (int i = 0; i < TRAP_COUNT; i++)
		json_object_set_new(o, traps[i].name, json_integer(values[i]));
	return o;
}

/* ---- faults ---- */

#define WRITES "^(POST|PUT|PATCH|DELETE)$"
#define API "^(/api/|/repos/|/user|/graphql)"

/* Shorthands: a fault for the next N requests that it fits. */
static const struct shorthand {
	const char *name, *method, *path, *rest, *help;
} shorthands[] = {
	{ "status-500-after", WRITES, API, "\"when\":\"after\",\"status\":500",
	  "next N writes: done, but answered with 500" },
	{ "status-500", "", API, "\"status\":500", "next N calls: 500" },
	{ "status-502", "", API, "\"status\":502,\"type\":\"text/html\","
	  "\"body\":\"<html><body>502 Bad Gateway</body></html>\"",
	  "next N calls: 502 with an HTML page" },
	{ "status-503", "", API, "\"status\":503,"
	  "\"headers\":{\"Retry-After\":\"1\"}", "next N calls: 503" },
	{ "status-429", "", API, "\"status\":429,\"limit\":\"plain\"",
	  "next N calls: 429 with Retry-After" },
	{ "secondary-limit", "", API, "\"status\":403,\"limit\":\"secondary\"",
	  "next N calls: GitHub's secondary rate limit" },
	{ "primary-limit", "", API, "\"status\":403,\"limit\":\"primary\"",
	  "next N calls: GitHub's rate limit, used up" },
	{ "html", "", API, "\"status\":200,\"type\":\"text/html\","
	  "\"body\":\"<!DOCTYPE html><title>Sign in</title>\"",
	  "next N calls: 200 with an HTML page" },
	{ "cut", "", API, "\"do\":\"cut\"", "next N calls: cut off, undone" },
	{ "cut-after", WRITES, API, "\"when\":\"after\",\"do\":\"cut\"",
	  "next N writes: done, then cut off" },
	{ "reset-after", WRITES, API, "\"when\":\"after\",\"do\":\"reset\"",
	  "next N writes: done, then closed without a byte, which libcurl\n"
	  "                       takes for a stale connection and repeats" },
	{ "cut-body", "", API, "\"when\":\"after\",\"do\":\"cut\",\"at\":20",
	  "next N calls: cut off inside the answer" },
	{ "silent", "", API, "\"do\":\"silent\"",
	  "next N calls: accepted, never answered" },
	{ "silent-body", "", API, "\"when\":\"after\",\"do\":\"silent\","
	  "\"at\":20", "next N calls: silent inside the answer" },
	{ "slow", "", API, "\"when\":\"after\",\"do\":\"none\","
	  "\"ms_per_kb\":100", "next N calls: answered slowly" },
	{ "cut-push", "^POST$", "/git-receive-pack$",
	  "\"when\":\"after\",\"do\":\"cut\"",
	  "next N pushes: taken, then cut off" },
	{ "cut-push-before", "^POST$", "/git-receive-pack$", "\"do\":\"cut\"",
	  "next N pushes: cut off, not taken" },
	{ "reset-push", "^POST$", "/git-receive-pack$",
	  "\"when\":\"after\",\"do\":\"reset\"",
	  "next N pushes: taken, then closed without a byte" },
	{ "silent-push", "^POST$", "/git-receive-pack$",
	  "\"when\":\"after\",\"do\":\"silent\"",
	  "next N pushes: taken, then silence" },
	{ "silent-refs", "^GET$", "/info/refs$", "\"do\":\"silent\"",
	  "next N ref listings: never answered" },
	{ "silent-fetch", "^POST$", "/git-upload-pack$",
	  "\"when\":\"after\",\"do\":\"silent\",\"at\":20",
	  "next N fetches: silent inside the answer" },
	{ "cut-fetch", "^POST$", "/git-upload-pack$",
	  "\"when\":\"after\",\"do\":\"cut\",\"at\":20",
	  "next N fetches: cut off inside the answer" },
	{ "git-503", "", "/(info/refs|git-(receive|upload)-pack)$",
	  "\"status\":503", "next N git requests: 503" },
};

const char *fault_add(struct sim *s, const json_t *spec)
{
	static const char *const words[] = { "answer", "cut", "reset", "silent",
					     "none" };
	struct sim_fault *f = xcalloc(1, sizeof(*f)), **end = &s->faults;
	const char *path = jstr(spec, "path"), *method = jstr(spec, "method");
	const char *what = jstr(spec, "do"), *wrong = NULL;
	bool known = !*what;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		known |= str_eq(what, words[i]);
	if (!json_is_object(spec) || !known)
		wrong = "\"do\" is answer, cut, reset, silent or none";
	if (!wrong && regcomp(&f->path, *path ? path : ".", REG_EXTENDED |
							    REG_NOSUB))
		wrong = "path: not an extended regular expression";
	if (!wrong && regcomp(&f->method, *method ? method : ".",
			      REG_EXTENDED | REG_NOSUB)) {
		regfree(&f->path);
		wrong = "method: not an extended regular expression";
	}
	if (wrong) {
		free(f);
		return wrong;
	}
	f->spec = json_deep_copy(spec);
	f->skip = json_integer_value(json_object_get(spec, "skip"));
	f->count = json_object_get(spec, "count")
		? json_integer_value(json_object_get(spec, "count")) : 1;
	while (*end)
		end = &(*end)->next;
	*end = f;
	return NULL;
}

static void fault_free(struct sim_fault *f)
{
	regfree(&f->path);
	regfree(&f->method);
	json_decref(f->spec);
	free(f);
}

void faults_clear(struct sim *s)
{
	while (s->faults) {
		struct sim_fault *f = s->faults;

		s->faults = f->next;
		fault_free(f);
	}
}

json_t *fault_take(struct sim *s, const char *method, const char *path)
{
	for (struct sim_fault **p = &s->faults, *f; (f = *p); p = &f->next) {
		json_t *spec;

		if (regexec(&f->method, method, 0, NULL, 0) ||
		    regexec(&f->path, path, 0, NULL, 0))
			continue;
		if (f->skip > 0) {
			f->skip--;
			continue;
		}
		if (f->count == 0)
			continue;
		spec = json_deep_copy(f->spec);
		if (f->count > 0 && --f->count == 0) {
			*p = f->next;
			fault_free(f);
		}
		return spec;
	}
	return NULL;
}

void fault_hook(const json_t *fault)
{
	const json_t *run = json_object_get(fault, "run");
	const char *argv[32] = { 0 };
	int status, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t n = 0, i;
	json_t *v;
	pid_t pid;
	extern char **environ;

	json_array_foreach(run, i, v)
		if (n + 1 < ARRAY_LEN(argv) && json_is_string(v))
			argv[n++] = json_string_value(v);
	if (n && null >= 0) {
		pid = spawn(argv, environ, null, 2);
		while (pid > 0 && waitpid(pid, &status, 0) < 0 &&
		       errno == EINTR)
			;
	}
	if (null >= 0)
		close(null);
}

static void limit_headers(struct sim_call *c, const char *limit)
{
	long long after = trap_get(c->sim, TRAP_RETRY_AFTER);
	bool is_primary = str_eq(limit, "primary");

	if (after > 0 && !is_primary)
		reply_header(c, "Retry-After", "%lld", after);
	if (!sim_is_github(c->sim))
		return;
	reply_header(c, "X-RateLimit-Limit", "5000");
	reply_header(c, "X-RateLimit-Remaining", "%d", is_primary ? 0 : 4870);
	reply_header(c, "X-RateLimit-Reset", "%lld",
		     (long long)clock_now_s() + (after > 0 ? after : 60));
}

void fault_spoil(struct sim_call *c, const json_t *fault)
{
	const char *what = jstr(fault, "do"), *limit = jstr(fault, "limit");
	const json_t *at = json_object_get(fault, "at"), *body, *headers;
	const char *key;
	json_t *v;

	c->fault = *what ? what : "answer";
	c->out.ms_per_kb = json_integer_value(json_object_get(fault, "ms_per_kb"));
	c->out.at = at ? json_integer_value(at) : -1;
	if (str_eq(what, "cut")) {
		/*
		 * After the header at the earliest: where not a byte comes
		 * back on a connection that it had used before, libcurl takes
		 * it for stale and sends the request again by itself.
		 */
		c->out.wire = WIRE_CUT;
		if (c->out.at < 0)
			c->out.at = 0;
	}
	if (str_eq(what, "reset"))
		c->out.wire = WIRE_RESET;
	if (str_eq(what, "silent"))
		c->out.wire = WIRE_SILENT;
	if (*what && !str_eq(what, "answer"))
		return;
	reply_error(c, (int)json_integer_value(json_object_get(fault, "status")),
		    "%s", str_eq(limit, "secondary")
			? "You have exceeded a secondary rate limit. Please "
			  "wait a few minutes before you try again."
		    : str_eq(limit, "primary") ? "API rate limit exceeded for "
			  "user ID 1." : "");
	if (*limit)
		limit_headers(c, limit);
	body = json_object_get(fault, "body");
	if (json_is_string(body)) {
		json_decref(c->out.json);
		c->out.json = NULL;
		buf_reset(&c->out.raw);
		buf_addstr(&c->out.raw, json_string_value(body));
		c->out.type = *jstr(fault, "type") ? "text/html; charset=utf-8"
						   : "text/plain";
	} else if (body) {
		reply_json(c, c->out.status, json_deep_copy(body));
	}
	headers = json_object_get(fault, "headers");
	json_object_foreach((json_t *)(uintptr_t)headers, key, v)
		reply_header(c, key, "%s", json_string_value(v));
}

bool trap_set(struct sim *s, const char *text)
{
	size_t len = strcspn(text, "=");
	long long n = text[len] ? strtoll(text + len + 1, NULL, 10) : 1;

	for (int i = 0; i < TRAP_COUNT; i++)
		if (strlen(traps[i].name) == len &&
		    !strncmp(traps[i].name, text, len)) {
			values[i] = n;
			return true;
		}
	for (size_t i = 0; i < ARRAY_LEN(shorthands); i++) {
		const struct shorthand *h = &shorthands[i];
		struct buf b = { 0 };
		json_t *o;

		if (strlen(h->name) != len || strncmp(h->name, text, len) != 0)
			continue;
		buf_addf(&b, "{%s}", h->rest);
		o = json_loads(buf_str(&b), 0, NULL);
		json_object_set_new(o, "method", json_string(h->method));
		json_object_set_new(o, "path", json_string(h->path));
		json_object_set_new(o, "count", json_integer(n));
		if (n != 0)
			fault_add(s, o);
		json_decref(o);
		buf_release(&b);
		return true;
	}
	return false;
}

void traps_help(void)
{
	printf("\nTraps (--trap NAME[=N], POST /_sim/trap {\"NAME\": N}); "
	       "[GitHub, Gitea] is where they start:\n");
	for (int i = 0; i < TRAP_COUNT; i++)
		printf("  %-20s [%lld, %lld] %s\n", traps[i].name,
		       traps[i].github, traps[i].gitea, traps[i].help);
	printf("\nShorthands for faults (-1: for ever):\n");
	for (size_t i = 0; i < ARRAY_LEN(shorthands); i++)
		printf("  %-20s %s\n", shorthands[i].name, shorthands[i].help);
}
