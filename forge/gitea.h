#ifndef FORGE_GITEA_H
#define FORGE_GITEA_H

#include "forge/call.h"

/* Between the files of the Gitea and Forgejo driver. */

#define GT_ISSUES "issue: read and write"
#define GT_READ "repository: read"
#define GT_REPO "repository: read and write"

/*
 * Is the server at least Gitea MAJOR.MINOR? Every Forgejo is. Asked once a
 * run.
 */
int gt_version_at_least(struct forge *f, int major, int minor, bool *out,
			struct err *err);

int gt_add_labels(struct forge *f, long long number,
		  const char *const *labels, size_t n, struct err *err);
int gt_merge(struct forge *f, long long number, const char *head_sha,
	     enum forge_merge_method method, const char *title,
	     const char *message, struct arena *a, const char **merge_sha,
	     struct err *err);
int gt_arm(struct forge *f, const struct forge_pr *pr, const char *head_sha,
	   enum forge_merge_method method, bool *merged, struct err *err);
int gt_disarm(struct forge *f, const struct forge_pr *pr, struct err *err);
int gt_readiness(struct forge *f, long long number, int64_t wait_ms,
		 struct arena *a, struct forge_readiness *out, struct err *err);
int gt_statuses(struct forge *f, const char *sha, struct arena *a,
		struct forge_status **out, size_t *len, bool *checks_unknown,
		struct err *err);
size_t gt_statuses_urls(struct forge *f, const char *sha, struct arena *a,
			const char *urls[2]);
int gt_set_status(struct forge *f, const char *sha, const char *name,
		  enum forge_status_state state, const char *description,
		  struct err *err);
int gt_pushes(struct forge *f, const char *branch, int64_t since_s,
	      struct arena *a, struct forge_push **out, size_t *len,
	      struct err *err);

#endif
