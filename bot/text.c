#include "bot/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "bot/base/str.h"
#include "bot/trailers.h"

enum {
	VERSION_MOST = 100,	/* bytes of it in a title */
	GATES_MOST = 24 * 1024,	/* of them in a body: GitHub takes 65,536
				   characters of it, and a set has many */
};

#define MARKER_START "<!-- git-promote "
#define MARKER_END " -->"

static const char *shown(const char *version)
{
	return version && *version ? version : "nothing";
}

/* Digests are long: twelve digits are enough for a title. */
static void add_short(struct buf *out, const char *version)
{
	const char *at = strstr(version, "sha256:");

	if (!at) {
		buf_addstr(out, version);
		return;
	}
	buf_add(out, version, (size_t)(at - version));
	buf_addf(out, "%.19s", at);
	at += strlen("sha256:") + strspn(at + strlen("sha256:"),
					 "0123456789abcdef");
	add_short(out, at);
}

const char *text_pr_title(struct arena *a, const struct change_info *c)
{
	struct buf out = { 0 }, version = { 0 };

	add_short(&version, c->new_version);
	buf_addf(&out, c->rolled_back ? "Roll back %s to " : "Promote %s ",
		 c->service);
	/* A set may have many; the body tells all. */
	buf_addf(&out, "%.*s%s", VERSION_MOST, buf_str(&version),
		 version.len > VERSION_MOST ? "..." : "");
	buf_release(&version);
	buf_addf(&out, c->rolled_back ? " in %s" : " to %s", c->environment);
	return buf_keep(&out, a);
}

const char *text_pr_title_over(struct arena *a, const struct change_info *c,
			       const char *old_title)
{
	static const char *const marks[] = { "WIP:", "[WIP]" };
	const char *title = text_pr_title(a, c);

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (strncasecmp(old_title, marks[i], strlen(marks[i])) == 0)
			return arena_printf(a, "%s %s", marks[i], title);
	return title;
}

const char *text_commit(struct arena *a, const struct change_info *c)
{
	struct buf out = { 0 };
	char build[24] = "";

	buf_addf(&out, c->rolled_back ? "%s: %s back to " : "%s: %s ",
		 c->environment, c->service);
	add_short(&out, c->new_version);
	buf_addf(&out, "\n\nWas %s.", shown(c->old_version));
	if (c->from)
		buf_addf(&out, " Promoted from %s.", c->from);
	buf_addstr(&out, "\n\n");
	trailer_add(&out, "Promote-Service", c->service);
	trailer_add(&out, "Promote-Environment", c->environment);
	trailer_add(&out, "Promote-Version", c->new_version);
	trailer_add(&out, "Promote-From", c->from);
	trailer_add(&out, "Promote-Source", c->source);
	if (c->build >= 0)
		snprintf(build, sizeof(build), "%lld", (long long)c->build);
	trailer_add(&out, "Promote-Build", build);
	trailer_add(&out, "Promote-Rollback", c->rolled_back);
	trailer_add(&out, "Promote-Override", c->overridden);
	trailer_add(&out, "Promote-Reason", c->reason);
	return buf_keep(&out, a);
}

/*
 * ".../commit/OLD" and ".../commit/NEW" of one repository give its page that
 * compares the two; all the forges we know spell it so.
 */
static const char *compare_link(struct arena *a, const char *old_source,
				const char *new_source)
{
	static const char mark[] = "/commit/";
	const char *old_at, *new_at;
	size_t head;

	if (!old_source || !new_source)
		return NULL;
	old_at = strstr(old_source, mark);
	new_at = strstr(new_source, mark);
	if (!old_at || !new_at)
		return NULL;
	head = (size_t)(new_at - new_source);
	if (head != (size_t)(old_at - old_source) ||
	    memcmp(old_source, new_source, head) != 0)
		return NULL;
	return arena_printf(a, "%.*s/compare/%s...%s", (int)head, new_source,
			    old_at + strlen(mark), new_at + strlen(mark));
}

/* A link is shown only where it is plainly a web address. */
static bool url_safe(const char *url)
{
	if (!str_starts(url, "https://") && !str_starts(url, "http://"))
		return false;
	for (; *url; url++)
		if (*url <= ' ' || strchr("<>\"'`()[]\\|{}", *url) ||
		    (unsigned char)*url >= 0x7f)
			return false;
	return true;
}

static void row_url(struct buf *out, const char *name, const char *url)
{
	if (url && url_safe(url))
		buf_addf(out, "| %s | <%s> |\n", name, url);
}

static const char *const verdict_words[] = {
	[VERDICT_PASS] = "passed", [VERDICT_WAIT] = "waits",
	[VERDICT_REFUSE] = "refused", [VERDICT_NEED] = "unknown",
};

static void add_marker(struct buf *out, const struct marker *m)
{
	buf_addf(out, MARKER_START "service=%s environment=%s version=%s by=%s",
		 m->service, m->environment, m->version, m->by);
	if (m->build)
		buf_addf(out, " build=%s", m->build);
	if (m->source)
		buf_addf(out, " source=%s", m->source);
	if (m->asks)
		buf_addf(out, " asks=%s", m->asks);
	if (m->closed)
		buf_addf(out, " closed=%s", m->closed);
	if (m->armed)
		buf_addf(out, " armed=%s", m->armed);
	if (m->status && m->head)
		buf_addf(out, " status=%s head=%s", m->status, m->head);
	buf_addstr(out, MARKER_END "\n");
}

#define GATES_HEAD "| gate | verdict | |\n| --- | --- | --- |\n"

/* A gate's reason, and what it rested on where that says more. */
static void add_gate(struct buf *out, const struct gate_result *g)
{
	buf_addf(out, "| %s | %s | ", g->name, verdict_words[g->verdict]);
	escape_markdown(out, g->reason);
	for (size_t k = 0; k < g->evidence_len; k++) {
		const struct gate_evidence *e = &g->evidence[k];

		buf_addstr(out, "<br>");
		escape_markdown(out, e->name);
		buf_addstr(out, ": ");
		escape_markdown(out, e->value);
		if (e->at_s != TIME_UNKNOWN) {
			buf_addstr(out, ", ");
			time_format(out, e->at_s);
		}
		if (e->url && url_safe(e->url))
			buf_addf(out, " <%s>", e->url);
	}
	buf_addstr(out, " |\n");
}

/* Those that do not pass first where there is no room for all. */
static void add_gates(struct buf *out, const struct gate_result *gates,
		      size_t len)
{
	struct buf all = { 0 }, some = { 0 };
	size_t left = len;

	for (size_t i = 0; i < len; i++)
		add_gate(&all, &gates[i]);
	for (int pass = 0; all.len > GATES_MOST && pass < 2; pass++)
		for (size_t i = 0; i < len; i++) {
			size_t was = some.len;

			if ((gates[i].verdict == VERDICT_PASS) != pass)
				continue;
			add_gate(&some, &gates[i]);
			if (some.len <= GATES_MOST) {
				left--;
				continue;
			}
			some.len = was;
			some.data[was] = '\0';
		}
	if (all.len > GATES_MOST)
		buf_addf(&some, "| ... | | %zu more |\n", left);
	if (len)
		buf_addf(out, GATES_HEAD "%s", buf_str(all.len > GATES_MOST
						       ? &some : &all));
	buf_release(&all);
	buf_release(&some);
}

/* Only the version goes along; a setting may have to be brought by hand. */
static void add_touched(struct buf *out, const struct change_info *c)
{
	const struct touched *t = c->touched;

	buf_addstr(out, "\nOther commits that touched ");
	escape_markdown(out, t->path);
	buf_addf(out, " since `%s` landed in %s. Only the version is promoted: "
		 "does something of these have to go along?\n\n",
		 shown(c->old_version), c->environment);
	for (size_t i = 0; i < t->len; i++) {
		buf_addf(out, "- %.10s ", t->items[i].commit);
		escape_markdown(out, t->items[i].subject);
		buf_addstr(out, " (");
		escape_markdown(out, t->items[i].author);
		buf_addstr(out, ")\n");
	}
	if (t->more)
		buf_addf(out, "- and %zu more\n", t->more);
}

/* What people wrote below BODY's marker. */
static const char *below_marker(const char *body)
{
	const char *at = body, *below = NULL;

	while ((at = strstr(at, MARKER_START)))
		below = at += strlen(MARKER_START);
	below = below ? strstr(below, MARKER_END) : NULL;
	if (!below)
		return "";
	below += strlen(MARKER_END);
	return below + (*below == '\n');
}

const char *text_pr_body(struct arena *a, const struct change_info *c,
			 const char *old_body)
{
	struct marker marker = {
		.service = c->service, .environment = c->environment,
		.version = c->new_version, .by = c->by,
	};
	const char *compare = compare_link(a, c->old_source, c->source);
	struct buf out = { 0 };

	if (c->build >= 0)
		marker.build = arena_printf(a, "%lld", (long long)c->build);
	if (c->asks)
		marker.asks = "yes";
	if (c->source && url_safe(c->source))
		marker.source = c->source;
	buf_addf(&out, "| service | %s |\n| --- | --- |\n", c->service);
	buf_addf(&out, "| environment | %s |\n", c->environment);
	buf_addf(&out, "| version | `%s` &rarr; `%s` |\n",
		 shown(c->old_version), c->new_version);
	if (c->from && c->stay) {
		buf_addf(&out, "| live in %s since | ", c->from);
		time_format(&out, c->stay->from_s);
		if (c->stay->commit)
			buf_addf(&out, " (%s)", c->stay->commit);
		buf_addstr(&out, " |\n");
	}
	row_url(&out, "built from", c->source);
	row_url(&out, "changes", compare);
	if (c->reason) {
		buf_addstr(&out, "| reason | ");
		escape_markdown(&out, c->reason);
		buf_addstr(&out, " |\n");
	}
	if (c->overridden) {
		buf_addstr(&out, "| overridden | ");
		escape_markdown(&out, c->overridden);
		buf_addstr(&out, " |\n");
	}
	if (c->gates_len)
		buf_addstr(&out, "\n");
	add_gates(&out, c->gates, c->gates_len);
	if (c->touched && c->touched->len)
		add_touched(&out, c);
	buf_addf(&out, "\nMerging this deploys it. Closing it %s. A commit of "
		 "yours on this branch makes the bot leave it alone.\n\n",
		 c->rolled_back ? "leaves the environment as it is" :
		 "keeps this version out of the environment until a newer one "
		 "comes or it is promoted by name");
	add_marker(&out, &marker);
	if (old_body)
		buf_addstr(&out, below_marker(old_body));
	return buf_keep(&out, a);
}

bool text_marker_parse(struct arena *a, const char *body, struct marker *out)
{
	const char *at = body, *last = NULL, *end;
	char *copy, *save = NULL;

	memset(out, 0, sizeof(*out));
	while ((at = strstr(at, MARKER_START))) {
		last = at;
		at += strlen(MARKER_START);
	}
	end = last ? strstr(last, MARKER_END) : NULL;
	if (!end)
		return false;
	last += strlen(MARKER_START);
	copy = arena_strndup(a, last, (size_t)(end - last));
	for (char *w = strtok_r(copy, " ", &save); w;
	     w = strtok_r(NULL, " ", &save)) {
		if (str_starts(w, "service="))
			out->service = w + strlen("service=");
		else if (str_starts(w, "environment="))
			out->environment = w + strlen("environment=");
		else if (str_starts(w, "version="))
			out->version = w + strlen("version=");
		else if (str_starts(w, "by="))
			out->by = w + strlen("by=");
		else if (str_starts(w, "build="))
			out->build = w + strlen("build=");
		else if (str_starts(w, "source="))
			out->source = w + strlen("source=");
		else if (str_starts(w, "asks="))
			out->asks = w + strlen("asks=");
		else if (str_starts(w, "closed="))
			out->closed = w + strlen("closed=");
		else if (str_starts(w, "armed="))
			out->armed = w + strlen("armed=");
		else if (str_starts(w, "status="))
			out->status = w + strlen("status=");
		else if (str_starts(w, "head="))
			out->head = w + strlen("head=");
	}
	return out->service && out->environment && out->version;
}

/* BODY up to its marker, which is parsed; false, and nothing: it has none. */
static bool marker_cut(struct arena *a, const char *body, struct buf *out,
		       struct marker *m)
{
	const char *start = strstr(body, MARKER_START);

	if (!start || !text_marker_parse(a, body, m))
		return false;
	buf_add(out, body, (size_t)(start - body));
	if (!m->by)
		m->by = "auto";
	return true;
}

/* M in place of BODY's marker, and what people wrote below that. */
static void marker_put(struct buf *out, const struct marker *m,
		       const char *body)
{
	add_marker(out, m);
	buf_addstr(out, below_marker(body));
}

const char *text_body_marked(struct arena *a, const char *body,
			     const struct marker *m)
{
	struct buf out = { 0 };

	buf_addstr(&out, body);
	buf_addstr(&out, "\n\n");
	add_marker(&out, m);
	return buf_keep(&out, a);
}

const char *text_body_armed(struct arena *a, const char *body,
			    const char *head_sha)
{
	struct buf out = { 0 };
	struct marker m;

	if (!marker_cut(a, body, &out, &m))
		return body;
	m.armed = head_sha;
	marker_put(&out, &m, body);
	return buf_keep(&out, a);
}

const char *text_body_asked(struct arena *a, const char *body)
{
	struct buf out = { 0 };
	struct marker m;

	if (!marker_cut(a, body, &out, &m))
		return body;
	m.asks = NULL;
	marker_put(&out, &m, body);
	return buf_keep(&out, a);
}

const char *text_body_status(struct arena *a, const char *body,
			     const char *status, const char *head)
{
	struct buf out = { 0 };
	struct marker m;

	if (!marker_cut(a, body, &out, &m))
		return body;
	m.status = status;
	m.head = head;
	marker_put(&out, &m, body);
	return buf_keep(&out, a);
}

const char *text_body_gates(struct arena *a, const char *body,
			    const struct gate_result *gates, size_t len)
{
	const char *start = strstr(body, GATES_HEAD), *end;
	struct buf out = { 0 };

	if (!start || len == 0)
		return body;
	end = start + strlen(GATES_HEAD);
	while (*end == '|') {
		end += strcspn(end, "\n");
		end += *end == '\n';
	}
	buf_add(&out, body, (size_t)(start - body));
	add_gates(&out, gates, len);
	buf_addstr(&out, end);
	return buf_keep(&out, a);
}

const char *text_body_closed(struct arena *a, const char *body,
			     const char *why)
{
	struct buf out = { 0 };
	struct marker m;

	if (!marker_cut(a, body, &out, &m))
		return body;
	buf_addstr(&out, "Closed by git-promote: ");
	escape_markdown(&out, why);
	buf_addstr(&out, "\n\n");
	m.closed = "bot";
	marker_put(&out, &m, body);
	return buf_keep(&out, a);
}
