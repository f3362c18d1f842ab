#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"
#include "bot/options.h"
#include "bot/output.h"

static const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (str_eq(c->name, name))
			return c;
	return NULL;
}

static int usage(const char *name)
{
	const char *known[16] = { NULL }, *near;
	size_t n = 0;

	for (const struct command *c = commands; c->name; c++)
		known[n++] = c->name;
	if (name[0] == '-') {
		log_error("options come after the command, as in `git promote "
			  "status %s`; `git promote help` lists the commands",
			  name);
		return err_exit_code(ERR_USAGE);
	}
	near = nearest_word(name, known);
	log_error("there is no command '%s'%s%s%s; `git promote help` lists "
		  "them", name, near ? " (did you mean " : "",
		  near ? near : "", near ? "?)" : "");
	return err_exit_code(ERR_USAGE);
}

static int help(const char *topic)
{
	const struct command *c = topic ? command_find(topic) : NULL;

	if (c)
		help_command(c);
	else if (str_eq(topic, "config"))
		help_config();
	else if (str_eq(topic, "json"))
		help_json();
	else if (topic && topic[0] != '-')
		return usage(topic);
	else
		help_all();
	return 0;
}

/* Was JSON asked for, on a command line that cannot be read? */
static bool json_asked(int argc, char **argv)
{
	for (int i = 0; i < argc && !str_eq(argv[i], "--"); i++)
		if (str_eq(argv[i], "--json"))
			return true;
	return false;
}

static int run(const struct command *c, int argc, char **argv)
{
	const struct run nothing = { 0 };
	struct options o;
	struct err err = { 0 };
	int code;

	if (options_parse(&o, c, argc, argv, &err) < 0) {
		log_error("%s", err.msg);
		if (json_asked(argc, argv))
			output_json(&nothing, &o.request, &err,
				    err_exit_code(err.code));
		options_release(&o);
		return err_exit_code(err.code);
	}
	log_init(o.verbosity < LOG_QUIET ? LOG_QUIET :
		 o.verbosity > LOG_DEBUG ? LOG_DEBUG :
		 (enum log_level)o.verbosity);
	if (o.help) {
		help_command(c);
		code = 0;
	} else {
		code = c->run(&o);
	}
	options_release(&o);
	return code;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	const struct command *c = name ? command_find(name) : NULL;
	int code;

	if (!name) {
		help_all();
		return err_exit_code(ERR_USAGE);
	}
	if (c) {
		code = run(c, argc - 2, argv + 2);
	} else if (str_eq(name, "--version") || str_eq(name, "version")) {
		puts("git-promote " PROMOTE_VERSION);
		code = 0;
	} else if (str_eq(name, "help") || str_eq(name, "-h") ||
		   str_eq(name, "--help")) {
		code = help(argc > 2 ? argv[2] : NULL);
	} else {
		code = usage(name);
	}
	if (fflush(stdout) != 0) {
		log_error("cannot write the output (%s); what was to be done "
			  "is done", strerror(errno));
		code = code ? code : err_exit_code(ERR_BUG);
	}
	log_release();
	return code;
}
