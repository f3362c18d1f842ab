#ifndef TESTS_SIM_GRAPHQL_H
#define TESTS_SIM_GRAPHQL_H

#include <jansson.h>
#include <stdbool.h>

#include "tests/sim/sim.h"

/*
 * The selections of one operation, as JSON:
 *   {"field": NAME, "as": ALIAS, "args": {...}, "sel": [...]}
 *   {"on": TYPE, "sel": [...]}            fragments are written out
 * with variables replaced by their values; enums are strings.
 */
struct gql_doc {
	const char *p;
	json_t *variables, *fragments;
	const char *wrong;	/* first fault, or NULL */
	bool is_mutation;
	json_t *sel;
};

/* False: DOC->wrong says why. Release it either way. */
bool gql_parse(struct gql_doc *doc, const char *text, const json_t *variables);
void gql_release(struct gql_doc *doc);

/* One query while it runs. */
struct gql {
	struct sim_call *c;
	json_t *errors;
	bool voids;	/* a fault of the query: no data at all */
};

/* Note an error: TYPE and PATH may be NULL. It goes with 200 all the same. */
void gql_fail(struct gql *g, const char *type, const char *path,
	      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * An object is JSON with all its fields, the objects it refers to as stubs
 * {"__stub": ..., "repo": ...} that are made only where a query looks into
 * them; a list is a connection that is cut when it is looked at.
 */
json_t *gql_stub(const char *what, const struct sim_repo *r);
json_t *gql_stub_pr(const struct sim_repo *r, const struct sim_pr *pr);
json_t *gql_stub_commit(const struct sim_repo *r, const char *oid);
json_t *gql_connection(json_t *nodes_taken);
json_t *gql_actor(const char *login);
json_t *gql_queue_entry(const struct sim_repo *r, const struct sim_pr *pr);
struct sim_repo *gql_repo_of(struct gql *g, const json_t *stub_or_args);
json_t *gql_expand(struct gql *g, const json_t *o);
json_t *gql_mutate(struct gql *g, const char *field, const json_t *args);
struct sim_pr *gql_pr_by_id(struct gql *g, const char *id,
		       struct sim_repo **r);

#endif
