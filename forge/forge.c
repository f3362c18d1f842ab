#include "forge/forge.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/base/log.h"
#include "bot/base/str.h"
#include "forge/call.h"
#include "forge/ops.h"

static const struct forge_ops *const forge_kinds[] = {
	&forge_github, &forge_gitea, &forge_forgejo,
};

static const struct forge_ops *kind_find(const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(forge_kinds); i++)
		if (str_eq(forge_kinds[i]->name, kind))
			return forge_kinds[i];
	return NULL;
}

void forge_kind_names(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(forge_kinds); i++)
		buf_addf(out, "%s%s", i ? ", " : "", forge_kinds[i]->name);
}

bool forge_kind_known(const char *kind)
{
	return kind_find(kind) != NULL;
}

const char *forge_kind_of_host(const char *host)
{
	for (size_t i = 0; i < ARRAY_LEN(forge_kinds); i++)
		for (const char *const *h = forge_kinds[i]->hosts; *h; h++)
			if (strcasecmp(*h, host) == 0)
				return forge_kinds[i]->name;
	return NULL;
}

/* Where the path of ORIGIN begins: its end, where it has none. */
static const char *path_of(const char *origin)
{
	const char *at = strstr(origin, "://");

	at = at ? at + 3 : origin;
	return at + strcspn(at, "/");
}

/* Is the host of ORIGIN one of OPS's hosted ones? */
static bool is_hosted(const struct forge_ops *ops, const char *origin)
{
	const char *at = strstr(origin, "://");
	size_t len;

	at = at ? at + 3 : origin;
	len = strcspn(at, ":/");
	for (const char *const *h = ops->hosts; *h; h++)
		if (strlen(*h) == len && strncasecmp(*h, at, len) == 0)
			return true;
	return false;
}

char *forge_default_root(const char *kind, const char *origin)
{
	const struct forge_ops *ops = kind_find(kind);
	const char *path = path_of(origin);
	struct buf b = { 0 };
	size_t len;

	if (!ops)
		BUG("no forge %s", kind);
	if (path[strspn(path, "/")]) {		/* a whole root already */
		buf_addstr(&b, origin);
		for (len = b.len; b.data[len - 1] == '/'; len--)
			;
		b.data[b.len = len] = '\0';
	} else if (ops->hosted_root && is_hosted(ops, origin)) {
		buf_addstr(&b, ops->hosted_root);
	} else {
		buf_add(&b, origin, (size_t)(path - origin));
		buf_addstr(&b, ops->root_suffix);
	}
	return buf_detach(&b);
}

const char *forge_git_user(const char *kind)
{
	const struct forge_ops *ops = kind_find(kind);

	return ops ? ops->git_user : "git";
}

const char *const *forge_token_variables(const char *kind)
{
	static const char *const none[] = { NULL };
	const struct forge_ops *ops = kind_find(kind);

	return ops ? ops->token_variables : none;
}

static char *repo_path_make(const char *owner, const char *name)
{
	struct buf b = { 0 };

	buf_addstr(&b, "/repos/");
	escape_url(&b, owner);
	buf_addch(&b, '/');
	escape_url(&b, name);
	return buf_detach(&b);
}

static bool name_ok(const char *s)
{
	return s && *s && strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

int forge_open(struct forge **out, const struct forge_options *o,
	       struct err *err)
{
	const struct forge_ops *ops = kind_find(o->kind);
	struct forge *f;
	char *origin;

	*out = NULL;
	if (!ops) {
		struct buf names = { 0 };

		forge_kind_names(&names);
		err_set(err, ERR_USAGE, "no forge is called %s; known are %s",
			o->kind ? o->kind : "nothing", buf_str(&names));
		buf_release(&names);
		return -1;
	}
	if (!name_ok(o->owner) || !name_ok(o->name))
		return err_set(err, ERR_USAGE, "the repository's address does "
			       "not name an owner and a repository");
	if (http_origin(&origin, o->root, err) < 0)
		return err_prefix(err, "the forge's root (--forge-url, PROMOTE_FORGE_URL): ");
	json_set_alloc_funcs(xmalloc, free);
	f = xcalloc(1, sizeof(*f));
	f->ops = ops;
	f->http = o->http;
	f->root = xstrdup(o->root);
	f->owner = xstrdup(o->owner);
	f->name = xstrdup(o->name);
	f->repo_path = repo_path_make(o->owner, o->name);
	f->host = xstrdup(strstr(origin, "://") + 3);
	*strrchr(f->host, ':') = '\0';	/* the port, always there */
	f->version[0] = -1;
	free(origin);
	if (o->token && http_cred_token(&f->cred, f->root, ops->token_header,
					o->token, err) < 0) {
		forge_free(f);
		return -1;
	}
	*out = f;
	return 0;
}

void forge_free(struct forge *f)
{
	if (!f)
		return;
	http_cred_release(&f->cred);
	buf_release(&f->url);
	forge_ahead_drop(f);
	arena_release(&f->newest_arena);
	free(f->root);
	free(f->owner);
	free(f->name);
	free(f->repo_path);
	free(f->host);
	free(f);
}

const char *forge_kind(const struct forge *f)
{
	return f->ops->name;
}

int forge_repo_once(struct forge *f, const struct forge_repo **out,
		    struct err *err)
{
	if (!f->has_repo && f->ops->repo(f, &f->repo, err) < 0)
		return -1;
	f->has_repo = true;
	*out = &f->repo;
	return 0;
}

/*
 * A call that the driver has, or the reason why there is none. What changes
 * something makes the list of the newest pull requests old.
 */
#define CALL(member, ...)                                                      \
	do {                                                                   \
		if (!f->ops->member)                                           \
			return err_set(err, ERR_REFUSED, "%s has no %s",       \
				       f->ops->name, #member);                 \
		return f->ops->member(f, __VA_ARGS__);                         \
	} while (0)

#define CALL_CHANGING(member, ...)                                             \
	do {                                                                   \
		f->has_newest = false;                                         \
		CALL(member, __VA_ARGS__);                                     \
	} while (0)

int forge_list_open(struct forge *f, const char *base, const char *head_prefix,
		    struct arena *a, struct forge_pr **out, size_t *len,
		    struct err *err)
{
	f->has_newest = false;	/* the state is read anew from here on */
	CALL(list_open, base, head_prefix, a, out, len, err);
}

int forge_list_by_head(struct forge *f, const char *base, const char *head,
		       int64_t since_s, struct arena *a, struct forge_pr **out,
		       size_t *len, struct err *err)
{
	CALL(list_by_head, base, head, since_s, a, out, len, err);
}

void forge_pulls_ahead(struct forge *f, const struct forge_ahead_of *of)
{
	size_t most = 2 * (of->heads_len + of->numbers_len), len = 0;
	const char **urls = xcalloc(most + 1, sizeof(*urls));
	const struct forge_ops *ops = f->ops;
	struct arena a = { 0 };

	for (size_t i = 0; ops->by_head_urls && i < of->heads_len; i++)
		len += ops->by_head_urls(f, of->base, of->heads[i], &a,
					 urls + len);
	for (size_t i = 0; ops->readiness_urls && i < of->numbers_len; i++)
		len += ops->readiness_urls(f, of->numbers[i], &a, urls + len);
	if (len > 1)
		forge_call_ahead(f, urls, len);
	free(urls);
	arena_release(&a);
}

int forge_get(struct forge *f, long long number, struct arena *a,
	      struct forge_pr *out, struct err *err)
{
	CALL(get, number, a, out, err);
}

int forge_open_pr(struct forge *f, const struct forge_new_pr *pr,
		  struct arena *a, struct forge_pr *out, bool *existed,
		  struct err *err)
{
	*existed = false;
	CALL_CHANGING(open_pr, pr, a, out, existed, err);
}

int forge_update_pr(struct forge *f, long long number, const char *title,
		    const char *body, struct err *err)
{
	if (!title && !body)
		return 0;
	CALL_CHANGING(update_pr, number, title, body, err);
}

int forge_close_pr(struct forge *f, long long number, struct err *err)
{
	CALL_CHANGING(close_pr, number, err);
}

int forge_add_labels(struct forge *f, long long number,
		     const char *const *labels, size_t n, struct err *err)
{
	CALL_CHANGING(add_labels, number, labels, n, err);
}

int forge_request_reviewers(struct forge *f, long long number,
			    const char *const *reviewers, size_t n,
			    struct err *err)
{
	CALL(request_reviewers, number, reviewers, n, err);
}

int forge_readiness(struct forge *f, long long number, int64_t wait_ms,
		    struct arena *a, struct forge_readiness *out,
		    struct err *err)
{
	CALL(readiness, number, wait_ms, a, out, err);
}

int forge_merge(struct forge *f, long long number, const char *head_sha,
		enum forge_merge_method method, const char *title,
		const char *message, struct arena *a, const char **merge_sha,
		struct err *err)
{
	*merge_sha = NULL;
	CALL_CHANGING(merge, number, head_sha, method, title, message, a,
		      merge_sha, err);
}

int forge_arm(struct forge *f, const struct forge_pr *pr, const char *head_sha,
	      enum forge_merge_method method, bool *merged, struct err *err)
{
	*merged = false;
	CALL_CHANGING(arm, pr, head_sha, method, merged, err);
}

int forge_disarm(struct forge *f, const struct forge_pr *pr, struct err *err)
{
	CALL(disarm, pr, err);
}

int forge_statuses(struct forge *f, const char *sha, struct arena *a,
		   struct forge_status **out, size_t *len,
		   bool *checks_unknown, struct err *err)
{
	*checks_unknown = false;
	CALL(statuses, sha, a, out, len, checks_unknown, err);
}

void forge_statuses_many(struct forge *f, struct forge_commit *commits,
			 size_t n, struct arena *a)
{
	const char **urls = xcalloc(2 * n, sizeof(*urls));
	size_t len = 0;

	for (size_t i = 0; n > 1 && f->ops->statuses_urls && i < n; i++)
		len += f->ops->statuses_urls(f, commits[i].sha, a, urls + len);
	if (len)
		forge_call_ahead(f, urls, len);
	for (size_t i = 0; i < n; i++) {
		struct forge_commit *c = &commits[i];

		err_clear(&c->err);
		if (forge_statuses(f, c->sha, a, &c->items, &c->len,
				   &c->checks_unknown, &c->err) < 0)
			c->len = 0;
	}
	forge_ahead_drop(f);
	free(urls);
}

int forge_set_status(struct forge *f, const char *sha, const char *name,
		     enum forge_status_state state, const char *description,
		     struct err *err)
{
	CALL(set_status, sha, name, state, description, err);
}

int forge_pushes(struct forge *f, const char *branch, int64_t since_s,
		 struct arena *a, struct forge_push **out, size_t *len,
		 bool *told, struct err *err)
{
	struct err why = { 0 };

	*out = NULL;
	*len = 0;
	*told = f->ops->pushes && f->ops->pushes(f, branch, since_s, a, out,
						 len, &why) == 0;
	if (why.code && why.code != ERR_REFUSED)
		return err_set(err, why.code, "%s", why.msg);
	if (!*told)
		log_verbose("when %s was pushed to is not known: %s", branch,
			    why.code ? why.msg : "the forge does not tell");
	return 0;
}
