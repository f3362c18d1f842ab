#ifndef BOT_BASE_ERR_H
#define BOT_BASE_ERR_H

/*
 * What went wrong, for whoever has to act on it. One code for each thing a
 * caller (or the pipeline that called us) would do next.
 */
enum err_code {
	ERR_NONE = 0,
	ERR_USAGE,	/* the command line or promote.yaml is wrong */
	ERR_WAIT,	/* a gate, a check or an approval is not there yet */
	ERR_PERSON,	/* a person must decide */
	ERR_RACE,	/* a ref moved: read the new head, plan again */
	ERR_TRANSIENT,	/* network, deadline, rate limit: run again later */
	ERR_REFUSED,	/* the server said no: authority, protection, hook */
	ERR_NOTFOUND,	/* a path leads nowhere */
	ERR_UNSAFE,	/* ambiguous or not editable without guessing */
	ERR_DATA,	/* data that does not parse, or is over a limit */
	ERR_SECURITY,	/* going on would leak a secret or trust the untrusted */
	ERR_BUG,	/* a broken promise inside the program */
};

/*
 * The reason of a failure; the caller owns it and passes it as the last
 * parameter. Functions return 0, or -1 with the reason set. The first cause
 * wins: err_set() on an error that is already set does nothing.
 */
struct err {
	enum err_code code;
	char msg[1024];		/* one line, no newline, not yet escaped */
};

/* Always returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Say where: put text before the message, literally, so the caller brings
 * its own separator ("env prod: "). For an error that starts with
 * "LINE:COLUMN: " the text is "FILE:". Always returns -1.
 */
int err_prefix(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void err_clear(struct err *err);

/* The exit code of the process: 0, 2, 10, 11, 12, 13, 14, 15 or 70. */
int err_exit_code(enum err_code code);

#endif
