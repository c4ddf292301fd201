/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `devices`: nodes to make and what the device cgroup allows. The path "all" makes
 * no node and allows a whole type, or the major number that is stated with it.
 */
#include "tools/mkimage/compile/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

#define DEVICE_MODE 0600		/* of a node whose mode is not stated */
#define DEVICE_NUMBER_MAX 0xfffff	/* the kernel's dev_t: 12 bits of major, 20 of minor */

static void add_rule(struct job *job, struct oci_resources *resources, struct oci_device_rule rule)
{
	struct oci_device_rule *r =
		arena_push(job->arena, &resources->devices, &resources->devices_count, sizeof(*r));

	*r = rule;
}

static struct oci_device_rule rule_of(const struct manifest_device *device, const char *type)
{
	return (struct oci_device_rule){
		.allow = true,
		.type = type,
		.has_major = device->major.set,
		.has_minor = device->minor.set,
		.major = device->major.value,
		.minor = device->minor.value,
		.access = "rwm",
	};
}

static int check_type(const struct job *job, const struct manifest_device *device, const char *types)
{
	if (device->type && strlen(device->type) == 1 && strchr(types, device->type[0]))
		return 0;
	return job_error(job, &device->at, "devices: '%s': expected a 'type' of the letters '%s', got '%s'",
			 device->path, types, device->type ? device->type : "");
}

static int check_number(const struct job *job, const struct manifest_device *device, const struct manifest_int *number)
{
	if (!number->set || (number->value >= 0 && number->value <= DEVICE_NUMBER_MAX))
		return 0;
	return job_error(job, &device->at, "devices: '%s': %lld is not a device number", device->path,
			 (long long)number->value);
}

static int read_mode(const struct job *job, const struct manifest_device *device, uint32_t *mode)
{
	unsigned long value;
	char *end;

	*mode = DEVICE_MODE;
	if (!device->mode)
		return 0;
	value = strtoul(device->mode, &end, 8);
	if (device->mode[0] < '0' || device->mode[0] > '7' || *end || value > 07777)
		return job_error(job, &device->at, "devices: '%s': expected an octal 'mode' such as \"0660\", got '%s'",
				 device->path, device->mode);
	*mode = (uint32_t)value;
	return 0;
}

static int add_node(struct job *job, const struct manifest_device *device, struct oci_linux *linux_)
{
	struct oci_device *node;
	struct oci_device_rule rule;
	uint32_t mode;

	if (check_type(job, device, "bcup") < 0 || read_mode(job, device, &mode) < 0)
		return -1;
	if (device->path[0] != '/' || path_escapes(device->path))
		return job_error(job, &device->at, "devices: '%s' must be an absolute path, or 'all'", device->path);
	if (device->type[0] != 'p' && !device->major.set)
		return job_error(job, &device->at, "devices: '%s' needs a 'major' and a 'minor' number", device->path);
	node = arena_push(job->arena, &linux_->devices, &linux_->devices_count, sizeof(*node));
	*node = (struct oci_device){
		.type = device->type,
		.path = device->path,
		.has_major = device->type[0] != 'p',
		.has_minor = device->type[0] != 'p',
		.major = device->major.value,
		.minor = device->minor.value,
		.has_file_mode = true,
		.file_mode = mode,
	};
	if (device->type[0] == 'p')
		return 0;	/* a fifo is no device to the cgroup */
	rule = rule_of(device, device->type[0] == 'u' ? "c" : device->type);
	rule.has_minor = true;
	add_rule(job, linux_->resources, rule);
	return 0;
}

static int add_device(struct job *job, const struct manifest_device *device, struct oci_linux *linux_)
{
	struct manifest_device known;
	const char *problem;

	if (device->word.value) {
		known = (struct manifest_device){ .at = device->at };
		problem = manifest_device_short(device->word.value, job->arena, &known);
		return problem ? job_error(job, &device->at, "devices: %s", problem) : add_node(job, &known, linux_);
	}
	if (!device->path || !*device->path)
		return job_error(job, &device->at, "devices: 'path' is missing");
	if (check_number(job, device, &device->major) < 0 || check_number(job, device, &device->minor) < 0)
		return -1;
	if (strcmp(device->path, "all") != 0)
		return add_node(job, device, linux_);
	if (device->type && check_type(job, device, "abc") < 0)
		return -1;
	add_rule(job, linux_->resources, rule_of(device, device->type));
	return 0;
}

int devices_compile(struct job *job, struct oci_linux *linux_)
{
	/* What is not named is refused. Runtimes imply that; said here, no reader has to know it. */
	add_rule(job, linux_->resources, (struct oci_device_rule){ .allow = false, .access = "rwm" });
	for (size_t i = 0; i < job->merged.resources.devices_count; i++) {
		const struct manifest_device_rule *rule = &job->merged.resources.devices[i];

		add_rule(job, linux_->resources, (struct oci_device_rule){
			rule->allow.value, rule->type, rule->major.set, rule->minor.set, rule->major.value,
			rule->minor.value, rule->access ? rule->access : "rwm" });
	}
	for (size_t i = 0; i < job->merged.devices_count; i++)
		if (add_device(job, &job->merged.devices[i], linux_) < 0)
			return -1;
	return 0;
}
