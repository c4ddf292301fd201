/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine without firmware boots: the kernel as an ELF file, and Firecracker's configuration, field by field. */
#include "tools/mkimage/image/firecracker.h"
#include "tools/mkimage/image/vmlinux.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "tests/unit/elf_sample.h"
#include "tests/unit/image_api.h"

/* --- the kernel --- */

static void a_kernel_with_a_pvh_entry_is_taken(void **state)
{
	struct elf_sample sample = elf_sample();
	struct error err = { 0 };

	(void)state;
	if (vmlinux_check(&sample, sizeof(sample), &err) < 0)
		fail_msg("%s", err.message);
}

static void refuse(const struct elf_sample *sample, const char *message)
{
	struct error err = { 0 };

	assert_int_equal(vmlinux_check(sample, sizeof(*sample), &err), -1);
	assert_string_equal(err.message, message);
}

static void other_files_are_refused_with_the_reason(void **state)
{
	struct elf_sample sample = elf_sample();

	(void)state;
	sample.header.e_ident[1] = 'M';
	refuse(&sample, "the kernel is not an ELF file");
	sample = elf_sample();
	sample.header.e_machine = EM_AARCH64;
	refuse(&sample, "the kernel is not one for x86-64");
	sample = elf_sample();
	sample.second.header.n_type = 17;
	refuse(&sample, "the kernel has no PVH entry: it was built without CONFIG_PVH");
	sample = elf_sample();
	sample.second.name[0] = 'Y';
	refuse(&sample, "the kernel has no PVH entry: it was built without CONFIG_PVH");
}

/* Offsets and lengths that lead out of the file, and each possible end of it: an error, and nothing read behind the end. */
static void broken_kernels_are_errors(void **state)
{
	const struct elf_sample good = elf_sample();
	struct elf_sample sample = good;
	struct error err;

	(void)state;
	sample.header.e_phoff = UINT64_MAX - 8;
	refuse(&sample, "the kernel is cut off: it ends before its program headers do");
	sample = good;
	sample.header.e_phnum = UINT16_MAX;
	sample.segment.p_type = PT_LOAD;
	assert_int_equal(vmlinux_check(&sample, sizeof(sample), &err), -1);
	sample = good;
	sample.segment.p_offset = UINT64_MAX - 4;
	refuse(&sample, "the kernel is cut off: it ends before its segment 0 does");
	sample = good;
	sample.first.header.n_namesz = UINT32_MAX;
	refuse(&sample, "the kernel has no PVH entry: it was built without CONFIG_PVH");
	for (size_t length = 0; length < sizeof(good); length++) {
		char *copy = malloc(length + 1);

		assert_non_null(copy);
		memcpy(copy, &good, length);
		assert_int_equal(vmlinux_check(copy, length, &err), -1);
		free(copy);
	}
}

/* --- Firecracker --- */

/*
 * firecracker.yaml of its API: objects, their properties and types, and which must be there. An object that is not here has
 * a name of its own in the file that the API does not know.
 */
static const struct api_field fields[] = {
	{ "", "boot-source", JSON_OBJECT, true },
	{ "", "drives", JSON_ARRAY, true },
	{ "", "machine-config", JSON_OBJECT, true },
	{ "", "network-interfaces", JSON_ARRAY, false },
	{ "", "vsock", JSON_OBJECT, false },
	{ "", "entropy", JSON_OBJECT, false },
	{ "", "balloon", JSON_OBJECT, false },
	{ "", "cpu-config", JSON_OBJECT, false },
	{ "", "logger", JSON_OBJECT, false },
	{ "", "metrics", JSON_OBJECT, false },
	{ "", "mmds-config", JSON_OBJECT, false },
	{ "boot-source", "kernel_image_path", JSON_STRING, true },
	{ "boot-source", "boot_args", JSON_STRING, false },
	{ "boot-source", "initrd_path", JSON_STRING, false },
	{ "drives", "drive_id", JSON_STRING, true },
	{ "drives", "is_root_device", JSON_TRUE, true },
	{ "drives", "is_read_only", JSON_TRUE, true },
	{ "drives", "path_on_host", JSON_STRING, true },
	{ "drives", "partuuid", JSON_STRING, false },
	{ "drives", "cache_type", JSON_STRING, false },
	{ "drives", "io_engine", JSON_STRING, false },
	{ "drives", "rate_limiter", JSON_OBJECT, false },
	{ "drives", "socket", JSON_STRING, false },
	{ "machine-config", "vcpu_count", JSON_INTEGER, true },
	{ "machine-config", "mem_size_mib", JSON_INTEGER, true },
	{ "machine-config", "smt", JSON_TRUE, false },
	{ "machine-config", "track_dirty_pages", JSON_TRUE, false },
	{ "machine-config", "huge_pages", JSON_STRING, false },
	{ "network-interfaces", "iface_id", JSON_STRING, true },
	{ "network-interfaces", "host_dev_name", JSON_STRING, true },
	{ "network-interfaces", "guest_mac", JSON_STRING, false },
	{ "vsock", "guest_cid", JSON_INTEGER, true },
	{ "vsock", "uds_path", JSON_STRING, true },
	{ "entropy", "rate_limiter", JSON_OBJECT, false },
};

static const struct api firecracker = API(fields);

static json_t *written(const struct image_input *input)
{
	return api_written(firecracker_write, input);
}

static void the_configuration_is_that_of_the_api(void **state)
{
	const struct image_input input = { .name = "app \"1\"", .cmdline = "console=ttyS0 reboot=k init=/init" };
	json_t *document = written(&input), *machine;

	(void)state;
	api_check(&firecracker, document);
	assert_string_equal(api_text(document, "boot-source", "kernel_image_path"), "app \"1\"-vmlinux");
	assert_string_equal(api_text(document, "boot-source", "boot_args"), input.cmdline);
	assert_int_equal(json_array_size(json_object_get(document, "drives")), 1);
	assert_string_equal(api_text(document, "drives", "path_on_host"), "app \"1\"-squashfs.img");
	assert_true(json_is_true(json_object_get(json_array_get(json_object_get(document, "drives"), 0), "is_root_device")));
	assert_true(json_is_true(json_object_get(json_array_get(json_object_get(document, "drives"), 0), "is_read_only")));
	machine = json_object_get(document, "machine-config");
	assert_int_equal(json_integer_value(json_object_get(machine, "vcpu_count")), 1);
	assert_int_equal(json_integer_value(json_object_get(machine, "mem_size_mib")), 128);
	assert_int_equal(json_array_size(json_object_get(document, "network-interfaces")), 0);
	assert_null(json_object_get(document, "vsock"));
	assert_non_null(json_object_get(document, "entropy"));
	json_decref(document);
}

static void control_over_vsock_is_a_socket_beside_it(void **state)
{
	const struct image_input input = { .name = "app", .cmdline = "", .vsock = true };
	json_t *document = written(&input);

	(void)state;
	api_check(&firecracker, document);
	assert_string_equal(api_text(document, "vsock", "uds_path"), "app.vsock");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(document, "vsock"), "guest_cid")), 3);
	json_decref(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_with_a_pvh_entry_is_taken),
		cmocka_unit_test(other_files_are_refused_with_the_reason),
		cmocka_unit_test(broken_kernels_are_errors),
		cmocka_unit_test(the_configuration_is_that_of_the_api),
		cmocka_unit_test(control_over_vsock_is_a_socket_beside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
