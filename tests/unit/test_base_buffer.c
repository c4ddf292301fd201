/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void an_empty_buffer_is_the_empty_string(void **state)
{
	struct buffer b = { 0 };
	char *taken;

	(void)state;
	assert_string_equal(buffer_string(&b), "");
	buffer_add(&b, NULL, 0);
	assert_string_equal(buffer_string(&b), "");
	buffer_release(&b);
	taken = buffer_take(&b);
	assert_string_equal(taken, "");
	free(taken);
	buffer_release(&b);
}

static void what_is_added_stands_in_order_with_a_nul_behind(void **state)
{
	autobuffer struct buffer b = { 0 };

	(void)state;
	buffer_add(&b, "a\0b", 3);
	buffer_add_string(&b, "-");
	buffer_printf(&b, "%s%03u", "n", 7u);
	assert_int_equal(b.length, 8);
	assert_memory_equal(b.data, "a\0b-n007", 9);
}

static void it_grows_with_any_piece(void **state)
{
	autobuffer struct buffer b = { 0 };
	char piece[257];

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		memset(piece, 'a' + (int)(i % 26), i % 257);
		buffer_add(&b, piece, i % 257);
		assert_true(b.capacity > b.length);
		assert_int_equal(b.data[b.length], 0);
	}
	for (size_t i = 0, at = 0; i < 3000; at += i % 257, i++)
		for (size_t k = 0; k < i % 257; k++)
			assert_int_equal(b.data[at + k], 'a' + (int)(i % 26));
}

static void reserved_room_is_the_writers(void **state)
{
	autobuffer struct buffer b = { 0 };
	char *room;

	(void)state;
	buffer_add_string(&b, "x");
	room = buffer_reserve(&b, 1000);
	memset(room, 'y', 1000);
	b.length += 500;
	assert_int_equal(b.data[500], 'y');
	buffer_add_string(&b, "z");
	assert_int_equal(b.length, 502);
	assert_int_equal(b.data[501], 'z');
}

static void what_is_taken_is_the_callers(void **state)
{
	struct buffer b = { 0 };
	char *taken;

	(void)state;
	buffer_add_string(&b, "mine");
	taken = buffer_take(&b);
	assert_null(b.data);
	assert_int_equal(b.length, 0);
	buffer_add_string(&b, "other");
	assert_string_equal(taken, "mine");
	free(taken);
	buffer_release(&b);
	assert_null(b.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_is_the_empty_string),
		cmocka_unit_test(what_is_added_stands_in_order_with_a_nul_behind),
		cmocka_unit_test(it_grows_with_any_piece),
		cmocka_unit_test(reserved_room_is_the_writers),
		cmocka_unit_test(what_is_taken_is_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
