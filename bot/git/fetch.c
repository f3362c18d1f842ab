#include "bot/git/wire.h"

#include <string.h>

#include "bot/base/log.h"
#include "bot/base/str.h"

/* Far above what a promotion needs, far below what hurts. */
static const uint64_t MAX_FILTERED_BYTES = 256u << 20;
static const uint64_t MAX_PACK_BYTES = 1u << 30;

enum { MAX_TRIES = 3 };

/* One answer to a fetch, in either version of the protocol. */
struct reply {
	enum { IN_HEAD, IN_SHALLOW, IN_OTHER, IN_ACKS, IN_PACK } section;
	bool v2;
	struct fetch *fetch;
	struct spool *spool;
	struct buf said;	/* on side-band 2 and 3, for messages */
};

static bool is_line(const char *data, size_t len, const char *line)
{
	while (len && data[len - 1] == '\n')
		len--;
	return len == strlen(line) && memcmp(data, line, len) == 0;
}

static bool begins(const char *data, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(data, with, strlen(with)) == 0;
}

/* Pack data, progress, or why it failed: the first byte says which. */
static int side_band(struct reply *r, const char *data, size_t len,
		     struct err *err)
{
	if (len == 0)
		return 0;	/* keeps a connection alive */
	switch (data[0]) {
	case 1:
		return spool_add(r->spool, data + 1, len - 1, err);
	case 2:
		return 0;
	case 3:
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

static int v2_packet(struct reply *r, enum pkt kind, const char *data,
		     size_t len, struct err *err)
{
	if (r->section == IN_PACK)
		return kind == PKT_FLUSH ? 1
		     : kind == PKT_DATA	 ? side_band(r, data, len, err)
		     : err_set(err, ERR_DATA, "a mark inside of a pack");
	if (kind == PKT_FLUSH)
		return err_set(err, ERR_DATA, "the server's answer has no pack");
	if (kind == PKT_DELIM) {
		r->section = IN_HEAD;
		return 0;
	}
	if (kind != PKT_DATA)
		return err_set(err, ERR_DATA, "an unknown mark in an answer");
	if (r->section != IN_HEAD)
		return 0;	/* which commits end here: we see it ourselves */
	if (is_line(data, len, "packfile"))
		r->section = IN_PACK;
	else
		r->section = IN_OTHER;
	return 0;
}

/*
 * The older version: where a depth was asked for, "shallow" lines and a flush;
 * then ACK or NAK for what we have; then the pack.
 */
static int v0_packet(struct reply *r, enum pkt kind, const char *data,
		     size_t len, struct err *err)
{
	if (r->section == IN_HEAD)
		r->section = r->fetch->depth ? IN_SHALLOW : IN_ACKS;
	switch (r->section) {
	case IN_SHALLOW:
		if (kind == PKT_FLUSH)
			r->section = IN_ACKS;
		else if (kind != PKT_DATA || (!begins(data, len, "shallow ") &&
					      !begins(data, len, "unshallow ")))
			return err_set(err, ERR_DATA,
				       "the server's answer is not git's");
		return 0;
	case IN_ACKS:
		if (kind == PKT_DATA && (is_line(data, len, "NAK") ||
					 begins(data, len, "ACK ")))
			return 0;
		r->section = IN_PACK;
		/* fall through */
	default:
		if (kind == PKT_FLUSH)
			return 1;
		if (kind != PKT_DATA)
			return err_set(err, ERR_DATA,
				       "the server's answer is not git's");
		return side_band(r, data, len, err);
	}
}

static int reply_packet(void *ctx, enum pkt kind, const char *data, size_t len,
			struct err *err)
{
	struct reply *r = ctx;

	if (kind == PKT_DATA && r->section != IN_PACK &&
	    begins(data, len, "ERR ")) {
		r->fetch->server_said_no = true;
		return server_error(data + 4, len - 4, err);
	}
	return r->v2 ? v2_packet(r, kind, data, len, err)
		     : v0_packet(r, kind, data, len, err);
}

/* Asking -------------------------------------------------------------------- */

static void add_ids(struct buf *out, const char *word, const struct oid *ids,
		    size_t n)
{
	char hex[OID_HEX + 1];

	for (size_t i = 0; i < n; i++)
		pkt_addf(out, "%s %s\n", word, oid_hex(hex, &ids[i]));
}

static void ask_v2(const struct wire *w, const struct fetch *f,
		   struct buf *out)
{
	pkt_addf(out, "command=fetch\n");
	if (caps_get(&w->caps, "agent", NULL, NULL))
		pkt_addf(out, "agent=git-promote/%s\n", PROMOTE_VERSION);
	if (caps_get(&w->caps, "object-format", NULL, NULL))
		pkt_addf(out, "object-format=sha1\n");
	pkt_delim(out);
	pkt_addf(out, "no-progress\n");
	pkt_addf(out, "ofs-delta\n");
	add_ids(out, "shallow", f->shallow, f->shallow_len);
	if (f->depth)
		pkt_addf(out, "deepen %zu\n", f->depth);
	if (f->tree_depth >= 0)
		pkt_addf(out, "filter tree:%d\n", f->tree_depth);
	add_ids(out, "want", f->wants, f->wants_len);
	add_ids(out, "have", f->haves, f->haves_len);
	pkt_addf(out, "done\n");
	pkt_flush(out);
}

/*
 * What is asked for must have been announced. We send all we have at once and
 * need no acknowledgements of any detail, but Azure DevOps serves nobody who
 * does not ask for them.
 */
static void add_v0_caps(struct buf *out, const struct buf *caps)
{
	static const char *const words[][2] = {
		{ "side-band-64k", "side-band" },
		{ "multi_ack_detailed", "multi_ack" },
		{ "ofs-delta", NULL }, { "no-progress", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		for (size_t k = 0; k < 2 && words[i][k]; k++)
			if (caps_get(caps, words[i][k], NULL, NULL)) {
				buf_addf(out, " %s", words[i][k]);
				break;
			}
	if (caps_get(caps, "agent", NULL, NULL))
		buf_addstr(out, " agent=git-promote/" PROMOTE_VERSION);
}

static int ask_v0(const struct wire *w, struct fetch *f, struct buf *out,
		  struct err *err)
{
	struct buf caps = { 0 };
	char hex[OID_HEX + 1];

	if (!caps_get(&w->caps, "side-band-64k", NULL, NULL) &&
	    !caps_get(&w->caps, "side-band", NULL, NULL))
		return err_set(err, ERR_REFUSED, "the git server is too old "
			       "(it has neither protocol v2 nor side bands)");
	if (!caps_get(&w->caps, "shallow", NULL, NULL))
		f->depth = 0;	/* all there is, then */
	add_v0_caps(&caps, &w->caps);
	for (size_t i = 0; i < f->wants_len; i++)
		pkt_addf(out, "want %s%s\n", oid_hex(hex, &f->wants[i]),
			 i > 0 ? "" : buf_str(&caps));
	buf_release(&caps);
	add_ids(out, "shallow", f->shallow, f->shallow_len);
	if (f->depth)
		pkt_addf(out, "deepen %zu\n", f->depth);
	pkt_flush(out);
	add_ids(out, "have", f->haves, f->haves_len);
	pkt_addf(out, "done\n");
	return 0;
}

/* A process that spoke the older protocol has ended after each answer. */
static int greet_again(struct wire *w, struct err *err)
{
	if (w->transport->ops->talking(w->transport, UPLOAD_PACK))
		return 0;
	w->version = -1;
	return wire_hello(w, err);
}

static int fetch_once(struct wire *w, struct fetch *f, struct spool *spool,
		      struct err *err)
{
	struct reply reply = { .v2 = w->version == 2, .fetch = f,
			       .spool = spool };
	struct pkt_reader in = {
		.packet = reply_packet, .ctx = &reply,
		.max_bytes = f->max_bytes	  ? f->max_bytes
			     : f->tree_depth >= 0 ? MAX_FILTERED_BYTES
						  : MAX_PACK_BYTES
	};
	struct buf body = { 0 };
	int rc = greet_again(w, err);

	if (rc == 0 && reply.v2)
		ask_v2(w, f, &body);
	else if (rc == 0)
		rc = ask_v0(w, f, &body, err);
	if (rc == 0)
		rc = w->transport->ops->request(w->transport, UPLOAD_PACK,
						&body, NULL, true, &in, err);
	f->over_max = in.over_max;
	if (rc < 0 || !reply.v2)
		w->transport->ops->hang_up(w->transport);
	pkt_reader_release(&in);
	buf_release(&body);
	return rc;
}

int wire_fetch(struct wire *w, struct fetch *f, struct spool *spool,
	       struct err *err)
{
	struct backoff backoff = { 0 };

	if (wire_hello(w, err) < 0)
		return -1;
	f->server_said_no = f->over_max = false;
	for (int tries = 1;; tries++) {
		spool_release(spool);
		if (fetch_once(w, f, spool, err) == 0)
			return 0;
		/* A read that was cut off is begun anew. */
		if (err->code != ERR_TRANSIENT || tries == MAX_TRIES ||
		    !backoff_wait(&backoff, w->deadline))
			return -1;
		log_verbose("fetching again: %s", err->msg);
		err_clear(err);
	}
}
