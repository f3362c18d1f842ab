#include "bot/git/pktline.h"

#include <string.h>

#include "bot/base/mem.h"

enum {
	HEAD_LEN = 4,
	MAX_LEN = 65520,	/* head included */
};

void pkt_flush(struct buf *out)
{
	buf_addstr(out, "0000");
}

void pkt_delim(struct buf *out)
{
	buf_addstr(out, "0001");
}

void pkt_addf(struct buf *out, const char *fmt, ...)
{
	static const char digits[] = "0123456789abcdef";
	size_t start = out->len, len;
	va_list ap;

	buf_addstr(out, "0000");
	va_start(ap, fmt);
	buf_vaddf(out, fmt, ap);
	va_end(ap);
	len = out->len - start;
	if (len > MAX_LEN)
		BUG("a packet of %zu bytes", len);
	for (int i = 0; i < HEAD_LEN; i++)
		out->data[start + (size_t)i] =
			digits[len >> (4 * (HEAD_LEN - 1 - i)) & 15];
}

/* The length that the four digits at HEAD say, or -1. */
static int head_len(const char *head)
{
	int n = 0;

	for (int i = 0; i < HEAD_LEN; i++) {
		char c = head[i];

		if (c >= '0' && c <= '9')
			n = n * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			n = n * 16 + (c - 'A' + 10);
		else
			return -1;
	}
	return n;
}

/*
 * Hand on the packet at DATA if all of it is there. Returns the bytes it took,
 * 0 when more is needed, -1 with ERR set.
 */
static int take(struct pkt_reader *r, const char *data, size_t len,
		struct err *err)
{
	enum pkt kind = PKT_DATA;
	int n, rc;

	if (len < HEAD_LEN)
		return 0;
	n = head_len(data);
	if (n < 0 || n == 3 || n > MAX_LEN)
		return err_set(err, ERR_DATA, "the server sent something that "
			       "is not git's protocol");
	if (n < HEAD_LEN) {
		kind = n == 0 ? PKT_FLUSH : n == 1 ? PKT_DELIM : PKT_END;
		n = HEAD_LEN;
	}
	if (len < (size_t)n)
		return 0;
	rc = r->packet(r->ctx, kind, data + HEAD_LEN, (size_t)n - HEAD_LEN,
		       err);
	if (rc < 0)
		return -1;
	r->done = rc > 0;
	return n;
}

/* As many whole packets as there are; the bytes they took, or -1. */
static int64_t take_all(struct pkt_reader *r, const char *data, size_t len,
			struct err *err)
{
	size_t at = 0;
	int n;

	while (!r->done && at < len) {
		n = take(r, data + at, len - at, err);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		at += (size_t)n;
	}
	if (r->done && at < len)
		return err_set(err, ERR_DATA,
			       "the server went on after its last packet");
	return (int64_t)at;
}

int pkt_feed(struct pkt_reader *r, const char *data, size_t len,
	     struct err *err)
{
	int64_t took;

	r->bytes += len;
	if (r->max_bytes && r->bytes > r->max_bytes) {
		r->over_max = true;
		return err_set(err, ERR_DATA, "the server sent more than the "
			       "%llu bytes that were allowed for",
			       (unsigned long long)r->max_bytes);
	}
	if (r->done && len)
		return err_set(err, ERR_DATA,
			       "the server went on after its last packet");
	/* Complete a packet that came in pieces, and no more than that: what
	   follows is then read where it lies. */
	while (r->partial.len && len) {
		size_t want = HEAD_LEN;
		int n;

		if (r->partial.len >= HEAD_LEN) {
			n = head_len(r->partial.data);
			if (n >= HEAD_LEN)
				want = (size_t)n;
		}
		if (want > r->partial.len) {
			want -= r->partial.len;
			if (want > len)
				want = len;
			buf_add(&r->partial, data, want);
			data += want;
			len -= want;
		}
		took = take_all(r, r->partial.data, r->partial.len, err);
		if (took < 0)
			return -1;
		if (took)
			buf_reset(&r->partial);
	}
	took = take_all(r, data, len, err);
	if (took < 0)
		return -1;
	if (len - (size_t)took)
		buf_add(&r->partial, data + took, len - (size_t)took);
	return 0;
}

void pkt_reader_release(struct pkt_reader *r)
{
	buf_release(&r->partial);
}
