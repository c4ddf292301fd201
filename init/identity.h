/* SPDX-License-Identifier: Apache-2.0 */
/* Who this machine is: /etc/machine-id (machine-id(5)). */
#ifndef INIT_IDENTITY_H
#define INIT_IDENTITY_H

#include <stdbool.h>

#include "base/error.h"

#define MACHINE_ID_LENGTH 32		/* hexadecimal digits */

/*
 * In a worker, `machine` being the machine. The first of these: the plan's, that of the image's own file, that of the state
 * partition, the hypervisor's UUID, or one made up, which the state partition keeps.
 */
int identity_set(void *machine, struct error *err);

/* "4C4C4544-0051-..." of SMBIOS as 32 lower-case digits; false where it is none, or one that vendors leave empty. */
bool identity_from_uuid(const char *text, char id[MACHINE_ID_LENGTH + 1]);

#endif
