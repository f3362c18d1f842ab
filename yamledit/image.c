#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"
#include "yamledit/memo.h"
#include "yamledit/scalar.h"
#include "yamledit/session.h"

/*
 * The version of an image, where configuration holds it: an entry of a
 * kustomization's `images` (newTag, digest), a Helm map (tag, digest), or a
 * string that is an image reference.
 */

/* A path made by the program. STEPS is borrowed. */
static struct ye_path path_of(struct step *steps, size_t len)
{
	return (struct ye_path){ .steps = steps, .len = len, .text = "" };
}

/* KEY: VALUE pairs for a new map; NULL values are left out. */
static struct fresh *fresh_version(struct plan *plan, const char *tag_key,
				   const struct version *v)
{
	struct fresh *f = arena_alloc(&plan->arena, sizeof(*f));

	f->kind = FRESH_MAP;
	f->entries = arena_alloc(&plan->arena, 2 * sizeof(*f->entries));
	if (v->tag)
		f->entries[f->len++] = (struct fresh_entry){
			tag_key, ye_fresh_scalar(plan, v->tag) };
	if (v->digest)
		f->entries[f->len++] = (struct fresh_entry){
			"digest", ye_fresh_scalar(plan, v->digest) };
	return f;
}

/*
 * Make KEY below MAP hold VALUE: a new value, a new entry where CREATE, or
 * nothing at all where VALUE is NULL. MAP has room for one more step.
 *
 * In the values of a chart a key is emptied, not removed: it could not be
 * added again (not every chart knows it), so there would be no way back; and
 * without it the chart's own default would count.
 */
struct map_edit {
	struct session *s;
	struct ye_path map;
	bool create;		/* add a key that is missing */
	bool keep_empty;	/* a key stays: "" and null are as good as absent */
};

static int put_key(struct map_edit *m, const char *key, const char *value,
		   struct err *err)
{
	struct session *s = m->s;
	struct ye_path path = m->map;
	struct fresh_entry entry = { .key = key };
	struct place at;
	struct ev old;
	struct err why = { 0 };
	int rc;

	path.steps[path.len++] = (struct step){ .kind = STEP_KEY, .key = key };
	rc = ye_session_find(&at, s, &path, &why);
	if (rc == 1 && !value && why.code == ERR_NOTFOUND)
		return 0;
	if (rc == 1 && value && m->create &&
	    s->p.ev[at.node].type == EV_MAP_START) {
		if (ye_session_commit(s, err) < 0)
			return -1;
		entry.node = ye_fresh_scalar(&s->plan, value);
		return ye_add_entry(s, at.node, &entry, err);
	}
	if (rc != 0) {
		*err = why;
		return -1;
	}
	if (value)
		return ye_set_scalar(s, at.node, value, err);
	if (m->keep_empty)
		return ye_ev_is_null(&s->p.ev[at.node]) ? 0 :
			ye_set_scalar(s, at.node, "", err);
	old = s->p.ev[at.key];
	if (ye_remove_place(s, &at, err) < 0)
		return -1;
	if (ye_session_find(&at, s, &path, &why) != 1 ||
	    why.code != ERR_NOTFOUND)
		return ye_parse_err(err, ERR_UNSAFE, &old, "without this '%s' "
				    "the one of a merge key would count", key);
	return 0;
}

/* What comes before what goes: so the map is never left empty. */
static int put_version(struct map_edit *m, const char *tag_key,
		       const struct version *v, struct err *err)
{
	if (v->tag && put_key(m, tag_key, v->tag, err) < 0)
		return -1;
	if (v->digest && put_key(m, "digest", v->digest, err) < 0)
		return -1;
	if (!v->tag && put_key(m, tag_key, NULL, err) < 0)
		return -1;
	if (!v->digest && put_key(m, "digest", NULL, err) < 0)
		return -1;
	return 0;
}

static int check_version(const struct version *v, struct err *err)
{
	if (version_empty(v))
		return err_set(err, ERR_USAGE, "the new version has neither "
			       "tag nor digest");
	return 0;
}

int ye_edit_image(struct session *s, const char *name,
		  const struct version *version, struct err *err)
{
	struct step steps[3] = {
		{ .kind = STEP_KEY, .key = "images" },
		{ .kind = STEP_SELECT, .key = "name", .value = name },
	};
	struct map_edit m = { .s = s, .map = path_of(steps, 2),
			      .create = true };
	struct place at;
	struct err why = { 0 };
	int rc;

	if (check_version(version, err) < 0 || ye_scalar_check(name, err) < 0)
		return -1;
	rc = ye_session_find(&at, s, &m.map, &why);
	if (rc == 1 && s->opt.create && why.code == ERR_NOTFOUND) {
		if (ye_session_commit(s, err) < 0)
			return -1;
		rc = ye_add_path(s, &at, &m.map,
				 fresh_version(&s->plan, "newTag", version),
				 err);
		if (rc <= 0)
			return rc;
	}
	if (rc != 0) {
		*err = why;
		return -1;
	}
	return put_version(&m, "newTag", version, err);
}

/* Keys whose value is a bare tag or digest: "1.2" is no image called 1.2. */
static bool is_version_key(const struct ye_path *path)
{
	const struct step *last;
	size_t len;

	if (path->len == 0)
		return false;
	last = &path->steps[path->len - 1];
	if (last->kind != STEP_KEY)
		return false;
	len = strlen(last->key);
	return (len >= 3 && strcasecmp(last->key + len - 3, "tag") == 0) ||
	       (len >= 6 && strcasecmp(last->key + len - 6, "digest") == 0);
}

/*
 * The image reference at E: PREFIX is "old=" as Argo CD's kustomize.images
 * has it, or "". ERR_UNSAFE: not a reference.
 */
static int parse_ref(struct image_ref *out, const char **prefix,
		     struct arena *a, const struct ev *e,
		     const struct ye_path *path, struct err *err)
{
	const char *eq = e->value ? strchr(e->value, '=') : NULL;
	const char *ref = eq ? eq + 1 : e->value;
	struct err why = { 0 };

	if (is_version_key(path))
		return ye_parse_err(err, ERR_UNSAFE, e, "this is a tag or a "
				    "digest; name the map that it is in");
	if (e->type != EV_SCALAR || ye_ev_is_null(e) || strlen(ref) == 0 ||
	    strlen(e->value) != e->len)
		return ye_parse_err(err, ERR_UNSAFE, e, "%s, where a map with "
				    "tag and digest or an image reference is "
				    "expected", e->type == EV_SCALAR
				    ? "nothing" : ye_ev_kind(e));
	if (ye_is_template_string(e))
		return ye_parse_err(err, ERR_UNSAFE, e, "the value is a template "
			"({{ }}): edit what it is filled from instead");
	if (image_ref_parse(out, a, ref, &why) < 0)
		return ye_parse_err(err, ERR_UNSAFE, e, "%s", why.msg);
	*prefix = arena_strndup(a, e->value, (size_t)(ref - e->value));
	return 0;
}

static int set_ref(struct session *s, size_t at, const struct ye_path *path,
		   const struct version *version, struct err *err)
{
	struct arena a = { 0 };
	struct image_ref ref;
	struct buf value = { 0 };
	const char *prefix;
	int rc = -1;

	if (parse_ref(&ref, &prefix, &a, &s->p.ev[at], path, err) == 0) {
		buf_addf(&value, "%s%s", prefix, ref.name);
		if (version->tag)
			buf_addch(&value, ':');
		version_format(&value, version);
		rc = ye_set_scalar(s, at, buf_str(&value), err);
	}
	buf_release(&value);
	arena_release(&a);
	return rc;
}

/* tag: "1.2@sha256:..." and no digest key: both go into the one string. */
static bool is_joined(const struct session *s, size_t map)
{
	struct err ignored = { 0 };
	size_t v;

	if (ye_find_key(&v, NULL, &s->p, map, "digest", &ignored) != 1 ||
	    ignored.code != ERR_NONE ||		/* a merge key may have it */
	    ye_find_key(&v, NULL, &s->p, map, "tag", &ignored) != 0)
		return false;
	return s->p.ev[v].type == EV_SCALAR &&
	       strstr(s->p.ev[v].value, "@sha256:");
}

static int set_map(struct session *s, size_t map, const struct ye_path *key,
		   const struct version *version, struct err *err)
{
	struct step *steps = xcalloc(key->len + 1, sizeof(*steps));
	struct map_edit m = { .s = s, .map = path_of(steps, key->len),
			      .create = s->opt.create, .keep_empty = true };
	struct buf joined = { 0 };
	int rc;

	if (key->len)
		memcpy(steps, key->steps, key->len * sizeof(*steps));
	if (is_joined(s, map) && version->tag) {
		version_format(&joined, version);
		rc = put_key(&m, "tag", buf_str(&joined), err);
	} else {
		rc = put_version(&m, "tag", version, err);
	}
	buf_release(&joined);
	free(steps);
	return rc;
}

int ye_edit_helm(struct session *s, const struct ye_path *key,
		 const struct version *version, struct err *err)
{
	struct place at;
	struct err why = { 0 };
	int rc;

	if (check_version(version, err) < 0)
		return -1;
	rc = ye_session_find(&at, s, key, &why);
	if (rc == 0 && s->p.ev[at.node].type == EV_MAP_START)
		return set_map(s, at.node, key, version, err);
	if (rc == 0 && !(s->opt.create && ye_ev_is_null(&s->p.ev[at.node])))
		return set_ref(s, at.node, key, version, err);
	if (rc >= 0 && s->opt.create && why.code != ERR_UNSAFE) {
		if (ye_session_commit(s, err) < 0)
			return -1;
		rc = ye_add_path(s, &at, key,
				 fresh_version(&s->plan, "tag", version), err);
		if (rc <= 0)
			return rc;
	}
	*err = why;
	return -1;
}

/* The text of KEY in MAP, in A; NULL where it is absent or null. */
static int text_of(const char **out, struct arena *a, const struct parse *p,
		   size_t map, const char *key, int *visits, struct err *err)
{
	const struct ev *e;
	size_t v;
	int rc = ye_find_item_key(&v, NULL, p, map, key, visits, err);

	*out = NULL;
	if (rc != 0)
		return rc < 0 || err->code != ERR_NONE ? -1 : 0;
	e = &p->ev[v];
	if (e->type != EV_SCALAR)
		return ye_parse_err(err, ERR_UNSAFE, e, "'%s' is %s, not a "
				    "string", key, ye_ev_kind(e));
	if (strlen(e->value) != e->len)
		return ye_parse_err(err, ERR_DATA, e, "'%s' holds a NUL", key);
	if (!ye_ev_is_null(e))
		*out = arena_strdup(a, e->value);
	return 0;
}

static int read_image(struct ye_image *out, struct arena *a,
		      const struct parse *p, size_t item, int *visits,
		      struct err *err)
{
	const struct ev *e = &p->ev[item];

	memset(out, 0, sizeof(*out));
	out->line = e->line;
	out->column = e->column;
	if (e->type != EV_MAP_START)
		return ye_parse_err(err, ERR_UNSAFE, e, "an entry of images is "
				    "%s, not a map", ye_ev_kind(e));
	if (text_of(&out->name, a, p, item, "name", visits, err) < 0 ||
	    text_of(&out->new_name, a, p, item, "newName", visits, err) < 0 ||
	    text_of(&out->version.tag, a, p, item, "newTag", visits,
		    err) < 0 ||
	    text_of(&out->version.digest, a, p, item, "digest", visits,
		    err) < 0)
		return -1;
	if (!out->name)
		return ye_parse_err(err, ERR_UNSAFE, e, "an entry of images has "
				    "no name");
	return 0;
}

static int name_cmp(const void *va, const void *vb)
{
	const struct ye_image *const *a = va, *const *b = vb;
	int c = strcmp((*a)->name, (*b)->name);

	return c ? c : (*a)->line - (*b)->line;
}

static int check_names(const struct ye_images *images, struct err *err)
{
	const struct ye_image **by_name =
		xcalloc(images->len, sizeof(*by_name));

	for (size_t i = 0; i < images->len; i++)
		by_name[i] = &images->items[i];
	qsort(by_name, images->len, sizeof(*by_name), name_cmp);
	for (size_t i = 1; i < images->len; i++)
		if (str_eq(by_name[i]->name, by_name[i - 1]->name)) {
			err_set(err, ERR_UNSAFE, "%d:%d: a second entry of "
				"images named '%s'; the first is on line %d",
				by_name[i]->line, by_name[i]->column,
				by_name[i]->name, by_name[i - 1]->line);
			break;
		}
	free(by_name);
	return err->code ? -1 : 0;
}

static int read_images(struct ye_images *out, const struct parse *p,
		       size_t root, struct err *err)
{
	const struct ev *ev = p->ev;
	size_t list, n = 0;
	int visits = YE_LIST_VISITS, rc;

	if (ev[root].type != EV_MAP_START)
		return ye_parse_err(err, ERR_UNSAFE, &ev[root], "the document is "
				    "%s, not a map", ye_ev_kind(&ev[root]));
	rc = ye_find_key(&list, NULL, p, root, "images", err);
	if (rc != 0)
		return rc < 0 || err->code != ERR_NONE ? -1 : 0;
	if (ye_ev_is_null(&ev[list]))
		return 0;
	if (ev[list].type != EV_LIST_START)
		return ye_parse_err(err, ERR_UNSAFE, &ev[list], "images is %s, "
				    "not a list", ye_ev_kind(&ev[list]));
	for (size_t i = list + 1; i < ev[list].after - 1; i = ev[i].after)
		n++;
	out->items = arena_alloc(&out->arena, n * sizeof(*out->items));
	for (size_t i = list + 1; i < ev[list].after - 1; i = ev[i].after)
		if (read_image(&out->items[out->len++], &out->arena, p, i,
			       &visits, err) < 0)
			return -1;
	return check_names(out, err);
}

int ye_images(struct ye_images *out, const char *text, size_t len,
	      struct err *err)
{
	const struct parse *p = ye_memo(text, len, err);
	size_t doc;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (p && ye_find_document(&doc, p, NULL, err) == 0)
		rc = read_images(out, p, p->docs[doc], err);
	if (rc < 0)
		ye_images_release(out);
	return rc;
}

void ye_images_release(struct ye_images *images)
{
	arena_release(&images->arena);
	memset(images, 0, sizeof(*images));
}

static bool has_key(const struct parse *p, size_t map, const char *key)
{
	struct err ignored = { 0 };
	size_t v;

	return ye_find_key(&v, NULL, p, map, key, &ignored) == 0;
}

/* A key that is there and empty is a field too: `tag: ""` is what charts
   have where their appVersion is the default. */
static int read_map(struct version *out, struct arena *a,
		    const struct parse *p, size_t map, struct err *err)
{
	int visits = YE_LIST_VISITS;
	const char *at;

	if (text_of(&out->tag, a, p, map, "tag", &visits, err) < 0 ||
	    text_of(&out->digest, a, p, map, "digest", &visits, err) < 0)
		return -1;
	if (out->digest && !*out->digest)
		out->digest = NULL;
	at = out->tag ? strstr(out->tag, "@sha256:") : NULL;
	if (at && !out->digest) {
		out->digest = arena_strdup(a, at + 1);
		out->tag = arena_strndup(a, out->tag, (size_t)(at - out->tag));
	}
	if (out->tag && !*out->tag)
		out->tag = NULL;
	if (!has_key(p, map, "tag") && !has_key(p, map, "digest"))
		return ye_parse_err(err, ERR_NOTFOUND, &p->ev[map], "neither tag "
				    "nor digest here");
	return 0;
}

int ye_helm_get(struct version *out, struct arena *a, const char *text,
		size_t len, const struct ye_path *key,
		const struct ye_options *opt, struct err *err)
{
	const struct parse *p = ye_memo(text, len, err);
	struct image_ref ref = { 0 };
	struct place at;
	const char *prefix;
	size_t doc;
	int rc;

	memset(out, 0, sizeof(*out));
	if (!p || ye_find_document(&doc, p, opt, err) < 0 ||
	    ye_find(&at, p, doc, key, false, err) != 0)
		return -1;
	if (p->ev[at.node].type == EV_MAP_START)
		return read_map(out, a, p, at.node, err);
	rc = parse_ref(&ref, &prefix, a, &p->ev[at.node], key, err);
	*out = ref.version;
	return rc;
}
