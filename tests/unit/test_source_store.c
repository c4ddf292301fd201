/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/source/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/source/hash.h"

struct fixture {
	char directory[64];
	char path[128]; /* of the store */
	struct store *store;
	struct arena arena;
	struct error err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->directory, "/tmp/slipway-store-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	(void)snprintf(f->path, sizeof(f->path), "%s/a/store", f->directory);
	assert_int_equal(store_open(f->path, &f->store, &f->err), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	arena_release(&f->arena);
	assert_int_equal(file_remove_tree(AT_FDCWD, f->directory, &f->err), 0);
	free(f);
	return 0;
}

static const char *at(struct fixture *f, const char *path)
{
	return arena_printf(&f->arena, "%s/%s", f->path, path);
}

static const char *blob_path(struct fixture *f, const struct digest *digest)
{
	return at(f, arena_printf(&f->arena, "blobs/%s/%s", digest_algorithm(digest), digest_hex(digest)));
}

static void overwrite(const char *path, const char *text)
{
	autoclose int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static struct oci_descriptor put(struct fixture *f, const char *media_type, const char *text)
{
	struct oci_descriptor d = { .media_type = media_type, .size = strlen(text) };

	assert_int_equal(store_put(f->store, text, strlen(text), &d.digest, &f->err), 0);
	return d;
}

static int get(struct fixture *f, const struct oci_descriptor *d, struct buffer *out)
{
	return store_get(f->store, d, OCI_DOCUMENT_BYTES_MAX, out, &f->err);
}

/* An image without layers; `architecture` tells one from another. */
static struct oci_descriptor put_image(struct fixture *f, const char *architecture)
{
	struct oci_descriptor config = put(f, MEDIA_TYPE_CONFIG,
					   arena_printf(&f->arena,
							"{\"architecture\":\"%s\",\"os\":\"linux\","
							"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}",
							architecture));

	return put(f, MEDIA_TYPE_MANIFEST,
		   arena_printf(&f->arena,
				"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\","
				"\"size\":%d},\"layers\":[]}",
				MEDIA_TYPE_CONFIG, config.digest.text, (int)config.size));
}

static void new_store_is_an_empty_layout(void **state)
{
	struct fixture *f = *state;
	struct oci_index index;

	assert_int_equal(store_list(f->store, &f->arena, &index, &f->err), 0);
	assert_int_equal(index.count, 0);
	assert_int_equal(access(at(f, "oci-layout"), F_OK), 0);
	assert_string_equal(store_path(f->store), f->path);
}

static void blob_comes_back_as_it_went_in(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor d = put(f, "text/plain", "hello");
	autobuffer struct buffer out = { 0 };

	assert_true(store_has(f->store, &d.digest));
	assert_int_equal(get(f, &d, &out), 0);
	assert_string_equal(buffer_string(&out), "hello");
}

static void empty_blob_is_a_blob(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor d = put(f, "text/plain", "");
	autobuffer struct buffer out = { 0 };

	assert_int_equal(get(f, &d, &out), 0);
	assert_int_equal(out.length, 0);
}

static void wrong_digest_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct store_writer *writer;
	struct digest expected, actual;

	hash_bytes("good", 4, &expected);
	hash_bytes("evil", 4, &actual);
	assert_int_equal(store_writer_open(f->store, &writer, &f->err), 0);
	assert_int_equal(store_writer_add(writer, "evil", 4, &f->err), 0);
	assert_int_equal(store_writer_commit(writer, &expected, NULL, NULL, &f->err), -1);
	store_writer_discard(writer);
	assert_string_equal(f->err.message,
			    arena_printf(&f->arena, "the bytes have digest '%s', expected '%s'", actual.text,
					 expected.text));
	assert_false(store_has(f->store, &expected));
	assert_false(store_has(f->store, &actual));
	assert_int_equal(rmdir(at(f, ".slipway/tmp")), 0);
}

static void sha512_is_a_digest_like_another(void **state)
{
	struct fixture *f = *state;
	struct hash *hash = hash_new("sha512");
	struct store_writer *writer;
	struct oci_descriptor d = { .size = 5 };
	struct digest given;
	autobuffer struct buffer out = { 0 };
	uint64_t size;

	hash_add(hash, "hello", 5);
	hash_finish(hash, &d.digest);
	assert_int_equal(store_writer_open(f->store, &writer, &f->err), 0);
	assert_int_equal(store_writer_add(writer, "hello", 5, &f->err), 0);
	assert_int_equal(store_writer_commit(writer, &d.digest, &given, &size, &f->err), 0);
	store_writer_discard(writer);
	assert_string_equal(given.text, d.digest.text);
	assert_int_equal(size, 5);
	assert_int_equal(get(f, &d, &out), 0);
}

static void damaged_blob_is_an_error_at_its_end(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor d = put(f, "text/plain", "hello");
	struct store_reader *reader;
	char data[16];

	overwrite(blob_path(f, &d.digest), "hellO");
	assert_int_equal(store_reader_open(f->store, &d, &reader, &f->err), 0);
	assert_int_equal(store_reader_read(reader, data, sizeof(data), &f->err), 5);
	assert_int_equal(store_reader_read(reader, data, sizeof(data), &f->err), -1);
	assert_non_null(strstr(f->err.message, "is damaged"));
	store_reader_close(reader);
}

static void blob_of_another_size_is_refused_before_it_is_read(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor d = put(f, "text/plain", "hello");
	struct store_reader *reader;

	d.size = 4;
	assert_int_equal(store_reader_open(f->store, &d, &reader, &f->err), -1);
	assert_non_null(strstr(f->err.message, "has 5 bytes, expected 4"));
}

static void blob_that_grows_while_it_is_read_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor d = put(f, "text/plain", "hello");
	struct store_reader *reader;
	char data[4];

	assert_int_equal(store_reader_open(f->store, &d, &reader, &f->err), 0);
	overwrite(blob_path(f, &d.digest), "hello and more");
	while (store_reader_read(reader, data, sizeof(data), &f->err) > 0)
		;
	assert_non_null(strstr(f->err.message, "changed while it was read"));
	store_reader_close(reader);
}

static void document_larger_than_allowed_is_refused(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor d = put(f, "text/plain", "hello");
	autobuffer struct buffer out = { 0 };

	assert_int_equal(store_get(f->store, &d, 4, &out, &f->err), -1);
	assert_non_null(strstr(f->err.message, "at most 4 are allowed"));
	d.size = UINT64_MAX;
	assert_int_equal(get(f, &d, &out), -1);
}

static void missing_blob_is_named(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor d = { .size = 1 };
	struct store_reader *reader;

	hash_bytes("never", 5, &d.digest);
	assert_int_equal(store_reader_open(f->store, &d, &reader, &f->err), -1);
	assert_string_equal(f->err.message,
			    arena_printf(&f->arena,
					 "blob '%s' is missing from the store '%s'; import the image again",
					 d.digest.text, f->path));
}

static void tag_replaces_and_untag_removes(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor first = put_image(f, "amd64"), second = put_image(f, "arm64"), found;
	struct oci_index index;

	assert_int_equal(store_tag(f->store, "example.org/b:1", &first, &f->err), 0);
	assert_int_equal(store_tag(f->store, "example.org/a:1", &first, &f->err), 0);
	assert_int_equal(store_tag(f->store, "example.org/b:1", &second, &f->err), 0);
	assert_int_equal(store_find(f->store, "example.org/b:1", &f->arena, &found, &f->err), 0);
	assert_true(digest_equal(&found.digest, &second.digest));
	assert_int_equal(store_list(f->store, &f->arena, &index, &f->err), 0);
	assert_int_equal(index.count, 2);
	assert_string_equal(index.manifests[0].annotations.items[0].value, "example.org/a:1");
	assert_int_equal(store_untag(f->store, "example.org/b:1", &f->err), 0);
	assert_int_equal(store_untag(f->store, "example.org/b:1", &f->err), -1);
	assert_int_equal(store_find(f->store, "example.org/a:1", &f->arena, &found, &f->err), 0);
}

static void index_json_that_is_damaged_is_not_replaced(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor d = put_image(f, "amd64");
	autobuffer struct buffer text = { 0 };

	overwrite(at(f, "index.json"), "{\"schemaVersion\":2,");
	assert_int_equal(store_tag(f->store, "example.org/a:1", &d, &f->err), -1);
	assert_int_equal(file_read(AT_FDCWD, at(f, "index.json"), 100, &text, &f->err), 0);
	assert_string_equal(buffer_string(&text), "{\"schemaVersion\":2,");
}

static void image_is_found_by_short_name_and_by_digest(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor d = put_image(f, "amd64");
	struct oci_image image;

	assert_int_equal(store_tag(f->store, "docker.io/library/redis:7", &d, &f->err), 0);
	assert_int_equal(store_image(f->store, "redis:7", "linux/amd64", &f->arena, &image, &f->err), 0);
	assert_string_equal(image.name, "docker.io/library/redis:7");
	assert_true(digest_equal(&image.digest, &d.digest));
	assert_string_equal(image.config.architecture, "amd64");
	assert_int_equal(store_image(f->store, arena_printf(&f->arena, "redis@%s", d.digest.text),
				     "linux/amd64", &f->arena, &image, &f->err),
			 0);
}

static void index_is_followed_to_the_platform(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor amd = put_image(f, "amd64"), arm = put_image(f, "arm64"), index;
	const char *entry = "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d,"
			    "\"platform\":{\"architecture\":\"%s\",\"os\":\"linux\"%s}}";
	struct oci_image image;
	char a[512], b[512];

	(void)snprintf(a, sizeof(a), entry, MEDIA_TYPE_MANIFEST, amd.digest.text, (int)amd.size, "amd64", "");
	(void)snprintf(b, sizeof(b), entry, MEDIA_TYPE_MANIFEST, arm.digest.text, (int)arm.size, "arm64",
		       ",\"variant\":\"v8\"");
	index = put(f, MEDIA_TYPE_DOCKER_LIST,
		    arena_printf(&f->arena,
				 "{\"schemaVersion\":2,\"mediaType\":\"%s\","
				 "\"manifests\":[%s,%s]}",
				 MEDIA_TYPE_DOCKER_LIST, a, b));
	assert_int_equal(store_tag(f->store, "example.org/a:1", &index, &f->err), 0);
	assert_int_equal(store_image(f->store, "example.org/a:1", "linux/arm64", &f->arena, &image, &f->err),
			 0);
	assert_true(digest_equal(&image.digest, &arm.digest));
	assert_int_equal(
		store_image(f->store, "example.org/a:1", "linux/arm64/v8", &f->arena, &image, &f->err), 0);
	assert_int_equal(store_image(f->store, "example.org/a:1", "linux/amd64", &f->arena, &image, &f->err),
			 0);
	assert_true(digest_equal(&image.digest, &amd.digest));
	assert_int_equal(store_image(f->store, arena_printf(&f->arena, "x@%s", index.digest.text),
				     "linux/arm64", &f->arena, &image, &f->err),
			 0);
	assert_int_equal(
		store_image(f->store, "example.org/a:1", "linux/arm64/v7", &f->arena, &image, &f->err), -1);
	assert_string_equal(f->err.message,
			    "image 'example.org/a:1': no image for 'linux/arm64/v7'; there are: "
			    "linux/amd64, linux/arm64/v8");
}

/* An image that is made here, as `slipway pkg build` files it. */
static struct oci_descriptor make_image(struct fixture *f, const char *architecture, const char *name)
{
	struct oci_descriptor d = put_image(f, architecture);

	d.platform = (struct oci_platform){ .architecture = architecture, .os = "linux" };
	assert_int_equal(store_tag_platform(f->store, name, &d, &f->err), 0);
	return d;
}

static void image_for_another_platform_is_filed_beside_it(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor amd = make_image(f, "amd64", "example.org/a:1"), arm, there;
	struct oci_image image;
	struct oci_index index;

	/* One alone is no index. */
	assert_int_equal(store_find(f->store, "example.org/a:1", &f->arena, &there, &f->err), 0);
	assert_true(digest_equal(&there.digest, &amd.digest));
	assert_string_equal(there.media_type, MEDIA_TYPE_MANIFEST);
	arm = make_image(f, "arm64", "example.org/a:1");
	assert_int_equal(store_image(f->store, "example.org/a:1", "linux/amd64", &f->arena, &image, &f->err), 0);
	assert_true(digest_equal(&image.digest, &amd.digest));
	assert_int_equal(store_image(f->store, "example.org/a:1", "linux/arm64", &f->arena, &image, &f->err), 0);
	assert_true(digest_equal(&image.digest, &arm.digest));
	/* Whichever came first, the same index; made again it is not listed twice, and one name is one entry. */
	make_image(f, "arm64", "example.org/b:1");
	make_image(f, "amd64", "example.org/b:1");
	make_image(f, "arm64", "example.org/b:1");
	assert_int_equal(store_image(f->store, "example.org/b:1", "linux/arm64", &f->arena, &image, &f->err), 0);
	assert_int_equal(store_find(f->store, "example.org/a:1", &f->arena, &there, &f->err), 0);
	assert_true(digest_equal(&image.top, &there.digest));
	assert_int_equal(store_list(f->store, &f->arena, &index, &f->err), 0);
	assert_int_equal(index.count, 2);
	/* What the store has lost is not listed on. */
	assert_int_equal(unlink(blob_path(f, &amd.digest)), 0);
	make_image(f, "arm64", "example.org/b:1");
	assert_int_equal(store_find(f->store, "example.org/b:1", &f->arena, &there, &f->err), 0);
	assert_true(digest_equal(&there.digest, &arm.digest));
}

static void image_of_another_machine_is_refused(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor d = put_image(f, "s390x");
	struct oci_image image;

	assert_int_equal(store_tag(f->store, "example.org/a:1", &d, &f->err), 0);
	assert_int_equal(store_image(f->store, "example.org/a:1", "linux/amd64", &f->arena, &image, &f->err),
			 -1);
	assert_string_equal(f->err.message,
			    "image 'example.org/a:1': the image is for 'linux/s390x', not for 'linux/amd64'");
}

static void gc_removes_only_what_no_name_leads_to(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor kept = put_image(f, "amd64"), gone = put_image(f, "arm64");
	struct store_garbage garbage;

	overwrite(at(f, "blobs/sha256/not-a-digest"), "another tool's");
	assert_int_equal(store_tag(f->store, "example.org/a:1", &kept, &f->err), 0);
	assert_int_equal(store_gc(f->store, &garbage, &f->err), 0);
	assert_int_equal(garbage.blobs, 2);
	assert_true(store_has(f->store, &kept.digest));
	assert_false(store_has(f->store, &gone.digest));
	assert_int_equal(access(at(f, "blobs/sha256/not-a-digest"), F_OK), 0);
}

static void gc_of_a_store_with_a_damaged_image_removes_nothing(void **state)
{
	struct fixture *f = *state;
	struct oci_descriptor damaged = put_image(f, "amd64"), loose = put_image(f, "arm64");
	struct store_garbage garbage;

	assert_int_equal(store_tag(f->store, "example.org/a:1", &damaged, &f->err), 0);
	overwrite(blob_path(f, &damaged.digest), "{}");
	assert_int_equal(store_gc(f->store, &garbage, &f->err), -1);
	assert_non_null(strstr(f->err.message, "nothing was removed: image 'example.org/a:1': "));
	assert_true(store_has(f->store, &loose.digest));
}

/* A writer in a process that dies leaves its file behind, until the next one opens the store. */
static void file_of_a_dead_writer_is_removed_and_that_of_a_living_one_is_not(void **state)
{
	struct fixture *f = *state;
	struct store_writer *living;
	struct store *again;
	int status;
	pid_t child;

	assert_int_equal(store_writer_open(f->store, &living, &f->err), 0);
	child = fork();
	if (child == 0) {
		struct store_writer *dying;
		struct store *store;

		if (store_open(f->path, &store, NULL) < 0 || store_writer_open(store, &dying, NULL) < 0)
			_exit(1);
		_exit(store_writer_add(dying, "half", 4, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(store_open(f->path, &again, &f->err), 0);
	store_close(again);
	assert_int_equal(store_writer_add(living, "whole", 5, &f->err), 0);
	assert_int_equal(store_writer_commit(living, NULL, NULL, NULL, &f->err), 0);
	store_writer_discard(living);
	assert_int_equal(rmdir(at(f, ".slipway/tmp")), 0);
}

static void directory_of_something_else_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *store;

	overwrite(arena_printf(&f->arena, "%s/a/file", f->directory), "mine");
	assert_int_equal(store_open(arena_printf(&f->arena, "%s/a", f->directory), &store, &f->err), -1);
	assert_non_null(strstr(f->err.message, "is not an image store: it holds"));
}

static void store_of_another_version_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *store;

	overwrite(at(f, "oci-layout"), "{\"imageLayoutVersion\":\"9.0.0\"}");
	assert_int_equal(store_open(f->path, &store, &f->err), -1);
	assert_non_null(strstr(f->err.message, "oci-layout"));
}

/* As when the process that made it was killed before `oci-layout`, which comes last. */
static void store_that_was_half_made_is_finished(void **state)
{
	struct fixture *f = *state;
	struct store *store;

	assert_int_equal(unlink(at(f, "oci-layout")), 0);
	assert_int_equal(unlink(at(f, "index.json")), 0);
	assert_int_equal(store_open(f->path, &store, &f->err), 0);
	store_close(store);
	assert_int_equal(access(at(f, "index.json"), F_OK), 0);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(new_store_is_an_empty_layout),
		STORE_TEST(blob_comes_back_as_it_went_in),
		STORE_TEST(empty_blob_is_a_blob),
		STORE_TEST(wrong_digest_leaves_nothing),
		STORE_TEST(sha512_is_a_digest_like_another),
		STORE_TEST(damaged_blob_is_an_error_at_its_end),
		STORE_TEST(blob_of_another_size_is_refused_before_it_is_read),
		STORE_TEST(blob_that_grows_while_it_is_read_is_an_error),
		STORE_TEST(document_larger_than_allowed_is_refused),
		STORE_TEST(missing_blob_is_named),
		STORE_TEST(tag_replaces_and_untag_removes),
		STORE_TEST(index_json_that_is_damaged_is_not_replaced),
		STORE_TEST(image_is_found_by_short_name_and_by_digest),
		STORE_TEST(index_is_followed_to_the_platform),
		STORE_TEST(image_for_another_platform_is_filed_beside_it),
		STORE_TEST(image_of_another_machine_is_refused),
		STORE_TEST(gc_removes_only_what_no_name_leads_to),
		STORE_TEST(gc_of_a_store_with_a_damaged_image_removes_nothing),
		STORE_TEST(file_of_a_dead_writer_is_removed_and_that_of_a_living_one_is_not),
		STORE_TEST(directory_of_something_else_is_refused),
		STORE_TEST(store_of_another_version_is_refused),
		STORE_TEST(store_that_was_half_made_is_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
