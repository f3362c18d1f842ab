#include <stdio.h>
#include <string.h>

#include "bot/base/str.h"
#include "policies/gates.h"

/*
 * http: {url, path, value}: a GET that must be answered 2xx and, where given,
 * have VALUE at PATH of its JSON. For whatever else has a say: an approval, a
 * test bench, a status page.
 */
struct http_gate {
	const char *url;
	const char *path, *value;	/* both or none */
};

#define EXAMPLE "http: {url: 'https://qa.example.com/{service}/{version}', " \
		"path: result, value: passed}"

static const void *parse(const struct node *n, const struct gate_parse *p)
{
	static const char *const known[] = { "url", "path", "value", NULL };
	struct http_gate *g = arena_alloc(p->arena, sizeof(*g));
	const struct node *url, *path, *value;

	if (!gate_map(n, p, known, EXAMPLE))
		return NULL;
	url = node_get(n, "url");
	path = node_get(n, "path");
	value = node_get(n, "value");
	if (!url || !path != !value) {
		diag_error(p->diag, n, url ? "path and value go together; write "
			   "'%s'" : "http needs a url; write '%s'", EXAMPLE);
		return NULL;
	}
	g->url = gate_url(url, p, "url", EXAMPLE);
	if (!g->url || !gate_template(url, p))
		return NULL;
	if (path && (!(g->path = gate_text(path, p, "path", EXAMPLE)) ||
		     !(g->value = gate_text(value, p, "value", EXAMPLE)) ||
		     !gate_template(value, p)))
		return NULL;
	return g;
}

static void ask(const void *setting, const struct gate_facts *f,
		struct arena *a, struct gate_question **out, size_t *len)
{
	const struct http_gate *g = setting;

	*out = arena_alloc(a, sizeof(**out));
	**out = (struct gate_question){
		.asks = GATE_ASKS_HTTP, .path = g->path,
		.url = gate_expand(a, g->url, f, true),
	};
	*len = 1;
}

static void judge(const void *setting, const struct gate_facts *f,
		  struct gate_result *out)
{
	const struct http_gate *g = setting;
	const struct gate_answer *a = f->answers;
	struct arena mine = { 0 };
	const char *url, *want;
	char status[32];

	if (!gate_answered(f, out))
		return;
	if (a->error) {
		gate_say(out, VERDICT_WAIT, "not known: %s", a->error);
		return;
	}
	url = gate_expand(&mine, g->url, f, true);
	want = g->value ? gate_expand(&mine, g->value, f, false) : NULL;
	snprintf(status, sizeof(status), "%ld", a->status);
	gate_rests_on(out, f, "status", status, f->now_s, url);
	if (g->path)
		gate_rests_on(out, f, g->path, a->text ? a->text : "not there",
			      f->now_s, url);
	out->is_bad = true;
	if (a->status / 100 != 2)
		gate_say(out, VERDICT_WAIT, "answered %ld", a->status);
	else if (g->path && !a->text)
		gate_say(out, VERDICT_WAIT, "its answer has no %.100s",
			 g->path);
	else if (g->path && !str_eq(a->text, want))
		gate_say(out, VERDICT_WAIT, "%.100s is %.60s, not %.60s",
			 g->path, a->text, want);
	else
		gate_say(out, VERDICT_PASS, g->path ? "%.100s is %.60s"
			 : "answered %s%s", g->path ? g->path : status,
			 want ? want : "");
	out->is_bad = out->verdict != VERDICT_PASS;
	arena_release(&mine);
}

const struct gate_kind gate_http = {
	.name  = "http",
	.help  = "an address that must answer 2xx, with a value in its JSON",
	.changes_with_time = true,
	.judges_health = true,
	.parse = parse,
	.judge = judge,
	.ask   = ask,
};
