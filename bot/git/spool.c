#include "bot/git/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bot/base/buf.h"
#include "bot/base/mem.h"

char *temp_dir(struct err *err)
{
	const char *const places[] = { getenv("TMPDIR"), "/tmp", "/var/tmp",
				       "/dev/shm" };
	int why = ENOENT;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct buf path = { 0 };

		if (!places[i] || places[i][0] != '/')
			continue;
		buf_addf(&path, "%s/git-promote-XXXXXX", places[i]);
		if (mkdtemp(path.data))
			return buf_detach(&path);
		why = errno;
		buf_release(&path);
	}
	err_set(err, ERR_TRANSIENT, "no place for temporary files (TMPDIR, "
		"/tmp, /var/tmp, /dev/shm): %s", strerror(why));
	return NULL;
}

static int open_nameless(struct err *err)
{
	struct buf path = { 0 };
	char *dir = temp_dir(err);
	int fd;

	if (!dir)
		return -1;
	buf_addf(&path, "%s/spool", dir);
	fd = open(path.data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		err_set(err, ERR_TRANSIENT, "cannot write %s: %s", path.data,
			strerror(errno));
	else
		unlink(path.data);
	rmdir(dir);
	buf_release(&path);
	free(dir);
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
