#include "yamledit/memo.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/mem.h"

/*
 * A parsed text takes some twenty times the bytes of the text. One that is
 * larger than the limit is kept all the same, but alone.
 */
enum { MAX_TEXTS = 64, MAX_BYTES = 2 << 20 };

struct memo {
	char *text;
	size_t len;
	struct parse p;
	struct err err;		/* it does not parse */
};

/* The one used last stands last. One thread: nothing here is locked. */
static struct {
	struct memo items[MAX_TEXTS];
	size_t len, bytes;
} memos;

static void drop_first(void)
{
	struct memo *m = &memos.items[0];

	memos.bytes -= m->len;
	ye_parse_release(&m->p);
	free(m->text);
	memmove(m, m + 1, --memos.len * sizeof(*m));
}

void ye_memo_release(void)
{
	while (memos.len)
		drop_first();
}

static struct memo *find(const char *text, size_t len)
{
	for (size_t i = memos.len; i-- > 0;) {
		struct memo m = memos.items[i];

		if (m.len != len || memcmp(m.text, text, len) != 0)
			continue;
		memos.len--;
		memmove(&memos.items[i], &memos.items[i + 1],
			(memos.len - i) * sizeof(m));
		memos.items[memos.len++] = m;
		return &memos.items[memos.len - 1];
	}
	return NULL;
}

static struct memo *add(const char *text, size_t len)
{
	struct memo *m;

	while (memos.len && (memos.len == MAX_TEXTS ||
			     memos.bytes + len > MAX_BYTES))
		drop_first();
	m = &memos.items[memos.len++];
	memset(m, 0, sizeof(*m));
	m->text = xstrndup(text, len);
	m->len = len;
	memos.bytes += len;
	ye_parse_init(&m->p, m->text, len, &m->err);
	return m;
}

const struct parse *ye_memo(const char *text, size_t len, struct err *err)
{
	struct memo *m;

	text = text ? text : "";
	m = find(text, len);
	if (!m)
		m = add(text, len);
	if (!m->err.code)
		return &m->p;
	err_set(err, m->err.code, "%s", m->err.msg);
	return NULL;
}
