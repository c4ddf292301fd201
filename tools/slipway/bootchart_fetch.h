/* SPDX-License-Identifier: Apache-2.0 */
/* The chart of a boot, from the machine itself. */
#ifndef SLIPWAY_BOOTCHART_FETCH_H
#define SLIPWAY_BOOTCHART_FETCH_H

#include "tools/bootchart/chart.h"
#include "tools/slipway/vm.h"

/* A connection to the machine's control, or -1 with the error. */
typedef int bootchart_dial(const void *context, struct error *err);

/*
 * Waits for the end of the boot, at most so many seconds (0: not at all), and asks how it was. `began_us` is when the host started the
 * machine, by its CLOCK_MONOTONIC; 0 where nobody knows.
 */
struct bootchart_machine {
	bootchart_dial *dial;
	const void *context;
	unsigned int patience;
	int64_t began_us;
};
int bootchart_fetch(const struct bootchart_machine *machine, struct arena *arena, struct chart *chart, struct error *err);

/*
 * Boots the machine, fetches its chart, and powers it off. `vm` is without its lines. `status` is what to leave with: not 0, with or
 * without the error, where there is no chart.
 */
int bootchart_boot(struct qemu_vm *vm, const char *name, unsigned int patience, struct arena *arena, struct chart *chart, int *status,
		   struct error *err);

#endif
