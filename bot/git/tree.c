#include "bot/git/tree.h"

#include <string.h>

enum { ID_LEN = 20, MAX_MODE_DIGITS = 7, MAX_NAME = 4096 };

enum tree_kind tree_kind(unsigned mode)
{
	switch (mode & 0170000) {
	case 0040000: return TREE_DIR;
	case 0100000: return TREE_FILE;
	case 0120000: return TREE_SYMLINK;
	default:      return TREE_OTHER;	/* a submodule */
	}
}

static int bad(struct err *err)
{
	return err_set(err, ERR_DATA, "a tree that git did not write");
}

int tree_next(struct tree_entry *out, const char *data, size_t len, size_t *at,
	      struct err *err)
{
	const char *p = data + *at, *end = data + len, *nul;
	unsigned mode = 0;
	int digits = 0;

	if (p == end)
		return 0;
	for (; p < end && *p >= '0' && *p <= '7'; p++, digits++)
		if (digits < MAX_MODE_DIGITS)
			mode = mode * 8 + (unsigned)(*p - '0');
	if (p == end || *p != ' ' || digits == 0 || digits > MAX_MODE_DIGITS)
		return bad(err);
	p++;
	nul = memchr(p, '\0', (size_t)(end - p));
	if (!nul || nul == p || nul - p > MAX_NAME || end - nul - 1 < ID_LEN)
		return bad(err);
	out->mode = mode;
	out->name = p;
	out->name_len = (size_t)(nul - p);
	out->id = (const unsigned char *)nul + 1;
	*at = (size_t)(nul + 1 + ID_LEN - data);
	return 1;
}

int tree_find(struct tree_entry *out, const char *data, size_t len,
	      const char *name, size_t name_len, struct err *err)
{
	struct tree_entry e;
	size_t at = 0;
	int found = 0, rc;

	while ((rc = tree_next(&e, data, len, &at, err)) > 0) {
		if (e.name_len != name_len ||
		    memcmp(e.name, name, name_len) != 0)
			continue;
		if (found)
			return err_set(err, ERR_DATA, "two entries called '%s' "
				       "in one directory", e.name);
		*out = e;
		found = 1;
	}
	return rc < 0 ? -1 : found;
}
