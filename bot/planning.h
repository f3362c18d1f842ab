#ifndef BOT_PLANNING_H
#define BOT_PLANNING_H

#include "bot/plan.h"
#include "bot/text.h"

/* What the parts of the plan (bot/plan*.c) share. Nobody else includes it. */

struct planner {
	struct plan *plan;
	const struct state *state;
	const struct request *request;
};

static inline struct arena *pl_arena(struct planner *pl)
{
	return &pl->plan->arena;
}

/* What holds for this service in this environment. */
const struct rules *pl_rules(const struct planner *pl, const struct spot *spot);

/* A new result; valid until the next call. SPOT may be NULL. */
struct result *pl_result(struct planner *pl, const struct spot *spot,
			 const char *service, const char *environment);

/* Ask for facts about SPOT and let the result wait for them. */
void pl_need(struct planner *pl, const struct spot *spot, unsigned flags);
void pl_need_prs(struct planner *pl);

/* End RES: it failed, or a person or the time must act first. */
void pl_stop(struct planner *pl, struct result *res, enum action action,
	     enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Why, without an error. */
void pl_reason(struct planner *pl, struct result *res, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Is GATE overridden by this call? */
bool pl_overridden(const struct planner *pl, const char *gate);

/*
 * bot/plan_deliver.c: bring VERSIONS (one per slot; VERSION is their
 * canonical string) into SPOT, onto base or by pull request. INFO has the
 * facts for commit and pull request. NAMED: a person asked for this version,
 * so an earlier no does not count.
 */
void pl_deliver(struct planner *pl, struct result *res,
		const struct spot *spot, const struct version *versions,
		const char *version, struct change_info *info, bool named);

/* An open pull request or a leftover branch although nothing is to deliver. */
void pl_tidy(struct planner *pl, struct result *res, const struct spot *spot);

/* bot/plan_entry.c, bot/plan_promote.c: one per command. */
void plan_bump(struct planner *pl);
void plan_to(struct planner *pl);
void plan_auto(struct planner *pl);	/* and status */

#endif
