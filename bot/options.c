#include "bot/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/arguments.h"
#include "bot/base/log.h"
#include "bot/base/str.h"
#include "bot/base/version.h"
#include "bot/trailers.h"
#include "policies/gate.h"

enum { TIMEOUT_DEFAULT_MS = 5 * 60 * 1000, LOG_LIMIT = 10 };

/* While parsing: what may come in any order and is put together at the end. */
struct parser {
	struct options *o;
	struct arguments args;
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

static int opt_git_credentials(struct parser *p, const char *v)
{
	(void)v;
	p->o->world.git_credentials = true;
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
	p->args.build = trailer_number(v);
	if (p->args.build < 0)
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

static int gate_unknown(const char *name, struct err *err)
{
	struct buf names = { 0 };

	for (size_t i = 0; gate_kinds[i]; i++)
		buf_addf(&names, "%s, ", gate_kinds[i]->name);
	err_set(err, ERR_USAGE, "--override: there is no gate '%s'; there is "
		"%sverify, chain, stop", name, buf_str(&names));
	buf_release(&names);
	return -1;
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
			return gate_unknown(w, p->err);
		if (str_eq(w, "chain") && p->args.command->id != CMD_BUMP)
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
	{ "git-credentials", 0, NULL, OPT_COMMON, opt_git_credentials,
	  "without a token ask git's credential helpers, as on a terminal" },
	{ "allow-gate-host", 0, "HOST", OPT_COMMON, opt_gate_host,
	  "HOST[:PORT] that metric and http gates may ask; else "
	  "$PROMOTE_GATE_HOSTS" },
	{ "dry-run", 'n', NULL, OPT_COMMON, opt_dry_run,
	  "show the plan and the diff; change nothing" },
	{ "json", 0, NULL, OPT_COMMON, opt_json,
	  "the result as JSON; `git promote help json` explains it" },
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
					       p->args.command->flags);
	const char *value = eq ? eq + 1 : NULL;

	if (!opt)
		return option_unknown(arg, p->args.command, p->err);
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
			return option_unknown(arg, p->args.command, p->err);
		if (options[i].set(p, NULL) < 0)
			return -1;
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
	if (!*r->author_name || strpbrk(r->author_name, "<>\r\n") ||
	    strpbrk(r->author_mail, "<>\r\n"))
		return err_set(err, ERR_USAGE, "the author '%s <%s>' cannot "
			       "stand in a commit", r->author_name,
			       r->author_mail);
	return 0;
}

int options_parse(struct options *o, const struct command *c, int argc,
		  char **argv, struct err *err)
{
	struct parser p = {
		.o = o, .err = err,
		.args = { .o = o, .command = c, .build = -1 },
	};
	bool only_args = false;

	memset(o, 0, sizeof(*o));
	o->world.timeout_ms = TIMEOUT_DEFAULT_MS;
	o->request.command = c->id;
	o->request.limit = LOG_LIMIT;
	p.args.items = arena_alloc(&o->arena, (size_t)(argc + 1) *
				   sizeof(*p.args.items));
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
			p.args.items[p.args.len++] = argv[i];
		if (rc < 0)
			return -1;
		i += took_next;
	}
	if (o->help)
		return 0;
	if (o->request.overrides_len && !o->request.reason)
		return err_set(err, ERR_USAGE, "--override needs --reason TEXT; "
			       "it is kept in the commit");
	if (arguments_take(&p.args, err) < 0)
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
		printf("  %-26s %s\n", left, opt->help);
	}
}

void help_command(const struct command *c)
{
	printf("git promote %s%s%s\n\n%s\n", c->name, *c->synopsis ? " " : "",
	       c->synopsis, c->text);
	if (c->flags & ~(unsigned)OPT_COMMON) {
		puts("\nOptions:");
		help_options(c->flags & ~(unsigned)OPT_COMMON, 0);
	}
	puts("\nOptions of every command:");
	help_options(OPT_COMMON, 0);
	puts("\nEnvironment:\n"
	     "  PROMOTE_TOKEN              for the repository and its forge; "
	     "where a user goes with it:\n"
	     "                             --repo https://USER@HOST/PATH\n"
	     "  PROMOTE_TOKEN_FILE         the file it is in; else GITHUB_TOKEN or "
	     "GH_TOKEN, GITEA_TOKEN,\n"
	     "                             FORGEJO_TOKEN, each for that forge "
	     "only\n"
	     "  PROMOTE_AUTHOR             who commits, as in 'Name <mail>'; else "
	     "GIT_AUTHOR_NAME and\n"
	     "                             GIT_AUTHOR_EMAIL, else git-promote\n"
	     "  PROMOTE_SIGNING_KEY        signs its commits: ssh:FILE or "
	     "openpgp:KEY-ID");
}
