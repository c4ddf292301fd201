/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of a boot up to the event loop, in order; the table is in boot.c. */
#ifndef INIT_BOOT_H
#define INIT_BOOT_H

#include "init/init.h"

/* Runs the stages. Where one fails the plan's on_failure is done; where that says to go on, the next follows. */
void boot(struct machine *machine);

#endif
