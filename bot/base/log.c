#include "bot/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bot/base/buf.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/* The one piece of global state: there is one stderr. */
static struct {
	enum log_level level;
	bool progress_shown;
	char **secrets;
	size_t len, cap;
} log_state;

void log_init(enum log_level level)
{
	log_state.level = level;
}

enum log_level log_level(void)
{
	return log_state.level;
}

void log_secret(const char *secret)
{
	if (!secret || strlen(secret) < 4)
		return;
	ARRAY_GROW(log_state.secrets, log_state.len, log_state.cap);
	log_state.secrets[log_state.len++] = xstrdup(secret);
}

void log_redact(char *s)
{
	for (size_t i = 0; i < log_state.len; i++) {
		const char *secret = log_state.secrets[i];
		size_t len = strlen(secret);

		for (char *at = s; (at = strstr(at, secret)); at += len)
			memset(at, '*', len);
	}
}

void log_release(void)
{
	for (size_t i = 0; i < log_state.len; i++) {
		explicit_bzero(log_state.secrets[i],
			       strlen(log_state.secrets[i]));
		free(log_state.secrets[i]);
	}
	free(log_state.secrets);
	memset(&log_state, 0, sizeof(log_state));
}

void log_progress_done(void)
{
	if (log_state.progress_shown)
		fputs("\r\033[K", stderr);
	log_state.progress_shown = false;
}

__attribute__((format(printf, 2, 0)))
static void line_put(const char *prefix, const char *fmt, va_list ap)
{
	struct buf raw = { 0 }, out = { 0 };

	buf_vaddf(&raw, fmt, ap);
	if (raw.data)
		log_redact(raw.data);
	buf_addstr(&out, prefix);
	escape_terminal(&out, buf_str(&raw), raw.len);
	buf_addch(&out, '\n');
	log_progress_done();
	/* One write, so that lines of parallel processes do not mix. */
	fwrite(out.data, 1, out.len, stderr);
	buf_release(&raw);
	buf_release(&out);
}

#define LINE(min_level, prefix)                                                \
	do {                                                                   \
		va_list ap;                                                    \
									       \
		if (log_state.level < (min_level))                             \
			return;                                                \
		va_start(ap, fmt);                                             \
		line_put((prefix), fmt, ap);                                   \
		va_end(ap);                                                    \
	} while (0)

void log_error(const char *fmt, ...)
{
	LINE(LOG_QUIET, "error: ");
}

void log_warn(const char *fmt, ...)
{
	LINE(LOG_NORMAL, "warning: ");
}

void log_info(const char *fmt, ...)
{
	LINE(LOG_NORMAL, "");
}

void log_verbose(const char *fmt, ...)
{
	LINE(LOG_VERBOSE, "");
}

void log_debug(const char *fmt, ...)
{
	LINE(LOG_DEBUG, "");
}

void log_progress(const char *fmt, ...)
{
	struct buf raw = { 0 }, out = { 0 };
	va_list ap;

	if (log_state.level < LOG_NORMAL || !isatty(STDERR_FILENO))
		return;
	va_start(ap, fmt);
	buf_vaddf(&raw, fmt, ap);
	va_end(ap);
	if (raw.data)
		log_redact(raw.data);
	buf_addstr(&out, "\r\033[K");
	escape_terminal(&out, buf_str(&raw), raw.len);
	fwrite(out.data, 1, out.len, stderr);
	fflush(stderr);
	log_state.progress_shown = true;
	buf_release(&raw);
	buf_release(&out);
}
