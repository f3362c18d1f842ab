#ifndef YAMLEDIT_DIFF_H
#define YAMLEDIT_DIFF_H

#include <stddef.h>

struct buf;

/*
 * Append a unified diff (three lines of context, as diff -u and git apply
 * read it, "\ No newline at end of file" included) from OLD to NEW. PATH
 * stands after "a/" and "b/". Nothing is added where the texts are equal.
 */
void ye_diff(struct buf *out, const char *path, const char *old_text,
	     size_t old_len, const char *new_text, size_t new_len);

#endif
