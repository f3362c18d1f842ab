#ifndef FORGE_FORGE_H
#define FORGE_FORGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/base/clock.h"
#include "bot/base/err.h"
#include "bot/base/http.h"
#include "bot/base/mem.h"

/*
 * Pull requests on a forge. One vocabulary for all forges; a driver maps
 * calls and answers to it (forge/github.c, forge/gitea.c) and is one row of
 * forge_kinds[]. No driver decides anything: it reports facts and does one
 * thing at a time.
 *
 * Errors of all functions: ERR_TRANSIENT (network, 5xx, rate limit; says for
 * how long), ERR_REFUSED (the token may not, names the permission where the
 * forge tells; or there is no such repository, which is what forges say to
 * a token that may not see it), ERR_NOTFOUND (where said below), ERR_DATA (an
 * answer that is not the forge's), ERR_USAGE (the repository has moved),
 * ERR_WAIT (not yet: mergeability, checks), ERR_RACE (the head moved).
 * Calls that create something are upserts: after a lost or doubtful answer
 * they look whether it is there before they say that it failed.
 *
 * A rate limit is waited for where that fits into the run. Everything in an
 * answer but a commit id is untrusted text; whoever shows it escapes it.
 */
struct forge;

struct forge_options {
	const char *kind;	/* "github", "gitea", "forgejo" */
	const char *root;	/* API root without a slash at the end, as
				   forge_default_root() makes it */
	const char *owner, *name;	/* of the config repository */
	const char *token;	/* or NULL */
	struct http *http;	/* borrowed */
};

/* Kinds that exist, for messages: "github, gitea, forgejo". In OUT. */
void forge_kind_names(struct buf *out);
bool forge_kind_known(const char *kind);

/*
 * The kind that a host's name tells ("github.com": github; "codeberg.org":
 * forgejo; "gitea.com": gitea), or NULL.
 */
const char *forge_kind_of_host(const char *host);

/*
 * The API root for KIND at ORIGIN (scheme://host[:port]): api.github.com for
 * github.com, ORIGIN/api/v3 for GitHub Enterprise Server, ORIGIN/api/v1 for
 * Gitea. Owned by the caller. Where --forge-url names a whole root already
 * (it has a path), it is taken as it is.
 */
char *forge_default_root(const char *kind, const char *origin);

/* The user name that goes with a token in git over HTTPS: "x-access-token". */
const char *forge_git_user(const char *kind);

/* Environment variables that may hold a token for KIND, NULL at the end. */
const char *const *forge_token_variables(const char *kind);

int forge_open(struct forge **out, const struct forge_options *options,
	       struct err *err);
void forge_free(struct forge *f);
const char *forge_kind(const struct forge *f);

enum forge_pr_state { FORGE_PR_OPEN, FORGE_PR_CLOSED, FORGE_PR_MERGED };

struct forge_pr {
	long long number;
	const char *node_id;	/* GraphQL's name for it, or NULL */
	const char *url;	/* for people */
	enum forge_pr_state state;
	const char *title, *body;	/* "" rather than NULL */
	const char *head_branch, *base_branch;	/* without refs/heads/ */
	const char *head_sha;
	bool head_is_ours;	/* head repository is the config repository */
	bool is_draft;
	bool auto_merge;	/* armed; not told of a merge queue (see
				   readiness), and never by Gitea */
	const char *author;
	const char *merge_sha;	/* the commit it became, or NULL */
	int64_t created_s, closed_s, merged_s;	/* TIME_UNKNOWN: not so */
	const char **labels;
	size_t labels_len;
};

/*
 * All open pull requests into BASE whose head is a branch of this repository
 * that starts with HEAD_PREFIX ("promote/"), in arena A. Every page is read
 * and every row is compared here: no forge's filter is trusted.
 */
int forge_list_open(struct forge *f, const char *base, const char *head_prefix,
		    struct arena *a, struct forge_pr **out, size_t *len,
		    struct err *err);

/*
 * All of HEAD into BASE in any state, newest first; at most the last 50. On
 * Gitea, which cannot be asked by head, among those that changed at SINCE_S or
 * later and, of what is older, the 500 that changed last (TIME_UNKNOWN: among
 * those only); read once and kept until forge_list_open() or a change.
 */
int forge_list_by_head(struct forge *f, const char *base, const char *head,
		       int64_t since_s, struct arena *a, struct forge_pr **out,
		       size_t *len, struct err *err);

/*
 * Read what forge_list_by_head() of HEADS into BASE and forge_readiness() of
 * NUMBERS will ask first, many requests at once. For speed only: what they do
 * not use goes with forge_ahead_drop().
 */
struct forge_ahead_of {
	const char *base;
	const char **heads;
	size_t heads_len;
	long long *numbers;
	size_t numbers_len;
};
void forge_pulls_ahead(struct forge *f, const struct forge_ahead_of *of);
void forge_ahead_drop(struct forge *f);

/* One, read afresh. ERR_NOTFOUND: there is none of that number. */
int forge_get(struct forge *f, long long number, struct arena *a,
	      struct forge_pr *out, struct err *err);

struct forge_new_pr {
	const char *head, *base;	/* branches, without refs/heads/ */
	const char *title, *body;
};

/*
 * Open one, or find the open one that is there already (then *existed). A
 * forge that has not seen the pushed branch yet is asked again within a few
 * seconds. *existed is false, too, for one that this very call made although
 * its answer was lost. ERR_NOTFOUND: nothing between head and base.
 */
int forge_open_pr(struct forge *f, const struct forge_new_pr *pr,
		  struct arena *a, struct forge_pr *out, bool *existed,
		  struct err *err);

/* Title or body may be NULL: unchanged. */
int forge_update_pr(struct forge *f, long long number, const char *title,
		    const char *body, struct err *err);

/* Close unmerged. Already closed is success. */
int forge_close_pr(struct forge *f, long long number, struct err *err);

/*
 * Add labels; missing ones are created where the forge needs that. Names a
 * forge cannot take are ERR_NOTFOUND with all of them listed; the rest are
 * added.
 */
int forge_add_labels(struct forge *f, long long number,
		     const char *const *labels, size_t n, struct err *err);

/*
 * Ask for reviews: "user" or "org/team". One unknown name does not keep the
 * others from being asked: ERR_NOTFOUND lists the unknown at the end.
 */
int forge_request_reviewers(struct forge *f, long long number,
			    const char *const *reviewers, size_t n,
			    struct err *err);

/* Can it be merged now, and if not, why. */
enum forge_ready {
	FORGE_READY,		/* merge it */
	FORGE_READY_UNKNOWN,	/* the forge is still computing: ask again */
	FORGE_READY_BLOCKED,	/* an approval, a check or protection is missing */
	FORGE_READY_BEHIND,	/* must be brought up to date with base first */
	FORGE_READY_CONFLICT,
	FORGE_READY_DRAFT,
	FORGE_READY_QUEUED,	/* armed or in a merge queue: will land by itself */
};
struct forge_readiness {
	enum forge_ready ready;
	bool approved;		/* somebody who counts approved the present
				   head, and nobody objects; false: unknown */
	const char *head_sha;	/* the head that this was said of */
	const char *reason;	/* for people; never NULL */
};
/*
 * Asks until the forge has computed it, for WAIT_MS at most (0: once). Gitea
 * does not tell a conflict from "still computing": it takes 8 seconds of no to
 * call it a conflict. One that is merged or closed is BLOCKED.
 */
int forge_readiness(struct forge *f, long long number, int64_t wait_ms,
		    struct arena *a, struct forge_readiness *out,
		    struct err *err);

enum forge_merge_method {
	FORGE_MERGE_ANY,	/* the repository's first allowed one */
	FORGE_MERGE_COMMIT, FORGE_MERGE_SQUASH, FORGE_MERGE_REBASE,
};

/*
 * Merge, pinned to HEAD_SHA: ERR_RACE where the head is another by now, or
 * somebody closed it; ERR_WAIT where it cannot be merged yet ("base branch was
 * modified" and its like were tried again), ERR_REFUSED where a rule or the
 * token stands against it. MERGE_SHA (in A) is the commit it became, or NULL
 * where the forge does not say. Merged already, with that head: success. A
 * merge queue in the way: it is put there, and that is ERR_WAIT.
 *
 * Gitea before 1.16 takes no head: there it is compared just before and
 * after, with a warning: a push in between gets merged, and
 * is then ERR_RACE.
 */
int forge_merge(struct forge *f, long long number, const char *head_sha,
		enum forge_merge_method method, const char *title,
		const char *message, struct arena *a, const char **merge_sha,
		struct err *err);

/*
 * Let the forge merge HEAD_SHA by itself when its own conditions hold.
 * *merged: it had nothing to wait for and merged at once. ERR_WAIT: not yet
 * possible. ERR_REFUSED: the repository does not allow it. Armed already:
 * success. GitHub keeps to HEAD_SHA; Gitea's schedule is compared with it
 * before and after only, and whether it survives a later push is Gitea's.
 */
int forge_arm(struct forge *f, const struct forge_pr *pr, const char *head_sha,
	      enum forge_merge_method method, bool *merged, struct err *err);
int forge_disarm(struct forge *f, const struct forge_pr *pr, struct err *err);

enum forge_status_state {
	FORGE_STATUS_PENDING, FORGE_STATUS_SUCCESS, FORGE_STATUS_FAILURE,
	FORGE_STATUS_NEUTRAL,	/* skipped, neutral, warning */
};
struct forge_status {
	const char *name;	/* context, or name of the check run */
	enum forge_status_state state;
	const char *description, *url;	/* "" rather than NULL */
	int64_t updated_s;
};

/*
 * The newest result per name on a commit: statuses and, where the token may
 * read them, check runs (*checks_unknown when it may not).
 */
int forge_statuses(struct forge *f, const char *sha, struct arena *a,
		   struct forge_status **out, size_t *len,
		   bool *checks_unknown, struct err *err);
/*
 * The same for N commits, many requests at once. Each stands for itself: where
 * its error's code is set, nothing is known of it.
 */
struct forge_commit {
	const char *sha;
	struct forge_status *items;
	size_t len;
	bool checks_unknown;
	struct err err;
};
void forge_statuses_many(struct forge *f, struct forge_commit *commits,
			 size_t n, struct arena *a);

int forge_set_status(struct forge *f, const char *sha, const char *name,
		     enum forge_status_state state, const char *description,
		     struct err *err);

/*
 * How the forge saw BRANCH move, by pushes and merges, newest first: what it
 * wrote down at SINCE_S or later, of the newest thousand of its notes. *TOLD is
 * false where it keeps no such list or does not show it to this token: there
 * are none then, the reason is logged (-v), and that is no error.
 *
 * It is evidence where there is some, not all of it: a note may come a moment
 * after the push, goes when it is old, and on Gitea those of people who keep
 * what they do to themselves are shown to nobody.
 */
struct forge_push {
	const char *after;	/* the head from then on */
	const char *before;	/* the head until then; NULL: none, not told */
	int64_t at_s;
};
int forge_pushes(struct forge *f, const char *branch, int64_t since_s,
		 struct arena *a, struct forge_push **out, size_t *len,
		 bool *told, struct err *err);

#endif
