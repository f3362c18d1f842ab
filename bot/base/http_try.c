/* One try of one request: what curl is told, and what it calls. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bot/base/http_address.h"
#include "bot/base/http_xfer.h"
#include "bot/base/mem.h"

enum {
	DEFAULT_MAX_BODY = 16 * 1024 * 1024,
	MAX_ERROR_BODY = 1024 * 1024,	/* of an answer meant for on_body */
	MAX_HEADERS = 256 * 1024,
	CONNECT_MS = 30 * 1000,
};

/* What curl calls ------------------------------------------------------------ */

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct xfer *x = ctx;
	size_t len = size * n;

	/* Only the last of several header blocks (100 Continue) counts. */
	if (len >= 5 && memcmp(data, "HTTP/", 5) == 0)
		buf_reset(&x->res->headers);
	if (x->res->headers.len + len > MAX_HEADERS) {
		err_set(x->err, ERR_DATA, "%s sent more than %d KiB of headers",
			x->url.origin, MAX_HEADERS / 1024);
		return 0;
	}
	buf_add(&x->res->headers, data, len);
	return len;
}

static size_t on_data(char *data, size_t size, size_t n, void *ctx)
{
	struct xfer *x = ctx;
	size_t len = size * n;
	size_t most = x->req->max_body ? x->req->max_body : DEFAULT_MAX_BODY;
	bool stream;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->res->status);
	stream = x->req->on_body && x->res->status / 100 == 2;
	if (x->req->on_body && !stream && most > MAX_ERROR_BODY)
		most = MAX_ERROR_BODY;
	if (len > most - x->got) {
		err_set(x->err, ERR_DATA, "%s sent more than the %zu bytes "
			"that were allowed for", x->url.origin, most);
		return 0;
	}
	x->got += len;
	if (!stream) {
		buf_add(&x->res->body, data, len);
		return len;
	}
	x->delivered = true;
	if (x->req->on_body(x->req->ctx, data, len, x->err) < 0) {
		if (x->err->code == ERR_NONE)
			BUG("on_body failed without a reason");
		return 0;
	}
	return len;
}

static size_t on_read(char *to, size_t size, size_t n, void *ctx)
{
	struct xfer *x = ctx;
	size_t len = x->req->body_len - x->sent;

	if (len > size * n)
		len = size * n;
	if (len)
		memcpy(to, x->req->body + x->sent, len);
	x->sent += len;
	return len;
}

static int on_progress(void *ctx, curl_off_t dltotal, curl_off_t dlnow,
		       curl_off_t ultotal, curl_off_t ulnow)
{
	struct xfer *x = ctx;

	(void)dltotal;
	(void)ultotal;
	if (dlnow + ulnow != x->moved) {
		x->moved = dlnow + ulnow;
		x->moved_ms = clock_mono_ms();
	}
	return 0;
}

static curl_socket_t on_socket(void *ctx, curlsocktype purpose,
			       struct curl_sockaddr *a)
{
	struct xfer *x = ctx;

	(void)purpose;
	/* curl's struct is longer than it is declared. */
	if (!http_address_forbidden((const void *)&a->addr))
		return socket(a->family, a->socktype | SOCK_CLOEXEC,
			      a->protocol);
	err_set(x->err, ERR_SECURITY, "%s leads to a link-local or metadata "
		"address, which is never asked", x->url.origin);
	return CURL_SOCKET_BAD;
}

/* Nothing is printed here, only counted: curl's own words hold the token. */
static int on_debug(CURL *easy, curl_infotype type, char *data, size_t len,
		    void *ctx)
{
	struct xfer *x = ctx;

	(void)easy;
	(void)data;
	switch (type) {
	case CURLINFO_HEADER_OUT:
	case CURLINFO_DATA_OUT:
		x->h->cost.bytes_sent += len;
		break;
	case CURLINFO_HEADER_IN:
	case CURLINFO_DATA_IN:
		x->h->cost.bytes_received += len;
		break;
	default:
		break;
	}
	return 0;
}

/* Setting it up -------------------------------------------------------------- */

static void set_body(struct xfer *x)
{
	const struct http_request *req = x->req;
	CURL *e = x->easy;

	curl_easy_setopt(e, CURLOPT_POST, 1L);
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
			 (curl_off_t)req->body_len);
	if (req->safe_to_repeat || req->body_len == 0) {
		curl_easy_setopt(e, CURLOPT_POSTFIELDS,
				 req->body ? req->body : "");
		return;
	}
	/*
	 * When a kept-alive connection dies before the answer, curl sends a
	 * request again by itself if it can have the body once more. A body
	 * that cannot be wound back keeps it from that: whether to send twice
	 * is not curl's to decide.
	 */
	curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(e, CURLOPT_READDATA, x);
}

static void set_headers(struct xfer *x)
{
	const struct http_request *req = x->req;
	struct curl_slist *list = NULL;
	bool has_type = false;

	for (const char *const *line = req->headers; line && *line; line++) {
		has_type = has_type || http_line_is(*line, "Content-Type");
		list = curl_slist_append(list, *line);
	}
	if (req->cred)
		list = curl_slist_append(list, req->cred->header);
	/* No waiting for "100 Continue", which not all servers send. */
	list = curl_slist_append(list, "Expect:");
	if (!has_type)	/* curl would say that it is a form */
		list = curl_slist_append(list, "Content-Type:");
	x->headers = list;
	curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, list);
}

/* For curl, to which 0 is for ever and more than an int is an error. */
static long time_left(const struct xfer *x, int64_t now)
{
	int64_t left = x->end_ms - now;

	return left < 1 ? 1 : left > INT_MAX ? INT_MAX : (long)left;
}

void xfer_start(struct xfer *x, int64_t now)
{
	const char *method = x->req->method ? x->req->method : "GET";
	CURL *e = curl_easy_init();

	if (!e)
		die_oom();
	x->easy = e;
	x->sent = x->got = 0;
	x->moved = 0;
	x->moved_ms = now;
	x->why[0] = '\0';
	x->tries++;
	x->h->cost.requests++;
	http_response_release(x->res);

	curl_easy_setopt(e, CURLOPT_CURLU, x->url.handle);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (x->h->ca_file)
		curl_easy_setopt(e, CURLOPT_CAINFO, x->h->ca_file);
	if (x->h->ca_dir)
		curl_easy_setopt(e, CURLOPT_CAPATH, x->h->ca_dir);
	if (x->req->is_foreign) {
		curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
		curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, x);
	}
	/* A proxy would read what is for loopback, and resolve by itself. */
	if (!x->url.is_tls || x->req->is_foreign)
		curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_USERAGENT, x->h->user_agent);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, time_left(x, now));
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->why);
	curl_easy_setopt(e, CURLOPT_PRIVATE, x);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(e, CURLOPT_XFERINFODATA, x);
	curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(e, CURLOPT_DEBUGDATA, x);
	curl_easy_setopt(e, CURLOPT_VERBOSE, 1L);
	if (x->req->body || strcmp(method, "POST") == 0)
		set_body(x);
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);
	set_headers(x);
	if (curl_multi_add_handle(x->h->multi, e) != CURLM_OK)
		BUG("curl takes no request");
	x->state = XFER_RUNNING;
}

void xfer_stop(struct xfer *x)
{
	curl_multi_remove_handle(x->h->multi, x->easy);
	curl_easy_cleanup(x->easy);
	curl_slist_free_all(x->headers);
	x->easy = NULL;
	x->headers = NULL;
}
