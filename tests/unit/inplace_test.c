/* Files replaced whole, or not at all. What links do: tests/e2e/yamledit.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bot/base/mem.h"
#include "bot/inplace.h"

static void put(const char *text)
{
	FILE *f = fopen("a.yaml", "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void text_is(const char *want)
{
	struct inplace f;
	struct err err = { 0 };

	assert_int_equal(inplace_open(&f, "a.yaml", 100, &err), 0);
	assert_string_equal(buf_str(&f.text), want);
	inplace_release(&f);
}

/* Nobody's work is lost: not by a change of the text, nor by a new file. */
static void changed_meanwhile(void **state)
{
	static const struct {
		const char *name, *text;	/* of somebody else; or NULL */
		bool is_new;			/* under the same name */
		enum err_code want;
	} rows[] = {
		{ "nobody", NULL, false, ERR_NONE },
		{ "longer", "theirs, longer\n", false, ERR_RACE },
		{ "another file", "old\n", true, ERR_RACE },
		{ "gone", NULL, true, ERR_RACE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct inplace f;
		struct err err = { 0 };

		put("old\n");
		assert_int_equal(inplace_open(&f, "a.yaml", 100, &err), 0);
		if (rows[i].is_new)
			assert_int_equal(rename("a.yaml", "b.yaml"), 0);
		if (rows[i].text)
			put(rows[i].text);
		inplace_write(&f, "new\n", 4, &err);
		if (err.code != rows[i].want)
			fail_msg("%s: %d %s", rows[i].name, err.code, err.msg);
		if (rows[i].text)
			text_is(rows[i].text);
		else if (!rows[i].is_new)
			text_is("new\n");
		inplace_release(&f);
		unlink("a.yaml");
		unlink("b.yaml");
		if (system("test -z \"$(ls -A)\"") != 0)
			fail_msg("%s: a file is left", rows[i].name);
	}
}

static void too_large(void **state)
{
	struct inplace f;
	struct err err = { 0 };

	(void)state;
	put("12345");
	assert_int_equal(inplace_open(&f, "a.yaml", 4, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	inplace_release(&f);
	unlink("a.yaml");
}

static int in_a_folder(void **state)
{
	char *folder = xstrdup("/tmp/inplace-XXXXXX");

	*state = folder;
	return mkdtemp(folder) ? chdir(folder) : -1;
}

static int leave_folder(void **state)
{
	int rc = rmdir(*state);

	free(*state);
	return rc;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changed_meanwhile),
		cmocka_unit_test(too_large),
	};

	return cmocka_run_group_tests(tests, in_a_folder, leave_folder);
}
