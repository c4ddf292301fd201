/* SPDX-License-Identifier: Apache-2.0 */
/* What registries, token servers, credential helpers and files of passwords say. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/distribution.h"

#define MUST(promise) ((promise) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *json = (const char *)data;
	struct distribution_helper_answer answer;
	struct distribution_auth_file file;
	struct distribution_token token;
	struct distribution_tags tags;
	struct arena arena = { 0 };
	struct error err = { 0 };

	(void)distribution_token_parse(json, size, &arena, &token, &err);
	(void)distribution_error_parse(json, size, &arena);
	(void)distribution_tags_parse(json, size, &arena, &tags, &err);
	if (distribution_auth_file_parse(json, size, &arena, &file, &err) == 0)
		for (size_t i = 0; i < file.logins_count; i++)
			MUST(file.logins[i].key);
	if (distribution_helper_parse(json, size, &arena, &answer, &err) == 0)
		MUST(*answer.username && *answer.secret);
	arena_release(&arena);
	return 0;
}
