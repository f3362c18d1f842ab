#ifndef POLICIES_GATES_H
#define POLICIES_GATES_H

#include "policies/gate.h"

/* All kinds of gates, one per policies/gate_NAME.c; gate.c has the table. */
extern const struct gate_kind gate_soak;
extern const struct gate_kind gate_checks;
extern const struct gate_kind gate_tag;
extern const struct gate_kind gate_hours;
extern const struct gate_kind gate_freeze;
extern const struct gate_kind gate_pin;
extern const struct gate_kind gate_metric;
extern const struct gate_kind gate_http;
extern const struct gate_kind gate_argocd;

/* What the parsers of settings share; faults go to P's diag. */

/* Is N a map whose keys are all among KNOWN? */
bool gate_map(const struct node *n, const struct gate_parse *p,
	      const char *const *known, const char *example);

/* The text of the scalar N: one line of at most 200 bytes; or NULL. */
const char *gate_text(const struct node *n, const struct gate_parse *p,
		      const char *what, const char *example);

/* A text, or a list of at least one: nodes that gate_text() took. */
bool gate_texts(const struct node *n, const struct gate_parse *p,
		const char *what, const char *example,
		const struct node *const **out, size_t *len);

/* A time of day or a date; *IS_DATE says which. */
bool gate_time(const struct node *n, const struct gate_parse *p,
	       const char *what, int64_t *out_s, bool *is_date);

/* A number; both ends of the double range are none. */
bool gate_number(const struct node *n, const struct gate_parse *p,
		 const char *what, double *out);

/* An http(s) address without user info; placeholders may stand in it. */
const char *gate_url(const struct node *n, const struct gate_parse *p,
		     const char *what, const char *example);

/*
 * TEMPLATE in A with {service}, {environment}, {from} and {version} replaced,
 * and {live}, how long the version has been live, as PromQL writes it. For a
 * URL (IS_URL) what stands for them is percent-encoded. Other braces stay.
 */
const char *gate_expand(struct arena *a, const char *template,
			const struct gate_facts *f, bool is_url);

/* Do only gate_expand()'s placeholders stand in braces? Else it is faulted. */
bool gate_template(const struct node *n, const struct gate_parse *p);

/*
 * For a judge that has no answers yet. True: it has, and goes on.
 */
bool gate_answered(const struct gate_facts *f, struct gate_result *out);

#endif
