#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bot/base/buf.h"
#include "bot/config.h"

static void file_read(struct buf *out, const char *path)
{
	FILE *f = fopen(path, "rb");
	char part[4096];
	size_t n;

	if (!f)
		return;
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(out, part, n);
	fclose(f);
}

static void faults_write(struct buf *out, const struct diag *d)
{
	for (size_t i = 0; i < d->len; i++)
		buf_addf(out, "%d:%d: %s%s\n", d->entries[i].line,
			 d->entries[i].column,
			 d->entries[i].is_warning ? "warning: " : "",
			 d->entries[i].text);
}

/*
 * tests/config/NAME.yaml is a promote.yaml, NAME.faults all that is wrong
 * with it; without such a file there is nothing wrong.
 */
static void every_fault_and_its_place(void **state)
{
	glob_t files;
	int bad = 0;

	(void)state;
	assert_int_equal(glob("tests/config/*.yaml", 0, NULL, &files), 0);
	assert_true(files.gl_pathc >= 15);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct buf text = { 0 }, want = { 0 }, got = { 0 };
		char path[256];
		struct config c;
		struct diag d = { 0 };
		struct err err = { 0 };
		int rc;

		snprintf(path, sizeof(path), "%.*s.faults",
			 (int)strlen(files.gl_pathv[i]) - 5, files.gl_pathv[i]);
		file_read(&text, files.gl_pathv[i]);
		file_read(&want, path);
		rc = config_parse(&c, buf_str(&text), text.len, &d, &err);
		faults_write(&got, &d);
		if (strcmp(buf_str(&got), buf_str(&want)) != 0) {
			printf("%s:\n%s--- want\n%s", files.gl_pathv[i],
			       buf_str(&got), buf_str(&want));
			bad++;
		}
		assert_int_equal(rc, d.errors ? -1 : 0);
		assert_int_equal(err.code, d.errors ? ERR_USAGE : ERR_NONE);
		config_release(&c);
		diag_release(&d);
		buf_release(&text);
		buf_release(&want);
		buf_release(&got);
	}
	globfree(&files);
	assert_int_equal(bad, 0);
}

static void config_of(struct config *c, const char *text)
{
	struct diag d = { 0 };
	struct err err = { 0 };
	struct buf faults = { 0 };

	if (config_parse(c, text, strlen(text), &d, &err) < 0) {
		faults_write(&faults, &d);
		fail_msg("%s", buf_str(&faults));
	}
	diag_release(&d);
}

static void the_example_of_the_manual(void **state)
{
	struct buf text = { 0 };
	struct config c;
	const struct rules *r;

	(void)state;
	file_read(&text, "tests/config/design.yaml");
	config_of(&c, buf_str(&text));
	assert_string_equal(c.forge, "gitea");
	assert_int_equal(c.environments_len, 3);
	assert_int_equal(config_environment(&c, "staging"), 1);
	assert_true(config_environment(&c, "production") == SIZE_MAX);

	r = &c.environments[0].rules;
	assert_true(r->deliver_push && r->rollback_push && !r->promote_auto);
	assert_int_equal(c.environments[0].from_len, 0);

	r = &c.environments[1].rules;
	assert_true(r->promote_auto && r->merge_auto && !r->deliver_push &&
		    !r->rollback_push && !r->refresh_always);
	assert_int_equal(c.environments[1].from_len, 1);
	assert_int_equal(c.environments[1].from[0], 0);
	assert_int_equal(r->gates_len, 2);
	assert_string_equal(r->gates[0].kind->name, "soak");
	assert_int_equal(gates_soak_s(r->gates, r->gates_len), 1800);

	r = &c.environments[2].rules;
	assert_true(r->promote_auto && !r->merge_auto && !r->deliver_push &&
		    r->rollback_push);
	assert_int_equal(r->gates_len, 3);
	assert_int_equal(r->reviewers_len, 1);
	assert_string_equal(r->reviewers[0], "team/sre");
	assert_int_equal(r->labels_len, 1);
	assert_string_equal(r->labels[0], "production");

	assert_int_equal(c.services_len, 3);
	assert_null(c.services[0].name);
	assert_int_equal(c.services[0].fields[0].kind, FIELD_KUSTOMIZE);
	assert_string_equal(config_expand(&c.arena, c.services[0].fields[0].file,
					  &c.environments[2], "web"),
			    "apps/web/overlays/prod/eu/kustomization.yaml");
	assert_int_equal(c.services[1].fields[0].kind, FIELD_HELM);
	assert_string_equal(c.services[1].fields[0].path, "{service}.image");
	assert_null(c.services[1].fields[0].value);
	assert_string_equal(c.services[2].name, "billing");
	assert_int_equal(c.services[2].fields_len, 3);
	assert_int_equal(c.services[2].fields[2].kind, FIELD_PLAIN);
	assert_string_equal(config_expand(&c.arena,
					  c.services[2].fields[2].value,
					  &c.environments[0], "billing"),
			    "https://git.example.com/billing//deploy?ref={tag}");
	config_release(&c);
	buf_release(&text);
}

/* Nothing is promoted, merged or pushed that nobody asked for. */
static void the_defaults_are_the_safe_ones(void **state)
{
	struct config c;
	const struct rules *r;

	(void)state;
	config_of(&c, "version: 1\n"
		      "environments: {dev: , prod: {from: dev}}\n"
		      "services: [{kustomize: '{service}/{dir}/k.yaml'}]\n");
	r = &c.environments[1].rules;
	assert_false(r->promote_auto || r->deliver_push || r->merge_auto ||
		     r->refresh_always || r->rollback_push);
	assert_int_equal(r->gates_len + r->reviewers_len + r->labels_len, 0);
	assert_null(c.forge);
	assert_null(c.services[0].fields[0].image);
	assert_int_equal(c.environments[1].vars_len, 1);
	assert_string_equal(c.environments[1].vars[0][0], "dir");
	assert_string_equal(c.environments[1].vars[0][1], "prod");
	config_release(&c);
}

static void a_service_overrides_its_environments(void **state)
{
	struct config c;
	const struct rules *own, *env, *other;

	(void)state;
	config_of(&c,
		"version: 1\n"
		"environments:\n"
		"  dev: {}\n"
		"  prod:\n"
		"    from: dev\n"
		"    promote: auto\n"
		"    deliver: push\n"
		"    gates: {soak: 24h, checks: [smoke], tag: 'v.*'}\n"
		"    labels: [production]\n"
		"    reviewers: [sre]\n"
		"services:\n"
		"- service: web\n"
		"  kustomize: 'web/{dir}/k.yaml'\n"
		"  environments:\n"
		"    prod:\n"
		"      promote: manual\n"
		"      deliver: pull-request\n"
		"      merge: auto\n"
		"      refresh: always\n"
		"      rollback: {deliver: push}\n"
		"      labels: urgent\n"
		"      gates: {soak: 1h, tag: none, freeze: []}\n"
		"- kustomize: '{service}/{dir}/k.yaml'\n");
	own = &c.services[0].rules[1];
	env = &c.environments[1].rules;
	other = &c.services[1].rules[1];

	assert_true(!own->promote_auto && !own->deliver_push &&
		    own->merge_auto && own->refresh_always &&
		    own->rollback_push);
	assert_string_equal(own->labels[0], "urgent");
	assert_int_equal(own->labels_len, 1);
	assert_string_equal(own->reviewers[0], "sre");
	assert_int_equal(own->gates_len, 3);
	assert_string_equal(own->gates[0].kind->name, "soak");
	assert_string_equal(own->gates[1].kind->name, "checks");
	assert_string_equal(own->gates[2].kind->name, "freeze");
	assert_int_equal(gates_soak_s(own->gates, own->gates_len), 3600);

	/* and nobody else's */
	assert_int_equal(gates_soak_s(env->gates, env->gates_len), 86400);
	assert_int_equal(env->gates_len, 3);
	assert_string_equal(env->gates[2].kind->name, "tag");
	assert_true(env->promote_auto && env->rollback_push);
	assert_true(other->promote_auto && other->deliver_push);
	assert_int_equal(gates_soak_s(other->gates, other->gates_len), 86400);
	assert_false(c.services[0].rules[0].deliver_push);
	config_release(&c);
}

static void what_placeholders_become(void **state)
{
	static const struct {
		const char *template, *service, *want;
	} rows[] = {
		{ "a/{service}/{dir}/x.yaml", "web", "a/web/prod/eu/x.yaml" },
		{ "{environment}", NULL, "production" },
		{ "{service}", NULL, "{service}" },
		{ "{region}{region}", NULL, "eu-1eu-1" },
		{ "{tag}@{digest} {version}", "web", "{tag}@{digest} {version}" },
		{ "", "web", "" },
		{ "no braces", "web", "no braces" },
	};
	struct config c;

	(void)state;
	config_of(&c, "version: 1\n"
		      "environments: {production: {vars: {dir: prod/eu, "
		      "region: eu-1}}}\n"
		      "services: [{kustomize: '{service}/{dir}/k.yaml'}]\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(config_expand(&c.arena, rows[i].template,
						  &c.environments[0],
						  rows[i].service),
				    rows[i].want);
	config_release(&c);
}

static void what_a_pattern_matches(void **state)
{
	static const struct { const char *pattern, *text, *want; } rows[] = {
		{ "{service}", "web", "web" },
		{ "apps/{service}/x", "apps/web/x", "web" },
		{ "svc-{service}-app", "svc-web-app", "web" },
		{ "{service}/{service}.yaml", "web/web.yaml", "web" },
		{ "{service}/{service}.yaml", "web/api.yaml", NULL },
		{ "{service}/{service}.yaml", "web/webs.yaml", NULL },
		{ "{service}{service}", "aaaa", "aa" },
		{ "{service}{service}", "aaa", NULL },
		{ "apps/{service}/x", "apps/a/b/x", NULL },
		{ "apps/{service}/x", "apps//x", NULL },
		{ "apps/{service}/x", "apps/x", NULL },
		{ "apps/{service}", "app/web", NULL },
		{ "apps/{service}/x", "apps/web/y", NULL },
		{ "{service}", "", NULL },
		{ "web", "web", NULL },
		{ "a{service}a", "aa", NULL },
		{ "a{service}a", "aaa", "a" },
	};
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *got = config_match(&a, rows[i].pattern, "{service}",
					       rows[i].text);

		if (got ? !rows[i].want || strcmp(got, rows[i].want) != 0
			: rows[i].want != NULL)
			fail_msg("%s of %s: %s", rows[i].pattern, rows[i].text,
				 got ? got : "nothing");
	}
	arena_release(&a);
}

static void too_much(void **state)
{
	struct buf text = { 0 };
	struct config c;
	struct diag d = { 0 };
	struct err err = { 0 };

	(void)state;
	buf_addstr(&text, "version: 1 #");
	while (text.len <= CONFIG_MAX_SIZE)
		buf_addstr(&text, "................................");
	assert_int_equal(config_parse(&c, text.data, text.len, &d, &err), -1);
	assert_int_equal(d.len, 1);
	assert_string_equal(err.msg, "promote.yaml has 1 fault");
	config_release(&c);
	diag_release(&d);

	/* Circles are looked for on a way as long as there are environments. */
	buf_reset(&text);
	buf_addstr(&text, "version: 1\nenvironments:\n");
	for (int i = 0; i < 100; i++)
		buf_addf(&text, "  e%d: {from: e%d}\n", i, (i + 1) % 100);
	buf_addstr(&text, "services: [{kustomize: '{service}/{dir}/k.yaml'}]\n");
	err_clear(&err);
	assert_int_equal(config_parse(&c, text.data, text.len, &d, &err), -1);
	assert_int_equal(d.len, 1);
	assert_non_null(strstr(d.entries[0].text, "e0 -> e99 -> e98"));
	config_release(&c);
	diag_release(&d);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_and_its_place),
		cmocka_unit_test(the_example_of_the_manual),
		cmocka_unit_test(the_defaults_are_the_safe_ones),
		cmocka_unit_test(a_service_overrides_its_environments),
		cmocka_unit_test(what_placeholders_become),
		cmocka_unit_test(what_a_pattern_matches),
		cmocka_unit_test(too_much),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
