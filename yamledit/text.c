#include "yamledit/text.h"

#include <string.h>

size_t text_bom(const char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

size_t line_end(const char *text, size_t len, size_t at)
{
	while (at < len && !is_break(text[at]))
		at++;
	return at;
}

size_t line_start(const char *text, size_t at)
{
	size_t bom = text_bom(text, at);

	while (at > bom && !is_break(text[at - 1]))
		at--;
	return at;
}

size_t skip_break(const char *text, size_t len, size_t at)
{
	if (at + 1 < len && text[at] == '\r' && text[at + 1] == '\n')
		return at + 2;
	return at < len && is_break(text[at]) ? at + 1 : at;
}

size_t back_break(const char *text, size_t at)
{
	if (at > 1 && text[at - 1] == '\n' && text[at - 2] == '\r')
		return at - 2;
	return at > 0 && is_break(text[at - 1]) ? at - 1 : at;
}

size_t skip_blanks(const char *text, size_t len, size_t at)
{
	while (at < len && is_blank(text[at]))
		at++;
	return at;
}

size_t skip_gap(const char *text, size_t len, size_t at)
{
	while (at < len) {
		if (is_blank(text[at]) || is_break(text[at]))
			at++;
		else if (text[at] == '#')
			at = line_end(text, len, at);
		else
			break;
	}
	return at;
}

size_t back_blanks(const char *text, size_t at)
{
	while (at > 0 && is_blank(text[at - 1]))
		at--;
	return at;
}

size_t word_end(const char *text, size_t len, size_t at)
{
	while (at < len && !is_blank(text[at]) && !is_break(text[at]))
		at++;
	return at;
}

bool text_has(const char *text, size_t from, size_t to, char c)
{
	return to > from && memchr(text + from, c, to - from) != NULL;
}

bool text_is_empty(const char *text, size_t from, size_t to)
{
	while (from < to && (is_blank(text[from]) || is_break(text[from])))
		from++;
	return from >= to;
}

const char *text_eol(const char *text, size_t len, size_t at)
{
	size_t end = line_end(text, len, at);

	if (end == len) {
		end = line_start(text, end);
		if (end == text_bom(text, len))
			return "\n";
		end--;
		if (text[end] == '\n' && end > 0 && text[end - 1] == '\r')
			end--;
	}
	if (text[end] == '\r')
		return end + 1 < len && text[end + 1] == '\n' ? "\r\n" : "\r";
	return "\n";
}
