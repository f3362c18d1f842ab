#ifndef BOT_GIT_OIDMAP_H
#define BOT_GIT_OIDMAP_H

#include "bot/git/repo.h"

/* As oid_parse(), from the first forty of LEN bytes; more may follow. */
bool oid_parse_n(struct oid *out, const char *hex, size_t len);

/* Object ids, each with a number of the caller's. Zeroed is empty. */
struct oidmap {
	struct oidmap_slot {
		struct oid id;
		bool used;
		size_t value;
	} *slots;
	size_t len, cap;
};

/* False, and nothing changed: it is there already. */
bool oidmap_add(struct oidmap *m, const struct oid *id, size_t value);
/* Until the next oidmap_add(); NULL: not there. */
size_t *oidmap_get(const struct oidmap *m, const struct oid *id);
void oidmap_release(struct oidmap *m);

struct oidlist {
	struct oid *ids;
	size_t len, cap;
};

void oidlist_add(struct oidlist *l, const struct oid *id);
void oidlist_release(struct oidlist *l);

#endif
