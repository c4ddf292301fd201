/* SPDX-License-Identifier: Apache-2.0 */
#include "init/button.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/entries.h"
#include "init/sequence.h"

#define INPUT_DIRECTORY "/dev/input"

static struct button {
	struct loop_source source;
	char name[16];			/* "event0"; "" where it is not in use */
} buttons[BUTTONS_MAX];

static void on_key(struct machine *machine, struct loop_source *source)
{
	struct button *button = CONTAINER_OF(source, struct button, source);
	struct input_event event;
	bool pressed = false;
	ssize_t n;

	while ((n = read(source->fd, &event, sizeof(event))) == sizeof(event))
		pressed = pressed || (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1);
	/* ENODEV: it was pulled out. */
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		loop_forget(machine, source);
		button->name[0] = '\0';
	}
	if (pressed)
		sequence_shutdown(machine, END_POWEROFF, 0, "power button");
}

static bool has_power_key(int fd)
{
	unsigned char keys[KEY_MAX / 8 + 1] = { 0 };

	return ioctl(fd, EVIOCGBIT(EV_KEY, sizeof(keys)), keys) >= 0 && keys[KEY_POWER / 8] & 1 << KEY_POWER % 8;
}

/* A free place; NULL where the device has one, or all are taken. */
static struct button *place_for(const char *name)
{
	struct button *place = NULL;

	for (size_t i = 0; i < BUTTONS_MAX; i++) {
		if (strcmp(buttons[i].name, name) == 0)
			return NULL;
		if (!buttons[i].name[0])
			place = &buttons[i];
	}
	return place;
}

static int add(int dirfd, const char *name, void *machine)
{
	struct button *button = place_for(name);
	struct error err = { 0 };
	autoclose int fd = -1;

	if (strncmp(name, "event", strlen("event")) != 0 || strlen(name) >= sizeof(button->name) || !button)
		return -1;
	fd = openat(dirfd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || !has_power_key(fd))
		return -1;
	button->source = (struct loop_source){ fd_take(&fd), on_key };
	if (loop_watch(machine, &button->source, EPOLLIN, &err) < 0) {
		log_warning("power button: %s", err.message);
		fd_replace(&button->source.fd, -1);
		return -1;
	}
	strcpy(button->name, name);
	return -1;
}

void button_find(struct machine *machine)
{
	(void)entries_visit(INPUT_DIRECTORY, add, machine);
}
