/* Commits and trees as they are stored. */
#include "bot/git/commit.h"
#include "bot/git/tree.h"
#include "tests/fuzz/git_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	struct commit_head head = { 0 };
	struct repo_commit commit = { 0 };
	struct tree_entry e;
	struct arena a = { 0 };
	struct err err = { 0 };
	size_t at = 0;

	while (tree_next(&e, text, len, &at, &err) > 0)
		if (strlen(e.name) != e.name_len || at > len)
			abort();
	err_clear(&err);
	if (commit_head_parse(&head, text, len, &err) == 0 &&
	    commit_parse(&commit, text, len, &a, &err) == 0 &&
	    (!oid_eq(&head.tree, &commit.tree) ||
	     commit.committer_s != head.committer_s) && len < 64)
		abort();
	arena_release(&a);
	return 0;
}
