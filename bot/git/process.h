#ifndef BOT_GIT_PROCESS_H
#define BOT_GIT_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "bot/base/buf.h"
#include "bot/base/clock.h"
#include "bot/base/err.h"

/*
 * A program of ours to talk to through its stdin and stdout, started by
 * argument vector, never by a shell. What it says on stderr is kept, up to a
 * few kilobytes, for the message should it fail.
 */
struct process {
	pid_t pid;		/* 0: none */
	int in, out, err;	/* our ends; -1: closed */
	bool own_group;
	struct buf said;	/* on stderr */
};

/*
 * Start ARGV (found through PATH) with our environment, less what would make
 * git work on another repository than it is told and less our own tokens, plus
 * the strings of ADD ("NAME=value", NULL at the end). OWN_GROUP: it and its
 * children can be ended together; not for programs that may ask something on
 * the terminal.
 */
int process_start(struct process *p, const char *const *argv,
		  const char *const *add, bool own_group, struct err *err);

/*
 * Write LEN bytes of DATA, while what comes back is handed to GOT; go on
 * reading until UNTIL(ctx) is true. GOT answers -1 with ERR set to stop.
 * 0 is also the answer when the program closed its end before that.
 * ERR_TRANSIENT: the deadline came.
 */
struct process_io {
	const char *data;
	size_t len;
	bool close_after;	/* its stdin ends when all is written */
	int (*got)(void *ctx, const char *data, size_t len, struct err *err);
	bool (*until)(void *ctx);
	void *ctx;
};
int process_talk(struct process *p, const struct process_io *io,
		 const struct deadline *deadline, struct err *err);

/*
 * Close its stdin and wait for its end, GRACE_MS at most;
 * then end it and its children. Returns the exit status, -1 where it was
 * ended or died of a signal. A zeroed process is calmly ignored: 0.
 */
int process_end(struct process *p, int64_t grace_ms);
void process_release(struct process *p);

/*
 * All of the above for a program that answers a text with a text: IN to its
 * stdin, its stdout added to OUT, its stderr to SAID, MAX_FILTERED bytes of
 * stdout at most. It may ask on the terminal. *STATUS as process_end().
 * ERR_REFUSED: it does not start; ERR_TRANSIENT: the deadline came.
 */
enum { MAX_FILTERED = 64 * 1024 };
int process_filter(const char *const *argv, const char *const *add,
		   const struct buf *in, struct buf *out, struct buf *said,
		   int *status, const struct deadline *deadline,
		   struct err *err);

#endif
