/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of disks that stay the same however many there are: links in /dev/disk/by-uuid, by-label, by-partuuid, by-partlabel,
 * by-id and by-path. Where two would have the same name, it is that of the one whose own name is first.
 */
#ifndef INIT_DISK_NAMES_H
#define INIT_DISK_NAMES_H

#include <stddef.h>

#include "base/error.h"

struct machine;

/* A stage of the boot: the links of the disks that are there, where the plan says `hotplug`. */
int disk_names_make(struct machine *machine, struct error *err);

#define DISK_NAMES_TIMEOUT 30000u		/* milliseconds, for disks that do not answer */

/* In the loop: a disk came, went or has other contents. A worker looks through all of them; nothing waits. */
void disk_names_changed(struct machine *machine);

/*
 * "pci-0000:00:04.0" of "/sys/devices/pci0000:00/0000:00:04.0/virtio1/block/vda", with "-part1" for a partition's
 * "vda/vda1"; "" where the way there has no such name.
 */
void disk_names_of_path(const char *sysfs, char *name, size_t size);

#endif
