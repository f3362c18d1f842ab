#include "bot/base/version.h"

#include <string.h>

#include "bot/base/buf.h"
#include "bot/base/str.h"

enum { TAG_MAX = 128, HEX_LEN = 64, NAME_MAX_LEN = 512 };

bool tag_valid(const char *s, size_t len)
{
	if (len == 0 || len > TAG_MAX)
		return false;
	if (!ascii_alnum(s[0]) && s[0] != '_')
		return false;
	for (size_t i = 1; i < len; i++)
		if (!ascii_alnum(s[i]) &&
		    (!s[i] || !strchr("._-+", s[i])))
			return false;
	return true;
}

bool digest_valid(const char *s, size_t len)
{
	const size_t head = strlen("sha256:");

	if (len != head + HEX_LEN || memcmp(s, "sha256:", head) != 0)
		return false;
	for (size_t i = head; i < len; i++)
		if (!s[i] || !strchr("0123456789abcdef", s[i]))
			return false;
	return true;
}

int version_parse(struct version *out, struct arena *a, const char *text,
		  struct err *err)
{
	const char *at = strchr(text, '@');
	size_t tag_len = at ? (size_t)(at - text) : strlen(text);

	if (at && !digest_valid(at + 1, strlen(at + 1)))
		return err_set(err, ERR_USAGE, "'%s' is not a digest; expected "
			       "sha256: and 64 lower-case hex digits", at + 1);
	if (!at && digest_valid(text, tag_len))
		return err_set(err, ERR_USAGE, "'%s' is a digest; it is written "
			       "with an @ before it", text);
	if ((tag_len || !at) && !tag_valid(text, tag_len))
		return err_set(err, ERR_USAGE, "'%.*s' is not a tag; expected "
			       "up to 128 letters, digits, '.', '_', '-', not "
			       "starting with '.' or '-'", (int)tag_len, text);
	out->tag = tag_len ? arena_strndup(a, text, tag_len) : NULL;
	out->digest = at ? arena_strdup(a, at + 1) : NULL;
	return 0;
}

void version_format(struct buf *out, const struct version *v)
{
	if (v->tag)
		buf_addstr(out, v->tag);
	if (v->digest) {
		buf_addch(out, '@');
		buf_addstr(out, v->digest);
	}
}

bool version_eq(const struct version *a, const struct version *b)
{
	return str_eq(a->tag, b->tag) && str_eq(a->digest, b->digest);
}

bool version_empty(const struct version *v)
{
	return !v->tag && !v->digest;
}

/*
 * Parts between slashes, of letters, digits, '.', '_' and '-'. Only the first
 * of several may have a port.
 */
static bool image_name_valid(const char *s, size_t len)
{
	const char *end = s + len, *part = s;
	bool in_port = false, has_port = false;

	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	for (const char *at = s; at < end; at++) {
		if (*at == '/') {
			if (at == part || at[-1] == ':')
				return false;
			part = at + 1;
			in_port = false;
		} else if (*at == ':') {
			if (part != s || at == part || has_port)
				return false;
			in_port = has_port = true;
		} else if (in_port ? *at < '0' || *at > '9'
				   : !ascii_alnum(*at) &&
				     (at == part || !strchr("._-", *at))) {
			return false;
		}
	}
	/* Without a slash what looks like a port would be a tag. */
	return part < end && !in_port;
}

int image_ref_parse(struct image_ref *out, struct arena *a, const char *text,
		    struct err *err)
{
	const char *at = strchr(text, '@');
	const char *end = at ? at : text + strlen(text);
	const char *colon = NULL, *slash = NULL, *name_end, *port;

	for (const char *s = text; s < end; s++) {
		if (*s == '/')
			slash = s;
		if (*s == ':')
			colon = s;
	}
	/* A colon before the last slash belongs to a port. */
	if (colon && slash && colon < slash)
		colon = NULL;
	name_end = colon ? colon : end;
	if (!image_name_valid(text, (size_t)(name_end - text)))
		goto bad;
	/* The only colon that a name can have is that of the port. */
	port = memchr(text, ':', (size_t)(name_end - text));
	if (port && (strspn(port + 1, "0123456789") == 0 ||
		     port + 1 + strspn(port + 1, "0123456789") !=
			     strchr(text, '/')))
		goto bad;
	if (colon && !tag_valid(colon + 1, (size_t)(end - colon - 1)))
		goto bad;
	if (at && !digest_valid(at + 1, strlen(at + 1)))
		goto bad;
	out->name = arena_strndup(a, text, (size_t)(name_end - text));
	out->version.tag = colon ? arena_strndup(a, colon + 1,
						 (size_t)(end - colon - 1))
				 : NULL;
	out->version.digest = at ? arena_strdup(a, at + 1) : NULL;
	return 0;
bad:
	return err_set(err, ERR_DATA, "'%s' is not an image reference; expected "
		       "NAME[:TAG][@sha256:HEX]", text);
}
