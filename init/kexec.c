/* SPDX-License-Identifier: Apache-2.0 */
#include "init/kexec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "init/verity.h"
#include "init/worker.h"

#define CMDLINE_MAX 4096
#define LOAD_TIMEOUT 60000u		/* milliseconds, for a kernel and an initrd from a slow disk */

static int open_in(const char *directory, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/boot/%s", directory, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Without a file of its own, what this kernel was started with. */
static void read_cmdline(const char *directory, char text[CMDLINE_MAX])
{
	autoclose int fd = open_in(directory, "cmdline");
	ssize_t n;

	if (fd < 0)
		fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, text, CMDLINE_MAX - 1) : -1;
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

/*
 * No root can hold its own hash: where it has one and the file of the image says none, it is the one that this kernel was
 * started with. In front, for "--" and what is behind it stay last.
 */
static int add_verity(char text[CMDLINE_MAX], struct error *err)
{
	autobuffer struct buffer ours = { 0 };
	char whole[CMDLINE_MAX];
	const char *word;
	size_t length;

	if (verity_find_word(text, &length))
		return 0;
	if (file_read(AT_FDCWD, "/proc/cmdline", CMDLINE_MAX, &ours, err) < 0)
		return -1;
	word = verity_find_word(buffer_string(&ours), &length);
	if (!word)
		return 0;
	if (snprintf(whole, sizeof(whole), "%.*s %s", (int)length, word, text) >= (int)sizeof(whole))
		return error_set(err, "the kernel's command line is too long");
	memcpy(text, whole, sizeof(whole));
	return 0;
}

static int load(void *context, struct error *err)
{
	const struct machine *machine = context;
	const char *directory = STATE_DIRECTORY;
	autoclose int kernel = machine->has_state ? open_in(directory, "kernel") : -1;
	autoclose int initrd = -1;
	char cmdline[CMDLINE_MAX];

	if (kernel < 0) {
		directory = IMAGE_DIRECTORY;
		fd_replace(&kernel, open_in(directory, "kernel"));
	}
	if (kernel < 0)
		return error_errno(err, "cannot open 'boot/kernel' of the image");
	initrd = open_in(directory, "initrd.img");
	read_cmdline(directory, cmdline);
	if (machine->plan.machine.root_verity && add_verity(cmdline, err) < 0)
		return -1;
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(cmdline) + 1, cmdline, initrd < 0 ? KEXEC_FILE_NO_INITRAMFS : 0) < 0)
		return error_errno(err, "the kernel does not take '%s/boot/kernel'", directory);
	return 0;
}

bool kexec_load(struct machine *machine)
{
	const char *how = machine->plan.machine.reboot;
	struct worker_job job = { "kexec", load, machine, LOAD_TIMEOUT };
	struct error err = { 0 };

	if (!how || strcmp(how, "kexec") != 0)
		return false;
	if (worker_wait(&job, &err) == 0)
		return true;
	log_warning("%s; the firmware does it", err.message);
	return false;
}
