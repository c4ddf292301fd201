/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/test_repeat.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"

static const int end_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* One run that goes on. */
struct place {
	pid_t pid;			/* 0: free */
	unsigned int index;
	int output;			/* a file without a name; -1: standard output itself */
};

struct work {
	const struct test_repeat *repeat;
	struct test_result *results;
	struct place *places;
	unsigned int begun, running;
	bool stop;			/* none is begun any more */
	sigset_t mask;			/* as it was */
};

/* ------------------------------------------------------------ in the process of a run */

static const char *name_of(const char *format, const char *name, const struct work *w, unsigned int index, struct arena *arena)
{
	char number[16];

	if (!name || w->repeat->count == 1)
		return name;
	(void)snprintf(number, sizeof(number), "%u", index + 1);
	return arena_printf(arena, "%s%s%s", name, format, number);
}

static void __attribute__((noreturn)) run_one(const struct work *w, unsigned int index, int output, pid_t parent)
{
	struct test_run run = *w->repeat->run;
	struct test_result *result = &w->results[index];
	struct arena arena = { 0 };	/* ends with the process */
	const char *log = name_of(".", w->repeat->log, w, index, &arena);

	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(EXIT_NO_STATUS);
	(void)sigprocmask(SIG_SETMASK, &w->mask, NULL);
	/* Who reads the output may leave: an error as any other, after which the machine is to be ended. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (w->repeat->count > 1)
		log_open(arena_printf(&arena, "slipway: run %u", index + 1), STDERR_FILENO, LOG_LEVEL_INFO, false);
	run.artifacts = name_of("/", run.artifacts, w, index, &arena);
	run.output = output >= 0 ? output : STDOUT_FILENO;
	run.log = log ? open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
	if (log && run.log < 0) {
		struct error err;

		error_errno(&err, "--log: cannot write '%s'", log);
		*result = (struct test_result){ .outcome = TEST_BROKEN, .status = EXIT_NO_STATUS };
		(void)strcpy(result->message, err.message);
		_exit(0);
	}
	test_run(&run, result);
	_exit(0);
}

/* ------------------------------------------------------------ one after the other */

static int begin(struct work *w, struct place *place, struct error *err)
{
	pid_t parent = getpid();

	*place = (struct place){ .index = w->begun, .output = -1 };
	if (w->repeat->parallel > 1) {
		place->output = memfd_create("slipway-test-output", MFD_CLOEXEC);
		if (place->output < 0)
			return error_errno(err, "cannot make a temporary file");
	}
	place->pid = fork();
	if (place->pid < 0) {
		place->pid = 0;
		cleanup_close(&place->output);
		return error_errno(err, "cannot make a process");
	}
	if (place->pid == 0)
		run_one(w, place->index, place->output, parent);
	w->begun++;
	w->running++;
	return 0;
}

static void put_output(int fd)
{
	char data[65536];
	struct error err;
	ssize_t n;

	(void)lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, data, sizeof(data))) > 0)
		if (file_write_all(STDOUT_FILENO, data, (size_t)n, "the output", &err) < 0)
			break;
	(void)close(fd);
}

static void tell(const struct work *w, const struct test_result *result, unsigned int index)
{
	char which[32] = "";

	if (w->repeat->count > 1)
		(void)snprintf(which, sizeof(which), "run %u: ", index + 1);
	if (result->outcome != TEST_PASSED)
		log_error("%s%s, after %.1f s", which, result->message, result->seconds);
	else if (w->repeat->count > 1)
		log_info("%spassed in %.1f s", which, result->seconds);
	if (result->instructions)
		log_info("%s%llu instructions", which, (unsigned long long)result->instructions);
}

/* What is to be the same each time is held against the first run that passed. */
static void compare(const struct work *w, struct test_result *result)
{
	for (unsigned int i = 0; w->repeat->run->vm.deterministic && i < w->begun; i++) {
		const struct test_result *first = &w->results[i];
		bool same_output = strcmp(first->output.text, result->output.text) == 0;

		if (first == result || first->outcome != TEST_PASSED || result->outcome != TEST_PASSED)
			continue;
		if (same_output && first->instructions == result->instructions)
			return;
		result->outcome = TEST_FAILED;
		result->status = EXIT_FAILURE;
		(void)snprintf(result->message, sizeof(result->message), "another %s than that of run %u, though deterministic",
			       same_output ? "number of instructions" : "output", i + 1);
		return;
	}
}

static void end(struct work *w, struct place *place, int wait_status)
{
	struct test_result *result = &w->results[place->index];

	place->pid = 0;
	w->running--;
	if (result->outcome == TEST_NOT_RUN) {
		*result = (struct test_result){ .outcome = TEST_BROKEN, .status = EXIT_NO_STATUS };
		(void)snprintf(result->message, sizeof(result->message), "the process of the run has ended with %s %d",
			       WIFSIGNALED(wait_status) ? "signal" : "status",
			       WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status));
	}
	compare(w, result);
	if (place->output >= 0)
		put_output(place->output);
	tell(w, result, place->index);
	if (result->outcome == TEST_INTERRUPTED || (w->repeat->until_failure && result->outcome != TEST_PASSED))
		w->stop = true;
}

static void reap(struct work *w)
{
	int wait_status;
	pid_t pid;

	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0)
		for (unsigned int i = 0; i < w->repeat->parallel; i++)
			if (w->places[i].pid == pid)
				end(w, &w->places[i], wait_status);
}

static void end_all(struct work *w)
{
	w->stop = true;
	for (unsigned int i = 0; i < w->repeat->parallel; i++)
		if (w->places[i].pid > 0)
			(void)kill(w->places[i].pid, SIGTERM);
}

static int go_on(struct work *w, const sigset_t *signals, struct error *err)
{
	int r = 0, number;

	for (;;) {
		for (unsigned int i = 0; i < w->repeat->parallel && !w->stop && w->begun < w->repeat->count; i++)
			if (w->places[i].pid == 0 && begin(w, &w->places[i], err) < 0) {
				end_all(w);
				r = -1;
			}
		if (w->running == 0)
			return r;
		number = sigwaitinfo(signals, NULL);
		if (number == SIGCHLD)
			reap(w);
		else if (number > 0)
			end_all(w);
	}
}

int test_repeat(const struct test_repeat *repeat, const struct test_result ***results, double *seconds, struct arena *arena,
		struct error *err)
{
	struct work w = { .repeat = repeat, .places = arena_array(arena, repeat->parallel, sizeof(*w.places)) };
	struct timespec start, now;
	sigset_t signals;
	int r;

	w.results = mmap(NULL, repeat->count * sizeof(*w.results), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w.results == MAP_FAILED)
		return error_errno(err, "cannot make room for the results");
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++)
		(void)sigaddset(&signals, end_signals[i]);
	(void)signal(SIGCHLD, SIG_DFL); /* ignored, children would leave no status */
	(void)sigprocmask(SIG_BLOCK, &signals, &w.mask);
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	r = go_on(&w, &signals, err);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	/* Ctrl-C came more than once: that all has ended is what it asked for, and it is still to be told. */
	while (sigtimedwait(&signals, NULL, &(struct timespec){ 0 }) > 0)
		;
	(void)sigprocmask(SIG_SETMASK, &w.mask, NULL);
	*seconds = (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
	*results = arena_array(arena, repeat->count, sizeof(**results));
	for (unsigned int i = 0; i < repeat->count; i++)
		(*results)[i] = &w.results[i];
	return r;
}
