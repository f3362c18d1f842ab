/* How a version gets into an environment: what an environment's entry sets,
 * and a service's own entry sets again. */
#include "bot/config_read.h"

#include <ctype.h>
#include <string.h>

#include "bot/base/str.h"
#include "bot/base/zone.h"

enum { WORD_MAX = 100, LIST_MAX = 100 };

void rd_rules_default(struct rules *out)
{
	memset(out, 0, sizeof(*out));
}

static void gate_put(struct reader *rd, struct rules *out,
		     const struct gate *gate)
{
	struct gate *gates;

	for (size_t i = 0; i < out->gates_len; i++)
		if (out->gates[i].kind == gate->kind) {
			out->gates[i] = *gate;
			return;
		}
	gates = arena_alloc(rd->arena, (out->gates_len + 1) * sizeof(*gates));
	if (out->gates_len)
		memcpy(gates, out->gates, out->gates_len * sizeof(*gates));
	gates[out->gates_len++] = *gate;
	out->gates = gates;
}

static void gate_drop(struct rules *out, const struct gate_kind *kind)
{
	size_t n = 0;

	for (size_t i = 0; i < out->gates_len; i++)
		if (out->gates[i].kind != kind)
			out->gates[n++] = out->gates[i];
	out->gates_len = n;
}

static void gate_unknown(struct reader *rd, const struct node *key)
{
	const char *names[64];
	size_t n = 0;

	while (gate_kinds[n] && n + 1 < ARRAY_LEN(names)) {
		names[n] = gate_kinds[n]->name;
		n++;
	}
	names[n] = NULL;
	diag_error(rd->diag, key, "there is no gate '%s'; %s", key->value,
		   rd_hint(rd, key->value, names));
}

/*
 * OVER has a copy of what it overrides, so that a service's gates never show
 * through to its environment's.
 */
static void gates_read(struct reader *rd, const struct node *n,
		       struct rules *out)
{
	struct gate_parse parse = { rd->arena, rd->diag, zone_load };
	struct gate *own;

	if (!rd_map(rd, n, "gates", "gates: {soak: 24h}"))
		return;
	own = arena_alloc(rd->arena, out->gates_len * sizeof(*own));
	if (out->gates_len)
		memcpy(own, out->gates, out->gates_len * sizeof(*own));
	out->gates = own;
	for (size_t i = 0; i < n->len; i++) {
		const struct node *key = n->keys[i], *value = n->items[i];
		struct gate gate = { gate_kind_find(key->value), value, NULL };

		if (!gate.kind) {
			gate_unknown(rd, key);
			continue;
		}
		/* A word, not an empty value: that is a slip of the pen. */
		if (value->kind == NODE_SCALAR && !value->is_null &&
		    str_eq(value->value, "none")) {
			gate_drop(out, gate.kind);
			continue;
		}
		if (value->kind == NODE_SCALAR && value->is_null) {
			diag_error(rd->diag, value, "gate %s has no setting; "
				   "write one, or 'none' to go without it",
				   gate.kind->name);
			continue;
		}
		gate.setting = gate.kind->parse(value, &parse);
		if (gate.setting)
			gate_put(rd, out, &gate);
	}
}

/* What a name of a person or a team is made of, on any forge. */
static bool reviewer_valid(const char *s)
{
	size_t len = strlen(s);

	return len <= WORD_MAX && isalnum((unsigned char)s[0]) &&
	       s[len - 1] != '/' &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			 "0123456789._@+/-") == len;
}

static bool label_valid(const char *s)
{
	size_t len = strlen(s);
	struct buf shown = { 0 };
	bool good;

	escape_terminal(&shown, s, len);
	good = len <= WORD_MAX && !strchr(s, ',') &&
	       strcmp(buf_str(&shown), s) == 0;
	buf_release(&shown);
	return good;
}

/* A setting that is a word or a list of words. */
struct words_kind {
	const char *key, *example, *form;
	bool (*valid)(const char *s);
};

static const struct words_kind reviewers_kind = {
	.key	 = "reviewers",
	.example = "reviewers: [team/sre]",
	.form	 = "a user, or a team as in team/sre, without @ in front",
	.valid	 = reviewer_valid,
};
static const struct words_kind labels_kind = {
	.key	 = "labels",
	.example = "labels: [production]",
	.form	 = "a label: up to 100 bytes without comma or control "
		   "characters",
	.valid	 = label_valid,
};

static void words_read(struct reader *rd, const struct node *map,
		       const struct words_kind *kind, const char ***out,
		       size_t *len)
{
	const struct node *n = node_get(map, kind->key);
	const char **words;
	size_t count;

	if (!n || !rd_texts(rd, n, kind->key, kind->example, &words, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct node *at = n->kind == NODE_LIST ? n->items[i] : n;

		if (!words[i])
			continue;
		if (!kind->valid(words[i]))
			diag_error(rd->diag, at, "%s: '%s' is not %s",
				   kind->key, words[i], kind->form);
		for (size_t k = 0; k < i; k++)
			if (str_eq(words[i], words[k])) {
				diag_error(rd->diag, at, "%s: '%s' is there "
					   "twice; take one out", kind->key,
					   words[i]);
				break;
			}
	}
	if (count > LIST_MAX)
		diag_error(rd->diag, n, "%s has %zu entries; at most %d are "
			   "taken", kind->key, count, LIST_MAX);
	*out = words;
	*len = count;
}

static void rollback_read(struct reader *rd, const struct node *n,
			  struct rules *out)
{
	static const char *const known[] = { "deliver", NULL };
	const struct node *deliver;
	int which;

	if (!rd_map(rd, n, "rollback", "rollback: {deliver: push}"))
		return;
	rd_keys(rd, n, known, "rollback");
	deliver = node_get(n, "deliver");
	if (!deliver)
		return;
	which = rd_either(rd, deliver, "rollback's deliver", "pull-request",
			  "push");
	if (which >= 0) {
		out->rollback_push = which;
		out->rollback_set = true;
	}
}

bool config_may_be_overridden(const char *name)
{
	return str_eq(name, "chain") || str_eq(name, "stop") ||
	       str_eq(name, "verify") || gate_kind_find(name);
}

#define VERIFY "verify: {within: 30m, on-failure: rollback, checks: [e2e]}"

static bool verify_within(struct reader *rd, const struct node *map,
			  struct rules *out)
{
	const struct node *n = node_get(map, "within");
	struct err err = { 0 };

	if (!n || n->kind != NODE_SCALAR || n->is_null)
		diag_error(rd->diag, n ? n : map, "verify needs 'within', the "
			   "time in which it must pass; write '" VERIFY "'");
	else if (duration_parse(&out->verify_within_s, n->value, &err) < 0)
		diag_error(rd->diag, n, "%s", err.msg);
	else
		return true;
	return false;
}

/* Gates that look at whether the version works, once it is live here. */
static void verify_read(struct reader *rd, const struct node *n,
			struct rules *out)
{
	struct gate_parse parse = { rd->arena, rd->diag, zone_load };
	const struct node *failure;
	int which;

	out->verify_len = 0;
	if (n->kind == NODE_SCALAR && !n->is_null && str_eq(n->value, "none"))
		return;
	if (!rd_map(rd, n, "verify", VERIFY) || !verify_within(rd, n, out))
		return;
	failure = node_get(n, "on-failure");
	which = failure ? rd_either(rd, failure, "on-failure", "hold",
				    "rollback") : 0;
	out->verify_rollback = which == 1;
	out->verify = arena_alloc(rd->arena, n->len * sizeof(*out->verify));
	for (size_t i = 0; i < n->len; i++) {
		const struct gate_kind *kind = gate_kind_find(n->keys[i]->value);
		struct gate gate = { kind, n->items[i], NULL };

		if (n->items[i] == failure ||
		    str_eq(n->keys[i]->value, "within"))
			continue;
		if (!kind || !kind->judges_health) {
			diag_error(rd->diag, n->keys[i], "'%s' says nothing of "
				   "a version that is live; there is checks, "
				   "metric, http and argocd",
				   n->keys[i]->value);
			continue;
		}
		gate.setting = kind->parse(n->items[i], &parse);
		if (gate.setting)
			out->verify[out->verify_len++] = gate;
	}
	if (out->verify_len == 0)
		diag_error(rd->diag, n, "verify has nothing to look at; write "
			   "'" VERIFY "'");
}

/* override: [soak, hours], or none. */
static void overrides_read(struct reader *rd, const struct node *n,
			   struct rules *out)
{
	const char **words;
	size_t len;

	if (!rd_texts(rd, n, "override", "override: [soak, hours]", &words,
		      &len))
		return;
	out->overrides_set = true;
	out->overrides = words;
	out->overrides_len = len;
	if (n->kind == NODE_SCALAR && str_eq(words[0], "none")) {
		out->overrides_len = 0;
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (words[i] && !config_may_be_overridden(words[i]))
			diag_error(rd->diag, n->kind == NODE_LIST ? n->items[i]
				   : n, "override: there is no gate '%s'; "
				   "write names of gates, 'chain', 'stop', or "
				   "'none'", words[i]);
}

static void either(struct reader *rd, const struct node *map, const char *key,
		   const char *no, const char *yes, bool *out)
{
	const struct node *n = node_get(map, key);
	int which = n ? rd_either(rd, n, key, no, yes) : -1;

	if (which >= 0)
		*out = which;
}

void rd_rules(struct reader *rd, const struct node *n, bool entry,
	      struct rules *out)
{
	const struct node *at;

	either(rd, n, "promote", "manual", "auto", &out->promote_auto);
	either(rd, n, "deliver", "pull-request", "push", &out->deliver_push);
	either(rd, n, "merge", "manual", "auto", &out->merge_auto);
	either(rd, n, "refresh", "until-approved", "always",
	       &out->refresh_always);
	if ((at = node_get(n, "gates"))) {
		gates_read(rd, at, out);
		if (entry && at->len)
			diag_warn(rd->diag, at, "these gates never count: "
				  "nothing is promoted into an environment "
				  "without 'from'");
	}
	if ((at = node_get(n, "promote")) && entry && out->promote_auto)
		diag_warn(rd->diag, at, "'promote: auto' never counts: nothing "
			  "is promoted into an environment without 'from'");
	words_read(rd, n, &reviewers_kind, &out->reviewers,
		   &out->reviewers_len);
	words_read(rd, n, &labels_kind, &out->labels, &out->labels_len);
	if ((at = node_get(n, "override")))
		overrides_read(rd, at, out);
	if ((at = node_get(n, "verify")))
		verify_read(rd, at, out);
	if ((at = node_get(n, "rollback")))
		rollback_read(rd, at, out);
	if (!out->rollback_set)
		out->rollback_push = out->deliver_push;
}
