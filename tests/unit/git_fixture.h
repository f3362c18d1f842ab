#ifndef TESTS_UNIT_GIT_FIXTURE_H
#define TESTS_UNIT_GIT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bot/base/buf.h"
#include "bot/git/repo.h"

/*
 * Repositories made and judged by git itself, in a directory that is gone
 * afterwards. The commands are a shell's, with $D for the directory.
 */
struct fixture {
	char dir[64];
	struct deadline deadline;
	struct err err;
	struct repo *repo;
	struct arena arena;
};

static inline void sh(const struct fixture *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static inline char *sh_out(struct fixture *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static inline void run_line(const struct fixture *f, struct buf *line,
			    const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
static inline void run_line(const struct fixture *f, struct buf *line,
			    const char *fmt, va_list ap)
{
	buf_addf(line, "set -e; D=%s; cd $D; export HOME=$D "
		 "GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b "
		 "GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@d; ", f->dir);
	buf_vaddf(line, fmt, ap);
}

static inline void sh(const struct fixture *f, const char *fmt, ...)
{
	struct buf line = { 0 };
	va_list ap;

	va_start(ap, fmt);
	run_line(f, &line, fmt, ap);
	va_end(ap);
	if (system(buf_str(&line)) != 0)
		fail_msg("failed: %s", buf_str(&line));
	buf_release(&line);
}

/* What it printed, less the last newline; lives as long as the fixture. */
static inline char *sh_out(struct fixture *f, const char *fmt, ...)
{
	struct buf line = { 0 }, out = { 0 };
	char piece[4096], *copy;
	va_list ap;
	FILE *p;
	size_t n;

	va_start(ap, fmt);
	run_line(f, &line, fmt, ap);
	va_end(ap);
	p = popen(buf_str(&line), "r");
	assert_non_null(p);
	while ((n = fread(piece, 1, sizeof(piece), p)) > 0)
		buf_add(&out, piece, n);
	if (pclose(p) != 0)
		fail_msg("failed: %s", buf_str(&line));
	if (out.len && out.data[out.len - 1] == '\n')
		out.data[--out.len] = '\0';
	copy = arena_strdup(&f->arena, buf_str(&out));
	buf_release(&line);
	buf_release(&out);
	return copy;
}

static inline struct oid oid_of(struct fixture *f, const char *rev)
{
	struct oid id;

	if (!oid_parse(&id, sh_out(f, "git -C r.git rev-parse %s", rev)))
		fail_msg("no object %s", rev);
	return id;
}

static inline void assert_ok(struct fixture *f, const char *what, int rc)
{
	if (rc < 0)
		fail_msg("%s: %s", what, f->err.msg);
}

/* A fresh look at r.git, or at LOCATION: with nothing fetched yet. */
static inline void reopen(struct fixture *f, const char *location,
			  bool unfiltered)
{
	struct buf path = { 0 };
	struct repo_options o = { .deadline = &f->deadline,
				  .unfiltered = unfiltered };

	repo_free(f->repo);
	f->repo = NULL;
	err_clear(&f->err);
	buf_addf(&path, "%s/%s", f->dir, location ? location : "r.git");
	o.location = buf_str(&path);
	assert_ok(f, "open", repo_open(&f->repo, &o, &f->err));
	buf_release(&path);
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	strcpy(f->dir, "/tmp/git-test-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	f->deadline = deadline_in(60000);
	sh(f, "git init -q --bare -b main r.git");
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	repo_free(f->repo);
	if (!getenv("KEEP")) sh(f, "rm -rf $D");
	arena_release(&f->arena);
	free(f);
	return 0;
}

#endif
