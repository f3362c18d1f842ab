/* Packets, the greeting of both versions, and the answer to ls-refs. */
#include "tests/fuzz/git_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const prefixes[] = { "refs/heads/" };
	struct repo_refs refs = { 0 };
	struct err err = { 0 };
	struct deadline d;
	struct fake f;
	struct wire w;

	fuzz_setup(&f, &w, &d, data, len);
	if (wire_ls_refs(&w, prefixes, 1, &refs, &err) == 0) {
		for (size_t i = 0; i < refs.len; i++)
			if (!ref_name_valid(refs.items[i].name,
					    strlen(refs.items[i].name)))
				abort();
		repo_refs_release(&refs);
	} else if (err.code == ERR_NONE) {
		abort();
	}
	wire_close(&w);
	return 0;
}
