/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "runtime/linux/syscalls.h"
#include "runtime/linux/terminal.h"

int process_check_terminal(const struct oci_process *process, const char *console_socket, bool foreground,
			   struct error *err)
{
	bool terminal = process && process->terminal;

	if (terminal && !console_socket && !foreground)
		return error_set(err, "cannot allocate tty if runtime will detach without setting console socket");
	if (!terminal && console_socket)
		return error_set(err, "cannot use console socket if runtime will not detach or allocate tty");
	return 0;
}

int process_open_console(const struct oci_process *process, const char *console_socket, int *send, int *receive,
			 struct error *err)
{
	int sockets[2];

	if (!process || !process->terminal)
		return 0;
	if (console_socket) {
		*send = terminal_connect(console_socket, err);
		return *send < 0 ? -1 : 0;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_errno(err, "cannot make a pair of sockets");
	*receive = sockets[0];
	*send = sockets[1];
	return 0;
}

int process_check_descriptors(unsigned int count, struct error *err)
{
	for (unsigned int i = 0; i < count; i++)
		if (fcntl((int)(3 + i), F_GETFD) < 0)
			return error_errno(err, "unable to stat preserved-fd %u (of %u)", i, count);
	return 0;
}

int process_write_pid(const struct container_process *process, const char *path, struct error *err)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)process->pid);

	return path ? file_write_atomic(AT_FDCWD, path, text, (size_t)n, 0644, err) : 0;
}

void process_end(struct container_process *process)
{
	if (process->pid > 0) {
		(void)kernel_pidfd_send_signal(process->pidfd, SIGKILL);
		while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	process->pid = 0;
	container_process_close(process);
}

void container_process_close(struct container_process *process)
{
	fd_replace(&process->pidfd, -1);
	fd_replace(&process->sync, -1);
	fd_replace(&process->master, -1);
	fd_replace(&process->notify, -1);
}
