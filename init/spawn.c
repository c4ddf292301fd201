/* SPDX-License-Identifier: Apache-2.0 */
#include "init/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "init/consoles.h"
#include "init/logs.h"
#include "init/oom.h"
#include "init/prepare.h"
#include "init/settings.h"
#include "init/test.h"

static struct machine *machine;

void spawn_open(struct machine *m)
{
	machine = m;
}

void spawn_describe(const struct plan_container *plan, struct arena *arena, struct container_enter_options *options)
{
	*options = (struct container_enter_options){ .id = plan->name, .status_fd = -1 };
	/* From the image, not from the overlay over it: nothing that ran could have changed it. */
	options->bundle = arena_printf(arena, IMAGE_DIRECTORY "%s", plan->bundle);
	if (plan->filter)
		options->filter = arena_printf(arena, IMAGE_DIRECTORY "%s", plan->filter);
}

static int cgroup_of(const struct service *service, struct error *err)
{
	return settings_cgroup_make(machine->cgroup_fd, service->plan->cgroup, err);
}

/* The container's standard streams; nothing else of PID 1's is inherited, being O_CLOEXEC. */
static int set_streams(const struct service *service, struct error *err)
{
	size_t index = (size_t)(service - machine->services);
	int test = test_output(machine, service), out = test, errors = test;

	if (test < 0) {
		out = logs_of(machine, index, LOG_STDOUT);
		errors = logs_of(machine, index, LOG_STDERR);
	}
	if (dup2(machine->null_fd, STDIN_FILENO) < 0 || dup2(out >= 0 ? out : machine->null_fd, STDOUT_FILENO) < 0 ||
	    dup2(errors >= 0 ? errors : machine->null_fd, STDERR_FILENO) < 0)
		return error_errno(err, "cannot set up the standard streams");
	return service->plan->tty ? consoles_take(service->plan->tty, err) : 0;
}

/* A container that runs out of memory while it is set up is one failed start. */
static void __attribute__((noreturn)) child_out_of_memory(void)
{
	_exit(126);
}

/*
 * The container's end of the readiness pipe gets the number that its program expects. What may have that number
 * already is moved out of the way; the log opens again, at a number that is free.
 */
static int set_ready_fd(const struct service *service, int ready_end, int *status_fd, int *mounts_to)
{
	int moved = fcntl(ready_end, F_DUPFD_CLOEXEC, PLAN_READY_FD_MAX + 1);
	int status = fcntl(*status_fd, F_DUPFD_CLOEXEC, PLAN_READY_FD_MAX + 1);

	if (moved < 0 || status < 0)
		return -1;
	*status_fd = status;
	if (*mounts_to >= 0 && (*mounts_to = fcntl(*mounts_to, F_DUPFD_CLOEXEC, PLAN_READY_FD_MAX + 1)) < 0)
		return -1;
	if (dup2(moved, (int)service->plan->ready_fd) < 0)
		return -1;
	log_open("init", open("/dev/kmsg", O_WRONLY | O_CLOEXEC), LOG_LEVEL_INFO, true);
	return 0;
}

/*
 * Since Linux 6.14 whoever is cloned into a cgroup that was killed once is killed, too: the kernel compares with how often
 * the cgroup of the parent was. There the child goes by itself.
 */
static int enter_cgroup(const struct service *service, int cgroup_fd, struct error *err)
{
	autoclose int fd = -1;

	if (!service->cgroup_killed)
		return 0;
	fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) < 0)
		return error_errno(err, "cannot enter its cgroup");
	return 0;
}

/* In the child: signals as a program expects them, a session of its own, then the runtime. */
static void __attribute__((noreturn)) child(const struct service *service, int cgroup_fd, int status_fd,
							int ready_end)
{
	struct arena arena = { 0 };	/* ends with the process */
	struct container_enter_options options;
	struct error err = { 0 };
	sigset_t none;

	arena_out_of_memory = child_out_of_memory;
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	spawn_describe(service->plan, &arena, &options);
	options.mounts_to = test_mounts(machine, service);
	if (set_streams(service, &err) == 0 && enter_cgroup(service, cgroup_fd, &err) == 0 &&
	    prepare_run(service->whole, service->plan, service->starts > 1, &err) == 0) {
		if (ready_end >= 0 && set_ready_fd(service, ready_end, &status_fd, &options.mounts_to) < 0) {
			error_errno(&err, "cannot set up the descriptor for its readiness");
		} else {
			options.status_fd = status_fd;
			options.preserve_fds = ready_end >= 0 ? service->plan->ready_fd - STDERR_FILENO : 0;
			(void)container_enter(&options, &err);
		}
	}
	if (write(status_fd, err.message, strlen(err.message)) < 0)
		_exit(126);
	_exit(127);
}

static int open_pipe(int *read_end, int *write_end, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	*read_end = ends[0];
	*write_end = ends[1];
	(void)fcntl(*read_end, F_SETFL, O_NONBLOCK);
	return 0;
}

/* What the child says on its status pipe: nothing at its end is SERVICE_STARTED, else it is why it failed. */
static void read_status(struct machine *m, struct loop_source *source)
{
	struct service *service = CONTAINER_OF(source, struct service, status);

	while (source->fd >= 0) {
		char *end = service->message + service->message_length;
		size_t room = sizeof(service->message) - service->message_length;
		ssize_t n = read(source->fd, end, room);

		if (n > 0) {
			service->message_length += (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			log_warning("'%s': cannot read how its start went: %s", service->plan->name, strerror(errno));
		loop_forget(m, source);
		if (service->message_length == 0)
			service_event(service, SERVICE_STARTED);
	}
}

void spawn_look(struct service *service)
{
	read_status(machine, &service->status);
}

/*
 * The end of the first line on the program's own pipe is SERVICE_IS_READY. The program was started before it wrote.
 * Whoever writes no line in so many bytes will not do it: PID 1 is not kept busy.
 */
static void read_ready(struct machine *m, struct loop_source *source)
{
	struct service *service = CONTAINER_OF(source, struct service, ready);
	char text[SERVICE_READY_LINE_MAX];

	read_status(m, &service->status);
	while (source->fd >= 0) {
		ssize_t n = read(source->fd, text, sizeof(text) - service->ready_length);
		bool line = n > 0 && memchr(text, '\n', (size_t)n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n > 0 && !line) {
			service->ready_length += (size_t)n;
			continue;
		}
		if (n < 0)
			log_warning("'%s': cannot read whether it is ready: %s", service->plan->name, strerror(errno));
		loop_forget(m, source);
		if (line)
			service_event(service, SERVICE_IS_READY);
	}
}

static int spawn(struct service *service, struct error *err)
{
	autoclose int cgroup_fd = cgroup_of(service, err);
	autoclose int status_read = -1, status_write = -1, ready_read = -1, ready_write = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD | (service->cgroup_killed ? 0 : CLONE_INTO_CGROUP) |
			 (service->plan->new_pid ? CLONE_NEWPID : 0),
		.exit_signal = SIGCHLD,
	};
	long pid;

	if (cgroup_fd < 0 || open_pipe(&status_read, &status_write, err) < 0)
		return -1;
	if (service->plan->ready == PLAN_READY_FD && open_pipe(&ready_read, &ready_write, err) < 0)
		return -1;
	oom_watch(service);
	args.cgroup = (uint64_t)cgroup_fd;
	args.pidfd = (uint64_t)(uintptr_t)&service->pidfd;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0) {
		service->pidfd = -1;
		return error_errno(err, "cannot make a process");
	}
	if (pid == 0)
		child(service, cgroup_fd, status_write, ready_write);
	service->pid = (pid_t)pid;
	service->status = (struct loop_source){ fd_take(&status_read), read_status };
	service->ready = (struct loop_source){ fd_take(&ready_read), read_ready };
	service->ready_length = 0;
	/* Unwatched, the start could never be seen: better no container than a lost one. */
	if (loop_watch(machine, &service->status, EPOLLIN, err) < 0 ||
	    (service->ready.fd >= 0 && loop_watch(machine, &service->ready, EPOLLIN, err) < 0)) {
		(void)kill(service->pid, SIGKILL);
		return -1;
	}
	return 0;
}

void spawn_reaped(struct service *service, int wait_status)
{
	/* The pipes first: their news is older than the child's end. */
	read_status(machine, &service->status);
	read_ready(machine, &service->ready);
	loop_forget(machine, &service->status);
	loop_forget(machine, &service->ready);
	fd_replace(&service->pidfd, -1);
	service->pid = 0;
	oom_look(service);
	service->exit_status = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
	service_event(service, SERVICE_EXITED);
}

static void send_signal(struct service *service, int signal)
{
	if (service->pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, service->pidfd, signal, NULL, 0);
}

static void kill_all(struct service *service)
{
	struct error err;
	autoclose int cgroup_fd = cgroup_of(service, &err);
	autoclose int fd = cgroup_fd < 0 ? -1 : openat(cgroup_fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);

	if (cgroup_fd < 0)
		log_warning("'%s': %s", service->plan->name, err.message);
	else if (fd < 0 || write(fd, "1", 1) < 0)
		log_warning("'%s': cannot kill its cgroup: %s", service->plan->name, strerror(errno));
	else
		service->cgroup_killed = true;
}

static void started(struct service *service)
{
	struct error err = { 0 };

	if (prepare_bind_namespaces(service->whole, service->plan, service->pid, &err) < 0)
		log_error("'%s': %s", service->plan->name, err.message);
}

const struct service_actions spawn_actions = {
	.spawn = spawn, .signal = send_signal, .kill_all = kill_all, .started = started, .now = loop_now,
	.now_us = loop_now_us,
};
