#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"
#include "tests/sim/sim.h"

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

static struct sim sim;

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
	for (struct sim_user *u = sim.users; u; u = u->next)
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

		value = key_len < len ? url_decode(p + key_len + 1,
						   len - key_len - 1)
				      : xstrdup("");
		for (char *v = value; *v; v++)
			if (*v == '+')
				*v = ' ';
		json_object_set_new(c->query, key, json_string(value));
		free(key);
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
	x->call.sim = &sim;
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
	while (!sim.stopping && !is_gone(conn))
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
		r = sim_repo(&sim, path + 1, slash + 1);
	}
	if (c->auth != AUTH_OK && (c->auth == AUTH_BAD || is_push || !r ||
	    json_is_true(json_object_get(r->settings, "private")))) {
		refuse_git(c);
	} else if (!r) {
		c->out.status = 404;
		buf_addstr(&c->out.raw, "Repository not found\n");
	} else if (is_push && (!sim_can(&sim, c->user, "write") ||
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

	pthread_mutex_lock(&sim.lock);
	x->fault = fault_take(&sim, c->method, c->path);
	ok = git_may(c);
	pthread_mutex_unlock(&sim.lock);
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
		pthread_mutex_lock(&sim.lock);
		if (c->repo && c->repo->prs_len)
			sim_settle(&sim, c->repo);
		pthread_mutex_unlock(&sim.lock);
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
	bool is_control = str_starts(c->path, "/_sim/"), acts;
	json_t *whole;

	if (c->body.len)
		c->in = json_loadb(c->body.data, c->body.len,
				   JSON_DECODE_ANY, NULL);
	pthread_mutex_lock(&sim.lock);
	if (!is_control)
		x->fault = fault_take(&sim, c->method, c->path);
	acts = !x->fault || str_eq(jstr(x->fault, "when"), "after") ||
	       str_eq(jstr(x->fault, "do"), "none");
	if (is_control)
		control_call(c);
	else if (acts && sim_is_github(&sim))
		github_call(c);
	else if (acts)
		gitea_call(c);
	else
		drop_root(c);
	/* The answer is written out without the lock: let it share nothing. */
	whole = json_deep_copy(c->out.json);
	json_decref(c->out.json);
	c->out.json = whole;
	pthread_mutex_unlock(&sim.lock);
	if (!x->fault)
		return;
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
		pthread_mutex_lock(&sim.lock);
		who(c, MHD_lookup_connection_value(conn, MHD_HEADER_KIND,
						   "Authorization"));
		pthread_mutex_unlock(&sim.lock);
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

/* ---- start and end ---- */

static size_t keep_escapes(void *ctx, struct MHD_Connection *conn, char *s)
{
	(void)ctx;
	(void)conn;
	return strlen(s);	/* paths are decoded after they are cut */
}

static const char usage[] =
"Usage: forge-sim --kind github|ghes|gitea|forgejo --root DIR [OPTION...]\n"
"\n"
"A forge for tests on 127.0.0.1. Serves the bare repositories\n"
"DIR/OWNER/NAME.git by smart HTTP at URL/OWNER/NAME.git, and the API at URL/\n"
"(github; also URL/api/v3), URL/api/v3 (ghes) or URL/api/v1 (gitea, forgejo);\n"
"GraphQL at URL/graphql and URL/api/graphql. Prints URL when it listens.\n"
"\n"
"  --port N             listen there; 0 (default): any free port\n"
"  --port-file FILE     write the port there once it listens\n"
"  --log FILE           append each request and answer, a JSON object a line;\n"
"                       else to a new file in $FORGE_SIM_LOGS, where that is set\n"
"  --token TOKEN        the bot's token (sim-token)\n"
"  --user NAME          the bot's name (promote-bot)\n"
"  --person NAME[:TOKEN[:read|write|admin]]   somebody else; may be repeated\n"
"                       (alice, bob and carol are known anyway)\n"
"  --team NAME          a team that can be asked for reviews (sre, platform)\n"
"  --server-version V   of Gitea (1.23.4) or Forgejo (16.0.1+gitea-1.22.0)\n"
"  --now TIME           RFC 3339: what the forge's clock says, standing still\n"
"  --trap NAME[=N]      see below; may be repeated\n"
"  --help, --help-api\n";

/* Whoever starts us without a log may still be told to keep one. */
static int log_by_default(const char *kind)
{
	const char *dir = getenv("FORGE_SIM_LOGS");
	struct buf name = { 0 };
	int fd = -1;

	if (dir && *dir) {
		buf_addf(&name, "%s/%s-%d.jsonl", dir, kind, (int)getpid());
		fd = open(buf_str(&name), O_WRONLY | O_CREAT | O_APPEND |
					  O_CLOEXEC, 0644);
	}
	buf_release(&name);
	return fd;
}

static void options(int argc, char **argv, uint16_t *port,
		    const char **port_file)
{
	enum { KIND = 1, ROOT, PORT, PORT_FILE, LOG, TOKEN, USER, PERSON, TEAM,
	       SERVER_VERSION, NOW, TRAP, HELP, HELP_API };
	static const struct option longs[] = {
		{ "kind", 1, NULL, KIND }, { "root", 1, NULL, ROOT },
		{ "port", 1, NULL, PORT }, { "port-file", 1, NULL, PORT_FILE },
		{ "log", 1, NULL, LOG }, { "token", 1, NULL, TOKEN },
		{ "user", 1, NULL, USER }, { "person", 1, NULL, PERSON },
		{ "team", 1, NULL, TEAM }, { "now", 1, NULL, NOW },
		{ "server-version", 1, NULL, SERVER_VERSION },
		{ "trap", 1, NULL, TRAP }, { "help", 0, NULL, HELP },
		{ "help-api", 0, NULL, HELP_API }, { 0 },
	};
	static const char *const kinds[] = { "github", "ghes", "gitea",
					     "forgejo" };
	const char *token = "sim-token", *user = "promote-bot", *traps[64];
	struct err err = { 0 };
	size_t n_traps = 0;
	int o, kind = -1;

	while ((o = getopt_long(argc, argv, "h", longs, NULL)) >= 0) {
		char *colon, *second;

		switch (o) {
		case KIND:
			for (int i = 0; i < 4; i++)
				if (str_eq(optarg, kinds[i]))
					kind = i;
			break;
		case ROOT: sim.root = realpath(optarg, NULL); break;
		case PORT: *port = (uint16_t)atoi(optarg); break;
		case PORT_FILE: *port_file = optarg; break;
		case LOG:
			sim.log_fd = open(optarg, O_WRONLY | O_CREAT | O_APPEND |
						  O_CLOEXEC, 0644);
			break;
		case TOKEN: token = optarg; break;
		case USER: user = optarg; break;
		case PERSON:
			colon = strchr(optarg, ':');
			if (colon)
				*colon++ = '\0';
			second = colon ? strchr(colon, ':') : NULL;
			if (second)
				*second++ = '\0';
			sim_user_add(&sim, optarg, colon, second);
			break;
		case TEAM: json_array_append_new(sim.teams,
						 json_string(optarg)); break;
		case SERVER_VERSION: sim.version = optarg; break;
		case NOW:
			if (time_parse(&sim.now_s, optarg, &err) < 0) {
				fprintf(stderr, "forge-sim: %s\n", err.msg);
				exit(2);
			}
			sim.now_fixed = true;
			break;
		case TRAP:
			if (n_traps < ARRAY_LEN(traps))
				traps[n_traps++] = optarg;
			break;
		case HELP_API: control_help(); exit(0);
		case HELP: case 'h':
			fputs(usage, stdout);
			traps_help();
			exit(0);
		default: exit(2);
		}
	}
	if (kind < 0 || !sim.root) {
		fputs(usage, stderr);
		exit(2);
	}
	sim.kind = (enum sim_kind)kind;
	if (sim.log_fd < 0)
		sim.log_fd = log_by_default(kinds[kind]);
	if (!sim.version)
		sim.version = sim.kind == SIM_FORGEJO ? "16.0.1+gitea-1.22.0"
						      : "1.23.4";
	traps_default(&sim);
	for (size_t i = 0; i < n_traps; i++)
		if (!trap_set(&sim, traps[i])) {
			fprintf(stderr, "forge-sim: no trap %s; see --help\n",
				traps[i]);
			exit(2);
		}
	sim.bot = sim_user_add(&sim, user, token, "write");
}

static void announce(uint16_t port, const char *port_file)
{
	struct buf url = { 0 }, temp = { 0 };
	FILE *f;

	buf_addf(&url, "http://127.0.0.1:%u", (unsigned int)port);
	sim.url = buf_detach(&url);
	if (port_file) {
		/* Whole or not there: somebody is waiting for this file. */
		buf_addf(&temp, "%s.new", port_file);
		f = fopen(buf_str(&temp), "w");
		if (!f || fprintf(f, "%u\n", (unsigned int)port) < 0 ||
		    fclose(f) != 0 || rename(buf_str(&temp), port_file) != 0) {
			perror("forge-sim: port file");
			exit(1);
		}
		buf_release(&temp);
	}
	printf("%s\n", sim.url);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const char *port_file = NULL;
	struct MHD_Daemon *daemon;
	const union MHD_DaemonInfo *info;
	uint16_t port = 0;
	sigset_t set;
	int sig;

	pthread_mutex_init(&sim.lock, NULL);
	sim.log_fd = -1;
	sim.requests = json_array();
	sim.org_labels = json_array();
	sim.teams = json_pack("[s,s]", "sre", "platform");
	sim_user_add(&sim, "alice", "alice-token", "admin");
	sim_user_add(&sim, "bob", "bob-token", "write");
	sim_user_add(&sim, "carol", "carol-token", "write");
	options(argc, argv, &port, &port_file);

	/* A test that is killed must not leave its server behind. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);

	address.sin_port = htons(port);
	pthread_mutex_lock(&sim.lock);	/* nobody is answered before the URL is known */
	daemon = MHD_start_daemon(
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
	info = daemon ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)
		      : NULL;
	if (!info) {
		fprintf(stderr, "forge-sim: cannot listen: %s\n",
			strerror(errno));
		return 1;
	}
	announce(info->port, port_file);
	pthread_mutex_unlock(&sim.lock);
	sigwait(&set, &sig);
	sim.stopping = true;
	MHD_stop_daemon(daemon);
	sim_free_state(&sim);
	free((char *)(uintptr_t)sim.root);
	return 0;
}
