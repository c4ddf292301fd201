/* SPDX-License-Identifier: Apache-2.0 */
/* Layers made to do harm: each is refused, or held inside the root. */
#include "tests/unit/tar_maker.h"

static void names_that_climb_out_are_refused(void **state)
{
	static const char *const names[] = { "..", "../x", "/../x", "a/../../x", "./../x", "a/b/../../../a/x",
					     "../" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct tree *tree = tree_fresh();
		struct buffer tar = { 0 };

		tar_add(&tar, .name = names[i], .data = "x");
		tar_refused(tree, &tar, "leads outside the root");
		assert_paths(tree, "");
		tar_add(&tar, .name = "f", .data = "x");
		tar_add(&tar, .type = '1', .name = "l", .link = names[i]);
		tar_refused(tree, &tar, "leads outside the root");
		tree_close(tree);
	}
}

static void absolute_names_are_inside(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .name = "///etc/passwd", .data = "x");
	tar_add(&tar, .type = '1', .name = "/l", .link = "/etc/passwd");
	tar_apply(tree, &tar);
	assert_paths(tree, "etc etc/passwd l");
	tree_close(tree);
}

static void symlinks_to_outside_lead_inside(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .type = '2', .name = "up", .link = "../../../../etc");
	tar_add(&tar, .name = "up/shadow", .data = "mine");
	tar_add(&tar, .type = '2', .name = "abs", .link = "/root");
	tar_add(&tar, .name = "abs/.ssh/authorized_keys", .data = "mine");
	tar_add(&tar, .type = '2', .name = "dots", .link = "..");
	tar_add(&tar, .name = "dots/dots/dots/x", .data = "x");
	tar_add(&tar, .type = '1', .name = "hard", .link = "up/shadow");
	tar_apply(tree, &tar);
	assert_paths(tree, "abs dots etc etc/shadow hard root root/.ssh root/.ssh/authorized_keys up x");
	tree_close(tree);
}

static void a_hard_link_is_not_made_through_its_last_symlink(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .name = "f", .data = "x");
	tar_add(&tar, .type = '2', .name = "s", .link = "f");
	tar_add(&tar, .type = '1', .name = "h", .link = "s");
	tar_apply(tree, &tar);
	assert_true(S_ISLNK(tree_find(tree, "h")->inode->mode));
	assert_ptr_equal(tree_find(tree, "h")->inode, tree_find(tree, "s")->inode);
	tree_close(tree);
}

static void hard_links_to_nothing_are_refused(void **state)
{
	static const struct {
		const char *name, *link, *message;
	} rows[] = {
		{ "x", "nowhere", "not there" },       { "x", "x", "not there" },
		{ "x", "", "is a directory" },         { "x", "/", "is a directory" },
		{ "x", "d", "is a directory" },        { "d/f", "d/f", "its own target" },
		{ "d", "d/f", "its own target" },      { "", "d/f", "its own target" },
		{ "x", "loop/f", "not there" },        { "x", "d/f/f", "not there" },
		{ "d/f/x", "d/f", "not a directory" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tree *tree = tree_fresh();
		struct buffer tar = { 0 };

		tar_add(&tar, .name = "d/f", .data = "x");
		tar_add(&tar, .type = '2', .name = "loop", .link = "loop");
		tar_add(&tar, .type = '1', .name = *rows[i].name ? rows[i].name : ".", .link = rows[i].link);
		tar_refused(tree, &tar, rows[i].message);
		assert_contents(tree, "d/f", "x");
		tree_close(tree);
	}
}

static void hard_links_that_need_each_other_are_refused(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .type = '1', .name = "a", .link = "b");
	tar_add(&tar, .type = '1', .name = "b", .link = "a");
	tar_refused(tree, &tar, "not there");
	tree_close(tree);
}

static void directories_and_symlinks_take_each_others_place(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .name = "d/f", .data = "old");
	tar_add(&tar, .name = "etc/passwd", .data = "kept");
	tar_add(&tar, .type = '2', .name = "d", .link = "etc");
	tar_add(&tar, .name = "d/new", .data = "in etc");
	tar_add(&tar, .type = '5', .name = "d"); /* not the directory behind the symlink */
	tar_add(&tar, .name = "d/new", .data = "in d");
	tar_add(&tar, .type = '3', .name = "etc/dev", .major = 1, .minor = 3);
	tar_add(&tar, .type = '5', .name = "dev/x");
	tar_add(&tar, .type = '3', .name = "dev", .major = 1, .minor = 3);
	tar_apply(tree, &tar);
	assert_paths(tree, "d d/new dev etc etc/dev etc/new etc/passwd");
	assert_contents(tree, "d/new", "in d");
	assert_true(S_ISCHR(tree_find(tree, "dev")->inode->mode));
	tree_close(tree);
}

static void the_root_can_only_be_a_directory(void **state)
{
	static const char *const names[] = { ".", "/", "./", "a/..", "//./" };
	static const char types[] = { '0', '2', '3', '6' };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct tree *tree = tree_fresh();
		struct buffer tar = { 0 };

		for (size_t k = 0; k < ARRAY_SIZE(types); k++) {
			/* A file's name that ends in a slash is a directory's. */
			if (types[k] == '0' && names[i][strlen(names[i]) - 1] == '/')
				continue;
			tar_add(&tar, .type = types[k], .name = names[i], .link = "x");
			tar_refused(tree, &tar, "the root");
		}
		tar_add(&tar, .type = '5', .name = names[i], .mode = 0700);
		tar_apply(tree, &tar);
		assert_int_equal(tree_root(tree)->inode->mode, S_IFDIR | 0700);
		tree_close(tree);
	}
}

static void an_entry_without_a_name_is_refused_or_the_root(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };

	(void)state;
	tar_add(&tar, .name = "", .data = "x");
	tar_refused(tree, &tar, "root");
	tar_add(&tar, .type = '5', .name = "");
	tar_apply(tree, &tar);
	assert_paths(tree, "");
	tree_close(tree);
}

static void too_long_is_refused(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };
	static char name[900000];

	(void)state;
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		name[i] = i % 100 == 99 ? '/' : 'n';
	tar_add_pax_string(&tar, "path", name);
	tar_add(&tar, .name = "x");
	tar_refused(tree, &tar, "longer than 4095 bytes");
	tar_add_pax_string(&tar, "linkpath", name);
	tar_add(&tar, .type = '2', .name = "x", .link = "x");
	tar_refused(tree, &tar, "the target of a symlink");
	tar_add(&tar, .name = "f");
	tar_add_pax_string(&tar, "linkpath", name);
	tar_add(&tar, .type = '1', .name = "x", .link = "x");
	tar_refused(tree, &tar, "longer than 4095 bytes");
	name[4096] = '\0';
	tar_add_pax_string(&tar, "path", name);
	tar_add(&tar, .name = "x");
	tar_refused(tree, &tar, "longer than 4095 bytes");
	name[4095] = '\0';
	tar_add_pax_string(&tar, "path", name);
	tar_add(&tar, .name = "x");
	tar_apply(tree, &tar);
	assert_non_null(tree_find(tree, name));
	memset(name, 'n', 256);
	name[256] = '\0';
	tar_add_pax_string(&tar, "path", name);
	tar_add(&tar, .name = "x");
	tar_refused(tree, &tar, "too long");
	tree_close(tree);
}

static void names_in_messages_are_one_short_line(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 }, text = { 0 };
	struct error err = { 0 };

	(void)state;
	buffer_add_string(&text, "../\x1b[31m\r\nfake: message\n\x7f");
	for (size_t i = 0; i < 100; i++)
		buffer_add_string(&text, "0123456789/");
	tar_add_pax_string(&tar, "path", text.data);
	tar_add(&tar, .name = "x");
	tar_end(&tar);
	assert_int_equal(tar_apply_bytes(tree, tar.data, tar.length, &err), -1);
	for (const char *p = err.message; *p; p++)
		assert_true(*p >= ' ' && *p != 0x7f);
	assert_true(strlen(err.message) < 300);
	buffer_release(&tar);
	buffer_release(&text);
	tree_close(tree);
}

static void owners_and_devices_that_linux_has_not_are_refused(void **state)
{
	static const char *const ids[] = { "4294967295", "4294967296", "-1", "99999999999999999999" };
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		tar_add_pax_string(&tar, "uid", ids[i]);
		tar_add(&tar, .name = "x");
		tar_refused(tree, &tar, "owner");
		tar_add_pax_string(&tar, "gid", ids[i]);
		tar_add(&tar, .name = "x");
		tar_refused(tree, &tar, "owner");
		tar_add_pax_string(&tar, "SCHILY.devmajor", ids[i]);
		tar_add(&tar, .type = '3', .name = "x");
		tar_refused(tree, &tar, "device number");
	}
	tar_add(&tar, .type = '4', .name = "x", .major = 4096);
	tar_refused(tree, &tar, "device number");
	tree_close(tree);
}

static void corrupt_headers_are_refused(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 }, records = { 0 };

	(void)state;
	tar_add(&tar, .name = "a", .data = "x");
	tar_add(&tar, .name = "b", .data = "x");
	tar.data[1024 + 3] ^= 1;
	tar_refused(tree, &tar, "corrupt tar");
	buffer_add_string(&records, "99 path=nonsense\n");
	tar_add_pax(&tar, &records);
	tar_add(&tar, .name = "x");
	tar_refused(tree, &tar, "corrupt tar");
	buffer_add_string(&records, "nonsense");
	tar_add_pax(&tar, &records);
	tar_add(&tar, .name = "x");
	tar_refused(tree, &tar, "corrupt tar");
	/* A header that is the last there is. */
	tar_add_pax_string(&tar, "path", "x");
	tar_refused(tree, &tar, "corrupt tar");
	/* Broken beside a name that libarchive warns about for no reason. */
	tar_pax_record(&records, "path", "\xff", 1);
	buffer_add_string(&records, "17 nonsense\n");
	tar_add_pax(&tar, &records);
	tar_add(&tar, .name = "x");
	tar_refused(tree, &tar, "corrupt tar");
	tree_close(tree);
}

static void sparse_maps_that_lie_are_refused(void **state)
{
	static const char *const maps[] = {
		"10,4,5,4", "0,4,2,4", "99999,5", "100000,1", "-5,4", "5,-4", "9223372036854775807,4"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		struct tree *tree = tree_fresh();
		struct buffer tar = { 0 }, records = { 0 };

		tar_pax_record(&records, "GNU.sparse.size", "100000", 6);
		tar_pax_record(&records, "GNU.sparse.numblocks", "1", 1);
		tar_pax_record(&records, "GNU.sparse.map", maps[i], strlen(maps[i]));
		tar_add_pax(&tar, &records);
		tar_add(&tar, .name = "x", .data = "datadata");
		tar_refused(tree, &tar, "corrupt tar");
		tree_close(tree);
	}
}

/* --- limits ---------------------------------------------------------------------------------- */

static int apply_limited(struct buffer *tar, uint32_t entries, uint64_t bytes, char *why)
{
	struct layer_limits limits = { .entries = entries, .bytes = bytes };
	struct tar_source source;
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	int r;

	tar_end(tar);
	source = (struct tar_source){ .data = tar->data, .length = tar->length };
	r = layer_apply_limited(tree, tar_source_read, &source, NULL, "layer", &limits, &err);
	strcpy(why, err.message);
	tree_close(tree);
	buffer_release(tar);
	return r;
}

static void entries_are_counted(void **state)
{
	char why[ERROR_MESSAGE_MAX];

	(void)state;
	for (uint32_t limit = 2; limit < 5; limit++) {
		struct buffer tar = { 0 };

		tar_add(&tar, .name = "a");
		tar_add(&tar, .name = "a");
		tar_add(&tar, .name = ".wh.b");
		assert_int_equal(apply_limited(&tar, limit, 1 << 20, why), limit < 3 ? -1 : 0);
		if (limit < 3)
			assert_non_null(strstr(why, "more than the 2 entries"));
	}
}

static void bytes_are_counted_with_the_padding(void **state)
{
	struct buffer tar = { 0 };
	char why[ERROR_MESSAGE_MAX];
	static char zeros[65536];

	(void)state;
	tar_add(&tar, .name = "a", .data = "x");
	tar_end(&tar);
	buffer_add(&tar, zeros, sizeof(zeros));
	assert_int_equal(apply_limited(&tar, 10, 60000, why), -1);
	assert_non_null(strstr(why, "unpacks to more than"));
	tar_add(&tar, .name = "a", .data = "x");
	assert_int_equal(apply_limited(&tar, 10, 60000, why), 0);
}

static void a_hole_larger_than_all_that_is_allowed(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 }, records = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		/* Together they are too much. */
		tar_pax_record(&records, "GNU.sparse.size", i ? "68719476736" : "1", i ? 11 : 1);
		tar_pax_record(&records, "GNU.sparse.numblocks", "0", 1);
		tar_pax_record(&records, "GNU.sparse.map", "0,1", 3);
		tar_add_pax(&tar, &records);
		tar_add(&tar, .name = "x", .data = "d");
	}
	tar_refused(tree, &tar, "unpacks to more than the 68719476736 bytes");
	tree_close(tree);
}

/* A file of GNU tar whose map of holes goes on and on; each block of it costs memory inside libarchive. */
static void a_header_without_end_is_refused(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };
	struct tar_header h =
		tar_header(&(struct tar_entry){ .type = 'S', .name = "s", .length = 512, .gnu = true });
	char block[512] = { 0 };

	(void)state;
	tar_octal((char *)&h + 386, 12, 0);
	tar_octal((char *)&h + 398, 12, 0);
	((char *)&h)[482] = 1; /* more of the map follows */
	tar_octal((char *)&h + 483, 12, 1 << 30);
	tar_checksum(&h);
	buffer_add(&tar, &h, sizeof(h));
	for (size_t i = 0; i < 21; i++) {
		tar_octal(block + i * 24, 12, 0);
		tar_octal(block + i * 24 + 12, 12, 0);
	}
	block[504] = 1;
	for (size_t i = 0; i < (66u << 20) / sizeof(block); i++)
		buffer_add(&tar, block, sizeof(block));
	tar_refused(tree, &tar, "a header of more than");
	tree_close(tree);
}

static void directories_without_end_are_refused(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 }, name = { 0 };

	(void)state;
	/* Each through a symlink to the one before: short names, ever deeper. */
	for (size_t i = 0; i < 2000; i++)
		buffer_add_string(&name, "d/");
	tar_add_pax_string(&tar, "path", name.data);
	tar_add(&tar, .type = '5', .name = "x");
	tar_add_pax_string(&tar, "linkpath", name.data);
	tar_add(&tar, .type = '2', .name = "l", .link = "x");
	for (size_t i = 0; i < 60; i++)
		buffer_add_string(&name, "d/");
	tar_add(&tar, .name = "l/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/"
			      "d/d/d/d/d/d/d/d/d/d/x");
	tar_refused(tree, &tar, "the path is too long");
	buffer_release(&name);
	tree_close(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_climb_out_are_refused),
		cmocka_unit_test(absolute_names_are_inside),
		cmocka_unit_test(symlinks_to_outside_lead_inside),
		cmocka_unit_test(a_hard_link_is_not_made_through_its_last_symlink),
		cmocka_unit_test(hard_links_to_nothing_are_refused),
		cmocka_unit_test(hard_links_that_need_each_other_are_refused),
		cmocka_unit_test(directories_and_symlinks_take_each_others_place),
		cmocka_unit_test(the_root_can_only_be_a_directory),
		cmocka_unit_test(an_entry_without_a_name_is_refused_or_the_root),
		cmocka_unit_test(too_long_is_refused),
		cmocka_unit_test(names_in_messages_are_one_short_line),
		cmocka_unit_test(owners_and_devices_that_linux_has_not_are_refused),
		cmocka_unit_test(corrupt_headers_are_refused),
		cmocka_unit_test(sparse_maps_that_lie_are_refused),
		cmocka_unit_test(entries_are_counted),
		cmocka_unit_test(bytes_are_counted_with_the_padding),
		cmocka_unit_test(a_hole_larger_than_all_that_is_allowed),
		cmocka_unit_test(a_header_without_end_is_refused),
		cmocka_unit_test(directories_without_end_are_refused),
	};

	return cmocka_run_group_tests_name("tree: hostile layers", tests, NULL, NULL);
}
