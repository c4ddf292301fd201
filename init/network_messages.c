/* SPDX-License-Identifier: Apache-2.0 */
#include "init/network_messages.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>

#include "base/address.h"
#include "base/cleanup.h"

static const char *const kind_names[] = {
	[PLAN_LINK_VLAN] = "vlan",   [PLAN_LINK_BRIDGE] = "bridge", [PLAN_LINK_BOND] = "bond",
	[PLAN_LINK_DUMMY] = "dummy", [PLAN_LINK_VETH] = "veth",	    [PLAN_LINK_WIREGUARD] = "wireguard",
};

/* By their numbers: Documentation/networking/bonding.rst. */
static const char *const bond_modes[] = { "balance-rr",  "active-backup", "balance-xor", "broadcast", "802.3ad",
					  "balance-tlb", "balance-alb" };

static uint8_t number_of_mode(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(bond_modes); i++)
		if (strcmp(bond_modes[i], name) == 0)
			return (uint8_t)i;
	return 0;
}

static void add_vlan(struct netlink_message *message, const struct plan_link *link)
{
	uint16_t id = (uint16_t)link->vlan;

	netlink_add(message, IFLA_VLAN_ID, &id, sizeof(id));
}

static void add_bridge(struct netlink_message *message, const struct plan_link *link)
{
	netlink_add_number(message, IFLA_BR_STP_STATE, link->stp);
	netlink_add_byte(message, IFLA_BR_VLAN_FILTERING, link->vlan_filtering);
}

/* The mode first: the others depend on it. */
static void add_bond(struct netlink_message *message, const struct plan_link *link)
{
	netlink_add_byte(message, IFLA_BOND_MODE, number_of_mode(link->bond_mode));
	netlink_add_number(message, IFLA_BOND_MIIMON, link->miimon);
	if (link->lacp_rate)
		netlink_add_byte(message, IFLA_BOND_AD_LACP_RATE, strcmp(link->lacp_rate, "fast") == 0);
}

static void add_peer(struct netlink_message *message, const struct plan_link *link)
{
	struct ifinfomsg nobody = { 0 };
	size_t peer = netlink_nest(message, VETH_INFO_PEER, &nobody, sizeof(nobody));

	netlink_add_text(message, IFLA_IFNAME, link->peer ? link->peer : "");
	netlink_nest_end(message, peer);
}

static void (*const details[])(struct netlink_message *, const struct plan_link *) = {
	[PLAN_LINK_VLAN] = add_vlan, [PLAN_LINK_BRIDGE] = add_bridge, [PLAN_LINK_BOND] = add_bond,
	[PLAN_LINK_VETH] = add_peer, [PLAN_LINK_WIREGUARD] = NULL,
};

static void add_kind(struct netlink_message *message, const struct plan_link *link)
{
	size_t info = netlink_nest(message, IFLA_LINKINFO, NULL, 0), data;

	netlink_add_text(message, IFLA_INFO_KIND, kind_names[link->kind]);
	if (details[link->kind]) {
		data = netlink_nest(message, IFLA_INFO_DATA, NULL, 0);
		details[link->kind](message, link);
		netlink_nest_end(message, data);
	}
	netlink_nest_end(message, info);
}

static void begin(struct netlink_message *message, uint16_t flags, struct ifinfomsg link)
{
	netlink_begin(message, RTM_NEWLINK, flags, &link, sizeof(link));
}

void network_message_make(struct netlink_message *message, const struct plan_link *link, int on)
{
	begin(message, NLM_F_CREATE | NLM_F_EXCL, (struct ifinfomsg){ 0 });
	netlink_add_text(message, IFLA_IFNAME, link->name);
	if (link->kind == PLAN_LINK_VLAN)
		netlink_add_number(message, IFLA_LINK, (uint32_t)on);
	add_kind(message, link);
}

void network_message_change(struct netlink_message *message, const struct plan_link *link, int index)
{
	begin(message, 0, (struct ifinfomsg){ .ifi_index = index });
	add_kind(message, link);
}

void network_message_rename(struct netlink_message *message, int index, const char *name)
{
	begin(message, 0, (struct ifinfomsg){ .ifi_index = index });
	netlink_add_text(message, IFLA_IFNAME, name);
}

bool network_message_card(struct netlink_message *message, const struct plan_link *link, int index)
{
	unsigned char mac[MAC_BYTES];

	begin(message, 0, (struct ifinfomsg){ .ifi_index = index });
	if (link->mac && mac_parse(link->mac, mac))
		netlink_add(message, IFLA_ADDRESS, mac, sizeof(mac));
	if (link->mtu)
		netlink_add_number(message, IFLA_MTU, link->mtu);
	return link->mac || link->mtu;
}

void network_message_master(struct netlink_message *message, int index, int master)
{
	begin(message, 0, (struct ifinfomsg){ .ifi_index = index });
	netlink_add_number(message, IFLA_MASTER, (uint32_t)master);
}

void network_message_up(struct netlink_message *message, int index, bool up)
{
	begin(message, 0, (struct ifinfomsg){ .ifi_index = index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP });
}

/* The last of an IPv4 network, where it has one for all. */
static void add_broadcast(struct netlink_message *message, const struct address *address)
{
	uint32_t bits, all;

	if (address->family != AF_INET || address->prefix > 30)
		return;
	memcpy(&bits, address->bytes, sizeof(bits));
	all = bits | htonl(UINT32_MAX >> address->prefix);
	netlink_add(message, IFA_BROADCAST, &all, sizeof(all));
}

int network_message_address(struct netlink_message *message, int index, const char *text, struct error *err)
{
	struct ifaddrmsg body = { .ifa_index = (uint32_t)index };
	struct address address;

	if (!address_parse(text, &address))
		return error_set(err, "'%s' is no address", text);
	body.ifa_family = (uint8_t)address.family;
	body.ifa_prefixlen = (uint8_t)address.prefix;
	body.ifa_scope = address_is_link_local(&address) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	netlink_begin(message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof(body));
	netlink_add(message, IFA_LOCAL, address.bytes, address_length(&address));
	netlink_add(message, IFA_ADDRESS, address.bytes, address_length(&address));
	add_broadcast(message, &address);
	return 0;
}

int network_message_route(struct netlink_message *message, int index, const struct plan_route *route, struct error *err)
{
	struct address to, via;
	struct rtmsg body = { .rtm_protocol = RTPROT_STATIC, .rtm_type = RTN_UNICAST };

	if (!address_parse(route->to, &to) || (route->via && (!address_parse(route->via, &via) || via.family != to.family)))
		return error_set(err, "'%s' via '%s' is no route", route->to, route->via ? route->via : "");
	body.rtm_family = (uint8_t)to.family;
	body.rtm_dst_len = (uint8_t)to.prefix;
	body.rtm_scope = route->via || to.family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	body.rtm_table = route->table == 0 ? RT_TABLE_MAIN : route->table < 256 ? (uint8_t)route->table : RT_TABLE_UNSPEC;
	body.rtm_flags = route->onlink ? RTNH_F_ONLINK : 0;
	netlink_begin(message, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof(body));
	if (to.prefix)
		netlink_add(message, RTA_DST, to.bytes, address_length(&to));
	if (route->via)
		netlink_add(message, RTA_GATEWAY, via.bytes, address_length(&via));
	if (route->metric)
		netlink_add_number(message, RTA_PRIORITY, route->metric);
	if (route->table > 255)
		netlink_add_number(message, RTA_TABLE, route->table);
	netlink_add_number(message, RTA_OIF, (uint32_t)index);
	return 0;
}
