/* SPDX-License-Identifier: Apache-2.0 */
/* A package database of any bytes: the first says which kind. What is found has a name and a version, and is text. */
#include <stdlib.h>
#include <string.h>

#include "oci/json.h"
#include "tools/mkimage/inspect/packages.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct package_list list = { 0 };
	struct arena arena = { 0 };
	struct error err = { 0 };
	const char *text = (const char *)data;
	int r;

	if (size == 0)
		return 0;
	r = *data == 'A' ? packages_parse_apk(text + 1, size - 1, &arena, &list, &err) :
			   packages_parse_dpkg(text + 1, size - 1, *data == 'D', &arena, &list, &err);
	if (r < 0)
		MUST(strstr(err.message, "line ") && !strchr(err.message, '\n'));
	MUST(list.count <= PACKAGES_MAX);
	for (size_t i = 0; i < list.count; i++) {
		MUST(list.items[i].name && list.items[i].version);
		MUST(strcmp(list.items[i].name, json_utf8(&arena, list.items[i].name)) == 0);
	}
	arena_release(&arena);
	return 0;
}
