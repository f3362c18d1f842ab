#include "tests/unit/git_fixture.h"

/*
 * Histories that nobody thought of: random graphs with merges, several paths,
 * files that go and come back, clocks that jump; looked at in steps of random
 * depth over each road, and compared with what git says of every commit.
 */
enum { COMMITS = 150, PATHS = 4 };

static const char *const paths[PATHS] = { "apps/a/dev/k", "apps/b/dev/k",
					  "apps/a/prod/k", "k" };

static void make_random(struct fixture *f, unsigned seed)
{
	sh(f, "cat >make.py <<'E'\n"
	   "import random, sys\n"
	   "r = random.Random(%u)\n"
	   "paths = 'apps/a/dev/k apps/b/dev/k apps/a/prod/k k x/y'.split()\n"
	   "line = []\n"
	   "def commit(mark, parents, changes, ref):\n"
	   "    t = 10**9 + 60 * mark + r.choice([0, 0, 0, 5000, -5000])\n"
	   "    print(f'commit {ref}\\nmark :{mark}')\n"
	   "    print(f'committer C <c> {t} +0000\\ndata 2\\nm')\n"
	   "    for i, p in enumerate(parents):\n"
	   "        print('merge' if i else 'from', f':{p}')\n"
	   "    for p in changes:\n"
	   "        v = str(r.randrange(6))\n"
	   "        print(f'D {p}' if v == '0' else\n"
	   "              f'M 100644 inline {p}\\ndata 2\\n{v}')\n"
	   "mark = 0\n"
	   "while mark < %d:\n"
	   "    mark += 1\n"
	   "    pick = [p for p in paths if r.random() < 0.3]\n"
	   "    if len(line) > 3 and r.random() < 0.2:\n"
	   "        start = r.choice(line[-20:])\n"
	   "        commit(mark, [start], pick, 'refs/heads/side')\n"
	   "        mark += 1\n"
	   "        commit(mark, [line[-1], mark - 1], pick,\n"
	   "               'refs/heads/main')\n"
	   "    else:\n"
	   "        commit(mark, line[-1:], pick, 'refs/heads/main')\n"
	   "    line.append(mark)\n"
	   "E\n"
	   "python3 make.py | git -C r.git fast-import --quiet --force",
	   seed, COMMITS);
}

/* What git says: for each commit of the line "ID TIME BLOB...". */
struct said {
	char id[OID_HEX + 1];
	long long committer_s, newest_s;
	char blobs[PATHS][OID_HEX + 1];	/* "" where there is none */
};

static size_t ask_git(struct fixture *f, struct said *said)
{
	char *out = sh_out(f, "cd r.git; git log --first-parent "
			   "--format='%%H %%ct' main | while read c t; do "
			   "echo $c $t $(for p in %s %s %s %s; do "
			   "git rev-parse -q --verify $c:$p || echo -; done); "
			   "done", paths[0], paths[1], paths[2], paths[3]);
	size_t n = 0;

	for (char *s = strtok(out, "\n"); s; s = strtok(NULL, "\n"), n++)
		if (sscanf(s, "%40s %lld %40s %40s %40s %40s", said[n].id,
			   &said[n].committer_s, said[n].blobs[0],
			   said[n].blobs[1], said[n].blobs[2],
			   said[n].blobs[3]) != 6)
			fail_msg("git said '%s'", s);
	for (size_t i = n; i-- > 0;) {
		said[i].newest_s = said[i].committer_s;
		if (i + 1 < n && said[i + 1].newest_s > said[i].newest_s)
			said[i].newest_s = said[i + 1].newest_s;
	}
	return n;
}

/* The changes are where git's blobs change, and nowhere else. */
static void compare(const struct repo_history *h, const struct said *said,
		    size_t all, size_t depth, size_t path)
{
	size_t walked = depth < all ? depth : all, at = 0;
	char hex[OID_HEX + 1];

	assert_int_equal(h->walked, walked);
	/* A commit's parents are known with it: the root is known as one. */
	assert_int_equal(h->complete, walked == all);
	for (size_t i = 0; i < h->len; i++) {
		const struct repo_change *c = &h->changes[i];
		const char *blob = c->exists ? oid_hex(hex, &c->blob) : "-";

		for (; at <= c->pos; at++)
			if (strcmp(said[at].blobs[path], blob) != 0)
				fail_msg("%s at %zu: %s, not %s", paths[path],
					 at, blob, said[at].blobs[path]);
		if (at < walked && strcmp(said[at].blobs[path], blob) == 0)
			fail_msg("%s at %zu: no change", paths[path], at);
		assert_int_equal(c->committer_s, said[c->pos].committer_s);
		if (h->complete)
			assert_int_equal(c->landed_s, said[c->pos].newest_s);
		assert_string_equal(oid_hex(hex, &c->commit), said[c->pos].id);
	}
	assert_int_equal(at, walked);
}

static void random_histories(void **state)
{
	struct fixture *f = *state;
	struct said said[COMMITS];
	struct repo_history h[PATHS];
	struct oid head;

	for (unsigned seed = 1; seed <= 3; seed++) {
		size_t all;

		make_random(f, seed);
		all = ask_git(f, said);
		head = oid_of(f, "main");
		srand(seed);
		for (int round = 0; round < 4; round++) {
			reopen(f, NULL, round % 2);
			for (size_t depth = 1; depth < 2 * COMMITS;
			     depth += 1 + (size_t)rand() % (depth + 3)) {
				assert_ok(f, "history",
					  repo_history(f->repo, &head, paths,
						       PATHS, depth, NULL,
						       &f->arena, h, &f->err));
				for (size_t p = 0; p < PATHS; p++)
					compare(&h[p], said, all, depth, p);
			}
		}
	}
}

/* Looked at from two heads, the older one first, with side questions. */
static void two_heads(void **state)
{
	struct fixture *f = *state;
	struct said said[COMMITS];
	struct repo_history h[PATHS];
	struct repo_commit *commits;
	struct oid head, old;
	size_t all, len;
	bool reached;

	make_random(f, 7);
	all = ask_git(f, said);
	head = oid_of(f, "main");
	for (size_t back = 1; back < 40; back += 13) {
		reopen(f, NULL, back % 2);
		assert_true(oid_parse(&old, said[back].id));
		assert_ok(f, "old", repo_history(f->repo, &old, paths, PATHS,
						 10, NULL, &f->arena, h,
						 &f->err));
		for (size_t p = 0; p < PATHS; p++)
			compare(&h[p], said + back, all - back, 10, p);
		assert_ok(f, "beyond", repo_beyond(f->repo, &head, &old, 200,
						   &f->arena, &commits, &len,
						   &f->err));
		assert_int_equal(len, atoi(sh_out(
			f, "git -C r.git rev-list --count %s..main",
			said[back].id)));
		assert_ok(f, "reaches", repo_reaches(f->repo, &head, &old,
						     &reached, &f->err));
		assert_true(reached);
		assert_ok(f, "new", repo_history(f->repo, &head, paths, PATHS,
						 back + 60, NULL, &f->arena, h,
						 &f->err));
		for (size_t p = 0; p < PATHS; p++)
			compare(&h[p], said, all, back + 60, p);
	}
}

/*
 * At some commits only, of which the line was read before and the trees came
 * along with the head's: what is said of those is right, and costs no request.
 */
static void looked_along(void **state)
{
	enum { LINE = 30 };
	struct fixture *f = *state;
	struct said said[COMMITS];
	struct repo_history h[PATHS];
	struct repo_file files[PATHS];
	struct repo_line line;
	struct repo_cost before, after;
	struct oid head, along[LINE];
	char hex[OID_HEX + 1];

	make_random(f, 11);
	ask_git(f, said);
	head = oid_of(f, "main");
	for (int round = 0; round < 6; round++) {
		bool looks[LINE] = { true };
		size_t n = 0;

		reopen(f, NULL, round % 2);
		assert_ok(f, "line", repo_line(f->repo, &head, LINE, &f->arena,
					       &line, &f->err));
		assert_int_equal(line.len, LINE);
		for (size_t i = 1; i < LINE; i++) {
			assert_string_equal(oid_hex(hex, &line.commits[i].id),
					    said[i].id);
			if ((looks[i] = rand() % 3 == 0))
				along[n++] = line.commits[i].id;
		}
		repo_look_along(f->repo, along, n);
		assert_ok(f, "read", repo_read(f->repo, &head, paths, PATHS,
					       files, &f->err));
		repo_cost(f->repo, &before);
		assert_ok(f, "history",
			  repo_history(f->repo, &head, paths, PATHS, LINE,
				       looks, &f->arena, h, &f->err));
		for (size_t p = 0; p < PATHS; p++)
			for (size_t i = 0, at = 0; i < LINE; i++) {
				const struct repo_change *c;

				while (h[p].changes[at].pos < i)
					at++;
				c = &h[p].changes[at];
				if (!looks[i])
					continue;
				if (c->exists)
					assert_ok(f, "blob", repo_blobs(
						f->repo, &c->blob, 1, files,
						&f->err));
				assert_string_equal(said[i].blobs[p],
						    c->exists ? oid_hex(hex,
						    &c->blob) : "-");
			}
		repo_cost(f->repo, &after);
		assert_int_equal(after.requests, before.requests);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_histories,
						fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(two_heads, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(looked_along, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
