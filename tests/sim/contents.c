#include "tests/sim/sim.h"

#include "bot/base/str.h"

static void base64(struct buf *out, const char *s, size_t len)
{
	static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		unsigned int v = (unsigned int)(unsigned char)s[i] << 16;

		if (i + 1 < len)
			v |= (unsigned int)(unsigned char)s[i + 1] << 8;
		if (i + 2 < len)
			v |= (unsigned char)s[i + 2];
		buf_addch(out, abc[v >> 18 & 63]);
		buf_addch(out, abc[v >> 12 & 63]);
		buf_addch(out, i + 1 < len ? abc[v >> 6 & 63] : '=');
		buf_addch(out, i + 2 < len ? abc[v & 63] : '=');
	}
}

/* One file at REF (NULL: HEAD) as both forges show it; NULL: none there. */
json_t *shared_contents(struct sim_call *c, const char *ref, const char *path)
{
	struct buf sha = { 0 }, spec = { 0 }, id = { 0 }, text = { 0 };
	struct buf coded = { 0 };
	const char *name = path;
	json_t *o = NULL;

	for (const char *p = path; *p; p++)
		if (*p == '/')
			name = p + 1;
	if (!resolve(c->repo, ref ? ref : "HEAD", &sha))
		goto out;
	buf_addf(&spec, "%s:%s", buf_str(&sha), path);
	if (GIT(c->repo->dir, &id, "rev-parse", "-q", "--verify",
		"--end-of-options", buf_str(&spec)) != 0)
		goto out;
	buf_reset(&spec);
	GIT(c->repo->dir, &spec, "cat-file", "-t", buf_str(&id));
	if (!str_eq(buf_str(&spec), "blob"))
		goto out;
	GIT(c->repo->dir, &text, "cat-file", "blob", buf_str(&id));
	base64(&coded, buf_str(&text), text.len);
	o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:s,s:s,"
		      "s:{s:s,s:s,s:s}}",
		      "type", "file", "encoding", "base64", "name", name,
		      "path", path, "sha", buf_str(&id), "content",
		      buf_str(&coded), "size", (json_int_t)text.len,
		      "url", c->sim->url, "html_url", c->sim->url, "git_url",
		      c->sim->url, "download_url", c->sim->url, "_links",
		      "self", c->sim->url, "git", c->sim->url, "html",
		      c->sim->url);
out:
	buf_release(&sha);
	buf_release(&spec);
	buf_release(&id);
	buf_release(&text);
	buf_release(&coded);
	return o;
}
