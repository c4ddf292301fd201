/* SPDX-License-Identifier: Apache-2.0 */
#include "init/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/entries.h"
#include "init/uevents.h"

#define PORTS_DIRECTORY "/sys/class/virtio-ports"
#define PORT_NAME "org.slipway.status.0"

/* The device node of the port `name` when it calls itself what `context` points to. */
static int open_if_wanted(int dirfd, const char *name, void *context)
{
	const char *wanted = *(const char *const *)context;
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
	return entries_visit(PORTS_DIRECTORY, open_if_wanted, &name);
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

static int is_device(int dirfd, const char *name, void *context)
{
	(void)dirfd;
	(void)context;
	return strncmp(name, "virtio", strlen("virtio")) == 0 ? 1 : -1;
}

void host_report_exit(int uevent_fd, int *fd, int status)
{
	struct error ignored;
	char line[32];
	int n = snprintf(line, sizeof(line), "exit %d\n", status & 0xff);

	if (*fd < 0 && entries_visit("/sys/bus/virtio/drivers/virtio_console", is_device, NULL) == 1 &&
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
