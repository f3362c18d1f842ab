#include "yamledit/path.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/buf.h"
#include "bot/base/str.h"
#include "yamledit/edit.h"

enum { MAX_TEXT = 8192, MAX_INDEX = 100 * 1000 * 1000 };

/* Where the reader of a path stands. */
struct cursor {
	const char *text, *at;
	struct arena *arena;
	struct err *err;
};

static int fail(struct cursor *c, const char *what)
{
	return err_set(c->err, ERR_USAGE, "path '%s', character %zu: %s",
		       c->text, (size_t)(c->at - c->text) + 1, what);
}

/* "..." with \" and \\ inside. */
static const char *quoted(struct cursor *c)
{
	char *out = arena_alloc(c->arena, strlen(c->at) + 1);
	size_t n = 0;

	for (c->at++; *c->at != '"'; c->at++) {
		if (*c->at == '\\' && (c->at[1] == '"' || c->at[1] == '\\'))
			c->at++;
		if (!*c->at) {
			fail(c, "the closing '\"' is missing");
			return NULL;
		}
		out[n++] = *c->at;
	}
	c->at++;
	return out;
}

/* A quoted string, or all up to a character of STOP; never empty. */
static const char *word(struct cursor *c, const char *stop, const char *what)
{
	size_t n;
	const char *s;

	if (*c->at == '"')
		return quoted(c);
	n = strcspn(c->at, stop);
	if (n == 0) {
		fail(c, what);
		return NULL;
	}
	s = arena_strndup(c->arena, c->at, n);
	c->at += n;
	return s;
}

/* [2] or [name=web], behind the bracket. */
static int bracket(struct cursor *c, struct step *s)
{
	size_t digits = strspn(c->at, "0123456789");

	if (digits && c->at[digits] == ']') {
		s->kind = STEP_INDEX;
		for (; digits; digits--, c->at++) {
			s->index = s->index * 10 + (size_t)(*c->at - '0');
			if (s->index > MAX_INDEX)
				return fail(c, "no list is that long");
		}
		c->at++;
		return 0;
	}
	s->kind = STEP_SELECT;
	s->key = word(c, "=]\"[", "expected an index as in [2], or KEY=VALUE "
		      "as in [name=web]");
	if (!s->key)
		return -1;
	if (*c->at != '=')
		return fail(c, "expected '=' as in [name=web]");
	c->at++;
	s->value = word(c, "]\"", "expected a value as in [name=web]; an "
			"empty one is written [name=\"\"]");
	if (!s->value)
		return -1;
	if (*c->at != ']')
		return fail(c, "expected ']'");
	c->at++;
	return 0;
}

static int step(struct cursor *c, struct step *s, bool is_first)
{
	memset(s, 0, sizeof(*s));
	if (*c->at == '[') {
		c->at++;
		return bracket(c, s);
	}
	if (!is_first) {
		if (*c->at != '.')
			return fail(c, "expected '.' or '['");
		c->at++;
	}
	s->kind = STEP_KEY;
	s->key = word(c, ".[]\"", is_first && *c->at == '.'
		      ? "a path begins with a key, without a '.'"
		      : "expected a key; one with dots or brackets is "
			"written \"in.quotes\"");
	return s->key ? 0 : -1;
}

int ye_path_parse(struct ye_path **out, const char *text, struct err *err)
{
	struct ye_path *path;
	struct cursor c = { .text = text, .at = text, .err = err };

	if (strlen(text) > MAX_TEXT || !utf8_valid(text, strlen(text)))
		return err_set(err, ERR_USAGE, "the path is not UTF-8 text of "
			       "at most %d bytes", MAX_TEXT);
	path = xcalloc(1, sizeof(*path));
	c.arena = &path->arena;
	path->text = arena_strdup(&path->arena, text);
	if (strcmp(text, ".") == 0)	/* the document itself */
		c.at++;
	else if (!*text && fail(&c, "the path is empty; '.' is the document "
				"itself") < 0)
		goto bad;
	while (*c.at) {
		ARRAY_GROW(path->steps, path->len, path->cap);
		if (step(&c, &path->steps[path->len], path->len == 0) < 0)
			goto bad;
		path->len++;
	}
	*out = path;
	return 0;
bad:
	ye_path_free(path);
	return -1;
}

void ye_path_free(struct ye_path *path)
{
	if (!path)
		return;
	free(path->steps);
	arena_release(&path->arena);
	free(path);
}

static void add_word(struct buf *out, const char *s, const char *special)
{
	if (*s && !strpbrk(s, special)) {
		buf_addstr(out, s);
		return;
	}
	buf_addch(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addch(out, '\\');
		buf_addch(out, *s);
	}
	buf_addch(out, '"');
}

void ye_path_format(struct buf *out, const struct ye_path *path, size_t n)
{
	if (n == 0)
		buf_addstr(out, "the document");
	for (size_t i = 0; i < n; i++) {
		const struct step *s = &path->steps[i];

		switch (s->kind) {
		case STEP_KEY:
			if (i)
				buf_addch(out, '.');
			add_word(out, s->key, ".[]\"");
			break;
		case STEP_INDEX:
			buf_addf(out, "[%zu]", s->index);
			break;
		case STEP_SELECT:
			buf_addch(out, '[');
			add_word(out, s->key, "=]\"[");
			buf_addch(out, '=');
			add_word(out, s->value, "]\"");
			buf_addch(out, ']');
			break;
		}
	}
}

int ye_conditions_parse(struct conditions *out, const char *text,
			struct err *err)
{
	memset(out, 0, sizeof(*out));
	for (const char *at = text;; at++) {
		size_t n = strcspn(at, ","), eq = 0;
		struct condition *c;
		bool is_quoted = false;
		char *path;

		/* The '=' that ends the path: not one in brackets, quotes. */
		for (int depth = 0; eq < n; eq++) {
			is_quoted ^= at[eq] == '"';
			if (is_quoted)
				continue;
			depth += (at[eq] == '[') - (at[eq] == ']');
			if (at[eq] == '=' && depth == 0)
				break;
		}
		if (eq == n) {
			err_set(err, ERR_USAGE, "'%.*s' is not PATH=VALUE, as "
				"in kind=Deployment,metadata.name=web",
				(int)(n < 200 ? n : 200), at);
			goto bad;
		}
		ARRAY_GROW(out->items, out->len, out->cap);
		c = &out->items[out->len++];
		memset(c, 0, sizeof(*c));
		path = xstrndup(at, eq);
		c->value = xstrndup(at + eq + 1, n - eq - 1);
		if (ye_path_parse(&c->path, path, err) < 0) {
			free(path);
			goto bad;
		}
		free(path);
		at += n;
		if (!*at)
			return 0;
	}
bad:
	ye_conditions_release(out);
	return -1;
}

void ye_conditions_release(struct conditions *c)
{
	for (size_t i = 0; i < c->len; i++) {
		ye_path_free(c->items[i].path);
		free(c->items[i].value);
	}
	free(c->items);
	memset(c, 0, sizeof(*c));
}

int ye_where_check(const char *where, struct err *err)
{
	struct conditions c;

	if (ye_conditions_parse(&c, where, err) < 0)
		return -1;
	ye_conditions_release(&c);
	return 0;
}
