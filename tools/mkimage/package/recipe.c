/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/package/recipe.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/manifest/schema.h"

#define AT(member) offsetof(struct recipe, member)

/* Keys of LinuxKit's that steer a docker build: known, and of no effect on one without Docker. */
#define DOCKER_ONLY "it only steers builds by Docker"

static const struct field fields[] = {
	{ .name = "image", .kind = FIELD_STRING, .offset = AT(image) },
	{ .name = "org", .kind = FIELD_STRING, .offset = AT(org) },
	{ .name = "arches", .kind = FIELD_STRINGS, .offset = AT(arches) },
	{ .name = "config", .kind = FIELD_IGNORED },
	{ .name = "debs", .kind = FIELD_STRINGS, .offset = AT(debs) },
	{ .name = "exclude", .kind = FIELD_STRINGS, .offset = AT(exclude) },
	{ .name = "prune", .kind = FIELD_STRINGS, .offset = AT(prune) },
	{ .name = "files", .kind = FIELD_STRUCTS, .offset = AT(files), .schema = &schema_file,
	  .count = AT(files_count), .set = FIELD_NOWHERE },
	{ .name = "kernel", .kind = FIELD_BOOL, .offset = AT(kernel) },
	{ .name = "kernel_configs", .kind = FIELD_STRINGS, .offset = AT(kernel_configs) },
	{ .name = "kernel_patches", .kind = FIELD_STRINGS, .offset = AT(kernel_patches) },
	{ .name = "build", .kind = FIELD_STRING, .offset = AT(build) },
	{ .name = "entrypoint", .kind = FIELD_STRINGS, .offset = AT(entrypoint) },
	{ .name = "cmd", .kind = FIELD_STRINGS, .offset = AT(cmd) },
	{ .name = "env", .kind = FIELD_STRINGS, .offset = AT(env) },
	{ .name = "exposed_ports", .kind = FIELD_STRINGS, .offset = AT(exposed_ports) },
	{ .name = "volumes", .kind = FIELD_STRINGS, .offset = AT(volumes) },
	{ .name = "user", .kind = FIELD_STRING, .offset = AT(user) },
	{ .name = "working_dir", .kind = FIELD_STRING, .offset = AT(working_dir) },
	{ .name = "stop_signal", .kind = FIELD_STRING, .offset = AT(stop_signal) },
	{ .name = "labels", .kind = FIELD_PAIRS, .offset = AT(labels) },
	{ .name = "network", .kind = FIELD_IGNORED, .note = DOCKER_ONLY },
	{ .name = "gitrepo", .kind = FIELD_IGNORED, .note = DOCKER_ONLY },
	{ .name = "extra-sources", .kind = FIELD_IGNORED, .note = DOCKER_ONLY },
	{ .name = "disable-cache", .kind = FIELD_IGNORED, .note = DOCKER_ONLY },
	{ .name = "disable-content-trust", .kind = FIELD_IGNORED, .note = DOCKER_ONLY },
	{ .name = "depends", .kind = FIELD_IGNORED, .note = DOCKER_ONLY },
	{ .name = "buildArgs", .kind = FIELD_IGNORED, .note = DOCKER_ONLY },
	{ .name = "dockerfile", .kind = FIELD_IGNORED, .note = DOCKER_ONLY },
};

static const struct schema schema = {
	.size = sizeof(struct recipe), .at = AT(at), .set = FIELD_NOWHERE, .fields = fields, .count = ARRAY_SIZE(fields),
};

static const struct node *find_config(const struct node *root)
{
	for (size_t i = 0; root->kind == NODE_MAP && i < root->count; i++)
		if (root->pairs[i].key->value && strcmp(root->pairs[i].key->value, "config") == 0)
			return root->pairs[i].value;
	return NULL;
}

static int check(const struct recipe *recipe, struct error *err)
{
	if (!recipe->image.value)
		return place_error(&recipe->at, err, "key 'image' is missing; write 'image: NAME'");
	if (recipe->config && recipe->config->kind != NODE_MAP)
		return place_error(&recipe->config->at, err, "config: expected a mapping");
	if (recipe->debs.count == 0 && recipe->files_count == 0 && recipe->kernel_configs.count == 0 && !recipe->build.value)
		return place_error(&recipe->at, err, "nothing to put into the image; write 'debs:', 'build:' or 'files:'");
	if (recipe->kernel_configs.count && recipe->debs.count)
		return place_error(&recipe->kernel_configs.items[0].at, err,
				   "kernel_configs: a kernel is built from source or comes from packages; 'debs' is there, too");
	if (recipe->kernel_patches.count && recipe->kernel_configs.count == 0)
		return place_error(&recipe->kernel_patches.items[0].at, err,
				   "kernel_patches: no kernel is built from source here; write 'kernel_configs:', too");
	if (recipe->kernel_configs.count && recipe->build.value)
		return place_error(&recipe->build.at, err, "build: a kernel is compiled already; 'kernel_configs' is there, too");
	return 0;
}

int recipe_parse(const char *path, const char *text, size_t length, struct arena *arena, struct recipe *recipe,
		 struct error *err)
{
	struct node *root;

	*recipe = (struct recipe){ 0 };
	if (node_parse(path, true, text, length, arena, &root, err) < 0 ||
	    schema_read(&schema, root, SCHEMA_REFUSE, arena, recipe, err) < 0)
		return -1;
	recipe->path = path;
	recipe->text = text;
	recipe->length = length;
	recipe->config = find_config(root);
	return check(recipe, err);
}
