#include "policies/gate.h"

#include <stdio.h>

#include "bot/base/str.h"
#include "policies/gates.h"

const struct gate_kind *const gate_kinds[] = {
	&gate_soak,
	NULL,
};

const struct gate_kind *gate_kind_find(const char *name)
{
	for (size_t i = 0; gate_kinds[i]; i++)
		if (str_eq(gate_kinds[i]->name, name))
			return gate_kinds[i];
	return NULL;
}

void gate_say(struct gate_result *out, enum verdict verdict, const char *fmt,
	      ...)
{
	va_list ap;

	out->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(out->reason, sizeof(out->reason), fmt, ap);
	va_end(ap);
}

void gate_judge(const struct gate *g, const struct gate_facts *f,
		struct gate_result *out)
{
	/* A gate that forgets to answer waits. */
	*out = (struct gate_result){ .name = g->kind->name,
				     .verdict = VERDICT_WAIT,
				     .until_s = TIME_UNKNOWN };
	g->kind->judge(g->setting, f, out);
}
