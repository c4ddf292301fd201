/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual machine that boots what `slipway build` wrote: the command line of
 * QEMU made from a description, and the running QEMU looked after to its end.
 * All strings are in the arena given, or borrowed from argv.
 */
#ifndef SLIPWAY_QEMU_H
#define SLIPWAY_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/option.h"
#include "tools/mkimage/source/architecture.h"
#include "tools/slipway/guest_status.h"

/* --- machines (qemu_command.c) --- */

struct qemu_machine {
	const char *name;		/* as --machine takes it: "q35" */
	const char *program;		/* "qemu-system-x86_64" */
	const char *package;		/* of Debian, that has it */
	const char *architecture;	/* that it is of, a name of architecture.h: "amd64" */
	const char *cpu;		/* the model of its CPUs without KVM */
	const char *properties;		/* behind the name in -machine: ",sata=off" */
	const char *device_suffix;	/* "pci": virtio-blk-pci */
	const char *card_properties;	/* of the network card: ",romfile=" */
	unsigned int disks_max;
	/* What the kernel command line has to say besides; each begins with a space or is "". */
	const char *words;		/* always */
	const char *words_credentials;	/* where there are credentials */
	const char *words_emulated;	/* without KVM, on one CPU */
};

/* NULL with an error that lists the names where there is none of that name. */
const struct qemu_machine *qemu_machine_find(const char *name, struct error *err);

/* The first of an architecture, which has everything; its name. */
const char *qemu_machine_default(const struct architecture *architecture);

/* --- disks (qemu_disks.c) --- */

struct qemu_disk {
	const char *path;
	const char *format;		/* "raw" or "qcow2" */
	bool readonly;
	uint64_t size;			/* bytes, to create it with; 0: it must be there */
};

/* `FILE[,size=N[K|M|G|T]][,format=raw|qcow2]` */
int qemu_disk_parse(const char *text, struct arena *arena, struct qemu_disk *disk, struct error *err);

/*
 * Makes the file where it is not there and a size was given: sparse, whole or not at all.
 * An existing file is left as it is; what looks like qcow2 is refused as raw by default.
 */
int qemu_disk_prepare(const struct qemu_disk *disk, struct error *err);

/* --- ports (qemu_ports.c) --- */

struct qemu_port {
	const char *text;		/* as given */
	const char *protocol;		/* "tcp" or "udp" */
	const char *address;		/* IPv4, of this machine */
	unsigned int host, guest;
};

/* `[ADDRESS:]HOST:GUEST[/tcp|/udp]`; without an ADDRESS only this machine can connect (127.0.0.1). */
int qemu_port_parse(const char *text, struct arena *arena, struct qemu_port *port, struct error *err);

/* An error where the port is taken, which QEMU would tell less plainly. */
int qemu_port_check(const struct qemu_port *port, struct error *err);

/* For QEMU: "tcp:127.0.0.1:8080-10.0.2.15:80". */
const char *qemu_port_rule(const struct qemu_port *port, struct arena *arena);

/* --- credentials (qemu_credentials.c) --- */

struct qemu_credential {
	const char *name;
	const char *value;		/* NULL: the contents of `file` */
	const char *file;
};

/* `NAME=VALUE` or `NAME=@FILE` */
int qemu_credential_parse(const char *text, struct arena *arena, struct qemu_credential *credential, struct error *err);

/* --- acceleration (qemu_accelerator.c) --- */

enum qemu_kvm { QEMU_KVM_AUTO, QEMU_KVM_ON, QEMU_KVM_OFF };

int qemu_kvm_parse(const char *text, enum qemu_kvm *kvm, struct error *err);

/* True where KVM really works; otherwise false, and `reason` is a phrase that says why (static). */
bool qemu_kvm_usable(const char **reason);

/* --- the command line (qemu_command.c) --- */

/* Where a line of the machine leads to: its console, or one of its ports. */
struct qemu_line {
	enum qemu_line_kind {
		QEMU_LINE_NONE,		/* nowhere; a console: this terminal */
		QEMU_LINE_SOCKET,	/* a connected socket, which QEMU has as this descriptor */
		QEMU_LINE_FILE,		/* the same of a file, that QEMU opens anew and empties */
		QEMU_LINE_DISCARD,	/* everything is taken, and dropped */
	} kind;
	int fd;
};

/*
 * One CPU whose clock is the number of instructions it has run, and no device that a thread of QEMU works for: from
 * one run to the next everything is the same.
 */
struct qemu_deterministic {
	unsigned int seed;		/* of all random numbers that the machine gets */
	const char *counter;		/* the plugin that counts instructions (counter.c) */
	int count_fd;			/* the file where it writes the count; as QEMU has it */
};

/* A card on a network that several machines share, and nobody else is on. */
struct qemu_lan {
	const char *mac;		/* NULL: there is none */
	int fd;				/* a packet socket, of which QEMU has this end: a frame is a packet (lan.h) */
	const char *group;		/* in its place "239.1.2.3:4567", UDP multicast inside this host: for machines started by hand */
};

struct qemu_vm {
	const struct qemu_machine *machine;
	const char *program;		/* path or name of QEMU */
	bool kvm;
	const char *cpu;		/* NULL: what suits the accelerator */
	unsigned int memory;		/* MiB */
	unsigned int cpus;
	const char *kernel, *initrd;	/* paths; initrd may be NULL */
	const char *cmdline;
	const struct qemu_disk *disks;	/* in the order of /dev/vda, vdb, ... */
	size_t disks_count;
	bool network;
	const struct qemu_port *ports;
	size_t ports_count;
	struct qemu_lan lan;
	const struct qemu_credential *credentials;
	size_t credentials_count;
	bool interactive;		/* every key goes to the guest */
	const char *log;		/* copy of the console; may be NULL */
	struct qemu_line console, status, control;
	struct qemu_line test;		/* QEMU_LINE_NONE: there is no such port */
	const struct qemu_deterministic *deterministic;	/* NULL: it is not */
	unsigned int vsock;		/* the machine's number on vsock; 0: none */
};

/* argv of QEMU, ended by NULL. */
char **qemu_command(const struct qemu_vm *vm, struct arena *arena);

/* One command for a shell, an option a line. */
char *qemu_command_text(char *const *argv, struct arena *arena);

/* --- the running QEMU (qemu_process.c) --- */

/* What the machine writes to one of its lines. */
struct qemu_stream {
	int fd;				/* our end of a socket, or a file that QEMU writes to; borrowed */
	/* Takes bytes as they come. -1 ends the machine; why is for `context` to know. */
	int (*take)(void *context, const char *data, size_t length);
	void *context;
};

#define QEMU_STREAMS_MAX 2
#define QEMU_GIVE_MAX 6

struct qemu_run {
	char *const *argv;
	const struct qemu_machine *machine;	/* for messages */
	int status_fd;			/* our end of the status port; borrowed */
	struct qemu_stream streams[QEMU_STREAMS_MAX];
	size_t streams_count;
	int give[QEMU_GIVE_MAX];	/* descriptors that QEMU has under the same numbers; closed here once it has them */
	size_t give_count;
	bool files;			/* the status port and the streams are files: looked at from time to time, and at the end */
	bool unattended;		/* has no terminal, and the first Ctrl-C ends it */
	int poweroff_signal;		/* blocked by the caller: asks the guest for an orderly end, each time; 0: none does */
	unsigned int timeout;		/* seconds; 0: none */
	struct guest_status *guest;	/* gets what the status port has said; may be NULL */
};

#define EXIT_TIMEOUT 124		/* as timeout(1) */
#define EXIT_NO_STATUS 125		/* QEMU or the guest did not get as far as a status */
#define EXIT_INTERRUPTED 130		/* as shells: 128 + SIGINT */

/*
 * Runs it to its end. 0 with the exit status in `status`: the guest's, or one of those
 * above after its message. -1 with the error where QEMU could not be run.
 */
int qemu_process_run(const struct qemu_run *run, int *status, struct error *err);

#endif
