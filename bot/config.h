#ifndef BOT_CONFIG_H
#define BOT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/base/err.h"
#include "bot/base/mem.h"
#include "bot/base/node.h"
#include "policies/gate.h"

/*
 * promote.yaml, as it stands on base at the commit that is edited. Everything
 * here is in the config's arena and freed with it.
 */

#define CONFIG_FILE "promote.yaml"

/*
 * Text with {placeholders}. Known everywhere: {environment}, {dir} and the
 * environment's `vars`; {service} in services; {tag}, {digest}, {version}
 * only in a field's `value`.
 */
struct field {
	enum field_kind {
		FIELD_KUSTOMIZE,	/* an `images` entry of a kustomization */
		FIELD_HELM,		/* an image map or string in a values file */
		FIELD_PLAIN,		/* any scalar */
	} kind;
	const struct node *node;
	const char *file;	/* template */
	const char *image;	/* KUSTOMIZE: the entry's name, a template;
				   NULL: the file's only entry */
	const char *path;	/* HELM: `key`; PLAIN: `path`; a template */
	const char *value;	/* PLAIN: a template with {tag}, {digest} or
				   {version}; "{tag}" where none is given */
	const char *where;	/* HELM, PLAIN: which of a file's documents, a
				   template; NULL: the only one */
};

/* What may be set for an environment, or for a service in it. */
struct rules {
	bool promote_auto;	/* else only `git promote to` */
	bool deliver_push;	/* else by pull request */
	bool merge_auto;	/* else a person merges */
	bool refresh_always;	/* also an approved pull request */
	bool rollback_push;	/* as deliver, where it is not set */
	bool rollback_set;
	const char **overrides;	/* gates that --override may name ... */
	size_t overrides_len;
	bool overrides_set;	/* ... else it may name all */
	struct gate *gates;
	size_t gates_len;
	struct gate *verify;	/* judged once a version is live here */
	size_t verify_len;
	int64_t verify_within_s;
	bool verify_rollback;	/* auto goes back from what failed */
	const char **reviewers;
	size_t reviewers_len;
	const char **labels;
	size_t labels_len;
};

struct environment {
	const char *name;
	const struct node *node;
	size_t *from;		/* indexes into config's environments */
	size_t from_len;	/* 0: an entry environment */
	const char *(*vars)[2];	/* name, value; `dir` is always there */
	size_t vars_len;
	struct rules rules;
};

/* One entry of `services`. */
struct service_spec {
	const struct node *node;
	const char *name;	/* written out; NULL: found by pattern */
	struct field *fields;
	size_t fields_len;	/* a pattern has one */
	struct rules *rules;	/* one per environment, overrides applied */
};

/* Services that move together. */
struct set {
	const struct node *node;
	const char *name;
	const char **members;
	size_t members_len;
};

struct limits {			/* of auto; 0: none */
	size_t promotions;	/* begun in one run */
	size_t pull_requests;	/* open in one environment */
};

struct config {
	struct arena arena;
	const char *forge;	/* kind, or NULL */
	struct environment *environments;	/* in order */
	size_t environments_len;
	struct service_spec *services;
	size_t services_len;
	struct set *sets;
	size_t sets_len;
	struct limits limits;
};

#define CONFIG_MAX_SIZE	(1u << 20)	/* bytes */

/*
 * Read promote.yaml. All faults go to D, sorted, with what to write instead,
 * warnings too (of settings that never count). CONFIG counts only when D has no
 * errors; else -1 (ERR_USAGE: how many there are).
 */
int config_parse(struct config *config, const char *text, size_t len,
		 struct diag *d, struct err *err);
void config_release(struct config *config);

/* Is NAME what --override can name: a gate, "chain" or "stop"? */
bool config_may_be_overridden(const char *name);

/* Index of the environment called NAME, or SIZE_MAX. */
size_t config_environment(const struct config *config, const char *name);

/*
 * TEMPLATE with the environment's placeholders replaced, and {service} by
 * SERVICE (NULL: {service} stays). {tag}, {digest} and {version} stay. In A.
 */
const char *config_expand(struct arena *a, const char *template,
			  const struct environment *env, const char *service);

/*
 * Match TEXT against PATTERN, in which PLACEHOLDER ("{service}") stands once
 * or several times for the same text of at least one byte and without a
 * slash. The text it stood for, in A; NULL where it does not match.
 */
const char *config_match(struct arena *a, const char *pattern,
			 const char *placeholder, const char *text);

#endif
