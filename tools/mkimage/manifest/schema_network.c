/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of `network:`. The order of the keys is that of the manual page. */
#include "tools/mkimage/manifest/schema.h"

#include "tools/mkimage/manifest/rows.h"

#define VLAN_MAX 4094			/* IEEE 802.1Q: 0 and 4095 mean something else */
#define MTU_MIN 68			/* RFC 791 */
#define MTU_MAX 65535

static const struct field match_fields[] = {
	KEY(_match, "name", STRING, name, CHECK(interface_pattern)),
	KEY(_match, "mac", STRING, mac, CHECK(mac)),
	KEY(_match, "driver", STRING, driver, CHECK(module)),
};
static const struct schema match =
	SCHEMA(_match, FIELD_NOWHERE, offsetof(struct manifest_match, set), match_fields);

static const struct field route_fields[] = {
	KEY(_route, "to", STRING, to, REQUIRED, CHECK(route_to)),
	KEY(_route, "via", STRING, via, CHECK(host_address)),
	KEY(_route, "metric", INT, metric, RANGE(0, UINT32_MAX)),
	KEY(_route, "table", INT, table, RANGE(1, UINT32_MAX)),
	KEY(_route, "onlink", BOOL, onlink),
};
static const struct schema route = PLACED(_route, route_fields);

static const struct field vlan_fields[] = {
	KEY(_vlan, "id", INT, id, REQUIRED, RANGE(1, VLAN_MAX)),
	KEY(_vlan, "link", STRING, link, REQUIRED, CHECK(link)),
};
static const struct schema vlan =
	SCHEMA(_vlan, offsetof(struct manifest_vlan, at), offsetof(struct manifest_vlan, set), vlan_fields);

static const struct field bridge_fields[] = {
	KEY(_bridge, "ports", STRINGS, ports, CHECK(link)),
	KEY(_bridge, "stp", BOOL, stp),
	KEY(_bridge, "vlan_filtering", BOOL, vlan_filtering),
};
static const struct schema bridge =
	SCHEMA(_bridge, offsetof(struct manifest_bridge, at), offsetof(struct manifest_bridge, set), bridge_fields);

static const struct field bond_fields[] = {
	KEY(_bond, "ports", STRINGS, ports, CHECK(link)),
	KEY(_bond, "mode", STRING, mode, CHECK(bond_mode)),
	KEY(_bond, "miimon", STRING, miimon, CHECK(duration)),
	KEY(_bond, "lacp_rate", STRING, lacp_rate, CHECK(lacp_rate)),
};
static const struct schema bond =
	SCHEMA(_bond, offsetof(struct manifest_bond, at), offsetof(struct manifest_bond, set), bond_fields);

static const struct field veth_fields[] = {
	KEY(_veth, "peer", STRING, peer, REQUIRED, CHECK(link)),
};
static const struct schema veth =
	SCHEMA(_veth, offsetof(struct manifest_veth, at), offsetof(struct manifest_veth, set), veth_fields);

static const struct field link_fields[] = {
	KEY(_link, "name", STRING, name, REQUIRED, CHECK(link)),
	NESTED("match", offsetof(struct manifest_link, match), &match),
	KEY(_link, "addresses", STRINGS, addresses, CHECK(interface_address)),
	KEY(_link, "gateway", STRING, gateway, CHECK(host_address)),
	KEY(_link, "gateways", STRINGS, gateways, CHECK(host_address)),
	LIST(_link, "routes", routes, &route),
	KEY(_link, "dhcp", STRING, dhcp, CHECK(dhcp)),
	KEY(_link, "accept_ra", BOOL, accept_ra),
	KEY(_link, "mtu", INT, mtu, RANGE(MTU_MIN, MTU_MAX)),
	KEY(_link, "mac", STRING, mac, CHECK(unicast_mac)),
	KEY(_link, "up", BOOL, up),
	KEY(_link, "optional", BOOL, optional),
	NESTED("vlan", offsetof(struct manifest_link, vlan), &vlan),
	NESTED("bridge", offsetof(struct manifest_link, bridge), &bridge),
	NESTED("bond", offsetof(struct manifest_link, bond), &bond),
	NESTED("veth", offsetof(struct manifest_link, veth), &veth),
	KEY(_link, "dummy", BOOL, dummy),
	KEY(_link, "wireguard", BOOL, wireguard),
};
static const struct schema interface = PLACED(_link, link_fields);

static const struct field dns_fields[] = {
	KEY(_dns, "servers", STRINGS, servers, CHECK(host_address)),
	KEY(_dns, "search", STRINGS, search, CHECK(hostname)),
};
static const struct schema dns = BARE(_dns, dns_fields);

static const struct field network_fields[] = {
	LIST(_network, "interfaces", links, &interface),
	NESTED("dns", offsetof(struct manifest_network, dns), &dns),
	KEY(_network, "hostname", STRING, hostname, CHECK(hostname)),
	KEY(_network, "forwarding", BOOL, forwarding),
	KEY(_network, "wait", STRING, wait, CHECK(duration)),
};
const struct schema schema_network =
	SCHEMA(_network, offsetof(struct manifest_network, at), offsetof(struct manifest_network, set), network_fields);
