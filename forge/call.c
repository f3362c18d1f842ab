#include "forge/call.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"

enum {
	REQUEST_MS = 60 * 1000,
	MAX_LIMIT_WAITS = 3,
	SECONDARY_S = 60,	/* "at least a minute, doubling" (GitHub) */
	MOST_LIMIT_S = 366 * 86400,	/* whatever the server says */
	SAID_MAX = 400,
	HEADERS_MAX = 4,
	AHEAD_PARALLEL = 8,
};

/*
 * GitHub allows 80 content-creating calls a minute: so many at once, then
 * so many each second, stay below that.
 */
static const double WRITE_BURST = 30, WRITES_PER_MS = 0.75 / 1000;

void forge_answer_release(struct forge_answer *a)
{
	json_decref(a->json);
	buf_release(&a->text);
	http_response_release(&a->res);
	memset(a, 0, sizeof(*a));
}

/* URLs ------------------------------------------------------------------------ */

const char *forge_repo_url(struct forge *f, const char *fmt, ...)
{
	va_list ap;

	buf_reset(&f->url);
	buf_addf(&f->url, "%s%s", f->root, f->repo_path);
	va_start(ap, fmt);
	buf_vaddf(&f->url, fmt, ap);
	va_end(ap);
	return buf_str(&f->url);
}

const char *forge_root_url(struct forge *f, const char *fmt, ...)
{
	va_list ap;

	buf_reset(&f->url);
	buf_addstr(&f->url, f->root);
	va_start(ap, fmt);
	buf_vaddf(&f->url, fmt, ap);
	va_end(ap);
	return buf_str(&f->url);
}

const char *forge_esc(struct arena *a, const char *word)
{
	struct buf b = { 0 };

	escape_url(&b, word);
	return buf_keep(&b, a);
}

const char *forge_esc_branch(struct arena *a, const char *branch)
{
	struct buf b = { 0 };
	const char *s = branch;

	while (*s) {
		size_t len = strcspn(s, "/");
		char *part = xstrndup(s, len);

		escape_url(&b, part);
		free(part);
		s += len;
		if (*s)
			buf_addch(&b, *s++);
	}
	return buf_keep(&b, a);
}

/* What an answer says ------------------------------------------------------------ */

/* Not what nobody would see: a list of errors may be of any length. */
static void said(struct buf *text, const char *words)
{
	if (!*words || text->len > SAID_MAX || strstr(buf_str(text), words))
		return;
	if (text->len)
		buf_addstr(text, "; ");
	escape_trailer(text, words);	/* one line */
}

/* One of `errors`: a string, or an object (GitHub: message, field, code). */
static void said_error(struct buf *text, const json_t *e)
{
	struct buf b = { 0 };

	said(text, js_text(e));
	if (*js_str(e, "message"))
		said(text, js_str(e, "message"));
	else if (*js_str(e, "code")) {
		buf_addf(&b, "%s %s", js_str(e, "field"), js_str(e, "code"));
		said(text, buf_str(&b));
	}
	buf_release(&b);
}

static void answer_read(struct forge_answer *a)
{
	const json_t *errors;
	struct buf type = { 0 };

	a->status = a->res.status;
	a->json = js_parse(buf_str(&a->res.body), a->res.body.len);
	said(&a->text, js_str(a->json, "message"));
	errors = js_get(a->json, "errors");
	said(&a->text, js_text(errors));
	for (size_t i = 0; i < js_len(errors); i++)
		said_error(&a->text, json_array_get(errors, i));
	http_header(&a->res, "Content-Type", &type);
	if (!a->text.len && str_starts(buf_str(&type), "text/plain"))
		said(&a->text, buf_str(&a->res.body));
	if (a->text.len > SAID_MAX) {
		str_cut(a->text.data, SAID_MAX);
		a->text.len = strlen(a->text.data);
	}
	buf_release(&type);
}

bool forge_says(const struct forge_answer *a, const char *words)
{
	return a->text.len && strcasestr(a->text.data, words);
}

/* Rate limits ----------------------------------------------------------------------- */

static int64_t header_int(const struct forge_answer *a, const char *name)
{
	struct buf b = { 0 };
	int64_t v = -1;

	if (http_header(&a->res, name, &b) && isdigit((unsigned char)*b.data))
		v = strtoll(b.data, NULL, 10);
	buf_release(&b);
	return v;
}

/* Seconds until X-RateLimit-Reset, which is a time; -1: it is not told. */
static int64_t reset_in_s(const struct forge_answer *a)
{
	int64_t reset = header_int(a, "X-RateLimit-Reset"), s;

	if (reset < 0)
		return -1;
	s = reset - http_now_s(&a->res);
	return s < 1 ? 1 : s > MOST_LIMIT_S ? MOST_LIMIT_S : s;
}

/* How long nothing more may be asked; -1: the answer is no rate limit. */
static int64_t limited_s(const struct forge_answer *a, unsigned waits)
{
	int64_t s;

	if (a->status != 429 && a->status != 403)
		return -1;
	if (a->res.retry_after_s >= 0)
		return a->res.retry_after_s ? a->res.retry_after_s : 1;
	if (header_int(a, "X-RateLimit-Remaining") == 0) {
		s = reset_in_s(a);
		return s < 0 ? SECONDARY_S : s;
	}
	/* The secondary limit: many requests remain by the headers. */
	if (a->status == 429 || forge_says(a, "rate limit") ||
	    forge_says(a, "abuse detection"))
		return (int64_t)SECONDARY_S << waits;
	return -1;
}

static int limited_fail(struct forge *f, const struct forge_answer *a,
			int64_t s, struct err *err)
{
	struct buf b = { 0 };

	duration_format(&b, s);
	err_set(err, ERR_TRANSIENT, "%s limits the rate of requests%s%s%s; run "
		"again in %s", f->host, a->text.len ? " (" : "",
		buf_str(&a->text), a->text.len ? ")" : "", buf_str(&b));
	buf_release(&b);
	return -1;
}

/* Spread writes out: a burst is free, then they wait for their turn. */
static int write_turn(struct forge *f, struct err *err)
{
	int64_t now = clock_mono_ms() + http_fake_waited_ms(f->http);
	int64_t wait;

	if (!f->ops->paces_writes)
		return 0;
	f->write_budget += (double)(now - f->write_budget_ms) * WRITES_PER_MS;
	if (f->write_budget_ms == 0 || f->write_budget > WRITE_BURST)
		f->write_budget = WRITE_BURST;
	f->write_budget_ms = now;
	f->write_budget -= 1;
	if (f->write_budget >= 0)
		return 0;
	wait = (int64_t)(-f->write_budget / WRITES_PER_MS);
	log_verbose("waiting %lld ms: %s allows only so many changes a minute",
		    (long long)wait, f->host);
	if (!http_wait(f->http, wait))
		return err_set(err, ERR_TRANSIENT, "%s allows only so many "
			       "changes a minute and no time is left; run "
			       "again", f->host);
	return 0;
}

/* One exchange ---------------------------------------------------------------------- */

/* HEADERS, HEADERS_MAX of them, are filled and must outlive the request. */
static struct http_request request_of(struct forge *f, const char *method,
				      const char *url, const char *body,
				      const char **headers)
{
	size_t n = 0;

	headers[n++] = f->ops->accept;
	if (f->ops->extra_header)
		headers[n++] = f->ops->extra_header;
	if (body)
		headers[n++] = "Content-Type: application/json";
	headers[n] = NULL;
	return (struct http_request){
		.method = method, .url = url, .headers = headers,
		.cred = f->cred.header ? &f->cred : NULL,
		.body = body, .body_len = body ? strlen(body) : 0,
		.timeout_ms = REQUEST_MS,
		.safe_to_repeat = strcmp(method, "GET") == 0,
	};
}

static bool ahead_take(struct forge *f, const char *url,
		       struct http_response *out)
{
	for (size_t i = 0; i < f->ahead_len; i++) {
		struct forge_ahead *it = &f->ahead[i];

		if (!it->url || strcmp(it->url, url) != 0)
			continue;
		*out = it->res;
		free(it->url);
		memset(it, 0, sizeof(*it));
		return true;
	}
	return false;
}

void forge_ahead_drop(struct forge *f)
{
	for (size_t i = 0; i < f->ahead_len; i++) {
		free(f->ahead[i].url);
		http_response_release(&f->ahead[i].res);
	}
	free(f->ahead);
	f->ahead = NULL;
	f->ahead_len = 0;
}

void forge_call_ahead(struct forge *f, const char *const *urls, size_t n)
{
	struct http_request *reqs = xcalloc(n, sizeof(*reqs));
	struct http_response *all = xcalloc(n, sizeof(*all));
	struct err *errs = xcalloc(n, sizeof(*errs));
	const char *headers[HEADERS_MAX];

	forge_ahead_drop(f);
	f->ahead = xcalloc(n, sizeof(*f->ahead));
	for (size_t i = 0; i < n; i++)
		reqs[i] = request_of(f, "GET", urls[i], NULL, headers);
	http_do_many(f->http, reqs, all, errs, n, AHEAD_PARALLEL);
	for (size_t i = 0; i < n; i++) {
		if (errs[i].code == ERR_NONE && all[i].status == 200)
			f->ahead[f->ahead_len++] = (struct forge_ahead){
				xstrdup(urls[i]), all[i] };
		else
			http_response_release(&all[i]);
	}
	free(reqs);
	free(all);
	free(errs);
}

static int send_once(struct forge *f, const char *method, const char *url,
		     const char *body, struct forge_answer *out,
		     struct err *err)
{
	const char *headers[HEADERS_MAX];
	struct http_request req = request_of(f, method, url, body, headers);

	if (req.safe_to_repeat && ahead_take(f, url, &out->res)) {
		answer_read(out);
		return 0;
	}
	if (!req.safe_to_repeat && write_turn(f, err) < 0)
		return -1;
	if (http_do(f->http, &req, &out->res, err) < 0)
		return -1;
	answer_read(out);
	return 0;
}

int forge_call(struct forge *f, const char *method, const char *url,
	       json_t *body_take, struct forge_answer *out, struct err *err)
{
	char *body = NULL, *where = xstrdup(url);
	int64_t s = -1;
	int rc;

	memset(out, 0, sizeof(*out));
	if (body_take) {
		body = json_dumps(body_take, JSON_COMPACT);
		json_decref(body_take);
		if (!body)
			BUG("cannot write the JSON of a request");
	}
	for (unsigned waits = 0;; waits++) {
		forge_answer_release(out);
		rc = send_once(f, method, where, body, out, err);
		f->was_found |= rc == 0 && out->status / 100 == 2;
		if (rc < 0 || (s = limited_s(out, waits)) < 0)
			break;
		/* It was not done, so that doing it later is no repetition. */
		if (waits < MAX_LIMIT_WAITS && s * 1000 < http_left_ms(f->http)) {
			log_warn("%s limits the rate of requests; waiting %lld "
				 "seconds", f->host, (long long)s);
			if (http_wait(f->http, s * 1000))
				continue;
		}
		rc = limited_fail(f, out, s, err);
		break;
	}
	free(body);
	free(where);
	return rc;
}

bool forge_doubtful(int rc, const struct forge_answer *a, const struct err *err)
{
	if (rc < 0)	/* with a status it was the rate limit: not done */
		return err->code == ERR_TRANSIENT && a->status == 0;
	return a->status >= 500;
}

/* What went wrong ----------------------------------------------------------------------- */

static int fail_redirect(struct forge *f, const struct forge_answer *a,
			 const char *doing, struct err *err)
{
	struct buf to = { 0 };

	http_header(&a->res, "Location", &to);
	if (a->status == 301 || a->status == 307 || a->status == 308)
		err_set(err, ERR_USAGE, "cannot %s: %s says that %s/%s has "
			"moved%s%s, where the token is not sent by itself; "
			"name the new address in --repo", doing, f->host,
			f->owner, f->name, to.len ? " to " : "", buf_str(&to));
	else
		err_set(err, ERR_DATA, "cannot %s: %s answers with a redirect "
			"(%ld) instead of data; is the token valid, and is "
			"--forge-url the root of its API?", doing, f->host,
			a->status);
	buf_release(&to);
	return -1;
}

static int fail_forbidden(struct forge *f, const struct forge_answer *a,
			  const char *doing, const char *permission,
			  struct err *err)
{
	const char *said_text = a->text.len ? buf_str(&a->text) : "no reason";
	struct buf need = { 0 };

	if (!http_header(&a->res, "X-Accepted-GitHub-Permissions", &need) &&
	    permission)
		buf_addstr(&need, permission);
	err_set(err, ERR_REFUSED, "%s does not let this token %s (%ld: %s)%s%s",
		f->host, doing, a->status, said_text,
		need.len ? "; it needs the permission " : "", buf_str(&need));
	buf_release(&need);
	return -1;
}

/*
 * As long as nothing was found at this API, it may be none of the kind that
 * was told: a Gitea that is taken for a GitHub answers nothing but 404.
 */
static void kind_doubt(struct buf *out, const struct forge *f)
{
	const char *kind = forge_kind_of_host(f->host);

	if (f->was_found || (kind && str_eq(kind, f->ops->name)))
		return;
	buf_addf(out, "; or is %s no %s? --forge, PROMOTE_FORGE or `forge:` "
		 "in promote.yaml says what it is", f->host, f->ops->name);
}

int forge_fail(struct forge *f, const struct forge_answer *a,
	       const char *doing, const char *permission, struct err *err)
{
	const char *sep = a->text.len ? ": " : "";
	const char *text = buf_str(&a->text);
	struct buf type = { 0 }, doubt = { 0 };

	if (a->status / 100 == 3)
		return fail_redirect(f, a, doing, err);
	if (a->status == 401)
		return err_set(err, ERR_REFUSED, "cannot %s: %s does not "
			       "accept %s (401%s%s); see PROMOTE_TOKEN", doing,
			       f->host, f->cred.header ? "the token"
						       : "requests without a "
							 "token", sep, text);
	if (a->status == 403)
		return fail_forbidden(f, a, doing, permission, err);
	if (a->status == 404) {
		kind_doubt(&doubt, f);
		err_set(err, ERR_REFUSED, "cannot %s: %s says that it "
			"is not there (404%s%s), which it also says "
			"where the token may not see %s/%s%s%s%s", doing,
			f->host, sep, text, f->owner, f->name,
			permission ? "; it needs the permission " : "",
			permission ? permission : "", buf_str(&doubt));
		buf_release(&doubt);
		return -1;
	}
	if (a->status >= 500)
		return err_set(err, ERR_TRANSIENT, "cannot %s: %s failed "
			       "(%ld%s%s); run again later", doing, f->host,
			       a->status, sep, text);
	if (a->status / 100 == 2) {
		http_header(&a->res, "Content-Type", &type);
		err_set(err, ERR_DATA, "cannot %s: what %s answers is not its "
			"API's (%ld, %s); is --forge-url the root of its API?",
			doing, f->host, a->status,
			type.len ? buf_str(&type) : "no type");
		buf_release(&type);
		return -1;
	}
	return err_set(err, ERR_REFUSED, "cannot %s: %s refuses it (%ld%s%s)",
		       doing, f->host, a->status, sep, text);
}

int forge_object(struct forge *f, const char *method, const char *url,
		 json_t *body_take, const char *doing, const char *permission,
		 struct forge_answer *out, struct err *err)
{
	if (forge_call(f, method, url, body_take, out, err) < 0)
		return err_prefix(err, "cannot %s: ", doing);
	if (out->status / 100 != 2 || !json_is_object(out->json))
		return forge_fail(f, out, doing, permission, err);
	return 0;
}
