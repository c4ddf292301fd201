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
#include "runtime/container/sync.h"
#include "base/descriptor.h"
#include "runtime/linux/own_program.h"
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
		*send = descriptor_connect(console_socket, "console socket", err);
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
	/* It may have one of the numbers. */
	if (count > 0)
		own_program_let_go();
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

int process_send_pidfd(const struct container_process *process, const char *path, struct error *err)
{
	static const char name[] = "pidfd";
	autoclose int fd = -1;

	if (!path)
		return 0;
	fd = descriptor_connect(path, "pidfd socket", err);
	if (fd < 0)
		return -1;
	return descriptor_send(fd, process->pidfd, name, sizeof(name) - 1) < 0 ? error_errno(err, "cannot send the pidfd") : 0;
}

int process_prepare_clone(struct container_process *process, int *setup_sync, struct clone_args *args,
			  struct error *err)
{
	int sockets[2];

	if (sync_open(sockets, err) < 0)
		return -1;
	process->sync = sockets[0];
	*setup_sync = sockets[1];
	*args = (struct clone_args){
		.flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&process->pidfd, .exit_signal = SIGCHLD,
	};
	return 0;
}

int process_clone_into(const struct cgroup_hierarchy *hierarchy, struct clone_args *args, int *fd, struct error *err)
{
	*fd = cgroup_open_directory(hierarchy, err);
	if (*fd < 0)
		return -1;
	args->flags |= CLONE_INTO_CGROUP;
	args->cgroup = (uint64_t)*fd;
	return 0;
}

int process_cloned(struct container_process *process, pid_t pid)
{
	process->pid = pid < 0 ? 0 : pid;
	if (pid < 0)
		process->pidfd = -1;
	return pid < 0 ? -1 : 0;
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
