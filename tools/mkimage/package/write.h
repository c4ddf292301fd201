/* SPDX-License-Identifier: Apache-2.0 */
/* A tree written to the store as an image of one layer. */
#ifndef MKIMAGE_PACKAGE_WRITE_H
#define MKIMAGE_PACKAGE_WRITE_H

#include "base/error.h"
#include "tools/mkimage/package/recipe.h"
#include "tools/mkimage/source/architecture.h"
#include "tools/mkimage/source/store.h"
#include "tools/mkimage/tree/tree.h"

/* On the manifest: the digest of all that the image was made from. */
#define PACKAGE_INPUTS_ANNOTATION "org.slipway.package.inputs"

/* Beside that of another architecture which the name may stand for. */
int write_image(struct tree *tree, const struct recipe *recipe, const struct architecture *architecture, const char *name, const struct digest *inputs,
		struct store *store, struct arena *arena, struct digest *digest, struct error *err);

#endif
