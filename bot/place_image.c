/* Which image a field runs, as its file says. */
#include "bot/place.h"

#include <string.h>

#include "bot/base/str.h"
#include "yamledit/edit.h"

static const char *kustomize_image(const struct slot *s,
				   const struct text *text, struct arena *a,
				   int *line)
{
	struct ye_images images = { 0 };
	struct err err = { 0 };
	const char *name = NULL;

	if (ye_images(&images, text->data, text->len, &err) == 0)
		for (size_t i = 0; i < images.len; i++) {
			const struct ye_image *im = &images.items[i];

			if (s->image && !str_eq(im->name, s->image))
				continue;
			name = arena_strdup(a, im->new_name ? im->new_name
							    : im->name);
			*line = im->line;
		}
	ye_images_release(&images);
	return name;
}

static bool kustomize_runs(const struct slot *s, const struct text *text,
			   const char *name)
{
	struct ye_images images = { 0 };
	struct err err = { 0 };
	bool hit = false;

	if (ye_images(&images, text->data, text->len, &err) == 0)
		for (size_t i = 0; i < images.len; i++) {
			const struct ye_image *im = &images.items[i];

			if (!s->image || str_eq(im->name, s->image))
				hit |= str_eq(im->new_name ? im->new_name :
					      im->name, name) ||
				       str_eq(im->name, name);
		}
	ye_images_release(&images);
	return hit;
}

/* The name in a "repo:tag" string at the key, or in the `repository` below. */
static const char *helm_image(const struct slot *s, const struct text *text,
			      struct arena *a)
{
	static const char *const below[] = { "", ".repository" };
	const struct ye_options opt = { .where = s->where };
	const char *name = NULL;

	for (size_t i = 0; i < ARRAY_LEN(below) && !name; i++) {
		struct ye_path *path = NULL;
		struct buf value = { 0 };
		struct err err = { 0 };
		struct image_ref ref;

		if (ye_path_parse(&path, arena_printf(a, "%s%s", s->path,
						      below[i]), &err) == 0 &&
		    ye_get(&value, text->data, text->len, path, &opt,
			   &err) == 0 &&
		    image_ref_parse(&ref, a, buf_str(&value), &err) == 0)
			name = ref.name;
		ye_path_free(path);
		buf_release(&value);
	}
	return name;
}

static bool helm_runs(const struct slot *s, const struct text *text,
		      const char *name)
{
	struct arena a = { 0 };
	const char *image = helm_image(s, text, &a);
	bool hit = image && str_eq(image, name);

	arena_release(&a);
	return hit;
}

const char *slot_image(const struct slot *s, const struct text *text,
		       struct arena *a, int *line)
{
	*line = 0;
	if (!text->data)
		return NULL;
	switch (s->kind) {
	case FIELD_KUSTOMIZE:
		return kustomize_image(s, text, a, line);
	case FIELD_HELM:
		return helm_image(s, text, a);
	case FIELD_PLAIN:
		break;
	}
	return NULL;
}

/* `value: NAME:{tag}`, NAME@{digest}, NAME:{tag}@{digest} and the like. */
static bool plain_runs(const struct slot *s, const char *name)
{
	const char *rest;

	if (!str_starts(s->value, name))
		return false;
	rest = s->value + strlen(name);
	return (*rest == ':' || *rest == '@') && rest[1] == '{';
}

bool slot_runs_image(const struct slot *s, const struct text *text,
		     const char *name)
{
	if (!text->data)
		return false;
	switch (s->kind) {
	case FIELD_KUSTOMIZE:
		return kustomize_runs(s, text, name);
	case FIELD_HELM:
		return helm_runs(s, text, name);
	case FIELD_PLAIN:
		return plain_runs(s, name);
	}
	return false;
}
