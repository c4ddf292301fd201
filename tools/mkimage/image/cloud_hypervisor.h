/* SPDX-License-Identifier: Apache-2.0 */
/* A machine of Cloud Hypervisor's. Private to this directory. */
#ifndef MKIMAGE_IMAGE_CLOUD_HYPERVISOR_H
#define MKIMAGE_IMAGE_CLOUD_HYPERVISOR_H

#include "base/error.h"
#include "tools/mkimage/image/image.h"

/* The body of its API's vm.create; it names the other files of the image as `input->name` and their suffixes. */
int cloud_hypervisor_write(const struct image_input *input, int fd, struct error *err);

#endif
