/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/manifest/network.h"

#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/cleanup.h"
#include "base/option.h"
#include "tools/mkimage/manifest/node.h"

#define MTU_IPV6 1280			/* RFC 8200, 5: no link may have less */
#define SERVERS_MAX 3			/* resolv.conf(5), MAXNS: what stands behind them is not read */

int network_find(const struct manifest_network *network, const char *name)
{
	for (size_t i = 0; i < network->links_count; i++)
		if (strcmp(network->links[i].name.value, name) == 0)
			return (int)i;
	return -1;
}

const char *network_where(const struct manifest_network *network, const struct manifest_link *link, struct arena *arena)
{
	return arena_printf(arena, "network.interfaces[%zu]", (size_t)(link - network->links));
}

static const struct manifest_strings *ports_of(const struct manifest_link *link)
{
	return link->bridge.set ? &link->bridge.ports : &link->bond.ports;
}

const struct manifest_link *network_master(const struct manifest_network *network, const struct manifest_link *port)
{
	for (size_t i = 0; i < network->links_count; i++) {
		const struct manifest_strings *ports = ports_of(&network->links[i]);

		for (size_t k = 0; k < ports->count; k++)
			if (strcmp(ports->items[k].value, port->name.value) == 0)
				return &network->links[i];
	}
	return NULL;
}

struct check {
	struct checker *checker;
	const struct manifest_network *network;
	const struct manifest_link *link;
	const char *where;		/* "network.interfaces[0]" */
};

/* --- one interface ------------------------------------------------------------------------------- */

static int check_kind(const struct check *c)
{
	const struct manifest_link *link = c->link;
	const struct {
		const char *key;
		bool set;
	} kinds[] = {
		{ "match", link->match.set },   { "vlan", link->vlan.set },
		{ "bridge", link->bridge.set }, { "bond", link->bond.set },
		{ "veth", link->veth.set },     { "dummy", link->dummy.value },
		{ "wireguard", link->wireguard.value },
	};
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].set && first)
			return check_fail(c->checker, &link->at, c->where, "",
					  "has both '%s' and '%s'; keep one of them", first, kinds[i].key);
		if (kinds[i].set)
			first = kinds[i].key;
	}
	if (link->match.set && !link->match.name.value && !link->match.mac.value && !link->match.driver.value)
		return check_fail(c->checker, &link->at, c->where, "match",
				  "matches any interface; add 'name', 'mac' or 'driver'");
	return 0;
}

static bool speaks_ipv6(const struct manifest_link *link)
{
	struct address address;

	for (size_t i = 0; i < link->addresses.count; i++)
		if (address_parse(link->addresses.items[i].value, &address) && address_length(&address) > 4)
			return true;
	return network_dhcp6(link) || link->accept_ra.value;
}

static int check_values(const struct check *c)
{
	const struct manifest_link *link = c->link;

	if (link->mtu.set && link->mtu.value < MTU_IPV6 && speaks_ipv6(link))
		return check_fail(c->checker, &link->mtu.at, c->where, "mtu", "IPv6 needs at least %d", MTU_IPV6);
	if (network_dhcp6(link) && link->accept_ra.set && !link->accept_ra.value)
		return check_fail(c->checker, &link->accept_ra.at, c->where, "accept_ra",
				  "'dhcp: %s' listens to routers; remove one of them", link->dhcp.value);
	if (link->up.set && !link->up.value && (network_dhcp4(link) || network_dhcp6(link)))
		return check_fail(c->checker, &link->up.at, c->where, "up", "'dhcp' needs it up; remove one of them");
	if (link->wireguard.value && (network_dhcp4(link) || network_dhcp6(link)))
		return check_fail(c->checker, &link->dhcp.at, c->where, "dhcp", "nobody answers DHCP over wireguard; remove it");
	if (link->bond.lacp_rate.value && (!link->bond.mode.value || strcmp(link->bond.mode.value, "802.3ad") != 0))
		return check_fail(c->checker, &link->bond.lacp_rate.at, c->where, "bond.lacp_rate",
				  "is for 'mode: 802.3ad' only; remove it");
	return 0;
}

static bool is_same(const char *a, const char *b)
{
	struct address x, y;

	return address_parse(a, &x) && address_parse(b, &y) && x.family == y.family &&
	       memcmp(x.bytes, y.bytes, address_length(&x)) == 0;
}

/* On the machine as a whole: two interfaces with one address answer for each other. */
static int check_address(const struct check *c, const struct manifest_string *address, const char *key)
{
	for (size_t i = 0; i < c->network->links_count; i++) {
		const struct manifest_strings *others = &c->network->links[i].addresses;

		for (size_t k = 0; k < others->count; k++) {
			if (&others->items[k] == address)
				return 0;
			if (is_same(others->items[k].value, address->value))
				return check_fail(c->checker, &address->at, c->where, key,
						  "'%s' is given twice, first on line %u", address->value,
						  others->items[k].at.line);
		}
	}
	return 0;
}

static int check_addresses(const struct check *c)
{
	for (size_t i = 0; i < c->link->addresses.count; i++)
		if (check_address(c, &c->link->addresses.items[i],
				  arena_printf(c->checker->arena, "addresses[%zu]", i)) < 0)
			return -1;
	return 0;
}

static int check_name(const struct check *c)
{
	const char *name = c->link->name.value;
	int first = network_find(c->network, name);

	if (&c->network->links[first] != c->link)
		return check_fail(c->checker, &c->link->name.at, c->where, "name",
				  "there are two interfaces '%s', the first on line %u", name,
				  c->network->links[first].name.at.line);
	return 0;
}

/* --- what they are to each other ----------------------------------------------------------------- */

static int unknown(const struct check *c, const struct manifest_string *stated, const char *key)
{
	struct arena *arena = c->checker->arena;
	const char **names = arena_array(arena, c->network->links_count + 1, sizeof(*names)), *nearest;

	for (size_t i = 0; i < c->network->links_count; i++)
		names[i] = c->network->links[i].name.value;
	nearest = option_nearest(stated->value, names);
	if (nearest)
		return check_fail(c->checker, &stated->at, c->where, key,
				  "no interface is named '%s'; did you mean '%s'?", stated->value, nearest);
	return check_fail(c->checker, &stated->at, c->where, key,
			  "no interface is named '%s'; add it to 'network.interfaces'", stated->value);
}

static int check_port(const struct check *c, const struct manifest_string *port, const char *key)
{
	int index = network_find(c->network, port->value);
	const struct manifest_link *link = index < 0 ? NULL : &c->network->links[index];

	if (!link)
		return unknown(c, port, key);
	if (network_master(c->network, link) != c->link)
		return check_fail(c->checker, &port->at, c->where, key, "'%s' is a port of '%s' already", port->value,
				  network_master(c->network, link)->name.value);
	if (link->addresses.count || link->gateway.value || link->gateways.count || link->routes_count ||
	    network_dhcp4(link) || network_dhcp6(link) || link->accept_ra.value)
		return check_fail(c->checker, &link->at, network_where(c->network, link, c->checker->arena), "",
				  "is a port of '%s': addresses and routes are given to that", c->link->name.value);
	if (c->link->bond.set && link->up.set)
		return check_fail(c->checker, &link->up.at, network_where(c->network, link, c->checker->arena), "up",
				  "the bond '%s' decides that; remove it", c->link->name.value);
	return 0;
}

static int check_ports(const struct check *c)
{
	const struct manifest_strings *ports = ports_of(c->link);

	for (size_t i = 0; i < ports->count; i++) {
		const char *key = arena_printf(c->checker->arena, "%s.ports[%zu]", c->link->bridge.set ? "bridge" : "bond", i);

		for (size_t k = 0; k < i; k++)
			if (strcmp(ports->items[k].value, ports->items[i].value) == 0)
				return check_fail(c->checker, &ports->items[i].at, c->where, key, "'%s' is named twice",
						  ports->items[i].value);
		if (check_port(c, &ports->items[i], key) < 0)
			return -1;
	}
	return 0;
}

/* The other end of a pair comes with it; it may have a row for its addresses, that is of no kind. */
static int check_peer(const struct check *c)
{
	const struct manifest_string *peer = &c->link->veth.peer;

	if (!peer->value)
		return 0;
	if (strcmp(peer->value, c->link->name.value) == 0)
		return check_fail(c->checker, &peer->at, c->where, "veth.peer", "is the interface itself; name its other end");
	for (const struct manifest_link *link = c->network->links; link < c->link; link++)
		if (link->veth.set && strcmp(link->veth.peer.value, peer->value) == 0)
			return check_fail(c->checker, &peer->at, c->where, "veth.peer", "'%s' is the peer of '%s' already",
					  peer->value, link->name.value);
	return 0;
}

/* What an interface stands on: the VLAN's link, the ports. NULL behind the last. */
static const struct manifest_string *foot_of(const struct manifest_link *link, size_t which)
{
	const struct manifest_strings *ports = ports_of(link);

	if (link->vlan.set)
		return which == 0 ? &link->vlan.link : NULL;
	return which < ports->count ? &ports->items[which] : NULL;
}

static int check_feet(const struct check *c)
{
	const struct manifest_link *link = c->link;

	if (link->vlan.set && network_find(c->network, link->vlan.link.value) < 0)
		return unknown(c, &link->vlan.link, "vlan.link");
	return check_ports(c) < 0 || check_peer(c) < 0 ? -1 : 0;
}

/* --- from below to above ------------------------------------------------------------------------- */

enum colour { NEW, OPEN, CLOSED };	/* not seen yet, on the way from the start to here, in the order */

struct search {
	const struct manifest_network *network;
	enum colour *colours;
	size_t *order, count;
	const struct manifest_string *closing;	/* the name that closes a circle */
};

static bool visit(struct search *s, size_t index);

static bool visit_name(struct search *s, const struct manifest_string *name)
{
	int index = network_find(s->network, name->value);

	if (index >= 0 && s->colours[index] == OPEN) {
		s->closing = name;
		return false;
	}
	return index < 0 || s->colours[index] == CLOSED || visit(s, (size_t)index);
}

/* A row for the end of a pair comes behind that of the pair. */
static bool visit_pair(struct search *s, const struct manifest_link *link)
{
	for (size_t i = 0; i < s->network->links_count; i++) {
		const struct manifest_link *other = &s->network->links[i];

		if (other->veth.set && strcmp(other->veth.peer.value, link->name.value) == 0)
			return visit_name(s, &other->name);
	}
	return true;
}

/* As deep as there are interfaces: MANIFEST_LINKS_MAX. */
static bool visit(struct search *s, size_t index)
{
	const struct manifest_link *link = &s->network->links[index];
	const struct manifest_string *foot;

	s->colours[index] = OPEN;
	for (size_t i = 0; (foot = foot_of(link, i)); i++)
		if (!visit_name(s, foot))
			return false;
	if (!visit_pair(s, link))
		return false;
	s->colours[index] = CLOSED;
	s->order[s->count++] = index;
	return true;
}

const struct manifest_string *network_order(const struct manifest_network *network, size_t *order, struct arena *arena)
{
	struct search s = { .network = network, .order = order,
			    .colours = arena_array(arena, network->links_count + 1, sizeof(*s.colours)) };

	for (size_t i = 0; i < network->links_count; i++)
		if (s.colours[i] == NEW && !visit(&s, i))
			return s.closing;
	return NULL;
}

static int check_circles(struct checker *checker, const struct manifest_network *network)
{
	size_t *order = arena_array(checker->arena, network->links_count + 1, sizeof(*order));
	const struct manifest_string *closing = network_order(network, order, checker->arena);

	if (!closing)
		return 0;
	return check_fail(checker, &closing->at, "network", "interfaces",
			  "'%s' stands on itself, by its ports and links; remove one of them", closing->value);
}

/* --- the whole ----------------------------------------------------------------------------------- */

static int check_machine(struct checker *checker, const struct manifest *manifest)
{
	const struct manifest_network *network = &manifest->network;

	if (network->links_count > MANIFEST_LINKS_MAX)
		return check_fail(checker, &network->at, "network", "interfaces", "%zu elements; at most %u are allowed",
				  network->links_count, MANIFEST_LINKS_MAX);
	if (network->hostname.value && manifest->hostname.value)
		return check_fail(checker, &network->hostname.at, "network", "hostname",
				  "the machine has a 'hostname' already, on line %u; remove one of them",
				  manifest->hostname.at.line);
	if (network->dns.servers.count > SERVERS_MAX)
		return check_fail(checker, &network->dns.servers.items[SERVERS_MAX].at, "network.dns", "servers",
				  "at most %d are looked at by programs; remove some", SERVERS_MAX);
	for (size_t i = 0; i < manifest->services.count; i++)
		if (strcmp(manifest->services.items[i].name.value, MANIFEST_NETWORK) == 0)
			return check_fail(checker, &manifest->services.items[i].name.at,
					  arena_printf(checker->arena, "services[%zu]", i), "name",
					  "with a 'network:' this name stands for the network; give it another");
	return 0;
}

int check_network(struct checker *checker, const struct manifest *manifest)
{
	const struct manifest_network *network = &manifest->network;
	static int (*const checks[])(const struct check *) = { check_name, check_kind, check_values, check_addresses,
							       check_feet };

	if (!network->set)
		return 0;
	if (check_machine(checker, manifest) < 0)
		return -1;
	for (size_t k = 0; k < ARRAY_SIZE(checks); k++)
		for (size_t i = 0; i < network->links_count; i++) {
			struct check c = { checker, network, &network->links[i],
					   network_where(network, &network->links[i], checker->arena) };

			if (checks[k](&c) < 0)
				return -1;
		}
	return check_circles(checker, network) < 0 ? -1 : check_routes(checker, network);
}
