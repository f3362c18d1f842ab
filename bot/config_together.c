/* promote.yaml: services that move together, and limits. */
#include "bot/config_read.h"

#include <string.h>

#include "bot/base/str.h"
#include "bot/trailers.h"

enum { SETS_MAX = 1000, MEMBERS_MAX = 100, LIMIT_MAX = 100000 };

static const struct set *set_with(const struct config *c, const char *service)
{
	for (size_t i = 0; i < c->sets_len; i++)
		for (size_t k = 0; k < c->sets[i].members_len; k++)
			if (str_eq(c->sets[i].members[k], service))
				return &c->sets[i];
	return NULL;
}

static void members_read(struct reader *rd, const struct node *n,
			 struct set *set)
{
	const char **words;
	size_t len;

	if (!rd_texts(rd, n, "a set", "shop: [web, api]", &words, &len))
		return;
	if (len < 2 || len > MEMBERS_MAX) {
		diag_error(rd->diag, n, "set '%s' names %zu; from 2 to %d "
			   "services can move together", set->name, len,
			   MEMBERS_MAX);
		return;
	}
	set->members = words;
	for (size_t i = 0; i < len; i++) {
		const struct node *at = n->items[i];
		const struct set *other;

		if (!words[i])
			return;
		if (!name_valid(words[i], strlen(words[i]))) {
			diag_error(rd->diag, at, "service '%s': " NAME_RULE,
				   words[i]);
			return;
		}
		other = set_with(rd->config, words[i]);
		for (size_t k = 0; k < i; k++)
			if (str_eq(words[i], words[k]))
				other = set;
		if (other) {
			diag_error(rd->diag, at, "'%s' is in '%s' already; a "
				   "service moves with one set", words[i],
				   other->name);
			return;
		}
	}
	set->members_len = len;
}

void rd_together(struct reader *rd, const struct node *n)
{
	static const char example[] = "together: {shop: [web, api]}";
	struct config *c = rd->config;

	if (!rd_map(rd, n, "together", example))
		return;
	if (n->len > SETS_MAX) {
		diag_error(rd->diag, n, "more than %d sets", SETS_MAX);
		return;
	}
	c->sets = arena_alloc(rd->arena, (n->len + 1) * sizeof(*c->sets));
	for (size_t i = 0; i < n->len; i++) {
		const struct node *key = n->keys[i];
		struct set *set = &c->sets[c->sets_len];

		set->name = key->value;
		set->node = n->items[i];
		if (!name_valid(key->value, strlen(key->value)))
			diag_error(rd->diag, key, "set '%s': " NAME_RULE,
				   key->value);
		else
			members_read(rd, n->items[i], set);
		c->sets_len++;
	}
}

static void limit_read(struct reader *rd, const struct node *map,
		       const char *key, size_t *out)
{
	const struct node *n = node_get(map, key);
	int64_t value;

	if (!n)
		return;
	value = n->kind == NODE_SCALAR ? trailer_number(n->value) : -1;
	if (value < 1 || value > LIMIT_MAX)
		diag_error(rd->diag, n, "%s is not a number from 1 to %d; "
			   "write '%s: 10'", key, LIMIT_MAX, key);
	else
		*out = (size_t)value;
}

void rd_limits(struct reader *rd, const struct node *n)
{
	static const char *const known[] = { "promotions", "pull-requests",
					     NULL };

	if (!rd_map(rd, n, "limits", "limits: {promotions: 10}"))
		return;
	rd_keys(rd, n, known, "limits");
	limit_read(rd, n, "promotions", &rd->config->limits.promotions);
	limit_read(rd, n, "pull-requests", &rd->config->limits.pull_requests);
}
