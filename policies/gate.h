#ifndef POLICIES_GATE_H
#define POLICIES_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/base/buf.h"
#include "bot/base/clock.h"
#include "bot/base/err.h"
#include "bot/base/mem.h"
#include "bot/base/node.h"
#include "policies/timeline.h"

/*
 * A gate is a condition on a promotion: one file (policies/gate_NAME.c) and
 * one row of gate_kinds[]. It parses its own setting from promote.yaml and
 * judges facts; it reads no clock, no network and no disk. What it lacks it
 * asks for by a need, and the bot gathers it before judging again.
 */
enum verdict {
	VERDICT_PASS,
	VERDICT_WAIT,		/* may pass later; until_s where known */
	VERDICT_REFUSE,		/* will not pass for this version */
	VERDICT_NEED,		/* facts are lacking: see `need` */
};

/*
 * A check's result (commit status, check run) as the forge tells it, on one
 * of the commits of base from the landing of the stay on, the commit that
 * replaced it not included: whoever gathers them (bot/) sees to that. Several
 * of one name may come, in any order.
 */
struct check_fact {
	const char *name;
	enum { CHECK_PENDING, CHECK_SUCCESS, CHECK_FAILURE, CHECK_NEUTRAL } state;
	int64_t updated_s;	/* TIME_UNKNOWN: it does not count */
	const char *url;	/* or NULL */
};

/*
 * One thing that a verdict rested on, for --json and for whoever reads the
 * pull request. Untrusted text, to be escaped for where it goes.
 */
struct gate_evidence {
	const char *name, *value;
	int64_t at_s;		/* TIME_UNKNOWN: not told */
	const char *url;	/* or NULL */
};

/*
 * What a gate wants to know from a server outside, and what that answered.
 * Whoever asks (bot/answers.c) decides which servers may be asked.
 */
struct gate_question {
	enum gate_asks {
		GATE_ASKS_METRIC,	/* Prometheus, an instant query */
		GATE_ASKS_HTTP,		/* a GET, and a value in its JSON */
		GATE_ASKS_ARGOCD,	/* an Application */
	} asks;
	const char *url;	/* METRIC: of the server; HTTP: the whole */
	const char *query;	/* METRIC */
	int64_t at_s;		/* METRIC: as of then; TIME_UNKNOWN: now */
	const char *path;	/* HTTP: where the value is, or NULL */
	const char *application, *project, *namespace;	/* ARGOCD; the last
							   two or NULL */
	const char *commit;	/* ARGOCD: is it in what was synced? */
};

struct gate_answer {
	const char *error;	/* there is no answer, and why; or NULL */
	size_t series;		/* METRIC: so many; VALUE is the first's */
	double value;
	long status;		/* HTTP */
	const char *text;	/* HTTP: the value at the path; NULL: none */
	const char *sync, *health;	/* ARGOCD, its words */
	const char *revision;	/* ARGOCD: what was synced */
	bool contains;		/* ARGOCD: the commit is in it */
};

/* What is known about one promotion: SERVICE at VERSION into ENVIRONMENT. */
struct gate_facts {
	int64_t now_s;
	const char *service, *environment;
	const char *version;
	const char *from;		/* the environment it comes from, or NULL */
	const struct stay *stay;	/* its stay in `from` that counts (of
					   several, the slowest), or NULL */
	const struct check_fact *checks;	/* valid when has_checks */
	size_t checks_len;
	bool has_checks;
	bool check_runs_unknown;	/* the token may read statuses only */
	const char *checks_error;	/* why they could not be read, or NULL */
	const struct gate_answer *answers;	/* valid when has_answers: to
						   what this gate asks */
	bool has_answers;
	struct arena *arena;	/* for evidence; NULL: none is kept */
};

enum gate_need { GATE_NEED_NONE, GATE_NEED_CHECKS, GATE_NEED_ANSWERS };

/* One gate of one environment, as promote.yaml sets it. */
struct gate {
	const struct gate_kind *kind;
	const struct node *node;	/* where it stands */
	const void *setting;		/* the kind's own, in config's arena */
};

struct gate_result {
	const char *name;	/* the kind's */
	enum verdict verdict;
	int64_t until_s;	/* WAIT: when it may pass; TIME_UNKNOWN */
	enum gate_need need;	/* NEED */
	bool is_bad;		/* not passed because of what was seen, not
				   because something was not */
	const char *unseen;	/* what nobody has seen at all, as promote.yaml
				   names it (borrowed); or NULL */
	char reason[256];	/* for people; control characters escaped */
	const struct gate_evidence *evidence;
	size_t evidence_len;
};

struct zone;

/* What a gate may ask of whoever reads promote.yaml. */
struct gate_parse {
	struct arena *arena;
	struct diag *diag;
	/*
	 * The rules of an IANA time zone (bot/base/zone.h); -1: no such zone
	 * here. Handed in, since a gate reads no disk.
	 */
	int (*zone)(const struct zone **out, struct arena *a, const char *name,
		    struct err *err);
};

struct gate_kind {
	const char *name;	/* its key under `gates:` */
	const char *help;	/* one line */
	bool changes_with_time;	/* rule Arming: may turn false again */
	bool judges_health;	/* looks at whether the version works */
	/*
	 * Read the setting at N into P's arena. Faults go to P's diag; NULL
	 * then.
	 */
	const void *(*parse)(const struct node *n, const struct gate_parse *p);
	void (*judge)(const void *setting, const struct gate_facts *f,
		      struct gate_result *out);
	/*
	 * What it asks servers outside, in A; or NULL. The answers come in
	 * the same order.
	 */
	void (*ask)(const void *setting, const struct gate_facts *f,
		    struct arena *a, struct gate_question **out, size_t *len);
};

extern const struct gate_kind *const gate_kinds[];	/* NULL at the end */
const struct gate_kind *gate_kind_find(const char *name);	/* or NULL */

/* OUT has name, verdict and reason set whatever the gate does. */
void gate_judge(const struct gate *g, const struct gate_facts *f,
		struct gate_result *out);

/*
 * For gates: a verdict and its reason, one that is too long cut behind a word,
 * with dots. What is said may come from OUT's own reason.
 */
void gate_say(struct gate_result *out, enum verdict verdict, const char *fmt,
	      ...) __attribute__((format(printf, 3, 4)));

/*
 * Of several reasons the one that says most is told: what was seen to be bad
 * (3), what else keeps it (2), what was never seen at all (1); 0: it passes.
 */
int gate_weight(const struct gate_result *g);

/* For gates of several parts: OUT says what PART says, where that is more. */
void gate_weigh(struct gate_result *out, const struct gate_result *part);

/*
 * For gates: the verdict rested on this. Copies, where F has an arena; a long
 * VALUE is cut, as it may be whatever an address answers.
 */
void gate_rests_on(struct gate_result *out, const struct gate_facts *f,
		   const char *name, const char *value, int64_t at_s,
		   const char *url);

/*
 * The soak time in seconds among N gates; 0 where there is no such gate.
 * The candidate rule needs it: a stay counts only when it lasted that long.
 */
int64_t gates_soak_s(const struct gate *gates, size_t n);

#endif
