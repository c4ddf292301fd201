/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/run_cluster.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "tools/slipway/control_port.h"
#include "tools/slipway/lan.h"
#include "tools/slipway/lines.h"
#include "tools/slipway/members.h"
#include "tools/slipway/vm.h"

struct cluster {
	const struct run_cluster *run;
	struct lan lan;
	struct members members;
	const char *const *names;
	int statuses[LAN_PORTS_MAX];
	unsigned int interrupts;
};

/* ------------------------------------------------------------ in the process of a machine */

struct console_copy {
	struct lines lines;
	int log;			/* -1: none */
	struct error err;
};

static int take_console(void *context, const char *data, size_t length)
{
	struct console_copy *copy = context;

	if (copy->log >= 0 && file_write_all(copy->log, data, length, "the log of the console", &copy->err) < 0)
		return -1;
	return lines_write(&copy->lines, data, length, &copy->err);
}

/* Our end, or -1 with the error; QEMU's is given. */
static int open_line(struct qemu_run *qemu, struct qemu_line *line, struct error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, "cannot make a socket for the machine");
	*line = (struct qemu_line){ QEMU_LINE_SOCKET, pair[1] };
	qemu->give[qemu->give_count++] = pair[1];
	return pair[0];
}

static int open_log(const char *file, const char *name, struct arena *arena, int *fd, struct error *err)
{
	const char *path = file ? arena_printf(arena, "%s.%s", file, name) : NULL;

	*fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
	return path && *fd < 0 ? error_errno(err, "--log: cannot write '%s'", path) : 0;
}

static int boot(struct cluster *c, size_t index, struct console_copy *copy, struct arena *arena, int *status, struct error *err)
{
	struct qemu_vm vm = c->run->vms[index];
	struct qemu_run qemu = {
		.machine = vm.machine, .timeout = c->run->timeout, .unattended = true, .poweroff_signal = MEMBERS_POWEROFF, .streams_count = 1,
	};
	struct control_port port = { 0 };
	int console, r;

	vm.lan.group = NULL;
	vm.lan.fd = qemu.give[qemu.give_count++] = lan_take(&c->lan, index);
	if (vm_prepare(&vm, err) < 0 || (qemu.status_fd = open_line(&qemu, &vm.status, err)) < 0 ||
	    (console = open_line(&qemu, &vm.console, err)) < 0)
		return -1;
	/* A machine that cannot be steered runs all the same. */
	if (control_port_open(&port, c->names[index], arena, err) < 0) {
		log_warning("without 'slipway ctl': %s", err->message);
	} else {
		vm.control = (struct qemu_line){ QEMU_LINE_SOCKET, port.guest };
		qemu.give[qemu.give_count++] = port.guest;
	}
	qemu.streams[0] = (struct qemu_stream){ console, take_console, copy };
	qemu.argv = qemu_command(&vm, arena);
	r = qemu_process_run(&qemu, status, err);
	control_port_close(&port);
	return r;
}

static void __attribute__((noreturn)) member(void *context, size_t index)
{
	struct cluster *c = context;
	const char *name = c->names[index];
	struct arena arena = { 0 };	/* ends with the process, as descriptors do */
	const char *title = arena_printf(&arena, "slipway: %s", name);
	struct console_copy copy = {
		.lines = { .prefix = lines_prefix(name, c->names, c->members.count, &arena), .fd = STDOUT_FILENO, .console = true },
	};
	struct error err = { 0 };
	int status = EXIT_NO_STATUS;

	/* The keys of the terminal are for who looks after all; what is written to it is no reason to stop. */
	(void)setpgid(0, 0);
	(void)signal(SIGTTOU, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	log_open(title, STDERR_FILENO, LOG_LEVEL_INFO, false);
	if (open_log(c->run->log, name, &arena, &copy.log, &err) < 0 || boot(c, index, &copy, &arena, &status, &err) < 0) {
		error_print(&err, title);
		status = EXIT_NO_STATUS;
	}
	(void)lines_end(&copy.lines, &copy.err);
	if (copy.err.message[0])
		error_print(&copy.err, title);
	_exit(status);
}

/* ------------------------------------------------------------ in the process that looks after all */

static void take_signal(struct cluster *c)
{
	if (c->interrupts++ > 0) {
		members_send(&c->members, SIGTERM);
		return;
	}
	log_info("asking the machines to power off; once more ends them at once");
	members_send(&c->members, MEMBERS_POWEROFF);
}

static void take_end(struct cluster *c, size_t index, int wait_status)
{
	int status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : EXIT_NO_STATUS;

	c->statuses[index] = status;
	if (c->members.running)
		log_info("the machine '%s' has ended with status %d", c->names[index], status);
}

static int look_after(struct cluster *c, struct error *err)
{
	int wait_status, r = 0;
	size_t index;

	for (size_t i = 0; i < c->members.count && r == 0; i++)
		r = members_start(&c->members, i, member, c, err);
	if (r < 0)
		members_send(&c->members, SIGTERM);
	while (c->members.running > 0) {
		if (members_wait(&c->members, &index, &wait_status) == MEMBERS_ENDED)
			take_end(c, index, wait_status);
		else
			take_signal(c);
	}
	return r;
}

int run_cluster(const struct run_cluster *run, int *status, struct error *err)
{
	struct cluster c = { .run = run };
	struct arena arena = { 0 };
	const char **names = arena_array(&arena, run->machines->count, sizeof(*names));
	int r;

	for (size_t i = 0; i < run->machines->count; i++)
		names[i] = run->machines->items[i].name;
	c.names = names;
	r = lan_open(&c.lan, run->machines->count, err);
	if (r == 0) {
		members_open(&c.members, run->machines->count, &arena);
		r = look_after(&c, err);
		members_close(&c.members);
	}
	lan_close(&c.lan);
	*status = 0;
	for (size_t i = 0; i < run->machines->count && *status == 0; i++)
		*status = c.statuses[i];
	arena_release(&arena);
	return r;
}
