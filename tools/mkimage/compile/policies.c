/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine does about itself: how it is watched, when it starts again, what its clock shows. */
#include "tools/mkimage/compile/parts.h"

#include <string.h>

#define WATCHDOG_DEVICE   "/dev/watchdog0"
#define WATCHDOG_TIMEOUT  30u		/* seconds; the shortest that clouds' watchdogs take is about 15 */
#define WATCHDOG_SHUTDOWN 600u

/* Seconds of a time whose form the manifest has checked. */
static unsigned int seconds_of(const struct manifest_string *time, unsigned int otherwise)
{
	unsigned int milliseconds;

	return time->value && manifest_duration(time->value, &milliseconds) ? milliseconds / 1000 : otherwise;
}

static void compile_watchdog(const struct manifest_watchdog *stated, struct plan_machine *machine)
{
	if (stated->set)
		machine->watchdog = stated->device.value ? stated->device.value : WATCHDOG_DEVICE;
	machine->watchdog_timeout = seconds_of(&stated->timeout, WATCHDOG_TIMEOUT);
	machine->watchdog_shutdown = seconds_of(&stated->shutdown_timeout, WATCHDOG_SHUTDOWN);
}

/* In front of the manifest's own, which may say otherwise. */
static void compile_oom(const struct manifest_string *oom, struct plan *plan, struct arena *arena)
{
	struct plan_sysctl *sysctls;

	if (!oom->value || strcmp(oom->value, "panic") != 0)
		return;
	sysctls = arena_array(arena, plan->sysctls_count + 1, sizeof(*sysctls));
	sysctls[0] = (struct plan_sysctl){ "vm.panic_on_oom", "1" };
	for (size_t i = 0; i < plan->sysctls_count; i++)
		sysctls[i + 1] = plan->sysctls[i];
	plan->sysctls = sysctls;
	plan->sysctls_count++;
}

/* Somebody is to see it, or the image has nothing to show. */
static int check_emergency(const struct manifest *manifest, struct error *err)
{
	bool shell = manifest->on_failure.value && strcmp(manifest->on_failure.value, "shell") == 0;

	if (manifest->emergency.count && !shell)
		return place_error(&manifest->emergency.items[0].at, err,
				   "emergency: nothing leads there; add 'on_failure: shell'");
	return 0;
}

int policies_compile(const struct compile_input *input, struct plan *plan, struct arena *arena, struct error *err)
{
	const struct manifest *manifest = input->manifest;
	struct plan_machine *machine = &plan->machine;

	machine->reboot = manifest->reboot.value ? manifest->reboot.value : "firmware";
	machine->lockdown = manifest->lockdown.value ? manifest->lockdown.value : "none";
	machine->machine_id = manifest->machine_id.value;
	machine->rtc = manifest->clock.rtc.value ? manifest->clock.rtc.value : "utc";
	machine->built = input->built;
	compile_watchdog(&manifest->watchdog, machine);
	compile_oom(&manifest->oom, plan, arena);
	return check_emergency(manifest, err);
}
