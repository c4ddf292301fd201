/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as a compose file. What is refused is refused with one line that begins with the name of the file; what comes of the
 * others is YAML with as many services as were read, whatever the texts in it are.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tools/mkimage/compose/compose.h"
#include "tools/mkimage/manifest/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Only the keys that the machine itself has: no text of the file has become a key of its own. */
static void check_manifest(const struct buffer *text, struct arena *arena)
{
	static const char *const keys[] = { "kernel", "hostname", "network", "files", "services", "volumes", "storage" };
	struct error err = { 0 };
	struct node *root;

	if (node_parse("m", true, buffer_string(text), text->length, arena, &root, &err) < 0 || root->kind != NODE_MAP)
		abort();
	for (size_t i = 0; i < root->count; i++) {
		size_t k = 0;

		while (k < sizeof(keys) / sizeof(*keys) && strcmp(keys[k], root->pairs[i].key->value) != 0)
			k++;
		if (k == sizeof(keys) / sizeof(*keys))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct compose_input input = { .path = "f", .directory = "/nonexistent", .name = "app", .prefix = ".", .quiet = true };
	autobuffer struct buffer text = { 0 };
	struct arena arena = { 0 };
	struct error err = { 0 };

	log_open("fuzz", -1, LOG_LEVEL_ERROR, false);
	if (compose_manifest(&input, (const char *)data, size, &arena, &text, &err) == 0)
		check_manifest(&text, &arena);
	else if (strncmp(err.message, "f:", 2) != 0 || strpbrk(err.message, "\r\n") || strlen(err.message) < 10)
		abort();
	arena_release(&arena);
	return 0;
}
