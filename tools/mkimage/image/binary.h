/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of processor a kernel or a program is for, by how its file begins. */
#ifndef MKIMAGE_IMAGE_BINARY_H
#define MKIMAGE_IMAGE_BINARY_H

#include <stddef.h>

#include "base/error.h"
#include "tools/mkimage/source/architecture.h"

#define BINARY_HEAD_BYTES 65536		/* of a file, that are enough to tell */

/* Of an ELF file, a bzImage, an arm64 Image, or such a one under gzip; NULL: it does not say. */
const struct architecture *binary_architecture(const void *data, size_t length);

/* Refuses a kernel that is for another architecture, or packed in a way that nothing here starts. */
int binary_check_kernel(const void *data, size_t length, const struct architecture *wanted, struct error *err);

/* The same for a program, by its file. */
int binary_check_program(const char *path, const struct architecture *wanted, struct error *err);

#endif
