#include "bot/git/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"
#include "bot/git/credential.h"

#define V2 "Git-Protocol: version=2"

/* A request to git's services, and what it points to. */
struct question {
	struct http_request req;
	struct buf url, accept, content, body;
	struct buf type;		/* of its answer */
	const char *headers[4];
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
	struct question expected;
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

/* The two kinds of question; what they are made from may go meanwhile. */
static void ask_hello(struct question *q, const struct http_transport *t,
		      enum service service, bool v2)
{
	*q = (struct question){ .req.safe_to_repeat = true };
	buf_addf(&q->url, "%s/info/refs?service=%s", t->url,
		 service_names[service]);
	buf_addf(&q->type, "application/x-%s-advertisement",
		 service_names[service]);
	q->headers[0] = v2 ? V2 : NULL;
	q->req.url = buf_str(&q->url);
	q->req.headers = q->headers;
}

static void ask_request(struct question *q, const struct http_transport *t,
			enum service service, const struct buf *head,
			const struct buf *body)
{
	*q = (struct question){ .req.method = "POST" };
	buf_addf(&q->url, "%s/%s", t->url, service_names[service]);
	buf_addf(&q->type, "application/x-%s-result", service_names[service]);
	buf_addf(&q->accept, "Accept: %s", buf_str(&q->type));
	buf_addf(&q->content, "Content-Type: application/x-%s-request",
		 service_names[service]);
	q->headers[0] = buf_str(&q->accept);
	q->headers[1] = buf_str(&q->content);
	q->headers[2] = service == UPLOAD_PACK ? V2 : NULL;
	buf_add(&q->body, head->data, head->len);
	if (body)
		buf_add(&q->body, body->data, body->len);
	q->req.url = buf_str(&q->url);
	q->req.headers = q->headers;
	q->req.body = q->body.data;
	q->req.body_len = q->body.len;
}

static bool same_question(const struct question *a, const struct question *b)
{
	return str_eq(a->req.url, b->req.url) && a->body.len == b->body.len &&
	       (a->body.len == 0 ||
		memcmp(a->body.data, b->body.data, a->body.len) == 0);
}

static void question_release(struct question *q)
{
	buf_release(&q->url);
	buf_release(&q->type);
	buf_release(&q->accept);
	buf_release(&q->content);
	buf_release(&q->body);
}

static void expected_drop(struct http_transport *t)
{
	http_cancel(t->flight);
	t->flight = NULL;
	question_release(&t->expected);
}

static void http_expect(struct transport *base, enum service service,
			const struct buf *head)
{
	struct http_transport *t = (struct http_transport *)base;
	struct question *q = &t->expected;

	/* Who to be is not known before the server has asked for it. */
	if (!t->cred && t->asks_helpers)
		return;
	expected_drop(t);
	if (head)
		ask_request(q, t, service, head, NULL);
	else
		ask_hello(q, t, service, false);
	q->req.cred = t->cred;
	base->requests++;
	base->bytes_sent += q->req.body_len;
	t->flight = http_begin(t->http, &q->req);
}

/* An answer that is whole ends with a flush packet. */
static bool is_whole(const struct buf *body)
{
	return body->len >= 4 &&
	       memcmp(body->data + body->len - 4, "0000", 4) == 0;
}

/*
 * The answer that was expected, if it is to Q and whole. 1: IN has it; 0: ask,
 * which tells what went wrong, too.
 */
static int expected_take(struct http_transport *t, const struct question *q,
			 struct pkt_reader *in, struct err *err)
{
	struct http_response res;
	struct answer a = { .res = &res, .type = buf_str(&q->type) };
	struct err ignored = { 0 };
	int rc;

	if (!t->flight || !same_question(&t->expected, q))
		return 0;
	rc = http_end(t->flight, &res, &ignored);
	t->flight = NULL;
	expected_drop(t);
	t->base.bytes_received += res.body.len;
	if (rc < 0 || res.status / 100 != 2 || check_type(&a, &ignored) < 0 ||
	    !is_whole(&res.body))
		rc = 0;
	else if (pkt_feed(in, res.body.data, res.body.len, err) < 0)
		rc = -1;
	else
		rc = in->done ? 1 : cut_off(err);
	http_response_release(&res);
	return rc;
}

/* Q, which ends here. */
static int ask(struct http_transport *t, struct question *q,
	       struct pkt_reader *in, struct err *err)
{
	struct answer a = { .in = in, .type = buf_str(&q->type) };
	int rc = expected_take(t, q, in, err);

	if (rc == 0)
		rc = exchange(t, &q->req, &a, err);
	question_release(q);
	return rc < 0 ? -1 : 0;
}

static int http_hello(struct transport *base, enum service service, bool v2,
		      struct pkt_reader *in, struct err *err)
{
	struct http_transport *t = (struct http_transport *)base;
	struct question q;

	ask_hello(&q, t, service, v2);
	return ask(t, &q, in, err);
}

static int http_request(struct transport *base, enum service service,
			const struct buf *head, const struct buf *body,
			bool repeatable, struct pkt_reader *in,
			struct err *err)
{
	struct http_transport *t = (struct http_transport *)base;
	struct question q;

	ask_request(&q, t, service, head, body);
	q.req.safe_to_repeat = repeatable;
	return ask(t, &q, in, err);
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

	expected_drop(t);
	credential_release(&t->helped);
	free(t->url);
	free(t);
}

static const struct transport_ops http_ops = {
	.name	 = "http",
	.hello	 = http_hello,
	.expect	 = http_expect,
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
