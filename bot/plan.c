#include "bot/planning.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"

enum { CLOCKS_DIFFER_S = 3600 };	/* the forge's and the bot's */

const char *action_name(enum action a)
{
	static const char *const names[] = {
		[ACTION_NONE] = "unchanged",
		[ACTION_PUSHED] = "pushed",
		[ACTION_OPENED] = "opened",
		[ACTION_REFRESHED] = "refreshed",
		[ACTION_REBUILT] = "rebuilt",
		[ACTION_MERGED] = "merged",
		[ACTION_ARMED] = "armed",
		[ACTION_CLOSED] = "closed",
		[ACTION_PENDING] = "pending",
		[ACTION_SUPERSEDED] = "superseded",
		[ACTION_HELD] = "held",
		[ACTION_DECLINED] = "declined",
		[ACTION_WAITING] = "waiting",
		[ACTION_DRIFTED] = "drifted",
		[ACTION_REFUSED] = "refused",
		[ACTION_FAILED] = "failed",
	};

	return names[a];
}

bool action_is_deed(enum action a)
{
	return a >= ACTION_PUSHED && a <= ACTION_CLOSED;
}

struct result *pl_result(struct planner *pl, const struct spot *spot,
			 const char *service, const char *environment)
{
	struct plan *p = pl->plan;
	struct result *res;

	ARRAY_GROW(p->results, p->len, p->cap);
	res = &p->results[p->len++];
	memset(res, 0, sizeof(*res));
	res->spot = spot;
	res->service = service;
	res->environment = environment;
	res->ready_s = TIME_UNKNOWN;
	if (spot)
		res->old_version = spot->place.version;
	return res;
}

size_t pl_environment(struct planner *pl, const char *name)
{
	const struct config *c = &pl->state->config;
	size_t e = config_environment(c, name);
	struct buf names = { 0 };

	if (e != SIZE_MAX)
		return e;
	for (size_t i = 0; i < c->environments_len; i++)
		buf_addf(&names, "%s%s", i ? ", " : "", c->environments[i].name);
	err_set(&pl->plan->err, ERR_USAGE, "there is no environment '%s' in "
		CONFIG_FILE "; there is %s", name, buf_str(&names));
	buf_release(&names);
	return SIZE_MAX;
}

const char *pl_no_service(struct planner *pl, const char *name)
{
	const struct state *s = pl->state;

	for (size_t i = 0; i < s->misses_len; i++)
		if (str_eq(s->misses[i].service, name))
			return arena_printf(pl_arena(pl), "there is no service "
				"'%s': %s", name, s->misses[i].why);
	return arena_printf(pl_arena(pl), "there is no service '%s'; `git "
			    "promote check` lists them", name);
}

void pl_need(struct planner *pl, const struct spot *spot, unsigned flags)
{
	struct needs *n = &pl->plan->needs;
	const struct state *s = pl->state;

	if (!n->flags)
		n->flags = arena_alloc(pl_arena(pl), s->spots_len + 1);
	n->flags[spot - s->spots] |= (unsigned char)flags;
	n->any = true;
}

void pl_need_past_since(struct planner *pl, const struct spot *spot,
			int64_t since_s)
{
	struct needs *n = &pl->plan->needs;

	if (since_s > CLOCKS_DIFFER_S) {
		since_s -= CLOCKS_DIFFER_S;
		if (!n->past_since_s || since_s < n->past_since_s)
			n->past_since_s = since_s;
	}
	pl_need(pl, spot, NEED_PAST);
}

/* When VERSION first came to where SPOT takes it from; 0: not known. */
static int64_t came_s(struct planner *pl, const struct spot *spot,
		      const char *version)
{
	const struct timeline *t = pl_from_len(spot)
		? pl_from_spot(pl, spot, 0)->timeline : NULL;
	const struct stay *stay = t ? timeline_first(t, version) : NULL;

	return stay && stay->from_s != TIME_UNKNOWN ? stay->from_s : 0;
}

void pl_need_past(struct planner *pl, const struct spot *spot,
		  const char *version)
{
	const struct service *row = spot_row(pl->state, spot);
	const char *const *wants = NULL;
	int64_t since_s = came_s(pl, spot, version);
	size_t n = 0;

	if (row->members_len)
		wants = pl_set_wants(pl, spot, version);
	for (size_t i = 0; wants && i < row->members_len; i++) {
		const struct spot *m = state_spot(pl->state, row->members[i],
						  spot->env);
		int64_t at_s;

		if (!m->place.exists)
			continue;
		at_s = came_s(pl, m, wants[n++]);
		if (at_s > since_s)
			since_s = at_s;
	}
	pl_need_past_since(pl, spot, since_s);
}

void pl_need_past_of_branch(struct planner *pl, const struct spot *spot)
{
	const struct branch_facts *f = &spot->branch_facts;

	pl_need_past_since(pl, spot, f->beyond_len ? f->beyond[0].committer_s
						   : 0);
}

void pl_need_prs(struct planner *pl)
{
	pl->plan->needs.prs = true;
	pl->plan->needs.any = true;
}

void pl_stop(struct planner *pl, struct result *res, enum action action,
	     enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	res->reason = arena_vprintf(pl_arena(pl), fmt, ap);
	va_end(ap);
	res->action = action;
	err_set(&res->err, code, "%s", res->reason);
}

void pl_reason(struct planner *pl, struct result *res, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	res->reason = arena_vprintf(pl_arena(pl), fmt, ap);
	va_end(ap);
}

bool pl_unknown(struct planner *pl, struct result *res,
		const struct spot *spot)
{
	const struct spot *back = state_back(pl->state, spot);
	const struct err *err = spot->err.code ? &spot->err : &back->err;

	if (!err->code)
		return false;
	pl_stop(pl, res, ACTION_FAILED, err->code, "%s", err->msg);
	return true;
}

void plan_make(struct plan *p, const struct state *s, const struct request *r)
{
	struct planner pl = { .plan = p, .state = s, .request = r };

	plan_release(p);
	switch (r->command) {
	case CMD_BUMP:
		plan_bump(&pl);
		break;
	case CMD_TO:
		plan_to(&pl);
		break;
	case CMD_AUTO:
		plan_auto(&pl);
		break;
	case CMD_STATUS:
		plan_status(&pl);
		break;
	case CMD_LOG:
		plan_log(&pl);
		break;
	case CMD_ROLLBACK:
		plan_rollback(&pl);
		break;
	case CMD_CHECK:
		break;
	}
	if (p->needs.any && !p->needs.flags)
		p->needs.flags = arena_alloc(&p->arena, s->spots_len + 1);
}

void plan_release(struct plan *p)
{
	free(p->results);
	free(p->overlay);
	arena_release(&p->arena);
	memset(p, 0, sizeof(*p));
}

/*
 * The gravest of these. For auto everything that waits counts as done, unless
 * somebody stopped it.
 */
static const int gravity[] = { 70, 15, 2, 13, 14, 12, 11, 10 };

int plan_exit_code(const struct result *results, size_t n,
		   enum command_id command)
{
	size_t worst = ARRAY_LEN(gravity);

	for (size_t i = 0; i < n; i++) {
		int code = err_exit_code(results[i].err.code);

		if ((command == CMD_AUTO || command == CMD_STATUS) &&
		    (code == 10 || code == 11) &&
		    !(results[i].is_stopped && command == CMD_AUTO))
			continue;
		for (size_t k = 0; k < worst; k++)
			if (gravity[k] == code)
				worst = k;
	}
	return worst == ARRAY_LEN(gravity) ? 0 : gravity[worst];
}
