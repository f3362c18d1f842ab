#include "tests/unit/timelines.h"

#include "bot/base/buf.h"
#include "bot/base/str.h"

/* What became of B? (held, superseded, live, gone, never), and is it undone */
static void what_became_of_a_version(void **state)
{
	static const struct { const char *name, *timeline, *want; } rows[] = {
		{ "never there", "A@0 C@1", "never" },
		{ "an empty timeline", "", "never" },
		{ "live", "A@0 B@1", "live" },
		{ "live, the first ever", "B@0", "live" },
		{ "replaced by a newer one", "A@0 B@1 C@2", "superseded" },
		{ "a revert: A, B, A", "A@0 B@1 A@2", "held undone" },
		{ "back again: A, B, A, B", "A@0 B@1 A@2 B@3", "live" },
		{ "back, then superseded", "A@0 B@1 A@2 B@3 C@4", "superseded" },
		{ "back, then reverted again", "A@0 B@1 A@2 B@3 A@4",
		  "held undone" },
		{ "rollback, then a newer one", "A@0 B@1 A@2 C@3",
		  "held undone" },
		{ "the earlier of a pair that went to and fro",
		  "B@0 C@1 B@2 C@3", "superseded" },
		{ "and back once more", "B@0 C@1 B@2 C@3 B@4", "live" },
		{ "rollback past it, by two steps at once",
		  "A@0 B@1 C@2 A@3", "superseded undone" },
		{ "rollback step by step", "A@0 B@1 C@2 B@3 A@4",
		  "held undone" },
		{ "redeployed by a newer one's rollback", "A@0 B@1 C@2 B@3",
		  "live" },
		{ "taken out", "A@0 B@1 -@2", "gone" },
		{ "taken out and put back", "A@0 B@1 -@2 B@3", "live" },
		{ "emptied", "A@0 B@1 ''@2", "gone" },
		{ "taken out, a newer one put in", "A@0 B@1 -@2 C@3",
		  "superseded" },
		{ "taken out, the one before put in", "A@0 B@1 -@2 A@3",
		  "held undone" },
		{ "to a version not seen before, history cut",
		  "... B@1 A@2", "superseded" },
		{ "revert, history cut", "... A@0 B@1 A@2", "held undone" },
	};
	struct written w;
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct timeline *t = written(&w, rows[i].timeline);
		const struct stay *now = timeline_now(t), *since = NULL;
		bool held = timeline_held(t, "B", &since);
		char got[64];

		snprintf(got, sizeof(got), "%s%s",
			 held ? "held"
			 : timeline_left(t, "B") ? "superseded"
			 : !timeline_find(t, "B") ? "never"
			 : now && strcmp(now->version, "B") == 0 ? "live"
								 : "gone",
			 timeline_undone(t, "B") ? " undone" : "");
		row(&bad, rows[i].name, got, rows[i].want);
		assert_true(held == (since != NULL));
		if (since)
			assert_string_equal(since->version, "A");
	}
	assert_int_equal(bad, 0);
}

static void the_highest_build(void **state)
{
	static const struct {
		const char *name, *timeline;
		int64_t want;
		const char *version;
		bool certain;
	} rows[] = {
		{ "no numbers", "A@0 B@1", -1, NULL, true },
		{ "nothing", "", -1, NULL, true },
		{ "the last bump", "A@0#4 B@1#5", 5, "B", true },
		{ "a person's edit on top", "A@0#4 B@1#5 C@2", 5, "B", true },
		{ "a rollback: what it went back to counts by its old number",
		  "A@0#4 B@1#9 A@2", 4, "A", true },
		{ "a rollback to a version that had none",
		  "A@0 B@1#9 A@2", -1, NULL, true },
		{ "a new build after a rollback", "A@0#4 B@1#9 A@2 C@3#7",
		  7, "C", true },
		{ "only the last rollback counts",
		  "A@0#4 B@1#9 A@2 C@3#7 A@4 D@5#6", 6, "D", true },
		{ "brought back by name", "A@0#4 B@1#9 A@2 B@3", 9, "B", true },
		{ "cut history, a bump on top", "... A@0 B@1#5", 5, "B", true },
		{ "cut history, an unknown on top may be a rollback",
		  "... A@0 B@1#5 C@2", 5, "B", false },
		{ "cut history, the unknown lies below",
		  "... A@0 C@1 B@2#5", 5, "B", true },
		{ "cut history, a rollback that is known as one",
		  "... A@0#4 B@1#5 A@2", 4, "A", true },
		{ "cut history, none known", "... A@0", -1, NULL, false },
	};
	struct written w;
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *version = NULL;
		bool certain = false;
		char got[64], want[64];

		snprintf(got, sizeof(got), "%d",
			 (int)timeline_highest_build(
				 written(&w, rows[i].timeline), &version,
				 &certain));
		snprintf(got + strlen(got), sizeof(got) - strlen(got), " %s %d",
			 version ? version : "-", certain);
		snprintf(want, sizeof(want), "%d %s %d", (int)rows[i].want,
			 rows[i].version ? rows[i].version : "-",
			 rows[i].certain);
		row(&bad, rows[i].name, got, want);
	}
	assert_int_equal(bad, 0);
}

static void how_long_a_stay_lasted(void **state)
{
	static const struct {
		const char *name;
		int64_t from_s, until_s, now_s, want;
	} rows[] = {
		{ "live", 100, TIME_UNKNOWN, 160, 60 },
		{ "live since this second", 100, TIME_UNKNOWN, 100, 0 },
		{ "live from the next second on", 101, TIME_UNKNOWN, 100, -1 },
		{ "over", 100, 130, 1000, 30 },
		{ "replaced in the future", 100, 2000, 160, 60 },
		{ "replaced before it came", 100, 90, 160, -1 },
		{ "unknown", TIME_UNKNOWN, TIME_UNKNOWN, 160, -1 },
		{ "unknown, but over", TIME_UNKNOWN, 130, 160, -1 },
		{ "over, nobody knows when", 100, 100, 1000, 0 },
		{ "since before all time", INT64_MIN + 1, TIME_UNKNOWN, 160,
		  -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct stay s = { .version = "A", .from_s = rows[i].from_s,
				  .until_s = rows[i].until_s };
		int64_t got = stay_lasted_s(&s, rows[i].now_s);

		if (got != rows[i].want)
			fail_msg("%s: %lld", rows[i].name, (long long)got);
	}
}

/* A came at 10 with the commit at position 8, B at 20 with 4, C at 30 with 1. */
enum { OFF = -1 };	/* the line */

static void when_the_forge_saw_it_land(void **state)
{
	static const struct {
		const char *name;
		struct { int after, before, at_s; } pushes[3];	/* at_s 0: none */
		const char *want;
	} rows[] = {
		{ "nothing is known", { { 0 } }, "C@30 B@20-30 A@10-20" },
		{ "each by a push of its own",
		  { { 1, 4, 35 }, { 4, 8, 25 }, { 8, OFF, 15 } },
		  "C@35p B@25p-35 A@15p-25" },
		{ "all by one", { { 0, 9, 50 } }, "C@50p B@50p-50 A@50p-50" },
		{ "by a push whose head came later on top",
		  { { 0, 3, 60 }, { 3, 8, 40 } }, "C@60p B@40p-60 A@10-40" },
		{ "in any order", { { 3, 8, 40 }, { 0, 3, 60 } },
		  "C@60p B@40p-60 A@10-40" },
		{ "what was there before a push did not come with it",
		  { { 0, 1, 60 } }, "C@30 B@20-30 A@10-20" },
		{ "a head that is not on the line says nothing",
		  { { OFF, 8, 60 }, { OFF, OFF, 70 } }, "C@30 B@20-30 A@10-20" },
		{ "the oldest of several that brought it counts",
		  { { 0, OFF, 90 }, { 1, OFF, 70 }, { 1, OFF, 80 } },
		  "C@70p B@70p-70 A@70p-70" },
		{ "git's word is the later one", { { 1, 4, 29 }, { 4, 8, 1 } },
		  "C@30 B@20-30 A@10-20" },
		{ "what came after it began no earlier", { { 4, 8, 45 } },
		  "C@45p B@45p-45 A@10-45" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct stay s[] = {
			{ .version = "C", .from_s = 30, .pos = 1,
			  .until_s = TIME_UNKNOWN },
			{ .version = "B", .from_s = 20, .pos = 4, .until_s = 30 },
			{ .version = "A", .from_s = 10, .pos = 8, .until_s = 20 },
		};
		struct landing pushes[3];
		struct buf got = { 0 };
		size_t n = 0;

		for (; n < 3 && rows[i].pushes[n].at_s; n++)
			pushes[n] = (struct landing){
				(size_t)rows[i].pushes[n].after,
				(size_t)rows[i].pushes[n].before,
				rows[i].pushes[n].at_s };
		stays_pushed(s, 3, pushes, n, 8);
		for (size_t k = 0; k < 3; k++) {
			buf_addf(&got, "%s%s@%d%s", k ? " " : "", s[k].version,
				 (int)s[k].from_s, s[k].landing ? "p" : "");
			if (s[k].until_s != TIME_UNKNOWN)
				buf_addf(&got, "-%d", (int)s[k].until_s);
		}
		if (!str_eq(buf_str(&got), rows[i].want))
			fail_msg("%s: %s, not %s", rows[i].name, buf_str(&got),
				 rows[i].want);
		buf_release(&got);
	}
}

static void beyond_the_known_line_nothing_is_said(void **state)
{
	struct stay s = { .version = "A", .from_s = 10, .pos = 8 };
	struct landing push = { 0, SIZE_MAX, 50 };	/* maybe 9, maybe 3 */

	(void)state;
	stays_pushed(&s, 1, &push, 1, 7);
	assert_int_equal(s.from_s, 10);
	s.from_s = TIME_UNKNOWN;
	stays_pushed(&s, 1, &push, 1, 8);
	assert_true(s.from_s == TIME_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_became_of_a_version),
		cmocka_unit_test(the_highest_build),
		cmocka_unit_test(how_long_a_stay_lasted),
		cmocka_unit_test(when_the_forge_saw_it_land),
		cmocka_unit_test(beyond_the_known_line_nothing_is_said),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
