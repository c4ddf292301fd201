/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/qemu.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GUEST_ADDRESS "10.0.2.15"	/* what QEMU's user network gives its first client */
#define LOCAL_ADDRESS "127.0.0.1"
#define PARTS_MAX 3

static bool port_parse(const char *text, unsigned int *port)
{
	char *end;
	unsigned long n;

	if (*text < '0' || *text > '9')
		return false;
	n = strtoul(text, &end, 10);
	*port = (unsigned int)n;
	return *end == '\0' && n >= 1 && n <= 65535;
}

static const char *refuse(const char *text, const char *why, struct error *err)
{
	(void)error_set(err, "--publish '%s': %s; expected '[ADDRESS:]HOST:GUEST[/udp]'", text, why);
	return NULL;
}

const char *qemu_port_rule(const char *text, struct arena *arena, struct error *err)
{
	char *copy = arena_strdup(arena, text), *parts[PARTS_MAX], *rest = copy;
	const char *protocol = "tcp", *address;
	char *slash = strchr(copy, '/');
	unsigned int host, guest;
	struct in_addr parsed;
	size_t n = 0;

	if (slash) {
		*slash = '\0';
		protocol = slash + 1;
		if (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0)
			return refuse(text, "the protocol is neither 'tcp' nor 'udp'", err);
	}
	while (n < PARTS_MAX && rest)
		parts[n++] = strsep(&rest, ":");
	if (rest || n < 2)
		return refuse(text, rest ? "too many parts" : "the guest's port is missing", err);
	address = n == 3 ? parts[0] : LOCAL_ADDRESS;
	if (inet_pton(AF_INET, address, &parsed) != 1)
		return refuse(text, "the address is not an IPv4 address", err);
	if (!port_parse(parts[n - 2], &host) || !port_parse(parts[n - 1], &guest))
		return refuse(text, "a port is not a number from 1 to 65535", err);
	return arena_printf(arena, "%s:%s:%u-%s:%u", protocol, address, host, GUEST_ADDRESS, guest);
}
