/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine that is booted for its chart. QEMU is looked after here, and asked is by a child, through the socket that `slipway ctl`
 * would take; what it has found comes back as the document that `--json` writes.
 */
#include "tools/slipway/bootchart_fetch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "control/client.h"
#include "tools/slipway/control_port.h"

#define END_TIME 90u			/* seconds that the machine has to be asked, and to end */

/* In memory that both processes see. */
struct found {
	int64_t began_us;
	bool there;
	struct error err;		/* where it is not */
	size_t length;
	char json[CHART_BYTES_MAX];
};

static int dial(const void *path, struct error *err)
{
	return client_connect_unix(path, err);
}

/* In order. A machine that ends by itself may be gone. */
static void power_off(const char *path)
{
	static struct client client;
	autobuffer struct buffer request = { 0 };
	struct error ignored;

	client.timeout = END_TIME;
	client.fd = client_connect_unix(path, &ignored);
	record_begin(&request, "poweroff");
	record_end(&request);
	if (client.fd >= 0)
		(void)client_ask(&client, &request, &ignored);
}

static int find(const char *path, unsigned int patience, struct found *found, struct error *err)
{
	const struct bootchart_machine machine = { dial, path, patience, found->began_us };
	autobuffer struct buffer json = { 0 };
	struct arena arena = { 0 };
	struct chart chart;

	/* The arena ends with the process. */
	if (bootchart_fetch(&machine, &arena, &chart, err) < 0 || chart_write_json(&chart, &json, err) < 0)
		return -1;
	if (json.length > sizeof(found->json))
		return error_set(err, "the chart has more than %u bytes", CHART_BYTES_MAX);
	memcpy(found->json, json.data, json.length);
	found->length = json.length;
	return 0;
}

static void __attribute__((noreturn)) become_finder(const char *path, unsigned int patience, struct found *found, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	found->there = find(path, patience, found, &found->err) == 0;
	power_off(path);
	_exit(0);
}

/* Where the console goes: nobody reads it but for a reason. */
static int set_console(struct qemu_vm *vm, struct qemu_run *run, struct error *err)
{
	int fd;

	vm->console = (struct qemu_line){ QEMU_LINE_DISCARD, -1 };
	if (!vm->log)
		return 0;
	fd = open(vm->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_errno(err, "--log: cannot write '%s'", vm->log);
	run->give[run->give_count++] = fd;
	vm->console = (struct qemu_line){ QEMU_LINE_FILE, fd };
	return 0;
}

static int run(struct qemu_vm *vm, struct qemu_run *run, int *status, struct arena *arena, struct error *err)
{
	autoclose int ours = -1;
	int pair[2];

	if (set_console(vm, run, err) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, "cannot make the socket for the guest's status");
	ours = run->status_fd = pair[0];
	run->give[run->give_count++] = pair[1];
	vm->status = (struct qemu_line){ QEMU_LINE_SOCKET, pair[1] };
	run->argv = qemu_command(vm, arena);
	return qemu_process_run(run, status, err);
}

/* The machine with the process that asks it, to the end of both. */
static int boot(struct qemu_vm *vm, struct control_port *port, unsigned int patience, struct found *found, struct guest_status *guest,
		int *status, struct arena *arena, struct error *err)
{
	struct qemu_run process = {
		.machine = vm->machine, .unattended = true, .timeout = patience + END_TIME, .guest = guest, .give = { port->guest }, .give_count = 1,
	};
	pid_t parent = getpid(), finder;
	struct timespec t;
	int r;

	vm->control = (struct qemu_line){ QEMU_LINE_SOCKET, port->guest };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	found->began_us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
	finder = fork();
	if (finder == 0) {
		(void)close(port->guest);
		become_finder(port->path, patience, found, parent);
	}
	if (finder < 0)
		return error_errno(err, "cannot make a process that asks the machine");
	r = run(vm, &process, status, arena, err);
	/* Without the way to the machine it ends, wherever it is. */
	control_port_close(port);
	(void)waitpid(finder, NULL, 0);
	return r;
}

/* Where there is none: why the boot failed says more than that the machine is gone. */
static int judge(const struct found *found, const struct guest_status *guest, struct arena *arena, struct chart *chart, int *status,
		 struct error *err)
{
	if (*status == EXIT_INTERRUPTED)
		return 0;
	if (found->there) {
		*status = 0;
		return chart_read_json(found->json, found->length, arena, chart, err);
	}
	*status = EXIT_NO_STATUS;
	if (guest->failed)
		return error_set(err, "the boot failed: %s", guest->failure);
	return error_set(err, "%s", *found->err.message ? found->err.message : "the machine ended before its chart was there");
}

int bootchart_boot(struct qemu_vm *vm, const char *name, unsigned int patience, struct arena *arena, struct chart *chart, int *status,
		   struct error *err)
{
	struct found *found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct guest_status guest = { 0 };
	struct control_port port = { 0 };
	int r = -1;

	*status = EXIT_NO_STATUS;
	if (found == MAP_FAILED)
		return error_errno(err, "no memory for the chart");
	if (vm_prepare(vm, err) == 0 && control_port_open(&port, name, arena, err) == 0) {
		r = boot(vm, &port, patience, found, &guest, status, arena, err);
		control_port_close(&port);
	}
	if (r == 0)
		r = judge(found, &guest, arena, chart, status, err);
	(void)munmap(found, sizeof(*found));
	return r;
}
