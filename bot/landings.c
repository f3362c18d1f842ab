/*
 * When commits came onto base, as the forge saw it: pushes by the positions of
 * their heads on base's first-parent line.
 */
#include "bot/read.h"

#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"

static size_t position(const struct state *s, const struct oid *id)
{
	for (size_t i = 0; i < s->line_len; i++)
		if (oid_eq(&s->line[i], id))
			return i;
	return SIZE_MAX;
}

static size_t position_of(const struct state *s, const char *hex)
{
	struct oid id;

	return hex && oid_parse(&id, hex) ? position(s, &id) : SIZE_MAX;
}

/* What came to base since it was asked is not in the list. */
static bool is_enough(const struct state *s, const struct pushes *p,
		      const struct needs *needs)
{
	return p->are_read && (!p->told || p->err.code ||
			       (p->since_s <= needs->landings_since_s &&
				position(s, &p->head) <=
				needs->landings_first));
}

static void ask(struct state *s, struct world *w, const struct needs *needs)
{
	struct pushes *p = &w->evidence.pushes;

	log_progress("reading the pushes to %s", s->base);
	err_clear(&p->err);
	p->are_read = true;
	p->head = s->base_id;
	p->since_s = needs->landings_since_s;
	if (forge_pushes(w->forge, s->base, p->since_s, &w->evidence.arena,
			 &p->items, &p->len, &p->told, &p->err) < 0)
		log_verbose("%s", p->err.msg);
}

int read_landings(struct state *s, struct world *w, const struct needs *needs,
		  struct err *err)
{
	struct pushes *p = &w->evidence.pushes;
	struct landings *l = &s->landings;

	if (!needs->landings)
		return 0;
	if (read_line(s, w->repo, needs->landings_last, err) < 0)
		return -1;
	if (!is_enough(s, p, needs))
		ask(s, w, needs);
	*l = (struct landings){ .are_known = true, .last = SIZE_MAX,
				.since_s = INT64_MIN };
	if (p->err.code)
		l->error = p->err.msg;
	if (p->err.code || !p->told)
		return 0;
	l->first = position(s, &p->head);
	l->last = s->line_len - 1;
	l->since_s = p->since_s;
	l->pushes = arena_alloc(&s->arena, p->len * sizeof(*l->pushes));
	for (size_t i = 0; i < p->len; i++)
		l->pushes[l->len++] = (struct landing){
			.after = position_of(s, p->items[i].after),
			.before = position_of(s, p->items[i].before),
			.at_s = p->items[i].at_s,
		};
	for (size_t i = 0; i < s->spots_len / 2; i++)
		timeline_forge_word(s, &s->spots[i]);
	return 0;
}
