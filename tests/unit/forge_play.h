#ifndef TESTS_UNIT_FORGE_PLAY_H
#define TESTS_UNIT_FORGE_PLAY_H

/*
 * Forge drivers play transcripts. A transcript is text:
 *
 *	> GET /pulls/7                       the exact request expected, below
 *	                                     /repos/acme/config; //version is
 *	                                     below the API root; GRAPHQL stands
 *	                                     for the path of that endpoint
 *	> PUT /pulls/7/merge {'sha':'@a'}    with this body, compared as JSON
 *	h Retry-After: 7                     headers of the answer
 *	< 405 {'message':'Base branch'}      the answer
 *	< lost                               no answer: the connection died
 *
 * In bodies ' stands for ", ` for ', @a and @b for two commit ids, and
 * @pr{...} for a whole pull request with some members set anew. With t in place
 * of < the body stands as it is, for answers that are not JSON.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "bot/base/http.h"
#include "bot/base/log.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"
#include "forge/ops.h"

/* Rows whose waits do not matter leave them out. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* What a driver is asked to do; it prints what came of it. */
typedef int play_op(struct forge *f, struct arena *a, struct buf *out,
		    struct err *err);

struct play_row {
	const char *name;
	play_op *op;
	const char *script;
	enum err_code code;
	const char *want;	/* what the op prints, or a part of the error */
	int64_t waits_ms, waits_most_ms;	/* at least; at most (0: no matter) */
};

struct play {
	const char *at;		/* the rest of the transcript */
	const char *kind, *root, *graphql;
	struct buf wrong;	/* what did not go by it */
};

static const char play_pr[] =
	"{'number':7,'node_id':'PR_7','state':'open','title':'promote web',"
	"'body':'text','html_url':'https://forge.example/acme/config/pull/7',"
	"'head':{'ref':'promote/staging/web','sha':'@a','repo':{'id':1}},"
	"'base':{'ref':'main','sha':'@b','repo':{'id':1}},'draft':false,"
	"'mergeable':true,'mergeable_state':'clean','merged_at':null,"
	"'user':{'login':'bot'},'labels':[],"
	"'created_at':'2026-11-21T09:00:00Z','closed_at':null}";

/* Quotes and ids; @pr is done by play_body(). */
static void play_plain(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\'')
			buf_addch(out, '"');
		else if (s[i] == '`')
			buf_addch(out, '\'');
		else if (s[i] == '@' && i + 1 < len && s[i + 1] == 'a' && ++i)
			buf_addstr(out, SHA_A);
		else if (s[i] == '@' && i + 1 < len && s[i + 1] == 'b' && ++i)
			buf_addstr(out, SHA_B);
		else
			buf_addch(out, s[i]);
	}
}

static json_t *play_json(const char *s, size_t len)
{
	struct buf b = { 0 };
	json_error_t e;
	json_t *j;

	play_plain(&b, s, len);
	j = json_loads(buf_str(&b), JSON_DECODE_ANY, &e);
	if (!j)
		fail_msg("the test's own JSON: %s: %s", e.text, buf_str(&b));
	buf_release(&b);
	return j;
}

static size_t play_braces(const char *s)
{
	size_t len = 0;
	int depth = 0;

	do {
		depth += s[len] == '{';
		depth -= s[len] == '}';
		len++;
	} while (depth && s[len]);
	return len;
}

static void play_body(struct buf *out, const char *s, size_t len)
{
	const char *end = s + len, *pr;

	while ((pr = strstr(s, "@pr")) && pr < end) {
		json_t *j = play_json(play_pr, strlen(play_pr));
		size_t n = 0;
		char *text;

		play_plain(out, s, (size_t)(pr - s));
		s = pr + 3;
		if (*s == '{') {
			json_t *more;

			n = play_braces(s);
			more = play_json(s, n);
			json_object_update_recursive(j, more);
			json_decref(more);
		}
		text = json_dumps(j, JSON_COMPACT);
		buf_addstr(out, text);
		free(text);
		json_decref(j);
		s += n;
	}
	play_plain(out, s, (size_t)(end - s));
}

/* Take the next line, if it begins with KEY. */
static bool play_line(struct play *p, char key, const char **line, size_t *len)
{
	p->at += strspn(p->at, "\n\t");
	if (p->at[0] != key || p->at[1] != ' ')
		return false;
	*line = p->at + 2;
	*len = strcspn(*line, "\n");
	p->at = *line + *len;
	return true;
}

static void play_url(struct play *p, struct buf *out, const char *path,
		     size_t len)
{
	if (strncmp(path, "GRAPHQL", 7) == 0) {
		buf_addstr(out, p->graphql);
		return;
	}
	buf_addstr(out, p->root);
	if (len > 1 && path[1] == '/')
		buf_add(out, path + 1, len - 1);
	else
		buf_addf(out, "/repos/acme/config%.*s", (int)len, path);
}

static void play_compare(struct play *p, const struct http_request *req,
			 const char *line, size_t len)
{
	size_t method = strcspn(line, " "), path;
	const char *at = line + method + 1, *body;
	struct buf want = { 0 };
	json_t *want_json, *got_json;

	path = strcspn(at, " \n");
	play_url(p, &want, at, path == 1 && *at == '.' ? 0 : path);
	if (strncmp(req->method, line, method) != 0 || req->method[method] ||
	    strcmp(req->url, buf_str(&want)) != 0)
		buf_addf(&p->wrong, "expected %.*s %s, got %s %s", (int)method,
			 line, buf_str(&want), req->method, req->url);
	if (!req->cred || !strstr(req->cred->header, " t0ken-t0ken"))
		buf_addf(&p->wrong, "%s without its token", req->url);
	if (req->safe_to_repeat != (strcmp(req->method, "GET") == 0))
		buf_addf(&p->wrong, "%s %s: repeated or not", req->method,
			 req->url);
	body = at + path;
	body += strspn(body, " ");
	if (body < line + len) {
		want_json = play_json(body, (size_t)(line + len - body));
		got_json = req->body ? json_loads(req->body, 0, NULL) : NULL;
		if (!json_equal(want_json, got_json))
			buf_addf(&p->wrong, "%s %s: expected %.*s, got %s",
				 req->method, req->url,
				 (int)(line + len - body), body,
				 req->body ? req->body : "no body");
		json_decref(want_json);
		json_decref(got_json);
	} else if (req->body) {
		buf_addf(&p->wrong, "%s %s: unexpected body %s", req->method,
			 req->url, req->body);
	}
	buf_release(&want);
}

static int play_fake(void *ctx, const struct http_request *req,
		     struct http_response *res, struct err *err)
{
	struct play *p = ctx;
	const char *line;
	size_t len;

	if (p->wrong.len || !play_line(p, '>', &line, &len)) {
		if (!p->wrong.len)
			buf_addf(&p->wrong, "unexpected %s %s %s", req->method,
				 req->url, req->body ? req->body : "");
		return err_set(err, ERR_BUG, "off the transcript");
	}
	play_compare(p, req, line, len);
	buf_addstr(&res->headers, "HTTP/1.1 200 OK\r\n");
	while (play_line(p, 'h', &line, &len))
		buf_addf(&res->headers, "%.*s\r\n", (int)len, line);
	if (play_line(p, 't', &line, &len)) {
		buf_add(&res->body, line + 4, len - 4);
		res->status = strtol(line, NULL, 10);
		return 0;
	}
	if (!play_line(p, '<', &line, &len)) {
		fail_msg("a transcript without an answer at: %.60s", p->at);
		return -1;
	}
	if (strncmp(line, "lost", 4) == 0)
		return err_set(err, ERR_TRANSIENT, "no answer from it");
	res->status = strtol(line, NULL, 10);
	if (len > 4)
		play_body(&res->body, line + 4, len - 4);
	return 0;
}

static void play(const char *kind, const struct play_row *row)
{
	struct play p = { .at = row->script, .kind = kind };
	bool github = strcmp(kind, "github") == 0;
	struct http_options ho = { .deadline = deadline_in(600 * 1000) };
	struct forge_options fo = {
		.kind = kind, .owner = "acme", .name = "config",
		.token = "t0ken-t0ken",
	};
	struct arena a = { 0 };
	struct buf out = { 0 };
	struct err err = { 0 };
	struct forge *f;
	int64_t waited;
	int rc;

	p.root = github ? "https://forge.example/api/v3"
			: "https://forge.example/api/v1";
	p.graphql = "https://forge.example/api/graphql";
	fo.root = p.root;
	fo.http = http_new(&ho);
	http_set_fake(fo.http, play_fake, &p);
	log_init(LOG_QUIET);
	assert_int_equal(forge_open(&f, &fo, &err), 0);
	rc = row->op(f, &a, &out, &err);
	waited = http_fake_waited_ms(fo.http);
	p.at += strspn(p.at, "\n\t");

	if (p.wrong.len)
		fail_msg("%s: %s (%s)", row->name, buf_str(&p.wrong), err.msg);
	if (*p.at)
		fail_msg("%s: not asked: %s (%s%s)", row->name, p.at, err.msg,
			 buf_str(&out));
	if (err.code != row->code || (rc < 0) != (row->code != ERR_NONE))
		fail_msg("%s: error %d '%s', printed '%s'", row->name,
			 (int)err.code, err.msg, buf_str(&out));
	if (row->code == ERR_NONE ? strcmp(buf_str(&out), row->want) != 0
				  : !strstr(err.msg, row->want))
		fail_msg("%s: wanted '%s', got '%s' '%s'", row->name, row->want,
			 buf_str(&out), err.msg);
	if (strstr(err.msg, "t0ken") || strchr(err.msg, '\n'))
		fail_msg("%s: a secret or a line break in '%s'", row->name,
			 err.msg);
	if (waited < row->waits_ms ||
	    (row->waits_most_ms && waited > row->waits_most_ms))
		fail_msg("%s: waited %lld ms", row->name, (long long)waited);
	forge_free(f);
	http_free(fo.http);
	arena_release(&a);
	buf_release(&out);
	buf_release(&p.wrong);
	log_release();
}

#define PLAY(kind, rows)                                                       \
	for (size_t play_i = 0; play_i < ARRAY_LEN(rows); play_i++)            \
		play((kind), &(rows)[play_i])

/* What drivers are asked for -------------------------------------------------- */

#define PLAY_OP                                                                \
	(struct forge *f, struct arena *a, struct buf *out, struct err *err)

__attribute__((unused)) static int op_open PLAY_OP
{
	static const struct forge_new_pr new = {
		.head = "promote/staging/web", .base = "main",
		.title = "promote web", .body = "text",
	};
	struct forge_pr pr;
	bool existed;
	int rc = forge_open_pr(f, &new, a, &pr, &existed, err);

	if (rc == 0)
		buf_addf(out, "#%lld %s", pr.number, existed ? "found" : "new");
	return rc;
}

static void print_prs(struct buf *out, const struct forge_pr *prs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s#%lld", i ? " " : "", prs[i].number);
}

__attribute__((unused)) static int op_list PLAY_OP
{
	struct forge_pr *prs;
	size_t n;
	int rc = forge_list_open(f, "main", "promote/", a, &prs, &n, err);

	if (rc == 0)
		print_prs(out, prs, n);
	return rc;
}

static int64_t play_since_s = TIME_UNKNOWN;

__attribute__((unused)) static int op_by_head PLAY_OP
{
	struct forge_pr *prs;
	size_t n;
	int rc = forge_list_by_head(f, "main", "promote/staging/web",
				    play_since_s, a, &prs, &n, err);

	if (rc == 0)
		print_prs(out, prs, n);
	return rc;
}

__attribute__((unused)) static int op_get PLAY_OP
{
	static const char *const states[] = { "open", "closed", "merged" };
	struct forge_pr pr;
	int rc = forge_get(f, 7, a, &pr, err);

	if (rc < 0)
		return rc;
	buf_addf(out, "#%lld %s %s>%s %.4s%s%s%s by %s as %.4s", pr.number,
		 states[pr.state], pr.head_branch, pr.base_branch, pr.head_sha,
		 pr.head_is_ours ? " ours" : "", pr.is_draft ? " draft" : "",
		 pr.auto_merge ? " armed" : "", pr.author,
		 pr.merge_sha ? pr.merge_sha : "-");
	for (size_t i = 0; i < pr.labels_len; i++)
		buf_addf(out, " [%s]", pr.labels[i]);
	return rc;
}

__attribute__((unused)) static int op_update PLAY_OP
{
	(void)a;
	(void)out;
	return forge_update_pr(f, 7, "new title", NULL, err);
}

__attribute__((unused)) static int op_close PLAY_OP
{
	(void)a;
	(void)out;
	return forge_close_pr(f, 7, err);
}

__attribute__((unused)) static int op_labels PLAY_OP
{
	static const char *const names[] = { "production", "bot" };

	(void)a;
	(void)out;
	return forge_add_labels(f, 7, names, ARRAY_LEN(names), err);
}

__attribute__((unused)) static int op_reviewers PLAY_OP
{
	static const char *const names[] = { "ann", "acme/sre" };

	(void)a;
	(void)out;
	return forge_request_reviewers(f, 7, names, ARRAY_LEN(names), err);
}

static int print_ready(struct forge *f, int64_t wait_ms, struct arena *a,
		       struct buf *out, struct err *err)
{
	static const char *const words[] = {
		"ready", "unknown", "blocked", "behind", "conflict", "draft",
		"queued",
	};
	struct forge_readiness r;
	int rc = forge_readiness(f, 7, wait_ms, a, &r, err);

	if (rc == 0)
		buf_addf(out, "%s%s %.4s: %s", words[r.ready],
			 r.approved ? " approved" : "", r.head_sha, r.reason);
	return rc;
}

__attribute__((unused)) static int op_ready PLAY_OP
{
	return print_ready(f, 20000, a, out, err);
}

__attribute__((unused)) static int op_ready_once PLAY_OP
{
	return print_ready(f, 0, a, out, err);
}

static int print_merge(struct forge *f, enum forge_merge_method method,
		       struct arena *a, struct buf *out, struct err *err)
{
	const char *sha;
	int rc = forge_merge(f, 7, SHA_A, method, "title", "message", a, &sha,
			     err);

	if (rc == 0)
		buf_addf(out, "merged as %.4s", sha ? sha : "-");
	return rc;
}

__attribute__((unused)) static int op_merge PLAY_OP
{
	return print_merge(f, FORGE_MERGE_COMMIT, a, out, err);
}

__attribute__((unused)) static int op_merge_any PLAY_OP
{
	return print_merge(f, FORGE_MERGE_ANY, a, out, err);
}

static int print_arm(struct forge *f, enum forge_merge_method method,
		     struct buf *out, struct err *err)
{
	struct forge_pr pr = { .number = 7, .node_id = "PR_7",
			       .head_sha = SHA_A, .base_branch = "main" };
	bool merged;
	int rc = forge_arm(f, &pr, SHA_A, method, &merged, err);

	if (rc == 0)
		buf_addstr(out, merged ? "merged" : "armed");
	return rc;
}

__attribute__((unused)) static int op_arm PLAY_OP
{
	(void)a;
	return print_arm(f, FORGE_MERGE_SQUASH, out, err);
}

__attribute__((unused)) static int op_disarm PLAY_OP
{
	struct forge_pr pr = { .number = 7, .node_id = "PR_7" };

	(void)a;
	(void)out;
	return forge_disarm(f, &pr, err);
}

__attribute__((unused)) static int op_statuses PLAY_OP
{
	static const char *const words[] = { "pending", "success", "failure",
					     "neutral" };
	struct forge_status *s;
	bool unknown;
	size_t n;
	int rc = forge_statuses(f, SHA_A, a, &s, &n, &unknown, err);

	for (size_t i = 0; rc == 0 && i < n; i++)
		buf_addf(out, "%s=%s ", s[i].name, words[s[i].state]);
	if (rc == 0 && unknown)
		buf_addstr(out, "checks unknown");
	return rc;
}

__attribute__((unused)) static int op_set_status PLAY_OP
{
	(void)a;
	(void)out;
	return forge_set_status(f, SHA_A, "git-promote/staging",
				FORGE_STATUS_PENDING, "soaking", err);
}

__attribute__((unused)) static int op_pushes PLAY_OP
{
	/* since 2026-11-20T09:00:00Z */
	struct forge_push *p;
	bool told;
	size_t n;
	int rc = forge_pushes(f, "main", 1795165200, a, &p, &n, &told, err);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		buf_addf(out, "%.2s>%.2s@", p[i].before ? p[i].before : "-",
			 p[i].after);
		time_format(out, p[i].at_s);
		buf_addch(out, ' ');
	}
	if (rc == 0)
		buf_addstr(out, told ? "told" : "not told");
	return rc;
}

__attribute__((unused)) static int op_repo PLAY_OP
{
	const struct forge_repo *r;
	int rc = forge_repo_once(f, &r, err);

	(void)a;
	if (rc == 0)
		buf_addf(out, "merge %d, squash %d, rebase %d",
			 r->allows_merge_commit, r->allows_squash,
			 r->allows_rebase);
	return rc;
}

#endif
