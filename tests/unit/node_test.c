#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bot/base/node.h"

static void what_was_meant(void **state)
{
	static const char *const known[] = { "promote", "deliver", "merge",
					     "soak", "to", "gates", NULL };
	static const struct { const char *word, *want; } rows[] = {
		{ "promote", "promote" },
		{ "promot", "promote" },
		{ "Promote", "promote" },
		{ "pormote", "promote" },
		{ "promoted", "promote" },
		{ "prmt", NULL },
		{ "delivery", "deliver" },
		{ "gate", "gates" },
		{ "soaks", "soak" },
		{ "sock", "soak" },
		{ "on", NULL },
		{ "", NULL },
		{ "x", NULL },
		{ "promotepromotepromotepromotepromotepromotepromotepromote"
		  "promote", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *got = nearest_word(rows[i].word, known);

		if (got ? !rows[i].want || strcmp(got, rows[i].want) != 0
			: rows[i].want != NULL)
			fail_msg("'%s': %s", rows[i].word,
				 got ? got : "nothing");
	}
}

static void faults_by_their_place(void **state)
{
	static const struct node at[] = {
		{ .line = 2, .column = 5 }, { .line = 2, .column = 3 },
		{ .line = 1, .column = 9 }, { .line = 2, .column = 3 },
	};
	static const char *const want[] = { "top", "third", "a", "b", "first" };
	struct diag d = { 0 };

	(void)state;
	diag_error(&d, &at[0], "%s", "first");
	diag_warn(&d, &at[1], "%s", "b");
	diag_error(&d, &at[2], "%s", "third");
	diag_error(&d, NULL, "%s", "top");
	diag_warn(&d, &at[3], "%s", "a");
	assert_int_equal(d.errors, 3);
	diag_sort(&d);
	assert_int_equal(d.len, 5);
	for (size_t i = 0; i < d.len; i++)
		assert_string_equal(d.entries[i].text, want[i]);
	assert_int_equal(d.entries[0].line, 1);
	assert_int_equal(d.entries[0].column, 1);
	assert_true(d.entries[2].is_warning);
	diag_release(&d);
	diag_sort(&d);
	assert_int_equal(d.len, 0);
}

/* A fault quotes what the file says, and that may be anything. */
static void a_fault_is_one_line(void **state)
{
	struct diag d = { 0 };

	(void)state;
	diag_error(&d, NULL, "no key '%s'", "a\nb\x1b[2J");
	assert_string_equal(d.entries[0].text, "no key 'a\\x0ab\\x1b[2J'");
	diag_release(&d);
}

static void looking_up_a_key(void **state)
{
	struct node key_list = { .kind = NODE_LIST };
	struct node key = { .kind = NODE_SCALAR, .value = "a" };
	struct node value = { .kind = NODE_SCALAR, .value = "1" };
	struct node *keys[] = { &key_list, &key }, *items[] = { &key, &value };
	struct node map = { .kind = NODE_MAP, .len = 2, .keys = keys,
			    .items = items };

	(void)state;
	assert_ptr_equal(node_get(&map, "a"), &value);
	assert_null(node_get(&map, "b"));
	assert_null(node_get(&value, "a"));
	assert_null(node_get(NULL, "a"));
	assert_string_equal(node_kind_name(&map), "a map");
	assert_string_equal(node_kind_name(&key_list), "a list");
	assert_string_equal(node_kind_name(&value), "a string");
	value.is_null = true;
	assert_string_equal(node_kind_name(&value), "nothing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_meant),
		cmocka_unit_test(faults_by_their_place),
		cmocka_unit_test(a_fault_is_one_line),
		cmocka_unit_test(looking_up_a_key),
	};

	return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
