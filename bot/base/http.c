#include "bot/base/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/base/http_xfer.h"
#include "bot/base/mem.h"

enum { SILENCE_MS = 60 * 1000 };

/* What is checked before anything is sent, or faked -------------------------- */

bool http_line_is(const char *line, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(line, name, len) == 0 && line[len] == ':';
}

static void check_headers(const struct http_request *req)
{
	static const char *const secret[] = { "authorization", "private-token",
					      "job-token", "cookie" };

	for (const char *const *line = req->headers; line && *line; line++) {
		if (strpbrk(*line, "\r\n"))
			BUG("a header with a line break");
		for (size_t i = 0; i < ARRAY_LEN(secret); i++)
			if (http_line_is(*line, secret[i]))
				BUG("a %s header that is bound to no origin",
				    secret[i]);
	}
}

static int xfer_check(struct xfer *x)
{
	const struct http_request *req = x->req;

	check_headers(req);
	if (http_url_parse(&x->url, req->url, x->err) < 0)
		return -1;
	if (!x->url.is_tls && !x->url.is_loopback &&
	    (!req->allows_plain || req->cred))
		return err_set(x->err, ERR_SECURITY, "%s is plain http, where "
			       "everybody on the way can read and change what "
			       "is sent; use https", x->url.origin);
	if (req->cred && strcmp(req->cred->origin, x->url.origin) != 0)
		return err_set(x->err, ERR_SECURITY, "the token is for %s and "
			       "is not sent to %s", req->cred->origin,
			       x->url.origin);
	return 0;
}

/* Many at once -------------------------------------------------------------------- */

static void silence_check(struct xfer *x, int64_t now)
{
	int64_t silence_ms = x->h->options.silence_ms;

	if (now - x->moved_ms < silence_ms)
		return;
	err_set(x->err, ERR_TRANSIENT, "%s said nothing for %lld seconds",
		x->url.origin, (long long)(silence_ms + 999) / 1000);
	xfer_end(x, CURLE_OPERATION_TIMEDOUT);
}

/* First try: the time of the request begins now. */
static void clock_start(struct xfer *x, int64_t now)
{
	x->started_ms = now;
	x->end_ms = x->h->options.deadline.at_ms;
	if (x->req->timeout_ms && now + x->req->timeout_ms < x->end_ms)
		x->end_ms = now + x->req->timeout_ms;
}

/* Begun by http_begin(): driven along with whatever else is asked. */
struct http_flight {
	struct http_flight *next;
	struct xfer xfer;
	struct http_response res;
	struct err err;
};

/* Start X if it MAY. *SLEEP_MS: when there is something to do at the latest. */
static void start_if(struct xfer *x, bool may, int64_t now, int64_t *sleep_ms)
{
	if (x->state == XFER_WAITING && may && x->not_before_ms <= now) {
		if (x->tries == 0)
			clock_start(x, now);
		xfer_start(x, now);
	} else if (x->state == XFER_WAITING && x->not_before_ms > now &&
		   x->not_before_ms - now < *sleep_ms) {
		*sleep_ms = x->not_before_ms - now;
	} else if (x->state == XFER_RUNNING &&
		   x->h->options.silence_ms < *sleep_ms) {
		*sleep_ms = x->h->options.silence_ms;
	}
}

/*
 * Start what may start; flights after that, so that the connection that is
 * there goes to what is waited for. Returns how many of XS are left.
 */
static size_t start_all(struct http *h, struct xfer *xs, size_t n,
			unsigned parallel, int64_t *sleep_ms)
{
	int64_t now = clock_mono_ms();
	size_t left = 0, running = 0;

	for (size_t i = 0; i < n; i++)
		running += xs[i].state == XFER_RUNNING;
	for (size_t i = 0; i < n; i++) {
		bool waited = xs[i].state == XFER_WAITING;

		left += xs[i].state != XFER_DONE;
		start_if(&xs[i], running < parallel, now, sleep_ms);
		running += waited && xs[i].state == XFER_RUNNING;
	}
	for (struct http_flight *f = h->flights; f; f = f->next)
		start_if(&f->xfer, true, now, sleep_ms);
	return left;
}

/* Let everything move that can, without waiting. True: something ended. */
static bool move_all(struct http *h, struct xfer *xs, size_t n)
{
	int64_t now = clock_mono_ms();
	int running, queued;
	bool ended = false;
	CURLMsg *msg;
	char *mine;

	if (curl_multi_perform(h->multi, &running) != CURLM_OK)
		BUG("curl cannot go on");
	while ((msg = curl_multi_info_read(h->multi, &queued))) {
		CURLcode code = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &mine);
		/* msg is gone with it */
		xfer_end((struct xfer *)(void *)mine, code);
		ended = true;
	}
	for (size_t i = 0; i < n; i++)
		if (xs[i].state == XFER_RUNNING)
			silence_check(&xs[i], now);
	for (struct http_flight *f = h->flights; f; f = f->next)
		if (f->xfer.state == XFER_RUNNING)
			silence_check(&f->xfer, now);
	return ended;
}

static void drive(struct http *h, struct xfer *xs, size_t n, unsigned parallel)
{
	int64_t sleep = 1000;

	while (start_all(h, xs, n, parallel, &sleep) > 0) {
		if (!move_all(h, xs, n))
			curl_multi_poll(h->multi, NULL, 0, (int)sleep, NULL);
		sleep = 1000;
	}
}

static void fake_run(struct xfer *x)
{
	struct http *h = x->h;
	int64_t wait;

	for (;;) {
		x->tries++;
		h->cost.requests++;
		http_response_release(x->res);
		if (h->fake(h->fake_ctx, x->req, x->res, x->err) < 0)
			break;
		http_retry_after_read(x->res);
		wait = xfer_retry_in_ms(x, CURLE_OK);
		if (wait < 0 || !http_wait(h, wait))
			break;
	}
	x->state = XFER_DONE;
}

/* The public part ------------------------------------------------------------------ */

static void xfer_init(struct xfer *x, struct http *h,
		      const struct http_request *req,
		      struct http_response *res, struct err *err)
{
	*x = (struct xfer){ .h = h, .req = req, .res = res, .err = err };
	memset(res, 0, sizeof(*res));
	res->retry_after_s = -1;
	err_clear(err);
	if (xfer_check(x) < 0)
		x->state = XFER_DONE;
	else if (http_left_ms(h) == 0 &&
		 err_set(err, ERR_TRANSIENT, "no time is left to ask %s",
			 x->url.origin))
		x->state = XFER_DONE;
	else if (h->fake)
		fake_run(x);
}

void http_do_many(struct http *h, const struct http_request *reqs,
		  struct http_response *responses, struct err *errs, size_t n,
		  unsigned parallel)
{
	struct xfer *xs = xcalloc(n, sizeof(*xs));

	for (size_t i = 0; i < n; i++)
		xfer_init(&xs[i], h, &reqs[i], &responses[i], &errs[i]);
	drive(h, xs, n, parallel ? parallel : 1);
	for (size_t i = 0; i < n; i++)
		http_url_release(&xs[i].url);
	free(xs);
}

int http_do(struct http *h, const struct http_request *req,
	    struct http_response *res, struct err *err)
{
	struct err mine = { 0 };

	http_do_many(h, req, res, &mine, 1, 1);
	if (mine.code != ERR_NONE)
		return err_set(err, mine.code, "%s", mine.msg);
	return 0;
}

struct http_flight *http_begin(struct http *h, const struct http_request *req)
{
	struct http_flight *f = xcalloc(1, sizeof(*f));

	if (req->on_body)
		BUG("a flight whose body would come at any time");
	xfer_init(&f->xfer, h, req, &f->res, &f->err);
	f->next = h->flights;
	h->flights = f;
	return f;
}

static void flight_free(struct http_flight *f)
{
	struct http_flight **at = &f->xfer.h->flights;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	http_url_release(&f->xfer.url);
	free(f);
}

int http_end(struct http_flight *f, struct http_response *res, struct err *err)
{
	int rc = 0;

	drive(f->xfer.h, &f->xfer, 1, 1);
	*res = f->res;
	if (f->err.code != ERR_NONE)
		rc = err_set(err, f->err.code, "%s", f->err.msg);
	flight_free(f);
	return rc;
}

void http_cancel(struct http_flight *f)
{
	if (!f)
		return;
	if (f->xfer.state == XFER_RUNNING)
		xfer_stop(&f->xfer);
	http_response_release(&f->res);
	flight_free(f);
}

bool http_header(const struct http_response *res, const char *name,
		 struct buf *out)
{
	const char *line = buf_str(&res->headers);
	size_t name_len = strlen(name), len;

	for (; *line; line += len + strspn(line + len, "\r\n")) {
		const char *value, *end;

		len = strcspn(line, "\r\n");
		if (len <= name_len || line[name_len] != ':' ||
		    strncasecmp(line, name, name_len) != 0)
			continue;
		value = line + name_len + 1;
		end = line + len;
		while (value < end && (*value == ' ' || *value == '\t'))
			value++;
		while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		buf_add(out, value, (size_t)(end - value));
		return true;
	}
	return false;
}

void http_response_release(struct http_response *res)
{
	buf_release(&res->body);
	buf_release(&res->headers);
	memset(res, 0, sizeof(*res));
	res->retry_after_s = -1;
}

static const char *env_first(const char *const *names)
{
	for (; *names; names++) {
		const char *value = getenv(*names);

		if (value && *value)
			return value;
	}
	return NULL;
}

struct http *http_new(const struct http_options *options)
{
	static const char *const ca_files[] = { "GIT_SSL_CAINFO",
						"CURL_CA_BUNDLE",
						"SSL_CERT_FILE", NULL };
	static const char *const ca_dirs[] = { "GIT_SSL_CAPATH",
					       "SSL_CERT_DIR", NULL };
	struct http *h = xcalloc(1, sizeof(*h));
	struct buf agent = { 0 };

	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, xmalloc, free, xrealloc,
				 xstrdup, xcalloc) != CURLE_OK)
		BUG("curl does not start");
	h->multi = curl_multi_init();
	if (!h->multi)
		die_oom();
	h->options = *options;
	if (!h->options.silence_ms)
		h->options.silence_ms = SILENCE_MS;
	if (options->user_agent)
		buf_addstr(&agent, options->user_agent);
	else
		buf_addf(&agent, "git-promote/%s", PROMOTE_VERSION);
	h->user_agent = buf_detach(&agent);
	h->ca_file = env_first(ca_files);
	h->ca_dir = env_first(ca_dirs);
	return h;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	if (h->flights)
		BUG("a flight outlives its client");
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h->user_agent);
	free(h);
}

const struct http_cost *http_cost(const struct http *h)
{
	return &h->cost;
}

int64_t http_left_ms(const struct http *h)
{
	int64_t left = deadline_left_ms(&h->options.deadline) -
		       h->fake_waited_ms;

	return left > 0 ? left : 0;
}

int64_t http_fake_waited_ms(const struct http *h)
{
	return h->fake_waited_ms;
}

bool http_wait(struct http *h, int64_t ms)
{
	if (!h->fake)
		return sleep_ms(ms, &h->options.deadline);
	if (http_left_ms(h) <= ms)
		return false;
	h->fake_waited_ms += ms;
	return true;
}

void http_set_fake(struct http *h, http_fake_fn *fn, void *ctx)
{
	h->fake = fn;
	h->fake_ctx = ctx;
}
