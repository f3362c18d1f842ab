#ifndef BOT_CHECK_H
#define BOT_CHECK_H

#include "bot/state.h"

/*
 * What is wrong between environments of one chain: a promotion that would be
 * refused because the fields are others becomes the target place's err; one
 * that would bring a version from one image to another of a different name is
 * a warning in s->diag. S has been read. Pure.
 */
void check_promotions(struct state *s);

/* What can be read but not edited, a file of SOPS, is the place's err. Pure. */
void check_edits(struct state *s);

/* An environment in which no service is found is a warning. Pure. */
void check_environments(struct state *s);

/*
 * HOST (NULL: a path on disk, none is needed) is of no known kind of forge: a
 * warning where pull requests are wanted. Pure.
 */
void check_forge(struct state *s, const char *host);

#endif
