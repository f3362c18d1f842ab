#ifndef BOT_PLACE_H
#define BOT_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/base/err.h"
#include "bot/base/mem.h"
#include "bot/base/version.h"
#include "bot/config.h"

/*
 * A service in an environment: its fields, read from the texts of its files,
 * and the texts with another version in them. Pure: text in, text out.
 */

struct text {		/* a file's content; data NULL: there is no such file */
	const char *data;
	size_t len;
};

/* One field of the service: where it stands and what it holds. */
struct slot {
	enum field_kind kind;
	const char *file;	/* path in the repository */
	const char *image;	/* KUSTOMIZE: the entry's name; NULL: the only one */
	const char *path;	/* HELM, PLAIN: yamledit's path */
	const char *value;	/* PLAIN: template with {tag} {digest} {version} */
	const char *where;	/* HELM, PLAIN: yamledit's, which document */
	const char *label;	/* how SERVICE:LABEL=VERSION names it: a word */
	struct version version;
};

struct place {
	const char *service;
	const struct environment *env;
	bool exists;		/* deployed there: its files are there */
	struct slot *slots;
	size_t slots_len;
	const char *version;	/* canonical; "" where the fields are there
				   but empty; NULL unless it exists */
	struct err err;		/* the fields cannot be read */
};

/* Lay out the slots of SERVICE in ENV as SPEC says. Reads nothing. */
void place_init(struct place *p, struct arena *a,
		const struct service_spec *spec, const struct environment *env,
		const char *service);

/*
 * Read the slots from their files: texts[i] is the content of slots[i].file.
 * Sets exists, version and err; a file that is absent means not deployed
 * there, a field that is absent in a file is an error of the place.
 */
void place_read(struct place *p, struct arena *a, const struct text *texts);

/*
 * The canonical version string of N slots holding VERSIONS: one version where
 * all hold the same, else "LABEL=VERSION,..." in the order of the slots. Equal
 * strings mean that the same thing runs.
 */
const char *place_version(struct arena *a, const struct slot *slots,
			  const struct version *versions, size_t n);

/* What versions do the slots hold in these texts? False: not readable. */
bool place_versions_of(const struct place *p, struct arena *a,
		       const struct text *texts, struct version *out);

/*
 * VERSIONS, one per slot and all that is meant, as the slots will hold them: a
 * PLAIN field only what its template has a place for. ERR_UNSAFE: a digest has
 * none in any of them; it is never dropped.
 */
int place_fit(const struct place *p, struct version *versions, struct err *err);

/* A file that changed: the new text, in the arena. */
struct text_edit {
	const char *path;
	struct text old_text, new_text;
};

/*
 * The texts with versions[i] in slots[i]: one entry for each file that
 * changes, in *OUT (arena A). Two slots may share a file. *LEN 0: nothing to
 * change. Errors are yamledit's, with "FILE:" in front; ERR_UNSAFE also: no
 * slot has a place for a version's tag or digest.
 */
int place_edit(const struct place *p, struct arena *a,
	       const struct version *versions, const struct text *texts,
	       struct text_edit **out, size_t *len, struct err *err);

/*
 * Can all of these SLOTS, which share a document of the file TEXT, hold
 * VERSIONS? One edit tells it of hundreds; of which one it is not so,
 * place_edit() tells.
 */
bool slots_can_hold(const struct slot *const *slots,
		    const struct version *versions, size_t n, struct arena *a,
		    const struct text *text);

/* Does LABEL name the slot: by its label, its path or its image's name? */
bool slot_is_called(const struct slot *s, const char *label);

/* bot/place_image.c ------------------------------------------------------- */

/*
 * The image that slot S runs, as TEXT says (an entry's newName, else its name;
 * the repository of a Helm value), in A; *LINE is where, or 0. NULL: it does
 * not say.
 */
const char *slot_image(const struct slot *s, const struct text *text,
		       struct arena *a, int *line);

/*
 * Does an image reference's NAME stand in slot S: as name or newName, in the
 * Helm value, at the beginning of a PLAIN field's template?
 */
bool slot_runs_image(const struct slot *s, const struct text *text,
		     const char *name);

#endif
