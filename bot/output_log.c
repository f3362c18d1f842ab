/* The timelines of a service, for people and for programs. */
#include "bot/output.h"

#include <stdio.h>

#include "bot/base/str.h"
#include "bot/table.h"

/* Why a version came: promoted, bumped, rolled back, by hand. */
static void add_why(struct buf *out, const struct stay *s)
{
	if (s->rolled_back) {
		buf_addstr(out, "rolled back from ");
		show_version(out, s->rolled_back);
	} else if (s->promoted_from) {
		buf_addstr(out, "from ");
		show(out, s->promoted_from);
	} else if (s->is_ours) {
		buf_addstr(out, "bump");
		if (s->build >= 0)
			buf_addf(out, ", build %lld", (long long)s->build);
	} else {
		buf_addstr(out, "by hand");
	}
	if (s->overridden) {
		buf_addstr(out, ", override ");
		show(out, s->overridden);
	}
	if (s->reason) {
		buf_addstr(out, ": ");
		show(out, s->reason);
	}
}

/* It may have begun before what is known of the history. */
static bool began_earlier(const struct state *s, const struct timeline *t,
			  size_t i)
{
	return i + 1 == t->len && (!t->complete || s->history_is_cut);
}

static char *since_cell(const struct state *s, const struct timeline *t,
			size_t i)
{
	struct buf out = { 0 };

	if (began_earlier(s, t, i))
		buf_addstr(&out, "before ");
	if (t->stays[i].from_s == TIME_UNKNOWN)
		buf_addch(&out, '-');
	else
		time_format(&out, t->stays[i].from_s);
	return buf_detach(&out);
}

static char *lasted_cell(const struct stay *s, int64_t now_s, bool is_now)
{
	int64_t lasted_s = stay_lasted_s(s, now_s);
	struct buf out = { 0 };

	if (lasted_s < 0)
		buf_addch(&out, '-');
	else
		duration_format(&out, lasted_s);
	if (is_now)
		buf_addstr(&out, ", now");
	return buf_detach(&out);
}

static void row_add(struct table *t, const struct state *state,
		    const struct spot *spot, size_t i)
{
	const struct stay *s = &spot->timeline->stays[i];
	struct buf version = { 0 }, commit = { 0 }, author = { 0 }, why = { 0 };

	show_version(&version, s->version);
	buf_addf(&commit, "%.10s", s->commit ? s->commit : "-");
	show(&author, s->author);
	if (stay_is_gap(s))
		buf_addstr(&why, "taken out");
	else if (began_earlier(state, spot->timeline, i))
		buf_addstr(&why, state->history_is_cut ? "further back is not "
			   "there" : "further back was not looked at");
	else
		add_why(&why, s);
	table_add(t, xstrdup(spot->place.env->name), NULL);
	table_add(t, buf_detach(&version), i ? C_DIM : C_GREEN);
	table_add(t, since_cell(state, spot->timeline, i), NULL);
	table_add(t, lasted_cell(s, state->now_s, i == 0), NULL);
	table_add(t, buf_detach(&commit), NULL);
	table_add(t, buf_detach(&author), NULL);
	table_add(t, buf_detach(&why), NULL);
}

void output_log(const struct run *run, const struct request *r, bool colored)
{
	static const char *const heads[] = { "ENVIRONMENT", "VERSION", "SINCE",
					     "FOR", "COMMIT", "AUTHOR", "WHY" };
	const struct state *s = &run->state;
	size_t service = state_service(s, r->wishes[0].service);
	struct table t = { .columns = ARRAY_LEN(heads) };

	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		table_add(&t, xstrdup(heads[i]), C_BOLD);
	for (size_t e = 0; e < s->config.environments_len; e++) {
		const struct spot *spot = state_spot(s, service, e);

		for (size_t i = 0, n = 0; spot->timeline &&
		     i < spot->timeline->len && n < r->limit; i++) {
			n += !stay_is_gap(&spot->timeline->stays[i]);
			row_add(&t, s, spot, i);
		}
	}
	table_put(&t, colored);
	table_release(&t);
}
