#ifndef YAMLEDIT_PLAN_H
#define YAMLEDIT_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/base/buf.h"
#include "bot/base/err.h"
#include "bot/base/mem.h"
#include "yamledit/parse.h"

/*
 * What is going to change, said twice: as bytes to replace and as events to
 * expect afterwards. ye_plan_apply() does the first and proves the second.
 * Private to yamledit/.
 */
struct splice {
	size_t start, end;	/* bytes of the old text that go */
	const char *text;	/* what comes, in the plan's arena */
	size_t len;
	size_t order;		/* of two at one place, the first planned */
};

/* What an edit adds: a scalar, or a map or list of such. */
struct fresh {
	enum fresh_kind { FRESH_SCALAR, FRESH_MAP, FRESH_LIST } kind;
	const char *value;
	size_t len;
	struct fresh_entry {
		const char *key;	/* in a list: NULL */
		const struct fresh *node;
	} *entries;
};

struct change {
	size_t at;		/* before this event */
	size_t removed;		/* events, from AT on */
	const struct fresh_entry *added;	/* or NULL */
	bool is_set;		/* one scalar gets a new value in its place:
				   anchor and tag stay */
};

struct plan {
	struct arena arena;
	struct splice *splices;
	size_t splices_len, splices_cap;
	struct change *changes;
	size_t changes_len, changes_cap;
};

void ye_plan_release(struct plan *plan);

/* Replace the bytes from START to END by TEXT (copied). */
void ye_plan_splice(struct plan *plan, size_t start, size_t end, const char *text,
		    size_t len);

/* Expect this; ADDED lives as long as the plan. */
void ye_plan_change(struct plan *plan, const struct change *change);

/* A scalar in the plan's arena. */
const struct fresh *ye_fresh_scalar(struct plan *plan, const char *value);

/*
 * Carry out PLAN on P: OUT gets the new text, NEW_P its events (OUT must
 * outlive them; release both also after a failure). ERR_BUG: the new events
 * are not the old ones with the planned change.
 */
int ye_plan_apply(struct buf *out, struct parse *new_p, struct plan *plan,
		  const struct parse *p, struct err *err);

#endif
