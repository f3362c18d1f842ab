#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/str.h"
#include "bot/base/version.h"
#include "policies/gates.h"

/*
 * tag: {pattern: 'v[0-9]+\.[0-9]+\.[0-9]+', mutable: [main], digest: required}
 * or the pattern alone. The pattern is a POSIX extended regular expression
 * for the whole tag: what people know from their CI's rules for tags, and
 * what a version is cannot be said by a glob. Tags that move (`latest` and
 * those listed) are refused unless a digest is there to say which one is
 * meant.
 */
struct tag {
	const char *pattern;		/* or NULL */
	const struct node *const *mutable;
	size_t mutable_len;
	bool digest_needed;
};

#define EXAMPLE "tag: \"v[0-9]+[.][0-9]+[.][0-9]+\""

/*
 * glibc unrolls {n,m} when it compiles, each inside the other, so nested
 * bounds could ask for all memory there is; and it knows back references
 * although POSIX has none here, which take exponential time.
 */
static bool pattern_is_modest(const char *s)
{
	long copies = 1;

	for (; *s; s++) {
		char *end;
		long n;

		if (*s == '\\' && s[1]) {
			if (isdigit((unsigned char)*++s))
				return false;
			continue;
		}
		if (*s != '{' && *s != ',')
			continue;
		n = strtol(s + 1, &end, 10);
		if (end == s + 1)
			continue;
		if (n < 0 || n > 128 || (copies *= n ? n : 1) > 1024)
			return false;
	}
	return true;
}

static const char *pattern_parse(const struct node *n,
				 const struct gate_parse *p)
{
	const char *text = gate_text(n, p, "pattern", EXAMPLE);
	regex_t re;

	if (!text)
		return NULL;
	if (!pattern_is_modest(text) || regcomp(&re, text, REG_EXTENDED) != 0) {
		diag_error(p->diag, n, "'%s' is not a pattern; write an "
			   "extended regular expression for the whole tag, as "
			   "in '%s'", text, EXAMPLE);
		return NULL;
	}
	regfree(&re);
	return text;
}

static const void *parse(const struct node *n, const struct gate_parse *p)
{
	static const char *const known[] = { "pattern", "mutable", "digest",
					     NULL };
	struct tag *tag = arena_alloc(p->arena, sizeof(*tag));
	const struct node *pattern = n, *mutable = NULL, *digest = NULL;
	size_t before = p->diag->errors;

	if (n->kind == NODE_MAP) {
		if (!gate_map(n, p, known, EXAMPLE))
			return NULL;
		pattern = node_get(n, "pattern");
		mutable = node_get(n, "mutable");
		digest = node_get(n, "digest");
	}
	if (pattern)
		tag->pattern = pattern_parse(pattern, p);
	if (mutable)
		gate_texts(mutable, p, "mutable", "mutable: [main]",
			   &tag->mutable, &tag->mutable_len);
	if (digest && !(digest->kind == NODE_SCALAR &&
			(str_eq(digest->value, "required") ||
			 str_eq(digest->value, "optional"))))
		diag_error(p->diag, digest, "write 'digest: required' or "
			   "'digest: optional'");
	else
		tag->digest_needed = digest && str_eq(digest->value,
						      "required");
	return p->diag->errors == before ? tag : NULL;
}

static bool tag_moves(const struct tag *tag, const char *text)
{
	if (str_eq(text, "latest"))
		return true;
	for (size_t i = 0; i < tag->mutable_len; i++)
		if (str_eq(tag->mutable[i]->value, text))
			return true;
	return false;
}

/*
 * A match is the leftmost and then the longest, so one of the whole tag is
 * found where there is one. Not by ^( and )$ around the pattern: in "x)|.*"
 * they would stand for something else.
 */
static bool tag_matches(const char *pattern, const char *text)
{
	regmatch_t whole;
	regex_t re;
	bool good;

	if (regcomp(&re, pattern, REG_EXTENDED) != 0)
		return false;
	good = regexec(&re, text, 1, &whole, 0) == 0 && whole.rm_so == 0 &&
	       text[whole.rm_eo] == '\0';
	regfree(&re);
	return good;
}

/* One image's version; false, and the reason, where it is not right. */
static bool judge_one(const struct tag *tag, const struct version *v,
		      struct gate_result *out)
{
	if (tag->digest_needed && !v->digest)
		gate_say(out, VERDICT_REFUSE, "%s has no digest", v->tag);
	else if (v->tag && !v->digest && tag_moves(tag, v->tag))
		gate_say(out, VERDICT_REFUSE, "%s is a tag that moves", v->tag);
	else if (tag->pattern && !v->tag)
		gate_say(out, VERDICT_REFUSE, "there is no tag to match %.100s",
			 tag->pattern);
	else if (tag->pattern && !tag_matches(tag->pattern, v->tag))
		gate_say(out, VERDICT_REFUSE, "%s does not match %.100s",
			 v->tag, tag->pattern);
	else
		return true;
	return false;
}

static void judge(const void *setting, const struct gate_facts *f,
		  struct gate_result *out)
{
	const struct tag *tag = setting;
	struct arena a = { 0 };
	char *save = NULL, *text = arena_strdup(&a, f->version);
	size_t n = 0;

	/* VERSION, or LABEL=VERSION,... where a service has several. */
	for (char *one = text ? strtok_r(text, ",", &save) : NULL; one;
	     one = strtok_r(NULL, ",", &save)) {
		const char *equals = strrchr(one, '=');
		struct version v;
		struct err err = { 0 };

		gate_rests_on(out, f, "version", one, TIME_UNKNOWN, NULL);
		if (version_parse(&v, &a, equals ? equals + 1 : one,
				  &err) < 0) {
			gate_say(out, VERDICT_REFUSE, "not a version that can "
				 "be judged");
			goto out;
		}
		if (!judge_one(tag, &v, out))
			goto out;
		n++;
	}
	if (n)
		gate_say(out, VERDICT_PASS, "%s%.200s",
			 tag->pattern ? "matches " : "tag and digest are right",
			 tag->pattern ? tag->pattern : "");
	else
		gate_say(out, VERDICT_WAIT, "the version is not known");
out:
	arena_release(&a);
}

const struct gate_kind gate_tag = {
	.name  = "tag",
	.help  = "what a tag looks like, tags that move, and digests",
	.parse = parse,
	.judge = judge,
};
