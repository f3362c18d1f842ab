#ifndef TESTS_FUZZ_YE_CHECK_H
#define TESTS_FUZZ_YE_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/mem.h"
#include "yamledit/diff.h"
#include "yamledit/doc.h"
#include "yamledit/edit.h"
#include "yamledit/parse.h"

static const char *const values[] = {
	"v2", "12e4567", "true", "", "a: b", "a #b", "- x", "it's", "\"\\",
	"a\nb\n", "\t", " x ", "\xc3\xa9\xe2\x80\xa8\xc2\x85", "[a]", "{a",
	"*a", "&a", "!a", "%a", "|", "?", "---", "...", "<<", "\x07", "v1",
};

#define DIGEST "@sha256:0123456789abcdef0123456789abcdef" \
	       "0123456789abcdef0123456789abcdef"

static void promise(bool holds, const char *what, const struct err *err,
		    const struct buf *in, const struct buf *out)
{
	if (holds)
		return;
	fprintf(stderr, "%s: %s\n--- in\n%s\n--- out\n%s\n", what, err->msg,
		buf_str(in), buf_str(out));
	abort();
}

static void add_quoted(struct buf *out, const char *s)
{
	buf_addch(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addch(out, '\\');
		buf_addch(out, *s);
	}
	buf_addch(out, '"');
}

/* The path to event I; false: through a key that is no scalar. */
static bool add_path(struct buf *out, const struct parse *p, size_t i)
{
	size_t parent = p->ev[i].parent, n = 0, key = NO_EV;

	if (parent == NO_EV)
		return true;
	if (!add_path(out, p, parent))
		return false;
	for (size_t c = parent + 1; c < i; c = p->ev[c].after) {
		key = c;
		n++;
	}
	if (p->ev[parent].type == EV_LIST_START) {
		buf_addf(out, "[%zu]", n);
		return true;
	}
	if (n % 2 == 0 || p->ev[key].type != EV_SCALAR)
		return false;
	if (out->len)
		buf_addch(out, '.');
	add_quoted(out, p->ev[key].value);
	return true;
}

/* The path to one of the nodes, chosen by PICK; its document to DOC. */
static bool pick_path(struct buf *out, int *doc, const struct buf *text,
		      unsigned pick)
{
	struct parse p;
	struct err err = { 0 };
	bool is_there = false;

	*doc = 0;
	if (ye_parse_init(&p, buf_str(text), text->len, &err) == 0 && p.n) {
		size_t i = pick % p.n;

		for (size_t k = 0; k <= i; k++)
			*doc += p.ev[k].type == EV_DOC_START;
		switch (p.ev[i].type) {
		case EV_SCALAR:
		case EV_MAP_START:
		case EV_LIST_START:
		case EV_ALIAS:
			is_there = add_path(out, &p, i);
			break;
		default:
			break;
		}
	}
	ye_parse_release(&p);
	return is_there;
}

static void read_all(const struct buf *text)
{
	struct arena a = { 0 };
	const struct node *node;
	struct ye_images images;
	const char **keys;
	size_t n;
	struct err err[3] = { { 0 } };

	ye_doc_parse(&node, &a, buf_str(text), text->len, &err[0]);
	if (ye_images(&images, buf_str(text), text->len, &err[1]) == 0)
		ye_images_release(&images);
	ye_keys(&keys, &n, &a, buf_str(text), text->len, NULL, NULL, &err[2]);
	arena_release(&a);
}

static void edit_all(const struct buf *in, const struct ye_edit *e,
		     const struct ye_options *opt)
{
	struct buf out = { 0 }, again = { 0 }, diff = { 0 }, got = { 0 };
	struct err err = { 0 };
	int rc = ye_apply(&out, buf_str(in), in->len, e, 1, opt, &err);

	promise(err.code != ERR_BUG, "bug", &err, in, &out);
	promise(rc == 0 || (out.len == 0 && err.code != ERR_NONE),
		"failed, but wrote", &err, in, &out);
	if (rc == 0) {
		ye_diff(&diff, "f", buf_str(in), in->len, buf_str(&out),
			out.len);
		if (e->op != YE_DELETE)
			promise(ye_apply(&again, buf_str(&out), out.len, e, 1,
					 opt, &err) == 0 &&
				again.len == out.len &&
				memcmp(buf_str(&again), buf_str(&out),
				       out.len) == 0,
				"not the same twice", &err, in, &again);
	}
	if (rc == 0 && e->op == YE_SET) {
		promise(ye_get(&got, buf_str(&out), out.len, e->path, opt,
			       &err) == 0 &&
			strcmp(buf_str(&got), e->value) == 0,
			"reads as something else", &err, in, &out);
	}
	buf_release(&out);
	buf_release(&again);
	buf_release(&diff);
	buf_release(&got);
}

/* Two edits in one call are the one after the other. */
static void edit_both(const struct buf *in, const struct ye_edit *both,
		      const struct ye_options *opt)
{
	struct buf one = { 0 }, two = { 0 }, at_once = { 0 };
	struct err err = { 0 };
	int rc = ye_apply(&one, buf_str(in), in->len, both, 1, opt, &err);

	if (rc == 0)
		rc = ye_apply(&two, buf_str(&one), one.len, both + 1, 1, opt,
			      &err);
	err_clear(&err);
	promise(ye_apply(&at_once, buf_str(in), in->len, both, 2, opt,
			 &err) == rc &&
		(rc < 0 || strcmp(buf_str(&two), buf_str(&at_once)) == 0),
		"not as one after the other", &err, in, &at_once);
	buf_release(&one);
	buf_release(&two);
	buf_release(&at_once);
}

/* The path to a node, with TAIL behind it; NULL: there is no such path. */
static struct ye_path *path_to(int *doc, const struct buf *text, unsigned pick,
			       const char *tail)
{
	struct buf where = { 0 };
	struct ye_path *path = NULL;
	struct err err = { 0 };

	if (pick_path(&where, doc, text, pick)) {
		buf_addstr(&where, tail + (where.len == 0 && *tail == '.'));
		ye_path_parse(&path, where.len ? buf_str(&where) : ".", &err);
	}
	buf_release(&where);
	return path;
}

/*
 * What every edit of every text promises: no crash, no "bug", the value that
 * was asked for, and nothing new when asked again. The four bytes of HEAD
 * choose the edits, the nodes and the values.
 */
static void check_edits(const struct buf *text, const uint8_t *head)
{
	static const char *const more[] = { "", "", "", ".new", ".a.b", "[0]",
		"[1]", ".images[name=app].newTag", "[name=app].newTag",
		"[name=\"x y\"].\"k: v\"" };
	static const char *const versions[] = { "v2", "1.0" DIGEST, DIGEST };
	struct ye_options opt = { 0 };
	struct ye_edit e[2] = { { 0 } };
	struct ye_path *path, *next;
	struct arena a = { 0 };
	struct err err = { 0 };
	unsigned pick;
	int other;

	read_all(text);
	pick = (unsigned)head[1] << 8 | head[2];
	opt.create = head[0] & 64;
	path = path_to(&opt.document, text, pick, opt.create
		       ? more[head[3] / 16 % ARRAY_LEN(more)] : "");
	next = path_to(&other, text, pick + head[3] % 3, "");
	e[0] = (struct ye_edit){
		.op = head[0] % 4, .path = path, .name = "app",
		.value = values[head[3] % ARRAY_LEN(values)],
	};
	e[1] = (struct ye_edit){
		.op = head[0] / 4 % 4, .path = next, .name = "app",
		.value = "v3",
	};
	version_parse(&e[0].version, &a, versions[head[3] % 3], &err);
	version_parse(&e[1].version, &a, versions[head[3] / 3 % 3], &err);
	if (path) {
		edit_all(text, e, &opt);
		if (next && head[0] & 32)
			edit_both(text, e, &opt);
	}
	ye_path_free(path);
	ye_path_free(next);
	arena_release(&a);
}

#endif
