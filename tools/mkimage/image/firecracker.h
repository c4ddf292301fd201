/* SPDX-License-Identifier: Apache-2.0 */
/* A machine of Firecracker's. Private to this directory. */
#ifndef MKIMAGE_IMAGE_FIRECRACKER_H
#define MKIMAGE_IMAGE_FIRECRACKER_H

#include "base/error.h"
#include "tools/mkimage/image/image.h"

/* The file for `firecracker --config-file`; it names the other files of the image as `input->name` and their suffixes. */
int firecracker_write(const struct image_input *input, int fd, struct error *err);

#endif
