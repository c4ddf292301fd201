/* SPDX-License-Identifier: Apache-2.0 */
/* A machine of KubeVirt's. Private to this directory. */
#ifndef MKIMAGE_IMAGE_CONTAINERDISK_H
#define MKIMAGE_IMAGE_CONTAINERDISK_H

#include "base/error.h"
#include "tools/mkimage/image/image.h"

/*
 * An OCI archive of a containerDisk: the root as the one file below /disk, and in /boot the kernel and the initrd that go with it, all
 * of uid and gid 107, whom KubeVirt's QEMU runs as. The same image serves as a kernelBoot container.
 */
int containerdisk_write(const struct image_input *input, int fd, struct error *err);

/* A VirtualMachine (kubevirt.io/v1) that boots it, as JSON for kubectl; the image has the machine's name, to be changed to where it is. */
int kubevirt_write(const struct image_input *input, int fd, struct error *err);

#endif
