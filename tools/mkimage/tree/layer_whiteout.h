/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the layers: whiteouts (image-spec layer.md, "Whiteouts"). */
#ifndef MKIMAGE_TREE_LAYER_WHITEOUT_H
#define MKIMAGE_TREE_LAYER_WHITEOUT_H

#include <stdbool.h>

#include "base/error.h"
#include "tools/mkimage/tree/tree.h"

enum layer_name {
	LAYER_NAME_PLAIN,
	LAYER_NAME_WHITEOUT,		/* DIRECTORY/.wh.NAME */
	LAYER_NAME_OPAQUE,		/* DIRECTORY/.wh..wh..opq */
	LAYER_NAME_AUFS_LINK,		/* .wh..wh.plnk/NAME: kept until the end of the layer, for hard links to it */
	LAYER_NAME_AUFS,		/* other files of AUFS: skipped */
	LAYER_NAME_REFUSED,
};

/* Where AUFS kept the files that have more than one name. */
#define LAYER_AUFS_LINKS ".wh..wh.plnk"

/* What a clean path of a layer is. */
enum layer_name layer_name_of(const char *path);

/*
 * Both hide what lower layers put there and keep what this one did; a directory that is only
 * kept for what is in it becomes a plain one, as if the layer had brought it unnamed.
 * Inside a batch only.
 */
int layer_whiteout(struct tree *tree, const char *path, struct error *err);
int layer_opaque(struct tree *tree, const char *path, struct error *err);

#endif
