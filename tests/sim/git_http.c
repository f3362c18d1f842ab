#include "tests/sim/sim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/*
 * Smart HTTP: git's own http-backend, started for each request as a CGI
 * program (gitprotocol-http(5), RFC 3875); where it would only start another
 * one, that one at once. The request goes in while it arrives and the answer
 * goes out while git writes it; only the answer to a push is held back until
 * git is done, to be read for what was refused.
 */
struct git_cgi {
	pid_t pid;
	int in, out;
	bool is_push, is_gzip, is_over;
	struct buf said;	/* what git wrote that is not sent yet */
	size_t sent;
	struct buf asked;	/* the beginning of the request */
	long long bytes_in, bytes_out;
};

enum { ASKED_MAX = 256 * 1024 };

bool git_is_path(const char *path)
{
	return strstr(path, ".git/info/refs") ||
	       str_ends(path, ".git/git-upload-pack") ||
	       str_ends(path, ".git/git-receive-pack") ||
	       str_ends(path, ".git/HEAD");
}

static void put_env(struct buf *all, size_t *n, const char *name,
		    const char *value)
{
	if (!value)
		return;
	buf_addf(&all[*n], "%s=%s", name, value);
	(*n)++;
}

static char **cgi_env(struct sim_call *c)
{
	struct buf all[16] = { 0 };
	const char *more[17] = { 0 }, *query_text = strchr(c->uri, '?');
	size_t n = 0;
	char **env;

	put_env(all, &n, "GIT_PROJECT_ROOT", c->sim->root);
	put_env(all, &n, "GIT_HTTP_EXPORT_ALL", "1");
	put_env(all, &n, "PATH_INFO", c->path);
	put_env(all, &n, "REQUEST_METHOD", c->method);
	put_env(all, &n, "QUERY_STRING", query_text ? query_text + 1 : "");
	put_env(all, &n, "REMOTE_USER", c->user ? c->user->name : NULL);
	put_env(all, &n, "REMOTE_ADDR", "127.0.0.1");
	put_env(all, &n, "SERVER_PROTOCOL", "HTTP/1.1");
	put_env(all, &n, "GATEWAY_INTERFACE", "CGI/1.1");
	if (*jstr(c->headers, "content-type"))
		put_env(all, &n, "CONTENT_TYPE", jstr(c->headers, "content-type"));
	if (*jstr(c->headers, "content-length"))
		put_env(all, &n, "CONTENT_LENGTH",
			jstr(c->headers, "content-length"));
	if (*jstr(c->headers, "content-encoding"))
		put_env(all, &n, "HTTP_CONTENT_ENCODING",
			jstr(c->headers, "content-encoding"));
	if (*jstr(c->headers, "git-protocol"))
		put_env(all, &n, "GIT_PROTOCOL", jstr(c->headers, "git-protocol"));
	for (size_t i = 0; i < n; i++)
		more[i] = buf_str(&all[i]);
	env = git_env(more);
	for (size_t i = 0; i < n; i++)
		buf_release(&all[i]);
	return env;
}

/* By its own path: "git http-backend" would be two programs to start. */
static const char *backend(const char *root)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct buf path;

	pthread_mutex_lock(&lock);
	if (!path.len) {
		GIT(root, &path, "--exec-path");
		buf_addstr(&path, "/git-http-backend");
	}
	pthread_mutex_unlock(&lock);
	return buf_str(&path);
}

/*
 * "upload-pack" or "receive-pack" for a request that http-backend has nothing
 * to say about, else NULL; *IS_LOOK: for its refs or capabilities.
 */
static const char *plain_service(struct sim_call *c, bool *is_look)
{
	static const struct {
		const char *name, *query, *path, *type;
	} all[] = {
		{ "upload-pack", "?service=git-upload-pack",
		  "/git-upload-pack", "application/x-git-upload-pack-request" },
		{ "receive-pack", "?service=git-receive-pack",
		  "/git-receive-pack", "application/x-git-receive-pack-request" },
	};
	const char *query = strchr(c->uri, '?');
	const char *protocol = jstr(c->headers, "git-protocol");

	if (*jstr(c->headers, "content-encoding") || !c->user ||
	    strstr(c->path, "..") ||
	    (*protocol && !str_eq(protocol, "version=2")))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		*is_look = str_eq(c->method, "GET") && query &&
			   str_ends(c->path, "/info/refs") &&
			   str_eq(query, all[i].query);
		if (*is_look || (str_eq(c->method, "POST") && !query &&
				 str_ends(c->path, all[i].path) &&
				 str_eq(jstr(c->headers, "content-type"),
					all[i].type)))
			return all[i].name;
	}
	return NULL;
}

/*
 * The same without http-backend: half of what a test costs is to start git.
 * HEAD is what http-backend says before it starts it. False: let it look.
 */
static bool plain_start(struct git_cgi *g, struct sim_call *c, char **env,
			int in, int out)
{
	bool is_look = false;
	const char *service = plain_service(c, &is_look);
	const char *cut = strstr(c->path, ".git/");
	struct buf dir = { 0 }, line = { 0 };

	if (!service || !cut)
		return false;
	buf_addf(&dir, "%s%.*s.git", c->sim->root, (int)(cut - c->path),
		 c->path);
	if (access(buf_str(&dir), X_OK) == 0) {
		const char *const argv[] = {
			"git", service, "--stateless-rpc", buf_str(&dir),
			is_look ? "--advertise-refs" : NULL, NULL,
		};

		buf_addf(&g->said, "Expires: Fri, 01 Jan 1980 00:00:00 GMT\r\n"
			 "Pragma: no-cache\r\n"
			 "Cache-Control: no-cache, max-age=0, "
			 "must-revalidate\r\n"
			 "Content-Type: application/x-git-%s-%s\r\n\r\n",
			 service, is_look ? "advertisement" : "result");
		buf_addf(&line, "# service=git-%s\n", service);
		if (is_look && !*jstr(c->headers, "git-protocol"))
			buf_addf(&g->said, "%04zx%s0000", line.len + 4,
				 buf_str(&line));
		g->pid = spawn(argv, env, in, out);
	}
	buf_release(&dir);
	buf_release(&line);
	return g->pid > 0;
}

struct git_cgi *git_cgi_start(struct sim_call *c)
{
	const char *const argv[] = { backend(c->sim->root), NULL };
	struct git_cgi *g = xcalloc(1, sizeof(*g));
	char **env = cgi_env(c);
	int to[2] = { -1, -1 }, from[2] = { -1, -1 };

	g->pid = -1;
	if (pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0 &&
	    !plain_start(g, c, env, to[0], from[1]))
		g->pid = spawn(argv, env, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	g->in = to[1];
	g->out = from[0];
	if (g->in >= 0)
		fcntl(g->in, F_SETFL, O_NONBLOCK);
	g->is_push = str_ends(c->path, "/git-receive-pack");
	g->is_gzip = *jstr(c->headers, "content-encoding") != '\0';
	env_free(env);
	return g;
}

bool git_cgi_is_push(const struct git_cgi *g)
{
	return g->is_push;
}

/* Take what git has written; false: it is over. */
static bool hear(struct git_cgi *g)
{
	ssize_t n;

	do {
		n = read(g->out, buf_reserve(&g->said, 65536), 65536);
	} while (n < 0 && errno == EINTR);
	if (n <= 0) {
		g->is_over = true;
		return false;
	}
	g->said.len += (size_t)n;
	g->said.data[g->said.len] = '\0';
	return true;
}

void git_cgi_feed(struct git_cgi *g, const char *data, size_t len)
{
	if (g->asked.len < ASKED_MAX)
		buf_add(&g->asked, data, len < ASKED_MAX ? len : ASKED_MAX);
	g->bytes_in += (long long)len;
	while (len && g->in >= 0) {
		struct pollfd p[2] = {
			{ .fd = g->in, .events = POLLOUT },
			{ .fd = g->is_over ? -1 : g->out, .events = POLLIN },
		};
		ssize_t n;

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents)
			hear(g);
		if (!p[0].revents)
			continue;
		n = write(g->in, data, len);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			break;	/* git has heard enough */
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
}

/* One pkt-line at P; its length with the head, 0 at the end or if broken. */
static size_t pkt(const char *p, size_t left, const char **text, size_t *len)
{
	unsigned int n;

	if (left < 4 || sscanf(p, "%4x", &n) != 1 || n > left)
		return 0;
	if (n < 4) {
		*text = NULL;	/* flush, delimiter, end */
		*len = n;
		return 4;
	}
	*text = p + 4;
	*len = n - 4;
	while (*len && (*text)[*len - 1] == '\n')
		(*len)--;
	return n;
}

/* The text lines of the request: commands of a push, wants of a fetch. */
static json_t *asked_lines(const struct git_cgi *g)
{
	json_t *lines = json_array();
	const char *p = buf_str(&g->asked), *text;
	size_t left = g->asked.len, len, n;

	while (!g->is_gzip && json_array_size(lines) < 1000 &&
	       (n = pkt(p, left, &text, &len)) > 0) {
		p += n;
		left -= n;
		if (!text) {
			json_array_append_new(lines, json_string(
				len == 1 ? "0001" : len == 2 ? "0002" : "0000"));
			if (g->is_push)
				break;	/* the pack follows */
		} else if (utf8_valid(text, strnlen(text, len))) {
			json_array_append_new(lines, json_stringn(
				text, strnlen(text, len)));
		}
	}
	return lines;
}

/* What a push came to: "ok REF" and "ng REF why" of the report. */
static json_t *report(const struct git_cgi *g, size_t body, size_t *refused)
{
	json_t *refs = json_array();
	struct buf band = { 0 };
	const char *p = buf_str(&g->said) + body, *text;
	size_t left = g->said.len - body, len, n;
	bool has_bands = true;

	*refused = 0;
	for (const char *q = p; (n = pkt(q, left, &text, &len)) > 0; ) {
		q += n;
		left -= n;
		if (!text)
			continue;
		if (*text == 1)
			buf_add(&band, text + 1, n - 5);
		else if (*text == 'u' || *text == 'o' || *text == 'n')
			has_bands = false;
	}
	if (!has_bands)
		buf_add(&band, p, g->said.len - body);
	p = buf_str(&band);
	left = band.len;
	while ((n = pkt(p, left, &text, &len)) > 0) {
		p += n;
		left -= n;
		if (!text || len < 3)
			continue;
		if (!strncmp(text, "ng ", 3))
			(*refused)++;
		json_array_append_new(refs, utf8_valid(text, len)
			? json_stringn(text, len) : json_string("?"));
	}
	buf_release(&band);
	return refs;
}

/* Header lines of a CGI answer; returns where its body begins. */
static size_t cgi_head(struct git_cgi *g, struct sim_call *c)
{
	char *line = g->said.data, *end;
	size_t at = 0;

	c->out.status = 200;
	while (line && (end = strstr(line, "\n")) != NULL) {
		size_t len = (size_t)(end - line);
		char *colon, *text;

		at += len + 1;
		if (len && line[len - 1] == '\r')
			len--;
		if (len == 0)
			return at;
		text = xstrndup(line, len);
		colon = strchr(text, ':');
		if (colon) {
			*colon++ = '\0';
			colon += strspn(colon, " ");
			if (!strcasecmp(text, "Status"))
				c->out.status = atoi(colon);
			else
				reply_header(c, text, "%s", colon);
		}
		free(text);
		line = end + 1;
	}
	c->out.status = 500;
	return at;
}

static bool has_head(const struct git_cgi *g)
{
	return strstr(buf_str(&g->said), "\r\n\r\n") ||
	       strstr(buf_str(&g->said), "\n\n");
}

void git_cgi_answer(struct git_cgi *g, struct sim_call *c)
{
	size_t refused = 0;

	if (g->in >= 0)
		close(g->in);
	g->in = -1;
	while ((g->is_push || !has_head(g)) && hear(g))
		;
	g->sent = cgi_head(g, c);
	c->git = json_pack("{s:o,s:I}", "asked", asked_lines(g), "bytes_in",
			   (json_int_t)g->bytes_in);
	if (*jstr(c->headers, "git-protocol"))
		json_object_set(c->git, "protocol",
				json_object_get(c->headers, "git-protocol"));
	if (!g->is_push)
		return;
	json_object_set_new(c->git, "report", report(g, g->sent, &refused));
	json_object_set_new(c->git, "refused", json_integer((json_int_t)refused));
}

long git_cgi_read(struct git_cgi *g, char *data, size_t len)
{
	if (g->sent == g->said.len) {
		buf_reset(&g->said);
		g->sent = 0;
		if (g->is_over || !hear(g))
			return 0;
	}
	if (len > g->said.len - g->sent)
		len = g->said.len - g->sent;
	memcpy(data, g->said.data + g->sent, len);
	g->sent += len;
	g->bytes_out += (long long)len;
	return (long)len;
}

void git_cgi_free(struct git_cgi *g)
{
	int status;

	if (!g)
		return;
	if (g->in >= 0)
		close(g->in);
	if (g->out >= 0)
		close(g->out);	/* who is still writing stops */
	while (g->pid > 0 && waitpid(g->pid, &status, 0) < 0 && errno == EINTR)
		;
	buf_release(&g->said);
	buf_release(&g->asked);
	free(g);
}
