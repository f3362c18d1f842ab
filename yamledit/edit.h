#ifndef YAMLEDIT_EDIT_H
#define YAMLEDIT_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/base/buf.h"
#include "bot/base/err.h"
#include "bot/base/mem.h"
#include "bot/base/version.h"

/*
 * Byte-exact, type-safe edits of YAML text. Text in, text out: no files.
 *
 * Every edit finds the byte range of a scalar with libyaml's event parser,
 * splices, parses the result and compares the two lists of events: they
 * differ in exactly the planned place or the edit is refused (ERR_BUG).
 * A value is written so that every YAML reader (1.1, 1.2, go-yaml v2 and v3,
 * PyYAML) sees a string.
 *
 * Errors of all functions begin with "LINE:COLUMN: " where a place in the
 * text is meant, so that a caller can put "FILE:" before it.
 *
 * ERR_NOTFOUND: the path leads nowhere; names the nearest that exists.
 * ERR_UNSAFE:   one edit would change more than one place, or cannot be made
 *               without guessing: several matches, duplicate keys, an alias,
 *               an anchor in use, a merge key, a map or list where a scalar
 *               is expected, a template, a file encrypted by SOPS.
 * ERR_DATA:     not YAML, not UTF-8, over YE_MAX_SIZE or YE_MAX_DEPTH.
 * ERR_USAGE:    a value or a name that is not UTF-8, an empty version.
 * On failure OUT is untouched.
 */

#define YE_MAX_SIZE	(32u << 20)	/* bytes */
#define YE_MAX_DEPTH	128		/* nested maps and lists */

/*
 * Where to: keys joined by dots, [2] for an index, [name=web] for the list
 * item whose key `name` is `web`, "quoted.key" for keys with dots or brackets
 * (also inside [ ]; \" and \\ are themselves), "." for the document itself.
 */
struct ye_path;

/* ERR_USAGE: not of that form; says where. Free with ye_path_free(). */
int ye_path_parse(struct ye_path **out, const char *text, struct err *err);
void ye_path_free(struct ye_path *path);

/*
 * Which document of a stream, and whether what is missing may be added.
 * NULL stands for a zeroed struct.
 */
struct ye_options {
	int document;		/* from 1; 0: the only one, else ERR_UNSAFE */
	const char *where;	/* "kind=X,metadata.name=Y" picks one; or NULL */
	bool create;		/* add missing keys and entries */
};

/* ERR_USAGE: WHERE is not PATH=VALUE[,PATH=VALUE...]. */
int ye_where_check(const char *where, struct err *err);

/* Append the scalar at PATH, as text, to OUT. A null reads as "". */
int ye_get(struct buf *out, const char *text, size_t len,
	   const struct ye_path *path, const struct ye_options *opt,
	   struct err *err);

/* Append TEXT with the scalar at PATH replaced by VALUE to OUT. */
int ye_set(struct buf *out, const char *text, size_t len,
	   const struct ye_path *path, const char *value,
	   const struct ye_options *opt, struct err *err);

/*
 * Append TEXT without the map entry or list item at PATH to OUT. ERR_UNSAFE
 * also: the only one of a block (nothing would be left, which is null), and
 * tabs or spellings around it that do not survive without it.
 */
int ye_delete(struct buf *out, const char *text, size_t len,
	      const struct ye_path *path, const struct ye_options *opt,
	      struct err *err);

/*
 * One entry of a kustomization's `images`. Absent keys are NULL. Strings are
 * in the arena of the list. LINE and COLUMN (from 1) are those of the entry.
 */
struct ye_image {
	const char *name, *new_name;
	struct version version;		/* newTag, digest */
	int line, column;
};

struct ye_images {
	struct arena arena;
	struct ye_image *items;
	size_t len;
};

/*
 * The `images` of a kustomization, in order; none where the key is absent.
 * ERR_UNSAFE: an alias or merge key among them, a duplicate name.
 */
int ye_images(struct ye_images *out, const char *text, size_t len,
	      struct err *err);
void ye_images_release(struct ye_images *images);

/*
 * Make the entry called NAME run VERSION: newTag and digest are set, added
 * or removed until exactly VERSION's stand there. Adding needs opt->create
 * only where the entry itself is absent; a key missing in an entry that
 * exists is added at its siblings' indent. newName is left alone.
 */
int ye_image_set(struct buf *out, const char *text, size_t len,
		 const char *name, const struct version *version,
		 const struct ye_options *opt, struct err *err);

/*
 * The version that an image value holds. KEY leads to a map with `tag` and
 * `digest` below it (or `tag: 1.2@sha256:...` alone), or to a string that is
 * an image reference, [OLD=]NAME[:TAG][@DIGEST]: OLD= is how Argo CD's
 * kustomize.images names what is replaced.
 *
 * Setting it leaves exactly VERSION's parts there. In a map, a key that is
 * missing is added with opt->create only: not every chart knows `digest`. One
 * that VERSION has no part for stays and becomes `""`, which counts as none:
 * so there is a way back. ERR_NOTFOUND from ye_helm_get() also where the map
 * has neither.
 */
int ye_helm_get(struct version *out, struct arena *a, const char *text,
		size_t len, const struct ye_path *key,
		const struct ye_options *opt, struct err *err);
int ye_helm_set(struct buf *out, const char *text, size_t len,
		const struct ye_path *key, const struct version *version,
		const struct ye_options *opt, struct err *err);

/*
 * Several edits of one text: as one after the other, but all or nothing, and
 * parsed less often. What an edit changes, those after it find.
 */
struct ye_edit {
	enum ye_op { YE_SET, YE_DELETE, YE_IMAGE, YE_HELM } op;
	const struct ye_path *path;	/* SET, DELETE; HELM: the key */
	const char *name;		/* IMAGE */
	const char *value;		/* SET */
	struct version version;		/* IMAGE, HELM */
};
int ye_apply(struct buf *out, const char *text, size_t len,
	     const struct ye_edit *edits, size_t n,
	     const struct ye_options *opt, struct err *err);

/*
 * The keys of the map at PATH (NULL: the top), in order, in arena A. For
 * finding {service} among the keys of a values file.
 */
int ye_keys(const char ***out, size_t *out_len, struct arena *a,
	    const char *text, size_t len, const struct ye_path *path,
	    const struct ye_options *opt, struct err *err);

/*
 * May VALUE stand as a plain scalar so that no reader sees anything but a
 * string? FLOW: inside [ ] or { }.
 */
bool ye_plain_safe(const char *value, bool flow);

#endif
