/*
 * The editor behind a pipe, for the checkers in python: many edits in one
 * process. A request is a number of fields, then each field, all as
 * "LENGTH\n" and that many bytes: the text, document number, condition,
 * "1" to create, then (operation, path or name, value) for each edit.
 * The answer is "CODE LENGTH\n" and the new text or the error message.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yamledit/edit.h"

enum { MAX_FIELDS = 30100 };

static long number(void)
{
	char line[32];

	return fgets(line, sizeof(line), stdin) ? atol(line) : -1;
}

static char *field(size_t *len)
{
	long n = number();
	char *s;

	if (n < 0)
		exit(1);
	s = xmalloc((size_t)n + 1);
	if (fread(s, 1, (size_t)n, stdin) != (size_t)n)
		exit(1);
	s[n] = '\0';
	*len = (size_t)n;
	return s;
}

static int edit_parse(struct ye_edit *e, struct arena *a, char **f,
		      struct err *err)
{
	struct ye_path *path = NULL;

	memset(e, 0, sizeof(*e));
	e->op = strcmp(f[0], "set") == 0 ? YE_SET :
		strcmp(f[0], "delete") == 0 ? YE_DELETE :
		strcmp(f[0], "image") == 0 ? YE_IMAGE : YE_HELM;
	if (strcmp(f[0], "get") == 0)
		e->op = YE_SET;
	e->value = f[2];
	e->name = f[1];
	if (e->op != YE_IMAGE && ye_path_parse(&path, f[1], err) < 0)
		return -1;
	e->path = path;
	if (e->op == YE_SET || e->op == YE_DELETE)
		return 0;
	return version_parse(&e->version, a, f[2], err);
}

static int run(struct buf *out, char **f, size_t n, size_t len,
	       struct err *err)
{
	struct ye_options opt = { .document = atoi(f[1]),
				  .where = *f[2] ? f[2] : NULL,
				  .create = *f[3] == '1' };
	size_t edits_len = (n - 4) / 3, made = 0;
	struct ye_edit *edits = xcalloc(edits_len, sizeof(*edits));
	struct arena a = { 0 };
	int rc = -1;

	while (made < edits_len &&
	       edit_parse(&edits[made], &a, f + 4 + 3 * made, err) == 0)
		made++;
	if (made == edits_len && edits_len == 1 && strcmp(f[4], "get") == 0)
		rc = ye_get(out, f[0], len, edits[0].path, &opt, err);
	else if (made == edits_len)
		rc = ye_apply(out, f[0], len, edits, edits_len, &opt, err);
	for (size_t i = 0; i < edits_len; i++)
		ye_path_free((struct ye_path *)(uintptr_t)edits[i].path);
	free(edits);
	arena_release(&a);
	return rc;
}

int main(void)
{
	static char *fields[MAX_FIELDS];

	for (long n; (n = number()) >= 4 && n < MAX_FIELDS; fflush(stdout)) {
		struct buf out = { 0 };
		struct err err = { 0 };
		size_t len = 0, ignored;

		for (long i = 0; i < n; i++)
			fields[i] = field(i ? &ignored : &len);
		if (run(&out, fields, (size_t)n, len, &err) < 0) {
			buf_reset(&out);
			buf_addstr(&out, err.msg);
		}
		printf("%d %zu\n", err.code, out.len);
		fwrite(buf_str(&out), 1, out.len, stdout);
		for (long i = 0; i < n; i++)
			free(fields[i]);
		buf_release(&out);
	}
	return 0;
}
