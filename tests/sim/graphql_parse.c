#include "tests/sim/graphql.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/buf.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/* GraphQL documents (spec of October 2021, section 2), without directives
   and subscriptions, which no bot of ours has a use for. */

static json_t *selections(struct gql_doc *d);
static json_t *value(struct gql_doc *d);

static void blank(struct gql_doc *d)
{
	for (;;) {
		d->p += strspn(d->p, " \t\r\n,");
		if (*d->p != '#')
			return;
		d->p += strcspn(d->p, "\n");
	}
}

static bool eat(struct gql_doc *d, const char *token)
{
	size_t n = strlen(token);

	blank(d);
	if (strncmp(d->p, token, n) != 0 ||
	    (isalpha((unsigned char)*token) &&
	     (isalnum((unsigned char)d->p[n]) || d->p[n] == '_')))
		return false;
	d->p += n;
	return true;
}

static void need(struct gql_doc *d, const char *token)
{
	if (!eat(d, token) && !d->wrong)
		d->wrong = *token == '}' ? "Expected }" : *token == ')'
			 ? "Expected )" : *token == ':' ? "Expected :"
			 : "Expected {";
}

static char *name(struct gql_doc *d)
{
	size_t n = 0;

	blank(d);
	while (isalnum((unsigned char)d->p[n]) || d->p[n] == '_')
		n++;
	if (n == 0 && !d->wrong)
		d->wrong = "Expected a name";
	d->p += n;
	return xstrndup(d->p - n, n);
}

static json_t *string(struct gql_doc *d)
{
	struct buf b = { 0 };
	json_t *v, *list;

	if (!strncmp(d->p, "\"\"\"", 3)) {
		const char *end = strstr(d->p + 3, "\"\"\"");

		if (!end) {
			d->wrong = "Unterminated string";
			return json_null();
		}
		v = json_stringn(d->p + 3, (size_t)(end - d->p - 3));
		d->p = end + 3;
		return v;
	}
	buf_addstr(&b, "[\"");
	for (d->p++; *d->p && *d->p != '"' && *d->p != '\n'; d->p++) {
		buf_addch(&b, *d->p);
		if (*d->p == '\\' && d->p[1])
			buf_addch(&b, *++d->p);
	}
	if (*d->p == '"')
		d->p++;
	else
		d->wrong = "Unterminated string";
	buf_addstr(&b, "\"]");
	list = json_loads(buf_str(&b), 0, NULL);	/* the escapes are JSON's */
	v = list ? json_incref(json_array_get(list, 0)) : json_null();
	json_decref(list);
	buf_release(&b);
	return v;
}

static json_t *object(struct gql_doc *d)
{
	json_t *o = json_object();

	while (!d->wrong && !eat(d, "}")) {
		char *key = name(d);

		need(d, ":");
		json_object_set_new(o, key, value(d));
		free(key);
	}
	return o;
}

static json_t *list(struct gql_doc *d)
{
	json_t *l = json_array();

	while (!d->wrong && !eat(d, "]"))
		json_array_append_new(l, value(d));
	return l;
}

static json_t *number(struct gql_doc *d)
{
	size_t n = strspn(d->p, "-+0123456789.eE");
	char *text = xstrndup(d->p, n);
	json_t *v = strpbrk(text, ".eE") ? json_real(strtod(text, NULL))
					 : json_integer(strtoll(text, NULL, 10));

	d->p += n;
	free(text);
	return v;
}

static json_t *value(struct gql_doc *d)
{
	char *word;
	json_t *v;

	blank(d);
	if (eat(d, "$")) {
		word = name(d);
		v = json_object_get(d->variables, word);
		v = v ? json_incref(v) : json_null();
		free(word);
		return v;
	}
	if (eat(d, "{"))
		return object(d);
	if (eat(d, "["))
		return list(d);
	if (*d->p == '"')
		return string(d);
	if (*d->p == '-' || isdigit((unsigned char)*d->p))
		return number(d);
	word = name(d);
	v = str_eq(word, "true") ? json_true() : str_eq(word, "false")
		? json_false() : str_eq(word, "null") ? json_null()
		: json_string(word);
	free(word);
	return v;
}

static json_t *field(struct gql_doc *d)
{
	char *first = name(d), *second = eat(d, ":") ? name(d) : NULL;
	json_t *f = json_pack("{s:s,s:s}", "field", second ? second : first,
			      "as", first), *args = json_object();

	if (eat(d, "("))
		while (!d->wrong && !eat(d, ")")) {
			char *key = name(d);

			need(d, ":");
			json_object_set_new(args, key, value(d));
			free(key);
		}
	json_object_set_new(f, "args", args);
	if (eat(d, "{"))
		json_object_set_new(f, "sel", selections(d));
	free(first);
	free(second);
	return f;
}

/* After "{"; a spread of a named fragment is filled in later. */
static json_t *selections(struct gql_doc *d)
{
	json_t *all = json_array();

	while (!d->wrong && !eat(d, "}")) {
		char *type = NULL;

		if (!eat(d, "...")) {
			json_array_append_new(all, field(d));
			continue;
		}
		if (eat(d, "on"))
			type = name(d);
		if (eat(d, "{"))
			json_array_append_new(all, json_pack(
				"{s:s?,s:o}", "on", type, "sel", selections(d)));
		else if (!type)
			json_array_append_new(all, json_pack(
				"{s:o}", "spread", json_string(type = name(d))));
		free(type);
	}
	return all;
}

static void fill_spreads(struct gql_doc *d, json_t *sel, int depth)
{
	json_t *v, *found, *name_of;
	size_t i;

	json_array_foreach(sel, i, v) {
		name_of = json_object_get(v, "spread");
		if (name_of) {
			found = json_object_get(d->fragments,
						json_string_value(name_of));
			if (!found && !d->wrong)
				d->wrong = "Fragment is not defined";
			json_object_update(v, found);
			json_object_del(v, "spread");
		}
		if (depth < 20)
			fill_spreads(d, json_object_get(v, "sel"), depth + 1);
	}
}

/* ($id: ID!, $first: Int = 5): only the defaults matter here. */
static void variables(struct gql_doc *d)
{
	while (!d->wrong && !eat(d, ")")) {
		char *var;

		need(d, "$");
		var = name(d);
		need(d, ":");
		blank(d);
		d->p += strspn(d->p, "[]!_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789");
		if (eat(d, "=")) {
			json_t *v = value(d);

			if (!json_object_get(d->variables, var))
				json_object_set(d->variables, var, v);
			json_decref(v);
		}
		free(var);
	}
}

static void operation(struct gql_doc *d)
{
	char *title;

	d->is_mutation = eat(d, "mutation");
	if (d->is_mutation || eat(d, "query")) {
		blank(d);
		if (*d->p != '(' && *d->p != '{') {
			title = name(d);
			free(title);
		}
		if (eat(d, "("))
			variables(d);
	}
	need(d, "{");
	if (!d->wrong)
		d->sel = selections(d);
}

bool gql_parse(struct gql_doc *d, const char *text, const json_t *given)
{
	*d = (struct gql_doc){ .p = text };
	d->variables = json_is_object(given) ? json_deep_copy(given)
					     : json_object();
	d->fragments = json_object();
	for (blank(d); *d->p && !d->wrong; blank(d)) {
		char *title, *type;

		if (!eat(d, "fragment")) {
			if (d->sel)
				d->wrong = "More than one operation";
			else
				operation(d);
			continue;
		}
		title = name(d);
		if (!eat(d, "on"))
			d->wrong = "Expected \"on\"";
		type = name(d);
		need(d, "{");
		if (!d->wrong)
			json_object_set_new(d->fragments, title, json_pack(
				"{s:s,s:o}", "on", type, "sel", selections(d)));
		free(title);
		free(type);
	}
	if (!d->sel && !d->wrong)
		d->wrong = "No operation";
	if (!d->wrong)
		fill_spreads(d, d->sel, 0);
	return !d->wrong;
}

void gql_release(struct gql_doc *d)
{
	json_decref(d->variables);
	json_decref(d->fragments);
	json_decref(d->sel);
}
