/* What receive-pack says: its greeting, side bands, report-status. */
#include "tests/fuzz/git_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct repo_update u[] = {
		{ .ref = "refs/heads/main", .new_id = { "1" } },
		{ .ref = "refs/heads/a", .old_id = { "2" } },
	};
	struct err err = { 0 };
	struct buf pack = { 0 };
	struct deadline d;
	struct fake f;
	struct wire w;

	fuzz_setup(&f, &w, &d, data, len);
	u[0].status = u[1].status = REPO_PUSH_UNKNOWN;
	buf_addstr(&pack, "PACK");
	if (wire_push(&w, u, 2, false, &pack, &err) == 0)
		for (size_t i = 0; i < 2; i++)
			if (!memchr(u[i].message, '\0', sizeof(u[i].message)))
				abort();
	/* Nothing is claimed that was not said. */
	if (u[0].status == REPO_PUSH_OK &&
	    (!f.answer ||
	     !memmem(f.answer, f.answer_len, "main", 4)) && f.piece > 100)
		abort();
	buf_release(&pack);
	wire_close(&w);
	return 0;
}
