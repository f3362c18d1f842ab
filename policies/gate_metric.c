#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bot/base/str.h"
#include "policies/gates.h"

/*
 * metric: {url, query, min, max, samples: {query, min}}, or a list of them.
 * What Prometheus says of the version while it is live in the environment
 * before: now, or where it has left, at the end of its stay. `samples` keeps
 * ten requests from deciding.
 */
struct metric {
	const struct node *node;
	const char *name;	/* or NULL */
	const char *url, *query;
	bool has_min, has_max;
	double min, max;
	const char *samples_query;	/* or NULL */
	double samples_min;
};

struct metrics {
	struct metric *items;
	size_t len;
};

enum { METRICS_MAX = 20 };

#define EXAMPLE "metric: {url: https://prometheus.example.com, query: " \
		"error_ratio, max: 0.01}"
#define SAMPLES "samples: {query: 'sum(increase(requests_total[1h]))', min: " \
		"100}"

static bool samples_parse(struct metric *m, const struct node *n,
			  const struct gate_parse *p)
{
	static const char *const known[] = { "query", "min", NULL };
	const struct node *query, *min;

	if (!gate_map(n, p, known, SAMPLES))
		return false;
	query = node_get(n, "query");
	min = node_get(n, "min");
	if (!query || !min) {
		diag_error(p->diag, n, "samples needs a query that counts them "
			   "and a min; write '%s'", SAMPLES);
		return false;
	}
	m->samples_query = gate_text(query, p, "query", SAMPLES);
	return m->samples_query && gate_number(min, p, "min", &m->samples_min);
}

static bool bounds_parse(struct metric *m, const struct node *n,
			 const struct gate_parse *p)
{
	const struct node *min = node_get(n, "min"), *max = node_get(n, "max");

	m->has_min = min != NULL;
	m->has_max = max != NULL;
	if ((min && !gate_number(min, p, "min", &m->min)) ||
	    (max && !gate_number(max, p, "max", &m->max)))
		return false;
	if (!min && !max) {
		diag_error(p->diag, n, "a metric needs a min or a max; write "
			   "'%s'", EXAMPLE);
		return false;
	}
	if (min && max && m->min > m->max) {
		diag_error(p->diag, max, "max is below min; nothing would ever "
			   "pass");
		return false;
	}
	return true;
}

static bool one_parse(struct metric *m, const struct node *n,
		      const struct gate_parse *p)
{
	static const char *const known[] = { "name", "url", "query", "min",
					     "max", "samples", NULL };
	const struct node *name, *url, *query, *samples;

	if (!gate_map(n, p, known, EXAMPLE))
		return false;
	name = node_get(n, "name");
	url = node_get(n, "url");
	query = node_get(n, "query");
	samples = node_get(n, "samples");
	m->node = n;
	if (!url || !query) {
		diag_error(p->diag, n, "a metric needs a url and a query; write "
			   "'%s'", EXAMPLE);
		return false;
	}
	m->url = gate_url(url, p, "url", "url: https://prometheus.example.com");
	m->query = gate_text(query, p, "query", EXAMPLE);
	if (!m->url || !m->query || !gate_template(url, p) ||
	    (name && !(m->name = gate_text(name, p, "name", "name: errors"))))
		return false;
	return bounds_parse(m, n, p) &&
	       (!samples || samples_parse(m, samples, p));
}

static const void *parse(const struct node *n, const struct gate_parse *p)
{
	struct metrics *all = arena_alloc(p->arena, sizeof(*all));
	bool is_list = n->kind == NODE_LIST, good = true;

	all->len = is_list ? n->len : 1;
	if (all->len == 0 || all->len > METRICS_MAX) {
		diag_error(p->diag, n, "metric has %zu entries; from 1 to %d "
			   "are taken, as in '%s'", all->len, METRICS_MAX,
			   EXAMPLE);
		return NULL;
	}
	all->items = arena_alloc(p->arena, all->len * sizeof(*all->items));
	for (size_t i = 0; i < all->len; i++)
		good &= one_parse(&all->items[i], is_list ? n->items[i] : n, p);
	return good ? all : NULL;
}

/* When it counts: where the version has left, what is live is another's. */
static int64_t time_of(const struct gate_facts *f)
{
	if (f->stay && f->stay->until_s != TIME_UNKNOWN &&
	    f->stay->until_s < f->now_s)
		return f->stay->until_s;
	return f->now_s;
}

static void ask(const void *setting, const struct gate_facts *f,
		struct arena *a, struct gate_question **out, size_t *len)
{
	const struct metrics *all = setting;
	struct gate_question *q = arena_alloc(a, 2 * all->len * sizeof(*q));

	*out = q;
	for (size_t i = 0; i < all->len; i++) {
		const struct metric *m = &all->items[i];

		*q = (struct gate_question){
			.asks = GATE_ASKS_METRIC,
			/* Now is now, in each round of a run: ask once. */
			.at_s = time_of(f) == f->now_s ? TIME_UNKNOWN
						       : time_of(f),
			.url = gate_expand(a, m->url, f, true),
			.query = gate_expand(a, m->query, f, false),
		};
		q++;
		if (!m->samples_query)
			continue;
		*q = q[-1];
		q->query = gate_expand(a, m->samples_query, f, false);
		q++;
	}
	*len = (size_t)(q - *out);
}

static void wait_for(struct gate_result *out, const char *name,
		     const char *why)
{
	gate_say(out, VERDICT_WAIT, "%s%s%s", name ? name : "",
		 name ? ": " : "", why);
}

/* Is there one number? */
static bool has_number(const struct metric *m, const struct gate_answer *a,
		       const char *name, struct gate_result *out)
{
	char why[200];

	if (!a->error && a->series == 0)
		out->unseen = m->name ? m->name : m->query;
	if (a->error)
		snprintf(why, sizeof(why), "not known: %.180s", a->error);
	else if (a->series == 0)
		snprintf(why, sizeof(why), "no data");
	else if (a->series > 1)
		snprintf(why, sizeof(why), "%zu series where one is wanted; "
			 "put sum() or max() around the query", a->series);
	else if (!isfinite(a->value))
		snprintf(why, sizeof(why), "%g is no number to judge by",
			 a->value);
	else
		return true;
	wait_for(out, name, why);
	return false;
}

static void rests_on(const struct metric *m, const char *what,
		     const struct gate_answer *a, const struct gate_facts *f,
		     struct gate_result *out)
{
	char value[64] = "no data";

	if (a->error)
		snprintf(value, sizeof(value), "not known");
	else if (a->series)
		snprintf(value, sizeof(value), "%.10g", a->value);
	gate_rests_on(out, f, what, value, time_of(f), m->url);
}

/* Verdict and reason of this one. */
static void one_judge(const struct metric *m, const struct gate_answer *a,
		      struct gate_result *out)
{
	char why[100];

	*out = (struct gate_result){ .verdict = VERDICT_PASS };
	if (m->samples_query) {
		if (!has_number(m, &a[1], m->name ? m->name : "samples", out))
			return;
		if (a[1].value < m->samples_min) {
			snprintf(why, sizeof(why), "%g samples, %g needed",
				 a[1].value, m->samples_min);
			wait_for(out, m->name, why);
			return;
		}
	}
	if (!has_number(m, a, m->name, out))
		return;
	if (m->has_max && a->value > m->max)
		snprintf(why, sizeof(why), "%g is above %g", a->value, m->max);
	else if (m->has_min && a->value < m->min)
		snprintf(why, sizeof(why), "%g is below %g", a->value, m->min);
	else
		return;
	wait_for(out, m->name, why);
	out->is_bad = true;
}

static void judge(const void *setting, const struct gate_facts *f,
		  struct gate_result *out)
{
	const struct metrics *all = setting;
	const struct gate_answer *a = f->answers;

	if (!gate_answered(f, out))
		return;
	gate_say(out, VERDICT_PASS, "all right");
	for (size_t i = 0; i < all->len; i++) {
		const struct metric *m = &all->items[i];
		struct gate_result one;

		rests_on(m, m->name ? m->name : m->query, a, f, out);
		if (m->samples_query)
			rests_on(m, "samples", &a[1], f, out);
		one_judge(m, a, &one);
		gate_weigh(out, &one);
		if (one.verdict == VERDICT_PASS && all->len == 1)
			gate_say(out, VERDICT_PASS, "%g%s", a->value,
				 m->has_max && m->has_min ? ", between its bounds"
				 : m->has_max ? ", not above its max"
					      : ", not below its min");
		a += m->samples_query ? 2 : 1;
	}
}

const struct gate_kind gate_metric = {
	.name  = "metric",
	.help  = "what a Prometheus query says of it, within min and max",
	.changes_with_time = true,
	.judges_health = true,
	.parse = parse,
	.judge = judge,
	.ask   = ask,
};
