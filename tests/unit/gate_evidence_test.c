#include "tests/unit/gates.h"

#include "bot/base/str.h"

/* "NAME: VALUE TIME; ..." */
static void evidence_text(struct buf *out, const struct gate_result *r)
{
	for (size_t i = 0; i < r->evidence_len; i++) {
		const struct gate_evidence *e = &r->evidence[i];

		buf_addf(out, "%s%s: %s", i ? "; " : "", e->name, e->value);
		if (e->at_s != TIME_UNKNOWN) {
			buf_addch(out, ' ');
			time_format(out, e->at_s);
		}
	}
}

static void what_a_verdict_rested_on(void **state)
{
	static const struct { const char *setting, *version, *want; } rows[] = {
		{ "hours: Mon 09:00-10:00", "1.4.2",
		  "Mon 09:00-10:00: open 2026-11-23T09:30:00Z" },
		{ "hours: [Tue 09:00-10:00, Mon 09:00-10:00]", "1.4.2",
		  "Tue 09:00-10:00: closed 2026-11-23T09:30:00Z; "
		  "Mon 09:00-10:00: open 2026-11-23T09:30:00Z" },
		{ "freeze: []", "1.4.2",
		  "freeze: none is on, none to come 2026-11-23T09:30:00Z" },
		{ "freeze: [{from: 2026-11-01, to: 2026-11-22}]", "1.4.2",
		  "freeze: none is on, none to come 2026-11-23T09:30:00Z" },
		{ "freeze: [{from: 2026-12-24, to: 2026-12-24},"
		  " {from: 2026-12-01, to: 2026-12-02, reason: sale}]", "1.4.2",
		  "freeze begins: sale 2026-12-01T00:00:00Z; "
		  "freeze ends: sale 2026-12-03T00:00:00Z" },
		{ "freeze: [{from: 2026-12-01, to: 2026-12-02, reason: sale},"
		  " {from: 2026-11-23, to: 2026-11-23}]", "1.4.2",
		  "freeze begins: no reason given 2026-11-23T00:00:00Z; "
		  "freeze ends: no reason given 2026-11-24T00:00:00Z" },
		{ "pin: {until: 2026-12-01, reason: audit}", "1.4.2",
		  "pinned until: audit 2026-12-01T00:00:00Z" },
		{ "pin: {reason: audit}", "1.4.2", "pinned for good: audit" },
		{ "tag: \"[0-9.]+\"", "api=1.4.2,worker=1.4.3",
		  "version: api=1.4.2; version: worker=1.4.3" },
		{ "tag: \"[0-9.]+\"", "main,1.4.3", "version: main" },
	};
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = { 0 };
		struct gate_facts f = { .now_s = when("2026-11-23T09:30:00Z"),
					.version = rows[i].version,
					.arena = &a };
		struct written_gate w;
		struct gate_result r;
		struct buf got = { 0 };

		gate_written(&w, rows[i].setting);
		assert_int_equal(w.diag.errors, 0);
		gate_judge(&w.gate, &f, &r);
		evidence_text(&got, &r);
		if (strcmp(buf_str(&got), rows[i].want) != 0)
			row(&bad, rows[i].setting, buf_str(&got), rows[i].want);
		buf_release(&got);
		gate_written_release(&w);
		arena_release(&a);
	}
	assert_int_equal(bad, 0);
}

/* Neither a word nor a character is cut in two, and it is told. */
static void a_long_reason_is_cut_where_one_can_read_on(void **state)
{
	struct gate_result g = { 0 };
	struct buf words = { 0 };

	(void)state;
	while (words.len < 2 * sizeof(g.reason))
		buf_addstr(&words, "\xc3\xa4hnlich ");
	gate_say(&g, VERDICT_WAIT, "%s", buf_str(&words));
	assert_true(utf8_valid(g.reason, strlen(g.reason)));
	assert_true(str_ends(g.reason, "hnlich..."));
	/* Whose it is comes before it, whatever is left of it then. */
	gate_say(&g, g.verdict, "%s: %s", "eu", g.reason);
	assert_true(str_starts(g.reason, "eu: \xc3\xa4hnlich "));
	assert_true(str_ends(g.reason, "hnlich..."));
	buf_release(&words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_verdict_rested_on),
		cmocka_unit_test(a_long_reason_is_cut_where_one_can_read_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
