/* SPDX-License-Identifier: Apache-2.0 */
/* The file of aliases from any bytes, behind an alias that is looked up in it: "ALIAS\n", then the file. */
#include "plan/aliases.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void found(void *context, uint32_t module)
{
	const struct aliases *aliases = context;
	size_t count, length = strlen(aliases_path(aliases, module));
	const uint32_t *needs = aliases_needs(aliases, module, &count);

	for (size_t i = 0; i < count && length < 4096; i++)
		length += strlen(aliases_path(aliases, needs[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	struct error err = { 0 };
	struct aliases aliases;
	char *alias, *file;

	if (!end || end - data > 4096)
		return 0;
	alias = strndup((const char *)data, (size_t)(end - data));
	size -= (size_t)(end + 1 - data);
	/* A copy of just that size, and aligned. */
	file = malloc(size + 1);
	if (alias && file) {
		memcpy(file, end + 1, size);
		if (aliases_open(file, size, &aliases, &err) == 0)
			aliases_match(&aliases, alias, found, &aliases);
	}
	free(alias);
	free(file);
	return 0;
}
