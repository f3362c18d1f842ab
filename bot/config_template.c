/* Text with {placeholders}: checked, expanded, and read backwards. */
#include "bot/config_read.h"

#include <string.h>

#include "bot/base/str.h"

/*
 * The first placeholder in S: *START is its brace, *LEN counts both braces.
 * 0: none; -1: a brace that opens and never closes.
 */
static int placeholder_next(const char *s, const char **start, size_t *len)
{
	const char *end;

	*start = strchr(s, '{');
	if (!*start)
		return 0;
	end = strpbrk(*start + 1, "{}");
	if (!end || *end == '{')
		return -1;
	*len = (size_t)(end - *start) + 1;
	return 1;
}

static bool mark_is(const char *mark, size_t len, const char *name)
{
	return len == strlen(name) + 2 &&
	       memcmp(mark + 1, name, len - 2) == 0;
}

/* What the environment puts in the place of MARK, or NULL. */
static const char *env_value(const struct environment *env, const char *mark,
			     size_t len)
{
	if (mark_is(mark, len, "environment"))
		return env->name;
	for (size_t i = 0; i < env->vars_len; i++)
		if (mark_is(mark, len, env->vars[i][0]))
			return env->vars[i][1];
	return NULL;
}

static bool mark_of_version(const char *mark, size_t len)
{
	return mark_is(mark, len, "tag") || mark_is(mark, len, "digest") ||
	       mark_is(mark, len, "version");
}

bool template_has(const char *template, const char *placeholder)
{
	return template && strstr(template, placeholder);
}

/* Every environment must know MARK. */
static bool mark_check(struct reader *rd, const struct node *n,
		       const char *what, const char *mark, size_t len)
{
	const struct config *c = rd->config;
	const struct environment *lacks = NULL;
	const char *known[] = { "service", "environment", "dir", "tag",
				"digest", "version", NULL };
	const char *name = arena_strndup(rd->arena, mark + 1, len - 2), *near;
	size_t have = 0;

	for (size_t i = 0; i < c->environments_len; i++) {
		if (env_value(&c->environments[i], mark, len))
			have++;
		else if (!lacks)
			lacks = &c->environments[i];
	}
	if (!lacks)
		return true;
	if (have) {
		diag_error(rd->diag, n, "%s has {%s}, which environment %s does "
			   "not know; give it there too, as in 'vars: {%s: "
			   "...}'", what, name, lacks->name, name);
		return false;
	}
	near = nearest_word(name, known);
	diag_error(rd->diag, n, "%s has {%s}, which is not known; %s%s%s", what,
		   name, near ? "did you mean {" : "write {environment}, {dir} "
		   "or one of the environments' vars", near ? near : "",
		   near ? "}?" : "");
	return false;
}

bool rd_template(struct reader *rd, const struct node *n, const char *what,
		 unsigned marks)
{
	const char *s = n->value, *mark;
	bool good = true;
	size_t len;
	int rc;

	for (; (rc = placeholder_next(s, &mark, &len)) > 0; s = mark + len) {
		if (mark_is(mark, len, "service")) {
			if (marks & MARKS_SERVICE)
				continue;
			diag_error(rd->diag, n, "%s cannot have {service}",
				   what);
			good = false;
		} else if (mark_of_version(mark, len)) {
			if (marks & MARKS_VERSION)
				continue;
			diag_error(rd->diag, n, "%s cannot have %.*s: only "
				   "'value' holds a version", what, (int)len,
				   mark);
			good = false;
		} else {
			good &= mark_check(rd, n, what, mark, len);
		}
	}
	if (rc == 0)
		return good;
	diag_error(rd->diag, n, "%s has a brace that is not closed; a "
		   "placeholder is written as {dir}", what);
	return false;
}

const char *config_expand(struct arena *a, const char *template,
			  const struct environment *env, const char *service)
{
	struct buf out = { 0 };
	const char *mark;
	size_t len;

	while (placeholder_next(template, &mark, &len) > 0) {
		const char *value = env_value(env, mark, len);

		if (service && mark_is(mark, len, "service"))
			value = service;
		buf_add(&out, template, (size_t)(mark - template));
		if (value)
			buf_addstr(&out, value);
		else
			buf_add(&out, mark, len);
		template = mark + len;
	}
	buf_addstr(&out, template);
	return buf_keep(&out, a);
}

/*
 * However often the placeholder stands, it stands for the same text, so the
 * lengths alone tell how long that is: there is nothing to search for.
 */
const char *config_match(struct arena *a, const char *pattern,
			 const char *placeholder, const char *text)
{
	size_t mark_len = strlen(placeholder), text_len = strlen(text);
	size_t n = 0, fixed = strlen(pattern), len;
	const char *found = NULL, *s = text;

	for (const char *p = pattern; (p = strstr(p, placeholder));
	     p += mark_len)
		n++;
	fixed -= n * mark_len;
	if (n == 0 || text_len <= fixed || (text_len - fixed) % n)
		return NULL;
	len = (text_len - fixed) / n;
	while (*pattern) {
		if (!str_starts(pattern, placeholder)) {
			if (*pattern++ != *s++)
				return NULL;
			continue;
		}
		if (found && memcmp(found, s, len) != 0)
			return NULL;
		if (memchr(s, '/', len))
			return NULL;
		found = s;
		pattern += mark_len;
		s += len;
	}
	return arena_strndup(a, found, len);
}
