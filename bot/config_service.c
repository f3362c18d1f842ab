/* The entries of `services`: which fields hold a service's version. */
#include "bot/config_read.h"

#include <string.h>

#include "bot/base/str.h"
#include "bot/base/version.h"
#include "yamledit/edit.h"

enum { SERVICES_MAX = 5000, FIELDS_MAX = 100 };

#define SERVICE "{service}"

/* What each kind of field is written with. */
static const struct field_keys {
	enum field_kind kind;
	const char *file;	/* the key that tells the kind */
	const char *within;	/* the key that says where in the file */
	bool within_needed;
	const char *example;
} field_kinds[] = {
	{ FIELD_KUSTOMIZE, "kustomize", "image", false,
	  "kustomize: apps/{service}/overlays/{dir}/kustomization.yaml" },
	{ FIELD_HELM, "helm", "key", true,
	  "{helm: charts/values-{environment}.yaml, key: \"{service}.image\"}" },
	{ FIELD_PLAIN, "file", "path", true,
	  "{file: apps/{service}/{dir}.yaml, path: image.tag}" },
};

static const char *const field_key_names[] = {
	"kustomize", "image", "helm", "key", "file", "path", "value", "where",
	NULL,
};
static const char *const entry_key_names[] = {
	"service", "fields", "environments", "kustomize", "image", "helm",
	"key", "file", "path", "value", "where", NULL,
};

/* A path inside the repository, as git would have it. */
static const char *path_fault(const char *path)
{
	size_t len = strlen(path);

	if (len > 1024)
		return "is longer than 1024 bytes";
	if (path[0] == '/')
		return "starts with '/'; write it from the root of the "
		       "repository";
	for (const char *s = path; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '\\')
			return "has a character that no path should have";
	for (const char *s = path; s; s = strchr(s, '/') ? strchr(s, '/') + 1
							 : NULL) {
		size_t n = strcspn(s, "/");

		if (n == 0)
			return "has an empty part; take one '/' out";
		if ((n == 1 && s[0] == '.') || (n == 2 && !memcmp(s, "..", 2)))
			return "has '.' or '..' in it; write it from the root "
			       "of the repository";
		if (n == 4 && !strncasecmp(s, ".git", 4))
			return "leads into .git";
	}
	return str_eq(path, CONFIG_FILE)
		? "is " CONFIG_FILE " itself, which is never edited" : NULL;
}

static const char *image_fault(struct arena *a, const char *image)
{
	struct image_ref ref;
	struct err err = { 0 };

	return image_ref_parse(&ref, a, image, &err) < 0
		? "is not the name of an image" : NULL;
}

/*
 * An entry's name may have a tag in it (openshift/hive has one), but most
 * who write one here mean the image without it, and would find nothing.
 */
static void image_warn(struct reader *rd, const struct node *n)
{
	const char *last = strrchr(n->value, '/');

	if (strchr(last ? last : n->value, ':'))
		diag_warn(rd->diag, n, "image has a tag; that is right only "
			  "where the entry's name in the kustomization has it "
			  "too");
}

static const char *within_fault(struct arena *a, const struct field *f,
				const char *text)
{
	struct ye_path *path = NULL;
	struct err err = { 0 };

	if (f->kind == FIELD_KUSTOMIZE)
		return image_fault(a, text);
	if (ye_path_parse(&path, text, &err) < 0)
		return arena_printf(a, "leads nowhere: %s", err.msg);
	ye_path_free(path);
	return NULL;
}

/* A field as it is in one environment, for a service called "x". */
struct expanded {
	const char *file, *within, *where;
};

/*
 * Right in each environment, and apart from each other: an edit in one
 * environment must never be an edit in another one too.
 */
static void expanded_check(struct reader *rd, const struct node *file,
			   const struct node *within, const struct node *where,
			   const struct field *f)
{
	const struct config *c = rd->config;
	const char *in = f->kind == FIELD_KUSTOMIZE ? f->image : f->path;
	struct arena scratch = { 0 };
	struct err err = { 0 };
	struct expanded *all = arena_alloc(&scratch, c->environments_len *
					   sizeof(*all));

	for (size_t i = 0; i < c->environments_len; i++) {
		const struct environment *env = &c->environments[i];
		struct expanded *it = &all[i];
		const char *fault;

		if (!name_valid(env->name, strlen(env->name)))
			continue;	/* one fault is enough */
		it->file = config_expand(&scratch, f->file, env, "x");
		it->within = in ? config_expand(&scratch, in, env, "x") : NULL;
		it->where = f->where ? config_expand(&scratch, f->where, env,
						     "x") : NULL;
		fault = path_fault(it->file);
		if (fault) {
			diag_error(rd->diag, file, "'%s' (in %s) %s", it->file,
				   env->name, fault);
			break;
		}
		fault = in ? within_fault(&scratch, f, it->within) : NULL;
		if (fault) {
			diag_error(rd->diag, within, "'%s' (in %s) %s",
				   it->within, env->name, fault);
			break;
		}
		if (f->where && ye_where_check(it->where, &err) < 0) {
			diag_error(rd->diag, where, "where: %s", err.msg);
			break;
		}
		for (size_t k = 0; k < i; k++)
			if (all[k].file && str_eq(all[k].file, it->file) &&
			    str_eq(all[k].within, it->within) &&
			    str_eq(all[k].where, it->where)) {
				diag_error(rd->diag, file, "%s and %s have the "
					   "same field here; put {dir} or "
					   "{environment} into it",
					   c->environments[k].name, env->name);
				goto out;
			}
	}
out:
	arena_release(&scratch);
}

static const struct field_keys *kind_of(struct reader *rd,
					const struct node *n)
{
	const struct field_keys *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(field_kinds); i++) {
		const struct field_keys *k = &field_kinds[i];

		if (!node_get(n, k->file))
			continue;
		if (found) {
			diag_error(rd->diag, n, "both '%s' and '%s'; one field "
				   "stands in one file", found->file, k->file);
			return NULL;
		}
		found = k;
	}
	if (!found)
		diag_error(rd->diag, n, "no file; write it as 'kustomize:', "
			   "'helm:' or 'file:', as in '%s'",
			   field_kinds[0].example);
	return found;
}

/* Keys that belong to another kind of field. */
static void foreign_keys(struct reader *rd, const struct node *n,
			 const struct field_keys *kind)
{
	for (size_t i = 0; i < n->len; i++) {
		const char *key = n->keys[i]->value;

		for (size_t k = 0; k < ARRAY_LEN(field_kinds); k++)
			if (&field_kinds[k] != kind &&
			    str_eq(key, field_kinds[k].within))
				diag_error(rd->diag, n->keys[i], "'%s' goes "
					   "with '%s:', not with '%s:'; write "
					   "'%s'", key, field_kinds[k].file,
					   kind->file, kind->within);
		if (str_eq(key, "value") && kind->kind != FIELD_PLAIN)
			diag_error(rd->diag, n->keys[i], "'value' goes with "
				   "'file:', not with '%s:'", kind->file);
		if (str_eq(key, "where") && kind->kind == FIELD_KUSTOMIZE)
			diag_error(rd->diag, n->keys[i], "'where' goes with "
				   "'helm:' or 'file:', not with '%s:'",
				   kind->file);
	}
}

/* What a PLAIN field holds is read by its template as well. */
static void value_check(struct reader *rd, const struct node *n,
			const char *template)
{
	int marks = template_has(template, "{tag}") +
		    template_has(template, "{digest}") +
		    template_has(template, "{version}");

	if (template && marks == 0)
		diag_error(rd->diag, n, "value never changes; put {tag}, "
			   "{digest} or {version} into it");
	else if (marks > 1)
		diag_error(rd->diag, n, "value has more than one of {tag}, "
			   "{digest} and {version}, and could not be read back; "
			   "{version} is both tag and digest, as in "
			   "1.4.2@sha256:...");
}

/* One field out of the map N. False: a fault, told. */
static bool field_read(struct reader *rd, const struct node *n,
		       struct field *out)
{
	const struct field_keys *kind = kind_of(rd, n);
	const struct node *file, *within, *value = node_get(n, "value");
	const struct node *where = node_get(n, "where");
	const char *text = NULL;
	size_t before = rd->diag->errors;

	if (!kind)
		return false;
	foreign_keys(rd, n, kind);
	file = node_get(n, kind->file);
	within = node_get(n, kind->within);
	*out = (struct field){ .kind = kind->kind, .node = n,
			       .value = kind->kind == FIELD_PLAIN ? "{tag}"
								  : NULL };
	out->file = rd_text(rd, file, kind->file, kind->example);
	if (within)
		text = rd_text(rd, within, kind->within, kind->example);
	else if (kind->within_needed)
		diag_error(rd->diag, n, "'%s' needs '%s:', as in '%s'",
			   kind->file, kind->within, kind->example);
	if (value && kind->kind == FIELD_PLAIN)
		out->value = rd_text(rd, value, "value", "value: v{tag}");
	if (where)
		out->where = rd_text(rd, where, "where",
				     "where: kind=Deployment");
	if (kind->kind == FIELD_KUSTOMIZE)
		out->image = text;
	else
		out->path = text;
	if (rd->diag->errors > before)
		return false;
	rd_template(rd, file, kind->file, MARKS_SERVICE);
	if (within)
		rd_template(rd, within, kind->within, MARKS_SERVICE);
	if (where)
		rd_template(rd, where, "where", MARKS_SERVICE);
	if (value && rd_template(rd, value, "value",
				 MARKS_SERVICE | MARKS_VERSION))
		value_check(rd, value, out->value);
	if (rd->diag->errors > before)
		return false;
	expanded_check(rd, file, within, where, out);
	if (out->image)
		image_warn(rd, within);
	return rd->diag->errors == before;
}

static bool field_same(const struct field *a, const struct field *b)
{
	return a->file && str_eq(a->file, b->file) &&
	       str_eq(a->image, b->image) && str_eq(a->path, b->path) &&
	       str_eq(a->where, b->where);
}

static void fields_read(struct reader *rd, const struct node *n,
			struct service_spec *spec)
{
	static const char example[] =
		"fields: [{kustomize: ..., image: ...}]";

	if (!rd_list(rd, n, "fields", example))
		return;
	if (n->len == 0 || n->len > FIELDS_MAX) {
		diag_error(rd->diag, n, n->len ? "more than 100 fields; split "
			   "the service" : "no fields; write at least one, or "
			   "take the service out");
		return;
	}
	spec->fields = arena_alloc(rd->arena, n->len * sizeof(*spec->fields));
	for (size_t i = 0; i < n->len; i++) {
		const struct node *it = n->items[i];
		struct field *f = &spec->fields[spec->fields_len];

		if (!rd_map(rd, it, "a field", example))
			continue;
		rd_keys(rd, it, field_key_names, "a field");
		if (!field_read(rd, it, f))
			continue;
		for (size_t k = 0; k < spec->fields_len; k++)
			if (field_same(&spec->fields[k], f))
				diag_error(rd->diag, it, "the same field as in "
					   "line %d; take one out",
					   spec->fields[k].node->line);
		spec->fields_len++;
	}
}

static void name_read(struct reader *rd, const struct node *n,
		      struct service_spec *spec)
{
	const struct config *c = rd->config;
	const char *name = rd_text(rd, n, "service", "service: billing");

	if (!name)
		return;
	if (!name_valid(name, strlen(name))) {
		diag_error(rd->diag, n, "service '%s': " NAME_RULE, name);
		return;
	}
	for (size_t i = 0; i < c->services_len; i++)
		if (str_eq(c->services[i].name, name))
			diag_error(rd->diag, n, "service '%s' is already "
				   "written out in line %d; the first one "
				   "counts, take this one out", name,
				   c->services[i].node->line);
	spec->name = name;
}

/* Settings of one service, over those of its environments. */
static void overrides_read(struct reader *rd, const struct node *n,
			   struct service_spec *spec)
{
	static const char *const known[] = { RULE_KEYS, NULL };
	const struct config *c = rd->config;
	struct rules *rules;

	if (!rd_map(rd, n, "environments", "environments: {production: "
		    "{promote: manual}}"))
		return;
	rules = arena_alloc(rd->arena,
			    c->environments_len * sizeof(*rules));
	for (size_t i = 0; i < c->environments_len; i++)
		rules[i] = c->environments[i].rules;
	for (size_t i = 0; i < n->len; i++) {
		const struct node *key = n->keys[i], *it = n->items[i];
		size_t e = config_environment(c, key->value);

		if (e == SIZE_MAX) {
			diag_error(rd->diag, key, "there is no environment "
				   "'%s'; %s", key->value,
				   rd_hint(rd, key->value,
					   rd_environment_names(rd)));
			continue;
		}
		if (!rd_map(rd, it, "a service's settings",
			    "{promote: manual}"))
			continue;
		rd_keys(rd, it, known, "a service's entry for an environment");
		rd_rules(rd, it, c->environments[e].from_len == 0, &rules[e]);
	}
	spec->rules = rules;
}

static void entry_read(struct reader *rd, const struct node *n,
		       struct service_spec *spec)
{
	const struct node *service = node_get(n, "service");
	const struct node *fields = node_get(n, "fields");
	const struct node *own = node_get(n, "environments");
	const struct field *f;

	spec->node = n;
	rd_keys(rd, n, entry_key_names, "an entry of services");
	if (own)
		overrides_read(rd, own, spec);
	if (service)
		name_read(rd, service, spec);
	if (fields) {
		if (!service)
			diag_error(rd->diag, fields, "'fields' belong to one "
				   "service; write its name, as in 'service: "
				   "billing'");
		for (size_t i = 0; i < n->len; i++)
			if (rd_is_one_of(n->keys[i]->value, field_key_names))
				diag_error(rd->diag, n->keys[i], "'%s' beside "
					   "'fields'; put it into one of them",
					   n->keys[i]->value);
		fields_read(rd, fields, spec);
		return;
	}
	spec->fields = arena_alloc(rd->arena, sizeof(*spec->fields));
	if (!field_read(rd, n, spec->fields))
		return;
	spec->fields_len = 1;
	f = spec->fields;
	if (!service && !template_has(f->file, SERVICE) &&
	    !template_has(f->image, SERVICE) && !template_has(f->path, SERVICE))
		diag_error(rd->diag, n, "no " SERVICE " in the file nor in "
			   "what is looked for there; put it in, or name the "
			   "one service that is meant, as in 'service: "
			   "billing'");
}

void rd_services(struct reader *rd, const struct node *n)
{
	static const char example[] = "services: [{kustomize: ...}]";
	struct config *c = rd->config;
	struct rules *shared;

	if (!rd_list(rd, n, "services", example))
		return;
	if (n->len == 0 || n->len > SERVICES_MAX) {
		diag_error(rd->diag, n, n->len ? "more than 5000 entries; let "
			   "one with " SERVICE " stand for many" : "no "
			   "services; write at least one entry, as in '%s'",
			   field_kinds[0].example);
		return;
	}
	shared = arena_alloc(rd->arena, c->environments_len * sizeof(*shared));
	for (size_t i = 0; i < c->environments_len; i++)
		shared[i] = c->environments[i].rules;
	c->services = arena_alloc(rd->arena, n->len * sizeof(*c->services));
	for (size_t i = 0; i < n->len; i++) {
		struct service_spec *spec = &c->services[c->services_len];

		spec->rules = shared;
		if (!rd_map(rd, n->items[i], "an entry of services", example))
			continue;
		entry_read(rd, n->items[i], spec);
		c->services_len++;
	}
}
