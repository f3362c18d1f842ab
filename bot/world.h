#ifndef BOT_WORLD_H
#define BOT_WORLD_H

#include <stdbool.h>

#include "bot/base/clock.h"
#include "bot/base/err.h"
#include "bot/base/http.h"
#include "bot/git/repo.h"
#include "bot/config.h"
#include "bot/evidence.h"
#include "bot/gate_hosts.h"
#include "forge/forge.h"

/*
 * The outside: the config repository and its forge, and how they were found:
 * flags first, then PROMOTE_* variables, then the CI's and the forge's own,
 * then the checkout.
 */
struct world_options {		/* borrowed; NULL: not given */
	const char *repo, *base, *forge, *forge_url;
	int64_t timeout_ms;
	const char *gate_hosts;		/* gate_hosts.h */
	bool unfiltered;
	bool git_credentials;		/* ask git's credential helpers */
};

struct world {
	struct arena arena;
	struct deadline deadline;
	struct http *http;
	struct http_cred git_cred;
	struct repo *repo;
	struct forge *forge;		/* NULL: none; see forge_missing */
	const char *forge_missing;	/* why there is none, for messages */

	const char *location;		/* of the repository, without user info */
	const char *base;		/* NULL: the remote's HEAD */
	const char *forge_kind;		/* NULL: not known yet */
	const char *forge_url;
	const char *token;
	struct gate_hosts gate_hosts;
	const char *argocd_url;		/* API root, no slash at the end; or
					   NULL */
	struct http_cred argocd_cred;	/* header NULL: no token */
	struct evidence evidence;	/* gathered in this run */
	bool statuses_refused;		/* the forge takes none from us */
};

/* Find and open the repository; the forge comes with world_open_forge(). */
int world_open(struct world *w, const struct world_options *o,
	       struct err *err);

/*
 * Open the forge, whose kind promote.yaml may name (CONFIG_KIND or NULL) but
 * never its address. That there is none is no error: w->forge stays NULL.
 */
int world_open_forge(struct world *w, const char *config_kind,
		     struct err *err);

/* The repository's host; NULL: it is a path on this machine. */
const char *world_host(struct world *w);

void world_release(struct world *w);

#endif
