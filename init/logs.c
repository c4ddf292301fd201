/* SPDX-License-Identifier: Apache-2.0 */
#include "init/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/log_files.h"
#include "init/log_remote.h"
#include "init/process.h"

#define FILES_PER_CONTAINER 7		/* two ends of two pipes, status pipe, pidfd, one in passing */
#define FILES_OTHER 128
#define OWN_SOURCES 2			/* the kernel and PID 1 */

static const char *const own_names[OWN_SOURCES] = { "kernel", "init" };

/* ------------------------------------------------------------ sources */

size_t logs_count(const struct machine *machine)
{
	return machine->plan.containers_count + OWN_SOURCES;
}

const char *logs_name(const struct machine *machine, size_t source)
{
	size_t containers = machine->plan.containers_count;

	return source < containers ? machine->plan.containers[source].name : own_names[source - containers];
}

const struct plan_log *logs_plan(const struct machine *machine, size_t source)
{
	return source < machine->plan.containers_count ? &machine->plan.containers[source].log : &machine->plan.machine.log;
}

static size_t ring_of(const struct machine *machine, size_t source)
{
	size_t bytes = (size_t)logs_plan(machine, source)->memory * 1024;

	return bytes < LOG_MEMORY_MIN ? LOG_MEMORY_MIN : bytes;
}

bool logs_has_file(const struct machine *machine, size_t source)
{
	return machine->has_state && logs_plan(machine, source)->file_size > 0;
}

int logs_map(const struct machine *machine, struct log_memory *memory, struct error *err)
{
	memory->count = logs_count(machine);
	memory->areas = calloc(memory->count, sizeof(*memory->areas));
	memory->rings = calloc(memory->count, sizeof(*memory->rings));
	if (!memory->areas || !memory->rings)
		return error_set(err, "out of memory");
	for (size_t i = 0; i < memory->count; i++)
		memory->rings[i] = ring_of(machine, i);
	return log_memory_map(machine->log_fd, memory, err);
}

void logs_progress(const struct machine *machine, const struct log_memory *memory)
{
	const uint64_t one = 1;

	if (atomic_load(&memory->header->held) && write(machine->log_progress_fd, &one, sizeof(one)) < 0)
		return;
}

/* ------------------------------------------------------------ in PID 1 */

static pid_t start_log(struct machine *machine, struct helper *helper, struct error *err)
{
	pid_t pid = process_make(helper->name, NULL, 0);

	if (pid == 0)
		log_process(machine);
	return pid < 0 ? error_errno(err, "cannot start the log process") : pid;
}

static struct helper helper = { .name = "log", .start = start_log };

static void raise_file_limit(size_t containers)
{
	rlim_t wanted = containers * FILES_PER_CONTAINER + FILES_OTHER;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
		log_warning("cannot read the limit of open files: %s", strerror(errno));
		return;
	}
	if (limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warning("cannot raise the limit of open files: %s", strerror(errno));
}

/* Sparse: what no line is in costs nothing. */
static int make_memory(struct machine *machine, struct error *err)
{
	size_t size = log_memory_size(NULL, 0);

	for (size_t i = 0; i < logs_count(machine); i++) {
		size_t ring = ring_of(machine, i);

		size += log_memory_size(&ring, 1) - log_memory_size(NULL, 0);
	}
	machine->log_fd = memfd_create("logs", MFD_CLOEXEC);
	machine->log_progress_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (machine->log_fd < 0 || machine->log_progress_fd < 0 || ftruncate(machine->log_fd, (off_t)size) < 0)
		return error_errno(err, "cannot make the memory of the logs");
	return 0;
}

static int make_pipes(struct machine *machine, struct error *err)
{
	for (size_t i = 0; i < machine->plan.containers_count; i++)
		for (int stream = 0; stream < LOG_STREAMS; stream++) {
			int ends[2];

			if (pipe2(ends, O_CLOEXEC) < 0)
				return error_errno(err, "cannot make a pipe for the output of '%s'",
						   machine->plan.containers[i].name);
			machine->pipes[i].read_end[stream] = ends[0];
			machine->pipes[i].write_end[stream] = ends[1];
		}
	return 0;
}

int logs_open(struct machine *machine, struct error *err)
{
	struct error other = { 0 };

	raise_file_limit(machine->plan.containers_count);
	if (make_memory(machine, err) < 0 || make_pipes(machine, err) < 0)
		return -1;
	helper_open(machine, &helper);
	if (helper_start(machine, &helper, err) < 0)
		return -1;
	/* Services do without these two. */
	if (log_files_open(machine, &other) < 0 || log_remote_open(machine, &other) < 0)
		log_error("%s", other.message);
	return 0;
}

int logs_of(const struct machine *machine, size_t index, enum log_stream stream)
{
	return machine->pipes[index].write_end[stream];
}

static void wait_for(pid_t pid, int timeout)
{
	autoclose int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n = pidfd >= 0 ? poll(&p, 1, timeout) : -1;

	if (pid > 0 && n < 0)
		log_warning("what is left of the logs may be lost: %s", strerror(errno));
	if (n == 0)
		(void)kill(pid, SIGKILL);
}

void logs_close(struct machine *machine)
{
	struct error err;

	if (machine->log_fd < 0)
		return;
	/* It may have been killed a moment ago. */
	if (helper_start(machine, &helper, &err) < 0)
		log_warning("what is left of the logs may be lost: %s", err.message);
	/* With the last writing end the process comes to the end of each pipe, and of its work. */
	for (size_t i = 0; i < machine->plan.containers_count; i++)
		for (int stream = 0; stream < LOG_STREAMS; stream++) {
			fd_replace(&machine->pipes[i].write_end[stream], -1);
			fd_replace(&machine->pipes[i].read_end[stream], -1);
		}
	wait_for(helper.child.pid, machine->plan.containers_count > 0 ? LOGS_DRAIN : 0);
	/* They see that nothing more comes. */
	wait_for(log_files_pid(), LOGS_DRAIN);
	log_remote_close(LOGS_DRAIN / 2);
}
