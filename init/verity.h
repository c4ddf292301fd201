/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root through dm-verity: what `dm-mod.create=` of the kernel's command line says (Documentation/admin-guide/device-mapper/dm-init.rst
 * and verity.rst of the kernel), for a kernel that did not do it itself because device mapper or the disk is a module.
 */
#ifndef INIT_VERITY_H
#define INIT_VERITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define VERITY_NAME_MAX 64
#define VERITY_PARAMETERS_MAX 512
#define VERITY_DEVICE_MAX 32

struct verity_table {
	char name[VERITY_NAME_MAX];
	uint64_t sectors;
	char parameters[VERITY_PARAMETERS_MAX];
};

/* The word `dm-mod.create="..."` in `cmdline`, where it begins, and its length with key and quotes; NULL where there is none. */
const char *verity_find_word(const char *cmdline, size_t *length);

/* One device, read-only, of one target, which is verity: anything else is an error. */
int verity_parse(const char *cmdline, struct verity_table *table, struct error *err);

/* Makes the device, or finds the one that the kernel made; its path below /dev. What it is of must be there. */
int verity_open(char path[VERITY_DEVICE_MAX], struct error *err);

#endif
