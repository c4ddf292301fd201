/* SPDX-License-Identifier: Apache-2.0 */
/* The databases of package managers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tools/mkimage/inspect/packages.h"

static void dpkg_lists_what_is_installed(void **state)
{
	static const char text[] = "Package: a\nStatus: install ok installed\nVersion: 1:2-3\nArchitecture: amd64\n"
				   "Source: s (4)\nDescription: x\n Version: not this\n .\n\n"
				   "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\n"
				   "Package: never\nStatus: unknown ok not-installed\n\n"
				   "Package: half\nStatus: install ok unpacked\nVersion: 9";
	struct package_list list = { 0 };
	struct arena arena = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(packages_parse_dpkg(text, strlen(text), false, &arena, &list, &err), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].name, "a");
	assert_string_equal(list.items[0].version, "1:2-3");
	assert_string_equal(list.items[0].architecture, "amd64");
	assert_string_equal(list.items[0].source, "s (4)");
	assert_string_equal(list.items[1].name, "half");
	arena_release(&arena);
}

static void without_a_status_only_status_d_is_installed(void **state)
{
	static const char text[] = "Package: a\nVersion: 1\n";
	struct package_list list = { 0 };
	struct arena arena = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(packages_parse_dpkg(text, strlen(text), false, &arena, &list, &err), 0);
	assert_int_equal(list.count, 0);
	assert_int_equal(packages_parse_dpkg(text, strlen(text), true, &arena, &list, &err), 0);
	assert_int_equal(list.count, 1);
	arena_release(&arena);
}

static void apk_has_letters(void **state)
{
	static const char text[] = "C:Q1x=\nP:musl\nV:1.2-r3\nA:x86_64\nL:MIT AND BSD\no:src\nF:lib\nM:0:0:755\nR:x\n\nP:b\nV:\xff\n\n";
	struct package_list list = { 0 };
	struct arena arena = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(packages_parse_apk(text, strlen(text), &arena, &list, &err), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].license, "MIT AND BSD");
	assert_string_equal(list.items[0].source, "src");
	assert_string_equal(list.items[1].version, "\xef\xbf\xbd");
	arena_release(&arena);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "Package: a\nnonsense\n", "dpkg database: line 2: expected 'KEY:VALUE'" },
		{ " goes on\n", "dpkg database: line 1: it goes on with a field, and there is none" },
		{ "Package: a\nPackage: b\n", "dpkg database: line 2: the field is there twice" },
		{ "Package: a\n\n", "dpkg database: line 2: a package without name or version ends here" },
		{ ": x\n", "dpkg database: line 1: expected 'KEY:VALUE'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct package_list list = { 0 };
		struct arena arena = { 0 };
		struct error err;

		assert_int_equal(packages_parse_dpkg(rows[i].text, strlen(rows[i].text), true, &arena, &list, &err), -1);
		assert_string_equal(err.message, rows[i].message);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dpkg_lists_what_is_installed),
		cmocka_unit_test(without_a_status_only_status_d_is_installed),
		cmocka_unit_test(apk_has_letters),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
	};

	return cmocka_run_group_tests_name("inspect_packages", tests, NULL, NULL);
}
