#ifndef TESTS_FUZZ_GIT_WIRE_H
#define TESTS_FUZZ_GIT_WIRE_H

#include <stdlib.h>
#include <string.h>

#include "tests/unit/git_fake.h"

/*
 * Input: a byte for the size of the pieces, a byte that chooses the greeting,
 * then (chosen so) a greeting of its own up to a 0xff, then the answer.
 */
static inline void fuzz_setup(struct fake *f, struct wire *w,
			      struct deadline *d, const uint8_t *data,
			      size_t len)
{
	static const char v2[] =
		"000eversion 2\n0015agent=git/2.39.5\n0013ls-refs=unborn\n"
		"0019fetch=shallow filter\n0017object-format=sha1\n0000";
	static const char v0[] =
		"00d21111111111111111111111111111111111111111 refs/heads/main"
		"\0 report-status delete-refs side-band-64k atomic ofs-delta "
		"shallow no-progress symref=HEAD:refs/heads/main object-format"
		"=sha1 agent=git/2.39.5\n0000";
	const uint8_t *end;

	*f = (struct fake){ .base.ops = &fake_ops, .piece = 1 };
	*d = deadline_in(5000);
	*w = (struct wire){ .transport = &f->base, .deadline = d,
			    .version = -1 };
	if (len < 2)
		return;
	f->piece = data[0] ? data[0] : 1;
	if (data[1] % 3 == 0) {
		end = memchr(data + 2, 0xff, len - 2);
		end = end ? end : data + len;
		f->hello = (const char *)data + 2;
		f->hello_len = (size_t)(end - data) - 2;
		data = end + (end < data + len);
		len = len - 2 - f->hello_len - (f->hello_len + 2 < len);
		f->answer = (const char *)data;
		f->answer_len = len;
		return;
	}
	f->hello = data[1] % 3 == 1 ? v2 : v0;
	f->hello_len = (data[1] % 3 == 1 ? sizeof(v2) : sizeof(v0)) - 1;
	f->answer = (const char *)data + 2;
	f->answer_len = len - 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
