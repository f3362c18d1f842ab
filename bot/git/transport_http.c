#include "bot/git/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"
#include "bot/git/credential.h"

/* What asks a service for its greeting. */
struct greeting_request {
	struct http_request req;
	struct buf url, type;
};

struct http_transport {
	struct transport base;
	struct http *http;
	const struct deadline *deadline;
	const struct http_cred *cred;
	bool asks_helpers;
	struct credential helped;	/* cred is its, then */
	bool helpers_know;		/* what became of that */
	char *url;		/* without a slash at the end */
	struct greeting_request expected;
	struct http_flight *flight;	/* it is on its way; or NULL */
};

/* Where the pieces of one answer go. */
struct answer {
	struct pkt_reader *in;
	const struct http_response *res;
	const char *type;	/* the content type it must have */
	bool type_seen;
};

static int check_type(const struct answer *a, struct err *err)
{
	struct buf type = { 0 };
	int rc = 0;

	http_header(a->res, "content-type", &type);
	type.len = strcspn(buf_str(&type), "; \t");
	if (type.data)
		type.data[type.len] = '\0';
	if (strcasecmp(buf_str(&type), a->type) != 0)
		rc = err_set(err, ERR_REFUSED, "no git repository answers "
			     "there: its content type is '%.80s', not %s",
			     buf_str(&type), a->type);
	buf_release(&type);
	return rc;
}

static int on_body(void *ctx, const char *data, size_t len, struct err *err)
{
	struct answer *a = ctx;

	if (!a->type_seen && check_type(a, err) < 0)
		return -1;
	a->type_seen = true;
	return pkt_feed(a->in, data, len, err);
}

/* A redirect is not followed: say where it leads, and what that means. */
static int redirected(const struct http_transport *t,
		      const struct http_response *res, struct err *err)
{
	struct buf to = { 0 };
	struct err ignored = { 0 };
	char *here = NULL, *there = NULL;
	bool same;

	if (!http_header(res, "location", &to) || to.len == 0)
		err_set(err, ERR_DATA, "the server redirects to nowhere");
	if (http_origin(&here, t->url, &ignored) < 0)
		here = NULL;
	if (http_origin(&there, buf_str(&to), &ignored) < 0)
		there = NULL;
	same = buf_str(&to)[0] == '/' || str_eq(here, there);
	err_set(err, same ? ERR_REFUSED : ERR_SECURITY,
		"the server redirects to %.300s, and redirects are not "
		"followed; if that is right, name it as the repository",
		buf_str(&to));
	free(here);
	free(there);
	buf_release(&to);
	return -1;
}

/* The server's own words, where it has some for people: their first line. */
static void add_words(const struct http_response *res, struct err *err)
{
	struct buf type = { 0 };
	const char *text = buf_str(&res->body);
	size_t len = strcspn(text, "\r\n"), at = strlen(err->msg);

	if (len && http_header(res, "content-type", &type) &&
	    strncasecmp(buf_str(&type), "text/plain", 10) == 0)
		snprintf(err->msg + at, sizeof(err->msg) - at, ": %.*s",
			 len > 300 ? 300 : (int)len, text);
	buf_release(&type);
}

/* What a status other than 2xx means to a git client. */
static int status_error(const struct http_transport *t,
			const struct http_response *res, struct err *err)
{
	long s = res->status;

	if (s / 100 == 3)
		return redirected(t, res, err);
	if (s == 401 && t->cred == &t->helped.cred)
		err_set(err, ERR_REFUSED, "the server does not take the user "
			"and password that git's credential helpers gave "
			"(HTTP 401)");
	else if (s == 401)
		err_set(err, ERR_REFUSED, t->cred
			? "the server does not take the token (HTTP 401); "
			  "give one that is valid here in PROMOTE_TOKEN"
			: "the server wants a token, and none is set (HTTP "
			  "401); give it in PROMOTE_TOKEN or "
			  "PROMOTE_TOKEN_FILE, or let git's credential "
			  "helpers be asked by --git-credentials");
	else if (s == 403)
		err_set(err, ERR_REFUSED, "the token may not do this to %s "
			"(HTTP 403); it needs to read and write the "
			"repository's contents", t->url);
	else if (s == 404 || s == 410)
		err_set(err, ERR_REFUSED, "no such repository, or one that "
			"the token may not see (HTTP %ld): %s", s, t->url);
	else if (s == 413)
		err_set(err, ERR_REFUSED, "the server or a proxy before it "
			"takes no request of this size (HTTP 413)");
	else if (s == 407)
		err_set(err, ERR_REFUSED, "the proxy wants other credentials "
			"(HTTP 407)");
	else
		err_set(err, s == 408 || s == 429 || s >= 500 ? ERR_TRANSIENT
							     : ERR_REFUSED,
			"the git server answered with HTTP %ld", s);
	add_words(res, err);
	return -1;
}

static int cut_off(struct err *err)
{
	return err_set(err, ERR_TRANSIENT, "the server's answer was cut off");
}

static int exchange_once(struct http_transport *t,
			 const struct http_request *req, struct answer *a,
			 long *status, struct err *err)
{
	struct http_response res = { 0 };
	struct http_request r = *req;
	int rc;

	a->res = &res;
	r.cred = t->cred;
	r.on_body = on_body;
	r.ctx = a;
	r.max_body = SIZE_MAX / 2;	/* the reader has its own limit */
	t->base.requests++;
	t->base.bytes_sent += r.body_len;
	rc = http_do(t->http, &r, &res, err);
	*status = res.status;
	if (rc == 0 && res.status / 100 != 2)
		rc = status_error(t, &res, err);
	if (rc == 0 && !a->in->done)
		rc = cut_off(err);
	t->base.bytes_received += a->in->bytes;
	http_response_release(&res);
	return rc;
}

/* Like git, ask for a credential only when the server does. */
static int exchange(struct http_transport *t, const struct http_request *req,
		    struct answer *a, struct err *err)
{
	long status;
	int rc = exchange_once(t, req, a, &status, err);

	if (rc < 0 && status == 401 && !t->cred && t->asks_helpers) {
		err_clear(err);
		if (credential_fill(&t->helped, t->url, t->deadline, err) < 0)
			return err_prefix(err, "the server wants a user and a "
					  "password (HTTP 401): ");
		t->cred = &t->helped.cred;
		rc = exchange_once(t, req, a, &status, err);
	}
	if (t->cred == &t->helped.cred && !t->helpers_know &&
	    (status == 401 || status / 100 == 2)) {
		t->helpers_know = true;
		credential_tell(&t->helped, status != 401, t->deadline);
	}
	return rc;
}

static void greeting_make(struct greeting_request *g,
			  const struct http_transport *t, enum service service,
			  bool v2)
{
	static const char *const v2_header[] = { "Git-Protocol: version=2",
						 NULL };

	*g = (struct greeting_request){ .req.safe_to_repeat = true };
	buf_addf(&g->url, "%s/info/refs?service=%s", t->url,
		 service_names[service]);
	buf_addf(&g->type, "application/x-%s-advertisement",
		 service_names[service]);
	g->req.url = buf_str(&g->url);
	g->req.headers = v2 ? v2_header : NULL;
}

static void greeting_release(struct greeting_request *g)
{
	buf_release(&g->url);
	buf_release(&g->type);
}

static void http_expect_hello(struct transport *base, enum service service)
{
	struct http_transport *t = (struct http_transport *)base;

	/* Who to be is not known before the server has asked for it. */
	if (t->flight || (!t->cred && t->asks_helpers))
		return;
	greeting_make(&t->expected, t, service, false);
	t->expected.req.cred = t->cred;
	base->requests++;
	t->flight = http_begin(t->http, &t->expected.req);
}

/*
 * The answer that was expected, if it is G's and the server gave one. 1: IN has
 * it; 0: ask, which tells what went wrong, too.
 */
static int expected_take(struct http_transport *t,
			 const struct greeting_request *g,
			 struct pkt_reader *in, struct err *err)
{
	struct http_response res;
	struct answer a = { .in = in, .res = &res, .type = buf_str(&g->type) };
	struct err ignored = { 0 };
	int rc = 0;

	if (!t->flight || !str_eq(t->expected.req.url, g->req.url))
		return 0;
	if (http_end(t->flight, &res, &ignored) == 0 && res.status / 100 == 2) {
		rc = on_body(&a, buf_str(&res.body), res.body.len, err);
		if (rc == 0)
			rc = in->done ? 1 : cut_off(err);
		t->base.bytes_received += res.body.len;
	}
	http_response_release(&res);
	greeting_release(&t->expected);
	t->flight = NULL;
	return rc;
}

static int http_hello(struct transport *base, enum service service, bool v2,
		      struct pkt_reader *in, struct err *err)
{
	struct http_transport *t = (struct http_transport *)base;
	struct greeting_request g;
	struct answer a = { .in = in };
	int rc;

	greeting_make(&g, t, service, v2);
	a.type = buf_str(&g.type);
	rc = expected_take(t, &g, in, err);
	if (rc == 0)
		rc = exchange(t, &g.req, &a, err);
	greeting_release(&g);
	return rc < 0 ? -1 : 0;
}

static int http_request(struct transport *base, enum service service,
			const struct buf *head, const struct buf *body,
			bool repeatable, struct pkt_reader *in,
			struct err *err)
{
	struct http_transport *t = (struct http_transport *)base;
	struct buf url = { 0 }, want = { 0 }, have = { 0 }, all = { 0 };
	const char *headers[] = { NULL, NULL, "Git-Protocol: version=2", NULL };
	struct answer a = { .in = in };
	struct http_request req = { .method = "POST", .headers = headers,
				    .safe_to_repeat = repeatable };
	int rc;

	buf_addf(&url, "%s/%s", t->url, service_names[service]);
	buf_addf(&want, "Accept: application/x-%s-result",
		 service_names[service]);
	buf_addf(&have, "Content-Type: application/x-%s-request",
		 service_names[service]);
	headers[0] = buf_str(&want);
	headers[1] = buf_str(&have);
	if (service != UPLOAD_PACK)
		headers[2] = NULL;
	a.type = buf_str(&want) + strlen("Accept: ");
	req.url = buf_str(&url);
	if (body && body->len) {
		buf_add(&all, head->data, head->len);
		buf_add(&all, body->data, body->len);
	}
	req.body = all.len ? all.data : head->data;
	req.body_len = all.len ? all.len : head->len;
	rc = exchange(t, &req, &a, err);
	buf_release(&url);
	buf_release(&want);
	buf_release(&have);
	buf_release(&all);
	return rc;
}

static bool http_talking(struct transport *base, enum service service)
{
	(void)base;
	(void)service;
	return true;
}

static void http_hang_up(struct transport *base)
{
	(void)base;
}

static void http_transport_free(struct transport *base)
{
	struct http_transport *t = (struct http_transport *)base;

	http_cancel(t->flight);
	greeting_release(&t->expected);
	credential_release(&t->helped);
	free(t->url);
	free(t);
}

static const struct transport_ops http_ops = {
	.name	 = "http",
	.hello	 = http_hello,
	.expect_hello = http_expect_hello,
	.request = http_request,
	.talking = http_talking,
	.hang_up = http_hang_up,
	.free	 = http_transport_free,
};

int transport_http_new(struct transport **out,
		       const struct repo_options *options, struct err *err)
{
	struct http_transport *t;
	size_t len = strlen(options->location);
	char *origin;

	if (!options->http)
		BUG("a repository on %s without a client",
		    options->location);
	if (http_origin(&origin, options->location, err) < 0)
		return -1;
	free(origin);
	if (strpbrk(options->location, "?#"))
		return err_set(err, ERR_USAGE, "the repository's URL has a "
			       "query or a fragment");
	t = xcalloc(1, sizeof(*t));
	t->base.ops = &http_ops;
	t->http = options->http;
	t->cred = options->cred;
	t->deadline = options->deadline;
	t->asks_helpers = options->asks_helpers;
	while (len && options->location[len - 1] == '/')
		len--;
	t->url = xstrndup(options->location, len);
	*out = &t->base;
	return 0;
}
