#include "bot/git/transport.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bot/base/log.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"
#include "bot/git/process.h"

enum {
	GRACE_MS = 2000,	/* for a program that has said all it had to */
	SSH_FAILED = 255,	/* ssh's own status; else the remote command's */
};

struct process_transport {
	struct transport base;
	const struct deadline *deadline;
	bool is_ssh;
	struct process process;
	enum service service;	/* that it runs */

	char *path;		/* local: absolute */
	char **ssh;		/* the words before our own */
	size_t ssh_len;
	struct ssh_place place;
};

/* Starting ------------------------------------------------------------------ */

static const char *const no_env[] = { NULL };
static const char *const v2_env[] = { "GIT_PROTOCOL=version=2", NULL };

/*
 * A repository on disk serves us whatever its configuration says of filters:
 * it is our own process that reads it, and the user could read it all anyway.
 */
static int start_local(struct process_transport *t, enum service service,
		       bool v2, struct err *err)
{
	const char *const upload[] = {
		"git", "-c", "uploadpack.allowFilter=true", "-c",
		"uploadpack.allowAnySHA1InWant=true", "upload-pack", t->path,
		NULL
	};
	const char *const receive[] = { "git", "receive-pack", t->path, NULL };
	struct stat st;

	if (stat(t->path, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, ERR_REFUSED, "there is no directory %s",
			       t->path);
	return process_start(&t->process,
			     service == UPLOAD_PACK ? upload : receive,
			     v2 ? v2_env : no_env, true, err);
}

/* PATH in single quotes for the shell at the other end, as git sends it. */
static void quote_for_sh(struct buf *out, const char *path)
{
	buf_addch(out, '\'');
	for (; *path; path++) {
		if (*path == '\'' || *path == '!')
			buf_addf(out, "'\\%c'", *path);
		else
			buf_addch(out, *path);
	}
	buf_addch(out, '\'');
}

static int start_ssh(struct process_transport *t, enum service service,
		     bool v2, struct err *err)
{
	const char **argv = xcalloc(t->ssh_len + 8, sizeof(*argv));
	struct buf command = { 0 };
	size_t n = 0;
	int rc;

	for (; n < t->ssh_len; n++)
		argv[n] = t->ssh[n];
	if (v2) {
		argv[n++] = "-o";
		argv[n++] = "SendEnv=GIT_PROTOCOL";
	}
	if (t->place.port) {
		argv[n++] = "-p";
		argv[n++] = t->place.port;
	}
	argv[n++] = t->place.user_host;
	buf_addf(&command, "%s ", service_names[service]);
	quote_for_sh(&command, t->place.path);
	argv[n++] = buf_str(&command);
	rc = process_start(&t->process, argv, v2 ? v2_env : no_env, false, err);
	buf_release(&command);
	free(argv);
	return rc;
}

/* Talking ------------------------------------------------------------------- */

static int got(void *ctx, const char *data, size_t len, struct err *err)
{
	return pkt_feed(ctx, data, len, err);
}

static bool until_done(void *ctx)
{
	const struct pkt_reader *in = ctx;

	return in->done;
}

/* The last line it said, for a message: what went wrong stands there. */
static void last_words(struct buf *out, const struct process *p)
{
	const char *s = buf_str(&p->said), *line = NULL, *next;

	for (; *s; s = next + (*next == '\n')) {
		next = strchrnul(s, '\n');
		if (str_starts(s, "fatal: ") || str_starts(s, "error: ")) {
			line = s;
			break;
		}
		if (next > s)
			line = s;
	}
	if (line)
		buf_add(out, line, strcspn(line, "\r\n"));
}

/*
 * It ended before it had answered. ssh's texts serve only to choose between
 * "run again" and "the server said no"; they decide nothing else.
 */
static int ended_early(struct process_transport *t, struct err *err)
{
	enum err_code code = ERR_REFUSED;
	struct buf words = { 0 };
	int status = process_end(&t->process, GRACE_MS);
	const char *said = buf_str(&t->process.said);

	if (status < 0 ||
	    (t->is_ssh && status == SSH_FAILED &&
	     !strstr(said, "Permission denied") &&
	     !strstr(said, "Host key verification failed")))
		code = ERR_TRANSIENT;
	last_words(&words, &t->process);
	if (words.len)
		err_set(err, code, "%s: %.700s",
			t->is_ssh ? "ssh" : service_names[t->service],
			buf_str(&words));
	else
		err_set(err, code, "%s ended without an answer (status %d)",
			t->is_ssh ? "ssh" : service_names[t->service], status);
	buf_release(&words);
	return -1;
}

static void process_hang_up(struct transport *base)
{
	struct process_transport *t = (struct process_transport *)base;

	process_end(&t->process, 0);
}

static int converse(struct process_transport *t, const struct buf *send,
		    bool last, struct pkt_reader *in, struct err *err)
{
	struct process_io io = { .data = send->data, .len = send->len,
				 .close_after = last, .got = got,
				 .until = until_done, .ctx = in };
	uint64_t before = in->bytes;
	int rc = process_talk(&t->process, &io, t->deadline, err);

	t->base.bytes_received += in->bytes - before;
	if (rc == 0 && !in->done)
		return ended_early(t, err);
	if (rc < 0)
		process_hang_up(&t->base);
	return rc;
}

static int process_hello(struct transport *base, enum service service, bool v2,
			 struct pkt_reader *in, struct err *err)
{
	struct process_transport *t = (struct process_transport *)base;
	static const struct buf nothing;
	int rc;

	process_end(&t->process, GRACE_MS);
	process_release(&t->process);
	base->requests++;
	t->service = service;
	rc = t->is_ssh ? start_ssh(t, service, v2, err)
		       : start_local(t, service, v2, err);
	if (rc == 0)
		rc = converse(t, &nothing, false, in, err);
	return rc;
}

static bool process_talking(struct transport *base, enum service service)
{
	struct process_transport *t = (struct process_transport *)base;

	return t->process.pid != 0 && t->process.in >= 0 &&
	       t->service == service;
}

/* One conversation at a time: two of ssh might both ask for a password. */
static void process_expect(struct transport *base, enum service service,
			   const struct buf *head)
{
	(void)base;
	(void)service;
	(void)head;
}

static int process_request(struct transport *base, enum service service,
			   const struct buf *head, const struct buf *body,
			   bool repeatable, struct pkt_reader *in,
			   struct err *err)
{
	struct process_transport *t = (struct process_transport *)base;
	struct buf all = { 0 };
	int rc;

	(void)repeatable;
	if (!process_talking(base, service))
		BUG("a request to %s, which does not run",
		    service_names[service]);
	base->requests++;
	buf_add(&all, head->data, head->len);
	if (body && body->len)
		buf_add(&all, body->data, body->len);
	base->bytes_sent += all.len;
	rc = converse(t, &all, service == RECEIVE_PACK, in, err);
	if (rc < 0 && service == RECEIVE_PACK && err->code == ERR_REFUSED)
		err->code = ERR_TRANSIENT;	/* it may have acted already */
	if (service == RECEIVE_PACK)
		process_end(&t->process, GRACE_MS);
	if (t->process.said.len)
		log_verbose("%s: %s", service_names[service],
			    buf_str(&t->process.said));
	buf_reset(&t->process.said);
	buf_release(&all);
	return rc;
}

static void process_transport_free(struct transport *base)
{
	struct process_transport *t = (struct process_transport *)base;

	process_end(&t->process, GRACE_MS);
	process_release(&t->process);
	for (size_t i = 0; i < t->ssh_len; i++)
		free(t->ssh[i]);
	free(t->ssh);
	free(t->path);
	ssh_place_release(&t->place);
	free(t);
}

static const struct transport_ops process_ops = {
	.name	 = "process",
	.hello	 = process_hello,
	.expect	 = process_expect,
	.request = process_request,
	.talking = process_talking,
	.hang_up = process_hang_up,
	.free	 = process_transport_free,
};

/* Opening ------------------------------------------------------------------- */

static struct process_transport *new_transport(const struct deadline *deadline)
{
	struct process_transport *t = xcalloc(1, sizeof(*t));

	t->base.ops = &process_ops;
	t->deadline = deadline;
	return t;
}

int transport_local_new(struct transport **out, const char *path,
			const struct deadline *deadline, struct err *err)
{
	struct process_transport *t;
	char *real = realpath(path, NULL);

	if (!real)
		return err_set(err, ERR_REFUSED, "there is no repository at "
			       "'%s' on this disk; a URL begins with https:// "
			       "or ssh://", path);
	t = new_transport(deadline);
	t->path = real;
	*out = &t->base;
	return 0;
}

/* One word of LINE from *S on; NULL where there is none, -1 in *BAD. */
static char *next_word(const char **s, bool *bad)
{
	struct buf word = { 0 };
	const char *p = *s;
	char quote = 0;

	while (*p == ' ' || *p == '\t')
		p++;
	if (!*p)
		return NULL;
	for (; *p && (quote || (*p != ' ' && *p != '\t')); p++) {
		if (quote == '\'' && *p != '\'') {
			buf_addch(&word, *p);
		} else if (*p == quote) {
			quote = 0;
		} else if (!quote && (*p == '\'' || *p == '"')) {
			quote = *p;
		} else if (strchr("$`", *p) ||
			   (!quote && strchr(";|&<>()\n*?#~", *p))) {
			*bad = true;
			break;
		} else if (*p == '\\' && p[1]) {
			if (quote && !strchr("\"\\", p[1]))
				buf_addch(&word, '\\');
			buf_addch(&word, *++p);
		} else {
			buf_addch(&word, *p);
		}
	}
	if (quote)
		*bad = true;
	*s = p;
	return buf_detach(&word);
}

int split_words(char ***words, size_t *len, const char *line, struct err *err)
{
	size_t cap = 0;
	bool bad = false;
	char *word;

	*words = NULL;
	*len = 0;
	while (!bad && (word = next_word(&line, &bad))) {
		ARRAY_GROW(*words, *len, cap);
		(*words)[(*len)++] = word;
	}
	if (!bad && *len)
		return 0;
	for (size_t i = 0; i < *len; i++)
		free((*words)[i]);
	free(*words);
	*words = NULL;
	*len = 0;
	return err_set(err, ERR_USAGE, "it is not made of plain words (no "
		       "shell is started: write a script and name that)");
}

int transport_ssh_new(struct transport **out, const struct ssh_place *place,
		      const struct deadline *deadline, struct err *err)
{
	const char *command = getenv("GIT_SSH_COMMAND");
	const char *program = getenv("GIT_SSH");
	struct process_transport *t = new_transport(deadline);

	t->is_ssh = true;
	if (command && *command) {
		if (split_words(&t->ssh, &t->ssh_len, command, err) < 0) {
			free(t);
			return err_prefix(err, "GIT_SSH_COMMAND: ");
		}
	} else {
		t->ssh = xcalloc(1, sizeof(*t->ssh));
		t->ssh[0] = xstrdup(program && *program ? program : "ssh");
		t->ssh_len = 1;
	}
	t->place.user_host = xstrdup(place->user_host);
	t->place.port = xstrdup(place->port);
	t->place.path = xstrdup(place->path);
	*out = &t->base;
	return 0;
}
