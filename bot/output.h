#ifndef BOT_OUTPUT_H
#define BOT_OUTPUT_H

#include <stdbool.h>

#include "bot/run.h"

/* What a command prints on stdout: lines for people, or JSON for programs. */

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* On a terminal without NO_COLOR, or as the flag says. */
bool output_colored(enum color color);

/* One line per result: what was done, or what it waits for. */
void output_results(const struct run *run, bool dry, bool colored);

/* The diffs of the plan, after the lines of a dry run. */
void output_diffs(const struct run *run, bool colored);

/* Services down, environments across; then what each promotion waits for. */
void output_status(const struct run *run, const struct request *r,
		   bool colored);

/* The timelines of the service that R names, newest version first. */
void output_log(const struct run *run, const struct request *r, bool colored);

/* What check found: every service and environment, field by field. */
void output_check(const struct state *s, bool colored);

/*
 * The results of a run, and ERR where it is set, as help_json() says: always
 * with the same keys.
 */
void output_json(const struct run *run, const struct request *r,
		 const struct err *err, int exit_code);

/* What the JSON means, for who writes a program that reads it. */
void help_json(void);

/* promote.yaml's faults, one line each, on stderr. */
void output_faults(const struct diag *d);

#endif
