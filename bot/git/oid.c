#include "bot/git/oidmap.h"

#include <stdlib.h>
#include <string.h>

bool oid_eq(const struct oid *a, const struct oid *b)
{
	return memcmp(a->id, b->id, sizeof(a->id)) == 0;
}

bool oid_is_zero(const struct oid *a)
{
	static const struct oid zero;

	return oid_eq(a, &zero);
}

char *oid_hex(char out[OID_HEX + 1], const struct oid *id)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < sizeof(id->id); i++) {
		out[2 * i] = digits[id->id[i] >> 4];
		out[2 * i + 1] = digits[id->id[i] & 15];
	}
	out[OID_HEX] = '\0';
	return out;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool oid_parse_n(struct oid *out, const char *hex, size_t len)
{
	struct oid id;

	if (len < OID_HEX)
		return false;
	for (size_t i = 0; i < sizeof(id.id); i++) {
		int hi = hex_digit(hex[2 * i]), lo = hex_digit(hex[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		id.id[i] = (unsigned char)(hi << 4 | lo);
	}
	*out = id;
	return true;
}

bool oid_parse(struct oid *out, const char *hex)
{
	return strlen(hex) == OID_HEX && oid_parse_n(out, hex, OID_HEX);
}

/* The map ------------------------------------------------------------------- */

/*
 * Ids are hashes already, but of bytes that others chose: a server could pick
 * objects that share their first bits. It would have to spend 2^n hashes for n
 * bits, and all it gains is a slow run that ends at the deadline.
 */
static size_t slot_of(const struct oidmap *m, const struct oid *id)
{
	size_t at;

	memcpy(&at, id->id, sizeof(at));
	for (at &= m->cap - 1; m->slots[at].used; at = (at + 1) & (m->cap - 1))
		if (oid_eq(&m->slots[at].id, id))
			break;
	return at;
}

static void grow(struct oidmap *m)
{
	struct oidmap bigger = { .cap = m->cap ? 2 * m->cap : 64,
				 .len = m->len };

	bigger.slots = xcalloc(bigger.cap, sizeof(*bigger.slots));
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].used)
			bigger.slots[slot_of(&bigger, &m->slots[i].id)] =
				m->slots[i];
	free(m->slots);
	*m = bigger;
}

bool oidmap_add(struct oidmap *m, const struct oid *id, size_t value)
{
	size_t at;

	if (m->len * 2 >= m->cap)
		grow(m);
	at = slot_of(m, id);
	if (m->slots[at].used)
		return false;
	m->slots[at].used = true;
	m->slots[at].id = *id;
	m->slots[at].value = value;
	m->len++;
	return true;
}

size_t *oidmap_get(const struct oidmap *m, const struct oid *id)
{
	size_t at;

	if (m->len == 0)
		return NULL;
	at = slot_of(m, id);
	return m->slots[at].used ? &m->slots[at].value : NULL;
}

void oidmap_release(struct oidmap *m)
{
	free(m->slots);
	*m = (struct oidmap){ 0 };
}

/* The list ------------------------------------------------------------------ */

void oidlist_add(struct oidlist *l, const struct oid *id)
{
	ARRAY_GROW(l->ids, l->len, l->cap);
	l->ids[l->len++] = *id;
}

void oidlist_release(struct oidlist *l)
{
	free(l->ids);
	*l = (struct oidlist){ 0 };
}
