/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway run` of several machines: a process each, their consoles side by side on standard output. */
#ifndef SLIPWAY_RUN_CLUSTER_H
#define SLIPWAY_RUN_CLUSTER_H

#include "base/error.h"
#include "tools/mkimage/manifest/machines.h"
#include "tools/slipway/qemu.h"

struct run_cluster {
	const struct manifest_machines *machines;
	const struct qemu_vm *vms;	/* one each; without lines and network, which are made here */
	unsigned int timeout;		/* seconds; 0: none */
	const char *log;		/* FILE.NAME is a copy of the console of each; NULL: there is none */
};

/* Boots them, and waits for all. The status is that of the first one that has not ended with 0. */
int run_cluster(const struct run_cluster *run, int *status, struct error *err);

#endif
