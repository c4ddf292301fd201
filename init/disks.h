/* SPDX-License-Identifier: Apache-2.0 */
/* The stage of the boot that makes the plan's storage: each record in a child, with its time limit and its policy. */
#ifndef INIT_DISKS_H
#define INIT_DISKS_H

#include "init/init.h"

/* Sets machine->has_state. An error is of a record whose policy lets nothing follow; that policy is the machine's then. */
int disks_apply(struct machine *machine, struct error *err);

#endif
