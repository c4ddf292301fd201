/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/data/compile/NAME/: input.yml, and what is made of it. Files that are there are compared:
 *
 *     plan                    the whole text of the plan
 *     cmdline                 the kernel command line
 *     modules                 "keep PATH" and "boot PATH" lines
 *     config-STAGE-NAME.json  one container's config; the calls of the seccomp profile left out
 *     error                   the message, instead of all of these
 *
 * A file `root` says "TYPE SOURCE [MACHINE]"; without it the root is an initramfs. UPDATE=1 writes those
 * files that are there. The images and the kernel are the stand-ins below.
 */
#include "tools/mkimage/compile/compile.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"

#define LIST(...) { (const char *[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *) }
#define PATH_VARIABLE "PATH=/usr/bin:/bin"

static char *cases;			/* the directory, with TOP in front */

static struct oci_pair label[] = {
	{ "org.mobyproject.config",
	  "{\"capabilities\": [\"CAP_NET_ADMIN\"], \"binds\": [\"/dev:/dev\", \"/etc/resolv.conf:/etc/resolv.conf\"],"
	  " \"pid\": \"host\", \"net\": \"new\", \"readonly\": true, \"env\": [\"FROM=label\"], \"tmpfs\": [\"/tmp\"],"
	  " \"oomScoreAdj\": -800, \"devices\": [{\"path\": \"all\", \"type\": \"b\"}], \"unknown\": 1,"
	  " \"resources\": {\"pids\": {\"limit\": 5}}, \"rootfsPropagation\": \"shared\"}" },
};
static struct oci_pair bad_label[] = { { "org.mobyproject.config", "{\"readonly\": \"perhaps\"}" } };

static const struct stand_in {
	const char *reference;
	struct oci_image_config config;
} stand_ins[] = {
	{ "app:1", { .config = { .entrypoint = LIST("/bin/app"), .cmd = LIST("--from-image"), .env = LIST(PATH_VARIABLE),
				 .working_dir = "/work" } } },
	{ "labelled:1", { .config = { .entrypoint = LIST("/bin/app"), .env = LIST(PATH_VARIABLE),
				      .labels = { label, 1 } } } },
	{ "bad-label:1", { .config = { .entrypoint = LIST("/bin/app"), .labels = { bad_label, 1 } } } },
	{ "user:1", { .config = { .cmd = LIST("server"), .env = LIST(PATH_VARIABLE), .user = "app", .stop_signal = "SIGQUIT" } } },
	{ "user-group:1", { .config = { .cmd = LIST("server"), .user = "1234:staff" } } },
	{ "user-unknown:1", { .config = { .cmd = LIST("server"), .user = "nobody-here" } } },
	{ "group-unknown:1", { .config = { .cmd = LIST("server"), .user = "app:nogroup-here" } } },
	{ "healthy:1", { .config = { .cmd = LIST("/bin/app"), .healthcheck = &(struct oci_healthcheck){
		.test = LIST("CMD", "/bin/check", "-q"), .interval = 5000000000, .timeout = 1, .retries = 4 } } } },
	{ "healthy-shell:1", { .config = { .cmd = LIST("/bin/app"), .healthcheck = &(struct oci_healthcheck){
		.test = LIST("CMD-SHELL", "check || exit 1"), .start_period = 90000000000 } } } },
	{ "empty:1", { .config = { .env = LIST(PATH_VARIABLE) } } },
	{ "kernel:1", { 0 } },
	{ "kernel-bare:1", { 0 } },
};

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\napp:x:101:102::/:/bin/false\nbroken line\n";
static const char group[] = "root:x:0:\nstaff:x:50:other\napp:x:102:\naudio:x:63:other,app\nvideo:x:39:app\n";

static const char modules_dep[] =
	"kernel/drivers/md/dm-verity.ko.xz: kernel/drivers/md/dm-bufio.ko.xz kernel/drivers/md/dm-mod.ko.xz\n"
	"kernel/drivers/md/dm-bufio.ko.xz: kernel/drivers/md/dm-mod.ko.xz\n"
	"kernel/drivers/md/dm-mod.ko.xz:\n"
	"kernel/arch/x86/crypto/sha256-ssse3.ko.xz:\n"
	"kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio.ko.xz kernel/drivers/virtio/virtio_ring.ko.xz\n"
	"kernel/drivers/block/loop.ko.xz:\n"
	"kernel/drivers/block/zram/zram.ko.xz: kernel/mm/zsmalloc.ko.xz\n"
	"kernel/mm/zsmalloc.ko.xz:\n"
	"kernel/crypto/zstd.ko.xz:\n"
	"kernel/crypto/lzo-rle.ko.xz:\n"
	"kernel/fs/quota/quota_v2.ko.xz: kernel/fs/quota/quota_tree.ko.xz\n"
	"kernel/fs/quota/quota_tree.ko.xz:\n"
	"kernel/fs/fat/vfat.ko.xz: kernel/fs/fat/fat.ko.xz\n"
	"kernel/fs/fat/fat.ko.xz:\n"
	"kernel/fs/nls/nls_cp437.ko.xz:\n"
	"kernel/drivers/scsi/sd_mod.ko.xz:\n"
	"kernel/drivers/char/hw_random/virtio-rng.ko.xz: kernel/drivers/virtio/virtio.ko.xz kernel/drivers/virtio/virtio_ring.ko.xz\n"
	"kernel/drivers/net/bonding/bonding.ko.xz:\n"
	"kernel/drivers/net/veth.ko.xz:\n"
	"kernel/drivers/net/virtio_net.ko.xz: kernel/net/core/failover.ko.xz kernel/drivers/virtio/virtio.ko.xz kernel/drivers/virtio/virtio_ring.ko.xz\n"
	"kernel/drivers/net/wireguard/wireguard.ko.xz: kernel/net/ipv4/udp_tunnel.ko.xz\n"
	"kernel/drivers/virtio/virtio.ko.xz: kernel/drivers/virtio/virtio_ring.ko.xz\n"
	"kernel/drivers/virtio/virtio_ring.ko.xz:\n"
	"kernel/drivers/virtio/virtio_pci.ko.xz: kernel/drivers/virtio/virtio.ko.xz kernel/drivers/virtio/virtio_ring.ko.xz\n"
	"kernel/fs/overlayfs/overlay.ko.xz:\n"
	"kernel/fs/squashfs/squashfs.ko.xz:\n"
	"kernel/net/802/garp.ko.xz:\n"
	"kernel/net/8021q/8021q.ko.xz: kernel/net/802/garp.ko.xz\n"
	"kernel/net/core/failover.ko.xz:\n"
	"kernel/net/ipv4/udp_tunnel.ko.xz:\n";
static const char modules_alias[] = "# comment\nalias virtio:d00000001v* virtio_net\nalias devname:loop-control loop\nalias broken\n";
static const char modules_builtin[] = "kernel/net/packet/af_packet.ko\nkernel/net/ipv6/ipv6.ko\nkernel/fs/ext4/ext4.ko\n"
				      "kernel/net/bridge/bridge.ko\n";

/* ---------------------------------------------------------------- what is compared */

static const char *read_text(const char *path, struct arena *arena)
{
	autobuffer struct buffer text = { 0 };
	struct error err;

	if (access(path, F_OK) < 0)
		return NULL;
	if (file_read(AT_FDCWD, path, 1 << 20, &text, &err) < 0)
		fail_msg("%s", err.message);
	return arena_strdup(arena, buffer_string(&text));
}

static void compare(const char *path, const char *got, struct arena *arena)
{
	const char *expected = read_text(path, arena);
	struct error err;

	if (!expected)
		return;
	if (getenv("UPDATE")) {
		if (file_write_atomic(AT_FDCWD, path, got, strlen(got), 0644, &err) < 0)
			fail_msg("%s", err.message);
		return;
	}
	if (strcmp(got, expected) != 0)
		fail_msg("%s\nexpected:\n%s\ngot:\n%s", path, expected, got);
}

static void compare_configs(const char *directory, const struct compiled *compiled, struct arena *arena)
{
	for (size_t i = 0; i < compiled->plan.containers_count; i++) {
		const struct plan_container *planned = &compiled->plan.containers[i];
		struct oci_config config = compiled->containers[i].config;
		struct oci_seccomp seccomp;
		struct error err = { 0 };
		autobuffer struct buffer json = { 0 };

		if (config.linux_.seccomp) {
			seccomp = *config.linux_.seccomp;
			seccomp.syscalls_count = 0;
			config.linux_.seccomp = &seccomp;
		}
		if (oci_config_write(&config, &json, &err) < 0)
			fail_msg("%s: %s: %s", directory, planned->name, err.message);
		compare(arena_printf(arena, "%s/config-%s-%s.json", directory, plan_stage_names[planned->stage], planned->name),
			buffer_string(&json), arena);
	}
}

static void compare_modules(const char *directory, const struct compiled *compiled, struct arena *arena)
{
	autobuffer struct buffer text = { 0 };

	if (compiled->all_modules)
		buffer_add_string(&text, "keep all\n");
	for (size_t i = 0; i < compiled->keep_modules_count; i++)
		buffer_printf(&text, "keep %s\n", compiled->keep_modules[i]);
	for (size_t i = 0; i < compiled->boot_modules_count; i++)
		buffer_printf(&text, "boot %s\n", compiled->boot_modules[i]);
	compare(arena_printf(arena, "%s/modules", directory), buffer_string(&text), arena);
}

static void compare_all(const char *directory, const struct compiled *compiled, struct arena *arena)
{
	autobuffer struct buffer plan = { 0 };
	struct error err = { 0 };

	if (plan_write(&compiled->plan, &plan, &err) < 0)
		fail_msg("%s: plan: %s", directory, err.message);
	compare(arena_printf(arena, "%s/plan", directory), buffer_string(&plan), arena);
	compare(arena_printf(arena, "%s/cmdline", directory), arena_printf(arena, "%s\n", compiled->cmdline), arena);
	compare_configs(directory, compiled, arena);
	compare_modules(directory, compiled, arena);
}

/* ---------------------------------------------------------------- one case */

static void read_root(const char *directory, struct compile_input *input, struct arena *arena)
{
	const char *text = read_text(path_join(arena, directory, "root"), arena);

	input->root_type = text ? arena_strndup(arena, text, strcspn(text, " ")) : "initramfs";
	if (text) {
		text += strcspn(text, " ") + 1;
		input->root_source = arena_strndup(arena, text, strcspn(text, " \n"));
		text += strcspn(text, " \n");
		if (*text == ' ')
			input->machine = arena_strndup(arena, text + 1, strcspn(text + 1, "\n"));
	}
}

static int compile_case(const char *directory, struct arena *arena, struct compiled *compiled, struct error *err)
{
	struct compile_image *images = arena_array(arena, ARRAY_SIZE(stand_ins), sizeof(*images));
	struct manifest *manifest = arena_alloc(arena, sizeof(*manifest));
	struct compile_input input = { .manifest = manifest, .images = images, .images_count = ARRAY_SIZE(stand_ins) };
	const char *text = read_text(path_join(arena, directory, "input.yml"), arena);

	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(stand_ins); i++)
		images[i] = (struct compile_image){ stand_ins[i].reference, { .config = stand_ins[i].config } };
	read_root(directory, &input, arena);
	if (manifest_parse("input.yml", text, strlen(text), arena, manifest, err) < 0)
		return -1;
	if (manifest->kernel.image.value && strcmp(manifest->kernel.image.value, "kernel:1") == 0)
		input.kernel = (struct compile_kernel){ "6.1.0", modules_dep, modules_builtin, modules_alias, "" };
	if (compile(&input, arena, compiled, err) < 0)
		return -1;
	for (size_t i = 0; i < compiled->plan.containers_count; compile_own_credentials(compiled, i), i++)
		if (compile_resolve_user(&compiled->containers[i], passwd, group, arena, err) < 0)
			return -1;
	return 0;
}

static void run_case(const char *name)
{
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct compiled compiled = { .cmdline = "untouched" };
	const char *directory = path_join(&arena, cases, name);
	const char *error_path = path_join(&arena, directory, "error");
	bool fails = access(error_path, F_OK) == 0;
	int r = compile_case(directory, &arena, &compiled, &err);

	if (fails && r == 0)
		fail_msg("%s: succeeded", name);
	if (!fails && r < 0)
		fail_msg("%s: %s", name, err.message);
	if (fails)
		compare(error_path, arena_printf(&arena, "%s\n", err.message), &arena);
	else
		compare_all(directory, &compiled, &arena);
	arena_release(&arena);
}

static void each_case_compiles_to_what_is_written_beside_it(void **state)
{
	struct dirent **entries = NULL;
	int n = scandir(cases, &entries, NULL, alphasort);

	(void)state;
	assert_true(n >= 2 + 12);
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.')
			run_case(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	print_message("%d cases\n", n - 2);
}

/* The same input gives the same bytes, whatever was compiled before and wherever it lies in memory. */
static void compiling_twice_gives_the_same_plan(void **state)
{
	struct arena arenas[2] = { { 0 } };
	struct buffer plans[2] = { { 0 } };
	struct compiled compiled;
	struct error err = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		(void)arena_alloc(&arenas[i], (size_t)i * 1000 + 1);
		if (compile_case(path_join(&arenas[i], cases, "modules-listed"), &arenas[i], &compiled, &err) < 0)
			fail_msg("%s", err.message);
		assert_int_equal(plan_write(&compiled.plan, &plans[i], &err), 0);
	}
	assert_string_equal(plans[0].data, plans[1].data);
	for (int i = 0; i < 2; i++) {
		buffer_release(&plans[i]);
		arena_release(&arenas[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_compiles_to_what_is_written_beside_it),
		cmocka_unit_test(compiling_twice_gives_the_same_plan),
	};
	struct arena arena = { 0 };
	int r;

	cases = path_join(&arena, getenv("TOP") ? getenv("TOP") : ".", "tests/data/compile");
	r = cmocka_run_group_tests(tests, NULL, NULL);
	arena_release(&arena);
	return r;
}
