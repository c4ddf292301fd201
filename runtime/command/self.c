/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that makes containers is executed inside of them for a moment, and an image may
 * ask for it by name: as /proc/self/exe, or as the interpreter of a script. Whoever holds
 * a descriptor of it could write to it once it has ended (CVE-2019-5736). So it runs from a
 * read-only mount that no mount namespace shows, and that nobody can make writable again.
 *
 * There are three ways, the quickest first: this process is told to be one of that mount; it executes the program from
 * there; it executes a sealed copy in memory.
 */
#include "runtime/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/linux/execute.h"
#include "runtime/linux/own_program.h"
#include "runtime/linux/syscalls.h"
#include "runtime/linux/user.h"

static int clone_read_only(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	autoclose int fd = kernel_open_tree(AT_FDCWD, OWN_PROGRAM, OPEN_TREE_CLONE);

	if (fd < 0 || kernel_mount_setattr(fd, "", AT_EMPTY_PATH, &attr) < 0)
		return -1;
	return fd_take(&fd);
}

/* Where mounts cannot be made: a copy in memory, sealed. */
static int copy_sealed(void)
{
	autoclose int from = openat(AT_FDCWD, OWN_PROGRAM, O_RDONLY | O_CLOEXEC);
	autoclose int fd = memfd_create(RUNTIME_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;

	if (from < 0 || fd < 0 || fstat(from, &st) < 0)
		return -1;
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(fd, from, NULL, (size_t)left);

		if (n <= 0)
			return -1;
		left -= n;
	}
	if (fchmod(fd, 0700) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -1;
	return fd_take(&fd);
}

/* One that nobody here may write, or can, is as good as a copy. */
static bool is_safe(void)
{
	struct statfs fs;
	struct stat st;

	if (statfs(OWN_PROGRAM, &fs) < 0 || fs.f_flags & ST_RDONLY)
		return true;
	/* A sealed copy is in memory, and has no name. */
	if (fs.f_type == TMPFS_MAGIC && stat(OWN_PROGRAM, &st) == 0 && st.st_nlink == 0)
		return true;
	return user_is_ordinary() && access(OWN_PROGRAM, W_OK) < 0;
}

/* `mount` is the program's file as a mount of its own. False where it takes execve(2). */
static bool run_on_from(int mount)
{
	struct process_stat stat;
	autoclose int file = -1;
	char through_fd[32];

	if (process_stat_read(0, &stat) < 0)
		return false;
	execute_know_ignored(stat.ignored);
	(void)snprintf(through_fd, sizeof(through_fd), "/proc/self/fd/%d", mount);
	file = openat(AT_FDCWD, through_fd, O_RDONLY | O_CLOEXEC);
	return file >= 0 && own_program_replace(file, &stat) == 0;
}

int runtime_protect_self(char **argv, struct error *err)
{
	autoclose int fd = -1;

	if (is_safe())
		return 0;
	fd = clone_read_only();
	if (fd >= 0 && run_on_from(fd)) {
		own_program_keep(fd_take(&fd));
		return 0;
	}
	if (fd < 0)
		fd = copy_sealed();
	if (fd < 0)
		return error_errno(err, "cannot protect the runtime's own program");
	(void)kernel_execveat(fd, "", argv, environ, AT_EMPTY_PATH);
	return error_errno(err, "cannot run the runtime's own program from a safe place");
}
