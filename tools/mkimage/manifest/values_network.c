/* SPDX-License-Identifier: Apache-2.0 */
/* The syntax of single values of `network:`. */
#include "tools/mkimage/manifest/values.h"

#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "tools/mkimage/manifest/node.h"

const char *value_link(const char *value, struct arena *arena)
{
	/* '.' and '..' are no names for a directory of /proc/sys/net. */
	if (strcmp(value, ".") == 0 || strcmp(value, "..") == 0 || strcmp(value, "all") == 0 || strcmp(value, "default") == 0)
		return arena_printf(arena, "'%s' cannot be the name of an interface", value);
	return value_interface(value, arena);
}

const char *value_interface_pattern(const char *value, struct arena *arena)
{
	if (*value == '\0')
		return "is empty; write a pattern such as 'en*'";
	if (strlen(value) > 64 || value[strcspn(value, " \t\r\n/")] != '\0')
		return arena_printf(arena, "'%s' is no pattern for a name; write it like 'en*'", text_shown(value, arena));
	return NULL;
}

const char *value_host_address(const char *value, struct arena *arena)
{
	struct address address;

	if (strchr(value, '/') || !address_parse(value, &address))
		return arena_printf(arena, "expected an address such as '10.0.0.1' or 'fd00::1', got '%s'",
				    text_shown(value, arena));
	if (address_is_zero(&address) || address_is_multicast(&address))
		return arena_printf(arena, "'%s' is not the address of one machine", value);
	return NULL;
}

const char *value_interface_address(const char *value, struct arena *arena)
{
	struct address address;

	if (!strchr(value, '/') && address_parse(value, &address))
		return arena_printf(arena, "'%s' has no prefix; write it like '%s/%u'", value, value,
				    address.family == AF_INET ? 24u : 64u);
	if (!address_parse(value, &address) || address.prefix == 0)
		return arena_printf(arena, "expected an address such as '10.0.0.2/24' or 'fd00::2/64', got '%s'",
				    text_shown(value, arena));
	if (address_is_zero(&address) || address_is_multicast(&address))
		return arena_printf(arena, "'%s' is not the address of one machine", value);
	return NULL;
}

/* Bits behind the prefix are a slip: the kernel refuses them. */
static bool has_host_bits(const struct address *address)
{
	for (unsigned int bit = address->prefix; bit < address_length(address) * 8; bit++)
		if (address->bytes[bit / 8] & 0x80 >> bit % 8)
			return true;
	return false;
}

const char *value_route_to(const char *value, struct arena *arena)
{
	struct address address;

	if (strcmp(value, "default") == 0)
		return NULL;
	if (!address_parse(value, &address))
		return arena_printf(arena, "expected 'default' or a network such as '192.0.2.0/24', got '%s'",
				    text_shown(value, arena));
	if (has_host_bits(&address))
		return arena_printf(arena, "'%s' has bits behind its prefix; set them to 0", value);
	return NULL;
}

const char *value_mac(const char *value, struct arena *arena)
{
	unsigned char bytes[MAC_BYTES];

	if (!mac_parse(value, bytes))
		return arena_printf(arena, "expected the address of a card such as '52:54:00:12:34:56', got '%s'",
				    text_shown(value, arena));
	return NULL;
}

const char *value_unicast_mac(const char *value, struct arena *arena)
{
	const char *problem = value_mac(value, arena);
	unsigned char bytes[MAC_BYTES];

	if (problem || !mac_parse(value, bytes))
		return problem;
	/* The lowest bit of the first byte: IEEE 802, "I/G". */
	if (bytes[0] & 1)
		return arena_printf(arena, "'%s' is the address of a group; make its second digit even", value);
	return NULL;
}
