#include "tests/unit/gates.h"

#include <math.h>

#include "bot/gate_hosts.h"
#include "policies/gates.h"

/*
 * metric, http and argocd: what they ask, and what they make of the answer.
 * Version 1.5 of web landed in staging at second 100; now is 1000.
 */
#define COMMIT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct stay the_stay(void)
{
	return (struct stay){ .version = "1.5", .from_s = 100,
			      .until_s = TIME_UNKNOWN, .commit = COMMIT };
}

static struct gate_facts the_facts(const struct stay *stay)
{
	return (struct gate_facts){
		.now_s = 1000, .service = "web", .from = "staging",
		.environment = "production", .version = "1.5", .stay = stay,
	};
}

#define M "metric: {url: 'https://p.example', query: q, "
#define VALUE(v) { .series = 1, .value = (v) }
#define NONE { .series = 0 }

static const struct {
	const char *name, *setting;
	struct gate_answer answers[4];
	const char *want;
	bool is_bad;
} metrics[] = {
	{ "below its max", M "max: 0.01}", { VALUE(0.009) },
	  "pass: 0.009, not above its max", false },
	{ "at its max", M "max: 0.01}", { VALUE(0.01) },
	  "pass: 0.01, not above its max", false },
	{ "above it", M "max: 0.01}", { VALUE(0.0101) },
	  "wait: 0.0101 is above 0.01", true },
	{ "at its min", M "min: 99.5}", { VALUE(99.5) },
	  "pass: 99.5, not below its min", false },
	{ "below it", M "min: 99.5}", { VALUE(99.4) },
	  "wait: 99.4 is below 99.5", true },
	{ "between", M "min: -1, max: 1}", { VALUE(0) },
	  "pass: 0, between its bounds", false },
	{ "no data", M "max: 1}", { NONE }, "wait: no data", false },
	{ "NaN", M "max: 1}", { VALUE(NAN) },
	  "wait: nan is no number to judge by", false },
	{ "infinity", M "min: 1}", { VALUE(INFINITY) },
	  "wait: inf is no number to judge by", false },
	{ "several series", M "max: 1}", { { .series = 2, .value = 0 } },
	  "wait: 2 series where one is wanted; put sum() or max() around the "
	  "query", false },
	{ "an error", M "max: 1}", { { .error = "answered 503" } },
	  "wait: not known: answered 503", false },
	{ "an error with a terminal's codes", M "max: 1}",
	  { { .error = "\033[2J" } }, "wait: not known: \\x1b[2J", false },
	{ "samples enough", M "max: 1, samples: {query: n, min: 100}}",
	  { VALUE(0.5), VALUE(100) }, "pass: 0.5, not above its max", false },
	{ "one too few", M "max: 1, samples: {query: n, min: 100}}",
	  { VALUE(0.5), VALUE(99) }, "wait: 99 samples, 100 needed", false },
	{ "too few to say that it is bad",
	  M "max: 1, samples: {query: n, min: 100}}",
	  { VALUE(5), VALUE(99) }, "wait: 99 samples, 100 needed", false },
	{ "samples without data", M "max: 1, samples: {query: n, min: 100}}",
	  { VALUE(0.5), NONE }, "wait: samples: no data", false },
	{ "samples are NaN", M "max: 1, samples: {query: n, min: 100}}",
	  { VALUE(0.5), VALUE(NAN) },
	  "wait: samples: nan is no number to judge by", false },
	{ "with a name", M "max: 1, name: errors}", { VALUE(2) },
	  "wait: errors: 2 is above 1", true },
	{ "all of several",
	  "metric: [{url: 'https://p', query: a, max: 1}, {url: 'https://p', "
	  "query: b, min: 1}]", { VALUE(1), VALUE(1) }, "pass: all right",
	  false },
	{ "the second of several",
	  "metric: [{url: 'https://p', query: a, max: 1}, {url: 'https://p', "
	  "query: b, min: 1}]", { VALUE(1), VALUE(0) }, "wait: 0 is below 1",
	  true },
	{ "of several the one that is bad, not the one without data",
	  "metric: [{url: 'https://p', query: a, max: 1}, {url: 'https://p', "
	  "query: b, min: 1}]", { NONE, VALUE(0) }, "wait: 0 is below 1",
	  true },
	{ "each has its own samples",
	  "metric: [{url: 'https://p', query: a, max: 1, samples: {query: n, "
	  "min: 9}}, {url: 'https://p', query: b, min: 1}]",
	  { VALUE(0), VALUE(9), VALUE(2) }, "pass: all right", false },
	{ "http: 200", "http: {url: 'https://q'}", { { .status = 200 } },
	  "pass: answered 200", false },
	{ "http: 204", "http: {url: 'https://q'}", { { .status = 204 } },
	  "pass: answered 204", false },
	{ "http: a redirect is not followed", "http: {url: 'https://q'}",
	  { { .status = 302 } }, "wait: answered 302", true },
	{ "http: 404", "http: {url: 'https://q'}", { { .status = 404 } },
	  "wait: answered 404", true },
	{ "http: no answer", "http: {url: 'https://q'}",
	  { { .error = "no answer from https://q:443" } },
	  "wait: not known: no answer from https://q:443", false },
	{ "http: the value", "http: {url: 'https://q', path: a.b, value: ok}",
	  { { .status = 200, .text = "ok" } }, "pass: a.b is ok", false },
	{ "http: another", "http: {url: 'https://q', path: a.b, value: ok}",
	  { { .status = 200, .text = "no" } }, "wait: a.b is no, not ok",
	  true },
	{ "http: none", "http: {url: 'https://q', path: a.b, value: ok}",
	  { { .status = 200 } }, "wait: its answer has no a.b", true },
	{ "http: the value in an error",
	  "http: {url: 'https://q', path: a, value: ok}",
	  { { .status = 500, .text = "ok" } }, "wait: answered 500", true },
	{ "http: the version as the value",
	  "http: {url: 'https://q', path: v, value: '{version}'}",
	  { { .status = 200, .text = "1.5" } }, "pass: v is 1.5", false },
	{ "argocd: all is well", "argocd: '{service}-{from}'",
	  { { .sync = "Synced", .health = "Healthy", .revision = COMMIT,
	      .contains = true } },
	  "pass: web-staging is synced to aaaaaaaaaa and healthy", false },
	{ "argocd: not synced", "argocd: web",
	  { { .sync = "OutOfSync", .health = "Healthy", .revision = COMMIT,
	      .contains = true } }, "wait: web is OutOfSync", false },
	{ "argocd: synced to what was before", "argocd: web",
	  { { .sync = "Synced", .health = "Degraded", .revision = COMMIT } },
	  "wait: web is synced to aaaaaaaaaa, which does not have the version",
	  false },
	{ "argocd: progressing", "argocd: web",
	  { { .sync = "Synced", .health = "Progressing", .revision = COMMIT,
	      .contains = true } }, "wait: web is Progressing", false },
	{ "argocd: degraded", "argocd: web",
	  { { .sync = "Synced", .health = "Degraded", .revision = COMMIT,
	      .contains = true } }, "wait: web is Degraded", true },
	{ "argocd: it says nothing", "argocd: web",
	  { { .sync = "", .health = "", .revision = "" } },
	  "wait: web is not synced", false },
	{ "argocd: no answer", "argocd: web",
	  { { .error = "Argo CD answered 403" } },
	  "wait: web: not known: Argo CD answered 403", false },
};

static void what_answers_mean(void **state)
{
	const struct stay stay = the_stay();
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
		struct gate_facts f = the_facts(&stay);
		struct written_gate w;
		struct gate_result r;
		char got[320];

		f.answers = metrics[i].answers;
		f.has_answers = true;
		gate_verdict(got, sizeof(got), metrics[i].setting, &f, true);
		row(&bad, metrics[i].name, got, metrics[i].want);
		gate_written(&w, metrics[i].setting);
		gate_judge(&w.gate, &f, &r);
		row(&bad, metrics[i].name, r.is_bad ? "bad" : "not bad",
		    metrics[i].is_bad ? "bad" : "not bad");
		gate_written_release(&w);
	}
	assert_int_equal(bad, 0);
}

/* Questions as "ADDRESS QUERY @TIME PATH APPLICATION COMMIT", - for none. */
static const struct {
	const char *name, *setting;
	int64_t until_s;
	const char *want;
} asks[] = {
	{ "a metric, now", M "max: 1}", TIME_UNKNOWN,
	  "https://p.example q @? - - -;" },
	{ "as it was at the end of the stay", M "max: 1}", 900,
	  "https://p.example q @900 - - -;" },
	{ "samples, too", M "max: 1, samples: {query: n, min: 1}}", 900,
	  "https://p.example q @900 - - -;https://p.example n @900 - - -;" },
	{ "placeholders, and braces that are PromQL's own",
	  "metric: {url: 'https://{from}.example', max: 1, query: "
	  "'e{app=\"{service}\",v=\"{version}\"}[{live}] {environment}'}",
	  TIME_UNKNOWN,
	  "https://staging.example e{app=\"web\",v=\"1.5\"}[900s] production "
	  "@? - - -;" },
	{ "http", "http: {url: 'https://q/{service}?v={version}', path: 'a[0]',"
	  " value: ok}", TIME_UNKNOWN, "https://q/web?v=1.5 - @0 a[0] - -;" },
	{ "argocd", "argocd: {application: '{service}-{from}', project: p, "
	  "namespace: n}", TIME_UNKNOWN, "- - @0 - web-staging " COMMIT ";" },
};

static void what_is_asked(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		struct stay stay = the_stay();
		struct gate_facts f = the_facts(&stay);
		struct gate_question *q;
		struct written_gate w;
		struct gate_result r;
		struct buf got = { 0 };
		size_t len;

		stay.until_s = asks[i].until_s;
		gate_written(&w, asks[i].setting);
		if (w.diag.errors)
			fail_msg("%s: %s", asks[i].name,
				 w.diag.entries[0].text);
		gate_judge(&w.gate, &f, &r);
		assert_int_equal(r.verdict, VERDICT_NEED);
		assert_int_equal(r.need, GATE_NEED_ANSWERS);
		w.gate.kind->ask(w.gate.setting, &f, &w.arena, &q, &len);
		for (size_t k = 0; k < len; k++) {
			buf_addf(&got, "%s %s @", q[k].url ? q[k].url : "-",
				 q[k].query ? q[k].query : "-");
			if (q[k].at_s == TIME_UNKNOWN)
				buf_addch(&got, '?');
			else
				buf_addf(&got, "%lld", (long long)q[k].at_s);
			buf_addf(&got, " %s %s %s;", q[k].path ? q[k].path : "-",
				 q[k].application ? q[k].application : "-",
				 q[k].commit ? q[k].commit : "-");
		}
		row(&bad, asks[i].name, buf_str(&got), asks[i].want);
		buf_release(&got);
		gate_written_release(&w);
	}
	assert_int_equal(bad, 0);
}

/* A name that could be more than a name in an address. */
static void placeholders_are_escaped(void **state)
{
	struct gate_facts f = { .service = "a/../b?c#d", .version = "1@2" };
	struct arena a = { 0 };

	(void)state;
	assert_string_equal(gate_expand(&a, "https://q/{service}/{version}", &f,
					true),
			    "https://q/a%2F..%2Fb%3Fc%23d/1%402");
	arena_release(&a);
}

static void settings_that_are_refused(void **state)
{
	static const struct bad_setting bad[] = {
		{ "metric: 5", "not a map" },
		{ "metric: []", "0 entries" },
		{ "metric: {query: q, max: 1}", "needs a url and a query" },
		{ "metric: {url: 'https://p', max: 1}", "needs a url and a" },
		{ M "}", "needs a min or a max" },
		{ M "max: much}", "max is not a number" },
		{ M "max: .inf}", "max is not a number" },
		{ M "max: 0x1}", "max is not a number" },
		{ M "max: 1e999}", "max is not a number" },
		{ M "min: 2, max: 1}", "max is below min" },
		{ M "max: 1, maxx: 1}", "did you mean 'max'" },
		{ M "max: 1, samples: 100}", "not a map" },
		{ M "max: 1, samples: {min: 100}}", "a query that counts" },
		{ "metric: {url: 'ftp://p', query: q, max: 1}", "not an address" },
		{ "metric: {url: 'https://', query: q, max: 1}", "not an add" },
		{ "metric: {url: 'https://u:p@h', query: q, max: 1}",
		  "no user, no password" },
		{ "metric: {url: 'https://{envirnment}', query: q, max: 1}",
		  "placeholder that is not known" },
		{ "http: {path: a, value: b}", "needs a url" },
		{ "http: {url: 'https://q', path: a}", "go together" },
		{ "http: {url: 'https://q', value: a}", "go together" },
		{ "http: {url: 'https://q/{x}'}", "placeholder that is not" },
		{ "http: https://q", "not a map" },
		{ "argocd: {project: p}", "needs an application" },
		{ "argocd: '{srv}'", "placeholder that is not known" },
		{ "argocd: [a]", "is a list" },
	};

	(void)state;
	check_bad_settings(bad, ARRAY_LEN(bad));
}

static void hosts_that_are_allowed(void **state)
{
	static const struct {
		const char *list, *url;
		const char *want;	/* "yes", "plain" or "no" */
	} rows[] = {
		{ "", "https://p.example", "no" },
		{ "p.example", "https://p.example/api", "yes" },
		{ "p.example", "https://P.EXAMPLE:443/", "yes" },
		{ "p.example", "https://p.example:9090/", "no" },
		{ "p.example", "https://q.p.example/", "no" },
		{ "p.example", "https://p.example.evil.example/", "no" },
		{ "p.example", "https://evilp.example/", "no" },
		{ "p.example", "http://p.example/", "no" },
		{ "p.example:9090", "https://p.example:9090/", "yes" },
		{ "p.example:9090", "https://p.example/", "no" },
		{ "http://p:9090", "http://p:9090/x", "plain" },
		{ "http://p:9090", "https://p:9090/x", "no" },
		{ "https://p", "https://p/", "yes" },
		{ "*.example", "https://a.example", "yes" },
		{ "*.example", "https://a.b.example", "yes" },
		{ "*.example", "https://example", "no" },
		{ "*.example", "https://aexample", "no" },
		{ "a.example, b.example", "https://b.example", "yes" },
		{ "a.example b.example", "https://b.example", "yes" },
		{ "[::1]:9090", "https://[::1]:9090/", "yes" },
		{ "[::1]:9090", "https://[::1]:9091/", "no" },
		{ "p.example", "https://p.example@evil.example/", "no" },
		{ "p.example", "ftp://p.example/", "no" },
		{ "127.0.0.1:9090", "https://127.0.0.1:9090", "yes" },
	};
	static const char *const bad[] = { "*", "*.", "a/b", "u@h", "http://",
					   "a b*c", "ftp://h" };
	struct arena a = { 0 };
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_hosts h;
		struct err err = { 0 };
		bool plain;
		int rc;

		assert_int_equal(gate_hosts_parse(&h, &a, rows[i].list, &err),
				 0);
		rc = gate_hosts_allow(&h, rows[i].url, &plain, &err);
		row(&wrong, rows[i].url, rc < 0 ? "no" : plain ? "plain" : "yes",
		    rows[i].want);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct gate_hosts h;
		struct err err = { 0 };

		row(&wrong, bad[i], gate_hosts_parse(&h, &a, bad[i], &err) < 0
		    ? "refused" : "taken", "refused");
	}
	arena_release(&a);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_answers_mean),
		cmocka_unit_test(what_is_asked),
		cmocka_unit_test(placeholders_are_escaped),
		cmocka_unit_test(settings_that_are_refused),
		cmocka_unit_test(hosts_that_are_allowed),
	};

	return cmocka_run_group_tests_name("gates that ask", tests, NULL, NULL);
}
