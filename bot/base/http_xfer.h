#ifndef BOT_BASE_HTTP_XFER_H
#define BOT_BASE_HTTP_XFER_H

/*
 * Between http.c, which decides when to try, http_try.c, which does, and
 * http_outcome.c, which settles what came of it.
 */
#include <curl/curl.h>

#include "bot/base/http.h"
#include "bot/base/http_url.h"

struct http {
	CURLM *multi;		/* owns the connections between requests */
	struct http_options options;
	char *user_agent;
	const char *ca_file, *ca_dir;
	struct http_cost cost;
	struct http_flight *flights;	/* begun and not ended */
	http_fake_fn *fake;
	void *fake_ctx;
	int64_t fake_waited_ms;
};

/* One request on its way, over all its tries. */
struct xfer {
	struct http *h;
	const struct http_request *req;
	struct http_response *res;
	struct err *err;
	enum { XFER_WAITING, XFER_RUNNING, XFER_DONE } state;
	struct http_url url;
	struct curl_slist *headers;
	CURL *easy;
	char why[CURL_ERROR_SIZE];
	size_t sent, got;	/* of the bodies, in this try */
	bool delivered;		/* on_body has seen some of it */
	unsigned tries;
	int64_t started_ms;	/* the first try */
	int64_t end_ms;		/* of all tries together */
	int64_t not_before_ms;	/* of the next try */
	int64_t moved_ms;	/* when a byte was last seen to move */
	curl_off_t moved;
};

/* Begin a try; the answer collects in x->res. curl's multi drives it. */
void xfer_start(struct xfer *x, int64_t now);
/* The try is over, or taken back. */
void xfer_stop(struct xfer *x);

/* The try ended with CODE: settle it, or put the next one on the list. */
void xfer_end(struct xfer *x, CURLcode code);
/* How long to wait before the next try; -1: there is none. */
int64_t xfer_retry_in_ms(const struct xfer *x, CURLcode code);
/* Its Retry-After header, into RES. */
void http_retry_after_read(struct http_response *res);

/* Does the header LINE ("Name: value") have this name? */
bool http_line_is(const char *line, const char *name);

#endif
