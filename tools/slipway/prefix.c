/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/prefix.h"

#include <string.h>

#include "tools/mkimage/image/image.h"
#include "tools/slipway/vm.h"

static bool ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcmp(name + n - m, suffix) == 0;
}

static const char *manifest_suffix(const char *name)
{
	return ends_with(name, ".yml") ? ".yml" : ends_with(name, ".yaml") ? ".yaml" : NULL;
}

bool prefix_is_of_manifest(const char *name)
{
	return manifest_suffix(name) != NULL;
}

const char *prefix_of(const char *name, struct arena *arena)
{
	const char *suffix = manifest_suffix(name);

	for (size_t i = 0; image_suffix(i) && !suffix; i++)
		if (ends_with(name, image_suffix(i)))
			suffix = image_suffix(i);
	return arena_strndup(arena, name, strlen(name) - (suffix ? strlen(suffix) : 0));
}

bool prefix_is_built(const char *prefix, struct arena *arena)
{
	return vm_is_file(arena_printf(arena, "%s-kernel", prefix)) || vm_is_file(arena_printf(arena, "%s-vmlinux", prefix));
}
