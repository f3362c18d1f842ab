#include "tests/sim/sim.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/* The wire: libmicrohttpd with a thread for each connection, so that any of
   them may block on git, on a hook, or for ever. */

enum { BODY_MAX = 16 << 20 };

struct exchange {
	struct sim_call call;
	struct git_cgi *git;
	json_t *fault;
	bool started, logged, body_too_big;
	size_t sent;		/* bytes of the answer's body */
	struct buf text;
};

static struct MHD_Daemon *daemon_of_sim;
static struct sim *sim;	/* one server in a process */

/* ---- who is asking ---- */

static char *base64_decode(const char *s)
{
	static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf out = { 0 };
	unsigned int bits = 0, n = 0;

	for (const char *p; *s && *s != '=' && (p = strchr(abc, *s)); s++) {
		bits = bits << 6 | (unsigned int)(p - abc);
		if (++n % 4 != 1)
			buf_addch(&out, (char)(bits >> (2 * (3 - (n - 1) % 4))));
	}
	return out.len ? buf_detach(&out) : xstrdup("");
}

static struct sim_user *user_of_token(const char *token)
{
	for (struct sim_user *u = sim->users; u; u = u->next)
		if (u->token && *token && str_eq(u->token, token))
			return u;
	return NULL;
}

static void who(struct sim_call *c, const char *header)
{
	bool is_git = git_is_path(c->path);
	char *pair, *pass;

	c->auth_kind = "none";
	if (!header)
		return;
	c->auth = AUTH_BAD;
	if (!strncasecmp(header, "Basic ", 6)) {
		c->auth_kind = "basic";
		pair = base64_decode(header + 6);
		pass = strchr(pair, ':');
		if (pass) {
			*pass++ = '\0';
			c->user = user_of_token(pass);
			if (!c->user)
				c->user = user_of_token(pair);
		}
		free(pair);
	} else if (!strncasecmp(header, "Bearer ", 7)) {
		c->auth_kind = "bearer";
		c->user = is_git ? NULL : user_of_token(header + 7);
	} else if (!strncasecmp(header, "token ", 6)) {
		c->auth_kind = "token";
		c->user = is_git ? NULL : user_of_token(header + 6);
	} else {
		c->auth_kind = "other";
	}
	if (c->user)
		c->auth = AUTH_OK;
}

/* Names in lower case; the values of secrets are not kept. */
static enum MHD_Result header_seen(void *ctx, enum MHD_ValueKind kind,
				   const char *name, const char *value)
{
	json_t *headers = ctx;
	char *low = xstrdup(name);

	(void)kind;
	for (char *p = low; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	if (!str_eq(low, "authorization") && !str_eq(low, "private-token") &&
	    !str_eq(low, "cookie"))
		json_object_set_new(headers, low, value && utf8_valid(
			value, strlen(value)) ? json_string(value)
					      : json_string("?"));
	free(low);
	return MHD_YES;
}

static void query_parse(struct sim_call *c)
{
	const char *p = strchr(c->uri, '?');

	c->query = json_object();
	for (p = p ? p + 1 : ""; *p; p += *p == '&') {
		size_t len = strcspn(p, "&"), key_len = strcspn(p, "=&");
		char *key = url_decode(p, key_len), *value;
		char *raw = xstrndup(p + key_len + (key_len < len),
				     len - key_len - (key_len < len));

		for (char *v = raw; *v; v++)	/* %2B is no space */
			if (*v == '+')
				*v = ' ';
		value = url_decode(raw, strlen(raw));
		json_object_set_new(c->query, key, json_string(value));
		free(key);
		free(raw);
		free(value);
		p += len;
	}
}

/* ---- one request ---- */

static void *uri_seen(void *ctx, const char *uri, struct MHD_Connection *conn)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	(void)ctx;
	(void)conn;
	x->call.sim = sim;
	x->call.uri = xstrdup(uri);
	x->call.headers = json_object();
	x->call.out.headers = json_object();
	x->call.out.at = -1;
	return x;
}

static void done(void *ctx, struct MHD_Connection *conn, void **slot,
		 enum MHD_RequestTerminationCode how)
{
	struct exchange *x = *slot;
	struct sim_call *c;

	(void)ctx;
	(void)conn;
	(void)how;
	if (!x)
		return;
	c = &x->call;
	git_cgi_free(x->git);
	json_decref(x->fault);
	json_decref(c->query);
	json_decref(c->headers);
	json_decref(c->in);
	json_decref(c->git);
	json_decref(c->out.json);
	json_decref(c->out.headers);
	for (size_t i = 0; i < ARRAY_LEN(c->arg); i++)
		free(c->arg[i]);
	free(c->uri);
	free(c->path);
	buf_release(&c->body);
	buf_release(&c->out.raw);
	buf_release(&x->text);
	free(x);
	*slot = NULL;
}

static void log_once(struct exchange *x)
{
	if (x->logged || str_starts(x->call.path, "/_sim/"))
		return;
	x->logged = true;
	log_call(&x->call);
}

static bool is_gone(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct pollfd p = { .events = POLLIN | POLLRDHUP };
	char byte;

	if (!info)
		return true;
	p.fd = info->connect_fd;
	poll(&p, 1, 50);
	return (p.revents & (POLLHUP | POLLERR | POLLRDHUP)) ||
	       ((p.revents & POLLIN) && recv(p.fd, &byte, 1, MSG_PEEK) == 0);
}

/* Accepted and never answered, until the client has had enough of it. */
static void be_silent(struct MHD_Connection *conn)
{
	while (!sim->stopping && !is_gone(conn))
		;
}

struct sending {
	struct exchange *x;
	struct MHD_Connection *conn;
};

static ssize_t send_piece(void *ctx, uint64_t pos, char *buf, size_t max)
{
	struct sending *o = ctx;
	struct exchange *x = o->x;
	struct sim_reply *r = &x->call.out;
	long n;

	(void)pos;
	if (r->wire != WIRE_WHOLE && (long long)x->sent >= r->at) {
		log_once(x);
		if (r->wire == WIRE_SILENT)
			be_silent(o->conn);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (r->wire != WIRE_WHOLE && max > (size_t)r->at - x->sent)
		max = (size_t)r->at - x->sent;
	if (r->ms_per_kb > 0) {
		struct timespec t = { .tv_sec = r->ms_per_kb / 1000,
				      .tv_nsec = r->ms_per_kb % 1000 * 1000000 };

		nanosleep(&t, NULL);
		if (max > 1024)
			max = 1024;
	}
	if (x->git) {
		n = git_cgi_read(x->git, buf, max);
	} else {
		n = (long)(x->text.len - x->sent < max ? x->text.len - x->sent
						       : max);
		memcpy(buf, buf_str(&x->text) + x->sent, (size_t)n);
	}
	if (n == 0) {
		if (x->git)
			json_object_set_new(x->call.git, "bytes_out",
				json_integer((json_int_t)x->sent));
		log_once(x);
		return MHD_CONTENT_READER_END_OF_STREAM;
	}
	x->sent += (size_t)n;
	return n;
}

static void add_headers(struct MHD_Response *res, struct sim_call *c)
{
	const char *key;
	json_t *v;

	if (c->out.type)
		MHD_add_response_header(res, "Content-Type", c->out.type);
	json_object_foreach(c->out.headers, key, v)
		MHD_add_response_header(res, key, json_string_value(v));
}

static enum MHD_Result deliver(struct exchange *x, struct MHD_Connection *conn)
{
	struct sim_call *c = &x->call;
	struct MHD_Response *res;
	struct sending *o;
	enum MHD_Result ok;
	bool streams;

	if (c->out.wire != WIRE_WHOLE && c->out.at < 0) {
		log_once(x);
		if (c->out.wire == WIRE_SILENT)
			be_silent(conn);
		return MHD_NO;	/* closes the connection */
	}
	if (!x->git && c->out.json) {
		char *text = json_dumps(c->out.json, JSON_COMPACT |
						     JSON_ENCODE_ANY);

		buf_addstr(&x->text, text);
		free(text);
	} else if (!x->git) {
		buf_add(&x->text, buf_str(&c->out.raw), c->out.raw.len);
	}
	if ((long long)x->text.len < c->out.at && !x->git)
		c->out.at = (long long)x->text.len / 2;
	/* What is cut off must have promised more: chunks do. */
	streams = x->git || c->out.is_chunked || c->out.wire == WIRE_CUT;
	if (!streams && c->out.wire == WIRE_WHOLE)
		log_once(x);	/* before the client knows it is complete */
	o = xcalloc(1, sizeof(*o));
	o->x = x;
	o->conn = conn;
	if (c->out.status == 0)
		c->out.status = 200;
	if (c->out.status == 204 && c->out.wire == WIRE_WHOLE)
		res = MHD_create_response_from_buffer(0, NULL,
						      MHD_RESPMEM_PERSISTENT);
	else
		res = MHD_create_response_from_callback(
			streams ? MHD_SIZE_UNKNOWN : x->text.len, 65536,
			send_piece, o, free);
	if (c->out.status == 204 && c->out.wire == WIRE_WHOLE) {
		log_once(x);
		free(o);
	}
	add_headers(res, c);
	ok = MHD_queue_response(conn, (unsigned int)c->out.status, res);
	MHD_destroy_response(res);
	return ok;
}

/* ---- the two kinds of request ---- */

static void refuse_git(struct sim_call *c)
{
	c->out.status = 401;
	c->out.type = "text/plain";
	buf_addstr(&c->out.raw, c->auth == AUTH_BAD ? "Authentication failed\n"
						    : "Unauthorized\n");
	reply_header(c, "WWW-Authenticate", "Basic realm=\"%s\"",
		     sim_is_github(c->sim) ? "GitHub" : "Gitea");
}

/* May this user do this to this repository? NULL: yes. */
static bool git_may(struct sim_call *c)
{
	bool is_push = strstr(c->uri, "git-receive-pack") != NULL;
	char *path = xstrdup(c->path), *slash = strchr(path + 1, '/');
	char *end = strstr(path, ".git");
	struct sim_repo *r = NULL;
	bool ok = false;

	if (slash && end > slash) {
		*slash = *end = '\0';
		r = sim_repo(sim, path + 1, slash + 1);
	}
	if (c->auth != AUTH_OK && (c->auth == AUTH_BAD || is_push || !r ||
	    json_is_true(json_object_get(r->settings, "private")))) {
		refuse_git(c);
	} else if (!r) {
		c->out.status = 404;
		buf_addstr(&c->out.raw, "Repository not found\n");
	} else if (is_push && (!sim_can(sim, c->user, "write") ||
		   json_is_true(json_object_get(r->settings, "archived")))) {
		c->out.status = 403;
		c->out.type = "text/plain";
		buf_addf(&c->out.raw, "Write access to repository not granted.\n");
	} else {
		ok = true;
	}
	c->repo = r;
	free(path);
	return ok;
}

static void git_begin(struct exchange *x)
{
	struct sim_call *c = &x->call;
	bool ok;

	pthread_mutex_lock(&sim->lock);
	x->fault = fault_take(sim, c->method, c->path);
	ok = git_may(c);
	pthread_mutex_unlock(&sim->lock);
	if (x->fault && !str_eq(jstr(x->fault, "when"), "after")) {
		fault_hook(x->fault);
		fault_spoil(c, x->fault);
		if (!str_eq(jstr(x->fault, "do"), "none"))
			return;
	}
	if (ok)
		x->git = git_cgi_start(c);
}

static void git_end(struct exchange *x)
{
	struct sim_call *c = &x->call;

	if (!x->git)
		return;
	git_cgi_answer(x->git, c);
	if (git_cgi_is_push(x->git)) {
		pthread_mutex_lock(&sim->lock);
		if (c->repo && c->repo->prs_len)
			sim_settle(sim, c->repo);
		else if (c->repo)
			sim_refs_read(sim, c->repo);
		pthread_mutex_unlock(&sim->lock);
	}
	if (x->fault && str_eq(jstr(x->fault, "when"), "after")) {
		fault_hook(x->fault);
		fault_spoil(c, x->fault);
		if (c->out.json || c->out.raw.len) {	/* another answer */
			git_cgi_free(x->git);
			x->git = NULL;
		}
	}
}

/* The log names calls without the API's root, also those nobody worked on. */
static void drop_root(struct sim_call *c)
{
	const char *rest = str_starts(c->path, "/api/v3/") ||
		str_starts(c->path, "/api/v1/") ? c->path + strlen("/api/v1")
		: str_eq(c->path, "/api/graphql") ? "/graphql" : NULL;
	char *path = xstrdup(rest);

	if (!path)
		return;
	free(c->path);
	c->path = path;
}

static void api(struct exchange *x)
{
	struct sim_call *c = &x->call;
	bool is_control = str_starts(c->path, "/_sim/"), acts, begins = false;
	json_t *whole;

	if (c->body.len)
		c->in = json_loadb(c->body.data, c->body.len,
				   JSON_DECODE_ANY, NULL);
	pthread_mutex_lock(&sim->lock);
	if (!is_control)
		x->fault = fault_take(sim, c->method, c->path);
	acts = !x->fault || str_eq(jstr(x->fault, "when"), "after") ||
	       str_eq(jstr(x->fault, "do"), "none");
	if (x->fault && acts && !str_eq(jstr(x->fault, "when"), "after")) {
		pthread_mutex_unlock(&sim->lock);
		fault_hook(x->fault);
		pthread_mutex_lock(&sim->lock);
		begins = true;
	}
	if (is_control)
		control_call(c);
	else if (acts && sim_is_github(sim))
		github_call(c);
	else if (acts)
		gitea_call(c);
	else
		drop_root(c);
	/* The answer is written out without the lock: let it share nothing. */
	whole = json_deep_copy(c->out.json);
	json_decref(c->out.json);
	c->out.json = whole;
	pthread_mutex_unlock(&sim->lock);
	if (!x->fault)
		return;
	if (!begins)
		fault_hook(x->fault);
	fault_spoil(c, x->fault);
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *conn,
			      const char *url, const char *method,
			      const char *version, const char *data,
			      size_t *len, void **slot)
{
	struct exchange *x = *slot;
	struct sim_call *c = &x->call;

	(void)ctx;
	(void)url;
	(void)version;
	if (!x->started) {
		x->started = true;
		c->method = method;
		c->path = xstrndup(c->uri, strcspn(c->uri, "?"));
		query_parse(c);
		MHD_get_connection_values(conn, MHD_HEADER_KIND, header_seen,
					  c->headers);
		pthread_mutex_lock(&sim->lock);
		who(c, MHD_lookup_connection_value(conn, MHD_HEADER_KIND,
						   "Authorization"));
		pthread_mutex_unlock(&sim->lock);
		if (git_is_path(c->path))
			git_begin(x);
		return MHD_YES;
	}
	if (*len) {
		if (x->git)
			git_cgi_feed(x->git, data, *len);
		else if (c->body.len + *len > BODY_MAX)
			x->body_too_big = true;
		else if (!git_is_path(c->path))
			buf_add(&c->body, data, *len);
		*len = 0;
		return MHD_YES;
	}
	if (x->body_too_big)
		reply_error(c, 413, "Payload too large");
	else if (git_is_path(c->path))
		git_end(x);
	else
		api(x);
	return deliver(x, conn);
}

static size_t keep_escapes(void *ctx, struct MHD_Connection *conn, char *s)
{
	(void)ctx;
	(void)conn;
	return strlen(s);	/* paths are decoded after they are cut */
}

uint16_t wire_start(struct sim *s, uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const union MHD_DaemonInfo *info;

	sim = s;
	daemon_of_sim = MHD_start_daemon(
		MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			MHD_USE_POLL,
		port, NULL, NULL, handle, NULL,
		MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
		MHD_OPTION_URI_LOG_CALLBACK, uri_seen, NULL,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, done, NULL,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)131072,
		MHD_OPTION_LISTEN_BACKLOG_SIZE, 512u,
		MHD_OPTION_END);
	info = daemon_of_sim ? MHD_get_daemon_info(daemon_of_sim,
						   MHD_DAEMON_INFO_BIND_PORT)
			     : NULL;
	return info ? info->port : 0;
}

void wire_stop(void)
{
	sim->stopping = true;
	MHD_stop_daemon(daemon_of_sim);
}
