/* The commands: what each says of itself, and how it runs. */
#include <stdio.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/check.h"
#include "bot/options.h"
#include "bot/read.h"
#include "bot/run.h"

/* What -v says at the end: what it cost. */
static void cost_say(const struct world *w)
{
	struct repo_cost cost;

	if (!w->repo || log_level() < LOG_VERBOSE)
		return;
	repo_cost(w->repo, &cost);
	log_verbose("git: %u requests, %llu bytes received, %llu sent (%s)",
		    cost.requests, (unsigned long long)cost.bytes_received,
		    (unsigned long long)cost.bytes_sent,
		    cost.road ? cost.road : "-");
	if (w->http)
		log_verbose("http: %llu requests in all", (unsigned long long)
			    http_cost(w->http)->requests);
}

/* What to do about exit 12. A rollback done twice goes further back. */
static void again_say(const struct run *run)
{
	const struct pin *pin = run->pins;

	if (run->pins_len == 0)
		log_info("run it again: what was done already is found; "
			 "--timeout gives it longer");
	else if (run->pins_len == 1 && *pin->service != '+')
		log_info("run it again as `git promote rollback %s %s --to "
			 "%s`: without --to it may go further back, if it was "
			 "done already", pin->environment, pin->service,
			 pin->to);
	else
		log_info("look at `git promote status` before you run it "
			 "again: it may go further back, if it was done "
			 "already");
}

/* The end of every command: faults, the error, JSON; the exit code. */
static int finish(struct options *o, struct world *w, struct run *run,
		  const struct err *err, int code)
{
	log_progress_done();
	cost_say(w);
	if (err->code) {
		code = err_exit_code(err->code);
		/* Warnings alone have nothing to do with it. */
		if (run->state.diag.errors)
			output_faults(&run->state.diag);
		log_error("%s", err->msg);
	}
	if (code == err_exit_code(ERR_TRANSIENT))
		again_say(run);
	if (o->json)
		output_json(run, &o->request, err, code);
	run_release(run);
	world_release(w);
	return code;
}

static int run_plan(struct options *o, bool dry)
{
	struct world w = { 0 };
	struct run run = { 0 };
	struct err err = { 0 };
	bool colored = output_colored(o->color);
	int code = 0;

	if (world_open(&w, &o->world, &err) < 0 ||
	    run_loop(&run, &w, &o->request, dry, &err) < 0) {
		/* What was done before that is done. */
		if (run.len && !o->json && log_level() > LOG_QUIET)
			output_results(&run, dry, colored);
		return finish(o, &w, &run, &err, 0);
	}
	code = plan_exit_code(run.results, run.len, o->request.command);
	if (!o->json && o->request.command == CMD_STATUS) {
		output_status(&run, &o->request, colored);
	} else if (!o->json && o->request.command == CMD_LOG) {
		output_log(&run, &o->request, colored);
	} else if (!o->json && log_level() > LOG_QUIET) {
		output_results(&run, dry, colored);
		if (dry)
			output_diffs(&run, colored);
	}
	if (o->request.command == CMD_AUTO && run.state.services_len == 0)
		log_info("no service is found; `git promote check` says what "
			 "was looked for");
	/* Errors of services go to stderr too when stdout is for a program. */
	for (size_t i = 0; i < run.len && (o->json || o->verbosity < 0); i++) {
		const struct result *res = &run.results[i];
		int c = err_exit_code(res->err.code);

		if (c && c != 10 && (c != 11 || o->request.command != CMD_AUTO))
			log_error("%s/%s: %s", res->environment, res->service,
				  res->err.msg);
	}
	return finish(o, &w, &run, &err, code);
}

static int cmd_change(struct options *o)
{
	o->request.dry = o->dry_run;
	return run_plan(o, o->dry_run);
}

static int cmd_status(struct options *o)
{
	return run_plan(o, true);
}

/* check needs no plan: it says what cannot be read, or never be promoted. */
static int cmd_check(struct options *o)
{
	struct world w = { 0 };
	struct run run = { 0 };
	struct err err = { 0 };
	const struct state *s = &run.state;
	int code = 0;

	if (world_open(&w, &o->world, &err) < 0 ||
	    read_state(&run.state, &w, &o->request, &err) < 0)
		return finish(o, &w, &run, &err, 0);
	check_promotions(&run.state);
	check_edits(&run.state);
	check_environments(&run.state);
	if (!w.forge_kind)
		check_forge(&run.state, world_host(&w));
	for (size_t i = 0; i < s->services_len * s->config.environments_len;
	     i++) {
		const struct place *p = &s->spots[i].place;

		if (!p->err.code)
			continue;
		log_error("%s in %s: %s", p->service, p->env->name,
			  p->err.msg);
		code = err_exit_code(p->err.code);
	}
	output_faults(&s->diag);
	if (!o->json && log_level() > LOG_QUIET)
		output_check(s, output_colored(o->color));
	return finish(o, &w, &run, &err, code);
}

const struct command commands[] = {
	{ "bump", CMD_BUMP, "SERVICE=VERSION... | --image REF",
	  "put builds into an entry environment (a CI step)",
	  "Put new builds into an entry environment, as a CI step after the "
	  "image build.\nVERSION is TAG, TAG@sha256:HEX or @sha256:HEX. A "
	  "service with several images\ntakes one tag for all of them, or "
	  "SERVICE:IMAGE=VERSION for one.\n\n"
	  "  git promote bump web=1.4.2 --build \"$CI_PIPELINE_IID\" "
	  "--source \"$COMMIT_URL\"\n"
	  "  git promote bump --image registry.example.com/team/web:1.4.2\n\n"
	  "A hotfix goes past the environments before; hours, freezes and pins "
	  "still count:\n\n"
	  "  git promote bump web=1.4.2-1 --to production --override chain "
	  "--reason TEXT",
	  OPT_COMMON | OPT_BUMP, cmd_change },
	{ "to", CMD_TO, "ENV SERVICE[=VERSION]...",
	  "promote by hand, from the environment before",
	  "Promote what is proven in the environment before, by hand. Gates "
	  "bind people too.\nA version that is named must have been live "
	  "there.\n\n"
	  "  git promote to production web\n"
	  "  git promote to production web=1.4.1 --reason 'back after fix'",
	  OPT_COMMON | OPT_REASON | OPT_ONLY, cmd_change },
	{ "auto", CMD_AUTO, "",
	  "promote all that is ready, look after what is open (cron)",
	  "Promote every version whose gates pass, in environments with "
	  "`promote: auto`;\nrefresh, rebuild, merge or close the pull "
	  "requests of earlier runs\nand of bumps. For cron. Running it twice "
	  "is normal. What waits is no failure.",
	  OPT_COMMON, cmd_change },
	{ "rollback", CMD_ROLLBACK, "ENV SERVICE... [--to VERSION]",
	  "back to the version before; nothing automatic undoes it",
	  "Bring back the version that ran before the present one, or the one "
	  "named with\n--to, as `git promote log` prints it. Done twice, it goes "
	  "further back. Gates\nand freezes do not stop it; with `rollback: "
	  "{deliver: push}` it needs no forge\neither. What it leaves is held: "
	  "neither auto nor bump brings it back, only a\nnewer version or `git "
	  "promote to ENV SERVICE=VERSION --reason TEXT`.\n\n"
	  "  git promote rollback production web --reason 'errors since noon'",
	  OPT_COMMON | OPT_REASON | OPT_ROLLBACK | OPT_ONLY, cmd_change },
	{ "status", CMD_STATUS, "[ENV...]",
	  "what runs where, and what each promotion waits for",
	  "What runs where, what each pending promotion waits for, what "
	  "drifted. Changes nothing.",
	  OPT_COMMON, cmd_status },
	{ "log", CMD_LOG, "SERVICE [ENV]",
	  "what a service has run, since when, and why",
	  "The timeline of a service: the versions it has had in each "
	  "environment on the\nbase branch, newest first, with since when and "
	  "how long, the commit, its author\nand why it came.\n\n"
	  "  git promote log web production",
	  OPT_COMMON | OPT_LOG, cmd_status },
	{ "check", CMD_CHECK, "",
	  "is promote.yaml right, does every field exist",
	  "Is promote.yaml right, does every field it leads to exist, and can "
	  "what is in one\nenvironment be promoted into the next? Lists "
	  "services, environments, fields and\nwhat they hold.",
	  OPT_COMMON, cmd_check },
	{ NULL, 0, NULL, NULL, NULL, 0, NULL },
};

void help_all(void)
{
	puts("git promote: move versions from environment to environment in a "
	     "GitOps repository\n");
	for (const struct command *c = commands; c->name; c++) {
		char left[64];

		snprintf(left, sizeof(left), "%s %s", c->name, c->synopsis);
		printf("  git promote %-38s %s\n", left, c->summary);
	}
	puts("\n`git promote COMMAND -h` says more; `git promote help config` "
	     "explains promote.yaml,\n`git promote help json` what --json "
	     "prints.\n\n"
	     "Exit codes: 0 done or nothing to do; 2 usage or configuration; "
	     "10 waiting;\n11 a person must decide; 12 transient, run again; "
	     "13 the server refused;\n14 bad data; 15 security refusal; 70 a "
	     "bug.");
}

void help_config(void)
{
	puts("promote.yaml stands at the root of the base branch:\n"
	     "\n"
	     "  version: 1\n"
	     "  forge: gitea               # what serves the pull requests, where "
	     "the host\n"
	     "                             # does not tell: github, gitea, "
	     "forgejo, none\n"
	     "  environments:              # in order; `from` makes the chain\n"
	     "    dev:                     # no `from`: CI bumps it\n"
	     "      deliver: push          # straight onto base; default "
	     "pull-request\n"
	     "    staging:\n"
	     "      from: dev\n"
	     "      promote: auto          # by `git promote auto`; default "
	     "manual\n"
	     "      merge: auto            # by the bot; default manual: a "
	     "person\n"
	     "      gates: {soak: 30m}     # live in dev for so long\n"
	     "    production:\n"
	     "      from: staging\n"
	     "      vars: {dir: prod}      # its directory is not called "
	     "production\n"
	     "      reviewers: [team/sre]\n"
	     "      labels: [production]\n"
	     "  services:                  # the first entry that matches "
	     "counts, in\n"
	     "                             # each environment by itself\n"
	     "    - kustomize: apps/{service}/overlays/{dir}/kustomization."
	     "yaml\n"
	     "      image: registry.example.com/team/{service}\n"
	     "    - helm: charts/umbrella/values-{environment}.yaml\n"
	     "      key: \"{service}.image\"\n"
	     "    - helm: plain/{service}/{dir}.yaml   # any image in YAML: a "
	     "map with tag and\n"
	     "      key: spec.template.spec.containers[0].image   # digest, or "
	     "name:tag\n"
	     "      where: kind=Deployment # which one of several documents\n"
	     "    - service: billing       # written out; several images: a list "
	     "of `fields`\n"
	     "      file: billing/{dir}/app.yaml   # any value of any YAML file\n"
	     "      path: spec.version\n"
	     "      value: v{tag}          # default {tag}; also {digest}, "
	     "{version}\n"
	     "\n"
	     "{service} is found by listing the tree, {dir} is the "
	     "environment's name unless\n`vars` says otherwise. `git promote "
	     "check` tells what it leads to; it reads\nthe commit, so before a "
	     "push: commit, then `git promote check --repo .`.\nWith `from: [a, "
	     "b]` a version must have been live in each of them.\n"
	     "\n"
	     "More for an environment: `deliver`, `refresh: always` (also an "
	     "approved pull\nrequest), `rollback: {deliver: push}`, "
	     "`override: [soak, hours]` (what --override\nmay name there; "
	     "`none` for nothing; without it, everything). A service's\n"
	     "`environments: {ENV: {...}}` sets any of these again for "
	     "itself; a gate set to\n`none` does not count for it.\n"
	     "\n"
	     "Beside `services`:\n"
	     "\n"
	     "  together: {shop: [web, api]}   # one commit, all or none; "
	     "`+shop` names the set\n"
	     "  limits:                        # for auto; the oldest eligible "
	     "goes first\n"
	     "    promotions: 10               # begun in one run\n"
	     "    pull-requests: 5             # open in one environment\n"
	     "\n"
	     "Emergency stop: a file promote.stop beside promote.yaml, with "
	     "the reason in it,\nor promote.stop.ENV for one environment. "
	     "Nothing but rollback changes anything\nwhile it is there; auto, "
	     "to and bump exit with 10. --override stop gets past it.\n"
	     "\n"
	     "Gates:\n");
	for (size_t i = 0; gate_kinds[i]; i++)
		printf("  %-8s %s\n", gate_kinds[i]->name, gate_kinds[i]->help);
	puts("\n"
	     "  pin: {reason: the audit is running, until: 2026-12-01}\n"
	     "  tag: 'v[0-9]+[.][0-9]+[.][0-9]+'   # or {pattern: v.*, mutable: "
	     "[main], digest: required}\n"
	     "  hours: Mon-Thu 09:00-16:00 Europe/Zurich   # or a list; without "
	     "a zone UTC\n"
	     "  freeze: [{from: 2026-12-20, to: 2027-01-03, reason: holidays}]\n"
	     "  checks: [\"smoke/{service}\"]   # on the first 8 commits and the "
	     "newest 128\n"
	     "  metric: {url: https://prometheus.example.com, max: 0.01,\n"
	     "           query: 'error_ratio{app=\"{service}\",version="
	     "\"{version}\"}',\n"
	     "           samples: {query: 'requests{app=\"{service}\"}', min: "
	     "100}}\n"
	     "  http: {url: 'https://qa.example.com/{service}/{version}',\n"
	     "         path: 'results[0].state', value: passed}\n"
	     "  argocd: \"{service}-{from}\"       # an Application's name\n"
	     "\n"
	     "After it landed, for an environment: `verify: {within: 30m, "
	     "on-failure: rollback,\nchecks: [\"e2e/{service}\"]}` (checks, "
	     "metric, http, argocd; default `hold`). Until it\npasses nothing "
	     "is promoted further. What was seen to be bad when the time is "
	     "over\nhas failed: on-failure says whether auto goes back; silence "
	     "only holds. A service\nthat nothing looks at: `verify: none` "
	     "in its entry's environments.\n"
	     "\n"
	     "What is not known does not pass. The hosts of metric and http are "
	     "the operator's\nto allow: --allow-gate-host or "
	     "PROMOTE_GATE_HOSTS (HOST, HOST:PORT, *.DOMAIN, or\n"
	     "http://HOST:PORT without TLS). Argo CD is found by "
	     "PROMOTE_ARGOCD_URL, its token\nby PROMOTE_ARGOCD_TOKEN or "
	     "PROMOTE_ARGOCD_TOKEN_FILE.\n"
	     "\n"
	     "The bot sets the commit status git-promote/ENV on the head of its "
	     "pull requests,\npending or success: let branch protection ask "
	     "for it, and gates bind people too.");
}
