#include "bot/git/commit.h"

#include <string.h>

#include "bot/base/buf.h"
#include "bot/git/oidmap.h"

enum { MAX_PARENTS = 256 };

/* One line of the head at a time; LINE excludes the newline. */
struct lines {
	const char *at, *end;
	const char *line;
	size_t len;
};

static bool next_line(struct lines *l)
{
	const char *nl;

	if (l->at >= l->end)
		return false;
	nl = memchr(l->at, '\n', (size_t)(l->end - l->at));
	l->line = l->at;
	l->len = (size_t)((nl ? nl : l->end) - l->at);
	l->at = nl ? nl + 1 : l->end;
	return true;
}

static bool is_id_line(const struct lines *l, const char *word, struct oid *id)
{
	size_t n = strlen(word);

	return l->len == n + OID_HEX && memcmp(l->line, word, n) == 0 &&
	       oid_parse_n(id, l->line + n, OID_HEX);
}

/*
 * The seconds in "Name <mail> SECONDS +ZONE". What other programs have written
 * is read as far as it goes: no seconds are 0, like git's own reading of it.
 */
static int64_t parse_time(const char *line, size_t len)
{
	const char *end = line + len, *p = memrchr(line, '>', len);
	int64_t s = 0;
	bool minus = false;

	if (!p)
		return 0;
	for (p++; p < end && *p == ' '; p++)
		;
	if (p < end && *p == '-') {
		minus = true;
		p++;
	}
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (s > INT64_MAX / 100)
			return 0;
		s = s * 10 + (*p - '0');
	}
	return minus ? -s : s;
}

static bool begins(const struct lines *l, const char *word)
{
	size_t n = strlen(word);

	return l->len >= n && memcmp(l->line, word, n) == 0;
}

int commit_head_parse(struct commit_head *out, const char *data, size_t len,
		      struct err *err)
{
	struct lines l = { .at = data, .end = data + len };
	struct oid id;
	bool first = true;

	*out = (struct commit_head){ 0 };
	if (!next_line(&l) || !is_id_line(&l, "tree ", &out->tree))
		return err_set(err, ERR_DATA, "a commit without a tree");
	while (next_line(&l) && l.len) {
		if (is_id_line(&l, "parent ", &id)) {
			if (first)
				out->parent = id;
			first = false;
		} else if (begins(&l, "committer ")) {
			out->committer_s = parse_time(l.line, l.len);
			return 0;
		}
	}
	return 0;
}

/* "author Name <mail> ..." */
static void parse_author(struct repo_commit *out, const struct lines *l,
			 struct arena *a)
{
	const char *s = l->line + strlen("author ");
	size_t len = l->len - strlen("author ");
	const char *lt = memchr(s, '<', len), *gt = memrchr(s, '>', len);
	size_t name = lt ? (size_t)(lt - s) : len;

	while (name && s[name - 1] == ' ')
		name--;
	out->author_name = arena_strndup(a, s, name);
	out->author_mail = lt && gt && gt > lt
		? arena_strndup(a, lt + 1, (size_t)(gt - lt - 1)) : "";
	out->author_s = parse_time(s, len);
}

int commit_parse(struct repo_commit *out, const char *data, size_t len,
		 struct arena *a, struct err *err)
{
	struct lines l = { .at = data, .end = data + len };
	struct oid parents[MAX_PARENTS];

	out->author_name = out->author_mail = out->message = "";
	out->parents_len = 0;
	out->author_s = out->committer_s = 0;
	if (!next_line(&l) || !is_id_line(&l, "tree ", &out->tree))
		return err_set(err, ERR_DATA, "a commit without a tree");
	while (next_line(&l) && l.len) {
		if (begins(&l, "parent ")) {
			if (out->parents_len == MAX_PARENTS ||
			    !is_id_line(&l, "parent ",
					&parents[out->parents_len]))
				return err_set(err, ERR_DATA, "a commit whose "
					       "parents are none");
			out->parents_len++;
		} else if (begins(&l, "author ")) {
			parse_author(out, &l, a);
		} else if (begins(&l, "committer ")) {
			out->committer_s = parse_time(l.line, l.len);
		}
	}
	out->message = arena_strndup(a, l.at, (size_t)(l.end - l.at));
	out->parents = arena_alloc(a, (out->parents_len + 1) *
				      sizeof(*out->parents));
	memcpy(out->parents, parents,
	       out->parents_len * sizeof(*out->parents));
	return 0;
}

static bool plain(const char *s)
{
	return s && !strpbrk(s, "<>\n\r");
}

int commit_format(struct buf *out, const struct oid *tree,
		  const struct oid *parent,
		  const struct repo_commit_meta *meta, struct err *err)
{
	char hex[OID_HEX + 1];

	if (!plain(meta->author_name) || !plain(meta->author_mail) ||
	    !*meta->author_name || !meta->message)
		return err_set(err, ERR_BUG, "a commit whose author is none");
	buf_addf(out, "tree %s\n", oid_hex(hex, tree));
	buf_addf(out, "parent %s\n", oid_hex(hex, parent));
	buf_addf(out, "author %s <%s> %lld +0000\n", meta->author_name,
		 meta->author_mail, (long long)meta->when_s);
	buf_addf(out, "committer %s <%s> %lld +0000\n", meta->author_name,
		 meta->author_mail, (long long)meta->when_s);
	buf_addf(out, "\n%s", meta->message);
	if (out->data[out->len - 1] != '\n')
		buf_addch(out, '\n');
	return 0;
}
