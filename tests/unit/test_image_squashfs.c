/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/image/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqfs/block.h>
#include <sqfs/compressor.h>
#include <sqfs/data_reader.h>
#include <sqfs/dir_reader.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/super.h>
#include <sqfs/xattr.h>
#include <sqfs/xattr_reader.h>

#include "tests/unit/image_sample.h"

/* An image opened with the reading half of the library, which shares no code with the writing half. */
struct reader {
	sqfs_file_t *file;
	sqfs_super_t super;
	sqfs_compressor_t *compressor;
	sqfs_dir_reader_t *directories;
	sqfs_data_reader_t *data;
	sqfs_xattr_reader_t *xattrs;
	sqfs_id_table_t *ids;
	sqfs_inode_generic_t *root;
};

static void open_image(struct reader *r, int fd)
{
	sqfs_compressor_config_t config;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r->file = sqfs_open_file(path, SQFS_FILE_OPEN_READ_ONLY);
	assert_non_null(r->file);
	assert_int_equal(sqfs_super_read(&r->super, r->file), 0);
	assert_int_equal(sqfs_compressor_config_init(&config, SQFS_COMP_ZSTD, r->super.block_size,
						     SQFS_COMP_FLAG_UNCOMPRESS),
			 0);
	assert_int_equal(sqfs_compressor_create(&config, &r->compressor), 0);
	r->ids = sqfs_id_table_create(0);
	assert_int_equal(sqfs_id_table_read(r->ids, r->file, &r->super, r->compressor), 0);
	r->data = sqfs_data_reader_create(r->file, r->super.block_size, r->compressor, 0);
	assert_int_equal(sqfs_data_reader_load_fragment_table(r->data, &r->super), 0);
	r->xattrs = sqfs_xattr_reader_create(0);
	assert_int_equal(sqfs_xattr_reader_load(r->xattrs, &r->super, r->file, r->compressor), 0);
	r->directories = sqfs_dir_reader_create(&r->super, r->compressor, r->file, 0);
	assert_int_equal(sqfs_dir_reader_get_root_inode(r->directories, &r->root), 0);
}

static void close_image(struct reader *r)
{
	sqfs_free(r->root);
	sqfs_destroy(r->directories);
	sqfs_destroy(r->xattrs);
	sqfs_destroy(r->data);
	sqfs_destroy(r->ids);
	sqfs_destroy(r->compressor);
	sqfs_destroy(r->file);
}

static int write_uncached(struct tree *tree, int fd, int level, struct error *err)
{
	return squashfs_write(tree, fd, IMAGE_COMPRESSION_ZSTD, level, NULL, err);
}

static void open_sample(struct reader *r)
{
	struct tree *tree = sample_tree();
	int fd = sample_output();
	struct error err;

	assert_ok(write_uncached(tree, fd, 0, &err));
	open_image(r, fd);
	close(fd);
	tree_close(tree);
}

/* The inode of a path, to be freed. */
static sqfs_inode_generic_t *find(struct reader *r, const char *path)
{
	sqfs_inode_generic_t *inode = NULL;

	if (sqfs_dir_reader_find_by_path(r->directories, r->root, path, &inode) != 0)
		fail_msg("no '%s'", path);
	return inode;
}

static void assert_attributes(struct reader *r, const char *path, unsigned int mode, uint32_t uid,
			      uint32_t gid, uint32_t mtime)
{
	sqfs_inode_generic_t *inode = find(r, path);
	uint32_t id = 0;

	assert_int_equal(inode->base.mode, mode);
	assert_int_equal(inode->base.mod_time, mtime);
	assert_int_equal(sqfs_id_table_index_to_id(r->ids, inode->base.uid_idx, &id), 0);
	assert_int_equal(id, uid);
	assert_int_equal(sqfs_id_table_index_to_id(r->ids, inode->base.gid_idx, &id), 0);
	assert_int_equal(id, gid);
	sqfs_free(inode);
}

static void attributes_of_every_type_are_kept(void **state)
{
	struct reader r;
	sqfs_inode_generic_t *inode;

	(void)state;
	open_sample(&r);
	assert_attributes(&r, "/", S_IFDIR | 0755, 0, 0, 0);
	assert_attributes(&r, "tmp", S_IFDIR | 01777, 3, 4, 12345);
	assert_attributes(&r, "bin/sh", S_IFREG | 04755, 0, 0, 1600000000);
	assert_attributes(&r, "etc/na\xc3\xafve", S_IFREG | 0640, 7, 70000, 0xffffffff);
	assert_attributes(&r, "run/pipe", S_IFIFO | 0640, 7, 70000, 0xffffffff);
	assert_attributes(&r, "run/socket", S_IFSOCK | 0640, 7, 70000, 0xffffffff);
	assert_attributes(&r, "dev/vda", S_IFBLK | 0640, 7, 70000, 0xffffffff);
	inode = find(&r, "dev/vda");
	assert_int_equal(inode->data.dev.devno, (70000 & 0xff) | 259 << 8 | (70000 & ~0xff) << 12);
	sqfs_free(inode);
	inode = find(&r, "sbin");
	assert_int_equal(inode->data.slink.target_size, 3);
	assert_memory_equal(inode->extra, "bin", 3);
	sqfs_free(inode);
	close_image(&r);
}

static void assert_contents(struct reader *r, const char *path, const char *data, size_t length)
{
	sqfs_inode_generic_t *inode = find(r, path);
	char *read = malloc(length + 1);
	sqfs_u64 size = 0;

	assert_int_equal(sqfs_inode_get_file_size(inode, &size), 0);
	assert_int_equal(size, length);
	assert_int_equal(sqfs_data_reader_read(r->data, inode, 0, read, (sqfs_u32)length), length);
	assert_memory_equal(read, data, length);
	free(read);
	sqfs_free(inode);
}

static void contents_come_out(void **state)
{
	char *large = sample_text(SAMPLE_LARGE_BYTES, 1), *block = sample_text(128 * 1024, 2);
	char *hole = calloc(1, SAMPLE_HOLE_BYTES), path[32];
	struct reader r;

	(void)state;
	open_sample(&r);
	assert_contents(&r, "data/large", large, SAMPLE_LARGE_BYTES);
	assert_contents(&r, "data/again", large, SAMPLE_LARGE_BYTES);
	assert_contents(&r, "data/block", block, 128 * 1024);
	assert_contents(&r, "etc/hole", hole, SAMPLE_HOLE_BYTES);
	assert_contents(&r, "bin/sh", "program", 7);
	for (unsigned int i = 1; i < 700; i++) {
		char *text = sample_text(i * 37 % 3000, i % 600);

		(void)snprintf(path, sizeof(path), "many/file-%u", i);
		assert_contents(&r, path, text, i * 37 % 3000);
		free(text);
	}
	close_image(&r);
	free(hole);
	free(block);
	free(large);
}

static void names_of_one_inode_share_it(void **state)
{
	struct reader r;
	sqfs_inode_generic_t *a, *b, *c;

	(void)state;
	open_sample(&r);
	a = find(&r, "a-link"), b = find(&r, "bin/sh"), c = find(&r, "bin/busybox");
	assert_int_equal(a->base.inode_number, b->base.inode_number);
	assert_int_equal(a->base.inode_number, c->base.inode_number);
	assert_int_equal(a->base.type, SQFS_INODE_EXT_FILE);
	assert_int_equal(a->data.file_ext.nlink, 3);
	sqfs_free(a), sqfs_free(b), sqfs_free(c);
	a = find(&r, "dev/null"), b = find(&r, "dev/zilch");
	assert_int_equal(a->base.inode_number, b->base.inode_number);
	assert_int_equal(a->data.dev.nlink, 2);
	sqfs_free(a), sqfs_free(b);
	close_image(&r);
}

/* As stat(2) shows it on other file systems: itself, its name, and `..` of each directory in it. */
static void link_counts_of_directories_count_directories(void **state)
{
	struct reader r;
	sqfs_inode_generic_t *many;

	(void)state;
	open_sample(&r);
	many = find(&r, "many");
	assert_int_equal(r.root->data.dir.nlink, 2 + 7);
	assert_int_equal(many->base.type == SQFS_INODE_DIR ? many->data.dir.nlink : many->data.dir_ext.nlink,
			 2);
	sqfs_free(many);
	close_image(&r);
}

static void xattrs_are_kept(void **state)
{
	struct reader r;
	sqfs_inode_generic_t *inode;
	sqfs_xattr_id_t description;
	uint32_t index = 0;
	size_t found = 0;

	(void)state;
	open_sample(&r);
	inode = find(&r, "bin/sh");
	assert_int_equal(sqfs_inode_get_xattr_index(inode, &index), 0);
	assert_int_equal(sqfs_xattr_reader_get_desc(r.xattrs, index, &description), 0);
	assert_int_equal(sqfs_xattr_reader_seek_kv(r.xattrs, &description), 0);
	for (uint32_t i = 0; i < description.count; i++) {
		sqfs_xattr_entry_t *key;
		sqfs_xattr_value_t *value;

		assert_int_equal(sqfs_xattr_reader_read_key(r.xattrs, &key), 0);
		assert_int_equal(sqfs_xattr_reader_read_value(r.xattrs, key, &value), 0);
		if (strcmp((char *)key->key, "user.note") == 0) {
			assert_int_equal(value->size, 5);
			assert_memory_equal(value->value, "hello", 5);
			found++;
		} else {
			assert_string_equal((char *)key->key, "security.capability");
			assert_int_equal(value->size, 20);
			found++;
		}
		sqfs_free(key), sqfs_free(value);
	}
	assert_int_equal(found, 2);
	sqfs_free(inode);
	inode = find(&r, "etc/empty");
	assert_int_equal(sqfs_inode_get_xattr_index(inode, &index), 0);
	assert_int_equal(index, 0xffffffff);
	sqfs_free(inode);
	close_image(&r);
}

static void equal_contents_are_stored_once_and_holes_not_at_all(void **state)
{
	struct reader r;
	sqfs_inode_generic_t *large, *again, *hole;

	(void)state;
	open_sample(&r);
	large = find(&r, "data/large"), again = find(&r, "data/again"), hole = find(&r, "etc/hole");
	assert_int_equal(large->data.file.blocks_start, again->data.file.blocks_start);
	assert_int_equal(hole->base.type, SQFS_INODE_EXT_FILE);
	assert_int_equal(hole->data.file_ext.sparse, SAMPLE_HOLE_BYTES);
	sqfs_free(large), sqfs_free(again), sqfs_free(hole);
	close_image(&r);
}

static void superblock_says_what_the_kernel_needs(void **state)
{
	struct reader r;
	size_t size;

	(void)state;
	open_sample(&r);
	size = r.file->get_size(r.file);
	assert_int_equal(r.super.modification_time, 0);
	assert_int_equal(r.super.block_size, 128 * 1024);
	assert_int_equal(r.super.compression_id, SQFS_COMP_ZSTD);
	assert_true(r.super.flags & SQFS_FLAG_EXPORTABLE);
	assert_int_equal(size % 4096, 0);
	assert_in_range(r.super.bytes_used, size - 4095, size);
	close_image(&r);
}

static void bytes_are_the_same_each_time_and_on_any_number_of_cpus(void **state)
{
	(void)state;
	same_bytes_each_time_and_on_any_number_of_cpus(write_uncached);
}

static void a_full_disk_is_told(void **state)
{
	(void)state;
	full_disk_is_told(write_uncached);
}

static void an_empty_tree_is_an_image(void **state)
{
	int fd = sample_output();
	struct reader r;
	struct tree *tree;
	struct error err;

	(void)state;
	assert_ok(tree_open(NULL, &tree, &err));
	assert_ok(write_uncached(tree, fd, 1, &err));
	open_image(&r, fd);
	assert_int_equal(r.super.inode_count, 1);
	close_image(&r);
	close(fd);
	tree_close(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_of_every_type_are_kept),
		cmocka_unit_test(contents_come_out),
		cmocka_unit_test(names_of_one_inode_share_it),
		cmocka_unit_test(link_counts_of_directories_count_directories),
		cmocka_unit_test(xattrs_are_kept),
		cmocka_unit_test(equal_contents_are_stored_once_and_holes_not_at_all),
		cmocka_unit_test(superblock_says_what_the_kernel_needs),
		cmocka_unit_test(bytes_are_the_same_each_time_and_on_any_number_of_cpus),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(an_empty_tree_is_an_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
