#ifndef BOT_GIT_WIRE_H
#define BOT_GIT_WIRE_H

#include "bot/git/oidmap.h"
#include "bot/git/repo.h"
#include "bot/git/spool.h"
#include "bot/git/transport.h"

/*
 * git's protocol as a client speaks it: v2 (gitprotocol-v2(5)) wherever the
 * server does, else the one before it (gitprotocol-pack(5)).
 */
struct wire {
	struct transport *transport;
	const struct deadline *deadline;
	int version;		/* -1: hello() was not said yet; 0 or 2 */
	struct buf caps;	/* each followed by a newline */
	struct buf push_caps;	/* of receive-pack, the same; empty: not asked */
	bool has_filter;	/* it takes object filters, and ids as wants */
	bool is_github;		/* by its name: takes tree:0, nothing deeper */
};

int wire_open(struct wire *w, const struct repo_options *options,
	      struct err *err);
void wire_close(struct wire *w);

/* Learn what the server can do, once. */
int wire_hello(struct wire *w, struct err *err);

/* As repo_ls_refs(). */
int wire_ls_refs(struct wire *w, const char *const *prefixes, size_t n,
		 struct repo_refs *out, struct err *err);

enum { FILTER_NONE = -1 };	/* else the N of tree:N */

struct fetch {
	const struct oid *wants;
	size_t wants_len;
	const struct oid *haves;
	size_t haves_len;
	const struct oid *shallow;	/* commits whose parents we lack */
	size_t shallow_len;
	size_t depth;			/* 0: as deep as it is */
	int tree_depth;			/* FILTER_NONE, or tree:N */
	uint64_t max_bytes;		/* of the answer; 0: a limit for all */

	/* Out: why it failed, where the caller can do something about it. */
	bool server_said_no;	/* an ERR packet: it takes no such request */
	bool over_max;		/* more than max_bytes */
};

/*
 * The pack that answers, into SPOOL (empty). Thin packs are not asked for.
 * ERR_NOTFOUND where server_said_no.
 */
int wire_fetch(struct wire *w, struct fetch *f, struct spool *spool,
	       struct err *err);

/*
 * Send UPDATES and the pack that MAKE makes, to receive-pack; THIN: it may
 * hold deltas against what the server has. Fills in updates[i].status (OK or
 * REFUSED by the server's word; UNKNOWN where it said none) and the messages.
 * -1: nothing was sent.
 */
struct push_pack {
	int (*make)(void *ctx, bool thin, struct buf *out, struct err *err);
	void *ctx;
};
int wire_push(struct wire *w, struct repo_update *updates, size_t n,
	      bool atomic, const struct push_pack *pack, struct err *err);
/* That wire_push() will follow: learn meanwhile what receive-pack can do. */
void wire_push_expect(struct wire *w);

/* Shared by fetch and push -------------------------------------------------- */

/* The value of capability NAME ("" where it has none); false: not there. */
bool caps_get(const struct buf *caps, const char *name, const char **value,
	      size_t *len);

/* A ref's name as git allows it (git-check-ref-format(1)), for untrusted text. */
bool ref_name_valid(const char *name, size_t len);

/* What a server says first, in either version. */
struct greeting {
	int version;
	bool began, in_service;
	struct buf *caps;
	struct repo_refs *refs;		/* of the older version; or NULL */
	size_t refs_cap, refs_seen;
	const char *const *prefixes;
	size_t prefixes_len;
};
int greeting_packet(void *ctx, enum pkt kind, const char *data, size_t len,
		    struct err *err);

/* SHA-1 or ERR_DATA. */
int check_object_format(const struct buf *caps, struct err *err);

/* "ERR reason" as a message; the text is the server's. */
int server_error(const char *data, size_t len, struct err *err);

#endif
