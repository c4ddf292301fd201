/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

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

#include "base/cleanup.h"
#include "base/file.h"

static void a_clean_path_has_only_names(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },	     { "/", "" },	    { ".", "" },	{ "..", "" },
		{ "/../..", "" },    { "a", "a" },	    { "/a", "a" },	{ "a/", "a" },
		{ "/a//b/../c/", "a/c" }, { "a/./b", "a/b" }, { "a/..", "" },	{ "a/../b", "b" },
		{ "a/b/..", "a" },   { "a/b/../..", "" },   { "a/../../b", "b" }, { "...", "..." },
		{ "..a/b..", "..a/b.." }, { ".a", ".a" },   { "ab/cd/../ef", "ab/ef" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(path_clean(&arena, cases[i][0]), cases[i][1]);
	arena_release(&arena);
}

static void directories_of_the_user_are_where_xdg_says(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_int_equal(setenv("XDG_CACHE_HOME", "/caches", 1), 0);
	assert_int_equal(setenv("HOME", "/home/one", 1), 0);
	assert_string_equal(path_of_user(&arena, "XDG_CACHE_HOME", ".cache", "slipway"), "/caches/slipway");
	assert_int_equal(setenv("XDG_CACHE_HOME", "relative", 1), 0);
	assert_string_equal(path_of_user(&arena, "XDG_CACHE_HOME", ".cache", "slipway"), "/home/one/.cache/slipway");
	assert_int_equal(unsetenv("XDG_CACHE_HOME"), 0);
	assert_int_equal(setenv("HOME", "", 1), 0);
	assert_null(path_of_user(&arena, "XDG_CACHE_HOME", ".cache", "slipway"));
	arena_release(&arena);
}

static void climbing_above_the_start_is_noticed(void **state)
{
	static const char *const inside[] = { "", "/", ".", "a/..", "a/../b", "/a/b/../../c", "...", "a/..b", "./a/./.." };
	static const char *const outside[] = { "..", "/..", "../a", "a/../..", "a/../../b", "./..", "a/b/../../..",
					       "a//..//..", "../", "a/../../a" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++)
		if (path_escapes(inside[i]))
			fail_msg("'%s' stays inside", inside[i]);
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++)
		if (!path_escapes(outside[i]))
			fail_msg("'%s' escapes", outside[i]);
}

static void base_and_join_do_as_they_say(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(path_base("a/b"), "b");
	assert_string_equal(path_base("a"), "a");
	assert_string_equal(path_base("a/"), "");
	assert_string_equal(path_join(&arena, "a", "b"), "a/b");
	assert_string_equal(path_join(&arena, "a//", "//b"), "a/b");
	assert_string_equal(path_join(&arena, "/", "b"), "/b");
	arena_release(&arena);
}

/*
 * DIRECTORY/root is the root of a container; DIRECTORY/secret is what none of
 * these paths may reach. The current directory is DIRECTORY.
 */
static char directory[] = "/tmp/slipway-path-XXXXXX";
static int rootfd = -1;

static int enter(void **state)
{
	struct error err;

	(void)state;
	strcpy(strrchr(directory, '-'), "-XXXXXX");
	if (!mkdtemp(directory) || chdir(directory) < 0 || file_mkdirs(AT_FDCWD, "root/etc", 0755, &err) < 0 ||
	    file_write_atomic(AT_FDCWD, "secret", "outside", 7, 0644, &err) < 0 ||
	    file_write_atomic(AT_FDCWD, "root/etc/file", "inside", 6, 0644, &err) < 0)
		return -1;
	rootfd = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return rootfd < 0 ? -1 : 0;
}

static int leave(void **state)
{
	struct error err;

	(void)state;
	fd_replace(&rootfd, -1);
	return chdir("/") == 0 ? file_remove_tree(AT_FDCWD, directory, &err) : -1;
}

static void a_path_inside_is_opened_close_on_exec(void **state)
{
	static const char *const paths[] = { "etc/file", "/etc/file", "etc/../etc/./file", "../../../etc/file",
					     "/../etc/file" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct error err = { 0 };
		autoclose int fd = path_open_in_root(rootfd, paths[i], O_RDONLY, 0, &err);
		char text[8] = "";

		if (fd < 0)
			fail_msg("%s", err.message);
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		assert_int_equal(read(fd, text, sizeof(text) - 1), 6);
		assert_string_equal(text, "inside");
	}
}

static void no_path_and_no_symlink_leads_outside(void **state)
{
	char absolute[64];
	static const char *const paths[] = { "../secret", "/../secret", "etc/../../secret", "up", "upup/secret",
					     "absolute", "chain", "etc/far/secret" };

	(void)state;
	(void)snprintf(absolute, sizeof(absolute), "%s/secret", directory);
	assert_int_equal(symlinkat("../secret", rootfd, "up"), 0);
	assert_int_equal(symlinkat("..", rootfd, "upup"), 0);
	assert_int_equal(symlinkat(absolute, rootfd, "absolute"), 0);
	assert_int_equal(symlinkat("etc/../up", rootfd, "chain"), 0);
	assert_int_equal(symlinkat("../../../../../../..", rootfd, "etc/far"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct error err = { 0 };
		autoclose int fd = path_open_in_root(rootfd, paths[i], O_RDONLY, 0, &err);

		if (fd >= 0)
			fail_msg("'%s' was opened", paths[i]);
		assert_int_equal(err.number, ENOENT);
	}
}

static void an_absolute_symlink_starts_at_the_root(void **state)
{
	struct error err = { 0 };
	autoclose int fd = -1;

	(void)state;
	assert_int_equal(symlinkat("/etc/file", rootfd, "link"), 0);
	fd = path_open_in_root(rootfd, "link", O_RDONLY, 0, &err);
	assert_true(fd >= 0);
}

static void magic_links_are_refused(void **state)
{
	autoclose int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };
	autoclose int fd = path_open_in_root(proc, "self/root", O_RDONLY, 0, &err);

	(void)state;
	assert_int_equal(fd, -1);
	assert_string_equal(err.message, "cannot open 'self/root' inside its root: Too many levels of symbolic links");
}

static void what_is_missing_is_made_inside(void **state)
{
	struct error err = { 0 };
	struct stat st;
	autoclose int made = path_make_in_root(rootfd, "/a/b/../c", true, 0700, &err), file = -1, again = -1, top = -1;

	(void)state;
	if (made < 0)
		fail_msg("%s", err.message);
	assert_int_equal(fstat(made, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(stat("root/a/c", &st), 0);
	assert_int_equal(stat("root/a/b", &st), -1);
	file = path_make_in_root(rootfd, "x/y/file", false, 0600, &err);
	assert_true(file >= 0);
	assert_int_equal(stat("root/x/y/file", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	again = path_make_in_root(rootfd, "etc/file", false, 0600, &err);
	assert_true(again >= 0);
	assert_int_equal(fstat(again, &st), 0);
	assert_int_equal(st.st_size, 6);
	top = path_make_in_root(rootfd, "/", true, 0755, &err);
	assert_true(top >= 0);
}

static void nothing_is_made_outside(void **state)
{
	static const char *const paths[] = { "../made", "up/made", "far/made", "up/a/made", "absolute/made" };
	struct error err = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(symlinkat("..", rootfd, "up"), 0);
	assert_int_equal(symlinkat("../../../..", rootfd, "far"), 0);
	assert_int_equal(symlinkat(directory, rootfd, "absolute"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		autoclose int fd = path_make_in_root(rootfd, paths[i], i % 2, 0755, &err);

		(void)fd;
		assert_int_equal(stat("made", &st), -1);
		assert_int_equal(stat("/made", &st), -1);
		assert_int_equal(stat("a", &st), -1);
	}
}

static void a_dangling_symlink_is_not_made_good(void **state)
{
	char target[64];
	struct error err = { 0 };
	struct stat st;
	int fd;

	(void)state;
	(void)snprintf(target, sizeof(target), "%s/planted", directory);
	assert_int_equal(symlinkat(target, rootfd, "dangling"), 0);
	fd = path_make_in_root(rootfd, "dangling", false, 0644, &err);
	assert_int_equal(fd, -1);
	fd = path_make_in_root(rootfd, "dangling/x", true, 0755, &err);
	assert_int_equal(fd, -1);
	assert_int_equal(stat("planted", &st), -1);
}

static void a_file_in_the_way_is_an_error(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(path_make_in_root(rootfd, "etc/file/x", true, 0755, &err), -1);
	assert_int_equal(err.number, ENOTDIR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_path_has_only_names),
		cmocka_unit_test(climbing_above_the_start_is_noticed),
		cmocka_unit_test(base_and_join_do_as_they_say),
		cmocka_unit_test(directories_of_the_user_are_where_xdg_says),
		TEST(a_path_inside_is_opened_close_on_exec),
		TEST(no_path_and_no_symlink_leads_outside),
		TEST(an_absolute_symlink_starts_at_the_root),
		TEST(magic_links_are_refused),
		TEST(what_is_missing_is_made_inside),
		TEST(nothing_is_made_outside),
		TEST(a_dangling_symlink_is_not_made_good),
		TEST(a_file_in_the_way_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
