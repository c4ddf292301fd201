/* SPDX-License-Identifier: Apache-2.0 */
#include "init/verity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PARAMETERS "1 /dev/vda /dev/vda 4096 4096 9 10 sha256 ab01 - 1 panic_on_corruption"
#define WORD "dm-mod.create=\"root,,,ro,0 72 verity " PARAMETERS "\""

static void a_table_is_read(void **state)
{
	static const char *const lines[] = {
		WORD, WORD "\n", "console=ttyS0 " WORD " quiet\n", "x=\"a b dm-mod.create=1\" " WORD " -- " WORD,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct verity_table table;
		struct error err;

		if (verity_parse(lines[i], &table, &err) < 0)
			fail_msg("'%s': %s", lines[i], err.message);
		assert_string_equal(table.name, "root");
		assert_int_equal(table.sectors, 72);
		assert_string_equal(table.parameters, PARAMETERS);
	}
}

static void anything_else_is_refused(void **state)
{
	static const struct {
		const char *line, *message;
	} rows[] = {
		{ "", "no 'dm-mod.create='" },
		{ "quiet x" WORD, "no 'dm-mod.create='" },
		{ "x=\"" WORD, "no 'dm-mod.create='" },
		{ "dm-mod.create=\"root,,,ro,0 72 verity 1", "no 'dm-mod.create='" },
		{ "dm-mod.create=\"\"", "one device of one target" },
		{ "dm-mod.create=\"root,,,ro\"", "one device of one target" },
		{ "dm-mod.create=\"root,,,ro,0 72 verity 1,72 8 zero\"", "one device of one target" },
		{ "dm-mod.create=\"root,,,ro,0 72 verity 1;two\"", "one device of one target" },
		{ "dm-mod.create=\"root,,,rw,0 72 verity 1\"", "not read-only" },
		{ "dm-mod.create=\",,,ro,0 72 verity 1\"", "without a name" },
		{ "dm-mod.create=\"root,,,ro,8 72 verity 1\"", "begin with '0 SECTORS'" },
		{ "dm-mod.create=\"root,,,ro,0 -72 verity 1\"", "begin with '0 SECTORS'" },
		{ "dm-mod.create=\"root,,,ro,0 0 verity 1\"", "not 'verity'" },
		{ "dm-mod.create=\"root,,,ro,0 99999999999999999999 verity 1\"", "not 'verity'" },
		{ "dm-mod.create=\"root,,,ro,0 72 linear /dev/vda 0\"", "not 'verity'" },
		{ "dm-mod.create=\"root,,,ro,0 72 verityx 1\"", "not 'verity'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct verity_table table;
		struct error err = { 0 };

		if (verity_parse(rows[i].line, &table, &err) == 0)
			fail_msg("'%s' was taken", rows[i].line);
		if (!strstr(err.message, rows[i].message))
			fail_msg("'%s': %s", rows[i].line, err.message);
	}
}

static void what_is_too_long_is_refused(void **state)
{
	char line[VERITY_PARAMETERS_MAX + 200];
	struct verity_table table;
	struct error err;

	(void)state;
	for (size_t length = VERITY_PARAMETERS_MAX - 2; length < VERITY_PARAMETERS_MAX + 100; length++) {
		int head = snprintf(line, sizeof(line), "dm-mod.create=\"root,,,ro,0 72 verity ");

		memset(line + head, 'x', length);
		memcpy(line + head + length, "\"", 2);
		assert_int_equal(verity_parse(line, &table, &err), length < VERITY_PARAMETERS_MAX ? 0 : -1);
	}
	(void)snprintf(line, sizeof(line), "dm-mod.create=\"%064d,,,ro,0 72 verity 1\"", 0);
	assert_int_equal(verity_parse(line, &table, &err), -1);
}

static void the_word_is_found_whole(void **state)
{
	const char *line = "quiet " WORD " -- x", *word;
	size_t length;

	(void)state;
	word = verity_find_word(line, &length);
	assert_ptr_equal(word, line + strlen("quiet "));
	assert_int_equal(length, strlen(WORD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_read),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(the_word_is_found_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
