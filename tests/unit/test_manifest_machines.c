/* SPDX-License-Identifier: Apache-2.0 */
/* `machines:` as several manifests. What is refused is in tests/data/manifests/machines. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "tools/mkimage/manifest/machines.h"

static char directory[] = "/tmp/slipway-test-XXXXXX";
static struct arena arena;
static struct error err;
static struct manifest_machines machines;

static int enter(void **state)
{
	(void)state;
	return mkdtemp(directory) && chdir(directory) == 0 && mkdir("below", 0700) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	return chdir("/") == 0 ? file_remove_tree(AT_FDCWD, directory, &err) : -1;
}

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void write_file(const char *path, const char *text)
{
	assert_int_equal(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600, &err), 0);
}

static void read_machines(const char *text)
{
	write_file("cluster.yml", text);
	if (manifest_machines_read("cluster.yml", &arena, &machines, &err) < 0)
		fail_msg("%s", err.message);
}

static const struct manifest *at(size_t index)
{
	assert_true(index < machines.count);
	return &machines.items[index].manifest;
}

static void what_stands_beside_the_list_is_said_of_each(void **state)
{
	(void)state;
	read_machines("kernel: {image: common}\n"
		      "on_failure: reboot\n"
		      "services: [{name: all, image: app}]\n"
		      "machines:\n"
		      "  - name: db\n"
		      "  - {name: web, kernel: {image: own}, services: [{name: a, image: a}, {name: b, image: b}]}\n");
	assert_int_equal(machines.count, 2);
	assert_string_equal(at(0)->kernel.image.value, "common");
	assert_string_equal(at(0)->services.items[0].name.value, "all");
	assert_string_equal(at(1)->kernel.image.value, "own");
	assert_int_equal(at(1)->services.count, 2);
	assert_string_equal(at(1)->on_failure.value, "reboot");
	assert_string_equal(machines.items[1].path, "cluster.yml");
	assert_string_equal(at(1)->path, "cluster.yml");
}

static void each_has_a_place_on_the_network(void **state)
{
	const struct manifest_link *link;

	(void)state;
	read_machines("machines:\n"
		      "  - name: db\n"
		      "  - {name: web, network: {interfaces: [{name: eth0, dhcp: ipv4}]}}\n");
	assert_int_equal(at(0)->network.links_count, 1);
	assert_int_equal(at(1)->network.links_count, 2);
	link = &at(1)->network.links[1];
	assert_string_equal(link->name.value, "lan0");
	assert_string_equal(link->match.mac.value, "52:54:00:c8:00:02");
	assert_string_equal(link->addresses.items[0].value, "10.200.0.2/24");
	assert_string_equal(at(1)->lan.mac, "52:54:00:c8:00:02");
	assert_string_equal(at(0)->lan.machine, "db");
	assert_string_equal(at(0)->hostname.value, "db");
	assert_string_equal(at(0)->files[0].path.value, "etc/hosts");
	assert_string_equal(at(0)->files[0].contents.value,
			    "127.0.0.1\tlocalhost\n::1\tlocalhost\n10.200.0.1\tdb\n10.200.0.2\tweb\n");
}

static void names_of_the_machine_itself_are_kept(void **state)
{
	(void)state;
	read_machines("machines:\n"
		      "  - {name: a, hostname: other}\n"
		      "  - {name: b, network: {hostname: other}}\n"
		      "  - {name: c, files: [{path: /etc/hostname, contents: other}, {path: etc/hosts, contents: own}]}\n");
	assert_string_equal(at(0)->hostname.value, "other");
	assert_null(at(1)->hostname.value);
	assert_null(at(2)->hostname.value);
	/* What comes later is what counts. */
	assert_string_equal(at(2)->files[2].contents.value, "own");
}

static void replicas_have_numbers(void **state)
{
	(void)state;
	read_machines("machines:\n"
		      "  - {name: node, replicas: 3, memory: 64M, cpus: 2, services: [{name: a, image: ./web}]}\n"
		      "  - {name: last, critical: false}\n");
	assert_int_equal(machines.count, 4);
	assert_string_equal(machines.items[2].name, "node3");
	assert_string_equal(at(2)->hostname.value, "node3");
	assert_string_equal(at(3)->network.links[0].addresses.items[0].value, "10.200.0.4/24");
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(machines.items[i].memory, 64);
		assert_int_equal(machines.items[i].cpus, 2);
		assert_true(machines.items[i].critical);
		assert_string_equal(at(i)->services.items[0].build.context.value, "./web");
	}
	/* What one is made into is not seen by another. */
	assert_ptr_not_equal(at(0)->services.items, at(1)->services.items);
	assert_int_equal(machines.items[3].memory, 0);
	assert_false(machines.items[3].critical);
}

static void another_manifest_is_taken_as_it_is(void **state)
{
	(void)state;
	write_file("below/other.yml", "kernel: {image: other}\n"
				      "services: [{name: a, image: a}, {name: b, image: b}]\n"
				      "test: {service: a}\n");
	read_machines("kernel: {image: common}\n"
		      "machines:\n"
		      "  - {name: db, manifest: below/other.yml, replicas: 2}\n"
		      "  - {name: web, manifest: below/other.yml, test: {service: b}}\n"
		      "  - name: own\n");
	assert_int_equal(machines.count, 4);
	assert_string_equal(machines.items[0].path, "below/other.yml");
	assert_string_equal(at(0)->path, "below/other.yml");
	assert_string_equal(at(0)->kernel.image.value, "other");
	assert_string_equal(at(1)->test.service.value, "a");
	assert_string_equal(at(2)->test.service.value, "b");
	assert_string_equal(at(1)->hostname.value, "db2");
	assert_string_equal(at(3)->kernel.image.value, "common");
}

static void a_manifest_of_one_machine_has_none(void **state)
{
	struct manifest manifest = { 0 };

	(void)state;
	read_machines("kernel: {image: kernel}\n");
	assert_int_equal(machines.count, 0);
	assert_int_equal(manifest_read("cluster.yml", &arena, &manifest, &err), 0);
	assert_null(manifest.lan.machine);
	assert_int_equal(manifest.network.links_count, 0);
}

/* Each replica is a manifest in memory. */
static void manifests_are_bounded_together(void **state)
{
	autobuffer struct buffer text = { 0 };

	(void)state;
	buffer_add_string(&text, "machines: [{name: node, replicas: 64}]\nkernel: {image: k}\nsysctl:\n");
	for (unsigned int i = 0; i < 4000; i++)
		buffer_printf(&text, "  a.%u: b\n", i);
	assert_int_equal(manifest_machines_parse("f", text.data, text.length, &arena, &machines, &err), -1);
	assert_string_equal(err.message, "f:1:12: machines[0]: all machines together have more than 400000 keys and values; remove some");
}

static void one_is_found_by_its_name(void **state)
{
	struct manifest manifest = { 0 };

	(void)state;
	write_file("cluster.yml", "machines: [{name: db}, {name: node, replicas: 2}]\n");
	assert_int_equal(manifest_machine_read("cluster.yml", "node2", &arena, &manifest, &err), 0);
	assert_string_equal(manifest.lan.address, "10.200.0.3/24");
	assert_int_equal(manifest_machine_read("cluster.yml", "node", &arena, &manifest, &err), -1);
	assert_string_equal(err.message, "cluster.yml: there is no machine 'node'; there is 'db', 'node1', 'node2'");
	assert_int_equal(manifest_read("cluster.yml", &arena, &manifest, &err), -1);
	assert_non_null(strstr(err.message, "cluster.yml:1:11: machines: these are several"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_stands_beside_the_list_is_said_of_each, release),
		cmocka_unit_test_teardown(each_has_a_place_on_the_network, release),
		cmocka_unit_test_teardown(names_of_the_machine_itself_are_kept, release),
		cmocka_unit_test_teardown(replicas_have_numbers, release),
		cmocka_unit_test_teardown(another_manifest_is_taken_as_it_is, release),
		cmocka_unit_test_teardown(a_manifest_of_one_machine_has_none, release),
		cmocka_unit_test_teardown(manifests_are_bounded_together, release),
		cmocka_unit_test_teardown(one_is_found_by_its_name, release),
	};

	return cmocka_run_group_tests_name("machines", tests, enter, leave);
}
