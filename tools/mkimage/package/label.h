/* SPDX-License-Identifier: Apache-2.0 */
/* The label org.mobyproject.config: a recipe's `config:` as JSON, LinuxKit's way to tell what a container needs. */
#ifndef MKIMAGE_PACKAGE_LABEL_H
#define MKIMAGE_PACKAGE_LABEL_H

#include "base/arena.h"
#include "tools/mkimage/manifest/node.h"

#define PACKAGE_CONFIG_LABEL "org.mobyproject.config"

/* Compact JSON in the order of the document; in the arena. */
const char *label_json(const struct node *node, struct arena *arena);

#endif
