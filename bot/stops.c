/*
 * The emergency stop: a file at the root of base, with the reason in it.
 * promote.stop stops every environment, promote.stop.ENV that one.
 */
#include "bot/read.h"

#include <string.h>

#include "bot/base/str.h"

#define STOP_FILE "promote.stop"

enum { REASON_MAX = 200 };

/* The first line that says something, fit to be shown. */
static const char *reason_of(struct state *s, const struct repo_file *file)
{
	const char *at = file->text, *end = file->text + file->len;
	struct buf out = { 0 };
	const char *reason;
	size_t len;

	while (at < end && strchr(" \t\r\n", *at))
		at++;
	for (len = 0; at + len < end && at[len] != '\n' && at[len] != '\r' &&
	     len < REASON_MAX; len++)
		;
	while (len && ((unsigned char)at[len - 1] <= ' ' ||
		       ((unsigned char)at[len - 1] & 0x80 &&
			!utf8_valid(at, len))))
		len--;	/* a character that was cut in two, too */
	escape_terminal(&out, at, len);
	reason = out.len ? arena_strdup(&s->arena, buf_str(&out))
			 : "no reason is given there";
	buf_release(&out);
	return reason;
}

/* The newest word wins nothing here: any file stops. */
static void stop_take(struct state *s, const char *path,
		      const struct repo_file *file)
{
	const char *env = path + strlen(STOP_FILE);
	size_t only = SIZE_MAX;
	struct stop stop = { path, reason_of(s, file) };

	if (*env == '.') {
		only = config_environment(&s->config, env + 1);
		if (only == SIZE_MAX)
			stop.reason = arena_printf(&s->arena, "%s (it names "
				"no environment, so everything stops)",
				stop.reason);
	}
	for (size_t e = 0; e < s->config.environments_len; e++)
		if ((only == SIZE_MAX || only == e) && !s->stops[e].file)
			s->stops[e] = stop;
}

int read_stops(struct state *s, struct repo *repo, struct err *err)
{
	const char **names, **paths;
	struct repo_file *files;
	size_t len, n = 0;

	s->stops = arena_alloc(&s->arena, (s->config.environments_len + 1) *
			       sizeof(*s->stops));
	if (repo_list(repo, &s->base_id, "", false, &s->arena, &names, &len,
		      err) < 0)
		return -1;
	paths = arena_alloc(&s->arena, (len + 1) * sizeof(*paths));
	for (size_t i = 0; i < len; i++)
		if (str_eq(names[i], STOP_FILE) ||
		    str_starts(names[i], STOP_FILE "."))
			paths[n++] = names[i];
	if (n == 0)
		return 0;
	files = arena_alloc(&s->arena, n * sizeof(*files));
	if (repo_read(repo, &s->base_id, paths, n, files, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		stop_take(s, paths[i], &files[i]);
	return 0;
}
