/* SPDX-License-Identifier: Apache-2.0 */
/* How long the machine took before its kernel, where it can say so itself. */
#ifndef INIT_FIRMWARE_H
#define INIT_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>

/* Both in microseconds since the firmware began. */
struct firmware_times {
	int64_t loader_start, loader_end;
	const char *source;		/* "fpdt" or "efi" */
};

/*
 * `directory` is the kernel's /sys/firmware. First ACPI's table of the firmware's performance (ACPI 6.5, 5.2.24), then the variables
 * that boot loaders leave (systemd's Boot Loader Interface). False where neither is there, or what they say cannot be: in that
 * order, below an hour.
 */
bool firmware_times_read(int directory, struct firmware_times *times);

#endif
