#ifndef BOT_READ_H
#define BOT_READ_H

#include "bot/state.h"
#include "bot/world.h"

/*
 * Read base's head, promote.yaml at that commit and the fields that the
 * request is about into S (released first).
 *
 * ERR_USAGE: promote.yaml has faults; they are in s->diag. ERR_NOTFOUND: no
 * such branch, no promote.yaml. Else repo.h's errors.
 */
int read_state(struct state *s, struct world *w, const struct request *r,
	       struct err *err);

/* Get the facts that a plan said it lacks. */
int read_needs(struct state *s, struct world *w, const struct needs *needs,
	       struct err *err);

/* The steps of the two above, one file each. */

/* bot/services.c: which services are there, and where; all spots read. */
int read_services(struct state *s, struct repo *repo, const struct request *r,
		  struct err *err);

/*
 * bot/sets.c: services that move together. The services that the wishes of R
 * are about, those that move with them included (*LEN of them); and then the
 * sets' own rows, behind those of the services.
 */
const char *const *sets_services(struct state *s, const struct request *r,
				 size_t *len);
void sets_take(struct state *s, const struct request *r);

/* bot/stops.c: the emergency stops. */
int read_stops(struct state *s, struct repo *repo, struct err *err);

/*
 * bot/timelines.c: the timelines of the spots flagged NEED_TIMELINE, over at
 * least DEPTH commits, with the trailers of the commits that brought them.
 */
int read_timelines(struct state *s, struct repo *repo,
		   const unsigned char *flags, size_t depth, struct err *err);

/* Is it a commit of ours that says it brought a version into SPOT? */
bool message_is_about(struct state *s, const char *message,
		      const struct spot *spot);
/* What it says of the stay, whose version is known, that it began. */
void stay_describe(struct arena *a, const char *message, struct stay *stay);

/*
 * bot/recent.c, for bump. Before anything else of base's head: its newest
 * commits, and at which of them to look for what R is about. Then the recent
 * timelines of the spots flagged NEED_RECENT; of those that have one already,
 * with all that messages further back can add.
 */
int read_recent_line(struct state *s, struct repo *repo,
		     const struct request *r, struct err *err);
int read_recent(struct state *s, struct repo *repo, const unsigned char *flags,
		struct err *err);
/* Shared by the two files. */
int recent_timelines(struct state *s, struct repo *repo,
		     const unsigned char *flags, struct err *err);
void recent_describe(struct state *s, const struct spot *spot,
		     struct stay *stay);

/*
 * bot/evidence.c: what NEEDS asks witnesses outside for. That one of them does
 * not answer is a fact, not an error.
 */
int read_evidence(struct state *s, struct world *w, const struct needs *needs,
		  struct err *err);
/* Base's first-parent line up to position LAST, which was walked before. */
int read_line(struct state *s, struct repo *repo, size_t last,
	      struct err *err);

/*
 * What the forge knows of the pull request of SPOT that became the commit that
 * brought a stay. It did not land before that was merged: a merge that only
 * moves the branch forward leaves the commit's time as it was when the branch
 * was made. And it says the build, where a squash dropped the trailers. The
 * same for pushes to base, as far as S has them.
 */
void timeline_forge_word(struct state *s, struct spot *spot);

/*
 * bot/landings.c: the pushes to base that NEEDS asks for, once a run for all
 * services. A forge that has no list of them, or shows none to this token, has
 * told all it knows: git's word counts. One that did not answer may have one,
 * so what rests on it waits.
 */
int read_landings(struct state *s, struct world *w, const struct needs *needs,
		  struct err *err);

/* bot/answers.c: ask servers outside what gates want to know. */
void read_answers(struct state *s, struct world *w, const struct needs *needs);

/*
 * bot/touched.c: for the spots flagged NEED_TOUCHED, the commits, not ours,
 * that touched the service's folder in its (first) `from` since what the spot
 * has landed there. Wants their timelines.
 */
int read_touched(struct state *s, struct repo *repo,
		 const unsigned char *flags, struct err *err);

/* bot/branch.c: is everything on the spot's branch ours, what is on it? */
int read_branch(struct state *s, struct repo *repo, struct spot *spot,
		struct err *err);
/* Fetch what is on the branches of all spots flagged NEED_BRANCH at once. */
int read_branches_ahead(struct state *s, struct repo *repo,
			const unsigned char *flags, struct err *err);

#endif
