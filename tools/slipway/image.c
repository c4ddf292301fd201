/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway image ls|inspect|tag|rm|gc`: the store, looked at and changed. */
#include "tools/slipway/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "oci/reference.h"

struct image_options {
	const char *store, *platform;
	bool quiet;
};

#define AT(member) offsetof(struct image_options, member)
#define STORE_OPTION                                                                                         \
	{                                                                                                    \
		OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, AT(store)                              \
	}

static const struct option store_options[] = { STORE_OPTION, OPTION_TABLE_END };

static const struct option ls_options[] = {
	{ OPTION_FLAG, 'q', "quiet", NULL, "names only", AT(quiet) },
	STORE_OPTION,
	OPTION_TABLE_END,
};

static const struct option inspect_options[] = {
	{ OPTION_STRING, 0, "platform", "OS/ARCH", "which platform (default: this machine's)", AT(platform) },
	STORE_OPTION,
	OPTION_TABLE_END,
};

/* What the commands here have in common: options, the store, the error. */
typedef int image_action(struct store *store, const struct image_options *options,
			 const struct option_list *operands, struct arena *arena, struct error *err);

static int run(const struct option_command *command, image_action *action, int argc, char **argv)
{
	struct option_list operands = { 0 };
	struct image_options options = { 0 };
	struct arena arena = { 0 };
	struct store *store = NULL;
	struct error err;
	int r = option_parse(command, "slipway", argc, argv, &options, &operands, &arena, &err);

	if (r == 0) {
		r = command_store_open(options.store, &store, &err);
		if (r == 0)
			r = action(store, &options, &operands, &arena, &err);
		store_close(store);
		if (r == 0 && fflush(stdout) < 0)
			r = error_errno(&err, "cannot write to standard output");
	}
	if (r < 0)
		error_print(&err, "slipway");
	arena_release(&arena);
	return r < 0;
}

/* --- ls ----------------------------------------------------------------------------------- */

/* Bytes of the config and the layers as they are stored; 0 where the manifest does not say. */
static uint64_t stored_size(struct store *store, const struct oci_descriptor *descriptor, struct arena *arena)
{
	autobuffer struct buffer text = { 0 };
	struct oci_manifest manifest;
	uint64_t size;

	if (store_get(store, descriptor, OCI_DOCUMENT_BYTES_MAX, &text, NULL) < 0 ||
	    oci_manifest_parse(buffer_string(&text), text.length, arena, &manifest, NULL) < 0)
		return 0;
	size = descriptor->size + manifest.config.size;
	for (size_t i = 0; i < manifest.layers_count; i++)
		size += manifest.layers[i].size;
	return size;
}

static const char *name_of(const struct oci_descriptor *descriptor)
{
	for (size_t i = 0; i < descriptor->annotations.count; i++)
		if (strcmp(descriptor->annotations.items[i].key, ANNOTATION_REF_NAME) == 0)
			return descriptor->annotations.items[i].value;
	return "-";
}

static int list(struct store *store, const struct image_options *options, const struct option_list *operands,
		struct arena *arena, struct error *err)
{
	struct oci_index index;
	int width = 4;

	(void)operands;
	if (store_list(store, arena, &index, err) < 0)
		return -1;
	for (size_t i = 0; i < index.count; i++)
		if ((int)strlen(name_of(&index.manifests[i])) > width)
			width = (int)strlen(name_of(&index.manifests[i]));
	if (!options->quiet)
		printf("%-*s  %-71s  %12s\n", width, "NAME", "DIGEST", "BYTES");
	for (size_t i = 0; i < index.count; i++) {
		const struct oci_descriptor *d = &index.manifests[i];

		if (options->quiet)
			printf("%s\n", name_of(d));
		else
			printf("%-*s  %-71s  %12" PRIu64 "\n", width, name_of(d), d->digest.text,
			       stored_size(store, d, arena));
	}
	return 0;
}

static int ls_main(int argc, char **argv)
{
	return run(&command_image_ls, list, argc, argv);
}

const struct option_command command_image_ls = {
	.name = "image ls",
	.operands = "",
	.summary = "list the images of the store",
	.options = ls_options,
	.run = ls_main,
};

/* --- inspect ------------------------------------------------------------------------------ */

/* The documents are put in as they are stored: whatever they say is shown. */
static int inspect(struct store *store, const struct image_options *options,
		   const struct option_list *operands, struct arena *arena, struct error *err)
{
	autobuffer struct buffer manifest = { 0 }, config = { 0 };
	struct oci_descriptor descriptor;
	struct oci_image image;

	if (store_image(store, operands->items[0], options->platform, arena, &image, err) < 0)
		return -1;
	if (store_describe(store, &image.digest, &descriptor, err) < 0 ||
	    store_get(store, &descriptor, OCI_DOCUMENT_BYTES_MAX, &manifest, err) < 0 ||
	    store_get(store, &image.manifest.config, OCI_DOCUMENT_BYTES_MAX, &config, err) < 0)
		return -1;
	printf("{\"name\":\"%s\",\"digest\":\"%s\",\"manifest\":%s,\"config\":%s}\n", image.name,
	       image.digest.text, buffer_string(&manifest), buffer_string(&config));
	return 0;
}

static int inspect_main(int argc, char **argv)
{
	return run(&command_image_inspect, inspect, argc, argv);
}

const struct option_command command_image_inspect = {
	.name = "image inspect",
	.operands = "NAME",
	.summary = "print name, digest, manifest and config of an image as JSON",
	.options = inspect_options,
	.operands_min = 1,
	.operands_max = 1,
	.run = inspect_main,
};

/* --- tag ---------------------------------------------------------------------------------- */

static int tag(struct store *store, const struct image_options *options, const struct option_list *operands,
	       struct arena *arena, struct error *err)
{
	struct reference from, to;
	struct oci_descriptor descriptor;

	(void)options;
	if (reference_parse(operands->items[0], arena, &from, err) < 0 ||
	    reference_parse(operands->items[1], arena, &to, err) < 0)
		return -1;
	if (store_find(store, from.name, arena, &descriptor, err) < 0)
		return -1;
	return store_tag(store, to.name, &descriptor, err);
}

static int tag_main(int argc, char **argv)
{
	return run(&command_image_tag, tag, argc, argv);
}

const struct option_command command_image_tag = {
	.name = "image tag",
	.operands = "NAME NEW-NAME",
	.summary = "give an image of the store another name",
	.options = store_options,
	.operands_min = 2,
	.operands_max = 2,
	.run = tag_main,
};

/* --- rm ----------------------------------------------------------------------------------- */

static int rm(struct store *store, const struct image_options *options, const struct option_list *operands,
	      struct arena *arena, struct error *err)
{
	struct reference reference;

	(void)options;
	for (size_t i = 0; i < operands->count; i++)
		if (reference_parse(operands->items[i], arena, &reference, err) < 0 ||
		    store_untag(store, reference.name, err) < 0)
			return -1;
	return 0;
}

static int rm_main(int argc, char **argv)
{
	return run(&command_image_rm, rm, argc, argv);
}

const struct option_command command_image_rm = {
	.name = "image rm",
	.operands = "NAME...",
	.summary = "take names out of the store; 'image gc' removes what no name leads to",
	.options = store_options,
	.operands_min = 1,
	.operands_max = 1000,
	.run = rm_main,
};

/* --- gc ----------------------------------------------------------------------------------- */

static int gc(struct store *store, const struct image_options *options, const struct option_list *operands,
	      struct arena *arena, struct error *err)
{
	struct store_garbage garbage;

	(void)options;
	(void)operands;
	(void)arena;
	if (store_gc(store, &garbage, err) < 0)
		return -1;
	printf("removed %zu blobs, %" PRIu64 " bytes\n", garbage.blobs, garbage.bytes);
	return 0;
}

static int gc_main(int argc, char **argv)
{
	return run(&command_image_gc, gc, argc, argv);
}

const struct option_command command_image_gc = {
	.name = "image gc",
	.operands = "",
	.summary = "remove the blobs that no name of the store leads to",
	.options = store_options,
	.run = gc_main,
};
