/* SPDX-License-Identifier: Apache-2.0 */
/* Files on their way into the store: locked while their owner lives, in place only when whole. */
#include "tools/mkimage/source/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

#define TRIES_MAX 100

/*
 * Between the open and the lock, another process that looks for stale files may
 * have taken this for one and removed it: a file without a name is made again.
 * Returns 1 for that, 0, or -1 with errno.
 */
static int create_locked(struct store *store, struct temporary *temporary)
{
	autoclose int fd = -1;
	struct stat st;
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -1;
	(void)snprintf(temporary->name, sizeof(temporary->name), "%016" PRIx64, random);
	fd = openat(store->temporaries, temporary->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (fd < 0)
		return errno == EEXIST ? 1 : -1;
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -1;
	if (fstat(fd, &st) < 0)
		return -1;
	if (st.st_nlink == 0)
		return 1;
	temporary->fd = fd_take(&fd);
	return 0;
}

int store_temporary_open(struct store *store, struct temporary *temporary, struct error *err)
{
	int r = 1;

	*temporary = (struct temporary){ .fd = -1 };
	if (store->temporaries < 0)
		return error_number(err, EACCES, "cannot write to the store '%s'", store->path);
	for (unsigned int tries = 0; tries < TRIES_MAX && r > 0; tries++)
		r = create_locked(store, temporary);
	if (r == 0)
		return 0;
	temporary->name[0] = '\0';
	return error_errno(err, "cannot create a file in the store '%s'", store->path);
}

int store_sync_directory(struct store *store, const char *name, struct error *err)
{
	autoclose int dir = openat(store->root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* Some file systems cannot fsync a directory; a rename is still atomic there. */
	if (dir < 0 || (fsync(dir) < 0 && errno != EINVAL))
		return error_errno(err, "cannot sync '%s/%s'", store->path, name);
	return 0;
}

int store_temporary_place(struct store *store, struct temporary *temporary, const char *directory,
			  const char *name, struct error *err)
{
	autoclose int dir = openat(store->root, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return error_errno(err, "cannot open '%s/%s'", store->path, directory);
	if (fchmod(temporary->fd, 0644) < 0 || fsync(temporary->fd) < 0)
		return error_errno(err, "cannot write to the store '%s'", store->path);
	if (renameat(store->temporaries, temporary->name, dir, name) < 0)
		return error_errno(err, "cannot put '%s' in place in the store '%s'", name, store->path);
	temporary->name[0] = '\0';
	return store_sync_directory(store, directory, err);
}

void store_temporary_discard(struct store *store, struct temporary *temporary)
{
	if (temporary->name[0])
		(void)unlinkat(store->temporaries, temporary->name, 0);
	temporary->name[0] = '\0';
	fd_replace(&temporary->fd, -1);
}

int store_replace(struct store *store, const char *name, const void *data, size_t length, struct error *err)
{
	struct temporary temporary;
	int r = -1;

	if (store_temporary_open(store, &temporary, err) < 0)
		return -1;
	if (file_write_all(temporary.fd, data, length, name, err) < 0)
		(void)error_context(err, "store '%s'", store->path);
	else
		r = store_temporary_place(store, &temporary, ".", name, err);
	store_temporary_discard(store, &temporary);
	return r;
}
