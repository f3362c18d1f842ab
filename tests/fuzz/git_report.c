/* What receive-pack says: its greeting, side bands, report-status. */
#include "tests/fuzz/git_wire.h"

static int make_nothing(void *ctx, bool thin, struct buf *out, struct err *err)
{
	(void)ctx;
	(void)thin;
	(void)err;
	buf_addstr(out, "PACK");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct repo_update u[] = {
		{ .ref = "refs/heads/main", .new_id = { "1" } },
		{ .ref = "refs/heads/a", .old_id = { "2" } },
	};
	struct err err = { 0 };
	const struct push_pack pack = { .make = make_nothing };
	struct deadline d;
	struct fake f;
	struct wire w;

	fuzz_setup(&f, &w, &d, data, len);
	u[0].status = u[1].status = REPO_PUSH_UNKNOWN;
	if (wire_push(&w, u, 2, false, &pack, &err) == 0)
		for (size_t i = 0; i < 2; i++)
			if (!memchr(u[i].message, '\0', sizeof(u[i].message)))
				abort();
	/* Nothing is claimed that was not said. */
	if (u[0].status == REPO_PUSH_OK &&
	    (!f.answer ||
	     !memmem(f.answer, f.answer_len, "main", 4)) && f.piece > 100)
		abort();
	wire_close(&w);
	return 0;
}
