#include "bot/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bot/base/log.h"
#include "bot/base/str.h"
#include "bot/table.h"

bool output_colored(enum color color)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (color != COLOR_AUTO)
		return color == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no && *no) &&
	       !(term && str_eq(term, "dumb"));
}

static const char *action_color(const struct result *res)
{
	int code = err_exit_code(res->err.code);

	if (code == 10)
		return C_YELLOW;
	if (code)
		return C_RED;
	return res->action == ACTION_NONE || res->action == ACTION_SUPERSEDED
		? C_DIM : C_GREEN;
}

void output_results(const struct run *run, bool dry, bool colored)
{
	size_t waste = 0;

	for (size_t i = 0; i < run->len; i++) {
		const struct result *res = &run->results[i];
		struct buf out = { 0 };

		if (res->action == ACTION_NONE && run->len > 20) {
			waste++;	/* a long list of nothing helps nobody */
			continue;
		}
		show(&out, res->environment);
		buf_addch(&out, '/');
		show(&out, res->service);
		buf_addch(&out, ' ');
		show_version(&out, res->old_version);
		if (res->new_version &&
		    !str_eq(res->new_version, res->old_version)) {
			buf_addstr(&out, " -> ");
			show_version(&out, res->new_version);
		}
		buf_addf(&out, ": %s%s%s%s", colored ? action_color(res) : "",
			 dry && action_is_deed(res->action) ? "would be " : "",
			 action_name(res->action), colored ? C_OFF : "");
		if (res->commit[0])
			buf_addf(&out, " %.10s", res->commit);
		if (res->pr_url && *res->pr_url) {
			buf_addch(&out, ' ');
			show(&out, res->pr_url);
		}
		if (res->reason) {
			buf_addstr(&out, " (");
			show(&out, res->reason);
			buf_addch(&out, ')');
		}
		buf_addch(&out, '\n');
		show_out(&out);
	}
	if (waste)
		printf("%zu more: unchanged\n", waste);
	if (run->len == 0)
		puts("nothing to do");
}

void output_diffs(const struct run *run, bool colored)
{
	for (size_t i = 0; i < run->len; i++) {
		const char *line = run->results[i].diff;

		while (line && *line) {
			size_t len = strcspn(line, "\n");
			const char *color = "";
			struct buf out = { 0 };

			if (colored && line[0] == '+')
				color = C_GREEN;
			else if (colored && line[0] == '-')
				color = C_RED;
			buf_addstr(&out, color);
			escape_terminal(&out, line, len);
			if (*color)
				buf_addstr(&out, C_OFF);
			buf_addch(&out, '\n');
			show_out(&out);
			line += len + (line[len] != '\0');
		}
	}
}

/* Status ------------------------------------------------------------------- */

enum { NAMED_MAX = 8 };	/* services in one line; --json has them all */

static const struct result *result_at(const struct run *run,
				      const char *service, const char *env)
{
	for (size_t i = 0; i < run->len; i++)
		if (str_eq(run->results[i].service, service) &&
		    str_eq(run->results[i].environment, env))
			return &run->results[i];
	return NULL;
}

static char *version_cell(const struct spot *spot)
{
	struct buf out = { 0 };

	if (spot->place.err.code)
		buf_addstr(&out, "error");
	else
		show_version(&out, spot->place.version);
	return buf_detach(&out);
}

/* A colour for a version: behind what it could run, or as it should be. */
static const char *version_color(const struct spot *spot,
				 const struct result *res)
{
	if (spot->place.err.code)
		return C_RED;
	if (!spot->place.exists)
		return C_DIM;
	if (res && res->new_version &&
	    !str_eq(res->new_version, spot->place.version))
		return err_exit_code(res->err.code) == 11 ? C_RED : C_YELLOW;
	return C_GREEN;
}

/* Worth a line below the table: something is to come or to be looked at. */
static bool is_pending(const struct result *res)
{
	return res->action != ACTION_NONE || res->err.code;
}

/* web -> production: 1.4.2 waiting: soak: ... */
static void pending_put(const struct result *res, bool colored)
{
	struct buf out = { 0 };

	show(&out, res->service);
	buf_addstr(&out, " -> ");
	show(&out, res->environment);
	buf_addstr(&out, ": ");
	if (res->new_version) {
		show_version(&out, res->new_version);
		buf_addch(&out, ' ');
	}
	if (action_is_deed(res->action))
		buf_addstr(&out, "is ready for the next `git promote "
			   "auto`");
	else
		buf_addf(&out, "%s%s%s", colored ? action_color(res)
			 : "", action_name(res->action),
			 colored ? C_OFF : "");
	if (res->reason) {
		buf_addstr(&out, ": ");
		show(&out, res->reason);
	}
	if (res->pr_url && *res->pr_url) {
		buf_addch(&out, ' ');
		show(&out, res->pr_url);
	}
	buf_addch(&out, '\n');
	show_out(&out);
}

static bool has_common(const struct result *res, const char *common)
{
	for (size_t i = 0; i < res->notes_len; i++)
		if (res->notes[i].common &&
		    str_eq(res->notes[i].common, common))
			return true;
	return false;
}

/*
 * "api, billing, web and 34 more": whom NOTE of run->results[AT] is said of.
 * Returns how many; 0: it has been said with an earlier result.
 */
static size_t note_services(struct buf *out, const struct run *run, size_t at,
			    const struct note *note)
{
	const struct result *own = &run->results[at];
	size_t n = 0;

	if (!note->common) {
		show(out, own->service);
		return 1;
	}
	for (size_t i = 0; i < run->len; i++) {
		const struct result *res = &run->results[i];

		if (!str_eq(res->environment, own->environment) ||
		    !has_common(res, note->common))
			continue;
		if (i < at)
			return 0;
		if (n++ < NAMED_MAX) {
			buf_addstr(out, n > 1 ? ", " : "");
			show(out, res->service);
		}
	}
	if (n > NAMED_MAX)
		buf_addf(out, " and %zu more", n - NAMED_MAX);
	return n;
}

/* web in production: 1.4.2 held: rolled back to 1.4.1 ... */
static void notes_put(const struct run *run, size_t at, bool colored)
{
	const struct result *res = &run->results[at];

	for (size_t i = 0; i < res->notes_len; i++) {
		const struct note *note = &res->notes[i];
		struct buf out = { 0 };
		size_t n = note_services(&out, run, at, note);

		if (n == 0) {
			buf_release(&out);
			continue;
		}
		buf_addstr(&out, " in ");
		show(&out, res->environment);
		buf_addstr(&out, ": ");
		if (n == 1) {
			show_version(&out, note->version);
			buf_addch(&out, ' ');
		}
		buf_addf(&out, "%s%s%s: ", colored ? C_YELLOW : "",
			 note->kind, colored ? C_OFF : "");
		show(&out, n == 1 ? note->text : note->common);
		buf_addch(&out, '\n');
		show_out(&out);
	}
}

static void stops_put(const struct state *s, const struct request *r,
		      bool colored)
{
	for (size_t e = 0, n = 0; e < s->config.environments_len; e++) {
		struct buf out = { 0 };

		if (!s->stops[e].file ||
		    !request_wants(r, s->config.environments[e].name))
			continue;
		if (n++ == 0)
			buf_addch(&out, '\n');
		show(&out, s->config.environments[e].name);
		buf_addf(&out, " is %sstopped%s by ", colored ? C_RED : "",
			 colored ? C_OFF : "");
		show(&out, s->stops[e].file);
		buf_addstr(&out, ": ");
		show(&out, s->stops[e].reason);
		buf_addch(&out, '\n');
		show_out(&out);
	}
}

void output_status(const struct run *run, const struct request *r,
		   bool colored)
{
	const struct state *s = &run->state;
	struct table t = { .columns = 1 };

	for (size_t e = 0; e < s->config.environments_len; e++)
		t.columns += request_wants(r, s->config.environments[e].name);
	table_add(&t, xstrdup("SERVICE"), C_BOLD);
	for (size_t e = 0; e < s->config.environments_len; e++)
		if (request_wants(r, s->config.environments[e].name))
			table_add(&t, xstrdup(s->config.environments[e].name),
				 C_BOLD);
	for (size_t i = 0; i < s->services_len; i++) {
		table_add(&t, xstrdup(s->services[i].name), NULL);
		for (size_t e = 0; e < s->config.environments_len; e++) {
			const char *env = s->config.environments[e].name;
			const struct spot *spot = state_spot(s, i, e);

			if (request_wants(r, env))
				table_add(&t, version_cell(spot),
					 version_color(spot, result_at(run,
						s->services[i].name, env)));
		}
	}
	table_put(&t, colored);
	table_release(&t);
	stops_put(s, r, colored);
	for (size_t i = 0, n = 0; i < run->len; i++) {
		const struct result *res = &run->results[i];

		if (n == 0 && (is_pending(res) || res->notes_len))
			putchar('\n');
		n += is_pending(res) || res->notes_len;
		if (is_pending(res))
			pending_put(res, colored);
		notes_put(run, i, colored);
	}
}

void output_check(const struct state *s, bool colored)
{
	struct table t = { .columns = 4 };
	size_t fields = 0;
	bool broken = false;

	table_add(&t, xstrdup("SERVICE"), C_BOLD);
	table_add(&t, xstrdup("ENVIRONMENT"), C_BOLD);
	table_add(&t, xstrdup("VERSION"), C_BOLD);
	table_add(&t, xstrdup("FIELD"), C_BOLD);
	for (size_t i = 0; i < s->services_len; i++)
		for (size_t e = 0; e < s->config.environments_len; e++) {
			const struct place *p = &state_spot(s, i, e)->place;

			for (size_t k = 0; k < p->slots_len && p->exists;
			     k++) {
				const struct slot *slot = &p->slots[k];
				struct buf v = { 0 }, f = { 0 };

				version_format(&v, &slot->version);
				show(&f, p->err.code && k == 0 ? p->err.msg
							      : slot->file);
				if (!p->err.code) {
					buf_addch(&f, ' ');
					show(&f, slot->image ? slot->image
							    : slot->path);
					if (slot->where) {
						buf_addstr(&f, " where ");
						show(&f, slot->where);
					}
				}
				fields++;
				broken |= p->err.code != ERR_NONE;
				table_add(&t, xstrdup(p->service), NULL);
				table_add(&t, xstrdup(p->env->name), NULL);
				table_add(&t, p->err.code ? xstrdup("error")
					 : buf_detach(&v),
					 p->err.code ? C_RED : C_GREEN);
				table_add(&t, buf_detach(&f), NULL);
				buf_release(&v);
			}
		}
	table_put(&t, colored);
	table_release(&t);
	printf("\n%s is right%s: %zu environment%s, %zu service%s, %zu "
	       "field%s\n", CONFIG_FILE,
	       broken ? ", but not all it leads to" : "",
	       s->config.environments_len,
	       s->config.environments_len == 1 ? "" : "s", s->services_len,
	       s->services_len == 1 ? "" : "s", fields,
	       fields == 1 ? "" : "s");
}

void output_faults(const struct diag *d)
{
	for (size_t i = 0; i < d->len; i++) {
		const struct diag_entry *e = &d->entries[i];

		if (e->is_warning)
			log_warn(CONFIG_FILE ":%d:%d: %s", e->line, e->column,
				 e->text);
		else
			log_error(CONFIG_FILE ":%d:%d: %s", e->line, e->column,
				  e->text);
	}
}
