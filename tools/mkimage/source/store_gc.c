/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs that no name leads to any more. */
#include "tools/mkimage/source/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "tools/mkimage/source/store_internal.h"

struct marks {
	struct digest *items;
	size_t count;
};

static int mark(struct store *store, const struct oci_descriptor *descriptor, unsigned int depth,
		struct arena *arena, struct marks *marks, struct error *err);

static void mark_blob(const struct digest *digest, struct arena *arena, struct marks *marks)
{
	*(struct digest *)arena_push(arena, &marks->items, &marks->count, sizeof(*marks->items)) = *digest;
}

static int mark_index(struct store *store, const char *json, size_t length, unsigned int depth,
		      struct arena *arena, struct marks *marks, struct error *err)
{
	struct oci_index index;

	if (depth == STORE_INDEX_DEPTH_MAX)
		return error_set(err, "indexes are nested more than %d deep", STORE_INDEX_DEPTH_MAX);
	if (oci_index_parse(json, length, arena, &index, err) < 0)
		return -1;
	/* The other platforms of an index need not be here. */
	for (size_t i = 0; i < index.count; i++)
		if (store_has(store, &index.manifests[i].digest) &&
		    mark(store, &index.manifests[i], depth + 1, arena, marks, err) < 0)
			return -1;
	return 0;
}

static int mark_manifest(const char *json, size_t length, struct arena *arena, struct marks *marks,
			 struct error *err)
{
	struct oci_manifest manifest;

	if (oci_manifest_parse(json, length, arena, &manifest, err) < 0)
		return -1;
	mark_blob(&manifest.config.digest, arena, marks);
	for (size_t i = 0; i < manifest.layers_count; i++)
		mark_blob(&manifest.layers[i].digest, arena, marks);
	return 0;
}

static int mark(struct store *store, const struct oci_descriptor *descriptor, unsigned int depth,
		struct arena *arena, struct marks *marks, struct error *err)
{
	bool is_index = store_is_index(descriptor->media_type);
	autobuffer struct buffer text = { 0 };
	int r;

	mark_blob(&descriptor->digest, arena, marks);
	if (!is_index && !store_is_manifest(descriptor->media_type))
		return 0; /* something another tool keeps here; its insides are not known */
	if (store_get(store, descriptor, OCI_DOCUMENT_BYTES_MAX, &text, err) < 0)
		return -1;
	r = is_index ? mark_index(store, buffer_string(&text), text.length, depth, arena, marks, err)
		     : mark_manifest(buffer_string(&text), text.length, arena, marks, err);
	return r < 0 ? error_context(err, "'%s'", descriptor->digest.text) : 0;
}

static int compare_digests(const void *a, const void *b)
{
	return strcmp(((const struct digest *)a)->text, ((const struct digest *)b)->text);
}

static void sort(struct marks *marks)
{
	if (marks->count > 1)
		qsort(marks->items, marks->count, sizeof(*marks->items), compare_digests);
}

static bool is_marked(const struct marks *marks, const struct digest *digest)
{
	return marks->count && bsearch(digest, marks->items, marks->count, sizeof(*digest), compare_digests);
}

static int mark_entry(struct store *store, const struct oci_descriptor *entry, struct arena *arena, struct marks *marks,
		      struct error *err)
{
	const char *name = store_annotation(entry, ANNOTATION_REF_NAME);

	if (mark(store, entry, 0, arena, marks, err) < 0)
		return error_context(err, "image '%s'", name ? name : entry->digest.text);
	return 0;
}

/* A signature stays as long as what it is about. */
static int mark_signature(struct store *store, const struct oci_descriptor *entry, const struct marks *images,
			  struct arena *arena, struct marks *marks, struct error *err)
{
	const char *name = store_annotation(entry, ANNOTATION_REF_NAME);
	struct digest digest;

	if (digest_parse(store_annotation(entry, ANNOTATION_SIGNS), &digest, NULL) == 0 && is_marked(images, &digest))
		return mark_entry(store, entry, arena, marks, err);
	return name ? store_untag(store, name, err) : 0;
}

static int mark_all(struct store *store, struct arena *arena, struct marks *marks, struct error *err)
{
	struct marks images = { 0 };
	struct oci_index index;

	if (store_list(store, arena, &index, err) < 0)
		return -1;
	for (size_t i = 0; i < index.count; i++)
		if (!store_annotation(&index.manifests[i], ANNOTATION_SIGNS) &&
		    mark_entry(store, &index.manifests[i], arena, &images, err) < 0)
			return -1;
	sort(&images);
	for (size_t i = 0; i < images.count; i++)
		mark_blob(&images.items[i], arena, marks);
	for (size_t i = 0; i < index.count; i++)
		if (store_annotation(&index.manifests[i], ANNOTATION_SIGNS) &&
		    mark_signature(store, &index.manifests[i], &images, arena, marks, err) < 0)
			return -1;
	sort(marks);
	return 0;
}

static int sweep_blob(int dir, const char *algorithm, const char *hex, const struct marks *marks,
		      struct store_garbage *garbage, struct error *err)
{
	struct digest digest;
	struct stat st;
	char text[DIGEST_TEXT_MAX + 1];

	if (strlen(algorithm) + 1 + strlen(hex) >= sizeof(text))
		return 0;
	strcpy(stpcpy(stpcpy(text, algorithm), ":"), hex);
	/* A file that is not named like a blob is not ours to remove. */
	if (digest_parse(text, &digest, NULL) < 0 || is_marked(marks, &digest))
		return 0;
	if (fstatat(dir, hex, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (unlinkat(dir, hex, 0) < 0)
		return error_errno(err, "cannot remove blob '%s'", digest.text);
	garbage->blobs++;
	garbage->bytes += (uint64_t)st.st_size;
	return 0;
}

static int sweep(struct store *store, const char *algorithm, const struct marks *marks,
		 struct store_garbage *garbage, struct error *err)
{
	struct arena arena = { 0 };
	int fd = openat(store->root, arena_printf(&arena, "blobs/%s", algorithm),
			O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int number = errno, r = 0;
	autoclosedir DIR *dir = NULL;
	struct dirent *entry;

	arena_release(&arena);
	if (fd < 0 && number == ENOENT)
		return 0;
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		cleanup_close(&fd);
		return error_number(err, number, "cannot open '%s/blobs/%s'", store->path, algorithm);
	}
	while (r == 0 && (entry = readdir(dir)))
		r = sweep_blob(fd, algorithm, entry->d_name, marks, garbage, err);
	return r;
}

/*
 * An import puts blobs in place before a name leads to them, so nobody else
 * may have the store open. flock(2) turns the shared lock into the exclusive one
 * by letting go of it first: two at once cannot wait for each other.
 */
static int lock_alone(struct store *store, struct error *err)
{
	if (store->temporaries < 0)
		return error_number(err, EACCES, "cannot write to the store '%s'", store->path);
	if (flock(store->use_lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		log_info("waiting until nobody else uses the store '%s'", store->path);
	while (flock(store->use_lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot lock the store '%s'", store->path);
	return 0;
}

int store_gc(struct store *store, struct store_garbage *garbage, struct error *err)
{
	static const char *const algorithms[] = { "sha256", "sha512" };
	struct marks marks = { 0 };
	struct arena arena = { 0 };
	int r;

	*garbage = (struct store_garbage){ 0 };
	if (lock_alone(store, err) < 0)
		return -1;
	r = mark_all(store, &arena, &marks, err);
	if (r < 0)
		(void)error_context(err, "nothing was removed");
	for (size_t i = 0; i < ARRAY_SIZE(algorithms) && r == 0; i++)
		r = sweep(store, algorithms[i], &marks, garbage, err);
	if (r == 0)
		r = file_remove_tree(store->root, STORE_CACHE, err);
	arena_release(&arena);
	(void)flock(store->use_lock, LOCK_SH);
	return r;
}
