/* SPDX-License-Identifier: Apache-2.0 */
/* How layers are numbered while a root is laid out: see tools/mkimage/provenance/provenance.h. */
#ifndef MKIMAGE_ROOT_PROVENANCE_H
#define MKIMAGE_ROOT_PROVENANCE_H

#include "tools/mkimage/compile/compile.h"

/* The origin of the first layer of images[index]. */
uint16_t root_first_origin(const struct compile_image *images, size_t index);

#endif
