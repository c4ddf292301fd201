/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a mount, one a line: each word is understood or left for the file system, and the last of two that differ counts. */
#include <linux/mount.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "runtime/linux/mount_options.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

enum { WORDS_MAX = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_known(const char *word)
{
	for (const char *const *known = mount_options_known(); *known; known++)
		if (strcmp(*known, word) == 0)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t atime = MOUNT_ATTR__ATIME;
	const char *words[WORDS_MAX], *rest;
	struct oci_strings list = { words, 0 };
	struct arena arena = { 0 };
	struct mount_options options, again;
	size_t n = 0;

	for (rest = arena_strndup(&arena, (const char *)data, size); rest && list.count < WORDS_MAX;) {
		size_t length = strcspn(rest, "\n");

		words[list.count++] = arena_strndup(&arena, rest, length);
		rest = rest[length] ? rest + length + 1 : NULL;
	}
	mount_options_parse(&list, &arena, &options);
	/* What is set is not cleared, but for the three bits that are one number. */
	MUST(!(options.set & options.clear & ~atime));
	MUST(!(options.recursive_set & options.recursive_clear & ~atime));
	MUST(options.data.count <= list.count);
	for (size_t i = 0; i < options.data.count; i++) {
		while (n < list.count && words[n] != options.data.items[i])
			n++;
		MUST(n < list.count);	/* in the order of the input, and no word of another's making */
		MUST(!is_known(words[n]));
	}
	for (size_t i = 0; i < list.count; i++)
		(void)mount_propagation(words[i]);
	mount_options_parse(&list, &arena, &again);
	MUST(options.set == again.set && options.clear == again.clear && options.superblock == again.superblock &&
	     options.propagation == again.propagation && options.data.count == again.data.count);
	arena_release(&arena);
	return 0;
}
