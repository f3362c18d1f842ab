#include "bot/git/impl.h"

#include <stdlib.h>
#include <string.h>

/*
 * Who comes from whom. The server knows the whole graph and we do not want it:
 * "what has TIP that WHAT has not" is one fetch of just those commits.
 */
static const uint64_t MAX_BETWEEN = 64u << 20;

/*
 * Our own commits at the end of a line, which the server may not have, into OUT
 * (or NULL); *REST is the first that it has.
 */
static int own_part(struct repo *r, const struct oid *tip, struct oidlist *out,
		    struct oid *rest, struct err *err)
{
	struct commit_head head;

	*rest = *tip;
	while (store_made(r->store, rest)) {
		if (out)
			oidlist_add(out, rest);
		if (commit_head_read(r, rest, &head, err) < 0)
			return -1;
		*rest = head.parent;
	}
	return 0;
}

/* Is one of IDS, or a parent of one, WHAT? */
static int leads_to(struct repo *r, const struct oidlist *ids,
		    const struct oid *what, bool *out, struct err *err)
{
	for (size_t i = 0; i < ids->len && !*out; i++) {
		struct arena a = { 0 };
		struct repo_commit c;
		struct object o;
		struct err other = { 0 };

		/* Without filters trees and blobs came along. */
		if (store_read(r->store, &ids->ids[i], OBJECT_COMMIT, &o,
			       &other) < 0)
			continue;
		if (commit_parse(&c, o.data, o.len, &a, err) < 0) {
			arena_release(&a);
			object_release(&o);
			return -1;
		}
		*out = oid_eq(&ids->ids[i], what);
		for (size_t p = 0; p < c.parents_len; p++)
			*out = *out || oid_eq(&c.parents[p], what);
		arena_release(&a);
		object_release(&o);
	}
	return 0;
}

int repo_reaches(struct repo *r, const struct oid *tip, const struct oid *what,
		 bool *out, struct err *err)
{
	struct oidlist ids = { 0 };
	struct oid haves[2], from;
	size_t n = 0;
	bool over_max;
	int rc = -1;

	*out = oid_eq(tip, what);
	if (*out)
		return 0;
	if (own_part(r, tip, &ids, &from, err) < 0 ||
	    leads_to(r, &ids, what, out, err) < 0)
		goto out;
	if (*out || oid_eq(&from, what)) {
		*out = true;
		rc = 0;
		goto out;
	}
	/* A commit of ours may never have reached the server; the one it was
	   made on is there, and bounds what has to be looked at. */
	haves[n++] = *what;
	if (store_made(r->store, what) &&
	    own_part(r, what, NULL, &haves[n++], err) < 0)
		goto out;
	ids.len = 0;
	if (need_between(r, &from, haves, n, MAX_BETWEEN, &ids, &over_max,
			 err) < 0)
		goto out;
	rc = leads_to(r, &ids, what, out, err);
out:
	oidlist_release(&ids);
	return rc;
}

/* Newest first, children before parents ------------------------------------- */

struct pick {
	struct repo_commit *commits;
	size_t *waiting;	/* children not yet taken */
	bool *taken;
	struct oidmap index;
	size_t len;
};

static void count_children(struct pick *p)
{
	for (size_t i = 0; i < p->len; i++)
		for (size_t k = 0; k < p->commits[i].parents_len; k++) {
			size_t *at = oidmap_get(&p->index,
						&p->commits[i].parents[k]);

			if (at)
				p->waiting[*at]++;
		}
}

static size_t next_newest(const struct pick *p)
{
	size_t best = p->len;

	for (size_t i = 0; i < p->len; i++)
		if (!p->taken[i] && p->waiting[i] == 0 &&
		    (best == p->len ||
		     p->commits[i].committer_s > p->commits[best].committer_s))
			best = i;
	return best;
}

static void sort_newest(struct repo_commit *commits, size_t len,
			struct repo_commit *out)
{
	struct pick p = { .commits = commits, .len = len };

	p.waiting = xcalloc(len, sizeof(*p.waiting));
	p.taken = xcalloc(len, sizeof(*p.taken));
	for (size_t i = 0; i < len; i++)
		oidmap_add(&p.index, &commits[i].id, i);
	count_children(&p);
	for (size_t n = 0; n < len; n++) {
		size_t i = next_newest(&p);

		if (i == len)
			BUG("commits in a circle");
		p.taken[i] = true;
		out[n] = commits[i];
		for (size_t k = 0; k < commits[i].parents_len; k++) {
			size_t *at = oidmap_get(&p.index,
						&commits[i].parents[k]);

			if (at)
				p.waiting[*at]--;
		}
	}
	oidmap_release(&p.index);
	free(p.waiting);
	free(p.taken);
}

static int read_commits(struct repo *r, const struct oidlist *ids, size_t most,
			struct arena *a, struct repo_commit **out, size_t *len,
			struct err *err)
{
	struct repo_commit *all = xcalloc(ids->len, sizeof(*all));
	struct oidmap seen = { 0 };
	int rc = 0;

	*len = 0;
	for (size_t i = 0; rc == 0 && i < ids->len; i++) {
		struct err other = { 0 };
		struct object o;

		if (!oidmap_add(&seen, &ids->ids[i], 0) ||
		    store_read(r->store, &ids->ids[i], OBJECT_COMMIT, &o,
			       &other) < 0)
			continue;
		if (*len == most)
			rc = err_set(err, ERR_DATA, "more than %zu commits "
				     "beyond the base", most);
		else
			rc = commit_parse(&all[*len], o.data, o.len, a, err);
		all[(*len)++].id = ids->ids[i];
		object_release(&o);
	}
	if (rc == 0) {
		*out = arena_alloc(a, (*len + 1) * sizeof(**out));
		sort_newest(all, *len, *out);
	}
	oidmap_release(&seen);
	free(all);
	return rc;
}

int repo_beyond_ahead(struct repo *r, const struct oid *tips, size_t n,
		      const struct oid *base, struct err *err)
{
	struct oidlist from = { 0 }, own = { 0 }, objects = { 0 };
	struct oidmap seen = { 0 };
	struct oid have, rest;
	bool known = false;
	int rc = own_part(r, base, NULL, &have, err);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = own_part(r, &tips[i], &own, &rest, err);
		if (rc == 0 && !oid_eq(&rest, &have) &&
		    oidmap_add(&seen, &rest, 0))
			oidlist_add(&from, &rest);
	}
	if (rc == 0 && from.len)
		rc = need_branches(r, from.ids, from.len, &have, &objects,
				   &known, err);
	oidmap_release(&r->ahead.tips);
	oidmap_release(&r->ahead.objects);
	r->ahead.base = have;
	for (size_t i = 0; rc == 0 && known && i < from.len; i++)
		oidmap_add(&r->ahead.tips, &from.ids[i], 0);
	for (size_t i = 0; rc == 0 && known && i < objects.len; i++)
		oidmap_add(&r->ahead.objects, &objects.ids[i], 0);
	oidlist_release(&from);
	oidlist_release(&own);
	oidlist_release(&objects);
	oidmap_release(&seen);
	return rc;
}

static void ahead_add(const struct repo *r, const struct oid *id,
		      struct oidmap *seen, struct oidlist *out)
{
	if (oidmap_get(&r->ahead.objects, id) && oidmap_add(seen, id, 0))
		oidlist_add(out, id);
}

/*
 * The same from what was fetched ahead for many: all that is on a way from
 * FROM and came with it is not on base. False: it was not fetched.
 */
static bool between_ahead(struct repo *r, const struct oid *from,
			  const struct oid *have, struct oidlist *out)
{
	struct oidmap seen = { 0 };

	if (!oid_eq(&r->ahead.base, have) || !oidmap_get(&r->ahead.tips, from))
		return false;
	ahead_add(r, from, &seen, out);
	for (size_t at = out->len - seen.len; at < out->len; at++) {
		struct err other = { 0 };
		struct arena a = { 0 };
		struct repo_commit c;
		struct object o;

		if (store_read(r->store, &out->ids[at], OBJECT_COMMIT, &o,
			       &other) < 0)
			continue;
		if (commit_parse(&c, o.data, o.len, &a, &other) == 0)
			for (size_t i = 0; i < c.parents_len; i++)
				ahead_add(r, &c.parents[i], &seen, out);
		arena_release(&a);
		object_release(&o);
	}
	oidmap_release(&seen);
	return true;
}

int repo_beyond(struct repo *r, const struct oid *tip, const struct oid *base,
		size_t most, struct arena *a, struct repo_commit **out,
		size_t *len, struct err *err)
{
	struct oidlist ids = { 0 };
	struct oid from, have;
	bool over_max = false;
	int rc = -1;

	*out = NULL;
	*len = 0;
	if (oid_eq(tip, base))
		return 0;
	if (own_part(r, tip, &ids, &from, err) < 0 ||
	    own_part(r, base, NULL, &have, err) < 0)
		goto out;
	if (!oid_eq(&from, &have) && !between_ahead(r, &from, &have, &ids) &&
	    need_between(r, &from, &have, 1, (most + 16) * 16 * 1024, &ids,
			 &over_max, err) < 0) {
		if (over_max)
			err->code = ERR_DATA;
		goto out;
	}
	rc = read_commits(r, &ids, most, a, out, len, err);
out:
	oidlist_release(&ids);
	return rc;
}
