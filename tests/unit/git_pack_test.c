#include "tests/unit/git_fixture.h"

/*
 * What is pushed goes out as deltas against what the server has; git puts it
 * together again, by both of its ways to take a pack.
 */

static char *pattern(size_t len, unsigned seed)
{
	char *s = malloc(len + 1);

	assert_non_null(s);
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1103515245u + 12345u;
		s[i] = (char)(i % 40 == 39 ? '\n' : 'a' + (seed >> 16) % 26);
	}
	s[len] = '\0';
	return s;
}

enum { BIG = 17 * 1000 * 1000 };

static const struct {
	const char *name;
	size_t old_len, new_len;
	size_t change[3];	/* offsets that differ; 0: none */
} rows[] = {
	{ "nothing before", 0, 100, { 0 } },
	{ "nothing after", 100, 0, { 0 } },
	{ "one byte at the front", 5000, 5000, { 1 } },
	{ "one byte at the end", 5000, 5000, { 4999 } },
	{ "here and there", 5000, 5000, { 5, 2500, 4990 } },
	{ "close together", 5000, 5000, { 100, 103, 108 } },
	{ "longer", 5000, 5100, { 0 } },
	{ "shorter, and changed", 5000, 4000, { 17 } },
	{ "exactly 64 KiB alike", 70000, 70000, { 65536 } },
	{ "over 16 MiB and longer", BIG, BIG + 7, { 0 } },
};

static void deltas_are_understood(void **state)
{
	struct fixture *f = *state;
	struct repo_commit_meta meta = { "n", "m@x", "m\n", 1 };
	char *old[ARRAY_LEN(rows)], *new[ARRAY_LEN(rows)];
	struct repo_edit edits[ARRAY_LEN(rows)];
	const char *paths[ARRAY_LEN(rows)];
	struct repo_file files[ARRAY_LEN(rows)];
	struct repo_update u = { .ref = "refs/heads/main" };

	sh(f, "git init -q -b main w; mkdir w/d");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		FILE *out;
		char *name;

		paths[i] = arena_printf(&f->arena, "d/%zu", i);
		name = arena_printf(&f->arena, "%s/w/%s", f->dir, paths[i]);
		old[i] = pattern(rows[i].old_len, (unsigned)i);
		new[i] = pattern(rows[i].new_len, (unsigned)i);
		for (size_t k = 0; k < 3; k++)
			if (rows[i].change[k])
				new[i][rows[i].change[k]] ^= 1;
		out = fopen(name, "w");
		assert_non_null(out);
		fwrite(old[i], 1, rows[i].old_len, out);
		fclose(out);
		edits[i] = (struct repo_edit){ paths[i], new[i],
					       rows[i].new_len };
	}
	sh(f, "git -C r.git config core.compression 0; cd w; "
	   "git config core.compression 0; git add -A; git commit -qm 1; git push -q ../r.git main; "
	   "git -C ../r.git config receive.fsckObjects true");
	for (int limit = 1; limit < 1000; limit += 900) {
		struct repo_cost cost;

		sh(f, "cd r.git; git config receive.unpackLimit %d; "
		   "git update-ref refs/heads/main $(git -C ../w rev-parse "
		   "main)", limit);
		reopen(f, NULL, false);
		u.old_id = oid_of(f, "main");
		assert_ok(f, "read", repo_read(f->repo, &u.old_id, paths,
					       ARRAY_LEN(rows), files,
					       &f->err));
		meta.when_s = limit;
		assert_ok(f, "make", repo_commit_make(f->repo, &u.old_id, edits,
						      ARRAY_LEN(rows), &meta,
						      &u.new_id, &f->err));
		assert_ok(f, "push", repo_push(f->repo, &u, 1, false, &f->err));
		if (u.status != REPO_PUSH_OK)
			fail_msg("limit %d: %s", limit, u.message);
		repo_cost(f->repo, &cost);
		assert_true(cost.bytes_sent < 12000);
		reopen(f, NULL, false);
		assert_ok(f, "again", repo_read(f->repo, &u.new_id, paths,
						ARRAY_LEN(rows), files,
						&f->err));
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)
			if (files[i].len != rows[i].new_len ||
			    memcmp(files[i].text, new[i], files[i].len) != 0)
				fail_msg("%s, limit %d", rows[i].name, limit);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		free(old[i]);
		free(new[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(deltas_are_understood,
						fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
