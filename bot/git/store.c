#include "bot/git/store.h"

#include <errno.h>
#include <git2/sys/mempack.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bot/base/buf.h"
#include "bot/git/libgit.h"
#include "bot/git/packfile.h"

enum {
	MAX_OBJECTS = 4 * 1000 * 1000,	/* of one pack */
	MAX_READ = 6 << 20,		/* bytes, then libgit2's caches go */
};
static const size_t MAX_BLOB = 32u << 20;
static const size_t MAX_TREE = 32u << 20;
static const size_t MAX_COMMIT = 4u << 20;

struct store {
	git_odb *odb;		/* of what was made here */
	git_repository *repo;	/* around odb: the pack builder wants one */
	struct packfile *packs;
	size_t packs_len, packs_cap;
	size_t read_len;	/* bytes since the caches were dropped */
	struct oidmap made;	/* -> index in bases */
	struct oidlist bases;	/* zero: none */
};

int store_new(struct store **out, struct err *err)
{
	struct store *s = xcalloc(1, sizeof(*s));
	git_odb_backend *made;

	libgit_start();
	if (git_odb_new(&s->odb) < 0 || git_mempack_new(&made) < 0 ||
	    git_odb_add_backend(s->odb, made, 1) < 0 ||
	    git_repository_wrap_odb(&s->repo, s->odb) < 0) {
		libgit_error(err, "cannot make an object store");
		store_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->packs_len; i++)
		packfile_release(&s->packs[i]);
	free(s->packs);
	git_repository_free(s->repo);
	git_odb_free(s->odb);
	oidmap_release(&s->made);
	oidlist_release(&s->bases);
	free(s);
	libgit_stop();
}

static int drop_caches(struct store *s, struct err *err)
{
	s->read_len = 0;
	for (size_t i = 0; i < s->packs_len; i++)
		if (s->packs[i].was_read &&
		    packfile_drop_cache(&s->packs[i], err) < 0)
			return -1;
	return 0;
}

/* Reading ------------------------------------------------------------------- */

static struct packfile *pack_with(const struct store *s, const struct oid *id)
{
	/* The newest first: history is read in the order it came. */
	for (size_t i = s->packs_len; i-- > 0;) {
		git_odb_backend *b = s->packs[i].backend;

		if (b && b->exists(b, git(id)))
			return &s->packs[i];
	}
	return NULL;
}

bool store_has(const struct store *s, const struct oid *id)
{
	return oidmap_get(&s->made, id) || pack_with(s, id);
}

static const char *type_name(enum object_type type)
{
	return git_object_type2string((git_object_t)type);
}

static size_t max_len(enum object_type type)
{
	return type == OBJECT_BLOB ? MAX_BLOB
	     : type == OBJECT_TREE ? MAX_TREE
				   : MAX_COMMIT;
}

static int read_made(struct store *s, const struct oid *id,
		     enum object_type *type, struct object *out)
{
	if (git_odb_read(&out->odb, s->odb, git(id)) < 0)
		return -1;
	*type = (enum object_type)git_odb_object_type(out->odb);
	out->data = git_odb_object_data(out->odb);
	out->len = git_odb_object_size(out->odb);
	return 0;
}

/* The size is looked at before the memory is there for it. */
static int read_packed(struct store *s, struct packfile *p, const struct oid *id,
		       enum object_type *type, struct object *out,
		       struct err *err)
{
	char hex[OID_HEX + 1];
	git_object_t is;

	oid_hex(hex, id);
	if (p->backend->read_header(&out->len, &is, p->backend, git(id)) < 0)
		return libgit_error(err, hex);
	*type = (enum object_type)is;
	if (out->len > max_len(*type))
		return err_set(err, ERR_DATA, "the %s %s is too large: %zu "
			       "bytes, over %zu", type_name(*type), hex,
			       out->len, max_len(*type));
	if (p->backend->read(&out->raw, &out->len, &is, p->backend,
			     git(id)) < 0)
		return libgit_error(err, hex);
	out->data = out->raw;
	p->was_read = true;
	s->read_len += out->len;
	return 0;
}

int store_read_any(struct store *s, const struct oid *id,
		   enum object_type *type, struct object *out,
		   struct err *err)
{
	char hex[OID_HEX + 1];
	struct packfile *p;

	*out = (struct object){ 0 };
	if (s->read_len > MAX_READ && drop_caches(s, err) < 0)
		return -1;
	if (store_made(s, id))
		return read_made(s, id, type, out) < 0
			? libgit_error(err, oid_hex(hex, id)) : 0;
	p = pack_with(s, id);
	if (!p)
		return err_set(err, ERR_DATA, "the server did not send the "
			       "object %s", oid_hex(hex, id));
	if (read_packed(s, p, id, type, out, err) < 0) {
		*out = (struct object){ 0 };
		return -1;
	}
	return 0;
}

int store_read(struct store *s, const struct oid *id, enum object_type type,
	       struct object *out, struct err *err)
{
	char hex[OID_HEX + 1];
	enum object_type is;

	if (store_read_any(s, id, &is, out, err) < 0)
		return -1;
	if (is == type)
		return 0;
	object_release(out);
	return err_set(err, ERR_DATA, "%s is a %s, not a %s", oid_hex(hex, id),
		       type_name(is), type_name(type));
}

void object_release(struct object *o)
{
	git_odb_object_free(o->odb);
	if (o->raw)
		git_odb_backend_data_free(NULL, o->raw);
	*o = (struct object){ 0 };
}

/* Packs --------------------------------------------------------------------- */

static uint32_t be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 |
	       (uint32_t)u[2] << 8 | u[3];
}

/* "PACK", version, count: 12 bytes; and a hash of it all at the end. */
static int check_head(const char *data, size_t len, uint32_t *count,
		      struct err *err)
{
	if (len < 32 || memcmp(data, "PACK", 4) != 0)
		return err_set(err, ERR_DATA,
			       "the server sent a pack that is none");
	*count = be32(data + 8);
	if (*count > MAX_OBJECTS)
		return err_set(err, ERR_DATA, "the server sent a pack of %u "
			       "objects, over %d", *count, MAX_OBJECTS);
	return 0;
}

static int add_packfile(struct store *s, const char *data, size_t len,
			struct oidlist *ids, struct err *err)
{
	struct packfile p;

	if (packfile_index(&p, data, len, ids, err) < 0)
		return -1;
	ARRAY_GROW(s->packs, s->packs_len, s->packs_cap);
	s->packs[s->packs_len++] = p;
	return 0;
}

int store_add_pack(struct store *s, const struct spool *spool,
		   struct oidlist *seen, struct err *err)
{
	struct oidlist ids = { 0 };
	uint32_t count = 0;
	void *data;
	int rc = -1;

	if (spool->fd < 0)
		return err_set(err, ERR_DATA, "the server sent no pack");
	data = mmap(NULL, spool->len, PROT_READ, MAP_PRIVATE, spool->fd, 0);
	if (data == MAP_FAILED)
		return err_set(err, ERR_TRANSIENT, "mmap: %s", strerror(errno));
	if (check_head(data, spool->len, &count, err) == 0)
		rc = count ? add_packfile(s, data, spool->len, &ids, err) : 0;
	munmap(data, spool->len);
	for (size_t i = 0; seen && i < ids.len; i++)
		oidlist_add(seen, &ids.ids[i]);
	oidlist_release(&ids);
	return rc;
}

/* Writing ------------------------------------------------------------------- */

int store_write(struct store *s, enum object_type type, const void *data,
		size_t len, const struct oid *base, struct oid *out,
		struct err *err)
{
	static const struct oid none;
	git_oid id;

	if (git_odb_hash(&id, data, len, (git_object_t)type) < 0)
		return libgit_error(err, "cannot hash an object");
	memcpy(out->id, id.id, sizeof(out->id));
	if (store_has(s, out))
		return 0;
	if (git_odb_write(&id, s->odb, data, len, (git_object_t)type) < 0)
		return libgit_error(err, "cannot make an object");
	oidmap_add(&s->made, out, s->bases.len);
	oidlist_add(&s->bases, base ? base : &none);
	return 0;
}

bool store_base(const struct store *s, const struct oid *id, struct oid *base)
{
	const size_t *at = oidmap_get(&s->made, id);

	if (at)
		*base = s->bases.ids[*at];
	return at && !oid_is_zero(base);
}

bool store_made(const struct store *s, const struct oid *id)
{
	return oidmap_get(&s->made, id) != NULL;
}

static int add_piece(void *data, size_t len, void *ctx)
{
	buf_add(ctx, data, len);
	return 0;
}

int store_make_pack(struct store *s, const struct oid *ids, size_t n,
		    struct buf *out, struct err *err)
{
	/* git_packbuilder makes none of nothing. */
	static const char empty[] =
		"PACK\0\0\0\2\0\0\0\0\x02\x9d\x08\x82\x3b\xd8\xa8\xea\xb5\x10"
		"\xad\x6a\xc7\x5c\x82\x3c\xfd\x3e\xd3\x1e";
	git_packbuilder *pb = NULL;
	int rc = 0;

	if (n == 0) {
		buf_add(out, empty, sizeof(empty) - 1);
		return 0;
	}
	if (git_packbuilder_new(&pb, s->repo) < 0)
		return libgit_error(err, "cannot make a pack");
	git_packbuilder_set_threads(pb, 1);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (git_packbuilder_insert(pb, git(&ids[i]), NULL) < 0)
			rc = libgit_error(err, "cannot make a pack");
	if (rc == 0 && git_packbuilder_foreach(pb, add_piece, out) < 0)
		rc = libgit_error(err, "cannot make a pack");
	git_packbuilder_free(pb);
	return rc;
}
