#ifndef BOT_RUN_H
#define BOT_RUN_H

#include "bot/plan.h"
#include "bot/world.h"

/* What a run did and what it leaves waiting. */
struct run {
	struct arena arena;
	struct result *results;	/* one per service and environment */
	size_t len, cap;
	struct state state;	/* as last read */
	struct plan plan;
	struct needs needs;
	struct pin *pins;	/* rollback: what it means, once planned */
	size_t pins_len, pins_cap;
	unsigned races;		/* pushes that somebody else won */
};

/*
 * The loop: read, plan, act, and around again when a race was
 * lost or something landed. DRY: read and plan only. An error is one that
 * stopped the run; what went wrong with one service is in its result.
 */
int run_loop(struct run *run, struct world *w, const struct request *r,
	     bool dry, struct err *err);
void run_release(struct run *run);

#endif
