#include "bot/git/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bot/base/buf.h"
#include "bot/base/mem.h"

int temp_dir_init(struct temp_dir *t, struct err *err)
{
	const char *const places[] = { getenv("TMPDIR"), "/tmp", "/var/tmp",
				       "/dev/shm" };
	int why = ENOENT;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &t->signals);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct buf path = { 0 };

		if (!places[i] || places[i][0] != '/')
			continue;
		buf_addf(&path, "%s/git-promote-XXXXXX", places[i]);
		if (mkdtemp(path.data)) {
			t->path = buf_detach(&path);
			return 0;
		}
		why = errno;
		buf_release(&path);
	}
	pthread_sigmask(SIG_SETMASK, &t->signals, NULL);
	return err_set(err, ERR_TRANSIENT, "no place for temporary files "
		       "(TMPDIR, /tmp, /var/tmp, /dev/shm): %s", strerror(why));
}

bool temp_dir_release(struct temp_dir *t)
{
	bool gone = rmdir(t->path) == 0;

	pthread_sigmask(SIG_SETMASK, &t->signals, NULL);
	free(t->path);
	return gone;
}

static int open_nameless(struct err *err)
{
	struct buf path = { 0 };
	struct temp_dir dir;
	int fd;

	if (temp_dir_init(&dir, err) < 0)
		return -1;
	buf_addf(&path, "%s/spool", dir.path);
	fd = open(path.data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		err_set(err, ERR_TRANSIENT, "cannot write %s: %s", path.data,
			strerror(errno));
	else
		unlink(path.data);
	temp_dir_release(&dir);
	buf_release(&path);
	return fd;
}

int spool_add(struct spool *s, const void *data, size_t len, struct err *err)
{
	const char *p = data;

	if (s->fd < 0 && (s->fd = open_nameless(err)) < 0)
		return -1;
	s->len += len;
	while (len) {
		ssize_t n = write(s->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_TRANSIENT, "cannot write a "
				       "temporary file: %s", strerror(errno));
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

void spool_release(struct spool *s)
{
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct spool)SPOOL_INIT;
}
