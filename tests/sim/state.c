#include "tests/sim/sim.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

int64_t sim_now(const struct sim *s)
{
	return (s->now_fixed ? s->now_s : clock_now_s()) + s->offset_s;
}

json_t *sim_time(int64_t t)
{
	struct buf b = { 0 };
	json_t *o;

	if (t == TIME_UNKNOWN)
		return json_null();
	time_format(&b, t);
	o = json_string(buf_str(&b));
	buf_release(&b);
	return o;
}

void sim_set(char **slot, const char *value)
{
	char *copy = xstrdup(value);

	free(*slot);
	*slot = copy;
}

const char *jstr(const json_t *o, const char *key)
{
	const char *v = json_string_value(json_object_get(o, key));

	return v ? v : "";
}

bool json_has_string(const json_t *list, const char *s)
{
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v)
		if (str_eq(json_string_value(v), s))
			return true;
	return false;
}

void json_drop_string(json_t *list, const char *s)
{
	for (size_t i = json_array_size(list); i-- > 0; )
		if (str_eq(json_string_value(json_array_get(list, i)), s))
			json_array_remove(list, i);
}

/* ---- people ---- */

struct sim_user *sim_user(struct sim *s, const char *name)
{
	for (struct sim_user *u = s->users; u; u = u->next)
		if (str_eq(u->name, name))
			return u;
	return NULL;
}

struct sim_user *sim_user_add(struct sim *s, const char *name,
			      const char *token, const char *permission)
{
	struct sim_user *u = sim_user(s, name);

	if (!u) {
		u = xcalloc(1, sizeof(*u));
		u->name = xstrdup(name);
		u->next = s->users;
		s->users = u;
	}
	if (token)
		sim_set(&u->token, token);
	if (permission || !u->permission)
		sim_set(&u->permission, permission ? permission : "write");
	return u;
}

bool sim_can(const struct sim *s, const struct sim_user *u, const char *what)
{
	if (!u)
		return false;
	if (u == s->bot && trap_get(s, TRAP_READ_ONLY))
		return str_eq(what, "read");
	if (str_eq(u->permission, "admin") || str_eq(what, "read"))
		return true;
	return str_eq(u->permission, what);
}

/* ---- repositories ---- */

static json_t *settings_default(void)
{
	return json_pack("{s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:s}",
			 "private", 1, "archived", 0,
			 "allow_merge_commit", 1, "allow_squash_merge", 1,
			 "allow_rebase_merge", 1, "allow_fast_forward_only", 1,
			 "allow_auto_merge", 0, "delete_branch_on_merge", 0,
			 "fork", 0, "default_merge_style", "merge");
}

struct sim_repo *sim_repo(struct sim *s, const char *owner, const char *name)
{
	struct sim_repo *r;
	struct buf dir = { 0 };
	struct stat st;

	for (size_t i = 0; i < s->repos_len; i++)
		if (str_eq(s->repos[i]->owner, owner) &&
		    str_eq(s->repos[i]->name, name))
			return s->repos[i];
	if (strchr(owner, '/') || strchr(name, '/') || owner[0] == '.' ||
	    name[0] == '.')
		return NULL;
	buf_addf(&dir, "%s/%s/%s.git", s->root, owner, name);
	if (stat(buf_str(&dir), &st) < 0 || !S_ISDIR(st.st_mode)) {
		buf_release(&dir);
		return NULL;
	}
	r = xcalloc(1, sizeof(*r));
	r->owner = xstrdup(owner);
	r->name = xstrdup(name);
	r->dir = buf_detach(&dir);
	r->id = ++s->next_id;
	r->refs = json_object();
	r->labels = json_array();
	r->statuses = json_object();
	r->checks = json_object();
	r->protected = json_object();
	r->settings = settings_default();
	r->deployments = json_array();
	r->commits = json_object();
	ARRAY_GROW(s->repos, s->repos_len, s->repos_cap);
	s->repos[s->repos_len++] = r;
	sim_refs_read(s, r);
	return r;
}

const char *sim_ref(const struct sim_repo *r, const char *branch)
{
	struct buf b = { 0 };
	const char *id;

	buf_addf(&b, "refs/heads/%s", branch);
	id = json_string_value(json_object_get(r->refs, buf_str(&b)));
	buf_release(&b);
	return id;
}

void sim_default_branch(const struct sim_repo *r, struct buf *out)
{
	static const char prefix[] = "ref: refs/heads/";
	const char *set = jstr(r->settings, "default_branch");
	struct buf path = { 0 };
	char line[512] = "";
	FILE *f;

	buf_addf(&path, "%s/HEAD", r->dir);
	f = *set ? NULL : fopen(buf_str(&path), "r");
	if (f && fgets(line, sizeof(line), f) && str_starts(line, prefix)) {
		line[strcspn(line, "\n")] = '\0';
		set = line + strlen(prefix);
	}
	buf_addstr(out, set);
	if (f)
		fclose(f);
	buf_release(&path);
}

static void ref_take(struct sim_repo *r, const char *id, const char *name)
{
	if (strspn(id, "0123456789abcdef") >= 40 &&
	    !json_object_get(r->refs, name))
		json_object_set_new(r->refs, name, json_stringn(id, 40));
}

/* A ref's file, or a folder of them. */
static void refs_loose(struct sim_repo *r, const char *name)
{
	struct buf path = { 0 };
	struct dirent **entries;
	char line[64] = "";
	FILE *f;
	int n;

	buf_addf(&path, "%s/%s", r->dir, name);
	n = scandir(buf_str(&path), &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		const char *part = entries[i]->d_name;
		struct buf below = { 0 };

		buf_addf(&below, "%s/%s", name, part);
		if (part[0] != '.' && !str_ends(part, ".lock"))
			refs_loose(r, buf_str(&below));
		buf_release(&below);
		free(entries[i]);
	}
	if (n >= 0) {
		free(entries);
	} else if ((f = fopen(buf_str(&path), "re"))) {
		if (fgets(line, sizeof(line), f))
			ref_take(r, line, name);
		fclose(f);
	}
	buf_release(&path);
}

/* By hand: each look of a client begins with it, and git is a process. */
void sim_refs_read(struct sim *s, struct sim_repo *r)
{
	struct buf path = { 0 };
	json_t *old = r->refs;
	char line[4096];
	FILE *f;

	r->refs = json_object();
	refs_loose(r, "refs");
	/* Behind the loose ones, which count more and may be packed just now. */
	buf_addf(&path, "%s/packed-refs", r->dir);
	f = fopen(buf_str(&path), "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strlen(line) > 41 && line[40] == ' ')
			ref_take(r, line, line + 41);
	}
	if (f)
		fclose(f);
	buf_release(&path);
	if (r->activity)
		sim_activity_take(s, r, old);
	else
		r->activity = json_array();
	json_decref(old);
}

json_t *sim_label(struct sim *s, struct sim_repo *r, const char *name,
		  const char *color, bool create)
{
	size_t i;
	json_t *v;

	json_array_foreach(r->labels, i, v)
		if (!strcasecmp(jstr(v, "name"), name))
			return v;
	if (!create)
		return NULL;
	v = json_pack("{s:I,s:s,s:s,s:s}", "id", (json_int_t)++s->next_id,
		      "name", name, "color", color ? color : "ededed",
		      "description", "");
	json_array_append_new(r->labels, v);
	return v;
}

/* ---- pull requests ---- */

struct sim_pr *sim_pr(struct sim_repo *r, long long number)
{
	for (size_t i = 0; i < r->prs_len; i++)
		if (r->prs[i]->number == number)
			return r->prs[i];
	return NULL;
}

static bool is_own(const struct sim_repo *r, const struct sim_pr *pr)
{
	size_t n = strlen(r->owner);

	return !strncmp(pr->head_repo, r->owner, n) &&
	       pr->head_repo[n] == '/' &&
	       str_eq(pr->head_repo + n + 1, r->name);
}

/* Where the head is now; "" where it is gone. A fork's is fetched. */
void sim_head_now(struct sim *s, struct sim_repo *r, struct sim_pr *pr,
		     struct buf *out)
{
	struct buf dir = { 0 }, spec = { 0 };

	if (is_own(r, pr)) {
		const char *id = sim_ref(r, pr->head);

		buf_addstr(out, id ? id : "");
		return;
	}
	buf_addf(&dir, "%s/%s.git", s->root, pr->head_repo);
	buf_addf(&spec, "+refs/heads/%s:refs/pull/%lld/head", pr->head,
		 pr->number);
	if (GIT(r->dir, NULL, "fetch", "-q", buf_str(&dir), buf_str(&spec)) == 0)
		GIT(buf_str(&dir), out, "rev-parse", pr->head);
	buf_release(&dir);
	buf_release(&spec);
}

/* Forges keep the head of a pull request even when its branch is gone. */
void sim_keep_head(struct sim_repo *r, struct sim_pr *pr, const char *sha)
{
	struct buf ref = { 0 };

	buf_addf(&ref, "refs/pull/%lld/head", pr->number);
	if (is_own(r, pr))
		GIT(r->dir, NULL, "update-ref", buf_str(&ref), sha);
	buf_release(&ref);
}

struct sim_pr *sim_pr_new(struct sim *s, struct sim_repo *r,
			  const char *head_repo, const char *head,
			  const char *base, const char *author)
{
	struct sim_pr *pr = xcalloc(1, sizeof(*pr));
	struct buf sha = { 0 };

	pr->number = (long long)r->prs_len + 1;
	pr->title = xstrdup("");
	pr->body = xstrdup("");
	pr->head = xstrdup(head);
	pr->base = xstrdup(base);
	pr->head_repo = xstrdup(head_repo);
	pr->author = xstrdup(author);
	pr->created_s = pr->updated_s = sim_now(s);
	pr->closed_s = pr->merged_s = TIME_UNKNOWN;
	pr->labels = json_array();
	pr->reviewers = json_array();
	pr->teams = json_array();
	pr->assignees = json_array();
	pr->reviews = json_array();
	pr->comments = json_array();
	sim_head_now(s, r, pr, &sha);
	snprintf(pr->head_sha, sizeof(pr->head_sha), "%s", buf_str(&sha));
	snprintf(pr->base_sha, sizeof(pr->base_sha), "%s",
		 sim_ref(r, base) ? sim_ref(r, base) : "");
	sim_keep_head(r, pr, pr->head_sha);
	buf_release(&sha);
	ARRAY_GROW(r->prs, r->prs_len, r->prs_cap);
	r->prs[r->prs_len++] = pr;
	return pr;
}

void sim_close_pr(struct sim *s, struct sim_pr *pr, bool closed)
{
	if (pr->closed == closed)
		return;
	pr->closed = closed;
	pr->closed_s = closed ? sim_now(s) : TIME_UNKNOWN;
	pr->updated_s = sim_now(s);
	pr->arm.on = pr->arm.queued = false;
}

void sim_review(struct sim *s, struct sim_pr *pr, const char *user,
		const char *state, const char *body)
{
	json_array_append_new(pr->reviews, json_pack(
		"{s:I,s:s,s:s,s:s,s:s,s:o,s:b}", "id",
		(json_int_t)++s->next_id, "user", user, "state", state,
		"body", body, "sha", pr->head_sha, "at",
		sim_time(sim_now(s)), "dismissed", 0));
	json_drop_string(pr->reviewers, user);
	pr->updated_s = sim_now(s);
}

/* ---- the end ---- */

static void pr_free(struct sim_pr *pr)
{
	char *strings[] = { pr->title, pr->body, pr->head, pr->base,
			    pr->author, pr->head_repo, pr->merged_by,
			    pr->arm.method, pr->arm.title, pr->arm.message,
			    pr->arm.by };
	json_t *values[] = { pr->labels, pr->reviewers, pr->teams,
			     pr->assignees, pr->reviews, pr->comments };

	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		free(strings[i]);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		json_decref(values[i]);
	free(pr);
}

static void repo_free(struct sim_repo *r)
{
	json_t *values[] = { r->refs, r->labels, r->statuses, r->checks,
			     r->protected, r->settings, r->deployments,
			     r->activity, r->commits };

	for (size_t i = 0; i < r->prs_len; i++)
		pr_free(r->prs[i]);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		json_decref(values[i]);
	free(r->prs);
	free(r->owner);
	free(r->name);
	free(r->dir);
	free(r);
}

void sim_free_state(struct sim *s)
{
	for (size_t i = 0; i < s->repos_len; i++)
		repo_free(s->repos[i]);
	free(s->repos);
	while (s->users) {
		struct sim_user *u = s->users;

		s->users = u->next;
		free(u->name);
		free(u->token);
		free(u->permission);
		free(u);
	}
	faults_clear(s);
	json_decref(s->teams);
	json_decref(s->org_labels);
	json_decref(s->requests);
	free(s->url);
}
