/*
 * repo.h from the command line, so that scripts can drive it against servers
 * of every kind, and the benchmark can measure it alone.
 *
 *   wiretool LOCATION refs PREFIX...
 *   wiretool LOCATION show REF PATH...
 *   wiretool LOCATION bump REF PATH=TEXT...	a commit each, pushed together
 *   wiretool LOCATION list REF DIR
 *   wiretool LOCATION history REF DEPTH PATH...
 *   wiretool LOCATION reaches REF ID
 *
 * WIRE_TOKEN is sent as Basic with the user "git"; WIRE_UNFILTERED=1 asks for
 * no filter; WIRE_TIMEOUT_MS is all the time it has. The last line of output
 * is "cost: REQUESTS requests, RECEIVED received, SENT sent, ROAD". Exit codes
 * are git-promote's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/http.h"
#include "bot/base/log.h"
#include "bot/git/repo.h"

struct tool {
	struct repo *repo;
	struct arena arena;
	char **args;
	int n;
};

static int resolve(struct tool *t, const char *ref, struct oid *out,
		   struct err *err)
{
	struct repo_refs refs;
	int rc = -1;

	if (oid_parse(out, ref))
		return 0;
	if (repo_ls_refs(t->repo, &ref, 1, &refs, err) < 0)
		return -1;
	for (size_t i = 0; i < refs.len; i++)
		if (strcmp(refs.items[i].name, ref) == 0) {
			*out = refs.items[i].id;
			rc = 0;
		}
	repo_refs_release(&refs);
	return rc < 0 ? err_set(err, ERR_NOTFOUND, "no ref %s", ref) : 0;
}

static int do_refs(struct tool *t, struct err *err)
{
	struct repo_refs refs;
	char hex[OID_HEX + 1];

	if (repo_ls_refs(t->repo, (const char *const *)t->args, (size_t)t->n,
			 &refs, err) < 0)
		return -1;
	for (size_t i = 0; i < refs.len; i++)
		printf("%s %s\n", oid_hex(hex, &refs.items[i].id),
		       refs.items[i].name);
	printf("HEAD %s\n", refs.head_target ? refs.head_target : "?");
	repo_refs_release(&refs);
	return 0;
}

static int do_show(struct tool *t, struct err *err)
{
	size_t n = (size_t)t->n - 1;
	struct repo_file *files = xcalloc(n, sizeof(*files));
	struct oid head;
	int rc = -1;

	if (resolve(t, t->args[0], &head, err) < 0 ||
	    repo_read(t->repo, &head, (const char *const *)t->args + 1, n,
		      files, err) < 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		printf("%s: %s\n", t->args[1 + i],
		       files[i].exists ? files[i].text : "(none)");
	rc = 0;
out:
	free(files);
	return rc;
}

static int do_list(struct tool *t, struct err *err)
{
	const char **names;
	struct oid head;
	size_t len;

	if (resolve(t, t->args[0], &head, err) < 0 ||
	    repo_list(t->repo, &head, t->args[1], true, &t->arena, &names, &len,
		      err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		puts(names[i]);
	return 0;
}

static int do_bump(struct tool *t, struct err *err)
{
	static const char *const words[] = { "ok", "race", "refused",
					     "unknown" };
	static const char *const config = "promote.yaml";
	size_t n = (size_t)t->n - 1;
	const char **paths = xcalloc(n, sizeof(*paths));
	struct repo_file *files = xcalloc(n + 1, sizeof(*files));
	struct repo_commit_meta meta = {
		.author_name = "git-promote", .author_mail = "bot@example.com",
		.message = "bump\n", .when_s = clock_now_s()
	};
	struct repo_update u = { .ref = t->args[0] };
	int rc = -1;

	for (size_t i = 0; i < n; i++)
		paths[i] = strtok(t->args[1 + i], "=");
	repo_expect_push(t->repo);
	if (resolve(t, t->args[0], &u.old_id, err) < 0 ||
	    repo_read(t->repo, &u.old_id, &config, 1, files, err) < 0 ||
	    repo_read(t->repo, &u.old_id, paths, n, files, err) < 0)
		goto out;
	u.new_id = u.old_id;
	for (size_t i = 0; i < n; i++) {
		const char *text = paths[i] + strlen(paths[i]) + 1;
		char *line = arena_printf(&t->arena, "%s\n", text);
		struct repo_edit edit = { paths[i], line, strlen(line) };

		if (repo_commit_make(t->repo, &u.new_id, &edit, 1, &meta,
				     &u.new_id, err) < 0)
			goto out;
	}
	if (repo_push(t->repo, &u, 1, false, err) < 0)
		goto out;
	printf("push: %s\n", words[u.status]);
	rc = u.status == REPO_PUSH_OK ? 0
	     : err_set(err, u.status == REPO_PUSH_REFUSED ? ERR_REFUSED
			    : ERR_TRANSIENT, "push: %s %s", words[u.status],
		       u.message);
out:
	free(paths);
	free(files);
	return rc;
}

static int do_history(struct tool *t, struct err *err)
{
	size_t n = (size_t)t->n - 2;
	struct repo_history *h = xcalloc(n, sizeof(*h));
	char hex[OID_HEX + 1];
	struct oid head;
	int rc = -1;

	if (resolve(t, t->args[0], &head, err) < 0 ||
	    repo_history(t->repo, &head, (const char *const *)t->args + 2, n,
			 strtoul(t->args[1], NULL, 10), NULL, &t->arena, h,
			 err) < 0)
		goto out;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < h[i].len; k++)
			printf("%s %zu %s %lld\n", t->args[2 + i],
			       h[i].changes[k].pos,
			       h[i].changes[k].exists
				       ? oid_hex(hex, &h[i].changes[k].blob)
				       : "-",
			       (long long)h[i].changes[k].landed_s);
		printf("%s: %zu changes in %zu commits%s\n", t->args[2 + i],
		       h[i].len, h[i].walked,
		       h[i].complete ? ", complete" : "");
	}
	rc = 0;
out:
	free(h);
	return rc;
}

static int do_reaches(struct tool *t, struct err *err)
{
	struct oid tip, what;
	bool reached;

	if (resolve(t, t->args[0], &tip, err) < 0 ||
	    resolve(t, t->args[1], &what, err) < 0 ||
	    repo_reaches(t->repo, &tip, &what, &reached, err) < 0)
		return -1;
	puts(reached ? "reached" : "not reached");
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct tool *t, struct err *err);
	int least;
} commands[] = {
	{ "refs",    do_refs,	 0 },
	{ "show",    do_show,	 2 },
	{ "list",    do_list,	 2 },
	{ "bump",    do_bump,	 2 },
	{ "history", do_history, 3 },
	{ "reaches", do_reaches, 2 },
};

int main(int argc, char **argv)
{
	const char *token = getenv("WIRE_TOKEN"), *ms;
	struct http_options http = { .user_agent = "git-promote/test" };
	struct repo_options options = { 0 };
	struct tool t = { .args = argv + 3, .n = argc - 3 };
	struct repo_cost cost;
	struct http_cred cred = { 0 };
	struct err err = { 0 };
	int rc = -1;

	if (argc < 3) {
		fprintf(stderr, "usage: wiretool LOCATION COMMAND...\n");
		return 2;
	}
	log_init(getenv("WIRE_VERBOSE") ? LOG_DEBUG : LOG_NORMAL);
	ms = getenv("WIRE_TIMEOUT_MS");
	http.deadline = deadline_in(ms ? atoi(ms) : 60000);
	options.location = argv[1];
	options.http = http_new(&http);
	options.deadline = &http.deadline;
	options.unfiltered = getenv("WIRE_UNFILTERED") != NULL;
	if (token && http_cred_basic(&cred, argv[1], "git", token, &err) == 0)
		options.cred = &cred;
	if (err.code == ERR_NONE &&
	    repo_open(&t.repo, &options, &err) == 0) {
		err_set(&err, ERR_USAGE, "no such command");
		for (size_t i = 0; i < ARRAY_LEN(commands); i++)
			if (strcmp(commands[i].name, argv[2]) == 0 &&
			    t.n >= commands[i].least) {
				err_clear(&err);
				rc = commands[i].run(&t, &err);
			}
		repo_cost(t.repo, &cost);
		printf("cost: %u requests, %llu received, %llu sent, %s\n",
		       cost.requests, (unsigned long long)cost.bytes_received,
		       (unsigned long long)cost.bytes_sent, cost.road);
	}
	if (rc < 0)
		log_error("%s", err.msg);
	repo_free(t.repo);
	arena_release(&t.arena);
	http_cred_release(&cred);
	http_free(options.http);
	return rc < 0 ? err_exit_code(err.code) : 0;
}
