/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/qemu.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "base/cleanup.h"

int qemu_kvm_parse(const char *text, enum qemu_kvm *kvm, struct error *err)
{
	static const char *const names[] = {
		[QEMU_KVM_AUTO] = "auto", [QEMU_KVM_ON] = "on", [QEMU_KVM_OFF] = "off"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], text) == 0) {
			*kvm = (enum qemu_kvm)i;
			return 0;
		}
	}
	return error_set(err, "--kvm '%s': expected 'auto', 'on' or 'off'", text);
}

/* The word as a whole among the flags of the first CPU. */
static bool cpu_has(const char *flags, const char *word)
{
	size_t length = strlen(word);

	for (const char *p = flags; (p = strstr(p, word)); p += length)
		if (p[-1] == ' ' && (p[length] == ' ' || p[length] == '\n' || p[length] == '\0'))
			return true;
	return false;
}

static bool cpu_virtualizes(void)
{
	autofclose FILE *file = fopen("/proc/cpuinfo", "re");
	autofree char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0)
		if (strncmp(line, "flags", 5) == 0)
			return cpu_has(line + 5, "vmx") || cpu_has(line + 5, "svm");
	return false;
}

static const char *explain_open(int number)
{
	if (number == ENOENT)
		return "there is no /dev/kvm";
	if (number == EACCES)
		return "/dev/kvm is not for this user; the group 'kvm' may use it";
	return "/dev/kvm does not open";
}

/*
 * That /dev/kvm opens proves little. Sandboxes and clouds without nested virtualization pass the device on,
 * and some answer even KVM_CREATE_VM, while QEMU then fails or the guest stands still at its first
 * instruction. What they do not have is a CPU that shows vmx or svm, so that is asked first.
 */
bool qemu_kvm_usable(const char **reason)
{
	autoclose int kvm = -1, vm = -1;

	*reason = NULL;
	if (!cpu_virtualizes()) {
		*reason = "the CPU shows neither vmx nor svm";
		return false;
	}
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0) {
		*reason = explain_open(errno);
		return false;
	}
	if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION) {
		*reason = "/dev/kvm speaks another version of the interface";
		return false;
	}
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		*reason = "/dev/kvm cannot create a machine";
	return vm >= 0;
}
