/* SPDX-License-Identifier: Apache-2.0 */
#include "init/network_table.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/cleanup.h"

/* What is to be there: each static address, and what the DHCP client or a router gives. */
static struct network_count needed_by(const struct plan_link *plan)
{
	struct network_count n = { 0 };
	struct address address;

	for (size_t i = 0; i < plan->addresses.count; i++) {
		if (!address_parse(plan->addresses.items[i], &address) || address_is_link_local(&address))
			continue;
		n.v4 += address.family == AF_INET;
		n.v6 += address.family == AF_INET6;
	}
	n.all = n.v4 + n.v6;
	/* A network where only one of two families is served is a network all the same. */
	if (plan->dhcp != PLAN_DHCP_NO)
		n.all++;
	n.v4 += plan->dhcp == PLAN_DHCP_IPV4;
	n.v6 += plan->dhcp == PLAN_DHCP_IPV6;
	/* With nothing else, it is the router that it gets its address from. */
	if (plan->accept_ra && n.all == 0)
		n.v6 = n.all = 1;
	return n;
}

static size_t at_most(size_t n, size_t max)
{
	return n > max ? max : n;
}

void network_table_open(struct network_table *table, const struct plan *plan, const int *settled, struct arena *arena)
{
	table->links = arena_array(arena, plan->links_count + 1, sizeof(*table->links));
	table->count = plan->links_count;
	for (size_t i = 0; i < table->count; i++) {
		struct network_count n = needed_by(&plan->links[i]);

		table->links[i] = (struct network_link){
			.plan = &plan->links[i],
			.settled = &settled[i],
			.needed = { at_most(n.v4, NETWORK_ADDRESSES_MAX / 2), at_most(n.v6, NETWORK_ADDRESSES_MAX / 2),
				    at_most(n.all, NETWORK_ADDRESSES_MAX) },
		};
	}
}

static void leave(struct network_link *link)
{
	link->index = 0;
	link->flags = 0;
	link->addresses_count = 0;
}

void network_table_forget(struct network_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		leave(&table->links[i]);
}

static struct network_link *find_index(struct network_table *table, int index)
{
	for (size_t i = 0; i < table->count && index > 0; i++)
		if (table->links[i].index == index)
			return &table->links[i];
	return NULL;
}

static struct network_link *find_name(struct network_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->links[i].plan->name, name) == 0)
			return &table->links[i];
	return NULL;
}

/* The name, where the attribute is text that ends. */
static const char *name_in(const struct rtattr *attribute)
{
	return attribute && memchr(RTA_DATA(attribute), '\0', RTA_PAYLOAD(attribute)) ? RTA_DATA(attribute) : "";
}

static unsigned int read_link(struct network_table *table, const struct nlmsghdr *message)
{
	const struct rtattr *attributes[IFLA_IFNAME + 1] = { NULL };
	const struct ifinfomsg *body = netlink_body(message, sizeof(*body));
	struct network_link *link, *before;
	unsigned int changes = 0;

	/* Bridges tell about their ports in messages of the same type, of another family. */
	if (!body || body->ifi_family != AF_UNSPEC || body->ifi_index <= 0)
		return 0;
	/* All bits: it was not there before (rtnetlink.c of the kernel, rtmsg_ifinfo() at register_netdevice()). */
	if (body->ifi_change == ~0u)
		changes = NETWORK_NEWCOMER;
	netlink_attributes(message, sizeof(*body), attributes, ARRAY_SIZE(attributes));
	link = find_name(table, name_in(attributes[IFLA_IFNAME]));
	before = find_index(table, body->ifi_index);
	if (before && before != link) {
		leave(before);
		changes |= NETWORK_CHANGED;
	}
	if (!link)
		return changes;
	/* Another one under its name. */
	if (link->index != 0 && link->index != body->ifi_index)
		leave(link);
	if (link->index != body->ifi_index || link->flags != body->ifi_flags)
		changes |= NETWORK_CHANGED;
	link->index = body->ifi_index;
	link->flags = body->ifi_flags;
	return changes;
}

static unsigned int read_link_gone(struct network_table *table, const struct nlmsghdr *message)
{
	const struct ifinfomsg *body = netlink_body(message, sizeof(*body));
	struct network_link *link = body && body->ifi_family == AF_UNSPEC ? find_index(table, body->ifi_index) : NULL;

	if (!link)
		return 0;
	leave(link);
	return NETWORK_CHANGED;
}

/* A tentative one may turn out to be somebody else's (RFC 4862, 5.4), and cannot be bound to until that is known. */
static bool is_usable(const struct ifaddrmsg *body)
{
	return body->ifa_scope < RT_SCOPE_LINK && !(body->ifa_flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
}

static bool address_of(const struct nlmsghdr *message, const struct ifaddrmsg *body, struct network_address *out)
{
	const struct rtattr *attributes[IFA_LOCAL + 1] = { NULL }, *found;
	size_t length = body->ifa_family == AF_INET ? 4 : body->ifa_family == AF_INET6 ? 16 : 0;

	netlink_attributes(message, sizeof(*body), attributes, ARRAY_SIZE(attributes));
	/* On a link with two ends IFA_ADDRESS is the other one. */
	found = attributes[IFA_LOCAL] ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
	if (length == 0 || !found || RTA_PAYLOAD(found) != length)
		return false;
	*out = (struct network_address){ .family = body->ifa_family, .usable = is_usable(body) };
	memcpy(out->bytes, RTA_DATA(found), length);
	return true;
}

static struct network_address *find_address(struct network_link *link, const struct network_address *address)
{
	for (size_t i = 0; i < link->addresses_count; i++)
		if (link->addresses[i].family == address->family &&
		    memcmp(link->addresses[i].bytes, address->bytes, sizeof(address->bytes)) == 0)
			return &link->addresses[i];
	return NULL;
}

static unsigned int read_address(struct network_table *table, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *body = netlink_body(message, sizeof(*body));
	struct network_link *link = body ? find_index(table, (int)body->ifa_index) : NULL;
	struct network_address address, *known;

	if (!link || !address_of(message, body, &address))
		return 0;
	known = find_address(link, &address);
	if (message->nlmsg_type == RTM_DELADDR) {
		if (known)
			*known = link->addresses[--link->addresses_count];
		return known ? NETWORK_CHANGED : 0;
	}
	if (!known && link->addresses_count == NETWORK_ADDRESSES_MAX)
		return 0;
	if (!known)
		known = &link->addresses[link->addresses_count++];
	*known = address;
	return NETWORK_CHANGED;
}

unsigned int network_table_read(struct network_table *table, const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
		return read_link(table, message);
	case RTM_DELLINK:
		return read_link_gone(table, message);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return read_address(table, message);
	default:
		return 0;
	}
}

static struct network_count count(const struct network_link *link)
{
	struct network_count n = { 0 };

	for (size_t i = 0; i < link->addresses_count; i++) {
		n.v4 += link->addresses[i].usable && link->addresses[i].family == AF_INET;
		n.v6 += link->addresses[i].usable && link->addresses[i].family == AF_INET6;
	}
	n.all = n.v4 + n.v6;
	return n;
}

bool network_link_settled(const struct network_link *link)
{
	return link->index != 0 && *link->settled == link->index;
}

const char *network_link_lacks(const struct network_link *link)
{
	struct network_count have = count(link);

	if (link->index == 0)
		return "is not there";
	if (!network_link_settled(link))
		return "is not set up yet";
	if (!(link->flags & IFF_UP))
		return "is down";
	if (!(link->flags & IFF_RUNNING))
		return "has no carrier";
	if (have.v4 < link->needed.v4)
		return "has no IPv4 address";
	if (have.v6 < link->needed.v6)
		return "has no IPv6 address";
	return have.all < link->needed.all ? "has no address" : NULL;
}

/* A port is as good as its bridge or bond, which is waited for itself. */
static bool is_waited_for(const struct plan_link *plan)
{
	return !plan->optional && plan->up && !plan->master;
}

const struct network_link *network_table_lacks(const struct network_table *table, const char **lacks)
{
	for (size_t i = 0; i < table->count; i++) {
		if (!is_waited_for(table->links[i].plan))
			continue;
		*lacks = network_link_lacks(&table->links[i]);
		if (*lacks)
			return &table->links[i];
	}
	return NULL;
}
