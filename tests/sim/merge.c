#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/*
 * Merges by git's plumbing alone, without a work tree: the base moves only
 * from the commit that was merged into, so a push that comes between makes
 * the merge fail just as on a real forge.
 */
struct merge {
	struct sim *s;
	struct sim_repo *r;
	struct sim_pr *pr;
	char base[65], tip[65];	/* where base is, and what it shall be */
	char date[64];
	struct buf committer;
};

static void commit_env(const struct merge *m, const char *name,
		       const char *mail, const char *author_date,
		       struct buf b[6], const char *env[7])
{
	const char *date = author_date ? author_date : m->date;

	buf_addf(&b[0], "GIT_AUTHOR_NAME=%s", name);
	buf_addf(&b[1], "GIT_AUTHOR_EMAIL=%s", mail);
	buf_addf(&b[2], "GIT_AUTHOR_DATE=%s", date);
	buf_addf(&b[3], "GIT_COMMITTER_NAME=%s", buf_str(&m->committer));
	buf_addf(&b[4], "GIT_COMMITTER_EMAIL=noreply@forge.localhost");
	buf_addf(&b[5], "GIT_COMMITTER_DATE=%s", m->date);
	for (int i = 0; i < 6; i++)
		env[i] = buf_str(&b[i]);
	env[6] = NULL;
}

/* Commit TREE on P1 (and P2) with MESSAGE; its id becomes the tip. */
static bool commit(struct merge *m, const char *tree, const char *p1,
		   const char *p2, const char *name, const char *mail,
		   const char *date, const char *message)
{
	struct buf b[6] = { 0 }, id = { 0 };
	const char *env[7], *argv[] = { "commit-tree", tree, "-p", p1,
					p2 ? "-p" : NULL, p2, NULL };
	bool ok;

	commit_env(m, name, mail, date, b, env);
	ok = git_run(m->r->dir, &id, message, env, argv) == 0 && id.len <= 64;
	if (ok)
		snprintf(m->tip, sizeof(m->tip), "%s", buf_str(&id));
	for (int i = 0; i < 6; i++)
		buf_release(&b[i]);
	buf_release(&id);
	return ok;
}

/* The tree of a clean merge of A and B; false: conflict. */
static bool merged_tree(struct merge *m, const char *a, const char *b,
			struct buf *tree)
{
	return GIT(m->r->dir, tree, "merge-tree", "--write-tree", a, b) == 0;
}

static void user_mail(const char *user, struct buf *out)
{
	buf_addf(out, "%s@users.noreply.forge.localhost", user);
}

static bool by_merge(struct merge *m, const char *by, const char *message)
{
	struct buf tree = { 0 }, mail = { 0 };
	bool ok;

	user_mail(by, &mail);
	ok = merged_tree(m, m->tip, m->pr->head_sha, &tree) &&
	     commit(m, buf_str(&tree), m->tip, m->pr->head_sha, by,
		    buf_str(&mail), NULL, message);
	buf_release(&tree);
	buf_release(&mail);
	return ok;
}

static bool by_squash(struct merge *m, const char *message)
{
	struct buf tree = { 0 }, mail = { 0 };
	bool ok;

	user_mail(m->pr->author, &mail);
	ok = merged_tree(m, m->tip, m->pr->head_sha, &tree) &&
	     commit(m, buf_str(&tree), m->tip, NULL, m->pr->author,
		    buf_str(&mail), NULL, message);
	buf_release(&tree);
	buf_release(&mail);
	return ok;
}

/*
 * Put one commit on top of the tip. git 2.39's merge-tree takes no merge
 * base, so the tip's tree gets the commit's parent for the merge to find.
 */
static bool pick(struct merge *m, const char *id)
{
	struct buf parent = { 0 }, tree = { 0 }, spec = { 0 }, meta = { 0 };
	struct buf message = { 0 };
	char tip[65], *save = NULL, *name, *mail, *date;
	bool ok = false;

	snprintf(tip, sizeof(tip), "%s", m->tip);
	buf_addf(&spec, "%s^", id);
	GIT(m->r->dir, &parent, "rev-parse", buf_str(&spec));
	buf_reset(&spec);
	buf_addf(&spec, "%s^{tree}", tip);
	GIT(m->r->dir, &tree, "rev-parse", buf_str(&spec));
	GIT(m->r->dir, &meta, "show", "-s", "--format=%an%n%ae%n%ad",
	    "--date=raw", id);
	GIT(m->r->dir, &message, "show", "-s", "--format=%B", id);
	name = meta.len ? strtok_r(meta.data, "\n", &save) : NULL;
	mail = name ? strtok_r(NULL, "\n", &save) : NULL;
	date = mail ? strtok_r(NULL, "\n", &save) : NULL;
	if (!date || !commit(m, buf_str(&tree), buf_str(&parent), NULL, "x",
			     "x@localhost", NULL, "x"))
		goto out;
	buf_reset(&tree);
	ok = merged_tree(m, m->tip, id, &tree) &&
	     commit(m, buf_str(&tree), tip, NULL, name, mail, date,
		    buf_str(&message));
out:
	buf_release(&parent);
	buf_release(&tree);
	buf_release(&spec);
	buf_release(&meta);
	buf_release(&message);
	return ok;
}

static bool by_rebase(struct merge *m)
{
	struct buf range = { 0 }, list = { 0 };
	char *id, *save = NULL;
	bool ok = true;

	buf_addf(&range, "%s..%s", m->base, m->pr->head_sha);
	GIT(m->r->dir, &list, "rev-list", "--reverse", "--no-merges",
	    buf_str(&range));
	for (id = list.len ? strtok_r(list.data, "\n", &save) : NULL;
	     id && ok; id = strtok_r(NULL, "\n", &save))
		ok = pick(m, id);
	buf_release(&range);
	buf_release(&list);
	return ok;
}

/* The message that the forge would write itself. */
static void message_for(struct merge *m, const char *method, const char *title,
			const char *message, struct buf *out)
{
	struct sim_pr *pr = m->pr;
	bool is_gh = sim_is_github(m->s), is_squash = str_eq(method, "squash");
	struct buf range = { 0 }, list = { 0 };

	if (title && *title)
		buf_addstr(out, title);
	else if (is_squash)
		buf_addf(out, "%s (#%lld)", pr->title, pr->number);
	else if (is_gh)
		buf_addf(out, "Merge pull request #%lld from %.*s/%s",
			 pr->number, (int)strcspn(pr->head_repo, "/"),
			 pr->head_repo, pr->head);
	else
		buf_addf(out, "Merge pull request '%s' (#%lld) from %s into %s",
			 pr->title, pr->number, pr->head, pr->base);
	buf_addstr(out, "\n");
	if (message) {
		buf_addf(out, "%s%s", *message ? "\n" : "", message);
	} else if (is_squash && is_gh) {
		/* GitHub's own default is the commits' messages. */
		buf_addf(&range, "%s..%s", m->base, pr->head_sha);
		GIT(m->r->dir, &list, "log", "--reverse", "--format=%b",
		    buf_str(&range));
		buf_addf(out, "%s%s", list.len ? "\n" : "", buf_str(&list));
	} else if (is_gh) {
		buf_addf(out, "\n%s", pr->title);
	} else {
		buf_addf(out, "\nReviewed-on: %s/%s/%s/pulls/%lld\n", m->s->url,
			 m->r->owner, m->r->name, pr->number);
	}
	buf_release(&range);
	buf_release(&list);
}

static bool make(struct merge *m, const char *method, const char *by,
		 const char *message)
{
	if (str_eq(method, "merge"))
		return by_merge(m, by, message);
	if (str_eq(method, "squash"))
		return by_squash(m, message);
	if (str_eq(method, "fast-forward-only")) {
		snprintf(m->tip, sizeof(m->tip), "%s", m->pr->head_sha);
		return true;
	}
	/* Gitea does not write a commit anew that is in its place already. */
	if (!sim_is_github(m->s) && git_is_ancestor(m->r->dir, m->base, m->pr->head_sha))
		snprintf(m->tip, sizeof(m->tip), "%s", m->pr->head_sha);
	else if (!by_rebase(m))
		return false;
	if (str_eq(method, "rebase-merge")) {
		struct buf tree = { 0 }, spec = { 0 }, mail = { 0 };
		char head[65];

		snprintf(head, sizeof(head), "%s", m->tip);
		buf_addf(&spec, "%s^{tree}", head);
		user_mail(by, &mail);
		GIT(m->r->dir, &tree, "rev-parse", buf_str(&spec));
		commit(m, buf_str(&tree), m->base, head, by, buf_str(&mail),
		       NULL, message);
		buf_release(&tree);
		buf_release(&spec);
		buf_release(&mail);
	}
	return true;
}

static void has_landed(struct merge *m, const char *by, bool delete_branch)
{
	struct sim_pr *pr = m->pr;
	struct buf ref = { 0 };

	sim_close_pr(m->s, pr, true);
	pr->merged = true;
	pr->merged_s = pr->closed_s;
	sim_set(&pr->merged_by, by);
	snprintf(pr->merge_sha, sizeof(pr->merge_sha), "%s", m->tip);
	snprintf(pr->base_sha, sizeof(pr->base_sha), "%s", m->base);
	if (json_is_true(json_object_get(m->r->settings,
					 "delete_branch_on_merge")) &&
	    sim_is_github(m->s))
		delete_branch = true;
	if (delete_branch) {
		buf_addf(&ref, "refs/heads/%s", pr->head);
		GIT(m->r->dir, NULL, "update-ref", "-d", buf_str(&ref),
		    pr->head_sha);
	}
	buf_release(&ref);
}

static void merge_init(struct merge *m, struct sim *s, struct sim_repo *r,
		       struct sim_pr *pr)
{
	const char *base = sim_ref(r, pr->base);

	*m = (struct merge){ .s = s, .r = r, .pr = pr };
	snprintf(m->base, sizeof(m->base), "%s", base ? base : "");
	snprintf(m->tip, sizeof(m->tip), "%s", m->base);
	snprintf(m->date, sizeof(m->date), "%lld +0000",
		 (long long)sim_now(s));
	buf_addstr(&m->committer, sim_is_github(s) ? "GitHub" : "Gitea");
}

enum sim_merged sim_merge(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
			  const char *method, const char *title,
			  const char *message, const char *by,
			  bool delete_branch)
{
	struct merge m;
	struct buf text = { 0 }, ref = { 0 };
	enum sim_merged rc = MERGE_CONFLICT;

	merge_init(&m, s, r, pr);
	if (str_eq(method, "fast-forward-only") &&
	    !git_is_ancestor(r->dir, m.base, pr->head_sha)) {
		rc = MERGE_NOT_FF;
		goto out;
	}
	message_for(&m, method, title, message, &text);
	if (!m.base[0] || !make(&m, method, by, buf_str(&text)))
		goto out;
	buf_addf(&ref, "refs/heads/%s", pr->base);
	if (GIT(r->dir, NULL, "update-ref", buf_str(&ref), m.tip, m.base) != 0) {
		rc = MERGE_MOVED;
		goto out;
	}
	has_landed(&m, by, delete_branch);
	rc = MERGE_OK;
out:
	buf_release(&text);
	buf_release(&ref);
	buf_release(&m.committer);
	return rc;
}

enum sim_merged sim_update_branch(struct sim *s, struct sim_repo *r,
				  struct sim_pr *pr, const char *by)
{
	struct merge m;
	struct buf tree = { 0 }, mail = { 0 }, ref = { 0 }, text = { 0 };
	enum sim_merged rc = MERGE_CONFLICT;

	merge_init(&m, s, r, pr);
	user_mail(by, &mail);
	buf_addf(&ref, "refs/heads/%s", pr->head);
	buf_addf(&text, "Merge branch '%s' into %s", pr->base, pr->head);
	if (git_is_ancestor(r->dir, m.base, pr->head_sha))
		rc = MERGE_OK;
	else if (merged_tree(&m, pr->head_sha, m.base, &tree) &&
		 commit(&m, buf_str(&tree), pr->head_sha, m.base, by,
			buf_str(&mail), NULL, buf_str(&text)))
		rc = GIT(r->dir, NULL, "update-ref", buf_str(&ref), m.tip,
			 pr->head_sha) == 0 ? MERGE_OK : MERGE_MOVED;
	buf_release(&tree);
	buf_release(&mail);
	buf_release(&ref);
	buf_release(&text);
	buf_release(&m.committer);
	return rc;
}
