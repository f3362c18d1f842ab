#include <string.h>

#include "bot/base/buf.h"
#include "bot/base/str.h"
#include "policies/gates.h"

/*
 * checks: ["smoke/{service}"]. What CI and other robots say of the version
 * while it is live in the environment before: commit statuses and check runs
 * on base (rule Checks).
 */
struct checks {
	const struct node *const *names;
	size_t len;
};

#define EXAMPLE "checks: [smoke/{service}]"

static const struct {
	const char *mark;
	size_t offset;
} marks[] = {
	{ "{service}", offsetof(struct gate_facts, service) },
	{ "{environment}", offsetof(struct gate_facts, environment) },
	{ "{from}", offsetof(struct gate_facts, from) },
};

static bool braces_are_marks(const char *s)
{
	for (; (s = strpbrk(s, "{}")); s++) {
		size_t i = 0;

		while (i < ARRAY_LEN(marks) && !str_starts(s, marks[i].mark))
			i++;
		if (i == ARRAY_LEN(marks))
			return false;
		s += strlen(marks[i].mark) - 1;
	}
	return true;
}

static const void *parse(const struct node *n, const struct gate_parse *p)
{
	struct checks *checks = arena_alloc(p->arena, sizeof(*checks));
	bool good;

	good = gate_texts(n, p, "checks", EXAMPLE, &checks->names,
			  &checks->len);
	for (size_t i = 0; good && i < checks->len; i++) {
		const struct node *at = checks->names[i];

		if (braces_are_marks(at->value))
			continue;
		diag_error(p->diag, at, "check '%s' has a placeholder that is "
			   "not known; there is {service}, {environment}, and "
			   "{from} for the environment before", at->value);
		good = false;
	}
	return good ? checks : NULL;
}

static const char *name_of(struct arena *a, const char *template,
			   const struct gate_facts *f)
{
	struct buf out = { 0 };
	const char *name;

	while (*template) {
		size_t i = 0;

		while (i < ARRAY_LEN(marks) &&
		       !str_starts(template, marks[i].mark))
			i++;
		if (i == ARRAY_LEN(marks)) {
			buf_addch(&out, *template++);
			continue;
		}
		name = *(const char *const *)((const char *)f +
					      marks[i].offset);
		buf_addstr(&out, name ? name : "");
		template += strlen(marks[i].mark);
	}
	return buf_keep(&out, a);
}

static bool is_good(const struct check_fact *c)
{
	return c->state == CHECK_SUCCESS || c->state == CHECK_NEUTRAL;
}

/*
 * The newest result of NAME that counts. Of two made in one second the worse
 * one: which came last is not known.
 */
static const struct check_fact *newest(const struct gate_facts *f,
				       const char *name)
{
	const struct check_fact *best = NULL;

	for (size_t i = 0; i < f->checks_len; i++) {
		const struct check_fact *c = &f->checks[i];

		if (!str_eq(c->name, name) || c->updated_s == TIME_UNKNOWN ||
		    c->updated_s < f->stay->from_s)
			continue;
		if (!best || c->updated_s > best->updated_s ||
		    (c->updated_s == best->updated_s && is_good(best)))
			best = c;
	}
	return best;
}

/* Why the check has not passed; NULL: it has. */
static const char *fault_of(const struct check_fact *c, int64_t now_s)
{
	if (!c)
		return "has not been seen since the version landed";
	if (c->updated_s > now_s)
		return "has a result from the future";
	switch (c->state) {
	case CHECK_SUCCESS:
	case CHECK_NEUTRAL:	/* skipped: the forges let that pass as well */
		return NULL;
	case CHECK_PENDING:
		return "is running";
	case CHECK_FAILURE:
		break;
	}
	return "failed";
}

static const char *word_of(const struct check_fact *c)
{
	switch (c->state) {
	case CHECK_SUCCESS:
		return "success";
	case CHECK_NEUTRAL:
		return "neutral";
	case CHECK_PENDING:
		return "pending";
	case CHECK_FAILURE:
		break;
	}
	return "failure";
}

/* The newest result C of NAME, or NULL; TEMPLATE: as promote.yaml names it. */
static void one_judge(const struct check_fact *c, const char *template,
		      const char *name, const struct gate_facts *f,
		      struct gate_result *out)
{
	const char *fault = fault_of(c, f->now_s);

	*out = (struct gate_result){ .verdict = VERDICT_PASS };
	if (!fault)
		return;
	out->is_bad = c && c->state == CHECK_FAILURE &&
		      c->updated_s <= f->now_s;
	out->unseen = c ? NULL : template;
	/* Red may turn green: it waits, a person can run it again. */
	gate_say(out, VERDICT_WAIT, "%.150s %s%s", name, fault,
		 !c && f->check_runs_unknown ? " (the token may not read check "
		 "runs, only statuses)" : "");
}

static void judge(const void *setting, const struct gate_facts *f,
		  struct gate_result *out)
{
	const struct checks *checks = setting;
	struct arena a = { 0 };

	if (!f->stay || f->stay->from_s == TIME_UNKNOWN) {
		gate_say(out, VERDICT_WAIT, "since when it is live in %s is "
			 "not known", f->from ? f->from
					      : "the environment before");
		return;
	}
	if (!f->has_checks) {
		gate_say(out, VERDICT_NEED, "checks have not been read");
		out->need = GATE_NEED_CHECKS;
		return;
	}
	if (f->checks_error) {
		/* One that could not be read may be the newest, and red. */
		gate_say(out, VERDICT_WAIT, "not known: %s", f->checks_error);
		return;
	}
	gate_say(out, VERDICT_PASS, "%zu of %zu passed", checks->len,
		 checks->len);
	for (size_t i = 0; i < checks->len; i++) {
		const char *name = name_of(&a, checks->names[i]->value, f);
		const struct check_fact *c = newest(f, name);
		struct gate_result one;

		one_judge(c, checks->names[i]->value, name, f, &one);
		gate_weigh(out, &one);
		gate_rests_on(out, f, name, c ? word_of(c) : "not seen",
			      c ? c->updated_s : TIME_UNKNOWN,
			      c ? c->url : NULL);
	}
	arena_release(&a);
}

const struct gate_kind gate_checks = {
	.name  = "checks",
	.help  = "commit statuses and check runs on base since it landed there",
	.changes_with_time = true,	/* green may turn red */
	.judges_health = true,
	.parse = parse,
	.judge = judge,
};
