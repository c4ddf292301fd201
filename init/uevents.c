/* SPDX-License-Identifier: Apache-2.0 */
#include "init/uevents.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

static bool missed;

int uevents_open(struct error *err)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, "cannot listen for device events");
	return fd_take(&fd);
}

bool uevent_parse(char *text, size_t length, struct uevent *event)
{
	const struct {
		const char *key;
		const char **value;
	} keys[] = {
		{ "ACTION=", &event->action },
		{ "SUBSYSTEM=", &event->subsystem },
		{ "DEVNAME=", &event->name },
		{ "MODALIAS=", &event->modalias },
	};
	size_t at = strnlen(text, length) + 1;

	/* "ACTION@PATH", then "KEY=VALUE" each ended by a NUL. udev's own messages begin otherwise. */
	if (at > length || !memchr(text, '@', at))
		return false;
	text[length] = '\0';
	*event = (struct uevent){ "", "", "", "" };
	for (; at < length; at += strlen(text + at) + 1)
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (strncmp(text + at, keys[i].key, strlen(keys[i].key)) == 0)
				*keys[i].value = text + at + strlen(keys[i].key);
	return *event->action != '\0';
}

/* Bytes of the next message, 0 at the end. One that a process sent is as good as an empty one. */
static ssize_t receive(int fd, char *text, size_t size)
{
	struct sockaddr_nl from = { 0 };
	socklen_t length = sizeof(from);
	ssize_t n;

	for (;;) {
		n = recvfrom(fd, text, size, MSG_DONTWAIT, (struct sockaddr *)&from, &length);
		if (n < 0 && errno == ENOBUFS)
			missed = true;
		else if (n >= 0 && from.nl_pid != 0)
			continue;
		else if (n >= 0 || errno != EINTR)
			return n < 0 ? 0 : n;
	}
}

void uevents_read(int fd, void (*seen)(void *context, const struct uevent *event), void *context)
{
	static char text[UEVENT_BYTES_MAX + 1];
	struct uevent event;
	ssize_t n;

	while ((n = receive(fd, text, UEVENT_BYTES_MAX)) > 0)
		if (uevent_parse(text, (size_t)n, &event))
			seen(context, &event);
}

static void pass_over(void *context, const struct uevent *event)
{
	(void)context;
	(void)event;
	missed = true;
}

void uevents_drain(int fd)
{
	uevents_read(fd, pass_over, NULL);
}

bool uevents_missed(void)
{
	bool so = missed;

	missed = false;
	return so;
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
