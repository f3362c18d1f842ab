#ifndef FORGE_GITHUB_H
#define FORGE_GITHUB_H

#include "forge/call.h"

/* Between the files of the GitHub driver. */

#define GH_READ "pull requests: read"
#define GH_PULLS "pull requests: read and write"
#define GH_CONTENTS "contents: read and write"

int gh_list_by_head(struct forge *f, const char *base, const char *head,
		    int64_t since_s, struct arena *a, struct forge_pr **out,
		    size_t *len, struct err *err);
int gh_open_pr(struct forge *f, const struct forge_new_pr *pr, struct arena *a,
	       struct forge_pr *out, bool *existed, struct err *err);
int gh_readiness(struct forge *f, long long number, int64_t wait_ms,
		 struct arena *a, struct forge_readiness *out, struct err *err);
size_t gh_statuses_urls(struct forge *f, const char *sha, struct arena *a,
			const char *urls[2]);
int gh_statuses(struct forge *f, const char *sha, struct arena *a,
		struct forge_status **out, size_t *len, bool *checks_unknown,
		struct err *err);
int gh_set_status(struct forge *f, const char *sha, const char *name,
		  enum forge_status_state state, const char *description,
		  struct err *err);
int gh_merge(struct forge *f, long long number, const char *head_sha,
	     enum forge_merge_method method, const char *title,
	     const char *message, struct arena *a, const char **merge_sha,
	     struct err *err);
int gh_arm(struct forge *f, const struct forge_pr *pr, const char *head_sha,
	   enum forge_merge_method method, bool *merged, struct err *err);
int gh_disarm(struct forge *f, const struct forge_pr *pr, struct err *err);

/* Is pull request PR in a merge queue? False where that is not known. */
bool gh_in_queue(struct forge *f, const char *node_id);

#endif
