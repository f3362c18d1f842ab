#include <string.h>

#include "bot/base/str.h"
#include "policies/gates.h"

/*
 * argocd: "{service}-{from}", or {application, project, namespace}: that
 * Application is Synced to a revision that has the version's commit in it, and
 * Healthy. Where Argo CD is, and the token, are the operator's to say.
 */
struct argocd {
	const char *application, *project, *namespace;
};

#define EXAMPLE "argocd: '{service}-{from}'"

static const char *word(const struct node *n, const struct gate_parse *p,
			const char *what)
{
	const char *text = gate_text(n, p, what, EXAMPLE);

	return text && gate_template(n, p) ? text : NULL;
}

static const void *parse(const struct node *n, const struct gate_parse *p)
{
	static const char *const known[] = { "application", "project",
					     "namespace", NULL };
	struct argocd *g = arena_alloc(p->arena, sizeof(*g));
	const struct node *name = n, *project = NULL, *namespace = NULL;

	if (n->kind == NODE_MAP) {
		if (!gate_map(n, p, known, EXAMPLE))
			return NULL;
		name = node_get(n, "application");
		project = node_get(n, "project");
		namespace = node_get(n, "namespace");
	}
	if (!name) {
		diag_error(p->diag, n, "argocd needs an application; write "
			   "'%s'", EXAMPLE);
		return NULL;
	}
	if (!(g->application = word(name, p, "application")) ||
	    (project && !(g->project = word(project, p, "project"))) ||
	    (namespace && !(g->namespace = word(namespace, p, "namespace"))))
		return NULL;
	return g;
}

static void ask(const void *setting, const struct gate_facts *f,
		struct arena *a, struct gate_question **out, size_t *len)
{
	const struct argocd *g = setting;

	*len = 0;
	*out = arena_alloc(a, sizeof(**out));
	if (!f->stay || !f->stay->commit)
		return;
	**out = (struct gate_question){
		.asks = GATE_ASKS_ARGOCD,
		.application = gate_expand(a, g->application, f, false),
		.commit = f->stay->commit,
	};
	if (g->project)
		(*out)->project = gate_expand(a, g->project, f, false);
	if (g->namespace)
		(*out)->namespace = gate_expand(a, g->namespace, f, false);
	*len = 1;
}

static void judge(const void *setting, const struct gate_facts *f,
		  struct gate_result *out)
{
	const struct argocd *g = setting;
	const struct gate_answer *a = f->answers;
	struct arena mine = { 0 };
	const char *app;

	if (!f->stay || !f->stay->commit) {
		gate_say(out, VERDICT_WAIT, "which commit brought the version "
			 "is not known");
		return;
	}
	if (!gate_answered(f, out))
		return;
	app = gate_expand(&mine, g->application, f, false);
	if (a->error) {
		gate_say(out, VERDICT_WAIT, "%.80s: not known: %.150s", app,
			 a->error);
	} else {
		gate_rests_on(out, f, "application", app, f->now_s, NULL);
		gate_rests_on(out, f, "sync", a->sync, f->now_s, NULL);
		gate_rests_on(out, f, "revision", a->revision, f->now_s, NULL);
		gate_rests_on(out, f, "health", a->health, f->now_s, NULL);
		if (!str_eq(a->sync, "Synced"))
			gate_say(out, VERDICT_WAIT, "%.80s is %.40s", app,
				 *a->sync ? a->sync : "not synced");
		else if (!a->contains)
			gate_say(out, VERDICT_WAIT, "%.80s is synced to %.10s, "
				 "which does not have the version", app,
				 a->revision);
		else if (!str_eq(a->health, "Healthy"))
			gate_say(out, VERDICT_WAIT, "%.80s is %.40s", app,
				 *a->health ? a->health : "of unknown health");
		else
			gate_say(out, VERDICT_PASS, "%.80s is synced to %.10s "
				 "and healthy", app, a->revision);
		/* The version runs, and that is what it does. */
		out->is_bad = a->contains && str_eq(a->sync, "Synced") &&
			      str_eq(a->health, "Degraded");
	}
	arena_release(&mine);
}

const struct gate_kind gate_argocd = {
	.name  = "argocd",
	.help  = "an Argo CD Application is synced to the version, and healthy",
	.changes_with_time = true,
	.judges_health = true,
	.parse = parse,
	.judge = judge,
	.ask   = ask,
};
