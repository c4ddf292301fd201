/* SPDX-License-Identifier: Apache-2.0 */
/* A reboot without the firmware: the next kernel is started by this one. */
#ifndef INIT_KEXEC_H
#define INIT_KEXEC_H

#include <stdbool.h>

#include "init/init.h"

/*
 * Where the plan says `reboot=kexec`: loads boot/kernel, with boot/initrd.img and boot/cmdline where they are there,
 * from the state partition, else from the image. False where the plan does not say so, or it cannot be done, which is
 * logged: then the firmware is asked.
 */
bool kexec_load(struct machine *machine);

#endif
