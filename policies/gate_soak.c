#include "bot/base/buf.h"
#include "policies/gates.h"

/*
 * soak: 24h. How long the version has been, or was, live in the environment
 * before: one uninterrupted stay.
 */
struct soak {
	int64_t s;
};

static const void *parse(const struct node *n, const struct gate_parse *p)
{
	struct soak *soak = arena_alloc(p->arena, sizeof(*soak));
	struct err err = { 0 };

	if (n->kind != NODE_SCALAR || n->is_null) {
		diag_error(p->diag, n, "soak is %s; write a duration, as in "
			   "'soak: 24h'", node_kind_name(n));
		return NULL;
	}
	if (duration_parse(&soak->s, n->value, &err) < 0) {
		diag_error(p->diag, n, "%s", err.msg);
		return NULL;
	}
	return soak;
}

static void judge(const void *setting, const struct gate_facts *f,
		  struct gate_result *out)
{
	const struct soak *soak = setting;
	const char *where = f->from ? f->from : "the environment before";
	struct buf lasted = { 0 }, wanted = { 0 };
	int64_t lasted_s;

	if (!f->stay) {
		gate_say(out, VERDICT_WAIT, "not known to have been live in %s",
			 where);
		return;
	}
	lasted_s = stay_lasted_s(f->stay, f->now_s);
	gate_rests_on(out, f, f->stay->landing ? f->stay->landing
		      : "live since", f->stay->commit ? f->stay->commit
		      : f->version, f->stay->from_s, NULL);
	if (f->stay->until_s != TIME_UNKNOWN)
		gate_rests_on(out, f, "left", f->version, f->stay->until_s,
			      NULL);
	duration_format(&lasted, lasted_s);
	duration_format(&wanted, soak->s);
	if (lasted_s >= soak->s) {
		gate_say(out, VERDICT_PASS, "live in %s for %s, %s needed",
			 where, buf_str(&lasted), buf_str(&wanted));
	} else if (f->stay->until_s != TIME_UNKNOWN &&
		   f->stay->until_s <= f->now_s) {
		if (lasted_s < 0)
			gate_say(out, VERDICT_REFUSE, "left %s; for how long it "
				 "was live there is not known", where);
		else
			gate_say(out, VERDICT_REFUSE, "left %s after %s, %s "
				 "needed", where, buf_str(&lasted),
				 buf_str(&wanted));
	} else if (lasted_s < 0) {
		gate_say(out, VERDICT_WAIT, f->stay->from_s == TIME_UNKNOWN
			 ? "since when it is live in %s is not known"
			 : "live in %s since a time in the future", where);
	} else {
		gate_say(out, VERDICT_WAIT, "live in %s for %s of %s", where,
			 buf_str(&lasted), buf_str(&wanted));
	}
	if (out->verdict == VERDICT_WAIT &&
	    f->stay->from_s != TIME_UNKNOWN &&
	    __builtin_add_overflow(f->stay->from_s, soak->s, &out->until_s))
		out->until_s = TIME_UNKNOWN;
	buf_release(&lasted);
	buf_release(&wanted);
}

const struct gate_kind gate_soak = {
	.name  = "soak",
	.help  = "how long the version has been live in the environment before",
	.parse = parse,
	.judge = judge,
};

int64_t gates_soak_s(const struct gate *gates, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (gates[i].kind == &gate_soak && gates[i].setting)
			return ((const struct soak *)gates[i].setting)->s;
	return 0;
}
