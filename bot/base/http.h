#ifndef BOT_BASE_HTTP_H
#define BOT_BASE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/base/buf.h"
#include "bot/base/clock.h"
#include "bot/base/err.h"

/*
 * The one HTTP client: git's wire, forges and gates all go through it, so
 * there is one place where credentials are bound, TLS is verified and
 * deadlines are kept. Connections are kept alive between requests.
 *
 * - http:// only for loopback (127.0.0.0/8, ::1, localhost), or where the
 *   request allows it, and never through a proxy; anything else is
 *   ERR_SECURITY.
 * - Redirects are never followed. A 3xx is a response like any other.
 * - TLS verification always; authorities from the system and from
 *   GIT_SSL_CAINFO, CURL_CA_BUNDLE or SSL_CERT_FILE (the first that is set);
 *   proxies by the usual variables.
 * - Every request ends at its own deadline or the run's, whichever is first,
 *   and when the server says nothing for too long.
 * - No compression, no cookies, no netrc; nothing is kept but connections.
 */
struct http;

/*
 * A secret and the one origin (scheme, host, port) it may be sent to. A
 * request that carries it to another origin is ERR_SECURITY and is not made.
 */
struct http_cred {
	char *origin;	/* "https://git.example.com:443", as http_origin() */
	char *header;	/* a whole header line: "Authorization: Basic ..." */
};

/*
 * Basic: "Authorization: Basic base64(user:secret)". Copies; release it. The
 * secret is made known to log_secret(). ERR_USAGE: URL is not one for
 * http_origin(), or the secret is empty or holds a blank or a control
 * character (a token file with two lines); blanks around it are dropped.
 */
int http_cred_basic(struct http_cred *c, const char *url, const char *user,
		    const char *secret, struct err *err);
/* Header is "Authorization: Bearer", "PRIVATE-TOKEN:", "Authorization: token". */
int http_cred_token(struct http_cred *c, const char *url, const char *header,
		    const char *secret, struct err *err);
void http_cred_release(struct http_cred *c);	/* wipes the secret */

/*
 * Scheme, host and port of URL in one canonical spelling (lower case, default
 * port written out), owned by the caller. ERR_USAGE: not http(s), no host, or
 * user info in it (secrets in URLs end up in logs).
 */
int http_origin(char **out, const char *url, struct err *err);

struct http_request {
	const char *method;		/* NULL: GET */
	const char *url;
	const char *const *headers;	/* whole lines, NULL at the end; or NULL.
					   No credentials: those are in cred */
	const struct http_cred *cred;	/* or NULL */
	const char *body;		/* NULL: none */
	size_t body_len;
	size_t max_body;		/* of the response; 0: 16 MiB */
	int64_t timeout_ms;		/* 0: what is left of the run */
	bool safe_to_repeat;		/* 502, 503, 504 and a connection that
					   died are tried again, with backoff */
	/*
	 * The address is not the operator's own, though he allowed its host:
	 * it is connected to directly, never through a proxy, and never where
	 * its name leads to a link-local or a cloud's metadata address
	 * (ERR_SECURITY). What is judged is the address connected to, so a
	 * name that changes between two looks gains nothing.
	 */
	bool is_foreign;
	/* Plain http to a host that is not loopback; never with a cred. */
	bool allows_plain;
	/* Called with each piece of the body of a 2xx answer instead of
	   storing it (an error's body is stored all the same); status and
	   headers of the response are there by then. Nothing is repeated
	   once it was called. A negative answer ends the request with that
	   error. Or NULL. */
	int (*on_body)(void *ctx, const char *data, size_t len,
		       struct err *err);
	void *ctx;
};

struct http_response {
	long status;
	struct buf body;
	struct buf headers;	/* as they came, lines end in \r\n */
	int64_t retry_after_s;	/* Retry-After, both forms; -1: none */
};

/*
 * One request. Any status is success: what a status means is the caller's to
 * say. 429, and 403 with Retry-After, are returned like any other.
 *
 * ERR_TRANSIENT: no answer (connection, TLS handshake cut, deadline), after
 * retries where safe. A connection that could not be made is always tried
 * again: nothing was sent. ERR_SECURITY: certificate not trusted, plain http,
 * credential for another origin. ERR_DATA: response over max_body, or not
 * HTTP. ERR_USAGE: the URL, a server at https:// that speaks no TLS, or the
 * file of authorities that was named.
 * After an error on a request that changes something, what the server did is
 * unknown: ask it.
 *
 * RES is overwritten, and released by the caller also after an error.
 */
int http_do(struct http *h, const struct http_request *req,
	    struct http_response *res, struct err *err);

/*
 * Many requests at once, at most PARALLEL on the wire; results in order.
 * errs[i].code tells whether responses[i] counts. Returns nothing: each
 * request stands for itself.
 */
void http_do_many(struct http *h, const struct http_request *reqs,
		  struct http_response *responses, struct err *errs, size_t n,
		  unsigned parallel);

/*
 * A request that is on its way while others are made: it starts after the next
 * one, moves whenever one does, and http_end() waits for the rest of it. The
 * request, and all it points to, is borrowed until then; it has no on_body.
 * Each is to be ended or cancelled before http_free().
 */
struct http_flight;
struct http_flight *http_begin(struct http *h, const struct http_request *req);
/* As http_do(). The flight is over, and freed. */
int http_end(struct http_flight *f, struct http_response *res,
	     struct err *err);
/* Nobody wants to know any more. NULL is calmly ignored. */
void http_cancel(struct http_flight *f);

/*
 * The value of header NAME (any case), appended to OUT; false: not there.
 * Where it stands several times, the first.
 */
bool http_header(const struct http_response *res, const char *name,
		 struct buf *out);
/* What the server's clock said, where it tells (Date): ours may differ. */
int64_t http_now_s(const struct http_response *res);
void http_response_release(struct http_response *res);

/* What was spent, for -v and the benchmark. */
struct http_cost {
	uint64_t requests, bytes_sent, bytes_received;	/* bodies and headers */
};

struct http_options {
	struct deadline deadline;	/* of the whole run */
	const char *user_agent;		/* NULL: git-promote/VERSION */
	int64_t silence_ms;		/* a request on which nothing moves for
					   so long is given up; 0: a minute */
};

struct http *http_new(const struct http_options *options);
void http_free(struct http *h);
const struct http_cost *http_cost(const struct http *h);

/*
 * Sleep MS between two requests (a forge that is computing, a rate limit);
 * false at once, without sleeping, when the run would be over by then. With a
 * fake nothing sleeps: the time only counts as gone, so that a test of long
 * waits is quick and can ask how long they were.
 */
bool http_wait(struct http *h, int64_t ms);
/* What is left of the run; with a fake, less what was waited. */
int64_t http_left_ms(const struct http *h);
int64_t http_fake_waited_ms(const struct http *h);

/*
 * For tests: answer requests from FN instead of the network. What http_do()
 * checks before it sends (origin, plain http) is checked all the same.
 */
typedef int http_fake_fn(void *ctx, const struct http_request *req,
			 struct http_response *res, struct err *err);
void http_set_fake(struct http *h, http_fake_fn *fn, void *ctx);

#endif
