#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <jansson.h>
#include <pthread.h>
#include <regex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bot/base/buf.h"

/*
 * A forge for tests: real bare repositories served by git's own
 * http-backend, and the GitHub or Gitea API over them. The wire is in wire.c
 * and git_http.c; what a forge knows in state.c, how it judges and merges in
 * judge.c, merge.c and settle.c; what it says in github*.c, graphql*.c and
 * gitea*.c; how it can be made to misbehave in traps.c and control.c.
 *
 * One lock covers everything below `struct sim`; it is held while an API
 * call is worked out, never while git talks to a client or a hook runs.
 */
enum sim_kind { SIM_GITHUB, SIM_GHES, SIM_GITEA, SIM_FORGEJO };

/* One answer in waiting: what the forge thinks of a pull request. */
enum sim_merge_state {
	SIM_UNKNOWN,	/* still computing */
	SIM_DIRTY, SIM_DRAFT, SIM_BLOCKED, SIM_BEHIND, SIM_UNSTABLE, SIM_CLEAN,
};

/* Merge this by itself as soon as it may be merged. */
struct sim_arm {
	bool on, delete_branch, queued;
	int64_t at_s;
	long long queue_left;	/* looks until a queued one lands */
	char *method, *title, *message, *by;
};

struct sim_pr {
	long long number;
	char *title, *body, *head, *base, *author;
	char *head_repo;	/* OWNER/NAME; another one for a fork's */
	char head_sha[65];	/* what the API says */
	char base_sha[65];	/* at the last look */
	bool draft, closed, merged;
	char *merged_by;
	char merge_sha[65];
	int64_t created_s, updated_s, closed_s, merged_s;
	json_t *labels, *reviewers, *teams, *assignees;	/* names */
	json_t *reviews, *comments;			/* objects */
	struct sim_arm arm;

	/* Mergeability is of one pair of commits, and computed in a while. */
	char seen_head[65], seen_base[65], merge_base[65];
	long long polls_left;
	int64_t ready_ms;
	bool is_clean;
	long long lag_left;	/* looks until a push is seen */
};

struct sim_repo {
	char *owner, *name, *dir;
	long long id;
	struct sim_pr **prs;
	size_t prs_len, prs_cap;
	json_t *refs;		/* name -> id, as of the last look */
	json_t *labels;		/* objects: id, name, color, description */
	json_t *statuses;	/* commit -> newest last */
	json_t *checks;		/* commit -> check runs, newest last */
	json_t *protected;	/* branch -> its rule */
	json_t *settings;	/* default_branch, allow_*, archived, ... */
	json_t *deployments;
	json_t *activity;	/* branches that moved, oldest first */
	json_t *commits;	/* ids that were found: a commit stays */
};

struct sim_user {
	char *name, *token;	/* token NULL: a person we only know of */
	char *permission;	/* "read", "write", "admin" */
	struct sim_user *next;
};

struct sim_fault;

struct sim {
	enum sim_kind kind;
	const char *root;	/* folder of the repositories */
	char *url;		/* "http://127.0.0.1:PORT" */
	const char *version;	/* of a Gitea or Forgejo */
	int log_fd;
	pthread_mutex_t lock;
	struct sim_repo **repos;
	size_t repos_len, repos_cap;
	struct sim_user *users, *bot;
	json_t *teams, *org_labels;
	json_t *requests;	/* what was asked, oldest first */
	struct sim_fault *faults;
	bool now_fixed;
	int64_t now_s, offset_s;
	long long next_id, seq;
	int64_t content_at_s[512];	/* when content was created, a ring */
	size_t content_len;
	atomic_bool stopping;
};

/* GitHub or its Enterprise Server, not Gitea or Forgejo. */
static inline bool sim_is_github(const struct sim *s)
{
	return s->kind == SIM_GITHUB || s->kind == SIM_GHES;
}

/* ---- what an answer does on the wire ---- */

enum sim_wire {
	WIRE_WHOLE,
	WIRE_CUT,	/* the connection ends after `at` bytes */
	WIRE_RESET,	/* it ends without a byte */
	WIRE_SILENT,	/* nothing comes any more after `at` bytes */
};

struct sim_reply {
	int status;
	json_t *json;		/* or NULL */
	struct buf raw;		/* used where json is NULL */
	const char *type;	/* of raw */
	json_t *headers;	/* name -> value */
	enum sim_wire wire;
	long long at;		/* -1: not even a status line */
	long long ms_per_kb;
	bool is_chunked;
};

enum sim_auth { AUTH_NONE, AUTH_BAD, AUTH_OK };

/* One API request and its answer. */
struct sim_call {
	struct sim *sim;
	const char *method;
	char *uri, *path;	/* path: without API root and query, raw */
	const char *rest;	/* what is left of path to be routed */
	json_t *query;		/* decoded */
	json_t *headers;	/* names in lower case; no secrets */
	struct buf body;
	json_t *in;		/* the body as JSON, or NULL */
	enum sim_auth auth;
	const char *auth_kind;	/* "basic", "bearer", "token", "none" */
	struct sim_user *user;
	char *arg[8];		/* decoded path arguments */
	struct sim_repo *repo;	/* of /repos/OWNER/NAME, once found */
	struct sim_reply out;
	const char *fault;	/* what went wrong on purpose, for the log */
	json_t *git;		/* what git said, for the log */
};

/* One row of a forge's API. PATH has ":name" arguments and may end in "*". */
struct sim_route {
	const char *method, *path;
	void (*answer)(struct sim_call *c);
};
struct sim_routes {
	const struct sim_route *rows;
	size_t len;
};

/* ---- traps.c: each trap a number that is off at 0 ---- */

enum sim_trap {
	TRAP_MERGEABLE_POLLS, TRAP_MERGEABLE_MS, TRAP_STALE_HEAD,
	TRAP_BASE_MODIFIED, TRAP_CONFLICT_500, TRAP_TRY_AGAIN,
	TRAP_HEAD_SHA_BLANK, TRAP_NO_COMMITS_BETWEEN, TRAP_REFS_UNREADABLE,
	TRAP_HEAD_FILTER_IGNORED, TRAP_NO_CHECKS, TRAP_NO_PULLS, TRAP_READ_ONLY,
	TRAP_NO_STATUSES, TRAP_IGNORE_HEAD, TRAP_NULLS, TRAP_GONE_BRANCH_500,
	TRAP_UNKNOWN_COMMIT_500, TRAP_PAGE_CAP, TRAP_CONTENT_LIMIT,
	TRAP_RETRY_AFTER, TRAP_QUEUE_POLLS, TRAP_COOKIES, TRAP_CLEAN_RACE,
	TRAP_APP_TOKEN, TRAP_HIDE_ALLOWS,
	TRAP_PUSH_REJECTED, TRAP_NO_ACTIVITY,
	TRAP_COUNT
};

/* Set NAME or NAME=N; also the shorthands for faults. false: no such. */
bool trap_set(struct sim *s, const char *text);
long long trap_get(const struct sim *s, enum sim_trap t);
/* For "the next N": true N times. */
bool trap_take(struct sim *s, enum sim_trap t);
json_t *traps_json(const struct sim *s);
void traps_default(struct sim *s);
void traps_help(void);

/* Faults: JSON as control.c's help says. NULL, or what is wrong with it. */
const char *fault_add(struct sim *s, const json_t *spec);
void faults_clear(struct sim *s);
/* The fault that this request meets, counted down; a new reference. */
json_t *fault_take(struct sim *s, const char *method, const char *path);
/* Run its hook, if any; without the lock. */
void fault_hook(const json_t *fault);
/* Turn an answer into the broken one. */
void fault_spoil(struct sim_call *c, const json_t *fault);

/* ---- state.c ---- */

int64_t sim_now(const struct sim *s);
json_t *sim_time(int64_t s);		/* RFC 3339, or null */
struct sim_repo *sim_repo(struct sim *s, const char *owner, const char *name);
struct sim_pr *sim_pr(struct sim_repo *r, long long number);
struct sim_pr *sim_pr_new(struct sim *s, struct sim_repo *r,
			  const char *head_repo, const char *head,
			  const char *base, const char *author);
struct sim_user *sim_user(struct sim *s, const char *name);
struct sim_user *sim_user_add(struct sim *s, const char *name,
			      const char *token, const char *permission);
bool sim_can(const struct sim *s, const struct sim_user *u, const char *what);
const char *sim_ref(const struct sim_repo *r, const char *branch);
/* What HEAD names, or the setting of that name. */
void sim_default_branch(const struct sim_repo *r, struct buf *out);
void sim_close_pr(struct sim *s, struct sim_pr *pr, bool closed);
void sim_review(struct sim *s, struct sim_pr *pr, const char *user,
		const char *state, const char *body);
json_t *sim_label(struct sim *s, struct sim_repo *r, const char *name,
		  const char *color, bool create);
void sim_add_status(struct sim *s, struct sim_repo *r, const char *sha,
		    const char *context, const char *state,
		    const char *description, const char *url,
		    const char *creator);
void sim_set(char **slot, const char *value);
void sim_free_state(struct sim *s);
bool json_has_string(const json_t *list, const char *s);
void json_drop_string(json_t *list, const char *s);
const char *jstr(const json_t *o, const char *key);	/* "" if absent */

/* Where the head is now, "" where it is gone; a fork's is fetched. */
void sim_head_now(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
		  struct buf *out);
/* Forges keep the head of a pull request even when its branch is gone. */
void sim_keep_head(struct sim_repo *r, struct sim_pr *pr, const char *sha);
void sim_refs_read(struct sim *s, struct sim_repo *r);

/* ---- activity.c ---- */

/* What moved between OLD, the refs at the look before, and now. */
void sim_activity_take(struct sim *s, struct sim_repo *r, const json_t *old);
void github_activity(struct sim_call *c);
void gitea_activity(struct sim_call *c);

/* ---- judge.c ---- */

/* The protection of BRANCH, or NULL. */
const json_t *sim_rule(const struct sim_repo *r, const char *branch);
/* With IS_POLL this look counts towards mergeability being computed. */
enum sim_merge_state sim_merge_state(struct sim *s, struct sim_repo *r,
				     struct sim_pr *pr, bool is_poll);
/* Why protection forbids it, in OUT; false: it does not. */
bool sim_blocked(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
		 struct buf *out);
size_t sim_approvals(struct sim *s, struct sim_repo *r, struct sim_pr *pr);
bool sim_has_changes_requested(struct sim_repo *r, struct sim_pr *pr);
/* "success", "pending", "failure" over all, or over the required only. */
const char *sim_checks_state(struct sim_repo *r, const char *sha,
			     const json_t *required);

/* ---- settle.c ---- */

/* Look at git: heads that moved, branches that are gone, merges now due. */
void sim_settle(struct sim *s, struct sim_repo *r);

/* ---- merge.c ---- */

enum sim_merged { MERGE_OK, MERGE_CONFLICT, MERGE_MOVED, MERGE_NOT_FF };
/* METHOD: merge, squash, rebase, rebase-merge, fast-forward-only. */
enum sim_merged sim_merge(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
			  const char *method, const char *title,
			  const char *message, const char *by,
			  bool delete_branch);
/* Merge base into the head branch, as the "update branch" button does. */
enum sim_merged sim_update_branch(struct sim *s, struct sim_repo *r,
				  struct sim_pr *pr, const char *by);

/* ---- git.c ---- */

/*
 * git -C DIR ARGV...: stdout into OUT (last newline dropped), or NULL.
 * ENV: further "NAME=value", or NULL. Returns the exit status.
 */
int git_run(const char *dir, struct buf *out, const char *input,
	    const char *const *env, const char *const *argv);
#define GIT(dir, out, ...)                                                     \
	git_run((dir), (out), NULL, NULL,                                      \
		(const char *const[]){ __VA_ARGS__, NULL })
bool git_is_ancestor(const char *dir, const char *a, const char *b);
char **git_env(const char *const *more);	/* for a child; free with env_free */
void env_free(char **env);
/* Start ARGV with these ends as stdin and stdout; -1: cannot. */
int spawn(const char *const *argv, char **env, int in, int out);

/* ---- git_http.c ---- */

struct git_cgi;
bool git_is_path(const char *path);
struct git_cgi *git_cgi_start(struct sim_call *c);
void git_cgi_feed(struct git_cgi *g, const char *data, size_t len);
/* All of the request is in: read the head of the answer into c->out. */
void git_cgi_answer(struct git_cgi *g, struct sim_call *c);
/* A piece of the rest of the body; 0 at the end. */
long git_cgi_read(struct git_cgi *g, char *data, size_t len);
bool git_cgi_is_push(const struct git_cgi *g);
void git_cgi_free(struct git_cgi *g);

/* ---- reply.c ---- */

void reply_json(struct sim_call *c, int status, json_t *body_taken);
void reply_none(struct sim_call *c, int status);
void reply_error(struct sim_call *c, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void reply_header(struct sim_call *c, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A list, cut to the page that was asked for, with Link and total. */
void reply_page(struct sim_call *c, json_t *list_taken, const char *wrap);
const char *query(const struct sim_call *c, const char *name);
void log_call(struct sim_call *c);
char *url_decode(const char *s, size_t len);
/* False: no row has this path. A path with another method is a 405. */
bool route(struct sim_call *c, const struct sim_routes *routes);
/* Of /repos/OWNER/NAME...: c->repo, or NULL, and c->rest behind it. */
void call_find_repo(struct sim_call *c);
/* The pull request whose number is the first argument; NULL: answered 404. */
struct sim_pr *call_pr(struct sim_call *c);

/* ---- the forges ---- */

/* github_json.c: what GitHub says of things. */
json_t *text_url(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
long long id_of(const char *name);
json_t *gh_user(const struct sim *s, const char *name);	/* "" : null */
json_t *gh_users(const struct sim *s, const json_t *names);
json_t *gh_repo(struct sim *s, struct sim_repo *r, const struct sim_user *u,
		bool full);
json_t *gh_pr(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
	      enum sim_merge_state state, bool full);
json_t *gh_label(struct sim *s, struct sim_repo *r, const json_t *label);
json_t *gh_labels(struct sim *s, struct sim_repo *r, const struct sim_pr *pr);
json_t *gh_review(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
		  const json_t *review);
json_t *gh_status(struct sim *s, struct sim_repo *r, const char *sha,
		  const json_t *status, bool with_creator);
json_t *gh_check(struct sim *s, struct sim_repo *r, const char *sha,
		 const json_t *check);
json_t *gh_comment(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
		   const json_t *comment);
json_t *gh_commit(struct sim *s, struct sim_repo *r, const char *sha);
/* The full id that REF (branch, tag or id) names in OUT; false: none. */
bool resolve(struct sim_repo *r, const char *ref, struct buf *out);
extern const struct sim_routes github_pulls, github_issues, github_status,
	github_git, github_deploy;
/* github_pulls.c: 422 with one error; CODE "custom" carries a text. */
void invalid(struct sim_call *c, const char *field, const char *code,
	     const char *fmt, ...) __attribute__((format(printf, 4, 5)));

void github_call(struct sim_call *c);
void graphql_call(struct sim_call *c);
void gitea_call(struct sim_call *c);
void control_call(struct sim_call *c);
void control_help(void);
const char *github_state_name(enum sim_merge_state st);
/* NULL, or why this cannot be merged by hand now, and the status for it. */
const char *github_merge_refusal(struct sim_call *c, struct sim_pr *pr,
				 const char *method, int *status,
				 struct buf *why);
json_t *shared_contents(struct sim_call *c, const char *ref, const char *path);

/* ---- wire.c ---- */

/* Listen on 127.0.0.1 and answer; the port, or 0 with errno. */
uint16_t wire_start(struct sim *s, uint16_t port);
void wire_stop(void);

#endif
