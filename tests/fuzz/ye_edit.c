/* Any edit of any text: four bytes that choose the edit, then the text. */
#include "tests/fuzz/ye_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = { 0 };

	if (size < 4 || size > 20000)
		return 0;
	buf_add(&text, data + 4, size - 4);
	check_edits(&text, data);
	buf_release(&text);
	return 0;
}
