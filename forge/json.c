#include "forge/json.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/buf.h"
#include "bot/base/clock.h"
#include "bot/base/str.h"

enum { MAX_DEPTH = 64 };

/* jansson recurses as deep as the text goes: count the brackets first. */
static bool too_deep(const char *text, size_t len)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '[' || c == '{') {
			if (++depth > MAX_DEPTH)
				return true;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return false;
}

json_t *js_parse(const char *text, size_t len)
{
	if (!text || too_deep(text, len))
		return NULL;
	return json_loadb(text, len, JSON_DECODE_ANY, NULL);
}

const json_t *js_get(const json_t *object, const char *key)
{
	return json_object_get(object, key);	/* NULL for no object */
}

const json_t *js_in(const json_t *object, const char *key, const char *inner)
{
	return js_get(js_get(object, key), inner);
}

const char *js_text(const json_t *value)
{
	const char *s = json_string_value(value);

	return s ? s : "";
}

const char *js_str(const json_t *object, const char *key)
{
	return js_text(js_get(object, key));
}

long long js_int(const json_t *object, const char *key)
{
	return json_integer_value(js_get(object, key));	/* 0 for none */
}

bool js_bool(const json_t *object, const char *key, bool otherwise)
{
	const json_t *v = js_get(object, key);

	return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

int64_t js_time(const json_t *object, const char *key)
{
	const char *text = js_str(object, key);
	struct err ignored = { 0 };
	int64_t s;

	if (!*text || time_parse(&s, text, &ignored) < 0 || s <= 0)
		return TIME_UNKNOWN;
	return s;
}

size_t js_len(const json_t *array)
{
	return json_array_size(array);
}

const char *js_dup(struct arena *a, const json_t *object, const char *key)
{
	return arena_strdup(a, js_str(object, key));
}

const char *js_sha(struct arena *a, const json_t *value)
{
	const char *s = js_text(value);

	if (strlen(s) != 40 || strspn(s, "0123456789abcdef") != 40)
		return NULL;
	return arena_strdup(a, s);
}

json_t *js_string(const char *s)
{
	struct buf clean = { 0 };
	json_t *v;

	if (utf8_valid(s, strlen(s)))
		return json_string(s);
	for (; *s; s++)
		buf_addch(&clean, (unsigned char)*s < 0x80 ? *s : '?');
	v = json_string(buf_str(&clean));
	buf_release(&clean);
	return v;
}

void js_set_take(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		BUG("cannot make the JSON of a request");
}

void js_set(json_t *object, const char *key, const char *value)
{
	js_set_take(object, key, js_string(value));
}
