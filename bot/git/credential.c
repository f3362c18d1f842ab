#include "bot/git/credential.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"
#include "bot/git/process.h"

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
	struct buf said = { 0 };
	struct arena a = { 0 };
	size_t n = 0;
	int rc, status = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (getenv(names[i]))
			env[n++] = arena_printf(&a, "%s=%s", names[i],
						getenv(names[i]));
	rc = process_filter(argv, env, text, out, &said, &status, deadline,
			    err);
	if (rc == 0 && status != 0) {
		size_t len = strcspn(buf_str(&said), "\n");

		rc = err_set(err, ERR_REFUSED, "git's credential helpers gave "
			     "none: %.*s", len > 300 ? 300 : (int)len,
			     buf_str(&said));
	}
	arena_release(&a);
	buf_release(&said);
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
