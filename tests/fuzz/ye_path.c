/*
 * A path that is read is written in a form that reads as the same path; any
 * other text is refused with the character where it goes wrong.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"
#include "yamledit/edit.h"
#include "yamledit/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text)
{
	struct ye_path *path, *again;
	struct conditions where;
	struct buf out = { 0 };
	struct err err = { 0 };

	if (ye_path_parse(&path, text, &err) < 0) {
		if (err.code != ERR_USAGE)
			abort();
	} else {
		ye_path_format(&out, path, path->len);
		if (path->len) {
			err_clear(&err);
			if (ye_path_parse(&again, buf_str(&out), &err) < 0 ||
			    again->len != path->len)
				abort();
			for (size_t i = 0; i < path->len; i++)
				if (again->steps[i].kind != path->steps[i].kind ||
				    again->steps[i].index !=
					    path->steps[i].index ||
				    !str_eq(again->steps[i].key,
					    path->steps[i].key) ||
				    !str_eq(again->steps[i].value,
					    path->steps[i].value))
					abort();
			ye_path_free(again);
		}
		ye_path_free(path);
		buf_release(&out);
	}
	err_clear(&err);
	if (ye_conditions_parse(&where, text, &err) == 0)
		ye_conditions_release(&where);
	else if (err.code != ERR_USAGE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);

	check(text);
	free(text);
	return 0;
}
