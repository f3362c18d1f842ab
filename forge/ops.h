#ifndef FORGE_OPS_H
#define FORGE_OPS_H

#include "forge/forge.h"

/*
 * How to add a forge
 *
 * 1. Write forge/NAME.c with one `const struct forge_ops forge_NAME`: its
 *    name, the hosts it is known by, how its API root is made, how a token is
 *    sent, and one function for each call of forge.h. A member that is absent
 *    means "not supported"; forge.c says so to the caller.
 * 2. Add it to forge_kinds[] in forge.c. Command line, promote.yaml, token
 *    variables and messages know it from there.
 * 3. A driver function makes requests with forge_call() (call.h), which adds
 *    the token, obeys rate limits and parses JSON under limits; judges the
 *    status, and on one that it does not know better calls forge_fail(),
 *    which tells the user what to do. Lists go through forge_pages(). Facts
 *    go into the caller's arena; forge_pr_read() reads a pull request in the shape
 *    that GitHub began and others took over.
 * 4. Rules that no forge is exempt from:
 *    - Compare again what a filter was asked for (state, head, base, and that
 *      the head repository is ours).
 *    - Nothing that creates is sent twice. After a doubtful answer (no
 *      answer, 5xx) look whether it is there.
 *    - Merges are pinned to a head. Where the forge cannot, read the head
 *      just before and after, and warn.
 *    - Unknown is not ready, not approved, not passed.
 *    - Every wait is http_wait() and has a limit of its own besides.
 * 5. Each surprise of the server is one row in tests/unit/forge_NAME_test.c
 *    (a transcript: the exact request expected, and the answer), which must
 *    go red when its handling is taken out.
 */
/* How the repository lets pull requests be merged; not told: true. */
struct forge_repo {
	bool allows_merge_commit, allows_squash, allows_rebase;
};

struct forge_ops {
	const char *name;
	const char *const *hosts;	/* hosted ones, NULL at the end */
	const char *hosted_root;	/* API root for hosts[0], or NULL: as
					   for every other host */
	const char *root_suffix;	/* "/api/v3": from origin to API root */
	const char *token_header;	/* "Authorization: Bearer" */
	const char *accept;		/* a whole header line */
	const char *extra_header;	/* or NULL */
	const char *git_user;
	const char *const *token_variables;
	const char *page_size;		/* "per_page=100" */
	const char *read_permission;	/* for pull requests, in messages */
	const char *write_permission;
	bool paces_writes;		/* limits content-creating calls */
	bool has_silent_pages;		/* a list may go on though no header
					   says so */

	int (*repo)(struct forge *f, struct forge_repo *out, struct err *err);
	int (*list_open)(struct forge *f, const char *base,
			 const char *head_prefix, struct arena *a,
			 struct forge_pr **out, size_t *len, struct err *err);
	int (*list_by_head)(struct forge *f, const char *base, const char *head,
			    int64_t since_s, struct arena *a,
			    struct forge_pr **out, size_t *len,
			    struct err *err);
	/* The GETs that `list_by_head` and `readiness` begin with, for asking
	   many at once: how many they are. */
	size_t (*by_head_urls)(struct forge *f, const char *base,
			       const char *head, struct arena *a,
			       const char *urls[2]);
	size_t (*readiness_urls)(struct forge *f, long long number,
				 struct arena *a, const char *urls[2]);
	int (*get)(struct forge *f, long long number, struct arena *a,
		   struct forge_pr *out, struct err *err);
	int (*open_pr)(struct forge *f, const struct forge_new_pr *pr,
		       struct arena *a, struct forge_pr *out, bool *existed,
		       struct err *err);
	int (*update_pr)(struct forge *f, long long number, const char *title,
			 const char *body, struct err *err);
	int (*close_pr)(struct forge *f, long long number, struct err *err);
	int (*add_labels)(struct forge *f, long long number,
			  const char *const *labels, size_t n, struct err *err);
	int (*request_reviewers)(struct forge *f, long long number,
				 const char *const *reviewers, size_t n,
				 struct err *err);
	int (*readiness)(struct forge *f, long long number, int64_t wait_ms,
			 struct arena *a, struct forge_readiness *out,
			 struct err *err);
	int (*merge)(struct forge *f, long long number, const char *head_sha,
		     enum forge_merge_method method, const char *title,
		     const char *message, struct arena *a,
		     const char **merge_sha, struct err *err);
	int (*arm)(struct forge *f, const struct forge_pr *pr,
		   const char *head_sha, enum forge_merge_method method,
		   bool *merged, struct err *err);
	int (*disarm)(struct forge *f, const struct forge_pr *pr,
		      struct err *err);
	int (*statuses)(struct forge *f, const char *sha, struct arena *a,
			struct forge_status **out, size_t *len,
			bool *checks_unknown, struct err *err);
	/* The GETs that `statuses` begins with, for asking many at once. */
	size_t (*statuses_urls)(struct forge *f, const char *sha,
				struct arena *a, const char *urls[2]);
	int (*set_status)(struct forge *f, const char *sha, const char *name,
			  enum forge_status_state state,
			  const char *description, struct err *err);
	/* ERR_REFUSED: there is no such list, or not for this token. */
	int (*pushes)(struct forge *f, const char *branch, int64_t since_s,
		      struct arena *a, struct forge_push **out, size_t *len,
		      struct err *err);
};

extern const struct forge_ops forge_github, forge_gitea, forge_forgejo;

/* What is known of one forge during a run. */
struct forge {
	const struct forge_ops *ops;
	struct http *http;
	char *root;		/* of the API, no slash at the end */
	char *owner, *name;	/* of the repository */
	char *repo_path;	/* "/repos/OWNER/NAME", escaped */
	char *host;		/* for messages */
	struct http_cred cred;	/* header NULL: no token */

	struct buf url;		/* of the call being made */
	double write_budget;	/* content-creating calls that may go at once */
	int64_t write_budget_ms;	/* when that was so */

	/* Answers to GETs that will be made soon; each is used once. */
	struct forge_ahead {
		char *url;	/* NULL: used */
		struct http_response res;
	} *ahead;
	size_t ahead_len;

	bool was_found;		/* something was there: it is no other forge */

	/* What does not change during a run, asked at most once. */
	bool has_repo;
	struct forge_repo repo;
	int version[2];		/* Gitea's; [0] < 0: not asked yet */
	int forgejo;		/* major version of Forgejo; 0: Gitea */
	enum { QUEUE_UNKNOWN, QUEUE_NONE, QUEUE_THERE } queue;	/* GitHub's */

	/* Gitea's newest pull requests in any state: it cannot be asked by
	   head. Old as soon as anything changes. */
	struct arena newest_arena;
	struct forge_pr *newest;
	size_t newest_len;
	bool has_newest;
	int64_t newest_since_s;		/* so far back it was read */
};

/* The repository's facts, asked once a run. */
int forge_repo_once(struct forge *f, const struct forge_repo **out,
		    struct err *err);

#endif
