#ifndef TESTS_UNIT_GIT_FAKE_H
#define TESTS_UNIT_GIT_FAKE_H

#include "bot/git/wire.h"

/*
 * A transport that answers what it is given, in pieces of a given size: for
 * what servers may say, with no server.
 */
struct fake {
	struct transport base;
	const char *hello, *answer;
	size_t hello_len, answer_len, piece;
};

static inline int fake_feed(struct pkt_reader *in, const char *data,
			    size_t len, size_t piece, struct err *err)
{
	for (size_t at = 0; at < len && !in->done; at += piece)
		if (pkt_feed(in, data + at,
			     len - at < piece ? len - at : piece, err) < 0)
			return -1;
	return in->done ? 0 : err_set(err, ERR_DATA, "cut off");
}

static inline int fake_hello(struct transport *t, enum service service,
			     bool v2, struct pkt_reader *in, struct err *err)
{
	struct fake *f = (struct fake *)t;

	(void)service;
	(void)v2;
	return fake_feed(in, f->hello, f->hello_len, f->piece, err);
}

static inline int fake_request(struct transport *t, enum service service,
			       const struct buf *head, const struct buf *body,
			       bool repeatable, struct pkt_reader *in,
			       struct err *err)
{
	struct fake *f = (struct fake *)t;

	(void)service;
	(void)head;
	(void)body;
	(void)repeatable;
	return fake_feed(in, f->answer, f->answer_len, f->piece, err);
}

static inline bool fake_talking(struct transport *t, enum service service)
{
	(void)t;
	(void)service;
	return true;
}

static inline void fake_nothing(struct transport *t)
{
	(void)t;
}

static inline void fake_expect(struct transport *t, enum service service,
			       const struct buf *head)
{
	(void)t;
	(void)service;
	(void)head;
}

static const struct transport_ops fake_ops = {
	.name	 = "fake",
	.hello	 = fake_hello,
	.expect	 = fake_expect,
	.request = fake_request,
	.talking = fake_talking,
	.hang_up = fake_nothing,
	.free	 = fake_nothing,
};

#endif
