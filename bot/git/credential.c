#include "bot/git/credential.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"
#include "bot/git/process.h"

enum { MAX_SAID = 64 * 1024, GRACE_MS = 10 * 1000 };

static int got(void *ctx, const char *data, size_t len, struct err *err)
{
	struct buf *said = ctx;

	if (said->len + len > MAX_SAID)
		return err_set(err, ERR_REFUSED, "git credential says too much");
	buf_add(said, data, len);
	return 0;
}

static bool until_end(void *ctx)
{
	(void)ctx;
	return false;
}

/*
 * `git credential VERB` with TEXT; its answer is added to OUT. Settings that
 * came with our own environment count: a CI job names its helper there.
 */
static int git_credential(const char *verb, const struct buf *text,
			  struct buf *out, const struct deadline *deadline,
			  struct err *err)
{
	static const char *const names[] = { "GIT_CONFIG_COUNT",
					     "GIT_CONFIG_PARAMETERS" };
	const char *argv[] = { "git", "credential", verb, NULL };
	const char *env[ARRAY_LEN(names) + 1] = { NULL };
	struct process_io io = { .data = text->data, .len = text->len,
				 .close_after = true, .got = got,
				 .until = until_end, .ctx = out };
	struct arena a = { 0 };
	struct process p;
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (getenv(names[i]))
			env[n++] = arena_printf(&a, "%s=%s", names[i],
						getenv(names[i]));
	log_progress_done();	/* git may ask on the terminal */
	rc = process_start(&p, argv, env, false, err);
	arena_release(&a);
	if (rc < 0)
		return -1;
	rc = process_talk(&p, &io, deadline, err);
	if (process_end(&p, rc == 0 ? GRACE_MS : 0) != 0 && rc == 0) {
		size_t len = strcspn(buf_str(&p.said), "\n");

		rc = err_set(err, ERR_REFUSED, "git's credential helpers gave "
			     "none: %.*s", len > 300 ? 300 : (int)len,
			     buf_str(&p.said));
	}
	process_release(&p);
	return rc;
}

/* The value of "NAME=value" among SAID's lines, to be wiped; NULL: none. */
static char *said_get(const struct buf *said, const char *name)
{
	size_t len = strlen(name);

	for (const char *s = buf_str(said); *s; s = strchrnul(s, '\n') + 1) {
		size_t line = strcspn(s, "\n");

		if (line > len && memcmp(s, name, len) == 0 && s[len] == '=')
			return xstrndup(s + len + 1, line - len - 1);
		if (!s[line])
			break;
	}
	return NULL;
}

int credential_fill(struct credential *c, const char *url,
		    const struct deadline *deadline, struct err *err)
{
	const char *host = strstr(url, "://");
	struct buf ask = { 0 };
	char *user, *password;
	size_t len;
	int rc;

	if (!host || strpbrk(url, "\r\n"))
		return err_set(err, ERR_USAGE, "the repository's URL is none");
	host += strlen("://");
	len = strcspn(host, "/");
	buf_addf(&ask, "protocol=%.*s\nhost=%.*s\n", (int)strcspn(url, ":"),
		 url, (int)len, host);
	if (host[len] == '/')
		buf_addf(&ask, "path=%s\n", host + len + 1);
	/* Enough at once: growing would leave copies of the secret behind. */
	buf_reserve(&c->said, MAX_SAID);
	rc = git_credential("fill", &ask, &c->said, deadline, err);
	buf_release(&ask);
	if (rc < 0)
		return -1;
	user = said_get(&c->said, "username");
	password = said_get(&c->said, "password");
	rc = user && password
		? http_cred_basic(&c->cred, url, user, password, err)
		: err_set(err, ERR_REFUSED, "git's credential helpers gave "
			  "none");
	free(user);
	free_secret(password);
	return rc;
}

void credential_tell(const struct credential *c, bool taken,
		     const struct deadline *deadline)
{
	struct buf nothing = { 0 };
	struct err err = { 0 };

	if (git_credential(taken ? "approve" : "reject", &c->said, &nothing,
			   deadline, &err) < 0)
		log_verbose("git credential: %s", err.msg);
	buf_release(&nothing);
}

void credential_release(struct credential *c)
{
	http_cred_release(&c->cred);
	if (c->said.data)
		explicit_bzero(c->said.data, c->said.len);
	buf_release(&c->said);
}
