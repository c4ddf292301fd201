/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/descriptor.h"
#include "runtime/linux/mounts.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static int check_ptmx(int fd, struct error *err)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "cannot stat '/dev/pts/ptmx'");
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
		return error_set(err, "'/dev/pts/ptmx' is not of a devpts file system");
	return 0;
}

/* The slave comes from the master itself, not from a path that somebody could change. */
static int open_pair(int ptmx, const struct oci_process *process, struct terminal *terminal, struct error *err)
{
	int unlock = 0;

	terminal->master = ptmx;
	terminal->slave = -1;
	if (check_ptmx(ptmx, err) < 0)
		return -1;
	if (ioctl(ptmx, TIOCSPTLCK, &unlock) < 0)
		return error_errno(err, "cannot unlock the terminal");
	terminal->slave = ioctl(ptmx, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->slave < 0)
		return error_errno(err, "cannot open the terminal");
	if (process->has_console_size) {
		struct winsize size = { .ws_row = process->console_height, .ws_col = process->console_width };

		if (ioctl(ptmx, TIOCSWINSZ, &size) < 0)
			return error_errno(err, "cannot set the size of the terminal");
	}
	if (fchown(terminal->slave, process->user.uid, (gid_t)-1) < 0 && errno != EPERM && errno != EROFS &&
	    errno != EINVAL)
		return error_errno(err, "cannot hand the terminal to user %u", process->user.uid);
	return 0;
}

int terminal_open(int root, const struct oci_process *process, struct terminal *terminal, struct error *err)
{
	autoclose int tree = -1, console = -1;
	int ptmx = path_open_in_root(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, 0, err);

	*terminal = (struct terminal){ -1, -1 };
	if (ptmx < 0)
		return error_context(err, "process.terminal needs a devpts mounted at '/dev/pts'");
	if (open_pair(ptmx, process, terminal, err) < 0)
		return -1;
	tree = mount_clone(terminal->slave, "", false, err);
	console = tree < 0 ? -1 : path_make_in_root(root, "/dev/console", false, 0600, err);
	if (console < 0 || mount_attach(tree, console, err) < 0)
		return error_context(err, "/dev/console");
	return 0;
}

int terminal_open_here(const struct oci_process *process, struct terminal *terminal, struct error *err)
{
	int ptmx = openat(AT_FDCWD, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	*terminal = (struct terminal){ -1, -1 };
	if (ptmx < 0)
		return error_errno(err, "cannot open '/dev/pts/ptmx'");
	return open_pair(ptmx, process, terminal, err);
}

int terminal_take(struct terminal *terminal, struct error *err)
{
	if (setsid() < 0 && errno != EPERM)
		return error_errno(err, "cannot make a session");
	if (ioctl(terminal->slave, TIOCSCTTY, 0) < 0)
		return error_errno(err, "cannot make the terminal the controlling one");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(terminal->slave, fd) < 0)
			return error_errno(err, "cannot use the terminal");
	terminal_close(terminal);
	return 0;
}

void terminal_close(struct terminal *terminal)
{
	fd_replace(&terminal->master, -1);
	if (terminal->slave > 2)
		fd_replace(&terminal->slave, -1);
}

int terminal_send(int socket, int fd, const char *name, struct error *err)
{
	return descriptor_send(socket, fd, name, strlen(name)) < 0 ? error_errno(err, "cannot send the terminal") : 0;
}

int terminal_receive(int socket, struct error *err)
{
	char name[64];
	int fd;

	if (descriptor_receive(socket, name, sizeof(name), &fd) < 0)
		return error_errno(err, "cannot receive the terminal");
	return fd < 0 ? error_set(err, "the container sent no terminal") : fd;
}

/* ------------------------------------------------------------ in the foreground */

void terminal_take_size(struct oci_process *process)
{
	struct winsize size;

	if (process->has_console_size || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
		return;
	process->has_console_size = true;
	process->console_height = size.ws_row;
	process->console_width = size.ws_col;
}

void terminal_pass_size(int master)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(master, TIOCSWINSZ, &size);
}

void terminal_end_lines_plainly(int master)
{
	struct termios t;

	if (tcgetattr(master, &t) < 0)
		return;
	t.c_oflag &= ~(tcflag_t)ONLCR;
	(void)tcsetattr(master, TCSANOW, &t);
}

bool terminal_make_raw(int master, struct termios *before)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, before) < 0)
		return false;
	raw = *before;
	cfmakeraw(&raw);
	/* What comes out ends its lines plainly; here is where they are made to begin at the left. */
	raw.c_oflag |= OPOST;
	terminal_pass_size(master);
	return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

void terminal_restore(const struct termios *before)
{
	(void)tcsetattr(STDIN_FILENO, TCSANOW, before);
}
