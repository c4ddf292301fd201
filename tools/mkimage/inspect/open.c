/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an image found, read and understood. */
#include "tools/mkimage/inspect/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "oci/json.h"
#include "tools/mkimage/inspect/kernel.h"
#include "tools/mkimage/inspect/read.h"
#include "tools/mkimage/inspect/sizes.h"
#include "tools/mkimage/source/hash.h"

#define CMDLINE_BYTES_MAX 4096
#define KERNEL_BYTES_MAX (512u << 20)

enum part { PART_KERNEL, PART_INITRD, PART_ROOT, PART_CMDLINE, PART_OTHER };

/* What a build may have written: the files of all formats. */
static const struct {
	const char *suffix;
	enum part part;
} parts[] = {
	{ "-kernel", PART_KERNEL },
	{ "-vmlinux", PART_KERNEL },
	{ "-initrd.img", PART_INITRD },
	{ "-squashfs.img", PART_ROOT },
	{ "-cmdline", PART_CMDLINE },
	{ "-firecracker.json", PART_OTHER },
	{ "-cloud-hypervisor.json", PART_OTHER },
};

/* The first row whose files are all there. */
static const struct {
	const char *name;
	const char *suffixes[5];
} formats[] = {
	{ "firecracker", { "-vmlinux", "-squashfs.img", "-firecracker.json" } },
	{ "cloud-hypervisor", { "-vmlinux", "-squashfs.img", "-cloud-hypervisor.json" } },
	{ "microvm", { "-vmlinux", "-squashfs.img" } },
	{ "kernel+squashfs", { "-kernel", "-initrd.img", "-squashfs.img" } },
	{ "kernel+initrd", { "-kernel", "-initrd.img" } },
};

struct opening {
	struct contents *contents;
	struct arena *arena;
	const char *prefix;
	const struct contents_source *files;	/* NULL: those that begin with the prefix */
	size_t files_count;
};

/* What to open for a file; NULL where it is known that there is none. */
static const char *path_of(const struct opening *o, const char *suffix)
{
	for (size_t i = 0; i < o->files_count; i++)
		if (strcmp(o->files[i].suffix, suffix) == 0)
			return arena_printf(o->arena, "/proc/self/fd/%d", o->files[i].fd);
	if (o->files)
		return NULL;
	return arena_printf(o->arena, "%s%s", o->prefix, suffix);
}

static bool is_there(const struct opening *o, const char *suffix)
{
	const char *path = path_of(o, suffix);

	return path && access(path, F_OK) == 0;
}

/* The prefix of a file that was named whole. */
static const char *prefix_of(const char *name, struct arena *arena)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t length = strlen(name), end = strlen(parts[i].suffix);

		if (length > end && strcmp(name + length - end, parts[i].suffix) == 0 && access(name, F_OK) == 0)
			return arena_strndup(arena, name, length - end);
	}
	return name;
}

static int find_format(struct opening *o, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		size_t k = 0;

		while (formats[i].suffixes[k] && is_there(o, formats[i].suffixes[k]))
			k++;
		if (!formats[i].suffixes[k]) {
			o->contents->format = formats[i].name;
			return 0;
		}
	}
	return error_set(err, "'%s' is no image: expected '%s-kernel' and '%s-initrd.img', or '%s-vmlinux' and '%s-squashfs.img'",
			 o->prefix, o->prefix, o->prefix, o->prefix, o->prefix);
}

/* --- the files --------------------------------------------------------------------------------- */

static int read_kernel(struct opening *o, int fd, uint64_t size, struct error *err)
{
	struct contents_kernel *kernel = &o->contents->kernel;
	void *data;

	if (size == 0 || size > KERNEL_BYTES_MAX)
		return error_set(err, "a kernel of %llu bytes", (unsigned long long)size);
	data = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return error_errno(err, "cannot read it");
	kernel->version = kernel_version(data, (size_t)size, o->arena);
	(void)munmap(data, (size_t)size);
	if (kernel->version)
		kernel->release = arena_strndup(o->arena, kernel->version, strcspn(kernel->version, " "));
	return 0;
}

static int read_cmdline(struct opening *o, int fd, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (file_read_fd(fd, "it", CMDLINE_BYTES_MAX, &text, err) < 0)
		return -1;
	o->contents->kernel.cmdline = json_utf8(o->arena, arena_strndup(o->arena, buffer_string(&text),
									   strcspn(buffer_string(&text), "\n")));
	return 0;
}

static int hash_file(int fd, struct digest *digest, struct error *err)
{
	struct hash *hash = hash_new("sha256");
	int r = hash_add_file(hash, fd) < 0 ? error_errno(err, "cannot read it") : 0;

	hash_finish(hash, digest);
	return r;
}

static long read_fd(void *context, void *data, size_t length, struct error *err)
{
	const int *fd = context;
	ssize_t n;

	do
		n = read(*fd, data, length);
	while (n < 0 && errno == EINTR);
	return n < 0 ? error_errno(err, "cannot read it") : n;
}

static int read_part(struct opening *o, enum part part, const char *path, int fd, uint64_t size, struct error *err)
{
	struct contents *c = o->contents;
	bool initrd_is_root = strcmp(c->format, "kernel+initrd") == 0;

	if (part == PART_KERNEL)
		return read_kernel(o, fd, size, err);
	if (part == PART_CMDLINE)
		return read_cmdline(o, fd, err);
	if (part == PART_ROOT && !initrd_is_root)
		return read_squashfs(c->tree, path, &read_limits, err);
	if (part == PART_INITRD && initrd_is_root)
		return read_cpio(c->tree, read_fd, &fd, &read_limits, err);
	return 0;
}

static int read_file(struct opening *o, size_t index, struct error *err)
{
	const char *path = path_of(o, parts[index].suffix);
	autoclose int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	struct contents_file *file;
	struct stat st;

	if (!path)
		return 0;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "cannot open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, "'%s' is no regular file", path);
	file = arena_push(o->arena, &o->contents->files, &o->contents->files_count, sizeof(*file));
	file->name = json_utf8(o->arena, arena_printf(o->arena, "%s%s", path_base(o->prefix), parts[index].suffix));
	file->size = (uint64_t)st.st_size;
	if (hash_file(fd, &file->digest, err) < 0 || read_part(o, parts[index].part, path, fd, file->size, err) < 0)
		return error_context(err, "'%s'", path);
	return 0;
}

static int read_files(struct opening *o, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (read_file(o, i, err) < 0)
			return -1;
	if (!o->contents->kernel.cmdline)
		o->contents->kernel.cmdline = "";
	return 0;
}

/* --- what the files hold ----------------------------------------------------------------------- */

int contents_read(const struct contents *contents, const char *path, size_t max, struct arena *arena, char **data,
		  size_t *length, struct error *err)
{
	struct tree_node *node = tree_resolve(contents->tree, path, true);

	*data = NULL;
	*length = 0;
	if (!node || !S_ISREG(node->inode->mode))
		return 0;
	if (tree_read_whole(contents->tree, node->inode, max, arena, data, length, err) < 0)
		return error_context(err, "'/%s'", path);
	return 0;
}

static int read_provenance(struct opening *o, struct error *err)
{
	struct contents *c = o->contents;
	size_t length;
	char *text;

	if (contents_read(c, PROVENANCE_PATH + 1, PROVENANCE_BYTES_MAX, o->arena, &text, &length, err) < 0)
		return -1;
	if (!text)
		return 0;
	if (provenance_parse(text, length, o->arena, &c->provenance, err) < 0 ||
	    provenance_apply_origins(&c->provenance, c->tree, err) < 0)
		return error_context(err, "'%s': '%s'", o->prefix, PROVENANCE_PATH);
	c->has_provenance = true;
	c->kernel.image = provenance_used_at(&c->provenance, PROVENANCE_FOR_KERNEL);
	return 0;
}

static int read_plan(struct opening *o, struct error *err)
{
	size_t length;
	char *text;

	if (contents_read(o->contents, PLAN_PATH + 1, PLAN_BYTES_MAX, o->arena, &text, &length, err) < 0)
		return -1;
	if (!text)
		return error_set(err, "'%s': no '%s' in the root: this is no image of slipway", o->prefix, PLAN_PATH);
	if (plan_parse(text, length, o->arena, &o->contents->plan, err) < 0)
		return error_context(err, "'%s': '%s'", o->prefix, PLAN_PATH);
	return 0;
}

static int read_container(struct opening *o, const struct plan_container *plan, struct contents_container *container,
			  struct error *err)
{
	const char *path;
	size_t length;
	char *text;

	*container = (struct contents_container){
		.stage = plan_stage_names[plan->stage], .name = json_utf8(o->arena, plan->name), .plan = plan,
		.bundle = path_clean(o->arena, plan->bundle),
	};
	path = arena_printf(o->arena, "%s/config.json", container->bundle);
	if (contents_read(o->contents, path, OCI_CONFIG_BYTES_MAX, o->arena, &text, &length, err) < 0)
		return -1;
	if (!text)
		return error_set(err, "'/%s' is missing", path);
	if (oci_config_parse(text, length, o->arena, &container->config, err) < 0)
		return error_context(err, "'/%s'", path);
	if (o->contents->has_provenance)
		container->image = provenance_used_at(&o->contents->provenance,
						      arena_printf(o->arena, "/%s/rootfs", container->bundle));
	return 0;
}

static int read_containers(struct opening *o, struct error *err)
{
	struct contents *c = o->contents;

	c->containers = arena_array(o->arena, c->plan.containers_count, sizeof(*c->containers));
	for (size_t i = 0; i < c->plan.containers_count; i++)
		if (read_container(o, &c->plan.containers[i], &c->containers[i], err) < 0)
			return error_context(err, "'%s'", o->prefix);
	return 0;
}

static int read_all(struct opening *o, const struct contents *with, struct error *err)
{
	struct contents *contents = o->contents;

	*contents = (struct contents){ .name = json_utf8(o->arena, path_base(o->prefix)) };
	if ((with ? tree_open_shared(with->tree, &contents->tree, err) : tree_open(NULL, &contents->tree, err)) < 0 ||
	    find_format(o, err) < 0 || read_files(o, err) < 0 || read_provenance(o, err) < 0 || read_plan(o, err) < 0 ||
	    read_containers(o, err) < 0)
		return -1;
	sizes_add_up(contents, o->arena);
	return 0;
}

int contents_open(const char *prefix, const struct contents *with, struct arena *arena, struct contents *contents,
		  struct error *err)
{
	struct opening o = { .contents = contents, .arena = arena, .prefix = prefix_of(prefix, arena) };

	return read_all(&o, with, err);
}

int contents_open_files(const char *prefix, const struct contents_source *files, size_t count, struct arena *arena,
			struct contents *contents, struct error *err)
{
	struct opening o = { .contents = contents, .arena = arena, .prefix = prefix, .files = files, .files_count = count };

	return read_all(&o, NULL, err);
}

void contents_close(struct contents *contents)
{
	tree_close(contents->tree);
	contents->tree = NULL;
}
