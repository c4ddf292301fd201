/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel command line: the manifest's, and what we need where it does not say so itself. */
#include "tools/mkimage/compile/parts.h"

#include <ctype.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"

#define CMDLINE_MAX 2047		/* COMMAND_LINE_SIZE of x86 and arm64, with its NUL */

#define WITHOUT_INITRD { "microvm", "firecracker", "cloud-hypervisor" }

static const struct addition {
	const char *text;
	const char *keys[5];		/* any of these in the manifest stands for it */
	const char *machines[4];	/* of the format; none: on all */
} additions[] = {
	/* Nobody is there to press a key: a panic ends the machine at once, and what runs it can act. */
	{ "panic=-1", { "panic" }, { NULL } },
	/* The kernel's cipher self-tests: two thirds of the instructions of a boot of Debian's kernel. */
	{ "cryptomgr.notests", { "cryptomgr.notests" }, { NULL } },
	/* A serial line takes an exit of the virtual machine a byte: there, warnings and worse. dmesg has all. */
	{ "loglevel=5", { "loglevel", "quiet", "debug", "ignore_loglevel" }, { NULL } },
	/* Without an initrd it is the kernel that mounts the root and starts PID 1, and it would try /sbin/init and each type. */
	{ "root=/dev/vda", { "root" }, WITHOUT_INITRD },
	{ "rootfstype=squashfs", { "rootfstype" }, WITHOUT_INITRD },
	{ "ro", { "ro", "rw" }, WITHOUT_INITRD },
	{ "init=/init", { "init" }, WITHOUT_INITRD },
	/* Without ACPI there is no other way to end: a triple fault, which QEMU takes for a reset (-no-reboot) ... */
	{ "reboot=t", { "reboot" }, { "microvm" } },
	/* ... and the keyboard controller's reset line, which is all that Firecracker has of it. */
	{ "reboot=k", { "reboot" }, { "firecracker" } },
	/* 256 devices that nobody opens: 27 M instructions, where the kernel was built with them. */
	{ "pty.legacy_count=0", { "pty.legacy_count" }, WITHOUT_INITRD },
	/* Devices that nobody asked for, of drivers that are built in: a bond0, a dummy0, a zram0. PID 1 makes those that the manifest has. */
	{ "bonding.max_bonds=0", { "bonding.max_bonds" }, WITHOUT_INITRD },
	{ "dummy.numdummies=0", { "dummy.numdummies" }, WITHOUT_INITRD },
	{ "zram.num_devices=0", { "zram.num_devices" }, WITHOUT_INITRD },
	/* Whether the timer's interrupt arrives is tried by waiting for it: a host that is busy looks like a broken one. */
	{ "no_timer_check", { "no_timer_check" }, { "microvm", "firecracker" } },
};

/* What other keys of the manifest say, the kernel's way. */
static const struct policy {
	size_t offset;			/* of a string in the manifest */
	const char *value, *text;
	const char *key;		/* stated on the command line, it wins */
} policies[] = {
	{ offsetof(struct manifest, panic), "reboot", "panic=-1", "panic" },
	{ offsetof(struct manifest, panic), "halt", "panic=0", "panic" },
	/* What went on after an oops would be a machine in a state that nobody knows. */
	{ offsetof(struct manifest, panic), "reboot", "oops=panic", "oops" },
	{ offsetof(struct manifest, panic), "halt", "oops=panic", "oops" },
	{ offsetof(struct manifest, lockdown), "integrity", "lockdown=integrity", "lockdown" },
	{ offsetof(struct manifest, lockdown), "confidentiality", "lockdown=confidentiality", "lockdown" },
};

/* The words of the text, one space between; quoted parts ("a b") stay as they are, as the kernel reads them. */
static void add_words(struct buffer *out, const char *text)
{
	bool quoted = false, gap = out->length > 0;

	for (; *text; text++) {
		if (!quoted && isspace((unsigned char)*text)) {
			gap = out->length > 0;
			continue;
		}
		if (gap)
			buffer_add_string(out, " ");
		gap = false;
		if (*text == '"')
			quoted = !quoted;
		buffer_add(out, text, 1);
	}
}

/* `key` or `key=...` as a word; before "--", behind which are the words for init. */
static bool has_key(const char *cmdline, const char *key)
{
	size_t length = strlen(key);
	bool quoted = false, start = true;

	for (const char *at = cmdline; *at; at++) {
		if (start && strncmp(at, "--", 2) == 0 && (at[2] == ' ' || !at[2]))
			return false;
		if (start && strncmp(at, key, length) == 0 && (at[length] == '=' || at[length] == ' ' || !at[length]))
			return true;
		if (*at == '"')
			quoted = !quoted;
		start = *at == ' ' && !quoted;
	}
	return false;
}

static bool is_for(const struct addition *addition, const char *machine)
{
	if (!addition->machines[0])
		return true;
	for (size_t i = 0; machine && i < ARRAY_SIZE(addition->machines) && addition->machines[i]; i++)
		if (strcmp(addition->machines[i], machine) == 0)
			return true;
	return false;
}

static bool is_said(const struct addition *addition, const char *cmdline)
{
	for (size_t i = 0; i < ARRAY_SIZE(addition->keys) && addition->keys[i]; i++)
		if (has_key(cmdline, addition->keys[i]))
			return true;
	return false;
}

static void add_policies(const struct manifest *manifest, const char *stated, struct buffer *words)
{
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		const struct policy *p = &policies[i];
		const struct manifest_string *key = (const void *)((const char *)manifest + p->offset);

		if (key->value && strcmp(key->value, p->value) == 0 && !has_key(stated, p->key))
			buffer_printf(words, "%s%s", words->length ? " " : "", p->text);
	}
}

/* What leads past the hashes, or to other ones. */
static int check_verity(const struct compile_input *input, const char *words, struct error *err)
{
	static const char *const keys[] = { "root", "dm-mod.create" };

	for (size_t i = 0; verity_is_wanted(input) && i < ARRAY_SIZE(keys); i++)
		if (has_key(words, keys[i]))
			return place_error(&input->manifest->kernel.cmdline.at, err, "kernel.cmdline: '%s=' stands against 'verity', which "
					   "says where the root is; leave one of them out", keys[i]);
	return 0;
}

/* Ours go in front: what the manifest says comes later, where the last word counts, and "--" stays last. */
int cmdline_compile(const struct compile_input *input, struct arena *arena, struct compiled *out, struct error *err)
{
	const struct manifest_string *stated = &input->manifest->kernel.cmdline;
	autobuffer struct buffer theirs = { 0 }, words = { 0 }, all = { 0 };

	add_words(&theirs, stated->value ? stated->value : "");
	if (check_verity(input, buffer_string(&theirs), err) < 0)
		return -1;
	/* The device that the kernel makes of `dm-mod.create=`; with an initrd, PID 1 does it. */
	if (verity_is_wanted(input) && input->machine)
		buffer_add_string(&words, "root=/dev/dm-0");
	add_policies(input->manifest, buffer_string(&theirs), &words);
	add_words(&words, buffer_string(&theirs));
	/* A machine that nobody can read is of no use: the first serial line, which QEMU and clouds show. */
	if (!has_key(buffer_string(&words), "console"))
		buffer_printf(&all, "console=%s", architecture_wanted(input)->console);
	for (size_t i = 0; i < ARRAY_SIZE(additions); i++)
		if (is_for(&additions[i], input->machine) && !is_said(&additions[i], buffer_string(&words)))
			buffer_printf(&all, "%s%s", all.length ? " " : "", additions[i].text);
	if (words.length)
		buffer_printf(&all, "%s%s", all.length ? " " : "", words.data);
	if (all.length > CMDLINE_MAX)
		return place_error(&stated->at, err, "kernel.cmdline: the command line has %zu bytes, and the kernel takes "
				   "%d", all.length, CMDLINE_MAX);
	out->cmdline = arena_strdup(arena, buffer_string(&all));
	return 0;
}
