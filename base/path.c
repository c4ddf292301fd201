/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* The next part of a path: sets its start and length, returns what follows; NULL at the end. */
static const char *next_part(const char *path, const char **part, size_t *length)
{
	while (*path == '/')
		path++;
	if (*path == '\0')
		return NULL;
	*part = path;
	*length = strcspn(path, "/");
	return path + *length;
}

static bool is_dot(const char *part, size_t length)
{
	return length == 1 && part[0] == '.';
}

static bool is_dot_dot(const char *part, size_t length)
{
	return length == 2 && part[0] == '.' && part[1] == '.';
}

char *path_clean(struct arena *arena, const char *path)
{
	char *clean = arena_alloc(arena, strlen(path) + 1);
	size_t used = 0, length;
	const char *part;

	while ((path = next_part(path, &part, &length))) {
		if (is_dot(part, length))
			continue;
		if (is_dot_dot(part, length)) {
			while (used > 0 && clean[--used] != '/')
				;
			continue;
		}
		if (used > 0)
			clean[used++] = '/';
		memcpy(clean + used, part, length);
		used += length;
	}
	clean[used] = '\0';
	return clean;
}

bool path_escapes(const char *path)
{
	size_t depth = 0, length;
	const char *part;

	while ((path = next_part(path, &part, &length))) {
		if (is_dot(part, length))
			continue;
		if (!is_dot_dot(part, length))
			depth++;
		else if (depth-- == 0)
			return true;
	}
	return false;
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *path_directory(struct arena *arena, const char *path)
{
	const char *base = path_base(path);

	return base == path ? "." : arena_strndup(arena, path, (size_t)(base - path));
}

char *path_join(struct arena *arena, const char *directory, const char *name)
{
	size_t length = strlen(directory);

	while (length > 0 && directory[length - 1] == '/')
		length--;
	while (*name == '/')
		name++;
	return arena_printf(arena, "%.*s/%s", (int)length, directory, name);
}

const char *path_of_user(struct arena *arena, const char *variable, const char *below, const char *name)
{
	const char *directory = getenv(variable), *home = getenv("HOME");

	if (directory && *directory == '/')
		return path_join(arena, directory, name);
	return home && *home ? path_join(arena, path_join(arena, home, below), name) : NULL;
}

int path_open_in_root(int rootfd, const char *path, int flags, mode_t mode, struct error *err)
{
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	/* EAGAIN: a rename went on beside us; the kernel asks to try again. */
	do
		fd = syscall(SYS_openat2, rootfd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	if (fd < 0)
		return error_errno(err, "cannot open '%s' inside its root", path);
	return (int)fd;
}

/* Makes the last part of `path`, whose parents are there, and opens it O_PATH. */
static int make_one(int rootfd, const char *path, bool directory, mode_t mode, struct error *err)
{
	struct arena arena = { 0 };
	const char *base = path_base(path);
	const char *parent = arena_strndup(&arena, path, (size_t)(base - path));
	autoclose int parentfd = path_open_in_root(rootfd, *parent ? parent : ".", O_PATH | O_DIRECTORY, 0, err);
	int r = -1;

	if (parentfd >= 0) {
		if (directory)
			r = mkdirat(parentfd, base, mode);
		else
			r = mknodat(parentfd, base, S_IFREG | mode, 0);
		if (r < 0 && errno == EEXIST)
			r = 0;
		if (r < 0)
			error_errno(err, "cannot create '%s' inside its root", path);
	}
	arena_release(&arena);
	return r < 0 ? -1 : path_open_in_root(rootfd, path, O_PATH, 0, err);
}

int path_make_in_root(int rootfd, const char *path, bool directory, mode_t mode, struct error *err)
{
	struct arena arena = { 0 };
	char *clean = path_clean(&arena, path);
	int fd = path_open_in_root(rootfd, *clean ? clean : ".", O_PATH, 0, err);

	/* From the front, a part at a time; each is resolved inside the root again. */
	if (fd < 0 && err->number == ENOENT) {
		for (char *slash = strchr(clean, '/'); slash; slash = strchr(slash + 1, '/')) {
			*slash = '\0';
			fd_replace(&fd, path_open_in_root(rootfd, clean, O_PATH, 0, err));
			if (fd < 0 && err->number == ENOENT)
				fd = make_one(rootfd, clean, true, 0755, err);
			*slash = '/';
			if (fd < 0)
				break;
		}
		if (fd >= 0 || !strchr(clean, '/'))
			fd_replace(&fd, make_one(rootfd, clean, directory, mode, err));
	}
	arena_release(&arena);
	return fd;
}
