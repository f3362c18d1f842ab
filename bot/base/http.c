#include "bot/base/http.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "bot/base/http_xfer.h"
#include "bot/base/log.h"
#include "bot/base/mem.h"

enum {
	MAX_TRIES = 5,
	MAX_RETRY_AFTER_S = 30,		/* longer is for the caller to judge */
	SILENCE_MS = 60 * 1000,
};

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

/* What came of it ----------------------------------------------------------------- */

static void retry_after_read(struct http_response *res)
{
	struct buf text = { 0 }, date = { 0 };
	const char *s;

	res->retry_after_s = -1;
	if (!http_header(res, "Retry-After", &text))
		goto out;
	s = buf_str(&text);
	if (isdigit((unsigned char)*s)) {
		long long v = strtoll(s, NULL, 10);	/* too many: LLONG_MAX */

		res->retry_after_s = v > 366 * 86400 ? 366 * 86400 : v;
	} else {
		time_t at = curl_getdate(s, NULL), now = -1;

		/* By the server's clock, where it tells: ours may differ. */
		if (http_header(res, "Date", &date))
			now = curl_getdate(buf_str(&date), NULL);
		if (now < 0)
			now = time(NULL);
		if (at >= 0)
			res->retry_after_s = at > now ? (int64_t)(at - now) : 0;
	}
out:
	buf_release(&text);
	buf_release(&date);
}

/* Did CODE come before anything of the request was sent? */
static bool never_sent(CURLcode code)
{
	return code == CURLE_COULDNT_CONNECT ||
	       code == CURLE_COULDNT_RESOLVE_HOST ||
	       code == CURLE_COULDNT_RESOLVE_PROXY ||
	       code == CURLE_SSL_CONNECT_ERROR;
}

static bool connection_died(CURLcode code)
{
	return code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
	       code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE ||
	       code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

/* How long to wait before the next try; -1: there is none. */
static int64_t retry_in_ms(const struct xfer *x, CURLcode code)
{
	const struct http_request *req = x->req;
	int64_t most = 100, wait;
	unsigned int r = 0;

	if (x->tries >= MAX_TRIES || x->delivered || x->err->code != ERR_NONE)
		return -1;
	if (code == CURLE_OK) {
		if (!req->safe_to_repeat || x->res->status < 502 ||
		    x->res->status > 504)
			return -1;
		if (x->res->retry_after_s > MAX_RETRY_AFTER_S)
			return -1;
	} else if (!never_sent(code) &&
		   !(req->safe_to_repeat && connection_died(code))) {
		return -1;
	}
	most <<= x->tries;
	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r))
		r = (unsigned int)clock_mono_ms() * 2654435761u;
	wait = (int64_t)(r % (unsigned int)most);
	if (code == CURLE_OK && x->res->retry_after_s > 0)
		wait += x->res->retry_after_s * 1000;
	return wait;
}

static void fail(struct xfer *x, CURLcode code)
{
	const char *why = x->why[0] ? x->why : curl_easy_strerror(code);
	const char *origin = x->url.origin;

	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		die_oom();
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		err_set(x->err, ERR_SECURITY, "the certificate of %s is not "
			"trusted: %s; name its authority in SSL_CERT_FILE",
			origin, why);
		break;
	case CURLE_SSL_CACERT_BADFILE:
		err_set(x->err, ERR_USAGE, "cannot read the authorities%s%s: "
			"%s; install ca-certificates, or name a file in "
			"SSL_CERT_FILE", x->h->ca_file ? " in " : "",
			x->h->ca_file ? x->h->ca_file : "", why);
		break;
#if LIBCURL_VERSION_NUM >= 0x080600
	case CURLE_TOO_LARGE:	/* it counts header lines, we their bytes */
		err_set(x->err, ERR_DATA, "%s sent too many headers: %s",
			origin, why);
		break;
#endif
	case CURLE_UNSUPPORTED_PROTOCOL:	/* HTTP/0.9, says curl */
	case CURLE_WEIRD_SERVER_REPLY:
		err_set(x->err, ERR_DATA, "%s does not answer in HTTP: %s",
			origin, why);
		break;
	case CURLE_SEND_FAIL_REWIND:	/* see set_body(): so curl calls it */
		err_set(x->err, ERR_TRANSIENT, "no answer from %s: it closed "
			"the connection", origin);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		err_set(x->err, ERR_TRANSIENT, "%s did not answer in time: %s",
			origin, why);
		break;
	default:
		err_set(x->err, ERR_TRANSIENT, "no answer from %s: %s", origin,
			why);
	}
}

static void xfer_log(const struct xfer *x, bool again)
{
	const char *method = x->req->method ? x->req->method : "GET";
	long long ms = clock_mono_ms() - x->started_ms;

	if (x->err->code != ERR_NONE || x->res->status == 0)
		log_debug("%s %s: %s%s", method, x->req->url,
			  x->err->code != ERR_NONE ? x->err->msg : x->why,
			  again ? "; once more" : "");
	else
		log_debug("%s %s: %ld, %zu bytes sent, %zu received, %lld ms%s",
			  method, x->req->url, x->res->status,
			  x->req->body_len, x->got, ms,
			  again ? "; once more" : "");
}

/* The try ended with CODE: settle it, or put the next one on the list. */
static void xfer_end(struct xfer *x, CURLcode code)
{
	int64_t wait, now = clock_mono_ms();

	if (code == CURLE_OK) {
		curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE,
				  &x->res->status);
		retry_after_read(x->res);
	} else {
		x->res->status = 0;
	}
	xfer_stop(x);
	wait = retry_in_ms(x, code);
	if (wait >= 0 && now + wait < x->end_ms) {
		xfer_log(x, true);
		x->not_before_ms = now + wait;
		x->state = XFER_WAITING;
		return;
	}
	if (code != CURLE_OK)
		fail(x, code);	/* our own reason, where there is one, stays */
	xfer_log(x, false);
	x->state = XFER_DONE;
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

/*
 * Start what may start. Returns how many are left, and in *SLEEP_MS when
 * there is something to do at the latest.
 */
static size_t xfers_start(struct xfer *xs, size_t n, unsigned parallel,
			  int *sleep_ms_out)
{
	int64_t now = clock_mono_ms(), sleep = 1000;
	size_t left = 0, running = 0;

	for (size_t i = 0; i < n; i++)
		running += xs[i].state == XFER_RUNNING;
	for (size_t i = 0; i < n; i++) {
		struct xfer *x = &xs[i];

		if (x->state == XFER_DONE)
			continue;
		left++;
		if (x->state == XFER_WAITING && running < parallel &&
		    x->not_before_ms <= now) {
			if (x->tries == 0)
				clock_start(x, now);
			xfer_start(x, now);
			running++;
		} else if (x->state == XFER_WAITING && x->not_before_ms > now &&
			   x->not_before_ms - now < sleep) {
			sleep = x->not_before_ms - now;
		} else if (x->state == XFER_RUNNING &&
			   x->h->options.silence_ms < sleep) {
			sleep = x->h->options.silence_ms;
		}
	}
	*sleep_ms_out = (int)sleep;
	return left;
}

static void drive(struct http *h, struct xfer *xs, size_t n, unsigned parallel)
{
	int running, queued, sleep;
	CURLMsg *msg;
	char *mine;

	while (xfers_start(xs, n, parallel, &sleep) > 0) {
		bool ended = false;

		if (curl_multi_perform(h->multi, &running) != CURLM_OK)
			BUG("curl cannot go on");
		while ((msg = curl_multi_info_read(h->multi, &queued))) {
			CURLcode code = msg->data.result;

			if (msg->msg != CURLMSG_DONE)
				continue;
			curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
					  &mine);
			/* msg is gone with it */
			xfer_end((struct xfer *)(void *)mine, code);
			ended = true;
		}
		for (size_t i = 0; i < n; i++)
			if (xs[i].state == XFER_RUNNING)
				silence_check(&xs[i], clock_mono_ms());
		if (!ended)
			curl_multi_poll(h->multi, NULL, 0, sleep, NULL);
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
		retry_after_read(x->res);
		wait = retry_in_ms(x, CURLE_OK);
		if (wait < 0 || !http_wait(h, wait))
			break;
	}
	x->state = XFER_DONE;
}

/* The public part ------------------------------------------------------------------ */

void http_do_many(struct http *h, const struct http_request *reqs,
		  struct http_response *responses, struct err *errs, size_t n,
		  unsigned parallel)
{
	struct xfer *xs = xcalloc(n, sizeof(*xs));

	for (size_t i = 0; i < n; i++) {
		struct xfer *x = &xs[i];

		x->h = h;
		x->req = &reqs[i];
		x->res = &responses[i];
		x->err = &errs[i];
		memset(x->res, 0, sizeof(*x->res));
		err_clear(x->err);
		x->res->retry_after_s = -1;
		if (xfer_check(x) < 0)
			x->state = XFER_DONE;
		else if (http_left_ms(h) == 0 &&
			 err_set(x->err, ERR_TRANSIENT, "no time is left to "
				 "ask %s", x->url.origin))
			x->state = XFER_DONE;
		else if (h->fake)
			fake_run(x);
	}
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
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h->user_agent);
	free(h);
}

const struct http_cost *http_cost(const struct http *h)
{
	return &h->cost;
}

const struct deadline *http_deadline(const struct http *h)
{
	return &h->options.deadline;
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
