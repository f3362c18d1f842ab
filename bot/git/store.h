#ifndef BOT_GIT_STORE_H
#define BOT_GIT_STORE_H

#include <git2.h>

#include "bot/git/oidmap.h"
#include "bot/git/spool.h"

/*
 * The objects that are here: those of the packs that were fetched, and those
 * made by us. It lives in memory and in files without a name, and is gone
 * when the program ends.
 *
 * An object that is not here says nothing about whether it exists: every
 * caller that looks something up has made sure first that it was fetched.
 */
struct store;

enum object_type {
	OBJECT_COMMIT = GIT_OBJECT_COMMIT,
	OBJECT_TREE = GIT_OBJECT_TREE,
	OBJECT_BLOB = GIT_OBJECT_BLOB,
	OBJECT_TAG = GIT_OBJECT_TAG,
};

int store_new(struct store **out, struct err *err);
void store_free(struct store *s);

bool store_has(const struct store *s, const struct oid *id);

struct object {
	const char *data;
	size_t len;
	git_odb_object *odb;	/* who owns the data: one of the two */
	void *raw;
};

/*
 * ERR_DATA: it is not here (the server did not send what was asked for), is
 * of another type, or over the size that its type may have. Release it.
 */
int store_read(struct store *s, const struct oid *id, enum object_type type,
	       struct object *out, struct err *err);
/* Whatever its type is. */
int store_read_any(struct store *s, const struct oid *id,
		   enum object_type *type, struct object *out,
		   struct err *err);
void object_release(struct object *o);

/*
 * Index a pack, which computes every object's id from its bytes: what is then
 * here under an id is that object, whoever sent it. SEEN, where given, is told
 * each id. ERR_DATA: not a pack, broken, incomplete, or over a limit.
 */
int store_add_pack(struct store *s, const struct spool *spool,
		   struct oidlist *seen, struct err *err);

/*
 * Make an object here. BASE, where given, is the one it was made from: a hint
 * for sending only what differs.
 */
int store_write(struct store *s, enum object_type type, const void *data,
		size_t len, const struct oid *base, struct oid *out,
		struct err *err);
/* Was it made here, so that the server may lack it? */
bool store_made(const struct store *s, const struct oid *id);
/* From which one; false: not made here, or from none. */
bool store_base(const struct store *s, const struct oid *id, struct oid *base);

/* The pack of N objects, whole (no deltas against what it does not hold). */
int store_make_pack(struct store *s, const struct oid *ids, size_t n,
		    struct buf *out, struct err *err);

#endif
