#include "bot/trailers.h"

#include <string.h>
#include <strings.h>

#include "bot/base/str.h"

/* The start of the last paragraph. */
static const char *last_paragraph(const char *message)
{
	const char *start = message;
	size_t len = strlen(message);

	while (len && (message[len - 1] == '\n' || message[len - 1] == '\r'))
		len--;
	for (size_t i = 0; i + 1 < len; i++)
		if (message[i] == '\n' && message[i + 1] == '\n')
			start = message + i + 2;
	return start;
}

const char *trailer_get(struct arena *a, const char *message, const char *key)
{
	size_t key_len = strlen(key);
	const char *found = NULL;

	for (const char *line = last_paragraph(message); *line;) {
		const char *end = line + strcspn(line, "\n");

		if (strncasecmp(line, key, key_len) == 0 &&
		    line[key_len] == ':') {
			const char *v = line + key_len + 1;
			const char *stop = end;

			while (v < stop && (*v == ' ' || *v == '\t'))
				v++;
			while (stop > v && (stop[-1] == ' ' || stop[-1] == '\r'))
				stop--;
			found = arena_strndup(a, v, (size_t)(stop - v));
		}
		line = *end ? end + 1 : end;
	}
	return found;
}

void trailer_add(struct buf *out, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	buf_addf(out, "%s: ", key);
	escape_trailer(out, value);
	buf_addch(out, '\n');
}

int64_t trailer_number(const char *value)
{
	int64_t n = 0;
	size_t len = value ? strlen(value) : 0;

	if (len == 0 || len > 18 || strspn(value, "0123456789") != len)
		return -1;
	for (; *value; value++)
		n = n * 10 + (*value - '0');
	return n;
}
