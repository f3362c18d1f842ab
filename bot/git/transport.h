#ifndef BOT_GIT_TRANSPORT_H
#define BOT_GIT_TRANSPORT_H

#include "bot/git/pktline.h"
#include "bot/git/repo.h"

/*
 * How bytes get to git's two services and back: over HTTP, or to a process
 * (git's own for a repository on disk, ssh for a remote one). What the bytes
 * mean is wire.c's and push.c's.
 */
enum service { UPLOAD_PACK, RECEIVE_PACK };

extern const char *const service_names[];	/* "git-upload-pack" ... */

struct transport {
	const struct transport_ops *ops;
	unsigned requests;
	uint64_t bytes_sent, bytes_received;
};

struct transport_ops {
	const char *name;

	/*
	 * Say hello to SERVICE, offering protocol v2 where V2, and feed its
	 * answer to IN until that is done.
	 */
	int (*hello)(struct transport *t, enum service service, bool v2,
		     struct pkt_reader *in, struct err *err);

	/*
	 * request() with HEAD, or where that is NULL hello() without v2, will
	 * follow: have its answer come while other things are asked. One at a
	 * time, the newest. For speed only: nothing fails, and what did not
	 * come as it should is asked for when it is due.
	 */
	void (*expect)(struct transport *t, enum service service,
		       const struct buf *head);

	/*
	 * Send HEAD, then BODY (or NULL), and feed the answer to IN until that
	 * is done. REPEATABLE: it changes nothing there. After a failure IN
	 * says how far it came; where it is not REPEATABLE, ERR_REFUSED means
	 * that the server turned the whole request down, anything else that
	 * what became of it is unknown.
	 */
	int (*request)(struct transport *t, enum service service,
		       const struct buf *head, const struct buf *body,
		       bool repeatable, struct pkt_reader *in, struct err *err);

	/*
	 * Is the conversation that hello() began still there for request()?
	 * Over HTTP each request stands alone: always true.
	 */
	bool (*talking)(struct transport *t, enum service service);

	/* End the conversation: nothing more is to be said, or it went wrong. */
	void (*hang_up)(struct transport *t);
	void (*free)(struct transport *t);
};

/*
 * By the location's form. ERR_USAGE: it has none that is known. ERR_SECURITY:
 * one that ssh would take for an option.
 */
int transport_new(struct transport **out, const struct repo_options *options,
		  struct err *err);

/* One for each kind of location; LOCATION has been looked at by the above. */
int transport_http_new(struct transport **out,
		       const struct repo_options *options, struct err *err);
int transport_local_new(struct transport **out, const char *path,
			const struct deadline *deadline, struct err *err);

struct ssh_place {
	char *user_host;	/* "git@host" or "host" */
	char *port;		/* or NULL */
	char *path;
};
int transport_ssh_new(struct transport **out, const struct ssh_place *place,
		      const struct deadline *deadline, struct err *err);

/* ssh://[user@]host[:port]/path and [user@]host:path. */
int ssh_place_parse(struct ssh_place *out, const char *location,
		    struct err *err);
void ssh_place_release(struct ssh_place *place);

/*
 * The words of a command line as a shell would see them, quotes and
 * backslashes taken off; whatever only a shell can do ($, `, ;, |, &, <, >,
 * parentheses) is ERR_USAGE. The caller frees each of the LEN words, and WORDS.
 */
int split_words(char ***words, size_t *len, const char *line, struct err *err);

#endif
