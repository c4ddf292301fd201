/* SPDX-License-Identifier: Apache-2.0 */
/* Devices by name: those whose numbers the kernel has fixed (Documentation/admin-guide/devices.txt). */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/option.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/manifest/node.h"
#include "tools/mkimage/manifest/values.h"

static const struct known {
	const char *path, *type;
	int major, minor;
} known[] = {
	{ "/dev/fuse", "c", 10, 229 },	       { "/dev/kvm", "c", 10, 232 },	  { "/dev/net/tun", "c", 10, 200 },
	{ "/dev/vhost-net", "c", 10, 238 },    { "/dev/vhost-vsock", "c", 10, 241 }, { "/dev/loop-control", "c", 10, 237 },
	{ "/dev/mapper/control", "c", 10, 236 }, { "/dev/btrfs-control", "c", 10, 234 }, { "/dev/ppp", "c", 108, 0 },
	{ "/dev/watchdog", "c", 10, 130 },     { "/dev/hwrng", "c", 10, 183 },	  { "/dev/uinput", "c", 10, 223 },
	{ "/dev/rtc", "c", 10, 135 },	       { "/dev/kmsg", "c", 1, 11 },	  { "/dev/mem", "c", 1, 1 },
	{ "/dev/console", "c", 5, 1 },	       { "/dev/tty0", "c", 4, 0 },	  { "/dev/ttyS0", "c", 4, 64 },
	{ "/dev/ttyS1", "c", 4, 65 },	       { "/dev/ttyUSB0", "c", 188, 0 },	  { "/dev/ttyACM0", "c", 166, 0 },
	{ "/dev/loop0", "b", 7, 0 },	       { "/dev/snd/seq", "c", 116, 1 },	  { "/dev/dri/card0", "c", 226, 0 },
	{ "/dev/dri/renderD128", "c", 226, 128 }, { "/dev/vfio/vfio", "c", 10, 196 }, { "/dev/cuse", "c", 10, 203 },
};

const char *manifest_device_short(const char *text, struct arena *arena, struct manifest_device *device)
{
	const char *colon = strchr(text, ':'), *names[ARRAY_SIZE(known) + 1] = { NULL }, *nearest, *problem;
	const char *path = colon ? arena_strndup(arena, text, (size_t)(colon - text)) : text;

	problem = colon ? value_mode(colon + 1, arena) : NULL;
	if (problem)
		return problem;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		names[i] = known[i].path;
		if (strcmp(known[i].path, path) != 0)
			continue;
		device->path = path;
		device->type = known[i].type;
		device->major = (struct manifest_int){ true, known[i].major, device->at };
		device->minor = (struct manifest_int){ true, known[i].minor, device->at };
		device->mode = colon ? colon + 1 : NULL;
		return NULL;
	}
	nearest = option_nearest(path, names);
	return arena_printf(arena, "the numbers of '%s' are not known%s%s%s; give a mapping with 'path', 'type', 'major' and "
			    "'minor'", text_shown(path, arena), nearest ? ": did you mean '" : "", nearest ? nearest : "",
			    nearest ? "'?" : "");
}

const char *value_device_short(const char *value, struct arena *arena)
{
	struct manifest_device ignored = { 0 };

	return manifest_device_short(value, arena, &ignored);
}
