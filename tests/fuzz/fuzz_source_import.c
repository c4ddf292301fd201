/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a file to import: an archive of any kind, or none. What was filed can be read again. */
#include "tools/mkimage/source/import.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[64];

static void remove_store(void)
{
	(void)file_remove_tree(AT_FDCWD, directory, NULL);
}

/* One store for all inputs, in memory where that is possible: each blob is synced. */
static struct store *the_store(void)
{
	static struct store *store;
	struct error err;

	if (store)
		return store;
	(void)snprintf(directory, sizeof(directory), "%s/slipway-fuzz-XXXXXX",
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(directory) || store_open(directory, &store, &err) < 0)
		abort();
	(void)atexit(remove_store);
	return store;
}

static void read_layers(struct store *store, const struct oci_image *image)
{
	struct store_reader *reader;
	struct error err;
	char chunk[4096];
	long n;

	for (size_t i = 0; i < image->manifest.layers_count; i++) {
		if (store_reader_open(store, &image->manifest.layers[i], &reader, &err) < 0)
			abort();
		while ((n = store_reader_read(reader, chunk, sizeof(chunk), &err)) > 0)
			;
		store_reader_close(reader);
		if (n < 0)
			abort();
	}
}

static void import_bytes(struct store *store, const char *path, const char *name)
{
	const struct import_options options = { .path = path, .name = name };
	struct store_garbage garbage;
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct oci_image image;
	struct digest digest;
	const char *filed;

	if (import_image(store, &options, &arena, &filed, &digest, &err) == 0) {
		if (store_image(store, filed, NULL, &arena, &image, &err) == 0)
			read_layers(store, &image);
		else if (!strstr(err.message, "the image is for")) /* another platform */
			abort();
		if (store_untag(store, filed, &err) < 0)
			abort();
	} else if (!err.message[0] || strchr(err.message, '\n')) {
		abort();
	}
	if (store_gc(store, &garbage, &err) < 0)
		abort();
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoclose int fd = memfd_create("input", MFD_CLOEXEC);
	struct store *store = the_store();
	char path[32];

	if (fd < 0 || file_write_all(fd, data, size, "input", NULL) < 0)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	import_bytes(store, path, "fuzz:1");
	import_bytes(store, path, NULL);
	return 0;
}
