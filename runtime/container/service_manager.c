/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/service_manager.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"

#define NOTIFY_DIRECTORY "notify"
#define NOTIFY_SOCKET "notify.sock"
#define NOTIFY_INSIDE "/run/notify"
#define MESSAGE_MAX 4096		/* bytes of one; what is longer is cut, as it is for systemd */
#define BARRIER_WAIT_MS 30000		/* a manager that does not know of barriers never answers */

/* What a program says of itself. Its pids and descriptors mean nothing outside. */
static const char *const passed[] = {
	"READY=", "STATUS=", "RELOADING=", "MONOTONIC_USEC=", "STOPPING=", "ERRNO=", "EXIT_STATUS=", "WATCHDOG=",
	"WATCHDOG_USEC=", "EXTEND_TIMEOUT_USEC=",
};

/* ------------------------------------------------------------ sockets of the manager */

unsigned int service_manager_sockets(void)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	long n;

	if (!count || !pid || strtol(pid, NULL, 10) != getpid())
		return 0;
	n = strtol(count, NULL, 10);
	return n > 0 && n < 1024 ? (unsigned int)n : 0;
}

static void add_variable(struct oci_config *config, const char *text, struct arena *arena)
{
	struct oci_strings *env = &config->process->env;

	*(const char **)arena_push(arena, &env->items, &env->count, sizeof(*env->items)) = text;
}

void service_manager_hand_on(struct oci_config *config, unsigned int count, struct arena *arena)
{
	const char *names = getenv("LISTEN_FDNAMES");

	if (count == 0 || !config->process)
		return;
	add_variable(config, arena_printf(arena, "LISTEN_FDS=%u", count), arena);
	add_variable(config, "LISTEN_PID=1", arena);
	if (names)
		add_variable(config, arena_printf(arena, "LISTEN_FDNAMES=%s", names), arena);
}

/* ------------------------------------------------------------ the container's socket */

const char *service_manager_address(void)
{
	const char *address = getenv("NOTIFY_SOCKET");

	return address && *address ? address : NULL;
}

int service_manager_prepare(int state_fd, const char *state_path, struct oci_config *config, struct arena *arena,
			    struct error *err)
{
	static const char *const options[] = { "bind", "nosuid", "noexec", "nodev", "ro" };
	struct oci_mount *mount;

	if (!config->process)
		return 0;
	/* Modes for whoever is root in there, whatever the umask. */
	if (mkdirat(state_fd, NOTIFY_DIRECTORY, 0755) < 0 || fchmodat(state_fd, NOTIFY_DIRECTORY, 0755, 0) < 0)
		return error_errno(err, "cannot make the directory of the notify socket");
	mount = arena_push(arena, &config->mounts, &config->mounts_count, sizeof(*mount));
	*mount = (struct oci_mount){
		.destination = NOTIFY_INSIDE, .source = path_join(arena, state_path, NOTIFY_DIRECTORY), .type = "bind",
		.options = { (const char **)(uintptr_t)options, ARRAY_SIZE(options) },
	};
	add_variable(config, "NOTIFY_SOCKET=" NOTIFY_INSIDE "/" NOTIFY_SOCKET, arena);
	return 0;
}

int service_manager_open(const char *state_path, int *out, struct error *err)
{
	autoclose int directory = openat(AT_FDCWD, state_path, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (directory < 0)
		return error_errno(err, "cannot open '%s'", state_path);
	fd_replace(&directory, openat(directory, NOTIFY_DIRECTORY, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	if (directory < 0)
		return errno == ENOENT ? 0 : error_errno(err, "cannot open the directory of the notify socket");
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* Through the descriptor: the path of the directory may be longer than an address takes. */
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" NOTIFY_SOCKET, directory);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fchmodat(directory, NOTIFY_SOCKET, 0777, 0) < 0)
		return error_errno(err, "cannot make the notify socket");
	*out = fd_take(&fd);
	return 0;
}

/* ------------------------------------------------------------ what is said */

static int connect_manager(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t length = strlen(path);

	if (length >= sizeof(address.sun_path) || (*path != '/' && *path != '@'))
		return error_set(err, "cannot use NOTIFY_SOCKET '%s': it is neither a path nor an abstract name", path);
	memcpy(address.sun_path, path, length);
	if (*path == '@')
		address.sun_path[0] = '\0';
	if (fd < 0 || connect(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (*path == '/'))) < 0)
		return error_errno(err, "cannot reach NOTIFY_SOCKET '%s'", path);
	return fd_take(&fd);
}

static bool is_passed(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		if (strncmp(line, passed[i], strlen(passed[i])) == 0)
			return true;
	return false;
}

/* The lines that may pass, with MAINPID behind READY=1. Returns their length. */
static size_t translate(char *message, pid_t main_pid, char *out, size_t size, bool *ready)
{
	size_t used = 0;

	*ready = false;
	for (char *line = message, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!is_passed(line))
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s\n", line);
		*ready |= strcmp(line, "READY=1") == 0;
	}
	if (*ready)
		used += (size_t)snprintf(out + used, size - used, "MAINPID=%d\n", (int)main_pid);
	return used;
}

/* The manager has read all that came before when it closes what comes with this. */
static void wait_until_read(int manager)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	char text[] = "BARRIER=1";
	struct iovec bytes = { .iov_base = text, .iov_len = sizeof(text) - 1 };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	struct pollfd p = { .events = 0 };
	int ends[2], ready;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &ends[1], sizeof(int));
	ready = sendmsg(manager, &message, MSG_NOSIGNAL) < 0 ? 1 : 0;
	(void)close(ends[1]);
	p.fd = ends[0];
	if (!ready && poll(&p, 1, BARRIER_WAIT_MS) == 0)
		log_warning("the service manager did not answer within %d s", BARRIER_WAIT_MS / 1000);
	(void)close(ends[0]);
}

static int pass(int socket, const char *address, pid_t main_pid, bool *ready, bool barrier, struct error *err)
{
	char message[MESSAGE_MAX + 1], out[MESSAGE_MAX + 64];
	autoclose int manager = -1;
	ssize_t n = recv(socket, message, MESSAGE_MAX, 0);
	size_t length;

	*ready = false;
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : error_errno(err, "cannot read the notify socket");
	message[n] = '\0';
	length = translate(message, main_pid, out, sizeof(out), ready);
	if (length == 0)
		return 0;
	manager = connect_manager(address, err);
	if (manager < 0)
		return -1;
	if (send(manager, out, length, MSG_NOSIGNAL) < 0)
		return error_errno(err, "cannot write to NOTIFY_SOCKET '%s'", address);
	if (*ready && barrier)
		wait_until_read(manager);
	return 0;
}

int service_manager_pass(int socket, const char *address, pid_t main_pid, bool *ready, struct error *err)
{
	return pass(socket, address, main_pid, ready, false, err);
}

int service_manager_wait(int socket, const char *address, pid_t main_pid, int pidfd, struct error *err)
{
	struct pollfd p[] = { { .fd = socket, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };
	bool ready = false;

	while (!ready) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_errno(err, "cannot wait for the program to be ready");
		}
		/* What it said last counts, also when it has ended since. */
		if (p[0].revents) {
			if (pass(socket, address, main_pid, &ready, true, err) < 0)
				return -1;
		} else if (p[1].revents) {
			return 0;
		}
	}
	return 0;
}
