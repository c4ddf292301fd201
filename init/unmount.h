/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the disks: file systems unmounted, and what lies between them and the disk taken apart. */
#ifndef INIT_UNMOUNT_H
#define INIT_UNMOUNT_H

#include "base/error.h"

/*
 * In a worker, for a disk that does not answer holds up whoever asks it: unmounts the file systems
 * of block devices but the root image, or makes them read-only, and frees loop and device-mapper devices, again while that
 * frees others. Does what it can.
 */
int unmount_everything(void *context, struct error *err);

/* In a worker of its own, since it waits for all disks: what could not be unmounted is written out. */
int unmount_sync(void *context, struct error *err);

#endif
