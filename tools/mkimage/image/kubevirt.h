/* SPDX-License-Identifier: Apache-2.0 */
/* What the image and the description of a machine of KubeVirt's have to agree on. Private to this directory. */
#ifndef MKIMAGE_IMAGE_KUBEVIRT_H
#define MKIMAGE_IMAGE_KUBEVIRT_H

#include "base/arena.h"

#define KUBEVIRT_DISK   "/disk/root.img"
#define KUBEVIRT_KERNEL "/boot/kernel"
#define KUBEVIRT_INITRD "/boot/initrd.img"

/* A name as Kubernetes takes it (a label of RFC 1123), from what the files are called: also that of the image, with a tag. */
const char *kubevirt_name(const char *name, struct arena *arena);

#endif
