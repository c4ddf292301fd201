/* SPDX-License-Identifier: Apache-2.0 */
/* `network:` into the plan's links and routes. That the names fit together is known: tools/mkimage/manifest/network.c. */
#include "tools/mkimage/manifest/network.h"

#include <string.h>

#include "tools/mkimage/compile/parts.h"

#define WAIT_DEFAULT 30000u		/* milliseconds */
#define MIIMON_DEFAULT 100u		/* without it a bond never looks at its cables */

static struct plan_strings strings_of(const struct manifest_strings *list, struct arena *arena)
{
	struct plan_strings out = { .items = arena_array(arena, list->count + 1, sizeof(*out.items)), .count = list->count };

	for (size_t i = 0; i < list->count; i++)
		out.items[i] = list->items[i].value;
	return out;
}

static enum plan_link_kind kind_of(const struct manifest_link *link)
{
	return link->vlan.set	      ? PLAN_LINK_VLAN :
	       link->bridge.set	      ? PLAN_LINK_BRIDGE :
	       link->bond.set	      ? PLAN_LINK_BOND :
	       link->veth.set	      ? PLAN_LINK_VETH :
	       link->dummy.value      ? PLAN_LINK_DUMMY :
	       link->wireguard.value  ? PLAN_LINK_WIREGUARD :
					PLAN_LINK_DEVICE;
}

static enum plan_dhcp dhcp_of(const struct manifest_link *link)
{
	if (network_dhcp4(link))
		return network_dhcp6(link) ? PLAN_DHCP_BOTH : PLAN_DHCP_IPV4;
	return network_dhcp6(link) ? PLAN_DHCP_IPV6 : PLAN_DHCP_NO;
}

static struct plan_link compile_link(const struct manifest_network *network, const struct manifest_link *stated,
				     struct arena *arena)
{
	const struct manifest_link *master = network_master(network, stated);
	struct plan_link link = {
		.name = stated->name.value,
		.kind = kind_of(stated),
		.match_name = stated->match.name.value,
		.match_mac = stated->match.mac.value,
		.match_driver = stated->match.driver.value,
		.on = stated->vlan.link.value,
		.vlan = (unsigned int)stated->vlan.id.value,
		.peer = stated->veth.peer.value,
		.stp = stated->bridge.stp.value,
		.vlan_filtering = stated->bridge.vlan_filtering.value,
		.bond_mode = stated->bond.mode.value ? stated->bond.mode.value : "balance-rr",
		.lacp_rate = stated->bond.lacp_rate.value,
		.miimon = MIIMON_DEFAULT,
		.master = master ? master->name.value : NULL,
		.mac = stated->mac.value,
		.mtu = (unsigned int)stated->mtu.value,
		.up = !stated->up.set || stated->up.value,
		.addresses = strings_of(&stated->addresses, arena),
		/* The DHCP client listens to routers by itself; two of them would undo each other's work. */
		.accept_ra = stated->accept_ra.value && !network_dhcp6(stated),
		.dhcp = dhcp_of(stated),
		.optional = stated->optional.value,
	};

	if (stated->bond.miimon.value)
		(void)manifest_duration(stated->bond.miimon.value, &link.miimon);
	return link;
}

static struct plan_route *add_route(struct plan *plan, struct arena *arena)
{
	struct plan_route *route = arena_push(arena, &plan->routes, &plan->routes_count, sizeof(*route));

	route->link = plan->links_count - 1;
	return route;
}

static const char *everywhere(const char *gateway)
{
	return strchr(gateway, ':') ? "::/0" : "0.0.0.0/0";
}

static void add_gateway(struct plan *plan, struct arena *arena, const char *gateway)
{
	struct plan_route *route = add_route(plan, arena);

	route->to = everywhere(gateway);
	route->via = gateway;
}

static void compile_routes(struct plan *plan, struct arena *arena, const struct manifest_link *stated)
{
	if (stated->gateway.value)
		add_gateway(plan, arena, stated->gateway.value);
	for (size_t i = 0; i < stated->gateways.count; i++)
		add_gateway(plan, arena, stated->gateways.items[i].value);
	for (size_t i = 0; i < stated->routes_count; i++) {
		const struct manifest_route *r = &stated->routes[i];
		struct plan_route *route = add_route(plan, arena);

		route->to = strcmp(r->to.value, "default") == 0 ? everywhere(r->via.value) : r->to.value;
		route->via = r->via.value;
		route->metric = (unsigned int)r->metric.value;
		route->table = (unsigned int)r->table.value;
		route->onlink = r->onlink.value;
	}
}

void network_compile(const struct compile_input *input, struct arena *arena, struct plan *plan)
{
	const struct manifest_network *network = &input->manifest->network;
	size_t *order = arena_array(arena, network->links_count + 1, sizeof(*order));

	plan->machine.network_wait = WAIT_DEFAULT;
	if (!network->set)
		return;
	plan->machine.network = true;
	plan->machine.forwarding = network->forwarding.value;
	plan->machine.dns = strings_of(&network->dns.servers, arena);
	plan->machine.search = strings_of(&network->dns.search, arena);
	if (network->wait.value)
		(void)manifest_duration(network->wait.value, &plan->machine.network_wait);
	(void)network_order(network, order, arena);
	for (size_t i = 0; i < network->links_count; i++) {
		const struct manifest_link *stated = &network->links[order[i]];

		*(struct plan_link *)arena_push(arena, &plan->links, &plan->links_count, sizeof(*plan->links)) =
			compile_link(network, stated, arena);
		compile_routes(plan, arena, stated);
	}
}
