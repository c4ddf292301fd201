/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/compose/importer.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

static bool is_relative(const char *path)
{
	return *path != '/' && *path != '~';
}

const char *path_found(const struct importer *importer, const char *path)
{
	const char *home = getenv("HOME");

	if (*path == '~' && home)
		return path_join(importer->arena, home, path + 1 + (path[1] == '/'));
	return is_relative(path) ? path_join(importer->arena, importer->input->directory, path) : path;
}

const char *path_named(const struct importer *importer, const char *path)
{
	if (!is_relative(path))
		return path_found(importer, path);
	return path_join(importer->arena, importer->input->prefix, strncmp(path, "./", 2) == 0 ? path + 2 : path);
}
