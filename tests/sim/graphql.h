#ifndef TESTS_SIM_GRAPHQL_H
#define TESTS_SIM_GRAPHQL_H

#include <jansson.h>
#include <stdbool.h>

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

#endif
