/* What the gates share that ask servers outside. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"
#include "policies/gates.h"

bool gate_number(const struct node *n, const struct gate_parse *p,
		 const char *what, double *out)
{
	const char *text = n->kind == NODE_SCALAR ? n->value : "";
	char *end;

	/* No hex, no "inf": what YAML and people call a number. */
	if (*text && strspn(text, "+-.0123456789eE") == strlen(text)) {
		*out = strtod(text, &end);
		if (end != text && !*end && isfinite(*out))
			return true;
	}
	diag_error(p->diag, n, "%s is not a number; write '%s: 0.01'", what,
		   what);
	return false;
}

const char *gate_url(const struct node *n, const struct gate_parse *p,
		     const char *what, const char *example)
{
	const char *text = gate_text(n, p, what, example), *host;

	if (!text)
		return NULL;
	host = strstr(text, "://");
	if ((str_starts(text, "https://") || str_starts(text, "http://")) &&
	    host[3] && !strchr(text, ' ') && !strchr(text, '#') &&
	    !memchr(host + 3, '@', strcspn(host + 3, "/?")))
		return text;
	diag_error(p->diag, n, "%s: '%s' is not an address that can be asked; "
		   "write '%s' (no user, no password)", what, text, example);
	return NULL;
}

static void mark_add(struct buf *out, const char *text, bool is_url)
{
	if (is_url)
		escape_url(out, text ? text : "");
	else
		buf_addstr(out, text ? text : "");
}

/* The seconds the stay has lasted; at least one, since [0s] is no range. */
static long long live_s(const struct gate_facts *f)
{
	int64_t s = f->stay ? stay_lasted_s(f->stay, f->now_s) : -1;

	return s < 1 ? 1 : s;
}

enum { MARKS = 5 };
static const char *const marks[MARKS] = { "{service}", "{environment}",
					  "{from}", "{version}", "{live}" };

static size_t mark_at(const char *s)
{
	size_t i = 0;

	while (i < MARKS && !str_starts(s, marks[i]))
		i++;
	return i;
}

const char *gate_expand(struct arena *a, const char *template,
			const struct gate_facts *f, bool is_url)
{
	const char *const values[] = { f->service, f->environment, f->from,
				       f->version };
	struct buf out = { 0 };

	while (*template) {
		size_t i = mark_at(template);

		if (i == MARKS) {
			buf_addch(&out, *template++);
			continue;
		}
		if (i < ARRAY_LEN(values))
			mark_add(&out, values[i], is_url);
		else
			buf_addf(&out, "%llds", live_s(f));
		template += strlen(marks[i]);
	}
	return buf_keep(&out, a);
}

bool gate_template(const struct node *n, const struct gate_parse *p)
{
	for (const char *s = n->value; (s = strpbrk(s, "{}")); s++) {
		size_t i = mark_at(s);

		if (i == MARKS) {
			diag_error(p->diag, n, "'%s' has a placeholder that is "
				   "not known; there is {service}, "
				   "{environment}, {from} and {version}",
				   n->value);
			return false;
		}
		s += strlen(marks[i]) - 1;
	}
	return true;
}

bool gate_answered(const struct gate_facts *f, struct gate_result *out)
{
	if (f->has_answers)
		return true;
	gate_say(out, VERDICT_NEED, "nobody was asked yet");
	out->need = GATE_NEED_ANSWERS;
	return false;
}
