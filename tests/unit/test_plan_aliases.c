/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/aliases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static const uint32_t net_needs[] = { 1, 2 };

static const struct alias_module modules[] = {
	{ "/m/net.ko", net_needs, 2 },
	{ "/m/ring.ko", NULL, 0 },
	{ "/m/virtio.ko", NULL, 0 },
	{ "/m/hid-x.ko", NULL, 0 },
};

static const struct alias_pattern patterns[] = {
	{ "virtio:d00000001v*", 0 },
	{ "pci:v00001AF4d*sv*sd*bc*sc*i*", 1 },
	{ "pci:v00001AF4d00001000sv*sd*bc*sc*i*", 0 },
	{ "pci:v*d*sv*sd*bc0Csc03i30*", 2 },
	{ "acpi*:PNP0C0A:*", 2 },
	{ "*:odd", 1 },
	{ "platform:some-thing", 3 },
	{ "usb:v04[2-4]1p*", 3 },
	{ "net_dev", 0 },
	{ "net", 0 },
};

struct fixture {
	struct arena arena;
	struct buffer file;
	struct aliases aliases;
};

static void make(struct fixture *f)
{
	struct alias_pattern copy[ARRAY_SIZE(patterns)];
	struct error err = { 0 };

	*f = (struct fixture){ 0 };
	memcpy(copy, patterns, sizeof(patterns));
	assert_int_equal(aliases_write(modules, ARRAY_SIZE(modules), copy, ARRAY_SIZE(copy), &f->arena, &f->file, &err), 0);
	assert_int_equal(aliases_open(f->file.data, f->file.length, &f->aliases, &err), 0);
}

static void release(struct fixture *f)
{
	buffer_release(&f->file);
	arena_release(&f->arena);
}

static void add(void *context, uint32_t module)
{
	*(unsigned int *)context |= 1u << module;
}

/* The modules, a bit each. */
static unsigned int match(const struct fixture *f, const char *alias)
{
	unsigned int found = 0;

	aliases_match(&f->aliases, alias, add, &found);
	return found;
}

static void a_device_finds_all_its_modules(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	assert_int_equal(match(&f, "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00"), 1 << 0 | 1 << 1);
	assert_int_equal(match(&f, "pci:v00001AF4d00001001sv00001AF4sd00000001bc02sc00i00"), 1 << 1);
	assert_int_equal(match(&f, "pci:v00008086d00001001sv00001AF4sd00000001bc0Csc03i30"), 1 << 2);
	assert_int_equal(match(&f, "virtio:d00000001v00001AF4"), 1 << 0);
	assert_int_equal(match(&f, "virtio:d00000002v00001AF4"), 0);
	assert_int_equal(match(&f, "acpi:PNP0C0A:"), 1 << 2);
	assert_int_equal(match(&f, "whatever:odd"), 1 << 1);
	assert_int_equal(match(&f, "usb:v0431pABCD"), 1 << 3);
	assert_int_equal(match(&f, "usb:v0451pABCD"), 0);
	release(&f);
}

static void dashes_are_underscores(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	assert_int_equal(match(&f, "platform:some-thing"), 1 << 3);
	assert_int_equal(match(&f, "platform:some_thing"), 1 << 3);
	assert_int_equal(match(&f, "net-dev"), 1 << 0);
	release(&f);
}

static void a_name_matches_as_a_whole(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	assert_int_equal(match(&f, "net"), 1 << 0);
	assert_int_equal(match(&f, "ne"), 0);
	assert_int_equal(match(&f, "nets"), 0);
	assert_int_equal(match(&f, ""), 0);
	release(&f);
}

static void what_is_needed_comes_in_order(void **state)
{
	struct fixture f;
	const uint32_t *needs;
	size_t count;

	(void)state;
	make(&f);
	needs = aliases_needs(&f.aliases, 0, &count);
	assert_int_equal(count, 2);
	assert_string_equal(aliases_path(&f.aliases, needs[0]), "/m/ring.ko");
	assert_string_equal(aliases_path(&f.aliases, needs[1]), "/m/virtio.ko");
	(void)aliases_needs(&f.aliases, 3, &count);
	assert_int_equal(count, 0);
	release(&f);
}

static void an_alias_that_is_too_long_matches_nothing(void **state)
{
	struct fixture f;
	char alias[ALIAS_MAX + 8];

	(void)state;
	make(&f);
	memset(alias, 'x', sizeof(alias));
	strcpy(alias + sizeof(alias) - 5, ":odd");
	assert_int_equal(match(&f, alias), 0);
	assert_int_equal(match(&f, alias + 8), 1 << 1);
	release(&f);
}

/* What a linear search with fnmatch(3) would find, for every pattern made into an alias by each of a few fillings. */
static void the_lookup_misses_nothing(void **state)
{
	static const char *const fillings[] = { "", "0", "00001AF4", "bc0Csc03i30" };
	struct fixture f;

	(void)state;
	make(&f);
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		for (size_t k = 0; k < ARRAY_SIZE(fillings); k++) {
			char alias[ALIAS_MAX] = "";

			for (const char *c = patterns[i].pattern; *c; c++)
				strncat(alias, *c == '*' ? fillings[k] : c, *c == '*' ? strlen(fillings[k]) : 1);
			if (!strchr(alias, '['))
				assert_true(match(&f, alias) & 1u << patterns[i].module);
		}
	release(&f);
}

/* Each byte that is cut off or changed is noticed, or harmless. */
static void damage_is_an_error_or_harmless(void **state)
{
	struct fixture f;
	struct error err = { 0 };
	struct aliases aliases;

	(void)state;
	make(&f);
	for (size_t length = 0; length < f.file.length; length++)
		assert_int_equal(aliases_open(f.file.data, length, &aliases, &err), -1);
	for (size_t i = 0; i < f.file.length; i++) {
		f.file.data[i] ^= 0x55;
		if (aliases_open(f.file.data, f.file.length, &f.aliases, &err) == 0)
			(void)match(&f, "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00");
		f.file.data[i] ^= 0x55;
	}
	release(&f);
}

static void an_empty_list_is_one(void **state)
{
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct fixture f = { 0 };

	(void)state;
	assert_int_equal(aliases_write(NULL, 0, NULL, 0, &arena, &f.file, &err), 0);
	assert_int_equal(aliases_open(f.file.data, f.file.length, &f.aliases, &err), 0);
	assert_int_equal(match(&f, "net"), 0);
	release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_finds_all_its_modules),
		cmocka_unit_test(dashes_are_underscores),
		cmocka_unit_test(a_name_matches_as_a_whole),
		cmocka_unit_test(what_is_needed_comes_in_order),
		cmocka_unit_test(an_alias_that_is_too_long_matches_nothing),
		cmocka_unit_test(the_lookup_misses_nothing),
		cmocka_unit_test(damage_is_an_error_or_harmless),
		cmocka_unit_test(an_empty_list_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
