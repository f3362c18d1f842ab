/*
 * check: what a promotion would stumble over, or do without anybody meaning
 * it. What is wrong with one place by itself stands in the place already.
 */
#include "bot/check.h"

#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"

static const char *slot_name(const struct slot *s)
{
	return s->image ? s->image : s->path;
}

/* The first field in which the two are not the same; SIZE_MAX: one has more. */
static size_t first_other(const struct place *a, const struct place *b)
{
	for (size_t k = 0; k < a->slots_len && k < b->slots_len; k++)
		if (!str_eq(a->slots[k].label, b->slots[k].label))
			return k;
	return SIZE_MAX;
}

/* "'team/web'", or "2 fields"; *AT: where promote.yaml says so. */
static const char *field_text(struct state *s, const struct spot *spot,
			      size_t k, const struct node **at)
{
	const struct place *p = &spot->place;

	*at = k == SIZE_MAX ? spot->spec->node : spot->spec->fields[k].node;
	if (k == SIZE_MAX)
		return arena_printf(&s->arena, "%zu field%s", p->slots_len,
				    p->slots_len == 1 ? "" : "s");
	return arena_printf(&s->arena, "'%s'", slot_name(&p->slots[k]));
}

/* Promotion copies field by field: it would refuse. */
static void others_refuse(struct state *s, struct spot *spot,
			  const struct spot *from)
{
	size_t k = first_other(&spot->place, &from->place);
	const struct node *at, *from_at;
	const char *text = field_text(s, spot, k, &at);
	const char *from_text = field_text(s, from, k, &from_at);

	err_set(&spot->place.err, ERR_UNSAFE, CONFIG_FILE ":%d:%d: %s here, but "
		"%s in %s (" CONFIG_FILE ":%d:%d): nothing can be promoted "
		"from there; let both name the same images in the same order",
		at->line, at->column, text, from_text, from->place.env->name,
		from_at->line, from_at->column);
}

static const char *last_part(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* "'team/web' in dev (apps/web/dev/kustomization.yaml:7)". */
static const char *image_text(struct state *s, const struct spot *spot,
			      size_t k, const char *image, int line)
{
	const struct slot *slot = &spot->place.slots[k];

	return line ? arena_printf(&s->arena, "'%s' in %s (%s:%d)", image,
				   spot->place.env->name, slot->file, line)
		    : arena_printf(&s->arena, "'%s' in %s (%s, %s)", image,
				   spot->place.env->name, slot->file,
				   slot->path);
}

/*
 * What field K of SPOT and of FROM runs, where those are images of different
 * names; or NULL. Another registry or team may hold a copy of the same image.
 */
static const char *images_differ(struct state *s, const struct spot *spot,
				 const struct spot *from, size_t k)
{
	int line, from_line;
	const char *to = slot_image(&spot->place.slots[k], &spot->texts[k],
				    &s->arena, &line);
	const char *old = slot_image(&from->place.slots[k], &from->texts[k],
				     &s->arena, &from_line);

	if (!to || !old || str_eq(last_part(to), last_part(old)))
		return NULL;
	return arena_printf(&s->arena, "%s, %s",
			    image_text(s, spot, k, to, line),
			    image_text(s, from, k, old, from_line));
}

/* Where SPOT's versions come from and are copied from; NULL: nowhere. */
static struct spot *source_of(const struct state *s, const struct spot *spot)
{
	const struct environment *env = spot->place.env;
	struct spot *from;

	if (!spot->place.exists || spot->place.err.code || env->from_len == 0)
		return NULL;
	from = state_spot(s, spot->service, env->from[0]);
	return from->place.exists && !from->place.err.code ? from : NULL;
}

/* One warning for what may be so with hundreds of services. */
static void images_warn(struct state *s, const struct service_spec *spec,
			size_t env, size_t k)
{
	const char *first = NULL, *service = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->services_len; i++) {
		struct spot *spot = state_spot(s, i, env), *from;
		const char *text;

		if (spot->spec != spec || !(from = source_of(s, spot)) ||
		    !(text = images_differ(s, spot, from, k)))
			continue;
		if (n++ == 0) {
			first = text;
			service = spot->place.service;
		}
	}
	if (n == 1)
		diag_warn(&s->diag, spec->fields[k].node, "%s runs other images: "
			  "%s; what is promoted is the version only", service,
			  first);
	else if (n)
		diag_warn(&s->diag, spec->fields[k].node, "%zu services run "
			  "other images, as %s: %s; what is promoted is the "
			  "version only", n, service, first);
}

void check_promotions(struct state *s)
{
	/* From the end of the chain: a place found bad is no source any more. */
	for (size_t i = 0; i < s->services_len; i++)
		for (size_t e = s->config.environments_len; e-- > 0;) {
			struct spot *spot = state_spot(s, i, e);
			struct spot *from = source_of(s, spot);

			if (from && !spot_takes(spot, from))
				others_refuse(s, spot, from);
		}
	for (size_t i = 0; i < s->config.services_len; i++)
		for (size_t e = 0; e < s->config.environments_len; e++)
			for (size_t k = 0; k < s->config.services[i].fields_len;
			     k++)
				images_warn(s, &s->config.services[i], e, k);
	diag_sort(&s->diag);
}

/* Another version of the same shape, a digest stays where one is; or NULL. */
static struct version *other_versions(struct state *s, const struct place *p)
{
	struct version *other = arena_alloc(&s->arena, p->slots_len *
					    sizeof(*other));

	for (size_t k = 0; k < p->slots_len; k++) {
		other[k] = p->slots[k].version;
		if (!other[k].tag)
			return NULL;
		other[k].tag = "git-promote-check";
	}
	return other;
}

/* A field that another version is to be tried in. */
struct trial {
	struct spot *spot;
	const struct version *others;	/* one per slot of the spot */
	size_t slot;
};

static const struct slot *trial_slot(const struct trial *t)
{
	return &t->spot->place.slots[t->slot];
}

static int trial_cmp(const void *a, const void *b)
{
	const struct slot *x = trial_slot(a), *y = trial_slot(b);
	int files = strcmp(x->file, y->file);

	return files ? files : strcmp(x->where ? x->where : "",
				      y->where ? y->where : "");
}

static bool trials_pass(struct state *s, const struct trial *trials, size_t n)
{
	const struct slot **slots = xcalloc(n, sizeof(*slots));
	struct version *versions = xcalloc(n, sizeof(*versions));
	bool passes;

	for (size_t i = 0; i < n; i++) {
		const struct trial *t = &trials[i];

		slots[i] = trial_slot(t);
		versions[i] = t->others[t->slot];
	}
	passes = slots_can_hold(slots, versions, n, &s->arena,
				&trials->spot->texts[trials->slot]);
	free(slots);
	free(versions);
	return passes;
}

/*
 * Hundreds of services may share a file, and an edit reads all of it: all of
 * them in one, and where that is refused each half by itself, down to who it
 * is.
 */
static void try_edits(struct state *s, const struct trial *trials, size_t n)
{
	struct spot *spot = trials->spot;
	struct text_edit *edits;
	size_t len;

	if (spot->place.err.code && n == 1)
		return;		/* another field of it said so already */
	if (trials_pass(s, trials, n))
		return;
	if (n == 1) {
		place_edit(&spot->place, &s->arena, trials->others,
			   spot->texts, &edits, &len, &spot->place.err);
		return;
	}
	try_edits(s, trials, n / 2);
	try_edits(s, trials + n / 2, n - n / 2);
}

void check_edits(struct state *s)
{
	struct trial *trials = NULL;
	size_t len = 0, cap = 0, end;

	for (size_t i = 0; i < s->services_len * s->config.environments_len;
	     i++) {
		struct spot *spot = &s->spots[i];
		const struct version *others;

		if (!spot->place.exists || spot->place.err.code ||
		    !(others = other_versions(s, &spot->place)))
			continue;
		for (size_t k = 0; k < spot->place.slots_len; k++) {
			ARRAY_GROW(trials, len, cap);
			trials[len++] = (struct trial){ spot, others, k };
		}
	}
	if (len)
		qsort(trials, len, sizeof(*trials), trial_cmp);
	for (size_t i = 0; i < len; i = end) {
		for (end = i + 1; end < len; end++)
			if (trial_cmp(&trials[i], &trials[end]) != 0)
				break;
		try_edits(s, &trials[i], end - i);
	}
	free(trials);
}

static bool is_deployed(const struct state *s, size_t env)
{
	for (size_t i = 0; i < s->services_len; i++)
		if (state_spot(s, i, env)->place.exists)
			return true;
	return false;
}

void check_environments(struct state *s)
{
	/* That there is no service at all is told of the patterns. */
	for (size_t e = 0; s->services_len && e < s->config.environments_len;
	     e++)
		if (!is_deployed(s, e))
			diag_warn(&s->diag, s->config.environments[e].node,
				  "no service is found in %s: looked for %s",
				  s->config.environments[e].name,
				  state_spot(s, 0, e)->place.slots[0].file);
	diag_sort(&s->diag);
}

static bool wants_pull_requests(const struct state *s, size_t env)
{
	for (size_t i = 0; i < s->config.services_len; i++)
		if (!s->config.services[i].rules[env].deliver_push)
			return true;
	return false;
}

void check_forge(struct state *s, const char *host)
{
	for (size_t e = 0; host && e < s->config.environments_len; e++)
		if (wants_pull_requests(s, e)) {
			diag_warn(&s->diag, s->config.environments[e].node,
				  "%s is delivered by pull request, but what "
				  "kind of forge %s is nobody says; write "
				  "'forge: gitea' (or github, forgejo) at the "
				  "top, or set PROMOTE_FORGE",
				  s->config.environments[e].name, host);
			break;
		}
	diag_sort(&s->diag);
}
