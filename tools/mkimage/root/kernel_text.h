/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of a kernel, wherever it is kept. */
#ifndef MKIMAGE_ROOT_KERNEL_TEXT_H
#define MKIMAGE_ROOT_KERNEL_TEXT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * `data` is the text itself, that text compressed (/proc/config.gz), or a kernel that has it inside (CONFIG_IKCONFIG): vmlinux or
 * bzImage. `text` is in the arena. `name` is for messages.
 */
int kernel_text_read(const void *data, size_t length, const char *name, struct arena *arena, const char **text, struct error *err);

#endif
