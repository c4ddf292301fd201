/* SPDX-License-Identifier: Apache-2.0 */
/* The network of several machines: who has which address there. */
#ifndef MKIMAGE_MANIFEST_LAN_H
#define MKIMAGE_MANIFEST_LAN_H

#include "tools/mkimage/manifest/check.h"

/* The place of machine `number`, from 1 on, of those with these names. */
struct manifest_lan lan_place(const char *const *names, size_t count, size_t number, struct arena *arena);

/* Gives the machine its interface, the names of all, and its own where it has none. `at` is for what nobody has written. */
int lan_add(struct checker *checker, struct manifest *manifest, const struct manifest_lan *lan, const struct place *at);

#endif
