/* SPDX-License-Identifier: Apache-2.0 */
#include "init/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

/* "virtio.ko.xz" and its like are unpacked by the kernel, if it was built so. */
static int flags_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && strcmp(dot, ".ko") != 0 ? MODULE_INIT_COMPRESSED_FILE : 0;
}

static int load(int fd, const char *path, const char *parameters, struct error *err)
{
	/* EEXIST: built in, or loaded by the kernel itself on behalf of another. */
	if (syscall(SYS_finit_module, fd, parameters ? parameters : "", flags_of(path)) == 0 || errno == EEXIST)
		return 0;
	return error_errno(err, "cannot load the kernel module '%s'", path);
}

static int cannot_open(const char *path, struct error *err)
{
	return error_errno(err, "cannot open the kernel module '%s'", path);
}

int module_load(const char *path, const char *parameters, struct error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? cannot_open(path, err) : load(fd, path, parameters, err);
}

int modules_load(const struct plan *plan, size_t *next, bool on_root, struct error *err)
{
	for (; *next < plan->modules_count; (*next)++) {
		const struct plan_module *module = &plan->modules[*next];
		autoclose int fd = open(module->path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT && !on_root)
			return 0;
		if ((fd < 0 ? cannot_open(module->path, err) : load(fd, module->path, module->parameters, err)) < 0) {
			if (!module->optional)
				return -1;
			log_warning("%s", err->message);
		}
	}
	return 0;
}
