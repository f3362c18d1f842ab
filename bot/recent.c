/*
 * The newest part of timelines, for the rule Order. A CI job shall cost what
 * its edit costs, while on a base with thousands of services a commit's trees
 * are small only as deltas against the next one's, of which servers send one in
 * fifty whole; so this part is short:
 *
 * - The newest WINDOW commits of base come with the head, in a request that is
 *   needed anyway, with the trees on top where the server can filter so.
 * - A commit that says it is ours, and for other services or environments, is
 *   taken at its word. At all others (persons', other tools', ours for these)
 *   the values are looked at, in the requests that read the head's.
 * - A build's number may be compared with one that was given long ago: for
 *   that, messages are read back to HISTORY_HORIZON, for the one of ours that
 *   brought what stands where looking ends, and for what it was gone back from.
 *
 * What lies further back is not known. Gates, soaks, holds and rollbacks do
 * not rest on this but on whole timelines (bot/timelines.c).
 */
#include "bot/read.h"

#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"
#include "bot/trailers.h"

enum { WINDOW = 32 };

/* The message of the commit at POS, or of the one of ours that it merged. */
static const char *message_at(struct state *s, size_t pos)
{
	const struct repo_line *line = &s->recent;
	const char *m = line->commits[pos].message;

	return line->merged[pos] && !trailer_get(&s->arena, m,
						 "Promote-Service")
		? line->merged[pos] : m;
}

/* May the commit have changed what R is about? promote.yaml is not read yet. */
static bool may_have_changed(struct state *s, const struct request *r,
			     const char *message)
{
	const char *service = trailer_get(&s->arena, message,
					  "Promote-Service");
	const char *env = trailer_get(&s->arena, message,
				      "Promote-Environment");

	if (!service || !env)
		return true;
	if (r->env && !str_eq(r->env, env))
		return false;
	for (size_t i = 0; i < r->wishes_len; i++)
		if (str_eq(r->wishes[i].service, service))
			return true;
	/* A set, or services that are named by what they run. */
	return service[0] == '+' || r->image.name;
}

/* Behind each commit that may have changed something: what was there before. */
static void looks_choose(struct state *s, const struct request *r)
{
	const struct repo_line *line = &s->recent;

	s->looked_len = line->len;
	s->looks = arena_alloc(&s->arena, (line->len + 1) * sizeof(*s->looks));
	for (size_t i = 0; i < line->len; i++)
		s->looks[i + 1] = may_have_changed(s, r, message_at(s, i));
}

static int line_read(struct state *s, struct repo *repo, size_t depth,
		     struct err *err)
{
	if (repo_line(repo, &s->base_id, depth, &s->arena, &s->recent, err) < 0)
		return -1;
	s->history_is_cut |= !s->recent.complete && s->recent.len < depth;
	s->recent_is_all = depth == HISTORY_HORIZON || s->recent.len < depth;
	return 0;
}

int read_recent_line(struct state *s, struct repo *repo,
		     const struct request *r, struct err *err)
{
	struct oid *along;
	size_t n = 0;

	if (line_read(s, repo, WINDOW, err) < 0)
		return -1;
	looks_choose(s, r);
	along = arena_alloc(&s->arena, s->looked_len * sizeof(*along));
	for (size_t i = 1; i < s->looked_len; i++)
		if (s->looks[i])
			along[n++] = s->recent.commits[i].id;
	repo_look_along(repo, along, n);
	log_verbose("of the newest %zu commits, looking at %zu",
		    s->recent.len, n + 1);
	return 0;
}

void recent_describe(struct state *s, const struct spot *spot,
		     struct stay *stay)
{
	const char *m = message_at(s, stay->pos);

	if (message_is_about(s, m, spot))
		stay_describe(&s->arena, m, stay);
}

/*
 * The newest commit of ours, from POS on back, that says it brought VERSION
 * (NULL: any) into SPOT; SIZE_MAX: none.
 */
static size_t ours_find(struct state *s, const struct spot *spot,
			const char *version, size_t pos)
{
	for (; pos < s->recent.len; pos++) {
		const char *m = message_at(s, pos);

		if (message_is_about(s, m, spot) &&
		    (!version || str_eq(version, trailer_get(&s->arena, m,
						"Promote-Version"))))
			return pos;
	}
	return SIZE_MAX;
}

/* The stay that our commit at POS says it began. */
static struct stay stay_of(struct state *s, const struct spot *spot, size_t pos)
{
	char hex[OID_HEX + 1];
	struct stay stay = {
		.version = trailer_get(&s->arena, message_at(s, pos),
				       "Promote-Version"),
		.pos = pos, .build = -1,
		.from_s = TIME_UNKNOWN, .until_s = TIME_UNKNOWN,
		.commit = arena_strdup(&s->arena, oid_hex(hex,
				       &s->recent.commits[pos].id)),
	};

	recent_describe(s, spot, &stay);
	return stay;
}

/*
 * The last stay began where looking ends or earlier: our commits further back
 * may say with which. If that was a rollback, or other versions came by us
 * since this one did, then somebody went back from those.
 */
static void last_stay_trace(struct state *s, struct spot *spot)
{
	const struct timeline *known = spot->recent;
	const struct stay *end = known->stays + known->len;
	struct timeline *t = arena_alloc(&s->arena, sizeof(*t));
	struct stay *stays, *last;
	size_t at, first;

	if (known->complete || known->len == 0 || stay_is_gap(end - 1) ||
	    (at = ours_find(s, spot, NULL, end[-1].pos)) == SIZE_MAX)
		return;
	stays = arena_alloc(&s->arena, (known->len + s->recent.len + 2) *
			    sizeof(*stays));
	memcpy(stays, known->stays, known->len * sizeof(*stays));
	*t = *known;
	t->stays = stays;
	spot->recent = t;
	last = stays + t->len - 1;
	first = ours_find(s, spot, last->version, at + 1);
	if (ours_find(s, spot, last->version, at) == at) {
		*last = stay_of(s, spot, at);
		if (last->build >= 0 || !last->rolled_back)
			return;
		at = ours_find(s, spot, NULL, at + 1);
		if (first == SIZE_MAX) {
			last[1] = last[2] = *last;
			last[1].version = last->rolled_back;
			t->len += 2;
		}
	}
	for (; first != SIZE_MAX && at <= first;
	     at = ours_find(s, spot, NULL, at + 1))
		stays[t->len++] = stay_of(s, spot, at);
}

int read_recent(struct state *s, struct repo *repo, const unsigned char *flags,
		struct err *err)
{
	bool further = false;

	for (size_t i = 0; i < s->spots_len / 2; i++)
		further |= (flags[i] & NEED_RECENT) &&
			   s->spots[i].recent;
	if (further && line_read(s, repo, HISTORY_HORIZON, err) < 0)
		return -1;
	if (recent_timelines(s, repo, flags, err) < 0)
		return -1;
	for (size_t i = 0; i < s->spots_len / 2; i++)
		if (flags[i] & NEED_RECENT) {
			last_stay_trace(s, &s->spots[i]);
			timeline_forge_word(s, &s->spots[i]);
		}
	return 0;
}
