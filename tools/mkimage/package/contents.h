/* SPDX-License-Identifier: Apache-2.0 */
/* What a recipe puts into and takes out of the tree, besides Debian packages. */
#ifndef MKIMAGE_PACKAGE_CONTENTS_H
#define MKIMAGE_PACKAGE_CONTENTS_H

#include "base/error.h"
#include "tools/mkimage/package/recipe.h"
#include "tools/mkimage/source/hash.h"
#include "tools/mkimage/tree/tree.h"

/* Takes documentation and what `prune:` names away, adds `files:` (sources beside build.yml), clamps times to SOURCE_DATE_EPOCH or 0. */
int contents_finish(const struct recipe *recipe, struct tree *tree, struct error *err);

/* Adds the contents and modes of all sources of `files:` to the hash. */
int contents_hash_files(const struct recipe *recipe, struct arena *arena, struct hash *hash, struct error *err);

#endif
