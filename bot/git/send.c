#include "bot/git/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/base/log.h"
#include "bot/base/mem.h"
#include "bot/base/str.h"

/* The conversation with git-receive-pack (gitprotocol-pack(5)). */

enum { MAX_SAID = 8 * 1024 };
static const uint64_t MAX_ADVERT_BYTES = 256u << 20;
static const uint64_t MAX_REPORT_BYTES = 16u << 20;

/* report-status: what became of the pack and of each ref. */
struct report {
	struct repo_update *updates;
	size_t n;
	bool began, unpacked;
	char unpack_error[256];

	bool banded;
	struct pkt_reader inner;	/* the report, on side band 1 */
	struct buf said;		/* side band 2: hooks, the forge */
};

/* The update that the line at DATA ("REF" or "REF reason") is about. */
static size_t find_update(const struct report *r, const char *data, size_t len)
{
	const char *blank = memchr(data, ' ', len);
	size_t ref = blank ? (size_t)(blank - data) : len;

	for (size_t i = 0; i < r->n; i++)
		if (strlen(r->updates[i].ref) == ref &&
		    memcmp(r->updates[i].ref, data, ref) == 0)
			return i;
	return r->n;
}

/* TEXT as U's message: one line, since it becomes part of one, of MAX bytes. */
static void message_set(struct repo_update *u, const char *text, size_t len,
			size_t max)
{
	char *line = xstrndup(text, len);

	for (char *nl = line; (nl = strchr(nl, '\n')) != NULL;)
		*nl = ' ';
	for (len = strlen(line); len && line[len - 1] == ' ';)
		line[--len] = '\0';
	str_cut(line, max);
	snprintf(u->message, sizeof(u->message), "%s", line);
	free(line);
}

static int report_packet(void *ctx, enum pkt kind, const char *data,
			 size_t len, struct err *err)
{
	struct report *r = ctx;
	size_t i, ref;
	bool ok;

	if (kind == PKT_FLUSH)
		return 1;
	while (len && data[len - 1] == '\n')
		len--;
	if (kind != PKT_DATA)
		return err_set(err, ERR_DATA, "the server's report is none");
	if (!r->began) {
		if (len < 7 || memcmp(data, "unpack ", 7) != 0)
			return err_set(err, ERR_DATA,
				       "the server's report is none");
		r->began = true;
		r->unpacked = len == 9 && memcmp(data + 7, "ok", 2) == 0;
		snprintf(r->unpack_error, sizeof(r->unpack_error), "%.*s",
			 (int)(len - 7 > 200 ? 200 : len - 7), data + 7);
		return 0;
	}
	if (len > 7 && memcmp(data, "option ", 7) == 0)
		return 0;
	ok = len > 3 && memcmp(data, "ok ", 3) == 0;
	if (!ok && (len <= 3 || memcmp(data, "ng ", 3) != 0))
		return err_set(err, ERR_DATA, "the server's report is none");
	i = find_update(r, data + 3, len - 3);
	if (i == r->n)
		return err_set(err, ERR_DATA,
			       "the server reports on a ref not asked for");
	if (ok) {
		r->updates[i].status = REPO_PUSH_OK;
		return 0;
	}
	r->updates[i].status = REPO_PUSH_REFUSED;
	ref = strlen(r->updates[i].ref) + 4;
	if (len > ref)
		message_set(&r->updates[i], data + ref, len - ref, 200);
	return 0;
}

static int push_packet(void *ctx, enum pkt kind, const char *data, size_t len,
		       struct err *err)
{
	struct report *r = ctx;
	size_t room = MAX_SAID - r->said.len;

	if (!r->banded)
		return report_packet(r, kind, data, len, err);
	if (kind == PKT_FLUSH)
		return 1;
	if (kind != PKT_DATA)
		return err_set(err, ERR_DATA, "the server's report is none");
	if (len == 0)
		return 0;
	switch (data[0]) {
	case 1:
		return pkt_feed(&r->inner, data + 1, len - 1, err);
	case 2:
	case 3:
		buf_add(&r->said, data + 1, len - 1 < room ? len - 1 : room);
		if (data[0] == 2)
			return 0;
		while (len > 1 && data[len - 1] == '\n')
			len--;
		return err_set(err, ERR_TRANSIENT, "the git server failed: "
			       "%.*s", len > 500 ? 500 : (int)len - 1,
			       data + 1);
	default:
		return err_set(err, ERR_DATA, "the server sent data on side "
			       "band %d, which there is not",
			       (unsigned char)data[0]);
	}
}

/* What the server said in so many words, behind its reason. */
static void add_said(struct repo_update *u, const struct buf *said)
{
	const char *s = buf_str(said);
	struct buf all = { 0 };

	while (*s == '\n' || *s == ' ')
		s++;
	if (*s) {
		buf_addf(&all, "%s%s%s", u->message, u->message[0] ? ": " : "",
			 s);
		message_set(u, all.data, all.len, sizeof(u->message) - 1);
	}
	buf_release(&all);
}

/*
 * A status counts only from a report that says the pack was unpacked. Without
 * one the server has said nothing, whatever else it sent.
 */
static void judge(struct report *r, const struct err *failed)
{
	for (size_t i = 0; i < r->n; i++) {
		struct repo_update *u = &r->updates[i];

		if (r->began && !r->unpacked) {
			u->status = REPO_PUSH_REFUSED;
			snprintf(u->message, sizeof(u->message),
				 "the server could not take the objects: %s",
				 r->unpack_error);
		} else if (u->status == REPO_PUSH_UNKNOWN &&
			   failed->code == ERR_REFUSED) {
			u->status = REPO_PUSH_REFUSED;
			snprintf(u->message, sizeof(u->message), "%.*s",
				 (int)sizeof(u->message) - 1, failed->msg);
		} else if (u->status == REPO_PUSH_UNKNOWN) {
			snprintf(u->message, sizeof(u->message), "%.*s",
				 (int)sizeof(u->message) - 1,
				 failed->code != ERR_NONE ? failed->msg
				 : "the server did not report on it");
		}
		if (u->status == REPO_PUSH_REFUSED)
			add_said(u, &r->said);
	}
}

/* Once is enough where each request stands alone. */
static int hello(struct wire *w, struct err *err)
{
	struct buf *caps = &w->push_caps;
	struct greeting g = { .caps = caps };
	struct pkt_reader in = { .packet = greeting_packet, .ctx = &g,
				 .max_bytes = MAX_ADVERT_BYTES };
	int rc;

	if (caps->len && w->transport->ops->talking(w->transport, RECEIVE_PACK))
		return 0;
	buf_reset(caps);
	rc = w->transport->ops->hello(w->transport, RECEIVE_PACK, false, &in,
				      err);
	pkt_reader_release(&in);
	if (rc == 0 && g.version == 2)
		rc = err_set(err, ERR_DATA, "the server speaks protocol v2 "
			     "where there is none");
	if (rc == 0)
		rc = check_object_format(caps, err);
	if (rc == 0 && !caps_get(caps, "report-status", NULL, NULL))
		rc = err_set(err, ERR_REFUSED, "the git server does not report "
			     "what became of a push");
	if (rc < 0)
		buf_reset(caps);
	return rc;
}

void wire_push_expect(struct wire *w)
{
	if (!w->push_caps.len)
		w->transport->ops->expect(w->transport, RECEIVE_PACK, NULL);
}

static int check_caps(const struct buf *caps, const struct repo_update *updates,
		      size_t n, bool atomic, struct err *err)
{
	if (atomic && !caps_get(caps, "atomic", NULL, NULL))
		return err_set(err, ERR_REFUSED, "the git server cannot move "
			       "several refs together");
	for (size_t i = 0; i < n; i++)
		if (oid_is_zero(&updates[i].new_id) &&
		    !caps_get(caps, "delete-refs", NULL, NULL))
			return err_set(err, ERR_REFUSED, "the git server "
				       "deletes no branches");
	return 0;
}

static void add_commands(struct buf *out, const struct buf *caps,
			 const struct repo_update *updates, size_t n,
			 bool atomic, bool *banded)
{
	char old[OID_HEX + 1], new[OID_HEX + 1];

	*banded = caps_get(caps, "side-band-64k", NULL, NULL);
	for (size_t i = 0; i < n; i++) {
		oid_hex(old, &updates[i].old_id);
		oid_hex(new, &updates[i].new_id);
		if (i > 0) {
			pkt_addf(out, "%s %s %s", old, new, updates[i].ref);
			continue;
		}
		pkt_addf(out, "%s %s %s%c report-status%s%s%s%s%s", old, new,
			 updates[i].ref, '\0', *banded ? " side-band-64k" : "",
			 atomic ? " atomic" : "",
			 /* no progress, but what hooks say */
			 caps_get(caps, "quiet", NULL, NULL) ? " quiet" : "",
			 caps_get(caps, "object-format", NULL, NULL)
				 ? " object-format=sha1" : "",
			 caps_get(caps, "agent", NULL, NULL)
				 ? " agent=git-promote/" PROMOTE_VERSION : "");
	}
	pkt_flush(out);
}

int wire_push(struct wire *w, struct repo_update *updates, size_t n,
	      bool atomic, const struct push_pack *pack, struct err *err)
{
	struct report r = { .updates = updates, .n = n };
	struct pkt_reader in = { .packet = push_packet, .ctx = &r,
				 .max_bytes = MAX_REPORT_BYTES };
	const struct buf *caps = &w->push_caps;
	struct buf head = { 0 }, body = { 0 };
	struct err failed = { 0 };
	int rc;

	for (size_t i = 0; i < n; i++) {
		updates[i].status = REPO_PUSH_UNKNOWN;
		updates[i].message[0] = '\0';
	}
	rc = hello(w, err);
	if (rc == 0)
		rc = check_caps(caps, updates, n, atomic, err);
	if (rc == 0)
		rc = pack->make(pack->ctx,
				!caps_get(caps, "no-thin", NULL, NULL), &body,
				err);
	if (rc < 0) {
		w->transport->ops->hang_up(w->transport);
		goto out;
	}
	add_commands(&head, caps, updates, n, atomic, &r.banded);
	r.inner = (struct pkt_reader){ .packet = report_packet, .ctx = &r };
	if (w->transport->ops->request(w->transport, RECEIVE_PACK, &head,
				       &body, false, &in, &failed) < 0)
		log_verbose("push: %s", failed.msg);
	judge(&r, &failed);
	if (r.said.len)
		log_verbose("remote: %s", buf_str(&r.said));
out:
	pkt_reader_release(&in);
	pkt_reader_release(&r.inner);
	buf_release(&r.said);
	buf_release(&head);
	buf_release(&body);
	return rc;
}
