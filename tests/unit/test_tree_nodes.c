/* SPDX-License-Identifier: Apache-2.0 */
/* What a tree promises whatever it is filled from. */
#include "tests/unit/tar_maker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct tree_attributes plain = { .mode = 0644, .uid = 1, .gid = 2, .mtime = 3 };
static const struct tree_attributes directory = { .mode = 0750, .uid = 4, .gid = 5, .mtime = 6 };

static void file(struct tree *tree, const char *path, const char *data)
{
	struct error err = { 0 };

	if (tree_add_file(tree, path, data, strlen(data), &plain, NULL, &err) < 0)
		fail_msg("%s", err.message);
}

static void link_to(struct tree *tree, const char *path, const char *target)
{
	struct error err = { 0 };

	if (tree_add_symlink(tree, path, target, &plain, NULL, &err) < 0)
		fail_msg("%s", err.message);
}

static void entries_are_in_order_of_strcmp(void **state)
{
	struct tree *tree = tree_fresh();

	(void)state;
	file(tree, "b", "");
	file(tree, "a.x", "");
	file(tree, "a/z", "");
	file(tree, "a/b", "");
	file(tree, "\xff", "");
	file(tree, "B", "");
	assert_paths(tree, "B a a/b a/z a.x b \xff");
	tree_close(tree);
}

static void attributes_are_kept_and_times_clamped(void **state)
{
	struct tree_attributes odd = { .mode = 0107777, .uid = 70000, .gid = UINT32_MAX - 1, .mtime = -5 };
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	struct tree_node *node;

	(void)state;
	assert_int_equal(tree_add_file(tree, "x", "", 0, &odd, &node, &err), 0);
	assert_int_equal(node->inode->mode, S_IFREG | 07777);
	assert_int_equal(node->inode->uid, 70000);
	assert_int_equal(node->inode->gid, UINT32_MAX - 1);
	assert_int_equal(node->inode->mtime, 0);
	odd.mtime = INT64_MAX;
	assert_int_equal(tree_add_directory(tree, "y", &odd, &node, &err), 0);
	assert_int_equal(node->inode->mtime, UINT32_MAX);
	tree_clamp_times(tree, 77);
	assert_int_equal(node->inode->mtime, 77);
	tree_close(tree);
}

static void missing_parents_are_made(void **state)
{
	struct tree *tree = tree_fresh();

	(void)state;
	file(tree, "a/b/c", "");
	assert_int_equal(tree_find(tree, "a/b")->inode->mode, S_IFDIR | 0755);
	assert_int_equal(tree_find(tree, "a")->inode->uid, 0);
	tree_close(tree);
}

static void a_directory_over_a_directory_keeps_its_children(void **state)
{
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	struct tree_node *node;

	(void)state;
	file(tree, "d/f", "");
	assert_int_equal(tree_set_xattr(tree, tree_find(tree, "d"), "user.x", "1", 1, &err), 0);
	assert_int_equal(tree_add_directory(tree, "d", &directory, &node, &err), 0);
	assert_int_equal(node->inode->mode, S_IFDIR | 0750);
	assert_int_equal(node->inode->uid, 4);
	assert_int_equal(node->inode->xattrs_count, 0);
	assert_paths(tree, "d d/f");
	tree_close(tree);
}

static void other_kinds_take_the_whole_place(void **state)
{
	struct tree *tree = tree_fresh();
	struct error err = { 0 };

	(void)state;
	file(tree, "d/e/f", "");
	file(tree, "d", "now a file");
	assert_paths(tree, "d");
	assert_contents(tree, "d", "now a file");
	assert_int_equal(tree_add_directory(tree, "d", &directory, NULL, &err), 0);
	link_to(tree, "d/l", "x");
	file(tree, "d/l", "not followed");
	assert_contents(tree, "d/l", "not followed");
	assert_int_equal(tree_inodes(tree), 3);
	tree_close(tree);
}

static void parents_are_followed_through_symlinks_inside_the_tree(void **state)
{
	struct tree *tree = tree_fresh();
	struct error err = { 0 };

	(void)state;
	link_to(tree, "lib", "usr/lib");
	link_to(tree, "up", "../../..");
	link_to(tree, "abs", "/usr");
	file(tree, "lib/a", ""); /* through a link that led nowhere: made */
	file(tree, "up/b", "");
	file(tree, "abs/lib/c", "");
	link_to(tree, "usr/lib/d", "/abs/lib/e");
	file(tree, "usr/lib/d/f", "");
	assert_paths(tree, "abs b lib up usr usr/lib usr/lib/a usr/lib/c usr/lib/d usr/lib/e usr/lib/e/f");
	file(tree, "plain", "");
	assert_int_equal(tree_add_file(tree, "plain/x", "", 0, &plain, NULL, &err), -1);
	assert_non_null(strstr(err.message, "not a directory"));
	tree_close(tree);
}

static void symlink_loops_end(void **state)
{
	struct tree *tree = tree_fresh();
	struct error err = { 0 };

	(void)state;
	link_to(tree, "a", "b");
	link_to(tree, "b", "a");
	link_to(tree, "self", "self/x");
	assert_null(tree_resolve(tree, "a", true));
	assert_non_null(tree_resolve(tree, "a", false));
	assert_null(tree_resolve(tree, "self/y", true));
	assert_int_equal(tree_add_file(tree, "a/x", "", 0, &plain, NULL, &err), -1);
	assert_non_null(strstr(err.message, "too many symlinks"));
	tree_close(tree);
}

static void long_detours_end(void **state)
{
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	char detour[4000];

	(void)state;
	for (size_t i = 0; i < sizeof(detour); i += 2)
		memcpy(detour + i, "./", 2);
	detour[sizeof(detour) - 1] = '\0';
	link_to(tree, "a", detour);
	assert_ptr_equal(tree_resolve(tree, "a/a", true), tree_root(tree));
	assert_int_equal(tree_add_file(tree, "a/a/a/x", "", 0, &plain, NULL, &err), -1);
	assert_non_null(strstr(err.message, "too long"));
	tree_close(tree);
}

static void resolve_follows_as_a_chroot_does(void **state)
{
	struct tree *tree = tree_fresh();

	(void)state;
	file(tree, "etc/passwd", "");
	link_to(tree, "d/out", "../../../../etc");
	link_to(tree, "d/file", "out/passwd");
	link_to(tree, "nowhere", "not/there");
	assert_ptr_equal(tree_resolve(tree, "d/file", true), tree_find(tree, "etc/passwd"));
	assert_ptr_equal(tree_resolve(tree, "d/file", false), tree_find(tree, "d/file"));
	assert_ptr_equal(tree_resolve(tree, "d/out/../etc/passwd", true), tree_find(tree, "etc/passwd"));
	assert_null(tree_resolve(tree, "etc/passwd/x", true));
	assert_null(tree_resolve(tree, "etc/passwd/..", true));
	assert_null(tree_resolve(tree, "nowhere", true));
	assert_null(tree_find(tree, "d/out/passwd"));
	assert_ptr_equal(tree_resolve(tree, "", true), tree_root(tree));
	tree_close(tree);
}

static void paths_are_cleaned_and_limited(void **state)
{
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	char name[TREE_NAME_MAX + 2], deep[2 * TREE_PATH_MAX];

	(void)state;
	file(tree, "//a/./b/../c/", "");
	assert_paths(tree, "a a/c");
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(tree_add_file(tree, name, "", 0, &plain, NULL, &err), -1);
	name[TREE_NAME_MAX] = '\0';
	assert_int_equal(tree_add_file(tree, name, "", 0, &plain, NULL, &err), 0);
	for (size_t i = 0; i + 1 < sizeof(deep); i += 2)
		memcpy(deep + i, "d/", 2);
	deep[TREE_PATH_MAX + 2] = '\0';
	assert_int_equal(tree_add_file(tree, deep, "", 0, &plain, NULL, &err), -1);
	deep[TREE_PATH_MAX] = '\0';
	assert_int_equal(tree_add_file(tree, deep, "", 0, &plain, NULL, &err), 0);
	/* A short path that leads through a symlink to where no name has room any more. */
	deep[TREE_PATH_MAX - 2] = '\0';
	assert_int_equal(tree_add_symlink(tree, "link", deep, &plain, NULL, &err), 0);
	assert_int_equal(tree_add_file(tree, "link/file", "", 0, &plain, NULL, &err), -1);
	assert_non_null(strstr(err.message, "too long"));
	tree_close(tree);
}

static void the_root_is_a_directory_and_stays(void **state)
{
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	struct tree_node *node;

	(void)state;
	assert_int_equal(tree_add_file(tree, "", "", 0, &plain, NULL, &err), -1);
	assert_int_equal(tree_add_symlink(tree, "a/..", "x", &plain, NULL, &err), -1);
	assert_int_equal(tree_add_directory(tree, "", &directory, &node, &err), 0);
	assert_ptr_equal(node, tree_root(tree));
	assert_int_equal(node->inode->mode, S_IFDIR | 0750);
	assert_false(tree_remove(tree, ""));
	tree_close(tree);
}

static void hard_links_share_an_inode(void **state)
{
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	struct tree_node *node;

	(void)state;
	file(tree, "a", "one");
	assert_int_equal(tree_add_link(tree, "d/b", "a", &node, &err), 0);
	assert_ptr_equal(node->inode, tree_find(tree, "a")->inode);
	assert_int_equal(node->inode->links, 2);
	file(tree, "a", "two");
	assert_contents(tree, "d/b", "one");
	assert_int_equal(node->inode->links, 1);
	assert_int_equal(tree_add_link(tree, "e", "d/b", NULL, &err), 0);
	assert_true(tree_remove(tree, "d"));
	assert_contents(tree, "e", "one");
	tree_close(tree);
}

static void hard_links_that_cannot_be_are_refused(void **state)
{
	struct tree *tree = tree_fresh();
	struct error err = { 0 };

	(void)state;
	file(tree, "d/f", "x");
	assert_int_equal(tree_add_link(tree, "l", "nothing", NULL, &err), -1);
	assert_int_equal(tree_add_link(tree, "l", "d", NULL, &err), -1);
	assert_int_equal(tree_add_link(tree, "d/f", "d/f", NULL, &err), -1);
	assert_int_equal(tree_add_link(tree, "d", "d/f", NULL, &err), -1);
	assert_int_equal(tree_add_link(tree, "", "d/f", NULL, &err), -1);
	assert_paths(tree, "d d/f");
	tree_close(tree);
}

static void special_files_have_numbers_that_linux_has(void **state)
{
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	struct tree_node *node;

	(void)state;
	assert_int_equal(tree_add_special(tree, "dev/console", S_IFCHR, 5, 1, &plain, &node, &err), 0);
	assert_int_equal(node->inode->mode, S_IFCHR | 0644);
	assert_int_equal(node->inode->rdev_major, 5);
	assert_int_equal(tree_add_special(tree, "b", S_IFBLK, 0xfff, 0xfffff, &plain, NULL, &err), 0);
	assert_int_equal(tree_add_special(tree, "b", S_IFBLK, 0x1000, 0, &plain, NULL, &err), -1);
	assert_int_equal(tree_add_special(tree, "b", S_IFBLK, 0, 0x100000, &plain, NULL, &err), -1);
	assert_int_equal(tree_add_special(tree, "p", S_IFIFO, 0, 0, &plain, NULL, &err), 0);
	assert_int_equal(tree_add_special(tree, "s", S_IFSOCK, 0, 0, &plain, NULL, &err), 0);
	tree_close(tree);
}

static void xattrs_are_sorted_replaced_and_limited(void **state)
{
	static char big[TREE_XATTR_VALUE_MAX + 1], name[TREE_XATTR_NAME_MAX + 2];
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	struct tree_node *node;
	int added = 0;

	(void)state;
	assert_int_equal(tree_add_file(tree, "f", "", 0, &plain, &node, &err), 0);
	assert_int_equal(tree_set_xattr(tree, node, "user.b", "\0\1", 2, &err), 0);
	assert_int_equal(tree_set_xattr(tree, node, "user.a", "", 0, &err), 0);
	assert_int_equal(tree_set_xattr(tree, node, "user.b", "new", 3, &err), 0);
	assert_int_equal(node->inode->xattrs_count, 2);
	assert_string_equal(node->inode->xattrs[0].name, "user.a");
	assert_memory_equal(node->inode->xattrs[1].value, "new", 3);
	assert_int_equal(tree_set_xattr(tree, node, "", "", 0, &err), -1);
	assert_int_equal(tree_set_xattr(tree, node, "user.big", big, sizeof(big), &err), -1);
	memset(name, 'n', sizeof(name) - 1);
	assert_int_equal(tree_set_xattr(tree, node, name, "", 0, &err), -1);
	for (added = 0; added < 1000; added++) {
		(void)snprintf(name, sizeof(name), "user.%0200d", added);
		if (tree_set_xattr(tree, node, name, "", 0, &err) < 0)
			break;
	}
	assert_in_range(added, 300, 330);
	tree_close(tree);
}

static void removing_takes_all_below(void **state)
{
	struct tree *tree = tree_fresh();

	(void)state;
	file(tree, "a", "");
	file(tree, "d/e/f", "");
	file(tree, "d/g", "");
	file(tree, "z", "");
	assert_true(tree_remove(tree, "d/e"));
	assert_paths(tree, "a d d/g z");
	assert_false(tree_remove(tree, "d/e"));
	assert_true(tree_remove(tree, "a"));
	assert_true(tree_remove(tree, "z"));
	tree_remove_children(tree, tree_root(tree));
	assert_paths(tree, "");
	assert_int_equal(tree_inodes(tree), 1);
	file(tree, "again", "");
	assert_paths(tree, "again");
	tree_close(tree);
}

static void a_graft_keeps_everything(void **state)
{
	struct tree *from = tree_fresh(), *to = tree_fresh();
	struct error err = { 0 };
	struct tree_node *node;

	(void)state;
	file(from, "bin/a", "contents");
	assert_int_equal(tree_add_link(from, "bin/b", "bin/a", NULL, &err), 0);
	assert_int_equal(
		tree_set_xattr(from, tree_find(from, "bin/a"), "security.capability", "\1\0\2", 3, &err), 0);
	link_to(from, "l", "bin/a");
	assert_int_equal(tree_add_special(from, "c", S_IFCHR, 5, 1, &plain, NULL, &err), 0);
	assert_int_equal(tree_add_directory(from, "", &directory, &node, &err), 0);
	assert_int_equal(tree_set_xattr(from, node, "user.root", "1", 1, &err), 0);

	file(to, "r/bin/kept", "kept");
	file(to, "r/l/replaced", "");
	assert_int_equal(tree_graft(to, "r", from, &err), 0);
	assert_int_equal(tree_graft(to, "s/t", from, &err), 0);
	tree_close(from);

	assert_paths(
		to,
		"r r/bin r/bin/a r/bin/b r/bin/kept r/c r/l s s/t s/t/bin s/t/bin/a s/t/bin/b s/t/c s/t/l");
	assert_contents(to, "s/t/bin/b", "contents");
	node = tree_find(to, "r/bin/a");
	assert_ptr_equal(node->inode, tree_find(to, "r/bin/b")->inode);
	assert_int_equal(node->inode->links, 2);
	assert_null(node->inode->user);
	assert_int_equal(node->inode->xattrs_count, 1);
	assert_memory_equal(node->inode->xattrs[0].value, "\1\0\2", 3);
	assert_int_equal(tree_find(to, "r")->inode->mode, S_IFDIR | 0750);
	assert_int_equal(tree_find(to, "r")->inode->xattrs_count, 1);
	assert_int_equal(tree_find(to, "r/c")->inode->rdev_major, 5);
	assert_string_equal(tree_find(to, "r/l")->inode->target, "bin/a");
	tree_close(to);
}

static void the_same_contents_are_kept_once(void **state)
{
	struct tree *tree = tree_fresh(), *other;
	struct error err = { 0 };
	struct tree_spool *spool;
	static char big[200000];
	uint64_t offset;

	(void)state;
	assert_int_equal(tree_open_shared(tree, &other, &err), 0);
	memset(big, 'x', sizeof(big));
	assert_int_equal(tree_add_file(tree, "a", big, sizeof(big), &plain, NULL, &err), 0);
	offset = tree_find(tree, "a")->inode->spool_offset;
	assert_int_equal(tree_add_file(other, "b", big, sizeof(big), &plain, NULL, &err), 0);
	assert_int_equal(tree_find(other, "b")->inode->spool_offset, offset);
	assert_int_equal(tree_graft(tree, "g", other, &err), 0);
	assert_int_equal(tree_find(tree, "g/b")->inode->spool_offset, offset);
	/* One that is given up leaves nothing, a hole after it is zeros again. */
	assert_int_equal(tree_spool_begin(tree, &spool, &err), 0);
	assert_int_equal(tree_spool_add(spool, big, sizeof(big), &err), 0);
	tree_spool_discard(spool);
	assert_int_equal(tree_spool_begin(tree, &spool, &err), 0);
	assert_int_equal(tree_spool_zeros(spool, sizeof(big), &err), 0);
	assert_int_equal(tree_spool_add(spool, "end", 3, &err), 0);
	assert_int_equal(tree_spool_zeros(spool, 100000, &err), 0);
	assert_int_equal(tree_spool_end(spool, "h", &plain, NULL, &err), 0);
	tree_spool_discard(spool);
	assert_int_equal(tree_find(tree, "h")->inode->spool_offset, offset + sizeof(big));
	assert_int_equal(tree_find(tree, "h")->inode->size, sizeof(big) + 3 + 100000);
	assert_int_equal(tree_read(tree, tree_find(tree, "h")->inode, sizeof(big) - 2, big, 10, &err), 10);
	assert_memory_equal(big, "\0\0end\0\0\0\0\0", 10);
	assert_int_equal(tree_read(tree, tree_find(tree, "h")->inode, 10, big, 4, &err), 4);
	assert_memory_equal(big, "\0\0\0", 4);
	assert_int_equal(tree_read(tree, tree_find(tree, "h")->inode, sizeof(big) + 100000, big, 10, &err),
			 3);
	tree_close(tree);
	assert_int_equal(tree_read(other, tree_find(other, "b")->inode, 0, big, 2, &err), 2);
	assert_memory_equal(big, "xx", 2);
	tree_close(other);
}

static void many_contents_are_found_again(void **state)
{
	struct tree *tree = tree_fresh();
	char name[32], data[32];

	(void)state;
	for (unsigned int i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		(void)snprintf(data, sizeof(data), "contents %u", i % 1000);
		file(tree, name, data);
	}
	for (unsigned int i = 1000; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		(void)snprintf(data, sizeof(data), "%u", i % 1000);
		assert_int_equal(tree_find(tree, name)->inode->spool_offset,
				 tree_find(tree, data)->inode->spool_offset);
		(void)snprintf(data, sizeof(data), "contents %u", i % 1000);
		assert_contents(tree, name, data);
	}
	tree_close(tree);
}

static void files_come_from_descriptors(void **state)
{
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], "piped", 5), 5);
	(void)close(fds[1]);
	assert_int_equal(tree_add_file_fd(tree, "f", fds[0], &plain, NULL, &err), 0);
	(void)close(fds[0]);
	assert_contents(tree, "f", "piped");
	fds[0] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tree_add_file_fd(tree, "g", fds[0], &plain, NULL, &err), -1);
	(void)close(fds[0]);
	assert_paths(tree, "f");
	tree_close(tree);
}

static void reading_whole_has_a_limit(void **state)
{
	struct tree *tree = tree_fresh();
	struct arena arena = { 0 };
	struct error err = { 0 };
	char *data;

	(void)state;
	file(tree, "f", "12345");
	link_to(tree, "l", "f");
	assert_int_equal(tree_read_whole(tree, tree_find(tree, "f")->inode, 5, &arena, &data, NULL, &err), 0);
	assert_string_equal(data, "12345");
	assert_int_equal(tree_read_whole(tree, tree_find(tree, "f")->inode, 4, &arena, &data, NULL, &err),
			 -1);
	assert_int_equal(tree_read_whole(tree, tree_find(tree, "l")->inode, 4, &arena, &data, NULL, &err),
			 -1);
	arena_release(&arena);
	tree_close(tree);
}

static int stop_at_b(struct tree_node *node, const char *path, void *context, struct error *err)
{
	(void)node;
	++*(int *)context;
	return strcmp(path, "b") == 0 ? error_set(err, "stopped") : 0;
}

static void a_visitor_ends_the_walk(void **state)
{
	struct tree *tree = tree_fresh();
	struct arena arena = { 0 };
	struct error err = { 0 };
	int visited = 0;

	(void)state;
	file(tree, "a/x/y", "");
	file(tree, "b", "");
	file(tree, "c", "");
	assert_int_equal(tree_walk(tree, stop_at_b, &visited, &err), -1);
	assert_string_equal(err.message, "stopped");
	assert_int_equal(visited, 5);
	assert_string_equal(tree_path(tree_find(tree, "a/x/y"), &arena), "a/x/y");
	assert_string_equal(tree_path(tree_root(tree), &arena), "");
	arena_release(&arena);
	tree_close(tree);
}

static void no_place_for_the_spool_is_an_error(void **state)
{
	struct error err = { 0 };
	struct tree *tree;

	(void)state;
	assert_int_equal(tree_open("/nonexistent/directory", &tree, &err), -1);
	assert_non_null(strstr(err.message, "/nonexistent/directory"));
	assert_non_null(strstr(err.message, "TMPDIR"));
}

/* A limit on the size of files stands in for a disk that is full. */
static void a_full_disk_is_an_error_and_leaves_room_again(void **state)
{
	struct rlimit before, small;
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	static char big[300000];

	(void)state;
	memset(big, 'x', sizeof(big));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ .rlim_cur = 100000, .rlim_max = before.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(tree_add_file(tree, "f", big, sizeof(big), &plain, NULL, &err), -1);
	file(tree, "g", "fits");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(err.message, "TMPDIR"));
	assert_paths(tree, "g");
	assert_int_equal(tree_add_file(tree, "f", big, sizeof(big), &plain, NULL, &err), 0);
	assert_contents(tree, "g", "fits");
	tree_close(tree);
}

/* As containers/STAGE/NAME are: alike where path, contents and attributes are. */
static void what_directories_have_in_common_is_shared(void **state)
{
	const struct tree_attributes other = { .mode = 0600 };
	struct tree *tree = tree_fresh();
	struct error err = { 0 };
	struct tree_node *node;
	uint32_t inodes;

	(void)state;
	file(tree, "c/s/one/bin/sh", "shell");
	file(tree, "c/s/one/bin/copy", "shell");
	file(tree, "c/t/two/bin/sh", "shell");
	file(tree, "c/s/three/bin/sh", "another");
	assert_int_equal(tree_add_file(tree, "c/s/four/bin/sh", "shell", 5, &other, NULL, &err), 0);
	assert_int_equal(tree_add_file(tree, "c/s/five/bin/sh", "shell", 5, &plain, &node, &err), 0);
	assert_int_equal(tree_set_xattr(tree, node, "user.x", "1", 1, &err), 0);
	file(tree, "c/s/six/bin/empty", "");
	file(tree, "c/s/seven/bin/empty", "");
	file(tree, "elsewhere/s/one/bin/sh", "shell");
	inodes = tree_inodes(tree);
	tree_share(tree, "c", 2);
	assert_int_equal(tree_inodes(tree), inodes - 1);
	assert_ptr_equal(tree_find(tree, "c/s/one/bin/sh")->inode, tree_find(tree, "c/t/two/bin/sh")->inode);
	assert_int_equal(tree_find(tree, "c/s/one/bin/sh")->inode->links, 2);
	tree_share(tree, "c", 2);
	assert_int_equal(tree_inodes(tree), inodes - 1);
	tree_close(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_directories_have_in_common_is_shared),
		cmocka_unit_test(entries_are_in_order_of_strcmp),
		cmocka_unit_test(attributes_are_kept_and_times_clamped),
		cmocka_unit_test(missing_parents_are_made),
		cmocka_unit_test(a_directory_over_a_directory_keeps_its_children),
		cmocka_unit_test(other_kinds_take_the_whole_place),
		cmocka_unit_test(parents_are_followed_through_symlinks_inside_the_tree),
		cmocka_unit_test(symlink_loops_end),
		cmocka_unit_test(long_detours_end),
		cmocka_unit_test(resolve_follows_as_a_chroot_does),
		cmocka_unit_test(paths_are_cleaned_and_limited),
		cmocka_unit_test(the_root_is_a_directory_and_stays),
		cmocka_unit_test(hard_links_share_an_inode),
		cmocka_unit_test(hard_links_that_cannot_be_are_refused),
		cmocka_unit_test(special_files_have_numbers_that_linux_has),
		cmocka_unit_test(xattrs_are_sorted_replaced_and_limited),
		cmocka_unit_test(removing_takes_all_below),
		cmocka_unit_test(a_graft_keeps_everything),
		cmocka_unit_test(the_same_contents_are_kept_once),
		cmocka_unit_test(many_contents_are_found_again),
		cmocka_unit_test(files_come_from_descriptors),
		cmocka_unit_test(reading_whole_has_a_limit),
		cmocka_unit_test(a_visitor_ends_the_walk),
		cmocka_unit_test(no_place_for_the_spool_is_an_error),
		cmocka_unit_test(a_full_disk_is_an_error_and_leaves_room_again),
	};

	return cmocka_run_group_tests_name("tree: nodes", tests, NULL, NULL);
}
