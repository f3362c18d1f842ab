#ifndef BOT_GIT_SIGN_H
#define BOT_GIT_SIGN_H

#include "bot/base/buf.h"
#include "bot/base/clock.h"
#include "bot/base/err.h"

/*
 * Sign COMMIT, a commit's bytes, as git commit -S does: its signature, by
 * ssh-keygen or gpg, becomes the last line of its head ("gpgsig", in git's
 * hash-function-transition and gitformat-signature(5)). KEY is "ssh:FILE" (a
 * private key, or a public one whose private one an agent has) or
 * "openpgp:KEY-ID". Either program may ask for a passphrase on the terminal.
 *
 * ERR_USAGE: KEY is none, or the program cannot sign with it. ERR_TRANSIENT:
 * the deadline came.
 */
int sign_commit(struct buf *commit, const char *key,
		const struct deadline *deadline, struct err *err);

/* Has KEY one of the two forms? ERR_USAGE: no. */
int sign_key_check(const char *key, struct err *err);

#endif
