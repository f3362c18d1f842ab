#ifndef BOT_GIT_REPO_H
#define BOT_GIT_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bot/base/clock.h"
#include "bot/base/err.h"
#include "bot/base/http.h"
#include "bot/base/mem.h"

/*
 * The config repository, on a server or on disk, as a promotion needs it:
 * refs, the files on a few paths at one commit, the first-parent history of
 * those paths, new commits, and refs moved by compare-and-swap. Nothing is
 * cloned: objects are fetched when a call needs them, in as few requests as
 * possible, into a private store that is gone when the program ends.
 *
 * A call names all it wants at once (paths, commits), since each round trip
 * costs more than what it brings.
 *
 * Errors of all functions: ERR_TRANSIENT (network, deadline, a server that
 * fails), ERR_REFUSED (authority; no such repository), ERR_DATA (what came
 * is not git's, is over a limit, or does not match its id), ERR_NOTFOUND (the
 * server has no such commit, or had: a base that was rewritten), ERR_SECURITY,
 * ERR_USAGE (the location).
 */
struct repo;

struct oid {
	unsigned char id[20];
};

enum { OID_HEX = 40 };

bool oid_eq(const struct oid *a, const struct oid *b);
bool oid_is_zero(const struct oid *a);
/* Forty lower-case hex digits and a NUL into OUT, which is returned. */
char *oid_hex(char out[OID_HEX + 1], const struct oid *id);
/* False: not forty hex digits. */
bool oid_parse(struct oid *out, const char *hex);

struct repo_options {
	/*
	 * https://, http:// (loopback), ssh://, user@host:path, file://, or a
	 * path: a bare repository or a checkout, whose work tree and index
	 * are never touched.
	 */
	const char *location;
	struct http *http;		/* borrowed; used for http(s) only */
	const struct http_cred *cred;	/* borrowed, or NULL */
	bool asks_helpers;		/* git's credential helpers, where there
					   is no cred and the server wants one */
	const struct deadline *deadline;	/* borrowed */
	const char *signing_key;	/* borrowed: "ssh:FILE", "openpgp:KEY-ID";
					   NULL: commits are not signed */
	bool unfiltered;		/* ask for whole trees: depth 1, no filter */
};

/* Opens nothing on the network yet. Free with repo_free. */
int repo_open(struct repo **out, const struct repo_options *options,
	      struct err *err);
void repo_free(struct repo *r);

/* Refs -------------------------------------------------------------------- */

struct repo_ref {
	const char *name;	/* "refs/heads/main" */
	struct oid id;
};

struct repo_refs {
	struct arena arena;
	struct repo_ref *items;
	size_t len;
	const char *head_target;	/* "refs/heads/main"; NULL: unknown */
};

/*
 * What the server says now of the refs that start with one of the N PREFIXES
 * (whole names are prefixes too), and what HEAD points to. Always asks.
 */
int repo_ls_refs(struct repo *r, const char *const *prefixes, size_t n,
		 struct repo_refs *out, struct err *err);
void repo_refs_release(struct repo_refs *refs);

/* Files ------------------------------------------------------------------- */

struct repo_file {
	bool exists;
	bool is_symlink;	/* then text is its target */
	struct oid blob;
	const char *text;	/* borrowed from the repo until repo_free() */
	size_t len;
};

/*
 * Read the N files at PATHS (slashes, none in front) of COMMIT into OUT[N].
 * A path that leads nowhere, or to a directory, is a file that does not
 * exist: no error. Files over 32 MiB: ERR_DATA.
 */
int repo_read(struct repo *r, const struct oid *commit,
	      const char *const *paths, size_t n, struct repo_file *out,
	      struct err *err);

/*
 * Fetch what repo_read() of each of these will want, level by level for all of
 * them: for speed only.
 */
struct repo_look {
	struct oid commit;
	const char *const *paths;
	size_t n;
};
int repo_read_ahead(struct repo *r, const struct repo_look *looks, size_t n,
		    struct err *err);

/*
 * The names in directory PATH ("" is the root) of COMMIT: directories when
 * DIRS, else files; in git's order, in arena A. No such directory: none.
 */
int repo_list(struct repo *r, const struct oid *commit, const char *path,
	      bool dirs, struct arena *a, const char ***names, size_t *len,
	      struct err *err);

/* Commits ----------------------------------------------------------------- */

struct repo_commit {
	struct oid id, tree;
	struct oid *parents;
	size_t parents_len;
	const char *author_name, *author_mail;
	int64_t author_s, committer_s;
	const char *message;	/* whole, trailers included */
};

/* One commit, all strings in arena A. ERR_NOTFOUND: the server has none. */
int repo_commit(struct repo *r, const struct oid *id, struct arena *a,
		struct repo_commit *out, struct err *err);

/*
 * The newest DEPTH commits of HEAD's first-parent line, HEAD first, in arena A.
 * Asked for before anything else of HEAD they cost no request: a few come with
 * what a first look at its files takes, many without files,
 * where the server can leave those out. Fewer where
 * the history ends, for good (`complete`) or, as in a shallow clone, because
 * the server has no more of it.
 */
struct repo_line {
	struct repo_commit *commits;
	const char **merged;	/* of each: the message of the one commit that
				   it merged, made on top of a commit that is
				   on the line, too; else NULL */
	size_t len;
	bool complete;
};
int repo_line(struct repo *r, const struct oid *head, size_t depth,
	      struct arena *a, struct repo_line *out, struct err *err);

/*
 * Files that are read from now on will be looked at in these commits as well,
 * by repo_history(): what is missing for that comes in the same requests. Much
 * of it is the same, and the rest small while it comes together.
 */
void repo_look_along(struct repo *r, const struct oid *commits, size_t n);

/*
 * One point on the first-parent history at which a file changed: COMMIT is
 * the one that brought what the file has from there on.
 */
struct repo_change {
	size_t pos;		/* 0 is the head, 1 its first parent ... */
	struct oid commit;
	int64_t committer_s;	/* of that commit */
	int64_t landed_s;	/* the newest committer time on the first-parent
				   line up to that commit; a lower bound where
				   the walk ended at a boundary */
	bool exists;		/* as a file */
	bool is_dir;		/* a directory; then `blob` is its tree */
	struct oid blob;
};

struct repo_history {
	struct repo_change *changes;	/* newest first; the last one is the
					   oldest content known */
	size_t len;
	size_t walked;		/* commits looked at. Fewer than asked for while
				   not complete: the server's own history ends
				   there (a shallow clone), asking again for
				   more brings nothing */
	bool complete;		/* the root was reached: the last change is
				   where the file came to be as it was. Else
				   the last one's pos, commit and time are
				   those of the boundary: it has been so since
				   then or earlier. */
};

/*
 * The first-parent history of N PATHS (files; of a directory, each commit
 * that changed something below it) from HEAD back, over DEPTH commits (fewer
 * only where the root comes first). OUT[N] in arena A. Ask again with twice
 * the depth where it does not suffice: what is here already is not fetched
 * again. LOOKS, where given, says at which of the DEPTH commits to look (at
 * HEAD always); the others are taken to have left the files as they were.
 */
int repo_history(struct repo *r, const struct oid *head,
		 const char *const *paths, size_t n, size_t depth,
		 const bool *looks, struct arena *a, struct repo_history *out,
		 struct err *err);

/* The content of a blob that repo_history() or repo_diff() named. Batched. */
int repo_blobs(struct repo *r, const struct oid *ids, size_t n,
	       struct repo_file *out, struct err *err);

/*
 * The commits that TIP has and BASE has not, newest first, at most MOST
 * (more: ERR_DATA). For judging a branch of ours.
 */
int repo_beyond(struct repo *r, const struct oid *tip, const struct oid *base,
		size_t most, struct arena *a, struct repo_commit **out,
		size_t *len, struct err *err);

/*
 * Fetch what N TIPS have and BASE has not, files included, in one request: for
 * speed only, before these branches are judged one by one.
 */
int repo_beyond_ahead(struct repo *r, const struct oid *tips, size_t n,
		      const struct oid *base, struct err *err);

/* Is WHAT reachable from TIP? Walks back no further than it has to. */
int repo_reaches(struct repo *r, const struct oid *tip, const struct oid *what,
		 bool *out, struct err *err);

struct repo_diff {
	const char *path;
	struct oid old_blob, new_blob;	/* zero: not there on that side */
	bool mode_changed;
};

/*
 * What differs between the trees of two commits, files only, at most MOST
 * (more, or so many directories, or a path over 4096 bytes: ERR_DATA). Opens
 * only trees whose ids differ.
 */
int repo_diff(struct repo *r, const struct oid *from, const struct oid *to,
	      size_t most, struct arena *a, struct repo_diff **out,
	      size_t *len, struct err *err);

/* Writing ----------------------------------------------------------------- */

struct repo_edit {
	const char *path;	/* of a file that PARENT has */
	const char *text;
	size_t len;
};

struct repo_commit_meta {
	const char *author_name, *author_mail;
	const char *message;
	int64_t when_s;		/* author and committer time */
};

/*
 * Make (here, not on the server) the commit with one parent whose tree is
 * PARENT's with the contents of N files replaced; modes stay. PARENT may be
 * a commit made by this call before. The result is checked against I1: the
 * two trees are walked again and must differ in exactly those files, else
 * ERR_BUG. An edit that changes nothing is ERR_BUG too. It is signed where the
 * options have a key; ERR_USAGE: that cannot sign.
 */
int repo_commit_make(struct repo *r, const struct oid *parent,
		     const struct repo_edit *edits, size_t n,
		     const struct repo_commit_meta *meta, struct oid *out,
		     struct err *err);

enum repo_push_status {
	REPO_PUSH_OK,		/* the server said so for this ref, or what
				   the ref holds now reaches new_id (I3) */
	REPO_PUSH_RACE,		/* the ref was not at old_id */
	REPO_PUSH_REFUSED,	/* hook, protection, authority: see message */
	REPO_PUSH_UNKNOWN,	/* no reply, and reading again does not tell */
};

struct repo_update {
	const char *ref;	/* "refs/heads/..." */
	struct oid old_id;	/* what was read; zero: must not exist */
	struct oid new_id;	/* zero: delete */
	enum repo_push_status status;	/* out */
	char message[512];		/* out: the server's reason, escaped by
					   the caller before it is shown */
};

/*
 * A push will follow as a rule: what has to be asked before it is asked while
 * files are read. For speed only; without a push it was asked in vain.
 */
void repo_expect_push(struct repo *r);

/*
 * Move refs on the server, each from its old_id to its new_id by
 * compare-and-swap, in one push with exactly the objects the server lacks.
 * ATOMIC: all or none (ERR_REFUSED where the server cannot).
 *
 * 0: every update has its status. A lost reply is settled by reading the ref
 * again: OK only when new_id is reachable from what it holds, RACE when it
 * holds something else; UNKNOWN when it is still at old_id, for the server may
 * yet act (trying again is safe: one of the two then loses). A refusal is a
 * RACE when the ref, read again, is not at old_id; texts decide nothing.
 * -1: nothing was sent.
 */
int repo_push(struct repo *r, struct repo_update *updates, size_t n,
	      bool atomic, struct err *err);

/* What it has cost so far, and the road taken, for -v. */
struct repo_cost {
	unsigned requests;
	uint64_t bytes_received, bytes_sent;
	const char *road;	/* "protocol v2, tree filter" ... */
};
void repo_cost(const struct repo *r, struct repo_cost *out);

#endif
