/* SPDX-License-Identifier: Apache-2.0 */
/* Every key finds its member. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "tools/mkimage/manifest/schema.h"

static struct arena arena;
static struct error err;
static struct manifest m;

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void parse(const char *text)
{
	if (manifest_parse("f", text, strlen(text), &arena, &m, &err) < 0)
		fail_msg("%s", err.message);
}

#define assert_strings(strings, ...)                                                                         \
	assert_strings_((strings), (const char *const[]){ __VA_ARGS__ },                                     \
			sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static void assert_strings_(const struct manifest_strings *strings, const char *const *expected, size_t count)
{
	assert_true(strings->set);
	assert_int_equal(strings->count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(strings->items[i].value, expected[i]);
}

static void assert_pair(const struct manifest_pairs *pairs, size_t i, const char *key, const char *value)
{
	assert_true(pairs->set && i < pairs->count);
	assert_string_equal(pairs->items[i].key, key);
	assert_string_equal(pairs->items[i].value, value);
}

static void assert_int(const struct manifest_int *number, int64_t value)
{
	assert_true(number->set && number->at.line > 0);
	assert_int_equal(number->value, value);
}

static void the_sections_of_the_machine_are_read(void **state)
{
	(void)state;
	parse("kernel:\n"
	      "  image: linuxkit/kernel:6.12.59\n"
	      "  cmdline: console=ttyS0\n"
	      "  binary: bzImage\n"
	      "  tar: none\n"
	      "  ucode: ''\n"
	      "  modules: [virtio_net]\n"
	      "init: [linuxkit/init, linuxkit/runc]\n"
	      "volumes:\n"
	      "  - name: data\n"
	      "    image: alpine\n"
	      "    readonly: true\n"
	      "    format: oci\n"
	      "    platforms: [linux/amd64, linux/arm64/v8]\n"
	      "hostname: web-1\n"
	      "on_failure: reboot\n"
	      "sysctl:\n"
	      "  net.ipv4.ip_forward: 1\n"
	      "  kernel.core_pattern: core\n");
	assert_int_equal(m.kernel.at.line, 2);
	assert_string_equal(m.kernel.image.value, "linuxkit/kernel:6.12.59");
	assert_string_equal(m.kernel.cmdline.value, "console=ttyS0");
	assert_string_equal(m.kernel.binary.value, "bzImage");
	assert_string_equal(m.kernel.tar.value, "none");
	assert_string_equal(m.kernel.ucode.value, "");
	assert_strings(&m.kernel.modules, "virtio_net");
	assert_strings(&m.init, "linuxkit/init", "linuxkit/runc");
	assert_int_equal(m.init.items[1].at.column, 23);
	assert_int_equal(m.volumes_count, 1);
	assert_string_equal(m.volumes[0].name.value, "data");
	assert_string_equal(m.volumes[0].image.value, "alpine");
	assert_true(m.volumes[0].readonly.set && m.volumes[0].readonly.value);
	assert_string_equal(m.volumes[0].format.value, "oci");
	assert_strings(&m.volumes[0].platforms, "linux/amd64", "linux/arm64/v8");
	assert_string_equal(m.hostname.value, "web-1");
	assert_string_equal(m.on_failure.value, "reboot");
	assert_pair(&m.sysctl, 0, "net.ipv4.ip_forward", "1");
	assert_pair(&m.sysctl, 1, "kernel.core_pattern", "core");
}

static void what_is_not_there_is_told_from_what_is_empty(void **state)
{
	(void)state;
	parse("services:\n  - name: a\n    image: i\n    capabilities: []\n    mounts: []\n    readonly: "
	      "false\n");
	assert_int_equal(m.kernel.at.line, 0);
	assert_true(m.services.items[0].capabilities.set && m.services.items[0].capabilities.count == 0);
	assert_false(m.services.items[0].binds.set);
	assert_true(m.services.items[0].mounts_set);
	assert_false(m.services.items[0].devices_set);
	assert_true(m.services.items[0].readonly.set && !m.services.items[0].readonly.value);
	assert_false(m.services.items[0].no_new_privileges.set);
	assert_null(m.services.items[0].cwd.value);
	assert_false(m.services.items[0].resources.set);
	parse("{}");
	assert_int_equal(m.services.count, 0);
}

static void the_lists_and_words_of_a_container_are_read(void **state)
{
	const struct manifest_container *c;

	(void)state;
	parse("onboot:\n"
	      "  - name: web\n"
	      "    image: nginx@sha256:abc\n"
	      "    capabilities: [CAP_CHOWN, CAP_NET_ADMIN]\n"
	      "    capabilities.add: [all]\n"
	      "    ambient: [None]\n"
	      "    binds: ['/a:/b', '/c:/d:ro,nosuid']\n"
	      "    binds.add: ['/e:/f']\n"
	      "    tmpfs: ['/tmp', '/run:size=10M,mode=755']\n"
	      "    command: [sleep, 10]\n"
	      "    env: [A=, B=c=d]\n"
	      "    cwd: /srv\n"
	      "    net: /run/netns/a\n"
	      "    pid: host\n"
	      "    ipc: new\n"
	      "    uts: root\n"
	      "    userns: new\n"
	      "    cgroupns: host\n"
	      "    hostname: my_box.example\n"
	      "    rootfsPropagation: rshared\n"
	      "    cgroupsPath: /podruntime/web\n"
	      "    readonly: true\n"
	      "    noNewPrivileges: true\n"
	      "    maskedPaths: [/proc/kcore]\n"
	      "    readonlyPaths: [/proc/sys]\n"
	      "    rlimits: ['nofile,100,unlimited', 'RLIMIT_CPU, 1, 18446744073709551615']\n"
	      "    oomScoreAdj: -1000\n"
	      "    sysctl: {net.core.somaxconn: 1024}\n"
	      "    annotations: {'com.example/a b': x}\n"
	      "    on_exit: poweroff\n"
	      "    on_failure: continue\n"
	      "    stop_signal: SIGRTMIN+3\n"
	      "    stop_timeout: 500ms\n"
	      "    seccomp: unconfined\n");
	c = &m.onboot.items[0];
	assert_string_equal(c->name.value, "web");
	assert_int_equal(c->at.line, 2);
	assert_int_equal(c->at.column, 5);
	assert_string_equal(c->image.value, "nginx@sha256:abc");
	assert_strings(&c->capabilities, "CAP_CHOWN", "CAP_NET_ADMIN");
	assert_strings(&c->capabilities_add, "all");
	assert_strings(&c->ambient, "None");
	assert_strings(&c->binds, "/a:/b", "/c:/d:ro,nosuid");
	assert_strings(&c->binds_add, "/e:/f");
	assert_strings(&c->tmpfs, "/tmp", "/run:size=10M,mode=755");
	assert_strings(&c->command, "sleep", "10");
	assert_strings(&c->env, "A=", "B=c=d");
	assert_string_equal(c->cwd.value, "/srv");
	assert_string_equal(c->net.value, "/run/netns/a");
	assert_string_equal(c->pid.value, "host");
	assert_string_equal(c->ipc.value, "new");
	assert_string_equal(c->uts.value, "root");
	assert_string_equal(c->userns.value, "new");
	assert_string_equal(c->cgroupns.value, "host");
	assert_string_equal(c->hostname.value, "my_box.example");
	assert_string_equal(c->rootfs_propagation.value, "rshared");
	assert_string_equal(c->cgroups_path.value, "/podruntime/web");
	assert_true(c->readonly.value && c->no_new_privileges.value);
	assert_strings(&c->masked_paths, "/proc/kcore");
	assert_strings(&c->readonly_paths, "/proc/sys");
	assert_strings(&c->rlimits, "nofile,100,unlimited", "RLIMIT_CPU, 1, 18446744073709551615");
	assert_int(&c->oom_score_adj, -1000);
	assert_pair(&c->sysctl, 0, "net.core.somaxconn", "1024");
	assert_pair(&c->annotations, 0, "com.example/a b", "x");
	assert_string_equal(c->on_exit.value, "poweroff");
	assert_string_equal(c->on_failure.value, "continue");
	assert_string_equal(c->stop_signal.value, "SIGRTMIN+3");
	assert_string_equal(c->stop_timeout.value, "500ms");
	assert_string_equal(c->seccomp.value, "unconfined");
}

static void the_mappings_of_a_container_are_read(void **state)
{
	const struct manifest_container *c;

	(void)state;
	parse("services:\n"
	      "  - name: web\n"
	      "    image: nginx\n"
	      "    mounts:\n"
	      "      - {type: bind, source: /src, destination: /dst, options: [bind, ro]}\n"
	      "      - {source: mqueue}\n"
	      "    devices:\n"
	      "      - {path: all, type: b}\n"
	      "      - {path: /dev/fuse, type: c, major: 10, minor: 229, mode: 0666}\n"
	      "    uidMappings: [{containerID: 0, hostID: 100000, size: 65536}]\n"
	      "    gidMappings: [{containerID: 1, hostID: 2, size: 3}]\n"
	      "    runtime:\n"
	      "      cgroups: [podruntime]\n"
	      "      mkdir: [/var/lib/web]\n"
	      "      mounts: [{type: overlay, source: overlay, destination: etc, options: [rw]}]\n"
	      "      interfaces: [{name: wg0, add: wireguard, peer: wg1, createInRoot: true}, {name: eth1}]\n"
	      "      bindNS: {net: /run/netns/web, mnt: /run/mnt}\n"
	      "      noRestart: true\n");
	c = &m.services.items[0];
	assert_int_equal(c->mounts_count, 2);
	assert_string_equal(c->mounts[0].type, "bind");
	assert_string_equal(c->mounts[0].source, "/src");
	assert_string_equal(c->mounts[0].destination, "/dst");
	assert_strings(&c->mounts[0].options, "bind", "ro");
	assert_null(c->mounts[1].type);
	assert_int_equal(c->mounts[1].at.line, 6);
	assert_int_equal(c->devices_count, 2);
	assert_string_equal(c->devices[0].path, "all");
	assert_false(c->devices[0].major.set);
	assert_string_equal(c->devices[1].type, "c");
	assert_int(&c->devices[1].major, 10);
	assert_int(&c->devices[1].minor, 229);
	assert_string_equal(c->devices[1].mode, "0666");
	assert_true(c->uid_mappings.set && c->gid_mappings.set);
	assert_int(&c->uid_mappings.items[0].host_id, 100000);
	assert_int(&c->uid_mappings.items[0].size, 65536);
	assert_int(&c->gid_mappings.items[0].container_id, 1);
	assert_strings(&c->runtime.cgroups, "podruntime");
	assert_strings(&c->runtime.mkdir, "/var/lib/web");
	assert_true(c->runtime.mounts_set && c->runtime.interfaces_set);
	assert_string_equal(c->runtime.mounts[0].destination, "etc");
	assert_int_equal(c->runtime.interfaces_count, 2);
	assert_string_equal(c->runtime.interfaces[0].add, "wireguard");
	assert_string_equal(c->runtime.interfaces[0].peer, "wg1");
	assert_true(c->runtime.interfaces[0].create_in_root);
	assert_null(c->runtime.interfaces[1].add);
	assert_pair(&c->runtime.bind_ns, 0, "net", "/run/netns/web");
	assert_pair(&c->runtime.bind_ns, 1, "mnt", "/run/mnt");
	assert_true(c->runtime.no_restart.value);
}

static void resources_are_read(void **state)
{
	const struct manifest_resources *r;

	(void)state;
	parse("services:\n"
	      "  - name: web\n"
	      "    image: nginx\n"
	      "    resources:\n"
	      "      devices: [{allow: true, type: c, major: 10, minor: -1, access: rw}]\n"
	      "      memory: {limit: 67108864, reservation: 1, swap: -1}\n"
	      "      cpu: {shares: 512, quota: 50000, period: 100000, cpus: '0-3', mems: 0}\n"
	      "      pids: {limit: 64}\n"
	      "      blockio:\n"
	      "        weight: 100\n"
	      "        weightDevice: [{major: 8, minor: 0, weight: 500}]\n"
	      "        throttleReadBpsDevice: [{major: 8, minor: 0, rate: 1}]\n"
	      "        throttleWriteBpsDevice: [{major: 8, minor: 0, rate: 2}]\n"
	      "        throttleReadIOPSDevice: [{major: 8, minor: 0, rate: 3}]\n"
	      "        throttleWriteIOPSDevice: [{major: 8, minor: 0, rate: 0x4}]\n"
	      "      hugepageLimits: [{pageSize: 2MB, limit: 9}]\n");
	r = &m.services.items[0].resources;
	assert_true(r->set);
	assert_true(r->devices[0].allow.value);
	assert_int(&r->devices[0].minor, -1);
	assert_string_equal(r->devices[0].access, "rw");
	assert_int(&r->memory_limit, 67108864);
	assert_int(&r->memory_reservation, 1);
	assert_int(&r->memory_swap, -1);
	assert_int(&r->cpu_shares, 512);
	assert_int(&r->cpu_quota, 50000);
	assert_int(&r->cpu_period, 100000);
	assert_string_equal(r->cpuset_cpus.value, "0-3");
	assert_string_equal(r->cpuset_mems.value, "0");
	assert_int(&r->pids_limit, 64);
	assert_int(&r->block_io_weight, 100);
	assert_int(&r->weight_devices[0].weight, 500);
	assert_int(&r->read_bps[0].rate, 1);
	assert_int(&r->write_bps[0].rate, 2);
	assert_int(&r->read_iops[0].rate, 3);
	assert_int(&r->write_iops[0].rate, 4);
	assert_int_equal(r->write_iops_count, 1);
	assert_string_equal(r->hugepage_limits[0].page_size, "2MB");
	assert_int(&r->hugepage_limits[0].limit, 9);
}

static void files_are_read(void **state)
{
	(void)state;
	parse("services: [{name: redis, image: redis, uid: redis, gid: 0, additionalGids: [5, redis]}]\n"
	      "files:\n"
	      "  - {path: etc/motd, contents: '', mode: 0644, uid: 1000, gid: redis}\n"
	      "  - {path: /var/lib/x/, directory: true, mode: '01777'}\n"
	      "  - {path: etc/localtime, symlink: /usr/share/zoneinfo/UTC}\n"
	      "  - {path: root/.ssh/authorized_keys, source: ~/.ssh/id_rsa.pub, optional: true}\n"
	      "  - {path: etc/config, metadata: yaml}\n");
	assert_string_equal(m.services.items[0].uid.name, "redis");
	assert_true(m.services.items[0].gid.set && m.services.items[0].gid.is_number);
	assert_strings(&m.services.items[0].additional_gids, "5", "redis");
	assert_int_equal(m.files_count, 5);
	assert_string_equal(m.files[0].contents.value, "");
	assert_string_equal(m.files[0].mode.value, "0644");
	assert_true(m.files[0].uid.is_number);
	assert_int_equal(m.files[0].uid.number, 1000);
	assert_string_equal(m.files[0].gid.name, "redis");
	assert_true(m.files[1].directory.value);
	assert_string_equal(m.files[2].symlink.value, "/usr/share/zoneinfo/UTC");
	assert_string_equal(m.files[3].source.value, "~/.ssh/id_rsa.pub");
	assert_true(m.files[3].optional.value);
	assert_string_equal(m.files[4].metadata.value, "yaml");
	assert_non_null(strstr(m.text, "metadata: yaml"));
}

static void onboot_names_may_repeat(void **state)
{
	(void)state;
	parse("onboot: [{name: mount, image: a}, {name: mount, image: b}]\nservices: [{name: mount, image: "
	      "c}]\n");
	assert_int_equal(m.onboot.count, 2);
}

static void anchors_serve_containers(void **state)
{
	(void)state;
	parse("services:\n"
	      "  - &base\n"
	      "    name: a\n"
	      "    image: i\n"
	      "    binds: &binds ['/a:/b']\n"
	      "  - <<: *base\n"
	      "    name: b\n"
	      "  - {name: c, image: j, binds: *binds}\n");
	assert_int_equal(m.services.count, 3);
	assert_string_equal(m.services.items[1].name.value, "b");
	assert_string_equal(m.services.items[1].image.value, "i");
	assert_strings(&m.services.items[2].binds, "/a:/b");
}

static void durations_have_units(void **state)
{
	static const struct {
		const char *text;
		long milliseconds; /* -1: refused */
	} cases[] = {
		{ "10s", 10000 },     { "500ms", 500 },   { "0s", 0 },   { "2m", 120000 },
		{ "1h", 3600000 },    { "60m", 3600000 }, { "61m", -1 }, { "10", -1 },
		{ "s", -1 },          { "", -1 },         { "-1s", -1 }, { "1.5s", -1 },
		{ "1 s", -1 },        { "1S", -1 },       { "1s ", -1 }, { "9999999999ms", -1 },
		{ "999999999h", -1 },
	};
	unsigned int ms;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ms = 77;
		assert_int_equal(manifest_duration(cases[i].text, &ms), cases[i].milliseconds >= 0);
		assert_int_equal(ms, cases[i].milliseconds >= 0 ? cases[i].milliseconds : 77);
	}
}

static int quiet(void **state)
{
	(void)state;
	/* The notes about keys without effect are for people. */
	log_open("test", 2, LOG_LEVEL_ERROR, false);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_sections_of_the_machine_are_read, release),
		cmocka_unit_test_teardown(what_is_not_there_is_told_from_what_is_empty, release),
		cmocka_unit_test_teardown(the_lists_and_words_of_a_container_are_read, release),
		cmocka_unit_test_teardown(the_mappings_of_a_container_are_read, release),
		cmocka_unit_test_teardown(resources_are_read, release),
		cmocka_unit_test_teardown(files_are_read, release),
		cmocka_unit_test_teardown(onboot_names_may_repeat, release),
		cmocka_unit_test_teardown(anchors_serve_containers, release),
		cmocka_unit_test_teardown(durations_have_units, release),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
