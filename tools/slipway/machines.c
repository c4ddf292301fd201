/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/machines.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "control/client.h"
#include "tools/slipway/prefix.h"

#define NAMES_MAX 100			/* machines of one name */
#define BACKLOG 16

const char *machine_name(const char *path, struct arena *arena)
{
	return prefix_of(path_base(path), arena);
}

/* Ours alone: whoever else could write there could stand in for a machine. */
static const char *open_directory(struct arena *arena, struct error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *path = runtime && *runtime == '/' ? arena_printf(arena, "%s/slipway", runtime) :
							 arena_printf(arena, "/tmp/slipway-%u", getuid());
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		(void)error_errno(err, "cannot make the directory '%s'", path);
		return NULL;
	}
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != getuid() || (st.st_mode & 022)) {
		(void)error_set(err, "'%s' is not a directory of this user alone", path);
		return NULL;
	}
	return path;
}

/* A socket that nobody listens at was left behind. */
static bool is_taken(const char *path)
{
	struct error ignored;
	autoclose int fd = client_connect_unix(path, &ignored);

	return fd >= 0 || (ignored.number != ECONNREFUSED && ignored.number != ENOENT);
}

static int listen_at(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, "'%s': the name of a socket has at most %zu characters", path, sizeof(address.sun_path) - 1);
	(void)strcpy(address.sun_path, path);
	(void)unlink(path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0600) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return error_errno(err, "cannot listen at '%s'", path);
	return fd_take(&fd);
}

int machine_listen(const char *name, const char **path, struct arena *arena, struct error *err)
{
	const char *directory = open_directory(arena, err);

	for (unsigned int i = 1; directory && i <= NAMES_MAX; i++) {
		*path = i == 1 ? path_join(arena, directory, name) : arena_printf(arena, "%s/%s-%u", directory, name, i);
		if (!is_taken(*path))
			return listen_at(*path, err);
	}
	return directory ? error_set(err, "%d machines are named '%s'", NAMES_MAX, name) : -1;
}

/* Those that can be reached. */
static size_t find_all(const char *directory, const char **found, struct buffer *names, struct arena *arena)
{
	autoclosedir DIR *dir = opendir(directory);
	size_t count = 0;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		const char *path = path_join(arena, directory, e->d_name);

		if (*e->d_name == '.' || !is_taken(path))
			continue;
		*found = path;
		buffer_printf(names, "%s'%s'", count ? ", " : "", e->d_name);
		count++;
	}
	return count;
}

static int connect_to(const char *name, struct arena *arena, struct error *err)
{
	autobuffer struct buffer names = { 0 };
	const char *directory = open_directory(arena, err), *path = NULL;
	size_t count;

	if (!directory)
		return -1;
	if (name) {
		path = path_join(arena, directory, machine_name(name, arena));
		if (is_taken(path))
			return client_connect_unix(path, err);
	}
	count = find_all(directory, &path, &names, arena);
	if (count == 0)
		return error_set(err, "no machine runs that 'slipway run' has started");
	if (name)
		return error_set(err, "no machine is named '%s'; there is %s", name, buffer_string(&names));
	if (count > 1)
		return error_set(err, "several machines run; choose one of %s with --machine", buffer_string(&names));
	return client_connect_unix(path, err);
}

int machine_connect(const char *name, struct error *err)
{
	struct arena arena = { 0 };
	int fd = connect_to(name, &arena, err);

	arena_release(&arena);
	return fd;
}
