/* SPDX-License-Identifier: Apache-2.0 */
/* PREFIX-ports: the `ports` of a manifest's containers, one a line, for `slipway run` to publish. */
#ifndef SLIPWAY_PORTS_H
#define SLIPWAY_PORTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/option.h"
#include "tools/mkimage/manifest/manifest.h"

/* Writes the file; where there are no ports, takes away what an earlier build has left. */
int ports_write(const char *prefix, const struct manifest *manifest, struct error *err);

/*
 * Adds to the list, as --publish takes them: what has a port of the host, and with `all` also the others, at the same
 * port of the host. A port of the guest that the list has already stays as it is.
 */
int ports_read(const char *prefix, bool all, struct option_list *publish, struct arena *arena, struct error *err);

#endif
