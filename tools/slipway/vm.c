/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/vm.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "tools/mkimage/image/binary.h"
#include "tools/mkimage/source/hash.h"
#include "tools/slipway/machines.h"
#include "tools/slipway/ports.h"
#include "tools/slipway/prefix.h"

#define CMDLINE_FILE_MAX 65536

/* --- what was built --- */

bool vm_is_file(const char *path)
{
	return access(path, F_OK) == 0;
}

const char *vm_output(const struct input *input, const char *directory, struct arena *arena, struct error *err)
{
	const char *cache = path_of_user(arena, "XDG_CACHE_HOME", ".cache", arena_printf(arena, "slipway/%s", directory)), *own;
	autofree char *real = realpath(input->path, NULL);
	const char *name = input->kind == INPUT_MANIFEST ? machine_name(input->path, arena) : input->name;
	struct digest digest;

	if (!real) {
		(void)error_errno(err, "cannot open '%s'", input->path);
		return NULL;
	}
	if (!cache) {
		(void)error_set(err, "%s: there is no place to build it in; set XDG_CACHE_HOME", input->path);
		return NULL;
	}
	hash_bytes(real, strlen(real), &digest);
	own = arena_printf(arena, "%s/%.16s", cache, digest_hex(&digest));
	return file_mkdirs(AT_FDCWD, own, 0700, err) < 0 ? NULL : path_join(arena, own, name);
}

const char *vm_build(const char *operand, struct build_options *how, struct arena *arena, struct error *err)
{
	struct input input;

	input_find(operand, arena, &input);
	how->format = how->format ? how->format : "kernel+squashfs";
	how->silent = true;
	how->output = vm_output(&input, "run", arena, err);
	return how->output && build_image(how, operand, err) == 0 ? how->output : NULL;
}

static bool is_input(const char *operand, struct arena *arena)
{
	struct input input;
	struct stat st;

	if (stat(operand, &st) < 0)
		return false;
	input_find(operand, arena, &input);
	return S_ISDIR(st.st_mode) || input.kind != INPUT_MANIFEST;
}

const char *vm_find(const char *operand, struct build_options *how, struct arena *arena, struct error *err)
{
	const char *prefix = prefix_is_built(operand, arena) ? operand : prefix_of(operand, arena);

	if (is_input(operand, arena))
		return vm_build(operand, how, arena, err);
	if (prefix_is_built(prefix, arena))
		return prefix;
	if (vm_is_file(operand) && prefix_is_of_manifest(operand))
		return vm_build(operand, how, arena, err);
	(void)error_set(err, "there is no '%s-kernel'; make it with 'slipway build -o %s MANIFEST'", operand,
			operand);
	return NULL;
}

static int read_cmdline(const char *path, const struct option_list *more, const char *words, struct arena *arena,
			const char **cmdline, struct error *err)
{
	autobuffer struct buffer text = { 0 };

	if (file_read(AT_FDCWD, path, CMDLINE_FILE_MAX, &text, err) < 0)
		return -1;
	while (text.length > 0 && text.data[text.length - 1] == '\n')
		text.data[--text.length] = '\0';
	if (strlen(buffer_string(&text)) != text.length || strchr(buffer_string(&text), '\n'))
		return error_set(err, "'%s' is not one line of text", path);
	for (size_t i = 0; i < more->count; i++)
		buffer_printf(&text, "%s%s", text.length ? " " : "", more->items[i]);
	if (words)
		buffer_printf(&text, "%s%s", text.length ? " " : "", words);
	*cmdline = arena_strdup(arena, buffer_string(&text));
	return 0;
}

/* What the kernel is for; one that does not say is taken for this machine's. */
static const struct architecture *architecture_of_kernel(const char *path, struct error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct architecture *found;
	autofree char *head = malloc(BINARY_HEAD_BYTES);
	ssize_t n;

	if (!head)
		arena_out_of_memory();
	n = fd < 0 ? -1 : read(fd, head, BINARY_HEAD_BYTES);
	if (n < 0) {
		(void)error_errno(err, "cannot read '%s'", path);
		return NULL;
	}
	found = binary_architecture(head, (size_t)n);
	return found ? found : architecture_here() ? architecture_here() : architecture_at(0);
}

/* A console that only another kind of machine has: nothing would be seen of it, and it would be taken for hanging. */
static void warn_of_console(const char *cmdline, const struct architecture *is)
{
	static bool told;		/* once is enough for several machines */
	const struct architecture *other;

	for (unsigned int i = 0; !told && (other = architecture_at(i)); i++) {
		if (!strstr(cmdline, other->console) || strstr(cmdline, is->console))
			continue;
		log_warning("the kernel command line has the console '%s', and this kind of machine has '%s': nothing of it will be seen",
			    other->console, is->console);
		told = true;
	}
}

static int choose_machine(struct qemu_vm *vm, const struct vm_options *o, const char *usual, struct error *err)
{
	const struct architecture *is = architecture_of_kernel(vm->kernel, err);
	const struct architecture *wanted = is && o->platform ? architecture_of(o->platform, err) : is;

	if (!wanted)
		return -1;
	if (wanted != is)
		return error_set(err, "--platform '%s': '%s' was built for 'linux/%s'", o->platform, vm->kernel, is->name);
	usual = usual ? usual : qemu_machine_default(is);
	vm->machine = qemu_machine_find(o->machine ? o->machine : usual, err);
	if (!vm->machine)
		return -1;
	if (strcmp(vm->machine->architecture, is->name) != 0)
		return error_set(err, "--machine '%s' is of the kind '%s', and '%s' is a kernel for '%s', which '%s' boots", vm->machine->name,
				 vm->machine->architecture, vm->kernel, is->name, usual);
	if (!o->dry_run)
		warn_of_console(vm->cmdline, is);
	return 0;
}

static int describe_files(struct qemu_vm *vm, const char *prefix, const struct vm_options *o, const char *words,
			  struct arena *arena, const char **root, struct error *err)
{
	const char *usual;

	/* A kernel without a decompressor: for a machine without firmware, and without a bus unless it was built for one that has it. */
	vm->kernel = arena_printf(arena, "%s-vmlinux", prefix);
	usual = vm_is_file(vm->kernel) && !vm_is_file(arena_printf(arena, "%s-cloud-hypervisor.json", prefix)) ? "microvm" : NULL;
	if (!vm_is_file(vm->kernel))
		vm->kernel = arena_printf(arena, "%s-kernel", prefix);
	vm->initrd = arena_printf(arena, "%s-initrd.img", prefix);
	if (!vm_is_file(vm->initrd))
		vm->initrd = NULL;
	*root = arena_printf(arena, "%s-squashfs.img", prefix);
	if (!vm_is_file(*root))
		*root = NULL;
	if (read_cmdline(arena_printf(arena, "%s-cmdline", prefix), &o->cmdline, words, arena, &vm->cmdline, err) < 0)
		return -1;
	return choose_machine(vm, o, usual, err);
}

/* --- the machine --- */

static int describe_disks(struct qemu_vm *vm, const char *root, const struct vm_options *o,
			  struct arena *arena, struct error *err)
{
	struct qemu_disk *disks = arena_array(arena, o->disks.count + 1, sizeof(*disks));

	if (o->disks.count + (root ? 1 : 0) > vm->machine->disks_max)
		return error_set(err, "--disk: a machine of the kind '%s' takes %u disks%s", vm->machine->name, vm->machine->disks_max,
				 root ? ", and the image is one" : "");
	if (root)
		disks[vm->disks_count++] =
			(struct qemu_disk){ .path = root, .format = "raw", .readonly = true };
	for (size_t i = 0; i < o->disks.count; i++)
		if (qemu_disk_parse(o->disks.items[i], arena, &disks[vm->disks_count++], err) < 0)
			return -1;
	vm->disks = disks;
	return 0;
}

static int describe_ports(struct qemu_vm *vm, const char *prefix, const struct vm_options *o, struct arena *arena,
			  struct error *err)
{
	struct option_list publish = { 0 };
	struct qemu_port *ports;

	vm->network = !o->no_network;
	if (o->no_network && o->publish.count)
		return error_set(err, "--publish needs the network that --no-network takes away");
	for (size_t i = 0; i < o->publish.count; i++)
		*(const char **)arena_push(arena, &publish.items, &publish.count, sizeof(*publish.items)) = o->publish.items[i];
	if (vm->network && !o->ports_stay && ports_read(prefix, o->publish_all, &publish, arena, err) < 0)
		return -1;
	ports = arena_array(arena, publish.count + 1, sizeof(*ports));
	for (size_t i = 0; i < publish.count; i++)
		if (qemu_port_parse(publish.items[i], arena, &ports[i], err) < 0)
			return -1;
	vm->ports = ports;
	vm->ports_count = publish.count;
	return 0;
}

static int describe_credentials(struct qemu_vm *vm, const struct vm_options *o, struct arena *arena, struct error *err)
{
	struct qemu_credential *credentials = arena_array(arena, o->credentials.count + 1, sizeof(*credentials));

	for (size_t i = 0; i < o->credentials.count; i++)
		if (qemu_credential_parse(o->credentials.items[i], arena, &credentials[i], err) < 0)
			return -1;
	vm->credentials = credentials;
	vm->credentials_count = o->credentials.count;
	return 0;
}

static bool is_own_kind(const struct qemu_machine *machine)
{
	return architecture_here() && strcmp(architecture_here()->name, machine->architecture) == 0;
}

static int describe_accelerator(struct qemu_vm *vm, const struct vm_options *o, struct error *err)
{
	static bool told;		/* once is enough for several machines */
	const char *reason = NULL;
	enum qemu_kvm kvm;

	if (qemu_kvm_parse(o->kvm, &kvm, err) < 0)
		return -1;
	if (kvm != QEMU_KVM_OFF && !is_own_kind(vm->machine))
		reason = "the processor of the machine is of another kind than the one here";
	vm->kvm = kvm != QEMU_KVM_OFF && !reason && qemu_kvm_usable(&reason);
	if (kvm == QEMU_KVM_ON && !vm->kvm)
		return error_set(err, "--kvm on: %s", reason);
	if (reason && !o->dry_run && !told)
		log_info("without KVM, so slower: %s", reason);
	told = true;
	return 0;
}

int vm_describe(struct qemu_vm *vm, const char *prefix, const struct vm_options *o, const char *words, struct arena *arena,
		struct error *err)
{
	const char *root;

	if (o->memory == 0 || o->cpus == 0)
		return error_set(err, "%s: expected a number above 0", o->memory == 0 ? "--memory" : "--cpus");
	vm->cpu = o->cpu;
	vm->memory = o->memory;
	vm->cpus = o->cpus;
	if (describe_files(vm, prefix, o, words, arena, &root, err) < 0)
		return -1;
	vm->program = o->qemu ? o->qemu : vm->machine->program;
	if (describe_disks(vm, root, o, arena, err) < 0 || describe_ports(vm, prefix, o, arena, err) < 0 ||
	    describe_credentials(vm, o, arena, err) < 0)
		return -1;
	return describe_accelerator(vm, o, err);
}

int vm_prepare(const struct qemu_vm *vm, struct error *err)
{
	for (size_t i = 0; i < vm->ports_count; i++)
		if (qemu_port_check(&vm->ports[i], err) < 0)
			return -1;
	for (size_t i = 0; i < vm->disks_count; i++)
		if (qemu_disk_prepare(&vm->disks[i], err) < 0)
			return -1;
	return 0;
}
