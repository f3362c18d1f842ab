/*
 * The HTTP client against a server on loopback that can be made to misbehave.
 * Each connection is a process of its own; what they saw is in shared memory.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bot/base/http.h"
#include "bot/base/log.h"
#include "bot/base/mem.h"

enum { REQUEST_MAX = 8 * 1024 * 1024, LOG_MAX = 64 * 1024 };

/* What the server saw, in memory that its processes share with the test. */
struct seen {
	int connections, requests;
	long long body_len;	/* of the last request */
	uint32_t body_sum;
	size_t len;
	char text[LOG_MAX];	/* request lines and headers, one after another */
};

struct server {
	pid_t pid;
	int port;
	struct seen *seen;
};

static struct server server, trap;	/* the trap is another origin */

/* The server --------------------------------------------------------------- */

static void say(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t n = write(fd, text, len);

		if (n <= 0)
			_exit(0);
		text += n;
		len -= (size_t)n;
	}
}

static void answer(int fd, const char *status, const char *headers,
		   const char *body)
{
	struct buf b = { 0 };

	buf_addf(&b, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status,
		 strlen(body), headers, body);
	say(fd, buf_str(&b));
	buf_release(&b);
}

/* Only one request for these: all the later ones are like /ok. */
static bool first_times(struct seen *seen, const char *path)
{
	int n = path[strlen(path) - 1] - '0';

	return __atomic_load_n(&seen->requests, __ATOMIC_SEQ_CST) <= n;
}

static void serve(int fd, struct seen *seen, const char *path)
{
	static int nth;		/* on this connection, which is a process */
	char text[256];

	nth++;
	if (strncmp(path, "/redirect", 9) == 0) {
		snprintf(text, sizeof(text),
			 "Location: http://127.0.0.1:%d/stolen\r\n", trap.port);
		answer(fd, "302 Found", text, "");
	} else if (strcmp(path, "/silent") == 0) {
		pause();
	} else if (strcmp(path, "/stalls") == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
		pause();
	} else if (strcmp(path, "/cut") == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
		_exit(0);
	} else if (strcmp(path, "/endless") == 0) {
		say(fd, "HTTP/1.1 200 OK\r\n\r\n");
		for (;;)
			say(fd, "all work and no play makes a dull server\n");
	} else if (strcmp(path, "/endless-headers") == 0) {
		say(fd, "HTTP/1.1 200 OK\r\n");
		for (;;)
			say(fd, "X-More: all work and no play\r\n");
	} else if (strcmp(path, "/not-http") == 0) {
		say(fd, "SSH-2.0-OpenSSH_9.2\r\n");
		_exit(0);
	} else if (strncmp(path, "/busy", 5) == 0 && first_times(seen, path)) {
		answer(fd, "503 Service Unavailable", "", "busy");
	} else if (strncmp(path, "/dies", 5) == 0 && first_times(seen, path)) {
		_exit(0);
	} else if (strcmp(path, "/limited") == 0) {
		answer(fd, "429 Too Many Requests", "retry-after: 120\r\n", "");
	} else if (strcmp(path, "/limited-until") == 0) {
		answer(fd, "429 Too Many Requests",
		       "Date: Sat, 21 Nov 2026 09:00:00 GMT\r\n"
		       "Retry-After: Sat, 21 Nov 2026 09:01:30 GMT\r\n", "");
	} else if (strncmp(path, "/later/", 7) == 0) {
		usleep((useconds_t)atoi(path + 7) * 1000);
		answer(fd, "200 OK", "", path);
	} else if (strcmp(path, "/nth") == 0) {
		snprintf(text, sizeof(text), "%d", nth);
		answer(fd, "200 OK", "", text);
	} else if (strcmp(path, "/html-error") == 0) {
		answer(fd, "500 Oops", "", "<html>");
	} else if (strcmp(path, "/continue") == 0) {
		say(fd, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n");
		answer(fd, "200 OK", "X-Late: 2\r\n", "");
	} else if (strcmp(path, "/cookie") == 0) {
		answer(fd, "200 OK", "Set-Cookie: a=b\r\n", "");
	} else {
		answer(fd, "200 OK", "X-Test:  some text \r\n", "hello");
	}
}

/* Read one request whole; false at the end of the connection. */
static bool request_read(int fd, struct seen *seen, struct buf *in, char **path)
{
	const char *end, *length;
	size_t head, body = 0, start;
	char *line;

	buf_reset(in);
	while (!(end = in->len ? strstr(in->data, "\r\n\r\n") : NULL)) {
		ssize_t n = read(fd, buf_reserve(in, 65536), 65536);

		if (n <= 0)
			return false;
		in->len += (size_t)n;
		in->data[in->len] = '\0';
	}
	head = (size_t)(end - in->data) + 4;
	length = strcasestr(in->data, "\r\nContent-Length:");
	if (length && length < end)
		body = strtoul(length + 17, NULL, 10);
	while (in->len < head + body) {
		ssize_t n = read(fd, buf_reserve(in, 65536), 65536);

		if (n <= 0)
			return false;
		in->len += (size_t)n;
	}
	start = __atomic_fetch_add(&seen->len, head, __ATOMIC_SEQ_CST);
	if (start + head < LOG_MAX)
		memcpy(seen->text + start, in->data, head);
	seen->body_len = (long long)body;
	seen->body_sum = 0;
	for (size_t i = 0; i < body; i++)
		seen->body_sum = seen->body_sum * 31 +
				 (unsigned char)in->data[head + i];
	__atomic_fetch_add(&seen->requests, 1, __ATOMIC_SEQ_CST);
	line = in->data + strcspn(in->data, " ") + 1;
	line[strcspn(line, " ")] = '\0';
	*path = line;
	return true;
}

static void connection(int fd, struct seen *seen)
{
	struct buf in = { 0 };
	char *path;

	__atomic_fetch_add(&seen->connections, 1, __ATOMIC_SEQ_CST);
	while (request_read(fd, seen, &in, &path))
		serve(fd, seen, path);
	_exit(0);
}

static void server_start(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 64), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	s->port = ntohs(at.sin_port);
	s->seen = mmap(NULL, sizeof(*s->seen), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(s->seen, MAP_FAILED);
	s->pid = fork();
	if (s->pid) {
		close(fd);
		return;
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int c = accept(fd, NULL, NULL);

		if (c >= 0 && fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			connection(c, s->seen);
		}
		close(c);
	}
}

static int servers_start(void **state)
{
	(void)state;
	setpgid(0, 0);
	server_start(&trap);
	server_start(&server);
	return 0;
}

static int servers_stop(void **state)
{
	(void)state;
	kill(server.pid, SIGKILL);
	kill(trap.pid, SIGKILL);
	waitpid(server.pid, NULL, 0);
	waitpid(trap.pid, NULL, 0);
	munmap(server.seen, sizeof(*server.seen));
	munmap(trap.seen, sizeof(*trap.seen));
	log_release();
	return 0;
}

/* The client --------------------------------------------------------------- */

static char url_text[8][256];

static const char *url(const struct server *s, const char *path)
{
	static unsigned next;
	char *to = url_text[next++ % 8];

	snprintf(to, sizeof(url_text[0]), "http://127.0.0.1:%d%s", s->port, path);
	return to;
}

static struct http *client(int64_t deadline_ms, int64_t silence_ms)
{
	struct http_options o = { .deadline = deadline_in(deadline_ms),
				  .silence_ms = silence_ms };

	memset(server.seen, 0, sizeof(*server.seen));
	memset(trap.seen, 0, sizeof(*trap.seen));
	return http_new(&o);
}

static void answers_are_told_as_they_came(void **state)
{
	static const struct {
		const char *path;
		long status;
		int64_t retry_after_s;
		const char *body;
	} rows[] = {
		{ "/ok", 200, -1, "hello" },
		{ "/redirect", 302, -1, "" },
		{ "/limited", 429, 120, "" },
		{ "/limited-until", 429, 90, "" },
		{ "/busy9", 503, -1, "busy" },
		{ "/html-error", 500, -1, "<html>" },
	};
	struct http *h = client(20000, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_request req = { .url = url(&server, rows[i].path) };
		struct http_response res;
		struct err err = { 0 };

		if (http_do(h, &req, &res, &err) < 0 ||
		    res.status != rows[i].status ||
		    res.retry_after_s != rows[i].retry_after_s ||
		    strcmp(buf_str(&res.body), rows[i].body) != 0)
			fail_msg("%s: status %ld, retry after %lld, body '%s', "
				 "error '%s'", rows[i].path, res.status,
				 (long long)res.retry_after_s,
				 buf_str(&res.body), err.msg);
		http_response_release(&res);
	}
	assert_int_equal(server.seen->connections, 1);	/* kept alive */
	assert_int_equal(server.seen->requests, ARRAY_LEN(rows));
	assert_int_equal(trap.seen->connections, 0);
	http_free(h);
}

static void headers_are_found_in_any_case(void **state)
{
	struct http *h = client(20000, 0);
	struct http_request req = { .url = url(&server, "/ok") };
	struct http_response res;
	struct err err = { 0 };
	struct buf value = { 0 };

	(void)state;
	assert_int_equal(http_do(h, &req, &res, &err), 0);
	assert_true(http_header(&res, "x-TEST", &value));
	assert_string_equal(buf_str(&value), "some text");
	assert_false(http_header(&res, "X-Tes", &value));
	assert_false(http_header(&res, "X-Nothing", &value));
	http_response_release(&res);

	req.url = url(&server, "/continue");
	assert_int_equal(http_do(h, &req, &res, &err), 0);
	assert_false(http_header(&res, "X-Early", &value));
	assert_true(http_header(&res, "X-Late", &value));
	http_response_release(&res);
	buf_release(&value);
	http_free(h);
}

/* Failures: how each ends, and how many requests the server saw. */
static void failures_end_with_the_right_code(void **state)
{
	static const struct {
		const char *name, *path;
		bool safe;
		const char *body;
		int64_t timeout_ms, silence_ms;
		size_t max_body;
		enum err_code want;
		int requests;
	} rows[] = {
		{ "a silent server ends at the request's deadline", "/silent",
		  true, NULL, 150, 0, 0, ERR_TRANSIENT, 1 },
		{ "a silent server ends after the silence", "/silent",
		  true, NULL, 0, 150, 0, ERR_TRANSIENT, 1 },
		{ "a body that stops moving ends after the silence", "/stalls",
		  true, NULL, 0, 150, 0, ERR_TRANSIENT, 1 },
		{ "an endless body is capped", "/endless",
		  true, NULL, 0, 0, 100000, ERR_DATA, 1 },
		{ "endless headers are capped", "/endless-headers",
		  true, NULL, 0, 0, 0, ERR_DATA, 1 },
		{ "an answer one byte too long", "/ok",
		  true, NULL, 0, 0, 4, ERR_DATA, 1 },
		{ "an answer as long as allowed", "/ok",
		  true, NULL, 0, 0, 5, ERR_NONE, 1 },
		{ "something that is not HTTP", "/not-http",
		  true, NULL, 0, 0, 0, ERR_DATA, 1 },
		{ "busy twice, safe to repeat", "/busy2",
		  true, NULL, 0, 0, 0, ERR_NONE, 3 },
		{ "a connection that dies twice, safe to repeat", "/dies2",
		  true, "text", 0, 0, 0, ERR_NONE, 3 },
		{ "a connection that dies, not safe to repeat", "/dies1",
		  false, "text", 0, 0, 0, ERR_TRANSIENT, 1 },
		{ "an answer cut off, not safe to repeat", "/cut",
		  false, "text", 0, 0, 0, ERR_TRANSIENT, 1 },
		{ "an answer cut off every time", "/cut",
		  true, NULL, 0, 0, 0, ERR_TRANSIENT, 5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http *h = client(20000, rows[i].silence_ms);
		struct http_request req = {
			.method = rows[i].body ? "POST" : "GET",
			.url = url(&server, rows[i].path),
			.body = rows[i].body,
			.body_len = rows[i].body ? strlen(rows[i].body) : 0,
			.timeout_ms = rows[i].timeout_ms,
			.max_body = rows[i].max_body,
			.safe_to_repeat = rows[i].safe,
		};
		int64_t start = clock_mono_ms();
		struct http_response res;
		struct err err = { 0 };

		http_do(h, &req, &res, &err);
		if (err.code != rows[i].want ||
		    server.seen->requests != rows[i].requests)
			fail_msg("%s: error %d '%s', %d requests", rows[i].name,
				 (int)err.code, err.msg, server.seen->requests);
		if (clock_mono_ms() - start > 8000)
			fail_msg("%s: took too long", rows[i].name);
		http_response_release(&res);
		http_free(h);
	}
}

/*
 * The case curl would settle by itself: a kept-alive connection that dies
 * under a request, before the first byte of an answer.
 */
static void nothing_is_sent_twice_behind_our_back(void **state)
{
	static const struct {
		const char *name;
		bool safe;
		enum err_code want;
		int requests;
	} rows[] = {
		{ "not safe: sent once", false, ERR_TRANSIENT, 2 },
		{ "safe: sent again", true, ERR_NONE, 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http *h = client(20000, 0);
		struct http_request req = { .url = url(&server, "/ok") };
		struct http_response res;
		struct err err = { 0 };

		assert_int_equal(http_do(h, &req, &res, &err), 0);
		http_response_release(&res);
		req = (struct http_request){
			.method = "POST", .url = url(&server, "/dies2"),
			.body = "create", .body_len = 6,
			.safe_to_repeat = rows[i].safe,
		};
		http_do(h, &req, &res, &err);
		if (err.code != rows[i].want ||
		    server.seen->requests != rows[i].requests)
			fail_msg("%s: error %d '%s', %d requests", rows[i].name,
				 (int)err.code, err.msg, server.seen->requests);
		http_response_release(&res);
		http_free(h);
	}
}

static void the_end_of_the_run_ends_every_request(void **state)
{
	struct http *h = client(200, 0);
	struct http_request req = { .url = url(&server, "/silent"),
				    .timeout_ms = 60000 };
	int64_t start = clock_mono_ms();
	struct http_response res;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(http_do(h, &req, &res, &err), -1);
	assert_int_equal(err.code, ERR_TRANSIENT);
	assert_true(clock_mono_ms() - start < 5000);
	http_response_release(&res);

	err_clear(&err);
	assert_int_equal(http_do(h, &req, &res, &err), -1);
	assert_int_equal(err.code, ERR_TRANSIENT);
	assert_int_equal(http_cost(h)->requests, 1);	/* no time: not asked */
	http_response_release(&res);
	http_free(h);
}

static void a_connection_refused_is_transient(void **state)
{
	struct http *h = client(20000, 0);
	struct http_request req = { .url = "http://127.0.0.1:1/",
				    .method = "POST", .body = "x",
				    .body_len = 1 };
	struct http_response res;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(http_do(h, &req, &res, &err), -1);
	assert_int_equal(err.code, ERR_TRANSIENT);
	assert_int_equal(http_cost(h)->requests, 5);	/* nothing was sent */
	http_response_release(&res);
	http_free(h);
}

static void what_must_not_be_asked_is_not_asked(void **state)
{
	static const struct {
		const char *url;
		enum err_code want;
	} rows[] = {
		{ "http://example.com/", ERR_SECURITY },
		{ "http://localhost.example.com/", ERR_SECURITY },
		{ "http://127.0.0.1.example.com/", ERR_SECURITY },
		{ "http://128.0.0.1/", ERR_SECURITY },
		{ "http://[::2]/", ERR_SECURITY },
		{ "http://0.0.0.0/", ERR_SECURITY },
		{ "ftp://127.0.0.1/", ERR_USAGE },
		{ "file:///etc/passwd", ERR_USAGE },
		{ "127.0.0.1/path", ERR_USAGE },
		{ "http:/127.0.0.1/path", ERR_USAGE },
		{ "http:///path", ERR_USAGE },
		{ "http://user:secret@127.0.0.1/", ERR_USAGE },
		{ "http://secret@127.0.0.1/", ERR_USAGE },
		{ "http://@127.0.0.1/", ERR_USAGE },
		{ "http://127.0.0.1\r\nX: y/", ERR_USAGE },
		{ "http://127.0.0.1/a b", ERR_USAGE },
		{ "", ERR_USAGE },
	};
	struct http *h = client(20000, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_request req = { .url = rows[i].url };
		struct http_response res;
		struct err err = { 0 };

		http_do(h, &req, &res, &err);
		if (err.code != rows[i].want || strstr(err.msg, "secret"))
			fail_msg("%s: error %d '%s'", rows[i].url,
				 (int)err.code, err.msg);
		http_response_release(&res);
	}
	assert_int_equal(http_cost(h)->requests, 0);
	http_free(h);
}

static void origins_have_one_spelling(void **state)
{
	static const struct { const char *url, *want; } rows[] = {
		{ "https://Git.Example.com", "https://git.example.com:443" },
		{ "HTTPS://git.example.com:443/a/b", "https://git.example.com:443" },
		{ "https://git.example.com:8443/", "https://git.example.com:8443" },
		{ "http://localhost/x?y=@z", "http://localhost:80" },
		{ "http://[::1]:3000/", "http://[::1]:3000" },
		{ "http://0x7f.1/", "http://127.0.0.1:80" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		char *got = NULL;

		http_origin(&got, rows[i].url, &err);
		if (!got || strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s %s", rows[i].url, got ? got : "", err.msg);
		free(got);
	}
}

static void a_token_goes_to_its_own_origin_only(void **state)
{
	struct http *h = client(20000, 0);
	struct http_cred cred;
	struct http_request req = { .cred = &cred };
	struct http_response res;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(http_cred_token(&cred, url(&server, ""),
					 "Authorization: Bearer",
					 "hunter2hunter2\n", &err), 0);
	req.url = url(&server, "/redirect");
	assert_int_equal(http_do(h, &req, &res, &err), 0);
	assert_int_equal(res.status, 302);
	http_response_release(&res);
	assert_non_null(strstr(server.seen->text,
			       "\r\nAuthorization: Bearer hunter2hunter2\r\n"));
	assert_int_equal(trap.seen->connections, 0);

	/* Another port, another name for the same host: another origin. */
	req.url = url(&trap, "/ok");
	assert_int_equal(http_do(h, &req, &res, &err), -1);
	assert_int_equal(err.code, ERR_SECURITY);
	assert_null(strstr(err.msg, "hunter2"));
	http_response_release(&res);
	err_clear(&err);
	req.url = "http://localhost/";
	assert_int_equal(http_do(h, &req, &res, &err), -1);
	assert_int_equal(err.code, ERR_SECURITY);
	http_response_release(&res);
	assert_int_equal(trap.seen->connections, 0);

	http_cred_release(&cred);
	assert_null(cred.header);
	http_cred_release(&cred);
	http_free(h);
}

static void credentials_are_one_word(void **state)
{
	static const struct {
		const char *secret;
		const char *want;	/* NULL: ERR_USAGE */
	} rows[] = {
		{ "s3cret", "Authorization: Basic Ym90OnMzY3JldA==" },
		{ " s3cret\r\n", "Authorization: Basic Ym90OnMzY3JldA==" },
		{ "two words", NULL },
		{ "two\nlines", NULL },
		{ "caf\xc3\xa9", NULL },
		{ " \n", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_cred cred;
		struct err err = { 0 };

		http_cred_basic(&cred, "https://git.example.com", "bot",
				rows[i].secret, &err);
		if (rows[i].want ? !cred.header || strcmp(cred.header, rows[i].want)
				 : err.code != ERR_USAGE)
			fail_msg("row %zu: %s", i, err.msg);
		http_cred_release(&cred);
	}
}

static void nothing_is_sent_that_was_not_asked_for(void **state)
{
	static const char *const headers[] = { "Content-Type: text/x-mine",
					       "X-Mine: 1", NULL };
	struct http *h = client(20000, 0);
	struct http_request req = { .url = url(&server, "/cookie") };
	struct http_response res;
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(http_do(h, &req, &res, &err), 0);
		http_response_release(&res);
	}
	assert_null(strcasestr(server.seen->text, "\nCookie"));
	assert_null(strcasestr(server.seen->text, "\nAccept-Encoding"));
	assert_null(strcasestr(server.seen->text, "\nAuthorization"));
	assert_non_null(strcasestr(server.seen->text,
				   "\nUser-Agent: git-promote/"));

	req.headers = headers;
	req.method = "POST";
	req.body = "x";
	req.body_len = 1;
	assert_int_equal(http_do(h, &req, &res, &err), 0);
	http_response_release(&res);
	assert_non_null(strstr(server.seen->text, "\nContent-Type: text/x-mine"));
	assert_non_null(strstr(server.seen->text, "\nX-Mine: 1\r"));
	http_free(h);
}

static void large_bodies_go_up_whole(void **state)
{
	static char body[4 * 1024 * 1024];
	struct http_response res;
	struct err err = { 0 };
	uint32_t sum = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(body); i++) {
		body[i] = (char)(i * 7 + i / 251);
		sum = sum * 31 + (unsigned char)body[i];
	}
	for (int safe = 0; safe < 2; safe++) {
		struct http *h = client(20000, 0);
		struct http_request req = {
			.method = "POST", .url = url(&server, "/ok"),
			.body = body, .body_len = sizeof(body),
			.safe_to_repeat = safe,
		};

		assert_int_equal(http_do(h, &req, &res, &err), 0);
		assert_int_equal(res.status, 200);
		assert_int_equal(server.seen->body_len, sizeof(body));
		assert_int_equal(server.seen->body_sum, sum);
		assert_null(strcasestr(server.seen->text, "\nExpect"));
		/* curl would call it a form. */
		assert_null(strcasestr(server.seen->text, "\nContent-Type"));
		assert_true(http_cost(h)->bytes_sent > sizeof(body));
		assert_true(http_cost(h)->bytes_sent < sizeof(body) + 1000);
		http_response_release(&res);
		http_free(h);
	}
}

struct stream {
	struct http_response *res;
	size_t len, stop_at;
	unsigned calls;
};

static int stream_on_body(void *ctx, const char *data, size_t len,
			  struct err *err)
{
	struct stream *s = ctx;

	(void)data;
	assert_int_equal(s->res->status, 200);
	s->calls++;
	s->len += len;
	if (s->stop_at && s->len >= s->stop_at)
		return err_set(err, ERR_UNSAFE, "enough");
	return 0;
}

static void bodies_can_be_streamed(void **state)
{
	static const struct {
		const char *name, *path;
		size_t stop_at, want_len;
		enum err_code want;
		const char *want_stored;
	} rows[] = {
		{ "in pieces, not stored", "/ok", 0, 5, ERR_NONE, "" },
		{ "the reader's reason ends it", "/endless", 100, 0,
		  ERR_UNSAFE, "" },
		{ "an error's body is stored", "/html-error", 0, 0,
		  ERR_NONE, "<html>" },
		{ "what was seen is not repeated", "/cut", 0, 4,
		  ERR_TRANSIENT, "" },
		{ "over the cap", "/endless", 0, 0, ERR_DATA, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http *h = client(20000, 0);
		struct http_response res;
		struct stream s = { .res = &res, .stop_at = rows[i].stop_at };
		struct http_request req = {
			.url = url(&server, rows[i].path), .max_body = 1000000,
			.safe_to_repeat = true,
			.on_body = stream_on_body, .ctx = &s,
		};
		struct err err = { 0 };

		http_do(h, &req, &res, &err);
		if (err.code != rows[i].want ||
		    server.seen->requests != 1 ||
		    (rows[i].want_len && s.len != rows[i].want_len) ||
		    strcmp(buf_str(&res.body), rows[i].want_stored) != 0)
			fail_msg("%s: error %d '%s', %zu bytes, stored '%s', "
				 "%d requests", rows[i].name, (int)err.code,
				 err.msg, s.len, buf_str(&res.body),
				 server.seen->requests);
		http_response_release(&res);
		http_free(h);
	}
}

static void many_at_once_answer_in_order(void **state)
{
	struct http *h = client(20000, 0);
	static const char *const paths[] = { "/later/80", "/later/1",
					     "/later/40", "/later/2" };
	struct http_request reqs[6] = { 0 };
	struct http_response res[6];
	struct err errs[6];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		reqs[i].url = url(&server, paths[i]);
	reqs[4].url = "http://example.com/";
	reqs[5].url = url(&server, "/silent");
	reqs[5].timeout_ms = 200;
	http_do_many(h, reqs, res, errs, 6, 3);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(errs[i].code, ERR_NONE);
		assert_string_equal(buf_str(&res[i].body), paths[i]);
	}
	assert_int_equal(errs[4].code, ERR_SECURITY);
	assert_int_equal(errs[5].code, ERR_TRANSIENT);
	assert_true(server.seen->connections <= 3);
	for (size_t i = 0; i < 6; i++)
		http_response_release(&res[i]);
	http_free(h);
}

static int fake(void *ctx, const struct http_request *req,
		struct http_response *res, struct err *err)
{
	int *calls = ctx;

	(void)req;
	(void)err;
	(*calls)++;
	res->status = *calls < 3 ? 503 : 200;
	buf_addstr(&res->headers, "HTTP/1.1 503 x\r\nRetry-After: 7\r\n\r\n");
	return 0;
}

static void a_flight_moves_while_others_are_made(void **state)
{
	static const struct {
		const char *name, *path;
		int64_t timeout_ms;
		enum err_code want;
		long want_status;
		const char *want_body;
	} rows[] = {
		{ "answered", "/later/50", 0, ERR_NONE, 200, "/later/50" },
		{ "busy at first", "/busy2", 0, ERR_NONE, 200, "hello" },
		{ "an error's body", "/html-error", 0, ERR_NONE, 500, "<html>" },
		{ "cut off", "/cut", 0, ERR_TRANSIENT, 0, NULL },
		{ "too much", "/endless", 0, ERR_DATA, 0, NULL },
		{ "too late", "/silent", 500, ERR_TRANSIENT, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http *h = client(20000, 0);
		struct http_request req = {
			.url = url(&server, rows[i].path), .max_body = 1000000,
			.timeout_ms = rows[i].timeout_ms,
			.safe_to_repeat = strncmp(rows[i].path, "/busy", 5) == 0,
		};
		struct http_request other = { .url = url(&server, "/later/5") };
		struct http_response res, mine;
		struct err err = { 0 };
		struct http_flight *f = http_begin(h, &req);
		int tries = 0;

		while (!strstr(server.seen->text, rows[i].path)) {
			if (tries++ == 500)
				fail_msg("%s: not asked for", rows[i].name);
			assert_int_equal(http_do(h, &other, &res, &err), 0);
			assert_string_equal(buf_str(&res.body), "/later/5");
			http_response_release(&res);
		}
		http_end(f, &mine, &err);
		if (err.code != rows[i].want ||
		    mine.status != rows[i].want_status ||
		    (rows[i].want_body &&
		     strcmp(buf_str(&mine.body), rows[i].want_body) != 0))
			fail_msg("%s: error %d '%s', status %ld, '%s'",
				 rows[i].name, (int)err.code, err.msg,
				 mine.status, buf_str(&mine.body));
		http_response_release(&mine);
		http_free(h);
	}
}

static void a_flight_leaves_the_connection_that_is_there(void **state)
{
	struct http *h = client(20000, 0);
	struct http_request req = { .url = url(&server, "/nth") };
	struct http_response res;
	struct err err = { 0 };
	struct http_flight *f;

	(void)state;
	assert_int_equal(http_do(h, &req, &res, &err), 0);
	assert_string_equal(buf_str(&res.body), "1");
	http_response_release(&res);
	f = http_begin(h, &req);
	assert_int_equal(http_do(h, &req, &res, &err), 0);
	assert_string_equal(buf_str(&res.body), "2");
	http_response_release(&res);
	/* On one of its own, or on the first after all: that may be free by
	   the time it starts. */
	assert_int_equal(http_end(f, &res, &err), 0);
	assert_string_not_equal(buf_str(&res.body), "2");
	http_response_release(&res);
	http_free(h);
}

static void a_flight_nobody_wants_is_dropped(void **state)
{
	static const char *const paths[] = { "/ok", "/silent", "/endless" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct http *h = client(20000, 0);
		struct http_request req = { .url = url(&server, paths[i]) };
		struct http_request other = { .url = url(&server, "/ok") };
		struct http_response res;
		struct err err = { 0 };
		struct http_flight *never = http_begin(h, &req);
		struct http_flight *f;

		http_cancel(never);
		assert_int_equal(http_cost(h)->requests, 0);
		f = http_begin(h, &req);
		assert_int_equal(http_do(h, &other, &res, &err), 0);
		http_response_release(&res);
		http_cancel(f);
		http_free(h);
	}
	http_cancel(NULL);
}

static void a_flight_keeps_the_rules(void **state)
{
	struct http *h = client(20000, 0);
	struct http_request req = { .url = "http://git.example.com/" };
	struct http_response res;
	struct err err = { 0 };
	int calls = 2;

	(void)state;
	assert_int_equal(http_end(http_begin(h, &req), &res, &err), -1);
	assert_int_equal(err.code, ERR_SECURITY);
	http_response_release(&res);
	err_clear(&err);

	http_set_fake(h, fake, &calls);
	req.url = "https://git.example.com/";
	assert_int_equal(http_end(http_begin(h, &req), &res, &err), 0);
	assert_int_equal(res.status, 200);
	assert_int_equal(calls, 3);
	http_response_release(&res);
	http_free(h);
}

/* A proxy would read what is meant for loopback, the token with it. */
static void loopback_never_goes_through_a_proxy(void **state)
{
	struct http *h = client(20000, 0);
	struct http_request req = { .url = url(&server, "/ok") };
	struct http_response res;
	struct err err = { 0 };

	(void)state;
	setenv("http_proxy", url(&trap, "/"), 1);
	setenv("ALL_PROXY", url(&trap, "/"), 1);
	assert_int_equal(http_do(h, &req, &res, &err), 0);
	assert_int_equal(trap.seen->connections, 0);
	http_response_release(&res);

	/* https does: by CONNECT, so that the proxy sees no more than a host. */
	req.url = "https://git.example.com/secret-path";
	req.timeout_ms = 2000;
	setenv("https_proxy", url(&trap, "/"), 1);
	http_do(h, &req, &res, &err);
	assert_non_null(strstr(trap.seen->text, "CONNECT git.example.com:443"));
	assert_null(strstr(trap.seen->text, "secret-path"));
	http_response_release(&res);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	unsetenv("https_proxy");
	http_free(h);
}

static void a_fake_answers_without_network_or_sleep(void **state)
{
	struct http *h = client(3600 * 1000, 0);
	struct http_request req = { .url = "https://git.example.com/",
				    .safe_to_repeat = true };
	struct http_response res;
	struct err err = { 0 };
	int64_t start = clock_mono_ms();
	int calls = 0;

	(void)state;
	http_set_fake(h, fake, &calls);
	assert_int_equal(http_do(h, &req, &res, &err), 0);
	assert_int_equal(res.status, 200);
	assert_int_equal(calls, 3);
	http_response_release(&res);
	assert_true(http_fake_waited_ms(h) >= 14000);
	assert_true(http_wait(h, 1000 * 1000));
	assert_false(http_wait(h, 3600 * 1000));	/* the run's end */
	assert_true(clock_mono_ms() - start < 5000);

	req.url = "http://git.example.com/";
	assert_int_equal(http_do(h, &req, &res, &err), -1);
	assert_int_equal(err.code, ERR_SECURITY);
	assert_int_equal(calls, 3);
	http_response_release(&res);
	http_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_told_as_they_came),
		cmocka_unit_test(headers_are_found_in_any_case),
		cmocka_unit_test(failures_end_with_the_right_code),
		cmocka_unit_test(nothing_is_sent_twice_behind_our_back),
		cmocka_unit_test(the_end_of_the_run_ends_every_request),
		cmocka_unit_test(a_connection_refused_is_transient),
		cmocka_unit_test(what_must_not_be_asked_is_not_asked),
		cmocka_unit_test(origins_have_one_spelling),
		cmocka_unit_test(a_token_goes_to_its_own_origin_only),
		cmocka_unit_test(credentials_are_one_word),
		cmocka_unit_test(nothing_is_sent_that_was_not_asked_for),
		cmocka_unit_test(large_bodies_go_up_whole),
		cmocka_unit_test(bodies_can_be_streamed),
		cmocka_unit_test(many_at_once_answer_in_order),
		cmocka_unit_test(a_flight_moves_while_others_are_made),
		cmocka_unit_test(a_flight_leaves_the_connection_that_is_there),
		cmocka_unit_test(a_flight_nobody_wants_is_dropped),
		cmocka_unit_test(a_flight_keeps_the_rules),
		cmocka_unit_test(loopback_never_goes_through_a_proxy),
		cmocka_unit_test(a_fake_answers_without_network_or_sleep),
	};

	return cmocka_run_group_tests(tests, servers_start, servers_stop);
}
