#ifndef TESTS_SIM_GITEA_H
#define TESTS_SIM_GITEA_H

#include "tests/sim/sim.h"

/* 1.15 -> 115; Forgejo counts by the Gitea version it speaks of. */
int gt_version(const struct sim *s);
/* LIST, or null where it is empty; swallows it. */
json_t *gt_list(struct sim *s, json_t *list);
json_t *gt_person(struct sim *s, const char *name);
json_t *gt_people(struct sim *s, const json_t *names);
json_t *gt_repo(struct sim *s, struct sim_repo *r,
		 const struct sim_user *u);
json_t *gt_label(struct sim *s, struct sim_repo *r, const json_t *l);
/* A label of the repository or the organisation, by id, or by name where the
   version knows that; NULL: none. Borrowed. */
json_t *gt_find_label(struct sim_call *c, const json_t *want);
json_t *gt_labels(struct sim *s, struct sim_repo *r,
		   const struct sim_pr *pr);
json_t *gt_pr(struct sim_call *c, struct sim_pr *pr, bool is_poll);
json_t *gt_status(struct sim_call *c, const char *sha, const json_t *v);
json_t *gt_comment(struct sim_call *c, struct sim_pr *pr,
		    const json_t *v);

extern const struct sim_routes gitea_pulls, gitea_issues, gitea_repo;

#endif
