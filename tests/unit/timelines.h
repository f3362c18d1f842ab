#ifndef TESTS_UNIT_TIMELINES_H
#define TESTS_UNIT_TIMELINES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bot/base/mem.h"
#include "policies/timeline.h"

/*
 * Timelines as a person would write them, oldest first:
 *
 *	"A@0 B@10#7 -@12 A@15"	A at hour 0, B at hour 10 with --build 7, not
 *				there from hour 12, A again from hour 15
 *	"... A@0 B@10"		there is history before, but it is not known
 *				("" is a gap as well, written "''@12")
 *	"A@0 B@?"		B came at a time that nobody knows
 *
 * Positions on base follow the hours (or the place, for "@?"), so timelines
 * of one test stand on one history.
 */
enum { STAYS_MOST = 16, HOUR = 3600 };
#define T0 INT64_C(1700000000)

struct written {
	struct timeline t;
	struct stay stays[STAYS_MOST];
	char text[512];
};

static inline int64_t hour(double h)
{
	return T0 + (int64_t)(h * HOUR);
}

static inline struct timeline *written(struct written *w, const char *text)
{
	struct stay all[STAYS_MOST];
	size_t n = 0;
	char *save = NULL;

	memset(w, 0, sizeof(*w));
	w->t.complete = true;
	snprintf(w->text, sizeof(w->text), "%s", text);
	for (char *word = strtok_r(w->text, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		char *at = strchr(word, '@');
		char *build = strchr(word, '#');

		if (strcmp(word, "...") == 0) {
			w->t.complete = false;
			continue;
		}
		if (!at || n == STAYS_MOST)
			fail_msg("'%s' is no timeline", text);
		*at++ = '\0';
		all[n] = (struct stay){
			.version = strcmp(word, "-") == 0 ? NULL
				   : strcmp(word, "''") == 0 ? "" : word,
			.from_s = *at == '?' ? TIME_UNKNOWN : hour(atof(at)),
			.until_s = TIME_UNKNOWN,
			.pos = 10000 - (*at == '?' ? n : (size_t)atoi(at)),
			.build = build ? atoi(build + 1) : -1,
		};
		if (n)
			all[n - 1].until_s = all[n].from_s;
		n++;
	}
	for (size_t i = 0; i < n; i++)
		w->stays[i] = all[n - 1 - i];
	w->t.stays = w->stays;
	w->t.len = n;
	return &w->t;
}

/* A row that is not as it should be, by name; the test goes on. */
static inline void row(int *bad, const char *name, const char *got,
		       const char *want)
{
	if (strcmp(got, want) == 0)
		return;
	print_error("%s: %s, want %s\n", name, got, want);
	(*bad)++;
}

#endif
