/* SPDX-License-Identifier: Apache-2.0 */
#include "init/uevents.h"

#include <linux/netlink.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

int uevents_open(struct error *err)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, "cannot listen for device events");
	return fd_take(&fd);
}

void uevents_drain(int fd)
{
	char event[4096];

	while (recv(fd, event, sizeof(event), MSG_DONTWAIT) > 0)
		;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int uevents_wait_for(int fd, const char *path, unsigned int seconds, struct error *err)
{
	int64_t end = now_ms() + (int64_t)seconds * 1000;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - now_ms();

		/* Drained first, looked after: an event between the two is still in the socket at the poll. */
		uevents_drain(fd);
		if (access(path, F_OK) == 0)
			return 0;
		if (left <= 0)
			return error_set(err, "'%s' did not appear within %u s", path, seconds);
		(void)poll(&p, 1, (int)left);
	}
}
