/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/cgroup_oom.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/linux/cgroup_stats.h"

/* Version 1: an eventfd that is told to watch memory.oom_control (Documentation/admin-guide/cgroup-v1/memory.rst, 10). */
static int open_v1(const struct cgroup_hierarchy *memory, int *out, struct error *err)
{
	autoclose int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), control = -1;
	char path[PATH_MAX], text[32];

	(void)snprintf(path, sizeof(path), "%s/memory.oom_control", memory->directory);
	control = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || control < 0)
		return error_errno(err, "cannot open '%s'", path);
	(void)snprintf(text, sizeof(text), "%d %d", fd, control);
	if (cgroup_write(memory, "cgroup.event_control", text, err) < 0)
		return -1;
	*out = fd_take(&fd);
	return 0;
}

/* Version 2: memory.events changes. */
static int open_v2(const struct cgroup_hierarchy *unified, int *out, struct error *err)
{
	autoclose int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/memory.events", unified->directory);
	if (fd < 0)
		return error_errno(err, "cannot watch '%s'", path);
	/* Not there: the controller is not on, and nothing can run out. */
	if (inotify_add_watch(fd, path, IN_MODIFY) >= 0)
		*out = fd_take(&fd);
	return 0;
}

int cgroup_oom_open(const struct cgroup *cgroup, int *fd, struct error *err)
{
	const struct cgroup_hierarchy *memory = cgroup_find(cgroup, "memory");

	*fd = -1;
	if (!memory)
		return 0;
	return cgroup->unified ? open_v2(memory, fd, err) : open_v1(memory, fd, err);
}

unsigned int cgroup_oom_count(const struct cgroup *cgroup, int fd, uint64_t *kills)
{
	const struct cgroup_hierarchy *memory = cgroup_find(cgroup, "memory");
	uint64_t before = *kills, times = 0;
	char events[4096];

	if (fd < 0 || !memory)
		return 0;
	if (cgroup->unified) {
		while (read(fd, events, sizeof(events)) > 0)
			;
		*kills = cgroup_oom_kills(cgroup);
		return *kills > before ? (unsigned int)(*kills - before) : 0;
	}
	/* It is told when the cgroup goes, too. */
	if (read(fd, &times, sizeof(times)) != (ssize_t)sizeof(times) || access(memory->directory, F_OK) < 0)
		return 0;
	return (unsigned int)times;
}
