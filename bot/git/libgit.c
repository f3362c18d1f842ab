#include "bot/git/libgit.h"

#include <git2.h>
#include <git2/sys/alloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/mem.h"

/*
 * A pack can announce an object of any size, and libgit2 then asks for that
 * much memory: that is bad data, answered with NULL, which it reports. Less
 * than that not being there is the machine's trouble, and ends the process:
 * libgit2 does not survive it everywhere.
 */
static const size_t MAX_BLOCK = 512u << 20;

static void *git_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n > MAX_BLOCK ? NULL : xmalloc(n);
}

static void *git_realloc(void *old, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n > MAX_BLOCK ? NULL : xrealloc(old, n);
}

static void git_gfree(void *p)
{
	free(p);
}

#if LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR < 8

static void *git_calloc(size_t n, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size && n > MAX_BLOCK / size)
		return NULL;
	return xcalloc(n, size);
}

static char *git_strndup(const char *s, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return xstrndup(s, strnlen(s, n));
}

static char *git_strdup(const char *s, const char *file, int line)
{
	return git_strndup(s, SIZE_MAX, file, line);
}

static char *git_substrdup(const char *s, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n > MAX_BLOCK ? NULL : xstrndup(s, n);
}

static void *git_reallocarray(void *old, size_t n, size_t size,
			      const char *file, int line)
{
	if (size && n > MAX_BLOCK / size)
		return NULL;
	return git_realloc(old, n * size, file, line);
}

static void *git_mallocarray(size_t n, size_t size, const char *file, int line)
{
	return git_reallocarray(NULL, n, size, file, line);
}

static git_allocator allocator = {
	.gmalloc       = git_malloc,
	.gcalloc       = git_calloc,
	.gstrdup       = git_strdup,
	.gstrndup      = git_strndup,
	.gsubstrdup    = git_substrdup,
	.grealloc      = git_realloc,
	.greallocarray = git_reallocarray,
	.gmallocarray  = git_mallocarray,
	.gfree	       = git_gfree,
};

#else

static git_allocator allocator = {
	.gmalloc  = git_malloc,
	.grealloc = git_realloc,
	.gfree	  = git_gfree,
};

#endif

void libgit_start(void)
{
	static const git_config_level_t levels[] = {
		GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
		GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL,
	};
	static bool allocating;

	if (!allocating)
		git_libgit2_opts(GIT_OPT_SET_ALLOCATOR, &allocator);
	allocating = true;
	if (git_libgit2_init() < 0)
		BUG("libgit2 does not start");
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	/* Packs are indexed by us, which hashes each object once, into files
	   that nobody else can reach: once is enough. */
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, (size_t)4000000);
}

void libgit_stop(void)
{
	git_libgit2_shutdown();
}

int libgit_error(struct err *err, const char *what)
{
	const git_error *e = git_error_last();

	return err_set(err, ERR_DATA, "%s: %s", what,
		       e && e->message ? e->message : "libgit2 gives no reason");
}
