#ifndef POLICIES_GATES_H
#define POLICIES_GATES_H

#include "policies/gate.h"

/* All kinds of gates, one per policies/gate_NAME.c; gate.c has the table. */
extern const struct gate_kind gate_soak;

#endif
