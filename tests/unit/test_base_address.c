/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static void addresses_with_and_without_a_prefix(void **state)
{
	struct address a;

	(void)state;
	assert_true(address_parse("10.0.0.2/24", &a));
	assert_int_equal(a.family, AF_INET);
	assert_int_equal(a.prefix, 24);
	assert_memory_equal(a.bytes, "\x0a\0\0\x02", 4);
	assert_true(address_parse("10.0.0.2", &a));
	assert_int_equal(a.prefix, 32);
	assert_true(address_parse("fd00::2/64", &a));
	assert_int_equal(a.family, AF_INET6);
	assert_int_equal(a.prefix, 64);
	assert_int_equal(a.bytes[15], 2);
	assert_true(address_parse("::/0", &a));
	assert_int_equal(a.prefix, 0);
}

static void what_is_no_address_is_refused_and_nothing_is_written(void **state)
{
	static const char *const wrong[] = {
		"", "/", "10.0.0.2/", "10.0.0.2/33", "10.0.0.2/-1", "10.0.0.2/024", "10.0.0.2/24x", "10.0.0", "10.0.0.256", "010.0.0.1",
		"10.0.0.2/24/24", "fd00::2/129", "fd00:::2", "fd00::g", "fe80::1%eth0", " 10.0.0.2", "10.0.0.2 ", "localhost",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	struct address a = { .family = 77 };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (address_parse(wrong[i], &a))
			fail_msg("'%s' was taken", wrong[i]);
	assert_int_equal(a.family, 77);
}

static bool in(const char *address, const char *network)
{
	struct address a, n;

	assert_true(address_parse(address, &a) && address_parse(network, &n));
	return address_in(&a, &n);
}

static void a_network_is_its_first_bits(void **state)
{
	(void)state;
	assert_true(in("10.0.0.1", "10.0.0.2/24"));
	assert_false(in("10.0.1.1", "10.0.0.2/24"));
	assert_true(in("10.0.1.1", "10.0.0.2/23"));
	assert_false(in("10.0.2.1", "10.0.0.2/23"));
	assert_true(in("1.2.3.4", "0.0.0.0/0"));
	assert_false(in("::1", "0.0.0.0/0"));
	assert_true(in("fd00::1", "fd00::2/64"));
	assert_false(in("fd00:0:0:1::1", "fd00::2/64"));
	assert_false(in("10.0.0.1", "10.0.0.2/32"));
}

static void addresses_of_cards(void **state)
{
	static const char *const wrong[] = { "", "52:54:00:12:34", "52:54:00:12:34:5", "52:54:00:12:34:56:", "52-54-00-12-34-56",
					     "52:54:00:12:34:5g", "5254:00:12:34:56" };
	unsigned char mac[MAC_BYTES];

	(void)state;
	assert_true(mac_parse("52:54:00:aB:Cd:eF", mac));
	assert_memory_equal(mac, "\x52\x54\x00\xab\xcd\xef", MAC_BYTES);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(mac_parse(wrong[i], mac));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_with_and_without_a_prefix),
		cmocka_unit_test(what_is_no_address_is_refused_and_nothing_is_written),
		cmocka_unit_test(a_network_is_its_first_bits),
		cmocka_unit_test(addresses_of_cards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
