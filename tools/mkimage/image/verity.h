/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dm-verity: a tree of hashes behind a root, so that the kernel reads what was built or nothing. The root hash is on the kernel's command
 * line, in the words of its Documentation/admin-guide/device-mapper/dm-init.rst and verity.rst; the superblock before the
 * tree is that of `veritysetup`, which can check an image, too.
 */
#ifndef MKIMAGE_IMAGE_VERITY_H
#define MKIMAGE_IMAGE_VERITY_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define VERITY_ROOT_BYTES 32		/* sha256 */

struct image_verity {
	const char *on_corruption;	/* "error", "restart", "panic": what a block does that is not as it was built */
	const char *device;		/* where the machine finds the root: "/dev/vda" */
	/* Filled once the root is written: */
	uint64_t blocks;		/* of data; 0 before */
	unsigned char root[VERITY_ROOT_BYTES];
};

/* Makes the tree behind what `fd`, a regular file of any length but 0, has; its length is filled up to whole blocks before. */
int verity_append(int fd, struct image_verity *verity, struct error *err);

/* `dm-mod.create="..."`, after verity_append(). */
void verity_add_word(const struct image_verity *verity, struct buffer *out);

#endif
