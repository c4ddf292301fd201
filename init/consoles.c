/* SPDX-License-Identifier: Apache-2.0 */
#include "init/consoles.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ACTIVE "/sys/class/tty/console/active"
#define KERN_ERR 3			/* as log_error() says it: shown where the level of the console is above */

/* A short file of /proc or /sys, without the end of its line; "" where it is not there. */
static void read_line(const char *path, char *text, size_t size)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, size - 1) : -1;

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

/* Without /proc nobody knows: twice is better than not at all. */
static bool kernel_has_shown_it(void)
{
	char levels[64];

	read_line("/proc/sys/kernel/printk", levels, sizeof(levels));
	return atoi(levels) > KERN_ERR;
}

static void write_line(const char *tty, const char *line)
{
	char text[1200], path[80];
	int n = snprintf(text, sizeof(text), "init: %.1100s\r\n", line);
	autoclose int fd = -1;

	(void)snprintf(path, sizeof(path), "/dev/%.64s", tty);
	fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	/* One that takes nothing now is not waited for. */
	if (fd >= 0 && write(fd, text, (size_t)n) < 0)
		return;
}

void consoles_tell(const char *line)
{
	char active[256], *rest = active, *tty;

	if (kernel_has_shown_it())
		return;
	read_line(ACTIVE, active, sizeof(active));
	while ((tty = strsep(&rest, " ")))
		if (*tty)
			write_line(tty, line);
}

/* The last one of the list is that of /dev/console, which cannot itself be a controlling terminal. */
static void path_of(const char *tty, char *path, size_t size)
{
	char active[256], *last;

	if (strcmp(tty, "console") == 0) {
		read_line(ACTIVE, active, sizeof(active));
		last = strrchr(active, ' ');
		tty = last ? last + 1 : *active ? active : tty;
	}
	(void)snprintf(path, size, "/dev/%.40s", tty);
}

int consoles_take(const char *tty, struct error *err)
{
	autoclose int fd = -1;
	char path[64];

	path_of(tty, path, sizeof(path));
	/* Without O_NONBLOCK a serial line would be waited for until its carrier is there. */
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fcntl(fd, F_SETFL, 0) < 0)
		return error_errno(err, "cannot open the terminal '%s'", path);
	if (ioctl(fd, TIOCSCTTY, 1) < 0)
		return error_errno(err, "cannot take the terminal '%s'", path);
	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
		if (dup2(fd, stream) < 0)
			return error_errno(err, "cannot use the terminal '%s'", path);
	return 0;
}
