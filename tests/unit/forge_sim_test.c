/*
 * The drivers against the forge simulator: real repositories, real merges,
 * over real HTTP. What each answer means stands in forge_github_test.c and
 * forge_gitea_test.c; here it is whether a pull request gets through its life
 * when things go wrong on the way. Skipped where the simulator is not built.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bot/base/log.h"
#include "forge/forge.h"

#define HEAD "promote/staging/web"

struct sim {
	const char *kind, *driver;
	pid_t pid;
	char dir[64], url[64];
	struct http *http;
	struct forge *forge;
	struct arena a;
};

static bool sim_there(char *path, size_t size)
{
	const char *build = getenv("BUILD");

	snprintf(path, size, "%s/forge-sim", build ? build : "build");
	return access(path, X_OK) == 0;
}

/* Run SCRIPT in the bare repository; its first line of output. */
static void sh(const struct sim *s, const char *script, char out[64])
{
	char text[4096];
	FILE *f;

	snprintf(text, sizeof(text), "set -e; cd %s/acme/config.git; "
		 "export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t.example "
		 "GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t.example; %s",
		 s->dir, script);
	f = popen(text, "r");
	assert_non_null(f);
	if (!fgets(out, 64, f))
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (pclose(f) != 0)
		fail_msg("%s: failed: %s", s->kind, script);
}

static void at(const struct sim *s, const char *ref, char out[64])
{
	char script[256];

	snprintf(script, sizeof(script), "git rev-parse %s", ref);
	sh(s, script, out);
}

/* A commit on BRANCH that puts TEXT into FILE; its id. */
static void commit(const struct sim *s, const char *branch, const char *parent,
		   const char *file, const char *text, char out[64])
{
	char script[1024];

	snprintf(script, sizeof(script),
		 "export GIT_INDEX_FILE=$(mktemp -u); git read-tree %s; "
		 "b=$(echo '%s' | git hash-object -w --stdin); "
		 "git update-index --add --cacheinfo 100644,$b,%s; "
		 "c=$(git commit-tree -p %s -m 'set %s' $(git write-tree)); "
		 "git update-ref refs/heads/%s $c; rm -f $GIT_INDEX_FILE; "
		 "echo $c", parent, text, file, parent, file, branch);
	sh(s, script, out);
}

/* Tell the simulator something. */
static void tell(struct sim *s, const char *what, const char *json)
{
	char url[256];
	struct http_request req = { .method = "POST", .url = url, .body = json,
				    .body_len = strlen(json) };
	struct http_response res;
	struct err err = { 0 };

	snprintf(url, sizeof(url), "%s/_sim/%s", s->url, what);
	if (http_do(s->http, &req, &res, &err) < 0 || res.status != 200)
		fail_msg("%s %s: %ld %s %s", what, json, res.status,
			 buf_str(&res.body), err.msg);
	http_response_release(&res);
}

static int logs_make(void **state)
{
	char path[512];

	(void)state;
	if (!sim_there(path, sizeof(path)))
		return 0;
	strcpy(strrchr(path, '/') + 1, "simlogs");
	mkdir(path, 0777);
	return 0;
}

static void repo_make(const struct sim *s)
{
	char script[512], none[64];

	snprintf(script, sizeof(script), "mkdir -p %s/acme && "
		 "git init -q --bare -b main %s/acme/config.git", s->dir,
		 s->dir);
	assert_int_equal(system(script), 0);
	sh(s, "git config gc.auto 0; git update-ref refs/heads/main "
	      "$(git commit-tree -m start $(git mktree </dev/null))", none);
}

static void sim_start(struct sim *s, const char *kind, const char *version)
{
	struct http_options ho = { .deadline = deadline_in(60 * 1000) };
	struct forge_options fo = { .owner = "acme", .name = "config",
				    .token = "sim-token" };
	struct err err = { 0 };
	char path[512], log[512];
	int fds[2];
	ssize_t n;

	memset(s, 0, sizeof(*s));
	s->kind = kind;
	s->driver = strcmp(kind, "ghes") == 0 ? "github" : kind;
	assert_true(sim_there(path, sizeof(path)));
	strcpy(s->dir, "/tmp/forge-sim-test.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	assert_int_equal(pipe(fds), 0);
	/* The contract run judges what was asked (tests/contract/). */
	snprintf(log, sizeof(log), "%.*ssimlogs/drivers-%s.jsonl",
		 (int)(strrchr(path, '/') + 1 - path), path, kind);
	s->pid = fork();
	if (s->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], 1);
		close(fds[0]);
		execl(path, "forge-sim", "--kind", kind, "--root", s->dir,
		      "--log", log, version ? "--server-version" : NULL,
		      version, NULL);
		_exit(127);
	}
	close(fds[1]);
	n = read(fds[0], s->url, sizeof(s->url) - 1);
	close(fds[0]);
	assert_true(n > 0);
	s->url[strcspn(s->url, "\n")] = '\0';

	repo_make(s);
	s->http = http_new(&ho);
	fo.kind = s->driver;
	fo.root = forge_default_root(s->driver, s->url);
	fo.http = s->http;
	if (forge_open(&s->forge, &fo, &err) < 0)
		fail_msg("%s", err.msg);
	free((char *)fo.root);
}

static void sim_stop(struct sim *s)
{
	char script[128];

	kill(s->pid, SIGTERM);
	waitpid(s->pid, NULL, 0);
	snprintf(script, sizeof(script), "rm -rf %s", s->dir);
	assert_int_equal(system(script), 0);
	forge_free(s->forge);
	http_free(s->http);
	arena_release(&s->a);
}

static struct forge_pr open_pr(struct sim *s, const char *head, bool want_new)
{
	struct forge_new_pr new = { .head = head, .base = "main",
				    .title = "promote web", .body = "why" };
	struct err err = { 0 };
	struct forge_pr pr;
	bool existed;

	if (forge_open_pr(s->forge, &new, &s->a, &pr, &existed, &err) < 0)
		fail_msg("%s: open: %s", s->kind, err.msg);
	if (existed == want_new)
		fail_msg("%s: #%lld is %s", s->kind, pr.number,
			 existed ? "found" : "new");
	return pr;
}

#define OK(s, call)                                                            \
	do {                                                                   \
		struct err err = { 0 };                                        \
									       \
		if ((call) < 0)                                                \
			fail_msg("%s: line %d: %s", (s)->kind, __LINE__,       \
				 err.msg);                                     \
	} while (0)

#define FAILS(s, want, call)                                                   \
	do {                                                                   \
		struct err err = { 0 };                                        \
									       \
		if ((call) == 0 || err.code != (want))                         \
			fail_msg("%s: line %d: %d %s", (s)->kind, __LINE__,    \
				 (int)err.code, err.msg);                      \
	} while (0)

/* One pull request from push to deleted branch, every step twice. */
static void life(struct sim *s)
{
	static const char *const labels[] = { "production", "bot" };
	static const char *const people[] = { "alice", "acme/sre" };
	static const char *const nobody[] = { "nobody-at-all", "alice" };
	struct forge *f = s->forge;
	struct forge_readiness ready;
	struct forge_status *st;
	struct forge_pr pr, *list;
	const char *sha;
	char head[64], main_id[64];
	bool unknown;
	size_t n;

	commit(s, HEAD, "main", "web", "1", head);
	pr = open_pr(s, HEAD, true);
	assert_string_equal(pr.head_sha, head);
	assert_true(pr.head_is_ours);
	assert_int_equal(open_pr(s, HEAD, false).number, pr.number);
	OK(s, forge_list_open(f, "main", "promote/", &s->a, &list, &n, &err));
	assert_int_equal(n, 1);
	OK(s, forge_list_open(f, "main", "rollback/", &s->a, &list, &n, &err));
	assert_int_equal(n, 0);

	for (int twice = 0; twice < 2; twice++) {
		OK(s, forge_update_pr(f, pr.number, "new title", NULL, &err));
		OK(s, forge_add_labels(f, pr.number, labels, 2, &err));
		OK(s, forge_request_reviewers(f, pr.number, people, 2, &err));
		OK(s, forge_set_status(f, head, "git-promote/staging",
				       FORGE_STATUS_SUCCESS, "soaked", &err));
	}
	FAILS(s, ERR_NOTFOUND, forge_request_reviewers(f, pr.number, nobody, 2,
						       &err));
	OK(s, forge_get(f, pr.number, &s->a, &pr, &err));
	assert_string_equal(pr.title, "new title");
	assert_string_equal(pr.body, "why");
	assert_int_equal(pr.labels_len, 2);
	OK(s, forge_statuses(f, head, &s->a, &st, &n, &unknown, &err));
	assert_int_equal(n, 1);
	assert_string_equal(st[0].name, "git-promote/staging");
	assert_int_equal(st[0].state, FORGE_STATUS_SUCCESS);
	assert_false(unknown);

	OK(s, forge_readiness(f, pr.number, 5000, &s->a, &ready, &err));
	assert_int_equal(ready.ready, FORGE_READY);
	assert_string_equal(ready.head_sha, head);
	assert_false(ready.approved);
	for (int twice = 0; twice < 2; twice++) {
		OK(s, forge_merge(f, pr.number, head, FORGE_MERGE_COMMIT,
				  "a title", "a message", &s->a, &sha, &err));
		at(s, "main", main_id);
		assert_non_null(sha);
		assert_string_equal(sha, main_id);
	}
	OK(s, forge_get(f, pr.number, &s->a, &pr, &err));
	assert_int_equal(pr.state, FORGE_PR_MERGED);
	OK(s, forge_list_by_head(f, "main", HEAD, TIME_UNKNOWN, &s->a, &list,
				 &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].state, FORGE_PR_MERGED);
}

/* A person's no, and a head that moves under a merge. */
static void refusals(struct sim *s)
{
	struct forge *f = s->forge;
	struct forge_pr pr;
	char old[64], head[64];
	const char *sha;

	commit(s, HEAD, "main", "web", "1", old);
	pr = open_pr(s, HEAD, true);
	commit(s, HEAD, old, "web", "2", head);
	FAILS(s, ERR_RACE, forge_merge(f, pr.number, old, FORGE_MERGE_COMMIT,
				       "t", "m", &s->a, &sha, &err));
	for (int twice = 0; twice < 2; twice++)
		OK(s, forge_close_pr(f, pr.number, &err));
	FAILS(s, ERR_RACE, forge_merge(f, pr.number, head, FORGE_MERGE_COMMIT,
				       "t", "m", &s->a, &sha, &err));
	/* The closed one is not taken for the open one of the next time. */
	pr = open_pr(s, HEAD, true);
	assert_int_equal(pr.state, FORGE_PR_OPEN);
	OK(s, forge_get(f, pr.number, &s->a, &pr, &err));
	assert_string_equal(pr.head_sha, head);

	/* Nothing between head and base. */
	sh(s, "git update-ref refs/heads/promote/same main", head);
	{
		struct forge_new_pr same = { "promote/same", "main", "t", "b" };
		bool existed;

		FAILS(s, ERR_NOTFOUND, forge_open_pr(f, &same, &s->a, &pr,
						     &existed, &err));
	}
}

/* The server acts and does not say so, or says no and means later. */
static void mishaps(struct sim *s)
{
	bool github = strcmp(s->driver, "github") == 0;
	struct forge *f = s->forge;
	struct forge_readiness ready;
	struct forge_pr pr, *list;
	char head[64], name[64], main_id[64], none[64];
	const char *sha;
	size_t n;

	commit(s, HEAD, "main", "web", "1", head);
	tell(s, "trap", "{\"cut-after\":1}");
	pr = open_pr(s, HEAD, true);
	tell(s, "trap", github ? "{\"base-modified\":1}"
			       : "{\"push-rejected\":1}");
	OK(s, forge_merge(f, pr.number, head, FORGE_MERGE_ANY, "t", "m", &s->a,
			  &sha, &err));

	commit(s, HEAD, "main", "web", "2", head);
	tell(s, "trap", github ? "{\"head-sha-blank\":1}" : "{\"page-cap\":1}");
	pr = open_pr(s, HEAD, true);
	OK(s, forge_readiness(f, pr.number, 5000, &s->a, &ready, &err));
	tell(s, "trap", "{\"cut-after\":1}");
	OK(s, forge_merge(f, pr.number, head, FORGE_MERGE_SQUASH, "t", "m",
			  &s->a, &sha, &err));
	at(s, "main", main_id);
	assert_string_equal(sha, main_id);

	/* Twelve of them on pages of five. */
	tell(s, "trap", "{\"page-cap\":5,\"retry-after\":1,\"status-429\":1}");
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "promote/staging/svc%d", i);
		commit(s, name, "main", name + 16, "1", head);
		open_pr(s, name, true);
	}
	OK(s, forge_list_open(f, "main", "promote/", &s->a, &list, &n, &err));
	assert_int_equal(n, 12);
	tell(s, "trap", "{\"status-500-after\":1}");
	OK(s, forge_close_pr(f, list[0].number, &err));
	tell(s, "trap", "{\"html\":1}");
	FAILS(s, ERR_DATA, forge_get(f, pr.number, &s->a, &pr, &err));
	sh(s, "git fsck --strict 2>&1 | grep -v dangling || true", none);
	assert_string_equal(none, "");
}

/* The forge merges by itself when its conditions hold. */
static void arming(struct sim *s)
{
	struct forge *f = s->forge;
	struct forge_readiness ready;
	struct forge_pr pr;
	char head[64];
	const char *sha;
	bool merged;

	tell(s, "repo", "{\"repo\":\"acme/config\",\"allow_auto_merge\":true}");
	commit(s, HEAD, "main", "web", "1", head);
	tell(s, "protect", "{\"repo\":\"acme/config\",\"branch\":\"main\","
			   "\"contexts\":[\"ci\"],\"approvals\":1}");
	pr = open_pr(s, HEAD, true);
	OK(s, forge_readiness(f, pr.number, 5000, &s->a, &ready, &err));
	if (ready.ready != FORGE_READY_BLOCKED)
		fail_msg("%s: ready %d: %s", s->kind, (int)ready.ready,
			 ready.reason);
	FAILS(s, ERR_WAIT, forge_merge(f, pr.number, head, FORGE_MERGE_ANY,
				       "t", "m", &s->a, &sha, &err));
	for (int twice = 0; twice < 2; twice++) {
		OK(s, forge_arm(f, &pr, head, FORGE_MERGE_COMMIT, &merged,
				&err));
		assert_false(merged);
	}
	OK(s, forge_disarm(f, &pr, &err));
	OK(s, forge_disarm(f, &pr, &err));
	OK(s, forge_arm(f, &pr, head, FORGE_MERGE_COMMIT, &merged, &err));
	{
		char number[128];

		snprintf(number, sizeof(number), "{\"repo\":\"acme/config\","
			 "\"number\":%lld,\"user\":\"alice\",\"state\":"
			 "\"APPROVED\"}", pr.number);
		tell(s, "review", number);
	}
	OK(s, forge_readiness(f, pr.number, 0, &s->a, &ready, &err));
	assert_true(ready.approved);
	OK(s, forge_set_status(f, head, "ci", FORGE_STATUS_SUCCESS, "ok", &err));
	OK(s, forge_get(f, pr.number, &s->a, &pr, &err));
	if (pr.state == FORGE_PR_OPEN)
		OK(s, forge_get(f, pr.number, &s->a, &pr, &err));
	assert_int_equal(pr.state, FORGE_PR_MERGED);
	assert_string_equal(pr.head_sha, head);

	/* Nothing to wait for: merged at once. */
	sh(s, "true", head);
	commit(s, "promote/staging/api", "main", "api", "1", head);
	tell(s, "protect", "{\"repo\":\"acme/config\",\"branch\":\"main\"}");
	pr = open_pr(s, "promote/staging/api", true);
	OK(s, forge_readiness(f, pr.number, 5000, &s->a, &ready, &err));
	assert_int_equal(ready.ready, FORGE_READY);
	OK(s, forge_arm(f, &pr, head, FORGE_MERGE_COMMIT, &merged, &err));
	assert_true(merged);
}

static void queue(struct sim *s)
{
	struct forge *f = s->forge;
	struct forge_readiness ready;
	struct forge_pr pr;
	char head[64];
	const char *sha;

	commit(s, HEAD, "main", "web", "1", head);
	tell(s, "protect", "{\"repo\":\"acme/config\",\"branch\":\"main\","
			   "\"queue\":true}");
	tell(s, "trap", "{\"queue-polls\":1000}");
	pr = open_pr(s, HEAD, true);
	for (int twice = 0; twice < 2; twice++)
		FAILS(s, ERR_WAIT, forge_merge(f, pr.number, head,
					       FORGE_MERGE_ANY, "t", "m", &s->a,
					       &sha, &err));
	OK(s, forge_readiness(f, pr.number, 5000, &s->a, &ready, &err));
	assert_int_equal(ready.ready, FORGE_READY_QUEUED);
	OK(s, forge_disarm(f, &pr, &err));
	OK(s, forge_readiness(f, pr.number, 5000, &s->a, &ready, &err));
	assert_int_not_equal(ready.ready, FORGE_READY_QUEUED);
}

static void on(const char *kind, const char *version, void (*story)(struct sim *))
{
	char path[512];
	struct sim s;

	if (!sim_there(path, sizeof(path)))
		skip();
	log_init(getenv("TEST_LOG") ? LOG_DEBUG : LOG_QUIET);
	sim_start(&s, kind, version);
	story(&s);
	sim_stop(&s);
	log_release();
}

#define STORY(name, kind, version, story)                                      \
	static void name(void **state)                                         \
	{                                                                      \
		(void)state;                                                   \
		on(kind, version, story);                                      \
	}

STORY(github_life, "github", NULL, life)
STORY(ghes_life, "ghes", NULL, life)
STORY(gitea_life, "gitea", NULL, life)
STORY(old_gitea_life, "gitea", "1.15.11", life)
STORY(new_gitea_life, "gitea", "1.26.0", life)
STORY(forgejo_life, "forgejo", NULL, life)
STORY(old_forgejo_life, "forgejo", "11.0.3+gitea-1.22.0", life)
STORY(github_refusals, "github", NULL, refusals)
STORY(gitea_refusals, "gitea", NULL, refusals)
STORY(old_gitea_refusals, "gitea", "1.15.11", refusals)
STORY(github_mishaps, "github", NULL, mishaps)
STORY(gitea_mishaps, "gitea", NULL, mishaps)
STORY(github_arming, "github", NULL, arming)
STORY(gitea_arming, "gitea", NULL, arming)
STORY(forgejo_arming, "forgejo", NULL, arming)
STORY(github_queue, "github", NULL, queue)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(github_life),
		cmocka_unit_test(ghes_life),
		cmocka_unit_test(gitea_life),
		cmocka_unit_test(old_gitea_life),
		cmocka_unit_test(new_gitea_life),
		cmocka_unit_test(forgejo_life),
		cmocka_unit_test(old_forgejo_life),
		cmocka_unit_test(github_refusals),
		cmocka_unit_test(gitea_refusals),
		cmocka_unit_test(old_gitea_refusals),
		cmocka_unit_test(github_mishaps),
		cmocka_unit_test(gitea_mishaps),
		cmocka_unit_test(github_arming),
		cmocka_unit_test(gitea_arming),
		cmocka_unit_test(forgejo_arming),
		cmocka_unit_test(github_queue),
	};

	return cmocka_run_group_tests(tests, logs_make, NULL);
}
