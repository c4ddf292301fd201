/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Randomness that outlives the machine: a file of the state partition, which the kernel is given at boot. It counts as
 * random only once: it is replaced on the disk before it is credited, so that a machine whose power
 * fails does not begin twice alike. Images and snapshots of a disk share its seed; it is for the machine that writes it.
 */
#ifndef INIT_SEED_H
#define INIT_SEED_H

#include "base/error.h"

#define SEED_NAME "random-seed"		/* below STATE_DIRECTORY; mode 0600 */

/* Both in a worker, `machine` being the machine. Without a state partition they do nothing. */
int seed_load(void *machine, struct error *err);
int seed_save(void *machine, struct error *err);

#endif
