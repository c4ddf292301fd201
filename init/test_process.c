/* SPDX-License-Identifier: Apache-2.0 */
/* The process that takes a test's output and its artifacts to the host. It may block and allocate. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/descriptor.h"
#include "base/log.h"
#include "control/frame.h"
#include "control/test.h"
#include "init/host.h"
#include "init/test.h"

#define PORT_STEP 20			/* milliseconds between two looks for the port */
#define PORT_STEPS 1500
#define DEPTH_MAX 32			/* directories below an artifact */

static int port = -1;

static void __attribute__((noreturn)) give_up(const char *what)
{
	log_error("test: %s: %s", what, strerror(errno));
	_exit(1);
}

/* The driver of the port may still be on its way. */
static void open_port(void)
{
	for (int i = 0; i < PORT_STEPS && (port = host_port_open(TEST_PORT_NAME)) < 0; i++)
		(void)poll(NULL, 0, PORT_STEP);
	if (port < 0 || fcntl(port, F_SETFL, 0) < 0)
		give_up("there is no port to the host");
}

static void send_frame(enum frame_type type, uint8_t channel, const void *data, size_t length)
{
	uint8_t out[FRAME_BYTES_MAX];
	size_t size = FRAME_HEADER + length;

	frame_header(out, type, channel, length);
	memcpy(out + FRAME_HEADER, data, length);
	for (size_t at = 0; at < size;) {
		ssize_t n = write(port, out + at, size - at);

		if (n > 0)
			at += (size_t)n;
		else if (n < 0 && errno != EINTR)
			give_up("the host does not listen");
	}
}

/* ------------------------------------------------------------ output */

/* False where there is nothing now. */
static bool pass_output(int fd)
{
	char data[FRAME_PAYLOAD_MAX];
	ssize_t n = read(fd, data, sizeof(data));

	if (n > 0)
		send_frame(FRAME_DATA, TEST_OUTPUT, data, (size_t)n);
	return n > 0;
}

/* Until the service has ended: its status. What it wrote is in the pipe by then. */
static uint8_t pass_all_output(const struct test_ends *ends)
{
	struct pollfd fds[] = { { .fd = ends->output, .events = POLLIN }, { .fd = ends->order, .events = POLLIN } };
	uint8_t status = 0;

	(void)fcntl(ends->output, F_SETFL, O_NONBLOCK);
	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			give_up("cannot wait for the service");
		if (fds[0].revents & POLLIN)
			(void)pass_output(ends->output);
		if (!fds[1].revents)
			continue;
		if (read(ends->order, &status, 1) != 1)
			_exit(1);
		while (pass_output(ends->output))
			;
		return status;
	}
}

/* ------------------------------------------------------------ artifacts */

static void send_missing(const char *path, const char *why)
{
	char text[FRAME_PAYLOAD_MAX];
	int n = snprintf(text, sizeof(text), "%.1000s: %s", path, why);

	send_frame(FRAME_MISSING, 0, text, (size_t)n);
}

static void send_file(int fd, const struct stat *st, const char *path)
{
	uint8_t head[1 + TEST_PATH_MAX] = { st->st_mode & S_IXUSR ? TEST_FILE_EXECUTABLE : 0 };
	char data[FRAME_PAYLOAD_MAX];
	size_t length = strlen(path);
	ssize_t n;

	memcpy(head + 1, path, length);
	send_frame(FRAME_FILE, 0, head, 1 + length);
	while ((n = read(fd, data, sizeof(data))) > 0)
		send_frame(FRAME_DATA, TEST_CONTENTS, data, (size_t)n);
	if (n < 0)
		send_missing(path, strerror(errno));
	else
		send_frame(FRAME_END, 0, "", 0);
}

static void send_entry(int dirfd, const char *name, const char *path, unsigned int depth);

static void send_directory(int fd, const char *path, unsigned int depth)
{
	autoclosedir DIR *dir = fdopendir(dup(fd));
	char below[TEST_PATH_MAX + 1];

	if (!dir) {
		send_missing(path, strerror(errno));
		return;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (depth == DEPTH_MAX || snprintf(below, sizeof(below), "%s/%s", path, e->d_name) > TEST_PATH_MAX)
			send_missing(path, "what is below it lies too deep");
		else
			send_entry(fd, e->d_name, below, depth + 1);
	}
}

static const char *kind_of(mode_t mode)
{
	return S_ISLNK(mode) ? "is a symbolic link" : S_ISFIFO(mode) || S_ISSOCK(mode) ? "is a pipe or a socket" : "is a device";
}

/* Only what is looked at first is opened: a device may do something when it is. */
static void send_entry(int dirfd, const char *name, const char *path, unsigned int depth)
{
	/* An artifact itself may be reached by links, which lead nowhere outside: the root is the service's. */
	int follow = depth == 0 ? 0 : AT_SYMLINK_NOFOLLOW;
	autoclose int fd = -1;
	struct stat st;

	if (fstatat(dirfd, name, &st, follow) < 0) {
		send_missing(path, strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		send_missing(path, kind_of(st.st_mode));
		return;
	}
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? O_NOFOLLOW : 0));
	if (fd < 0)
		send_missing(path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		send_directory(fd, path, depth);
	else
		send_file(fd, &st, path);
}

/* All see the files as the service did: its mounts are there as long as somebody holds their namespace. */
static void enter_mounts(int socket)
{
	autoclose int fd = -1;
	char byte;

	if (descriptor_receive(socket, &byte, 1, &fd) != 1 || fd < 0 || setns(fd, CLONE_NEWNS) < 0)
		give_up("cannot look into the service's files");
}

static void send_artifacts(const struct plan_strings *artifacts, int socket)
{
	if (artifacts->count == 0)
		return;
	enter_mounts(socket);
	for (size_t i = 0; i < artifacts->count; i++) {
		const char *path = artifacts->items[i], *relative = path + strspn(path, "/");

		if (strlen(relative) > TEST_PATH_MAX)
			send_missing(path, strerror(ENAMETOOLONG));
		else
			send_entry(AT_FDCWD, path, relative, 0);
	}
}

static void mark(void)
{
#ifdef __x86_64__
	__asm__ volatile(TEST_MARK_ASSEMBLY);
#endif
}

void test_process(const struct machine *machine, const struct test_ends *ends)
{
	uint8_t status;

	open_port();
	status = pass_all_output(ends);
	send_artifacts(&machine->plan.machine.artifacts, ends->mounts);
	mark();
	send_frame(FRAME_EXIT, 0, &status, 1);
	_exit(0);
}
