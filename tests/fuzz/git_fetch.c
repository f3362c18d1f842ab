/* The answer to fetch, in both versions: sections, side bands, packs. */
#include "bot/git/store.h"
#include "tests/fuzz/git_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct oid want = { "12345678901234567890" };
	struct fetch fetch = { .wants = &want, .wants_len = 1, .depth = 1,
			       .tree_depth = 0, .max_bytes = 1 << 20 };
	struct spool spool = SPOOL_INIT;
	struct oidlist seen = { 0 };
	struct err err = { 0 };
	struct store *store;
	struct deadline d;
	struct fake f;
	struct wire w;

	fuzz_setup(&f, &w, &d, data, len);
	if (wire_fetch(&w, &fetch, &spool, &err) == 0 && spool.len &&
	    store_new(&store, &err) == 0) {
		if (store_add_pack(store, &spool, &seen, &err) == 0)
			for (size_t i = 0; i < seen.len; i++)
				if (!store_has(store, &seen.ids[i]))
					abort();
		store_free(store);
	}
	oidlist_release(&seen);
	spool_release(&spool);
	wire_close(&w);
	return 0;
}
