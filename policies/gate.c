#include "policies/gate.h"

#include <stdio.h>
#include <string.h>

#include "bot/base/str.h"
#include "policies/gates.h"

enum { TEXT_MAX = 200, TEXTS_MAX = 50 };

/* In the order in which they are shown. */
const struct gate_kind *const gate_kinds[] = {
	&gate_pin,
	&gate_tag,
	&gate_soak,
	&gate_checks,
	&gate_metric,
	&gate_http,
	&gate_argocd,
	&gate_hours,
	&gate_freeze,
	NULL,
};

const struct gate_kind *gate_kind_find(const char *name)
{
	for (size_t i = 0; gate_kinds[i]; i++)
		if (str_eq(gate_kinds[i]->name, name))
			return gate_kinds[i];
	return NULL;
}

/* S, cut to the room there is, where it says that something is missing. */
static void reason_set(struct gate_result *out, struct buf *s)
{
	if (s->len)
		str_cut(s->data, sizeof(out->reason) - 1);
	snprintf(out->reason, sizeof(out->reason), "%s", buf_str(s));
	buf_release(s);
}

void gate_say(struct gate_result *out, enum verdict verdict, const char *fmt,
	      ...)
{
	struct buf text = { 0 };
	va_list ap;

	out->verdict = verdict;
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	reason_set(out, &text);
}

int gate_weight(const struct gate_result *g)
{
	if (g->verdict == VERDICT_PASS)
		return 0;
	return g->is_bad ? 3 : g->unseen ? 1 : 2;
}

void gate_weigh(struct gate_result *out, const struct gate_result *part)
{
	if (gate_weight(part) <= gate_weight(out))
		return;
	out->verdict = part->verdict;
	out->is_bad = part->is_bad;
	out->unseen = part->unseen;
	memcpy(out->reason, part->reason, sizeof(out->reason));
}

void gate_rests_on(struct gate_result *out, const struct gate_facts *f,
		   const char *name, const char *value, int64_t at_s,
		   const char *url)
{
	struct gate_evidence *all;
	char *shown;

	if (!f->arena)
		return;
	shown = arena_strdup(f->arena, value);
	if (shown)
		str_cut(shown, TEXT_MAX);
	all = arena_alloc(f->arena, (out->evidence_len + 1) * sizeof(*all));
	if (out->evidence_len)
		memcpy(all, out->evidence, out->evidence_len * sizeof(*all));
	all[out->evidence_len++] = (struct gate_evidence){
		.name = arena_strdup(f->arena, name),
		.value = shown, .at_s = at_s,
		.url = url && *url ? arena_strdup(f->arena, url) : NULL,
	};
	out->evidence = all;
}

/* What came from outside is one line that can be shown. */
static void reason_clean(struct gate_result *out)
{
	struct buf shown = { 0 };

	escape_terminal(&shown, out->reason, strlen(out->reason));
	reason_set(out, &shown);
}

void gate_judge(const struct gate *g, const struct gate_facts *f,
		struct gate_result *out)
{
	/* A gate that forgets to answer waits. */
	*out = (struct gate_result){ .name = g->kind->name,
				     .verdict = VERDICT_WAIT,
				     .until_s = TIME_UNKNOWN };
	g->kind->judge(g->setting, f, out);
	reason_clean(out);
}

bool gate_map(const struct node *n, const struct gate_parse *p,
	      const char *const *known, const char *example)
{
	size_t before = p->diag->errors;

	if (n->kind != NODE_MAP) {
		diag_error(p->diag, n, "%s, not a map; write '%s'",
			   node_kind_name(n), example);
		return false;
	}
	for (size_t i = 0; i < n->len; i++) {
		const char *key = n->keys[i]->value, *near;
		bool found = false;

		for (size_t k = 0; known[k]; k++)
			found |= str_eq(known[k], key);
		if (found)
			continue;
		near = nearest_word(key, known);
		diag_error(p->diag, n->keys[i], "'%s' is not known here; %s%s%s",
			   key, near ? "did you mean '" : "write '",
			   near ? near : example, near ? "'?" : "'");
	}
	return p->diag->errors == before;
}

const char *gate_text(const struct node *n, const struct gate_parse *p,
		      const char *what, const char *example)
{
	struct buf shown = { 0 };
	const char *fault = NULL;

	if (n->kind != NODE_SCALAR || n->is_null || !*n->value) {
		diag_error(p->diag, n, "%s is %s; write '%s'", what,
			   n->kind == NODE_SCALAR ? "empty" : node_kind_name(n),
			   example);
		return NULL;
	}
	escape_terminal(&shown, n->value, strlen(n->value));
	if (!str_eq(buf_str(&shown), n->value))
		fault = "has characters that cannot be shown";
	else if (shown.len > TEXT_MAX)
		fault = "is longer than 200 bytes";
	buf_release(&shown);
	if (!fault)
		return n->value;
	diag_error(p->diag, n, "%s %s; write '%s'", what, fault, example);
	return NULL;
}

bool gate_texts(const struct node *n, const struct gate_parse *p,
		const char *what, const char *example,
		const struct node *const **out, size_t *len)
{
	bool is_list = n->kind == NODE_LIST, good = true;
	size_t count = is_list ? n->len : 1;
	const struct node **nodes;

	if (count == 0 || count > TEXTS_MAX) {
		diag_error(p->diag, n, "%s has %zu entries; from 1 to %d are "
			   "taken, as in '%s'", what, count, TEXTS_MAX,
			   example);
		return false;
	}
	nodes = arena_alloc(p->arena, count * sizeof(*nodes));
	for (size_t i = 0; i < count; i++) {
		nodes[i] = is_list ? n->items[i] : n;
		good &= gate_text(nodes[i], p, what, example) != NULL;
	}
	*out = nodes;
	*len = count;
	return good;
}

bool gate_time(const struct node *n, const struct gate_parse *p,
	       const char *what, int64_t *out_s, bool *is_date)
{
	const char *text = gate_text(n, p, what, "2026-12-20");
	struct err err = { 0 };

	if (!text)
		return false;
	if (time_parse(out_s, text, &err) < 0) {
		diag_error(p->diag, n, "%s: %s", what, err.msg);
		return false;
	}
	*is_date = strlen(text) == strlen("2026-12-20");
	return true;
}
