/* SPDX-License-Identifier: Apache-2.0 */
/* A line of runc's `events`: the use a container makes of its resources, or what happened to it. */
#ifndef OCI_STATS_H
#define OCI_STATS_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct oci_stats {
	uint64_t cpu_total, cpu_user, cpu_kernel;	/* nanoseconds */
	uint64_t memory_usage, memory_max, memory_limit, memory_failures;	/* bytes; how often the limit was met */
	uint64_t pids_current, pids_limit;		/* a limit of 0 is none */
};

struct oci_event {
	const char *type;		/* "stats" or "oom" */
	const char *id;
	struct oci_stats stats;		/* of "stats" */
};

/* Appends the object on one line, and a newline. */
int oci_event_write(const struct oci_event *event, struct buffer *out, struct error *err);

#endif
