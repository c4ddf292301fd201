/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/qemu.h"

#include <stdarg.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "control/client.h"
#include "control/test.h"
#include "tools/slipway/guest_status.h"

/* Memory is cleared a byte at a time where the CPU says that this is fast (erms), which it is not where each byte is emulated. */
#define CPU_AMD64 "max,-erms"

/* What the firmware and the kernel would look for in vain is switched off: each costs boot time. */
static const struct qemu_machine machines[] = {
	{
		.name = "q35", .program = "qemu-system-x86_64", .package = "qemu-system-x86", .architecture = "amd64", .cpu = CPU_AMD64,
		.properties = ",sata=off,smbus=off,vmport=off,smm=off", .device_suffix = "pci",
		/* Without its ROM the card cannot boot from the network, and the firmware need not try. */
		.card_properties = ",romfile=",
		.disks_max = 24,		/* PCI slots, and letters of /dev/vdX */
		.words = "", .words_credentials = "", .words_emulated = "",
	},
	{
		.name = "microvm", .program = "qemu-system-x86_64", .package = "qemu-system-x86", .architecture = "amd64", .cpu = CPU_AMD64,
		.properties = ",acpi=off,x-option-roms=off", .device_suffix = "device",
		.card_properties = "",
		.disks_max = 5,			/* eight places for devices: the line to the host, the network, random numbers */
		/* Made for Firecracker, an image would look for a keyboard controller that is not there. */
		.words = " reboot=t",
		/* No ACPI tells the kernel where the device is: docs/specs/fw_cfg of QEMU. */
		.words_credentials = " qemu_fw_cfg.ioport=12@0x510:0:1:4",
		/*
		 * The CPU's own timer is calibrated for a tenth of a second; on one CPU the other does as well. On a busy host the
		 * counter of the CPU cannot be calibrated, and the kernel counts loops instead: no emulated CPU has more of them.
		 */
		.words_emulated = " nolapic_timer lpj=10000000",
	},
	{
		/*
		 * Everything is behind PCI, as it is on q35, so that the same modules do and a network card has no place of its own. A real
		 * CPU's model: what "max" has besides, pointer authentication and SVE, is computed step by step where it is emulated, and
		 * Debian's programs do without.
		 */
		.name = "virt", .program = "qemu-system-aarch64", .package = "qemu-system-arm", .architecture = "arm64",
		.cpu = "cortex-a72", .properties = ",acpi=off,gic-version=max", .device_suffix = "pci", .card_properties = ",romfile=",
		.disks_max = 24, .words = "", .words_credentials = "", .words_emulated = "",
	},
};

const struct qemu_machine *qemu_machine_find(const char *name, struct error *err)
{
	autobuffer struct buffer names = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		if (strcmp(machines[i].name, name) == 0)
			return &machines[i];
		buffer_printf(&names, "%s'%s'", names.length ? ", " : "", machines[i].name);
	}
	(void)error_set(err, "--machine '%s': unknown; there is %s", name, buffer_string(&names));
	return NULL;
}

const char *qemu_machine_default(const struct architecture *architecture)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (strcmp(machines[i].architecture, architecture->name) == 0)
			return machines[i].name;
	return NULL;
}

#define PORTS_MAX 3			/* status, control, test */

struct command {
	struct arena *arena;
	char **argv;
	size_t count;
};

static void add(struct command *c, const char *word)
{
	*(const char **)arena_push(c->arena, &c->argv, &c->count, sizeof(word)) = word;
}

/* An option and its value. */
static void add_option(struct command *c, const char *option, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add_option(struct command *c, const char *option, const char *format, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		arena_out_of_memory();
	add(c, option);
	add(c, arena_strdup(c->arena, text));
	free(text);
}

/* A value inside an option of QEMU: commas are doubled. */
static const char *escaped(struct command *c, const char *value)
{
	autobuffer struct buffer out = { 0 };

	for (; *value; value++)
		buffer_add(&out, *value == ',' ? ",," : value, *value == ',' ? 2 : 1);
	return arena_strdup(c->arena, buffer_string(&out));
}

/* Nothing that was not asked for; no files of the user or the distribution change the machine. */
static void add_machine(struct command *c, const struct qemu_vm *vm)
{
	add(c, "-nodefaults");
	add(c, "-no-user-config");
	add_option(c, "-display", "none");
	add(c, "-no-reboot");
	add_option(c, "-machine", "%s%s", vm->machine->name, vm->machine->properties);
	/* One thread a CPU is what makes more than one CPU worth having without KVM. */
	add_option(c, "-accel", "%s", vm->kvm ? "kvm" : vm->deterministic ? "tcg,thread=single" : "tcg,thread=multi");
	add_option(c, "-cpu", "%s", vm->cpu ? vm->cpu : vm->kvm ? "host" : vm->machine->cpu);
	add_option(c, "-smp", "%u", vm->cpus);
	add_option(c, "-m", "%u", vm->memory);
	add_option(c, "-boot", "menu=off,strict=on");
}

/* The clocks stand on the instructions (docs/devel/tcg-icount of QEMU): where the CPU sleeps, they go on at once to what it waits for. */
static void add_deterministic(struct command *c, const struct qemu_deterministic *d)
{
	add_option(c, "-icount", "shift=0,sleep=off");
	add_option(c, "-rtc", "base=2020-01-01T00:00:00,clock=vm");
	add_option(c, "-seed", "%u", d->seed);
	add_option(c, "-plugin", "%s", escaped(c, d->counter));
	add_option(c, "-d", "plugin");
	add_option(c, "-D", "/dev/fd/%d", d->count_fd);
}

static void add_kernel(struct command *c, const struct qemu_vm *vm)
{
	add_option(c, "-kernel", "%s", vm->kernel);
	if (vm->initrd)
		add_option(c, "-initrd", "%s", vm->initrd);
	add_option(c, "-append", "%s%s%s%s", vm->cmdline, vm->machine->words,
		   vm->credentials_count ? vm->machine->words_credentials : "",
		   !vm->kvm && vm->cpus == 1 ? vm->machine->words_emulated : "");
}

/*
 * With signal=on Ctrl-C stays what it is for any program here, a signal to the foreground group. The monitor
 * shares the console, which is what makes Ctrl-A x end QEMU.
 */
static void add_terminal(struct command *c, const struct qemu_vm *vm)
{
	add_option(c, "-chardev", "stdio,id=console,mux=on,signal=%s%s%s", vm->interactive ? "off" : "on",
		   vm->log ? ",logappend=off,logfile=" : "", vm->log ? escaped(c, vm->log) : "");
	add_option(c, "-serial", "chardev:console");
	add_option(c, "-mon", "chardev=console,mode=readline");
}

/* A port whose line leads nowhere is one that the guest waits at: nobody has opened it on this side. */
static void add_line(struct command *c, const char *id, const struct qemu_line *line)
{
	switch (line->kind) {
	case QEMU_LINE_SOCKET:
		add_option(c, "-chardev", "socket,id=%s,fd=%d", id, line->fd);
		break;
	case QEMU_LINE_FILE:
		add_option(c, "-chardev", "file,id=%s,path=/dev/fd/%d", id, line->fd);
		break;
	case QEMU_LINE_DISCARD:
		add_option(c, "-chardev", "file,id=%s,path=/dev/null", id);
		break;
	case QEMU_LINE_NONE:
		add_option(c, "-chardev", "null,id=%s", id);
	}
}

static void add_console(struct command *c, const struct qemu_vm *vm)
{
	if (vm->console.kind == QEMU_LINE_NONE) {
		add_terminal(c, vm);
		return;
	}
	add_line(c, "console", &vm->console);
	add_option(c, "-serial", "chardev:console");
}

static void add_port(struct command *c, const char *id, const char *name, const struct qemu_line *line)
{
	add_line(c, id, line);
	add_option(c, "-device", "virtserialport,chardev=%s,name=%s", id, name);
}

/*
 * The status port is the first: PID 1 waits for it by its number. QEMU keeps number 0 for a console and has places for 31 ports, each of which
 * is two queues that the guest sets up, used or not: without a bus that is 44 kB a queue, and a dozen exits.
 */
static void add_ports(struct command *c, const struct qemu_vm *vm)
{
	add_option(c, "-device", "virtio-serial-%s,max_ports=%d%s", vm->machine->device_suffix, PORTS_MAX + 1,
		   vm->deterministic ? ",ioeventfd=off" : "");
	add_port(c, "status", GUEST_STATUS_PORT, &vm->status);
	add_port(c, "control", CONTROL_PORT_NAME, &vm->control);
	if (vm->test.kind != QEMU_LINE_NONE)
		add_port(c, "test", TEST_PORT_NAME, &vm->test);
	if (vm->vsock)
		add_option(c, "-device", "vhost-vsock-%s,guest-cid=%u", vm->machine->device_suffix, vm->vsock);
}

/* -blockdev takes a name as it is; -drive would read 'nbd:...' as a protocol. */
static void add_disk(struct command *c, const struct qemu_vm *vm, const struct qemu_disk *disk, size_t index)
{
	const char *format = disk->format ? disk->format : "raw";

	add_option(c, "-blockdev",
		   "driver=%s,node-name=disk%zu,read-only=%s,discard=unmap,file.driver=file,"
		   "file.filename=%s",
		   format, index, disk->readonly ? "on" : "off", escaped(c, disk->path));
	add_option(c, "-device", "virtio-blk-%s,drive=disk%zu", vm->machine->device_suffix, index);
}

static void add_network(struct command *c, const struct qemu_vm *vm)
{
	autobuffer struct buffer netdev = { 0 };

	buffer_add_string(&netdev, "user,id=net");
	for (size_t i = 0; i < vm->ports_count; i++)
		buffer_printf(&netdev, ",hostfwd=%s", qemu_port_rule(&vm->ports[i], c->arena));
	add_option(c, "-netdev", "%s", buffer_string(&netdev));
	add_option(c, "-device", "virtio-net-%s,netdev=net%s", vm->machine->device_suffix,
		   vm->machine->card_properties);
}

/* Behind the other card, which so is the guest's first. */
static void add_lan(struct command *c, const struct qemu_vm *vm)
{
	if (vm->lan.group)
		add_option(c, "-netdev", "socket,id=lan,mcast=%s,localaddr=127.0.0.1", vm->lan.group);
	else
		add_option(c, "-netdev", "dgram,id=lan,local.type=fd,local.str=%d", vm->lan.fd);
	add_option(c, "-device", "virtio-net-%s,netdev=lan,mac=%s%s", vm->machine->device_suffix, vm->lan.mac,
		   vm->machine->card_properties);
}

/* The place where init looks for them: init/credentials.c. */
static void add_credentials(struct command *c, const struct qemu_vm *vm)
{
	for (size_t i = 0; i < vm->credentials_count; i++) {
		const struct qemu_credential *credential = &vm->credentials[i];

		add_option(c, "-fw_cfg", "name=opt/io.slipway.credentials/%s,%s=%s", credential->name,
			   credential->value ? "string" : "file",
			   escaped(c, credential->value ? credential->value : credential->file));
	}
}

char **qemu_command(const struct qemu_vm *vm, struct arena *arena)
{
	struct command c = { .arena = arena };

	add(&c, vm->program);
	add_machine(&c, vm);
	if (vm->deterministic)
		add_deterministic(&c, vm->deterministic);
	add_kernel(&c, vm);
	add_console(&c, vm);
	add_ports(&c, vm);
	/* Disks first among the rest: their order is that of their names in the guest. */
	for (size_t i = 0; i < vm->disks_count; i++)
		add_disk(&c, vm, &vm->disks[i], i);
	if (vm->network)
		add_network(&c, vm);
	if (vm->lan.mac)
		add_lan(&c, vm);
	add_credentials(&c, vm);
	/* Its numbers are the host's, and come when they come. */
	if (!vm->deterministic)
		add_option(&c, "-device", "virtio-rng-%s", vm->machine->device_suffix);
	add(&c, NULL);
	return c.argv;
}

static void add_quoted(struct buffer *out, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,/:@%";

	if (*word && strspn(word, plain) == strlen(word)) {
		buffer_add_string(out, word);
		return;
	}
	buffer_add_string(out, "'");
	for (; *word; word++)
		buffer_add(out, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
	buffer_add_string(out, "'");
}

char *qemu_command_text(char *const *argv, struct arena *arena)
{
	autobuffer struct buffer out = { 0 };

	for (char *const *word = argv; *word; word++) {
		if (word != argv)
			buffer_add_string(&out, **word == '-' ? " \\\n\t" : " ");
		add_quoted(&out, *word);
	}
	return arena_strdup(arena, buffer_string(&out));
}
