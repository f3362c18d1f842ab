#ifndef BOT_BASE_HTTP_URL_H
#define BOT_BASE_HTTP_URL_H

#include <stdbool.h>

#include "bot/base/err.h"

/*
 * A URL taken apart once, by the very parser that sends the request, so that
 * what was judged is what is connected to. Between http.c and http_cred.c.
 */
struct http_url {
	void *handle;		/* CURLU; curl/curl.h stays in http*.c */
	char *origin;		/* as http_origin() */
	bool is_tls, is_loopback;
};

int http_url_parse(struct http_url *out, const char *url, struct err *err);
void http_url_release(struct http_url *u);

#endif
