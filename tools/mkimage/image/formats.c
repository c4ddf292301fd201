/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/image/image.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "tools/mkimage/image/cloud_hypervisor.h"
#include "tools/mkimage/image/containerdisk.h"
#include "tools/mkimage/image/firecracker.h"
#include "tools/mkimage/image/verity.h"
#include "tools/mkimage/image/vmlinux.h"
#include "tools/mkimage/image/writers.h"

#define FILES_MAX         ARRAY_SIZE(((struct image_format *)NULL)->suffixes)
#define FILE_MODE         0644
#define LEVEL_MAX         22 /* of zstd, which every format uses */
#define CMDLINE_BYTES_MAX 2047 /* COMMAND_LINE_SIZE of x86 and arm64, less the NUL */
#define INITRD_ALIGN      4 /* what the kernel expects between the parts of an initrd */

/* --- the files an output may have, and what goes into each --- */

static int write_kernel(const struct image_input *input, int fd, struct error *err)
{
	return file_write_all(fd, input->kernel, input->kernel_length, "kernel", err);
}

static int write_elf(const struct image_input *input, int fd, struct error *err)
{
	if (vmlinux_check(input->elf, input->elf_length, err) < 0)
		return -1;
	return file_write_all(fd, input->elf, input->elf_length, "vmlinux", err);
}

static int write_cmdline(const struct image_input *input, int fd, struct error *err)
{
	if (file_write_all(fd, input->cmdline, strlen(input->cmdline), "cmdline", err) < 0)
		return -1;
	return file_write_all(fd, "\n", 1, "cmdline", err);
}

/* Microcode is looked for before the kernel can decompress anything: uncompressed, and first. */
static int write_initrd(const struct image_input *input, int fd, struct error *err)
{
	static const char zeros[INITRD_ALIGN];
	size_t past = input->ucode_length % INITRD_ALIGN;

	if (input->ucode && file_write_all(fd, input->ucode, input->ucode_length, "initrd", err) < 0)
		return -1;
	if (input->ucode && past && file_write_all(fd, zeros, INITRD_ALIGN - past, "initrd", err) < 0)
		return -1;
	return cpio_write(input->boot ? input->boot : input->root, fd, input->compression_level,
			  input->cache, err);
}

static int write_squashfs(const struct image_input *input, int fd, struct error *err)
{
	if (squashfs_write(input->root, fd, input->compression, input->compression_level, input->cache, err) < 0)
		return -1;
	return input->verity ? verity_append(fd, input->verity, err) : 0;
}

static const struct image_file {
	const char *suffix;
	int (*write)(const struct image_input *input, int fd, struct error *err);
} files[] = {
	{ "-kernel", write_kernel },
	{ "-initrd.img", write_initrd },
	{ "-squashfs.img", write_squashfs },
	{ "-cmdline", write_cmdline },
	{ "-vmlinux", write_elf },
	{ "-firecracker.json", firecracker_write },
	{ "-cloud-hypervisor.json", cloud_hypervisor_write },
	{ "-containerdisk.tar", containerdisk_write },
	{ "-kubevirt.json", kubevirt_write },
};

const char *image_suffix(size_t n)
{
	return n < ARRAY_SIZE(files) ? files[n].suffix : NULL;
}

static const struct image_file *find_file(const char *suffix)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (strcmp(files[i].suffix, suffix) == 0)
			return &files[i];
	abort(); /* a format with a suffix that is not in the table */
}

int image_file_write(const char *suffix, const struct image_input *input, int fd, struct error *err)
{
	return find_file(suffix)->write(input, fd, err);
}

int image_compression_parse(const char *name, enum image_compression *compression, struct error *err)
{
	static const char *const names[] = { [IMAGE_COMPRESSION_ZSTD] = "zstd", [IMAGE_COMPRESSION_LZ4] = "lz4" };

	*compression = IMAGE_COMPRESSION_DEFAULT;
	if (!name)
		return 0;
	for (size_t i = IMAGE_COMPRESSION_ZSTD; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			*compression = (enum image_compression)i;
	return *compression != IMAGE_COMPRESSION_DEFAULT ? 0 : error_set(err, "unknown compression '%s'; there are 'zstd' and 'lz4'", name);
}

/* --- all files of an output, or none --- */

static bool has_suffix(const struct image_format *format, const char *suffix)
{
	for (const char *const *s = format->suffixes; *s; s++)
		if (strcmp(*s, suffix) == 0)
			return true;
	return false;
}

struct set {
	const char *prefix;
	struct file_output outputs[FILES_MAX + IMAGE_DOCUMENTS_MAX];
	size_t count;
};

/* Written and synced: a full disk may show only then; it must, before the first file is put in place. */
static int write_one(struct set *set, const struct image_input *input, const struct image_file *file,
		     const struct image_document *document, struct error *err)
{
	struct file_output *output = &set->outputs[set->count];
	autobuffer struct buffer path = { 0 };
	int r;

	buffer_printf(&path, "%s%s", set->prefix, file ? file->suffix : document->suffix);
	if (file_output_open(buffer_string(&path), FILE_MODE, output, err) < 0)
		return -1;
	set->count++;
	r = file ? file->write(input, output->fd, err) :
		   file_write_all(output->fd, document->text.data, document->text.length, document->suffix, err);
	if (r < 0)
		return error_context(err, "'%s'", buffer_string(&path));
	if (file_output_is_atomic(output) && fsync(output->fd) < 0)
		return error_errno(err, "cannot write '%s'", buffer_string(&path));
	return 0;
}

static int write_documents(struct set *set, const struct image_format *format, const struct image_input *input, struct error *err)
{
	struct image_written written[FILES_MAX];
	int r;

	if (!input->describe)
		return 0;
	assert(input->documents_count <= IMAGE_DOCUMENTS_MAX);
	for (size_t i = 0; i < set->count; i++)
		written[i] = (struct image_written){ format->suffixes[i], set->outputs[i].fd };
	r = input->describe(input->context, written, set->count, err);
	for (size_t i = 0; r == 0 && i < input->documents_count; i++)
		r = write_one(set, NULL, NULL, &input->documents[i], err);
	return r;
}

/* What another format left under this prefix belongs to another system; `slipway run` would mix the two. */
static void remove_stale(const struct image_format *format, const char *prefix)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		autobuffer struct buffer path = { 0 };

		if (has_suffix(format, files[i].suffix))
			continue;
		buffer_printf(&path, "%s%s", prefix, files[i].suffix);
		(void)unlink(buffer_string(&path)); /* most often it is not there */
	}
}

static int check_cmdline(const char *line, struct error *err)
{
	size_t length = strlen(line);

	if (length > CMDLINE_BYTES_MAX)
		return error_set(err, "the kernel command line has %zu bytes; the kernel takes %d", length, CMDLINE_BYTES_MAX);
	return strchr(line, '\n') ? error_set(err, "the kernel command line has more than one line") : 0;
}

/* The command line with the root's hash, once the root is written. In front: "--" and what is behind it stay last. */
static int add_hash(struct image_input *input, struct buffer *line, struct error *err)
{
	if (!input->verity || !input->verity->blocks || line->length)
		return 0;
	verity_add_word(input->verity, line);
	buffer_printf(line, " %s", input->cmdline);
	input->cmdline = buffer_string(line);
	return check_cmdline(input->cmdline, err);
}

int image_write(const struct image_format *format, const struct image_input *input, const char *prefix, struct error *err)
{
	struct image_input named = *input;
	struct set set = { .prefix = prefix };
	autobuffer struct buffer line = { 0 };
	int r = check_cmdline(input->cmdline, err);

	named.name = path_base(prefix);
	if (!format->needs_boot_tree)
		named.boot = NULL;
	if (input->compression == IMAGE_COMPRESSION_DEFAULT)
		named.compression = format->compression;
	else if (format->compression == IMAGE_COMPRESSION_DEFAULT)
		return error_set(err, "the format '%s' has no squashfs whose compression could be chosen", format->name);
	if (input->compression_level < 0 || input->compression_level > LEVEL_MAX)
		return error_set(err, "compression level %d: expected 1 to %d, or 0 for the default",
				 input->compression_level, LEVEL_MAX);
	for (size_t i = 0; r == 0 && format->suffixes[i]; i++) {
		r = write_one(&set, &named, find_file(format->suffixes[i]), NULL, err);
		if (r == 0)
			r = add_hash(&named, &line, err);
	}
	if (r == 0)
		r = write_documents(&set, format, input, err);
	for (size_t i = 0; r == 0 && i < set.count; i++)
		r = file_output_commit(&set.outputs[i], err);
	if (r == 0)
		remove_stale(format, prefix);
	for (size_t i = 0; i < set.count; i++)
		file_output_discard(&set.outputs[i]);
	return r;
}

/* --- in the root itself --- */

int image_add_boot(const struct image_input *input, struct error *err)
{
	static const char *const suffixes[] = { "-kernel", "-initrd.img", "-cmdline" };
	static const struct tree_attributes attributes = { .mode = 0600 };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		autoclose int fd = memfd_create("boot", MFD_CLOEXEC);
		autobuffer struct buffer path = { 0 };

		buffer_printf(&path, "boot/%s", suffixes[i] + 1);
		if (fd < 0)
			return error_errno(err, "cannot make '%s'", buffer_string(&path));
		if (image_file_write(suffixes[i], input, fd, err) < 0 || lseek(fd, 0, SEEK_SET) != 0 ||
		    tree_add_file_fd(input->root, buffer_string(&path), fd, &attributes, NULL, err) < 0)
			return error_context(err, "'%s'", buffer_string(&path));
	}
	return 0;
}

/* --- the formats --- */

static const struct image_format kernel_initrd = {
	.name = "kernel+initrd",
	.help = "PREFIX-kernel, PREFIX-initrd.img with the whole root, PREFIX-cmdline",
	.root_type = "initramfs",
	.suffixes = { "-kernel", "-initrd.img", "-cmdline" },
};

static const struct image_format kernel_squashfs = {
	.name = "kernel+squashfs",
	.help = "PREFIX-kernel, PREFIX-initrd.img (small), PREFIX-squashfs.img as first disk, PREFIX-cmdline",
	.root_type = "squashfs",
	.compression = IMAGE_COMPRESSION_ZSTD,
	.root_source = "/dev/vda",
	.needs_boot_tree = true,
	.suffixes = { "-kernel", "-initrd.img", "-squashfs.img", "-cmdline" },
};

static const struct image_format microvm = {
	.name = "microvm",
	.help = "PREFIX-vmlinux, PREFIX-squashfs.img as first disk, PREFIX-cmdline; no firmware, no initrd",
	.root_type = "squashfs",
	.compression = IMAGE_COMPRESSION_LZ4,
	.root_source = "/dev/vda",
	.machine = "microvm",
	.needs_elf = true,
	.architecture = "amd64",
	.kernel = "slipway/kernel",
	.suffixes = { "-vmlinux", "-squashfs.img", "-cmdline" },
};

static const struct image_format firecracker = {
	.name = "firecracker",
	.help = "the same and PREFIX-firecracker.json, for firecracker --config-file",
	.root_type = "squashfs",
	.compression = IMAGE_COMPRESSION_LZ4,
	.root_source = "/dev/vda",
	.machine = "firecracker",
	.needs_elf = true,
	.architecture = "amd64",
	.kernel = "slipway/kernel",
	.suffixes = { "-vmlinux", "-squashfs.img", "-cmdline", "-firecracker.json" },
};

static const struct image_format cloud_hypervisor = {
	.name = "cloud-hypervisor",
	.help = "as microvm, for a machine with PCI and ACPI, and PREFIX-cloud-hypervisor.json, for its API's vm.create",
	.root_type = "squashfs",
	.compression = IMAGE_COMPRESSION_LZ4,
	.root_source = "/dev/vda",
	.machine = "cloud-hypervisor",
	.needs_elf = true,
	.architecture = "amd64",
	.kernel = "slipway/kernel-cloud",
	.suffixes = { "-vmlinux", "-squashfs.img", "-cmdline", "-cloud-hypervisor.json" },
};

static const struct image_format containerdisk = {
	.name = "containerdisk",
	.help = "PREFIX-containerdisk.tar, an OCI archive with the disk and the kernel for KubeVirt, and PREFIX-kubevirt.json, the machine",
	.root_type = "squashfs",
	.compression = IMAGE_COMPRESSION_ZSTD,
	.root_source = "/dev/vda",
	.architecture = "amd64",
	.needs_boot_tree = true,
	.suffixes = { "-containerdisk.tar", "-kubevirt.json" },
};

const struct image_format *const image_formats[] = { &kernel_initrd, &kernel_squashfs,	&microvm, &firecracker,
						     &cloud_hypervisor, &containerdisk, NULL };

const struct image_format *image_format_find(const char *name, struct error *err)
{
	autobuffer struct buffer names = { 0 };

	for (const struct image_format *const *f = image_formats; *f; f++) {
		if (strcmp((*f)->name, name) == 0)
			return *f;
		buffer_printf(&names, "%s'%s'", names.length ? ", " : "", (*f)->name);
	}
	(void)error_set(err, "unknown format '%s'; the formats are %s", name, buffer_string(&names));
	return NULL;
}
