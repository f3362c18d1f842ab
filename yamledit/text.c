#include "yamledit/text.h"

#include <string.h>

size_t ye_text_bom(const char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool ye_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool ye_is_break(char c)
{
	return c == '\n' || c == '\r';
}

size_t ye_line_end(const char *text, size_t len, size_t at)
{
	while (at < len && !ye_is_break(text[at]))
		at++;
	return at;
}

size_t ye_line_start(const char *text, size_t at)
{
	size_t bom = ye_text_bom(text, at);

	while (at > bom && !ye_is_break(text[at - 1]))
		at--;
	return at;
}

size_t ye_skip_break(const char *text, size_t len, size_t at)
{
	if (at + 1 < len && text[at] == '\r' && text[at + 1] == '\n')
		return at + 2;
	return at < len && ye_is_break(text[at]) ? at + 1 : at;
}

size_t ye_back_break(const char *text, size_t at)
{
	if (at > 1 && text[at - 1] == '\n' && text[at - 2] == '\r')
		return at - 2;
	return at > 0 && ye_is_break(text[at - 1]) ? at - 1 : at;
}

size_t ye_skip_blanks(const char *text, size_t len, size_t at)
{
	while (at < len && ye_is_blank(text[at]))
		at++;
	return at;
}

size_t ye_skip_gap(const char *text, size_t len, size_t at)
{
	while (at < len) {
		if (ye_is_blank(text[at]) || ye_is_break(text[at]))
			at++;
		else if (text[at] == '#')
			at = ye_line_end(text, len, at);
		else
			break;
	}
	return at;
}

size_t ye_back_blanks(const char *text, size_t at)
{
	while (at > 0 && ye_is_blank(text[at - 1]))
		at--;
	return at;
}

size_t ye_word_end(const char *text, size_t len, size_t at)
{
	while (at < len && !ye_is_blank(text[at]) && !ye_is_break(text[at]))
		at++;
	return at;
}

bool ye_text_has(const char *text, size_t from, size_t to, char c)
{
	return to > from && memchr(text + from, c, to - from) != NULL;
}

bool ye_text_is_empty(const char *text, size_t from, size_t to)
{
	while (from < to && (ye_is_blank(text[from]) || ye_is_break(text[from])))
		from++;
	return from >= to;
}

const char *ye_text_eol(const char *text, size_t len, size_t at)
{
	size_t end = ye_line_end(text, len, at);

	if (end == len) {
		end = ye_line_start(text, end);
		if (end == ye_text_bom(text, len))
			return "\n";
		end--;
		if (text[end] == '\n' && end > 0 && text[end - 1] == '\r')
			end--;
	}
	if (text[end] == '\r')
		return end + 1 < len && text[end + 1] == '\n' ? "\r\n" : "\r";
	return "\n";
}
