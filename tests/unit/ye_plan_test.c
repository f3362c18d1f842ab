/* The proof behind each edit: no input gets here, so plans are made wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "yamledit/plan.h"

#define TEXT "a: 1 # c\nb: &x [2]\n"

/* What is planned: a new value for `a`. What is done: GO becomes COME. */
static void only_what_was_planned(void **state)
{
	static const struct {
		const char *name, *go, *come;
		enum err_code code;
		const char *want;	/* text, or words of the message */
	} rows[] = {
		{ "that", "1", "w", ERR_NONE, "a: w # c\nb: &x [2]\n" },
		{ "quoted", "1", "'w'", ERR_NONE, "a: 'w' # c\nb: &x [2]\n" },
		{ "and a comment, which no event has", "1 # c", "w", ERR_NONE,
		  "a: w\nb: &x [2]\n" },
		{ "another value", "1", "v", ERR_BUG, "more than its place" },
		{ "what was there", "1", "1", ERR_BUG, "more than its place" },
		{ "a tag", "1", "!!str w", ERR_BUG, "more than its place" },
		{ "a style that nobody writes", "1 # c", "|-\n  w", ERR_BUG,
		  "more than its place" },
		{ "one key more", "1 # c", "w\nc: 1", ERR_BUG, "more than" },
		{ "one key less", "1 # c\nb: &x [2]", "w", ERR_BUG, "more than" },
		{ "a neighbour's anchor", "1 # c\nb: &x", "w\nb: &y", ERR_BUG,
		  "more than" },
		{ "a neighbour's style", "1 # c\nb: &x [2]", "w\nb: &x\n- 2",
		  ERR_BUG, "more than" },
		{ "one document more", "1 # c\n", "w\n---\n", ERR_BUG,
		  "more than" },
		{ "one more at the end", "1 # c\nb: &x [2]\n",
		  "w\nb: &x [2]\n---\nx\n", ERR_BUG, "more than" },
		{ "no YAML", "1", "[", ERR_BUG, "would break the text" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct plan plan = { 0 };
		struct parse p, new_p = { 0 };
		struct buf out = { 0 };
		struct fresh_entry added = { 0 };
		struct err err = { 0 };
		size_t at = (size_t)(strstr(TEXT, rows[i].go) - TEXT);

		assert_int_equal(ye_parse_init(&p, TEXT, strlen(TEXT), &err), 0);
		ye_plan_splice(&plan, at, at + strlen(rows[i].go), rows[i].come,
			       strlen(rows[i].come));
		added.node = ye_fresh_scalar(&plan, "w");
		ye_plan_change(&plan, &(struct change){
				.at = 3, .removed = 1, .added = &added,
				.is_set = true });
		ye_plan_apply(&out, &new_p, &plan, &p, &err);
		if (err.code != rows[i].code)
			fail_msg("%s: %d %s", rows[i].name, err.code, err.msg);
		if (!strstr(err.code ? err.msg : buf_str(&out), rows[i].want))
			fail_msg("%s: %s", rows[i].name, err.msg);
		ye_plan_release(&plan);
		ye_parse_release(&p);
		ye_parse_release(&new_p);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_was_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
