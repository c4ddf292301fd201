/* SPDX-License-Identifier: Apache-2.0 */
/* A package database of any bytes: the first says which kind. What is found has a name and a version, and is text. */
#include <stdlib.h>
#include <string.h>

#include "oci/json.h"
#include "tools/mkimage/inspect/rpm.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Its bytes are changed: they are not libFuzzer's. */
static int parse_sqlite(const char *bytes, size_t length, struct arena *arena, struct package_list *list, struct error *err)
{
	void *copy = malloc(length + 1);
	int r;

	memcpy(copy, bytes, length);
	r = rpm_parse_sqlite(copy, length, arena, list, err);
	free(copy);
	return r;
}

static int parse(char kind, const char *bytes, size_t length, struct arena *arena, struct package_list *list, struct error *err)
{
	switch (kind) {
	case 'A':
		return packages_parse_apk(bytes, length, arena, list, err);
	case 'H':
		return rpm_add_header(bytes, length, arena, list, err);
	case 'N':
		return rpm_parse_ndb(bytes, length, arena, list, err);
	case 'S':
		return parse_sqlite(bytes, length, arena, list, err);
	default:
		return packages_parse_dpkg(bytes, length, kind == 'D', arena, list, err);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct package_list list = { 0 };
	struct arena arena = { 0 };
	struct error err = { 0 };

	if (size == 0)
		return 0;
	if (parse((char)*data, (const char *)data + 1, size - 1, &arena, &list, &err) < 0) {
		MUST(err.message[0] && !strchr(err.message, '\n'));
		MUST(strchr("HNS", *data) || strstr(err.message, "line "));
	}
	MUST(list.count <= PACKAGES_MAX);
	for (size_t i = 0; i < list.count; i++) {
		MUST(list.items[i].name && list.items[i].version);
		MUST(strcmp(list.items[i].name, json_utf8(&arena, list.items[i].name)) == 0);
	}
	arena_release(&arena);
	return 0;
}
