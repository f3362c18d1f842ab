#ifndef BOT_GIT_PKTLINE_H
#define BOT_GIT_PKTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/base/buf.h"
#include "bot/base/err.h"

/*
 * git's packets (gitprotocol-common(5)): four hex digits of length, themselves
 * counted, and the payload; lengths 0 to 2 are marks without payload.
 */
enum pkt { PKT_DATA, PKT_FLUSH, PKT_DELIM, PKT_END };

void pkt_flush(struct buf *out);
void pkt_delim(struct buf *out);
void pkt_addf(struct buf *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Packets out of bytes that come in pieces of any size. PACKET sees each one;
 * DATA is borrowed for the call and followed by no NUL. It answers 0 for "go
 * on", 1 for "that was the last one of this message", or -1 with ERR set.
 */
struct pkt_reader {
	int (*packet)(void *ctx, enum pkt kind, const char *data, size_t len,
		      struct err *err);
	void *ctx;
	uint64_t max_bytes;	/* of the message; more is ERR_DATA. 0: none */

	uint64_t bytes;		/* seen so far */
	bool done;		/* the last packet was seen */
	bool over_max;		/* it was max_bytes that ended it */
	struct buf partial;
};

/* ERR_DATA: not packets, too many bytes, or bytes after the last packet. */
int pkt_feed(struct pkt_reader *r, const char *data, size_t len,
	     struct err *err);
void pkt_reader_release(struct pkt_reader *r);

#endif
