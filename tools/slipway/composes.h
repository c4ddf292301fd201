/* SPDX-License-Identifier: Apache-2.0 */
/* Compose files as what a machine is made from. */
#ifndef SLIPWAY_COMPOSES_H
#define SLIPWAY_COMPOSES_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "tools/slipway/inputs.h"

/* Appends the manifest; `prefix` and `quiet` as in struct compose_input. */
int composes_read(const struct input *input, const char *prefix, bool quiet, struct arena *arena, struct buffer *out, struct error *err);

/* What messages about that manifest have in place of a path. */
const char *composes_shown(const struct input *input, struct arena *arena);

#endif
