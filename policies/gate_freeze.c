#include "bot/base/buf.h"
#include "bot/base/zone.h"
#include "policies/gates.h"

/*
 * freeze: [{from: 2026-12-20, to: 2027-01-03, reason: holidays}]. From the
 * first second of `from` to the last of `to`; both dates, of `zone` (else
 * UTC), or times of RFC 3339. A date counts whole.
 */
struct freeze {
	int64_t from_s, end_s;	/* the first second after it */
	const char *reason;	/* or NULL */
};

struct freezes {
	size_t len;
	struct freeze *items;
};

enum { FREEZES_MAX = 100 };

#define EXAMPLE "freeze: [{from: 2026-12-20, to: 2027-01-03, reason: holidays}]"

static bool one_parse(struct freeze *out, const struct node *n,
		      const struct gate_parse *p)
{
	static const char *const known[] = { "from", "to", "reason", "zone",
					     NULL };
	const struct node *from, *to, *reason, *zone_node;
	const struct zone *zone = NULL;
	bool from_is_date, to_is_date;
	struct err err = { 0 };

	if (!gate_map(n, p, known, EXAMPLE))
		return false;
	from = node_get(n, "from");
	to = node_get(n, "to");
	reason = node_get(n, "reason");
	zone_node = node_get(n, "zone");
	if (!from || !to) {
		diag_error(p->diag, n, "a freeze needs from and to; write '%s'",
			   EXAMPLE);
		return false;
	}
	if (!gate_time(from, p, "from", &out->from_s, &from_is_date) ||
	    !gate_time(to, p, "to", &out->end_s, &to_is_date) ||
	    (reason && !(out->reason = gate_text(reason, p, "reason",
						 "reason: holidays"))))
		return false;
	if (zone_node && !gate_text(zone_node, p, "zone",
				    "zone: Europe/Zurich"))
		return false;
	if (zone_node && p->zone(&zone, p->arena, zone_node->value, &err) < 0) {
		diag_error(p->diag, zone_node, "%s", err.msg);
		return false;
	}
	out->end_s += to_is_date ? 86400 : 1;
	if (zone && from_is_date)
		out->from_s = zone_when_s(zone, out->from_s);
	if (zone && to_is_date)
		out->end_s = zone_when_s(zone, out->end_s);
	if (out->from_s < out->end_s)
		return true;
	diag_error(p->diag, to, "the freeze ends before it begins");
	return false;
}

static const void *parse(const struct node *n, const struct gate_parse *p)
{
	struct freezes *all = arena_alloc(p->arena, sizeof(*all));
	bool good = true;

	if (n->kind != NODE_LIST || n->len > FREEZES_MAX) {
		diag_error(p->diag, n, n->kind == NODE_LIST
			   ? "more than 100 freezes; take out those that are "
			     "over" : "freeze is not a list; write '" EXAMPLE
			   "'");
		return NULL;
	}
	all->items = arena_alloc(p->arena, n->len * sizeof(*all->items));
	for (all->len = 0; all->len < n->len; all->len++)
		good &= one_parse(&all->items[all->len], n->items[all->len], p);
	return good ? all : NULL;
}

static const struct freeze *freeze_at(const struct freezes *all, int64_t at_s)
{
	for (size_t i = 0; i < all->len; i++)
		if (at_s >= all->items[i].from_s && at_s < all->items[i].end_s)
			return &all->items[i];
	return NULL;
}

/* The freeze that is on, else the next one, else that there is none. */
static void say_freeze(struct gate_result *out, const struct gate_facts *f,
		       const struct freezes *all, const struct freeze *now)
{
	const struct freeze *it = now;
	const char *reason;

	for (size_t i = 0; i < all->len && !now; i++)
		if (all->items[i].from_s > f->now_s &&
		    (!it || all->items[i].from_s < it->from_s))
			it = &all->items[i];
	if (!it) {
		gate_rests_on(out, f, "freeze", "none is on, none to come",
			      f->now_s, NULL);
		return;
	}
	reason = it->reason ? it->reason : "no reason given";
	gate_rests_on(out, f, "freeze begins", reason, it->from_s, NULL);
	gate_rests_on(out, f, "freeze ends", reason, it->end_s, NULL);
}

static void judge(const void *setting, const struct gate_facts *f,
		  struct gate_result *out)
{
	const struct freezes *all = setting;
	const struct freeze *now = freeze_at(all, f->now_s), *next = now;
	struct buf until = { 0 };

	say_freeze(out, f, all, now);
	if (!now) {
		gate_say(out, VERDICT_PASS, "not frozen");
		return;
	}
	/* One freeze may begin where another ends. */
	while (next) {
		out->until_s = next->end_s;
		next = freeze_at(all, out->until_s);
	}
	time_format(&until, out->until_s);
	gate_say(out, VERDICT_WAIT, "frozen until %s%s%s", buf_str(&until),
		 now->reason ? ": " : "", now->reason ? now->reason : "");
	buf_release(&until);
}

const struct gate_kind gate_freeze = {
	.name  = "freeze",
	.help  = "dates between which nothing is promoted, with the reason",
	.changes_with_time = true,
	.parse = parse,
	.judge = judge,
};
