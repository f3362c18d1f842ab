#ifndef BOT_GATE_HOSTS_H
#define BOT_GATE_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/base/err.h"
#include "bot/base/mem.h"

/*
 * The hosts that gates may ask, by the operator's word (--allow-gate-host,
 * PROMOTE_GATE_HOSTS): whoever may change promote.yaml is not thereby allowed
 * to send requests from where the bot runs.
 *
 *	prometheus.example.com		https, port 443
 *	prometheus.example.com:9090	https, that port
 *	http://prometheus.monitoring:9090	without TLS, where one trusts
 *					the way there
 *	*.example.com			every host below it
 *	localhost:9090			loopback: with or without TLS
 */
struct gate_hosts {
	struct gate_host {
		const char *scheme;	/* NULL: https, or loopback */
		const char *host, *port;	/* port with its colon */
		bool is_below;		/* *.host */
	} *items;
	size_t len;
};

/* TEXT is entries with commas or blanks between; in A. ERR_USAGE. */
int gate_hosts_parse(struct gate_hosts *out, struct arena *a, const char *text,
		     struct err *err);

/*
 * May URL be asked? ERR_SECURITY: no, its host was not allowed. *PLAIN: the
 * operator named it with http://.
 */
int gate_hosts_allow(const struct gate_hosts *h, const char *url, bool *plain,
		     struct err *err);

#endif
