#include "yamledit/scalar.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "bot/base/buf.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"
#include "yamledit/edit.h"
#include "yamledit/parse.h"

/*
 * Plain only if no reader of YAML 1.1 or 1.2 could see anything but a string;
 * when in doubt quotes are right. Readers differ in what a number is, so
 * everything that comes near one counts: see spec 1.1 (yaml.org/type), 1.2.2
 * section 10.3, and go-yaml, which drops every '_' before it tries a number.
 */

/* Move past the characters of SET; case does not matter. */
static const char *span(const char *s, const char *set)
{
	return s + strspn(s, set);
}

/* [0-9]*(:[0-9]*)*(\.[0-9]*)?(e[-+]?[0-9]*)? : decimal, float, sexagesimal. */
static bool is_decimal(const char *s)
{
	s = span(s, "0123456789");
	while (*s == ':')
		s = span(s + 1, "0123456789");
	if (*s == '.')
		s = span(s + 1, "0123456789");
	if (*s == 'e' || *s == 'E') {
		s++;
		if (*s == '-' || *s == '+')
			s++;
		s = span(s, "0123456789");
	}
	return *s == '\0';
}

static bool is_number(const char *value)
{
	static const struct { char letter; const char *digits; } bases[] = {
		{ 'x', "0123456789abcdefABCDEF" },
		{ 'o', "01234567" },
		{ 'b', "01" },
	};
	struct buf b = { 0 };
	const char *s;
	bool is = false;

	for (s = value; *s; s++)
		if (*s != '_')
			buf_addch(&b, *s);
	s = buf_str(&b);
	if (*s == '-' || *s == '+')
		s++;
	for (size_t i = 0; i < ARRAY_LEN(bases); i++)
		if (s[0] == '0' && tolower((unsigned char)s[1]) ==
				   bases[i].letter) {
			/* go-yaml takes 0b+1: strconv sees the sign first. */
			const char *d = s + 2 + (s[2] == '+' || s[2] == '-');

			is |= *span(d, bases[i].digits) == '\0';
		}
	is |= strcasecmp(s, ".inf") == 0 || strcasecmp(s, ".nan") == 0;
	is |= is_decimal(s);
	buf_release(&b);
	return is;
}

/* 2024-1-2, alone or with a time behind it. */
static bool is_date(const char *s)
{
	size_t n = strspn(s, "0123456789");

	if (n != 4 || s[4] != '-')
		return false;
	s += 5;
	n = strspn(s, "0123456789");
	if (n < 1 || n > 2 || s[n] != '-')
		return false;
	s += n + 1;
	n = strspn(s, "0123456789");
	return n >= 1 && (s[1] == '\0' || strchr("Tt \t", s[1]) ||
			  (n >= 2 && (s[2] == '\0' || strchr("Tt \t", s[2]))));
}

static bool is_word(const char *s)
{
	static const char *const words[] = {
		"y", "n", "yes", "no", "on", "off", "true", "false", "null",
		"~", "=", "<<", "...",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(s, words[i]) == 0)
			return true;
	return false;
}

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* https://..., git+ssh://...: no reader takes that for anything but text. */
static bool is_url(const char *s)
{
	return isalpha((unsigned char)*s) &&
	       strncmp(s + strspn(s, ALNUM "+.-"), "://", 3) == 0;
}

/* No character that could be syntax where it stands; ASCII only. */
static bool is_safe_text(const char *s, bool flow)
{
	const char *first = ALNUM "_./$+~<=-";
	const char *last = ALNUM "_./@+%=~<>$}!*&#-";
	const char *inner = is_url(s) && !flow
		? ALNUM "_./@+%=~<>${}!*&#:-?,;()"
		: ALNUM "_./@+%=~<>${}!*&#:-";
	size_t len = strlen(s);

	if (len == 0 || !strchr(first, s[0]))
		return false;
	if (len > 1 && !strchr(last, s[len - 1]))
		return false;
	if (strspn(s + 1, inner) != len - 1)
		return false;
	if (s[0] == '-' && (len == 1 || s[1] == '-'))
		return false;
	return !flow || !strpbrk(s, "{}");
}

bool ye_plain_safe(const char *value, bool flow)
{
	return is_safe_text(value, flow) && !is_word(value) &&
	       !is_number(value) && !is_date(value);
}

bool ye_scalar_is_stringlike(const char *value)
{
	return *value && !is_word(value) && !is_number(value) &&
	       !is_date(value);
}

/*
 * Decode the code point at S, valid UTF-8, into CP; returns its bytes. For
 * what cannot stand in a quoted scalar as it is.
 */
static size_t code_point(const char *s, uint32_t *cp)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = u[0] < 0x80 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;

	*cp = n == 1 ? u[0] : u[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		*cp = *cp << 6 | (u[i] & 0x3fu);
	return n;
}

/*
 * Controls, what ends a line for some reader (U+0085, U+2028, U+2029), the
 * byte order mark, non-characters: written as an escape, always.
 */
static bool needs_escape(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 ||
	       cp == 0x2029 || cp == 0xfeff || (cp & 0xfffe) == 0xfffe;
}

static bool single_holds(const char *value)
{
	uint32_t cp;

	for (const char *s = value; *s; s += code_point(s, &cp)) {
		code_point(s, &cp);
		if (needs_escape(cp))
			return false;
	}
	return true;
}

static void write_single(struct buf *out, const char *value)
{
	buf_addch(out, '\'');
	for (; *value; value++) {
		if (*value == '\'')
			buf_addch(out, '\'');
		buf_addch(out, *value);
	}
	buf_addch(out, '\'');
}

static void write_escape(struct buf *out, uint32_t cp)
{
	switch (cp) {
	case '\n':
		buf_addstr(out, "\\n");
		break;
	case '\r':
		buf_addstr(out, "\\r");
		break;
	case '\t':
		buf_addstr(out, "\\t");
		break;
	default:
		/* \u and \U are JSON's too, \x is not. */
		buf_addf(out, cp > 0xffff ? "\\U%08X" : "\\u%04X", cp);
	}
}

static void write_double(struct buf *out, const char *value)
{
	uint32_t cp;
	size_t n;

	buf_addch(out, '"');
	for (; *value; value += n) {
		n = code_point(value, &cp);
		if (needs_escape(cp)) {
			write_escape(out, cp);
			continue;
		}
		if (*value == '"' || *value == '\\')
			buf_addch(out, '\\');
		buf_add(out, value, n);
	}
	buf_addch(out, '"');
}

void ye_scalar_write(struct buf *out, const char *value, int style, bool flow)
{
	if (style == STYLE_SINGLE && single_holds(value))
		write_single(out, value);
	else if (style != STYLE_SINGLE && style != STYLE_DOUBLE &&
		 ye_plain_safe(value, flow))
		buf_addstr(out, value);
	else
		write_double(out, value);
}

int ye_scalar_check(const char *value, struct err *err)
{
	if (!utf8_valid(value, strlen(value)))
		return err_set(err, ERR_USAGE, "the new value is not UTF-8");
	return 0;
}
