/* SPDX-License-Identifier: Apache-2.0 */
/* Ports and pages that a probe asks: addresses, never names, for whoever asks has nobody to ask for them. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/manifest/manifest.h"
#include "tools/mkimage/manifest/node.h"
#include "tools/mkimage/manifest/values.h"

#define PORT_MAX 65535ul
#define LOOPBACK "127.0.0.1"
#define HTTP_PORT 80u

static bool read_port(const char *text, size_t length, unsigned int *port)
{
	unsigned long value;

	if (length == 0 || length > 5 || strspn(text, "0123456789") < length)
		return false;
	value = strtoul(text, NULL, 10);
	*port = (unsigned int)value;
	return value >= 1 && value <= PORT_MAX;
}

static const char *read_host(const char *text, size_t length, struct arena *arena, const char **address)
{
	const char *host = arena_strndup(arena, text, length);
	unsigned char ignored[16];

	*address = strcmp(host, "localhost") == 0 ? LOOPBACK : host;
	if (inet_pton(AF_INET, *address, ignored) == 1 || inet_pton(AF_INET6, *address, ignored) == 1)
		return NULL;
	return arena_printf(arena, "expected 'localhost' or an address such as '127.0.0.1', got '%s'", text_shown(host, arena));
}

/* "HOST", "HOST:PORT", "[IPV6]" or "[IPV6]:PORT" of so many bytes; the port is kept where there is none. */
static const char *read_authority(const char *text, size_t length, struct arena *arena, struct manifest_endpoint *out)
{
	const char *end = text + length, *close = *text == '[' ? memchr(text, ']', length) : NULL;
	const char *host = close ? text + 1 : text;
	const char *colon = memchr(close ? close : text, ':', (size_t)(end - (close ? close : text)));
	const char *host_end = close ? close : colon ? colon : end;

	if (close && close + 1 != (colon ? colon : end))
		return arena_printf(arena, "expected '[ADDRESS]:PORT', got '%s'", text_shown(text, arena));
	if (colon && !read_port(colon + 1, (size_t)(end - colon - 1), &out->port))
		return arena_printf(arena, "expected a port from 1 to %lu behind the ':', got '%s'", PORT_MAX,
				    text_shown(arena_strndup(arena, text, length), arena));
	return read_host(host, (size_t)(host_end - host), arena, &out->address);
}

const char *manifest_tcp(const char *text, struct arena *arena, struct manifest_endpoint *endpoint)
{
	struct manifest_endpoint out = { .address = LOOPBACK };
	const char *problem = NULL;

	if (strspn(text, "0123456789") < strlen(text))
		problem = read_authority(text, strlen(text), arena, &out);
	else if (!read_port(text, strlen(text), &out.port))
		out.port = 0;
	if (!problem && out.port == 0)
		problem = arena_printf(arena, "expected a port from 1 to %lu or 'ADDRESS:PORT', got '%s'", PORT_MAX,
				       text_shown(text, arena));
	if (!problem)
		*endpoint = out;
	return problem;
}

const char *value_url_path(const char *value, struct arena *arena)
{
	if (*value != '/')
		return arena_printf(arena, "expected a path that begins with '/', got '%s'", text_shown(value, arena));
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
			return arena_printf(arena, "'%s' has characters that a URL cannot have; write them as %%XX",
					    text_shown(value, arena));
	if (strlen(value) > 1024)
		return "is longer than 1024 characters";
	return NULL;
}

const char *manifest_url(const char *text, struct arena *arena, struct manifest_endpoint *endpoint)
{
	static const char scheme[] = "http://";
	struct manifest_endpoint out = { .port = HTTP_PORT };
	const char *authority = text + sizeof(scheme) - 1, *path, *problem;
	size_t length;

	if (strncmp(text, "https://", 8) == 0)
		return "https is not spoken here; ask the service by 'exec' with a client of its own";
	if (strncmp(text, scheme, sizeof(scheme) - 1) != 0)
		return arena_printf(arena, "expected 'http://ADDRESS:PORT/PATH', got '%s'", text_shown(text, arena));
	length = strcspn(authority, "/");
	path = authority[length] ? authority + length : "/";
	problem = read_authority(authority, length, arena, &out);
	if (!problem)
		problem = value_url_path(path, arena);
	if (problem)
		return problem;
	out.path = path;
	*endpoint = out;
	return NULL;
}

static bool is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits < 6 && text[digits] == '\0' && atoi(text) > 0 && atoi(text) < 65536;
}

const char *value_port(const char *value, struct arena *arena)
{
	char *text = arena_strdup(arena, value), *slash = strchr(text, '/'), *guest, *host;
	bool good;

	if (slash)
		*slash++ = '\0';
	guest = strrchr(text, ':');
	if (guest)
		*guest++ = '\0';
	host = guest ? strrchr(text, ':') : NULL;
	if (host)
		*host++ = '\0';
	good = is_port(guest ? guest : text) && (!guest || is_port(host ? host : text)) && (!host || *text) &&
	       (!slash || strcmp(slash, "tcp") == 0 || strcmp(slash, "udp") == 0);
	return good ? NULL : arena_printf(arena, "expected a port such as '80', '8080:80' or '127.0.0.1:53:53/udp', got '%s'",
					  text_shown(value, arena));
}

const char *value_tcp(const char *value, struct arena *arena)
{
	struct manifest_endpoint ignored;

	return manifest_tcp(value, arena, &ignored);
}

const char *value_url(const char *value, struct arena *arena)
{
	struct manifest_endpoint ignored;

	return manifest_url(value, arena, &ignored);
}
