/* SPDX-License-Identifier: Apache-2.0 */
#include "init/test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/host.h"
#include "init/process.h"
#include "init/sequence.h"

#define CMDLINE_MAX 4096		/* bytes; what is behind them is not looked at */
#define STATUS_NONE 125			/* of a machine whose test came to nothing: what slipway(1) calls it, too */

static struct {
	struct service *service;	/* NULL: this machine is no test */
	struct test_ends here;		/* PID 1's ends; -1 while they are not open */
	struct loop_child child;
	bool told;			/* the process knows that the service has ended */
} test = { .here = { -1, -1, -1 } };

/* 1 when it is, 0 when not, -1 when there is no telling. */
static int is_asked_for(struct error *err)
{
	autoclose int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	char text[CMDLINE_MAX], *save = NULL;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return error_errno(err, "cannot read the kernel's command line");
	text[n] = '\0';
	for (const char *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
		if (strcmp(word, PLAN_TEST_WORD) == 0)
			return 1;
	return 0;
}

int test_prepare(struct machine *machine, struct error *err)
{
	const char *name = machine->plan.machine.test;
	int asked = is_asked_for(err);

	if (asked <= 0)
		return asked;
	/* Nobody looks at a test: it does not wait for somebody who does. */
	machine->plan.machine.on_failure = "poweroff";
	if (!name)
		return error_set(err, "the kernel's command line says '%s', and the plan names no test", PLAN_TEST_WORD);
	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		struct plan_container *c = &machine->plan.containers[i];

		if (c->stage != PLAN_SERVICES || strcmp(c->name, name) != 0)
			continue;
		c->restart = PLAN_RESTART_NEVER;
		c->on_exit = PLAN_EXIT_IGNORE;
		c->critical = false;
		test.service = &machine->services[i];
		return 0;
	}
	return error_set(err, "the test '%s' is no service", name);
}

/* The process has its copies. */
static void close_other_ends(const struct test_ends *ends)
{
	(void)close(ends->output);
	(void)close(ends->mounts);
	(void)close(ends->order);
}

static int make_pipe(int *read_end, int *write_end, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	*read_end = ends[0];
	*write_end = ends[1];
	return 0;
}

static void fail(struct machine *machine, const struct error *err)
{
	log_error("test: %s", err->message);
	host_send_failure(machine->host.fd, err->message);
	sequence_shutdown(machine, END_POWEROFF, STATUS_NONE, "the test came to nothing");
}

/* All has been said to the host, or nothing more can be. */
static void ended(struct machine *machine, struct loop_child *child, int wait_status)
{
	struct error err = { 0 };

	(void)child;
	if (test.told && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) {
		sequence_shutdown(machine, END_POWEROFF, test.service->exit_status, "the test has ended");
		return;
	}
	error_set(&err, "the process that takes the test's output to the host has ended");
	fail(machine, &err);
}

int test_open(struct machine *machine, struct error *err)
{
	struct test_ends there = { -1, -1, -1 };
	int pair[2], keep[3];

	if (!test.service)
		return 0;
	if (make_pipe(&there.output, &test.here.output, err) < 0 || make_pipe(&there.order, &test.here.order, err) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, "cannot make a socket");
	test.here.mounts = pair[0];
	there.mounts = pair[1];
	test.child.reaped = ended;
	loop_add_child(machine, &test.child);
	keep[0] = there.output;
	keep[1] = there.mounts;
	keep[2] = there.order;
	test.child.pid = process_make("test", keep, ARRAY_SIZE(keep));
	if (test.child.pid == 0)
		test_process(machine, &there);
	close_other_ends(&there);
	if (test.child.pid > 0)
		return 0;
	test.child.pid = 0;
	return error_errno(err, "cannot start the process of the test");
}

int test_output(const struct machine *machine, const struct service *service)
{
	(void)machine;
	return service == test.service ? test.here.output : -1;
}

int test_mounts(const struct machine *machine, const struct service *service)
{
	(void)machine;
	return service == test.service ? test.here.mounts : -1;
}

void test_advance(struct machine *machine)
{
	const struct service *s = test.service;
	struct error err = { 0 };
	uint8_t status;

	/* Stopped with all others it has not ended, and has no status that says anything. */
	if (!s || test.told || !sequence_runs_services() || !service_at_rest(s) || (s->starts == 0 && !s->forsaken))
		return;
	test.told = true;
	status = (uint8_t)s->exit_status;
	if (s->forsaken || s->message_length > 0)
		service_cause(s, &err);
	else if (write(test.here.order, &status, 1) != 1)
		error_errno(&err, "its process cannot be told that it has ended");
	if (err.message[0])
		fail(machine, &err);
}
