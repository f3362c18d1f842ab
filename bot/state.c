#include "bot/state.h"

#include <string.h>

#include "bot/base/str.h"

struct spot *state_spot(const struct state *s, size_t service, size_t env)
{
	return &s->spots[service * s->config.environments_len + env];
}

bool request_wants(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->envs_len; i++)
		if (str_eq(r->envs[i], name))
			return true;
	return r->envs_len == 0;
}

struct spot *state_back(const struct state *s, const struct spot *spot)
{
	return &s->spots[s->spots_len / 2 + (size_t)(spot - s->spots)];
}

const struct service *spot_row(const struct state *s, const struct spot *spot)
{
	return &s->services[spot->service];
}

size_t state_service(const struct state *s, const char *name)
{
	for (size_t i = 0; i < s->services_len || i < s->rows_len; i++)
		if (str_eq(s->services[i].name, name))
			return i;
	return SIZE_MAX;
}

void state_release(struct state *s)
{
	config_release(&s->config);
	diag_release(&s->diag);
	arena_release(&s->arena);
	memset(s, 0, sizeof(*s));
}

bool spot_takes(const struct spot *spot, const struct spot *from)
{
	const struct place *p = &spot->place, *f = &from->place;

	if (from->spec == spot->spec || (p->slots_len == 1 && f->slots_len == 1))
		return true;
	for (size_t i = 0; i < p->slots_len && i < f->slots_len; i++)
		if (!str_eq(p->slots[i].label, f->slots[i].label))
			return false;
	return p->slots_len == f->slots_len;
}

const struct rules *spot_rules(const struct spot *spot)
{
	return &spot->spec->rules[spot->env];
}
