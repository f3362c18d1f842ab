#ifndef BOT_ARGUMENTS_H
#define BOT_ARGUMENTS_H

#include "bot/options.h"

/* What is left of a command line without its options. */
struct arguments {
	struct options *o;	/* the request in it is filled */
	const struct command *command;
	const char **items;
	size_t len;
	int64_t build;		/* --build; -1: none */
};

/*
 * Make the request of them. ERR_USAGE: says what was expected and what to
 * write instead.
 */
int arguments_take(struct arguments *p, struct err *err);

#endif
