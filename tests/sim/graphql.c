#include "tests/sim/sim.h"
void graphql_call(struct sim_call *c) { reply_error(c, 501, "not yet"); }
