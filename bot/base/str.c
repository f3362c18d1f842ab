#include "bot/base/str.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "bot/base/buf.h"

enum { NAME_MAX_LEN = 100 };

bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), want = strlen(suffix);

	return len >= want && memcmp(s + len - want, suffix, want) == 0;
}

bool ascii_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

bool name_valid(const char *s, size_t len)
{
	if (len == 0 || len > NAME_MAX_LEN || !ascii_alnum(s[0]))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!ascii_alnum(s[i]) && (!s[i] || !strchr("._-", s[i])))
			return false;
		if (s[i] == '.' && s[i - 1] == '.')
			return false;
	}
	return s[len - 1] != '.' &&
	       !(len >= 5 && memcmp(s + len - 5, ".lock", 5) == 0);
}

/*
 * Decode the code point at S (LEN > 0 bytes left) into CP. Returns its length
 * in bytes, or 0 where the bytes are not UTF-8.
 */
static size_t utf8_next(const char *s, size_t len, uint32_t *cp)
{
	const unsigned char *u = (const unsigned char *)s;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n;

	if (u[0] < 0x80) {
		*cp = u[0];
		return 1;
	}
	if (u[0] >= 0xc2 && u[0] <= 0xdf)
		n = 2;
	else if (u[0] >= 0xe0 && u[0] <= 0xef)
		n = 3;
	else if (u[0] >= 0xf0 && u[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	*cp = u[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (u[i] & 0x3fu);
	}
	if (*cp < least[n] || *cp > 0x10ffff ||
	    (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return n;
}

void str_cut(char *s, size_t max)
{
	size_t len, word;

	if (strlen(s) <= max)
		return;
	len = max - strlen("...");
	while (len && ((unsigned char)s[len] & 0xc0) == 0x80)
		len--;
	for (word = len; word && s[word] != ' '; word--)
		;
	if (word > max / 2)
		len = word;
	while (len && s[len - 1] == ' ')
		len--;
	memcpy(s + len, "...", sizeof("..."));
}

bool utf8_valid(const char *s, size_t len)
{
	uint32_t cp;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_next(s + i, len - i, &cp);
		if (n == 0)
			return false;
	}
	return true;
}

/* Would CP change how a line is shown rather than be shown itself? */
static bool cp_hides(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0xad ||
	       (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
	       cp == 0x061c || cp == 0x180e ||
	       (cp >= 0xfff9 && cp <= 0xfffb) || (cp >= 0xe0000 && cp <= 0xe007f);
}

void escape_terminal(struct buf *out, const char *s, size_t len)
{
	uint32_t cp;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_next(s + i, len - i, &cp);
		if (n && !cp_hides(cp)) {
			buf_add(out, s + i, n);
			continue;
		}
		if (n == 0)
			n = 1;
		for (size_t k = 0; k < n; k++)
			buf_addf(out, "\\x%02x", (unsigned char)s[i + k]);
	}
}

/* The next shown code point: hidden and broken ones become one blank. */
static size_t shown_next(struct buf *one, const char *s, size_t len)
{
	uint32_t cp;
	size_t n = utf8_next(s, len, &cp);

	buf_reset(one);
	if (n && !cp_hides(cp))
		buf_add(one, s, n);
	else
		buf_addch(one, ' ');
	return n ? n : 1;
}

/* Does the sign at S[I] make a reference of what follows it? */
static bool begins_reference(const char *s, size_t i)
{
	char next = s[i + 1];

	if (!next || strchr(" \t\r\n", next))
		return false;
	if (s[i] == '-')	/* GH-12 */
		return i >= 2 && strncasecmp(s + i - 2, "gh", 2) == 0 &&
		       next >= '0' && next <= '9';
	return strchr("@#!$%&~^", s[i]) != NULL;
}

void escape_markdown(struct buf *out, const char *s)
{
	struct buf one = { 0 };
	size_t len = strlen(s);

	for (size_t i = 0, n; i < len; i += n) {
		n = shown_next(&one, s + i, len - i);
		if (one.len == 1 && strchr("&<>\"'", one.data[0]))
			buf_addf(out, "&#%d;", one.data[0]);
		else if (one.len == 1 &&
			 strchr("\\`*_{}[]()#+-.!|~:$^", one.data[0]))
			buf_addf(out, "\\%s", one.data);
		else
			buf_add(out, one.data, one.len);
		if (begins_reference(s, i))
			buf_addstr(out, "&#8203;");
	}
	buf_release(&one);
}

void escape_trailer(struct buf *out, const char *s)
{
	struct buf one = { 0 };
	size_t len = strlen(s), start = out->len;

	for (size_t i = 0; i < len;) {
		i += shown_next(&one, s + i, len - i);
		if (one.data[0] == ' ' &&
		    (out->len == start || out->data[out->len - 1] == ' '))
			continue;
		buf_add(out, one.data, one.len);
	}
	while (out->len > start && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	buf_release(&one);
}

void escape_url(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if (ascii_alnum(*s) || strchr("-._~", *s))
			buf_addch(out, *s);
		else
			buf_addf(out, "%%%02X", (unsigned char)*s);
	}
}
