/* SPDX-License-Identifier: Apache-2.0 */
/* `ctl logs` while a service writes faster than anybody reads. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "init/logs.h"
#include "init/session.h"

#define ROUNDS 100

static struct plan_container container = { .name = "busy", .log = { .memory = 64 } };
static struct machine *machine;
static struct log_memory memory;
static pid_t writer;

/* The one source without an end. */
static void __attribute__((noreturn)) write_for_ever(pid_t parent)
{
	static struct log_line line;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	for (unsigned long n = 1;; n++) {
		line.monotonic_us = line.realtime_us = (int64_t)n;
		line.length = (size_t)snprintf(line.text, sizeof(line.text), "line %lu", n);
		log_append(memory.areas[0], memory.rings[0], &line, log_current(memory.areas[0]));
	}
}

static int setup(void **state)
{
	struct error err;

	(void)state;
	machine = calloc(1, sizeof(*machine));
	assert_non_null(machine);
	machine->plan.containers = &container;
	machine->plan.containers_count = 1;
	machine->log_fd = memfd_create("logs", MFD_CLOEXEC);
	assert_int_equal(ftruncate(machine->log_fd, 1 << 20), 0);
	assert_int_equal(logs_map(machine, &memory, &err), 0);
	writer = fork();
	if (writer == 0)
		write_for_ever(getppid());
	while (log_end(memory.areas[0]) < 10000)
		(void)usleep(1000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(kill(writer, SIGKILL), 0);
	assert_int_equal(waitpid(writer, NULL, 0), writer);
	assert_int_equal(munmap(memory.header, memory.size), 0);
	free(memory.areas);
	free(memory.rings);
	(void)close(machine->log_fd);
	free(machine);
	return 0;
}

/* What is sent for the request, which is a line of the protocol. */
static void ask(const char *request, struct buffer *answer)
{
	char text[200], data[4096];
	struct record record;
	struct error err;
	int ends[2];
	pid_t pid;
	ssize_t n;

	(void)snprintf(text, sizeof(text), "%s", request);
	assert_int_equal(record_parse(text, &record, &err), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)close(ends[0]);
		_exit(session_logs(machine, ends[1], &record, &err) < 0);
	}
	(void)close(ends[1]);
	while ((n = read(ends[0], data, sizeof(data))) > 0)
		buffer_add(answer, data, (size_t)n);
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static void the_last_n_are_not_more(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		autobuffer struct buffer answer = { 0 };

		ask("logs lines=3 name=busy", &answer);
		buffer_add(&answer, "", 1);
		assert_non_null(strstr(answer.data, "\nend\n"));
		assert_in_range(count(answer.data, "\nline "), 0, 3);
	}
}

static void all_there_is_has_an_end(void **state)
{
	autobuffer struct buffer answer = { 0 };
	uint64_t before = log_end(memory.areas[0]);

	(void)state;
	ask("logs name=busy", &answer);
	buffer_add(&answer, "", 1);
	assert_non_null(strstr(answer.data, "\nend\n"));
	/* And the writer has not: this ends only where it goes on. */
	while (log_end(memory.areas[0]) <= before)
		(void)usleep(1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_n_are_not_more, setup, teardown),
		cmocka_unit_test_setup_teardown(all_there_is_has_an_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
