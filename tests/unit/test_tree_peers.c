/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same layers unpacked by others: what GNU tar and umoci put on the disk is what is in the tree. As root
 * all is compared; otherwise what others can make.
 */
#include "tests/unit/tar_maker.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static char directory[] = "/var/tmp/slipway-test-XXXXXX";

static int run(const char *script)
{
	autofree char *command = NULL;

	assert_true(asprintf(&command, "cd %s && { %s\n} >log 2>&1", directory, script) > 0);
	return system(command);
}

static void must_run(const char *script)
{
	if (run(script) != 0) {
		(void)!system("cat /var/tmp/slipway-test-*/log >&2");
		fail_msg("failed: %s", script);
	}
}

static bool have(const char *program)
{
	char command[100];

	(void)snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	return run(command) == 0;
}

static void apply_file(struct tree *tree, const char *name)
{
	autofree char *path = NULL;
	autoclose int fd = -1;
	struct error err = { 0 };

	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	if (layer_apply_fd(tree, fd, name, &err) < 0)
		fail_msg("%s", err.message);
}

/* --- comparing ------------------------------------------------------------------------------- */

struct comparison {
	struct tree *tree;
	int rootfd;
	size_t count, wrong;
};

static void differs(struct comparison *c, const char *path, const char *what, long long tree, long long disk)
{
	if (tree == disk)
		return;
	c->wrong++;
	print_error("'%s': %s: %lld in the tree, %lld on the disk\n", path, what, tree, disk);
}

static void compare_contents(struct comparison *c, const struct tree_inode *inode, const char *path)
{
	autoclose int fd = openat(c->rootfd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	static char ours[65536], theirs[65536];
	struct error err = { 0 };
	uint64_t at = 0;
	long n;

	if (fd < 0 && errno == EACCES)
		return;
	assert_true(fd >= 0);
	do {
		n = tree_read(c->tree, inode, at, ours, sizeof(ours), &err);
		assert_true(n >= 0);
		assert_int_equal(pread(fd, theirs, sizeof(theirs), (off_t)at), n);
		differs(c, path, "contents", memcmp(ours, theirs, (size_t)n) == 0, true);
		at += (uint64_t)n;
	} while (n > 0);
}

static void compare_xattrs(struct comparison *c, const struct tree_inode *inode, const char *path)
{
	autofree char *where = NULL;
	char value[256];

	assert_true(asprintf(&where, "/proc/self/fd/%d/%s", c->rootfd, path) > 0);
	for (size_t i = 0; i < inode->xattrs_count; i++) {
		const struct tree_xattr *x = &inode->xattrs[i];
		ssize_t n = lgetxattr(where, x->name, value, sizeof(value));

		if (n < 0 && (errno == ENOTSUP || (errno == ENODATA && geteuid() != 0)))
			continue;
		differs(c, path, x->name, (long long)x->length, n);
		if (n == (ssize_t)x->length)
			differs(c, path, x->name, memcmp(x->value, value, x->length), 0);
	}
}

static int compare_node(struct tree_node *node, const char *path, void *context, struct error *err)
{
	const struct tree_inode *i = node->inode;
	struct comparison *c = context;
	char target[TREE_TARGET_MAX + 1];
	struct stat st;
	ssize_t n;

	(void)err;
	c->count++;
	if (fstatat(c->rootfd, *path ? path : ".", &st, AT_SYMLINK_NOFOLLOW) < 0) {
		differs(c, path, "exists", true, false);
		return 0;
	}
	differs(c, path, "mode", i->mode, st.st_mode);
	if (node->parent)
		differs(c, path, "mtime", i->mtime, st.st_mtime);
	if (geteuid() == 0) {
		differs(c, path, "uid", i->uid, st.st_uid);
		differs(c, path, "gid", i->gid, st.st_gid);
	}
	if (!S_ISDIR(i->mode))
		differs(c, path, "links", i->links, (long long)st.st_nlink);
	if (S_ISCHR(i->mode) || S_ISBLK(i->mode))
		differs(c, path, "device", (long long)makedev(i->rdev_major, i->rdev_minor),
			(long long)st.st_rdev);
	if (S_ISREG(i->mode)) {
		differs(c, path, "size", (long long)i->size, st.st_size);
		compare_contents(c, i, path);
	}
	if (S_ISLNK(i->mode)) {
		n = readlinkat(c->rootfd, path, target, sizeof(target) - 1);
		assert_true(n >= 0);
		target[n] = '\0';
		differs(c, path, "target", strcmp(i->target, target), 0);
	}
	compare_xattrs(c, i, path);
	return 0;
}

static size_t on_disk;

static int count_on_disk(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)path;
	(void)st;
	(void)flag;
	(void)ftw;
	on_disk++;
	return 0;
}

static void assert_on_disk(struct tree *tree, const char *name)
{
	autofree char *path = NULL;
	autoclose int rootfd = -1;
	struct comparison c = { .tree = tree };
	struct error err = { 0 };

	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	c.rootfd = rootfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(rootfd >= 0);
	assert_int_equal(tree_walk(tree, compare_node, &c, &err), 0);
	on_disk = 0;
	assert_int_equal(nftw(path, count_on_disk, 16, FTW_PHYS), 0);
	assert_int_equal(c.count, on_disk);
	assert_int_equal(c.wrong, 0);
	assert_true(c.count > 5);
}

/* --- making ---------------------------------------------------------------------------------- */

/* Files of every kind; the directories' times are set last. */
static const char make_base[] =
	"rm -rf base && mkdir -p base/bin base/d/e/f base/keep base/etc base/var/lib && cd base &&"
	"echo shell >bin/sh && ln bin/sh bin/bash && ln -s ../bin/sh etc/shell && ln -s /nowhere "
	"etc/dangling &&"
	"chmod 4755 bin/sh && echo 1 >d/1 && echo 2 >d/2 && echo 3 >d/e/3 && echo 4 >d/e/f/4 && chmod 1777 d "
	"&&"
	"echo k >keep/k && mkfifo var/fifo && ln -s x var/link && ln -P var/link var/link2 &&"
	"n=$(printf '%0200d' 7) && mkdir -p $n/$n && echo long >$n/$n/$n && ln -s $n/$n etc/long &&"
	"echo latin >$(printf 'caf\\351') && echo utf >$(printf 'caf\\303\\251') && echo nfd >$(printf "
	"'cafe\\314\\201') &&"
	"truncate -s 5M sparse && echo data | dd of=sparse bs=1 seek=3000000 conv=notrunc 2>/dev/null && "
	"head -c 300000 /dev/urandom >noise &&"
	"{ setfattr -n user.test -v value bin/sh || :; } && { setfattr -n user.dir -v value d || :; } &&"
	"if [ $(id -u) = 0 ]; then mknod c c 1 3 && mknod b b 7 9 && chown 12345:54321 d/1 && chown -h 3:4 "
	"etc/shell && "
	"{ setfattr -n security.capability -v 0sAQAAAgAEAAAAAAAAAAAAAAAAAAA= bin/sh || :; }; fi;"
	"find . -depth -exec touch -h -d @1000000000 {} + ";

static const struct {
	const char *name, *options;
} formats[] = {
	{ "gnu", "--format=gnu" },
	{ "gnu, sparse", "--format=gnu -S" },
	{ "pax", "--format=posix --xattrs --xattrs-include=*" },
	{ "pax, sparse 1.0", "--format=posix --xattrs --xattrs-include=* -S" },
	{ "pax, sparse 0.1", "--format=posix -S --sparse-version=0.1" },
	{ "pax, sparse 0.0", "--format=posix -S --sparse-version=0.0" },
	{ "gzip", "--format=posix -z" },
	{ "xz", "--format=gnu -J" },
	{ "zstd", "--format=gnu --zstd" },
	{ "bzip2", "--format=gnu -j" },
	{ "old GNU", "--format=oldgnu -S" },
};

static void tars_of_gnu_tar_hold_what_is_on_the_disk(void **state)
{
	char script[512];

	(void)state;
	if (!have("tar"))
		skip();
	must_run(make_base);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct tree *tree = tree_fresh();

		(void)snprintf(script, sizeof(script), "rm -f t.tar; tar %s -C base -cf t.tar .",
			       formats[i].options);
		must_run(script);
		print_message("# %s\n", formats[i].name);
		apply_file(tree, "t.tar");
		assert_on_disk(tree, "base");
		tree_close(tree);
	}
}

static int to_file(void *context, const void *data, size_t length, struct error *err)
{
	(void)err;
	return fwrite(data, 1, length, context) == length ? 0 : -1;
}

static void gnu_tar_unpacks_what_is_written(void **state)
{
	struct tree *tree = tree_fresh();
	autofree char *path = NULL;
	struct error err = { 0 };
	FILE *file;

	(void)state;
	if (!have("tar"))
		skip();
	must_run(make_base);
	must_run("tar --format=posix --xattrs --xattrs-include='*' -C base -cf t.tar .");
	apply_file(tree, "t.tar");
	assert_true(asprintf(&path, "%s/ours.tar", directory) > 0);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(layer_write_tree(tree, to_file, file, &err), 0);
	assert_int_equal(fclose(file), 0);
	must_run("rm -rf out && mkdir out && tar --warning=no-unknown-keyword --xattrs --xattrs-include='*' "
		 "-C out -xpf ours.tar");
	assert_on_disk(tree, "out");
	must_run("! tar --warning=no-unknown-keyword -C base --compare -f ours.tar | grep -v 'hdrcharset'");
	tree_close(tree);
}

/*
 * Two layers over the base, made of what tars may hold: replaced kinds, whiteouts, opaque directories. Names that
 * are not UTF-8 stay away: a store of umoci keeps the layer as it is, but its Go does not take each.
 */
static const char make_upper[] =
	"rm -rf one two && mkdir -p one/d/e one/bin one/etc one/var two/d one/newdir two/keep &&"
	"echo new >one/bin/sh && : >one/bin/.wh.bash && echo 5 >one/d/5 && : >one/d/.wh.2 && : "
	">one/d/e/.wh..wh..opq &&"
	"echo 6 >one/d/e/6 && rm -f one/etc/shell && mkdir one/etc/shell && echo in >one/etc/shell/in && : "
	">one/etc/.wh.dangling &&"
	"ln -s elsewhere one/keep && echo n >one/newdir/n && chmod 700 one/newdir && mkfifo one/var/link &&"
	": >two/.wh.newdir && : >two/d/.wh.1 && echo back >two/keep/back && : >two/.wh.noise && ln -s d "
	"two/dlink && echo s >two/sparse &&"
	"find one two -depth -exec touch -h -d @1100000000 {} + ";

static void umoci_unpacks_the_same(void **state)
{
	static const char *const layers[] = { "base.tar", "one.tar", "two.tar" };
	struct tree *tree = tree_fresh();

	(void)state;
	if (!have("umoci") || !have("tar"))
		skip();
	must_run(make_base);
	must_run(make_upper);
	must_run("rm -rf layout bundle && umoci init --layout layout && umoci new --image layout:x &&"
		 "for l in base one two; do tar --format=posix --xattrs --xattrs-include='user.*' "
		 "--exclude='caf*' -C $l -cf $l.tar . &&"
		 "umoci raw add-layer --image layout:x $l.tar || exit 1; done; umoci gc --layout layout;"
		 "if [ $(id -u) = 0 ]; then umoci unpack --image layout:x bundle; else umoci unpack "
		 "--rootless --image layout:x bundle; fi");
	for (size_t i = 0; i < ARRAY_SIZE(layers); i++)
		apply_file(tree, layers[i]);
	assert_on_disk(tree, "bundle/rootfs");
	assert_null(tree_find(tree, "newdir"));
	assert_contents(tree, "keep/back", "back\n");
	tree_close(tree);
}

/* --- the directory to work in ---------------------------------------------------------------- */

static int setup(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[100];

	(void)state;
	(void)snprintf(command, sizeof(command), "chmod -R u+rwx %s 2>/dev/null; rm -rf %s", directory,
		       directory);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tars_of_gnu_tar_hold_what_is_on_the_disk),
		cmocka_unit_test(gnu_tar_unpacks_what_is_written),
		cmocka_unit_test(umoci_unpacks_the_same),
	};

	return cmocka_run_group_tests_name("tree: as others see it", tests, setup, teardown);
}
