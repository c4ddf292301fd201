/* SPDX-License-Identifier: Apache-2.0 */
#include "base/netlink.h"

#include <errno.h>
#include <linux/if_link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void what_is_added_is_found_again(void **state)
{
	const struct rtattr *table[IFLA_MAX + 1] = { NULL }, *inner[IFLA_INFO_MAX + 1] = { NULL };
	struct ifinfomsg link = { .ifi_index = 7 };
	const struct ifinfomsg *body;
	struct netlink_message m;
	struct nlmsghdr *nested;
	char copy[256];
	size_t nest;

	(void)state;
	netlink_begin(&m, RTM_NEWLINK, NLM_F_CREATE, &link, sizeof(link));
	netlink_add_text(&m, IFLA_IFNAME, "eth0");
	netlink_add_number(&m, IFLA_MTU, 1400);
	nest = netlink_nest(&m, IFLA_LINKINFO, NULL, 0);
	netlink_add_text(&m, IFLA_INFO_KIND, "dummy");
	netlink_nest_end(&m, nest);
	assert_false(m.full);
	assert_int_equal(m.header.nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE);
	body = netlink_body(&m.header, sizeof(*body));
	assert_int_equal(body->ifi_index, 7);
	netlink_attributes(&m.header, sizeof(link), table, IFLA_MAX + 1);
	assert_string_equal(RTA_DATA(table[IFLA_IFNAME]), "eth0");
	assert_int_equal(*(uint32_t *)RTA_DATA(table[IFLA_MTU]), 1400);
	assert_null(table[IFLA_ADDRESS]);
	/* A nest is a message without a header. */
	nested = (void *)copy;
	memcpy(copy + NLMSG_HDRLEN, RTA_DATA(table[IFLA_LINKINFO]), RTA_PAYLOAD(table[IFLA_LINKINFO]));
	nested->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + RTA_PAYLOAD(table[IFLA_LINKINFO]));
	netlink_attributes(nested, 0, inner, IFLA_INFO_MAX + 1);
	assert_string_equal(RTA_DATA(inner[IFLA_INFO_KIND]), "dummy");
}

static void what_does_not_fit_is_not_sent(void **state)
{
	char large[NETLINK_BODY_MAX + 1] = { 0 };
	struct ifinfomsg link = { 0 };
	struct netlink_message m;
	struct error err = { 0 };

	(void)state;
	netlink_begin(&m, RTM_NEWLINK, 0, &link, sizeof(link));
	netlink_add(&m, 1, large, NETLINK_BODY_MAX - sizeof(link) - sizeof(struct rtattr));
	assert_false(m.full);
	netlink_nest_end(&m, netlink_nest(&m, 2, NULL, 0));
	assert_true(m.full);
	assert_int_equal(netlink_ask(-1, &m, &err), -1);
	assert_int_equal(err.number, EMSGSIZE);
	netlink_begin(&m, RTM_NEWLINK, 0, &link, sizeof(link));
	netlink_add(&m, 1, large, sizeof(large));
	assert_true(m.full);
}

static void messages_that_are_cut_are_not_read(void **state)
{
	struct { struct nlmsghdr first, second; } two = { { .nlmsg_len = 16 }, { .nlmsg_len = 16 } };
	size_t at = 0;

	(void)state;
	assert_ptr_equal(netlink_next(&two, sizeof(two), &at), &two.first);
	assert_ptr_equal(netlink_next(&two, sizeof(two), &at), &two.second);
	assert_null(netlink_next(&two, sizeof(two), &at));
	at = 0;
	assert_null(netlink_next(&two, 15, &at));
	two.first.nlmsg_len = 33;
	assert_null(netlink_next(&two, sizeof(two), &at));
	two.first.nlmsg_len = 3;
	assert_null(netlink_next(&two, sizeof(two), &at));
	/* Padding may reach behind the end. */
	two.first.nlmsg_len = 31;
	assert_non_null(netlink_next(&two, 31, &at));
	assert_null(netlink_next(&two, 31, &at));
}

static void the_kernel_answers(void **state)
{
	autoclose int fd = netlink_open(0, 0);
	struct ifinfomsg link = { .ifi_index = 2147483647 };
	struct netlink_message m;
	struct error err = { 0 };

	(void)state;
	assert_true(fd >= 0);
	netlink_begin(&m, RTM_GETLINK, 0, &link, sizeof(link));
	assert_int_equal(netlink_ask(fd, &m, &err), -1);
	assert_int_equal(err.number, ENODEV);
	assert_string_equal(err.message, "No such device");
}

static void find_loopback(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *link = netlink_body(message, sizeof(*link));

	if (message->nlmsg_type == RTM_NEWLINK && link && link->ifi_index == 1)
		*(bool *)context = true;
}

static void a_dump_is_seen_to_its_end(void **state)
{
	autoclose int fd = netlink_open(0, 0);
	struct ifinfomsg link = { 0 };
	struct netlink_message m;
	struct error err = { 0 };
	bool found = false;

	(void)state;
	netlink_begin(&m, RTM_GETLINK, 0, &link, sizeof(link));
	assert_int_equal(netlink_dump(fd, &m, find_loopback, &found, &err), 0);
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_is_found_again),
		cmocka_unit_test(what_does_not_fit_is_not_sent),
		cmocka_unit_test(messages_that_are_cut_are_not_read),
		cmocka_unit_test(the_kernel_answers),
		cmocka_unit_test(a_dump_is_seen_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
