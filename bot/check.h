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

#endif
