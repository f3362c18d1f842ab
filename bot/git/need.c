#include "bot/git/impl.h"

#include <string.h>

#include "bot/base/log.h"

/*
 * How much to ask for. A round trip costs about as much as some tens of
 * kilobytes, so what is probably small is taken whole, and given up when it
 * turns out not to be.
 */
enum {
	FIRST_DEPTH = 2,	/* commit, root and the directories in it */
	MAX_GUESS = 192 * 1024,	/* bytes of answer to a guess */
	MAX_WANTS = 2048,	/* ids in one request */
	MAX_DEPTH = 4096,	/* generations of commits with their trees */
};

/* Which road: filters or not ------------------------------------------------ */

static int find_road(struct repo *r, struct err *err)
{
	if (r->road_known)
		return 0;
	if (wire_hello(&r->wire, err) < 0)
		return -1;
	r->road_known = true;
	if (r->options.unfiltered || !r->wire.has_filter)
		r->tree_depth = FILTER_NONE;
	else
		r->tree_depth = r->wire.is_github ? 0 : FIRST_DEPTH;
	return 0;
}

/* Did the server name one of the ids? Then it is the id it does not have. */
static bool names_a_want(const struct fetch *f, const struct err *err)
{
	char hex[OID_HEX + 1];

	for (size_t i = 0; i < f->wants_len; i++)
		if (strstr(err->msg, oid_hex(hex, &f->wants[i])))
			return true;
	return false;
}

/*
 * After a fetch that failed: is there a humbler one to try? A server that
 * takes no deeper filter says so with an ERR packet; one that takes no filter
 * after all is served without.
 */
static bool step_back(struct repo *r, const struct fetch *f,
		      const struct err *err)
{
	if (f->over_max && r->tree_depth == FIRST_DEPTH) {
		log_verbose("git: the root has large directories, "
			    "fetching level by level");
		r->tree_depth = 1;
		return true;
	}
	if (!f->server_said_no || names_a_want(f, err))
		return false;
	if (f->tree_depth > 0) {
		log_verbose("git: the server takes no filter deeper than "
			    "tree:0");
		r->tree_depth = 0;
		return true;
	}
	if (f->tree_depth == 0 && strstr(err->msg, "filter")) {
		log_verbose("git: the server takes no tree filter");
		r->tree_depth = FILTER_NONE;
		return true;
	}
	return false;
}

static int fetch_into(struct repo *r, struct fetch *f, struct oidlist *seen,
		      struct err *err)
{
	struct spool spool = SPOOL_INIT;
	int rc = wire_fetch(&r->wire, f, &spool, err);

	if (rc == 0)
		rc = store_add_pack(r->store, &spool, seen, err);
	spool_release(&spool);
	return rc;
}

/* Commits ------------------------------------------------------------------- */

static int fetch_commits(struct repo *r, const struct oid *ids, size_t n,
			 size_t depth, bool trees, const struct oid *after,
			 struct err *err)
{
	for (;;) {
		struct fetch f = { .wants = ids, .wants_len = n,
				   .depth = depth };

		f.tree_depth = r->tree_depth;
		if (!trees && f.tree_depth > 0)
			f.tree_depth = 0;
		/* With their trees not too many at once, for the server opens
		   each of them and is silent meanwhile. */
		if (f.tree_depth > 0 && f.depth > MAX_DEPTH)
			f.depth = MAX_DEPTH;
		/* Of several most is small, as deltas against the first. */
		if (f.tree_depth == FIRST_DEPTH && depth <= FEW_COMMITS)
			f.max_bytes = MAX_GUESS * n * (depth > 1 ? 2 : 1);
		if (after && r->wire.version == 2) {
			f.haves = f.shallow = after;
			f.haves_len = f.shallow_len = 1;
		}
		if (fetch_into(r, &f, NULL, err) == 0)
			return 0;
		if (!step_back(r, &f, err))
			return -1;
		err_clear(err);
	}
}

int need_commits(struct repo *r, const struct oid *ids, size_t n, size_t depth,
		 bool trees, const struct oid *after, struct err *err)
{
	struct oidlist missing = { 0 };
	char hex[OID_HEX + 1];
	int rc = find_road(r, err);

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (!store_has(r->store, &ids[i]))
			oidlist_add(&missing, &ids[i]);
	for (size_t at = 0; rc == 0 && at < missing.len; at += MAX_WANTS) {
		size_t left = missing.len - at;

		rc = fetch_commits(r, missing.ids + at,
				   left < MAX_WANTS ? left : MAX_WANTS, depth,
				   trees, after, err);
	}
	for (size_t i = 0; rc == 0 && i < missing.len; i++)
		if (!store_has(r->store, &missing.ids[i]))
			rc = err_set(err, ERR_DATA, "the server did not send "
				     "the commit %s",
				     oid_hex(hex, &missing.ids[i]));
	oidlist_release(&missing);
	return rc;
}

/*
 * True: all between the commit read last and ID is here. Of that one we have
 * only some files, though the server is told we have all of them: what it
 * leaves out for that is fetched by its id when it is needed.
 */
static bool follow(struct repo *r, const struct oid *id, struct err *err)
{
	struct fetch f = { .wants = id, .wants_len = 1,
			   .haves = &r->looked_at, .haves_len = 1,
			   .tree_depth = FILTER_NONE, .max_bytes = MAX_GUESS };

	if (oid_is_zero(&r->looked_at) || r->wire.version != 2)
		return false;
	if (fetch_into(r, &f, NULL, err) == 0)
		return store_has(r->store, id);
	if (f.over_max || f.server_said_no)
		err_clear(err);
	return false;
}

int need_head(struct repo *r, const struct oid *id, size_t depth, bool trees,
	      struct err *err)
{
	if (store_has(r->store, id))
		return 0;
	if (find_road(r, err) < 0)
		return -1;
	if (r->will_push)
		wire_push_expect(&r->wire);
	if (!follow(r, id, err) &&
	    (err->code || need_commits(r, id, 1, depth, trees, NULL, err) < 0))
		return -1;
	r->looked_at = *id;
	return 0;
}

int need_deeper(struct repo *r, const struct oid *head, size_t depth,
		struct err *err)
{
	if (find_road(r, err) < 0)
		return -1;
	return fetch_commits(r, head, 1, depth, true, NULL, err);
}

int need_between(struct repo *r, const struct oid *tip,
		 const struct oid *haves, size_t n, uint64_t max_bytes,
		 struct oidlist *out, bool *over_max, struct err *err)
{
	*over_max = false;
	if (find_road(r, err) < 0)
		return -1;
	for (;;) {
		struct fetch f = { .wants = tip, .wants_len = 1, .haves = haves,
				   .haves_len = n, .max_bytes = max_bytes };

		f.tree_depth = r->tree_depth > 0 ? 0 : r->tree_depth;
		if (fetch_into(r, &f, out, err) == 0)
			return 0;
		*over_max = f.over_max;
		if (f.over_max || !step_back(r, &f, err))
			return -1;
		err_clear(err);
	}
}

int need_branches(struct repo *r, const struct oid *tips, size_t n,
		  const struct oid *base, struct oidlist *out, bool *known,
		  struct err *err)
{
	struct fetch f = { .wants = tips, .haves = base, .haves_len = 1,
			   .tree_depth = FILTER_NONE };

	*known = false;
	if (find_road(r, err) < 0)
		return -1;
	if (r->wire.version != 2)
		return 0;
	for (size_t at = 0; at < n; at += MAX_WANTS) {
		f.wants = tips + at;
		f.wants_len = n - at < MAX_WANTS ? n - at : MAX_WANTS;
		f.max_bytes = MAX_GUESS * f.wants_len;
		if (fetch_into(r, &f, out, err) == 0)
			continue;
		if (!f.over_max && !f.server_said_no)
			return -1;
		log_verbose("git: there is much on the branches, fetching one "
			    "by one");
		err_clear(err);
		return 0;
	}
	*known = true;
	return 0;
}

/* Trees and blobs ----------------------------------------------------------- */

void need_tree(struct need *n, const struct oid *id, enum need_how how)
{
	struct oidlist *const lists[] = {
		[NEED_ROOT] = &n->roots, [NEED_LEVEL] = &n->level,
		[NEED_THIN] = &n->thin, [NEED_MAYBE] = &n->maybe,
	};

	if (oidmap_add(&n->seen, id, 0))
		oidlist_add(lists[how], id);
}

void need_blob(struct need *n, const struct oid *id)
{
	if (oidmap_add(&n->seen, id, 0))
		oidlist_add(&n->blobs, id);
}

bool need_empty(const struct need *n)
{
	return n->blobs.len + n->roots.len + n->level.len + n->thin.len +
	       n->maybe.len == 0;
}

void need_release(struct need *n)
{
	oidlist_release(&n->blobs);
	oidlist_release(&n->roots);
	oidlist_release(&n->level);
	oidlist_release(&n->thin);
	oidlist_release(&n->maybe);
	oidmap_release(&n->seen);
}

static void move_all(struct oidlist *to, struct oidlist *from)
{
	for (size_t i = 0; i < from->len; i++)
		oidlist_add(to, &from->ids[i]);
	from->len = 0;
}

/* Objects by their ids: WHOLE, or trees without what is in them. */
static int fetch_objects(struct repo *r, const struct oidlist *ids, bool whole,
			 uint64_t max_bytes, bool *over_max, struct err *err)
{
	for (size_t at = 0; at < ids->len; at += MAX_WANTS) {
		size_t left = ids->len - at;
		struct fetch f = { .wants = ids->ids + at,
				   .max_bytes = max_bytes };

		f.wants_len = left < MAX_WANTS ? left : MAX_WANTS;
		f.tree_depth = whole || r->tree_depth == FILTER_NONE
				       ? FILTER_NONE : 0;
		if (fetch_into(r, &f, NULL, err) < 0) {
			*over_max = f.over_max;
			return -1;
		}
	}
	return 0;
}

/*
 * As deep at once as a first look at a commit is, where that is not much. A
 * tree that is wanted itself is one level less deep than as a commit's.
 */
static int fetch_roots(struct repo *r, const struct oidlist *ids,
		       struct err *err)
{
	while (ids->len) {
		struct fetch f = { .wants = ids->ids, .wants_len = ids->len,
				   .tree_depth = r->tree_depth };

		if (r->tree_depth == FIRST_DEPTH)
			f.max_bytes = MAX_GUESS * ids->len;
		if (r->tree_depth > 0)
			f.tree_depth--;
		if (fetch_into(r, &f, NULL, err) == 0)
			break;
		if (!step_back(r, &f, err))
			return -1;
		err_clear(err);
	}
	return 0;
}

/* Take subtrees whole; false in *TAKEN where one of them is fat after all. */
static int fetch_whole(struct repo *r, struct need *n, bool *taken,
		       struct err *err)
{
	struct oidlist ids = { 0 };
	bool guess = n->maybe.len > 0, over_max = false;
	int rc;

	for (size_t i = 0; i < n->thin.len; i++)
		oidlist_add(&ids, &n->thin.ids[i]);
	for (size_t i = 0; i < n->maybe.len; i++)
		oidlist_add(&ids, &n->maybe.ids[i]);
	if (n->level.len == 0)
		move_all(&ids, &n->blobs);
	rc = fetch_objects(r, &ids, true,
			   guess ? (uint64_t)MAX_GUESS * (1 + n->thin.len / 16)
				 : 0, &over_max, err);
	*taken = rc == 0;
	if (rc < 0 && guess && over_max) {
		log_verbose("git: a directory is too large to be fetched "
			    "whole, going level by level");
		err_clear(err);
		r->fat = true;
		rc = 0;
	}
	oidlist_release(&ids);
	return rc;
}

static int fetch_need(struct repo *r, struct need *n, struct err *err)
{
	bool over_max, taken;

	if (fetch_roots(r, &n->roots, err) < 0)
		return -1;
	if (r->tree_depth == FILTER_NONE) {
		move_all(&n->level, &n->thin);
		move_all(&n->level, &n->maybe);
	}
	if (r->fat)
		move_all(&n->level, &n->maybe);
	if (n->thin.len + n->maybe.len) {
		struct oidlist blobs = { 0 };
		int rc;

		for (size_t i = 0; i < n->blobs.len; i++)
			oidlist_add(&blobs, &n->blobs.ids[i]);
		rc = fetch_whole(r, n, &taken, err);
		if (rc == 0 && !taken) {
			move_all(&n->level, &n->maybe);
			n->blobs.len = 0;
			move_all(&n->level, &blobs);
			rc = n->thin.len ? fetch_objects(r, &n->thin, true, 0,
							 &over_max, err)
					 : 0;
		}
		oidlist_release(&blobs);
		if (rc < 0)
			return -1;
	}
	move_all(&n->level, &n->blobs);
	return fetch_objects(r, &n->level, false, 0, &over_max, err);
}

int need_meet(struct repo *r, struct need *n, struct err *err)
{
	char hex[OID_HEX + 1];
	int rc = 0;

	if (need_empty(n))
		return 0;
	if (find_road(r, err) < 0)
		return -1;
	if (r->wire.version == 2)
		rc = fetch_need(r, n, err);
	for (size_t i = 0; rc == 0 && i < n->seen.cap; i++)
		if (n->seen.slots[i].used &&
		    !store_has(r->store, &n->seen.slots[i].id))
			rc = err_set(err, ERR_DATA, "the server did not send "
				     "the object %s",
				     oid_hex(hex, &n->seen.slots[i].id));
	if (rc < 0 && err->code == ERR_NOTFOUND)
		err->code = ERR_DATA;	/* it has the commit, not its files */
	need_release(n);
	*n = (struct need){ 0 };
	return rc;
}
