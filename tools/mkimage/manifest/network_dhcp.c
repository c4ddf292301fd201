/* SPDX-License-Identifier: Apache-2.0 */
/* `dhcp:` is done by a container. Its image has a program that is told the interfaces: "eth0=both". */
#include <string.h>

#include "tools/mkimage/manifest/network.h"

#define PROGRAM "/usr/lib/slipway/dhcpcd"	/* pkg/dhcpcd */

bool network_dhcp4(const struct manifest_link *link)
{
	return link->dhcp.value && (strcmp(link->dhcp.value, "ipv4") == 0 || strcmp(link->dhcp.value, "both") == 0);
}

bool network_dhcp6(const struct manifest_link *link)
{
	return link->dhcp.value && (strcmp(link->dhcp.value, "ipv6") == 0 || strcmp(link->dhcp.value, "both") == 0);
}

/* The program and an argument for each interface, all at the place of the first `dhcp:`. */
static struct manifest_strings command_of(const struct manifest_network *network, const struct place *at,
					  struct arena *arena)
{
	struct manifest_strings out = { .set = true, .at = *at };

	*(struct manifest_string *)arena_push(arena, &out.items, &out.count, sizeof(*out.items)) =
		(struct manifest_string){ PROGRAM, *at };
	for (size_t i = 0; i < network->links_count; i++) {
		const struct manifest_link *link = &network->links[i];

		if (network_dhcp4(link) || network_dhcp6(link))
			*(struct manifest_string *)arena_push(arena, &out.items, &out.count, sizeof(*out.items)) =
				(struct manifest_string){ arena_printf(arena, "%s=%s", link->name.value, link->dhcp.value),
							  link->dhcp.at };
	}
	return out;
}

static struct manifest_container *find(struct manifest_containers *services, const char *name)
{
	for (size_t i = 0; i < services->count; i++)
		if (services->items[i].name.value && strcmp(services->items[i].name.value, name) == 0)
			return &services->items[i];
	return NULL;
}

/* In front of the others, in an array of their own: the manifest's has no room. */
static struct manifest_container *add(struct manifest_containers *services, const struct place *at, struct arena *arena)
{
	struct manifest_container *items = arena_array(arena, services->count + 1, sizeof(*items));

	if (services->count)
		memcpy(items + 1, services->items, services->count * sizeof(*items));
	items[0] = (struct manifest_container){ .at = *at, .name = { MANIFEST_DHCP_SERVICE, *at } };
	services->items = items;
	services->count++;
	return items;
}

void network_add_dhcp(struct manifest *manifest, struct arena *arena)
{
	struct manifest_network *network = &manifest->network;
	struct manifest_container *service = NULL;
	const struct place *at = NULL;

	for (size_t i = 0; i < network->links_count && !at; i++)
		if (network_dhcp4(&network->links[i]) || network_dhcp6(&network->links[i]))
			at = &network->links[i].dhcp.at;
	if (!at)
		return;
	service = find(&manifest->services, MANIFEST_DHCP_SERVICE);
	if (!service) {
		network->dhcp_added = at;
		service = add(&manifest->services, at, arena);
	}
	if (!service->image.value)
		service->image = (struct manifest_string){ MANIFEST_DHCP_IMAGE, *at };
	if (!service->command.set)
		service->command = command_of(network, at, arena);
}
