/* SPDX-License-Identifier: Apache-2.0 */
#include "init/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "init/api_mounts.h"
#include "init/clock.h"
#include "init/consoles.h"
#include "init/control.h"
#include "init/disk_names.h"
#include "init/disks.h"
#include "init/drivers.h"
#include "init/health.h"
#include "init/host.h"
#include "init/identity.h"
#include "init/logs.h"
#include "init/loop.h"
#include "init/metrics.h"
#include "init/modules.h"
#include "init/network.h"
#include "init/notify.h"
#include "init/oom.h"
#include "init/order.h"
#include "init/root.h"
#include "init/schedule.h"
#include "init/seed.h"
#include "init/sequence.h"
#include "init/service.h"
#include "init/settings.h"
#include "init/shell.h"
#include "init/spawn.h"
#include "init/test.h"
#include "init/times.h"
#include "init/uevents.h"
#include "init/watchdog.h"
#include "init/worker.h"

#define IDENTITY_TIMEOUT 30000u		/* milliseconds */

static struct arena plan_arena;		/* lives as long as the machine */

/*
 * The kernel gave an initramfs no console, or one whose node is gone by now. A console may be missing, and so may kmsg:
 * then the console has the log.
 */
static int open_streams(struct machine *machine, struct error *err)
{
	int kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC), kmsg_error = errno, console_error;

	machine->console_fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	console_error = errno;
	if (kmsg >= 0 || machine->console_fd >= 0)
		log_open("init", kmsg >= 0 ? kmsg : machine->console_fd, LOG_LEVEL_INFO, kmsg >= 0);
	if (kmsg < 0)
		log_warning("cannot open '/dev/kmsg': %s", strerror(kmsg_error));
	if (machine->console_fd < 0 && console_error != ENODEV && console_error != ENXIO && console_error != ENOENT)
		log_warning("cannot open '/dev/console': %s", strerror(console_error));
	machine->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (machine->null_fd < 0)
		return error_errno(err, "cannot open '/dev/null'");
	if (machine->console_fd < 0)
		machine->console_fd = fcntl(machine->null_fd, F_DUPFD_CLOEXEC, 3);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)dup2(machine->null_fd, fd);
	return 0;
}

static int mount_early(struct machine *machine, struct error *err)
{
	struct error ignored;
	int r = api_mounts_early(err);

	/* Where they are not all there, what can be opened tells of it. */
	return open_streams(machine, r < 0 ? &ignored : err) < 0 ? -1 : r;
}

static int read_plan(struct machine *machine, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (file_read(AT_FDCWD, PLAN_PATH, PLAN_BYTES_MAX, &text, err) < 0 ||
	    plan_parse(text.data, text.length, &plan_arena, &machine->plan, err) < 0)
		return -1;
	machine->services = arena_array(&plan_arena, machine->plan.containers_count + 1, sizeof(*machine->services));
	machine->pipes = arena_array(&plan_arena, machine->plan.containers_count + 1, sizeof(*machine->pipes));
	for (size_t i = 0; i < machine->plan.containers_count; i++) {
		service_init(&machine->services[i], &machine->plan.containers[i], &machine->plan, &spawn_actions);
		machine->pipes[i] = (struct log_pipes){ { -1, -1 }, { -1, -1 } };
	}
	network_init(machine, &plan_arena);
	return order_open(machine->services, machine->plan.containers_count, &plan_arena, err);
}

static int listen_for_devices(struct machine *machine, struct error *err)
{
	machine->uevents.fd = uevents_open(err);
	return machine->uevents.fd < 0 ? -1 : 0;
}

static int load_boot_modules(struct machine *machine, struct error *err)
{
	return modules_load(&machine->plan, false, err);
}

static int load_modules(struct machine *machine, struct error *err)
{
	return modules_load(&machine->plan, true, err);
}

static int mount_late(struct machine *machine, struct error *err)
{
	(void)machine;
	return api_mounts_late(err);
}

static int apply_settings(struct machine *machine, struct error *err)
{
	machine->cgroup_fd = settings_cgroup_root(err);
	return machine->cgroup_fd < 0 ? -1 : settings_apply(&machine->plan, err);
}

/* What looks after services besides the loop itself. */
static int watch_services(struct machine *machine, struct error *err)
{
	health_open(machine, &plan_arena);
	if (oom_open(machine, err) < 0 || notify_open(machine, &plan_arena, err) < 0)
		return -1;
	return schedule_open(machine, &plan_arena, err);
}

/* What the state partition keeps of this machine from one boot to the next. */
static int load_identity(void *machine, struct error *err)
{
	return seed_load(machine, err) < 0 || identity_set(machine, err) < 0 ? -1 : 0;
}

static int give_identity(struct machine *machine, struct error *err)
{
	const struct worker_job job = { "identity", load_identity, machine, IDENTITY_TIMEOUT };

	return worker_wait(&job, err);
}

static const struct boot_stage {
	const char *name;
	int (*run)(struct machine *machine, struct error *err);
	bool vital;			/* nothing can follow without it, whatever the plan says */
} stages[] = {
	{ "api file systems", mount_early,        true },
	{ "plan",             read_plan,          true },
	{ "test",             test_prepare,       false },
	{ "device events",    listen_for_devices, true },
	{ "boot modules",     load_boot_modules,  false },
	{ "root image",       root_mount_image,   true },
	{ "root",             root_switch,        true },
	{ "file systems",     mount_late,         true },
	{ "modules",          load_modules,       false },
	{ "drivers",          drivers_coldplug,   false },
	{ "names of disks",   disk_names_make,    false },
	{ "settings",         apply_settings,     false },
	{ "clock",            clock_set,          false },
	{ "storage",          disks_apply,        false },
	{ "identity",         give_identity,      false },
	/* Not fed before the loop runs: what may take its time, as the check of a disk, is done by then. */
	{ "watchdog",         watchdog_open,      false },
	{ "logs",             logs_open,          false },
	{ "event loop",       loop_open,          true },
	{ "supervision",      watch_services,     false },
	{ "network",          network_open,       false },
	{ "control",          control_open,       false },
	{ "metrics",          metrics_open,       false },
	{ "test",             test_open,          false },
};

static const struct failure_policy {
	const char *name;
	bool goes_on;
	bool shell;			/* and ends with what it says next */
	enum machine_end end;
} policies[] = {
	{ "poweroff", false, false, END_POWEROFF },
	{ "reboot",   false, false, END_REBOOT },
	{ "continue", true,  false, END_POWEROFF },
	{ "shell",    false, true,  END_POWEROFF },
};

static const struct failure_policy *policy_of(const struct machine *machine)
{
	const char *name = machine->failure_policy ? machine->failure_policy : machine->plan.machine.on_failure;

	for (size_t i = 0; name && i < ARRAY_SIZE(policies); i++)
		if (strcmp(policies[i].name, name) == 0)
			return &policies[i];
	return &policies[0];
}

static void tell_failure(struct machine *machine, const struct error *err)
{
	log_error("%s", err->message);
	consoles_tell(err->message);
	if (machine->host.fd < 0)
		machine->host.fd = host_open();
	host_send_failure(machine->host.fd, err->message);
}

static void tell_boot_failure(struct machine *machine, const char *stage, const struct error *err)
{
	struct error whole = *err;

	error_context(&whole, "boot failed: %s", stage);
	tell_failure(machine, &whole);
}

static void stage_failed(struct machine *machine, const struct boot_stage *stage, const struct error *err)
{
	const struct failure_policy *policy = policy_of(machine);

	tell_boot_failure(machine, stage->name, err);
	/* The shell comes once the loop runs, on as much of the machine as there is. */
	if (policy->shell && !stage->vital)
		sequence_emergency(machine);
	if ((policy->goes_on || policy->shell) && !stage->vital)
		return;
	if (policy->shell)
		shell_run();
	host_report_exit(machine->uevents.fd, &machine->host.fd, 1);
	machine_end(machine, policy->end);
}

/* In the loop. */
static void follow(struct machine *machine, const struct failure_policy *policy, const char *why)
{
	if (policy->shell)
		sequence_emergency(machine);
	else if (!policy->goes_on)
		sequence_shutdown(machine, policy->end, 1, why);
}

void boot_failed(struct machine *machine, const char *stage, const struct error *err)
{
	const struct failure_policy *policy = policy_of(machine);

	tell_boot_failure(machine, stage, err);
	follow(machine, policy, "the boot failed");
}

void critical_failed(struct machine *machine, const struct error *err)
{
	const struct failure_policy *policy = policy_of(machine);
	struct error whole = *err;

	error_context(&whole, "critical service failed");
	tell_failure(machine, &whole);
	follow(machine, policy, "a critical service failed");
}

/*
 * Most of what the boot ran and read of this program is not wanted again: the kernel takes the pages out of PID 1's map, and
 * puts those back that are. Only of segments that cannot be written, which are the file's.
 */
static void let_go_of_boot(void)
{
	const ElfW(Phdr) *segments = (const void *)getauxval(AT_PHDR);
	size_t count = getauxval(AT_PHNUM), page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; segments && i < count; i++) {
		uintptr_t start = segments[i].p_vaddr & ~(page - 1), end = segments[i].p_vaddr + segments[i].p_memsz;

		if (segments[i].p_type == PT_LOAD && !(segments[i].p_flags & PF_W) &&
		    madvise((void *)start, end - start, MADV_DONTNEED) < 0)
			log_warning("PID 1 stays as large as the boot was: %s", strerror(errno));
	}
}

_Static_assert(ARRAY_SIZE(stages) <= TIMES_STEPS_MAX, "each stage has its place in the table of times");

void boot(struct machine *machine)
{
	struct error err = { 0 };

	times.init = loop_now_us();
	spawn_open(machine);
	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		bool failed = stages[i].run(machine, &err) < 0;

		times_add(stages[i].name, failed);
		if (failed)
			stage_failed(machine, &stages[i], &err);
	}
	let_go_of_boot();
}
