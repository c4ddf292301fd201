/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/clock.h"
#include "init/control.h"
#include "init/init.h"
#include "init/kexec.h"
#include "init/logs.h"
#include "init/seed.h"
#include "init/unmount.h"
#include "init/watchdog.h"
#include "init/worker.h"

#define KERNEL_TIMEOUT 60000u		/* milliseconds, for all devices together */

/* What is done last of all, each in a process of its own: where a disk does not answer, the machine ends all the same. */
static const struct last_step {
	const char *name;
	int (*run)(void *machine, struct error *err);
	unsigned int timeout;		/* milliseconds */
} last_steps[] = {
	{ "clock",       clock_save,         5000 },
	{ "random seed", seed_save,          5000 },
	{ "unmount",     unmount_everything, 90000 },
	{ "sync",        unmount_sync,       10000 },
};

static void take_last_steps(struct machine *machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(last_steps); i++) {
		struct worker_job job = { last_steps[i].name, last_steps[i].run, machine, last_steps[i].timeout };
		struct error err = { 0 };

		if (worker_wait(&job, &err) < 0)
			log_warning("%s", err.message);
	}
}

static int ask_kernel(void *command, struct error *err)
{
	(void)reboot(*(const int *)command);
	return error_errno(err, "the kernel cannot end the machine");
}

static void reset(void)
{
	autoclose int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "b", 1) < 0)
		log_error("the machine cannot be reset: %s", strerror(errno));
}

/* The kernel shuts each device down first, and waits for one that does not answer for ever: so it is asked in a process of its own. */
static void end_by(int command)
{
	const struct worker_job job = { "", ask_kernel, &command, KERNEL_TIMEOUT };
	struct error err = { 0 };

	if (worker_wait(&job, &err) < 0 && err.number == ETIMEDOUT) {
		log_error("a device holds the end of the machine up: it is reset");
		reset();
	}
	(void)reboot(command);
}

void machine_end(struct machine *machine, enum machine_end end)
{
	const char *poweroff = machine->plan.machine.poweroff;
	bool loaded, restart = end == END_REBOOT || (poweroff && strcmp(poweroff, "restart") == 0);

	control_close();
	logs_close(machine);
	loaded = end == END_REBOOT && kexec_load(machine);
	log_info("%s", loaded ? "reboot, straight into the kernel" : end == END_REBOOT ? "reboot" : "power off");
	take_last_steps(machine);
	watchdog_close();
	if (loaded)
		end_by((int)LINUX_REBOOT_CMD_KEXEC);
	end_by(restart ? RB_AUTOBOOT : RB_POWER_OFF);
	/* The kernel has no way to do it: what is left is not to panic. */
	log_error("the kernel cannot end the machine: %s", strerror(errno));
	for (;;)
		(void)pause();
}
