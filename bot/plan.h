#ifndef BOT_PLAN_H
#define BOT_PLAN_H

#include "bot/state.h"
#include "policies/gate.h"

/*
 * What to do: for each service and environment one result, and the steps
 * that make it true. Pure: the same state and request give the same plan.
 */

enum step_kind {
	STEP_BASE,		/* a commit straight onto base */
	STEP_BRANCH,		/* make or replace the branch: one commit on base */
	STEP_DELETE_BRANCH,
	STEP_PR_OPEN,
	STEP_PR_ASK,		/* labels and reviewers, where a run died before */
	STEP_PR_UPDATE,		/* title and body */
	STEP_PR_CLOSE,		/* marked before closing */
	STEP_PR_MERGE,
	STEP_PR_ARM, STEP_PR_DISARM,
	STEP_STATUS,		/* what the gates say, on the head */
};

struct step {
	enum step_kind kind;
	struct step *next;
	const struct spot *spot;	/* whose branch and pull request */
	bool may_fail;		/* then a warning, and the result stands */
	struct text_edit *edits;	/* BASE, BRANCH */
	size_t edits_len;
	const char *message;	/* BASE, BRANCH; MERGE, ARM: commit message */
	const char *title, *body;	/* PR_OPEN, PR_UPDATE; ASK, CLOSE: body */
	const struct forge_pr *pr;	/* ASK, UPDATE, CLOSE, MERGE, ARM, DISARM */
	const char *head_sha;	/* MERGE, ARM: what was judged. STATUS: NULL
				   is the commit that BRANCH made */
	/* STATUS */
	const char *context, *description;
	bool is_success;
	const char *key;	/* for the marker (bot/text.h) */
	bool after_status;	/* UPDATE: only says what STATUS did */
};

enum action {
	ACTION_NONE,		/* nothing to do */
	ACTION_PUSHED,		/* onto base */
	ACTION_OPENED, ACTION_REFRESHED, ACTION_REBUILT,
	ACTION_MERGED, ACTION_ARMED, ACTION_CLOSED,
	ACTION_PENDING,		/* a pull request waits for a person or a check */
	ACTION_SUPERSEDED, ACTION_HELD, ACTION_DECLINED,
	ACTION_WAITING, ACTION_DRIFTED,
	ACTION_REFUSED, ACTION_FAILED,
};
const char *action_name(enum action a);
/* Does it say that something was (or would be) done, not only found? */
bool action_is_deed(enum action a);

/* What a person should know beside it (status). */
struct note {
	const char *kind;	/* "held", "pinned", "override", "verify" */
	const char *version;	/* that it is about */
	const char *text;	/* untrusted: escape it */
	const char *common;	/* what to say instead of several services in
				   one environment at once; or NULL */
};

/* One service in one environment. Strings in the plan's arena. */
struct result {
	const struct spot *spot;	/* NULL: see service and environment */
	const char *service, *environment;
	enum action action;
	const char *old_version, *new_version;	/* or NULL */
	const char *reason;	/* one line for people, or NULL */
	struct err err;		/* code decides the exit code */
	bool is_promotion;	/* auto: 10 and 11 count as 0 */
	bool is_stopped;	/* by an emergency stop: auto exits with 10 */

	struct gate_result *gates;
	size_t gates_len;
	const struct note *notes;
	size_t notes_len;
	int64_t ready_s;	/* WAITING: when; or TIME_UNKNOWN */

	struct step *steps;
	const struct touched *touched;	/* what a reviewer was told of; or NULL */
	const char *diff;	/* unified, of what the steps would change */

	bool did;		/* an earlier round of the run did a deed */
	bool proven, unproven;	/* and that was a merge: base said so, or said
				   otherwise, when it was read again */

	/* filled by act */
	char commit[OID_HEX + 1];
	const char *branch;
	long long pr_number;
	const char *pr_url;
};

struct plan {
	struct arena arena;
	struct result *results;
	size_t len, cap;
	struct needs needs;
	struct err err;		/* of the request as a whole */
	/* Texts as the commits planned so far onto base leave them. */
	struct text_edit *overlay;
	size_t overlay_len, overlay_cap;
};

/* All of P is made anew; P must be released or zeroed. */
void plan_make(struct plan *p, const struct state *s, const struct request *r);
void plan_release(struct plan *p);

/*
 * The exit code of a run with these results, the gravest of theirs. For auto and
 * status what waits, or needs a person, counts as done.
 */
int plan_exit_code(const struct result *results, size_t n,
		   enum command_id command);

#endif
