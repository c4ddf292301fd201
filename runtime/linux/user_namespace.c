/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "runtime/linux/syscalls.h"

#define MAPPINGS_MAX 340		/* user_namespaces(7): the kernel's own limit */
#define FDINFO_BYTES_MAX 4096
#define NUMBER_MAX 12			/* digits of a 32-bit number, and its end */
#define SAID_MAX 400			/* bytes of a helper's own message that go into ours */

static const struct kind {
	const char *file, *helper;	/* in /proc/PID; Debian's package uidmap */
	const char *allowed;		/* what the helper reads */
} of_users = { "uid_map", "newuidmap", "/etc/subuid" }, of_groups = { "gid_map", "newgidmap", "/etc/subgid" };

static int write_file(pid_t pid, const char *file, const char *text, size_t length, struct error *err)
{
	autoclose int fd = -1;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "cannot open '%s'", path);
	/* The kernel takes a map in one write, once. */
	if (write(fd, text, length) != (ssize_t)length)
		return error_errno(err, "cannot write '%s'", path);
	return 0;
}

static int write_directly(pid_t pid, const struct kind *kind, const struct oci_id_mappings *mappings,
			  struct error *err)
{
	autobuffer struct buffer text = { 0 };

	for (size_t i = 0; i < mappings->count; i++)
		buffer_printf(&text, "%u %u %u\n", mappings->items[i].container_id, mappings->items[i].host_id,
			      mappings->items[i].size);
	return write_file(pid, kind->file, text.data, text.length, err);
}

static void __attribute__((noreturn)) become_helper(pid_t pid, const struct kind *kind,
						    const struct oci_id_mappings *mappings, int output)
{
	char numbers[3 * MAPPINGS_MAX + 1][NUMBER_MAX];
	char *argv[3 * MAPPINGS_MAX + 3], **next = argv;
	char (*number)[NUMBER_MAX] = numbers;

	*next++ = (char *)(uintptr_t)kind->helper;
	(void)snprintf(*number, NUMBER_MAX, "%d", (int)pid);
	*next++ = *number++;
	for (size_t i = 0; i < mappings->count; i++) {
		const struct oci_id_mapping *m = &mappings->items[i];
		const uint32_t values[] = { m->container_id, m->host_id, m->size };

		for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
			(void)snprintf(*number, NUMBER_MAX, "%u", values[k]);
			*next++ = *number++;
		}
	}
	*next = NULL;
	if (dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0 &&
	    kernel_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		(void)execvp(kind->helper, argv);
	_exit(127);
}

/* The helper's own words say best which range was not allowed. */
static int helper_error(const struct kind *kind, int status, int output, struct error *err)
{
	char said[SAID_MAX];
	ssize_t n = pread(output, said, sizeof(said) - 1, 0);

	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_set(err, "mapping more than one's own id needs the program '%s'; install Debian's package "
				      "uidmap, or map one id", kind->helper);
	said[n > 0 ? n : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	return error_set(err, "'%s' refuses the mapping, see '%s': %s", kind->helper, kind->allowed, said);
}

static int write_by_helper(pid_t pid, const struct kind *kind, const struct oci_id_mappings *mappings,
			   struct error *err)
{
	/* A file, not a pipe: nobody has to read while the helper writes. */
	autoclose int output = memfd_create(kind->helper, MFD_CLOEXEC);
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t helper = output < 0 ? -1 : kernel_clone3(&args);
	int status = 0;

	if (helper < 0)
		return error_errno(err, "cannot start '%s'", kind->helper);
	if (helper == 0)
		become_helper(pid, kind, mappings, output);
	while (waitpid(helper, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot wait for '%s'", kind->helper);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : helper_error(kind, status, output, err);
}

static bool is_one(const struct oci_id_mappings *mappings, uint32_t own)
{
	return mappings->count == 1 && mappings->items[0].size == 1 && mappings->items[0].host_id == own;
}

static int write_groups(pid_t pid, const struct oci_id_mappings *mappings, struct error *err)
{
	if (write_directly(pid, &of_groups, mappings, err) == 0)
		return 0;
	if (err->number != EPERM || geteuid() == 0)
		return -1;
	if (!is_one(mappings, getegid()))
		return write_by_helper(pid, &of_groups, mappings, err);
	/* Without CAP_SETGID outside, one's own group is mapped only where setgroups(2) is given up for good. */
	if (write_file(pid, "setgroups", "deny", sizeof("deny") - 1, err) < 0)
		return -1;
	return write_directly(pid, &of_groups, mappings, err);
}

static int write_users(pid_t pid, const struct oci_id_mappings *mappings, struct error *err)
{
	if (write_directly(pid, &of_users, mappings, err) == 0)
		return 0;
	if (err->number != EPERM || geteuid() == 0)
		return -1;
	return write_by_helper(pid, &of_users, mappings, err);
}

int user_namespace_map(pid_t pid, const struct oci_linux *config, struct error *err)
{
	const struct oci_id_mappings *users = &config->uid_mappings, *groups = &config->gid_mappings;

	if (users->count > MAPPINGS_MAX || groups->count > MAPPINGS_MAX)
		return error_set(err, "%zu id mappings; the kernel takes %d",
				 users->count > groups->count ? users->count : groups->count, MAPPINGS_MAX);
	if (groups->count > 0 && write_groups(pid, groups, err) < 0)
		return error_context(err, "linux.gidMappings");
	if (users->count > 0 && write_users(pid, users, err) < 0)
		return error_context(err, "linux.uidMappings");
	return 0;
}

int user_namespace_pid_of(int pidfd, pid_t *pid, struct error *err)
{
	autobuffer struct buffer text = { 0 };
	char path[64];
	const char *line;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (file_read(AT_FDCWD, path, FDINFO_BYTES_MAX, &text, err) < 0)
		return -1;
	line = strstr(buffer_string(&text), "Pid:");
	*pid = line ? (pid_t)strtol(line + 4, NULL, 10) : 0;
	return *pid > 0 ? 0 : error_set(err, "cannot find the process of a user namespace in /proc");
}

bool user_namespace_is_nested(void)
{
	autoclose int fd = openat(AT_FDCWD, "/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	unsigned int inside, outside, size;
	char text[128];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return sscanf(text, "%u %u %u", &inside, &outside, &size) != 3 || inside != 0 || outside != 0 || size != ~0u;
}
