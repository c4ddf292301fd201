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

static int load(int fd, const struct plan_module *module, struct error *err)
{
	const char *parameters = module->parameters ? module->parameters : "";

	/* EEXIST: built in, or loaded by the kernel itself on behalf of another. */
	if (syscall(SYS_finit_module, fd, parameters, flags_of(module->path)) == 0 || errno == EEXIST)
		return 0;
	return error_errno(err, "cannot load the kernel module '%s'", module->path);
}

int modules_load(const struct plan *plan, size_t *next, bool on_root, struct error *err)
{
	for (; *next < plan->modules_count; (*next)++) {
		const struct plan_module *module = &plan->modules[*next];
		autoclose int fd = open(module->path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT && !on_root)
			return 0;
		if (fd < 0 ? error_errno(err, "cannot open the kernel module '%s'", module->path) < 0
			   : load(fd, module, err) < 0) {
			if (!module->optional)
				return -1;
			log_warning("%s", err->message);
		}
	}
	return 0;
}
