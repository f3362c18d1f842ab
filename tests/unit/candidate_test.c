#include "tests/unit/timelines.h"

#include "policies/candidate.h"

static const char *const words[] = {
	[CANDIDATE_NONE] = "none", [CANDIDATE_READY] = "ready",
	[CANDIDATE_SOAKING] = "soaking", [CANDIDATE_HELD] = "held",
	[CANDIDATE_DECLINED] = "declined", [CANDIDATE_DRIFT] = "drift",
	[CANDIDATE_MORE] = "more",
};

/*
 * Now is hour 100. WANT: the verdict, its version, "@H" when it is ready
 * (from now on counted in hours of the timeline), "then V@H": what soaks.
 */
struct candidate_row {
	const char *name, *from, *also_from, *target;
	double soak_h;
	const char *declined;
	const char *want;
};

static void say_time(char *out, size_t size, int64_t s)
{
	size_t n = strlen(out);

	if (s != TIME_UNKNOWN)
		snprintf(out + n, size - n, "@%d", (int)((s - T0) / HOUR));
	else
		snprintf(out + n, size - n, "@?");
}

static void say(char *out, size_t size, const struct candidate *c)
{
	snprintf(out, size, "%s%s%s", words[c->verdict], c->version ? " " : "",
		 c->version ? c->version : "");
	if (c->verdict == CANDIDATE_SOAKING)
		say_time(out, size, c->ready_s);
	if (c->soaking) {
		size_t n = strlen(out);

		snprintf(out + n, size - n, " then %s", c->soaking);
		say_time(out, size, c->soaking_ready_s);
	}
}

static void find(const struct candidate_row *r, char *got, size_t size,
		 bool complete)
{
	struct written w[3];
	struct timeline from[2];
	struct candidate_facts f = {
		.from = from, .from_len = r->also_from ? 2 : 1,
		.target = written(&w[2], r->target),
		.soak_s = (int64_t)(r->soak_h * HOUR), .now_s = hour(100),
		.declined = &r->declined, .declined_len = r->declined ? 1 : 0,
	};
	struct candidate c;

	from[0] = *written(&w[0], r->from);
	from[1] = *written(&w[1], r->also_from ? r->also_from : "");
	if (complete)
		from[0].complete = from[1].complete = w[2].t.complete = true;
	candidate_find(&f, &c);
	say(got, size, &c);
	if (c.stay)	/* of the version, in from[0] */
		assert_true(c.stay >= from[0].stays &&
			    c.stay < from[0].stays + from[0].len &&
			    strcmp(c.stay->version, c.version) == 0);
	if (c.verdict == CANDIDATE_READY)
		assert_non_null(c.slowest);
	else
		assert_null(c.soaking);
}

static const struct candidate_row rows[] = {
	/* the plain cases */
	{ "the target has it", "A@0", NULL, "A@1", 0, NULL, "none" },
	{ "a newer one", "A@0 B@10", NULL, "A@1", 0, NULL, "ready B" },
	{ "never deployed there", "A@0 B@10", NULL, "", 0, NULL, "ready B" },
	{ "never deployed there, the newest soaks", "A@0 B@90", NULL, "", 24,
	  NULL, "ready A then B@114" },
	{ "the field is there, but empty", "A@0 B@10", NULL, "''@0", 0, NULL,
	  "ready B" },
	{ "nothing in from", "", NULL, "A@0", 0, NULL, "none" },
	{ "nothing anywhere", "", NULL, "", 0, NULL, "none" },
	{ "taken out of from", "A@0 B@10 -@20", NULL, "A@1", 0, NULL, "none" },
	{ "taken out of from, put back", "A@0 B@10 -@20 B@30", NULL, "A@1", 24,
	  NULL, "ready B" },
	{ "taken out of the target: what it had may come back",
	  "A@0", NULL, "A@1 -@2", 0, NULL, "ready A" },
	{ "taken out of the target: an older one may not",
	  "A@0 B@5 A@6", NULL, "B@5 -@7", 0, NULL, "none" },

	/* soak */
	{ "soaks", "A@0 B@90", NULL, "A@1", 24, NULL, "soaking B@114" },
	{ "a day to the second", "A@0 B@76", NULL, "A@1", 24, NULL, "ready B" },
	{ "a second short", "A@0 B@76.0003", NULL, "A@1", 24, NULL,
	  "soaking B@100" },
	{ "superseded after its soak", "A@0 B@10 C@50 D@60", NULL, "A@1", 30,
	  NULL, "ready D" },
	{ "superseded after its soak, the next one soaks",
	  "A@0 B@10 C@90", NULL, "A@1", 24, NULL, "ready B then C@114" },
	{ "left before its soak ended", "A@0 B@40 C@50", NULL, "A@1", 60, NULL,
	  "soaking C@110" },
	{ "left before its soak ended, back again soaks anew",
	  "A@0 B@10 C@20 B@90", NULL, "A@1", 24, NULL, "soaking B@114" },
	{ "a long stay of the past counts for what is back",
	  "A@0 B@10 C@50 B@90", NULL, "A@1", 24, NULL, "ready B" },
	{ "two short stays do not make a long one",
	  "A@0 B@10 C@30 B@50 D@70", NULL, "A@1", 24, NULL, "ready D" },
	{ "a build every two hours, a soak of a day: the night's",
	  "A@0 B@4 C@6 D@8 E@10 F@36 G@96 H@98", NULL, "A@1", 24, NULL,
	  "ready F then H@122" },
	{ "a build every two hours and no night", "A@0 B@94 C@96 D@98", NULL,
	  "A@1", 24, NULL, "soaking D@122" },
	{ "of two that soaked, the newer", "A@0 B@10 C@40 D@99", NULL, "A@1",
	  24, NULL, "ready C then D@123" },

	/* times nobody knows, times to come */
	{ "since when is not known", "A@0 B@?", NULL, "A@1", 24, NULL,
	  "soaking B@?" },
	{ "left, nobody knows when", "A@0 B@10 C@?", NULL, "A@1", 24, NULL,
	  "soaking C@?" },
	{ "live from tomorrow on", "A@0 B@120", NULL, "A@1", 24, NULL,
	  "soaking B@144" },
	{ "replaced tomorrow, live since long", "A@0 B@50 C@120", NULL, "A@1",
	  24, NULL, "ready B then C@144" },
	{ "without a soak no time matters", "A@0 B@?", NULL, "A@1", 0, NULL,
	  "ready B" },

	/* from went back */
	{ "reverted in from, the target is at the older one",
	  "A@0 B@10 A@50", NULL, "A@1", 24, NULL, "none" },
	{ "reverted in from after the target got it: never backwards",
	  "Z@0 A@1 B@10 A@50", NULL, "B@40", 24, NULL, "none" },
	{ "reverted in from, the target is behind both",
	  "Z@0 A@1 B@30 A@99", NULL, "Z@0", 24, NULL, "ready A" },
	{ "gone back by two steps at once", "A@0 B@10 C@50 A@90", NULL, "A@1",
	  24, NULL, "none" },
	{ "reverted, then a new one", "A@0 B@10 A@50 C@60", NULL, "A@1", 24,
	  NULL, "ready C" },
	{ "reverted, and back by name", "A@0 B@10 A@50 B@60", NULL, "A@1", 24,
	  NULL, "ready B" },
	{ "redeployed in from, the target has the next one",
	  "A@0 B@10 C@20 B@60", NULL, "B@15 C@30", 24, NULL, "none" },

	/* a person's no */
	{ "held", "A@0 B@10", NULL, "A@1 B@20 A@30", 0, NULL, "held B" },
	{ "held, a newer one is ready", "A@0 B@10 C@40", NULL, "A@1 B@20 A@30",
	  24, NULL, "ready C" },
	{ "held, a newer one soaks", "A@0 B@10 C@90", NULL, "A@1 B@20 A@30",
	  24, NULL, "soaking C@114" },
	{ "held, and an older one that never was there stays out",
	  "A@0 B@10 C@40", NULL, "A@1 C@41 A@50", 24, NULL, "held C" },
	{ "held once, back by name", "A@0 B@10", NULL, "A@1 B@20 A@30 B@40", 0,
	  NULL, "none" },
	{ "held once, long overtaken", "A@0 B@10 C@30 D@40", NULL,
	  "A@1 B@20 A@25 C@32", 24, NULL, "ready D" },
	{ "rolled back twice", "A@0 B@10 C@20", NULL,
	  "A@1 B@12 C@22 B@30 A@40", 0, NULL, "held C" },
	{ "rolled back by two steps at once: neither comes back",
	  "A@0 B@10 C@20", NULL, "A@1 B@12 C@22 A@30", 0, NULL, "held C" },
	{ "superseded in the target: silently never",
	  "A@0 B@10 C@20 B@30", NULL, "A@1 B@12 C@25", 0, NULL, "none" },
	{ "declined", "A@0 B@10", NULL, "A@1", 0, "B", "declined B" },
	{ "declined, and the older one stays out",
	  "A@0 B@10 C@50", NULL, "A@1", 24, "C", "declined C" },
	{ "declined, a newer one is ready", "A@0 B@10 C@50", NULL, "A@1", 24,
	  "B", "ready C" },
	{ "declined, a newer one soaks", "A@0 B@10 C@90", NULL, "A@1", 24, "B",
	  "soaking C@114" },
	{ "declined, reverted in from as well", "A@0 B@10 A@50", NULL, "A@1",
	  24, "B", "none" },
	{ "declined, but by name it went in", "A@0 B@10", NULL, "A@1 B@11", 0,
	  "B", "none" },

	/* drift: the target runs what from never had */
	{ "a hotfix, nothing landed since", "A@0 B@10", NULL, "A@1 H@20", 0,
	  NULL, "drift H" },
	{ "a hotfix, a newer build landed since", "A@0 B@10 C@30", NULL,
	  "A@1 H@20", 0, NULL, "ready C" },
	{ "a hotfix, a newer build soaks", "A@0 B@10 C@90", NULL, "A@1 H@20",
	  24, NULL, "soaking C@114" },
	{ "a hotfix, an older build came back since",
	  "A@0 B@10 C@12 B@30", NULL, "A@1 H@20", 0, NULL, "drift H" },
	{ "back at the hotfix by a rollback: what landed since it first came",
	  "A@0 B@30 C@45", NULL, "H@20 B@40 H@50", 0, NULL, "ready C" },
	{ "landed with the hotfix, not after it", "A@0 B@20", NULL, "A@1 H@20",
	  0, NULL, "drift H" },
	{ "the hotfix came to from later", "A@0 H@30 B@40", NULL, "A@1 H@20", 0,
	  NULL, "ready B" },
	{ "a history that begins later", "B@50", NULL, "A@1", 0, NULL,
	  "ready B" },
	{ "drift, and what would go is held", "A@0 B@30", NULL,
	  "H@20 B@40 H@50", 0, NULL, "held B" },

	/* several in from: in each, its own stay */
	{ "both have it", "A@0 B@10", "A@0 B@20", "A@1", 24, NULL, "ready B" },
	{ "one soaks", "A@0 B@10", "A@0 B@90", "A@1", 24, NULL,
	  "soaking B@114" },
	{ "the other soaks", "A@0 B@90", "A@0 B@10", "A@1", 24, NULL,
	  "soaking B@114" },
	{ "the later of two", "A@0 B@90", "A@0 B@95", "A@1", 24, NULL,
	  "soaking B@119" },
	{ "one has not had it yet", "A@0 B@10", "A@0", "A@1", 24, NULL,
	  "soaking B@?" },
	{ "one left it too early", "A@0 B@10", "A@0 B@20 C@30", "A@1", 24, NULL,
	  "none" },
	{ "one went back from it", "A@0 B@10", "A@0 B@20 A@60", "A@1", 24, NULL,
	  "none" },
	{ "the newest that soaked in both", "A@0 B@10 C@40", "A@0 B@20 C@90",
	  "A@1", 24, NULL, "ready B then C@114" },
	{ "one does not have the service", "A@0 B@10", "", "A@1", 24, NULL,
	  "none" },

	/* the past is not known: asked for only where it matters */
	{ "cut, what the target has is in sight", "... A@0 B@10", NULL,
	  "... A@5", 24, NULL, "ready B" },
	{ "cut, the target has it", "... A@0", NULL, "... A@5", 24, NULL,
	  "none" },
	{ "cut, what the target has is not in sight", "... C@5 B@10", NULL,
	  "... A@20", 24, NULL, "more" },
	{ "cut, not in sight, but landed later than that: newer in any case",
	  "... C@5 B@30", NULL, "... A@20", 24, NULL, "ready B" },
	{ "cut, landed later and soaks; an older one may be ready",
	  "... C@5 B@90", NULL, "... A@20", 24, NULL, "more" },
	{ "cut, what landed later may have begun earlier", "... B@30", NULL,
	  "... A@20", 24, NULL, "more" },
	{ "the same, the whole of the target is known", "... B@30", NULL,
	  "A@20", 0, NULL, "more" },
	{ "cut at a gap: an older one may be ready", "... -@0 B@90", NULL, "",
	  24, NULL, "more" },
	{ "the target has a gap as far as is known", "... B@50", NULL,
	  "... -@0", 0, NULL, "more" },
	{ "cut, its stay may be longer than is known", "... B@90", NULL, "",
	  24, NULL, "more" },
	{ "cut, its stay is long enough as far as is known", "... B@50", NULL,
	  "", 24, NULL, "ready B" },
	{ "cut, never deployed there, the newest soaks", "... A@50 B@90", NULL,
	  "", 48, NULL, "more" },
	{ "the target may have left it before what is known",
	  "A@0 B@10", NULL, "... A@30", 0, NULL, "more" },
	{ "the target cannot have left what came later",
	  "A@0 B@40", NULL, "... A@30", 0, NULL, "ready B" },
	{ "the same, soaking", "A@0 B@90", NULL, "... A@30", 24, NULL,
	  "soaking B@114" },
	{ "held, as far as is known", "... A@0 B@10", NULL,
	  "... A@20 B@30 A@40", 0, NULL, "held B" },
	{ "nothing read yet", "...", NULL, "A@0", 0, NULL, "more" },
	{ "nothing read of the target yet", "A@0 B@1", NULL, "...", 0, NULL,
	  "more" },
	{ "another from, known as far back", "... A@0 B@50", "... A@0", "... A@5",
	  24, NULL, "soaking B@?" },
	{ "another from, not known as far back", "... A@0 B@50", "... C@60",
	  "... A@5", 24, NULL, "more" },
};

static void what_may_go(void **state)
{
	int bad = 0;
	char got[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		find(&rows[i], got, sizeof(got), false);
		row(&bad, rows[i].name, got, rows[i].want);
	}
	assert_int_equal(bad, 0);
}

/* Whoever reads to the root, or to a horizon, gets an answer. */
static void complete_timelines_need_no_more(void **state)
{
	char got[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		find(&rows[i], got, sizeof(got), true);
		if (strncmp(got, "more", 4) == 0)
			fail_msg("%s", rows[i].name);
	}
}

static void a_version_by_name(void **state)
{
	static const struct {
		const char *name, *from, *also_from, *want;
	} by_name[] = {
		{ "soaked", "A@0 B@10", NULL, "ready B" },
		{ "soaked, superseded", "B@0 C@50", NULL, "ready B" },
		{ "soaked, but from went back from it: a person may",
		  "A@0 B@10 A@60", NULL, "ready B" },
		{ "soaks", "A@0 B@90", NULL, "soaking B@114" },
		{ "left too early", "B@0 C@1", NULL, "soaking B@?" },
		{ "never there", "A@0", NULL, "none" },
		{ "only in one of two", "B@0", "A@0", "none" },
		{ "in both", "B@0", "B@90", "soaking B@114" },
		{ "not in sight", "... A@0", NULL, "more" },
		{ "its stay may be longer", "... B@90", NULL, "more" },
		{ "taken out since", "B@0 -@60", NULL, "ready B" },
	};
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(by_name); i++) {
		struct written w[3];
		struct timeline from[2];
		struct candidate_facts f = {
			.from = from,
			.from_len = by_name[i].also_from ? 2 : 1,
			.target = written(&w[2], "Z@0"),
			.soak_s = 24 * HOUR, .now_s = hour(100),
		};
		struct candidate c;
		char got[128];

		from[0] = *written(&w[0], by_name[i].from);
		from[1] = *written(&w[1], by_name[i].also_from
						  ? by_name[i].also_from : "");
		candidate_judge(&f, "B", &c);
		say(got, sizeof(got), &c);
		row(&bad, by_name[i].name, got, by_name[i].want);
	}
	assert_int_equal(bad, 0);
}

static void an_entry_environment_has_none(void **state)
{
	struct written w;
	struct candidate_facts f = { .target = written(&w, "A@0") };
	struct candidate c;

	(void)state;
	candidate_find(&f, &c);
	assert_int_equal(c.verdict, CANDIDATE_NONE);
	candidate_judge(&f, "A", &c);
	assert_int_equal(c.verdict, CANDIDATE_NONE);
}

/* The gate sees the stay that is ready last, so it agrees with the rule. */
static void the_slowest_stay(void **state)
{
	struct written w[3];
	struct timeline from[2] = { *written(&w[0], "A@0 B@10"),
				    *written(&w[1], "A@0 B@20") };
	struct candidate_facts f = { .from = from, .from_len = 2,
				     .target = written(&w[2], "A@1"),
				     .soak_s = HOUR, .now_s = hour(100) };
	struct candidate c;

	(void)state;
	candidate_find(&f, &c);
	assert_int_equal(c.verdict, CANDIDATE_READY);
	assert_ptr_equal(c.stay, &from[0].stays[0]);
	assert_ptr_equal(c.slowest, &from[1].stays[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_go),
		cmocka_unit_test(complete_timelines_need_no_more),
		cmocka_unit_test(a_version_by_name),
		cmocka_unit_test(an_entry_environment_has_none),
		cmocka_unit_test(the_slowest_stay),
	};

	return cmocka_run_group_tests_name("candidate", tests, NULL, NULL);
}
