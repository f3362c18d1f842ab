/*
 * The timelines of services: the histories of their files, read for the
 * versions they held and folded into stays.
 */
#include "bot/read.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"
#include "bot/text.h"
#include "bot/trailers.h"

/* Paths and blobs, each once, so that every one is fetched once. */
struct history_set {
	const char **paths;
	size_t len, cap;
	struct repo_history *histories;
	struct repo_file **files;	/* files[path][change] */
	bool is_recent;
};

static size_t path_index(struct history_set *h, const char *path)
{
	for (size_t i = 0; i < h->len; i++)
		if (str_eq(h->paths[i], path))
			return i;
	ARRAY_GROW(h->paths, h->len, h->cap);
	h->paths[h->len] = path;
	return h->len++;
}

/* Fetch the content of every change of every path at once. */
static int contents_read(struct history_set *h, struct state *s,
			 struct repo *repo, struct err *err)
{
	struct repo_file *all;
	struct oid *ids;
	size_t n = 0, at = 0;
	int rc;

	for (size_t i = 0; i < h->len; i++)
		n += h->histories[i].len;
	ids = xcalloc(n, sizeof(*ids));
	all = arena_alloc(&s->arena, n * sizeof(*all));
	n = 0;
	for (size_t i = 0; i < h->len; i++)
		for (size_t k = 0; k < h->histories[i].len; k++)
			if (h->histories[i].changes[k].exists)
				ids[n++] = h->histories[i].changes[k].blob;
	rc = repo_blobs(repo, ids, n, all, err);
	free(ids);
	if (rc < 0)
		return -1;
	h->files = arena_alloc(&s->arena, h->len * sizeof(*h->files));
	for (size_t i = 0; i < h->len; i++) {
		const struct repo_history *it = &h->histories[i];

		h->files[i] = arena_alloc(&s->arena,
					  it->len * sizeof(**h->files));
		for (size_t k = 0; k < it->len; k++)
			if (it->changes[k].exists)
				h->files[i][k] = all[at++];
	}
	return 0;
}

/* The change of history H that was in force at first-parent position POS. */
static size_t change_at(const struct repo_history *h, size_t pos)
{
	size_t i = 0;

	while (i < h->len && h->changes[i].pos < pos)
		i++;
	return i;
}

/* Positions at which any file of the place changed, oldest first. */
static size_t *positions(const struct history_set *h, const size_t *index,
			 size_t n, size_t *len)
{
	size_t *pos = NULL, cap = 0;

	*len = 0;
	for (size_t i = 0; i < n; i++) {
		const struct repo_history *it = &h->histories[index[i]];

		for (size_t k = 0; k < it->len; k++) {
			size_t at = 0, p = it->changes[k].pos;

			while (at < *len && pos[at] > p)
				at++;
			if (at < *len && pos[at] == p)
				continue;
			ARRAY_GROW(pos, *len, cap);
			memmove(pos + at + 1, pos + at,
				(*len - at) * sizeof(*pos));
			pos[at] = p;
			(*len)++;
		}
	}
	return pos;
}

void stay_describe(struct arena *a, const char *m, struct stay *stay)
{
	stay->is_ours = true;
	/* A number is one of a version, whatever else a commit brought. */
	stay->build = !str_eq(trailer_get(a, m, "Promote-Version"),
			      stay->version) ? -1
		: trailer_number(trailer_get(a, m, "Promote-Build"));
	stay->source = trailer_get(a, m, "Promote-Source");
	stay->promoted_from = trailer_get(a, m, "Promote-From");
	stay->rolled_back = trailer_get(a, m, "Promote-Rollback");
	stay->overridden = trailer_get(a, m, "Promote-Override");
	stay->reason = trailer_get(a, m, "Promote-Reason");
}

bool message_is_about(struct state *s, const char *message,
		      const struct spot *spot)
{
	const char *service = trailer_get(&s->arena, message,
					  "Promote-Service");
	const char *env = trailer_get(&s->arena, message,
				      "Promote-Environment");
	size_t set = spot_row(s, spot)->set;

	return (str_eq(service, spot->place.service) ||
		(set != SIZE_MAX && str_eq(service, s->services[set].name))) &&
	       str_eq(env, spot->place.env->name);
}

/*
 * What the commit that brought a stay says about itself: its own trailers, or
 * those of the commit it merged. That one is here already as a rule: history
 * is fetched by generations, merged branches included.
 */
static int trailers_read(struct state *s, struct repo *repo,
			 const struct spot *spot, const struct oid *id,
			 struct stay *stay, struct err *err)
{
	struct arena *a = &s->arena;
	struct repo_commit c;

	if (repo_commit(repo, id, a, &c, err) < 0)
		return -1;
	stay->author = c.author_name;
	for (int depth = 0; depth < 2; depth++) {
		if (message_is_about(s, c.message, spot)) {
			stay->author = c.author_name;
			stay_describe(a, c.message, stay);
			return 0;
		}
		if (c.parents_len < 2 || depth)
			break;
		if (repo_commit(repo, &c.parents[1], &s->arena, &c, err) < 0)
			return -1;
	}
	return 0;
}

/* The version of the place at a position; NULL: not there, not readable. */
static const char *version_at(struct state *s, const struct history_set *h,
			      const struct spot *spot, const size_t *index,
			      size_t pos)
{
	const struct place *p = &spot->place;
	struct version *versions =
		arena_alloc(&s->arena, p->slots_len * sizeof(*versions));
	struct text *texts = arena_alloc(&s->arena,
					 p->slots_len * sizeof(*texts));

	for (size_t i = 0; i < p->slots_len; i++) {
		const struct repo_history *it = &h->histories[index[i]];
		size_t k = change_at(it, pos);

		if (k == it->len || !it->changes[k].exists)
			return NULL;
		texts[i].data = h->files[index[i]][k].text;
		texts[i].len = h->files[index[i]][k].len;
	}
	if (!place_versions_of(p, &s->arena, texts, versions))
		return NULL;
	return place_version(&s->arena, p->slots, versions, p->slots_len);
}

/* The change at POS among the place's files: all were made by one commit. */
static const struct repo_change *change_of(const struct history_set *h,
					   const size_t *index, size_t n,
					   size_t pos)
{
	for (size_t i = 0; i < n; i++) {
		const struct repo_history *it = &h->histories[index[i]];
		size_t k = change_at(it, pos);

		if (k < it->len && it->changes[k].pos == pos)
			return &it->changes[k];
	}
	BUG("no change at position %zu", pos);
}

/* A timeline in the making: what the place held, position after position. */
struct making {
	const struct spot *spot;
	const size_t *index;	/* of its files in the history_set */
	size_t *pos, len, next;	/* oldest first */
	struct stay *stays;	/* filled from the end: newest first */
	size_t at;
	struct timeline *t;
};

static void making_init(struct making *m, struct state *s,
			const struct spot *spot, const struct history_set *h,
			const size_t *index)
{
	memset(m, 0, sizeof(*m));
	m->spot = spot;
	m->index = index;
	m->pos = positions(h, index, spot->place.slots_len, &m->len);
	m->t = arena_alloc(&s->arena, sizeof(*m->t));
	m->stays = arena_alloc(&s->arena, (m->len + 1) * sizeof(*m->stays));
	m->at = m->len;
	m->t->complete = true;
	for (size_t i = 0; i < spot->place.slots_len; i++)
		/* Where the server's own history ends there is no more to ask. */
		m->t->complete &= h->histories[index[i]].complete ||
				  s->history_is_cut;
}

static int making_step(struct making *m, struct state *s, struct repo *repo,
		       const struct history_set *h, struct err *err)
{
	size_t pos = m->pos[m->next++];
	const struct repo_change *c = change_of(h, m->index,
						m->spot->place.slots_len, pos);
	const char *version = version_at(s, h, m->spot, m->index, pos);
	struct stay *stays = m->stays, *stay;
	char hex[OID_HEX + 1];

	if (m->at < m->len && str_eq(stays[m->at].version, version))
		return 0;	/* the file changed, the version did not */
	if (m->at == m->len && !version)
		return 0;	/* before it came to be */
	if (m->at < m->len)
		stays[m->at].until_s = c->landed_s;
	stay = &stays[--m->at];
	stay->version = version;
	stay->from_s = c->landed_s;
	stay->until_s = TIME_UNKNOWN;
	stay->commit = arena_strdup(&s->arena, oid_hex(hex, &c->commit));
	stay->pos = c->pos;
	stay->build = -1;
	if (version && h->is_recent)
		recent_describe(s, m->spot, stay);
	else if (version)
		return trailers_read(s, repo, m->spot, &c->commit, stay, err);
	return 0;
}

static const struct timeline *making_end(struct making *m)
{
	m->t->stays = m->stays + m->at;
	m->t->len = m->len - m->at;
	free(m->pos);
	m->pos = NULL;
	return m->t;
}

/*
 * All of them, one position after the other: where hundreds of services share
 * a file, each of its texts is asked for all their versions in a row, and
 * yamledit parses it once.
 */
static int makings_run(struct making *m, size_t n, struct state *s,
		       struct repo *repo, const struct history_set *h,
		       struct err *err)
{
	for (;;) {
		size_t pos = SIZE_MAX;	/* the oldest one left */

		for (size_t i = 0; i < n; i++)
			if (m[i].next < m[i].len &&
			    (pos == SIZE_MAX || m[i].pos[m[i].next] > pos))
				pos = m[i].pos[m[i].next];
		if (pos == SIZE_MAX)
			return 0;
		for (size_t i = 0; i < n; i++)
			if (m[i].next < m[i].len &&
			    m[i].pos[m[i].next] == pos &&
			    making_step(&m[i], s, repo, h, err) < 0)
				return -1;
	}
}

/* Of the spots flagged NEED; of the commits only those in LOOKS, or all. */
static int timelines_make(struct state *s, struct repo *repo,
			  const unsigned char *flags, unsigned need,
			  size_t depth, const bool *looks, struct err *err)
{
	size_t spots = s->spots_len / 2;
	struct history_set h = { .is_recent = need == NEED_RECENT };
	struct making *makings = xcalloc(spots, sizeof(*makings));
	size_t *index = NULL, len = 0, cap = 0, at = 0, n = 0;
	int rc = -1;

	for (size_t i = 0; i < spots; i++) {
		const struct place *p = &s->spots[i].place;

		if (!(flags[i] & need))
			continue;
		for (size_t k = 0; k < p->slots_len; k++) {
			ARRAY_GROW(index, len, cap);
			index[len++] = path_index(&h, p->slots[k].file);
		}
	}
	log_progress("reading the history of %zu files, %zu commits back",
		     h.len, depth);
	h.histories = arena_alloc(&s->arena, h.len * sizeof(*h.histories));
	if (repo_history(repo, &s->base_id, h.paths, h.len, depth, looks,
			 &s->arena, h.histories, err) < 0 ||
	    contents_read(&h, s, repo, err) < 0)
		goto out;
	for (size_t i = 0; i < h.len; i++)
		s->history_is_cut |= !h.histories[i].complete &&
				     h.histories[i].walked < depth;
	for (size_t i = 0; i < spots; i++)
		if (flags[i] & need) {
			making_init(&makings[n++], s, &s->spots[i], &h,
				    index + at);
			at += s->spots[i].place.slots_len;
		}
	rc = makings_run(makings, n, s, repo, &h, err);
	n = 0;
	for (size_t i = 0; i < spots; i++) {
		struct spot *spot = &s->spots[i];
		const struct timeline *t;

		if (!(flags[i] & need))
			continue;
		t = making_end(&makings[n++]);
		if (rc < 0)
			continue;
		if (h.is_recent) {
			spot->recent = t;
		} else {
			spot->timeline = t;
			timeline_forge_word(s, spot);
		}
	}
out:
	free(makings);
	free(h.paths);
	free(index);
	return rc;
}

int read_timelines(struct state *s, struct repo *repo,
		   const unsigned char *flags, size_t depth, struct err *err)
{
	if (timelines_make(s, repo, flags, NEED_TIMELINE, depth, NULL, err) < 0)
		return -1;
	s->history_depth = depth;
	return 0;
}

int recent_timelines(struct state *s, struct repo *repo,
		     const unsigned char *flags, struct err *err)
{
	return timelines_make(s, repo, flags, NEED_RECENT, s->looked_len,
			      s->looks, err);
}

static bool has_brought(const struct forge_pr *pr, const struct stay *s)
{
	return pr->state == FORGE_PR_MERGED &&
	       (str_eq(pr->merge_sha, s->commit) ||
		str_eq(pr->head_sha, s->commit));
}

/* T, a timeline of SPOT or NULL, with what the forge knows of it. */
static const struct timeline *with_forge_word(struct state *s,
					      const struct spot *spot,
					      const struct timeline *t)
{
	const struct landings *l = &s->landings;
	struct arena *a = &s->arena;
	struct timeline *own;
	struct stay *stays;
	struct marker m;

	if (!t || t->len == 0 || (spot->past_len == 0 && l->len == 0))
		return t;
	own = arena_alloc(a, sizeof(*own));
	stays = arena_alloc(a, t->len * sizeof(*stays));
	memcpy(stays, t->stays, t->len * sizeof(*stays));
	for (size_t i = 0; i < t->len; i++)
		for (size_t k = 0; k < spot->past_len; k++) {
			const struct forge_pr *pr = &spot->past[k];

			if (!has_brought(pr, &stays[i]))
				continue;
			/* A person's commit may have been in the squash. */
			if (!stays[i].is_ours && pr->head_is_ours &&
			    text_marker_parse(a, pr->body, &m) &&
			    str_eq(m.version, stays[i].version)) {
				stays[i].build = trailer_number(m.build);
				stays[i].source = m.source;
			}
			stays_landed(stays, t->len, i, pr->merged_s, "merged");
		}
	stays_pushed(stays, t->len, l->pushes, l->len, l->last);
	*own = *t;
	own->stays = stays;
	return own;
}

void timeline_forge_word(struct state *s, struct spot *spot)
{
	spot->timeline = with_forge_word(s, spot, spot->timeline);
	spot->recent = with_forge_word(s, spot, spot->recent);
}

bool spot_merged(const struct spot *spot, const struct stay *stay)
{
	for (size_t i = 0; i < spot->past_len; i++)
		if (has_brought(&spot->past[i], stay))
			return true;
	return false;
}
