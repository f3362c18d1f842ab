#ifndef BOT_BASE_VERSION_H
#define BOT_BASE_VERSION_H

#include <stdbool.h>
#include <stddef.h>

#include "bot/base/err.h"
#include "bot/base/mem.h"

struct buf;

/*
 * What one image runs: a tag, a digest, or both. NULL is absent. Strings are
 * borrowed from whoever made it.
 */
struct version {
	const char *tag;	/* "1.4.2" */
	const char *digest;	/* "sha256:" and 64 hex digits */
};

/*
 * The grammar of a tag, [A-Za-z0-9_][A-Za-z0-9._-]{0,127} (OCI distribution
 * spec 1.1, "Pulling manifests"), with '+' allowed after the first character:
 * registries refuse it, but values files hold chart versions with it.
 */
bool tag_valid(const char *s, size_t len);

/* "sha256:" and 64 lower-case hex digits (OCI image spec, descriptor). */
bool digest_valid(const char *s, size_t len);

/*
 * TAG, TAG@sha256:HEX or @sha256:HEX. Strings are copied into A.
 * ERR_USAGE: not of that form; says which part.
 */
int version_parse(struct version *out, struct arena *a, const char *text,
		  struct err *err);

/* The form that version_parse() takes; "" where both are absent. */
void version_format(struct buf *out, const struct version *v);

bool version_eq(const struct version *a, const struct version *b);
bool version_empty(const struct version *v);

/*
 * An image reference: [REGISTRY[:PORT]/]NAME[:TAG][@DIGEST] (distribution
 * spec; docker's reference grammar). NAME keeps registry and port. Strings
 * are copied into A. ERR_DATA: not of that form.
 */
struct image_ref {
	const char *name;
	struct version version;
};
int image_ref_parse(struct image_ref *out, struct arena *a, const char *text,
		    struct err *err);

#endif
