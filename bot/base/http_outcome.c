/* What came of one try of a request, and whether there is another. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bot/base/http_xfer.h"
#include "bot/base/log.h"
#include "bot/base/mem.h"

enum {
	MAX_TRIES = 5,
	MAX_RETRY_AFTER_S = 30,		/* longer is for the caller to judge */
};

int64_t http_now_s(const struct http_response *res)
{
	struct buf date = { 0 };
	time_t now = -1;

	if (http_header(res, "Date", &date))
		now = curl_getdate(buf_str(&date), NULL);
	buf_release(&date);
	return now < 0 ? (int64_t)time(NULL) : (int64_t)now;
}

void http_retry_after_read(struct http_response *res)
{
	struct buf text = { 0 };
	const char *s;

	res->retry_after_s = -1;
	if (!http_header(res, "Retry-After", &text))
		goto out;
	s = buf_str(&text);
	if (isdigit((unsigned char)*s)) {
		long long v = strtoll(s, NULL, 10);	/* too many: LLONG_MAX */

		res->retry_after_s = v > 366 * 86400 ? 366 * 86400 : v;
	} else {
		int64_t at = (int64_t)curl_getdate(s, NULL);
		int64_t now = http_now_s(res);

		if (at >= 0)
			res->retry_after_s = at > now ? at - now : 0;
	}
out:
	buf_release(&text);
}

/* Did CODE come before anything of the request was sent? */
static bool never_sent(CURLcode code)
{
	return code == CURLE_COULDNT_CONNECT ||
	       code == CURLE_COULDNT_RESOLVE_HOST ||
	       code == CURLE_COULDNT_RESOLVE_PROXY ||
	       code == CURLE_SSL_CONNECT_ERROR;
}

/*
 * A server without TLS answers the handshake in plain text, today and
 * tomorrow. OpenSSL takes that for a version of TLS and has no code of its own
 * for it; with another library it stays one of many handshakes that failed.
 */
static bool has_no_tls(const struct xfer *x, CURLcode code)
{
	return code == CURLE_SSL_CONNECT_ERROR &&
	       strstr(x->why, "wrong version number");
}

static bool connection_died(CURLcode code)
{
	return code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
	       code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE ||
	       code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

int64_t xfer_retry_in_ms(const struct xfer *x, CURLcode code)
{
	const struct http_request *req = x->req;
	int64_t most = 100, wait;
	unsigned int r = 0;

	if (x->tries >= MAX_TRIES || x->delivered ||
	    x->err->code != ERR_NONE || has_no_tls(x, code))
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
	case CURLE_SSL_CONNECT_ERROR:
		if (has_no_tls(x, code))
			err_set(x->err, ERR_USAGE, "%s does not speak TLS (%s);"
				" is it a port for http://?", origin, why);
		/* fall through - the first cause wins */
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

void xfer_end(struct xfer *x, CURLcode code)
{
	int64_t wait, now = clock_mono_ms();

	if (code == CURLE_OK) {
		curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE,
				  &x->res->status);
		http_retry_after_read(x->res);
	} else {
		x->res->status = 0;
	}
	xfer_stop(x);
	wait = xfer_retry_in_ms(x, code);
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
