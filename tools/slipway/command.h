/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `slipway`, one file a command; main.c has the table of them. */
#ifndef SLIPWAY_COMMAND_H
#define SLIPWAY_COMMAND_H

#include "base/option.h"

extern const struct option_command command_run;

#endif
