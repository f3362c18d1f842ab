#ifndef TESTS_UNIT_GATES_H
#define TESTS_UNIT_GATES_H

#include "tests/unit/timelines.h"

#include "bot/base/zone.h"
#include "policies/gate.h"
#include "yamledit/doc.h"

/* A gate as promote.yaml has it, and what is wrong with it. */
struct written_gate {
	struct arena arena;
	struct diag diag;
	struct gate gate;	/* setting NULL: there are faults */
};

/* Zones by their rules, so that no test rests on the machine's. */
static inline int fake_zone(const struct zone **out, struct arena *a,
			    const char *name, struct err *err)
{
	static const char *const zones[][2] = {
		{ "UTC", "UTC0" },
		{ "Europe/Zurich", "CET-1CEST,M3.5.0,M10.5.0/3" },
		{ "America/New_York", "EST5EDT,M3.2.0,M11.1.0" },
		{ "Australia/Sydney", "AEST-10AEDT,M10.1.0,M4.1.0/3" },
		{ "Asia/Kolkata", "IST-5:30" },
	};

	for (size_t i = 0; i < ARRAY_LEN(zones); i++)
		if (strcmp(zones[i][0], name) == 0)
			return zone_of_rule(out, a, zones[i][1], err);
	return err_set(err, ERR_USAGE, "there is no time zone '%s'", name);
}

/* TEXT is "KIND: SETTING", YAML. */
static inline void gate_written(struct written_gate *w, const char *text)
{
	struct gate_parse p = { &w->arena, &w->diag, fake_zone };
	const struct node *top;
	struct err err = { 0 };

	memset(w, 0, sizeof(*w));
	if (ye_doc_parse(&top, &w->arena, text, strlen(text), &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	w->gate.kind = gate_kind_find(top->keys[0]->value);
	if (!w->gate.kind)
		fail_msg("%s: no such gate", text);
	w->gate.setting = w->gate.kind->parse(top->items[0], &p);
	if (!w->gate.setting != (w->diag.errors > 0))
		fail_msg("%s: setting and faults do not agree", text);
}

static inline void gate_written_release(struct written_gate *w)
{
	diag_release(&w->diag);
	arena_release(&w->arena);
}

/* Settings that are refused: each has this in its first fault. */
struct bad_setting {
	const char *text, *want;
};

static inline void check_bad_settings(const struct bad_setting *rows, size_t n)
{
	int bad = 0;

	for (size_t i = 0; i < n; i++) {
		struct written_gate w;
		const char *got;

		gate_written(&w, rows[i].text);
		got = w.diag.len ? w.diag.entries[0].text : "taken";
		if (!strstr(got, rows[i].want))
			row(&bad, rows[i].text, got, rows[i].want);
		gate_written_release(&w);
	}
	assert_int_equal(bad, 0);
}

/* "pass", "wait 2026-...: reason" */
static inline void gate_verdict(char *out, size_t size, const char *text,
				const struct gate_facts *f, bool reason_too)
{
	static const char *const words[] = {
		[VERDICT_PASS] = "pass", [VERDICT_WAIT] = "wait",
		[VERDICT_REFUSE] = "refuse", [VERDICT_NEED] = "need",
	};
	struct written_gate w;
	struct gate_result r;
	struct buf until = { 0 };

	gate_written(&w, text);
	if (w.diag.errors)
		fail_msg("%s: %s", text, w.diag.entries[0].text);
	gate_judge(&w.gate, f, &r);
	assert_string_equal(r.name, w.gate.kind->name);
	if (r.until_s != TIME_UNKNOWN) {
		buf_addch(&until, ' ');
		time_format(&until, r.until_s);
	}
	snprintf(out, size, "%s%s%s%s", words[r.verdict], buf_str(&until),
		 reason_too ? ": " : "", reason_too ? r.reason : "");
	buf_release(&until);
	gate_written_release(&w);
}

/* Seconds of "2026-11-21T09:00:00Z". */
static inline int64_t when(const char *text)
{
	struct err err = { 0 };
	int64_t s;

	if (time_parse(&s, text, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

#endif
