/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File systems of images read back into a tree. Images are hostile input: what they hold is checked against the limits before it
 * is kept, and an error names the place.
 */
#ifndef MKIMAGE_INSPECT_READ_H
#define MKIMAGE_INSPECT_READ_H

#include <stdint.h>

#include "base/error.h"
#include "tools/mkimage/tree/layer.h"
#include "tools/mkimage/tree/tree.h"

#define READ_ENTRIES_MAX 2000000u
#define READ_BYTES_MAX (16ull << 30)	/* of all files, unpacked: what stops a decompression bomb */

struct read_limits {
	uint32_t entries;
	uint64_t bytes;
};

extern const struct read_limits read_limits;	/* those above */

/*
 * An initramfs (initramfs-buffer-format.rst): newc archives, uncompressed or compressed, of which the later go over the
 * earlier. `read` as in layer_apply().
 */
int read_cpio(struct tree *tree, layer_read *read, void *context, const struct read_limits *limits, struct error *err);

/* A squashfs 4.0 image at `path`. */
int read_squashfs(struct tree *tree, const char *path, const struct read_limits *limits, struct error *err);

#endif
