/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/qemu.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

#define GUEST_ADDRESS "10.0.2.15" /* what QEMU's user network gives its first client */
#define LOCAL_ADDRESS "127.0.0.1"
#define PARTS_MAX     3

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

static int refuse(const char *text, const char *why, struct error *err)
{
	return error_set(err, "--publish '%s': %s; expected '[ADDRESS:]HOST:GUEST[/udp]'", text, why);
}

int qemu_port_parse(const char *text, struct arena *arena, struct qemu_port *port, struct error *err)
{
	char *copy = arena_strdup(arena, text), *parts[PARTS_MAX], *rest = copy;
	struct qemu_port p = { .text = text, .protocol = "tcp", .address = LOCAL_ADDRESS };
	char *slash = strchr(copy, '/');
	struct in_addr parsed;
	size_t n = 0;

	if (slash) {
		*slash = '\0';
		p.protocol = slash + 1;
		if (strcmp(p.protocol, "tcp") != 0 && strcmp(p.protocol, "udp") != 0)
			return refuse(text, "the protocol is neither 'tcp' nor 'udp'", err);
	}
	while (n < PARTS_MAX && rest)
		parts[n++] = strsep(&rest, ":");
	if (rest || n < 2)
		return refuse(text, rest ? "too many parts" : "the guest's port is missing", err);
	if (n == PARTS_MAX)
		p.address = parts[0];
	if (inet_pton(AF_INET, p.address, &parsed) != 1)
		return refuse(text, "the address is not an IPv4 address", err);
	if (!port_parse(parts[n - 2], &p.host) || !port_parse(parts[n - 1], &p.guest))
		return refuse(text, "a port is not a number from 1 to 65535", err);
	*port = p;
	return 0;
}

/* QEMU sets SO_REUSEADDR too. */
int qemu_port_check(const struct qemu_port *port, struct error *err)
{
	bool udp = strcmp(port->protocol, "udp") == 0;
	autoclose int fd = socket(AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port->host) };
	int one = 1;

	if (fd < 0)
		return error_errno(err, "--publish '%s': cannot make a socket", port->text);
	(void)inet_pton(AF_INET, port->address, &address.sin_addr);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && (udp || listen(fd, 1) == 0))
		return 0;
	return error_errno(err, "--publish '%s': cannot use port %u of %s", port->text, port->host,
			   port->address);
}

const char *qemu_port_rule(const struct qemu_port *port, struct arena *arena)
{
	return arena_printf(arena, "%s:%s:%u-%s:%u", port->protocol, port->address, port->host, GUEST_ADDRESS,
			    port->guest);
}
