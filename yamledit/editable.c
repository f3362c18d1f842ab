#include <string.h>

#include "yamledit/find.h"
#include "yamledit/text.h"

/* Texts that nobody may edit, whatever the place. */

/* A top-level `sops` map with a `mac`: what SOPS leaves in what it encrypts. */
static size_t sops_mac(const struct parse *p, size_t root)
{
	struct err ignored = { 0 };
	size_t sops, mac;

	if (p->ev[root].type == EV_MAP_START &&
	    ye_find_key(&sops, NULL, p, root, "sops", &ignored) == 0 &&
	    p->ev[sops].type == EV_MAP_START &&
	    ye_find_key(&mac, NULL, p, sops, "mac", &ignored) == 0)
		return mac;
	return NO_EV;
}

/* U+0085, U+2028, U+2029, or a byte order mark that is not the first. */
static bool is_odd_break(const char *s, size_t len)
{
	return (len >= 2 && memcmp(s, "\xc2\x85", 2) == 0) ||
	       (len >= 3 && (memcmp(s, "\xe2\x80\xa8", 3) == 0 ||
			     memcmp(s, "\xe2\x80\xa9", 3) == 0 ||
			     memcmp(s, "\xef\xbb\xbf", 3) == 0));
}

/* Not in the gap between a tag and the quotes either. */
static bool is_inside_quotes(const struct parse *p, const struct ev *e,
			     size_t at)
{
	size_t start = ye_content_start(p, e);

	return (e->style == STYLE_SINGLE || e->style == STYLE_DOUBLE) &&
	       start < at && (p->text[start] == '"' || p->text[start] == '\'');
}

/*
 * They end a line, or begin one, in YAML 1.1 and do not in 1.2. Inside quotes
 * no line of ours is at stake.
 */
static int check_line_ends(const struct parse *p, struct err *err)
{
	size_t i = 0;

	for (size_t at = ye_text_bom(p->text, p->text_len); at < p->text_len;
	     at++) {
		if ((unsigned char)p->text[at] < 0x80 ||
		    !is_odd_break(p->text + at, p->text_len - at))
			continue;
		while (i < p->n && (p->ev[i].type != EV_SCALAR ||
				    p->ev[i].end <= at))
			i++;
		if (i < p->n && is_inside_quotes(p, &p->ev[i], at))
			continue;
		return ye_parse_err(err, ERR_UNSAFE,
			&p->ev[i < p->n ? i : p->n - 1], "before the end of "
			"this there is a U+0085, U+2028, U+2029 or U+FEFF: "
			"readers differ in whether it ends a line");
	}
	return 0;
}

/*
 * A directive wants a ... before it. libyaml does without, but takes it for
 * text behind a document that is one plain scalar.
 */
static int check_directives(const struct parse *p, struct err *err)
{
	for (size_t i = 0; i + 2 < p->n; i++)
		if (p->ev[i].type == EV_SCALAR && p->ev[i].parent == NO_EV &&
		    p->ev[i + 1].implicit &&
		    p->text[p->ev[i + 2].start] == '%')
			return ye_parse_err(err, ERR_UNSAFE, &p->ev[i + 2],
				"a directive (%%) right behind a text; put "
				"'...' between the two first");
	return 0;
}

int ye_check_editable(const struct parse *p, struct err *err)
{
	for (size_t n = 0; n < p->docs_len; n++) {
		size_t mac = sops_mac(p, p->docs[n]);

		if (mac != NO_EV)
			return ye_parse_err(err, ERR_UNSAFE, &p->ev[mac],
				"encrypted by SOPS: an edit would break its "
				"MAC; use `sops set` instead");
	}
	if (p->n && (check_line_ends(p, err) < 0 ||
		     check_directives(p, err) < 0))
		return -1;
	/* {{ .Values.tag }} is legal YAML: a flow map as key of a flow map. */
	for (size_t i = 0; i + 1 < p->n; i++)
		if (p->ev[i].type == EV_MAP_START &&
		    p->ev[i].style == STYLE_FLOW &&
		    p->ev[i].end > p->ev[i].start &&
		    p->ev[i + 1].type == EV_MAP_START &&
		    p->ev[i + 1].start == p->ev[i].end)
			return ye_parse_err(err, ERR_UNSAFE, &p->ev[i],
				"a template ({{ }}): edit the values it is "
				"filled from instead");
	return 0;
}
