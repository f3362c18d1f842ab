#include "tests/sim/sim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bot/base/mem.h"
#include "bot/base/str.h"

/*
 * git as the server runs it: by argument vector, with nothing of whoever
 * started the tests but PATH. That git is not the bot's libgit2 is the point:
 * one judges the other.
 */
char **git_env(const char *const *more)
{
	static const char *const fixed[] = {
		"HOME=/nonexistent", "LC_ALL=C", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=forge", "GIT_AUTHOR_EMAIL=forge@localhost",
		"GIT_COMMITTER_NAME=forge",
		"GIT_COMMITTER_EMAIL=forge@localhost",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory",
		"GIT_CONFIG_VALUE_0=*",
	};
	size_t n = 0, cap = ARRAY_LEN(fixed) + 2;
	struct buf path = { 0 };
	char **env;

	for (size_t i = 0; more && more[i]; i++)
		cap++;
	env = xcalloc(cap, sizeof(*env));
	buf_addf(&path, "PATH=%s", getenv("PATH") ? getenv("PATH")
						  : "/usr/bin:/bin");
	/* The first of a name wins in getenv(): what is asked for goes first. */
	for (size_t i = 0; more && more[i]; i++)
		env[n++] = xstrdup(more[i]);
	env[n++] = buf_detach(&path);
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		size_t len = strcspn(fixed[i], "=") + 1;
		bool is_given = false;

		for (size_t k = 0; more && more[k]; k++)
			is_given |= !strncmp(more[k], fixed[i], len);
		if (!is_given)
			env[n++] = xstrdup(fixed[i]);
	}
	return env;
}

void env_free(char **env)
{
	for (size_t i = 0; env && env[i]; i++)
		free(env[i]);
	free(env);
}

int spawn(const char *const *argv, char **env, int in, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, usual;
	pid_t pid;
	int rc;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
					POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawnp(&pid, argv[0], &actions, &attr,
			  (char *const *)(uintptr_t)argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return rc ? -1 : pid;
}

/* Write INPUT and read the answer at once, so that neither side can block. */
static void pump(int in, int out, const char *input, struct buf *answer)
{
	size_t left = input ? strlen(input) : 0;

	if (left == 0) {
		close(in);
		in = -1;
	} else {
		fcntl(in, F_SETFL, O_NONBLOCK);
	}
	for (;;) {
		struct pollfd p[2] = { { .fd = out, .events = POLLIN },
				       { .fd = in, .events = POLLOUT } };
		ssize_t n;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		if (in >= 0 && p[1].revents) {
			n = write(in, input, left);
			if (n > 0) {
				input += n;
				left -= (size_t)n;
			}
			if (left == 0 || (n < 0 && errno != EAGAIN)) {
				close(in);
				in = -1;
			}
		}
		if (p[0].revents) {
			n = read(out, buf_reserve(answer, 65536), 65536);
			if (n <= 0)
				break;
			answer->len += (size_t)n;
			answer->data[answer->len] = '\0';
		}
	}
	if (in >= 0)
		close(in);
}

int git_run(const char *dir, struct buf *out, const char *input,
	    const char *const *env, const char *const *argv)
{
	const char *full[40] = { "git", "-C", dir };
	struct buf answer = { 0 };
	int to[2], from[2], status = -1;
	char **e = git_env(env);
	pid_t pid;

	for (size_t i = 0; argv[i] && i + 4 < ARRAY_LEN(full); i++)
		full[i + 3] = argv[i];
	if (pipe2(to, O_CLOEXEC) < 0)
		goto out;
	if (pipe2(from, O_CLOEXEC) < 0) {
		close(to[0]);
		close(to[1]);
		goto out;
	}
	pid = spawn(full, e, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	pump(to[1], from[0], input, &answer);
	close(from[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	status = pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	while (answer.len && answer.data[answer.len - 1] == '\n')
		answer.data[--answer.len] = '\0';
	if (out)
		buf_add(out, buf_str(&answer), answer.len);
out:
	buf_release(&answer);
	env_free(e);
	return status;
}

bool git_is_ancestor(const char *dir, const char *a, const char *b)
{
	return GIT(dir, NULL, "merge-base", "--is-ancestor", a, b) == 0;
}
