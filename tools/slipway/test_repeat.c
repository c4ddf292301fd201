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
#include "tools/slipway/test_cluster.h"

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

static struct test_result *results_of(const struct work *w, unsigned int index)
{
	return &w->results[index * w->repeat->machines_count];
}

/* "log.2.db" of the second of several runs, and one of several machines. */
static const char *name_of(const char *mark, const char *name, const struct work *w, unsigned int index, const char *machine,
			   struct arena *arena)
{
	if (name && w->repeat->count > 1)
		name = arena_printf(arena, "%s%s%u", name, mark, index + 1);
	return name && machine ? arena_printf(arena, "%s%s%s", name, mark, machine) : name;
}

static int prepare(const struct work *w, struct test_run *run, unsigned int index, int output, struct arena *arena, struct error *err)
{
	const char *log = name_of(".", w->repeat->log, w, index, run->machine, arena);

	run->artifacts = name_of("/", run->artifacts, w, index, run->machine, arena);
	run->output = output >= 0 ? output : STDOUT_FILENO;
	run->log = log ? open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
	return log && run->log < 0 ? error_errno(err, "--log: cannot write '%s'", log) : 0;
}

static int prepare_all(const struct work *w, struct test_run *runs, unsigned int index, int output, struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < w->repeat->machines_count; i++) {
		runs[i] = w->repeat->machines[i];
		if (prepare(w, &runs[i], index, output, arena, err) < 0)
			return -1;
	}
	return 0;
}

static void run_machines(const struct work *w, unsigned int index, int output, const char *who, struct arena *arena)
{
	size_t count = w->repeat->machines_count;
	struct test_run *runs = arena_array(arena, count, sizeof(*runs));
	struct test_result *results = results_of(w, index);
	struct error err;

	if (prepare_all(w, runs, index, output, arena, &err) < 0)
		for (size_t i = 0; i < count; i++)
			test_result_broken(&results[i], err.message);
	else if (runs[0].machine)
		test_cluster_run(runs, count, who, results);
	else
		test_run(runs, results);
}

static void __attribute__((noreturn)) run_one(const struct work *w, unsigned int index, int output, pid_t parent)
{
	struct arena arena = { 0 };	/* ends with the process */
	const char *who = w->repeat->count > 1 ? arena_printf(&arena, "slipway: run %u", index + 1) : "slipway";

	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(EXIT_NO_STATUS);
	(void)sigprocmask(SIG_SETMASK, &w->mask, NULL);
	/* Who reads the output may leave: an error as any other, after which the machine is to be ended. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (w->repeat->count > 1)
		log_open(who, STDERR_FILENO, LOG_LEVEL_INFO, false);
	run_machines(w, index, output, who, &arena);
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

static void tell(const struct work *w, const struct test_result *result, unsigned int index, const char *machine)
{
	char run[32] = "", which[128];

	if (w->repeat->count > 1)
		(void)snprintf(run, sizeof(run), "run %u: ", index + 1);
	(void)snprintf(which, sizeof(which), "%s%s%s", run, machine ? machine : "", machine ? ": " : "");
	if (result->outcome != TEST_PASSED)
		log_error("%s%s, after %.1f s", which, result->message, result->seconds);
	else if (w->repeat->count > 1 || machine)
		log_info("%spassed in %.1f s", which, result->seconds);
	if (result->instructions)
		log_info("%s%llu instructions", which, (unsigned long long)result->instructions);
}

/* What is to be the same each time is held against the first run that passed. */
static void compare(const struct work *w, struct test_result *result)
{
	for (unsigned int i = 0; w->repeat->machines->vm.deterministic && i < w->begun; i++) {
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

/* Of what stands beside the tests nothing is told that the run has not told. */
static void end_machine(struct work *w, size_t machine, unsigned int index, int wait_status)
{
	const struct test_run *run = &w->repeat->machines[machine];
	struct test_result *result = &results_of(w, index)[machine];

	if (run->aside)
		return;
	if (result->outcome == TEST_NOT_RUN)
		test_result_lost(result, wait_status);
	compare(w, result);
	tell(w, result, index, run->machine);
	if (result->outcome == TEST_INTERRUPTED || (w->repeat->until_failure && result->outcome != TEST_PASSED))
		w->stop = true;
}

static void end(struct work *w, struct place *place, int wait_status)
{
	place->pid = 0;
	w->running--;
	if (place->output >= 0)
		put_output(place->output);
	for (size_t i = 0; i < w->repeat->machines_count; i++)
		end_machine(w, i, place->index, wait_status);
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
	size_t count = repeat->count * repeat->machines_count;
	struct work w = { .repeat = repeat, .places = arena_array(arena, repeat->parallel, sizeof(*w.places)) };
	struct timespec start, now;
	sigset_t signals;
	int r;

	w.results = mmap(NULL, count * sizeof(*w.results), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
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
	*results = arena_array(arena, count, sizeof(**results));
	for (size_t i = 0; i < count; i++)
		(*results)[i] = &w.results[i];
	return r;
}
