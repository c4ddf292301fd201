/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/image/image.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "tests/unit/elf_sample.h"
#include "tests/unit/image_sample.h"

/* A directory of its own, a prefix in it, and something to write. */
struct fixture {
	char directory[64];
	char prefix[80];
	struct tree *root, *boot;
	struct elf_sample elf;
	struct image_input input;
};

static int setup(void **state)
{
	const struct tree_attributes attributes = { .mode = 0755 };
	struct fixture *f = calloc(1, sizeof(*f));
	struct error err;

	(void)snprintf(f->directory, sizeof(f->directory), "/tmp/slipway-test-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	(void)snprintf(f->prefix, sizeof(f->prefix), "%s/app", f->directory);
	f->root = sample_tree();
	assert_ok(tree_open(NULL, &f->boot, &err));
	assert_ok(tree_add_file(f->boot, "init", "init", 4, &attributes, NULL, &err));
	f->elf = elf_sample();
	f->input = (struct image_input){ .root = f->root,
					 .boot = f->boot,
					 .kernel = "KERNEL",
					 .kernel_length = 6,
					 .elf = &f->elf,
					 .elf_length = sizeof(f->elf),
					 .cmdline = "console=ttyS0 quiet" };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	(void)file_remove_tree(AT_FDCWD, f->directory, NULL);
	tree_close(f->root);
	tree_close(f->boot);
	free(f);
	return 0;
}

static size_t files_in(const char *directory)
{
	autoclosedir DIR *dir = opendir(directory);
	size_t n = 0;

	while (readdir(dir))
		n++;
	return n - 2;
}

/* The contents of PREFIX + suffix; fails the test where there is none. */
static struct buffer file_of(const struct fixture *f, const char *suffix)
{
	struct buffer path = { 0 }, data = { 0 };
	struct error err;

	buffer_printf(&path, "%s%s", f->prefix, suffix);
	assert_ok(file_read(AT_FDCWD, buffer_string(&path), 64u << 20, &data, &err));
	buffer_release(&path);
	return data;
}

static int write_as(const struct fixture *f, const char *name, struct error *err)
{
	const struct image_format *format = image_format_find(name, err);

	assert_non_null(format);
	return image_write(format, &f->input, f->prefix, err);
}

static void assert_starts(const struct fixture *f, const char *suffix, const char *start, size_t length)
{
	struct buffer data = file_of(f, suffix);

	assert_true(data.length > length);
	assert_memory_equal(data.data, start, length);
	buffer_release(&data);
}

static void kernel_initrd_has_three_files(void **state)
{
	struct fixture *f = *state;
	struct error err;
	struct buffer data;

	assert_ok(write_as(f, "kernel+initrd", &err));
	assert_int_equal(files_in(f->directory), 3);
	assert_starts(f, "-kernel", "KERNE", 5);
	assert_starts(f, "-initrd.img", "\x28\xb5\x2f\xfd", 4);
	data = file_of(f, "-initrd.img");
	assert_true(data.length > 1000000); /* the whole root, not the boot tree */
	buffer_release(&data);
	data = file_of(f, "-cmdline");
	assert_string_equal(data.data, "console=ttyS0 quiet\n");
	buffer_release(&data);
}

static void kernel_squashfs_has_four_files_and_a_small_initrd(void **state)
{
	struct fixture *f = *state;
	struct error err;
	struct buffer data;

	assert_ok(write_as(f, "kernel+squashfs", &err));
	assert_int_equal(files_in(f->directory), 4);
	assert_starts(f, "-squashfs.img", "hsqs", 4);
	data = file_of(f, "-initrd.img");
	assert_true(data.length < 1000);
	buffer_release(&data);
}

static void a_microvm_has_no_initrd(void **state)
{
	struct fixture *f = *state;
	struct error err;

	assert_ok(write_as(f, "firecracker", &err));
	assert_int_equal(files_in(f->directory), 4);
	assert_starts(f, "-firecracker.json", "{\n", 2);
	assert_ok(write_as(f, "microvm", &err));
	assert_int_equal(files_in(f->directory), 3);
	assert_starts(f, "-vmlinux", "\177ELF", 4);
	assert_starts(f, "-squashfs.img", "hsqs", 4);
}

static void a_containerdisk_is_an_archive_and_a_machine(void **state)
{
	struct fixture *f = *state;
	struct error err;

	assert_ok(write_as(f, "containerdisk", &err));
	assert_int_equal(files_in(f->directory), 2);
	assert_starts(f, "-kubevirt.json", "{\n", 2);
	assert_starts(f, "-containerdisk.tar", "./", 2);
	assert_ok(write_as(f, "cloud-hypervisor", &err));
	assert_int_equal(files_in(f->directory), 4);
	assert_starts(f, "-cloud-hypervisor.json", "{\n", 2);
}

static void a_kernel_that_cannot_be_entered_is_refused(void **state)
{
	struct fixture *f = *state;
	struct error err;

	f->elf.second.header.n_type = 0;
	assert_int_equal(write_as(f, "microvm", &err), -1);
	assert_non_null(strstr(err.message, "app-vmlinux': the kernel has no PVH entry"));
	assert_int_equal(files_in(f->directory), 0);
}

static void every_format_writes_the_files_it_names(void **state)
{
	struct fixture *f = *state;
	struct error err;

	for (const struct image_format *const *format = image_formats; *format; format++) {
		assert_ok(image_write(*format, &f->input, f->prefix, &err));
		for (const char *const *suffix = (*format)->suffixes; *suffix; suffix++) {
			struct buffer data = file_of(f, *suffix);

			buffer_release(&data);
		}
	}
}

/* The kernel looks for microcode in an uncompressed cpio at the very start. */
static void microcode_comes_first_and_the_rest_is_aligned(void **state)
{
	struct fixture *f = *state;
	struct error err;

	f->input.ucode = "070701 microcode.";
	f->input.ucode_length = 17;
	assert_ok(write_as(f, "kernel+squashfs", &err));
	assert_starts(f, "-initrd.img", "070701 microcode.\0\0\0\x28\xb5\x2f\xfd", 24);
}

static void files_of_another_format_go_away(void **state)
{
	struct fixture *f = *state;
	struct error err;

	assert_ok(write_as(f, "kernel+squashfs", &err));
	assert_ok(write_as(f, "kernel+initrd", &err));
	assert_int_equal(files_in(f->directory), 3);
}

static void a_failure_leaves_what_was_there_and_nothing_more(void **state)
{
	struct fixture *f = *state;
	struct rlimit unlimited, small = { 300000, RLIM_INFINITY };
	struct error err;
	struct buffer before, after;

	assert_ok(write_as(f, "kernel+squashfs", &err));
	before = file_of(f, "-cmdline");
	f->input.cmdline = "other";
	f->input.kernel = "OTHER!";
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	small.rlim_max = unlimited.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(write_as(f, "kernel+squashfs", &err), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	assert_non_null(strstr(err.message, "-squashfs.img'"));
	assert_non_null(strstr(err.message, "File too large"));
	assert_int_equal(files_in(f->directory), 4);
	assert_starts(f, "-kernel", "KERNE", 5);
	after = file_of(f, "-cmdline");
	assert_string_equal(after.data, before.data);
	buffer_release(&before);
	buffer_release(&after);
}

static void a_directory_that_is_not_there_is_told(void **state)
{
	struct fixture *f = *state;
	struct error err;

	(void)snprintf(f->prefix, sizeof(f->prefix), "%s/none/app", f->directory);
	assert_int_equal(write_as(f, "kernel+initrd", &err), -1);
	assert_non_null(strstr(err.message, "/none/app-kernel': No such file or directory"));
	assert_int_equal(files_in(f->directory), 0);
}

static void a_command_line_the_kernel_would_cut_is_refused(void **state)
{
	struct fixture *f = *state;
	char line[2049];
	struct error err;

	memset(line, 'x', 2048);
	line[2048] = '\0';
	f->input.cmdline = line;
	assert_int_equal(write_as(f, "kernel+initrd", &err), -1);
	assert_non_null(strstr(err.message, "2048 bytes; the kernel takes 2047"));
	f->input.cmdline = "one\ntwo";
	assert_int_equal(write_as(f, "kernel+initrd", &err), -1);
	assert_non_null(strstr(err.message, "more than one line"));
	assert_int_equal(files_in(f->directory), 0);
}

static void a_level_out_of_range_is_refused(void **state)
{
	struct fixture *f = *state;
	struct error err;

	f->input.compression_level = 23;
	assert_int_equal(write_as(f, "kernel+initrd", &err), -1);
	assert_string_equal(err.message, "compression level 23: expected 1 to 22, or 0 for the default");
}

static void the_plan_is_told_where_the_root_is(void **state)
{
	struct error err;

	(void)state;
	assert_string_equal(image_format_find("kernel+initrd", &err)->root_type, "initramfs");
	assert_null(image_format_find("kernel+initrd", &err)->root_source);
	assert_string_equal(image_format_find("kernel+squashfs", &err)->root_type, "squashfs");
	assert_string_equal(image_format_find("kernel+squashfs", &err)->root_source, "/dev/vda");
	assert_true(image_format_find("kernel+squashfs", &err)->needs_boot_tree);
}

static void an_unknown_format_is_told_the_names(void **state)
{
	struct error err;

	(void)state;
	assert_null(image_format_find("tar", &err));
	assert_string_equal(err.message,
			    "unknown format 'tar'; the formats are 'kernel+initrd', 'kernel+squashfs', 'microvm', 'firecracker', "
			    "'cloud-hypervisor', 'containerdisk'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kernel_initrd_has_three_files),
		TEST(kernel_squashfs_has_four_files_and_a_small_initrd),
		TEST(a_microvm_has_no_initrd),
		TEST(a_containerdisk_is_an_archive_and_a_machine),
		TEST(a_kernel_that_cannot_be_entered_is_refused),
		TEST(every_format_writes_the_files_it_names),
		TEST(microcode_comes_first_and_the_rest_is_aligned),
		TEST(files_of_another_format_go_away),
		TEST(a_failure_leaves_what_was_there_and_nothing_more),
		TEST(a_directory_that_is_not_there_is_told),
		TEST(a_command_line_the_kernel_would_cut_is_refused),
		TEST(a_level_out_of_range_is_refused),
		cmocka_unit_test(the_plan_is_told_where_the_root_is),
		cmocka_unit_test(an_unknown_format_is_told_the_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
