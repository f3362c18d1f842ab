#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"
#include "policies/candidate.h"
#include "policies/order.h"

/*
 * What must hold of the rules for any history, tried on some thousands that
 * chance has made: a dev that is bumped, rolled back and edited by hand, and
 * a prod that gets versions from it, and hotfixes.
 */
enum { COMMITS = 16, HISTORIES = 4000, HOUR = 3600 };

static uint64_t seed = UINT64_C(88172645463325252);

static unsigned chance(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

/* One environment: what each commit left there; NULL: nothing. */
struct env {
	const char *at[COMMITS];
	int64_t build[COMMITS];		/* of the commit; -1: none */
};

struct history {
	int64_t time_s[COMMITS];	/* commit 0 is the oldest */
	struct env dev, prod;
};

static const char *const names[] = { "A", "B", "C", "D", "E", "F", "G", "H",
				     "I", "J", "K", "L", "M", "N", "O", "P" };
static const char *const fixes[] = { "fix1", "fix2", "fix3" };

static const char *some_version_of(const struct env *e, size_t before)
{
	return before ? e->at[chance((unsigned)before)] : NULL;
}

static void history_make(struct history *h)
{
	size_t next = 0;
	unsigned fix = 0;
	int64_t now_s = 1700000000;

	memset(h, 0, sizeof(*h));
	for (size_t i = 0; i < COMMITS; i++) {
		struct env *dev = &h->dev, *prod = &h->prod;

		now_s += chance(30) * HOUR / 2;
		h->time_s[i] = now_s;
		dev->at[i] = i ? dev->at[i - 1] : NULL;
		prod->at[i] = i ? prod->at[i - 1] : NULL;
		dev->build[i] = prod->build[i] = -1;
		switch (chance(10)) {
		case 0: case 1: case 2: case 3:
			dev->build[i] = chance(3) ? (int64_t)next : -1;
			dev->at[i] = names[next++];
			break;
		case 4:
			dev->at[i] = some_version_of(dev, i);
			break;
		case 5: case 6: case 7:
			prod->at[i] = some_version_of(dev, i);
			break;
		case 8:
			prod->at[i] = some_version_of(prod, i);
			break;
		default:
			if (chance(3) == 0 && fix < ARRAY_LEN(fixes))
				prod->at[i] = fixes[fix++];
			else if (chance(4) == 0)
				dev->at[i] = fix ? fixes[fix - 1] : NULL;
		}
		if (str_eq(dev->at[i], i ? dev->at[i - 1] : NULL))
			dev->build[i] = -1;
	}
}

struct cut {
	struct timeline t;
	struct stay stays[COMMITS];
};

/* The timeline as one sees it who has read back to commit FIRST only. */
static void cut_make(struct cut *c, const struct history *h,
		     const struct env *e, size_t first)
{
	struct stay all[COMMITS];
	size_t n = 0;

	for (size_t i = first; i < COMMITS; i++) {
		bool same = i > first && str_eq(e->at[i], e->at[i - 1]);

		if (same || (n == 0 && !e->at[i]))
			continue;
		all[n] = (struct stay){
			.version = e->at[i], .from_s = h->time_s[i],
			.until_s = TIME_UNKNOWN, .pos = COMMITS - 1 - i,
			.build = i > first || first == 0 ? e->build[i] : -1,
		};
		if (n)
			all[n - 1].until_s = h->time_s[i];
		n++;
	}
	for (size_t i = 0; i < n; i++)
		c->stays[i] = all[n - 1 - i];
	c->t = (struct timeline){ c->stays, n, first == 0 };
}

/* The first commit from FROM on at which E has VERSION; COMMITS: none. */
static size_t seen(const struct env *e, const char *version, size_t from,
		   size_t to)
{
	while (from < to && !str_eq(e->at[from], version))
		from++;
	return from < to ? from : COMMITS;
}

/*
 * The two things that a short history cannot show, and that the headers say
 * are not looked for: a version that came back after it had left beyond the
 * cut, and one that the target had before it first came to dev.
 */
static bool beyond_what_is_asked(const struct history *h, size_t cut)
{
	for (size_t i = cut + 1; i < COMMITS; i++) {
		const char *dev = h->dev.at[i], *prod = h->prod.at[i];

		if (dev && seen(&h->dev, dev, 0, cut) != COMMITS &&
		    !str_eq(h->dev.at[cut], dev))
			return true;
		if (prod && seen(&h->prod, prod, 0, cut) != COMMITS &&
		    !str_eq(h->prod.at[cut], prod))
			return true;
		if (dev && seen(&h->dev, dev, 0, cut + 1) == COMMITS &&
		    seen(&h->prod, dev, 0, cut + 1) != COMMITS)
			return true;
	}
	return false;
}

static void history_say(const struct history *h)
{
	for (size_t i = 0; i < COMMITS; i++)
		printf("%2zu %+4lldh dev %s #%lld prod %s\n", i,
		       (long long)(h->time_s[i] - h->time_s[0]) / HOUR,
		       h->dev.at[i] ? h->dev.at[i] : "-",
		       (long long)h->dev.build[i],
		       h->prod.at[i] ? h->prod.at[i] : "-");
}

static void find(const struct history *h, size_t cut, int64_t soak_s,
		 struct cut *dev, struct cut *prod, struct candidate *out)
{
	struct candidate_facts f = {
		.from = &dev->t, .from_len = 1, .target = &prod->t,
		.soak_s = soak_s, .now_s = h->time_s[COMMITS - 1] + HOUR,
	};

	cut_make(dev, h, &h->dev, cut);
	cut_make(prod, h, &h->prod, cut);
	candidate_find(&f, out);
}

/* Never backwards, never what was left, never what has not soaked. */
static void what_is_ready_is_right(void **state)
{
	int ready = 0;

	(void)state;
	for (int n = 0; n < HISTORIES; n++) {
		struct history h;
		struct cut dev, prod;
		struct candidate c;
		int64_t soak_s = chance(40) * HOUR, now_s;
		const char *had;
		bool good;

		history_make(&h);
		find(&h, 0, soak_s, &dev, &prod, &c);
		assert_int_not_equal(c.verdict, CANDIDATE_MORE);
		if (c.verdict != CANDIDATE_READY)
			continue;
		ready++;
		now_s = h.time_s[COMMITS - 1] + HOUR;
		had = h.prod.at[COMMITS - 1];
		good = !str_eq(had, c.version) &&
		       !timeline_left(&prod.t, c.version) &&
		       !timeline_undone(&dev.t, c.version) &&
		       stay_lasted_s(c.stay, now_s) >= soak_s &&
		       str_eq(c.stay->version, c.version);
		/* newer than what prod has, where dev has had that */
		if (had && seen(&h.dev, had, 0, COMMITS) != COMMITS)
			good &= seen(&h.dev, had, 0, COMMITS) <
				seen(&h.dev, c.version, 0, COMMITS);
		else if (had)
			good &= seen(&h.prod, had, 0, COMMITS) <
				seen(&h.dev, c.version, 0, COMMITS);
		if (!good) {
			history_say(&h);
			fail_msg("%s is not right", c.version);
		}
	}
	assert_true(ready > HISTORIES / 20);
}

/* A short history gives the same answer as a long one, or asks for it. */
static void a_short_history_never_misleads(void **state)
{
	int told = 0, asked = 0;

	(void)state;
	for (int n = 0; n < HISTORIES; n++) {
		struct history h;
		struct cut dev[2], prod[2];
		struct candidate whole, part;
		int64_t soak_s = chance(40) * HOUR;

		history_make(&h);
		find(&h, 0, soak_s, &dev[0], &prod[0], &whole);
		for (size_t cut = 1; cut < COMMITS; cut++) {
			if (beyond_what_is_asked(&h, cut))
				continue;
			find(&h, cut, soak_s, &dev[1], &prod[1], &part);
			if (part.verdict == CANDIDATE_MORE) {
				asked++;
				continue;
			}
			told++;
			if (part.verdict == whole.verdict &&
			    str_eq(part.version, whole.version) &&
			    str_eq(part.soaking, whole.soaking) &&
			    part.ready_s == whole.ready_s)
				continue;
			history_say(&h);
			fail_msg("cut at %zu, soak %lldh: %d %s, the whole "
				 "history says %d %s", cut,
				 (long long)soak_s / HOUR, part.verdict,
				 part.version ? part.version : "-",
				 whole.verdict,
				 whole.version ? whole.version : "-");
		}
	}
	/* or else it would be no test */
	assert_true(told > HISTORIES && asked > HISTORIES);
}

/* The same for a build; a number is never lower than what is there in dev. */
static void a_short_history_never_misleads_a_build(void **state)
{
	int told = 0, asked = 0;

	(void)state;
	for (int n = 0; n < HISTORIES; n++) {
		struct history h;
		struct cut whole, part;
		const char *version;
		int64_t build;

		history_make(&h);
		cut_make(&whole, &h, &h.dev, 0);
		version = names[chance(ARRAY_LEN(names))];
		build = chance(2) ? (int64_t)(strchr("ABCDEFGHIJKLMNOP",
						     version[0]) -
					      "ABCDEFGHIJKLMNOP") : -1;
		for (size_t cut = 1; cut < COMMITS; cut++) {
			enum order got, want;

			if (beyond_what_is_asked(&h, cut))
				continue;
			cut_make(&part, &h, &h.dev, cut);
			got = order_judge(&part.t, version, build);
			want = order_judge(&whole.t, version, build);
			if (got == ORDER_MORE) {
				asked++;
				continue;
			}
			told++;
			if (got == want)
				continue;
			history_say(&h);
			fail_msg("%s #%lld, cut at %zu: %d, the whole history "
				 "says %d", version, (long long)build, cut,
				 got, want);
		}
	}
	assert_true(told > HISTORIES && asked > HISTORIES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_ready_is_right),
		cmocka_unit_test(a_short_history_never_misleads),
		cmocka_unit_test(a_short_history_never_misleads_a_build),
	};

	return cmocka_run_group_tests_name("policies, by chance", tests, NULL,
					   NULL);
}
