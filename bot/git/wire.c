#include "bot/git/wire.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"

enum {
	MAX_REFS = 500 * 1000,		/* that we keep */
	MAX_REF_NAME = 1024,
	MAX_CAPS = 256 * 1024,
};
static const uint64_t MAX_ADVERT_BYTES = 256u << 20;
static const uint64_t MAX_REFS_BYTES = 64u << 20;

/* What a server says first -------------------------------------------------- */

int server_error(const char *data, size_t len, struct err *err)
{
	while (len && data[len - 1] == '\n')
		len--;
	return err_set(err, ERR_NOTFOUND, "the git server says: %.*s",
		       len > 600 ? 600 : (int)len, data);
}

static bool is_err_packet(const char *data, size_t len)
{
	return len >= 4 && memcmp(data, "ERR ", 4) == 0;
}

bool caps_get(const struct buf *caps, const char *name, const char **value,
	      size_t *len)
{
	size_t name_len = strlen(name);

	for (const char *s = buf_str(caps); *s; s = strchrnul(s, '\n') + 1) {
		size_t line = strcspn(s, "\n");

		if (line >= name_len && memcmp(s, name, name_len) == 0 &&
		    (line == name_len || s[name_len] == '=')) {
			size_t at = name_len + (line > name_len);

			if (value) {
				*value = s + at;
				*len = line - at;
			}
			return true;
		}
	}
	return false;
}

/* Is WORD one of the blank-separated words of capability NAME's value? */
static bool caps_word(const struct buf *caps, const char *name,
		      const char *word)
{
	size_t len, word_len = strlen(word);
	const char *s;

	if (!caps_get(caps, name, &s, &len))
		return false;
	while (len) {
		const char *end = memchr(s, ' ', len);
		size_t n = end ? (size_t)(end - s) : len;

		if (n == word_len && memcmp(s, word, n) == 0)
			return true;
		s += n + (end != NULL);
		len -= n + (end != NULL);
	}
	return false;
}

int check_object_format(const struct buf *caps, struct err *err)
{
	const char *format;
	size_t len;

	if (caps_get(caps, "object-format", &format, &len) &&
	    (len != 4 || memcmp(format, "sha1", 4) != 0))
		return err_set(err, ERR_DATA, "the repository names its "
			       "objects by %.*s; only SHA-1 repositories are "
			       "supported", len > 20 ? 20 : (int)len, format);
	return 0;
}

bool ref_name_valid(const char *name, size_t len)
{
	if (len == 0 || len > MAX_REF_NAME || name[0] == '/' ||
	    name[0] == '-' || name[len - 1] == '/' || name[len - 1] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c <= ' ' || c == 0x7f || strchr("~^:?*[\\", c))
			return false;
		if (i && name[i - 1] == '.' && c == '.')
			return false;
		if (i && name[i - 1] == '/' && (c == '/' || c == '.'))
			return false;
		if (i && name[i - 1] == '@' && c == '{')
			return false;
	}
	return true;
}

static bool wanted(const char *const *prefixes, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_starts(name, prefixes[i]))
			return true;
	return false;
}

static int keep_ref(struct repo_refs *refs, size_t *cap,
		    const char *const *prefixes, size_t n,
		    const struct oid *id, const char *name, size_t name_len,
		    struct err *err)
{
	char *copy;

	if (!ref_name_valid(name, name_len))
		return err_set(err, ERR_DATA, "the server has a ref whose name "
			       "is none");
	copy = arena_strndup(&refs->arena, name, name_len);
	if (!wanted(prefixes, n, copy))
		return 0;
	if (refs->len >= MAX_REFS)
		return err_set(err, ERR_DATA, "the server has more than %d "
			       "refs of the kind asked for", MAX_REFS);
	ARRAY_GROW(refs->items, refs->len, *cap);
	refs->items[refs->len].name = copy;
	refs->items[refs->len++].id = *id;
	return 0;
}

/* "symref=HEAD:refs/heads/main" among the capabilities of the older version. */
static void head_from_caps(struct repo_refs *refs, const struct buf *caps)
{
	const char *s = strstr(buf_str(caps), "symref=HEAD:");
	size_t len;

	if (!s)
		return;
	s += strlen("symref=HEAD:");
	len = strcspn(s, "\n");
	if (ref_name_valid(s, len))
		refs->head_target = arena_strndup(&refs->arena, s, len);
}

static int add_caps(struct buf *caps, const char *s, size_t len, char sep,
		    struct err *err)
{
	if (caps->len + len > MAX_CAPS)
		return err_set(err, ERR_DATA,
			       "the server has too many capabilities");
	for (size_t i = 0; i < len; i++)
		buf_addch(caps, s[i] == sep || s[i] == '\0' ? '\n' : s[i]);
	buf_addch(caps, '\n');
	return 0;
}

/* "ID NAME", on the first line followed by NUL and the capabilities. */
static int old_ref_line(struct greeting *g, const char *data, size_t len,
			struct err *err)
{
	const char *nul = memchr(data, '\0', len);
	size_t line = nul ? (size_t)(nul - data) : len;
	struct oid id;

	if (nul && g->refs_seen == 0 &&
	    add_caps(g->caps, nul + 1, len - line - 1, ' ', err) < 0)
		return -1;
	g->refs_seen++;
	if (line > 8 && memcmp(data, "shallow ", 8) == 0)
		return 0;
	if (line < OID_HEX + 2 || !oid_parse_n(&id, data, line) ||
	    data[OID_HEX] != ' ') {
		if (line > 64 && memchr(data, ' ', line) == data + 64)
			return err_set(err, ERR_DATA, "the repository names its "
				       "objects by sha256; only SHA-1 "
				       "repositories are supported");
		return err_set(err, ERR_DATA, "the server sent a line of refs "
			       "that is none");
	}
	data += OID_HEX + 1;
	line -= OID_HEX + 1;
	/* "capabilities^{}" stands where there are no refs, "^{}" for what a
	   tag leads to, ".have" for what else is there. */
	if (!g->refs || memchr(data, '^', line) ||
	    (line == 5 && memcmp(data, ".have", 5) == 0))
		return 0;
	return keep_ref(g->refs, &g->refs_cap, g->prefixes, g->prefixes_len,
			&id, data, line, err);
}

int greeting_packet(void *ctx, enum pkt kind, const char *data, size_t len,
		    struct err *err)
{
	struct greeting *g = ctx;

	if (kind == PKT_FLUSH && g->in_service) {
		g->in_service = false;	/* the advertisement follows */
		return 0;
	}
	if (kind == PKT_FLUSH) {
		if (g->refs)
			head_from_caps(g->refs, g->caps);
		return 1;
	}
	if (kind != PKT_DATA)
		return err_set(err, ERR_DATA,
			       "the server's greeting is not git's");
	if (is_err_packet(data, len)) {
		server_error(data + 4, len - 4, err);
		err->code = ERR_REFUSED;
		return -1;
	}
	while (len && data[len - 1] == '\n')
		len--;
	if (!g->began && len > 10 && memcmp(data, "# service=", 10) == 0) {
		g->in_service = true;
		return 0;
	}
	if (!g->began && len == 9 && memcmp(data, "version ", 8) == 0) {
		g->began = true;
		g->version = data[8] == '2' ? 2 : 0;
		return 0;
	}
	g->began = true;
	if (g->version == 2)
		return add_caps(g->caps, data, len, '\0', err);
	return old_ref_line(g, data, len, err);
}

/* Learning what the server can do ------------------------------------------- */

static int hello(struct wire *w, struct greeting *g, struct err *err)
{
	struct pkt_reader in = { .packet = greeting_packet, .ctx = g,
				 .max_bytes = MAX_ADVERT_BYTES };
	const char *agent;
	size_t len;
	int rc;

	buf_reset(&w->caps);
	g->caps = &w->caps;
	rc = w->transport->ops->hello(w->transport, UPLOAD_PACK, true, &in,
				      err);
	pkt_reader_release(&in);
	if (rc < 0 || check_object_format(&w->caps, err) < 0)
		return -1;
	w->version = g->version;
	w->has_filter = w->version == 2 &&
			caps_word(&w->caps, "fetch", "filter");
	w->is_github = caps_get(&w->caps, "agent", &agent, &len) &&
		       len > 11 && memcmp(agent, "git/github-", 11) == 0;
	log_debug("git protocol v%d%s", w->version,
		  w->has_filter ? ", takes filters" : "");
	return 0;
}

int wire_hello(struct wire *w, struct err *err)
{
	struct greeting g = { 0 };

	if (w->version >= 0)
		return 0;
	return hello(w, &g, err);
}

/* One request of protocol v2; over a process that has gone, start it anew. */
static int request(struct wire *w, const struct buf *body,
		   struct pkt_reader *in, struct err *err)
{
	const struct transport_ops *ops = w->transport->ops;
	struct greeting g = { 0 };

	if (!ops->talking(w->transport, UPLOAD_PACK) && hello(w, &g, err) < 0)
		return -1;
	return ops->request(w->transport, UPLOAD_PACK, body, NULL, true, in,
			    err);
}

/* Refs ---------------------------------------------------------------------- */

struct ls_refs {
	struct repo_refs *refs;
	size_t cap;
	const char *const *prefixes;
	size_t prefixes_len;
};

static const char *attribute(const char *s, size_t len, const char *name,
			     size_t *value_len)
{
	const char *at = memmem(s, len, name, strlen(name));

	if (!at)
		return NULL;
	at += strlen(name);
	*value_len = 0;
	while (at + *value_len < s + len && at[*value_len] != ' ')
		++*value_len;
	return at;
}

/* "ID NAME[ symref-target:T][ peeled:ID]", or "unborn HEAD symref-target:T". */
static int ls_refs_packet(void *ctx, enum pkt kind, const char *data,
			  size_t len, struct err *err)
{
	struct ls_refs *l = ctx;
	size_t name_len, target_len = 0;
	const char *name, *target;
	bool unborn;
	struct oid id;

	if (kind == PKT_FLUSH)
		return 1;
	if (kind == PKT_DATA && is_err_packet(data, len))
		return server_error(data + 4, len - 4, err);
	while (len && data[len - 1] == '\n')
		len--;
	unborn = len > 7 && memcmp(data, "unborn ", 7) == 0;
	if (kind != PKT_DATA ||
	    (!unborn && (!oid_parse_n(&id, data, len) || len < OID_HEX + 2 ||
			 data[OID_HEX] != ' ')))
		return err_set(err, ERR_DATA,
			       "the server sent a line of refs that is none");
	name = data + (unborn ? 7 : OID_HEX + 1);
	len -= (size_t)(name - data);
	name_len = memchr(name, ' ', len)
			   ? (size_t)((const char *)memchr(name, ' ', len) -
				      name)
			   : len;
	target = attribute(name + name_len, len - name_len, " symref-target:",
			   &target_len);
	if (name_len == 4 && memcmp(name, "HEAD", 4) == 0 && target &&
	    ref_name_valid(target, target_len))
		l->refs->head_target = arena_strndup(&l->refs->arena, target,
						     target_len);
	if (unborn)
		return 0;
	return keep_ref(l->refs, &l->cap, l->prefixes, l->prefixes_len, &id,
			name, name_len, err);
}

/* Nothing in it that a server must have announced, but UNBORN. */
static void ask_ls_refs(struct buf *out, const char *const *prefixes, size_t n,
			bool unborn)
{
	pkt_addf(out, "command=ls-refs\n");
	pkt_delim(out);
	pkt_addf(out, "symrefs\n");
	if (unborn)
		pkt_addf(out, "unborn\n");
	pkt_addf(out, "ref-prefix HEAD\n");
	for (size_t i = 0; i < n; i++)
		pkt_addf(out, "ref-prefix %s\n", prefixes[i]);
	pkt_flush(out);
}

static int ls_refs_v2(struct wire *w, const struct buf *body, struct ls_refs *l,
		      struct err *err)
{
	struct pkt_reader in = { .packet = ls_refs_packet, .ctx = l,
				 .max_bytes = MAX_REFS_BYTES };
	int rc = request(w, body, &in, err);

	pkt_reader_release(&in);
	return rc;
}

/*
 * Over HTTP a question of protocol v2 can be on its way while the server is
 * asked what it speaks, for each stands alone there (gitprotocol-v2(5), "HTTP
 * Transport"): a round trip less. Where it then does not speak v2, what came of
 * it is thrown away.
 */
int wire_ls_refs(struct wire *w, const char *const *prefixes, size_t n,
		 struct repo_refs *out, struct err *err)
{
	struct greeting g = { .refs = out, .prefixes = prefixes,
			      .prefixes_len = n };
	struct ls_refs l = { .refs = out, .prefixes = prefixes,
			     .prefixes_len = n };
	struct buf body = { 0 };
	int rc = 0;

	ask_ls_refs(&body, prefixes, n, false);
	if (w->version < 0)
		w->transport->ops->expect(w->transport, UPLOAD_PACK, &body);
	/* The older protocol's refs stand in its greeting, which is then
	   asked for each time; the newer one's has none. */
	if (w->version != 2)
		rc = hello(w, &g, err);
	if (rc == 0 && w->version == 2)
		rc = ls_refs_v2(w, &body, &l, err);
	/* Nothing at all? Then perhaps a HEAD that waits for its branch. */
	if (rc == 0 && w->version == 2 && out->len == 0 && !out->head_target &&
	    caps_word(&w->caps, "ls-refs", "unborn")) {
		buf_reset(&body);
		ask_ls_refs(&body, prefixes, n, true);
		rc = ls_refs_v2(w, &body, &l, err);
	}
	buf_release(&body);
	if (rc == 0)
		return 0;
	if (err->code == ERR_NOTFOUND)
		err->code = ERR_REFUSED;
	repo_refs_release(out);
	return -1;
}

/* Opening ------------------------------------------------------------------- */

int wire_open(struct wire *w, const struct repo_options *options,
	      struct err *err)
{
	*w = (struct wire){ .version = -1, .deadline = options->deadline };
	return transport_new(&w->transport, options, err);
}

void wire_close(struct wire *w)
{
	if (w->transport)
		w->transport->ops->free(w->transport);
	buf_release(&w->caps);
	buf_release(&w->push_caps);
	*w = (struct wire){ 0 };
}
