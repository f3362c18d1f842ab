/*
 * Is a branch of ours still ours? By content alone: each commit on it beyond
 * base changes the values of the place's fields and nothing else. Names and
 * trailers prove nothing (I2).
 */
#include "bot/read.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"

enum { BEYOND_MOST = 50, CHANGES_MOST = 100 };

static const char *const *files_of(struct state *s, const struct place *p)
{
	const char **paths = arena_alloc(&s->arena,
					 p->slots_len * sizeof(*paths));

	for (size_t i = 0; i < p->slots_len; i++)
		paths[i] = p->slots[i].file;
	return paths;
}

static int texts_read(struct state *s, struct repo *repo,
		      const struct place *p, const struct oid *at,
		      struct text **texts, struct oid **blobs, struct err *err)
{
	struct repo_file *files = arena_alloc(&s->arena,
					      p->slots_len * sizeof(*files));

	*texts = arena_alloc(&s->arena, p->slots_len * sizeof(**texts));
	*blobs = arena_alloc(&s->arena, p->slots_len * sizeof(**blobs));
	if (repo_read(repo, at, files_of(s, p), p->slots_len, files, err) < 0)
		return -1;
	for (size_t i = 0; i < p->slots_len; i++)
		if (files[i].exists) {
			(*texts)[i] = (struct text){ files[i].text,
						     files[i].len };
			(*blobs)[i] = files[i].blob;
		}
	return 0;
}

/* Does setting the fields in OLD give NEW, byte for byte? */
static bool only_values(struct state *s, const struct place *p,
			const struct text *old_texts,
			const struct text *new_texts)
{
	struct version *versions =
		arena_alloc(&s->arena, p->slots_len * sizeof(*versions));
	struct text_edit *edits;
	struct err err = { 0 };
	size_t len;

	if (!place_versions_of(p, &s->arena, new_texts, versions))
		return false;
	for (size_t i = 0; i < p->slots_len; i++)
		if (!old_texts[i].data)
			return false;
	if (place_edit(p, &s->arena, versions, old_texts, &edits, &len,
		       &err) < 0)
		return false;
	for (size_t i = 0; i < p->slots_len; i++) {
		struct text want = old_texts[i];

		for (size_t k = 0; k < len; k++)
			if (str_eq(edits[k].path, p->slots[i].file))
				want = edits[k].new_text;
		if (want.len != new_texts[i].len ||
		    memcmp(want.data, new_texts[i].data, want.len) != 0)
			return false;
	}
	return true;
}

/* Between two commits, is nothing changed but the place's values? */
static int ours_between(struct state *s, struct repo *repo,
			const struct place *p, const struct oid *from,
			const struct oid *to, bool *out, struct err *err)
{
	struct text *old_texts, *new_texts;
	struct oid *blobs;
	struct repo_diff *diff;
	size_t len;

	*out = false;
	if (repo_diff(repo, from, to, CHANGES_MOST, &s->arena, &diff, &len,
		      err) < 0) {
		if (err->code != ERR_DATA)
			return -1;
		err_clear(err);		/* so many changes are a person's */
		return 0;
	}
	for (size_t i = 0; i < len; i++) {
		bool planned = false;

		for (size_t k = 0; k < p->slots_len; k++)
			planned |= str_eq(diff[i].path, p->slots[k].file);
		if (!planned || diff[i].mode_changed ||
		    oid_is_zero(&diff[i].old_blob) ||
		    oid_is_zero(&diff[i].new_blob))
			return 0;
	}
	if (texts_read(s, repo, p, from, &old_texts, &blobs, err) < 0 ||
	    texts_read(s, repo, p, to, &new_texts, &blobs, err) < 0)
		return -1;
	*out = only_values(s, p, old_texts, new_texts);
	return 0;
}

/* A merge of base into the branch is compared with base's side. */
static const struct oid *judge_against(const struct repo_commit *commits,
				       size_t len, const struct repo_commit *c)
{
	if (c->parents_len != 2)
		return c->parents_len == 1 ? &c->parents[0] : NULL;
	for (size_t i = 0; i < len; i++)
		if (oid_eq(&commits[i].id, &c->parents[1]))
			return NULL;	/* merged something that is not base */
	return &c->parents[1];
}

static int commits_judge(struct state *s, struct repo *repo, struct spot *spot,
			 const struct repo_commit *commits, size_t len,
			 struct err *err)
{
	struct branch_facts *f = &spot->branch_facts;

	f->is_ours = true;
	for (size_t i = 0; i < len && f->is_ours; i++) {
		const struct repo_commit *c = &commits[i];
		const struct oid *old_id = judge_against(commits, len, c);
		char hex[OID_HEX + 1];

		f->is_ours = false;
		if (old_id && ours_between(s, repo, &spot->place, old_id,
					   &c->id, &f->is_ours, err) < 0)
			return -1;
		if (!f->is_ours)
			f->foreign = arena_printf(&s->arena, "%.10s by %s",
						  oid_hex(hex, &c->id),
						  c->author_name);
	}
	return 0;
}

/* What the place runs with these texts; NULL: not readable. */
static const char *version_in(struct state *s, const struct place *p,
			      const struct text *texts)
{
	struct version *versions =
		arena_alloc(&s->arena, p->slots_len * sizeof(*versions));

	if (!place_versions_of(p, &s->arena, texts, versions))
		return NULL;
	return place_version(&s->arena, p->slots, versions, p->slots_len);
}

/* Did base change the place's files since the branch left it? */
static int moved_judge(struct state *s, struct repo *repo, struct spot *spot,
		       const struct oid *fork, struct err *err)
{
	const struct place *p = &spot->place;
	struct text *texts;
	struct oid *then, *now;

	if (texts_read(s, repo, p, &s->base_id, &texts, &now, err) < 0 ||
	    texts_read(s, repo, p, fork, &texts, &then, err) < 0)
		return -1;
	for (size_t i = 0; i < p->slots_len; i++)
		if (!oid_eq(&then[i], &now[i]))
			spot->branch_facts.files_moved = true;
	spot->branch_facts.forked_version = version_in(s, p, texts);
	return 0;
}

static int beyond_read(struct state *s, struct repo *repo, struct spot *spot,
		       struct err *err)
{
	struct branch_facts *f = &spot->branch_facts;

	return f->beyond ? 0 : repo_beyond(repo, &spot->branch_id, &s->base_id,
					   BEYOND_MOST, &s->arena, &f->beyond,
					   &f->beyond_len, err);
}

int read_branch(struct state *s, struct repo *repo, struct spot *spot,
		struct err *err)
{
	struct branch_facts *f = &spot->branch_facts;
	const struct place *p = &spot->place;
	struct text *texts;
	struct oid *blobs;
	size_t len;

	f->is_known = true;
	if (beyond_read(s, repo, spot, err) < 0) {
		if (err->code != ERR_DATA)
			return -1;
		err_clear(err);
		f->foreign = "more commits than the bot makes";
		return 0;
	}
	len = f->beyond_len;
	if (commits_judge(s, repo, spot, f->beyond, len, err) < 0)
		return -1;
	f->is_on_base = len == 0;
	if (texts_read(s, repo, p, &spot->branch_id, &texts, &blobs, err) < 0)
		return -1;
	f->version = version_in(s, p, texts);
	if (len)
		f->message = f->beyond[0].message;
	if (len && f->beyond[len - 1].parents_len)
		return moved_judge(s, repo, spot,
				   &f->beyond[len - 1].parents[0], err);
	return 0;
}

/* The files where each branch left base, which are compared with its own. */
static int forks_read_ahead(struct state *s, struct repo *repo,
			    struct spot **spots, size_t n, struct err *err)
{
	struct repo_look *looks = xcalloc(n + 1, sizeof(*looks));
	size_t len = 0;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		const struct branch_facts *f = &spots[i]->branch_facts;
		const struct place *p = &spots[i]->place;
		struct err in_its_turn = { 0 };
		const struct repo_commit *last;

		if (beyond_read(s, repo, spots[i], &in_its_turn) < 0 ||
		    f->beyond_len == 0)
			continue;
		last = &f->beyond[f->beyond_len - 1];
		if (last->parents_len)
			looks[len++] = (struct repo_look){ last->parents[0],
				files_of(s, p), p->slots_len };
	}
	if (len > 1)
		rc = repo_read_ahead(repo, looks, len, err);
	free(looks);
	return rc;
}

int read_branches_ahead(struct state *s, struct repo *repo,
			const unsigned char *flags, struct err *err)
{
	struct oid *tips = xcalloc(s->spots_len + 1, sizeof(*tips));
	struct spot **spots = xcalloc(s->spots_len + 1, sizeof(*spots));
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < s->spots_len; i++) {
		struct spot *spot = &s->spots[i];

		if (!(flags[i] & NEED_BRANCH) || spot->branch_facts.is_known)
			continue;
		spots[n] = spot;
		tips[n++] = spot->branch_id;
	}
	if (n && (repo_beyond_ahead(repo, tips, n, &s->base_id, err) < 0 ||
		  forks_read_ahead(s, repo, spots, n, err) < 0))
		rc = -1;
	free(tips);
	free(spots);
	return rc;
}
