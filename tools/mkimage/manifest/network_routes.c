/* SPDX-License-Identifier: Apache-2.0 */
/* Gateways and routes: what the kernel would refuse, or take for another than was meant. */
#include <netinet/in.h>
#include <string.h>

#include "base/address.h"
#include "tools/mkimage/manifest/network.h"

struct check {
	struct checker *checker;
	const struct manifest_network *network;
	const struct manifest_link *link;
	const char *where;
};

/* A route in the form that two of them are compared in. */
struct way {
	struct address to;
	int64_t metric, table;
	const struct place *at;
};

struct ways {
	struct way *items;
	size_t count;
};

/* Without DHCP or routers all networks of an interface are known. */
static int check_reachable(const struct check *c, const struct manifest_string *via, const char *key)
{
	const struct manifest_link *link = c->link;
	struct address gateway, network;

	if (!address_parse(via->value, &gateway) || address_is_link_local(&gateway))
		return 0;
	if (gateway.family == AF_INET ? network_dhcp4(link) : network_dhcp6(link) || link->accept_ra.value)
		return 0;
	for (size_t i = 0; i < link->addresses.count; i++)
		if (address_parse(link->addresses.items[i].value, &network) && address_in(&gateway, &network))
			return 0;
	return check_fail(c->checker, &via->at, c->where, key,
			  "'%s' is in no network of '%s'; check its addresses, or write a route with 'onlink: true'",
			  via->value, link->name.value);
}

static int add_way(const struct check *c, struct ways *ways, const struct way *way, const char *key)
{
	for (size_t i = 0; i < ways->count; i++) {
		const struct way *other = &ways->items[i];

		if (other->to.family == way->to.family && other->to.prefix == way->to.prefix &&
		    memcmp(other->to.bytes, way->to.bytes, ADDRESS_BYTES_MAX) == 0 && other->metric == way->metric &&
		    other->table == way->table)
			return check_fail(c->checker, way->at, c->where, key,
					  "there is a route to the same place already, on line %u; give one of them another 'metric'",
					  other->at->line);
	}
	*(struct way *)arena_push(c->checker->arena, &ways->items, &ways->count, sizeof(*way)) = *way;
	return 0;
}

static int check_gateway(const struct check *c, struct ways *ways, const struct manifest_string *gateway, const char *key)
{
	struct way way = { .at = &gateway->at };
	struct address address;

	if (!gateway->value || !address_parse(gateway->value, &address))
		return 0;
	way.to.family = address.family;
	return check_reachable(c, gateway, key) < 0 ? -1 : add_way(c, ways, &way, key);
}

/* The family of a default route is that of its gateway. */
static int check_route(const struct check *c, struct ways *ways, const struct manifest_route *route, const char *key)
{
	struct way way = { .metric = route->metric.value, .table = route->table.value, .at = &route->at };
	bool everywhere = strcmp(route->to.value, "default") == 0;
	struct address via = { 0 };

	if (route->via.value)
		(void)address_parse(route->via.value, &via);
	if (!everywhere)
		(void)address_parse(route->to.value, &way.to);
	else if (!route->via.value)
		return check_fail(c->checker, &route->to.at, c->where, key,
				  "'default' needs a 'via'; write '0.0.0.0/0' or '::/0' for a route without one");
	else
		way.to.family = via.family;
	if (route->via.value && via.family != way.to.family)
		return check_fail(c->checker, &route->via.at, c->where, key, "'%s' and '%s' are not of one family",
				  route->to.value, route->via.value);
	if (route->onlink.value && !route->via.value)
		return check_fail(c->checker, &route->onlink.at, c->where, key, "'onlink' is about a 'via'; add one, or remove it");
	if (route->via.value && !route->onlink.value && check_reachable(c, &route->via, key) < 0)
		return -1;
	return add_way(c, ways, &way, key);
}

static int check_link(const struct check *c, struct ways *ways)
{
	const struct manifest_link *link = c->link;
	struct arena *arena = c->checker->arena;

	if (check_gateway(c, ways, &link->gateway, "gateway") < 0)
		return -1;
	for (size_t i = 0; i < link->gateways.count; i++)
		if (check_gateway(c, ways, &link->gateways.items[i], arena_printf(arena, "gateways[%zu]", i)) < 0)
			return -1;
	for (size_t i = 0; i < link->routes_count; i++)
		if (check_route(c, ways, &link->routes[i], arena_printf(arena, "routes[%zu]", i)) < 0)
			return -1;
	return 0;
}

int check_routes(struct checker *checker, const struct manifest_network *network)
{
	struct ways ways = { 0 };

	for (size_t i = 0; i < network->links_count; i++) {
		struct check c = { checker, network, &network->links[i],
				   network_where(network, &network->links[i], checker->arena) };

		if (check_link(&c, &ways) < 0)
			return -1;
	}
	return 0;
}
