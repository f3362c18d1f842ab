#include "bot/git/transport.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

const char *const service_names[] = {
	[UPLOAD_PACK]  = "git-upload-pack",
	[RECEIVE_PACK] = "git-receive-pack",
};

/* %XX taken off, as git does for ssh:// and file://. */
static char *percent_decode(const char *s)
{
	struct buf out = { 0 };

	for (; *s; s++) {
		char hex[3] = { 0 };

		if (*s == '%' && isxdigit((unsigned char)s[1]) &&
		    isxdigit((unsigned char)s[2])) {
			memcpy(hex, s + 1, 2);
			buf_addch(&out, (char)strtol(hex, NULL, 16));
			s += 2;
		} else {
			buf_addch(&out, *s);
		}
	}
	return buf_detach(&out);
}

/*
 * "host:path" as git takes it: a colon before any slash. Everything else
 * without a scheme is a path.
 */
static bool is_scp_like(const char *s)
{
	const char *colon = strchr(s, ':'), *slash = strchr(s, '/');

	if (*s == '[') {
		const char *end = strchr(s, ']');

		return end && end[1] == ':';
	}
	return colon && colon != s && (!slash || colon < slash);
}

/* Leave no room for ssh to read an option out of what is a name. */
static int check_ssh_place(const struct ssh_place *p, struct err *err)
{
	const char *host = strrchr(p->user_host, '@');

	host = host ? host + 1 : p->user_host;
	if (p->user_host[0] == '-' || *host == '-' || p->path[0] == '-')
		return err_set(err, ERR_SECURITY, "user, host or path of the "
			       "repository starts with '-': ssh would take it "
			       "for an option");
	if (!*host || !*p->path || host == p->user_host + 1)
		return err_set(err, ERR_USAGE, "the repository's location "
			       "names no host or no path");
	for (const char *s = p->user_host; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("@._-:%+", *s))
			return err_set(err, ERR_USAGE, "the repository's user "
				       "or host holds '%c'", *s);
	for (const char *s = p->port; s && *s; s++)
		if (!isdigit((unsigned char)*s))
			return err_set(err, ERR_USAGE, "the repository's port "
				       "is not a number");
	for (const char *s = p->path; *s; s++)
		if ((unsigned char)*s < ' ')
			return err_set(err, ERR_USAGE, "the repository's path "
				       "holds a control character");
	return 0;
}

/* HOST ("host", "[v6]"), without its brackets, after USER ("git@" or ""). */
static char *join_user_host(const char *start, const char *end)
{
	const char *at = memchr(start, '@', (size_t)(end - start));
	const char *host = at ? at + 1 : start;
	struct buf out = { 0 };

	buf_add(&out, start, (size_t)(host - start));
	if (end - host >= 2 && *host == '[' && end[-1] == ']') {
		host++;
		end--;
	}
	buf_add(&out, host, (size_t)(end - host));
	return buf_detach(&out);
}

int ssh_place_parse(struct ssh_place *out, const char *location,
		    struct err *err)
{
	const char *start = location, *end, *colon, *bracket;

	*out = (struct ssh_place){ 0 };
	if (str_starts(location, "ssh://")) {
		start += strlen("ssh://");
		end = strchr(start, '/');
		if (!end)
			return err_set(err, ERR_USAGE, "the repository's "
				       "location names no path");
		/* /~user is a home directory: the slash is the URL's. */
		out->path = percent_decode(end[1] == '~' ? end + 1 : end);
		bracket = memchr(start, ']', (size_t)(end - start));
		colon = bracket ? bracket : start;
		colon = memchr(colon, ':', (size_t)(end - colon));
		if (colon) {
			out->port = xstrndup(colon + 1,
					     (size_t)(end - colon - 1));
			end = colon;
		}
	} else {
		bracket = *start == '[' ? strchr(start, ']') : start;
		end = bracket ? strchr(bracket, ':') : NULL;
		if (!end)
			return err_set(err, ERR_USAGE, "the repository's "
				       "location is not user@host:path");
		out->path = xstrdup(end + 1);
	}
	out->user_host = join_user_host(start, end);
	if (check_ssh_place(out, err) < 0) {
		ssh_place_release(out);
		return -1;
	}
	return 0;
}

void ssh_place_release(struct ssh_place *place)
{
	free(place->user_host);
	free(place->port);
	free(place->path);
	*place = (struct ssh_place){ 0 };
}

static int ssh_new(struct transport **out, const struct repo_options *options,
		   struct err *err)
{
	struct ssh_place place;
	int rc;

	if (ssh_place_parse(&place, options->location, err) < 0)
		return -1;
	rc = transport_ssh_new(out, &place, options->deadline, err);
	ssh_place_release(&place);
	return rc;
}

static int local_new(struct transport **out,
		     const struct repo_options *options, struct err *err)
{
	const char *location = options->location;
	char *path;
	int rc;

	path = str_starts(location, "file://")
		       ? percent_decode(location + strlen("file://"))
		       : xstrdup(location);
	rc = transport_local_new(out, path, options->deadline, err);
	free(path);
	return rc;
}

int transport_new(struct transport **out, const struct repo_options *options,
		  struct err *err)
{
	const char *location = options->location;
	const char *scheme = strstr(location, "://");

	if (str_starts(location, "https://") || str_starts(location, "http://"))
		return transport_http_new(out, options, err);
	if (str_starts(location, "ssh://"))
		return ssh_new(out, options, err);
	if (str_starts(location, "file://"))
		return local_new(out, options, err);
	if (scheme && !memchr(location, '/', (size_t)(scheme - location)))
		return err_set(err, ERR_USAGE, "'%s': only https, http, ssh and "
			       "file are known", location);
	if (is_scp_like(location))
		return ssh_new(out, options, err);
	return local_new(out, options, err);
}
