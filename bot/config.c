/* promote.yaml: its top level and its environments. */
#include "bot/config_read.h"

#include <stdio.h>
#include <string.h>

#include "bot/base/str.h"
#include "forge/forge.h"
#include "yamledit/doc.h"

enum { TEXT_MAX = 1024, ENVIRONMENTS_MAX = 100, VARS_MAX = 100 };

/* Readers of a node ------------------------------------------------------ */

bool rd_is_one_of(const char *word, const char *const *known)
{
	for (; *known; known++)
		if (str_eq(word, *known))
			return true;
	return false;
}

const char *rd_hint(struct reader *rd, const char *word,
		    const char *const *known)
{
	const char *near = nearest_word(word, known), *text;
	struct buf list = { 0 };

	if (near)
		return arena_printf(rd->arena, "did you mean '%s'?", near);
	for (size_t i = 0; known[i]; i++)
		buf_addf(&list, "%s%s", i ? ", " : "there is ", known[i]);
	text = arena_strdup(rd->arena, list.len ? buf_str(&list)
						: "there is none");
	buf_release(&list);
	return text;
}

void rd_keys(struct reader *rd, const struct node *map,
	     const char *const *known, const char *what)
{
	for (size_t i = 0; i < map->len; i++)
		if (!rd_is_one_of(map->keys[i]->value, known))
			diag_error(rd->diag, map->keys[i], "%s has no '%s'; %s",
				   what, map->keys[i]->value,
				   rd_hint(rd, map->keys[i]->value, known));
}

static bool is_kind(struct reader *rd, const struct node *n,
		    enum node_kind kind, const char *what, const char *example)
{
	if (n->kind == kind)
		return true;
	diag_error(rd->diag, n, "%s is %s, not %s; write '%s'", what,
		   node_kind_name(n), kind == NODE_MAP ? "a map" : "a list",
		   example);
	return false;
}

bool rd_map(struct reader *rd, const struct node *n, const char *what,
	    const char *example)
{
	if (n->kind == NODE_SCALAR && n->is_null)
		return true;
	return is_kind(rd, n, NODE_MAP, what, example);
}

bool rd_list(struct reader *rd, const struct node *n, const char *what,
	     const char *example)
{
	if (n->kind == NODE_SCALAR && n->is_null)
		return true;
	return is_kind(rd, n, NODE_LIST, what, example);
}

const char *rd_text(struct reader *rd, const struct node *n, const char *what,
		    const char *example)
{
	size_t len;

	if (n->kind != NODE_SCALAR || n->is_null || !*n->value) {
		diag_error(rd->diag, n, "%s is %s; write '%s'", what,
			   n->kind == NODE_SCALAR ? "empty" : node_kind_name(n),
			   example);
		return NULL;
	}
	len = strlen(n->value);
	for (const char *s = n->value; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f) {
			diag_error(rd->diag, n, "%s has a control character "
				   "or a line break; write '%s'", what,
				   example);
			return NULL;
		}
	if (len <= TEXT_MAX)
		return n->value;
	diag_error(rd->diag, n, "%s is longer than %d bytes", what, TEXT_MAX);
	return NULL;
}

int rd_either(struct reader *rd, const struct node *n, const char *what,
	      const char *first, const char *second)
{
	if (n->kind == NODE_SCALAR && str_eq(n->value, first))
		return 0;
	if (n->kind == NODE_SCALAR && str_eq(n->value, second))
		return 1;
	if (n->kind == NODE_SCALAR && !n->is_null)
		diag_error(rd->diag, n, "%s is '%s'; write '%s' or '%s'", what,
			   n->value, first, second);
	else
		diag_error(rd->diag, n, "%s is %s; write '%s' or '%s'", what,
			   node_kind_name(n), first, second);
	return -1;
}

bool rd_texts(struct reader *rd, const struct node *n, const char *what,
	      const char *example, const char ***out, size_t *len)
{
	size_t count = n->kind == NODE_LIST ? n->len : 1;
	const char **texts = arena_alloc(rd->arena, (count + 1) *
					 sizeof(*texts));

	if (n->kind == NODE_MAP)
		return is_kind(rd, n, NODE_LIST, what, example);
	for (size_t i = 0; i < count; i++)
		texts[i] = rd_text(rd, n->kind == NODE_LIST ? n->items[i] : n,
				   what, example);
	*out = texts;
	*len = count;
	return true;
}

const char *const *rd_environment_names(struct reader *rd)
{
	const struct config *c = rd->config;
	const char **names = arena_alloc(rd->arena, (c->environments_len + 1) *
					 sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; i < c->environments_len; i++)
		if (name_valid(c->environments[i].name,
			       strlen(c->environments[i].name)))
			names[n++] = c->environments[i].name;
	return names;
}

/* Environments ----------------------------------------------------------- */

/* `dir` first, then the others; the text of a var can go into any path. */
static bool var_read(struct reader *rd, struct environment *env,
		     const struct node *key, const struct node *value)
{
	static const char *const reserved[] = {
		"service", "environment", "tag", "digest", "version", NULL,
	};
	const char *name = key->value, *text;
	size_t i = 0;

	if (rd_is_one_of(name, reserved)) {
		diag_error(rd->diag, key, "var '%s' has a meaning of its own; "
			   "give it another name", name);
		return false;
	}
	if (!name_valid(name, strlen(name))) {
		diag_error(rd->diag, key, "var '%s': a name is letters, "
			   "digits, '.', '_' and '-', a letter or digit first",
			   name);
		return false;
	}
	text = rd_text(rd, value, name, "vars: {dir: prod/eu}");
	if (!text)
		return false;
	if (strpbrk(text, "{}")) {
		diag_error(rd->diag, value, "var '%s' has a brace; its text is "
			   "taken as it is", name);
		return false;
	}
	while (i < env->vars_len && !str_eq(env->vars[i][0], name))
		i++;
	env->vars[i][0] = name;
	env->vars[i][1] = text;
	if (i == env->vars_len)
		env->vars_len++;
	return true;
}

static void vars_read(struct reader *rd, const struct node *n,
		      struct environment *env)
{
	size_t most = n ? n->len : 0;

	if (n && !rd_map(rd, n, "vars", "vars: {dir: prod/eu}"))
		most = 0;
	if (most > VARS_MAX) {
		diag_error(rd->diag, n, "more than %d vars", VARS_MAX);
		most = 0;
	}
	env->vars = arena_alloc(rd->arena, (most + 1) * sizeof(*env->vars));
	env->vars[0][0] = "dir";
	env->vars[0][1] = env->name;
	env->vars_len = 1;
	for (size_t i = 0; i < most; i++)
		var_read(rd, env, n->keys[i], n->items[i]);
}

static void from_read(struct reader *rd, const struct node *n,
		      struct environment *env)
{
	const char **names;
	size_t len;

	if (!rd_texts(rd, n, "from", "from: staging", &names, &len))
		return;
	if (len == 0)
		diag_error(rd->diag, n, "from is an empty list; name an "
			   "environment, or take it out for one that takes "
			   "builds");
	env->from = arena_alloc(rd->arena, (len + 1) * sizeof(*env->from));
	for (size_t i = 0; i < len; i++) {
		const struct node *at = n->kind == NODE_LIST ? n->items[i] : n;
		size_t e = names[i] ? config_environment(rd->config, names[i])
				    : SIZE_MAX;
		bool twice = false;

		if (!names[i])
			continue;
		if (e == SIZE_MAX) {
			diag_error(rd->diag, at, "there is no environment "
				   "'%s'; %s", names[i],
				   rd_hint(rd, names[i],
					   rd_environment_names(rd)));
			continue;
		}
		for (size_t k = 0; k < env->from_len; k++)
			twice |= env->from[k] == e;
		if (twice)
			diag_error(rd->diag, at, "'%s' is there twice; take "
				   "one out", names[i]);
		else
			env->from[env->from_len++] = e;
	}
}

/*
 * Follow `from` back from environment AT. STATE is 0 for environments not
 * seen yet, 1 for those on the way here, 2 for those done with. A circle is
 * told where its last step is written.
 */
static void circle_from(struct reader *rd, size_t at, char *state,
			size_t *way, size_t depth)
{
	const struct config *c = rd->config;
	const struct environment *env = &c->environments[at];

	state[at] = 1;
	way[depth] = at;
	for (size_t i = 0; i < env->from_len; i++) {
		size_t next = env->from[i], k = depth;
		struct buf names = { 0 };

		if (state[next] == 0) {
			circle_from(rd, next, state, way, depth + 1);
			continue;
		}
		if (state[next] != 1)
			continue;
		while (way[k] != next)
			k--;
		buf_addstr(&names, c->environments[next].name);
		for (size_t j = depth + 1; j-- > k;)
			buf_addf(&names, " -> %s",
				 c->environments[way[j]].name);
		diag_error(rd->diag, node_get(env->node, "from"), "from goes "
			   "in a circle, %s; one of them must take builds",
			   buf_str(&names));
		buf_release(&names);
	}
	state[at] = 2;
}

static void circles_check(struct reader *rd)
{
	char state[ENVIRONMENTS_MAX] = { 0 };
	size_t way[ENVIRONMENTS_MAX + 1];

	for (size_t i = 0; i < rd->config->environments_len; i++)
		if (state[i] == 0)
			circle_from(rd, i, state, way, 0);
}

/* Soak alone proves that time went by, not that anything worked. */
static void health_warn(struct reader *rd, const struct environment *env)
{
	const struct node *soak = NULL;

	for (size_t i = 0; i < env->rules.gates_len; i++) {
		const struct gate *g = &env->rules.gates[i];

		if (g->kind->judges_health)
			return;
		if (str_eq(g->kind->name, "soak"))
			soak = g->node;
	}
	if (soak && env->from_len && gates_soak_s(env->rules.gates,
						  env->rules.gates_len) > 0)
		diag_warn(rd->diag, soak, "%s soaks, but no gate looks at "
			  "whether it works; add one, as in 'checks: "
			  "[smoke/{service}]'", env->name);
}

static void environment_read(struct reader *rd, struct environment *env)
{
	static const char *const known[] = { "from", "vars", RULE_KEYS, NULL };
	const struct node *n = env->node, *from;

	if (!rd_map(rd, n, arena_printf(rd->arena, "environment '%s'",
					env->name),
		    "production: {from: staging}"))
		return;
	rd_keys(rd, n, known, "an environment");
	from = node_get(n, "from");
	if (from)
		from_read(rd, from, env);
	rd_rules(rd, n, from == NULL, &env->rules);
	health_warn(rd, env);
}

static void environments_read(struct reader *rd, const struct node *n)
{
	static const char example[] = "environments: {dev: {deliver: push}}";
	struct config *c = rd->config;

	if (!rd_map(rd, n, "environments", example))
		return;
	if (n->len == 0 || n->len > ENVIRONMENTS_MAX) {
		diag_error(rd->diag, n, n->len ? "more than 100 environments"
			   : "no environments; write at least one, as in '%s'",
			   example);
		return;
	}
	c->environments = arena_alloc(rd->arena, n->len *
				      sizeof(*c->environments));
	/* Names and vars of all first: the rest refers to them. */
	for (size_t i = 0; i < n->len; i++) {
		struct environment *env = &c->environments[i];

		env->name = n->keys[i]->value;
		env->node = n->items[i];
		rd_rules_default(&env->rules);
		if (!name_valid(env->name, strlen(env->name)))
			diag_error(rd->diag, n->keys[i], "environment '%s': "
				   NAME_RULE, env->name);
		vars_read(rd, node_get(env->node, "vars"), env);
	}
	c->environments_len = n->len;
	for (size_t i = 0; i < n->len; i++)
		environment_read(rd, &c->environments[i]);
	circles_check(rd);
}

/* The whole -------------------------------------------------------------- */

static void forge_read(struct reader *rd, const struct node *n)
{
	const char *kind = rd_text(rd, n, "forge", "forge: github");
	struct buf names = { 0 };

	if (!kind)
		return;
	if (!str_eq(kind, "none") && !forge_kind_known(kind)) {
		forge_kind_names(&names);
		diag_error(rd->diag, n, "there is no forge '%s'; there is %s, "
			   "and 'none' for no pull requests", kind,
			   buf_str(&names));
		buf_release(&names);
		return;
	}
	rd->config->forge = kind;
}

static void version_check(struct reader *rd, const struct node *n)
{
	if (n->kind != NODE_SCALAR || !str_eq(n->value, "1"))
		diag_error(rd->diag, n, "version is %s%s; this program reads "
			   "'version: 1'", n->kind == NODE_SCALAR && !n->is_null
			   ? "" : node_kind_name(n),
			   n->kind == NODE_SCALAR && !n->is_null ? n->value
								 : "");
}

static void top_read(struct reader *rd, const struct node *n)
{
	static const char *const known[] = { "version", "forge",
					     "environments", "services",
					     "together", "limits", NULL };
	static const struct {
		const char *key, *example;
		void (*read)(struct reader *rd, const struct node *n);
		bool is_needed;
	} parts[] = {
		{ "version", "version: 1", version_check, true },
		{ "forge", "", forge_read, false },
		{ "environments", "environments: {dev: {deliver: push}}",
		  environments_read, true },
		{ "services", "services: [{kustomize: apps/{service}/overlays/"
		  "{dir}/kustomization.yaml}]", rd_services, true },
		{ "together", "", rd_together, false },
		{ "limits", "", rd_limits, false },
	};

	if (!is_kind(rd, n, NODE_MAP, CONFIG_FILE, "version: 1"))
		return;
	rd_keys(rd, n, known, CONFIG_FILE);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const struct node *at = node_get(n, parts[i].key);

		if (at)
			parts[i].read(rd, at);
		else if (parts[i].is_needed)
			diag_error(rd->diag, n, "'%s' is missing; write '%s'",
				   parts[i].key, parts[i].example);
	}
}

/* The parser's "LINE:COLUMN: text" as a fault of its own. */
static void fault_of_parser(struct diag *d, const struct err *err)
{
	struct node at = { .line = 1, .column = 1 };
	const char *text = err->msg;
	int n = 0;

	if (sscanf(text, "%d:%d: %n", &at.line, &at.column, &n) == 2 && n > 0)
		text += n;
	else
		at.line = at.column = 1;
	diag_error(d, &at, "%s", text);
}

size_t config_environment(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->environments_len; i++)
		if (str_eq(config->environments[i].name, name))
			return i;
	return SIZE_MAX;
}

void config_release(struct config *config)
{
	arena_release(&config->arena);
	memset(config, 0, sizeof(*config));
}

int config_parse(struct config *config, const char *text, size_t len,
		 struct diag *d, struct err *err)
{
	struct reader rd = { config, &config->arena, d };
	size_t before = d->errors;
	struct err fault = { 0 };
	const struct node *top;
	const char *copy;

	memset(config, 0, sizeof(*config));
	if (len > CONFIG_MAX_SIZE) {
		diag_error(d, NULL, "%zu bytes; at most %u are read", len,
			   CONFIG_MAX_SIZE);
		goto out;
	}
	copy = arena_strndup(rd.arena, text, len);
	if (ye_doc_parse(&top, rd.arena, copy, len, &fault) < 0)
		fault_of_parser(d, &fault);
	else
		top_read(&rd, top);
out:
	diag_sort(d);
	if (d->errors == before)
		return 0;
	return err_set(err, ERR_USAGE, CONFIG_FILE " has %zu %s",
		       d->errors - before,
		       d->errors - before == 1 ? "fault" : "faults");
}
