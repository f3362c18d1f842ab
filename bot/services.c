/*
 * Which services are there, and where. A pattern is expanded by listing the
 * directory above the first {service}, or the keys or images of one file; a
 * service that the command names is looked up without listing anything.
 */
#include "bot/read.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"
#include "yamledit/edit.h"

#define SERVICE "{service}"

/* Names, each once, in order of appearance. */
struct names {
	struct arena *arena;
	const char **items;
	size_t len, cap;
};

static void names_add(struct names *n, const char *name)
{
	if (!name || !name_valid(name, strlen(name)))
		return;
	for (size_t i = 0; i < n->len; i++)
		if (str_eq(n->items[i], name))
			return;
	ARRAY_GROW(n->items, n->len, n->cap);
	n->items[n->len++] = arena_strdup(n->arena, name);
}

/* Is {service} in the file's path, so that each service has its own files? */
static bool file_has_service(const struct service_spec *spec)
{
	return strstr(spec->fields[0].file, SERVICE) != NULL;
}

/* Names in the directory above the first {service} of the file's template. */
static int names_from_tree(struct names *names, struct state *s,
			   struct repo *repo, const char *file,
			   struct err *err)
{
	const char *mark = strstr(file, SERVICE);
	const char *start = mark, *end = strchr(mark, '/');
	const char **entries, *dir, *pattern;
	size_t len;

	while (start > file && start[-1] != '/')
		start--;
	dir = arena_strndup(&s->arena, file,
			    start > file ? (size_t)(start - file - 1) : 0);
	pattern = end ? arena_strndup(&s->arena, start, (size_t)(end - start))
		      : start;
	if (repo_list(repo, &s->base_id, dir, end != NULL, &s->arena, &entries,
		      &len, err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		names_add(names, config_match(&s->arena, pattern, SERVICE,
					      entries[i]));
	return 0;
}

static void names_from_images(struct names *names, const struct text *text,
			      const char *pattern)
{
	struct ye_images images = { 0 };
	struct err ignored = { 0 };	/* a broken file is no service here */

	if (ye_images(&images, text->data, text->len, &ignored) == 0)
		for (size_t i = 0; i < images.len; i++)
			if (images.items[i].name)
				names_add(names, config_match(names->arena,
					pattern, SERVICE, images.items[i].name));
	ye_images_release(&images);
}

/* The key as written is split at the part that holds {service}. */
static void names_from_keys(struct names *names, const struct text *text,
			    const char *key, const char *where)
{
	const struct ye_options opt = { .where = where };
	const char *mark = strstr(key, SERVICE), *start = mark;
	const char *end = strchr(mark, '.'), *pattern, **keys;
	struct ye_path *above = NULL;
	struct err ignored = { 0 };
	size_t len;

	while (start > key && start[-1] != '.')
		start--;
	pattern = end ? arena_strndup(names->arena, start,
				      (size_t)(end - start)) : start;
	if (start > key &&
	    ye_path_parse(&above, arena_strndup(names->arena, key,
			  (size_t)(start - key - 1)), &ignored) < 0)
		return;
	if (ye_keys(&keys, &len, names->arena, text->data, text->len, above,
		    &opt, &ignored) == 0)
		for (size_t i = 0; i < len; i++)
			names_add(names, config_match(names->arena, pattern,
						      SERVICE, keys[i]));
	ye_path_free(above);
}

static int names_from_file(struct names *names, struct state *s,
			   struct repo *repo, const struct field *f,
			   const struct environment *env, struct err *err)
{
	const char *path = config_expand(&s->arena, f->file, env, NULL);
	const char *within = f->kind == FIELD_KUSTOMIZE ? f->image : f->path;
	struct repo_file file;
	struct text text;

	if (!within)
		return 0;
	within = config_expand(&s->arena, within, env, NULL);
	if (repo_read(repo, &s->base_id, &path, 1, &file, err) < 0)
		return -1;
	if (!file.exists || !strstr(within, SERVICE))
		return 0;
	text = (struct text){ file.text, file.len };
	if (f->kind == FIELD_KUSTOMIZE)
		names_from_images(names, &text, within);
	else
		names_from_keys(names, &text, within, !f->where ? NULL :
				config_expand(&s->arena, f->where, env, NULL));
	return 0;
}

/* All names that a pattern may stand for; some may turn out to be none. */
static int names_find(struct names *names, struct state *s, struct repo *repo,
		      const struct service_spec *spec, struct err *err)
{
	const struct field *f = &spec->fields[0];

	if (spec->name) {
		names_add(names, spec->name);
		return 0;
	}
	for (size_t e = 0; e < s->config.environments_len; e++) {
		const struct environment *env = &s->config.environments[e];
		int rc = file_has_service(spec)
			? names_from_tree(names, s, repo,
				config_expand(&s->arena, f->file, env, NULL),
				err)
			: names_from_file(names, s, repo, f, env, err);

		if (rc < 0)
			return -1;
	}
	return 0;
}

/* A service that may be there, as one entry of promote.yaml describes it. */
struct maybe {
	const char *name;
	const struct service_spec *spec;
	struct spot *spots;
};

struct maybes {
	struct maybe *items;
	size_t len, cap;
};

static void maybe_add(struct maybes *m, struct state *s, const char *name,
		      const struct service_spec *spec)
{
	size_t envs = s->config.environments_len;
	struct maybe *it;

	ARRAY_GROW(m->items, m->len, m->cap);
	it = &m->items[m->len++];
	it->name = name;
	it->spec = spec;
	it->spots = arena_alloc(&s->arena, envs * sizeof(*it->spots));
	for (size_t e = 0; e < envs; e++) {
		struct spot *spot = &it->spots[e];

		place_init(&spot->place, &s->arena, spec,
			   &s->config.environments[e], name);
		spot->spec = spec;
		spot->texts = arena_alloc(&s->arena, spec->fields_len *
					  sizeof(*spot->texts));
		spot->env = e;
	}
}

/* What is read through a link cannot be edited in its place. */
static void symlinks_refuse(struct place *p, const struct repo_file *files)
{
	for (size_t k = 0; k < p->slots_len; k++)
		if (files[k].exists && files[k].is_symlink) {
			p->exists = true;
			err_clear(&p->err);
			err_set(&p->err, ERR_UNSAFE, "%s: a symbolic link is "
				"not edited; name the file it leads to in "
				CONFIG_FILE, p->slots[k].file);
			return;
		}
}

/* Read the files of all of them in one go. */
static int maybes_read(struct maybes *m, struct state *s, struct repo *repo,
		       struct err *err)
{
	size_t envs = s->config.environments_len, n = 0, at = 0;
	struct repo_file *files = NULL;
	const char **paths = NULL;
	int rc = -1;

	for (size_t i = 0; i < m->len; i++)
		n += envs * m->items[i].spec->fields_len;
	paths = xcalloc(n, sizeof(*paths));
	files = xcalloc(n, sizeof(*files));
	for (size_t i = 0; i < m->len; i++)
		for (size_t e = 0; e < envs; e++) {
			const struct place *p = &m->items[i].spots[e].place;

			for (size_t k = 0; k < p->slots_len; k++)
				paths[at++] = p->slots[k].file;
		}
	if (repo_read(repo, &s->base_id, paths, n, files, err) < 0)
		goto out;
	at = 0;
	for (size_t i = 0; i < m->len; i++)
		for (size_t e = 0; e < envs; e++) {
			struct spot *spot = &m->items[i].spots[e];
			struct place *p = &spot->place;

			for (size_t k = 0; k < p->slots_len; k++, at++)
				if (files[at].exists && !files[at].is_symlink)
					spot->texts[k] = (struct text){
						files[at].text, files[at].len };
			place_read(p, &s->arena, spot->texts);
			/* In a shared file, no field means not deployed. */
			if (!m->items[i].spec->name &&
			    !file_has_service(m->items[i].spec) &&
			    p->err.code == ERR_NOTFOUND) {
				err_clear(&p->err);
				p->exists = false;
			}
			symlinks_refuse(p, files + at - p->slots_len);
		}
	rc = 0;
out:
	free(paths);
	free(files);
	return rc;
}

/* Is the field anywhere? Files without it do not make a service. */
static bool maybe_counts(const struct maybe *m, size_t envs)
{
	for (size_t e = 0; e < envs; e++) {
		const struct place *p = &m->spots[e].place;

		if (p->exists && (m->spec->name ||
				  p->err.code != ERR_NOTFOUND))
			return true;
	}
	return false;
}

/* I4: computed, so that every run finds the same one. */
static const char *branch_name(struct state *s, const char *way,
			       const struct spot *spot)
{
	const char *base = s->base_is_default ? "" : s->base;

	return arena_printf(&s->arena, "%s/%s%s%s/%s", way, base,
			    *base ? "/" : "", spot->place.env->name,
			    spot->place.service);
}

/*
 * An earlier entry matched the service; where it leads nowhere, this one
 * counts: Kustomize in one environment, Helm in the next. False: it leads
 * everywhere that this one does.
 */
static bool spots_take(struct state *s, size_t at, const struct maybe *m)
{
	bool any = false;

	for (size_t e = 0; e < s->config.environments_len; e++) {
		struct spot *spot = state_spot(s, at, e);

		if (spot->place.exists || !m->spots[e].place.exists)
			continue;
		*spot = m->spots[e];
		spot->service = at;
		any = true;
	}
	return any;
}

/* What was read but has not the field is no service; it may be meant as one. */
static void miss_add(struct state *s, const struct maybe *m)
{
	for (size_t e = 0; e < s->config.environments_len; e++)
		if (m->spots[e].place.exists) {
			s->misses[s->misses_len++] = (struct miss){
				m->name, m->spots[e].place.err.msg };
			return;
		}
}

static void services_take(struct state *s, const struct request *r,
			  const struct maybes *m)
{
	size_t envs = s->config.environments_len;
	size_t rows = m->len + s->config.sets_len;

	s->services = arena_alloc(&s->arena, rows * sizeof(*s->services));
	s->misses = arena_alloc(&s->arena, m->len * sizeof(*s->misses));
	s->spots = arena_alloc(&s->arena, 2 * rows * envs *
			       sizeof(*s->spots));
	for (size_t i = 0; i < m->len; i++) {
		const struct maybe *it = &m->items[i];
		size_t at = state_service(s, it->name);

		if (at != SIZE_MAX) {
			if (!spots_take(s, at, it) && it->spec->name &&
			    r->command == CMD_CHECK)
				diag_warn(&s->diag, it->spec->node, "what is "
					  "written here for '%s' never counts: "
					  "an entry above it finds that "
					  "service; put this one before it",
					  it->name);
			continue;
		}
		if (!maybe_counts(it, envs)) {
			miss_add(s, it);
			if (it->spec->name)
				diag_error(&s->diag, it->spec->node, "service "
					   "'%s' exists in no environment; "
					   "looked for %s", it->name,
					   it->spots[0].place.slots[0].file);
			continue;
		}
		at = s->services_len++;
		s->services[at].name = it->name;
		s->services[at].set = SIZE_MAX;
		memcpy(&s->spots[at * envs], it->spots,
		       envs * sizeof(*it->spots));
		for (size_t e = 0; e < envs; e++)
			s->spots[at * envs + e].service = at;
	}
	sets_take(s, r);
	s->spots_len = 2 * s->rows_len * envs;
	for (size_t i = 0; i < s->spots_len / 2; i++) {
		struct spot *back = state_back(s, &s->spots[i]);

		s->spots[i].branch = branch_name(s, "promote", &s->spots[i]);
		*back = s->spots[i];
		back->is_rollback = true;
		back->branch = branch_name(s, "rollback", back);
	}
}

/*
 * For check: a pattern that finds nothing is most likely misspelt. What was
 * read but has not the field says so best.
 */
static void pattern_warn(struct state *s, const struct service_spec *spec,
			 const struct maybes *m)
{
	const char *why = NULL;

	for (size_t i = 0; i < m->len; i++) {
		if (m->items[i].spec != spec)
			continue;
		if (maybe_counts(&m->items[i], s->config.environments_len))
			return;
		for (size_t e = 0; !why && e < s->config.environments_len; e++)
			if (m->items[i].spots[e].place.exists)
				why = m->items[i].spots[e].place.err.msg;
	}
	if (!why)
		why = arena_printf(&s->arena, "looked for %s%s", config_expand(
			&s->arena, spec->fields[0].file,
			&s->config.environments[0], NULL),
			!strchr(spec->fields[0].file, '*') ? "" : "; '*' stands "
			"for itself, write an entry for each folder");
	diag_warn(&s->diag, spec->node, "no service is found by this: %s", why);
}

/* Where an earlier pattern found M as well, elsewhere; NULL: nowhere. */
static const struct spot *shadowed(const struct state *s, const struct maybe *m)
{
	size_t service = state_service(s, m->name);

	for (size_t e = 0; service != SIZE_MAX &&
	     e < s->config.environments_len; e++) {
		const struct place *p = &m->spots[e].place;
		const struct spot *taken = state_spot(s, service, e);

		if (p->exists && p->err.code != ERR_NOTFOUND &&
		    taken->spec != m->spec && !taken->spec->name &&
		    !str_eq(taken->place.slots[0].file, p->slots[0].file))
			return &m->spots[e];
	}
	return NULL;
}

/*
 * For check: two teams may each have a service called web, of which only one
 * would ever be promoted. Who writes one out means it so.
 */
static void shadow_warn(struct state *s, const struct service_spec *spec,
			const struct maybes *m)
{
	const struct spot *first = NULL, *taken;
	size_t n = 0;

	for (size_t i = 0; i < m->len; i++) {
		const struct spot *at = m->items[i].spec == spec ?
			shadowed(s, &m->items[i]) : NULL;

		first = first ? first : at;
		n += at != NULL;
	}
	if (!first)
		return;
	taken = state_spot(s, state_service(s, first->place.service),
			   first->env);
	diag_warn(&s->diag, spec->node, "%zu service%s found by line %d as "
		  "well, which counts: %s in %s is %s, and %s is never changed; "
		  "one of the two needs another name", n, n == 1 ? " is" : "s are",
		  taken->spec->node->line, first->place.service,
		  first->place.env->name, taken->place.slots[0].file,
		  first->place.slots[0].file);
}

int read_services(struct state *s, struct repo *repo, const struct request *r,
		  struct err *err)
{
	struct names names = { .arena = &s->arena };
	struct maybes maybes = { 0 };
	const char *const *wanted;
	size_t wanted_len;
	int rc = -1;

	wanted = sets_services(s, r, &wanted_len);
	for (size_t i = 0; i < s->config.services_len; i++) {
		const struct service_spec *spec = &s->config.services[i];

		names.len = 0;
		if (r->wishes_len == 0) {
			if (names_find(&names, s, repo, spec, err) < 0)
				goto out;
		} else {
			for (size_t k = 0; k < wanted_len; k++)
				if (!spec->name ||
				    str_eq(spec->name, wanted[k]))
					names_add(&names, wanted[k]);
		}
		for (size_t k = 0; k < names.len; k++)
			maybe_add(&maybes, s, names.items[k], spec);
	}
	if (maybes_read(&maybes, s, repo, err) < 0)
		goto out;
	services_take(s, r, &maybes);
	for (size_t i = 0; i < s->config.services_len &&
	     r->command == CMD_CHECK; i++)
		if (!s->config.services[i].name) {
			pattern_warn(s, &s->config.services[i], &maybes);
			shadow_warn(s, &s->config.services[i], &maybes);
		}
	rc = 0;
out:
	free(names.items);
	free(maybes.items);
	return rc;
}
