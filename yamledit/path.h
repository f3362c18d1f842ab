#ifndef YAMLEDIT_PATH_H
#define YAMLEDIT_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/base/err.h"
#include "bot/base/mem.h"

struct buf;

/* Private to yamledit/; the grammar is in edit.h. */
struct step {
	enum step_kind { STEP_KEY, STEP_INDEX, STEP_SELECT } kind;
	const char *key;	/* KEY: the key; SELECT: the item's key */
	const char *value;	/* SELECT: what it must be */
	size_t index;		/* INDEX */
};

struct ye_path {
	struct arena arena;
	const char *text;	/* as it was written */
	struct step *steps;
	size_t len, cap;
};

/* The first N steps, in the form that is read: for messages. */
void ye_path_format(struct buf *out, const struct ye_path *path, size_t n);

/*
 * "kind=X,metadata.name=Y" as alternating paths and values. Free with
 * ye_conditions_release(). ERR_USAGE as for a path.
 */
struct condition {
	struct ye_path *path;
	char *value;
};
struct conditions {
	struct condition *items;
	size_t len, cap;
};
int ye_conditions_parse(struct conditions *out, const char *text,
			struct err *err);
void ye_conditions_release(struct conditions *c);

#endif
