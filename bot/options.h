#ifndef BOT_OPTIONS_H
#define BOT_OPTIONS_H

#include "bot/output.h"
#include "bot/state.h"
#include "bot/world.h"

/* A command line, parsed. Strings are borrowed from argv or in the arena. */
struct options {
	struct arena arena;
	struct world_options world;
	struct request request;
	bool json, dry_run, help;
	int verbosity;		/* log.h's levels */
	enum color color;
};

/* One command; the help texts are made from these rows. */
struct command {
	const char *name;
	enum command_id id;
	const char *synopsis;	/* after the name */
	const char *summary;	/* one line */
	const char *text;	/* what a new user has to know; examples */
	unsigned flags;		/* which options it takes: OPT_... */
	int (*run)(struct options *o);	/* returns the exit code */
};
extern const struct command commands[];	/* name NULL at the end */

enum {
	OPT_COMMON = 1 << 0,
	OPT_BUMP = 1 << 1,	/* --to, --image, --source, --build */
	OPT_REASON = 1 << 2,	/* --reason, --override */
	OPT_LOG = 1 << 3,	/* --limit */
	OPT_ROLLBACK = 1 << 4,	/* --to VERSION */
	OPT_ONLY = 1 << 5,	/* --only */
};

/*
 * Parse ARGV after the command's name. ERR_USAGE: says what was expected and
 * what to write instead.
 */
int options_parse(struct options *o, const struct command *c, int argc,
		  char **argv, struct err *err);
void options_release(struct options *o);

/* The help of one command, and of all. On stdout. */
void help_command(const struct command *c);
void help_all(void);
void help_config(void);

#endif
