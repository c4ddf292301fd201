/* SPDX-License-Identifier: Apache-2.0 */
/* What is being pulled or pushed: a bar for each blob on a terminal, a line for each that is done elsewhere. */
#ifndef SLIPWAY_TRANSFERS_H
#define SLIPWAY_TRANSFERS_H

#include <stdbool.h>

#include "tools/mkimage/registry/registry.h"

struct transfers;

struct transfers *transfers_open(bool quiet);
/* A `report` of registry_options; the context is the transfers. */
void transfers_report(void *context, const struct registry_event *event);
/* Takes the bars away; before an error is printed, and at the end. NULL is fine. */
void transfers_close(struct transfers *transfers);

#endif
