#include "bot/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"
#include "yamledit/edit.h"

static const char *last_part(const char *s)
{
	const char *slash = strrchr(s, '/');

	return slash ? slash + 1 : s;
}

/* "worker.image" is labelled "worker", "image.api" is "api", "image" itself. */
static const char *helm_label(struct arena *a, const char *key)
{
	size_t len = strlen(key);
	const char *dot;

	if (len > 6 && str_ends(key, ".image"))
		key = arena_strndup(a, key, len - 6);
	dot = strrchr(key, '.');
	return dot ? dot + 1 : key;
}

/*
 * TEXT as one word that can stand in LABEL=VERSION,..., in a commit's subject
 * and in a marker, whatever a file calls its image.
 */
static const char *label_fit(struct arena *a, const char *text)
{
	struct buf line = { 0 };
	char *label;

	escape_trailer(&line, text);
	label = buf_keep(&line, a);
	for (char *s = label; (s = strpbrk(s, " ,<>`|")) != NULL;)
		*s = '-';
	return label;
}

/*
 * One label in every environment, since versions are compared by what they
 * look like: what an environment fills in stays out of it.
 */
static const char *label_make(struct arena *a, const struct field *f,
			      const char *service)
{
	static const struct environment any;
	const char *text;

	if (f->image)
		return label_fit(a, last_part(config_expand(a, f->image, &any,
							    service)));
	if (!f->path)
		return service;
	text = config_expand(a, f->path, &any, service);
	return label_fit(a, f->kind == FIELD_HELM ? helm_label(a, text) : text);
}

bool slot_is_called(const struct slot *s, const char *label)
{
	return str_eq(s->label, label) || str_eq(s->path, label) ||
	       (s->image && (str_eq(s->image, label) ||
			     str_eq(last_part(s->image), label)));
}

void place_init(struct place *p, struct arena *a,
		const struct service_spec *spec, const struct environment *env,
		const char *service)
{
	memset(p, 0, sizeof(*p));
	p->service = service;
	p->env = env;
	p->slots_len = spec->fields_len;
	p->slots = arena_alloc(a, spec->fields_len * sizeof(*p->slots));
	for (size_t i = 0; i < spec->fields_len; i++) {
		const struct field *f = &spec->fields[i];
		struct slot *s = &p->slots[i];

		s->kind = f->kind;
		s->file = config_expand(a, f->file, env, service);
		if (f->image)
			s->image = config_expand(a, f->image, env, service);
		if (f->path)
			s->path = config_expand(a, f->path, env, service);
		if (f->kind == FIELD_PLAIN)
			s->value = config_expand(a, f->value, env, service);
		if (f->where)
			s->where = config_expand(a, f->where, env, service);
		s->label = label_make(a, f, service);
	}
}

/* Ready-made text of a PLAIN field that holds V; NULL: a part is missing. */
static const char *plain_fill(struct arena *a, const char *template,
			      const struct version *v)
{
	struct buf out = { 0 };

	for (const char *s = template; *s;) {
		if (str_starts(s, "{tag}")) {
			if (!v->tag)
				goto missing;
			buf_addstr(&out, v->tag);
			s += strlen("{tag}");
		} else if (str_starts(s, "{digest}")) {
			if (!v->digest)
				goto missing;
			buf_addstr(&out, v->digest);
			s += strlen("{digest}");
		} else if (str_starts(s, "{version}")) {
			version_format(&out, v);
			s += strlen("{version}");
		} else {
			buf_addch(&out, *s++);
		}
	}
	return buf_keep(&out, a);
missing:
	buf_release(&out);
	return NULL;
}

static const char *part_of(const struct version *v, bool is_digest)
{
	return is_digest ? v->digest : v->tag;
}

static bool has_place(const struct slot *s, bool is_digest)
{
	return s->kind != FIELD_PLAIN || strstr(s->value, "{version}") ||
	       strstr(s->value, is_digest ? "{digest}" : "{tag}");
}

/* Would slot I drop that part of its version, and no other slot hold it? */
static bool is_lost(const struct place *p, const struct version *versions,
		    size_t i, bool is_digest)
{
	const char *part = part_of(&versions[i], is_digest);

	if (!part || has_place(&p->slots[i], is_digest))
		return false;
	for (size_t k = 0; k < p->slots_len; k++)
		if (has_place(&p->slots[k], is_digest) &&
		    str_eq(part_of(&versions[k], is_digest), part))
			return false;
	return true;
}

static int fail_lost(const struct slot *s, bool is_digest, struct err *err)
{
	return err_set(err, ERR_UNSAFE, "%s: '%s' has no place for the %s; "
		       "`value: \"{version}\"` in " CONFIG_FILE " would have",
		       s->file, s->value, is_digest ? "digest" : "tag");
}

int place_fit(const struct place *p, struct version *versions, struct err *err)
{
	for (size_t i = 0; i < p->slots_len; i++) {
		const struct slot *s = &p->slots[i];

		if (is_lost(p, versions, i, true))
			return fail_lost(s, true, err);
		if (!has_place(s, true))
			versions[i].digest = NULL;
		/* Which image it is, the digest says. */
		else if (versions[i].digest && !has_place(s, false))
			versions[i].tag = NULL;
	}
	return 0;
}

/* The version in VALUE, read by the template of a PLAIN field. */
static int plain_match(struct version *out, struct arena *a,
		       const char *template, const char *value, struct err *err)
{
	static const char *const marks[] = { "{version}", "{tag}", "{digest}" };
	struct err bad = { 0 };
	const char *found;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		if (!strstr(template, marks[i]))
			continue;
		found = config_match(a, template, marks[i], value);
		if (!found)
			break;
		if (i == 0)
			return version_parse(out, a, found, &bad) == 0 ? 0 :
				err_set(err, ERR_UNSAFE, "%s", bad.msg);
		if (i == 1 && tag_valid(found, strlen(found))) {
			out->tag = found;
			return 0;
		}
		if (i == 2 && digest_valid(found, strlen(found))) {
			out->digest = found;
			return 0;
		}
		break;
	}
	return err_set(err, ERR_UNSAFE, "'%s' does not have the form '%s' of "
		       "promote.yaml", value, template);
}

static int kustomize_read(struct slot *s, struct arena *a,
			  const struct text *text, struct err *err)
{
	struct ye_images images = { 0 };
	const struct ye_image *hit = NULL;
	int rc = -1;

	if (ye_images(&images, text->data, text->len, err) < 0)
		return -1;
	if (!s->image && images.len > 1) {
		err_set(err, ERR_UNSAFE, "%d:%d: more than one entry in "
			"`images`; name one with `image:` in promote.yaml",
			images.items[1].line, images.items[1].column);
		goto out;
	}
	for (size_t i = 0; i < images.len; i++)
		if (!s->image || str_eq(images.items[i].name, s->image))
			hit = &images.items[i];
	if (!hit && s->image) {
		err_set(err, ERR_NOTFOUND, " no entry for image '%s' in "
			"`images`", s->image);
		goto out;
	}
	if (!hit) {
		err_set(err, ERR_NOTFOUND, " no entry in `images`");
		goto out;
	}
	if (!s->image && hit->name) {
		s->image = arena_strdup(a, hit->name);
		s->label = label_fit(a, last_part(s->image));
	}
	s->version.tag = arena_strdup(a, hit->version.tag);
	s->version.digest = arena_strdup(a, hit->version.digest);
	rc = 0;
out:
	ye_images_release(&images);
	return rc;
}

static struct ye_options slot_options(const struct slot *s)
{
	return (struct ye_options){ .where = s->where };
}

static int slot_read(struct slot *s, struct arena *a, const struct text *text,
		     struct err *err)
{
	const struct ye_options opt = slot_options(s);
	struct ye_path *path = NULL;
	struct buf value = { 0 };
	int rc = -1;

	memset(&s->version, 0, sizeof(s->version));
	if (s->kind == FIELD_KUSTOMIZE)
		return kustomize_read(s, a, text, err);
	if (ye_path_parse(&path, s->path, err) < 0)
		goto out;
	if (s->kind == FIELD_HELM) {
		rc = ye_helm_get(&s->version, a, text->data, text->len, path,
				 &opt, err);
		goto out;
	}
	if (ye_get(&value, text->data, text->len, path, &opt, err) < 0)
		goto out;
	rc = plain_match(&s->version, a, s->value, buf_str(&value), err);
out:
	ye_path_free(path);
	buf_release(&value);
	return rc;
}

/* What makes S hold V; *PATH is the caller's to free, after the edit. */
static int slot_edit(struct ye_edit *out, struct ye_path **path,
		     struct arena *a, const struct slot *s,
		     const struct version *v, struct err *err)
{
	memset(out, 0, sizeof(*out));
	*path = NULL;
	out->version = *v;
	if (s->kind == FIELD_KUSTOMIZE) {
		out->op = YE_IMAGE;
		out->name = s->image;
		return 0;
	}
	if (ye_path_parse(path, s->path, err) < 0)
		return -1;
	out->path = *path;
	out->op = s->kind == FIELD_HELM ? YE_HELM : YE_SET;
	if (out->op == YE_HELM)
		return 0;
	out->value = plain_fill(a, s->value, v);
	if (!out->value)
		return err_set(err, ERR_UNSAFE, " '%s' cannot be filled: the "
			       "version has no %s", s->value,
			       v->tag ? "digest" : "tag");
	return 0;
}

/* yamledit would be told to add the key; nobody tells the bot. */
static void say_who_adds(struct err *err)
{
	size_t len = strlen(err->msg);

	if (err->code == ERR_NOTFOUND && strstr(err->msg, ": no key 'digest' "))
		snprintf(err->msg + len, sizeof(err->msg) - len,
			 "; write `digest: \"\"` there by hand, if the chart "
			 "reads it");
}

static int slot_write(struct buf *out, struct arena *a, const struct slot *s,
		      const struct version *v, const struct text *text,
		      struct err *err)
{
	const struct ye_options opt = slot_options(s);
	struct ye_path *path;
	struct ye_edit edit;
	int rc = slot_edit(&edit, &path, a, s, v, err);

	if (rc == 0)
		rc = ye_apply(out, text->data, text->len, &edit, 1, &opt, err);
	if (rc < 0 && s->kind == FIELD_HELM)
		say_who_adds(err);
	ye_path_free(path);
	return rc;
}

bool slots_can_hold(const struct slot *const *slots,
		    const struct version *versions, size_t n, struct arena *a,
		    const struct text *text)
{
	const struct ye_options opt = slot_options(slots[0]);
	struct ye_edit *edits = xcalloc(n, sizeof(*edits));
	struct ye_path **paths = xcalloc(n, sizeof(*paths));
	struct buf out = { 0 };
	struct err err = { 0 };

	for (size_t i = 0; i < n && !err.code; i++)
		slot_edit(&edits[i], &paths[i], a, slots[i], &versions[i],
			  &err);
	if (!err.code)
		ye_apply(&out, text->data, text->len, edits, n, &opt, &err);
	for (size_t i = 0; i < n; i++)
		ye_path_free(paths[i]);
	free(paths);
	free(edits);
	buf_release(&out);
	return !err.code;
}

/* A PLAIN field beside an image only repeats that image's version. */
static bool repeats(struct arena *a, const struct slot *slots,
		    const struct version *versions, size_t i)
{
	const char *mine, *first;

	if (slots[i].kind != FIELD_PLAIN || i == 0)
		return false;
	mine = plain_fill(a, slots[i].value, &versions[i]);
	first = plain_fill(a, slots[i].value, &versions[0]);
	return mine && str_eq(mine, first);
}

const char *place_version(struct arena *a, const struct slot *slots,
			  const struct version *versions, size_t n)
{
	struct buf out = { 0 };
	bool same = true;

	for (size_t i = 1; i < n; i++)
		if (!repeats(a, slots, versions, i) &&
		    !version_eq(&versions[i], &versions[0]))
			same = false;
	for (size_t i = 0; i < (same ? 1 : n); i++) {
		if (!same && repeats(a, slots, versions, i))
			continue;
		if (!same)
			buf_addf(&out, "%s%s=", i ? "," : "", slots[i].label);
		version_format(&out, &versions[i]);
	}
	return buf_keep(&out, a);
}

bool place_versions_of(const struct place *p, struct arena *a,
		       const struct text *texts, struct version *out)
{
	struct err err = { 0 };

	for (size_t i = 0; i < p->slots_len; i++) {
		struct slot s = p->slots[i];

		if (!texts[i].data || slot_read(&s, a, &texts[i], &err) < 0)
			return false;
		out[i] = s.version;
	}
	return true;
}

void place_read(struct place *p, struct arena *a, const struct text *texts)
{
	struct version *versions =
		arena_alloc(a, p->slots_len * sizeof(*versions));

	p->exists = false;
	err_clear(&p->err);
	for (size_t i = 0; i < p->slots_len; i++)
		if (texts[i].data)
			p->exists = true;
	if (!p->exists)
		return;
	for (size_t i = 0; i < p->slots_len; i++) {
		struct slot *s = &p->slots[i];

		if (!texts[i].data) {
			err_set(&p->err, ERR_NOTFOUND, "%s: no such file, but "
				"other files of the service are there", s->file);
			return;
		}
		if (slot_read(s, a, &texts[i], &p->err) < 0) {
			err_prefix(&p->err, "%s:", s->file);
			return;
		}
		versions[i] = s->version;
	}
	p->version = place_version(a, p->slots, versions, p->slots_len);
}

/* The newest text of the file at PATH: edited already, or as it was. */
static struct text text_now(const struct text_edit *edits, size_t n,
			    const char *path, struct text old_text)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(edits[i].path, path))
			return edits[i].new_text;
	return old_text;
}

int place_edit(const struct place *p, struct arena *a,
	       const struct version *versions, const struct text *texts,
	       struct text_edit **out, size_t *len, struct err *err)
{
	struct text_edit *edits =
		arena_alloc(a, p->slots_len * sizeof(*edits));
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < p->slots_len; i++) {
		const struct slot *s = &p->slots[i];
		struct text now = text_now(edits, n, s->file, texts[i]);
		struct buf new_text = { 0 };
		size_t k;

		if (slot_write(&new_text, a, s, &versions[i], &now, err) < 0) {
			buf_release(&new_text);
			return err_prefix(err, "%s:", s->file);
		}
		for (int is_digest = 0; is_digest < 2; is_digest++)
			if (is_lost(p, versions, i, is_digest)) {
				buf_release(&new_text);
				return fail_lost(s, is_digest, err);
			}
		for (k = 0; k < n && !str_eq(edits[k].path, s->file); k++)
			;
		if (k == n) {
			edits[k].path = s->file;
			edits[k].old_text = texts[i];
			n++;
		}
		edits[k].new_text.data = arena_strndup(a, buf_str(&new_text),
						       new_text.len);
		edits[k].new_text.len = new_text.len;
		buf_release(&new_text);
	}
	for (size_t i = 0; i < n; i++)
		if (edits[i].old_text.len != edits[i].new_text.len ||
		    memcmp(edits[i].old_text.data, edits[i].new_text.data,
			   edits[i].new_text.len) != 0)
			edits[kept++] = edits[i];
	*out = edits;
	*len = kept;
	return 0;
}
