#include "bot/gate_hosts.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/http.h"
#include "bot/base/str.h"

/* "https://host:443" taken apart; in A. */
static void origin_split(struct arena *a, const char *origin,
			 const char **scheme, const char **host,
			 const char **port)
{
	const char *start = strstr(origin, "://") + 3;
	const char *colon = strrchr(start, ':');

	*scheme = arena_strndup(a, origin, (size_t)(start - origin));
	*host = arena_strndup(a, start, (size_t)(colon - start));
	*port = arena_strdup(a, colon);
}

static int host_parse(struct gate_host *out, struct arena *a, const char *word,
		      struct err *err)
{
	bool has_scheme = strstr(word, "://") != NULL;
	const char *bare = has_scheme ? strstr(word, "://") + 3 : word;
	const char *scheme;
	struct err why = { 0 };
	char *origin = NULL;

	out->is_below = str_starts(bare, "*.");
	scheme = has_scheme ? arena_strndup(a, word, (size_t)(bare - word))
			    : "https://";
	if (out->is_below)
		bare += 2;
	if (!*bare || strpbrk(bare, "/?#@*") ||
	    http_origin(&origin, arena_printf(a, "%s%s/", scheme, bare),
			&why) < 0)
		return err_set(err, ERR_USAGE, "--allow-gate-host: '%s' is not "
			       "HOST, HOST:PORT, *.DOMAIN or http://HOST:PORT",
			       word);
	origin_split(a, origin, &out->scheme, &out->host, &out->port);
	if (!has_scheme)
		out->scheme = NULL;
	free(origin);
	return 0;
}

int gate_hosts_parse(struct gate_hosts *out, struct arena *a, const char *text,
		     struct err *err)
{
	char *copy = arena_strdup(a, text ? text : ""), *save = NULL;

	out->len = 0;
	out->items = arena_alloc(a, (strlen(copy) / 2 + 1) *
				 sizeof(*out->items));
	for (char *w = strtok_r(copy, ", \t\n", &save); w;
	     w = strtok_r(NULL, ", \t\n", &save))
		if (host_parse(&out->items[out->len++], a, w, err) < 0)
			return -1;
	return 0;
}

static bool host_matches(const struct gate_host *h, const char *host)
{
	size_t len = strlen(host), own = strlen(h->host);

	if (!h->is_below)
		return str_eq(h->host, host);
	return len > own + 1 && host[len - own - 1] == '.' &&
	       str_ends(host, h->host);
}

int gate_hosts_allow(const struct gate_hosts *h, const char *url, bool *plain,
		     struct err *err)
{
	const char *scheme, *host, *port;
	struct arena a = { 0 };
	bool allowed = false;
	char *origin = NULL;

	*plain = false;
	if (http_origin(&origin, url, err) < 0)
		return -1;
	origin_split(&a, origin, &scheme, &host, &port);
	for (size_t i = 0; i < h->len && !allowed; i++) {
		const struct gate_host *it = &h->items[i];

		allowed = host_matches(it, host) && str_eq(it->port, port) &&
			  (!it->scheme || str_eq(it->scheme, scheme));
		/* Without it http.c lets http:// through to loopback only. */
		*plain = allowed && str_eq(it->scheme, "http://");
	}
	if (!allowed)
		err_set(err, ERR_SECURITY, "the operator has not allowed gates "
			"to ask %s (--allow-gate-host, PROMOTE_GATE_HOSTS)",
			origin);
	arena_release(&a);
	free(origin);
	return allowed ? 0 : -1;
}
