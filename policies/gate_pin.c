#include "bot/base/buf.h"
#include "policies/gates.h"

/*
 * pin: {until: 2026-12-01, reason: ...}. The service stays at its version
 * until the first second of that day (UTC) or that time; without `until` for
 * good.
 */
struct pin {
	int64_t until_s;	/* TIME_UNKNOWN: for good */
	const char *reason;
};

#define EXAMPLE "pin: {until: 2026-12-01, reason: the audit is running}"

static const void *parse(const struct node *n, const struct gate_parse *p)
{
	static const char *const known[] = { "until", "reason", NULL };
	struct pin *pin = arena_alloc(p->arena, sizeof(*pin));
	const struct node *until, *reason;
	bool is_date;

	if (!gate_map(n, p, known, EXAMPLE))
		return NULL;
	until = node_get(n, "until");
	reason = node_get(n, "reason");
	pin->until_s = TIME_UNKNOWN;
	if (!reason) {
		diag_error(p->diag, n, "a pin needs a reason, for whoever finds "
			   "it later; write '%s'", EXAMPLE);
		return NULL;
	}
	pin->reason = gate_text(reason, p, "reason", EXAMPLE);
	if (!pin->reason ||
	    (until && !gate_time(until, p, "until", &pin->until_s, &is_date)))
		return NULL;
	return pin;
}

static void judge(const void *setting, const struct gate_facts *f,
		  struct gate_result *out)
{
	const struct pin *pin = setting;
	struct buf until = { 0 };

	gate_rests_on(out, f, pin->until_s == TIME_UNKNOWN ? "pinned for good"
		      : "pinned until", pin->reason, pin->until_s, NULL);
	if (pin->until_s == TIME_UNKNOWN) {
		gate_say(out, VERDICT_REFUSE, "pinned: %s", pin->reason);
		return;
	}
	time_format(&until, pin->until_s);
	if (f->now_s >= pin->until_s) {
		gate_say(out, VERDICT_PASS, "was pinned until %s",
			 buf_str(&until));
	} else {
		gate_say(out, VERDICT_WAIT, "pinned until %s: %s",
			 buf_str(&until), pin->reason);
		out->until_s = pin->until_s;
	}
	buf_release(&until);
}

const struct gate_kind gate_pin = {
	.name  = "pin",
	.help  = "keep the version that is there, with the reason",
	.parse = parse,
	.judge = judge,
};
