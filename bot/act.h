#ifndef BOT_ACT_H
#define BOT_ACT_H

#include "bot/plan.h"
#include "bot/world.h"

/*
 * Carry out a plan. The only code that changes anything outside: one push
 * for all commits and branches, then the forge, one write at a time.
 *
 * What becomes of a service is in its result: what was done (commit, pull
 * request), or an error that replaces the action. *AGAIN: something landed
 * after which there is more to do (a pull request that may be merged now) or
 * to check (a merge: I8).
 *
 * ERR_RACE: a ref had moved, or what became of a push is not known; what did
 * go through is in the results, the rest is to be planned again. Other
 * errors: nothing was pushed.
 */
int act(struct plan *p, const struct state *s, const struct request *r,
	struct world *w, bool *again, struct err *err);

#endif
