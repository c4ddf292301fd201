/* SPDX-License-Identifier: Apache-2.0 */
/* What the plan says about the machine as a whole. */
#include "tools/mkimage/compile/parts.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"

#define HOSTNAME_MAX 64			/* __NEW_UTS_LEN of the kernel */
#define ROOT_TIMEOUT 30u		/* seconds */

/* LinuxKit's way to name a machine: the file etc/hostname. */
static struct manifest_string hostname_of(const struct manifest *manifest, struct arena *arena)
{
	if (manifest->hostname.value)
		return manifest->hostname;
	if (manifest->network.hostname.value)
		return manifest->network.hostname;
	for (size_t i = 0; i < manifest->files_count; i++) {
		const struct manifest_file *file = &manifest->files[i];
		struct manifest_string name = file->contents;

		if (!name.value || !file->path.value || strcmp(path_clean(arena, file->path.value), "etc/hostname") != 0)
			continue;
		while (isspace((unsigned char)*name.value))
			name.value++;
		name.value = arena_strndup(arena, name.value, strcspn(name.value, " \t\r\n"));
		return name;
	}
	return (struct manifest_string){ .value = "slipway" };
}

static int compile_hostname(const struct compile_input *input, struct arena *arena, struct plan_machine *machine,
			    struct error *err)
{
	struct manifest_string name = hostname_of(input->manifest, arena);

	machine->hostname = name.value;
	if (!*name.value || strlen(name.value) > HOSTNAME_MAX)
		return place_error(&name.at, err, "hostname: expected 1 to %d characters, got '%s'", HOSTNAME_MAX,
				   name.value);
	for (const char *c = name.value; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._", *c))
			return place_error(&name.at, err, "hostname: expected letters, digits, '-' and '.', got '%s'",
					   name.value);
	return 0;
}

static int compile_failure(const struct compile_input *input, struct plan_machine *machine, struct error *err)
{
	static const char *const words[] = { "poweroff", "reboot", "continue", "shell" };
	const struct manifest_string *stated = &input->manifest->on_failure;

	machine->on_failure = words[0];
	if (!stated->value)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(stated->value, words[i]) == 0) {
			machine->on_failure = words[i];
			return 0;
		}
	return place_error(&stated->at, err, "on_failure: expected 'poweroff', 'reboot', 'continue' or 'shell', got '%s'",
			   stated->value);
}

static int compile_sysctls(const struct compile_input *input, struct arena *arena, struct plan *plan,
			   struct error *err)
{
	const struct manifest_pairs *stated = &input->manifest->sysctl;

	for (size_t i = 0; i < stated->count; i++) {
		const struct manifest_pair *pair = &stated->items[i];
		struct plan_sysctl *sysctl;

		/* A dotted name has neither an empty part nor a `..`. */
		if (!*pair->key || pair->key[0] == '/' || pair->key[0] == '.' || path_escapes(pair->key) ||
		    strstr(pair->key, "..") || strlen(pair->key) > 200)
			return place_error(&pair->at, err, "sysctl: expected a name such as 'net.ipv4.ip_forward', got '%s'",
					   pair->key);
		sysctl = arena_push(arena, &plan->sysctls, &plan->sysctls_count, sizeof(*sysctl));
		*sysctl = (struct plan_sysctl){ pair->key, pair->value };
	}
	return 0;
}

static int compile_control(const struct compile_input *input, struct plan_machine *machine, struct error *err)
{
	static const char *const words[] = {
		[PLAN_EXEC_NONE] = "none", [PLAN_EXEC_SERVICES] = "services", [PLAN_EXEC_HOST] = "host",
	};
	const struct manifest_control *control = &input->manifest->control;

	machine->control_exec = PLAN_EXEC_SERVICES;
	machine->control_vsock = control->vsock.value;
	machine->metrics_port = (unsigned int)control->metrics.port.value;
	if (!control->exec.value)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(control->exec.value, words[i]) == 0) {
			machine->control_exec = (enum plan_control_exec)i;
			return 0;
		}
	return place_error(&control->exec.at, err, "control.exec: expected 'none', 'services' or 'host', got '%s'",
			   control->exec.value);
}

static void compile_test(const struct manifest *manifest, struct arena *arena, struct plan_machine *machine)
{
	const struct manifest_test *test = &manifest->test;
	struct plan_strings *artifacts = &machine->artifacts;

	if (!test->set)
		return;
	machine->test = manifest_test_service(manifest, test->service.value)->name.value;
	for (size_t i = 0; i < test->artifacts.count; i++)
		*(const char **)arena_push(arena, &artifacts->items, &artifacts->count, sizeof(*artifacts->items)) =
			arena_printf(arena, "/%s", path_clean(arena, test->artifacts.items[i].value));
}

int machine_compile(const struct compile_input *input, struct arena *arena, struct plan *plan, struct error *err)
{
	plan->machine.root_type = input->root_type;
	plan->machine.root_source = input->root_source;
	plan->machine.root_verity = verity_is_wanted(input);
	plan->machine.root_timeout = ROOT_TIMEOUT;
	/* A machine without firmware has no switch: it starts anew, and what runs it takes that for the end. */
	plan->machine.poweroff = input->machine ? "restart" : "firmware";
	if (compile_hostname(input, arena, &plan->machine, err) < 0 ||
	    compile_failure(input, &plan->machine, err) < 0 || compile_control(input, &plan->machine, err) < 0)
		return -1;
	compile_test(input->manifest, arena, &plan->machine);
	network_compile(input, arena, plan);
	return compile_sysctls(input, arena, plan, err);
}
