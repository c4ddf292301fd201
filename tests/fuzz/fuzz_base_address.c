/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as addresses. What is taken has a prefix that fits, and is in its own network. */
#include "base/address.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	unsigned char mac[MAC_BYTES];
	struct address address;

	memcpy(text, data, size);
	text[size] = '\0';
	if (address_parse(text, &address) &&
	    (address.prefix > address_length(&address) * 8 || !address_in(&address, &address)))
		abort();
	(void)mac_parse(text, mac);
	free(text);
	return 0;
}
