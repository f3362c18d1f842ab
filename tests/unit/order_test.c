#include "tests/unit/timelines.h"

#include "policies/order.h"

static const char *const words[] = {
	[ORDER_NEWER] = "newer", [ORDER_SAME] = "same",
	[ORDER_SUPERSEDED] = "superseded", [ORDER_HELD] = "held",
	[ORDER_CONFLICT] = "conflict", [ORDER_MORE] = "more",
};

static const struct {
	const char *name, *timeline, *version;
	int64_t build;
	const char *want;
} rows[] = {
	{ "the first ever", "", "A", -1, "newer" },
	{ "the first ever, with a number", "", "A", 7, "newer" },
	{ "nothing read yet", "...", "A", 7, "more" },
	{ "it is there", "A@0 B@1", "B", -1, "same" },
	{ "it is there, built again", "A@0#1 B@1#2", "B", 3, "same" },
	{ "it is there, an older build's number", "A@0#1 B@1#2", "B", 1, "same" },

	/* by number */
	{ "a higher number", "A@0#1 B@1#2", "C", 3, "newer" },
	{ "a lower number", "A@0#1 B@1#3", "C", 2, "superseded" },
	{ "the same number, another version", "A@0#1 B@1#2", "C", 2, "conflict" },
	{ "number 0 counts", "A@0#0", "B", 0, "conflict" },
	{ "a re-run of an old build", "A@0#1 B@1#2", "A", 1, "superseded" },
	{ "an old version under a new number", "A@0#1 B@1#2", "A", 3,
	  "superseded" },
	{ "a person's edit on top, higher than the last number",
	  "A@0#1 B@1", "C", 2, "newer" },
	{ "a person's edit on top, lower than the last number",
	  "A@0#3 B@1", "C", 2, "superseded" },
	{ "no number now, numbers before: only what was left",
	  "A@0#1 B@1#2", "C", -1, "newer" },
	{ "a number now, none before", "A@0 B@1", "C", 1, "newer" },
	{ "a number now, none before, but it was left",
	  "A@0 B@1", "A", 1, "superseded" },

	/* held */
	{ "what was rolled back from", "A@0#1 B@1#2 A@2", "B", 2, "held" },
	{ "the same, built again", "A@0#1 B@1#2 A@2", "B", 3, "held" },
	{ "the same, without numbers", "A@0 B@1 A@2", "B", -1, "held" },
	{ "the fix after a rollback", "A@0#1 B@1#2 A@2", "C", 3, "newer" },
	{ "a build between the two, late", "A@0#1 B@1#3 A@2", "C", 2, "newer" },
	{ "a build older than what was rolled back to",
	  "A@0#4 B@1#5 A@2", "C", 3, "superseded" },
	{ "brought back by name: there", "A@0 B@1 A@2 B@3", "B", -1, "same" },
	{ "brought back by name: the other is superseded, not held",
	  "A@0 B@1 A@2 B@3", "A", -1, "superseded" },
	{ "held once, overtaken by a newer build since",
	  "A@0#1 B@1#2 A@2 C@3#3", "B", 2, "superseded" },
	{ "held once, overtaken, but without numbers it stays held",
	  "A@0 B@1 A@2 C@3", "B", -1, "held" },
	{ "rolled back past it", "A@0 B@1 C@2 A@3", "B", -1, "superseded" },

	/* gaps */
	{ "taken out, the same put back", "A@0#1 -@1", "A", 1, "newer" },
	{ "taken out, an older one", "A@0#1 B@1#2 -@2", "A", -1, "superseded" },
	{ "taken out, a newer one", "A@0#1 -@1", "B", 2, "newer" },

	/* the past is not known: asked for only where it matters */
	{ "cut: it is there", "... A@0", "A", -1, "same" },
	{ "cut, a higher number than the last bump's", "... A@0 B@1#2", "C", 3,
	  "newer" },
	{ "cut, a lower number than the last bump's", "... A@0 B@1#3", "C", 2,
	  "superseded" },
	{ "cut, the last bump's number", "... A@0 B@1#3", "C", 3, "conflict" },
	{ "cut, lower, but what is on top may be a rollback",
	  "... B@1#3 A@2", "C", 2, "more" },
	{ "cut, the same, but what is on top may be a rollback",
	  "... B@1#3 A@2", "C", 3, "more" },
	{ "cut, higher than all that is known", "... B@1#3 A@2", "C", 4,
	  "newer" },
	{ "cut, no number on either side", "... A@0 B@1", "C", -1, "more" },
	{ "cut, no number known yet", "... A@0 B@1", "C", 5, "more" },
	{ "cut, left for a bump: superseded for sure",
	  "... A@0 B@1#2", "A", -1, "superseded" },
	{ "cut, left for what may be older", "... A@0 B@1", "A", -1, "more" },
	{ "cut, left for what is older", "... A@0 B@1 A@2", "B", -1, "held" },
};

static void may_a_build_go_in(void **state)
{
	struct written w;
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		row(&bad, rows[i].name,
		    words[order_judge(written(&w, rows[i].timeline),
				      rows[i].version, rows[i].build)],
		    rows[i].want);
	assert_int_equal(bad, 0);
}

/* Whoever reads to the root, or to a horizon, gets an answer. */
static void a_complete_timeline_needs_no_more(void **state)
{
	struct written w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct timeline *t = written(&w, rows[i].timeline);

		t->complete = true;
		if (order_judge(t, rows[i].version, rows[i].build) ==
		    ORDER_MORE)
			fail_msg("%s", rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(may_a_build_go_in),
		cmocka_unit_test(a_complete_timeline_needs_no_more),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
