#include "bot/read.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"

enum {
	READY_WAIT_MS = 4000,	/* for a forge that is still computing */
	SPOTS_BAD_MOST = 3,
	HISTORY_FIRST = 64,	/* commits; doubled while a plan wants more, */
	HISTORY_LONG = 256,	/* from here on fourfold */
};

/* Does it read only? Then a HEAD on no branch, as CI checks out, will do. */
static bool is_reading(const struct request *r)
{
	return r->command == CMD_CHECK || r->command == CMD_STATUS ||
	       r->command == CMD_LOG;
}

/* Base's name and head, and the heads of our branches, from one listing. */
static int read_refs(struct state *s, struct world *w, const struct request *r,
		     struct repo_refs *refs, struct err *err)
{
	const char *prefixes[4] = { "refs/heads/promote/",
				    "refs/heads/rollback/", "HEAD", NULL };
	const char *ref;

	/* Without a name HEAD says which branch, and where it is. */
	if (w->base)
		prefixes[3] = arena_printf(&s->arena, "refs/heads/%s", w->base);
	if (repo_ls_refs(w->repo, prefixes, w->base ? 4 : 3, refs, err) < 0)
		return -1;
	if (w->base)
		s->base = arena_strdup(&s->arena, w->base);
	else if (refs->head_target &&
		 str_starts(refs->head_target, "refs/heads/"))
		s->base = arena_strdup(&s->arena, refs->head_target +
				       strlen("refs/heads/"));
	else if (is_reading(r))
		s->base = "HEAD";
	else
		return err_set(err, ERR_USAGE, "HEAD of %s is on no branch; name "
			       "one with --base", w->location);
	ref = arena_printf(&s->arena, "refs/heads/%s", s->base);
	s->base_is_default = !refs->head_target ||
			     str_eq(refs->head_target, ref);
	for (size_t i = 0; i < refs->len; i++)
		if (str_eq(refs->items[i].name, ref) ||
		    (!w->base && str_eq(refs->items[i].name, "HEAD"))) {
			s->base_id = refs->items[i].id;
			oid_hex(s->base_hex, &s->base_id);
			return 0;
		}
	if (!w->base)
		return err_set(err, ERR_USAGE, "%s has no commit on '%s', which "
			       "its HEAD names; push a first one, or name "
			       "another branch with --base", w->location, s->base);
	return err_set(err, ERR_USAGE, "%s has no branch '%s'; name another "
		       "with --base", w->location, s->base);
}

/* The suffix is easily mistaken: other tools take both. */
static int fail_no_config(struct state *s, struct world *w, struct err *err)
{
	const char *other = "promote.yml";
	struct repo_file file;

	if (repo_read(w->repo, &s->base_id, &other, 1, &file, err) < 0)
		return -1;
	if (file.exists)
		return err_set(err, ERR_USAGE, "%s: not on branch %s of %s, "
			       "but %s is; rename it to %s", CONFIG_FILE,
			       s->base, w->location, other, CONFIG_FILE);
	return err_set(err, ERR_USAGE, "%s: not on branch %s of %s; put one "
		       "there (see `git promote help config`)", CONFIG_FILE,
		       s->base, w->location);
}

static int read_config(struct state *s, struct world *w, struct err *err)
{
	const char *path = CONFIG_FILE;
	struct repo_file file;

	if (repo_read(w->repo, &s->base_id, &path, 1, &file, err) < 0)
		return -1;
	if (!file.exists)
		return fail_no_config(s, w, err);
	if (file.is_symlink)
		return err_set(err, ERR_USAGE, "%s: a symbolic link on branch "
			       "%s of %s; put the file itself there",
			       CONFIG_FILE, s->base, w->location);
	return config_parse(&s->config, file.text, file.len, &s->diag, err);
}

int read_state(struct state *s, struct world *w, const struct request *r,
	       struct err *err)
{
	struct repo_refs refs = { 0 };
	int rc = -1;

	state_release(s);
	if (clock_read(&s->now_s, err) < 0 ||
	    read_refs(s, w, r, &refs, err) < 0)
		goto out;
	s->evidence = &w->evidence;
	log_verbose("%s is at %.10s", s->base, s->base_hex);
	if ((r->command == CMD_BUMP &&
	     read_recent_line(s, w->repo, r, err) < 0) ||
	    read_config(s, w, err) < 0 ||
	    read_stops(s, w->repo, err) < 0 ||
	    read_services(s, w->repo, r, err) < 0)
		goto out;
	diag_sort(&s->diag);
	if (s->diag.errors) {
		err_set(err, ERR_USAGE, "%s is not right", CONFIG_FILE);
		goto out;
	}
	for (size_t i = 0; i < s->spots_len; i++)
		for (size_t k = 0; k < refs.len; k++)
			if (str_starts(refs.items[k].name, "refs/heads/") &&
			    str_eq(refs.items[k].name + strlen("refs/heads/"),
				   s->spots[i].branch))
				s->spots[i].branch_id = refs.items[k].id;
	rc = world_open_forge(w, s->config.forge, err);
out:
	repo_refs_release(&refs);
	return rc;
}

static int read_prs(struct state *s, struct world *w, struct err *err)
{
	struct forge_pr *prs;
	size_t len;

	s->prs_known = true;
	if (!w->forge)
		return 0;
	log_progress("reading the open pull requests");
	if (forge_list_open(w->forge, s->base, "", &s->arena, &prs, &len,
			    err) < 0)
		return -1;
	s->prs = prs;
	s->prs_len = len;
	for (size_t i = 0; i < len; i++)
		for (size_t k = 0; k < s->spots_len; k++)
			if (str_eq(prs[i].head_branch, s->spots[k].branch))
				s->spots[k].pr = &prs[i];
	return 0;
}

static int read_past(struct state *s, struct world *w, struct spot *spot,
		     int64_t since_s, struct err *err)
{
	struct forge_pr *past = NULL;
	size_t len = 0;

	spot->past_known = true;
	if (w->forge && forge_list_by_head(w->forge, s->base, spot->branch,
					   since_s ? since_s : TIME_UNKNOWN,
					   &s->arena, &past, &len, err) < 0)
		return -1;
	spot->past = past;
	spot->past_len = len;
	timeline_forge_word(s, spot);
	return 0;
}

static int read_ready(struct state *s, struct world *w, struct spot *spot,
		      struct err *err)
{
	struct forge_readiness *ready = arena_alloc(&s->arena, sizeof(*ready));

	if (forge_readiness(w->forge, spot->pr->number, READY_WAIT_MS,
			    &s->arena, ready, err) < 0)
		return -1;
	spot->readiness = ready;
	return 0;
}

/* What NEEDS asks of one branch and its pull request. */
static int read_spot(struct state *s, struct world *w, struct spot *spot,
		     unsigned flags, const struct needs *needs, struct err *err)
{
	if (flags && spot->err.code) {	/* its planner should not have asked */
		*err = spot->err;
		return -1;
	}
	if ((flags & NEED_BRANCH) && !spot->branch_facts.is_known &&
	    read_branch(s, w->repo, spot, err) < 0)
		return -1;
	if ((flags & NEED_PAST) && !spot->past_known &&
	    read_past(s, w, spot, needs->past_since_s, err) < 0)
		return -1;
	if ((flags & NEED_READY) && !spot->readiness &&
	    read_ready(s, w, spot, err) < 0)
		return -1;
	return 0;
}

/* What the forge will be asked about each spot, many requests at once. */
static void read_ahead(struct state *s, struct world *w,
		       const struct needs *needs)
{
	struct forge_ahead_of of = { .base = s->base };

	if (!w->forge)
		return;
	of.heads = xcalloc(s->spots_len + 1, sizeof(*of.heads));
	of.numbers = xcalloc(s->spots_len + 1, sizeof(*of.numbers));
	for (size_t i = 0; i < s->spots_len; i++) {
		const struct spot *spot = &s->spots[i];

		if ((needs->flags[i] & NEED_PAST) && !spot->past_known)
			of.heads[of.heads_len++] = spot->branch;
		if ((needs->flags[i] & NEED_READY) && !spot->readiness)
			of.numbers[of.numbers_len++] = spot->pr->number;
	}
	if (of.heads_len + of.numbers_len > 1)
		log_progress("reading %zu pull requests", of.heads_len +
			     of.numbers_len);
	forge_pulls_ahead(w->forge, &of);
	free(of.heads);
	free(of.numbers);
}

/*
 * Is an error that one service's? One bad pull request stops no other, while
 * a forge that is down need not be asked about hundreds of them.
 */
static bool is_of_spot(struct state *s, const struct spot *spot,
		       const struct err *err)
{
	if (spot->err.code || err->code == ERR_SECURITY ||
	    err->code == ERR_BUG || err->code == ERR_RACE)
		return false;
	return s->spots_bad++ < SPOTS_BAD_MOST;
}

/* How far back next. What is not among the newest lies far back as a rule. */
static size_t history_further(size_t depth)
{
	return depth == 0	    ? HISTORY_FIRST
	       : depth < HISTORY_LONG ? 2 * depth
				      : 4 * depth;
}

int read_needs(struct state *s, struct world *w, const struct needs *needs,
	       struct err *err)
{
	size_t n = s->spots_len;
	unsigned any = 0;

	if (needs->prs && !s->prs_known && read_prs(s, w, err) < 0) {
		if (!needs->prs_may_fail)
			return -1;
		s->prs_err = *err;
		err_clear(err);
	}
	if (read_branches_ahead(s, w->repo, needs->flags, err) < 0)
		return -1;
	read_ahead(s, w, needs);
	for (size_t i = 0; i < n; i++) {
		struct spot *spot = &s->spots[i];
		unsigned char f = needs->flags[i];

		any |= f;
		if (read_spot(s, w, spot, f & ~(NEED_TIMELINE | NEED_RECENT |
			      NEED_TOUCHED), needs, err) == 0)
			continue;
		if (!is_of_spot(s, spot, err))
			return -1;
		spot->err = *err;
		err_clear(err);
	}
	if (w->forge)
		forge_ahead_drop(w->forge);
	if ((any & NEED_RECENT) &&
	    read_recent(s, w->repo, needs->flags, err) < 0)
		return -1;
	if ((any & NEED_TIMELINE) &&
	    read_timelines(s, w->repo, needs->flags,
			   history_further(s->history_depth), err) < 0)
		return -1;
	if (read_touched(s, w->repo, needs->flags, err) < 0 ||
	    read_landings(s, w, needs, err) < 0)
		return -1;
	return read_evidence(s, w, needs, err);
}
