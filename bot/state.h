#ifndef BOT_STATE_H
#define BOT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/base/mem.h"
#include "bot/config.h"
#include "bot/evidence.h"
#include "bot/git/repo.h"
#include "bot/place.h"
#include "forge/forge.h"
#include "policies/timeline.h"

/*
 * What is known about the world at one moment: base's head, promote.yaml and
 * the fields at that commit, and whatever the plan asked for beyond that.
 * Facts only; nothing here decides. bot/read.c fills it, bot/plan*.c reads it.
 */

/* What a person or a pipeline asked for. Borrowed from the options. */
struct wish {			/* SERVICE[:LABEL][=VERSION] */
	const char *service;
	const char *label;	/* one image of the service, or NULL: all */
	const struct slot *slot;	/* bump --image: this one, whatever
					   others are called; or NULL */
	bool has_version;
	struct version version;
	const char *mixed;	/* rollback: LABEL=VERSION,... as log prints
				   it, instead of one version; or NULL */
	int64_t build;		/* bump --build; -1: none */
};

enum command_id {
	CMD_BUMP, CMD_TO, CMD_AUTO, CMD_ROLLBACK, CMD_STATUS, CMD_LOG,
	CMD_CHECK,
};

/*
 * What a rollback was found to mean when it was first planned: going around
 * again after a lost race must not take it one version further.
 */
struct pin {
	const char *service, *environment;
	const char *from, *to;	/* versions */
};

struct request {
	enum command_id command;
	const char *env;	/* bump --to, to, rollback, log; or NULL */
	const char *const *envs;	/* status: only these; none: all */
	size_t envs_len;
	struct wish *wishes;
	size_t wishes_len;
	struct image_ref image;	/* bump --image; name NULL: not given */
	int64_t build;		/* bump --image --build */
	const char *source;	/* --source, a URL; or NULL */
	const char *reason;	/* --reason, or NULL */
	const char **overrides;
	size_t overrides_len;
	const char *author_name, *author_mail;
	bool only;		/* to, rollback --only: not the whole set */
	const char *back_to;	/* rollback --to: as written; or NULL */
	const struct pin *pins;	/* rollback, going around again */
	size_t pins_len;
	size_t begun;		/* auto: promotions of this run's rounds before */
	size_t limit;		/* log: versions for each environment */
	bool limit_given;
	bool dry;		/* nothing will be done: say all at once */
	bool has_forge;		/* pull requests are possible */
	const char *forge_missing;	/* why not, for messages */
};

/* A branch of ours, and whether all on it is ours by content (I2). */
struct branch_facts {
	bool is_known;
	bool is_ours;
	const char *foreign;	/* not ours: the commit that is a person's, and
				   who made it */
	const char *version;	/* what the place would run at its head */
	const char *forked_version;	/* what it ran where the branch left
					   base */
	struct repo_commit *beyond;	/* on it and not on base; NULL: not
					   read, or none */
	size_t beyond_len;
	const char *message;	/* of its newest commit: a record for people */
	bool is_on_base;	/* no commit beyond base */
	bool files_moved;	/* base changed the place's files since the
				   branch left it: it may conflict */
};

/* Commits of others below a folder, newest first. */
struct touched {
	const char *path;
	struct touched_commit {
		const char *commit, *author, *subject;
	} *items;
	size_t len, more;	/* listed, and not */
};

/* A service in an environment, and all that is known about it. */
struct spot {
	struct place place;
	const struct service_spec *spec;	/* the entry of promote.yaml
						   that counts here; a set's
						   has rules only */
	struct text *texts;	/* one per slot */
	size_t service, env;	/* indexes */
	bool is_rollback;	/* see state_back() */

	const struct timeline *timeline;	/* NULL: not read */
	const struct timeline *recent;	/* its newest part, for bump; or NULL */

	const char *branch;	/* promote/ENV/SERVICE, rollback/... */
	struct oid branch_id;	/* zero: there is none */
	struct branch_facts branch_facts;

	const struct forge_pr *pr;	/* the open one, or NULL */
	const struct forge_pr *past;	/* of the branch, any state, newest first */
	size_t past_len;
	bool past_known;
	const struct forge_readiness *readiness;	/* NULL: not read */
	/* In the folder of its `from`, since what it has landed here. */
	const struct touched *touched;	/* NULL: not read */
	struct err err;		/* these facts cannot be had */
};

struct service {
	const char *name;
	size_t set;		/* the row of the set it moves with; SIZE_MAX */
	size_t *members;	/* of a set: indexes of services */
	size_t members_len;
};

/* Nothing is to be promoted into an environment now. */
struct stop {
	const char *file;	/* NULL: there is none */
	const char *reason;	/* fit to be shown */
};

/*
 * How many commits back an answer is looked for that may not exist: whether a
 * version was ever left, an earlier stay of it. What is further back counts as
 * not having been.
 */
enum { HISTORY_HORIZON = 512 };

struct state {
	struct arena arena;
	struct diag diag;	/* of promote.yaml; warnings remain */
	struct config config;
	int64_t now_s;

	const char *base;	/* "main" */
	bool base_is_default;
	struct oid base_id;
	char base_hex[OID_HEX + 1];

	struct service *services;	/* and sets ("+shop") behind them */
	size_t services_len;
	size_t rows_len;	/* services and sets */
	struct spot *spots;	/* rows_len x environments_len, and again as
				   many for the way back */
	size_t spots_len;
	struct miss {		/* a file that is there without the field */
		const char *service, *why;
	} *misses;
	size_t misses_len;

	struct stop *stops;	/* one per environment */

	size_t history_depth;	/* what the timelines were read with */
	bool history_is_cut;	/* the server has no more of it: a timeline is
				   complete then, as far as will ever be known */

	struct repo_line recent;	/* bot/recent.c: base's newest commits */
	bool recent_is_all;	/* no more of them will be read */
	bool *looks;		/* at which of these the fields were looked at, */
	size_t looked_len;	/* and to where that goes */

	bool prs_known;
	struct forge_pr *prs;	/* all that are open into base */
	size_t prs_len;
	unsigned spots_bad;	/* spots with an err */

	struct oid *line;	/* base's first-parent line from the head on,
				   as far back as evidence was asked for */
	size_t line_len;
	const struct evidence *evidence;
	struct err prs_err;	/* why they could not be read */

	/*
	 * The pushes to base since SINCE_S that the forge tells of: all those
	 * that can have brought the commits at positions FIRST to LAST.
	 */
	struct landings {
		bool are_known;
		const char *error;	/* it did not answer, and says why */
		struct landing *pushes;
		size_t len, first, last;
		int64_t since_s;
	} landings;
};

struct spot *state_spot(const struct state *s, size_t service, size_t env);
/* Is the environment NAME one that the request is about (status ENV...)? */
bool request_wants(const struct request *r, const char *name);

/*
 * The way back from SPOT, which a rollback takes: the same place with a branch
 * and pull requests of its own. It has no timeline; SPOT has.
 */
struct spot *state_back(const struct state *s, const struct spot *spot);
/* Did a merged pull request of SPOT's bring STAY, as far as those are known? */
bool spot_merged(const struct spot *spot, const struct stay *stay);
/* The service, or the set, whose place SPOT is. */
const struct service *spot_row(const struct state *s, const struct spot *spot);
/* Index of a service, or of a set's row by "+NAME"; SIZE_MAX. */
size_t state_service(const struct state *s, const char *name);

/*
 * The facts that a plan lacks: a set of flags for each spot. read_needs()
 * gets them, many at once.
 */
enum {
	NEED_TIMELINE = 1 << 0,		/* deeper, if there is one already */
	NEED_BRANCH = 1 << 1,
	NEED_PAST = 1 << 2,
	NEED_READY = 1 << 3,
	NEED_TOUCHED = 1 << 4,
	NEED_RECENT = 1 << 5,		/* further back, likewise */
};
struct needs {
	unsigned char *flags;	/* one per spot */
	bool prs;		/* the list of open pull requests */
	int64_t past_since_s;	/* NEED_PAST: what changed since then matters;
				   0: nobody said so */
	unsigned char *commits;	/* by position on base's line: wanted are the
				   statuses of that commit */
	size_t commits_len;
	const struct gate_question **questions;
	size_t questions_len;
	bool prs_may_fail;	/* it would be good to have, but go on */
	bool landings;		/* see there: for positions FIRST to LAST */
	size_t landings_first, landings_last;
	int64_t landings_since_s;
	bool any;
};

void state_release(struct state *s);

/*
 * Can a version be copied from FROM into SPOT field by field? Another entry of
 * promote.yaml, with other fields, may count in the one environment.
 */
bool spot_takes(const struct spot *spot, const struct spot *from);

/* What holds for this service in this environment. */
const struct rules *spot_rules(const struct spot *spot);

#endif
