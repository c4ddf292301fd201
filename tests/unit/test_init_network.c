/* SPDX-License-Identifier: Apache-2.0 */
/* What PID 1 makes of the kernel's messages about links, and the messages that it sends. */
#include "init/network_table.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/address.h"
#include "base/cleanup.h"
#include "init/network_messages.h"

#define UP (IFF_UP | IFF_RUNNING)

static struct arena arena;
static struct plan plan;
static struct network_table table;
static int settled[8];
static const char *const addresses[] = { "10.0.0.2/24", "fd00::2/64", "fe80::2/64" };

static void open_table(struct plan_link *links, size_t count)
{
	memset(settled, 0, sizeof(settled));
	plan = (struct plan){ .links = links, .links_count = count };
	network_table_open(&table, &plan, settled, &arena);
}

static unsigned int link_message(uint16_t type, int index, const char *name, unsigned int flags, bool is_new)
{
	struct ifinfomsg body = { .ifi_index = index, .ifi_flags = flags, .ifi_change = is_new ? ~0u : 0 };
	struct netlink_message m;

	netlink_begin(&m, type, 0, &body, sizeof(body));
	netlink_add_text(&m, IFLA_IFNAME, name);
	return network_table_read(&table, &m.header);
}

static unsigned int address_message(uint16_t type, int index, const char *text, unsigned char flags)
{
	struct netlink_message m;
	struct ifaddrmsg *body = (void *)m.body;
	struct error err;

	assert_int_equal(network_message_address(&m, index, text, &err), 0);
	m.header.nlmsg_type = type;
	body->ifa_flags = flags;
	return network_table_read(&table, &m.header);
}

static const char *lacks(void)
{
	const char *why = NULL;

	(void)network_table_lacks(&table, &why);
	return why ? why : "nothing";
}

static void a_static_link_is_ready_with_carrier_and_all_addresses(void **state)
{
	struct plan_link links[] = { { .name = "eth0", .up = true, .addresses = { (const char **)addresses, 3 } } };

	(void)state;
	open_table(links, 1);
	assert_string_equal(lacks(), "is not there");
	assert_int_equal(link_message(RTM_NEWLINK, 2, "eth0", 0, true), NETWORK_CHANGED | NETWORK_NEWCOMER);
	assert_string_equal(lacks(), "is not set up yet");
	settled[0] = 2;
	assert_string_equal(lacks(), "is down");
	assert_int_equal(link_message(RTM_NEWLINK, 2, "eth0", IFF_UP, false), NETWORK_CHANGED);
	assert_string_equal(lacks(), "has no carrier");
	assert_int_equal(link_message(RTM_NEWLINK, 2, "eth0", UP, false), NETWORK_CHANGED);
	assert_int_equal(link_message(RTM_NEWLINK, 2, "eth0", UP, false), 0);
	assert_string_equal(lacks(), "has no IPv4 address");
	assert_int_equal(address_message(RTM_NEWADDR, 2, "10.0.0.2/24", 0), NETWORK_CHANGED);
	(void)address_message(RTM_NEWADDR, 2, "fd00::2/64", IFA_F_TENTATIVE);
	(void)address_message(RTM_NEWADDR, 2, "fe80::9/64", 0);
	assert_string_equal(lacks(), "has no IPv6 address");
	(void)address_message(RTM_NEWADDR, 2, "fd00::2/64", IFA_F_PERMANENT);
	assert_string_equal(lacks(), "nothing");
	(void)address_message(RTM_DELADDR, 2, "10.0.0.2/24", 0);
	assert_string_equal(lacks(), "has no IPv4 address");
	assert_int_equal(address_message(RTM_DELADDR, 2, "10.0.0.2/24", 0), 0);
}

static void an_address_that_somebody_else_has_is_none(void **state)
{
	struct plan_link links[] = { { .name = "eth0", .up = true, .dhcp = PLAN_DHCP_IPV6 } };

	(void)state;
	open_table(links, 1);
	(void)link_message(RTM_NEWLINK, 2, "eth0", UP, true);
	settled[0] = 2;
	(void)address_message(RTM_NEWADDR, 2, "fd00::2/64", IFA_F_DADFAILED);
	assert_string_equal(lacks(), "has no IPv6 address");
}

static void of_both_families_one_is_enough(void **state)
{
	struct plan_link links[] = { { .name = "eth0", .up = true, .dhcp = PLAN_DHCP_BOTH } };

	(void)state;
	open_table(links, 1);
	(void)link_message(RTM_NEWLINK, 2, "eth0", UP, true);
	settled[0] = 2;
	assert_string_equal(lacks(), "has no address");
	(void)address_message(RTM_NEWADDR, 2, "fd00::2/64", 0);
	assert_string_equal(lacks(), "nothing");
	/* With a static one, that is not yet what DHCP gives. */
	links[0].addresses = (struct plan_strings){ (const char **)addresses, 1 };
	open_table(links, 1);
	(void)link_message(RTM_NEWLINK, 2, "eth0", UP, true);
	settled[0] = 2;
	(void)address_message(RTM_NEWADDR, 2, "10.0.0.2/24", 0);
	assert_string_equal(lacks(), "has no address");
	(void)address_message(RTM_NEWADDR, 2, "10.0.0.77/24", 0);
	assert_string_equal(lacks(), "nothing");
}

static void nobody_waits_for_what_is_optional_down_or_a_port(void **state)
{
	struct plan_link links[] = { { .name = "a", .up = true, .optional = true }, { .name = "b", .up = false },
				     { .name = "c", .up = true, .master = "br0" } };

	(void)state;
	open_table(links, 3);
	assert_string_equal(lacks(), "nothing");
}

static void a_router_is_waited_for_where_nothing_else_gives_an_address(void **state)
{
	struct plan_link links[] = { { .name = "eth0", .up = true, .accept_ra = true } };

	(void)state;
	open_table(links, 1);
	assert_int_equal(table.links[0].needed.v6, 1);
	links[0].addresses = (struct plan_strings){ (const char **)addresses, 1 };
	open_table(links, 1);
	assert_int_equal(table.links[0].needed.v6, 0);
}

static void another_card_under_the_name_is_another(void **state)
{
	struct plan_link links[] = { { .name = "eth0", .up = true }, { .name = "lan", .up = true } };

	(void)state;
	open_table(links, 2);
	(void)link_message(RTM_NEWLINK, 2, "eth0", UP, true);
	(void)address_message(RTM_NEWADDR, 2, "10.0.0.2/24", 0);
	settled[0] = 2;
	assert_int_equal(link_message(RTM_DELLINK, 2, "eth0", 0, false), NETWORK_CHANGED);
	assert_int_equal(table.links[0].addresses_count, 0);
	(void)link_message(RTM_NEWLINK, 5, "eth0", UP, true);
	assert_false(network_link_settled(&table.links[0]));
	/* It is given another's name, which then is not there. */
	assert_int_equal(link_message(RTM_NEWLINK, 5, "lan", UP, false), NETWORK_CHANGED);
	assert_int_equal(table.links[0].index, 0);
	assert_int_equal(table.links[1].index, 5);
	/* What a bridge says of its port is not the end of the port. */
	{
		struct ifinfomsg body = { .ifi_family = AF_BRIDGE, .ifi_index = 5 };
		struct netlink_message m;

		netlink_begin(&m, RTM_DELLINK, 0, &body, sizeof(body));
		assert_int_equal(network_table_read(&table, &m.header), 0);
	}
	network_table_forget(&table);
	assert_int_equal(table.links[1].index, 0);
}

static void more_addresses_than_there_is_room_for_do_no_harm(void **state)
{
	struct plan_link links[] = { { .name = "eth0", .up = true } };
	char text[32];

	(void)state;
	open_table(links, 1);
	(void)link_message(RTM_NEWLINK, 2, "eth0", UP, true);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 40; i++) {
			(void)snprintf(text, sizeof(text), "10.0.0.%d/24", i + 1);
			(void)address_message(RTM_NEWADDR, 2, text, 0);
		}
	assert_int_equal(table.links[0].addresses_count, NETWORK_ADDRESSES_MAX);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(text, sizeof(text), "10.0.0.%d/24", i + 1);
		(void)address_message(RTM_DELADDR, 2, text, 0);
	}
	assert_int_equal(table.links[0].addresses_count, 0);
}

/* ---------------------------------------------------------------- what is sent */

static const struct rtattr *attribute(const struct netlink_message *m, size_t body, unsigned int type)
{
	static const struct rtattr *found[64];

	memset(found, 0, sizeof(found));
	netlink_attributes(&m->header, body, found, ARRAY_SIZE(found));
	return found[type];
}

static void an_address_has_its_broadcast(void **state)
{
	struct netlink_message m;
	struct error err;

	(void)state;
	assert_int_equal(network_message_address(&m, 3, "10.1.2.3/20", &err), 0);
	assert_int_equal(((struct ifaddrmsg *)(void *)m.body)->ifa_prefixlen, 20);
	assert_memory_equal(RTA_DATA(attribute(&m, sizeof(struct ifaddrmsg), IFA_BROADCAST)), "\x0a\x01\x0f\xff", 4);
	assert_int_equal(network_message_address(&m, 3, "10.1.2.3/31", &err), 0);
	assert_null(attribute(&m, sizeof(struct ifaddrmsg), IFA_BROADCAST));
	assert_int_equal(network_message_address(&m, 3, "10.1.2.3/240", &err), -1);
	assert_string_equal(err.message, "'10.1.2.3/240' is no address");
}

static void a_route_says_where_and_by_whom(void **state)
{
	struct plan_route route = { .to = "192.0.2.0/24", .via = "10.0.0.1", .metric = 7, .table = 300, .onlink = true };
	struct netlink_message m;
	struct rtmsg *body = (void *)m.body;
	struct error err;

	(void)state;
	assert_int_equal(network_message_route(&m, 3, &route, &err), 0);
	assert_int_equal(body->rtm_dst_len, 24);
	assert_int_equal(body->rtm_table, RT_TABLE_UNSPEC);
	assert_int_equal(body->rtm_flags, RTNH_F_ONLINK);
	assert_int_equal(*(uint32_t *)RTA_DATA(attribute(&m, sizeof(*body), RTA_TABLE)), 300);
	assert_int_equal(*(uint32_t *)RTA_DATA(attribute(&m, sizeof(*body), RTA_PRIORITY)), 7);
	assert_int_equal(*(uint32_t *)RTA_DATA(attribute(&m, sizeof(*body), RTA_OIF)), 3);
	route = (struct plan_route){ .to = "10.9.0.0/16" };
	assert_int_equal(network_message_route(&m, 3, &route, &err), 0);
	assert_int_equal(body->rtm_scope, RT_SCOPE_LINK);
	assert_int_equal(body->rtm_table, RT_TABLE_MAIN);
	route = (struct plan_route){ .to = "::/0", .via = "10.0.0.1" };
	assert_int_equal(network_message_route(&m, 3, &route, &err), -1);
}

static void every_kind_fits_into_a_message(void **state)
{
	struct plan_link link = { .name = "fifteen-letters", .vlan = 7, .peer = "fifteen-letterz", .stp = true,
				  .bond_mode = "802.3ad", .lacp_rate = "fast", .miimon = 100, .mtu = 1500,
				  .mac = "02:00:00:00:00:01" };
	struct netlink_message m;

	(void)state;
	for (link.kind = PLAN_LINK_VLAN; link.kind <= PLAN_LINK_WIREGUARD; link.kind++) {
		network_message_make(&m, &link, 4);
		assert_false(m.full);
		assert_string_equal(RTA_DATA(attribute(&m, sizeof(struct ifinfomsg), IFLA_IFNAME)), "fifteen-letters");
		assert_non_null(attribute(&m, sizeof(struct ifinfomsg), IFLA_LINKINFO));
		assert_int_equal(!attribute(&m, sizeof(struct ifinfomsg), IFLA_LINK), link.kind != PLAN_LINK_VLAN);
	}
	assert_true(network_message_card(&m, &link, 4));
	assert_int_equal(RTA_PAYLOAD(attribute(&m, sizeof(struct ifinfomsg), IFLA_ADDRESS)), MAC_BYTES);
	link.mac = NULL;
	link.mtu = 0;
	assert_false(network_message_card(&m, &link, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_static_link_is_ready_with_carrier_and_all_addresses),
		cmocka_unit_test(an_address_that_somebody_else_has_is_none),
		cmocka_unit_test(of_both_families_one_is_enough),
		cmocka_unit_test(nobody_waits_for_what_is_optional_down_or_a_port),
		cmocka_unit_test(a_router_is_waited_for_where_nothing_else_gives_an_address),
		cmocka_unit_test(another_card_under_the_name_is_another),
		cmocka_unit_test(more_addresses_than_there_is_room_for_do_no_harm),
		cmocka_unit_test(an_address_has_its_broadcast),
		cmocka_unit_test(a_route_says_where_and_by_whom),
		cmocka_unit_test(every_kind_fits_into_a_message),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	arena_release(&arena);
	return r;
}
