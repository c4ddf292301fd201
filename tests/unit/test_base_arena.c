/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static bool all_zero(const unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (p[i])
			return false;
	return true;
}

/* Sizes around what an arena treats differently: small, a quarter block, a whole one, larger. */
static const size_t sizes[] = { 0,    1,    15,	  16,	 17,	100,   4000,  4088,   4096,   4097,
				8000, 16000, 16367, 16368, 16369, 16384, 20000, 100000, 1 << 20 };

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	unsigned char *given[3 * ARRAY_SIZE(sizes)];
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		size_t size = sizes[i * 7 % ARRAY_SIZE(sizes)];

		given[i] = arena_alloc(&arena, size);
		assert_int_equal((uintptr_t)given[i] % alignof(max_align_t), 0);
		assert_true(all_zero(given[i], size));
		memset(given[i], (int)i + 1, size);
	}
	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		for (size_t k = 0; k < sizes[i * 7 % ARRAY_SIZE(sizes)]; k++)
			if (given[i][k] != (unsigned char)(i + 1))
				fail_msg("allocation %zu was overwritten at byte %zu", i, k);
	arena_release(&arena);
}

static void a_large_piece_leaves_the_room_of_the_newest_block(void **state)
{
	struct arena arena = { 0 };
	char *a = arena_alloc(&arena, 16), *b;

	(void)state;
	(void)arena_alloc(&arena, 1 << 20);
	b = arena_alloc(&arena, 16);
	assert_ptr_equal(b, a + 16);
	arena_release(&arena);
}

static void lent_memory_is_used_first_and_given_back(void **state)
{
	static alignas(max_align_t) unsigned char memory[512];
	struct arena arena;
	unsigned char *first, *second;

	(void)state;
	memset(memory, 0xff, sizeof(memory));
	for (int round = 0; round < 2; round++) {
		arena_lend(&arena, memory, sizeof(memory));
		first = arena_alloc(&arena, 100);
		second = arena_alloc(&arena, 1000);
		assert_true(first > memory && first + 100 <= memory + sizeof(memory));
		assert_true(all_zero(first, 100) && all_zero(second, 1000));
		memset(first, 0xff, 100);
		memset(second, 0xff, 1000);
		arena_release(&arena);
	}
	assert_null(arena.blocks);
}

static void a_released_arena_is_empty_and_usable(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	arena_release(&arena);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(arena_strdup(&arena, "again"), "again");
		arena_release(&arena);
		assert_null(arena.blocks);
	}
}

static void text_is_copied(void **state)
{
	struct arena arena = { 0 };
	char text[] = "hello";
	char *copy = arena_strdup(&arena, text), *part = arena_strndup(&arena, text, 3);

	(void)state;
	text[0] = 'J';
	assert_string_equal(copy, "hello");
	assert_string_equal(part, "hel");
	assert_string_equal(arena_strndup(&arena, "ab", 99), "ab");
	assert_string_equal(arena_strndup(&arena, "ab", 0), "");
	assert_string_equal(arena_printf(&arena, "%s-%05d", "x", 42), "x-00042");
	assert_string_equal(arena_printf(&arena, "%s", ""), "");
	assert_int_equal(strlen(arena_printf(&arena, "%*s", 50000, "x")), 50000);
	arena_release(&arena);
}

static void an_array_grows_and_keeps_what_it_holds(void **state)
{
	struct item {
		size_t number;
		char name[24];
	} *items = NULL;
	struct arena arena = { 0 };
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		struct item *item = arena_push(&arena, &items, &count, sizeof(*items));

		assert_true(all_zero((unsigned char *)item, sizeof(*item)));
		item->number = i;
		(void)snprintf(item->name, sizeof(item->name), "%zu", i);
		assert_int_equal(count, i + 1);
	}
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(items[i].number, i);
		assert_int_equal(atoi(items[i].name), (int)i);
	}
	arena_release(&arena);
}

static jmp_buf memory_is_out;

static void __attribute__((noreturn)) jump(void)
{
	longjmp(memory_is_out, 1);
}

static void a_size_that_overflows_is_as_memory_that_is_out(void **state)
{
	void (*saved)(void) __attribute__((noreturn)) = arena_out_of_memory;
	static volatile int told;
	struct arena arena = { 0 };

	(void)state;
	arena_out_of_memory = jump;
	if (setjmp(memory_is_out) == 0)
		(void)arena_array(&arena, SIZE_MAX / 8 + 2, 8);
	else
		told++;
	if (setjmp(memory_is_out) == 0)
		(void)arena_alloc(&arena, SIZE_MAX);
	else
		told++;
	arena_out_of_memory = saved;
	assert_int_equal(told, 2);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(a_large_piece_leaves_the_room_of_the_newest_block),
		cmocka_unit_test(lent_memory_is_used_first_and_given_back),
		cmocka_unit_test(a_released_arena_is_empty_and_usable),
		cmocka_unit_test(text_is_copied),
		cmocka_unit_test(an_array_grows_and_keeps_what_it_holds),
		cmocka_unit_test(a_size_that_overflows_is_as_memory_that_is_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
