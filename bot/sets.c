/*
 * Services that move together, as one more row of places: what the members
 * have in an environment is one place with all their fields, one branch and
 * one pull request.
 */
#include "bot/read.h"

#include <string.h>

#include "bot/base/str.h"

static bool is_wished(const struct request *r, const struct set *set)
{
	if (r->command == CMD_BUMP)
		return false;	/* builds come one by one */
	for (size_t i = 0; i < r->wishes_len; i++) {
		const char *name = r->wishes[i].service;

		if (name[0] == '+' && str_eq(name + 1, set->name))
			return true;
		for (size_t k = 0; k < set->members_len; k++)
			if (str_eq(name, set->members[k]))
				return true;
	}
	return false;
}

const char *const *sets_services(struct state *s, const struct request *r,
				 size_t *len)
{
	const struct config *c = &s->config;
	const char **names;
	size_t most = r->wishes_len;

	for (size_t i = 0; i < c->sets_len; i++)
		most += c->sets[i].members_len;
	names = arena_alloc(&s->arena, (most + 1) * sizeof(*names));
	*len = 0;
	for (size_t i = 0; i < r->wishes_len; i++)
		if (r->wishes[i].service[0] != '+')
			names[(*len)++] = r->wishes[i].service;
	for (size_t i = 0; i < c->sets_len; i++)
		for (size_t k = 0; is_wished(r, &c->sets[i]) &&
		     k < c->sets[i].members_len; k++)
			names[(*len)++] = c->sets[i].members[k];
	return names;
}

static void gates_join(struct arena *a, struct rules *out,
		       const struct rules *in)
{
	struct gate *all = arena_alloc(a, (out->gates_len + in->gates_len + 1) *
				       sizeof(*all));

	if (out->gates_len)
		memcpy(all, out->gates, out->gates_len * sizeof(*all));
	if (in->gates_len)
		memcpy(all + out->gates_len, in->gates,
		       in->gates_len * sizeof(*all));
	out->gates = all;
	out->gates_len += in->gates_len;
}

static bool is_in(const char *word, const char **words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(words[i], word))
			return true;
	return false;
}

/* Labels and reviewers: whoever any of them asks for. */
static void words_join(struct arena *a, const char ***out, size_t *len,
		       const char **more, size_t n)
{
	const char **all = arena_alloc(a, (*len + n + 1) * sizeof(*all));

	if (*len)
		memcpy(all, *out, *len * sizeof(*all));
	*out = all;
	for (size_t i = 0; i < n; i++)
		if (!is_in(more[i], all, *len))
			all[(*len)++] = more[i];
}

/* What --override may name: what it may for each of them. */
static void overrides_join(struct arena *a, struct rules *out,
			   const struct rules *in)
{
	const char **both;
	size_t n = 0;

	if (!in->overrides_set)
		return;
	if (!out->overrides_set) {
		out->overrides_set = true;
		out->overrides = in->overrides;
		out->overrides_len = in->overrides_len;
		return;
	}
	both = arena_alloc(a, (out->overrides_len + 1) * sizeof(*both));
	for (size_t i = 0; i < out->overrides_len; i++)
		if (is_in(out->overrides[i], in->overrides, in->overrides_len))
			both[n++] = out->overrides[i];
	out->overrides = both;
	out->overrides_len = n;
}

/*
 * The environment's, as careful as the most careful member. The gates are
 * judged for each member; here they only tell what can change with time.
 */
static void rules_join(struct state *s, const struct service *row, size_t e,
		       struct rules *out)
{
	*out = s->config.environments[e].rules;
	out->gates = NULL;
	out->gates_len = out->labels_len = out->reviewers_len = 0;
	for (size_t i = 0; i < row->members_len; i++) {
		const struct spot *m = state_spot(s, row->members[i], e);
		const struct rules *rules = &m->spec->rules[e];

		if (!m->place.exists)
			continue;
		out->promote_auto &= rules->promote_auto;
		out->deliver_push &= rules->deliver_push;
		out->rollback_push &= rules->rollback_push;
		out->merge_auto &= rules->merge_auto;
		gates_join(&s->arena, out, rules);
		overrides_join(&s->arena, out, rules);
		words_join(&s->arena, &out->labels, &out->labels_len,
			   rules->labels, rules->labels_len);
		words_join(&s->arena, &out->reviewers, &out->reviewers_len,
			   rules->reviewers, rules->reviewers_len);
	}
}

/* A member's fields, as the set's place names them. */
static void place_join(struct state *s, struct spot *out,
		       const struct spot *member)
{
	const struct place *p = &member->place;
	struct place *all = &out->place;

	if (p->err.code && !all->err.code)
		all->err = p->err;
	for (size_t k = 0; k < p->slots_len; k++) {
		struct slot *slot = &all->slots[all->slots_len];

		out->texts[all->slots_len++] = member->texts[k];
		*slot = p->slots[k];
		slot->label = p->slots_len == 1 ? p->service
			: arena_printf(&s->arena, "%s:%s", p->service,
				       slot->label);
	}
}

static void spot_join(struct state *s, const struct service *row, size_t at,
		      size_t e)
{
	struct spot *out = state_spot(s, at, e);
	struct version *versions;
	size_t most = 1;

	memset(out, 0, sizeof(*out));
	out->service = at;
	out->env = e;
	out->place.service = row->name;
	out->place.env = &s->config.environments[e];
	for (size_t i = 0; i < row->members_len; i++)
		most += state_spot(s, row->members[i], e)->place.slots_len;
	out->place.slots = arena_alloc(&s->arena, most *
				       sizeof(*out->place.slots));
	out->texts = arena_alloc(&s->arena, most * sizeof(*out->texts));
	for (size_t i = 0; i < row->members_len; i++) {
		const struct spot *m = state_spot(s, row->members[i], e);

		if (!m->place.exists)
			continue;
		out->place.exists = true;
		place_join(s, out, m);
	}
	if (!out->place.exists || out->place.err.code)
		return;
	versions = arena_alloc(&s->arena, most * sizeof(*versions));
	for (size_t k = 0; k < out->place.slots_len; k++)
		versions[k] = out->place.slots[k].version;
	out->place.version = place_version(&s->arena, out->place.slots,
					   versions, out->place.slots_len);
}

static void members_find(struct state *s, const struct set *set,
			 struct service *row, size_t at)
{
	row->members = arena_alloc(&s->arena, set->members_len *
				   sizeof(*row->members));
	for (size_t k = 0; k < set->members_len; k++) {
		size_t i = state_service(s, set->members[k]);

		if (i == SIZE_MAX) {
			diag_error(&s->diag, set->node, "set '%s': there is no "
				   "service '%s'; `git promote check` lists "
				   "them", set->name, set->members[k]);
			continue;
		}
		row->members[row->members_len++] = i;
		s->services[i].set = at;
	}
}

void sets_take(struct state *s, const struct request *r)
{
	const struct config *c = &s->config;
	size_t envs = c->environments_len;

	s->rows_len = s->services_len;
	for (size_t i = 0; i < c->sets_len; i++) {
		const struct set *set = &c->sets[i];
		struct service *row = &s->services[s->rows_len];
		struct service_spec *spec;

		if (r->wishes_len && !is_wished(r, set))
			continue;
		spec = arena_alloc(&s->arena, sizeof(*spec));
		spec->rules = arena_alloc(&s->arena,
					  envs * sizeof(*spec->rules));
		memset(row, 0, sizeof(*row));
		row->name = arena_printf(&s->arena, "+%s", set->name);
		row->set = SIZE_MAX;
		members_find(s, set, row, s->rows_len);
		for (size_t e = 0; e < envs; e++) {
			rules_join(s, row, e, &spec->rules[e]);
			spot_join(s, row, s->rows_len, e);
			state_spot(s, s->rows_len, e)->spec = spec;
		}
		s->rows_len++;
	}
}
