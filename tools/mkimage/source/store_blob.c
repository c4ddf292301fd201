/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs: hashed on the way in and on the way out. */
#include "tools/mkimage/source/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/source/hash.h"
#include "tools/mkimage/source/store_internal.h"

#define CHUNK 65536

struct store_writer {
	struct store *store;
	struct temporary temporary;
	struct hash *hash; /* sha256 of what was written; NULL once `digest` is known */
	struct digest digest;
	uint64_t size;
};

const char *store_blob_path(const struct digest *digest, struct arena *arena)
{
	return arena_printf(arena, "blobs/%s/%s", digest_algorithm(digest), digest_hex(digest));
}

int store_writer_open(struct store *store, struct store_writer **out, struct error *err)
{
	struct temporary temporary;
	struct store_writer *writer;

	if (store_temporary_open(store, &temporary, err) < 0)
		return -1;
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		arena_out_of_memory();
	*writer = (struct store_writer){ .store = store, .temporary = temporary, .hash = hash_new("sha256") };
	*out = writer;
	return 0;
}

int store_writer_add(struct store_writer *writer, const void *data, size_t length, struct error *err)
{
	hash_add(writer->hash, data, length);
	writer->size += length;
	if (file_write_all(writer->temporary.fd, data, length, "blob", err) < 0)
		return error_number(err, err ? err->number : 0, "cannot write to the store '%s'",
				    writer->store->path);
	return 0;
}

/* The rare digest that is not sha256: known only at the end, so the bytes are read again. */
static int hash_again(struct store_writer *writer, const char *algorithm, struct digest *digest,
		      struct error *err)
{
	struct hash *hash = hash_new(algorithm);

	if (hash_add_file(hash, writer->temporary.fd) < 0) {
		hash_free(hash);
		return error_errno(err, "cannot read from the store '%s'", writer->store->path);
	}
	hash_finish(hash, digest);
	return 0;
}

static int place_blob(struct store_writer *writer, const struct digest *digest, struct error *err)
{
	struct store *store = writer->store;
	struct arena arena = { 0 };
	const char *directory = arena_printf(&arena, "blobs/%s", digest_algorithm(digest));
	int r;

	/* A blob that is there already is replaced: these bytes are known to be right. */
	if (mkdirat(store->root, directory, 0755) == 0)
		r = store_sync_directory(store, "blobs", err);
	else
		r = errno == EEXIST ? 0 : error_errno(err, "cannot create '%s/%s'", store->path, directory);
	if (r == 0)
		r = store_temporary_place(store, &writer->temporary, directory, digest_hex(digest), err);
	arena_release(&arena);
	return r;
}

int store_writer_restart(struct store_writer *writer, struct error *err)
{
	hash_free(writer->hash);
	writer->hash = hash_new("sha256");
	writer->size = 0;
	if (ftruncate(writer->temporary.fd, 0) < 0 || lseek(writer->temporary.fd, 0, SEEK_SET) < 0)
		return error_errno(err, "cannot write to the store '%s'", writer->store->path);
	return 0;
}

int store_writer_descriptor(const struct store_writer *writer)
{
	return writer->temporary.fd;
}

int store_writer_verify(struct store_writer *writer, const struct digest *expected, struct error *err)
{
	if (writer->hash)
		hash_finish(writer->hash, &writer->digest);
	writer->hash = NULL;
	if (expected && strcmp(digest_algorithm(expected), digest_algorithm(&writer->digest)) != 0 &&
	    hash_again(writer, digest_algorithm(expected), &writer->digest, err) < 0)
		return -1;
	if (expected && !digest_equal(expected, &writer->digest))
		return error_set(err, "the bytes have digest '%s', expected '%s'", writer->digest.text,
				 expected->text);
	return 0;
}

int store_writer_commit(struct store_writer *writer, const struct digest *expected, struct digest *digest,
			uint64_t *size, struct error *err)
{
	if (store_writer_verify(writer, expected, err) < 0 || place_blob(writer, &writer->digest, err) < 0)
		return -1;
	if (digest)
		*digest = writer->digest;
	if (size)
		*size = writer->size;
	store_temporary_discard(writer->store, &writer->temporary);
	return 0;
}

void store_writer_discard(struct store_writer *writer)
{
	if (!writer)
		return;
	store_temporary_discard(writer->store, &writer->temporary);
	hash_free(writer->hash);
	free(writer);
}

int store_put(struct store *store, const void *data, size_t length, struct digest *digest, struct error *err)
{
	struct store_writer *writer;
	int r = -1;

	if (store_writer_open(store, &writer, err) < 0)
		return -1;
	if (store_writer_add(writer, data, length, err) == 0)
		r = store_writer_commit(writer, NULL, digest, NULL, err);
	store_writer_discard(writer);
	return r;
}

static int stat_blob(struct store *store, const struct digest *digest, struct stat *st)
{
	struct arena arena = { 0 };
	int r = fstatat(store->root, store_blob_path(digest, &arena), st, 0);
	int number = errno;

	arena_release(&arena);
	errno = number;
	return r;
}

bool store_has(struct store *store, const struct digest *digest)
{
	struct stat st;

	return stat_blob(store, digest, &st) == 0 && S_ISREG(st.st_mode);
}

void store_stamp(struct store *store, const struct digest *digest, struct buffer *out)
{
	struct stat st;

	if (stat_blob(store, digest, &st) < 0)
		buffer_printf(out, "%s missing\n", digest->text);
	else
		buffer_printf(out, "%s %ju %jd %jd.%09ld %jd.%09ld\n", digest->text, (uintmax_t)st.st_ino, (intmax_t)st.st_size,
			      (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

int store_describe(struct store *store, const struct digest *digest, struct oci_descriptor *descriptor,
		   struct error *err)
{
	struct stat st;

	if (stat_blob(store, digest, &st) < 0)
		return error_errno(err, "cannot stat blob '%s' of the store '%s'", digest->text, store->path);
	*descriptor = (struct oci_descriptor){ .digest = *digest, .size = (uint64_t)st.st_size };
	return 0;
}

struct store_reader {
	struct store *store;
	int fd;
	struct digest digest;
	uint64_t left; /* bytes of the descriptor's size that were not read yet */
	struct hash *hash; /* NULL once the end was verified */
};

static int open_blob(struct store *store, const struct oci_descriptor *descriptor, int *out,
		     struct error *err)
{
	struct arena arena = { 0 };
	autoclose int fd = openat(store->root, store_blob_path(&descriptor->digest, &arena),
				  O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int number = errno;
	struct stat st;

	arena_release(&arena);
	if (fd < 0 && number == ENOENT)
		return error_number(err, 0,
				    "blob '%s' is missing from the store '%s'; import the image again",
				    descriptor->digest.text, store->path);
	if (fd < 0)
		return error_number(err, number, "cannot open blob '%s' of the store '%s'",
				    descriptor->digest.text, store->path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, "blob '%s' of the store '%s' is not a regular file",
				 descriptor->digest.text, store->path);
	if ((uint64_t)st.st_size != descriptor->size)
		return error_set(err,
				 "blob '%s' of the store '%s' has %lld bytes, expected %" PRIu64
				 "; import the image again",
				 descriptor->digest.text, store->path, (long long)st.st_size,
				 descriptor->size);
	*out = fd_take(&fd);
	return 0;
}

int store_reader_open(struct store *store, const struct oci_descriptor *descriptor, struct store_reader **out,
		      struct error *err)
{
	struct store_reader *reader;
	int fd = -1;

	if (open_blob(store, descriptor, &fd, err) < 0)
		return -1;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		arena_out_of_memory();
	*reader = (struct store_reader){ .store = store,
					 .fd = fd,
					 .digest = descriptor->digest,
					 .left = descriptor->size,
					 .hash = hash_new(digest_algorithm(&descriptor->digest)) };
	*out = reader;
	return 0;
}

/* The file must end where the descriptor says, and the bytes must be those of the digest. */
static long verify_end(struct store_reader *reader, size_t got, struct error *err)
{
	struct digest actual;

	if (got > reader->left || reader->left > 0)
		return error_set(err, "blob '%s' of the store '%s' changed while it was read",
				 reader->digest.text, reader->store->path);
	hash_finish(reader->hash, &actual);
	reader->hash = NULL;
	if (!digest_equal(&actual, &reader->digest))
		return error_set(err,
				 "blob '%s' of the store '%s' is damaged: its bytes have digest '%s'; "
				 "import the image again",
				 reader->digest.text, reader->store->path, actual.text);
	return 0;
}

long store_reader_read(struct store_reader *reader, void *data, size_t length, struct error *err)
{
	ssize_t n;

	if (!reader->hash || length == 0)
		return 0;
	do
		n = read(reader->fd, data, length);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, "cannot read blob '%s' of the store '%s'", reader->digest.text,
				   reader->store->path);
	if (n == 0 || (uint64_t)n > reader->left)
		return verify_end(reader, (size_t)n, err);
	reader->left -= (uint64_t)n;
	hash_add(reader->hash, data, (size_t)n);
	return (long)n;
}

void store_reader_close(struct store_reader *reader)
{
	if (!reader)
		return;
	hash_free(reader->hash);
	cleanup_close(&reader->fd);
	free(reader);
}

int store_get(struct store *store, const struct oci_descriptor *descriptor, size_t max, struct buffer *out,
	      struct error *err)
{
	struct store_reader *reader;
	long n;

	if (descriptor->size > max)
		return error_set(err,
				 "blob '%s' has %" PRIu64 " bytes; at most %zu are allowed for a document",
				 descriptor->digest.text, descriptor->size, max);
	if (store_reader_open(store, descriptor, &reader, err) < 0)
		return -1;
	while ((n = store_reader_read(reader, buffer_reserve(out, CHUNK), CHUNK, err)) > 0) {
		out->length += (size_t)n;
		out->data[out->length] = '\0';
	}
	store_reader_close(reader);
	return n < 0 ? -1 : 0;
}
