/* SPDX-License-Identifier: Apache-2.0 */
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
#include "base/path.h"
#include "oci/layout.h"
#include "tools/mkimage/source/store_internal.h"

#define PRIVATE     ".slipway"
#define TEMPORARIES PRIVATE "/tmp"
#define USE_LOCK    PRIVATE "/use.lock"
#define INDEX_LOCK  PRIVATE "/index.lock"

static int default_path(struct arena *arena, const char **path, struct error *err)
{
	*path = path_of_user(arena, "XDG_DATA_HOME", ".local/share", "slipway/store");
	if (!*path)
		return error_set(err, "no place for the image store: neither XDG_DATA_HOME nor HOME is set");
	return 0;
}

static int lock_file(struct store *store, const char *name, int flags, int operation, struct error *err)
{
	autoclose int fd = openat(store->root, name, flags | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return error_errno(err, "cannot open '%s/%s'", store->path, name);
	while (flock(fd, operation) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot lock '%s/%s'", store->path, name);
	return fd_take(&fd);
}

int store_lock_index(struct store *store, struct error *err)
{
	return lock_file(store, INDEX_LOCK, O_RDWR | O_CREAT, LOCK_EX, err);
}

/* Removes what processes that died have left. A locked file has an owner at work. */
static void remove_stale(struct store *store)
{
	autoclosedir DIR *dir = NULL;
	int fd = openat(store->temporaries, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;

	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		cleanup_close(&fd);
		return;
	}
	while ((entry = readdir(dir))) {
		autoclose int file = -1;

		if (entry->d_name[0] == '.')
			continue;
		file = openat(fd, entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0)
			(void)unlinkat(fd, entry->d_name, 0);
	}
}

/* Says whether the directory holds anything that a store does not start with. */
static int check_unused(struct store *store, struct error *err)
{
	/* The last is there where another process has just made a store of it. */
	static const char *const ours[] = { ".", "..", PRIVATE, "blobs", "index.json", "oci-layout" };
	autoclosedir DIR *dir = NULL;
	int fd = openat(store->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;

	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		cleanup_close(&fd);
		return error_errno(err, "cannot read the directory '%s'", store->path);
	}
	while ((entry = readdir(dir))) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
			known |= strcmp(entry->d_name, ours[i]) == 0;
		if (!known)
			return error_set(err,
					 "'%s' is not an image store: it holds '%.200s' but no 'oci-layout'; "
					 "name an empty or a new directory",
					 store->path, entry->d_name);
	}
	return 0;
}

/* `oci-layout` comes last: while it is missing, the next one to open the store starts over. */
static int make_layout(struct store *store, struct error *err)
{
	static const char layout[] = OCI_LAYOUT_TEXT;
	struct oci_index empty = { .media_type = MEDIA_TYPE_INDEX };
	autobuffer struct buffer index = { 0 };
	autoclose int lock = store_lock_index(store, err);

	if (lock < 0)
		return -1;
	if (faccessat(store->root, "oci-layout", F_OK, 0) == 0)
		return 0; /* another was faster */
	if (file_mkdirs(store->root, "blobs/sha256", 0755, err) < 0)
		return error_context(err, "store '%s'", store->path);
	if (store_sync_directory(store, "blobs", err) < 0)
		return -1;
	(void)store_sync_directory(store, "..", NULL); /* may be one that we cannot open */
	if (faccessat(store->root, "index.json", F_OK, 0) < 0 &&
	    (oci_index_write(&empty, &index, err) < 0 ||
	     store_replace(store, "index.json", index.data, index.length, err) < 0))
		return -1;
	return store_replace(store, "oci-layout", layout, sizeof(layout) - 1, err);
}

static int check_layout(struct store *store, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (file_read(store->root, "oci-layout", OCI_LAYOUT_BYTES_MAX, &text, err) < 0 ||
	    oci_layout_check(buffer_string(&text), text.length, err) < 0)
		return error_context(err, "store '%s'", store->path);
	if (faccessat(store->root, "index.json", F_OK, 0) < 0)
		return error_errno(err, "store '%s': cannot find 'index.json'", store->path);
	return 0;
}

/* What is needed to write. A store on a read-only file system, or of somebody else, is one to read. */
static int open_private(struct store *store, struct error *err)
{
	if (file_mkdirs(store->root, TEMPORARIES, 0755, err) < 0)
		return error_context(err, "store '%s'", store->path);
	store->temporaries =
		openat(store->root, TEMPORARIES, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (store->temporaries < 0)
		return error_errno(err, "cannot open '%s/" TEMPORARIES "'", store->path);
	store->use_lock = lock_file(store, USE_LOCK, O_RDWR | O_CREAT, LOCK_SH, err);
	return store->use_lock < 0 ? -1 : 0;
}

static int open_store(struct store *store, struct error *err)
{
	bool there;

	if (mkdir(store->path, 0755) < 0 && errno != EEXIST &&
	    file_mkdirs(AT_FDCWD, store->path, 0755, err) < 0)
		return error_context(err, "cannot create the image store '%s'", store->path);
	store->root = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->root < 0)
		return error_errno(err, "cannot open the image store '%s'", store->path);
	there = faccessat(store->root, "oci-layout", F_OK, 0) == 0;
	if (!there && check_unused(store, err) < 0)
		return -1;
	if (faccessat(store->root, ".", W_OK, AT_EACCESS) == 0) {
		if (open_private(store, err) < 0)
			return -1;
		remove_stale(store);
		if (!there && make_layout(store, err) < 0)
			return -1;
	} else if (there) {
		/* Where there is a lock, a gc of the owner waits for us. */
		store->use_lock = lock_file(store, USE_LOCK, O_RDONLY, LOCK_SH, NULL);
	} else {
		return error_errno(err, "cannot create the image store '%s'", store->path);
	}
	return check_layout(store, err);
}

int store_open(const char *path, struct store **out, struct error *err)
{
	struct arena arena = { 0 };
	struct store *store;

	if (!path && default_path(&arena, &path, err) < 0)
		return -1;
	store = calloc(1, sizeof(*store));
	if (!store)
		arena_out_of_memory();
	*store = (struct store){ .path = strdup(path), .root = -1, .temporaries = -1, .use_lock = -1 };
	arena_release(&arena);
	if (!store->path)
		arena_out_of_memory();
	if (open_store(store, err) < 0) {
		store_close(store);
		return -1;
	}
	if (store->temporaries >= 0 && asprintf(&store->cache, "%s/" STORE_CACHE, store->path) < 0)
		arena_out_of_memory();
	*out = store;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	cleanup_close(&store->use_lock);
	cleanup_close(&store->temporaries);
	cleanup_close(&store->root);
	free(store->cache);
	free(store->path);
	free(store);
}

const char *store_path(const struct store *store)
{
	return store->path;
}

const char *store_cache(const struct store *store)
{
	return store->cache;
}
