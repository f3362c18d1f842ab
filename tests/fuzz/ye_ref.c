/*
 * Image references and versions: what parses is put together again to the
 * same text, and a Helm string edited to another version keeps its name.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"
#include "yamledit/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ref(const char *text)
{
	struct arena a = { 0 };
	struct image_ref ref;
	struct buf out = { 0 };
	struct err err = { 0 };

	if (image_ref_parse(&ref, &a, text, &err) == 0) {
		buf_addf(&out, "%s%s", ref.name, ref.version.tag ? ":" : "");
		version_format(&out, &ref.version);
		if (strcmp(buf_str(&out), text) != 0)
			abort();
	} else if (err.code != ERR_DATA) {
		abort();
	}
	buf_release(&out);
	arena_release(&a);
}

static void check_version(const char *text)
{
	struct arena a = { 0 };
	struct version v;
	struct buf out = { 0 };
	struct err err = { 0 };

	if (version_parse(&v, &a, text, &err) == 0) {
		version_format(&out, &v);
		if (strcmp(buf_str(&out), text) != 0 || version_empty(&v))
			abort();
	} else if (err.code != ERR_USAGE) {
		abort();
	}
	buf_release(&out);
	arena_release(&a);
}

/* The text as a value in a file: read, then set to another version. */
static void check_helm(const char *text)
{
	struct version v2 = { .tag = "v2" }, got;
	struct ye_path *path;
	struct buf file = { 0 }, out = { 0 };
	struct arena a = { 0 };
	struct err err = { 0 };

	if (ye_path_parse(&path, "i", &err) < 0)
		abort();
	buf_addf(&file, "i: %s\n", text);
	if (ye_helm_set(&out, file.data, file.len, path, &v2, NULL, &err) == 0 &&
	    (ye_helm_get(&got, &a, out.data, out.len, path, NULL, &err) < 0 ||
	     !version_eq(&got, &v2)))
		abort();
	if (err.code == ERR_BUG)
		abort();
	ye_path_free(path);
	buf_release(&file);
	buf_release(&out);
	arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);

	check_ref(text);
	check_version(text);
	check_helm(text);
	free(text);
	return 0;
}
