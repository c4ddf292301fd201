/* SPDX-License-Identifier: Apache-2.0 */
/* What tars and compressions a layer may come in, and what becomes of their entries. */
#include "tests/unit/tar_maker.h"

#include <locale.h>

#include "tools/mkimage/source/hash.h"

/* --- compressing ----------------------------------------------------------------------------- */

static void compress_into(struct buffer *out, int (*filter)(struct archive *), const void *data,
			  size_t length)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0, room = length * 2 + 65536;

	assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
	assert_int_equal(filter(a), ARCHIVE_OK);
	assert_int_equal(archive_write_set_bytes_per_block(a, 0), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(a, buffer_reserve(out, room), room, &used), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, length), length);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_entry_free(entry);
	(void)archive_write_free(a);
	out->length += used;
}

static int (*const filters[])(struct archive *) = {
	archive_write_add_filter_none, archive_write_add_filter_gzip,  archive_write_add_filter_zstd,
	archive_write_add_filter_xz,   archive_write_add_filter_bzip2,
};

/* A tar of some size, with data that does not vanish in compression. */
static void make_tar(struct buffer *tar)
{
	static char noise[150000];
	unsigned int seed = 1;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
	tar_add(tar, .name = "first", .data = "1");
	tar_add(tar, .name = "noise", .data = noise, .length = sizeof(noise));
	tar_add(tar, .name = "last", .data = "2");
	tar_end(tar);
}

static int apply(const struct buffer *bytes, size_t length, size_t step, const struct digest *diff_id,
		 char *why)
{
	struct tar_source source = { .data = bytes->data, .length = length, .step = step };
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	int r = layer_apply(tree, tar_source_read, &source, diff_id, "layer", &err);

	if (r == 0) {
		assert_paths(tree, "first last noise");
		assert_contents(tree, "last", "2");
		assert_int_equal(source.at, length);
	}
	if (why)
		strcpy(why, err.message);
	tree_close(tree);
	return r;
}

static void every_compression_is_read(void **state)
{
	struct buffer tar = { 0 };
	struct digest digest, wrong;
	char why[ERROR_MESSAGE_MAX];

	(void)state;
	make_tar(&tar);
	hash_bytes(tar.data, tar.length, &digest);
	hash_bytes("", 0, &wrong);
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		autobuffer struct buffer packed = { 0 };

		compress_into(&packed, filters[i], tar.data, tar.length);
		assert_int_equal(apply(&packed, packed.length, 0, &digest, NULL), 0);
		assert_int_equal(apply(&packed, packed.length, 7, &digest, NULL), 0);
		assert_int_equal(apply(&packed, packed.length, 0, NULL, NULL), 0);
		assert_int_equal(apply(&packed, packed.length, 0, &wrong, why), -1);
		assert_non_null(strstr(why, "diff_id"));
		assert_non_null(strstr(why, digest.text));
	}
	buffer_release(&tar);
}

static void truncated_anywhere_is_an_error(void **state)
{
	struct buffer tar = { 0 };

	(void)state;
	make_tar(&tar);
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		autobuffer struct buffer packed = { 0 };

		compress_into(&packed, filters[i], tar.data, tar.length);
		for (size_t cut = 0; cut < packed.length;
		     cut += cut < 2000 || packed.length - cut < 1600 ? 13 : 4999) {
			/* One zero block of the two is enough for an end, as it is for GNU tar. */
			if (i == 0 && cut >= packed.length - 512)
				break;
			if (apply(&packed, cut, 0, NULL, NULL) == 0)
				fail_msg("filter %zu: the first %zu of %zu bytes were taken for the whole", i,
					 cut, packed.length);
		}
	}
	buffer_release(&tar);
}

static void cut_between_two_entries_is_an_error_without_a_diff_id(void **state)
{
	struct buffer tar = { 0 };
	struct digest digest;

	(void)state;
	make_tar(&tar);
	/* Whoever made the image may have left the end mark out. */
	hash_bytes(tar.data, tar.length - 1024, &digest);
	assert_int_equal(apply(&tar, tar.length - 1024, 0, &digest, NULL), 0);
	for (size_t cut = 0; cut <= tar.length - 1024; cut += 512)
		assert_int_equal(apply(&tar, cut, 0, NULL, NULL), -1);
	assert_int_equal(apply(&tar, tar.length - 512, 0, NULL, NULL), 0);
	buffer_release(&tar);
}

static void each_part_may_be_compressed_by_itself(void **state)
{
	struct buffer tar = { 0 };
	struct digest digest;

	(void)state;
	make_tar(&tar);
	hash_bytes(tar.data, tar.length, &digest);
	for (size_t i = 1; i < ARRAY_SIZE(filters); i++) {
		autobuffer struct buffer packed = { 0 };

		compress_into(&packed, filters[i], tar.data, 1000);
		compress_into(&packed, filters[i], tar.data + 1000, 90000);
		compress_into(&packed, filters[i], tar.data + 91000, tar.length - 91000);
		assert_int_equal(apply(&packed, packed.length, 0, &digest, NULL), 0);
		assert_int_equal(apply(&packed, packed.length, 1, &digest, NULL), 0);
	}
	buffer_release(&tar);
}

static void garbage_behind_compressed_data_is_an_error(void **state)
{
	struct buffer tar = { 0 };
	struct digest digest;

	(void)state;
	make_tar(&tar);
	hash_bytes(tar.data, tar.length, &digest);
	for (size_t i = 1; i < ARRAY_SIZE(filters); i++) {
		autobuffer struct buffer packed = { 0 };
		char why[ERROR_MESSAGE_MAX];

		compress_into(&packed, filters[i], tar.data, tar.length);
		buffer_add_string(&packed, "garbage");
		assert_int_equal(apply(&packed, packed.length, 0, &digest, why), -1);
		buffer_add(&packed, tar.data, tar.length);
		assert_int_equal(apply(&packed, packed.length, 0, &digest, why), -1);
	}
	buffer_release(&tar);
}

static void what_follows_the_end_of_the_tar_is_hashed_only(void **state)
{
	struct buffer tar = { 0 };
	struct digest before, after;

	(void)state;
	make_tar(&tar);
	hash_bytes(tar.data, tar.length, &before);
	tar_add(&tar, .name = "unseen", .data = "x");
	hash_bytes(tar.data, tar.length, &after);
	assert_int_equal(apply(&tar, tar.length, 0, &after, NULL), 0);
	assert_int_equal(apply(&tar, tar.length, 0, &before, NULL), -1);
	buffer_release(&tar);
}

static void compressed_twice_is_refused(void **state)
{
	struct buffer tar = { 0 }, once = { 0 }, twice = { 0 };
	char why[ERROR_MESSAGE_MAX];

	(void)state;
	make_tar(&tar);
	compress_into(&once, archive_write_add_filter_gzip, tar.data, tar.length);
	compress_into(&twice, archive_write_add_filter_zstd, once.data, once.length);
	assert_int_equal(apply(&twice, twice.length, 0, NULL, why), -1);
	assert_non_null(strstr(why, "more than once"));
	buffer_release(&tar);
	buffer_release(&once);
	buffer_release(&twice);
}

static int apply_empty(const void *data, size_t length, const struct digest *diff_id)
{
	struct tar_source source = { .data = data, .length = length };
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	int r = layer_apply(tree, tar_source_read, &source, diff_id, "layer", &err);

	assert_paths(tree, "");
	tree_close(tree);
	return r;
}

static void an_empty_tar_is_an_empty_layer_and_an_empty_file_is_none(void **state)
{
	static const char zeros[10240];
	struct buffer packed = { 0 };
	struct digest digest;

	(void)state;
	assert_int_equal(apply_empty(zeros, 1024, NULL), 0);
	assert_int_equal(apply_empty(zeros, 10240, NULL), 0);
	assert_int_equal(apply_empty(zeros, 512, NULL), 0);
	assert_int_equal(apply_empty(zeros, 100, NULL), -1);
	assert_int_equal(apply_empty("", 0, NULL), -1);
	hash_bytes(zeros, 1024, &digest);
	assert_int_equal(apply_empty(zeros, 1024, &digest), 0);
	assert_int_equal(apply_empty("", 0, &digest), -1);
	hash_bytes("", 0, &digest);
	assert_int_equal(apply_empty("", 0, &digest), 0);
	compress_into(&packed, archive_write_add_filter_gzip, "", 0);
	assert_int_equal(apply_empty(packed.data, packed.length, &digest), 0);
	buffer_release(&packed);
}

static void what_is_no_tar_is_refused(void **state)
{
	static const char *const others[] = {
		"hello, I am a text that is long enough to be read as one block of a tar, were it one.\n",
		"PK\3\4",
		"!<arch>\n",
	};
	char block[2048];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		memset(block, ' ', sizeof(block));
		memcpy(block, others[i], strlen(others[i]));
		assert_int_equal(apply_empty(block, sizeof(block), NULL), -1);
		assert_int_equal(apply_empty(others[i], strlen(others[i]), NULL), -1);
	}
}

static long failing_read(void *context, void *data, size_t length, struct error *err)
{
	size_t *left = context;
	size_t n = *left < length ? *left : length;

	if (n == 0)
		return error_set(err, "the blob is not what it was");
	memset(data, 0, n);
	*left -= n;
	return (long)n;
}

static void an_error_of_the_source_is_the_error(void **state)
{
	static const size_t lengths[] = { 0, 100, 512, 1024, 100000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct tree *tree = tree_fresh();
		size_t left = lengths[i];
		struct error err = { 0 };

		assert_int_equal(layer_apply(tree, failing_read, &left, NULL, "layer 7", &err), -1);
		assert_string_equal(err.message, "layer 7: the blob is not what it was");
		tree_close(tree);
	}
}

/* --- entries --------------------------------------------------------------------------------- */

static void every_type_of_entry_is_kept(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };
	struct tree_inode *inode;

	(void)state;
	tar_add(&tar, .type = '5', .name = "./", .mode = 0711, .uid = 9);
	tar_add(&tar, .type = '5', .name = "./d/", .mode = 01777, .mtime = 1000);
	tar_add(&tar, .name = "d/f", .data = "data", .mode = 06755, .uid = 1, .gid = 2, .mtime = 3);
	tar_add(&tar, .type = '1', .name = "d/h", .link = "./d/f");
	tar_add(&tar, .type = '2', .name = "/d/s", .link = "/../../etc//x/", .mode = 0777);
	tar_add(&tar, .type = '3', .name = "d/c", .major = 5, .minor = 1);
	tar_add(&tar, .type = '4', .name = "d/b", .major = 8, .minor = 16);
	tar_add(&tar, .type = '6', .name = "d/p", .major = 3);
	tar_add(&tar, .type = '7', .name = "d/contiguous", .data = "c");
	tar_add(&tar, .name = "d/._mac", .data = "not of a Mac");
	tar_add(&tar, .name = "old/", .mode = 0700);
	tar_add_pax_string(&tar, "path", "old/\xff/");
	tar_add(&tar, .name = "x", .mode = 0700);
	tar_apply(tree, &tar);
	assert_paths(tree, "d d/._mac d/b d/c d/contiguous d/f d/h d/p d/s old old/\xff");
	assert_int_equal(tree_root(tree)->inode->mode, S_IFDIR | 0711);
	assert_int_equal(tree_root(tree)->inode->uid, 9);
	inode = tree_find(tree, "d")->inode;
	assert_int_equal(inode->mode, S_IFDIR | 01777);
	assert_int_equal(inode->mtime, 1000);
	inode = tree_find(tree, "d/f")->inode;
	assert_int_equal(inode->mode, S_IFREG | 06755);
	assert_true(inode->uid == 1 && inode->gid == 2 && inode->mtime == 3 && inode->size == 4 &&
		    inode->links == 2);
	assert_ptr_equal(inode, tree_find(tree, "d/h")->inode);
	assert_string_equal(tree_find(tree, "d/s")->inode->target, "/../../etc//x/");
	inode = tree_find(tree, "d/c")->inode;
	assert_true(S_ISCHR(inode->mode) && inode->rdev_major == 5 && inode->rdev_minor == 1);
	inode = tree_find(tree, "d/b")->inode;
	assert_true(S_ISBLK(inode->mode) && inode->rdev_major == 8 && inode->rdev_minor == 16);
	assert_int_equal(tree_find(tree, "d/p")->inode->mode, S_IFIFO | 0644);
	assert_int_equal(tree_find(tree, "old")->inode->mode, S_IFDIR | 0700);
	assert_int_equal(tree_find(tree, "old/\xff")->inode->mode, S_IFDIR | 0700);
	assert_contents(tree, "d/contiguous", "c");
	tree_close(tree);
}

static void long_names_of_gnu_and_pax(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };
	char name[251], target[3001];

	(void)state;
	memset(name, 'g', 250);
	memset(target, 't', 3000);
	name[250] = target[3000] = '\0';
	tar_add(&tar, .type = 'L', .name = "././@LongLink", .data = name, .length = sizeof(name),
		.gnu = true);
	tar_add(&tar, .type = 'K', .name = "././@LongLink", .data = target, .length = sizeof(target),
		.gnu = true);
	tar_add(&tar, .type = '2', .name = "ggg", .link = "ttt", .gnu = true);
	tar_add_pax_string(&tar, "linkpath", name);
	tar_add(&tar, .type = '1', .name = "hard", .link = "ggg");
	name[0] = 'p';
	tar_add_pax_string(&tar, "path", name);
	tar_add(&tar, .name = "ppp", .data = "pax");
	tar_apply(tree, &tar);
	assert_contents(tree, name, "pax");
	name[0] = 'g';
	assert_string_equal(tree_find(tree, name)->inode->target, target);
	assert_ptr_equal(tree_find(tree, "hard")->inode, tree_find(tree, name)->inode);
	tree_close(tree);
}

static void pax_numbers(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 }, records = { 0 };
	struct tree_inode *inode;

	(void)state;
	tar_pax_record(&records, "uid", "3000000000", 10);
	tar_pax_record(&records, "gid", "4294967294", 10);
	tar_pax_record(&records, "mtime", "1700000000.999999999", 20);
	tar_pax_record(&records, "comment", "of no use", 9);
	tar_add_pax(&tar, &records);
	tar_add(&tar, .name = "f");
	tar_add_pax_string(&tar, "mtime", "-1.5");
	tar_add(&tar, .name = "old");
	tar_add(&tar, .type = 'g', .name = "global", .data = "11 mtime=1\n");
	tar_add(&tar, .name = "g", .mtime = 5);
	tar_apply(tree, &tar);
	inode = tree_find(tree, "f")->inode;
	assert_true(inode->uid == 3000000000u && inode->gid == 4294967294u && inode->mtime == 1700000000);
	assert_int_equal(tree_find(tree, "old")->inode->mtime, 0);
	assert_int_equal(tree_find(tree, "g")->inode->mtime, 5);
	tree_close(tree);
}

static void xattrs_are_kept_byte_for_byte(void **state)
{
	static const char capability[20] =
		"\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\n="; /* VFS_CAP_REVISION_2, cap_net_bind_service */
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 }, records = { 0 };
	struct tree_inode *inode;

	(void)state;
	tar_pax_record(&records, "SCHILY.xattr.user.b", "text", 4);
	tar_pax_record(&records, "SCHILY.xattr.security.capability", capability, sizeof(capability));
	tar_pax_record(&records, "SCHILY.xattr.user.\xc3\xa9", "", 0);
	tar_add_pax(&tar, &records);
	tar_add(&tar, .name = "f", .data = "x");
	tar_add_pax_string(&tar, "SCHILY.xattr.user.d", "directory");
	tar_add(&tar, .type = '5', .name = "d/");
	tar_apply(tree, &tar);
	inode = tree_find(tree, "f")->inode;
	assert_int_equal(inode->xattrs_count, 3);
	assert_string_equal(inode->xattrs[0].name, "security.capability");
	assert_int_equal(inode->xattrs[0].length, sizeof(capability));
	assert_memory_equal(inode->xattrs[0].value, capability, sizeof(capability));
	assert_string_equal(inode->xattrs[1].name, "user.b");
	assert_string_equal(inode->xattrs[2].name, "user.\xc3\xa9");
	assert_int_equal(inode->xattrs[2].length, 0);
	assert_int_equal(tree_find(tree, "d")->inode->xattrs_count, 1);
	tree_close(tree);
}

/* Latin-1, UTF-8 composed and decomposed, broken UTF-8, surrogates, all that is not NUL or a slash. */
static const char *const odd_names[] = {
	"caf\xe9",          "caf\xc3\xa9", "cafe\xcc\x81",   "\xff\xfe",      "\xed\xa0\x80", "\xc3",
	"\xf4\x90\x80\x80", "\xc0\xaf",    "new\nline\ttab", "\x01\x7f\\'\"", "\xe2\x80\xae", "?",
};

static void names_survive_byte_for_byte_in(const char *locale)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 }, records = { 0 };
	char path[64];

	if (!setlocale(LC_ALL, locale))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(odd_names); i++) {
		const char *odd = odd_names[i];

		(void)snprintf(path, sizeof(path), "ustar/%s", odd);
		tar_add(&tar, .name = path, .data = odd);
		(void)snprintf(path, sizeof(path), "pax/%s", odd);
		tar_pax_record(&records, "path", path, strlen(path));
		tar_add_pax(&tar, &records);
		tar_add(&tar, .name = "x", .data = odd);
		tar_pax_record(&records, "hdrcharset", "BINARY", 6);
		(void)snprintf(path, sizeof(path), "binary/%s", odd);
		tar_pax_record(&records, "path", path, strlen(path));
		tar_add_pax(&tar, &records);
		tar_add(&tar, .name = "x", .data = odd);
		(void)snprintf(path, sizeof(path), "gnu/%s", odd);
		tar_add(&tar, .type = 'L', .name = "././@LongLink", .data = path, .length = strlen(path) + 1,
			.gnu = true);
		tar_add(&tar, .name = "x", .data = odd, .gnu = true);
		(void)snprintf(path, sizeof(path), "link/%zu", i);
		tar_pax_record(&records, "linkpath", odd, strlen(odd));
		tar_add_pax(&tar, &records);
		tar_add(&tar, .type = '2', .name = path, .link = "x");
	}
	tar_apply(tree, &tar);
	for (size_t i = 0; i < ARRAY_SIZE(odd_names); i++) {
		static const char *const kinds[] = { "ustar", "pax", "binary", "gnu" };

		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			(void)snprintf(path, sizeof(path), "%s/%s", kinds[k], odd_names[i]);
			assert_contents(tree, path, odd_names[i]);
		}
		(void)snprintf(path, sizeof(path), "link/%zu", i);
		assert_string_equal(tree_find(tree, path)->inode->target, odd_names[i]);
	}
	assert_int_equal(tree_find(tree, "pax")->children_count, ARRAY_SIZE(odd_names));
	tree_close(tree);
	setlocale(LC_ALL, "C");
}

static void names_survive_in_the_c_locale(void **state)
{
	(void)state;
	names_survive_byte_for_byte_in("C");
}

static void names_survive_in_a_utf8_locale(void **state)
{
	(void)state;
	names_survive_byte_for_byte_in("C.UTF-8");
}

/* --- sparse files ---------------------------------------------------------------------------- */

static void assert_sparse(struct tree *tree, const char *path)
{
	struct tree_inode *inode = tree_find(tree, path)->inode;
	char bytes[8];
	struct error err = { 0 };

	assert_int_equal(inode->size, 200000);
	assert_int_equal(tree_read(tree, inode, 99998, bytes, 7, &err), 7);
	assert_memory_equal(bytes, "\0\0data\0", 7);
	assert_int_equal(tree_read(tree, inode, 199998, bytes, 8, &err), 2);
	assert_memory_equal(bytes, "\0\0", 2);
}

static void sparse_files_of_gnu_and_pax(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 }, records = { 0 }, map = { 0 };
	struct tar_header h;

	(void)state;
	/* Old GNU: type S, the map in the header itself: offset, bytes, four times; then the real size. */
	h = tar_header(&(struct tar_entry){ .type = 'S', .name = "old", .length = 512, .gnu = true });
	tar_octal((char *)&h + 386, 12, 100000);
	tar_octal((char *)&h + 398, 12, 512);
	tar_octal((char *)&h + 410, 12, 200000);
	tar_octal((char *)&h + 422, 12, 0);
	tar_octal((char *)&h + 483, 12, 200000);
	tar_checksum(&h);
	buffer_add(&tar, &h, sizeof(h));
	buffer_add_string(&tar, "data");
	tar_pad(&tar);
	/* pax 0.1: the map is a record. */
	tar_pax_record(&records, "GNU.sparse.size", "200000", 6);
	tar_pax_record(&records, "GNU.sparse.numblocks", "1", 1);
	tar_pax_record(&records, "GNU.sparse.map", "100000,4", 8);
	tar_pax_record(&records, "GNU.sparse.name", "pax01", 5);
	tar_add_pax(&tar, &records);
	tar_add(&tar, .name = "GNUSparseFile.1/x", .data = "data");
	/* pax 1.0: the map stands in front of the data. */
	tar_pax_record(&records, "GNU.sparse.major", "1", 1);
	tar_pax_record(&records, "GNU.sparse.minor", "0", 1);
	tar_pax_record(&records, "GNU.sparse.name", "pax10", 5);
	tar_pax_record(&records, "GNU.sparse.realsize", "200000", 6);
	tar_add_pax(&tar, &records);
	buffer_add_string(&map, "1\n100000\n4\n");
	tar_pad(&map);
	buffer_add_string(&map, "data");
	tar_add(&tar, .name = "GNUSparseFile.2/x", .data = map.data, .length = map.length);
	buffer_release(&map);
	tar_apply(tree, &tar);
	assert_sparse(tree, "old");
	assert_sparse(tree, "pax01");
	assert_sparse(tree, "pax10");
	assert_int_equal(tree_find(tree, "old")->inode->spool_offset,
			 tree_find(tree, "pax10")->inode->spool_offset);
	tree_close(tree);
}

/* --- size ------------------------------------------------------------------------------------ */

static void directories_of_many_files_in_any_order(void **state)
{
	struct tree *tree = tree_fresh();
	struct buffer tar = { 0 };
	const unsigned int count = 100000;
	struct tree_node *directory;
	char name[32];

	(void)state;
	/* 7919 is prime to the count: each number once, never in order. */
	for (unsigned int i = 0; i < count; i++) {
		(void)snprintf(name, sizeof(name), "d/%06u", (unsigned int)((uint64_t)i * 7919 % count));
		tar_add(&tar, .name = name);
	}
	tar_apply(tree, &tar);
	directory = tree_find(tree, "d");
	assert_int_equal(directory->children_count, count);
	for (unsigned int i = 1; i < count; i++)
		assert_true(strcmp(directory->children[i - 1]->name, directory->children[i]->name) < 0);
	for (unsigned int i = 0; i < count; i += 2) {
		(void)snprintf(name, sizeof(name), "d/.wh.%06u", (unsigned int)((uint64_t)i * 7919 % count));
		tar_add(&tar, .name = name);
	}
	tar_apply(tree, &tar);
	assert_int_equal(directory->children_count, count / 2);
	tree_close(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_compression_is_read),
		cmocka_unit_test(truncated_anywhere_is_an_error),
		cmocka_unit_test(cut_between_two_entries_is_an_error_without_a_diff_id),
		cmocka_unit_test(each_part_may_be_compressed_by_itself),
		cmocka_unit_test(garbage_behind_compressed_data_is_an_error),
		cmocka_unit_test(what_follows_the_end_of_the_tar_is_hashed_only),
		cmocka_unit_test(compressed_twice_is_refused),
		cmocka_unit_test(an_empty_tar_is_an_empty_layer_and_an_empty_file_is_none),
		cmocka_unit_test(what_is_no_tar_is_refused),
		cmocka_unit_test(an_error_of_the_source_is_the_error),
		cmocka_unit_test(every_type_of_entry_is_kept),
		cmocka_unit_test(long_names_of_gnu_and_pax),
		cmocka_unit_test(pax_numbers),
		cmocka_unit_test(xattrs_are_kept_byte_for_byte),
		cmocka_unit_test(names_survive_in_the_c_locale),
		cmocka_unit_test(names_survive_in_a_utf8_locale),
		cmocka_unit_test(sparse_files_of_gnu_and_pax),
		cmocka_unit_test(directories_of_many_files_in_any_order),
	};

	return cmocka_run_group_tests_name("tree: layers", tests, NULL, NULL);
}
