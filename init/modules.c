/* SPDX-License-Identifier: Apache-2.0 */
#include "init/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/worker.h"

#define MODULES_TIMEOUT 30000u		/* milliseconds */

/* "virtio.ko.xz" and its like are unpacked by the kernel, if it was built so. */
static int flags_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && strcmp(dot, ".ko") != 0 ? MODULE_INIT_COMPRESSED_FILE : 0;
}

/* The kernel's own word for it ("async_probe", kernel-parameters.txt), which it takes for any module. */
static int load(int fd, const char *path, const char *parameters, bool waits, struct error *err)
{
	char words[1024];
	int n = snprintf(words, sizeof(words), "%s%s", parameters ? parameters : "", waits ? "" : " async_probe");

	if (n < 0 || (size_t)n >= sizeof(words))
		return error_set(err, "the parameters of the kernel module '%s' are too long", path);
	/* EEXIST: built in, or loaded by the kernel itself on behalf of another. */
	if (syscall(SYS_finit_module, fd, words, flags_of(path)) == 0 || errno == EEXIST)
		return 0;
	return error_errno(err, "cannot load the kernel module '%s'", path);
}

static int cannot_open(const char *path, struct error *err)
{
	return error_errno(err, "cannot open the kernel module '%s'", path);
}

int module_load(const char *path, const char *parameters, bool waits, struct error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? cannot_open(path, err) : load(fd, path, parameters, waits, err);
}

/* How far the workers are, which they and PID 1 share; what is before PID 1 began is what it was then. */
static struct progress {
	size_t next;
} *progress;

struct loading {
	const struct plan *plan;
	bool on_root, waits;
};

static int load_list(void *context, struct error *err)
{
	const struct loading *l = context;

	for (; progress->next < l->plan->modules_count; progress->next++) {
		const struct plan_module *module = &l->plan->modules[progress->next];
		autoclose int fd = open(module->path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT && !l->on_root)
			return 0;
		if ((fd < 0 ? cannot_open(module->path, err) : load(fd, module->path, module->parameters, l->waits, err)) == 0)
			continue;
		if (!module->optional)
			return -1;
		log_warning("%s", err->message);
	}
	return 0;
}

static int share_progress(struct error *err)
{
	void *page = progress;

	if (!page)
		page = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return error_errno(err, "no memory for it");
	progress = page;
	return 0;
}

int modules_load(const struct plan *plan, bool on_root, struct error *err)
{
	struct loading loading = { plan, on_root, true };
	const struct worker_job job = { "", load_list, &loading, MODULES_TIMEOUT };

	if (plan->modules_count == 0)
		return 0;
	if (share_progress(err) < 0)
		return -1;
	/* No process where the initrd had them all. */
	while (progress->next < plan->modules_count && worker_wait(&job, err) < 0) {
		const char *path = progress->next < plan->modules_count ? plan->modules[progress->next].path : "";

		if (err->number != ETIMEDOUT || !*path)
			return -1;
		log_warning("modules: a device does not answer, as '%s' is loaded: what follows does not wait for devices", path);
		/* It is there; or it is one that hangs by itself, and that nobody waits for a second time. */
		progress->next += 1;
		loading.waits = false;
	}
	return 0;
}
