#ifndef FORGE_CALL_H
#define FORGE_CALL_H

#include <jansson.h>

#include "forge/json.h"
#include "forge/ops.h"

/* What drivers are made of: one exchange with the forge, and lists. */

struct forge_answer {
	long status;
	json_t *json;		/* NULL: no body, or one that is not JSON */
	struct buf text;	/* what the forge says is wrong, one line;
				   "" where it says nothing readable */
	struct http_response res;
};
void forge_answer_release(struct forge_answer *a);

/* "/repos/OWNER/NAME" and what FMT makes; valid until the next call of it. */
const char *forge_repo_url(struct forge *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Below the API root. */
const char *forge_root_url(struct forge *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A branch's name in a path (slashes stay) or, whole, in a query; in A. */
const char *forge_esc_branch(struct arena *a, const char *branch);
const char *forge_esc(struct arena *a, const char *word);

/* At most MOST characters of S, in A, never half of one. */
const char *forge_cut(struct arena *a, const char *s, size_t most);

/*
 * One exchange. METHOD is GET, POST, PATCH, PUT or DELETE; BODY, swallowed,
 * may be NULL. GETs are repeated by the HTTP client where it helps, writes
 * never, and on a forge that limits writes they are spread out. A rate limit
 * is waited for where that fits into the run, else it is ERR_TRANSIENT. Any
 * other status is a success here. Release OUT after success and failure.
 *
 * ERR_TRANSIENT without a rate limit: what a write did is unknown.
 */
int forge_call(struct forge *f, const char *method, const char *url,
	       json_t *body_take, struct forge_answer *out, struct err *err);

/*
 * Make these GETs now, many at once, for forge_call() to find the answers.
 * Only for speed: what is not answered well is asked again in its turn.
 */
void forge_call_ahead(struct forge *f, const char *const *urls, size_t n);

/* The server failed or did not answer: a write may have been done. */
bool forge_doubtful(int rc, const struct forge_answer *a, const struct err *err);

/* Does the answer's text hold WORDS, in any case? */
bool forge_says(const struct forge_answer *a, const char *words);

/*
 * Say what went wrong, always -1. DOING is "open a pull request"; PERMISSION
 * what the token needs for it, for a forge that does not tell, or NULL.
 * A redirect: ERR_USAGE. 5xx: ERR_TRANSIENT. 2xx, whose body was not as it
 * should be: ERR_DATA. Others: ERR_REFUSED, 404 too, since it is what forges
 * say to a token that may not look. Where nothing was found before, the
 * message asks whether this is the right kind of forge.
 */
int forge_fail(struct forge *f, const struct forge_answer *a, const char *doing,
	       const char *permission, struct err *err);

/*
 * forge_call() for what needs an object and nothing but 2xx: 0 with OUT's
 * json an object, or -1 as forge_fail().
 */
int forge_object(struct forge *f, const char *method, const char *url,
		 json_t *body_take, const char *doing, const char *permission,
		 struct forge_answer *out, struct err *err);

/*
 * Call FN for every row of a list, page after page. URL already has a query
 * and the size of a page; KEY names the member that holds the list, or NULL.
 * FN answers 0 to go on, 1 for enough, -1 for a failure. A short page does
 * not mean the end: servers cap the size. At most MOST pages are read (0: so
 * many that more is ERR_DATA). Lists that go by cursors are read by those.
 */
typedef int forge_page_fn(void *ctx, const json_t *row, struct err *err);
int forge_pages(struct forge *f, const char *url, const char *key,
		unsigned most, const char *doing, const char *permission,
		forge_page_fn *fn, void *ctx, struct err *err);

/*
 * A pull request as GitHub, Gitea and Forgejo write it. ERR_DATA: it has no
 * number, branches or head id.
 */
int forge_pr_read(struct forge *f, const json_t *json, struct arena *a,
		  struct forge_pr *out, struct err *err);

/*
 * Members of forge_ops for forges that take these calls as GitHub does
 * (pulls.c). They name the ops' permissions.
 */
int forge_pr_get(struct forge *f, long long number, struct arena *a,
		 struct forge_pr *out, struct err *err);
size_t forge_pr_readiness_urls(struct forge *f, long long number,
			       struct arena *a, const char *urls[2]);
int forge_pr_update(struct forge *f, long long number, const char *title,
		    const char *body, struct err *err);
int forge_pr_close(struct forge *f, long long number, struct err *err);
int forge_pr_reviewers(struct forge *f, long long number,
		       const char *const *reviewers, size_t n, struct err *err);

/*
 * What set_status is on these: WORD is the forge's for the state, MOST the
 * characters of a description that it takes.
 */
int forge_status_post(struct forge *f, const char *sha, const char *name,
		      const char *word, const char *description, size_t most,
		      const char *permission, struct err *err);

/* Growable rows in an arena, for lists of facts. */
struct forge_pr_rows {
	struct forge *f;
	struct arena *a;
	struct forge_pr *items;
	size_t len, cap;
	/* What a row must be; NULL and 0: anything. */
	const char *base, *head, *head_prefix;
	bool open_only;
	size_t enough;
};
/* A forge_page_fn: keep the row if it is what was asked for. */
int forge_pr_rows_add(void *ctx, const json_t *row, struct err *err);

/* Statuses, the newest per name. */
struct forge_status_rows {
	struct arena *a;
	struct forge_status *items;
	size_t len, cap;
};
void forge_status_rows_add(struct forge_status_rows *rows,
			   const struct forge_status *s);
/* A forge_page_fn for statuses as GitHub, Gitea and Forgejo write them. */
int forge_status_row(void *ctx, const json_t *row, struct err *err);

/* Moves of a branch. */
struct forge_push_rows {
	struct arena *a;
	const char *branch;	/* for the driver */
	int64_t since_s;
	struct forge_push *items;
	size_t len, cap;
};
/*
 * For a forge_page_fn, rows newest first: 1 where this one, and so all that
 * follow, is older than was asked for. BEFORE and AFTER, in the arena, may be
 * NULL or all zero: no such head.
 */
int forge_push_rows_add(struct forge_push_rows *rows, const char *before,
			const char *after, int64_t at_s);

/*
 * Who approved: the last word of each reviewer counts, comments do not
 * change it, and an approval counts for the head that it was given to.
 */
struct forge_reviews {
	struct arena *a;
	const char *head_sha;
	struct review_word {
		const char *user;
		bool approved, objects;
	} *words;
	size_t len, cap;
};
void forge_reviews_add(struct forge_reviews *r, const char *user, const char *state,
		       const char *commit, bool counts);
size_t forge_reviews_approvals(const struct forge_reviews *r);
bool forge_reviews_objected(const struct forge_reviews *r);

/*
 * Ask for reviews by ASK with all names; where the forge refuses the lot for
 * one bad name, one by one. As forge_request_reviewers().
 */
typedef int forge_ask_fn(struct forge *f, long long number,
		   const char *const *names, size_t n, struct forge_answer *out,
		   struct err *err);
int forge_each_or_all(struct forge *f, long long number, const char *const *names,
		      size_t n, const char *doing, const char *permission,
		      const char *what, forge_ask_fn *ask, struct err *err);

#endif
