/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#define TEXT_MAX 64			/* longer is no address */

size_t address_length(const struct address *address)
{
	return address->family == AF_INET ? 4 : ADDRESS_BYTES_MAX;
}

/* One to three digits and nothing else. */
static bool parse_prefix(const char *text, unsigned int max, unsigned int *prefix)
{
	unsigned int n = 0;
	size_t length = strlen(text);

	if (length < 1 || length > 3 || (length > 1 && text[0] == '0'))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned int)(*text - '0');
	}
	*prefix = n;
	return n <= max;
}

bool address_parse(const char *text, struct address *address)
{
	struct address out = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	char host[TEXT_MAX];

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	if (inet_pton(out.family, host, out.bytes) != 1)
		return false;
	out.prefix = (unsigned int)address_length(&out) * 8;
	if (slash && !parse_prefix(slash + 1, out.prefix, &out.prefix))
		return false;
	*address = out;
	return true;
}

bool address_in(const struct address *address, const struct address *network)
{
	unsigned int whole = network->prefix / 8, bits = network->prefix % 8;

	if (address->family != network->family || memcmp(address->bytes, network->bytes, whole) != 0)
		return false;
	return bits == 0 || ((address->bytes[whole] ^ network->bytes[whole]) >> (8 - bits)) == 0;
}

bool address_is_link_local(const struct address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

bool address_is_zero(const struct address *address)
{
	static const unsigned char zero[ADDRESS_BYTES_MAX];

	return memcmp(address->bytes, zero, address_length(address)) == 0;
}

bool address_is_multicast(const struct address *address)
{
	return address->family == AF_INET ? (address->bytes[0] & 0xf0) == 0xe0 : address->bytes[0] == 0xff;
}

static int digit(char c)
{
	const char *digits = "0123456789abcdefABCDEF", *at = c ? strchr(digits, c) : NULL;

	return !at ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

bool mac_parse(const char *text, unsigned char bytes[MAC_BYTES])
{
	unsigned char out[MAC_BYTES];

	for (size_t i = 0; i < MAC_BYTES; i++, text += 3) {
		int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);

		if (low < 0 || text[2] != (i + 1 < MAC_BYTES ? ':' : '\0'))
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	memcpy(bytes, out, MAC_BYTES);
	return true;
}
