/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel package in LinuxKit's shape: /kernel, and /kernel.tar with the modules and depmod's lists. Beside them, where
 * there are such, /vmlinux, /kernel-config and /System.map.
 */
#ifndef MKIMAGE_PACKAGE_KERNEL_H
#define MKIMAGE_PACKAGE_KERNEL_H

#include "base/error.h"
#include "tools/mkimage/tree/tree.h"

/* Takes boot/vmlinuz-VERSION and lib/modules/VERSION of `from` (unpacked Debian packages) and fills `to`. */
int package_kernel(struct tree *from, struct tree *to, struct error *err);

#endif
