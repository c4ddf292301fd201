/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one binary of the target. Process 1 is the machine's init; under any other
 * name or number it is the OCI runtime.
 */
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "init/boot.h"
#include "init/loop.h"
#include "runtime/command/command.h"

static struct machine machine = {
	.signals.fd = -1, .clock.fd = -1, .uevents.fd = -1, .host.fd = -1,
	.epoll_fd = -1, .console_fd = -1, .null_fd = -1, .cgroup_fd = -1,
};

/* Only while the plan is read: PID 1 allocates at no other time. Nothing runs yet that could be saved. */
static void __attribute__((noreturn)) out_of_memory(void)
{
	log_error("boot failed: out of memory; give the machine more");
	machine_end(&machine, END_POWEROFF);
}

static void __attribute__((noreturn)) init_main(void)
{
	arena_out_of_memory = out_of_memory;
	log_open("init", STDERR_FILENO, LOG_LEVEL_INFO, false);
	boot(&machine);
	loop_run(&machine);
}

int main(int argc, char **argv)
{
	if (getpid() == 1 && argc > 0 && strstr(argv[0], "init"))
		init_main();
	return runtime_main(argc, argv);
}
