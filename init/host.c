/* SPDX-License-Identifier: Apache-2.0 */
#include "init/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/uevents.h"

#define PORTS_DIRECTORY "/sys/class/virtio-ports"
#define PORT_NAME "org.slipway.status.0"

struct dirent_raw {			/* getdents64(2) */
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

/*
 * Calls `visit` for each entry until it returns other than -1. Not readdir(): that allocates.
 */
static int each_entry(const char *directory, int (*visit)(int dirfd, const char *name, const char *wanted),
		      const char *wanted)
{
	_Alignas(struct dirent_raw) char entries[2048];
	autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long n;

	if (fd < 0) {
		/* A machine without such devices has no such directory. */
		if (errno != ENOENT)
			log_warning("cannot open '%s': %s", directory, strerror(errno));
		return -1;
	}
	while ((n = syscall(SYS_getdents64, fd, entries, sizeof(entries))) > 0)
		for (long at = 0; at < n;) {
			const struct dirent_raw *entry = (const void *)(entries + at);
			int r = entry->name[0] == '.' ? -1 : visit(fd, entry->name, wanted);

			if (r != -1)
				return r;
			at += entry->length;
		}
	if (n < 0)
		log_warning("cannot read '%s': %s", directory, strerror(errno));
	return -1;
}

/* The device node of the port `name` when it calls itself `wanted`. */
static int open_if_wanted(int dirfd, const char *name, const char *wanted)
{
	char path[128], said[64] = "";
	autoclose int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%.64s/name", name);
	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, said, sizeof(said) - 1) : -1;
	if (n <= 0 || said[n - 1] != '\n' || strlen(wanted) != (size_t)n - 1 || memcmp(said, wanted, (size_t)n - 1) != 0)
		return -1;
	(void)snprintf(path, sizeof(path), "/dev/%.64s", name);
	return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

int host_port_open(const char *name)
{
	return each_entry(PORTS_DIRECTORY, open_if_wanted, name);
}

int host_open(void)
{
	return host_port_open(PORT_NAME);
}

static void send_line(int fd, const char *line, size_t length)
{
	/* Never blocks. A host that does not listen is not told. */
	if (fd >= 0 && write(fd, line, length) < 0)
		return;
}

static int is_device(int dirfd, const char *name, const char *wanted)
{
	(void)dirfd;
	(void)wanted;
	return strncmp(name, "virtio", strlen("virtio")) == 0 ? 1 : -1;
}

void host_report_exit(int uevent_fd, int *fd, int status)
{
	struct error ignored;
	char line[32];
	int n = snprintf(line, sizeof(line), "exit %d\n", status & 0xff);

	if (*fd < 0 && each_entry("/sys/bus/virtio/drivers/virtio_console", is_device, NULL) == 1 &&
	    uevents_wait_for(uevent_fd, PORTS_DIRECTORY "/vport0p1", HOST_WAIT, &ignored) == 0)
		*fd = host_open();
	send_line(*fd, line, (size_t)n);
}

void host_send_failure(int fd, const char *message)
{
	char line[1100];
	int n = snprintf(line, sizeof(line), "failed %.1024s\n", message);

	for (int i = 0; i < n - 1; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	send_line(fd, line, (size_t)n);
}

bool host_wants_poweroff(int fd)
{
	char text[256];
	bool wanted = false;
	ssize_t n;

	/* All that is there: the loop hears of changes alone. */
	while ((n = read(fd, text, sizeof(text) - 1)) > 0) {
		text[n] = '\0';
		wanted = wanted || strstr(text, "poweroff\n") != NULL;
	}
	return wanted;
}
