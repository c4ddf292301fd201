/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bytes come from: files of all kinds, standard input, and files that cannot be read. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "tools/mkimage/manifest/manifest.h"

#define NOBODY 65534

static struct arena arena;
static struct error err;
static struct manifest m;

/* Each test runs in a directory of its own. */
static int make_directory(void **state)
{
	char path[] = "/tmp/test_manifest_read.XXXXXX";

	*state = mkdtemp(path) ? strdup(path) : NULL;
	return *state && chmod(*state, 0755) == 0 && chdir(*state) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
	struct error ignored;
	int r = chdir("/") == 0 ? file_remove_tree(AT_FDCWD, *state, &ignored) : -1;

	arena_release(&arena);
	free(*state);
	return r;
}

static void write_file(const char *name, const char *text)
{
	assert_int_equal(file_write_atomic(AT_FDCWD, name, text, strlen(text), 0644, &err), 0);
}

static void refuse(const char *path, const char *message)
{
	assert_int_equal(manifest_read(path, &arena, &m, &err), -1);
	assert_string_equal(err.message, message);
}

static void a_file_keeps_its_path_and_text(void **state)
{
	(void)state;
	write_file("app.yml", "hostname: web\n");
	assert_int_equal(manifest_read("./app.yml", &arena, &m, &err), 0);
	assert_string_equal(m.path, "./app.yml");
	assert_string_equal(m.text, "hostname: web\n");
	assert_string_equal(m.hostname.at.file, "./app.yml");
}

static void errors_name_the_path_as_given(void **state)
{
	(void)state;
	write_file("app.yml", "hostnam: web\n");
	refuse("./app.yml", "./app.yml:1:1: unknown key 'hostnam'; did you mean 'hostname'?");
}

static void a_missing_file_is_told(void **state)
{
	(void)state;
	refuse("app.yml", "app.yml: there is no such file; check the path");
	write_file("file", "");
	refuse("file/app.yml", "file/app.yml: there is no such file; check the path");
}

static void a_directory_is_told(void **state)
{
	(void)state;
	refuse(".", ".: is a directory; give the manifest in it");
}

static void what_is_no_regular_file_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("pipe", 0644), 0);
	refuse("pipe", "pipe: cannot read 'pipe': not a regular file");
}

static void an_unreadable_file_is_told(void **state)
{
	bool root = geteuid() == 0;
	int r;

	(void)state;
	write_file("app.yml", "hostname: web\n");
	assert_int_equal(chmod("app.yml", 0), 0);
	/* Root reads everything. */
	if (root)
		assert_int_equal(seteuid(NOBODY), 0);
	r = manifest_read("app.yml", &arena, &m, &err);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(r, -1);
	assert_string_equal(err.message, "app.yml: cannot be read, permission is denied; "
					 "check its mode and those of its directories");
}

static void a_file_over_the_limit_is_refused(void **state)
{
	int fd = open("large.yml", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, MANIFEST_BYTES_MAX + 1), 0);
	close(fd);
	refuse("large.yml", "large.yml: 'large.yml' is larger than the 8388608 bytes allowed");
}

static void a_text_of_the_largest_size_is_read(void **state)
{
	static const char head[] = "files: [{path: a, contents: '", tail[] = "'}]\n";
	char *text = malloc(MANIFEST_BYTES_MAX);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', MANIFEST_BYTES_MAX);
	memcpy(text, head, sizeof(head) - 1);
	memcpy(text + MANIFEST_BYTES_MAX - (sizeof(tail) - 1), tail, sizeof(tail) - 1);
	assert_int_equal(manifest_parse("f", text, MANIFEST_BYTES_MAX, &arena, &m, &err), 0);
	assert_int_equal(strlen(m.files[0].contents.value),
			 MANIFEST_BYTES_MAX - (sizeof(head) - 1) - (sizeof(tail) - 1));
	assert_int_equal(manifest_parse("f", text, MANIFEST_BYTES_MAX + 1, &arena, &m, &err), -1);
	assert_non_null(strstr(err.message, "f: 8388609 bytes"));
	free(text);
}

/* Standard input is replaced for as long as it lasts. */
static int read_standard_input(const char *text)
{
	int pipes[2], saved = dup(STDIN_FILENO), r;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(write(pipes[1], text, strlen(text)), (ssize_t)strlen(text));
	close(pipes[1]);
	assert_true(dup2(pipes[0], STDIN_FILENO) >= 0);
	close(pipes[0]);
	r = manifest_read("-", &arena, &m, &err);
	if (saved >= 0) {
		assert_true(dup2(saved, STDIN_FILENO) >= 0);
		close(saved);
	}
	return r;
}

static void a_dash_is_standard_input(void **state)
{
	(void)state;
	assert_int_equal(read_standard_input("hostname: web\n"), 0);
	assert_string_equal(m.path, "-");
	assert_int_equal(read_standard_input("hostname: [\n"), -1);
	assert_non_null(strstr(err.message, "<stdin>:2:1: not valid YAML"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
	const struct CMUnitTest tests[] = {
		TEST(a_file_keeps_its_path_and_text),
		TEST(errors_name_the_path_as_given),
		TEST(a_missing_file_is_told),
		TEST(a_directory_is_told),
		TEST(what_is_no_regular_file_is_not_waited_for),
		TEST(an_unreadable_file_is_told),
		TEST(a_file_over_the_limit_is_refused),
		TEST(a_text_of_the_largest_size_is_read),
		TEST(a_dash_is_standard_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
