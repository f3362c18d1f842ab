/*
 * Servers outside are asked what gates want to know of them: all questions of
 * a plan at once, each once a run. promote.yaml names the addresses, so the
 * operator's list says which hosts may be asked; none gets the forge's token.
 * That one does not answer is an answer, too, which no gate passes on.
 */
#include "bot/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"
#include "forge/json.h"

enum {
	QUESTIONS_MOST = 2000,	/* of one run */
	PARALLEL = 8,
	ANSWER_MS = 10 * 1000,
	ANSWER_MAX = 1024 * 1024,	/* bytes */
	REVISIONS_MOST = 20,
};

static bool same(const struct gate_question *a, const struct gate_question *b)
{
	return a->asks == b->asks && a->at_s == b->at_s &&
	       str_eq(a->url, b->url) && str_eq(a->query, b->query) &&
	       str_eq(a->path, b->path) &&
	       str_eq(a->application, b->application) &&
	       str_eq(a->project, b->project) &&
	       str_eq(a->namespace, b->namespace) &&
	       str_eq(a->commit, b->commit);
}

const struct gate_answer *evidence_of_question(const struct evidence *e,
					       const struct gate_question *q)
{
	for (size_t i = 0; i < e->asked_len; i++)
		if (same(&e->asked[i]->question, q))
			return &e->asked[i]->answer;
	return NULL;
}

/* There is no answer. Server's words may be in it: escaped and redacted. */
static void no_answer(struct arena *a, struct gate_answer *out,
		      const char *why)
{
	struct buf shown = { 0 };
	char *text;

	escape_terminal(&shown, why, strlen(why));
	text = buf_keep(&shown, a);
	log_redact(text);
	out->error = text;
}

/* What the answers say ------------------------------------------------------ */

static void metric_read(struct arena *a, const json_t *j, long status,
			struct gate_answer *out)
{
	const json_t *data = js_get(j, "data"), *result = js_get(data, "result");
	const char *type = js_str(data, "resultType"), *text;
	const json_t *sample = result;
	char *end;

	if (status / 100 != 2 || !str_eq(js_str(j, "status"), "success")) {
		no_answer(a, out, arena_printf(a, "answered %ld%s%.120s",
			  status, *js_str(j, "error") ? ": " : "",
			  js_str(j, "error")));
		return;
	}
	if (str_eq(type, "vector") && json_is_array(result)) {
		out->series = js_len(result);
		sample = js_get(json_array_get(result, 0), "value");
	} else if (str_eq(type, "scalar")) {
		out->series = 1;
	} else {
		no_answer(a, out, "not the answer of Prometheus to an instant "
			  "query");
		return;
	}
	if (out->series == 0)
		return;
	text = js_text(json_array_get(sample, 1));
	out->value = strtod(text, &end);
	if (end == text || *end)
		no_answer(a, out, "its value is not a number");
}

/* One step of a path: KEY or [N]; NULL: there is nothing. */
static const json_t *path_step(const json_t *at, const char **path)
{
	const char *s = *path;
	size_t len;
	char *end, key[200];

	if (*s == '[') {
		unsigned long n = strtoul(s + 1, &end, 10);

		if (end == s + 1 || *end != ']')
			return NULL;
		*path = end + 1 + (end[1] == '.');
		return json_is_array(at) ? json_array_get(at, n) : NULL;
	}
	len = strcspn(s, ".[");
	if (len == 0 || len >= sizeof(key))
		return NULL;
	snprintf(key, sizeof(key), "%.*s", (int)len, s);
	*path = s + len + (s[len] == '.');
	return js_get(at, key);
}

/* A scalar's text as one would write it in promote.yaml; NULL: it is none. */
static const char *scalar_text(struct arena *a, const json_t *v)
{
	if (json_is_string(v))
		return arena_strdup(a, json_string_value(v));
	if (json_is_integer(v))
		return arena_printf(a, "%lld",
				    (long long)json_integer_value(v));
	if (json_is_real(v))
		return arena_printf(a, "%.10g", json_real_value(v));
	if (json_is_boolean(v))
		return json_is_true(v) ? "true" : "false";
	return NULL;
}

static void http_read(struct arena *a, const struct gate_question *q,
		      const json_t *j, long status, struct gate_answer *out)
{
	const char *path = q->path;
	const json_t *at = j;

	out->status = status;
	while (path && *path && at)
		at = path_step(at, &path);
	if (path)
		out->text = scalar_text(a, at);
}

/* Is the version's commit in REVISION? One of another repository is not ours. */
static bool revision_has(struct world *w, const char *revision,
			 const char *commit)
{
	struct oid tip, what;
	struct err err = { 0 };
	bool has = false;

	if (!oid_parse(&tip, revision) || !oid_parse(&what, commit))
		return false;
	if (oid_eq(&tip, &what))
		return true;
	if (repo_reaches(w->repo, &tip, &what, &has, &err) < 0) {
		log_verbose("revision %.10s: %s", revision, err.msg);
		return false;
	}
	return has;
}

static void argocd_read(struct world *w, const struct gate_question *q,
			const json_t *j, long status, struct gate_answer *out)
{
	struct arena *a = &w->evidence.arena;
	const json_t *state = js_get(j, "status"), *sync, *list;

	if (status / 100 != 2 || !json_is_object(state)) {
		no_answer(a, out, arena_printf(a, "Argo CD answered %ld%s%.120s",
			  status, *js_str(j, "message") ? ": " : "",
			  js_str(j, "message")));
		return;
	}
	sync = js_get(state, "sync");
	list = js_get(sync, "revisions");	/* of several sources */
	out->sync = js_dup(a, sync, "status");
	out->health = arena_strdup(a, js_text(js_in(state, "health",
						    "status")));
	out->revision = js_dup(a, sync, "revision");
	out->contains = revision_has(w, out->revision, q->commit);
	for (size_t i = 0; i < js_len(list) && i < REVISIONS_MOST &&
	     !out->contains; i++) {
		out->revision = arena_strdup(a, js_text(json_array_get(list,
								       i)));
		out->contains = revision_has(w, out->revision, q->commit);
	}
}

/* Asking --------------------------------------------------------------------- */

static const char *escaped(struct arena *a, const char *word)
{
	struct buf out = { 0 };

	escape_url(&out, word);
	return buf_keep(&out, a);
}

/* The request for a question; false: it is not made, OUT says why. */
static bool request_make(struct world *w, const struct gate_question *q,
			 int64_t now_s, struct http_request *req,
			 struct gate_answer *out)
{
	static const char *const headers[] = { "Accept: application/json",
					       NULL };
	struct arena *a = &w->evidence.arena;
	struct err err = { 0 };
	bool plain = false;
	size_t len;

	*req = (struct http_request){
		.headers = headers, .max_body = ANSWER_MAX,
		.timeout_ms = ANSWER_MS, .safe_to_repeat = true,
		.is_foreign = true,
	};
	switch (q->asks) {
	case GATE_ASKS_METRIC:
		len = strlen(q->url);
		while (len && q->url[len - 1] == '/')
			len--;
		req->url = arena_printf(a, "%.*s/api/v1/query?time=%lld&query="
					"%s", (int)len, q->url,
					(long long)(q->at_s == TIME_UNKNOWN
						    ? now_s : q->at_s),
					escaped(a, q->query));
		break;
	case GATE_ASKS_HTTP:
		req->url = q->url;
		break;
	case GATE_ASKS_ARGOCD:
		if (!w->argocd_url) {
			no_answer(a, out, "where Argo CD is was not told "
				  "(PROMOTE_ARGOCD_URL)");
			return false;
		}
		req->url = arena_printf(a, "%s/api/v1/applications/%s%s%s%s%s",
			w->argocd_url, escaped(a, q->application),
			q->project ? "?project=" : "",
			q->project ? escaped(a, q->project) : "",
			q->namespace ? q->project ? "&appNamespace="
						  : "?appNamespace=" : "",
			q->namespace ? escaped(a, q->namespace) : "");
		if (w->argocd_cred.header)
			req->cred = &w->argocd_cred;
		return true;
	}
	if (gate_hosts_allow(&w->gate_hosts, req->url, &plain, &err) < 0) {
		no_answer(a, out, err.msg);
		return false;
	}
	req->allows_plain = plain;
	return true;
}

static void answer_read(struct world *w, struct asked *it,
			const struct http_response *res)
{
	struct arena *a = &w->evidence.arena;
	json_t *j = js_parse(buf_str(&res->body), res->body.len);

	switch (it->question.asks) {
	case GATE_ASKS_METRIC:
		metric_read(a, j, res->status, &it->answer);
		break;
	case GATE_ASKS_HTTP:
		http_read(a, &it->question, j, res->status, &it->answer);
		break;
	case GATE_ASKS_ARGOCD:
		argocd_read(w, &it->question, j, res->status, &it->answer);
		break;
	}
	json_decref(j);
}

/* The question as the evidence keeps it: the plan's memory goes sooner. */
static struct asked *asked_new(struct evidence *e,
			       const struct gate_question *q)
{
	struct asked *it = arena_alloc(&e->arena, sizeof(*it));
	struct gate_question *k = &it->question;
	struct arena *a = &e->arena;

	*k = *q;
	k->url = arena_strdup(a, q->url);
	k->query = arena_strdup(a, q->query);
	k->path = arena_strdup(a, q->path);
	k->application = arena_strdup(a, q->application);
	k->project = arena_strdup(a, q->project);
	k->namespace = arena_strdup(a, q->namespace);
	k->commit = arena_strdup(a, q->commit);
	ARRAY_GROW(e->asked, e->asked_len, e->asked_cap);
	e->asked[e->asked_len++] = it;
	return it;
}

static void ask_all(struct world *w, struct asked **all,
		    const struct http_request *reqs, size_t n)
{
	struct http_response *res = xcalloc(n, sizeof(*res));
	struct err *errs = xcalloc(n, sizeof(*errs));

	log_progress("asking %zu questions of gates", n);
	http_do_many(w->http, reqs, res, errs, n, PARALLEL);
	for (size_t i = 0; i < n; i++) {
		if (errs[i].code)
			no_answer(&w->evidence.arena, &all[i]->answer,
				  errs[i].msg);
		else
			answer_read(w, all[i], &res[i]);
		http_response_release(&res[i]);
	}
	free(res);
	free(errs);
}

void read_answers(struct state *s, struct world *w, const struct needs *needs)
{
	struct evidence *e = &w->evidence;
	struct http_request *reqs = xcalloc(needs->questions_len,
					    sizeof(*reqs));
	struct asked **all = xcalloc(needs->questions_len, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < needs->questions_len; i++) {
		const struct gate_question *q = needs->questions[i];
		struct asked *it;

		if (evidence_of_question(e, q))
			continue;
		it = asked_new(e, q);
		if (e->asked_len > QUESTIONS_MOST)
			no_answer(&e->arena, &it->answer, "too many questions "
				  "in one run");
		else if (request_make(w, &it->question, s->now_s, &reqs[n],
				      &it->answer))
			all[n++] = it;
		if (it->answer.error)
			log_verbose("%s", it->answer.error);
	}
	if (n)
		ask_all(w, all, reqs, n);
	free(reqs);
	free(all);
}
