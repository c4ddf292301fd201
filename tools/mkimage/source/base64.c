/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/source/base64.h"

#include <openssl/evp.h>
#include <string.h>

#define TEXT_MAX (16u << 20)

const char *base64_encode(const void *data, size_t length, struct arena *arena)
{
	char *text = arena_alloc(arena, (length + 2) / 3 * 4 + 1);

	(void)EVP_EncodeBlock((unsigned char *)text, data, (int)length);
	return text;
}

int base64_decode(const char *text, struct arena *arena, char **data, size_t *length)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t characters = strlen(text), digits = strspn(text, alphabet);
	char *bytes;
	int n;

	/* libcrypto overlooks white space, and padding that is too much. */
	if (characters > TEXT_MAX || characters % 4 != 0 || characters - digits > 2 ||
	    strspn(text + digits, "=") != characters - digits)
		return -1;
	bytes = arena_alloc(arena, characters / 4 * 3 + 1);
	n = EVP_DecodeBlock((unsigned char *)bytes, (const unsigned char *)text, (int)characters);
	if (n < 0)
		return -1;
	*length = (size_t)n - (characters - digits);
	bytes[*length] = '\0';
	*data = bytes;
	return 0;
}
