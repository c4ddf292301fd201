/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/image/binary.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define HEAD 1024

static const char *name_of(const void *data, size_t length)
{
	const struct architecture *a = binary_architecture(data, length);

	return a ? a->name : "none";
}

static void a_kernel_says_what_it_is_for(void **state)
{
	char bzimage[HEAD] = "MZ", image[HEAD] = "MZ";

	(void)state;
	memcpy(bzimage + 0x202, "HdrS", 4);
	memcpy(image + 56, "ARM\x64", 4);
	assert_string_equal(name_of(bzimage, sizeof(bzimage)), "amd64");
	assert_string_equal(name_of(image, sizeof(image)), "arm64");
	/* The mark has to be there whole. */
	assert_string_equal(name_of(image, 59), "none");
	assert_string_equal(name_of(bzimage, 0x205), "none");
	assert_string_equal(name_of("", 0), "none");
	assert_string_equal(name_of("not a kernel", 12), "none");
}

static void an_elf_file_does(void **state)
{
	Elf64_Ehdr header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64 }, .e_machine = EM_AARCH64 };

	(void)state;
	assert_string_equal(name_of(&header, sizeof(header)), "arm64");
	assert_string_equal(name_of(&header, sizeof(header) - 1), "none");
	header.e_machine = EM_X86_64;
	assert_string_equal(name_of(&header, sizeof(header)), "amd64");
	header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_string_equal(name_of(&header, sizeof(header)), "none");
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_machine = EM_S390;
	assert_string_equal(name_of(&header, sizeof(header)), "none");
}

/* gzip of this machine, as a kernel's build uses it. */
static size_t packed(const void *data, size_t length, char *out, size_t max)
{
	int in[2], from[2];
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(from), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(in[0], 0);
		(void)dup2(from[1], 1);
		(void)close(in[1]);
		(void)close(from[0]);
		execlp("gzip", "gzip", "-nc", (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(from[1]);
	assert_int_equal(write(in[1], data, length), (ssize_t)length);
	(void)close(in[1]);
	while ((got = read(from[0], out + n, max - n)) > 0)
		n += (size_t)got;
	(void)close(from[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return n;
}

static void an_image_below_gzip_does(void **state)
{
	char image[HEAD] = "MZ", out[2 * HEAD];
	size_t n;

	(void)state;
	memcpy(image + 56, "ARM\x64", 4);
	/* Bytes that do not compress, so that there is an end to be missing. */
	for (size_t i = 60; i < sizeof(image); i++)
		image[i] = (char)(i * i * 2654435761u >> 13);
	n = packed(image, sizeof(image), out, sizeof(out));
	assert_true(n > 100);
	assert_string_equal(name_of(out, n), "arm64");
	assert_string_equal(name_of(out, 10), "none");
	memset(out + 12, 0x5a, n - 12);
	assert_string_equal(name_of(out, n), "none");
}

static void a_kernel_for_another_machine_is_refused(void **state)
{
	const struct architecture *arm = architecture_of("linux/arm64/v8", NULL), *amd = architecture_of("linux/amd64", NULL);
	char image[HEAD] = "MZ", zboot[HEAD] = "MZ";
	struct error err;

	(void)state;
	assert_non_null(arm);
	assert_non_null(amd);
	memcpy(image + 56, "ARM\x64", 4);
	memcpy(zboot + 4, "zimg", 4);
	assert_int_equal(binary_check_kernel(image, sizeof(image), arm, &err), 0);
	assert_int_equal(binary_check_kernel(image, sizeof(image), amd, &err), -1);
	assert_string_equal(err.message, "it is for 'arm64', and the machine is to be 'amd64'");
	assert_int_equal(binary_check_kernel("any", 3, amd, &err), 0);
	assert_int_equal(binary_check_kernel(zboot, sizeof(zboot), arm, &err), -1);
	assert_non_null(strstr(err.message, "take an Image or Image.gz"));
}

static void a_program_for_another_machine_is_refused(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(binary_check_program("/proc/self/exe", architecture_here(), &err), 0);
	for (unsigned int i = 0; architecture_at(i); i++)
		if (architecture_at(i) != architecture_here())
			assert_int_equal(binary_check_program("/proc/self/exe", architecture_at(i), &err), -1);
	assert_int_equal(binary_check_program("/nonexistent", architecture_here(), &err), 0);
	assert_int_equal(binary_check_program("/dev/null", architecture_here(), &err), 0);
}

static void platforms_are_of_two_kinds(void **state)
{
	static const char *const bad[] = { "linux/riscv64", "linux/arm", "linux/", "arm64", "windows/amd64", "linux/arm64x", "" };
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_null(architecture_of(bad[i], &err));
	assert_string_equal(err.message, "platform '': machines are made for 'linux/amd64' and 'linux/arm64'");
	assert_ptr_equal(architecture_of(NULL, &err), architecture_here());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_says_what_it_is_for),
		cmocka_unit_test(an_elf_file_does),
		cmocka_unit_test(an_image_below_gzip_does),
		cmocka_unit_test(a_kernel_for_another_machine_is_refused),
		cmocka_unit_test(a_program_for_another_machine_is_refused),
		cmocka_unit_test(platforms_are_of_two_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
