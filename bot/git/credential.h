#ifndef BOT_GIT_CREDENTIAL_H
#define BOT_GIT_CREDENTIAL_H

#include "bot/base/buf.h"
#include "bot/base/http.h"

/*
 * A user and a password from git's credential helpers (gitcredentials(7)),
 * by way of `git credential`, so that the user's helpers and settings hold,
 * and git asks on the terminal where it may. Zeroed is none.
 */
struct credential {
	struct http_cred cred;	/* for the URL's origin */
	struct buf said;	/* as the helpers gave it */
};

/*
 * For the repository at URL, an http(s) one. ERR_REFUSED: nobody gave any;
 * ERR_TRANSIENT: the deadline came.
 */
int credential_fill(struct credential *c, const char *url,
		    const struct deadline *deadline, struct err *err);

/* The server took it, or did not: helpers keep it, or forget it. */
void credential_tell(const struct credential *c, bool taken,
		     const struct deadline *deadline);
void credential_release(struct credential *c);	/* wipes the secret */

#endif
