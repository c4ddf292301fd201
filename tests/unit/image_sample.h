/* SPDX-License-Identifier: Apache-2.0 */
/* A tree with every type of file, for the tests of image writers. Include after cmocka.h. */
#ifndef TESTS_UNIT_IMAGE_SAMPLE_H
#define TESTS_UNIT_IMAGE_SAMPLE_H

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "tools/mkimage/tree/tree.h"

#define SAMPLE_LARGE_BYTES (9u << 20)
#define SAMPLE_HOLE_BYTES (1u << 20)

/* Fails the test with the message of the error. */
#define assert_ok(call)                                                                                              \
	do {                                                                                                         \
		if ((call) != 0)                                                                                     \
			fail_msg("%s: %s", #call, err.message);                                                      \
	} while (0)

/* Text that compresses a little, the same every time, different for every seed. */
static inline char *sample_text(size_t length, uint32_t seed)
{
	char *text = malloc(length);

	for (size_t i = 0; text && i < length; i++) {
		seed = seed * 1664525u + 1013904223u;
		text[i] = (char)(seed >> 24 & 0x1f) + 'A';
	}
	return text;
}

static inline void sample_file(struct tree *tree, const char *path, size_t length, uint32_t seed)
{
	const struct tree_attributes attributes = { .mode = 0644, .uid = 1000, .gid = 100, .mtime = 1700000000 };
	char *text = sample_text(length, seed);
	struct error err;

	assert_ok(tree_add_file(tree, path, text, length, &attributes, NULL, &err));
	free(text);
}

static inline struct tree *sample_tree(void)
{
	const struct tree_attributes program = { .mode = 04755, .mtime = 1600000000 };
	const struct tree_attributes plain = { .mode = 0640, .uid = 7, .gid = 70000, .mtime = 0xffffffff };
	const struct tree_attributes directory = { .mode = 01777, .uid = 3, .gid = 4, .mtime = 12345 };
	static const char zeros[SAMPLE_HOLE_BYTES];
	struct tree_node *node;
	struct tree *tree;
	struct error err;
	char path[32];

	assert_ok(tree_open(NULL, &tree, &err));
	assert_ok(tree_add_directory(tree, "", &(struct tree_attributes){ .mode = 0755 }, NULL, &err));
	assert_ok(tree_add_directory(tree, "tmp", &directory, NULL, &err));
	assert_ok(tree_add_file(tree, "bin/busybox", "program", 7, &program, &node, &err));
	assert_ok(tree_set_xattr(tree, node, "security.capability", "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, &err));
	assert_ok(tree_set_xattr(tree, node, "user.note", "hello", 5, &err));
	assert_ok(tree_add_link(tree, "bin/sh", "bin/busybox", NULL, &err));
	assert_ok(tree_add_link(tree, "a-link", "bin/busybox", NULL, &err));
	assert_ok(tree_add_symlink(tree, "sbin", "bin", &plain, NULL, &err));
	assert_ok(tree_add_file(tree, "etc/empty", "", 0, &plain, NULL, &err));
	assert_ok(tree_add_file(tree, "etc/hole", zeros, sizeof(zeros), &plain, NULL, &err));
	assert_ok(tree_add_file(tree, "etc/na\xc3\xafve", "x", 1, &plain, NULL, &err));
	assert_ok(tree_add_special(tree, "dev/null", S_IFCHR, 1, 3, &plain, NULL, &err));
	assert_ok(tree_add_link(tree, "dev/zilch", "dev/null", NULL, &err));
	assert_ok(tree_add_special(tree, "dev/vda", S_IFBLK, 259, 70000, &plain, NULL, &err));
	assert_ok(tree_add_special(tree, "run/pipe", S_IFIFO, 0, 0, &plain, NULL, &err));
	assert_ok(tree_add_special(tree, "run/socket", S_IFSOCK, 0, 0, &plain, NULL, &err));
	sample_file(tree, "data/large", SAMPLE_LARGE_BYTES, 1);
	sample_file(tree, "data/again", SAMPLE_LARGE_BYTES, 1);
	sample_file(tree, "data/block", 128 * 1024, 2);
	/* More than one directory header, and many fragments. */
	for (unsigned int i = 0; i < 700; i++) {
		(void)snprintf(path, sizeof(path), "many/file-%u", i);
		sample_file(tree, path, i * 37 % 3000, i % 600);
	}
	return tree;
}

static inline int sample_output(void)
{
	char path[] = "/tmp/slipway-test-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	(void)unlink(path);
	return fd;
}

typedef int sample_writer(struct tree *tree, int fd, int level, struct error *err);

/* The same in a process that may use one CPU only. */
static inline void sample_write_on_one_cpu(sample_writer *write_tree, struct tree *tree, int fd)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		cpu_set_t all, one;
		int cpu = 0;

		(void)sched_getaffinity(0, sizeof(all), &all);
		while (!CPU_ISSET(cpu, &all))
			cpu++;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		_exit(sched_setaffinity(0, sizeof(one), &one) == 0 && write_tree(tree, fd, 0, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static inline void assert_same_bytes(int a, int b)
{
	struct stat sa, sb;
	static char x[65536], y[65536];

	assert_int_equal(fstat(a, &sa), 0);
	assert_int_equal(fstat(b, &sb), 0);
	assert_true(sa.st_size > 0);
	assert_int_equal(sa.st_size, sb.st_size);
	for (off_t at = 0; at < sa.st_size;) {
		ssize_t n = pread(a, x, sizeof(x), at);

		assert_true(n > 0);
		assert_int_equal(pread(b, y, (size_t)n, at), n);
		assert_memory_equal(x, y, (size_t)n);
		at += n;
	}
}

static inline void same_bytes_each_time_and_on_any_number_of_cpus(sample_writer *write_tree)
{
	struct tree *tree = sample_tree(), *other = sample_tree();
	int first = sample_output(), again = sample_output(), rebuilt = sample_output(), one = sample_output();
	struct error err;

	assert_ok(write_tree(tree, first, 0, &err));
	assert_ok(write_tree(tree, again, 0, &err));
	assert_ok(write_tree(other, rebuilt, 0, &err));
	sample_write_on_one_cpu(write_tree, tree, one);
	assert_same_bytes(first, again);
	assert_same_bytes(first, rebuilt);
	assert_same_bytes(first, one);
	close(first), close(again), close(rebuilt), close(one);
	tree_close(tree);
	tree_close(other);
}

/* Writing to /dev/full is what a full disk does. */
static inline void full_disk_is_told(sample_writer *write_tree)
{
	struct tree *tree = sample_tree();
	int fd = open("/dev/full", O_RDWR | O_CLOEXEC), good = sample_output();
	struct error err;

	assert_int_equal(write_tree(tree, fd, 0, &err), -1);
	assert_non_null(strstr(err.message, "No space left on device"));
	/* Nothing is left in the tree that a second attempt would trip over. */
	assert_ok(write_tree(tree, good, 0, &err));
	close(fd), close(good);
	tree_close(tree);
}

#endif
