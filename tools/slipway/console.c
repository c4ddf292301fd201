/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/console.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"

void console_open_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR | O_NOCTTY) < 0)
			return; /* no /dev: QEMU will say what it misses */
}

void console_save(struct console *console)
{
	*console = (struct console){ 0 };
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		console->flags[fd] = fcntl(fd, F_GETFL);
	if (!isatty(STDIN_FILENO))
		return;
	console->background = tcgetpgrp(STDIN_FILENO) != getpgrp();
	console->terminal = !console->background && tcgetattr(STDIN_FILENO, &console->settings) == 0;
}

void console_prepare(const struct console *console)
{
	struct termios settings = console->settings;

	if (!console->terminal)
		return;
	settings.c_cc[VSUSP] = _POSIX_VDISABLE;
	settings.c_cc[VQUIT] = _POSIX_VDISABLE;
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

void console_restore(const struct console *console)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (console->flags[fd] >= 0)
			(void)fcntl(fd, F_SETFL, console->flags[fd]);
	if (!console->terminal)
		return;
	/* Put into the background meanwhile, we would be stopped for setting it. */
	(void)sigaction(SIGTTOU, &ignore, &old);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &console->settings);
	(void)sigaction(SIGTTOU, &old, NULL);
}
