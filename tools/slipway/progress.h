/* SPDX-License-Identifier: Apache-2.0 */
/* What a long command is doing: one line that changes on a terminal, plain lines elsewhere. */
#ifndef SLIPWAY_PROGRESS_H
#define SLIPWAY_PROGRESS_H

#include <stdbool.h>

struct progress {
	bool quiet, terminal;
	unsigned int step, steps;
};

/* `steps` is how many calls of progress_step() there will be. */
void progress_open(struct progress *progress, unsigned int steps, bool quiet);
void progress_step(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Clears the line. Before an error is printed, and at the end. */
void progress_close(struct progress *progress);

#endif
