/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/linux/labels.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

static int write_label(const char *file, const char *before, const char *label, struct error *err)
{
	autoclose int fd = openat(AT_FDCWD, file, O_WRONLY | O_CLOEXEC);
	char text[4096];
	int n = snprintf(text, sizeof(text), "%s%s", before, label);

	if (n >= (int)sizeof(text))
		return error_set(err, "the label '%s' is too long", label);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		return error_errno(err, "cannot set the label '%s'", label);
	return 0;
}

static int apply_apparmor(const char *profile, struct error *err)
{
	if (access("/sys/module/apparmor/parameters/enabled", F_OK) < 0 &&
	    access("/proc/self/attr/apparmor/exec", F_OK) < 0)
		return error_set(err, "process.apparmorProfile: AppArmor is not there to apply '%s'", profile);
	return write_label(access("/proc/self/attr/apparmor/exec", F_OK) == 0 ? "/proc/self/attr/apparmor/exec" :
										"/proc/self/attr/exec",
			   "exec ", profile, err);
}

int labels_apply(const struct oci_process *process, struct error *err)
{
	const char *profile = process->apparmor_profile, *label = process->selinux_label;

	if (profile && *profile && apply_apparmor(profile, err) < 0)
		return -1;
	if (label && *label && write_label("/proc/self/attr/exec", "", label, err) < 0)
		return error_context(err, "process.selinuxLabel");
	return 0;
}
