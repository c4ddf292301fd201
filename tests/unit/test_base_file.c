/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

/* Each test has an empty directory of its own and stands in it. */
static char directory[] = "/tmp/slipway-file-XXXXXX";

static int enter(void **state)
{
	(void)state;
	strcpy(strrchr(directory, '-'), "-XXXXXX");
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	struct error err;

	(void)state;
	return chdir("/") == 0 ? file_remove_tree(AT_FDCWD, directory, &err) : -1;
}

static void put(const char *path, const char *text)
{
	struct error err = { 0 };

	if (file_write_atomic(AT_FDCWD, path, text, strlen(text), 0644, &err) < 0)
		fail_msg("%s", err.message);
}

static void expect(const char *path, const char *text)
{
	autobuffer struct buffer out = { 0 };
	struct error err = { 0 };

	if (file_read(AT_FDCWD, path, 1 << 20, &out, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(buffer_string(&out), text);
}

static unsigned int count_entries(const char *path)
{
	autoclosedir DIR *dir = opendir(path);
	unsigned int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	return count - 2;
}

static unsigned int open_descriptors(void)
{
	return count_entries("/proc/self/fd");
}

static void a_file_is_read_up_to_the_limit(void **state)
{
	autobuffer struct buffer out = { 0 };
	struct error err;

	(void)state;
	put("f", "12345");
	buffer_add_string(&out, "-");
	assert_int_equal(file_read(AT_FDCWD, "f", 5, &out, &err), 0);
	assert_string_equal(buffer_string(&out), "-12345");
	assert_int_equal(file_read(AT_FDCWD, "f", 4, &out, &err), -1);
	assert_string_equal(err.message, "'f' is larger than the 4 bytes allowed");
	/* Of size 0 by its own word. */
	assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 1 << 16, &out, &err), 0);
	assert_non_null(strstr(out.data, "Name:"));
}

static void a_large_file_is_read_whole(void **state)
{
	autobuffer struct buffer in = { 0 }, out = { 0 };
	struct error err;

	(void)state;
	while (in.length < 300000)
		buffer_printf(&in, "%zu,", in.length);
	assert_int_equal(file_write_atomic(AT_FDCWD, "f", in.data, in.length, 0600, &err), 0);
	assert_int_equal(file_read(AT_FDCWD, "f", in.length, &out, &err), 0);
	assert_int_equal(out.length, in.length);
	assert_memory_equal(out.data, in.data, in.length);
}

static void what_is_no_file_is_refused_without_waiting(void **state)
{
	static const struct {
		const char *path, *error;
	} cases[] = {
		{ "none", "cannot open 'none': No such file or directory" },
		{ ".", "cannot read '.': Is a directory" },
		{ "fifo", "cannot read 'fifo': not a regular file" },
		{ "/dev/zero", "cannot read '/dev/zero': not a regular file" },
		{ "loop", "cannot open 'loop': Too many levels of symbolic links" },
	};
	unsigned int before = open_descriptors();

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autobuffer struct buffer out = { 0 };
		struct error err;

		assert_int_equal(file_read(AT_FDCWD, cases[i].path, 100, &out, &err), -1);
		assert_string_equal(err.message, cases[i].error);
		assert_int_equal(out.length, 0);
	}
	assert_int_equal(open_descriptors(), before);
}

static void a_pipe_is_written_and_read_in_pieces(void **state)
{
	autobuffer struct buffer out = { 0 };
	struct error err;
	int ends[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char *data = calloc(1, 500000);

		close(ends[0]);
		_exit(data && file_write_all(ends[1], data, 500000, "pipe", &err) == 0 ? 0 : 1);
	}
	close(ends[1]);
	assert_int_equal(file_read_fd(ends[0], "pipe", 500000, &out, &err), 0);
	assert_int_equal(out.length, 500000);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void an_atomic_write_replaces_and_has_the_mode_asked_for(void **state)
{
	mode_t mask = umask(0077);
	struct error err;
	struct stat st;

	(void)state;
	put("f", "old");
	assert_int_equal(link("f", "other"), 0);
	assert_int_equal(file_write_atomic(AT_FDCWD, "f", "new", 3, 0664, &err), 0);
	umask(mask);
	expect("f", "new");
	/* Another file took the name: who had the old one open still has it whole. */
	expect("other", "old");
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0664);
	assert_int_equal(count_entries("."), 2);
}

static void a_failed_write_leaves_what_was_there(void **state)
{
	unsigned int before = open_descriptors();
	struct rlimit limit, saved;
	struct error err;
	int r, number;

	(void)state;
	put("f", "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &saved), 0);
	limit = (struct rlimit){ 1000, saved.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	{
		static char data[4096];

		r = file_write_atomic(AT_FDCWD, "f", data, sizeof(data), 0644, &err);
		number = err.number;
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &saved), 0);
	assert_int_equal(r, -1);
	assert_int_equal(number, EFBIG);
	assert_string_equal(err.message, "cannot write 'f': File too large");
	expect("f", "old");
	assert_int_equal(count_entries("."), 1);
	assert_int_equal(file_write_atomic(AT_FDCWD, "none/f", "x", 1, 0644, &err), -1);
	assert_string_equal(err.message, "cannot create 'none/f': No such file or directory");
	assert_int_equal(open_descriptors(), before);
}

static void an_output_is_there_whole_or_not_at_all(void **state)
{
	unsigned int before = open_descriptors();
	struct file_output output;
	struct error err;

	(void)state;
	assert_int_equal(file_output_open("out", 0640, &output, &err), 0);
	assert_int_equal(file_write_all(output.fd, "half", 4, "out", &err), 0);
	assert_int_equal(access("out", F_OK), -1);
	file_output_discard(&output);
	assert_int_equal(count_entries("."), 0);

	assert_int_equal(file_output_open("out", 0640, &output, &err), 0);
	assert_int_equal(file_write_all(output.fd, "whole", 5, "out", &err), 0);
	assert_int_equal(file_output_commit(&output, &err), 0);
	file_output_discard(&output);
	file_output_discard(&output);
	expect("out", "whole");
	assert_int_equal(count_entries("."), 1);
	assert_int_equal(open_descriptors(), before);
}

static void an_output_that_is_no_file_is_written_as_it_is(void **state)
{
	struct file_output output;
	struct error err;
	struct stat st;
	char got[3] = "";
	int reader;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	reader = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(file_output_open("fifo", 0644, &output, &err), 0);
	assert_int_equal(file_write_all(output.fd, "ab", 2, "fifo", &err), 0);
	assert_int_equal(file_output_commit(&output, &err), 0);
	file_output_discard(&output);
	assert_int_equal(read(reader, got, 2), 2);
	assert_string_equal(got, "ab");
	close(reader);
	assert_int_equal(stat("fifo", &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
}

static void missing_directories_are_made(void **state)
{
	struct error err = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(file_mkdirs(AT_FDCWD, "a/b//c/", 0755, &err), 0);
	assert_int_equal(file_mkdirs(AT_FDCWD, "a/b/c", 0755, &err), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_int_equal(file_mkdirs(AT_FDCWD, directory, 0755, &err), 0);
	assert_int_equal(file_mkdirs(AT_FDCWD, "/", 0755, &err), 0);
	assert_int_equal(symlink("a", "link"), 0);
	assert_int_equal(file_mkdirs(AT_FDCWD, "link/d", 0755, &err), 0);
	assert_int_equal(stat("a/d", &st), 0);
}

static void a_file_in_the_way_of_a_directory_is_an_error(void **state)
{
	struct error err = { 0 };

	(void)state;
	put("f", "");
	assert_int_equal(file_mkdirs(AT_FDCWD, "f/x", 0755, &err), -1);
	assert_int_equal(err.number, ENOTDIR);
	assert_int_equal(file_mkdirs(AT_FDCWD, "f", 0755, &err), -1);
	assert_string_equal(err.message, "cannot create the directory 'f': Not a directory");
	assert_int_equal(symlink("none", "dangling"), 0);
	assert_int_equal(file_mkdirs(AT_FDCWD, "dangling", 0755, &err), -1);
}

static void a_tree_is_removed_and_no_symlink_followed(void **state)
{
	unsigned int before = open_descriptors();
	struct error err = { 0 };

	(void)state;
	assert_int_equal(file_mkdirs(AT_FDCWD, "keep/inside", 0755, &err), 0);
	put("keep/file", "x");
	assert_int_equal(file_mkdirs(AT_FDCWD, "tree/a/b", 0755, &err), 0);
	put("tree/a/b/f", "x");
	assert_int_equal(symlink("../keep", "tree/link"), 0);
	assert_int_equal(symlink("/none", "tree/a/dangling"), 0);
	assert_int_equal(mkfifo("tree/fifo", 0600), 0);
	if (file_remove_tree(AT_FDCWD, "tree", &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(access("tree", F_OK), -1);
	expect("keep/file", "x");
	assert_int_equal(file_remove_tree(AT_FDCWD, "tree", &err), 0);
	assert_int_equal(symlink("keep", "link"), 0);
	assert_int_equal(file_remove_tree(AT_FDCWD, "link", &err), 0);
	expect("keep/file", "x");
	assert_int_equal(open_descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read_up_to_the_limit),
		TEST(a_large_file_is_read_whole),
		TEST(what_is_no_file_is_refused_without_waiting),
		TEST(a_pipe_is_written_and_read_in_pieces),
		TEST(an_atomic_write_replaces_and_has_the_mode_asked_for),
		TEST(a_failed_write_leaves_what_was_there),
		TEST(an_output_is_there_whole_or_not_at_all),
		TEST(an_output_that_is_no_file_is_written_as_it_is),
		TEST(missing_directories_are_made),
		TEST(a_file_in_the_way_of_a_directory_is_an_error),
		TEST(a_tree_is_removed_and_no_symlink_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
