/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the layers: layer_apply() under other limits than LAYER_ENTRIES_MAX and LAYER_BYTES_MAX, for tests. */
#ifndef MKIMAGE_TREE_LAYER_LIMITS_H
#define MKIMAGE_TREE_LAYER_LIMITS_H

#include <stdint.h>

#include "tools/mkimage/tree/layer.h"

struct layer_limits {
	uint32_t entries;
	uint64_t bytes;			/* of the uncompressed tar, and of the files in it with their holes */
};

int layer_apply_limited(struct tree *tree, layer_read *read, void *context, const struct digest *diff_id,
			const char *name, const struct layer_limits *limits, struct error *err);

#endif
