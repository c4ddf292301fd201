/* SPDX-License-Identifier: Apache-2.0 */
/* The first contents of a volume are the image's in every respect. */
#include "init/storage/copy.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"

static int top, from, to;
static char directory[64];
static struct error err;

static int setup(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "%s/copy.XXXXXX", getenv("TEST_TMP") ? getenv("TEST_TMP") : "/tmp");
	if (!mkdtemp(directory))
		return -1;
	top = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)mkdirat(top, "from", 0755);
	(void)mkdirat(top, "to", 0700);
	from = openat(top, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = openat(top, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return to < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)close(from);
	(void)close(to);
	(void)close(top);
	return file_remove_tree(AT_FDCWD, directory, &err);
}

static struct stat look(int at, const char *name)
{
	struct stat st = { 0 };

	assert_int_equal(fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

static void put(const char *name, const char *text)
{
	assert_int_equal(file_write_atomic(from, name, text, strlen(text), 0644, &err), 0);
}

static void is_same(const char *name)
{
	struct stat a = look(from, name), b = look(to, name);

	assert_int_equal(a.st_mode, b.st_mode);
	assert_int_equal(a.st_uid, b.st_uid);
	assert_int_equal(a.st_gid, b.st_gid);
	assert_int_equal(a.st_rdev, b.st_rdev);
	assert_int_equal(a.st_mtim.tv_sec, b.st_mtim.tv_sec);
	if (!S_ISDIR(a.st_mode))
		assert_int_equal(a.st_size, b.st_size);
}

static void everything_arrives(void **state)
{
	const struct timespec times[] = { { 1000, 0 }, { 2000, 0 } };
	static const char *const names[] = { "file", "empty", "d", "d/inner", "d/e", "link", "pipe", "setuid" };
	char target[16] = "", value[16] = "";
	autoclose int fd = -1;

	(void)state;
	put("file", "text");
	put("empty", "");
	put("setuid", "x");
	assert_int_equal(mkdirat(from, "d", 0750), 0);
	assert_int_equal(mkdirat(from, "d/e", 01777), 0);
	assert_int_equal(fchmodat(from, "d/e", 01777, 0), 0);
	put("d/inner", "more");
	assert_int_equal(symlinkat("/nowhere", from, "link"), 0);
	assert_int_equal(mkfifoat(from, "pipe", 0600), 0);
	if (getuid() == 0) {
		assert_int_equal(fchownat(from, "setuid", 7, 8, 0), 0);
		assert_int_equal(fchownat(from, "link", 7, 8, AT_SYMLINK_NOFOLLOW), 0);
	}
	assert_int_equal(fchmodat(from, "setuid", 06755, 0), 0);
	fd = openat(from, "file", O_RDONLY | O_CLOEXEC);
	if (fsetxattr(fd, "user.note", "kept", 4, 0) == 0)
		strcpy(value, "kept");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(utimensat(from, names[i], times, AT_SYMLINK_NOFOLLOW), 0);
	if (copy_tree(from, to, &err) < 0)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		is_same(names[i]);
	assert_int_equal(look(to, ".").st_mode & 07777, 0755);
	assert_true(readlinkat(to, "link", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "/nowhere");
	fd_replace(&fd, openat(to, "file", O_RDONLY | O_CLOEXEC));
	assert_int_equal(read(fd, target, 4), 4);
	assert_memory_equal(target, "text", 4);
	if (*value) {
		memset(value, 0, sizeof(value));
		assert_int_equal(fgetxattr(fd, "user.note", value, sizeof(value)), 4);
		assert_string_equal(value, "kept");
	}
}

static void names_of_one_file_stay_so(void **state)
{
	(void)state;
	put("a", "text");
	assert_int_equal(mkdirat(from, "d", 0755), 0);
	assert_int_equal(linkat(from, "a", from, "b", 0), 0);
	assert_int_equal(linkat(from, "a", from, "d/c", 0), 0);
	assert_int_equal(copy_tree(from, to, &err), 0);
	assert_int_equal(look(to, "a").st_nlink, 3);
	assert_int_equal(look(to, "a").st_ino, look(to, "b").st_ino);
	assert_int_equal(look(to, "a").st_ino, look(to, "d/c").st_ino);
}

static void what_cannot_be_copied_is_named(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(from, "d", 0755), 0);
	put("d/there", "text");
	assert_int_equal(mkdirat(to, "d", 0755), 0);
	assert_int_equal(copy_tree(from, to, &err), -1);
	assert_string_equal(err.message, "'d': cannot make the directory: File exists");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything_arrives, setup, teardown),
		cmocka_unit_test_setup_teardown(names_of_one_file_stay_so, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_copied_is_named, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
