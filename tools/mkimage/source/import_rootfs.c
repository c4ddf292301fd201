/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tar of a root file system, which becomes an image of one layer. The same
 * tar and options give the same digest: nothing of the time or the machine goes in.
 */
#include "tools/mkimage/source/import_internal.h"

#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/source/store_internal.h"

static struct oci_strings strings(const char **items)
{
	struct oci_strings s = { items, 0 };

	while (items && items[s.count])
		s.count++;
	return s;
}

/* "os/architecture" or "os/architecture/variant". */
static int split_platform(const char *platform, struct arena *arena, struct oci_image_config *config,
			  struct error *err)
{
	char *os = arena_strdup(arena, platform), *architecture = strchr(os, '/'), *variant;

	if (architecture)
		*architecture++ = '\0';
	variant = architecture ? strchr(architecture, '/') : NULL;
	if (variant)
		*variant++ = '\0';
	if (!architecture || !*os || !*architecture || (variant && (!*variant || strchr(variant, '/'))))
		return error_set(err, "platform '%s': expected 'os/architecture', as in 'linux/amd64'",
				 platform);
	config->os = os;
	config->architecture = architecture;
	config->variant = variant;
	return 0;
}

static int make_config(struct import_job *job, struct oci_image_config *config, struct error *err)
{
	const struct import_options *options = job->options;
	const char *platform = options->platform ? options->platform : store_machine_platform();

	*config = (struct oci_image_config){
		.config.user = options->user,
		.config.working_dir = options->working_dir,
		.config.env = strings(options->env),
		.config.entrypoint = strings(options->entrypoint),
		.config.cmd = strings(options->cmd),
	};
	for (size_t i = 0; i < config->config.env.count; i++)
		if (config->config.env.items[i][0] == '=' || !strchr(config->config.env.items[i], '='))
			return error_set(err, "environment '%s': expected 'NAME=VALUE'",
					 config->config.env.items[i]);
	return split_platform(platform, job->arena, config, err);
}

static int put_image(struct import_job *job, struct oci_image_config *config, struct import_layer *layer,
		     struct oci_descriptor *descriptor, struct error *err)
{
	autobuffer struct buffer config_text = { 0 }, manifest_text = { 0 };
	struct oci_manifest manifest = { .media_type = MEDIA_TYPE_MANIFEST,
					 .layers = &layer->descriptor,
					 .layers_count = 1 };

	config->diff_ids = &layer->diff_id;
	config->diff_ids_count = 1;
	if (oci_image_config_write(config, &config_text, err) < 0 ||
	    store_put(job->store, config_text.data, config_text.length, &manifest.config.digest, err) < 0)
		return -1;
	manifest.config.media_type = MEDIA_TYPE_CONFIG;
	manifest.config.size = config_text.length;
	if (oci_manifest_write(&manifest, &manifest_text, err) < 0)
		return -1;
	*descriptor =
		(struct oci_descriptor){ .media_type = MEDIA_TYPE_MANIFEST, .size = manifest_text.length };
	return store_put(job->store, manifest_text.data, manifest_text.length, &descriptor->digest, err);
}

int import_rootfs(struct import_job *job, const struct import_file *file, struct oci_descriptor *manifest,
		  struct error *err)
{
	struct import_expected nothing = { 0 };
	struct oci_image_config config;
	struct import_layer layer;

	if (make_config(job, &config, err) < 0 || import_layer(job->store, file, &nothing, &layer, err) < 0)
		return -1;
	if (layer.entries == 0)
		return error_set(err, "the tar holds no files");
	return put_image(job, &config, &layer, manifest, err);
}
