/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway build`: a manifest becomes an image. */
#include "tools/slipway/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/path.h"
#include "tools/mkimage/image/binary.h"
#include "tools/mkimage/image/verity.h"
#include "tools/slipway/cluster.h"
#include "tools/slipway/command.h"
#include "tools/slipway/compilation.h"
#include "tools/slipway/ports.h"
#include "tools/slipway/progress.h"
#include "tools/slipway/sbom_formats.h"
#include "tools/slipway/unchanged.h"

#define DEFAULT_FORMAT "kernel+initrd"
#define STEPS 5

#define AT(member) offsetof(struct build_options, member)

static const struct option build_option_table[] = {
	{ OPTION_STRING, 'o', "output", "PREFIX", "what the names of the output files begin with (default: the manifest's); of several machines PREFIX-NAME",
	  AT(output) },
	{ OPTION_STRING, 'f', "format", "FORMAT", "kernel+initrd (default), kernel+squashfs, microvm, firecracker, cloud-hypervisor or containerdisk",
	  AT(format) },
	{ OPTION_FLAG, 0, "locked", NULL, "refuse images that the lock does not name", AT(locked) },
	{ OPTION_STRING, 0, "compression", "NAME", "of the squashfs: zstd is smaller, lz4 boots faster (default: the format's own)",
	  AT(compression) },
	{ OPTION_UNSIGNED, 0, "level", "N", "level of zstd (default: the format's own)", AT(level) },
	{ OPTION_LIST, 0, "sbom", "FORMAT", "also PREFIX-sbom...: what it is made of, as spdx or cyclonedx, or how, as slsa; may be given again",
	  AT(sbom) },
	{ OPTION_STRING, 0, "platform", "OS/ARCH", "platform of the machine and its images: linux/amd64 or linux/arm64 (default: this machine's)", AT(platform) },
	BUILDER_OPTIONS(struct build_options),
	{ OPTION_STRING, 0, "init", "FILE", "binary of PID 1 (default: the one that came with slipway)", AT(init) },
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, AT(store) },
	PULL_OPTION_ROW(struct build_options, pull),
	REGISTRY_OPTION_ROWS(struct build_options, registry),
	{ OPTION_FLAG, 'q', "quiet", NULL, "no progress", AT(quiet) },
	OPTION_TABLE_END,
};

/* What runs on the machine and came with slipway: for another architecture than this machine's in a directory of its own. */
static const char *find_program(struct compilation *c, const char *name)
{
	return command_beside(c->architecture == architecture_here() ? name : path_join(&c->arena, c->architecture->machine, name), &c->arena);
}

static const char *find_init(const struct build_options *o, struct compilation *c)
{
	const char *environment = getenv("SLIPWAY_INIT");

	if (o->init)
		return o->init;
	return environment && *environment ? environment : find_program(c, "init");
}

static int check_init(const struct build_options *o, struct compilation *c, struct error *err)
{
	const char *init = find_init(o, c);

	if (c->architecture != architecture_here() && access(init, F_OK) < 0)
		return error_set(err, "there is no '%s', which machines for '%s' need; for arm64 'make aarch64' makes it, where slipway was built",
				 init, c->architecture->name);
	return binary_check_program(init, c->architecture, err);
}

static const char *output_of(const struct build_options *o, struct compilation *c)
{
	return o->output ? o->output : compilation_output(c->manifest.path, &c->arena);
}

static void print_names(const struct build_options *o, const struct image_format *format, const char *output)
{
	struct sbom_request sbom = { 0 };

	if (o->quiet || o->silent || sbom_request_parse(&o->sbom, &sbom, NULL) < 0)
		return;
	for (size_t i = 0; format->suffixes[i]; i++)
		printf("%s%s\n", output, format->suffixes[i]);
	for (size_t i = 0; i < sbom.count; i++)
		printf("%s%s\n", output, sbom.documents[i].suffix);
}

static int write_files(const struct build_options *o, const struct image_format *format, struct image_input *input,
		       const char *output, struct error *err)
{
	struct sbom_request sbom = { .prefix = output };
	int r = sbom_request_parse(&o->sbom, &sbom, err);

	input->context = &sbom;
	input->describe = sbom.count ? sbom_describe : NULL;
	input->documents = sbom.documents;
	input->documents_count = sbom.count;
	if (r == 0)
		r = image_write(format, input, output, err);
	if (r == 0)
		sbom_remove_others(&sbom, output);
	sbom_request_release(&sbom);
	return r;
}

/* Whether there are hashes behind the root, and what one that is wrong does. */
static struct image_verity verity_of(const struct image_format *format, const struct compilation *c)
{
	const struct manifest_string *stated = &c->manifest.verity;
	struct image_verity verity = { .device = format->root_source };

	if (c->compiled.plan.machine.root_verity)
		verity.on_corruption = stated->value;
	else if (manifest_has_verity(&c->manifest))
		log_info("%s:%u: verity: nothing comes of it, for the root of the format '%s' is no device: it is what the kernel was "
			 "started with", stated->at.file, stated->at.line, format->name);
	return verity;
}

static int write_image(const struct build_options *o, const struct image_format *format, struct compilation *c,
		       const struct root_input *laid_out, struct tree *root, struct tree *boot, struct progress *progress,
		       struct error *err)
{
	enum image_compression compression = IMAGE_COMPRESSION_DEFAULT;
	int r = image_compression_parse(o->compression, &compression, err);
	struct image_verity verity = verity_of(format, c);
	struct image_input input = {
		.verity = verity.on_corruption ? &verity : NULL,
		.root = root, .boot = boot, .kernel = c->kernel.image, .kernel_length = c->kernel.image_length,
		.ucode = c->kernel.ucode, .ucode_length = c->kernel.ucode_length, .cmdline = c->compiled.cmdline,
		.elf = c->kernel.elf, .elf_length = c->kernel.elf_length, .vsock = c->manifest.control.vsock.value,
		.compression = compression, .compression_level = (int)o->level, .cache = store_cache(c->store),
	};
	const char *output = output_of(o, c);

	if (r < 0)
		return -1;
	if (boot)
		tree_clamp_times(boot, compilation_newest_time());
	if (boot && strcmp(c->compiled.plan.machine.reboot, "kexec") == 0 && image_add_boot(&input, err) < 0)
		return -1;
	if (root_add_provenance(laid_out, root, err) < 0)
		return -1;
	tree_clamp_times(root, compilation_newest_time());
	progress_step(progress, "writing %s (%s)", output, format->name);
	if (write_files(o, format, &input, output, err) < 0 || ports_write(output, &c->manifest, err) < 0)
		return -1;
	progress_close(progress);
	print_names(o, format, output);
	return 0;
}

static int lay_out(const struct build_options *o, const struct image_format *format, struct compilation *c,
		   struct progress *progress, struct error *err)
{
	struct root_input input = {
		.manifest = &c->manifest, .compiled = &c->compiled, .images = c->images,
		.images_count = c->images_count, .kernel = c->kernel.package ? &c->kernel : NULL, .store = c->store,
		.init_binary = find_init(o, c), .check_binary = find_program(c, "e2fsck"),
	};
	struct tree *root = NULL, *boot = NULL;
	int r = -1;

	progress_step(progress, "laying out the root");
	if (tree_open(NULL, &root, err) == 0 && root_build(&input, root, err) == 0 &&
	    (!format->needs_boot_tree ||
	     (tree_open_shared(root, &boot, err) == 0 && root_build_boot(&input, root, boot, err) == 0)))
		r = write_image(o, format, c, &input, root, boot, progress, err);
	tree_close(boot);
	tree_close(root);
	return r;
}

static int check_kernel(const struct image_format *format, const struct compilation *c, struct error *err)
{
	const struct manifest_string *image = &c->manifest.kernel.image;

	struct error cause;

	if (binary_check_kernel(c->kernel.image, c->kernel.image_length, c->architecture, &cause) < 0)
		return place_error(&image->at, err, "kernel.image: the kernel of '%s' is of no use: %s", image->value, cause.message);
	if (!format->needs_elf || c->kernel.elf)
		return 0;
	return place_error(&image->at, err, "kernel.image: the format '%s' needs a kernel image with '/vmlinux', as 'slipway/kernel' "
			   "is (pkg/kernel); '%s' has none", format->name, image->value);
}

/* Before anything is looked up or built. */
static int check_architecture(const struct build_options *o, const struct image_format *format, struct compilation *c, struct error *err)
{
	if (format->architecture && strcmp(format->architecture, c->architecture->name) != 0)
		return error_set(err, "the format '%s' is for '%s' alone; for '%s' there are 'kernel+initrd' and 'kernel+squashfs'", format->name,
				 format->architecture, c->architecture->name);
	return check_init(o, c, err);
}

/* Where nothing has changed, what is there is what would come out. */
static int build_resolved(const struct build_options *o, const struct image_format *format, struct compilation *c,
			  struct progress *progress, struct error *err)
{
	const char *output = output_of(o, c);
	const char *const programs[] = { "/proc/self/exe", find_init(o, c), find_program(c, "e2fsck"), NULL };
	struct unchanged unchanged;
	int r = -1;

	unchanged_open(&unchanged, o, format, c, programs, output);
	if (!o->builder.rebuild && unchanged_is(&unchanged)) {
		progress_close(progress);
		print_names(o, format, output);
		r = 0;
	} else {
		progress_step(progress, "compiling the plan");
		if (compilation_read_kernel(c, err) == 0 && check_kernel(format, c, err) == 0 &&
		    compilation_compile(format, c, err) == 0)
			r = lay_out(o, format, c, progress, err);
		if (r == 0)
			unchanged_note(&unchanged);
	}
	unchanged_close(&unchanged);
	return r;
}

static int build(const struct build_options *o, const char *manifest_path, struct progress *progress,
		 struct error *err)
{
	struct compilation_options options = {
		.manifest_path = manifest_path, .machine = o->machine, .store = o->store, .platform = o->platform, .locked = o->locked,
		.registry = &o->registry,
	};
	const struct image_format *format = image_format_find(o->format ? o->format : DEFAULT_FORMAT, err);
	struct compilation c = { 0 };
	int r = -1;

	if (!format || image_compression_parse(o->compression, &(enum image_compression){ IMAGE_COMPRESSION_DEFAULT }, err) < 0 ||
	    sbom_request_parse(&o->sbom, &(struct sbom_request){ 0 }, err) < 0 ||
	    pull_policy_parse(o->pull, PULL_MISSING, &options.pull, err) < 0)
		return -1;
	options.builder = o->builder;
	options.builder.pull = pull_policy_name(options.pull);
	options.builder.quiet = o->quiet;
	options.output = o->output;
	options.format = format;
	progress_step(progress, "reading %s%s%s", manifest_path, o->machine ? ": " : "", o->machine ? o->machine : "");
	progress_close(progress); /* there may be lines of a builder */
	if (compilation_read(&options, &c, err) == 0 && check_architecture(o, format, &c, err) == 0 && (!o->amend || o->amend(&c.manifest, o->context, &c.arena, err) == 0)) {
		progress_step(progress, "looking images up");
		if (dockerfiles_wanted(&c.manifest))
			progress_close(progress); /* likewise */
		if (!c.manifest.kernel.image.value) {
			error_set(err, "%s:1:1: no kernel to boot; write 'kernel:' with 'image: NAME' below it", manifest_path);
		} else if (compilation_resolve(&options, &c, err) == 0) {
			r = build_resolved(o, format, &c, progress, err);
		}
	}
	compilation_release(&c);
	return r;
}

static int build_one(const struct build_options *options, const char *operand, struct error *err)
{
	struct progress progress;
	int r;

	progress_open(&progress, STEPS, options->quiet);
	r = build(options, operand, &progress, err);
	progress_close(&progress);
	return r;
}

static int build_all(const struct build_options *options, const struct input *input, const char *operand, struct arena *arena,
		     struct error *err)
{
	const char *prefix = options->output ? options->output : compilation_output(input->manifest_path, arena);
	struct build_options each = *options;
	struct manifest_machines machines;

	if (cluster_read(input, arena, &machines, err) < 0)
		return -1;
	if (machines.count == 0)
		return build_one(options, operand, err);
	for (size_t i = 0; i < machines.count; i++) {
		each.machine = machines.items[i].name;
		each.output = cluster_prefix(prefix, each.machine, arena);
		if (build_one(&each, operand, err) < 0)
			return -1;
	}
	return 0;
}

int build_image(const struct build_options *options, const char *operand, struct error *err)
{
	struct arena arena = { 0 };
	struct input input;
	int r;

	input_find(operand, &arena, &input);
	r = options->machine ? build_one(options, operand, err) : build_all(options, &input, operand, &arena, err);
	arena_release(&arena);
	return r;
}

static int run(int argc, char **argv)
{
	struct build_options o = { 0 };
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	struct error err = { 0 };
	int r = option_parse(&command_build, "slipway", argc, argv, &o, &operands, &arena, &err);

	if (r == 0) {
		o.registry.quiet = o.quiet;
		r = build_image(&o, operands.items[0], &err);
	}
	if (r < 0)
		error_print(&err, "slipway");
	arena_release(&arena);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct option_command command_build = {
	.name = "build", .operands = "MANIFEST|DOCKERFILE|DIR", .summary = "build an image from a manifest, or from a Dockerfile alone",
	.options = build_option_table, .operands_min = 1, .operands_max = 1, .run = run,
};
