#include "bot/git/impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"
#include "bot/git/pack.h"

/* What goes into the pack --------------------------------------------------- */

struct packer {
	struct repo *r;
	struct oidmap seen;
	struct oidlist ids;
};

static bool take(struct packer *p, const struct oid *id)
{
	if (!store_made(p->r->store, id) || !oidmap_add(&p->seen, id, 0))
		return false;
	oidlist_add(&p->ids, id);
	return true;
}

/* What we made is reachable from what we made: the rest is the server's. */
static int take_tree(struct packer *p, const struct oid *id, struct err *err)
{
	struct tree_entry e;
	struct object o;
	size_t at = 0;
	int rc;

	if (!take(p, id))
		return 0;
	if (store_read(p->r->store, id, OBJECT_TREE, &o, err) < 0)
		return -1;
	while ((rc = tree_next(&e, o.data, o.len, &at, err)) > 0) {
		struct oid child;

		memcpy(child.id, e.id, sizeof(child.id));
		if (tree_kind(e.mode) == TREE_DIR) {
			if (take_tree(p, &child, err) < 0) {
				rc = -1;
				break;
			}
		} else {
			take(p, &child);
		}
	}
	object_release(&o);
	return rc;
}

static int take_commits(struct packer *p, struct oid id, struct err *err)
{
	struct commit_head head;

	while (take(p, &id)) {
		if (commit_head_read(p->r, &id, &head, err) < 0 ||
		    take_tree(p, &head.tree, err) < 0)
			return -1;
		id = head.parent;
	}
	return 0;
}

struct pack_job {
	struct repo *r;
	const struct repo_update *updates;
	size_t n;
};

static int make_pack(void *ctx, bool thin, struct buf *out, struct err *err)
{
	const struct pack_job *job = ctx;
	struct packer p = { .r = job->r };
	bool wanted = false;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < job->n; i++)
		if (!oid_is_zero(&job->updates[i].new_id)) {
			wanted = true;
			rc = take_commits(&p, job->updates[i].new_id, err);
		}
	/* A push that only deletes has no pack, not even an empty one. */
	if (rc == 0 && wanted)
		rc = thin ? pack_thin(p.r->store, p.ids.ids, p.ids.len,
				      &p.seen, out, err)
			  : store_make_pack(p.r->store, p.ids.ids, p.ids.len,
					    out, err);
	oidmap_release(&p.seen);
	oidlist_release(&p.ids);
	return rc;
}

/* What the refs hold afterwards --------------------------------------------- */

static void say(struct repo_update *u, const char *what)
{
	if (!u->message[0])
		snprintf(u->message, sizeof(u->message), "%.*s",
			 (int)sizeof(u->message) - 1, what);
}

static struct oid ref_now(const struct repo_refs *refs, const char *name)
{
	struct oid none = { 0 };

	for (size_t i = 0; i < refs->len; i++)
		if (str_eq(refs->items[i].name, name))
			return refs->items[i].id;
	return none;
}

/* No word from the server: what the ref holds now is all there is to go by. */
static void settle_lost(struct repo *r, struct repo_update *u,
			const struct oid *now)
{
	struct err err = { 0 };
	bool reached = false;

	if (oid_eq(now, &u->new_id)) {
		u->status = REPO_PUSH_OK;
	} else if (oid_eq(now, &u->old_id)) {
		say(u, "the server's answer was lost, and the ref has not "
		       "moved so far");
	} else if (oid_is_zero(&u->new_id) || oid_is_zero(now)) {
		u->status = REPO_PUSH_RACE;
	} else if (repo_reaches(r, now, &u->new_id, &reached, &err) < 0) {
		say(u, err.msg);
	} else {
		u->status = reached ? REPO_PUSH_OK : REPO_PUSH_RACE;
	}
}

/* The server said no: was it because the ref had moved? */
static void settle_refused(struct repo_update *u, const struct oid *now)
{
	if (oid_eq(now, &u->new_id))
		u->status = REPO_PUSH_OK;
	else if (!oid_eq(now, &u->old_id))
		u->status = REPO_PUSH_RACE;
}

static void settle(struct repo *r, struct repo_update *updates, size_t n)
{
	const char **names = xcalloc(n, sizeof(*names));
	struct repo_refs refs;
	struct err err = { 0 };
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		if (updates[i].status != REPO_PUSH_OK)
			names[len++] = updates[i].ref;
	if (len && repo_ls_refs(r, names, len, &refs, &err) < 0) {
		for (size_t i = 0; i < n; i++) {
			if (updates[i].status == REPO_PUSH_OK)
				continue;
			updates[i].status = REPO_PUSH_UNKNOWN;
			say(&updates[i], err.msg);
		}
	} else if (len) {
		for (size_t i = 0; i < n; i++) {
			struct oid now = ref_now(&refs, updates[i].ref);

			if (updates[i].status == REPO_PUSH_UNKNOWN)
				settle_lost(r, &updates[i], &now);
			else if (updates[i].status == REPO_PUSH_REFUSED)
				settle_refused(&updates[i], &now);
		}
		repo_refs_release(&refs);
	}
	free(names);
}

/*
 * With ATOMIC the refs that had not moved are refused because another had:
 * the caller reads all of them anew either way.
 */
static void settle_atomic(struct repo_update *updates, size_t n)
{
	bool race = false;

	for (size_t i = 0; i < n; i++)
		race = race || updates[i].status == REPO_PUSH_RACE;
	for (size_t i = 0; race && i < n; i++)
		if (updates[i].status == REPO_PUSH_REFUSED)
			updates[i].status = REPO_PUSH_RACE;
}

void repo_expect_push(struct repo *r)
{
	r->will_push = true;
}

int repo_push(struct repo *r, struct repo_update *updates, size_t n,
	      bool atomic, struct err *err)
{
	static const char *const words[] = { "ok", "lost the race", "refused",
					     "unknown" };
	struct pack_job job = { .r = r, .updates = updates, .n = n };
	const struct push_pack pack = { .make = make_pack, .ctx = &job };

	for (size_t i = 0; i < n; i++)
		if (!ref_name_valid(updates[i].ref, strlen(updates[i].ref)) ||
		    !str_starts(updates[i].ref, "refs/"))
			return err_set(err, ERR_BUG, "'%s' is not a ref",
				       updates[i].ref);
	if (wire_push(&r->wire, updates, n, atomic, &pack, err) < 0)
		return -1;
	settle(r, updates, n);
	if (atomic)
		settle_atomic(updates, n);
	for (size_t i = 0; i < n; i++)
		if (updates[i].status == REPO_PUSH_OK)
			updates[i].message[0] = '\0';
	for (size_t i = 0; i < n; i++)
		log_verbose("push %s: %s%s%s", updates[i].ref,
			    words[updates[i].status],
			    updates[i].message[0] ? ": " : "",
			    updates[i].message);
	return 0;
}
