/* SPDX-License-Identifier: Apache-2.0 */
#include "init/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/button.h"
#include "init/control.h"
#include "init/disk_names.h"
#include "init/drivers.h"
#include "init/health.h"
#include "init/host.h"
#include "init/notify.h"
#include "init/sequence.h"
#include "init/service.h"
#include "init/spawn.h"
#include "init/test.h"
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

int64_t loop_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t loop_now(void)
{
	return loop_now_us() / 1000;
}

int loop_watch(struct machine *machine, struct loop_source *source, uint32_t events, struct error *err)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	if (source->fd < 0 || epoll_ctl(machine->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0)
		return error_errno(err, "cannot listen for events");
	return 0;
}

void loop_listen(struct machine *machine, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	if (source->fd >= 0 && epoll_ctl(machine->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) < 0)
		log_warning("cannot change what is listened for: %s", strerror(errno));
}

void loop_forget(struct machine *machine, struct loop_source *source)
{
	if (source->fd < 0)
		return;
	(void)epoll_ctl(machine->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	fd_replace(&source->fd, -1);
}

void loop_add_timer(struct machine *machine, struct loop_timer *timer)
{
	timer->next = machine->timers;
	machine->timers = timer;
}

void loop_add_child(struct machine *machine, struct loop_child *child)
{
	child->next = machine->children;
	machine->children = child;
}

static struct service *find_by_pid(struct machine *machine, pid_t pid)
{
	for (size_t i = 0; i < machine->plan.containers_count; i++)
		if (machine->services[i].pid == pid)
			return &machine->services[i];
	return NULL;
}

static struct loop_child *find_child(struct machine *machine, pid_t pid)
{
	for (struct loop_child *child = machine->children; child; child = child->next)
		if (child->pid == pid)
			return child;
	return NULL;
}

static void tell_reaped(struct machine *machine, pid_t pid, int status)
{
	struct service *service = find_by_pid(machine, pid);
	struct loop_child *child = service ? NULL : find_child(machine, pid);

	if (service) {
		spawn_reaped(service, status);
	} else if (child) {
		child->pid = 0;
		child->reaped(machine, child, status);
	}
}

/* Every child and every orphan: what is nobody's is reaped all the same. */
static void reap(struct machine *machine)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0 || (pid < 0 && errno == EINTR))
		if (pid > 0)
			tell_reaped(machine, pid, status);
}

static void on_signals(struct machine *machine, struct loop_source *source)
{
	struct signalfd_siginfo info;
	ssize_t n;

	while ((n = read(source->fd, &info, sizeof(info))) == sizeof(info))
		for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++)
			if ((int)info.ssi_signo == end_signals[i].number)
				sequence_shutdown(machine, end_signals[i].end, 0, end_signals[i].why);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		log_error("cannot read signals: %s", strerror(errno));
	/* Whatever the signal was: SIGCHLD is not queued, so that one may stand for many. */
	reap(machine);
}

static void on_clock(struct machine *machine, struct loop_source *source)
{
	int64_t now = loop_now();
	uint64_t expirations;

	if (read(source->fd, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
		log_error("cannot read the timer");
	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		struct service *service = &machine->services[i];

		if (service->deadline == 0 || service->deadline > now)
			continue;
		service->deadline = 0;
		service_event(service, SERVICE_TIMER);
	}
	for (struct loop_timer *timer = machine->timers; timer; timer = timer->next) {
		if (timer->deadline == 0 || timer->deadline > now)
			continue;
		timer->deadline = 0;
		timer->due(machine, timer);
	}
}

/*
 * The host's port may come up after PID 1 did. While nobody listens at the other end it says HUP all the time:
 * only changes are asked for, such as somebody coming back.
 */
static void open_host(struct machine *machine)
{
	struct error err;

	if (machine->host.fd >= 0)
		return;
	machine->host.fd = host_open();
	if (machine->host.fd >= 0 && loop_watch(machine, &machine->host, EPOLLIN | EPOLLET, &err) < 0)
		log_error("%s", err.message);
}

/* What the machine does about a device: a driver, names, a button. */
static void on_device(void *context, const struct uevent *event)
{
	struct machine *machine = context;
	bool added = strcmp(event->action, "add") == 0;

	if (added)
		drivers_want(machine, event->modalias);
	if (added && strcmp(event->subsystem, "input") == 0)
		button_find(machine);
	if (strcmp(event->subsystem, "block") == 0)
		disk_names_changed(machine);
}

static void look_at_all(struct machine *machine)
{
	drivers_want_all(machine);
	disk_names_changed(machine);
	button_find(machine);
}

static void on_uevent(struct machine *machine, struct loop_source *source)
{
	uevents_read(source->fd, on_device, machine);
	if (uevents_missed())
		look_at_all(machine);
	open_host(machine);
	control_look_for_port(machine);
}

static void on_host(struct machine *machine, struct loop_source *source)
{
	if (host_wants_poweroff(source->fd))
		sequence_shutdown(machine, END_POWEROFF, 0, "asked by the host");
}

int loop_open(struct machine *machine, struct error *err)
{
	sigset_t all;

	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	machine->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (machine->epoll_fd < 0)
		return error_errno(err, "cannot set up the event loop");
	machine->signals.fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	machine->signals.ready = on_signals;
	machine->clock.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	machine->clock.ready = on_clock;
	machine->uevents.ready = on_uevent;
	machine->host.ready = on_host;
	if (loop_watch(machine, &machine->signals, EPOLLIN, err) < 0 ||
	    loop_watch(machine, &machine->clock, EPOLLIN, err) < 0 ||
	    loop_watch(machine, &machine->uevents, EPOLLIN, err) < 0)
		return -1;
	return 0;
}

static void take_nearer(int64_t *nearest, int64_t deadline)
{
	if (deadline != 0 && (*nearest == 0 || deadline < *nearest))
		*nearest = deadline;
}

/* One timer of the kernel for all: set to the nearest deadline, or off. */
static void arm_clock(const struct machine *machine)
{
	struct itimerspec when = { 0 };
	int64_t nearest = 0;

	for (size_t i = 0; i < machine->plan.containers_count; i++)
		take_nearer(&nearest, machine->services[i].deadline);
	for (const struct loop_timer *timer = machine->timers; timer; timer = timer->next)
		take_nearer(&nearest, timer->deadline);
	when.it_value.tv_sec = nearest / 1000;
	when.it_value.tv_nsec = nearest % 1000 * 1000000;
	(void)timerfd_settime(machine->clock.fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void loop_run(struct machine *machine)
{
	struct epoll_event events[EVENTS_AT_ONCE];

	open_host(machine);
	control_look_for_port(machine);
	button_find(machine);
	sequence_start(machine);
	for (;;) {
		int n;

		test_advance(machine);
		sequence_advance(machine);
		health_advance(machine);
		notify_advance(machine);
		control_advance(machine);
		arm_clock(machine);
		n = epoll_wait(machine->epoll_fd, events, EVENTS_AT_ONCE, -1);
		for (int i = 0; i < n; i++) {
			struct loop_source *source = events[i].data.ptr;

			/* One that came before it may have closed it. */
			if (source->fd >= 0)
				source->ready(machine, source);
		}
	}
}
