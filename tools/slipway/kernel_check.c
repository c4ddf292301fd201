/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway kernel check`: a kernel's configuration, held against what a manifest needs of it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/compile/kernel_config.h"
#include "tools/mkimage/root/kernel_text.h"
#include "tools/slipway/command.h"
#include "tools/slipway/compilation.h"

#define FILE_BYTES_MAX (256u << 20)
#define EXIT_MISSING 1			/* something that is required */
#define EXIT_UNKNOWN 2			/* there is no telling */

struct check_options {
	const char *config, *image, *store, *platform;
	bool all;
};

#define AT(member) offsetof(struct check_options, member)

static const struct option check_option_table[] = {
	{ OPTION_STRING, 0, "config", "FILE", "a configuration (.config, /proc/config.gz), or a kernel built with CONFIG_IKCONFIG", AT(config) },
	{ OPTION_STRING, 0, "image", "IMAGE", "a kernel image of the store (default: the manifest's)", AT(image) },
	{ OPTION_FLAG, 0, "all", NULL, "also what is there", AT(all) },
	{ OPTION_STRING, 0, "platform", "OS/ARCH", "platform of the image (default: this machine's)", AT(platform) },
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, AT(store) },
	OPTION_TABLE_END,
};

/* From the package: the file beside the kernel, or what a kernel has inside. */
static int text_of_package(const struct root_kernel *kernel, const char *name, struct arena *arena, const char **text, struct error *err)
{
	if (kernel->config)
		return kernel_text_read(kernel->config, kernel->config_length, "/kernel-config", arena, text, err) < 0 ?
			error_context(err, "'%s'", name) : 0;
	if (kernel->elf)
		return kernel_text_read(kernel->elf, kernel->elf_length, "/vmlinux", arena, text, err) < 0 ?
			error_context(err, "'%s'", name) : 0;
	return kernel_text_read(kernel->image, kernel->image_length, "/kernel", arena, text, err) < 0 ? error_context(err, "'%s'", name) : 0;
}

static int find_text(const struct check_options *o, struct compilation *c, const char **text, struct error *err)
{
	const struct compilation_options options = { .store = o->store, .platform = o->platform };
	struct manifest_string *image = &c->manifest.kernel.image;
	autobuffer struct buffer data = { 0 };

	if (o->config) {
		if (file_read(AT_FDCWD, o->config, FILE_BYTES_MAX, &data, err) < 0)
			return -1;
		return kernel_text_read(data.data, data.length, o->config, &c->arena, text, err);
	}
	if (o->image)
		*image = (struct manifest_string){ .value = o->image, .at = { .file = "--image", .line = 1, .column = 1 } };
	if (!image->value)
		return error_set(err, "which kernel? give --config FILE, --image IMAGE, or a manifest that has 'kernel.image'");
	/* The modules are not asked for anything. */
	c->manifest.kernel.tar = (struct manifest_string){ .value = "none" };
	c->manifest.kernel.ucode = (struct manifest_string){ 0 };
	if (!c->store && command_store_open(o->store, &c->store, err) < 0)
		return -1;
	/* What is asked about is what is here. */
	c->finder = (struct images){ .store = c->store, .platform = o->platform, .policy = PULL_NEVER };
	if (compilation_resolve_kernel(&options, c, err) < 0 || compilation_read_kernel(c, err) < 0)
		return -1;
	return text_of_package(&c->kernel, image->value, &c->arena, text, err);
}

static void print_row(const struct kernel_need *need, enum kernel_option found)
{
	static const char *const words[] = {
		[KERNEL_OPTION_ABSENT] = "missing", [KERNEL_OPTION_MODULE] = "module", [KERNEL_OPTION_BUILT_IN] = "built in",
	};
	const char *is = found == KERNEL_OPTION_ABSENT && !need->required ? "absent" : words[found];

	printf("%-9s %-38s %-30s %s\n", is, need->option, need->feature, need->why);
}

/* How many of what is required are missing. */
static unsigned int print_table(const struct manifest *manifest, const char *text, bool all)
{
	unsigned int wanted = 0, missing = 0, absent = 0;
	const struct kernel_need *need;

	for (size_t at = 0; (need = kernel_need_next(manifest, &at));) {
		enum kernel_option found = kernel_need_find(text, need);

		wanted++;
		if (found == KERNEL_OPTION_ABSENT)
			*(need->required ? &missing : &absent) += 1;
		if (all || found == KERNEL_OPTION_ABSENT) {
			if (wanted == 1 || (!all && missing + absent == 1))
				printf("%-9s %-38s %-30s %s\n", "IS", "CONFIG_", "FOR", "WHY");
			print_row(need, found);
		}
	}
	printf("%u options are wanted: %u missing, %u absent that would be good to have\n", wanted, missing, absent);
	return missing;
}

static int run(int argc, char **argv)
{
	struct check_options o = { 0 };
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	struct compilation c = { 0 };
	struct error err = { 0 };
	const char *text;
	unsigned int missing = 0;
	int r = option_parse(&command_kernel_check, "slipway", argc, argv, &o, &operands, &arena, &err);

	if (r == 0) {
		const char *manifest = operands.count ? operands.items[0] : NULL;
		const struct compilation_options options = { .manifest_path = manifest, .store = o.store, .platform = o.platform };

		if ((manifest && compilation_read(&options, &c, &err) < 0) || find_text(&o, &c, &text, &err) < 0)
			r = -1;
		else
			missing = print_table(manifest ? &c.manifest : NULL, text, o.all);
	}
	if (r < 0)
		error_print(&err, "slipway");
	compilation_release(&c);
	arena_release(&arena);
	return r < 0 ? EXIT_UNKNOWN : missing ? EXIT_MISSING : EXIT_SUCCESS;
}

const struct option_command command_kernel_check = {
	.name = "kernel check", .operands = "[MANIFEST]", .summary = "say which options of a kernel a manifest needs and the kernel lacks",
	.options = check_option_table, .operands_max = 1, .run = run,
};
