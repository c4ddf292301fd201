/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/source/import.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"

struct fixture {
	char directory[64];
	const char *tar; /* path of the source that a test writes */
	struct store *store;
	struct arena arena;
	struct error err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->directory, "/tmp/slipway-import-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	f->tar = arena_printf(&f->arena, "%s/source", f->directory);
	assert_int_equal(store_open(arena_printf(&f->arena, "%s/store", f->directory), &f->store, &f->err),
			 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	assert_int_equal(file_remove_tree(AT_FDCWD, f->directory, &f->err), 0);
	arena_release(&f->arena);
	free(f);
	return 0;
}

/* A file of a tar; a `target` makes it a hard link. `size` is only needed where the contents are no string. */
struct member {
	const char *path, *contents, *target;
	size_t size;
};

static void write_tar(struct fixture *f, int filter, const struct member *members)
{
	struct archive *archive = archive_write_new();

	assert_int_equal(archive_write_set_format_ustar(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter(archive, filter), ARCHIVE_OK);
	assert_int_equal(archive_write_open_filename(archive, f->tar), ARCHIVE_OK);
	for (; members->path; members++) {
		struct archive_entry *entry = archive_entry_new();
		size_t size = members->size || !members->contents ? members->size : strlen(members->contents);

		archive_entry_set_pathname(entry, members->path);
		archive_entry_set_mode(entry, AE_IFREG | 0644);
		archive_entry_set_size(entry, (la_int64_t)size);
		if (members->target)
			archive_entry_set_hardlink(entry, members->target);
		assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
		if (size)
			assert_int_equal(archive_write_data(archive, members->contents, size), size);
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
}

static const struct member rootfs[] = { { "etc/motd", "welcome\n", NULL, 0 },
					{ "etc/motd-again", NULL, "etc/motd", 0 },
					{ NULL, NULL, NULL, 0 } };

static int import(struct fixture *f, const struct import_options *options, struct oci_image *image)
{
	struct digest digest;
	const char *name;

	*image = (struct oci_image){ 0 };
	if (import_image(f->store, options, &f->arena, &name, &digest, &f->err) < 0)
		return -1;
	return store_image(f->store, name, options->platform, &f->arena, image, &f->err);
}

/* The digest is part of the promise: it is the same on each machine, at any time. */
static void rootfs_becomes_an_image_with_a_known_digest(void **state)
{
	struct fixture *f = *state;
	const char *cmd[] = { "/bin/sh", NULL }, *env[] = { "A=b", NULL };
	const struct import_options options = { .path = f->tar,
						.name = "demo",
						.platform = "linux/riscv64",
						.cmd = cmd,
						.env = env,
						.user = "7",
						.working_dir = "/etc" };
	struct oci_image image;

	write_tar(f, ARCHIVE_FILTER_NONE, rootfs);
	assert_int_equal(import(f, &options, &image), 0);
	assert_string_equal(image.name, "docker.io/library/demo:latest");
	assert_string_equal(image.digest.text,
			    "sha256:ca0940f3fdd608a2777775ed119bfdffda1c03b492a465959fbe81582e6d4464");
	assert_string_equal(image.manifest.layers[0].media_type, MEDIA_TYPE_LAYER);
	assert_true(digest_equal(&image.manifest.layers[0].digest, &image.config.diff_ids[0]));
	assert_string_equal(image.config.config.cmd.items[0], "/bin/sh");
	assert_string_equal(image.config.config.user, "7");
	assert_null(image.config.created);
}

static void compressions_give_one_diff_id(void **state)
{
	static const struct {
		int filter;
		const char *media_type;
	} rows[] = {
		{ ARCHIVE_FILTER_NONE, MEDIA_TYPE_LAYER },
		{ ARCHIVE_FILTER_GZIP, MEDIA_TYPE_LAYER_GZIP },
		{ ARCHIVE_FILTER_ZSTD, MEDIA_TYPE_LAYER_ZSTD },
		{ ARCHIVE_FILTER_XZ, MEDIA_TYPE_LAYER_ZSTD },
		{ ARCHIVE_FILTER_BZIP2, MEDIA_TYPE_LAYER_ZSTD },
	};
	struct fixture *f = *state;
	const struct import_options options = { .path = f->tar, .name = "demo", .platform = "linux/amd64" };
	struct digest diff_id = { "" };
	struct oci_image image;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		write_tar(f, rows[i].filter, rootfs);
		assert_int_equal(import(f, &options, &image), 0);
		assert_string_equal(image.manifest.layers[0].media_type, rows[i].media_type);
		if (i > 0)
			assert_string_equal(image.config.diff_ids[0].text, diff_id.text);
		diff_id = image.config.diff_ids[0];
	}
}

/* `manifest.json` deeper down is a file like another. */
static void rootfs_with_names_like_an_archive_is_a_rootfs(void **state)
{
	static const struct member members[] = { { "usr/share/app/manifest.json", "[]", NULL, 0 },
						 { "usr/oci-layout", "{}", NULL, 0 },
						 { NULL, NULL, NULL, 0 } };
	struct fixture *f = *state;
	const struct import_options options = { .path = f->tar, .name = "demo", .platform = "linux/amd64" };
	struct oci_image image;

	write_tar(f, ARCHIVE_FILTER_GZIP, members);
	assert_int_equal(import(f, &options, &image), 0);
	assert_int_equal(image.manifest.layers_count, 1);
}

static void rootfs_whose_hard_link_leads_outside_is_refused(void **state)
{
	static const struct member members[] = { { "etc/shadow", NULL, "../../etc/shadow", 0 },
						 { NULL, NULL, NULL, 0 } };
	struct fixture *f = *state;
	const struct import_options options = { .path = f->tar, .name = "demo" };
	struct oci_index index;
	struct oci_image image;

	write_tar(f, ARCHIVE_FILTER_NONE, members);
	assert_int_equal(import(f, &options, &image), -1);
	assert_string_equal(f->err.message,
			    arena_printf(&f->arena,
					 "%s: entry 'etc/shadow' is a hard link to '../../etc/shadow', "
					 "outside of the root",
					 f->tar));
	assert_int_equal(store_list(f->store, &f->arena, &index, &f->err), 0);
	assert_int_equal(index.count, 0);
}

/* A docker-archive whose layer is the tar of `rootfs` without compression. */
static void docker_archive_gets_a_manifest(void **state)
{
	struct fixture *f = *state;
	const struct import_options first = { .path = f->tar, .name = "demo", .platform = "linux/amd64" };
	const struct import_options second = { .path = f->tar, .platform = "linux/amd64" };
	struct oci_image from_rootfs, from_archive;
	const char *manifest =
		"[{\"Config\":\"c.json\",\"RepoTags\":[\"redis:7\"],\"Layers\":[\"l/layer.tar\"]}]";
	autobuffer struct buffer layer = { 0 };

	write_tar(f, ARCHIVE_FILTER_NONE, rootfs);
	assert_int_equal(import(f, &first, &from_rootfs), 0);
	assert_int_equal(file_read(AT_FDCWD, f->tar, 1 << 20, &layer, &f->err), 0);
	const struct member members[] = {
		{ "manifest.json", manifest, NULL, 0 },
		{ "./c.json",
		  arena_printf(&f->arena,
			       "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":"
			       "{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
			       from_rootfs.config.diff_ids[0].text),
		  NULL, 0 },
		{ "l//layer.tar", layer.data, NULL, layer.length },
		{ NULL, NULL, NULL, 0 },
	};

	write_tar(f, ARCHIVE_FILTER_NONE, members);
	assert_int_equal(import(f, &second, &from_archive), 0);
	assert_string_equal(from_archive.name, "docker.io/library/redis:7");
	assert_true(digest_equal(&from_archive.manifest.layers[0].digest,
				 &from_rootfs.manifest.layers[0].digest));
	assert_string_equal(from_archive.manifest.config.media_type, MEDIA_TYPE_CONFIG);
}

static void bad_name_is_refused_before_the_source_is_read(void **state)
{
	struct fixture *f = *state;
	const struct import_options options = { .path = "/nowhere", .name = "No Such Name" };
	struct oci_image image;

	assert_int_equal(import(f, &options, &image), -1);
	assert_null(strstr(f->err.message, "/nowhere"));
}

#define IMPORT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IMPORT_TEST(rootfs_becomes_an_image_with_a_known_digest),
		IMPORT_TEST(compressions_give_one_diff_id),
		IMPORT_TEST(rootfs_with_names_like_an_archive_is_a_rootfs),
		IMPORT_TEST(rootfs_whose_hard_link_leads_outside_is_refused),
		IMPORT_TEST(docker_archive_gets_a_manifest),
		IMPORT_TEST(bad_name_is_refused_before_the_source_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
