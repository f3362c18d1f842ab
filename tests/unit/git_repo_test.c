#include "tests/unit/git_fixture.h"

/*
 * The whole of repo.h against repositories that git made, over git's own
 * upload-pack and receive-pack, filtered and unfiltered; what was made is
 * judged by git.
 */

/* A tree with everything next to the file that is to be changed. */
static void make_odd(struct fixture *f)
{
	sh(f, "git init -q -b main w && cd w && mkdir -p apps/web/prod docs && "
	   "printf 'tag: 1\\n' >apps/web/prod/k.yaml && "
	   "printf '#!/bin/sh\\n' >apps/web/prod/run && "
	   "chmod +x apps/web/prod/run && "
	   "ln -s k.yaml apps/web/prod/link && "
	   "printf 'version: 1\\n' >promote.yaml && echo doc >docs/a && "
	   "git add -A && git update-index --add --cacheinfo "
	   "160000,1111111111111111111111111111111111111111,apps/web/prod/sub "
	   "&& git commit -q -m one && git push -q ../r.git main");
}

static void reads_files(void **state)
{
	static const struct {
		const char *path;
		bool exists, is_symlink;
		const char *text;
	} rows[] = {
		{ "promote.yaml",	  true,	 false, "version: 1\n" },
		{ "apps/web/prod/k.yaml", true,	 false, "tag: 1\n" },
		{ "apps/web/prod/run",	  true,	 false, "#!/bin/sh\n" },
		{ "apps/web/prod/link",	  true,	 true,	"k.yaml" },
		{ "apps/web/prod",	  false, false, NULL },
		{ "apps/web/prod/sub",	  false, false, NULL },
		{ "apps/web/nowhere/k",	  false, false, NULL },
		{ "promote.yaml/k",	  false, false, NULL },
		{ "apps//web",		  false, false, NULL },
		{ "apps/web/prod/",	  false, false, NULL },
		{ "../r.git/config",	  false, false, NULL },
	};
	struct fixture *f = *state;
	const char *paths[ARRAY_LEN(rows)];
	struct repo_file files[ARRAY_LEN(rows)];
	struct oid head;

	make_odd(f);
	head = oid_of(f, "main");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		paths[i] = rows[i].path;
	for (int unfiltered = 0; unfiltered < 2; unfiltered++) {
		reopen(f, NULL, unfiltered);
		assert_ok(f, "read", repo_read(f->repo, &head, paths,
					       ARRAY_LEN(rows), files,
					       &f->err));
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			if (files[i].exists != rows[i].exists ||
			    files[i].is_symlink != rows[i].is_symlink)
				fail_msg("%s", rows[i].path);
			if (rows[i].text)
				assert_string_equal(files[i].text,
						    rows[i].text);
		}
	}
}

static void lists_directories(void **state)
{
	static const struct {
		const char *path;
		bool dirs;
		const char *want;
	} rows[] = {
		{ "", true, "apps docs" },
		{ "", false, "promote.yaml" },
		{ "apps/web", true, "prod" },
		{ "apps/web/prod", true, "" },
		{ "apps/web/prod", false, "k.yaml link run" },
		{ "nowhere", true, "" },
		{ "promote.yaml", false, "" },
	};
	struct fixture *f = *state;
	struct oid head;

	make_odd(f);
	head = oid_of(f, "main");
	reopen(f, NULL, false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf got = { 0 };
		const char **names;
		size_t len;

		assert_ok(f, "list", repo_list(f->repo, &head, rows[i].path,
					       rows[i].dirs, &f->arena, &names,
					       &len, &f->err));
		for (size_t k = 0; k < len; k++)
			buf_addf(&got, "%s%s", k ? " " : "", names[k]);
		if (strcmp(buf_str(&got), rows[i].want) != 0)
			fail_msg("'%s': '%s', not '%s'", rows[i].path,
				 buf_str(&got), rows[i].want);
		buf_release(&got);
	}
}

static void lists_refs(void **state)
{
	static const char *const prefixes[] = { "refs/heads/promote/",
						"refs/heads/main" };
	struct fixture *f = *state;
	struct repo_refs refs;

	make_odd(f);
	sh(f, "cd r.git; git branch promote/a main; git branch other main; "
	   "git tag t main");
	reopen(f, NULL, false);
	assert_ok(f, "refs", repo_ls_refs(f->repo, prefixes, 2, &refs,
					  &f->err));
	assert_int_equal(refs.len, 2);
	assert_string_equal(refs.items[0].name, "refs/heads/main");
	assert_string_equal(refs.items[1].name, "refs/heads/promote/a");
	assert_string_equal(refs.head_target, "refs/heads/main");
	repo_refs_release(&refs);
}

static const struct repo_commit_meta meta = {
	.author_name = "git-promote", .author_mail = "bot@example.com",
	.message = "web: 2\n\nPromote-Service: web\n", .when_s = 1700000000,
};

static struct oid make_on(struct fixture *f, struct oid parent,
			  const char *path, const char *text)
{
	struct repo_edit edit = { .path = path, .text = text,
				  .len = strlen(text) };
	struct oid made;

	assert_ok(f, "make", repo_commit_make(f->repo, &parent, &edit, 1,
					      &meta, &made, &f->err));
	return made;
}

static enum repo_push_status push_one(struct fixture *f, const char *ref,
				      struct oid old, struct oid new,
				      char *message)
{
	struct repo_update u = { .ref = ref, .old_id = old, .new_id = new };

	assert_ok(f, "push", repo_push(f->repo, &u, 1, false, &f->err));
	if (message)
		strcpy(message, u.message);
	return u.status;
}

static void edit_leaves_all_else(void **state)
{
	struct fixture *f = *state;
	struct oid head, made;

	make_odd(f);
	head = oid_of(f, "main");
	for (int unfiltered = 0; unfiltered < 2; unfiltered++) {
		const char *text = unfiltered ? "tag: 3\n" : "tag: 2\n";

		reopen(f, NULL, unfiltered);
		made = make_on(f, head, "apps/web/prod/k.yaml", text);
		assert_int_equal(push_one(f, "refs/heads/main", head, made,
					  NULL), REPO_PUSH_OK);
		sh(f, "cd r.git; git fsck --strict --no-dangling 2>&1 | "
		   "(! grep -v notice:)");
		assert_string_equal(
			sh_out(f, "cd r.git; git diff --raw --abbrev=1 "
			       "main~ main | cut -d' ' -f1,2,5"),
			":100644 100644 M\tapps/web/prod/k.yaml");
		assert_string_equal(
			sh_out(f, "cd r.git; git show -s --format="
			       "'%%an <%%ae> %%at %%ct %%s' main"),
			"git-promote <bot@example.com> 1700000000 1700000000 "
			"web: 2");
		head = made;
	}
}

/* Trees that git itself would not write: each byte but twenty stays. */
static void keeps_odd_trees(void **state)
{
	struct fixture *f = *state;
	struct oid head, made;
	const char *want;

	make_odd(f);
	/* A zero-padded mode, a group-writable file, an order that is wrong. */
	sh(f, "cat >odd.py <<'E'\n"
	   "import subprocess, sys\n"
	   "def h(t, d): return subprocess.run(['git','-C','r.git',"
	   "'hash-object','--literally','-w','-t',t,'--stdin'],input=d,"
	   "stdout=-1).stdout.strip().decode()\n"
	   "b = bytes.fromhex(h('blob', b'tag: 1\\n'))\n"
	   "z = bytes.fromhex(h('blob', b'tag: 0\\n'))\n"
	   "t = bytes.fromhex(h('tree', b'100664 z\\0' + z + "
	   "b'100644 k.yaml\\0' + b))\n"
	   "r = h('tree', b'040000 apps\\0' + t + b'100644 b\\0' + b)\n"
	   "print(h('commit', b'tree %%s\\nauthor A <a> 1 +0000\\n"
	   "committer A <a> 1 +0000\\n\\nodd\\n' %% r.encode()))\n"
	   "E\n"
	   "git -C r.git update-ref refs/heads/main $(python3 odd.py)");
	head = oid_of(f, "main");
	reopen(f, NULL, false);
	made = make_on(f, head, "apps/k.yaml", "tag: 2\n");
	assert_int_equal(push_one(f, "refs/heads/main", head, made, NULL),
			 REPO_PUSH_OK);
	want = sh_out(f, "cd r.git; new=$(echo tag: 2 | git hash-object "
		      "--stdin); old=$(echo tag: 1 | git hash-object "
		      "--stdin); git cat-file tree main~:apps | "
		      "od -An -v -tx1 | tr -d ' \\n' | sed s/$old/$new/");
	assert_int_equal(strlen(want), 2 * (9 + 20 + 14 + 20));
	assert_string_equal(
		want, sh_out(f, "cd r.git; git cat-file tree main:apps | "
		       "od -An -v -tx1 | tr -d ' \\n'"));
	assert_string_equal(
		sh_out(f, "cd r.git; git cat-file tree main: | head -c 11"),
		"040000 apps");
}

static void refuses_what_is_no_edit(void **state)
{
	static const struct {
		const char *path, *text;
		enum err_code want;
	} rows[] = {
		{ "apps/web/prod/k.yaml", "tag: 1\n", ERR_BUG },
		{ "apps/web/prod/new",	  "x",	      ERR_NOTFOUND },
		{ "apps/web/stage/k",	  "x",	      ERR_NOTFOUND },
		{ "apps/web/prod/link",	  "x",	      ERR_UNSAFE },
		{ "apps/web/prod/sub",	  "x",	      ERR_UNSAFE },
		{ "apps/web/prod",	  "x",	      ERR_UNSAFE },
	};
	struct fixture *f = *state;
	struct oid head, made;

	make_odd(f);
	head = oid_of(f, "main");
	reopen(f, NULL, false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct repo_edit edit = { rows[i].path, rows[i].text,
					  strlen(rows[i].text) };

		err_clear(&f->err);
		if (repo_commit_make(f->repo, &head, &edit, 1, &meta, &made,
				     &f->err) == 0 ||
		    f->err.code != rows[i].want)
			fail_msg("%s: %d %s", rows[i].path, f->err.code,
				 f->err.msg);
	}
}

static void pushes_a_chain(void **state)
{
	struct fixture *f = *state;
	struct oid head, made;

	make_odd(f);
	head = made = oid_of(f, "main");
	reopen(f, NULL, false);
	made = make_on(f, made, "apps/web/prod/k.yaml", "tag: 2\n");
	made = make_on(f, made, "docs/a", "other\n");
	made = make_on(f, made, "apps/web/prod/k.yaml", "tag: 3\n");
	sh(f, "git -C r.git config receive.fsckObjects true");
	assert_int_equal(push_one(f, "refs/heads/main", head, made, NULL),
			 REPO_PUSH_OK);
	assert_string_equal(sh_out(f, "git -C r.git rev-list --count main"),
			    "4");
	assert_string_equal(sh_out(f, "git -C r.git show main:docs/a"),
			    "other");
}

static void each_update_has_its_status(void **state)
{
	struct fixture *f = *state;
	struct oid head, one, two, zero = { 0 };
	struct repo_update u[5];

	make_odd(f);
	sh(f, "cd r.git; git branch gone main; git branch moved main; "
	   "git branch there main; "
	   "printf '#!/bin/sh\\ncase $1 in *hooked) "
	   "echo no entry here; exit 1;; esac\\n' >hooks/update; "
	   "chmod +x hooks/update");
	head = oid_of(f, "main");
	reopen(f, NULL, false);
	one = make_on(f, head, "apps/web/prod/k.yaml", "tag: 2\n");
	two = make_on(f, head, "apps/web/prod/k.yaml", "tag: 3\n");
	sh(f, "cd w && git commit -q --allow-empty -m x && "
	   "git push -q ../r.git main:moved");
	u[0] = (struct repo_update){ .ref = "refs/heads/promote/a",
				     .old_id = zero, .new_id = one };
	u[1] = (struct repo_update){ .ref = "refs/heads/moved",
				     .old_id = head, .new_id = two };
	u[2] = (struct repo_update){ .ref = "refs/heads/gone",
				     .old_id = head, .new_id = zero };
	u[3] = (struct repo_update){ .ref = "refs/heads/hooked",
				     .old_id = zero, .new_id = two };
	u[4] = (struct repo_update){ .ref = "refs/heads/there",
				     .old_id = zero, .new_id = two };
	assert_ok(f, "push", repo_push(f->repo, u, 5, false, &f->err));
	assert_int_equal(u[0].status, REPO_PUSH_OK);
	assert_int_equal(u[1].status, REPO_PUSH_RACE);
	assert_int_equal(u[2].status, REPO_PUSH_OK);
	assert_int_equal(u[3].status, REPO_PUSH_REFUSED);
	assert_non_null(strstr(u[3].message, "hook declined"));
	assert_non_null(strstr(u[3].message, "no entry here"));
	assert_int_equal(u[4].status, REPO_PUSH_RACE);
	assert_string_equal(sh_out(f, "git -C r.git branch --format="
				   "'%%(refname:short)' | xargs"),
			    "main moved promote/a there");

	/* All or none. */
	u[0].old_id = one;
	u[0].new_id = two;
	u[1].new_id = one;
	assert_ok(f, "push", repo_push(f->repo, u, 2, true, &f->err));
	assert_int_equal(u[0].status, REPO_PUSH_RACE);
	assert_int_equal(u[1].status, REPO_PUSH_RACE);
	assert_true(oid_eq(&(struct oid[]){ oid_of(f, "promote/a") }[0],
			   &one));
}

static void checkout_is_not_moved(void **state)
{
	struct fixture *f = *state;
	char message[512], *before;
	struct oid head, made;

	make_odd(f);
	before = sh_out(f, "cd w; git status --porcelain; md5sum .git/index");
	reopen(f, "w", false);
	head = oid_of(f, "main");
	made = make_on(f, head, "apps/web/prod/k.yaml", "tag: 2\n");
	assert_int_equal(push_one(f, "refs/heads/main", head, made, message),
			 REPO_PUSH_REFUSED);
	assert_non_null(strstr(message, "checked out"));
	assert_int_equal(push_one(f, "refs/heads/side", (struct oid){ 0 },
				  made, NULL), REPO_PUSH_OK);
	assert_string_equal(before, sh_out(f, "cd w; git status --porcelain; "
					   "md5sum .git/index"));
}

/* A history with a merge, a skewed clock, and a value that came back. */
static void make_history(struct fixture *f)
{
	sh(f, "git init -q -b main w; cd w; mkdir -p apps/web/prod; "
	   "put() { echo $1 >apps/web/prod/k.yaml; git add -A; "
	   "GIT_COMMITTER_DATE=\"@$2 +0000\" GIT_AUTHOR_DATE=\"@1 +0000\" "
	   "git commit -q -m \"$1 $2\"; }; "
	   "echo x >other; put 1 1000; put 2 2000; echo y >other; put 2 9000; "
	   "put 3 3000; git checkout -q -b side; put 5 3100; put 4 3200; "
	   "git checkout -q main; GIT_COMMITTER_DATE='@3300 +0000' "
	   "git merge -q --no-ff -m merge side; put 2 4000; "
	   "echo z >other; put 2 5000; git push -q ../r.git main");
}

static void finds_changes(void **state)
{
	/* Newest first; landed: a skewed clock stands in the way of none of
	   what came after it, and so dates all of it. */
	static const struct {
		const char *text;
		size_t pos;
		int64_t committer_s, landed_s;
	} rows[] = {
		{ "2\n", 1, 4000, 9000 },
		{ "4\n", 2, 3300, 9000 },
		{ "3\n", 3, 3000, 9000 },
		{ "2\n", 5, 2000, 2000 },
		{ "1\n", 6, 1000, 1000 },
	};
	static const char *const paths[] = { "apps/web/prod/k.yaml",
					     "nowhere/k.yaml" };
	struct fixture *f = *state;
	struct repo_history h[2];
	struct repo_file file;
	struct oid head;

	make_history(f);
	head = oid_of(f, "main");
	for (int unfiltered = 0; unfiltered < 2; unfiltered++) {
		reopen(f, NULL, unfiltered);
		for (size_t depth = 1; depth < 16; depth *= 2)
			assert_ok(f, "history",
				  repo_history(f->repo, &head, paths, 2, depth,
					       NULL, &f->arena, h, &f->err));
		assert_true(h[0].complete);
		assert_int_equal(h[0].walked, 7);
		assert_int_equal(h[0].len, ARRAY_LEN(rows));
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			struct repo_change *c = &h[0].changes[i];

			assert_ok(f, "blob", repo_blobs(f->repo, &c->blob, 1,
							&file, &f->err));
			if (strcmp(file.text, rows[i].text) != 0 ||
			    c->pos != rows[i].pos ||
			    c->committer_s != rows[i].committer_s ||
			    c->landed_s != rows[i].landed_s)
				fail_msg("row %zu: %s at %zu, %ld, %ld", i,
					 file.text, c->pos, c->committer_s,
					 c->landed_s);
		}
		assert_int_equal(h[1].len, 1);
		assert_false(h[1].changes[0].exists);
	}
}

static void boundary_is_not_root(void **state)
{
	static const char *const path = "apps/web/prod/k.yaml";
	struct fixture *f = *state;
	struct repo_history h;
	struct oid head;

	make_history(f);
	head = oid_of(f, "main");
	reopen(f, NULL, false);
	assert_ok(f, "history", repo_history(f->repo, &head, &path, 1, 3,
					     NULL, &f->arena, &h, &f->err));
	assert_false(h.complete);
	assert_int_equal(h.walked, 3);
	assert_int_equal(h.changes[h.len - 1].pos, 2);

	/* A server that has no more itself: known by what was walked. */
	sh(f, "git clone -q --bare --depth 2 file://$D/r.git s.git");
	reopen(f, "s.git", false);
	assert_ok(f, "history", repo_history(f->repo, &head, &path, 1, 100,
					     NULL, &f->arena, &h, &f->err));
	assert_false(h.complete);
	assert_int_equal(h.walked, 2);
}

static void knows_ancestry(void **state)
{
	static const struct {
		const char *tip, *what;
		bool want;
	} rows[] = {
		{ "main", "main", true },	{ "main", "main~5", true },
		{ "main", "side", true },	{ "side", "main", false },
		{ "main~2^1", "side", false },	{ "main~2", "side~1", true },
		{ "main", "alone", false },	{ "alone", "main", false },
	};
	struct fixture *f = *state;
	struct repo_commit *commits;
	struct oid tip, base, made;
	size_t len;
	bool reached;

	make_history(f);
	sh(f, "cd w; git push -q ../r.git side; git checkout -q --orphan "
	   "alone; git commit -q -m alone; git push -q ../r.git alone");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		reopen(f, NULL, i % 2);
		tip = oid_of(f, rows[i].tip);
		base = oid_of(f, rows[i].what);
		assert_ok(f, "reaches", repo_reaches(f->repo, &tip, &base,
						     &reached, &f->err));
		if (reached != rows[i].want)
			fail_msg("%s reaches %s: %d", rows[i].tip, rows[i].what,
				 reached);
	}
	reopen(f, NULL, false);
	tip = oid_of(f, "main");
	base = oid_of(f, "main~2^1");
	assert_ok(f, "beyond", repo_beyond(f->repo, &tip, &base, 10, &f->arena,
					   &commits, &len, &f->err));
	assert_int_equal(len, 5);
	assert_true(oid_eq(&commits[0].id, &tip));
	assert_string_equal(commits[2].message, "merge\n");
	assert_int_equal(commits[2].parents_len, 2);
	assert_int_equal(commits[4].committer_s, 3100);
	assert_int_equal(repo_beyond(f->repo, &tip, &base, 4, &f->arena,
				     &commits, &len, &f->err), -1);
	assert_int_equal(f->err.code, ERR_DATA);
	err_clear(&f->err);

	/* What never was pushed is reached by nothing on the server. */
	made = make_on(f, base, "other", "made here\n");
	assert_ok(f, "reaches", repo_reaches(f->repo, &tip, &made, &reached,
					     &f->err));
	assert_false(reached);
	assert_ok(f, "reaches", repo_reaches(f->repo, &made, &base, &reached,
					     &f->err));
	assert_true(reached);
}

static void diffs_trees(void **state)
{
	struct fixture *f = *state;
	struct repo_diff *d;
	struct buf got = { 0 };
	struct oid from, to;
	size_t len;

	make_odd(f);
	sh(f, "cd w; git rm -q docs/a; mkdir -p new/deep; echo 1 >new/deep/f; "
	   "chmod -x apps/web/prod/run; echo 2 >promote.yaml; "
	   "rm apps/web/prod/link; mkdir apps/web/prod/link; "
	   "echo 3 >apps/web/prod/link/x; git add -A; git update-index "
	   "--add --cacheinfo 160000,1111111111111111111111111111111111111111,"
	   "apps/web/prod/sub; git commit -q -m two; git push -q ../r.git main");
	from = oid_of(f, "main~");
	to = oid_of(f, "main");
	reopen(f, NULL, false);
	assert_ok(f, "diff", repo_diff(f->repo, &from, &to, 10, &f->arena, &d,
				       &len, &f->err));
	for (size_t i = 0; i < len; i++)
		buf_addf(&got, "%s%s%s%s ", oid_is_zero(&d[i].old_blob) ? "+"
			 : oid_is_zero(&d[i].new_blob) ? "-" : "",
			 d[i].path, d[i].mode_changed ? "!" : "", "");
	assert_string_equal(buf_str(&got), "-apps/web/prod/link "
			    "+apps/web/prod/link/x apps/web/prod/run! -docs/a "
			    "+new/deep/f promote.yaml ");
	assert_int_equal(repo_diff(f->repo, &from, &to, 5, &f->arena, &d, &len,
				   &f->err), -1);
	assert_int_equal(f->err.code, ERR_DATA);
	buf_release(&got);
}

/*
 * A few objects can make a tree of millions of directories, and a chain of them
 * deeper than any path: whoever may push a branch can make the bot compare it.
 */
static void gives_up_on_trees_that_are_bombs(void **state)
{
	static const struct { const char *name, *make; } rows[] = {
		{ "wide", "for i in 1 2 3 4 5 6; do t=$(for n in a b c d e f "
			  "g h; do echo \"040000 tree $t\t$n\"; done | git "
			  "mktree); done" },
		{ "deep", "t=$(python3 -c \"print('commit refs/heads/deep\\n"
			  "committer C <c> 1 +0000\\ndata 0\\nM 100644 "
			  "inline ' + ('d' * 200 + '/') * 21 + 'f\\ndata 0')\" | git "
			  "fast-import --quiet && git rev-parse deep:)" },
	};
	struct fixture *f = *state;

	make_odd(f);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct repo_diff *d;
		struct oid from, to;
		size_t len;

		sh(f, "cd r.git; t=$(git mktree </dev/null); %s; t=$({ git "
		   "ls-tree main && echo \"040000 tree $t\tbomb\"; } | git "
		   "mktree); git update-ref refs/heads/bomb "
		   "$(git commit-tree -p main -m bomb $t)", rows[i].make);
		from = oid_of(f, "main");
		to = oid_of(f, "bomb");
		reopen(f, NULL, false);
		if (repo_diff(f->repo, &from, &to, 100, &f->arena, &d, &len,
			      &f->err) == 0)
			fail_msg("%s: %zu files differ", rows[i].name, len);
		assert_int_equal(f->err.code, ERR_DATA);
	}
}

/*
 * What is taken whole on a guess is given up when it turns out to be much:
 * the cost follows the file that was asked for, wherever the bulk lies.
 */
static void bulk_is_not_fetched(void **state)
{
	static const struct {
		const char *name, *bulk, *path;
		unsigned most;		/* requests: hello and fetches */
	} rows[] = {
		{ "a megabyte beside the file", "a/b/c/%d", "a/b/c/k", 7 },
		{ "below the directory of all", "a/b/c%d/x", "a/b/k", 6 },
		{ "thousands of directories at the root", "d%d/dir/x", "a/k",
		  5 },
		{ "thousands of files at the root", "f%d", "a/b/k", 6 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct repo_file file;
		struct repo_cost cost;
		struct oid head;

		sh(f, "python3 -c \"\n"
		   "import random, sys\n"
		   "r = random.Random(%zu)\n"
		   "print('commit refs/heads/main\\ncommitter C <c> 1 +0000\\n"
		   "data 2\\nm')\n"
		   "print('M 100644 inline %s\\ndata 2\\n1')\n"
		   "for n in range(4000):\n"
		   "    print('M 100644 inline %s' %% n)\n"
		   "    print('data 401')\n"
		   "    print('%%0400x' %% r.getrandbits(1600))\n"
		   "\" | git -C r.git fast-import --quiet --force", i,
		   rows[i].path, rows[i].bulk);
		head = oid_of(f, "main");
		reopen(f, NULL, false);
		assert_ok(f, "read", repo_read(f->repo, &head, &rows[i].path, 1,
					       &file, &f->err));
		repo_cost(f->repo, &cost);
		if (!file.exists || strcmp(file.text, "1\n") != 0 ||
		    cost.requests > rows[i].most ||
		    cost.bytes_received > 600 * 1024)
			fail_msg("%s: %u requests, %llu bytes", rows[i].name,
				 cost.requests,
				 (unsigned long long)cost.bytes_received);
	}
}

static void says_what_is_not_there(void **state)
{
	struct fixture *f = *state;
	struct repo_commit c;
	struct repo_refs refs;
	struct oid id;

	make_odd(f);
	reopen(f, NULL, false);
	assert_true(oid_parse(&id, "1234567890123456789012345678901234567890"));
	assert_int_equal(repo_commit(f->repo, &id, &f->arena, &c, &f->err), -1);
	assert_int_equal(f->err.code, ERR_NOTFOUND);
	sh(f, "mkdir empty; git init -q --bare --object-format=sha256 2.git");
	reopen(f, "empty", false);
	assert_int_equal(repo_ls_refs(f->repo, NULL, 0, &refs, &f->err), -1);
	assert_int_equal(f->err.code, ERR_REFUSED);
	assert_non_null(strstr(f->err.msg, "not appear to be a git repo"));
	reopen(f, "2.git", false);
	assert_int_equal(repo_ls_refs(f->repo, NULL, 0, &refs, &f->err), -1);
	assert_int_equal(f->err.code, ERR_DATA);
	assert_non_null(strstr(f->err.msg, "sha256"));
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, \
					      fixture_teardown)
	static const struct CMUnitTest tests[] = {
		T(reads_files),
		T(lists_directories),
		T(lists_refs),
		T(edit_leaves_all_else),
		T(keeps_odd_trees),
		T(refuses_what_is_no_edit),
		T(pushes_a_chain),
		T(each_update_has_its_status),
		T(checkout_is_not_moved),
		T(finds_changes),
		T(boundary_is_not_root),
		T(knows_ancestry),
		T(diffs_trees),
		T(gives_up_on_trees_that_are_bombs),
		T(bulk_is_not_fetched),
		T(says_what_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
