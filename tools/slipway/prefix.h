/* SPDX-License-Identifier: Apache-2.0 */
/* What `slipway build -o PREFIX` wrote, found again by the names that people give. */
#ifndef SLIPWAY_PREFIX_H
#define SLIPWAY_PREFIX_H

#include <stdbool.h>

#include "base/arena.h"

/* The name without the suffix of a manifest or of a file that any format writes; itself where it has none. */
const char *prefix_of(const char *name, struct arena *arena);

/* It is the name of a manifest. */
bool prefix_is_of_manifest(const char *name);

/* There is a kernel of that prefix. */
bool prefix_is_built(const char *prefix, struct arena *arena);

#endif
