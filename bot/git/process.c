#include "bot/git/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bot/base/log.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

enum { MAX_SAID = 8 * 1024, FILTER_GRACE_MS = 10 * 1000 };

extern char **environ;

/*
 * What git itself takes off before it works on another repository (git
 * rev-parse --local-env-vars): we may be running inside a hook.
 */
static bool is_local_to_repo(const char *var)
{
	static const char *const names[] = {
		"GIT_ALTERNATE_OBJECT_DIRECTORIES=", "GIT_CONFIG=",
		"GIT_CONFIG_PARAMETERS=", "GIT_CONFIG_COUNT=",
		"GIT_OBJECT_DIRECTORY=", "GIT_DIR=", "GIT_WORK_TREE=",
		"GIT_IMPLICIT_WORK_TREE=", "GIT_GRAFT_FILE=",
		"GIT_INDEX_FILE=", "GIT_NO_REPLACE_OBJECTS=",
		"GIT_REPLACE_REF_BASE=", "GIT_PREFIX=", "GIT_SHALLOW_FILE=",
		"GIT_COMMON_DIR=", "GIT_INTERNAL_SUPER_PREFIX=",
		"GIT_NAMESPACE=", "GIT_QUARANTINE_PATH=", "GIT_PROTOCOL=",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_starts(var, names[i]))
			return true;
	return false;
}

/*
 * Nor what is for us alone: hooks and helpers have no use for it, and an agent
 * that gpg starts would keep it.
 */
static bool is_secret(const char *var)
{
	return str_starts(var, "PROMOTE_TOKEN=") ||
	       str_starts(var, "PROMOTE_ARGOCD_TOKEN=");
}

static const char **make_env(const char *const *add)
{
	size_t n = 0, len = 0;
	const char **env;

	while (environ && environ[n])
		n++;
	for (size_t i = 0; add[i]; i++)
		n++;
	env = xcalloc(n + 1, sizeof(*env));
	for (size_t i = 0; environ && environ[i]; i++)
		if (!is_local_to_repo(environ[i]) && !is_secret(environ[i]))
			env[len++] = environ[i];
	for (size_t i = 0; add[i]; i++)
		env[len++] = add[i];
	return env;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* In the child: only calls that are safe after fork(). */
static _Noreturn void become(const char *const *argv, const char **env,
			     int in, int out, int errfd, int report,
			     bool own_group)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int why;

	if (own_group)
		setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigaction(SIGPIPE, &dfl, NULL);
	if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(errfd, 2) >= 0)
		execvpe(argv[0], (char *const *)argv, (char *const *)env);
	why = errno;
	if (write(report, &why, sizeof(why)) < 0)
		_exit(126);
	_exit(127);
}

/*
 * Its stdin is a socket: writing to one that it closed is then an error of
 * ours to handle (MSG_NOSIGNAL), not a SIGPIPE for the whole program.
 */
int process_start(struct process *p, const char *const *argv,
		  const char *const *add, bool own_group, struct err *err)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, say[2] = { -1, -1 };
	int report[2] = { -1, -1 }, why = 0, rc = -1;
	const char **env = make_env(add);
	ssize_t n;

	*p = (struct process){ .in = -1, .out = -1, .err = -1,
			       .own_group = own_group };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0 ||
	    pipe2(out, O_CLOEXEC) < 0 || pipe2(say, O_CLOEXEC) < 0 ||
	    pipe2(report, O_CLOEXEC) < 0 || (p->pid = fork()) < 0) {
		p->pid = 0;
		err_set(err, ERR_TRANSIENT, "cannot start %s: %s", argv[0],
			strerror(errno));
		goto out;
	}
	if (p->pid == 0)
		become(argv, env, in[1], out[1], say[1], report[1], own_group);
	close_fd(&report[1]);
	do
		n = read(report[0], &why, sizeof(why));
	while (n < 0 && errno == EINTR);
	if (n != 0) {
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			;
		p->pid = 0;
		err_set(err, ERR_REFUSED, "cannot start %s: %s", argv[0],
			strerror(why));
		goto out;
	}
	p->in = in[0];
	p->out = out[0];
	p->err = say[0];
	in[0] = out[0] = say[0] = -1;
	fcntl(p->in, F_SETFL, O_NONBLOCK);
	fcntl(p->out, F_SETFL, O_NONBLOCK);
	fcntl(p->err, F_SETFL, O_NONBLOCK);
	rc = 0;
out:
	for (int i = 0; i < 2; i++) {
		close_fd(&in[i]);
		close_fd(&out[i]);
		close_fd(&say[i]);
		close_fd(&report[i]);
	}
	free(env);
	return rc;
}

static void read_stderr(struct process *p)
{
	char piece[1024];
	ssize_t n = read(p->err, piece, sizeof(piece));

	if (n > 0) {
		size_t room = MAX_SAID - p->said.len;

		buf_add(&p->said, piece, (size_t)n < room ? (size_t)n : room);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close_fd(&p->err);
	}
}

/* What has come on stdout: 1 at its end, -1 with ERR set by GOT. */
static int read_stdout(struct process *p, const struct process_io *io,
		       struct err *err)
{
	char piece[16 * 1024];
	ssize_t n = read(p->out, piece, sizeof(piece));

	if (n > 0)
		return io->got(io->ctx, piece, (size_t)n, err);
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close_fd(&p->out);
		return 1;
	}
	return 0;
}

static void write_stdin(struct process *p, const struct process_io *io,
			size_t *written)
{
	ssize_t n = send(p->in, io->data + *written, io->len - *written,
			 MSG_NOSIGNAL);

	if (n > 0)
		*written += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		close_fd(&p->in);	/* its answer, or its end, says why */
	if (*written == io->len && io->close_after)
		close_fd(&p->in);
}

int process_talk(struct process *p, const struct process_io *io,
		 const struct deadline *deadline, struct err *err)
{
	size_t written = 0;

	while (!io->until(io->ctx) || (written < io->len && p->in >= 0)) {
		struct pollfd fds[3] = {
			{ .fd = written < io->len ? p->in : -1,
			  .events = POLLOUT },
			{ .fd = p->out, .events = POLLIN },
			{ .fd = p->err, .events = POLLIN },
		};
		int64_t left = deadline_left_ms(deadline);
		int rc;

		if (p->out < 0)
			return 0;
		if (left == 0)
			return err_set(err, ERR_TRANSIENT, "no answer within "
				       "the time given");
		rc = poll(fds, 3, left > 60000 ? 60000 : (int)left);
		if (rc < 0 && errno != EINTR)
			return err_set(err, ERR_TRANSIENT, "poll: %s",
				       strerror(errno));
		if (rc <= 0)
			continue;
		if (fds[2].revents)
			read_stderr(p);
		if (fds[0].revents)
			write_stdin(p, io, &written);
		if (fds[1].revents) {
			rc = read_stdout(p, io, err);
			if (rc < 0)
				return -1;
			if (rc > 0)
				return 0;
		}
	}
	return 0;
}

/* Wait for what it still says, to the end of both pipes; false: too long. */
static bool drain(struct process *p, const struct deadline *d)
{
	char piece[4096];

	while (p->out >= 0 || p->err >= 0) {
		struct pollfd fds[2] = { { .fd = p->out, .events = POLLIN },
					 { .fd = p->err, .events = POLLIN } };
		int64_t left = deadline_left_ms(d);

		if (left == 0)
			return false;
		if (poll(fds, 2, (int)left) <= 0)
			continue;
		if (fds[0].revents) {
			ssize_t n = read(p->out, piece, sizeof(piece));

			if (n == 0 ||
			    (n < 0 && errno != EAGAIN && errno != EINTR))
				close_fd(&p->out);
		}
		if (fds[1].revents)
			read_stderr(p);
	}
	return true;
}

static bool reap(struct process *p, int *status, const struct deadline *d)
{
	for (int64_t nap_ms = 1;; nap_ms = nap_ms < 50 ? 2 * nap_ms : 50) {
		pid_t rc = waitpid(p->pid, status, WNOHANG);

		if (rc == p->pid || (rc < 0 && errno != EINTR))
			return true;
		if (!sleep_ms(nap_ms, d))
			return false;
	}
}

int process_end(struct process *p, int64_t grace_ms)
{
	static const struct { int sig; int64_t wait_ms; } steps[] = {
		{ SIGTERM, 1000 },	/* git then removes its locks */
		{ SIGKILL, 5000 },
	};
	struct deadline d = deadline_in(grace_ms);
	bool ended = false;
	int status = 0;

	if (p->pid == 0)
		return 0;
	close_fd(&p->in);
	drain(p, &d);
	ended = reap(p, &status, &d);
	for (size_t i = 0; !ended && i < ARRAY_LEN(steps); i++) {
		kill(p->own_group ? -p->pid : p->pid, steps[i].sig);
		d = deadline_in(steps[i].wait_ms);
		ended = reap(p, &status, &d);
		if (ended && p->own_group)	/* a hook that did not heed it */
			kill(-p->pid, SIGKILL);
	}
	close_fd(&p->out);
	close_fd(&p->err);
	p->pid = 0;
	return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void process_release(struct process *p)
{
	process_end(p, 0);
	buf_release(&p->said);
}

static int filtered(void *ctx, const char *data, size_t len, struct err *err)
{
	struct buf *out = ctx;

	if (out->len + len > MAX_FILTERED)
		return err_set(err, ERR_DATA, "it says too much");
	buf_add(out, data, len);
	return 0;
}

static bool until_end(void *ctx)
{
	(void)ctx;
	return false;
}

int process_filter(const char *const *argv, const char *const *add,
		   const struct buf *in, struct buf *out, struct buf *said,
		   int *status, const struct deadline *deadline,
		   struct err *err)
{
	struct process_io io = { .data = in->data, .len = in->len,
				 .close_after = true, .got = filtered,
				 .until = until_end, .ctx = out };
	struct process p;
	int rc;

	log_progress_done();
	if (process_start(&p, argv, add, false, err) < 0)
		return -1;
	/* Enough at once: growing would leave copies of a secret behind. */
	buf_reserve(out, MAX_FILTERED);
	rc = process_talk(&p, &io, deadline, err);
	*status = process_end(&p, rc == 0 ? FILTER_GRACE_MS : 0);
	buf_add(said, p.said.data, p.said.len);
	process_release(&p);
	return rc < 0 ? err_prefix(err, "%s: ", argv[0]) : 0;
}
