/* SPDX-License-Identifier: Apache-2.0 */
#include "init/drivers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "init/init.h"
#include "init/modules.h"
#include "init/uevents.h"
#include "init/worker.h"
#include "plan/aliases.h"

#define PASSES_MAX 8			/* a driver may bring a bus, and that more devices */
#define DEPTH_MAX 32			/* directories below /sys/devices */
#define QUEUE_BYTES 4096
#define CMDLINE_MAX 4096

/* ------------------------------------------------------------ in a child, which may allocate and wait */

struct loader {
	struct aliases aliases;
	bool *tried;			/* a module each */
	size_t loaded;
	bool waits;			/* until the devices of each module are set up: see module_load() */
	char cmdline[CMDLINE_MAX];	/* of the kernel */
};

static int loader_open(struct loader *l, struct error *err)
{
	autoclose int fd = open(IMAGE_DIRECTORY PLAN_ALIASES_PATH, O_RDONLY | O_CLOEXEC);
	autoclose int cmdline = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data;

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", PLAN_ALIASES_PATH);
	if (fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > ALIASES_BYTES_MAX)
		return error_set(err, "'%s' is empty or too long", PLAN_ALIASES_PATH);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return error_errno(err, "cannot map '%s'", PLAN_ALIASES_PATH);
	if (aliases_open(data, (size_t)st.st_size, &l->aliases, err) < 0)
		return error_context(err, "'%s'", PLAN_ALIASES_PATH);
	l->tried = calloc(l->aliases.modules_count + 1, sizeof(*l->tried));
	if (!l->tried)
		return error_set(err, "out of memory");
	if (cmdline < 0 || read(cmdline, l->cmdline, sizeof(l->cmdline) - 1) < 0)
		l->cmdline[0] = '\0';
	return 0;
}

/* The name of a module without directory and suffix, '-' as '_'. */
static void name_of(const char *path, char name[64])
{
	const char *slash = strrchr(path, '/');

	(void)snprintf(name, 64, "%s", slash ? slash + 1 : path);
	name[strcspn(name, ".")] = '\0';
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
}

/* `modprobe.blacklist=a,b`, as for modprobe(8). */
static bool is_refused(const struct loader *l, const char *name)
{
	static const char key[] = "modprobe.blacklist=";
	size_t length = strlen(name);

	for (const char *at = l->cmdline; (at = strstr(at, key)); at++)
		for (const char *item = at + strlen(key); *item && *item != ' ' && *item != '\n'; item += *item == ',') {
			size_t n = strcspn(item, ", \n");

			if (n == length && strncmp(item, name, n) == 0)
				return true;
			item += n;
		}
	return false;
}

/* `NAME.key=value` words of the command line, which the kernel gives to what is built in only. */
static void parameters_of(const struct loader *l, const char *name, char *out, size_t size)
{
	size_t length = strlen(name), used = 0;

	out[0] = '\0';
	for (const char *at = l->cmdline; *at; at += strspn(at, " \n")) {
		size_t n = strcspn(at, " \n");
		int written;

		if (n > length + 1 && strncmp(at, name, length) == 0 && at[length] == '.') {
			written = snprintf(out + used, size - used, "%s%.*s", used ? " " : "", (int)(n - length - 1),
					   at + length + 1);
			if (written < 0 || (size_t)written >= size - used)
				break;
			used += (size_t)written;
		}
		at += n;
	}
	out[used] = '\0';
}

/* A driver that finds no device it likes says ENODEV: no failure. */
static void load_one(struct loader *l, uint32_t module)
{
	const char *path = aliases_path(&l->aliases, module);
	char name[64], parameters[512];
	struct error err = { 0 };

	if (l->tried[module])
		return;
	l->tried[module] = true;
	name_of(path, name);
	if (is_refused(l, name))
		return;
	parameters_of(l, name, parameters, sizeof(parameters));
	if (module_load(path, parameters, l->waits, &err) == 0)
		l->loaded++;
	else if (err.number != ENODEV)
		log_warning("%s", err.message);
}

static void load_with_needs(void *context, uint32_t module)
{
	struct loader *l = context;
	size_t count;
	const uint32_t *needs = aliases_needs(&l->aliases, module, &count);
	char name[64];

	name_of(aliases_path(&l->aliases, module), name);
	if (l->tried[module] || is_refused(l, name))
		return;
	for (size_t i = 0; i < count; i++)
		load_one(l, needs[i]);
	load_one(l, module);
}

static void load_for_device(struct loader *l, int dirfd)
{
	autoclose int fd = openat(dirfd, "modalias", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char alias[4096];
	ssize_t n = fd >= 0 ? read(fd, alias, sizeof(alias) - 1) : -1;

	if (n <= 0)
		return;
	alias[n] = '\0';
	alias[strcspn(alias, "\n")] = '\0';
	aliases_match(&l->aliases, alias, load_with_needs, l);
}

/* The device of a directory, then those below it. Takes the descriptor. */
static void walk(struct loader *l, int fd, unsigned int depth)
{
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir) {
		cleanup_close(&fd);
		return;
	}
	load_for_device(l, dirfd(dir));
	while (depth < DEPTH_MAX && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			walk(l, openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
			     depth + 1);
	(void)closedir(dir);
}

static int load_for_all(bool waits, struct error *err)
{
	struct loader l = { .waits = waits };
	size_t before;

	if (loader_open(&l, err) < 0)
		return -1;
	for (int pass = 0; pass < PASSES_MAX; pass++) {
		before = l.loaded;
		walk(&l, open("/sys/devices", O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0);
		if (l.loaded == before)
			break;
	}
	return 0;
}

/* In the order of the devices, so that the names that the kernel gives are the same at each boot. */
static int load_in_order(void *context, struct error *err)
{
	(void)context;
	return load_for_all(true, err);
}

static int load_without_waiting(void *context, struct error *err)
{
	(void)context;
	return load_for_all(false, err);
}

/* ------------------------------------------------------------ in PID 1 */

/* What came while a worker is at work. The next one finds it in its copy of this memory. */
static struct {
	struct worker worker;
	char queue[QUEUE_BYTES];	/* aliases, each ended by a NUL */
	size_t length;
	bool all, opened;
} drivers;

static int load_queue(void *context, struct error *err)
{
	(void)context;
	struct loader l = { 0 };

	if (drivers.all)
		return load_for_all(false, err);
	if (loader_open(&l, err) < 0)
		return -1;
	for (size_t at = 0; at < drivers.length; at += strlen(drivers.queue + at) + 1)
		aliases_match(&l.aliases, drivers.queue + at, load_with_needs, &l);
	return 0;
}

/* How many modules were loaded nobody asks: only that it is one at a time, and that none is forgotten. */
static void start_worker(struct machine *machine)
{
	const struct worker_job job = { "drivers", load_queue, machine, DRIVERS_TIMEOUT };
	struct error err = { 0 };

	if (worker_start(machine, &drivers.worker, &job, &err) < 0)
		log_error("%s", err.message);
	drivers.length = 0;
	drivers.all = false;
}

static void done(struct machine *machine, struct worker *worker, const struct error *failure)
{
	(void)worker;
	if (failure)
		log_warning("%s", failure->message);
	if (drivers.length || drivers.all)
		start_worker(machine);
}

static void wake(struct machine *machine)
{
	if (!drivers.opened) {
		drivers.worker.done = done;
		worker_open(machine, &drivers.worker);
		drivers.opened = true;
	}
	if (!worker_runs(&drivers.worker))
		start_worker(machine);
}

void drivers_want(struct machine *machine, const char *modalias)
{
	size_t length = strlen(modalias) + 1;

	if (!machine->plan.machine.hotplug || length == 1)
		return;
	if (length > sizeof(drivers.queue) - drivers.length)
		drivers.all = true;
	else
		memcpy(drivers.queue + drivers.length, modalias, length);
	if (!drivers.all)
		drivers.length += length;
	wake(machine);
}

void drivers_want_all(struct machine *machine)
{
	if (!machine->plan.machine.hotplug)
		return;
	drivers.all = true;
	wake(machine);
}

/* What runs in the machine may need a module that no device asks for: the kernel asks, where it knows whom. */
static void set_modprobe(void)
{
	static const char path[] = MODPROBE_PATH;
	autoclose int fd = open("/proc/sys/kernel/modprobe", O_WRONLY | O_CLOEXEC);

	if (access(path, X_OK) == 0 && fd >= 0 && write(fd, path, strlen(path)) < 0)
		log_warning("cannot tell the kernel who loads modules: %s", strerror(errno));
}

int drivers_coldplug(struct machine *machine, struct error *err)
{
	const struct worker_job job = { "coldplug", load_in_order, NULL, DRIVERS_TIMEOUT };
	const struct worker_job rest = { "coldplug", load_without_waiting, NULL, DRIVERS_TIMEOUT };

	if (!machine->plan.machine.hotplug || access(IMAGE_DIRECTORY PLAN_ALIASES_PATH, F_OK) < 0)
		return 0;
	set_modprobe();
	if (worker_wait(&job, err) == 0)
		return 0;
	if (err->number != ETIMEDOUT)
		return -1;
	log_warning("coldplug: a device does not answer: the drivers of the others do not wait for it");
	return worker_wait(&rest, err);
}

/* ------------------------------------------------------------ as a program of its own */

/* The kernel reads nothing but the status, and asks again when it needs it again. */
int drivers_modprobe(int argc, char **argv)
{
	struct loader l = { 0 };
	struct error err = { 0 };

	log_open("modprobe", open("/dev/kmsg", O_WRONLY | O_CLOEXEC), LOG_LEVEL_INFO, true);
	if (argc < 2 || loader_open(&l, &err) < 0)
		return 1;
	aliases_match(&l.aliases, argv[argc - 1], load_with_needs, &l);
	return 0;
}
