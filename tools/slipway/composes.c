/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/composes.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/compose/compose.h"
#include "tools/mkimage/manifest/manifest.h"

const char *composes_shown(const struct input *input, struct arena *arena)
{
	return arena_printf(arena, "%s (as a manifest)", input->path);
}

int composes_read(const struct input *input, const char *prefix, bool quiet, struct arena *arena, struct buffer *out, struct error *err)
{
	const struct compose_input compose = {
		.path = input->path, .directory = input->directory, .name = input->name, .prefix = prefix, .quiet = quiet,
	};
	autobuffer struct buffer text = { 0 };

	if (file_read(AT_FDCWD, input->path, MANIFEST_BYTES_MAX, &text, err) < 0)
		return error_context(err, "%s", input->path);
	return compose_manifest(&compose, buffer_string(&text), text.length, arena, out, err);
}
