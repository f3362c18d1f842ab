/*
 * Evidence for gates, gathered once a run and many at once: what the forge's
 * checks say of commits on base.
 */
#include "bot/read.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"

enum {
	COMMITS_MOST = 500,	/* asked about in one run: two requests each,
				   and forges allow a few thousand an hour */
};

const struct forge_commit *evidence_of_commit(const struct evidence *e,
					      const char *sha)
{
	for (size_t i = 0; i < e->commits_len; i++)
		if (str_eq(e->commits[i]->sha, sha))
			return e->commits[i];
	return NULL;
}

void evidence_release(struct evidence *e)
{
	free(e->commits);
	free(e->asked);
	arena_release(&e->arena);
	memset(e, 0, sizeof(*e));
}

/* The commits at positions up to LAST. History is here: no request. */
int read_line(struct state *s, struct repo *repo, size_t last,
	      struct err *err)
{
	struct oid *line;
	struct arena a = { 0 };
	struct repo_commit c;
	int rc = 0;

	if (last < s->line_len)
		return 0;
	line = arena_alloc(&s->arena, (last + 1) * sizeof(*line));
	line[0] = s->base_id;
	for (size_t i = 1; rc == 0 && i <= last; i++) {
		rc = repo_commit(repo, &line[i - 1], &a, &c, err);
		if (rc == 0 && c.parents_len == 0)
			BUG("base has no position %zu", last);
		if (rc == 0)
			line[i] = c.parents[0];
		arena_release(&a);
	}
	s->line = line;
	s->line_len = rc == 0 ? last + 1 : 0;
	return rc;
}

static void commits_ask(struct evidence *e, struct world *w,
			struct forge_commit *ask, size_t n)
{
	size_t room = e->commits_len < COMMITS_MOST
		? COMMITS_MOST - e->commits_len : 0;
	size_t asked = n < room ? n : room;

	if (asked)
		log_progress("reading the checks of %zu commits", asked);
	if (asked)
		forge_statuses_many(w->forge, ask, asked, &e->arena);
	for (size_t i = 0; i < n; i++) {
		if (i >= asked)
			err_set(&ask[i].err, ERR_TRANSIENT, "more than %d "
				"commits to ask about in one run",
				COMMITS_MOST);
		if (ask[i].err.code)
			log_verbose("checks of %.10s: %s", ask[i].sha,
				    ask[i].err.msg);
		ARRAY_GROW(e->commits, e->commits_len, e->commits_cap);
		e->commits[e->commits_len++] = &ask[i];
	}
}

static int read_commits(struct state *s, struct world *w,
			const struct needs *needs, struct err *err)
{
	struct evidence *e = &w->evidence;
	struct forge_commit *ask;
	size_t n = 0;

	if (read_line(s, w->repo, needs->commits_len - 1, err) < 0)
		return -1;
	ask = arena_alloc(&e->arena, needs->commits_len * sizeof(*ask));
	for (size_t i = 0; i < needs->commits_len; i++) {
		char hex[OID_HEX + 1];

		if (!needs->commits[i] ||
		    evidence_of_commit(e, oid_hex(hex, &s->line[i])))
			continue;
		ask[n++].sha = arena_strdup(&e->arena, hex);
	}
	commits_ask(e, w, ask, n);
	return 0;
}

int read_evidence(struct state *s, struct world *w, const struct needs *needs,
		  struct err *err)
{
	if (needs->commits_len && read_commits(s, w, needs, err) < 0)
		return -1;
	if (needs->questions_len)
		read_answers(s, w, needs);
	return 0;
}
