#include "bot/base/http.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/http_url.h"
#include "bot/base/log.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

static bool host_is_loopback(const char *host)
{
	struct in_addr v4;

	if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 &&
	       ntohl(v4.s_addr) >> 24 == 127;
}

/*
 * The authority of URL, LEN bytes; 0: it has none. curl would take http:/x
 * and http:///x for http://x.
 */
static const char *authority(const char *url, size_t *len)
{
	const char *start = strstr(url, "://");

	*len = 0;
	if (!start)
		return url;
	start += 3;
	*len = strcspn(start, "/?#\\");
	return start;
}

/*
 * The URL is not in the messages: it may hold a secret just where it is
 * wrong.
 */
int http_url_parse(struct http_url *out, const char *url, struct err *err)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	struct buf origin = { 0 };
	CURLU *u = curl_url();
	const char *where;
	int rc = -1;
	size_t len;

	memset(out, 0, sizeof(*out));
	if (!u)
		die_oom();
	where = authority(url, &len);
	if (memchr(where, '@', len)) {	/* if only an empty one */
		err_set(err, ERR_USAGE, "a URL must not name a user or a "
			"password; give the token by PROMOTE_TOKEN");
		goto out;
	}
	if (len == 0 ||
	    curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) !=
		    CURLUE_OK || !*host) {
		err_set(err, ERR_USAGE, "this is no URL; write "
			"https://HOST/PATH");
		goto out;
	}
	if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0) {
		err_set(err, ERR_USAGE, "a URL of scheme %s cannot be used; "
			"write https://HOST/PATH", scheme);
		goto out;
	}
	for (char *s = host; *s; s++)
		*s = (char)tolower((unsigned char)*s);
	buf_addf(&origin, "%s://%s:%s", scheme, host, port);
	out->origin = buf_detach(&origin);
	out->is_tls = strcmp(scheme, "https") == 0;
	out->is_loopback = host_is_loopback(host);
	rc = 0;
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	if (rc == 0)
		out->handle = u;
	else
		curl_url_cleanup(u);
	return rc;
}

void http_url_release(struct http_url *u)
{
	curl_url_cleanup(u->handle);
	free(u->origin);
	memset(u, 0, sizeof(*u));
}

int http_origin(char **out, const char *url, struct err *err)
{
	struct http_url u;

	if (http_url_parse(&u, url, err) < 0)
		return -1;
	*out = xstrdup(u.origin);
	http_url_release(&u);
	return 0;
}

/*
 * A copy of SECRET without the blanks around it (a token file ends in a
 * newline), known to the log from now on.
 */
static int secret_take(char **out, const char *secret, struct err *err)
{
	size_t len;

	secret += strspn(secret, " \t\r\n");
	len = strlen(secret);
	while (len && strchr(" \t\r\n", secret[len - 1]))
		len--;
	if (len == 0)
		return err_set(err, ERR_USAGE, "the token is empty");
	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)secret[i]))
			return err_set(err, ERR_USAGE, "the token holds a "
				       "blank, a line break or a byte that is "
				       "not ASCII; it must be one word");
	*out = xstrndup(secret, len);
	log_secret(*out);
	return 0;
}

int http_cred_token(struct http_cred *c, const char *url, const char *header,
		    const char *secret, struct err *err)
{
	struct buf line = { 0 };
	char *word = NULL;

	memset(c, 0, sizeof(*c));
	if (secret_take(&word, secret, err) < 0)
		return -1;
	if (http_origin(&c->origin, url, err) < 0) {
		free_secret(word);
		return -1;
	}
	/* Enough at once: growing would leave copies of the secret behind. */
	buf_reserve(&line, strlen(header) + 1 + strlen(word));
	buf_addf(&line, "%s ", header);
	buf_addstr(&line, word);
	c->header = buf_detach(&line);
	free_secret(word);
	return 0;
}

int http_cred_basic(struct http_cred *c, const char *url, const char *user,
		    const char *secret, struct err *err)
{
	struct buf pair = { 0 };
	char *word = NULL, *coded;
	int rc;

	memset(c, 0, sizeof(*c));
	if (strchr(user, ':') || strpbrk(user, "\r\n"))
		return err_set(err, ERR_USAGE, "a user name must not hold a "
			       "colon or a line break");
	if (secret_take(&word, secret, err) < 0)
		return -1;
	buf_reserve(&pair, strlen(user) + 1 + strlen(word));
	buf_addf(&pair, "%s:", user);
	buf_addstr(&pair, word);
	free_secret(word);
	coded = xmalloc((pair.len + 2) / 3 * 4 + 1);
	EVP_EncodeBlock((unsigned char *)coded, (unsigned char *)pair.data,
			(int)pair.len);
	rc = http_cred_token(c, url, "Authorization: Basic", coded, err);
	free_secret(coded);
	free_secret(buf_detach(&pair));
	return rc;
}

void http_cred_release(struct http_cred *c)
{
	free_secret(c->header);
	free(c->origin);
	memset(c, 0, sizeof(*c));
}
