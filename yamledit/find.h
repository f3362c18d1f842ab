#ifndef YAMLEDIT_FIND_H
#define YAMLEDIT_FIND_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/base/err.h"
#include "yamledit/parse.h"
#include "yamledit/path.h"

struct ye_options;

/*
 * Where a path leads in parsed text. Private to yamledit/.
 *
 * Refused with ERR_UNSAFE, since what one reader sees there another does not,
 * or since one edit would change two places: a key that stands twice, two
 * items that match, an alias or a merge key on the way, a key that a later
 * merge key overrides for some readers, a node whose anchor is in use.
 */
struct place {
	size_t doc;		/* number, from 0 */
	size_t steps;		/* how many led somewhere */
	size_t node;		/* where they led */
	size_t parent;		/* the map or list it is in; NO_EV: the root */
	size_t key;		/* in a map: its key; else NO_EV */
};

/*
 * 0: found. 1: leads nowhere, and PLACE is the last node that exists; ERR is
 * set all the same (ERR_NOTFOUND, names the nearest; or ERR_UNSAFE where
 * nothing can be added), so that `return -1` is all that most callers do, and
 * one that adds what is missing clears it. -1: refused, or broken.
 */
int ye_find(struct place *out, const struct parse *p, size_t doc,
	    const struct ye_path *path, bool is_edit, struct err *err);

/*
 * The value of KEY in the map at MAP: 0, or 1 where there is none, or -1
 * (twice, aliased, merged). KEY_EV may be NULL.
 */
int ye_find_key(size_t *value_ev, size_t *key_ev, const struct parse *p,
		size_t map, const char *key, struct err *err);

/*
 * The same for a map that is one of many in a list: what merge keys lead to is
 * looked at as long as VISITS, which they share, lasts; after that they are
 * taken to bring in the key.
 */
enum { YE_LIST_VISITS = 1000 * 1000 };
int ye_find_item_key(size_t *value_ev, size_t *key_ev, const struct parse *p,
		     size_t map, const char *key, int *visits, struct err *err);

/* The document that OPT means, as a number from 0. */
int ye_find_document(size_t *out, const struct parse *p,
		     const struct ye_options *opt, struct err *err);

/*
 * Text that nobody may edit: a template that happens to parse, a file whose
 * encryption by SOPS an edit would break, line ends that readers differ in.
 * (editable.c)
 */
int ye_check_editable(const struct parse *p, struct err *err);

/* Does the scalar E hold a {{ }} that something fills in? */
bool ye_is_template_string(const struct ev *e);

/* "a list, where one value is expected": ERR_UNSAFE, always -1. */
int ye_err_not_scalar(struct err *err, const struct ev *e);

/* "a map", "a list", "a string", "an alias": for messages. */
const char *ye_ev_kind(const struct ev *e);

#endif
