/* The arguments of each command; options.c has taken the options out. */
#include "bot/arguments.h"

#include <string.h>

#include "bot/base/str.h"

static int wish_add(struct arguments *p, const char *text, const struct wish *w,
		    struct err *err)
{
	struct request *r = &p->o->request;

	for (size_t k = 0; k < r->wishes_len; k++)
		if (str_eq(r->wishes[k].service, w->service) &&
		    str_eq(r->wishes[k].label, w->label))
			return err_set(err, ERR_USAGE, "'%s' is named "
				       "twice", text);
	r->wishes[r->wishes_len++] = *w;
	return 0;
}

/* LABEL=VERSION,...: how the versions of several images are shown. */
static int wishes_by_label(struct arguments *p, const char *text,
			   const struct wish *all, const char *list,
			   struct err *err)
{
	struct arena *a = &p->o->arena;
	char *copy = arena_strdup(a, list), *save = NULL;

	for (char *item = strtok_r(copy, ",", &save); item;
	     item = strtok_r(NULL, ",", &save)) {
		char *eq = strrchr(item, '=');
		struct wish w = *all;

		if (!eq || eq == item)
			return err_set(err, ERR_USAGE, "'%s': '%s' does not "
				       "have the form IMAGE=VERSION", text,
				       item);
		w.label = arena_strndup(a, item, (size_t)(eq - item));
		if (version_parse(&w.version, a, eq + 1, err) < 0)
			return err_prefix(err, "%s:%s: ", w.service,
					  w.label);
		if (wish_add(p, text, &w, err) < 0)
			return -1;
	}
	return 0;
}

/* SERVICE[:LABEL][=VERSION], or SERVICE=LABEL=VERSION,... */
static int wish_parse(struct arguments *p, const char *text,
		      struct err *err)
{
	bool may_be_set = p->command->id == CMD_TO ||
			  p->command->id == CMD_ROLLBACK;
	size_t plus = may_be_set && text[0] == '+';
	const char *eq = strchr(text, '=');
	size_t len = eq ? (size_t)(eq - text) : strlen(text);
	const char *colon = memchr(text, ':', len);
	size_t name_len = colon ? (size_t)(colon - text) : len;
	struct arena *a = &p->o->arena;
	struct wish w = { .build = p->build };

	if (plus && p->o->request.only)
		return err_set(err, ERR_USAGE, "'%s' is a set; --only is "
			       "for one service of it", text);
	if (!name_valid(text + plus, name_len - plus))
		return err_set(err, ERR_USAGE, "'%s': '%.*s' is not a "
			       "service's name ([A-Za-z0-9][A-Za-z0-9._-]*); "
			       "write SERVICE=VERSION", text, (int)name_len,
			       text);
	if (eq && colon) {	/* a path in a label may have a '=' in it */
		eq = strrchr(text, '=');
		len = (size_t)(eq - text);
	}
	w.service = arena_strndup(a, text, name_len);
	if (colon)
		w.label = arena_strndup(a, colon + 1, len - name_len - 1);
	w.has_version = eq != NULL;
	if (eq && !colon && strchr(eq + 1, '='))
		return wishes_by_label(p, text, &w, eq + 1, err);
	if (eq && version_parse(&w.version, a, eq + 1, err) < 0)
		return err_prefix(err, "%s: ", w.service);
	return wish_add(p, text, &w, err);
}

static int wishes_parse(struct arguments *p, size_t first, bool need_version,
			struct err *err)
{
	struct request *r = &p->o->request;
	size_t most = 0;

	for (size_t i = first; i < p->len; i++) {
		most++;
		for (const char *s = p->items[i]; *s; s++)
			most += *s == ',';
	}
	r->wishes = arena_alloc(&p->o->arena, most * sizeof(*r->wishes));
	for (size_t i = first; i < p->len; i++) {
		const char *text = p->items[i];
		const struct wish *w;

		if (wish_parse(p, text, err) < 0)
			return -1;
		w = &r->wishes[r->wishes_len - 1];
		if (!w->has_version &&
		    (need_version || (w->label && r->command == CMD_TO)))
			return err_set(err, ERR_USAGE, "'%s' names no "
				       "version; write %s=VERSION", text, text);
	}
	return 0;
}

/* rollback SERVICE=VERSION is --to VERSION for that service alone. */
static int back_take(struct arguments *p, struct err *err)
{
	struct request *r = &p->o->request;

	for (size_t i = 0; i < r->wishes_len; i++) {
		struct wish *w = &r->wishes[i];

		if (w->label)
			return err_set(err, ERR_USAGE, "'%s:%s': the images "
				       "of a service go back together; name "
				       "the service", w->service, w->label);
		if (w->has_version && r->back_to)
			return err_set(err, ERR_USAGE, "'%s' has a version "
				       "of its own beside --to; give one of "
				       "them", w->service);
		if (!r->back_to)
			continue;
		w->has_version = true;
		if (strchr(r->back_to, '='))
			w->mixed = r->back_to;
		else if (version_parse(&w->version, &p->o->arena, r->back_to,
				  err) < 0)
			return err_prefix(err, "--to: ");
	}
	return 0;
}

static int env_take(struct arguments *p, struct err *err)
{
	if (p->len == 0)
		return err_set(err, ERR_USAGE, "%s needs an environment; "
			       "usage: git promote %s %s", p->command->name,
			       p->command->name, p->command->synopsis);
	if (!name_valid(p->items[0], strlen(p->items[0])))
		return err_set(err, ERR_USAGE, "'%s' is not the name of one "
			       "environment; usage: git promote %s %s",
			       p->items[0], p->command->name,
			       p->command->synopsis);
	p->o->request.env = p->items[0];
	return 0;
}

int arguments_take(struct arguments *p, struct err *err)
{
	struct request *r = &p->o->request;

	switch (p->command->id) {
	case CMD_BUMP:
		if (r->image.name && p->len)
			return err_set(err, ERR_USAGE, "give SERVICE="
				       "VERSION or --image, not both");
		if (!r->image.name && p->len == 0)
			return err_set(err, ERR_USAGE, "what is to be "
				       "bumped? Write git promote bump "
				       "SERVICE=VERSION or --image REF");
		r->build = p->build;
		return wishes_parse(p, 0, true, err);
	case CMD_TO:
	case CMD_ROLLBACK:
		if (env_take(p, err) < 0)
			return -1;
		if (p->len < 2)
			return err_set(err, ERR_USAGE, "which service? "
				       "usage: git promote %s %s",
				       p->command->name,
				       p->command->synopsis);
		if (wishes_parse(p, 1, false, err) < 0)
			return -1;
		return p->command->id == CMD_ROLLBACK ? back_take(p, err) : 0;
	case CMD_STATUS:
		r->envs = p->items;
		r->envs_len = p->len;
		return 0;
	case CMD_LOG:
		if (p->len < 1 || p->len > 2)
			return err_set(err, ERR_USAGE, "%s usage: git promote "
				       "log %s", p->len ? "one service, at most "
				       "one environment;" : "whose timeline?",
				       p->command->synopsis);
		if (p->len == 2)
			r->env = p->items[1];
		p->len = 1;
		return wishes_parse(p, 0, false, err);
	case CMD_AUTO:
	case CMD_CHECK:
		if (p->len)
			return err_set(err, ERR_USAGE, "%s takes no "
				       "argument '%s'", p->command->name,
				       p->items[0]);
		return 0;
	}
	return 0;
}
