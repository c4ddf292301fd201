/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities: config.md, "Linux Process", capabilities; capabilities(7). */
#ifndef RUNTIME_LINUX_CAPABILITIES_H
#define RUNTIME_LINUX_CAPABILITIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "oci/config.h"

struct capability_sets {		/* bit n is capability n */
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

/* The number of "CAP_SYS_ADMIN" (any case), or -1. */
int capability_find(const char *name);
/* The name of a number, or NULL. */
const char *capability_name(unsigned int number);

/*
 * Names to bits. A name this kernel or we do not know, and a capability this process does not have, is left out with
 * a warning, as the specification says.
 */
void capabilities_read(const struct oci_capabilities *config, struct capability_sets *sets);

/* Takes from the bounding set what is not wanted; needs CAP_SETPCAP, so before the user changes. */
int capabilities_bound(const struct capability_sets *sets, struct error *err);

/* Sets the other sets, after the user has changed with PR_SET_KEEPCAPS. */
int capabilities_apply(const struct capability_sets *sets, struct error *err);

#endif
