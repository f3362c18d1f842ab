#ifndef BOT_PLANNING_H
#define BOT_PLANNING_H

#include "bot/plan.h"
#include "bot/text.h"
#include "policies/candidate.h"

/* What the parts of the plan (bot/plan*.c) share. Nobody else includes it. */

/* A promotion that auto would make now, if it is its turn. */
struct ready {
	size_t result;		/* its index in the plan */
	const struct spot *spot;
	const char *version;
	const struct stay *stay, *slowest;	/* pl_promote_version() */
	struct version *versions;	/* of a set: one for each slot */
	bool named;
	const char *put_off;	/* to a later run: why */
};

struct planner {
	struct plan *plan;
	const struct state *state;
	const struct request *request;
	struct ready *ready;	/* while auto is planned */
	size_t ready_len, ready_cap;
	bool looks_further;	/* for checks: all else has passed */
};

static inline struct arena *pl_arena(struct planner *pl)
{
	return &pl->plan->arena;
}

/* A new result; valid until the next call. SPOT may be NULL. */
struct result *pl_result(struct planner *pl, const struct spot *spot,
			 const char *service, const char *environment);

/* Its index in the config; SIZE_MAX: there is none, which is the plan's err. */
size_t pl_environment(struct planner *pl, const char *name);

/* "there is no service 'web': ...", and why, where its file is there. */
const char *pl_no_service(struct planner *pl, const char *name);

/* Ask for facts about SPOT and let the result wait for them. */
void pl_need(struct planner *pl, const struct spot *spot, unsigned flags);
void pl_need_prs(struct planner *pl);
/*
 * Ask for SPOT's pull requests of the past, as far back as a person's no to
 * VERSION may lie: none is older than its coming to SPOT's `from`.
 */
void pl_need_past(struct planner *pl, const struct spot *spot,
		  const char *version);
/* The same, as far back as there may be one of its branch as it is. */
void pl_need_past_of_branch(struct planner *pl, const struct spot *spot);
/* The same, as far back as SINCE_S (0: not known). */
void pl_need_past_since(struct planner *pl, const struct spot *spot,
			int64_t since_s);

/* End RES: it failed, or a person or the time must act first. */
void pl_stop(struct planner *pl, struct result *res, enum action action,
	     enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Why, without an error. */
void pl_reason(struct planner *pl, struct result *res, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Were facts about SPOT or its rollback asked for in vain? RES says so then. */
bool pl_unknown(struct planner *pl, struct result *res,
		const struct spot *spot);

/* bot/plan_stop.c: what stands above the gates. ----------------------------- */

/* Is GATE overridden by this call? */
bool pl_overridden(const struct planner *pl, const char *gate);
/* The gates that this call overrides, "soak,hours"; or NULL. */
const char *pl_overrides(struct planner *pl);
/* promote.yaml does not allow one of them here: RES says so. */
bool pl_override_refused(struct planner *pl, struct result *res,
			 const struct spot *spot);
/* There is an emergency stop for SPOT's environment: RES says so. */
bool pl_stopped(struct planner *pl, struct result *res,
		const struct spot *spot);

/*
 * bot/plan_deliver.c: bring VERSIONS (one per slot; VERSION is their
 * canonical string) into SPOT, onto base or by pull request. INFO has the
 * facts for commit and pull request. NAMED: a person asked for this version,
 * so an earlier no does not count.
 */
void pl_deliver(struct planner *pl, struct result *res,
		const struct spot *spot, const struct version *versions,
		const char *version, struct change_info *info, bool named);

/*
 * The versions that a person said no to by closing their pull requests. The
 * one that is open now is not among them: reopening or `to` revoked that.
 */
const char *const *pl_declined(struct planner *pl, const struct spot *spot,
			       size_t *len);

/* One more step for RES, behind those that it has. In the plan's arena. */
struct step *pl_step(struct planner *pl, struct result *res,
		     const struct spot *spot, enum step_kind kind);
/* Tell of PR in RES; NULL: there is none. */
void pl_pr_facts(struct result *res, const struct forge_pr *pr);

/*
 * May the forge merge SPOT's pull request by itself? Not what a person is to
 * merge, nor where a gate can change with time; none stands in a rollback's way.
 */
bool pl_may_arm(const struct spot *spot);

/* bot/plan_tidy.c: take back that the forge merges SPOT's pull request. */
void pl_disarm(struct planner *pl, struct result *res,
	       const struct spot *spot);

/*
 * Open pull requests of ours that are of no service and environment, since
 * promote.yaml has changed: a person closes them, and none lands by itself.
 */
void pl_tell_orphans(struct planner *pl);

/* An open pull request or a leftover branch although nothing is to deliver. */
void pl_tidy(struct planner *pl, struct result *res, const struct spot *spot);

/*
 * Close SPOT's open pull request, marked so that it is no person's no, and
 * delete its branch: something else was decided. One with a person's commits
 * stays. False: facts are lacking.
 */
bool pl_withdraw(struct planner *pl, struct result *res,
		 const struct spot *spot, const char *why);

/* Straight onto base, or by pull request? */
bool pl_push_is_way(const struct spot *spot);

/*
 * bot/plan_rollback.c: a rollback of SPOT that is on its way by pull request.
 * RES says what becomes of it, and nothing is promoted meanwhile. False: there
 * is none (RES may have got steps that clear away what is left of one).
 */
bool pl_rollback_open(struct planner *pl, struct result *res,
		      const struct spot *spot);

/* bot/plan_promote.c: what promoting by cron and by hand share. ------------ */

/* The spot of the same service in the I-th environment SPOT takes from. */
const struct spot *pl_from_spot(const struct planner *pl,
				const struct spot *spot, size_t i);
size_t pl_from_len(const struct spot *spot);

/* False: not there, or not readable; then there is a result that says so. */
bool pl_places_usable(struct planner *pl, const struct spot *spot);
/* Does every `from` run what SPOT runs? */
bool pl_in_sync(struct planner *pl, const struct spot *spot);

/* VERSION, a canonical string of SPOT's place, slot by slot. */
bool pl_versions_of(struct planner *pl, const struct spot *spot,
		    const char *version, struct version *out);
/* The same from what SPOT's (first) `from` has. False: RES says why not. */
bool pl_versions_copy(struct planner *pl, struct result *res,
		      const struct spot *spot, const char *version,
		      struct version *out);

/* Is SPOT's open pull request by this command ("to", "bump"), as it says? */
bool pl_opened_by(struct planner *pl, const struct spot *spot, const char *by);

/*
 * Where VERSION is held on T: did a person ask for it by name since? SPOT's
 * branch says so, whose facts are read: nobody else opens what is held, and a
 * no that came later than the branch stands.
 */
bool pl_is_answered(struct planner *pl, const struct spot *spot,
		    const struct timeline *t, const char *version);

/* Are the timelines of SPOT and its `from` read? Else they are asked for. */
bool pl_timelines_here(struct planner *pl, const struct spot *spot);
/* The candidate rule wants them to reach back further. */
void pl_timelines_more(struct planner *pl, const struct spot *spot);
/* The facts for the candidate rule; a soak that is overridden is none. */
struct candidate_facts pl_candidate_facts(struct planner *pl,
					  const struct spot *spot);

/*
 * bot/plan_landing.c: has the forge been asked when VERSION landed in SPOT's
 * `from`, wherever that matters? STAY: the one that gates judged; NULL: none.
 * False: it is asked for, or RES says that there was no answer.
 */
bool pl_landing_known(struct planner *pl, struct result *res,
		      const struct spot *spot, const char *version,
		      const struct stay *stay);
/* The newest stay of VERSION that lasted as long as the soak; or NULL. */
const struct stay *pl_stay_that_counts(const struct timeline *t,
				       const char *version, int64_t soak_s,
				       int64_t now_s);
/*
 * Were the pushes asked for that may have brought STAY into SPOT since SINCE_S?
 * Else they are now. *ERROR: the forge did not answer, and why; or NULL.
 */
bool pl_pushes_known(struct planner *pl, const struct spot *spot,
		     const struct stay *stay, int64_t since_s,
		     const char **error);

/* What the candidate rule said, for everything but READY and MORE. */
void pl_say_verdict(struct planner *pl, struct result *res,
		    const struct spot *spot, const struct candidate *c);
void pl_say_waiting(struct planner *pl, struct result *res,
		    const char *version, int64_t ready_s);

/* bot/plan_gates.c -------------------------------------------------------- */

struct judged {
	struct gate_result *gates;
	size_t len;
	const struct gate_result *first;	/* that does not pass, a
						   refusal before a wait */
	bool lacks_facts;	/* they were asked for: plan again */
};

/*
 * Judge every gate of SPOT for VERSION, which was proven by STAY in `from`.
 *
 * checks: the results on base's commits from the landing of STAY on, that of
 * what replaced it not included: at most the first 8 of them and the last 16.
 *
 * Of several `from` STAY is the one that is ready last. What looks at health
 * looks at each of them.
 */
void pl_gates_judge(struct planner *pl, const struct spot *spot,
		    const char *version, const struct stay *stay,
		    struct judged *out);
/* The same into RES; false: it waits, is refused, or lacks facts. */
bool pl_gates_pass(struct planner *pl, struct result *res,
		   const struct spot *spot, const char *version,
		   const struct stay *stay);

/*
 * Does what STAY brought into SPOT work there (`verify`)? False: nobody asked.
 * PASS; WAIT: not yet, or nobody can tell; REFUSE: its time is over and what
 * was seen speaks against it; NEED: facts were asked for.
 */
bool pl_verify(struct planner *pl, const struct spot *spot,
	       const struct stay *stay, struct gate_result *out);

/*
 * bot/plan_rollback.c: `verify` failed in SPOT, or in one that moves with it,
 * and `on-failure: rollback` stands there: go back. True: that is what is done
 * in SPOT, or facts for it are lacking. A person closed the pull request that
 * went back: that is *DECLINED, and false.
 */
bool pl_rollback_failed(struct planner *pl, const struct spot *spot,
			const struct forge_pr **declined);
/* RES says so where it has nothing else to say. */
void pl_say_back_declined(struct planner *pl, struct result *res,
			  const struct forge_pr *declined);

/*
 * bot/plan_word.c: tell the forge what the gates say of SPOT's pull request
 * (the open one, or the one that RES opens), where it does not know yet. Call
 * it when all else is planned.
 */
void pl_tell_forge(struct planner *pl, struct result *res,
		   const struct spot *spot);
/* The same for every result of the plan, whatever became of it. */
void pl_tell_forge_all(struct planner *pl);

/*
 * Promote VERSION where its gates pass. STAY is the one in `from` that a
 * reviewer is told of, SLOWEST the one that gates judge; both NULL in an entry
 * environment.
 */
void pl_promote_version(struct planner *pl, struct result *res,
			const struct spot *spot, const char *version,
			const struct stay *stay, const struct stay *slowest,
			bool named);

/*
 * bot/plan_entry.c: the versions that the wishes for SPOT's service give its
 * slots, in OUT: one for all of them, or by label; an image that is not named
 * keeps what it has. -1: RES says why not. A digest names one image, so it
 * cannot go into all.
 */
int pl_versions_wished(struct planner *pl, struct result *res,
		       const struct spot *spot, struct version *out);

/*
 * bot/plan_left.c: look after the pull requests and branches that are left in
 * SPOT's environment, which has no `from`.
 */
void pl_auto_left(struct planner *pl, const struct spot *spot);

/* bot/plan_limits.c: what is ready is delivered after all were looked at. --- */

/* RES must be the plan's newest results'. */
void pl_ready_add(struct planner *pl, const struct result *res,
		  const struct ready *ready, bool named);
void pl_ready_deliver(struct planner *pl);

/* bot/plan_set.c: what services that move together would run. ---------------- */

/*
 * What the set would run in SPOT. WANTS, one for each of its services that is
 * deployed there (or NULL), are versions that are asked for. False: RES says
 * why not, or facts are lacking.
 */
bool pl_set_find(struct planner *pl, struct result *res,
		 const struct spot *spot, const char *const *wants,
		 struct ready *out);
/* The WANTS that the wishes name; NULL: RES says what is wrong with them. */
const char *const *pl_set_wishes(struct planner *pl, struct result *res,
				 const struct spot *spot);
/*
 * The versions that VERSION, a canonical string of the set's place, gives to
 * each of its services that is deployed there; NULL: it is none.
 */
const char *const *pl_set_wants(struct planner *pl, const struct spot *spot,
				const char *version);
/*
 * Does VERSION bring nothing to the set that WHOLE would not: has each service
 * what WHOLE gives to it, or what it runs already? False: SPOT is no set.
 */
bool pl_set_is_part(struct planner *pl, const struct spot *spot,
		    const char *version, const char *whole);
/*
 * What the gates of each say of these. ORIGIN: one was never live before.
 * HELD: one was rolled back from. False: facts are lacking.
 */
bool pl_set_judge(struct planner *pl, const struct spot *spot,
		  const char *const *wants, bool *is_origin, bool *is_held,
		  struct judged *out);

/* bot/plan_together.c: how they are promoted. -------------------------------- */

/* The set's spot that SPOT, a service's, moves with; or NULL. */
const struct spot *pl_set_of(struct planner *pl, const struct spot *spot);
/* Plan auto's promotion of a set into SPOT. */
void pl_auto_set(struct planner *pl, struct result *res,
		 const struct spot *spot);
void pl_to_set(struct planner *pl, const struct spot *spot);
void pl_set_deliver(struct planner *pl, struct result *res,
		    const struct ready *ready, bool named);

/*
 * bot/plan_rollback.c: did SPOT have VERSION before the one it has now? False,
 * too, while the history that tells is not here; then it is asked for.
 */
bool pl_had_earlier(struct planner *pl, const struct spot *spot,
		    const char *version);

/* One per command: bot/plan_entry.c, plan_to.c, plan_promote.c ... */
void plan_bump(struct planner *pl);
void plan_to(struct planner *pl);
void plan_auto(struct planner *pl);
void plan_status(struct planner *pl);
void plan_rollback(struct planner *pl);
void plan_log(struct planner *pl);

#endif
