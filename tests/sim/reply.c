#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bot/base/clock.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

char *url_decode(const char *s, size_t len)
{
	char *out = xmalloc(len + 1), *o = out;

	for (size_t i = 0; i < len; i++) {
		unsigned int v;

		if (s[i] == '%' && i + 2 < len &&
		    sscanf(s + i + 1, "%2x", &v) == 1) {
			*o++ = (char)v;
			i += 2;
		} else {
			*o++ = s[i];
		}
	}
	*o = '\0';
	return out;
}

const char *query(const struct sim_call *c, const char *name)
{
	return json_string_value(json_object_get(c->query, name));
}

void reply_header(struct sim_call *c, const char *name, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	json_object_set_new(c->out.headers, name, json_string(buf_str(&b)));
	buf_release(&b);
}

void reply_json(struct sim_call *c, int status, json_t *body_taken)
{
	json_decref(c->out.json);
	buf_reset(&c->out.raw);
	c->out.json = body_taken;
	c->out.status = status;
	c->out.type = "application/json; charset=utf-8";
}

void reply_none(struct sim_call *c, int status)
{
	reply_json(c, status, NULL);
	c->out.type = NULL;
}

void reply_error(struct sim_call *c, int status, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;
	json_t *o;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	o = json_pack("{s:s}", "message", buf_str(&b));
	if (sim_is_github(c->sim)) {
		struct buf n = { 0 };

		buf_addf(&n, "%d", status);
		json_object_set_new(o, "documentation_url", json_string(
			"https://docs.github.com/rest"));
		json_object_set_new(o, "status", json_string(buf_str(&n)));
		buf_release(&n);
	} else {
		struct buf u = { 0 };

		buf_addf(&u, "%s/api/swagger", c->sim->url);
		json_object_set_new(o, "url", json_string(buf_str(&u)));
		buf_release(&u);
	}
	reply_json(c, status, o);
	buf_release(&b);
}

static long long number(const struct sim_call *c, const char *name,
			long long otherwise)
{
	const char *v = query(c, name);
	long long n = v ? strtoll(v, NULL, 10) : 0;

	return n > 0 ? n : otherwise;
}

static void link_to(struct buf *out, struct sim_call *c, long long page,
		    const char *rel)
{
	const char *key;
	json_t *v;
	size_t path_len = strcspn(c->uri, "?");

	buf_addf(out, "%s<%s%.*s?", out->len ? ", " : "", c->sim->url,
		 (int)path_len, c->uri);
	json_object_foreach(c->query, key, v) {
		if (str_eq(key, "page"))
			continue;
		escape_url(out, key);
		buf_addch(out, '=');
		escape_url(out, json_string_value(v));
		buf_addch(out, '&');
	}
	buf_addf(out, "page=%lld>; rel=\"%s\"", page, rel);
}

void reply_page(struct sim_call *c, json_t *list, const char *wrap)
{
	bool is_gh = sim_is_github(c->sim);
	long long cap = trap_get(c->sim, TRAP_PAGE_CAP);
	long long size = number(c, is_gh ? "per_page" : "limit", 30);
	long long page = number(c, "page", 1), total, last;
	json_t *cut = json_array();
	struct buf link = { 0 };

	if (cap <= 0)
		cap = is_gh ? 100 : 50;
	if (size > cap)
		size = cap;
	total = (long long)json_array_size(list);
	last = total ? (total + size - 1) / size : 1;
	for (long long i = (page - 1) * size; i < page * size && i < total; i++)
		json_array_append(cut, json_array_get(list, (size_t)i));
	if (page < last) {
		link_to(&link, c, page + 1, "next");
		link_to(&link, c, last, "last");
	}
	if (page > 1) {
		link_to(&link, c, 1, "first");
		link_to(&link, c, page - 1, "prev");
	}
	if (link.len)
		reply_header(c, "Link", "%s", buf_str(&link));
	if (!is_gh)
		reply_header(c, "X-Total-Count", "%lld", total);
	if (wrap)
		cut = json_pack("{s:I,s:o}", "total_count", (json_int_t)total,
				wrap, cut);
	reply_json(c, 200, cut);
	json_decref(list);
	buf_release(&link);
}

/*
 * One line of the log: what was asked and what was said, without secrets.
 * Written before the client can know that its answer is whole, so that a
 * test which reads the log afterwards finds it there.
 */
void log_call(struct sim_call *c)
{
	struct sim *s = c->sim;
	json_t *o, *body = json_null();
	char *line;

	if (c->in)
		body = json_incref(c->in);
	else if (c->body.len && utf8_valid(c->body.data, c->body.len))
		body = json_stringn(c->body.data, c->body.len);
	o = json_pack("{s:s,s:s,s:s,s:O,s:O,s:s,s:s,s:o,s:i}",
		      "method", c->method, "uri", c->uri, "path", c->path,
		      "query", c->query, "headers", c->headers,
		      "auth", c->auth_kind,
		      "user", c->user ? c->user->name : "",
		      "body", body, "status",
		      c->out.wire == WIRE_WHOLE || c->out.at >= 0
			      ? c->out.status : 0);
	if (c->fault)
		json_object_set_new(o, "fault", json_string(c->fault));
	if (c->git)
		json_object_set(o, "git", c->git);
	else
		json_object_set(o, "answer", c->out.json ? c->out.json
							 : json_null());
	json_object_set_new(o, "kind", json_string(
		s->kind == SIM_GITHUB ? "github" : s->kind == SIM_GHES ? "ghes"
		: s->kind == SIM_GITEA ? "gitea" : "forgejo"));
	if (!sim_is_github(s))
		json_object_set_new(o, "version", json_string(s->version));
	pthread_mutex_lock(&s->lock);
	json_object_set_new(o, "seq", json_integer(++s->seq));
	json_object_set_new(o, "ms", json_integer(clock_mono_ms()));
	json_array_append(s->requests, o);
	line = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	if (s->log_fd >= 0 && line) {
		struct buf b = { 0 };

		buf_addf(&b, "%s\n", line);
		if (write(s->log_fd, b.data, b.len) < 0)
			perror("forge-sim: log");
		buf_release(&b);
	}
	pthread_mutex_unlock(&s->lock);
	free(line);
	json_decref(o);
}

/* Match PATH against PATTERN; its arguments go into c->arg, decoded. */
static bool match(struct sim_call *c, const char *pattern)
{
	const char *p = c->rest ? c->rest : c->path;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(c->arg); i++) {
		free(c->arg[i]);
		c->arg[i] = NULL;
	}
	for (; *pattern; ) {
		if (*pattern == ':' || *pattern == '*') {
			size_t len = *pattern == '*' ? strlen(p)
						     : strcspn(p, "/");

			/* "*" may have a fixed end: "/branches/" + "*" + "/protection" */
			if (*pattern == '*' && pattern[1]) {
				size_t end = strlen(pattern + 1);

				if (len < end || strcmp(p + len - end,
							pattern + 1) != 0)
					return false;
				len -= end;
			}
			if (len == 0 || n >= ARRAY_LEN(c->arg))
				return false;
			c->arg[n++] = url_decode(p, len);
			p += len;
			pattern += *pattern == '*' ? 1 : strcspn(pattern, "/");
		} else if (*pattern++ != *p++) {
			return false;
		}
	}
	return *p == '\0';
}

bool route(struct sim_call *c, const struct sim_routes *routes)
{
	const struct sim_route *rows = routes->rows;
	bool is_path = false;

	for (size_t i = 0; i < routes->len; i++) {
		if (!match(c, rows[i].path))
			continue;
		is_path = true;
		if (!str_eq(rows[i].method, c->method))
			continue;
		rows[i].answer(c);
		return true;
	}
	if (is_path)
		reply_error(c, 405, "Method Not Allowed");
	return is_path;
}

void call_find_repo(struct sim_call *c)
{
	const char *owner = c->rest + strlen("/repos/");
	const char *name = strchr(owner, '/'), *end;
	char *o, *n;

	if (!name)
		return;
	end = name + 1 + strcspn(name + 1, "/");
	o = url_decode(owner, (size_t)(name - owner));
	n = url_decode(name + 1, (size_t)(end - name - 1));
	c->repo = sim_repo(c->sim, o, n);
	c->rest = end;
	free(o);
	free(n);
}

struct sim_pr *call_pr(struct sim_call *c)
{
	struct sim_pr *pr = sim_pr(c->repo, strtoll(c->arg[0], NULL, 10));

	if (!pr)
		reply_error(c, 404, sim_is_github(c->sim) ? "Not Found"
				    : "The target couldn't be found.");
	return pr;
}
