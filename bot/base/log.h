#ifndef BOT_BASE_LOG_H
#define BOT_BASE_LOG_H

#include <stdbool.h>

/*
 * What a person reads while it runs, on stderr. stdout is for results.
 * Everything printed here is escaped for a terminal, and every secret that
 * was named to log_secret() is replaced by asterisks: the last line of
 * defence, not the first.
 */
enum log_level {
	LOG_QUIET = -1,		/* -q: errors only */
	LOG_NORMAL = 0,
	LOG_VERBOSE = 1,	/* -v: what is read and sent, and its cost */
	LOG_DEBUG = 2,		/* -vv: each request */
};

void log_init(enum log_level level);
enum log_level log_level(void);

/* One line each; the newline is added. */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_verbose(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * What is being done right now ("reading history: 1200 commits"). On a
 * terminal one line that is overwritten and gone at the next message; in a
 * pipe nothing.
 */
void log_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_progress_done(void);

/* Never print this text (copied). Shorter than 4 bytes: ignored. */
void log_secret(const char *secret);

/* Replace every named secret in S in place by '*' characters. */
void log_redact(char *s);

void log_release(void);

#endif
