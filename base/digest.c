/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <string.h>

#include "base/cleanup.h"

static const struct algorithm {
	const char *name;
	size_t hex;			/* digits */
} algorithms[] = {
	{ "sha256", 64 },
	{ "sha512", 128 },
};

static const struct algorithm *algorithm_find(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		size_t n = strlen(algorithms[i].name);

		if (strncmp(text, algorithms[i].name, n) == 0 && text[n] == ':')
			return &algorithms[i];
	}
	return NULL;
}

int digest_parse(const char *text, struct digest *digest, struct error *err)
{
	const struct algorithm *a = algorithm_find(text);
	const char *hex;

	if (!a)
		return error_set(err, "'%.80s' is not a digest: expected 'sha256:' or 'sha512:' and hex digits", text);
	hex = strchr(text, ':') + 1;
	if (strlen(hex) != a->hex || strspn(hex, "0123456789abcdef") != a->hex)
		return error_set(err, "'%.80s' is not a digest: expected %zu lower-case hex digits after '%s:'", text,
				 a->hex, a->name);
	strcpy(digest->text, text);
	return 0;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return strcmp(a->text, b->text) == 0;
}

const char *digest_algorithm(const struct digest *digest)
{
	const struct algorithm *a = algorithm_find(digest->text);

	return a ? a->name : "";
}

const char *digest_hex(const struct digest *digest)
{
	const char *colon = strchr(digest->text, ':');

	return colon ? colon + 1 : "";
}
