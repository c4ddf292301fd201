/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root: the image, read-only, at IMAGE_DIRECTORY; over it an overlay whose upper
 * layer is a tmpfs. What runs cannot change the image, and what it wrote is gone at the next boot.
 */
#ifndef INIT_ROOT_H
#define INIT_ROOT_H

#include "init/init.h"

/* Mounts the image. It may be the initramfs itself, the root that the kernel mounted, or a device that must be waited for. */
int root_mount_image(struct machine *machine, struct error *err);

/* Makes the overlay the root and takes /dev, /proc, /sys and /run along. */
int root_switch(struct machine *machine, struct error *err);

#endif
