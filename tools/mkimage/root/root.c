/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/root/root.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "tools/mkimage/root/files.h"
#include "tools/mkimage/root/owners.h"
#include "tools/mkimage/root/provenance.h"
#include "tools/mkimage/tree/layer.h"

#define PASSWD_BYTES_MAX (1u << 20)
#define CREDENTIAL_BYTES_MAX (1u << 20)	/* init's limit */

static const struct tree_attributes directory = { .mode = 0755 };
static const struct tree_attributes text_file = { .mode = 0644 };
static const struct tree_attributes program = { .mode = 0755 };

/* What every root has, whatever the manifest says. */
static const struct skeleton {
	const char *path;
	const char *target;		/* a symlink's; NULL for a directory */
	const char *contents;		/* a file's; NULL for a directory */
	mode_t mode;
} skeleton[] = {
	{ "dev", NULL, NULL, 0755 },
	{ "proc", NULL, NULL, 0555 },
	{ "sys", NULL, NULL, 0555 },
	{ "run", NULL, NULL, 0755 },
	{ "tmp", NULL, NULL, 01777 },
	{ "etc", NULL, NULL, 0755 },
	{ "root", NULL, NULL, 0700 },
	{ "var", NULL, NULL, 0755 },
	{ "var/lib", NULL, NULL, 0755 },
	{ "var/log", NULL, NULL, 0755 },
	{ "var/tmp", NULL, NULL, 01777 },
	{ "var/run", "/run", NULL, 0777 },
	{ "etc/hosts", NULL, "127.0.0.1\tlocalhost\n::1\tlocalhost\n", 0644 },
	/* LinuxKit's place: DHCP packages write there, and others bind /etc/resolv.conf. */
	{ "etc/resolv.conf", "/run/resolvconf/resolv.conf", NULL, 0777 },
	{ "containers", NULL, NULL, 0755 },
};

static int add_skeleton(struct tree *root, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(skeleton); i++) {
		const struct skeleton *s = &skeleton[i];
		struct tree_attributes attributes = { .mode = s->mode };
		int r;

		if (s->target)
			r = tree_add_symlink(root, s->path, s->target, &attributes, NULL, err);
		else if (s->contents)
			r = tree_add_file(root, s->path, s->contents, strlen(s->contents), &attributes, NULL, err);
		else
			r = tree_add_directory(root, s->path, &attributes, NULL, err);
		if (r < 0)
			return -1;
	}
	return 0;
}

/* The layout in progress: each image is unpacked once, however many containers start from it. */
struct layout {
	const struct root_input *input;
	struct tree *root;
	struct tree **unpacked;		/* one for each of input->images; NULL while it was not asked for */
};

/* An image with its layers applied; borrowed. */
static int unpack(struct layout *layout, const char *reference, struct tree **tree, struct error *err)
{
	const struct root_input *input = layout->input;
	size_t i = 0;

	while (i < input->images_count && strcmp(input->images[i].reference, reference) != 0)
		i++;
	if (i == input->images_count)
		return error_set(err, "it was not resolved");
	if (!layout->unpacked[i]) {
		if (tree_open_shared(layout->root, &layout->unpacked[i], err) < 0)
			return -1;
		tree_set_origin(layout->unpacked[i], root_first_origin(input->images, i));
		if (layer_apply_image(layout->unpacked[i], input->store, &input->images[i].image, err) < 0)
			return -1;
	}
	*tree = layout->unpacked[i];
	return 0;
}

/* An image's files, put at `path` of the root; `tree` (may be NULL) gives the image itself, borrowed. */
static int add_image(struct layout *layout, const char *path, const struct manifest_string *image, struct tree **tree,
		     struct error *err)
{
	struct tree *unpacked = NULL;

	if (unpack(layout, image->value, &unpacked, err) < 0 || tree_graft(layout->root, path, unpacked, err) < 0)
		return error_context(err, "%s:%u:%u: image '%s'", image->at.file, image->at.line, image->at.column,
				     image->value);
	if (tree)
		*tree = unpacked;
	return 0;
}

static int add_init_images(struct layout *layout, struct error *err)
{
	const struct manifest_strings *init = &layout->input->manifest->init;

	for (size_t i = 0; i < init->count; i++) {
		if (compile_init_image_replaced(init->items[i].value))
			continue;
		if (add_image(layout, "", &init->items[i], NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int copy_same(struct tree *to, struct tree *from, const char *path, struct error *err)
{
	return tree_copy(to, path, from, path, err);
}

static int add_modules(const struct root_input *input, struct tree *root, struct error *err)
{
	const struct compiled *compiled = input->compiled;
	struct arena arena = { 0 };
	int r = 0;

	if (!input->kernel || !input->kernel->modules)
		return 0;
	if (compiled->all_modules)
		return tree_graft(root, "", input->kernel->modules, err);
	for (size_t i = 0; r == 0 && i < compiled->keep_modules_count; i++) {
		const char *path = arena_printf(&arena, "lib/modules/%s/%s", input->kernel->lists.release,
						compiled->keep_modules[i]);

		r = copy_same(root, input->kernel->modules, path, err);
	}
	arena_release(&arena);
	return r;
}

/* The binary of the target, under the names it is called by. */
static int add_init(const struct root_input *input, struct tree *root, struct error *err)
{
	autoclose int fd = open(input->init_binary, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "cannot open the init binary '%s'", input->init_binary);
	if (tree_add_file_fd(root, "init", fd, &program, NULL, err) < 0)
		return -1;
	/* By this name it loads the modules that the kernel asks for: init/drivers.h. */
	if (input->compiled->aliases && tree_add_link(root, "usr/lib/slipway/modprobe", "init", NULL, err) < 0)
		return -1;
	/* LinuxKit's packages bind the runtime from there. */
	if (tree_add_link(root, "usr/bin/runc", "init", NULL, err) < 0)
		return -1;
	return tree_add_link(root, "usr/bin/ctl", "init", NULL, err);
}

/* What checks file systems, where the plan has any to check. */
static int add_check_program(const struct root_input *input, struct tree *root, struct error *err)
{
	autoclose int fd = -1;

	if (!input->compiled->needs_check)
		return 0;
	fd = open(input->check_binary, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "cannot open the program that checks disks, '%s'", input->check_binary);
	return tree_add_file_fd(root, PLAN_CHECK_PROGRAM + 1, fd, &program, NULL, err);
}

static int add_plan(const struct root_input *input, struct tree *root, struct error *err)
{
	const struct compiled *compiled = input->compiled;
	autobuffer struct buffer text = { 0 };

	if (plan_write(&compiled->plan, &text, err) < 0)
		return -1;
	if (tree_add_file(root, PLAN_PATH + 1, text.data, text.length, &text_file, NULL, err) < 0)
		return -1;
	return compiled->aliases ? tree_add_file(root, PLAN_ALIASES_PATH + 1, compiled->aliases, compiled->aliases_length,
						 &text_file, NULL, err) : 0;
}

/* The text of a file of the image, NULL where there is none. */
static int read_optional(struct tree *tree, const char *path, struct arena *arena, const char **text,
			 struct error *err)
{
	struct tree_node *node = tree_resolve(tree, path, true);
	size_t length;
	char *data;

	*text = NULL;
	if (!node || !S_ISREG(node->inode->mode))
		return 0;
	if (tree_read_whole(tree, node->inode, PASSWD_BYTES_MAX, arena, &data, &length, err) < 0)
		return error_context(err, "'/%s'", path);
	*text = data;
	return 0;
}

/* A user that the image gives by name gets its numbers from the image's own files. */
static int resolve_user(struct compiled_container *container, struct tree *rootfs, struct arena *arena,
			struct error *err)
{
	const struct place *at = &container->manifest->image.at;
	const char *passwd, *group;

	if (!container->user)
		return 0;
	if (read_optional(rootfs, "etc/passwd", arena, &passwd, err) < 0 ||
	    read_optional(rootfs, "etc/group", arena, &group, err) < 0 ||
	    compile_resolve_user(container, passwd, group, arena, err) < 0)
		return error_context(err, "%s:%u:%u: image '%s'", at->file, at->line, at->column,
				     container->manifest->image.value);
	return 0;
}

/*
 * Where the container's root cannot be written, what is mounted into it needs its
 * place made now; the runtime makes it otherwise.
 */
static int add_mount_points(const struct compiled_container *container, struct tree *root, const char *rootfs,
			    struct error *err)
{
	struct arena arena = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < container->config.mounts_count; i++) {
		const struct oci_mount *mount = &container->config.mounts[i];
		const char *path = path_join(&arena, rootfs, path_clean(&arena, mount->destination));
		bool is_bind = mount->type && strcmp(mount->type, "bind") == 0;

		if (!container->readonly || tree_resolve(root, path, true))
			continue;
		if (is_bind && files_source_is_file(root, mount->source))
			r = tree_add_file(root, path, "", 0, &text_file, NULL, err);
		else
			r = tree_add_directory(root, path, &directory, NULL, err);
		if (r < 0)
			error_context(err, "mount at '%s'", mount->destination);
	}
	arena_release(&arena);
	return r;
}

/* What `credentials` has of the build: for init alone, which hands it over. */
static int add_credentials(const struct root_input *input, const struct manifest_container *container, const char *stage,
			   struct tree *root, struct error *err)
{
	static const struct tree_attributes secret = { .mode = 0400 };
	struct arena arena = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < container->credentials_count; i++) {
		const struct manifest_credential *c = &container->credentials[i];
		const struct manifest_file file = { .source = c->source };
		autobuffer struct buffer value = { 0 };
		struct error cause;

		if (!c->source.value)
			continue;
		if (file_read(AT_FDCWD, files_source_path(&file, input->manifest->path, &arena), CREDENTIAL_BYTES_MAX, &value,
			      &cause) < 0)
			r = place_error(&c->source.at, err, "credentials: '%s': %s", c->name.value, cause.message);
		else
			r = tree_add_file(root, compile_credential_path(&arena, stage, container->name.value, c->name.value) + 1,
					  value.data ? value.data : "", value.length, &secret, NULL, err);
	}
	arena_release(&arena);
	return r;
}

static int own(const struct compiled_container *container, struct tree *root, const char *rootfs, struct error *err)
{
	const struct place *at = &container->manifest->at;

	if (owners_map(root, rootfs, &container->config.linux_, err) < 0)
		return error_context(err, "%s:%u:%u: image '%s'", at->file, at->line, at->column,
				     container->manifest->image.value);
	return 0;
}

/* config.json as the specification has it, and beside it what PID 1 starts from: see runtime/container/prepared.h. */
static int add_config(const struct compiled_container *container, const struct plan_container *plan, struct tree *root,
		      struct error *err)
{
	struct oci_config start = container->config;
	autobuffer struct buffer whole = { 0 }, rest = { 0 };
	struct arena *arena = tree_arena(root);

	start.linux_.seccomp = NULL;
	if (oci_config_write_compact(&container->config, &whole, err) < 0 ||
	    tree_add_file(root, path_join(arena, plan->bundle + 1, "config.json"), whole.data, whole.length, &text_file, NULL,
			  err) < 0)
		return -1;
	if (!plan->filter)
		return 0;
	if (oci_config_write_compact(&start, &rest, err) < 0 ||
	    tree_add_file(root, path_join(arena, plan->bundle + 1, "start.json"), rest.data, rest.length, &text_file, NULL,
			  err) < 0)
		return -1;
	return tree_resolve(root, plan->filter + 1, true) ? 0 :
	       tree_add_file(root, plan->filter + 1, container->filter, container->filter_length, &text_file, NULL, err);
}

static int add_container(struct layout *layout, size_t index, struct error *err)
{
	struct compiled_container *container = &layout->input->compiled->containers[index];
	const struct plan_container *plan = &layout->input->compiled->plan.containers[index];
	struct tree *root = layout->root, *image;
	struct arena arena = { 0 };
	const char *rootfs = path_join(&arena, plan->bundle + 1, "rootfs");
	int r = -1;

	if (tree_add_directory(root, rootfs, &directory, NULL, err) == 0 &&
	    add_image(layout, rootfs, &container->manifest->image, &image, err) == 0 &&
	    resolve_user(container, image, tree_arena(root), err) == 0 &&
	    add_mount_points(container, root, rootfs, err) == 0 &&
	    own(container, root, rootfs, err) == 0 &&
	    add_credentials(layout->input, container->manifest, plan_stage_names[plan->stage], root, err) == 0)
		r = add_config(container, plan, root, err);
	compile_own_credentials(layout->input->compiled, index);
	arena_release(&arena);
	return r;
}

/* All of an image, or a directory of it; one that it has not is empty. */
static int fill_volume(struct layout *layout, const char *path, const struct manifest_volume *volume, struct error *err)
{
	const struct manifest_string *image = &volume->image;
	const char *inside = volume->path.value ? path_clean(tree_arena(layout->root), volume->path.value) : "";
	struct tree *unpacked = NULL;
	struct tree_node *node;

	if (!*inside)
		return add_image(layout, path, image, NULL, err);
	if (unpack(layout, image->value, &unpacked, err) < 0)
		return error_context(err, "%s:%u:%u: image '%s'", image->at.file, image->at.line, image->at.column, image->value);
	node = tree_resolve(unpacked, inside, true);
	if (!node)
		return 0;
	if (!S_ISDIR(node->inode->mode))
		return place_error(&volume->path.at, err, "volumes: path: '%s' of the image '%s' is not a directory",
				   volume->path.value, image->value);
	return tree_copy(layout->root, path, unpacked, inside, err);
}

static int add_volumes(struct layout *layout, struct error *err)
{
	const struct manifest *manifest = layout->input->manifest;

	for (size_t i = 0; i < manifest->volumes_count; i++) {
		const struct manifest_volume *volume = &manifest->volumes[i];
		const char *path = compile_volume_path(tree_arena(layout->root), volume->name.value) + 1;

		if (tree_add_directory(layout->root, path, &directory, NULL, err) < 0)
			return -1;
		if (volume->image.value && *volume->image.value && fill_volume(layout, path, volume, err) < 0)
			return -1;
	}
	return 0;
}

static int add_files(const struct manifest *manifest, struct tree *root, struct error *err)
{
	const struct files_document document = {
		.path = manifest->path, .text = manifest->text, .manifest = manifest,
	};

	return files_add(&document, manifest->files, manifest->files_count, root, err);
}

static int add_all(struct layout *layout, struct error *err)
{
	const struct root_input *input = layout->input;
	struct tree *root = layout->root;

	/* LinuxKit's order: what comes later may replace what came before. */
	if (add_skeleton(root, err) < 0 || add_modules(input, root, err) < 0 || add_init_images(layout, err) < 0 ||
	    add_init(input, root, err) < 0 || add_check_program(input, root, err) < 0)
		return -1;
	for (size_t i = 0; i < input->compiled->plan.containers_count; i++)
		if (add_container(layout, i, err) < 0)
			return -1;
	/* Containers of one image run from the same files: the kernel caches a file once, not one for each container. */
	tree_share(root, "containers", 2);
	if (add_volumes(layout, err) < 0 || add_files(input->manifest, root, err) < 0)
		return -1;
	return add_plan(input, root, err);
}

int root_build(const struct root_input *input, struct tree *root, struct error *err)
{
	struct layout layout = {
		.input = input, .root = root,
		.unpacked = arena_array(tree_arena(root), input->images_count + 1, sizeof(*layout.unpacked)),
	};
	int r = add_all(&layout, err);

	for (size_t i = 0; i < input->images_count; i++)
		tree_close(layout.unpacked[i]);
	return r;
}

int root_build_boot(const struct root_input *input, struct tree *root, struct tree *boot, struct error *err)
{
	static const char *const directories[] = { "dev", "proc", "sys", "run" };

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (tree_add_directory(boot, directories[i], &directory, NULL, err) < 0)
			return -1;
	for (size_t i = 0; i < input->compiled->boot_modules_count; i++)
		if (copy_same(boot, root, input->compiled->boot_modules[i] + 1, err) < 0)
			return -1;
	if (copy_same(boot, root, "init", err) < 0)
		return -1;
	return copy_same(boot, root, PLAN_PATH + 1, err);
}
