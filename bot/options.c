#include "bot/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"
#include "bot/base/version.h"
#include "bot/trailers.h"

enum { TIMEOUT_DEFAULT_MS = 5 * 60 * 1000, LOG_LIMIT = 10 };

/* While parsing: what may come in any order and is put together at the end. */
struct parser {
	struct options *o;
	const struct command *command;
	const char **args;
	size_t args_len, args_cap;
	int64_t build;
	struct err *err;
};

static int opt_repo(struct parser *p, const char *v)
{
	p->o->world.repo = v;
	return 0;
}

static int opt_base(struct parser *p, const char *v)
{
	p->o->world.base = v;
	return 0;
}

static int opt_forge(struct parser *p, const char *v)
{
	p->o->world.forge = v;
	return 0;
}

static int opt_forge_url(struct parser *p, const char *v)
{
	p->o->world.forge_url = v;
	return 0;
}

static int opt_gate_host(struct parser *p, const char *v)
{
	const char *before = p->o->world.gate_hosts;

	p->o->world.gate_hosts = before
		? arena_printf(&p->o->arena, "%s,%s", before, v) : v;
	return 0;
}

static int opt_json(struct parser *p, const char *v)
{
	(void)v;
	p->o->json = true;
	return 0;
}

static int opt_dry_run(struct parser *p, const char *v)
{
	(void)v;
	p->o->dry_run = true;
	return 0;
}

static int opt_timeout(struct parser *p, const char *v)
{
	int64_t s;

	if (duration_parse(&s, v, p->err) < 0)
		return err_prefix(p->err, "--timeout: ");
	if (s == 0)
		return err_set(p->err, ERR_USAGE, "--timeout: 0 leaves no time "
			       "for anything; leave it out for 5m");
	p->o->world.timeout_ms = s * 1000;
	return 0;
}

static int opt_verbose(struct parser *p, const char *v)
{
	(void)v;
	p->o->verbosity++;
	return 0;
}

static int opt_quiet(struct parser *p, const char *v)
{
	(void)v;
	p->o->verbosity = LOG_QUIET;
	return 0;
}

static int opt_color(struct parser *p, const char *v)
{
	static const char *const names[] = { "auto", "always", "never" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(v, names[i])) {
			p->o->color = (enum color)i;
			return 0;
		}
	return err_set(p->err, ERR_USAGE, "--color: '%s' is not auto, always "
		       "or never", v);
}

static int opt_help(struct parser *p, const char *v)
{
	(void)v;
	p->o->help = true;
	return 0;
}

static int opt_to(struct parser *p, const char *v)
{
	p->o->request.env = v;
	return 0;
}

static int opt_only(struct parser *p, const char *v)
{
	(void)v;
	p->o->request.only = true;
	return 0;
}

static int opt_back_to(struct parser *p, const char *v)
{
	p->o->request.back_to = v;
	return 0;
}

static int opt_image(struct parser *p, const char *v)
{
	if (image_ref_parse(&p->o->request.image, &p->o->arena, v, p->err) < 0)
		return err_prefix(p->err, "--image: ");
	if (version_empty(&p->o->request.image.version))
		return err_set(p->err, ERR_USAGE, "--image: '%s' has neither "
			       "tag nor digest", v);
	return 0;
}

static int opt_source(struct parser *p, const char *v)
{
	if (!str_starts(v, "https://") && !str_starts(v, "http://"))
		return err_set(p->err, ERR_USAGE, "--source: '%s' is not the "
			       "URL of a commit", v);
	p->o->request.source = v;
	return 0;
}

static int opt_build(struct parser *p, const char *v)
{
	p->build = trailer_number(v);
	if (p->build < 0)
		return err_set(p->err, ERR_USAGE, "--build: '%s' is not a "
			       "number that grows with each build", v);
	return 0;
}

static int opt_reason(struct parser *p, const char *v)
{
	if (!*v || strlen(v) > 500)
		return err_set(p->err, ERR_USAGE, "--reason: say why in 1 to "
			       "500 bytes");
	p->o->request.reason = v;
	return 0;
}

static int opt_override(struct parser *p, const char *v)
{
	struct request *r = &p->o->request;
	char *copy = arena_strdup(&p->o->arena, v), *save = NULL;
	size_t n = 1;

	for (const char *s = v; *s; s++)
		n += *s == ',';
	r->overrides = arena_alloc(&p->o->arena, n * sizeof(*r->overrides));
	for (char *w = strtok_r(copy, ",", &save); w;
	     w = strtok_r(NULL, ",", &save)) {
		if (!config_may_be_overridden(w))
			return err_set(p->err, ERR_USAGE, "--override: there "
				       "is no gate '%s'", w);
		if (str_eq(w, "chain") && p->command->id != CMD_BUMP)
			return err_set(p->err, ERR_USAGE, "--override chain is "
				       "for a hotfix: git promote bump "
				       "SERVICE=VERSION --to ENV");
		r->overrides[r->overrides_len++] = w;
	}
	return 0;
}

static int opt_limit(struct parser *p, const char *v)
{
	int64_t n = trailer_number(v);

	if (n < 1 || n > 100000)
		return err_set(p->err, ERR_USAGE, "--limit: '%s' is not a "
			       "number from 1 to 100000", v);
	p->o->request.limit = (size_t)n;
	p->o->request.limit_given = true;
	return 0;
}

static const struct option {
	const char *name;
	char letter;
	const char *argument;	/* NULL: takes none */
	unsigned flags;
	int (*set)(struct parser *p, const char *value);
	const char *help;
} options[] = {
	{ "to", 0, "ENV", OPT_BUMP, opt_to,
	  "the entry environment; needed only where there are several" },
	{ "to", 0, "VERSION", OPT_ROLLBACK, opt_back_to,
	  "an earlier version than the one before the present" },
	{ "only", 0, NULL, OPT_ONLY, opt_only,
	  "this service alone, not the set that it moves with" },
	{ "image", 0, "REF", OPT_BUMP, opt_image,
	  "registry/name:tag; bumps every service that runs this image" },
	{ "source", 0, "URL", OPT_BUMP, opt_source,
	  "the commit it was built from; gives reviewers a compare link" },
	{ "build", 0, "N", OPT_BUMP, opt_build,
	  "a number that grows with each build, so that a late one is told" },
	{ "reason", 0, "TEXT", OPT_REASON | OPT_BUMP, opt_reason,
	  "why; kept in the commit and the pull request" },
	{ "override", 0, "GATE,...", OPT_REASON | OPT_BUMP, opt_override,
	  "break-glass: do not wait for these gates; needs --reason" },
	{ "limit", 0, "N", OPT_LOG, opt_limit,
	  "so many versions of each environment, however far back (10)" },
	{ "repo", 0, "URL|PATH", OPT_COMMON, opt_repo,
	  "the config repository; else $PROMOTE_REPO, else this checkout's "
	  "origin" },
	{ "base", 0, "BRANCH", OPT_COMMON, opt_base,
	  "the branch the cluster follows; else $PROMOTE_BASE, else HEAD" },
	{ "forge", 0, "KIND", OPT_COMMON, opt_forge,
	  "github, gitea, forgejo or none; else $PROMOTE_FORGE, "
	  "promote.yaml, host" },
	{ "forge-url", 0, "URL", OPT_COMMON, opt_forge_url,
	  "the forge's root; else $PROMOTE_FORGE_URL, else from the "
	  "repository's host" },
	{ "allow-gate-host", 0, "HOST", OPT_COMMON, opt_gate_host,
	  "a host[:port] that metric and http gates may ask; else "
	  "$PROMOTE_GATE_HOSTS" },
	{ "dry-run", 'n', NULL, OPT_COMMON, opt_dry_run,
	  "show the plan and the diff; change nothing" },
	{ "json", 0, NULL, OPT_COMMON, opt_json, "the result as JSON" },
	{ "timeout", 0, "DURATION", OPT_COMMON, opt_timeout,
	  "give up after this long (5m)" },
	{ "verbose", 'v', NULL, OPT_COMMON, opt_verbose,
	  "say what is read and sent, and what it cost; -vv: each request" },
	{ "quiet", 'q', NULL, OPT_COMMON, opt_quiet, "errors only" },
	{ "color", 0, "WHEN", OPT_COMMON, opt_color,
	  "auto, always or never; NO_COLOR is heeded" },
	{ "help", 'h', NULL, OPT_COMMON, opt_help, "this text" },
};

static const struct option *option_find(const char *name, size_t len,
					unsigned flags)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if ((options[i].flags & flags) && strlen(options[i].name) == len &&
		    memcmp(options[i].name, name, len) == 0)
			return &options[i];
	return NULL;
}

static int option_unknown(const char *arg, const struct command *c,
			  struct err *err)
{
	const char *known[ARRAY_LEN(options) + 1] = { NULL }, *near;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].flags & c->flags)
			known[n++] = options[i].name;
	near = nearest_word(arg + strspn(arg, "-"), known);
	return err_set(err, ERR_USAGE, "%s takes no %s%s%s%s; see `git promote "
		       "%s -h`", c->name, arg, near ? " (did you mean --" : "",
		       near ? near : "", near ? "?)" : "", c->name);
}

static int long_option(struct parser *p, const char *arg, char **next,
		       bool *took_next)
{
	const char *eq = strchr(arg, '=');
	size_t len = eq ? (size_t)(eq - arg - 2) : strlen(arg + 2);
	const struct option *opt = option_find(arg + 2, len,
					       p->command->flags);
	const char *value = eq ? eq + 1 : NULL;

	if (!opt)
		return option_unknown(arg, p->command, p->err);
	if (!opt->argument && value)
		return err_set(p->err, ERR_USAGE, "--%s takes no value",
			       opt->name);
	if (opt->argument && !value) {
		value = *next;
		*took_next = true;
		if (!value)
			return err_set(p->err, ERR_USAGE, "--%s needs a value: "
				       "--%s %s", opt->name, opt->name,
				       opt->argument);
	}
	return opt->set(p, value);
}

static int short_options(struct parser *p, const char *arg)
{
	for (const char *s = arg + 1; *s; s++) {
		size_t i = 0;

		while (i < ARRAY_LEN(options) && options[i].letter != *s)
			i++;
		if (i == ARRAY_LEN(options))
			return option_unknown(arg, p->command, p->err);
		if (options[i].set(p, NULL) < 0)
			return -1;
	}
	return 0;
}

static int wish_add(struct parser *p, const char *text, const struct wish *w)
{
	struct request *r = &p->o->request;

	for (size_t k = 0; k < r->wishes_len; k++)
		if (str_eq(r->wishes[k].service, w->service) &&
		    str_eq(r->wishes[k].label, w->label))
			return err_set(p->err, ERR_USAGE, "'%s' is named "
				       "twice", text);
	r->wishes[r->wishes_len++] = *w;
	return 0;
}

/* LABEL=VERSION,...: how the versions of several images are shown. */
static int wishes_by_label(struct parser *p, const char *text,
			   const struct wish *all, const char *list)
{
	struct arena *a = &p->o->arena;
	char *copy = arena_strdup(a, list), *save = NULL;

	for (char *item = strtok_r(copy, ",", &save); item;
	     item = strtok_r(NULL, ",", &save)) {
		char *eq = strrchr(item, '=');
		struct wish w = *all;

		if (!eq || eq == item)
			return err_set(p->err, ERR_USAGE, "'%s': '%s' does not "
				       "have the form IMAGE=VERSION", text,
				       item);
		w.label = arena_strndup(a, item, (size_t)(eq - item));
		if (version_parse(&w.version, a, eq + 1, p->err) < 0)
			return err_prefix(p->err, "%s:%s: ", w.service,
					  w.label);
		if (wish_add(p, text, &w) < 0)
			return -1;
	}
	return 0;
}

/* SERVICE[:LABEL][=VERSION], or SERVICE=LABEL=VERSION,... */
static int wish_parse(struct parser *p, const char *text)
{
	bool may_be_set = p->command->id == CMD_TO ||
			  p->command->id == CMD_ROLLBACK;
	size_t plus = may_be_set && text[0] == '+';
	const char *eq = strchr(text, '=');
	size_t len = eq ? (size_t)(eq - text) : strlen(text);
	const char *colon = memchr(text, ':', len);
	size_t name_len = colon ? (size_t)(colon - text) : len;
	struct arena *a = &p->o->arena;
	struct wish w = { .build = p->build };

	if (plus && p->o->request.only)
		return err_set(p->err, ERR_USAGE, "'%s' is a set; --only is "
			       "for one service of it", text);
	if (!name_valid(text + plus, name_len - plus))
		return err_set(p->err, ERR_USAGE, "'%s': '%.*s' is not a "
			       "service's name ([A-Za-z0-9][A-Za-z0-9._-]*); "
			       "write SERVICE=VERSION", text, (int)name_len,
			       text);
	if (eq && colon) {	/* a path in a label may have a '=' in it */
		eq = strrchr(text, '=');
		len = (size_t)(eq - text);
	}
	w.service = arena_strndup(a, text, name_len);
	if (colon)
		w.label = arena_strndup(a, colon + 1, len - name_len - 1);
	w.has_version = eq != NULL;
	if (eq && !colon && strchr(eq + 1, '='))
		return wishes_by_label(p, text, &w, eq + 1);
	if (eq && version_parse(&w.version, a, eq + 1, p->err) < 0)
		return err_prefix(p->err, "%s: ", w.service);
	return wish_add(p, text, &w);
}

static int wishes_parse(struct parser *p, size_t first, bool need_version)
{
	struct request *r = &p->o->request;
	size_t most = 0;

	for (size_t i = first; i < p->args_len; i++) {
		most++;
		for (const char *s = p->args[i]; *s; s++)
			most += *s == ',';
	}
	r->wishes = arena_alloc(&p->o->arena, most * sizeof(*r->wishes));
	for (size_t i = first; i < p->args_len; i++) {
		const char *text = p->args[i];
		const struct wish *w;

		if (wish_parse(p, text) < 0)
			return -1;
		w = &r->wishes[r->wishes_len - 1];
		if (!w->has_version &&
		    (need_version || (w->label && r->command == CMD_TO)))
			return err_set(p->err, ERR_USAGE, "'%s' names no "
				       "version; write %s=VERSION", text, text);
	}
	return 0;
}

/* rollback SERVICE=VERSION is --to VERSION for that service alone. */
static int back_take(struct parser *p)
{
	struct request *r = &p->o->request;

	for (size_t i = 0; i < r->wishes_len; i++) {
		struct wish *w = &r->wishes[i];

		if (w->label)
			return err_set(p->err, ERR_USAGE, "'%s:%s': the images "
				       "of a service go back together; name "
				       "the service", w->service, w->label);
		if (w->has_version && r->back_to)
			return err_set(p->err, ERR_USAGE, "'%s' has a version "
				       "of its own beside --to; give one of "
				       "them", w->service);
		if (!r->back_to)
			continue;
		w->has_version = true;
		if (version_parse(&w->version, &p->o->arena, r->back_to,
				  p->err) < 0)
			return err_prefix(p->err, "--to: ");
	}
	return 0;
}

static int env_take(struct parser *p)
{
	if (p->args_len == 0 || !name_valid(p->args[0], strlen(p->args[0])))
		return err_set(p->err, ERR_USAGE, "%s needs an environment; "
			       "usage: git promote %s %s", p->command->name,
			       p->command->name, p->command->synopsis);
	p->o->request.env = p->args[0];
	return 0;
}

/* What each command makes of its arguments. */
static int args_take(struct parser *p)
{
	struct request *r = &p->o->request;

	switch (p->command->id) {
	case CMD_BUMP:
		if (r->image.name && p->args_len)
			return err_set(p->err, ERR_USAGE, "give SERVICE="
				       "VERSION or --image, not both");
		if (!r->image.name && p->args_len == 0)
			return err_set(p->err, ERR_USAGE, "what is to be "
				       "bumped? Write git promote bump "
				       "SERVICE=VERSION or --image REF");
		r->build = p->build;
		return wishes_parse(p, 0, true);
	case CMD_TO:
	case CMD_ROLLBACK:
		if (env_take(p) < 0)
			return -1;
		if (p->args_len < 2)
			return err_set(p->err, ERR_USAGE, "which service? "
				       "usage: git promote %s %s",
				       p->command->name,
				       p->command->synopsis);
		if (wishes_parse(p, 1, false) < 0)
			return -1;
		return p->command->id == CMD_ROLLBACK ? back_take(p) : 0;
	case CMD_STATUS:
		r->envs = p->args;
		r->envs_len = p->args_len;
		return 0;
	case CMD_LOG:
		if (p->args_len < 1 || p->args_len > 2)
			return err_set(p->err, ERR_USAGE, "whose timeline? "
				       "usage: git promote log %s",
				       p->command->synopsis);
		if (p->args_len == 2)
			r->env = p->args[1];
		p->args_len = 1;
		return wishes_parse(p, 0, false);
	case CMD_AUTO:
	case CMD_CHECK:
		if (p->args_len)
			return err_set(p->err, ERR_USAGE, "%s takes no "
				       "argument '%s'", p->command->name,
				       p->args[0]);
		return 0;
	}
	return 0;
}

/* "Name <mail>"; the parts may not break a commit's header. */
static int author_find(struct options *o, struct err *err)
{
	const char *v = getenv("PROMOTE_AUTHOR"), *lt, *gt;
	const char *name = getenv("GIT_AUTHOR_NAME");
	const char *mail = getenv("GIT_AUTHOR_EMAIL");
	struct request *r = &o->request;

	r->author_name = name && *name ? name : "git-promote";
	r->author_mail = mail && *mail ? mail : "git-promote@localhost";
	if (v && *v) {
		lt = strchr(v, '<');
		gt = strrchr(v, '>');
		if (!lt || !gt || gt < lt || gt[1] || lt == v ||
		    lt[-1] != ' ' || lt + 1 == gt)
			return err_set(err, ERR_USAGE, "PROMOTE_AUTHOR: '%s' "
				       "does not have the form Name <mail>", v);
		r->author_name = arena_strndup(&o->arena, v,
					       (size_t)(lt - v - 1));
		r->author_mail = arena_strndup(&o->arena, lt + 1,
					       (size_t)(gt - lt - 1));
	}
	if (strpbrk(r->author_name, "<>\n") || strpbrk(r->author_mail, "<>\n"))
		return err_set(err, ERR_USAGE, "the author '%s <%s>' cannot "
			       "stand in a commit", r->author_name,
			       r->author_mail);
	return 0;
}

int options_parse(struct options *o, const struct command *c, int argc,
		  char **argv, struct err *err)
{
	struct parser p = { o, c, NULL, 0, 0, -1, err };
	bool only_args = false;

	memset(o, 0, sizeof(*o));
	o->world.timeout_ms = TIMEOUT_DEFAULT_MS;
	o->request.command = c->id;
	o->request.limit = LOG_LIMIT;
	p.args = arena_alloc(&o->arena, (size_t)(argc + 1) * sizeof(*p.args));
	for (int i = 0; i < argc; i++) {
		bool took_next = false;
		int rc = 0;

		if (!only_args && str_eq(argv[i], "--"))
			only_args = true;
		else if (!only_args && str_starts(argv[i], "--"))
			rc = long_option(&p, argv[i], &argv[i + 1],
					 &took_next);
		else if (!only_args && argv[i][0] == '-' && argv[i][1])
			rc = short_options(&p, argv[i]);
		else
			p.args[p.args_len++] = argv[i];
		if (rc < 0)
			return -1;
		i += took_next;
	}
	if (o->help)
		return 0;
	if (o->request.overrides_len && !o->request.reason)
		return err_set(err, ERR_USAGE, "--override needs --reason TEXT; "
			       "it is kept in the commit");
	if (args_take(&p) < 0)
		return -1;
	return author_find(o, err);
}

void options_release(struct options *o)
{
	arena_release(&o->arena);
	memset(o, 0, sizeof(*o));
}

static void help_options(unsigned flags, unsigned without)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const struct option *opt = &options[i];
		char left[40];

		if (!(opt->flags & flags) || (opt->flags & without))
			continue;
		snprintf(left, sizeof(left), "%s--%s%s%s",
			 opt->letter ? (char[]){ '-', opt->letter, ',', ' ', 0 }
				     : "    ", opt->name,
			 opt->argument ? " " : "",
			 opt->argument ? opt->argument : "");
		printf("  %-24s %s\n", left, opt->help);
	}
}

void help_command(const struct command *c)
{
	printf("git promote %s %s\n\n%s\n", c->name, c->synopsis, c->text);
	if (c->flags & ~(unsigned)OPT_COMMON) {
		puts("\nOptions:");
		help_options(c->flags & ~(unsigned)OPT_COMMON, 0);
	}
	puts("\nOptions of every command:");
	help_options(OPT_COMMON, 0);
}
