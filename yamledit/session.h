#ifndef YAMLEDIT_SESSION_H
#define YAMLEDIT_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/base/buf.h"
#include "bot/base/err.h"
#include "bot/base/version.h"
#include "yamledit/edit.h"
#include "yamledit/find.h"
#include "yamledit/parse.h"
#include "yamledit/plan.h"

/*
 * One text under edit. Edits go into a plan; ye_session_commit() carries it out
 * and parses the result, which serves as proof and for the edits after it.
 * New values of scalars wait in one plan, since they do not move anything;
 * what adds or removes is committed by itself. Private to yamledit/.
 */
struct session {
	struct buf text;
	struct parse p;
	struct plan plan;
	struct ye_options opt;
	size_t doc;
};

/*
 * Copy and parse TEXT, find the document; what nobody may edit is refused.
 * Release S also after a failure.
 */
int ye_session_init(struct session *s, const char *text, size_t len,
		    const struct ye_options *opt, struct err *err);
void ye_session_release(struct session *s);
int ye_session_commit(struct session *s, struct err *err);

/* ye_find() in the session's document, for an edit. */
int ye_session_find(struct place *out, struct session *s,
		    const struct ye_path *path, struct err *err);

/* Plan a new VALUE for the scalar at event AT. (set.c) */
int ye_set_scalar(struct session *s, size_t at, const char *value,
		  struct err *err);

/*
 * Plan the text VALUE for a key, a dash or properties with nothing behind
 * them: the scalar at event EV has no text of its own. (set.c)
 */
int ye_splice_empty(struct session *s, size_t ev, const char *value,
		    struct err *err);

/*
 * Add ENTRY (in a map; in a list its key is NULL) to the map or list at
 * event AT, or fill the null there with a new one. Nothing may be waiting in
 * the plan before; it is committed at the end. (add.c)
 */
int ye_add_entry(struct session *s, size_t at, const struct fresh_entry *entry,
		 struct err *err);

/*
 * Add what PATH lacks behind PLACE, down to VALUE; as ye_add_entry(). 1: PATH
 * asks for what cannot be made, as a place in the midst of a list. (add.c)
 */
int ye_add_path(struct session *s, const struct place *place,
		const struct ye_path *path, const struct fresh *value,
		struct err *err);

/* Remove the entry or item at PLACE. Committed. (remove.c) */
int ye_remove_place(struct session *s, const struct place *place,
		    struct err *err);

/* One edit each. (set.c, remove.c, image.c) */
int ye_edit_set(struct session *s, const struct ye_path *path, const char *value,
		struct err *err);
int ye_edit_delete(struct session *s, const struct ye_path *path,
		   struct err *err);
int ye_edit_image(struct session *s, const char *name,
		  const struct version *version, struct err *err);
int ye_edit_helm(struct session *s, const struct ye_path *key,
		 const struct version *version, struct err *err);

#endif
