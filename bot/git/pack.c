#include "bot/git/pack.h"

#include <openssl/evp.h>
#include <string.h>

enum {
	REF_DELTA = 7,
	MAX_COPY = 0xffffff,	/* one instruction's three bytes of size */
	MAX_INSERT = 127,
	MIN_SAME = 8,		/* fewer equal bytes are cheaper inserted */
	MAX_STORED = 65535,	/* one deflate block's */
};

/* Deltas -------------------------------------------------------------------- */

static void add_varint(struct buf *out, size_t n)
{
	for (; n > 127; n >>= 7)
		buf_addch(out, (char)(n | 128));
	buf_addch(out, (char)n);
}

static void add_copy(struct buf *out, size_t at, size_t len)
{
	while (len) {
		size_t n = len < MAX_COPY ? len : MAX_COPY;
		char op[8];
		size_t used = 1;
		unsigned bits = 0x80;

		for (int i = 0; i < 4; i++)
			if (at >> (8 * i) & 255) {
				bits |= 1u << i;
				op[used++] = (char)(at >> (8 * i));
			}
		for (int i = 0; i < 3; i++)
			if (n >> (8 * i) & 255) {
				bits |= 16u << i;
				op[used++] = (char)(n >> (8 * i));
			}
		op[0] = (char)bits;
		/* A size of no bytes means 0x10000. */
		buf_add(out, op, used);
		at += n;
		len -= n;
	}
}

static void add_insert(struct buf *out, const char *data, size_t len)
{
	while (len) {
		size_t n = len < MAX_INSERT ? len : MAX_INSERT;

		buf_addch(out, (char)n);
		buf_add(out, data, n);
		data += n;
		len -= n;
	}
}

/* Of the same length: ids were replaced in place, here and there. */
static void delta_in_place(struct buf *out, const char *old, const char *new,
			   size_t len)
{
	size_t done = 0, at = 0;

	while (at < len) {
		size_t same = at;

		while (same < len && old[same] == new[same])
			same++;
		if (same - at >= MIN_SAME || (same == len && same > at)) {
			add_insert(out, new + done, at - done);
			add_copy(out, at, same - at);
			done = same;
		}
		at = same < len ? same + 1 : len;
	}
	add_insert(out, new + done, len - done);
}

/* The instructions that make NEW of OLD. */
static void add_delta(struct buf *out, const char *old, size_t old_len,
		      const char *new, size_t new_len)
{
	size_t most = old_len < new_len ? old_len : new_len;
	size_t front = 0, back = 0;

	add_varint(out, old_len);
	add_varint(out, new_len);
	if (old_len == new_len) {
		delta_in_place(out, old, new, new_len);
		return;
	}
	while (front < most && old[front] == new[front])
		front++;
	while (back < most - front &&
	       old[old_len - 1 - back] == new[new_len - 1 - back])
		back++;
	add_copy(out, 0, front);
	add_insert(out, new + front, new_len - front - back);
	add_copy(out, old_len - back, back);
}

/* The pack ------------------------------------------------------------------ */

static void add_be32(struct buf *out, uint32_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addch(out, (char)(n >> shift));
}

/*
 * A zlib stream (RFC 1950) of stored blocks: what is left after the deltas is
 * a few hundred bytes that hardly shrink.
 */
static void add_stored(struct buf *out, const char *data, size_t len)
{
	uint32_t a = 1, b = 0;
	size_t at = 0;

	buf_add(out, "\x78\x01", 2);
	do {
		size_t n = len - at < MAX_STORED ? len - at : MAX_STORED;

		buf_addch(out, at + n == len);
		buf_addch(out, (char)n);
		buf_addch(out, (char)(n >> 8));
		buf_addch(out, (char)~n);
		buf_addch(out, (char)(~n >> 8));
		buf_add(out, data + at, n);
		at += n;
	} while (at < len);
	for (size_t i = 0; i < len; i++) {
		a = (a + (unsigned char)data[i]) % 65521;
		b = (b + a) % 65521;
	}
	add_be32(out, b << 16 | a);
}

static void add_entry(struct buf *out, unsigned type, size_t size)
{
	unsigned byte = type << 4 | (unsigned)(size & 15);

	for (size >>= 4; size; size >>= 7) {
		buf_addch(out, (char)(byte | 128));
		byte = (unsigned)(size & 127);
	}
	buf_addch(out, (char)byte);
}

/* The object that ID was made from, if the server will have it. */
static bool usable_base(struct store *s, const struct oid *id,
			const struct oidmap *in, struct oid *base)
{
	return store_base(s, id, base) && !oid_eq(id, base) &&
	       store_has(s, base) &&
	       (!store_made(s, base) || oidmap_get(in, base));
}

static int add_object(struct store *s, const struct oid *id,
		      const struct oidmap *in, struct buf *out,
		      struct err *err)
{
	struct object o, old = { 0 };
	enum object_type type;
	struct buf delta = { 0 };
	struct oid base;
	int rc = -1;

	if (store_read_any(s, id, &type, &o, err) < 0)
		return -1;
	if (usable_base(s, id, in, &base)) {
		if (store_read(s, &base, type, &old, err) < 0)
			goto out;
		add_delta(&delta, old.data, old.len, o.data, o.len);
	}
	if (delta.len && delta.len + sizeof(base.id) < o.len) {
		add_entry(out, REF_DELTA, delta.len);
		buf_add(out, base.id, sizeof(base.id));
		add_stored(out, delta.data, delta.len);
	} else {
		add_entry(out, (unsigned)type, o.len);
		add_stored(out, o.data, o.len);
	}
	rc = 0;
out:
	object_release(&o);
	object_release(&old);
	buf_release(&delta);
	return rc;
}

int pack_thin(struct store *s, const struct oid *ids, size_t n,
	      const struct oidmap *in, struct buf *out, struct err *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len;

	buf_add(out, "PACK", 4);
	add_be32(out, 2);
	add_be32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		if (add_object(s, &ids[i], in, out, err) < 0)
			return -1;
	if (!EVP_Digest(out->data, out->len, hash, &len, EVP_sha1(), NULL))
		return err_set(err, ERR_BUG, "no SHA-1");
	buf_add(out, hash, len);
	return 0;
}
