/* SPDX-License-Identifier: Apache-2.0 */
/* Values of header fields: a challenge that is taken names a realm where it must; a range is only the one asked for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mkimage/registry/challenge.h"
#include "tools/mkimage/registry/header.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	const char *text = arena_strndup(&arena, (const char *)data, size), *next;
	char *end;
	struct challenge challenge;
	struct error err = { 0 };

	if (challenge_parse(text, &arena, &challenge, &err) == 0)
		MUST(challenge.kind != CHALLENGE_BEARER || challenge.realm);
	else
		MUST(err.message[0]);
	if (header_check_range(text, 100, 200, &err) == 0)
		MUST(strtoul(text + strcspn(text, "0123456789"), &end, 10) == 100 && *end == '-' && strtoul(end + 1, NULL, 10) == 199);
	MUST(header_uploaded(text) == -1 || header_uploaded(text) > 1);
	next = header_next_link(text, &arena);
	MUST(!next || !strchr(next, '>'));
	arena_release(&arena);
	return 0;
}
