/* SPDX-License-Identifier: Apache-2.0 */
#include "init/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/console.h"
#include "init/host.h"
#include "init/sequence.h"
#include "init/service.h"
#include "init/spawn.h"
#include "init/uevents.h"

#define EVENTS_AT_ONCE 16

/* What asks for an end of the machine: busybox's signals, the kernel's, and systemd's for containers. */
static const struct end_signal {
	int number;
	enum machine_end end;
	const char *why;
} end_signals[] = {
	{ SIGINT,  END_REBOOT,   "Ctrl-Alt-Del" },
	{ SIGTERM, END_REBOOT,   "SIGTERM" },
	{ SIGUSR1, END_POWEROFF, "SIGUSR1" },
	{ SIGUSR2, END_POWEROFF, "SIGUSR2" },
	{ SIGPWR,  END_POWEROFF, "SIGPWR" },
	{ 34 + 4,  END_POWEROFF, "SIGRTMIN+4" },
	{ 34 + 5,  END_REBOOT,   "SIGRTMIN+5" },
};

static int watch(struct machine *machine, int fd, const void *tag, uint32_t events, struct error *err)
{
	struct epoll_event event = { .events = events, .data.ptr = (void *)(uintptr_t)tag };

	if (fd < 0 || epoll_ctl(machine->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return error_errno(err, "cannot set up the event loop");
	return 0;
}

int loop_open(struct machine *machine, struct error *err)
{
	sigset_t all;

	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	machine->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (machine->epoll_fd < 0)
		return error_errno(err, "cannot set up the event loop");
	machine->signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	machine->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	/* The address of a member says which descriptor it was; any other pointer is that of a service's. */
	if (watch(machine, machine->signal_fd, &machine->signal_fd, EPOLLIN, err) < 0 ||
	    watch(machine, machine->timer_fd, &machine->timer_fd, EPOLLIN, err) < 0 ||
	    watch(machine, machine->uevent_fd, &machine->uevent_fd, EPOLLIN, err) < 0)
		return -1;
	return 0;
}

static struct service *find_by_pid(struct machine *machine, pid_t pid)
{
	for (size_t i = 0; i < machine->plan.containers_count; i++)
		if (machine->services[i].pid == pid)
			return &machine->services[i];
	return NULL;
}

/* Every child and every orphan: what is not a service's is reaped all the same. */
static void reap(struct machine *machine)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct service *service = find_by_pid(machine, pid);

		if (service)
			spawn_reaped(service, status);
		else
			console_reaped(machine, pid);
	}
}

static void on_signals(struct machine *machine)
{
	struct signalfd_siginfo info;

	while (read(machine->signal_fd, &info, sizeof(info)) == sizeof(info))
		for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++)
			if ((int)info.ssi_signo == end_signals[i].number)
				sequence_shutdown(machine, end_signals[i].end, 0, end_signals[i].why);
	/* Whatever the signal was: SIGCHLD is not queued, so that one may stand for many. */
	reap(machine);
}

static void on_timer(struct machine *machine)
{
	int64_t now = spawn_actions.now();
	uint64_t expirations;

	if (read(machine->timer_fd, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
		log_error("cannot read the timer");
	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		struct service *service = &machine->services[i];

		if (service->deadline == 0 || service->deadline > now)
			continue;
		service->deadline = 0;
		service_event(service, SERVICE_TIMER);
	}
}

/*
 * The host's port may come up after PID 1 did. While nobody listens at the other end it says HUP all the time:
 * only changes are asked for, such as somebody coming back.
 */
static void open_host(struct machine *machine)
{
	struct error err;

	if (machine->host_fd >= 0)
		return;
	machine->host_fd = host_open();
	if (machine->host_fd >= 0 && watch(machine, machine->host_fd, &machine->host_fd, EPOLLIN | EPOLLET, &err) < 0)
		log_error("%s", err.message);
}

static void on_uevent(struct machine *machine)
{
	uevents_drain(machine->uevent_fd);
	open_host(machine);
}

static void on_host(struct machine *machine)
{
	if (host_wants_poweroff(machine->host_fd))
		sequence_shutdown(machine, END_POWEROFF, 0, "asked by the host");
}

static void dispatch(struct machine *machine, const struct epoll_event *event)
{
	void *tag = event->data.ptr;

	if (tag == &machine->signal_fd)
		on_signals(machine);
	else if (tag == &machine->timer_fd)
		on_timer(machine);
	else if (tag == &machine->uevent_fd)
		on_uevent(machine);
	else if (tag == &machine->host_fd)
		on_host(machine);
	else
		spawn_readable(tag);
}

/* One timer for all: set to the nearest deadline, or off. */
static void arm_timer(const struct machine *machine)
{
	struct itimerspec when = { 0 };
	int64_t nearest = machine->reader_deadline;

	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		int64_t deadline = machine->services[i].deadline;

		if (deadline != 0 && (nearest == 0 || deadline < nearest))
			nearest = deadline;
	}
	when.it_value.tv_sec = nearest / 1000;
	when.it_value.tv_nsec = nearest % 1000 * 1000000;
	(void)timerfd_settime(machine->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void loop_run(struct machine *machine)
{
	struct epoll_event events[EVENTS_AT_ONCE];

	open_host(machine);
	sequence_start(machine);
	for (;;) {
		int n;

		sequence_advance(machine);
		console_keep(machine, spawn_actions.now());
		arm_timer(machine);
		n = epoll_wait(machine->epoll_fd, events, EVENTS_AT_ONCE, -1);
		for (int i = 0; i < n; i++)
			dispatch(machine, &events[i]);
	}
}
