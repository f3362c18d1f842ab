/*
 * What else changed in the folder that a version is promoted from: a setting
 * that the new version needs does not go along with it by itself.
 */
#include "bot/read.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"
#include "bot/trailers.h"

enum { LISTED = 10, SUBJECT_MAX = 120 };

/* Is a directory of this template one service's own? */
static bool folder_is_own(const struct service_spec *spec,
			  const struct field *f)
{
	const char *slash = strrchr(f->file, '/'), *mark;

	mark = strstr(f->file, "{service}");
	return slash && (spec->name || (mark && mark < slash));
}

static const struct spot *from_of(const struct state *s,
				  const struct spot *spot)
{
	return state_spot(s, spot->service, spot->place.env->from[0]);
}

/* The folder of the I-th field's file, or the file where it is shared. */
static const char *path_of(struct state *s, const struct spot *from, size_t i)
{
	const char *file = from->place.slots[i].file;
	const char *slash = strrchr(file, '/');

	if (!slash || !folder_is_own(from->spec, &from->spec->fields[i]))
		return file;
	return arena_strndup(&s->arena, file, (size_t)(slash - file));
}

/* Promotions and bumps are ours; their trailers may be on what was merged. */
static int is_ours(struct state *s, struct repo *repo,
		   const struct repo_commit *c, bool *ours, struct err *err)
{
	struct repo_commit merged;

	*ours = trailer_get(&s->arena, c->message, "Promote-Service") != NULL;
	if (*ours || c->parents_len < 2)
		return 0;
	if (repo_commit(repo, &c->parents[1], &s->arena, &merged, err) < 0)
		return -1;
	*ours = trailer_get(&s->arena, merged.message,
			    "Promote-Service") != NULL;
	return 0;
}

static int by_position(const void *a, const void *b)
{
	const struct repo_change *x = a, *y = b;

	return x->pos < y->pos ? -1 : x->pos > y->pos;
}

/* The changes after SINCE, newest first, of N histories. */
static struct repo_change *changes_after(struct state *s, size_t since,
					 const struct repo_history *h,
					 size_t n, size_t *len)
{
	struct repo_change *all;
	size_t most = 0;

	for (size_t i = 0; i < n; i++)
		most += h[i].len;
	all = arena_alloc(&s->arena, (most + 1) * sizeof(*all));
	*len = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < h[i].len; k++)
			if (h[i].changes[k].pos < since)
				all[(*len)++] = h[i].changes[k];
	qsort(all, *len, sizeof(*all), by_position);
	return all;
}

static int commit_list(struct state *s, struct repo *repo,
		       struct touched *out, const struct oid *id,
		       struct err *err)
{
	struct touched_commit *it = &out->items[out->len];
	struct repo_commit c;
	char hex[OID_HEX + 1];
	char *subject;
	bool ours;

	if (repo_commit(repo, id, &s->arena, &c, err) < 0 ||
	    is_ours(s, repo, &c, &ours, err) < 0)
		return -1;
	if (ours)
		return 0;
	if (out->len == LISTED) {
		out->more++;
		return 0;
	}
	it->commit = arena_strdup(&s->arena, oid_hex(hex, id));
	it->author = c.author_name;
	subject = arena_strndup(&s->arena, c.message,
				strcspn(c.message, "\n"));
	str_cut(subject, SUBJECT_MAX);
	it->subject = subject;
	out->len++;
	return 0;
}

/* Of one spot, from the histories of its paths. */
static int touched_list(struct state *s, struct repo *repo, struct spot *spot,
			const char *const *paths, const struct repo_history *h,
			size_t n, struct err *err)
{
	const struct stay *now = timeline_now(spot->timeline);
	struct touched *out = arena_alloc(&s->arena, sizeof(*out));
	struct repo_change *all;
	size_t len;

	spot->touched = out;
	if (!now || now->pos == 0)
		return 0;
	out->items = arena_alloc(&s->arena, LISTED * sizeof(*out->items));
	out->path = paths[0];
	all = changes_after(s, now->pos, h, n, &len);
	for (size_t i = 0; i < len; i++)
		if ((i == 0 || all[i].pos != all[i - 1].pos) &&
		    commit_list(s, repo, out, &all[i].commit, err) < 0)
			return -1;
	return 0;
}

int read_touched(struct state *s, struct repo *repo,
		 const unsigned char *flags, struct err *err)
{
	const char **paths = NULL;
	size_t len = 0, cap = 0, depth = 0, at = 0;
	struct repo_history *h;
	int rc = 0;

	for (size_t i = 0; i < s->spots_len; i++) {
		const struct spot *spot = &s->spots[i], *from;
		const struct stay *now;

		if (!(flags[i] & NEED_TOUCHED))
			continue;
		from = from_of(s, spot);
		now = timeline_now(spot->timeline);
		if (now && now->pos >= depth)
			depth = now->pos + 1;
		for (size_t k = 0; k < from->place.slots_len; k++) {
			ARRAY_GROW(paths, len, cap);
			paths[len++] = path_of(s, from, k);
		}
	}
	h = arena_alloc(&s->arena, (len + 1) * sizeof(*h));
	if (depth > 1)
		rc = repo_history(repo, &s->base_id, paths, len, depth,
				  NULL, &s->arena, h, err);
	for (size_t i = 0; rc == 0 && i < s->spots_len; i++) {
		size_t n;

		if (!(flags[i] & NEED_TOUCHED))
			continue;
		n = from_of(s, &s->spots[i])->place.slots_len;
		rc = touched_list(s, repo, &s->spots[i], paths + at, h + at, n,
				  err);
		at += n;
	}
	free(paths);
	return rc;
}
