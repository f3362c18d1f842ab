#include "bot/inplace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bot/base/mem.h"

/* What a person can mend (a name, a right) and what may pass by itself. */
static enum err_code code_of(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
	case EIO:
	case EMFILE:
	case ENFILE:
	case EINTR:
	case EAGAIN:
		return ERR_TRANSIENT;
	default:
		return ERR_USAGE;
	}
}

static int fail(struct err *err, const char *what)
{
	int e = errno;

	return err_set(err, code_of(e), "%s: %s", what, strerror(e));
}

/* The folder and the last part of PATH: "a/b" is "a" and "b", "b" is ".". */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/")
			     : xstrndup(path, (size_t)(slash - path));
}

/*
 * Where PATH really is. A link may lead anywhere below the folder that PATH
 * names, and nowhere else: a config repository is not trusted with the rest
 * of the disk.
 */
static char *resolve(const char *path, struct err *err)
{
	char *folder = folder_of(path), *base = realpath(folder, NULL);
	char *target = base ? realpath(path, NULL) : NULL;
	size_t len = base ? strlen(base) : 0;

	if (!target) {
		fail(err, "cannot open");
	} else if (strncmp(target, base, len) != 0 ||
		   (target[len] != '/' && target[len] != '\0' &&
		    strcmp(base, "/") != 0)) {
		err_set(err, ERR_SECURITY, "a symbolic link out of its folder "
			"(to %s); name the file itself", target);
		free(target);
		target = NULL;
	}
	free(folder);
	free(base);
	return target;
}

static int read_all(struct inplace *f, int fd, size_t max, struct err *err)
{
	for (;;) {
		size_t want = 64 * 1024;
		ssize_t n;

		if (f->text.len == 0 && f->st.st_size > 0 &&
		    (size_t)f->st.st_size <= max)
			want = (size_t)f->st.st_size + 1;
		n = read(fd, buf_reserve(&f->text, want), want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, "cannot read");
		if (n == 0)
			return 0;
		f->text.len += (size_t)n;
		f->text.data[f->text.len] = '\0';
		if (f->text.len > max)
			return err_set(err, ERR_DATA, "1:1: larger than %zu "
				       "MiB", max >> 20);
	}
}

int inplace_open(struct inplace *f, const char *path, size_t max,
		 struct err *err)
{
	char *target, *folder = NULL;
	int fd = -1, rc = -1;

	memset(f, 0, sizeof(*f));
	f->dir_fd = -1;
	target = resolve(path, err);
	if (!target)
		return -1;
	folder = folder_of(target);
	f->name = xstrdup(strrchr(target, '/') + 1);
	f->dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Non-blocking: a pipe under that name shall not hang us. */
	if (f->dir_fd >= 0)
		fd = openat(f->dir_fd, f->name,
			    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &f->st) < 0)
		fail(err, "cannot open");
	else if (!S_ISREG(f->st.st_mode))
		err_set(err, ERR_USAGE, "not a regular file");
	else
		rc = read_all(f, fd, max, err);
	if (fd >= 0)
		close(fd);
	free(folder);
	free(target);
	return rc;
}

/* A new file beside the old one; its name goes to NAME. */
static int temp_open(const struct inplace *f, char **name)
{
	for (int tries = 0; tries < 100; tries++) {
		struct buf b = { 0 };
		uint64_t random = 0;
		int fd;

		if (getrandom(&random, sizeof(random), 0) < 0)
			return -1;
		/* Short, so that it fits where the name itself just does. */
		buf_addf(&b, ".yamledit-%012llx",
			 (unsigned long long)random & 0xffffffffffff);
		*name = buf_detach(&b);
		fd = openat(f->dir_fd, *name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
			    O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
		free(*name);
		*name = NULL;
	}
	return -1;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Owner first: changing it clears the set-id bits of the mode. */
static int take_over(int fd, const struct stat *st)
{
	struct stat mine;

	if (fstat(fd, &mine) < 0)
		return -1;
	if ((mine.st_uid != st->st_uid || mine.st_gid != st->st_gid) &&
	    fchown(fd, st->st_uid, st->st_gid) < 0)
		return -1;
	return fchmod(fd, st->st_mode & 07777);
}

static bool is_unchanged(const struct inplace *f)
{
	struct stat now;

	return fstatat(f->dir_fd, f->name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now.st_ino == f->st.st_ino && now.st_dev == f->st.st_dev &&
	       now.st_size == f->st.st_size &&
	       now.st_mtim.tv_sec == f->st.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == f->st.st_mtim.tv_nsec;
}

static int replace(struct inplace *f, int fd, const char *temp,
		   const char *text, size_t len, struct err *err)
{
	if (write_all(fd, text, len) < 0)
		return fail(err, "cannot write");
	if (take_over(fd, &f->st) < 0)
		return fail(err, "cannot keep owner and mode");
	if (fsync(fd) < 0)
		return fail(err, "cannot write");
	if (!is_unchanged(f))
		return err_set(err, ERR_RACE, "somebody else changed it "
			       "meanwhile; run this again");
	if (renameat(f->dir_fd, temp, f->dir_fd, f->name) < 0)
		return fail(err, "cannot replace");
	/*
	 * The folder is not synced: after a crash the name leads to the old
	 * text or to the new one, each of them whole, and that is promised.
	 */
	return 0;
}

int inplace_write(struct inplace *f, const char *text, size_t len,
		  struct err *err)
{
	sigset_t stop, old;
	char *temp = NULL;
	int fd, rc = -1;

	/* A signal in between would leave the temporary file behind. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGHUP);
	sigprocmask(SIG_BLOCK, &stop, &old);
	fd = temp_open(f, &temp);
	if (fd < 0) {
		fail(err, "cannot write in its folder");
	} else {
		rc = replace(f, fd, temp, text, len, err);
		close(fd);
		if (rc < 0)
			unlinkat(f->dir_fd, temp, 0);
	}
	free(temp);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

void inplace_release(struct inplace *f)
{
	if (f->name)
		close(f->dir_fd);
	free(f->name);
	buf_release(&f->text);
	memset(f, 0, sizeof(*f));
}
