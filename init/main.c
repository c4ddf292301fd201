/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one binary of the target. Process 1 is the machine's init; as `ctl` it looks at that and steers it; by the name
 * that the kernel is given to load modules it does that; under any other name it is the OCI runtime.
 */
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/path.h"
#include "control/ctl.h"
#include "init/boot.h"
#include "init/drivers.h"
#include "init/loop.h"
#include "runtime/command/command.h"

static struct machine machine = {
	.signals.fd = -1, .clock.fd = -1, .uevents.fd = -1, .host.fd = -1,
	.epoll_fd = -1, .console_fd = -1, .null_fd = -1, .cgroup_fd = -1, .log_fd = -1, .log_progress_fd = -1,
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

static int open_control(struct error *err)
{
	return client_connect_unix(CONTROL_SOCKET, err);
}

static const struct ctl_way inside = { .program = "ctl", .open = open_control };

int main(int argc, char **argv)
{
	if (getpid() == 1 && argc > 0 && strstr(argv[0], "init"))
		init_main();
	if (argc > 0 && strcmp(path_base(argv[0]), "ctl") == 0)
		return ctl_main(&inside, argc, argv);
	if (argc > 0 && strcmp(argv[0], MODPROBE_PATH) == 0)
		return drivers_modprobe(argc, argv);
	return runtime_main(argc, argv);
}
