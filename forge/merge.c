#include "forge/merge.h"

#include <string.h>

int forge_merge_look(struct forge *f, long long number, const char *head_sha,
		     struct arena *a, const char **merge_sha,
		     struct forge_pr *pr, struct err *err)
{
	if (f->ops->get(f, number, a, pr, err) < 0)
		return -1;
	if (strcmp(pr->head_sha, head_sha) != 0)
		return err_set(err, ERR_RACE, "#%lld has another head by now: "
			       "%.10s", number, pr->head_sha);
	if (pr->state == FORGE_PR_MERGED) {
		*merge_sha = pr->merge_sha;
		return 1;
	}
	if (pr->state == FORGE_PR_CLOSED)
		return err_set(err, ERR_RACE, "#%lld was closed meanwhile",
			       number);
	return 0;
}

int forge_merge_doubtful(struct forge *f, long long number,
			 const char *head_sha, struct arena *a,
			 const char **merge_sha, struct err *err)
{
	struct err why = { 0 };
	struct forge_pr pr;
	int rc = forge_merge_look(f, number, head_sha, a, merge_sha, &pr, &why);

	if (rc == 1) {
		err_clear(err);
		return 0;
	}
	if (rc < 0 && why.code != ERR_TRANSIENT) {
		err_clear(err);
		return err_set(err, why.code, "%s", why.msg);
	}
	return -1;	/* the first cause stays */
}

int forge_merge_pick(struct forge *f, enum forge_merge_method *method,
		     struct err *err)
{
	const struct forge_repo *repo;

	if (*method != FORGE_MERGE_ANY)
		return 0;
	if (forge_repo_once(f, &repo, err) < 0)
		return -1;
	if (repo->allows_merge_commit)
		*method = FORGE_MERGE_COMMIT;
	else if (repo->allows_squash)
		*method = FORGE_MERGE_SQUASH;
	else if (repo->allows_rebase)
		*method = FORGE_MERGE_REBASE;
	else
		return err_set(err, ERR_REFUSED, "%s/%s allows neither merge "
			       "commits nor squash nor rebase", f->owner,
			       f->name);
	return 0;
}

int forge_open_settle(struct forge *f, const struct forge_new_pr *pr,
		      struct arena *a, struct forge_pr *out, bool *existed,
		      bool was_lost, forge_find_fn *find, struct err *err)
{
	struct err why = { 0 };

	if (find(f, pr, a, out, &why) <= 0)
		return -1;
	err_clear(err);
	/* What says word for word what was sent is the one just made. */
	*existed = !was_lost || strcmp(out->title, pr->title) != 0 ||
		   strcmp(out->body, pr->body) != 0;
	return 0;
}
