/* SPDX-License-Identifier: Apache-2.0 */
/* The report for programs: slipway(1), "INSPECT" describes it. */
#include <string.h>

#include "base/cleanup.h"
#include "oci/json.h"
#include "tools/mkimage/inspect/inspect.h"
#include "tools/mkimage/inspect/sizes.h"

/* The document, in the shape in which it is written: what contents has in other shapes is put into these. */
struct layer {
	struct digest digest, diff_id;
	uint64_t size, bytes, files;
};

struct image {
	const char *reference, *name, *os, *architecture;
	struct digest digest;
	struct layer *layers;
	size_t layers_count;
};

struct module {
	const char *path, *parameters;
};

struct mount {
	const char *destination, *type, *source;
	struct oci_strings options;
};

struct container {
	const char *stage, *name, *image, *restart;
	struct digest digest;
	struct oci_strings args, capabilities;
	const char *cwd;
	uint32_t uid, gid;
	uint32_t *groups;
	size_t groups_count;
	bool no_new_privileges, readonly, seccomp;
	struct mount *mounts;
	size_t mounts_count;
	struct oci_resources resources;
	uint64_t bytes, files, own_bytes;
};

struct document {
	const char *name, *format, *slipway;
	struct digest manifest;
	const struct contents_file *files;
	size_t files_count;
	const char *kernel_version, *kernel_release, *cmdline, *kernel_image;
	uint64_t modules_bytes, modules_files;
	struct module *modules;
	size_t modules_count;
	uint64_t entries, root_files, root_bytes, build_bytes;
	struct image *images;
	size_t images_count;
	struct container *containers;
	size_t containers_count;
	struct size_node *tree;		/* NULL: not asked for */
};

static const struct json_field file_fields[] = {
	JSON_ROW("name", struct contents_file, name, JSON_ALWAYS),
	JSON_ROW("size", struct contents_file, size, JSON_ALWAYS),
	JSON_ROW("digest", struct contents_file, digest, JSON_ALWAYS),
};
static const struct json_type file_type = JSON_TYPE(struct contents_file, file_fields);

static const struct json_field module_fields[] = {
	JSON_ROW("path", struct module, path, JSON_ALWAYS),
	JSON_ROW("parameters", struct module, parameters, 0),
};
static const struct json_type module_type = JSON_TYPE(struct module, module_fields);

static const struct json_field modules_fields[] = {
	JSON_ROW("files", struct document, modules_files, JSON_ALWAYS),
	JSON_ROW("bytes", struct document, modules_bytes, JSON_ALWAYS),
	JSON_ROW_ARRAY("load", struct document, modules, modules_count, &module_type, JSON_ALWAYS),
};
static const struct json_type modules_type = JSON_TYPE(struct document, modules_fields);

static const struct json_field kernel_fields[] = {
	JSON_ROW("release", struct document, kernel_release, 0),
	JSON_ROW("version", struct document, kernel_version, 0),
	JSON_ROW("image", struct document, kernel_image, 0),
	JSON_ROW("cmdline", struct document, cmdline, JSON_ALWAYS),
	JSON_ROW_INLINE("modules", &modules_type, JSON_ALWAYS),
};
static const struct json_type kernel_type = JSON_TYPE(struct document, kernel_fields);

static const struct json_field root_fields[] = {
	JSON_ROW("entries", struct document, entries, JSON_ALWAYS),
	JSON_ROW("files", struct document, root_files, JSON_ALWAYS),
	JSON_ROW("bytes", struct document, root_bytes, JSON_ALWAYS),
	JSON_ROW("buildBytes", struct document, build_bytes, JSON_ALWAYS),
};
static const struct json_type root_type = JSON_TYPE(struct document, root_fields);

static const struct json_field layer_fields[] = {
	JSON_ROW("digest", struct layer, digest, JSON_ALWAYS),
	JSON_ROW("diffID", struct layer, diff_id, JSON_ALWAYS),
	JSON_ROW("size", struct layer, size, JSON_ALWAYS),
	JSON_ROW("files", struct layer, files, JSON_ALWAYS),
	JSON_ROW("bytes", struct layer, bytes, JSON_ALWAYS),
};
static const struct json_type layer_type = JSON_TYPE(struct layer, layer_fields);

static const struct json_field image_fields[] = {
	JSON_ROW("reference", struct image, reference, JSON_ALWAYS),
	JSON_ROW("name", struct image, name, JSON_ALWAYS),
	JSON_ROW("digest", struct image, digest, JSON_ALWAYS),
	JSON_ROW("os", struct image, os, 0),
	JSON_ROW("architecture", struct image, architecture, 0),
	JSON_ROW_ARRAY("layers", struct image, layers, layers_count, &layer_type, JSON_ALWAYS),
};
static const struct json_type image_type = JSON_TYPE(struct image, image_fields);

static const struct json_field user_fields[] = {
	JSON_ROW("uid", struct container, uid, JSON_ALWAYS),
	JSON_ROW("gid", struct container, gid, JSON_ALWAYS),
	JSON_ROW_ARRAY("additionalGids", struct container, groups, groups_count, &json_type_u32, JSON_ALWAYS),
};
static const struct json_type user_type = JSON_TYPE(struct container, user_fields);

static const struct json_field mount_fields[] = {
	JSON_ROW("destination", struct mount, destination, JSON_ALWAYS),
	JSON_ROW("type", struct mount, type, 0),
	JSON_ROW("source", struct mount, source, 0),
	JSON_ROW("options", struct mount, options, JSON_ALWAYS),
};
static const struct json_type mount_type = JSON_TYPE(struct mount, mount_fields);

static const struct json_field resource_fields[] = {
	JSON_ROW("memory", struct oci_resources, memory_limit, 0),
	JSON_ROW("memoryReservation", struct oci_resources, memory_reservation, 0),
	JSON_ROW("memorySwap", struct oci_resources, memory_swap, 0),
	JSON_ROW("cpuShares", struct oci_resources, cpu_shares, 0),
	JSON_ROW("cpuQuota", struct oci_resources, cpu_quota, 0),
	JSON_ROW("cpuPeriod", struct oci_resources, cpu_period, 0),
	JSON_ROW("cpus", struct oci_resources, cpuset_cpus, 0),
	JSON_ROW("pids", struct oci_resources, pids_limit, 0),
	JSON_ROW("unified", struct oci_resources, unified, 0),
};
static const struct json_type resource_type = JSON_TYPE(struct oci_resources, resource_fields);

static const struct json_field container_fields[] = {
	JSON_ROW("stage", struct container, stage, JSON_ALWAYS),
	JSON_ROW("name", struct container, name, JSON_ALWAYS),
	JSON_ROW("image", struct container, image, 0),
	JSON_ROW("digest", struct container, digest, 0),
	JSON_ROW("args", struct container, args, JSON_ALWAYS),
	JSON_ROW("cwd", struct container, cwd, 0),
	JSON_ROW_INLINE("user", &user_type, JSON_ALWAYS),
	JSON_ROW("capabilities", struct container, capabilities, JSON_ALWAYS),
	JSON_ROW("noNewPrivileges", struct container, no_new_privileges, JSON_ALWAYS),
	JSON_ROW("readonlyRootfs", struct container, readonly, JSON_ALWAYS),
	JSON_ROW("seccomp", struct container, seccomp, JSON_ALWAYS),
	JSON_ROW_ARRAY("mounts", struct container, mounts, mounts_count, &mount_type, JSON_ALWAYS),
	JSON_ROW_OBJECT("resources", struct container, resources, &resource_type, JSON_ALWAYS),
	JSON_ROW("restart", struct container, restart, 0),
	JSON_ROW("files", struct container, files, JSON_ALWAYS),
	JSON_ROW("bytes", struct container, bytes, JSON_ALWAYS),
	JSON_ROW("ownBytes", struct container, own_bytes, JSON_ALWAYS),
};
static const struct json_type container_type = JSON_TYPE(struct container, container_fields);

static const struct json_type node_type;
static const struct json_field node_fields[] = {
	JSON_ROW("name", struct size_node, name, JSON_ALWAYS),
	JSON_ROW("files", struct size_node, size.files, JSON_ALWAYS),
	JSON_ROW("bytes", struct size_node, size.bytes, JSON_ALWAYS),
	JSON_ROW_ARRAY("children", struct size_node, children, children_count, &node_type, 0),
};
static const struct json_type node_type = JSON_TYPE(struct size_node, node_fields);

static const struct json_field document_fields[] = {
	JSON_ROW_CONSTANT("version", .limit = 1),
	JSON_ROW("name", struct document, name, JSON_ALWAYS),
	JSON_ROW("format", struct document, format, JSON_ALWAYS),
	JSON_ROW("slipway", struct document, slipway, 0),
	JSON_ROW("manifest", struct document, manifest, 0),
	JSON_ROW_ARRAY("files", struct document, files, files_count, &file_type, JSON_ALWAYS),
	JSON_ROW_INLINE("kernel", &kernel_type, JSON_ALWAYS),
	JSON_ROW_INLINE("root", &root_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("images", struct document, images, images_count, &image_type, JSON_ALWAYS),
	JSON_ROW_ARRAY("containers", struct document, containers, containers_count, &container_type, JSON_ALWAYS),
	JSON_ROW_POINTER("tree", struct document, tree, &node_type),
};
static const struct json_type document_type = JSON_TYPE(struct document, document_fields);
static const struct json_field document = { .kind = JSON_KIND_OBJECT, .type = &document_type };
static const struct json_field tree_document = { .kind = JSON_KIND_OBJECT, .type = &node_type };

/* --- from the contents ------------------------------------------------------------------------- */

static void add_image(struct document *d, const struct contents_image *from, struct arena *arena)
{
	const struct provenance_image *p = from->image;
	struct image *to = arena_push(arena, &d->images, &d->images_count, sizeof(*to));

	*to = (struct image){
		.reference = p->reference, .name = p->name, .os = p->os, .architecture = p->architecture, .digest = p->digest,
		.layers = arena_array(arena, p->layers_count, sizeof(struct layer)), .layers_count = p->layers_count,
	};
	for (size_t i = 0; i < p->layers_count; i++)
		to->layers[i] = (struct layer){
			.digest = p->layers[i].digest, .diff_id = p->layers[i].diff_id, .size = p->layers[i].size,
			.bytes = from->layers[i].size.bytes, .files = from->layers[i].size.files,
		};
}

static void set_process(struct container *to, const struct oci_process *process)
{
	to->args = process->args;
	to->cwd = process->cwd;
	to->uid = process->user.uid;
	to->gid = process->user.gid;
	to->groups = process->user.additional_gids;
	to->groups_count = process->user.additional_gids_count;
	to->no_new_privileges = process->no_new_privileges;
	if (process->capabilities)
		to->capabilities = process->capabilities->bounding;
}

static void add_container(struct document *d, const struct contents_container *from, struct arena *arena)
{
	static const char *const restarts[] = { "never", "on-failure", "always" };
	const struct oci_config *config = &from->config;
	struct container *to = arena_push(arena, &d->containers, &d->containers_count, sizeof(*to));

	*to = (struct container){
		.stage = from->stage, .name = from->name, .image = from->image ? from->image->reference : NULL,
		.restart = restarts[from->plan->restart], .readonly = config->root.readonly, .seccomp = config->linux_.seccomp != NULL,
		.mounts = arena_array(arena, config->mounts_count, sizeof(struct mount)), .mounts_count = config->mounts_count,
		.bytes = from->size.bytes, .files = from->size.files, .own_bytes = from->own.bytes,
	};
	if (from->image)
		to->digest = from->image->digest;
	if (config->process)
		set_process(to, config->process);
	if (config->linux_.resources)
		to->resources = *config->linux_.resources;
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct oci_mount *m = &config->mounts[i];

		to->mounts[i] = (struct mount){ m->destination, m->type, m->source, m->options };
	}
}

static void fill(const struct contents *c, struct document *d, struct arena *arena)
{
	*d = (struct document){
		.name = c->name, .format = c->format, .slipway = c->provenance.slipway, .manifest = c->provenance.manifest,
		.files = c->files, .files_count = c->files_count,
		.kernel_version = c->kernel.version, .kernel_release = c->kernel.release, .cmdline = c->kernel.cmdline,
		.kernel_image = c->kernel.image ? c->kernel.image->reference : NULL,
		.modules_bytes = c->kernel.modules.bytes, .modules_files = c->kernel.modules.files,
		.entries = c->entries, .root_files = c->size.files, .root_bytes = c->size.bytes, .build_bytes = c->build.bytes,
	};
	for (size_t i = 0; i < c->plan.modules_count; i++) {
		const struct plan_module *m = &c->plan.modules[i];

		*(struct module *)arena_push(arena, &d->modules, &d->modules_count, sizeof(struct module)) = (struct module){
			json_utf8(arena, m->path), m->parameters ? json_utf8(arena, m->parameters) : NULL,
		};
	}
	for (size_t i = 0; i < c->provenance.images_count; i++)
		add_image(d, &c->images[i], arena);
	for (size_t i = 0; i < c->plan.containers_count; i++)
		add_container(d, &c->containers[i], arena);
}

int report_json(const struct contents *contents, bool tree, struct buffer *out, struct error *err)
{
	struct arena arena = { 0 };
	struct document d;
	int r;

	fill(contents, &d, &arena);
	if (tree)
		d.tree = sizes_tree(contents, 0, &arena);
	r = json_write(&document, &d, true, out, err);
	buffer_add(out, "\n", 1);
	arena_release(&arena);
	return r;
}

int report_json_tree(const struct size_node *tree, struct buffer *out, struct error *err)
{
	return json_write(&tree_document, tree, false, out, err);
}
