/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of one mapping: each once, and those of `<<` where they are not there already. */
#ifndef MKIMAGE_MANIFEST_MERGE_H
#define MKIMAGE_MANIFEST_MERGE_H

#include "tools/mkimage/manifest/node.h"

/*
 * Refuses a key that occurs twice, then replaces the key `<<` by the pairs of the mapping,
 * or of the mappings in the list, that it holds (yaml.org/type/merge.html): the mapping's
 * own keys win, then the earlier mapping. `map->size` has counted what is merged already, as the value of `<<`.
 */
int merge_keys(struct node *map, struct arena *arena, struct error *err);

#endif
