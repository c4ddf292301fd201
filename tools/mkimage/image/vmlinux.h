/* SPDX-License-Identifier: Apache-2.0 */
/* The uncompressed kernel, as an ELF file. Private to this directory. */
#ifndef MKIMAGE_IMAGE_VMLINUX_H
#define MKIMAGE_IMAGE_VMLINUX_H

#include <stddef.h>

#include "base/error.h"

/* Fails where these bytes are not an ELF file of x86-64 with the note that says where a PVH guest begins. */
int vmlinux_check(const void *data, size_t length, struct error *err);

#endif
