/* SPDX-License-Identifier: Apache-2.0 */
/* Machines of Cloud Hypervisor's and KubeVirt's: what is written is what their APIs have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/image_api.h"
#include "tests/unit/image_sample.h"
#include "tools/mkimage/image/cloud_hypervisor.h"
#include "tools/mkimage/image/containerdisk.h"
#include "tools/mkimage/image/kubevirt.h"

/* cloud-hypervisor.yaml, VmConfig and what is below it. A serial line is not a console: that has properties of a device. */
static const struct api_field vm_config[] = {
	{ "", "cpus", JSON_OBJECT, false },
	{ "", "memory", JSON_OBJECT, false },
	{ "", "payload", JSON_OBJECT, true },
	{ "", "rate_limit_groups", JSON_ARRAY, false },
	{ "", "disks", JSON_ARRAY, false },
	{ "", "net", JSON_ARRAY, false },
	{ "", "rng", JSON_OBJECT, false },
	{ "", "balloon", JSON_OBJECT, false },
	{ "", "fs", JSON_ARRAY, false },
	{ "", "pmem", JSON_ARRAY, false },
	{ "", "serial", JSON_OBJECT, false },
	{ "", "console", JSON_OBJECT, false },
	{ "", "devices", JSON_ARRAY, false },
	{ "", "vsock", JSON_OBJECT, false },
	{ "", "numa", JSON_ARRAY, false },
	{ "", "iommu", JSON_TRUE, false },
	{ "", "watchdog", JSON_TRUE, false },
	{ "", "pvpanic", JSON_TRUE, false },
	{ "", "platform", JSON_OBJECT, false },
	{ "cpus", "boot_vcpus", JSON_INTEGER, true },
	{ "cpus", "max_vcpus", JSON_INTEGER, true },
	{ "cpus", "topology", JSON_OBJECT, false },
	{ "memory", "size", JSON_INTEGER, true },
	{ "memory", "mergeable", JSON_TRUE, false },
	{ "memory", "shared", JSON_TRUE, false },
	{ "memory", "hugepages", JSON_TRUE, false },
	{ "payload", "firmware", JSON_STRING, false },
	{ "payload", "kernel", JSON_STRING, false },
	{ "payload", "cmdline", JSON_STRING, false },
	{ "payload", "initramfs", JSON_STRING, false },
	{ "disks", "path", JSON_STRING, false },
	{ "disks", "readonly", JSON_TRUE, false },
	{ "disks", "direct", JSON_TRUE, false },
	{ "disks", "num_queues", JSON_INTEGER, false },
	{ "disks", "queue_size", JSON_INTEGER, false },
	{ "disks", "id", JSON_STRING, false },
	{ "disks", "serial", JSON_STRING, false },
	{ "rng", "src", JSON_STRING, true },
	{ "rng", "iommu", JSON_TRUE, false },
	{ "serial", "file", JSON_STRING, false },
	{ "serial", "socket", JSON_STRING, false },
	{ "serial", "mode", JSON_STRING, true },
	{ "console", "file", JSON_STRING, false },
	{ "console", "socket", JSON_STRING, false },
	{ "console", "mode", JSON_STRING, true },
	{ "console", "iommu", JSON_TRUE, false },
	{ "vsock", "cid", JSON_INTEGER, true },
	{ "vsock", "socket", JSON_STRING, true },
	{ "vsock", "id", JSON_STRING, false },
};
static const struct api cloud_hypervisor = API(vm_config);

static void a_vm_config_is_that_of_the_api(void **state)
{
	const struct image_input input = { .name = "app", .cmdline = "console=ttyS0 root=/dev/vda init=/init" };
	json_t *document = api_written(cloud_hypervisor_write, &input);

	(void)state;
	api_check(&cloud_hypervisor, document);
	assert_string_equal(api_text(document, "payload", "kernel"), "app-vmlinux");
	assert_string_equal(api_text(document, "payload", "cmdline"), input.cmdline);
	assert_int_equal(json_array_size(json_object_get(document, "disks")), 1);
	assert_string_equal(api_text(document, "disks", "path"), "app-squashfs.img");
	assert_true(json_is_true(json_object_get(json_array_get(json_object_get(document, "disks"), 0), "readonly")));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(document, "memory"), "size")), 256 << 20);
	/* One of ConsoleMode. */
	assert_string_equal(api_text(document, "serial", "mode"), "Tty");
	assert_string_equal(api_text(document, "console", "mode"), "Off");
	assert_null(json_object_get(document, "vsock"));
	json_decref(document);
}

static void its_control_over_vsock_is_a_socket_beside_it(void **state)
{
	const struct image_input input = { .name = "app", .cmdline = "", .vsock = true };
	json_t *document = api_written(cloud_hypervisor_write, &input);

	(void)state;
	api_check(&cloud_hypervisor, document);
	assert_string_equal(api_text(document, "vsock", "socket"), "app.vsock");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(document, "vsock"), "cid")), 3);
	json_decref(document);
}

/*
 * KubeVirt's openapi: VirtualMachine (v1), of which what a machine that boots by its kernel may have. `spec` stands for that of the
 * machine and that of its template: a property of either is taken for one of both.
 */
static const struct api_field virtual_machine[] = {
	{ "", "apiVersion", JSON_STRING, true },
	{ "", "kind", JSON_STRING, true },
	{ "", "metadata", JSON_OBJECT, true },
	{ "", "spec", JSON_OBJECT, true },
	{ "metadata", "name", JSON_STRING, true },
	{ "spec", "runStrategy", JSON_STRING, false },
	{ "spec", "template", JSON_OBJECT, false },
	{ "spec", "domain", JSON_OBJECT, false },
	{ "spec", "networks", JSON_ARRAY, false },
	{ "spec", "volumes", JSON_ARRAY, false },
	{ "template", "spec", JSON_OBJECT, true },
	{ "domain", "memory", JSON_OBJECT, false },
	{ "domain", "cpu", JSON_OBJECT, false },
	{ "domain", "resources", JSON_OBJECT, false },
	{ "domain", "firmware", JSON_OBJECT, false },
	{ "domain", "devices", JSON_OBJECT, true },
	{ "memory", "guest", JSON_STRING, false },
	{ "firmware", "kernelBoot", JSON_OBJECT, false },
	{ "kernelBoot", "kernelArgs", JSON_STRING, false },
	{ "kernelBoot", "container", JSON_OBJECT, false },
	{ "container", "image", JSON_STRING, true },
	{ "container", "kernelPath", JSON_STRING, false },
	{ "container", "initrdPath", JSON_STRING, false },
	{ "devices", "disks", JSON_ARRAY, false },
	{ "devices", "interfaces", JSON_ARRAY, false },
	{ "devices", "rng", JSON_OBJECT, false },
	{ "disks", "name", JSON_STRING, true },
	{ "disks", "disk", JSON_OBJECT, false },
	{ "disk", "bus", JSON_STRING, false },
	{ "disk", "readonly", JSON_TRUE, false },
	{ "interfaces", "name", JSON_STRING, true },
	{ "interfaces", "masquerade", JSON_OBJECT, false },
	{ "networks", "name", JSON_STRING, true },
	{ "networks", "pod", JSON_OBJECT, false },
	{ "volumes", "name", JSON_STRING, true },
	{ "volumes", "containerDisk", JSON_OBJECT, false },
	{ "containerDisk", "image", JSON_STRING, true },
	{ "containerDisk", "path", JSON_STRING, false },
};
static const struct api kubevirt = API(virtual_machine);

static void a_virtual_machine_boots_what_the_image_has(void **state)
{
	const struct image_input input = { .name = "My_App", .cmdline = "console=ttyS0 \"a b\"" };
	json_t *document = api_written(kubevirt_write, &input), *spec, *boot, *devices;

	(void)state;
	api_check(&kubevirt, document);
	assert_string_equal(api_text(document, "metadata", "name"), "my-app");
	spec = json_object_get(json_object_get(json_object_get(document, "spec"), "template"), "spec");
	boot = json_object_get(json_object_get(json_object_get(spec, "domain"), "firmware"), "kernelBoot");
	assert_string_equal(json_string_value(json_object_get(boot, "kernelArgs")), input.cmdline);
	assert_string_equal(api_text(boot, "container", "image"), "my-app:latest");
	assert_string_equal(api_text(boot, "container", "kernelPath"), KUBEVIRT_KERNEL);
	assert_string_equal(api_text(boot, "container", "initrdPath"), KUBEVIRT_INITRD);
	/* Names tie disks to volumes, and interfaces to networks. */
	devices = json_object_get(json_object_get(spec, "domain"), "devices");
	assert_string_equal(api_text(devices, "disks", "name"), api_text(spec, "volumes", "name"));
	assert_string_equal(api_text(devices, "interfaces", "name"), api_text(spec, "networks", "name"));
	assert_string_equal(api_text(json_array_get(json_object_get(spec, "volumes"), 0), "containerDisk", "path"), KUBEVIRT_DISK);
	json_decref(document);
}

static void names_are_those_of_kubernetes(void **state)
{
	static const struct {
		const char *name, *expected;
	} cases[] = {
		{ "app", "app" },
		{ "App 2.0", "app-2-0" },
		{ "--a__b--", "a-b" },
		{ "\xc3\xa9", "slipway" },
		{ "", "slipway" },
		{ "0123456789012345678901234567890123456789012345678901234567890123456789",
		  "012345678901234567890123456789012345678901234567890123456789012" },
		{ "a123456789012345678901234567890123456789012345678901234567890.-b",
		  "a123456789012345678901234567890123456789012345678901234567890-b" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(kubevirt_name(cases[i].name, &arena), cases[i].expected);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vm_config_is_that_of_the_api),
		cmocka_unit_test(its_control_over_vsock_is_a_socket_beside_it),
		cmocka_unit_test(a_virtual_machine_boots_what_the_image_has),
		cmocka_unit_test(names_are_those_of_kubernetes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
