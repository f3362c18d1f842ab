#include "bot/world.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bot/base/log.h"
#include "bot/base/str.h"

enum { TOKEN_MAX = 64 * 1024, URL_MAX_LEN = 2048 };

static const char *env_get(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

static const char *first(const char *flag, const char *variable)
{
	return flag ? flag : env_get(variable);
}

static bool is_http(const char *location)
{
	return str_starts(location, "https://") ||
	       str_starts(location, "http://");
}

/*
 * The standard output of git with these arguments, its last newline gone, in
 * A; NULL where git fails. Only to look at the checkout we stand in.
 */
static const char *git_says(struct arena *a, const char *const *argv)
{
	char text[URL_MAX_LEN + 1];
	size_t len = 0;
	ssize_t n;
	int fds[2], status;
	pid_t pid;

	if (pipe(fds) < 0)
		return NULL;
	pid = fork();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return NULL;
	}
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		if (!freopen("/dev/null", "w", stderr))
			_exit(127);
		execvp("git", (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(fds[1]);
	while (len < sizeof(text) - 1 &&
	       ((n = read(fds[0], text + len, sizeof(text) - 1 - len)) > 0 ||
		(n < 0 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return NULL;
	while (len && text[len - 1] == '\n')
		len--;
	return len ? arena_strndup(a, text, len) : NULL;
}

/* The repository: flag, variable, else the checkout's remote `origin`. */
static int location_find(struct world *w, const struct world_options *o,
			 struct err *err)
{
	static const char *const origin[] = { "git", "remote", "get-url",
					      "origin", NULL };
	static const char *const top[] = { "git", "rev-parse",
					   "--show-toplevel", NULL };

	if (o->repo && !*o->repo)
		return err_set(err, ERR_USAGE, "--repo is empty; is the "
			       "variable set that it is to come from?");
	w->location = arena_strdup(&w->arena, first(o->repo, "PROMOTE_REPO"));
	if (!w->location)
		w->location = git_says(&w->arena, origin);
	if (!w->location && git_says(&w->arena, top))
		return err_set(err, ERR_USAGE, "this checkout has no remote "
			       "'origin'; name the config repository with "
			       "--repo URL|PATH or PROMOTE_REPO");
	if (!w->location)
		return err_set(err, ERR_USAGE, "no config repository: give "
			       "--repo URL|PATH, set PROMOTE_REPO, or run "
			       "inside a checkout of it");
	return 0;
}

/* As in a URL: %40 is an '@'. What is no such pair stays as it is. */
static char *percent_decode(struct arena *a, const char *s, size_t len)
{
	char *out = arena_strndup(a, s, len), *to = out;

	for (const char *at = out; *at; at++) {
		unsigned byte;

		if (at[0] == '%' && isxdigit((unsigned char)at[1]) &&
		    isxdigit((unsigned char)at[2]) &&
		    sscanf(at + 1, "%2x", &byte) == 1 && byte >= ' ') {
			*to++ = (char)byte;
			at += 2;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
	return out;
}

/*
 * User info in the repository's URL, which is taken out of it. A checkout's
 * own is a credential: where no token was given, its password is, or else the
 * user, as GitHub takes it. A URL that was NAMED is shown by process lists and
 * logs, and may hold no more than the user that goes with the token.
 */
static int userinfo_take(struct world *w, bool named, const char **user,
			 struct err *err)
{
	const char *start = strstr(w->location, "://"), *at, *end, *colon;
	char *name, *secret = NULL;

	if (!start)
		return 0;
	start += 3;
	end = start + strcspn(start, "/?#");
	at = memrchr(start, '@', (size_t)(end - start));
	if (!at)
		return 0;
	colon = memchr(start, ':', (size_t)(at - start));
	if (colon)
		secret = percent_decode(&w->arena, colon + 1,
					(size_t)(at - colon - 1));
	log_secret(secret);
	if (secret && named)
		return err_set(err, ERR_USAGE, "the repository's URL holds a "
			       "password, which process lists and logs show; "
			       "give it in PROMOTE_TOKEN or PROMOTE_TOKEN_FILE "
			       "and write %.*s%s", (int)(colon -
			       w->location), w->location, at);
	if (str_starts(w->location, "ssh://"))
		return 0;	/* ssh wants its user */
	name = percent_decode(&w->arena, start,
			      (size_t)((colon ? colon : at) - start));
	if (!secret && !named && !w->token) {
		secret = name;
		log_secret(secret);
	} else if (*name) {
		*user = name;
	}
	if (!w->token)
		w->token = secret;
	w->location = arena_printf(&w->arena, "%.*s%s",
				   (int)(start - w->location), w->location,
				   at + 1);
	return 0;
}

/* VARIABLE names a file whose one line is the token. */
static int token_from_file(struct world *w, const char *variable,
			   const char *path, const char **out, struct err *err)
{
	FILE *f = fopen(path, "re");
	char *text;
	size_t len;

	if (!f)
		return err_set(err, ERR_USAGE, "%s: cannot read '%s': %s",
			       variable, path, strerror(errno));
	text = arena_alloc(&w->arena, TOKEN_MAX + 1);
	len = fread(text, 1, TOKEN_MAX, f);
	fclose(f);
	while (len && strchr("\r\n \t", text[len - 1]))
		text[--len] = '\0';
	if (len == 0 || strpbrk(text, "\r\n"))
		return err_set(err, ERR_USAGE, "%s: '%s' does not hold one "
			       "line with a token", variable, path);
	*out = text;
	return 0;
}

static int token_find(struct world *w, struct err *err)
{
	const char *file = env_get("PROMOTE_TOKEN_FILE");

	w->token = env_get("PROMOTE_TOKEN");
	if (!w->token && file &&
	    token_from_file(w, "PROMOTE_TOKEN_FILE", file, &w->token, err) < 0)
		return -1;
	if (!w->token && w->forge_kind) {
		const char *const *v = forge_token_variables(w->forge_kind);

		for (; v && *v && !w->token; v++)
			w->token = env_get(*v);
	}
	if (w->token && strpbrk(w->token, "\r\n"))
		return err_set(err, ERR_USAGE, "the token has a line break in "
			       "it; set PROMOTE_TOKEN without one");
	log_secret(w->token);
	return 0;
}

/*
 * Whom gates may ask. Where Argo CD is and its token are told by variables
 * only: promote.yaml must not say where a token goes.
 */
static int gates_find(struct world *w, const struct world_options *o,
		      struct err *err)
{
	const char *token = env_get("PROMOTE_ARGOCD_TOKEN");
	const char *file = env_get("PROMOTE_ARGOCD_TOKEN_FILE");
	char *url = arena_strdup(&w->arena, env_get("PROMOTE_ARGOCD_URL"));
	size_t len = url ? strlen(url) : 0;

	if (gate_hosts_parse(&w->gate_hosts, &w->arena, first(o->gate_hosts,
			     "PROMOTE_GATE_HOSTS"), err) < 0)
		return -1;
	while (len && url[len - 1] == '/')
		url[--len] = '\0';
	w->argocd_url = url;
	if (!url)
		return 0;
	if (!token && file && token_from_file(w, "PROMOTE_ARGOCD_TOKEN_FILE",
					      file, &token, err) < 0)
		return -1;
	log_secret(token);
	if (token && http_cred_token(&w->argocd_cred, url,
				     "Authorization: Bearer", token, err) < 0)
		return err_prefix(err, "PROMOTE_ARGOCD_URL: ");
	return 0;
}

/* Host of an http(s) or ssh location, in the arena; NULL: a path. */
const char *world_host(struct world *w)
{
	const char *s = strstr(w->location, "://"), *at;
	size_t len;

	if (s) {
		s += 3;
		at = memchr(s, '@', strcspn(s, "/"));
		s = at ? at + 1 : s;
		len = *s == '[' ? strcspn(s, "]") : strcspn(s, ":/");
		return len ? arena_strndup(&w->arena, s, len) : NULL;
	}
	at = strchr(w->location, '@');
	s = strchr(w->location, ':');
	if (!s || (strchr(w->location, '/') && strchr(w->location, '/') < s))
		return NULL;
	at = at && at < s ? at + 1 : w->location;
	return arena_strndup(&w->arena, at, (size_t)(s - at));
}

int world_open(struct world *w, const struct world_options *o,
	       struct err *err)
{
	struct http_options http = {
		.user_agent = "git-promote/" PROMOTE_VERSION,
	};
	struct repo_options repo = { .unfiltered = o->unfiltered };
	const char *user = NULL, *host;

	memset(w, 0, sizeof(*w));
	w->deadline = deadline_in(o->timeout_ms);
	http.deadline = w->deadline;
	w->http = http_new(&http);
	if (location_find(w, o, err) < 0)
		return -1;
	w->base = arena_strdup(&w->arena, first(o->base, "PROMOTE_BASE"));
	if (w->base && str_starts(w->base, "refs/heads/"))
		w->base += strlen("refs/heads/");
	w->forge_url = arena_strdup(&w->arena, first(o->forge_url,
						     "PROMOTE_FORGE_URL"));
	w->forge_kind = arena_strdup(&w->arena, first(o->forge,
						      "PROMOTE_FORGE"));
	host = world_host(w);
	if (!w->forge_kind && host)
		w->forge_kind = forge_kind_of_host(host);
	if (w->forge_kind && !str_eq(w->forge_kind, "none") &&
	    !forge_kind_known(w->forge_kind)) {
		struct buf kinds = { 0 };

		forge_kind_names(&kinds);
		err_set(err, ERR_USAGE, "unknown forge '%s'; there are: %s, "
			"none", w->forge_kind, buf_str(&kinds));
		buf_release(&kinds);
		return -1;
	}
	if (token_find(w, err) < 0 || gates_find(w, o, err) < 0)
		return -1;
	if (userinfo_take(w, first(o->repo, "PROMOTE_REPO"), &user, err) < 0)
		return -1;
	if (w->token && is_http(w->location)) {
		if (!user)
			user = w->forge_kind && !str_eq(w->forge_kind, "none")
				? forge_git_user(w->forge_kind)
				: "x-access-token";
		if (http_cred_basic(&w->git_cred, w->location, user, w->token,
				    err) < 0)
			return -1;
		repo.cred = &w->git_cred;
	}
	/* On a terminal git would ask them, too. */
	repo.asks_helpers = o->git_credentials ||
			    (isatty(STDIN_FILENO) && isatty(STDERR_FILENO));
	repo.signing_key = env_get("PROMOTE_SIGNING_KEY");
	repo.location = w->location;
	repo.http = w->http;
	repo.deadline = &w->deadline;
	return repo_open(&w->repo, &repo, err);
}

/* OWNER and NAME are the last two parts of the repository's path. */
static int owner_name(struct world *w, const char **owner, const char **name,
		      struct err *err)
{
	const char *path = strstr(w->location, "://");
	char *copy, *slash;
	size_t len;

	if (path)
		path = strchr(path + 3, '/');
	else
		path = strchr(w->location, ':');
	copy = arena_strdup(&w->arena, path ? path + 1 : "");
	len = strlen(copy);
	while (len && copy[len - 1] == '/')
		copy[--len] = '\0';
	if (str_ends(copy, ".git"))
		copy[len - 4] = '\0';
	slash = strrchr(copy, '/');
	if (!slash || !slash[1])
		return err_set(err, ERR_USAGE, "cannot tell owner and name of "
			       "the repository from '%s'", w->location);
	*slash = '\0';
	*name = slash + 1;
	slash = strrchr(copy, '/');
	*owner = slash ? slash + 1 : copy;
	return 0;
}

/* scheme://host[:port] of the forge's own web address. */
static int forge_origin(struct world *w, const char **out, struct err *err)
{
	const char *host;

	if (is_http(w->location)) {
		const char *end = strstr(w->location, "://") + 3;

		end += strcspn(end, "/?#");
		*out = arena_strndup(&w->arena, w->location,
				     (size_t)(end - w->location));
		return 0;
	}
	host = world_host(w);
	if (!host)
		return err_set(err, ERR_USAGE, "the repository is a path on "
			       "disk; name its forge with --forge-url");
	*out = arena_printf(&w->arena, "https://%s", host);
	return 0;
}

int world_open_forge(struct world *w, const char *config_kind,
		     struct err *err)
{
	struct forge_options o = { .http = w->http };
	const char *origin = w->forge_url;
	char *root;
	int rc;

	if (w->forge || w->forge_missing)
		return 0;
	if (!w->forge_kind && config_kind) {
		w->forge_kind = arena_strdup(&w->arena, config_kind);
		if (!w->token && token_find(w, err) < 0)
			return -1;
	}
	if (w->forge_kind && str_eq(w->forge_kind, "none")) {
		w->forge_missing = "--forge none has no pull requests";
		return 0;
	}
	if (!w->forge_kind) {
		w->forge_missing = "no forge is known; name it with --forge, "
				   "PROMOTE_FORGE or `forge:` in " CONFIG_FILE;
		return 0;
	}
	if (!origin && !is_http(w->location) && !world_host(w)) {
		w->forge_missing = "the repository is a path on disk; name its "
				   "forge with --forge-url or PROMOTE_FORGE_URL";
		return 0;
	}
	if (!w->token) {
		w->forge_missing = "there is no token for the forge; set "
				   "PROMOTE_TOKEN or PROMOTE_TOKEN_FILE";
		return 0;
	}
	if ((!origin && forge_origin(w, &origin, err) < 0) ||
	    owner_name(w, &o.owner, &o.name, err) < 0)
		return -1;
	o.kind = w->forge_kind;
	o.token = w->token;
	root = forge_default_root(w->forge_kind, origin);
	o.root = root;
	rc = forge_open(&w->forge, &o, err);
	free(root);
	return rc;
}

void world_release(struct world *w)
{
	evidence_release(&w->evidence);
	forge_free(w->forge);
	repo_free(w->repo);
	http_cred_release(&w->git_cred);
	http_cred_release(&w->argocd_cred);
	http_free(w->http);
	arena_release(&w->arena);
	memset(w, 0, sizeof(*w));
}
