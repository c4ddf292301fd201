/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which kernel modules a device needs, by its alias ("pci:v00001AF4d00001000sv..."): the other contract between
 * build and boot. mkimage writes it from the kernel's modules.alias, modules.dep and modules.softdep; on the
 * machine it is mapped, and read where it lies: nothing is allocated.
 *
 * The file, all numbers 32 bits, little-endian:
 *
 *     "slipali1"   modules   aliases   links   bytes of text
 *     modules times    path (offset in the text), first link, number of links
 *     aliases times    pattern (offset in the text), module; sorted by pattern, as bytes
 *     links times      module: what another one needs before it, in the order of loading
 *     text             strings, each ended by a NUL
 *
 * Patterns are those of fnmatch(3). As for modprobe(8), '-' is '_' in patterns and in what is looked up.
 */
#ifndef PLAN_ALIASES_H
#define PLAN_ALIASES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#define ALIASES_BYTES_MAX (16u << 20)
#define ALIAS_MAX 512u			/* bytes of what is looked up, with its NUL; longer ones match nothing */

/* --- the build's side --- */

struct alias_module {
	const char *path;		/* absolute */
	const uint32_t *needs;		/* modules to be loaded before it, in this order */
	size_t needs_count;
};

struct alias_pattern {
	const char *pattern;
	uint32_t module;
};

/* Evens the patterns out (in the arena) and sorts them; appends the file. */
int aliases_write(const struct alias_module *modules, size_t modules_count, struct alias_pattern *patterns,
		  size_t patterns_count, struct arena *arena, struct buffer *out, struct error *err);

/* --- the machine's --- */

struct aliases {			/* points into the bytes, which must stay */
	const uint32_t *modules, *patterns, *links;
	const char *text;
	uint32_t modules_count, patterns_count, links_count, text_length;
};

/* Checks what later calls count on: whatever the bytes are, none of them reads outside. `data` is aligned for uint32_t. */
int aliases_open(const void *data, size_t length, struct aliases *aliases, struct error *err);

/* Calls `found` for the modules of every pattern that the alias matches. */
void aliases_match(const struct aliases *aliases, const char *alias, void (*found)(void *context, uint32_t module),
		   void *context);

const char *aliases_path(const struct aliases *aliases, uint32_t module);

/* What has to be loaded before the module, in this order; `*count` of them. */
const uint32_t *aliases_needs(const struct aliases *aliases, uint32_t module, size_t *count);

#endif
