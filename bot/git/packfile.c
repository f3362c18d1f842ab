#include "bot/git/packfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bot/base/buf.h"
#include "bot/base/mem.h"
#include "bot/git/libgit.h"
#include "bot/git/spool.h"

void packfile_release(struct packfile *p)
{
	if (p->backend)
		p->backend->free(p->backend);
	if (p->pack_fd >= 0)
		close(p->pack_fd);
	if (p->idx_fd >= 0)
		close(p->idx_fd);
}

/* DIR/pack-NAME.SUFFIX */
static char *pack_path(const char *dir, const char *name, const char *suffix)
{
	struct buf path = { 0 };

	buf_addf(&path, "%s/pack-%s.%s", dir, name, suffix);
	return buf_detach(&path);
}

/*
 * Have libgit2 open all of a pack, so that its names may go: it maps the index
 * at the first look-up and keeps the pack's descriptor from the first object
 * that it reads.
 */
static int pack_open(struct packfile *p, const char *idx, struct err *err)
{
	git_object_t type;
	size_t len;
	void *data;

	if (git_odb_backend_one_pack(&p->backend, idx) < 0 ||
	    p->backend->read(&data, &len, &type, p->backend,
			     git(&p->some)) < 0)
		return libgit_error(err, "the server sent a pack that cannot "
				    "be read");
	git_odb_backend_data_free(p->backend, data);
	return 0;
}

/* DIR/pack-x.SUFFIX, leading to a file that we hold open. */
static char *lend_name(const char *dir, const char *suffix, int fd)
{
	char *path = pack_path(dir, "x", suffix), to[40];

	snprintf(to, sizeof(to), "/proc/self/fd/%d", fd);
	if (symlink(to, path) < 0) {
		free(path);
		return NULL;
	}
	return path;
}

/*
 * libgit2 caches up to 16 MiB of what it unpacked of each pack, and offers no
 * way to say less. A history's packs are read once, from end to end. Where /proc
 * is not mounted an open file has no name to be lent, and the cache stays.
 */
int packfile_drop_cache(struct packfile *p, struct err *err)
{
	struct temp_dir dir;
	char *pack, *idx;
	int rc = -1;

	p->was_read = false;
	if (access("/proc/self/fd", X_OK) < 0)
		return 0;
	if (temp_dir_init(&dir, err) < 0)
		return -1;
	p->backend->free(p->backend);
	p->backend = NULL;
	pack = lend_name(dir.path, "pack", p->pack_fd);
	idx = lend_name(dir.path, "idx", p->idx_fd);
	if (pack && idx)
		rc = pack_open(p, idx, err);
	else
		err_set(err, ERR_TRANSIENT, "symlink: %s", strerror(errno));
	if (pack)
		unlink(pack);
	if (idx)
		unlink(idx);
	temp_dir_release(&dir);
	free(pack);
	free(idx);
	return rc;
}

static int list_id(const git_oid *id, void *ctx)
{
	struct oid copy;

	memcpy(copy.id, id->id, sizeof(copy.id));
	oidlist_add(ctx, &copy);
	return 0;
}

static int open_fd(const char *path, int *fd, struct err *err)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? err_set(err, ERR_TRANSIENT, "cannot open %s: %s", path,
				 strerror(errno)) : 0;
}

/* Take the pack just written: what is in it, and both files held open. */
static int hold(struct packfile *out, const char *pack, const char *idx,
		struct oidlist *ids, struct err *err)
{
	struct packfile p = { .pack_fd = -1, .idx_fd = -1 };
	git_odb_backend *list;

	if (git_odb_backend_one_pack(&list, idx) < 0)
		return libgit_error(err, "cannot open a pack");
	if (list->foreach(list, list_id, ids) < 0 || ids->len == 0) {
		list->free(list);
		return libgit_error(err, "cannot list a pack");
	}
	list->free(list);
	p.some = ids->ids[0];
	if (open_fd(pack, &p.pack_fd, err) < 0 ||
	    open_fd(idx, &p.idx_fd, err) < 0 || pack_open(&p, idx, err) < 0) {
		packfile_release(&p);
		return -1;
	}
	*out = p;
	return 0;
}

static int index_into(struct packfile *out, const char *dir, const char *data,
		      size_t len, struct oidlist *ids, struct err *err)
{
	git_indexer_options options;
	git_indexer_progress stats = { 0 };
	git_indexer *indexer = NULL;
	char *pack = NULL, *idx = NULL;
	int rc = -1;

	git_indexer_options_init(&options, GIT_INDEXER_OPTIONS_VERSION);
	/* It would look for what lies behind the boundary. */
	options.verify = 0;
	if (git_indexer_new(&indexer, dir, 0600, NULL, &options) < 0 ||
	    git_indexer_append(indexer, data, len, &stats) < 0 ||
	    git_indexer_commit(indexer, &stats) < 0) {
		libgit_error(err, "the server sent a pack that is none");
		goto out;
	}
	pack = pack_path(dir, git_indexer_name(indexer), "pack");
	idx = pack_path(dir, git_indexer_name(indexer), "idx");
	rc = hold(out, pack, idx, ids, err);
out:
	git_indexer_free(indexer);	/* removes what it did not finish */
	if (pack)
		unlink(pack);
	if (idx)
		unlink(idx);
	free(pack);
	free(idx);
	return rc;
}

int packfile_index(struct packfile *out, const char *data, size_t len,
		   struct oidlist *ids, struct err *err)
{
	struct temp_dir dir;
	int rc;

	if (temp_dir_init(&dir, err) < 0)
		return -1;
	rc = index_into(out, dir.path, data, len, ids, err);
	if (!temp_dir_release(&dir) && rc == 0) {
		packfile_release(out);
		rc = err_set(err, ERR_TRANSIENT, "cannot remove a temporary "
			     "directory: %s", strerror(errno));
	}
	return rc;
}
