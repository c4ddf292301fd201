/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/slipway/qemu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "tools/slipway/guest_status.h"

#define assert_ok(call)                                                                                      \
	do {                                                                                                 \
		if ((call) != 0)                                                                             \
			fail_msg("%s: %s", #call, err.message);                                              \
	} while (0)

/* --- ports --- */

static void ports_become_rules(void **state)
{
	static const char *const cases[][2] = {
		{ "8080:80", "tcp:127.0.0.1:8080-10.0.2.15:80" },
		{ "8080:80/tcp", "tcp:127.0.0.1:8080-10.0.2.15:80" },
		{ "5353:53/udp", "udp:127.0.0.1:5353-10.0.2.15:53" },
		{ "0.0.0.0:65535:1", "tcp:0.0.0.0:65535-10.0.2.15:1" },
	};
	struct arena arena = { 0 };
	struct qemu_port port;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_ok(qemu_port_parse(cases[i][0], &arena, &port, &err));
		assert_string_equal(qemu_port_rule(&port, &arena), cases[i][1]);
	}
	arena_release(&arena);
}

/* None may reach QEMU, where a comma would begin another option. */
static void bad_ports_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		":",
		"80",
		"80:",
		":80",
		"0:80",
		"80:65536",
		"80:8x",
		" 80:80",
		"+80:80",
		"-1:80",
		"80:80/sctp",
		"80:80/",
		"host:80:80",
		"::1:80:80",
		"1.2.3.4:5:6:7",
		":80:80",
		"80:80,hostfwd=tcp::1-:1",
		"127.0.0.1,x:80:80",
		"99999999999999999999:80",
	};
	struct arena arena = { 0 };
	struct qemu_port port;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (qemu_port_parse(cases[i], &arena, &port, &err) == 0)
			fail_msg("'%s' was taken", cases[i]);
		assert_memory_equal(err.message, "--publish '", 11);
		assert_non_null(strstr(err.message, "expected '[ADDRESS:]HOST:GUEST[/udp]'"));
	}
	arena_release(&arena);
}

static void a_port_in_use_is_told(void **state)
{
	autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	struct qemu_port port = { .text = "x", .protocol = "tcp", .address = "127.0.0.1" };
	struct error err;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	port.host = ntohs(address.sin_port);
	assert_int_equal(qemu_port_check(&port, &err), -1);
	assert_non_null(strstr(err.message, "Address already in use"));
	fd_replace(&fd, -1);
	assert_ok(qemu_port_check(&port, &err));
}

/* --- disks --- */

static void disks_are_parsed(void **state)
{
	static const struct {
		const char *text, *path, *format;
		uint64_t size;
	} cases[] = {
		{ "a.img", "a.img", NULL, 0 },
		{ "a.img,size=1", "a.img", NULL, 1 },
		{ "/x y/a:b,size=3K", "/x y/a:b", NULL, 3 << 10 },
		{ "a,size=64T,format=qcow2", "a", "qcow2", 64ull << 40 },
		{ "a,format=raw,size=2G", "a", "raw", 2ull << 30 },
	};
	struct arena arena = { 0 };
	struct qemu_disk disk;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_ok(qemu_disk_parse(cases[i].text, &arena, &disk, &err));
		assert_string_equal(disk.path, cases[i].path);
		assert_int_equal(disk.size, cases[i].size);
		assert_int_equal(!disk.format, !cases[i].format);
		if (disk.format)
			assert_string_equal(disk.format, cases[i].format);
		assert_false(disk.readonly);
	}
	arena_release(&arena);
}

static void bad_disks_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		",size=1G",
		"a,",
		"a,size=",
		"a,size=0",
		"a,size=-1",
		"a,size=1Q",
		"a,size=1GG",
		"a,size=65T",
		"a,size=99999999999999999999",
		"a,size=18014398509481985K",
		"a,format=vmdk",
		"a,readonly=on",
	};
	struct arena arena = { 0 };
	struct qemu_disk disk;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (qemu_disk_parse(cases[i], &arena, &disk, &err) == 0)
			fail_msg("'%s' was taken", cases[i]);
		assert_memory_equal(err.message, "--disk '", 8);
	}
	arena_release(&arena);
}

static void a_disk_is_made_sparse_once_and_never_changed(void **state)
{
	char directory[] = "/tmp/slipway-test-XXXXXX", path[64];
	struct qemu_disk disk = { .path = path, .size = 1ull << 30 };
	struct error err;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/disk", directory);
	assert_ok(qemu_disk_prepare(&disk, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 1ull << 30);
	assert_true(st.st_blocks < 100);
	disk.size = 5;
	assert_ok(qemu_disk_prepare(&disk, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 1ull << 30);
	assert_ok(file_remove_tree(AT_FDCWD, directory, &err));
}

static void a_disk_that_cannot_be_is_told(void **state)
{
	char directory[] = "/tmp/slipway-test-XXXXXX", path[64];
	struct qemu_disk disk = { .path = path };
	struct error err;

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/disk", directory);
	assert_int_equal(qemu_disk_prepare(&disk, &err), -1);
	assert_non_null(strstr(err.message, "is not there; add ',size=1G' to create it"));
	/* Raw by default would overwrite it. */
	assert_ok(file_write_atomic(AT_FDCWD, path, "QFI\xfb and more", 12, 0600, &err));
	assert_int_equal(qemu_disk_prepare(&disk, &err), -1);
	assert_non_null(strstr(err.message, "looks like qcow2"));
	disk.format = "raw";
	assert_ok(qemu_disk_prepare(&disk, &err));
	disk = (struct qemu_disk){ .path = directory };
	assert_int_equal(qemu_disk_prepare(&disk, &err), -1);
	assert_non_null(strstr(err.message, "neither a file nor a block device"));
	assert_ok(file_remove_tree(AT_FDCWD, directory, &err));
}

/* --- the command line --- */

static bool has_pair(char *const *argv, const char *option, const char *value)
{
	for (; argv[0] && argv[1]; argv++)
		if (strcmp(argv[0], option) == 0 && strcmp(argv[1], value) == 0)
			return true;
	return false;
}

static void disks_keep_their_order_and_names_are_escaped(void **state)
{
	const struct qemu_disk disks[] = {
		{ .path = "app-squashfs.img", .format = "raw", .readonly = true },
		{ .path = "a,b.qcow2", .format = "qcow2" },
		{ .path = "nbd:x" },
	};
	struct error err;
	struct qemu_vm vm = { .machine = qemu_machine_find("q35", &err),
			      .program = "qemu",
			      .memory = 96,
			      .cpus = 2,
			      .kernel = "k",
			      .cmdline = "quiet",
			      .disks = disks,
			      .disks_count = 3,
			      .status = { QEMU_LINE_SOCKET, 7 },
			      .log = "c,d" };
	struct arena arena = { 0 };
	char **argv = qemu_command(&vm, &arena);

	(void)state;
	assert_string_equal(argv[0], "qemu");
	assert_true(has_pair(argv, "-m", "96"));
	assert_true(has_pair(argv, "-smp", "2"));
	assert_true(has_pair(argv, "-append", "quiet"));
	assert_true(has_pair(argv, "-blockdev",
			     "driver=raw,node-name=disk0,read-only=on,discard=unmap,"
			     "file.driver=file,file.filename=app-squashfs.img"));
	assert_true(has_pair(argv, "-blockdev",
			     "driver=qcow2,node-name=disk1,read-only=off,discard=unmap,"
			     "file.driver=file,file.filename=a,,b.qcow2"));
	assert_true(has_pair(argv, "-blockdev",
			     "driver=raw,node-name=disk2,read-only=off,discard=unmap,"
			     "file.driver=file,file.filename=nbd:x"));
	assert_true(has_pair(argv, "-device", "virtio-blk-pci,drive=disk2"));
	assert_true(has_pair(argv, "-chardev", "socket,id=status,fd=7"));
	assert_true(
		has_pair(argv, "-chardev", "stdio,id=console,mux=on,signal=on,logappend=off,logfile=c,,d"));
	/* No network was asked for, and -nodefaults adds none. */
	assert_true(has_pair(argv, "-nodefaults", "-no-user-config"));
	for (char **word = argv; *word; word++)
		assert_null(strstr(*word, "netdev"));
	arena_release(&arena);
}

static void a_machine_of_several_has_a_second_card(void **state)
{
	struct error err;
	struct qemu_vm vm = { .machine = qemu_machine_find("q35", &err), .program = "qemu", .memory = 32, .cpus = 1,
			      .kernel = "k", .cmdline = "quiet", .network = true, .lan = { .mac = "52:54:00:c8:00:01", .fd = 9 } };
	struct arena arena = { 0 };
	char **argv = qemu_command(&vm, &arena);

	(void)state;
	assert_true(has_pair(argv, "-netdev", "user,id=net"));
	assert_true(has_pair(argv, "-netdev", "dgram,id=lan,local.type=fd,local.str=9"));
	assert_true(has_pair(argv, "-device", "virtio-net-pci,netdev=lan,mac=52:54:00:c8:00:01,romfile="));
	vm.lan.group = "239.1.2.3:4";
	assert_true(has_pair(qemu_command(&vm, &arena), "-netdev", "socket,id=lan,mcast=239.1.2.3:4,localaddr=127.0.0.1"));
	arena_release(&arena);
}

static void a_microvm_is_told_what_it_has(void **state)
{
	struct error err;
	const struct qemu_credential credential = { .name = "token", .value = "x" };
	struct qemu_vm vm = { .machine = qemu_machine_find("microvm", &err), .program = "qemu", .memory = 32, .cpus = 1,
			      .kernel = "k", .cmdline = "quiet", .network = true };
	struct arena arena = { 0 };
	char **argv = qemu_command(&vm, &arena);

	(void)state;
	assert_true(has_pair(argv, "-append", "quiet reboot=t nolapic_timer lpj=10000000"));
	assert_true(has_pair(argv, "-machine", "microvm,acpi=off,x-option-roms=off"));
	assert_true(has_pair(argv, "-device", "virtio-net-device,netdev=net"));
	assert_true(has_pair(argv, "-device", "virtio-serial-device,max_ports=4"));
	vm.cpus = 2;
	vm.credentials = &credential;
	vm.credentials_count = 1;
	assert_true(has_pair(qemu_command(&vm, &arena), "-append", "quiet reboot=t qemu_fw_cfg.ioport=12@0x510:0:1:4"));
	vm.kvm = true;
	vm.cpus = 1;
	vm.credentials_count = 0;
	assert_true(has_pair(qemu_command(&vm, &arena), "-append", "quiet reboot=t"));
	arena_release(&arena);
}

static void a_machine_of_arm_is_virt(void **state)
{
	struct error err;
	struct qemu_vm vm = { .machine = qemu_machine_find("virt", &err), .program = "qemu", .memory = 512, .cpus = 2,
			      .kernel = "k", .cmdline = "quiet", .network = true };
	struct arena arena = { 0 };
	char **argv = qemu_command(&vm, &arena);

	(void)state;
	assert_string_equal(vm.machine->program, "qemu-system-aarch64");
	assert_true(has_pair(argv, "-machine", "virt,acpi=off,gic-version=max"));
	assert_true(has_pair(argv, "-cpu", "cortex-a72"));
	assert_true(has_pair(argv, "-append", "quiet"));
	assert_true(has_pair(argv, "-device", "virtio-serial-pci,max_ports=4"));
	assert_true(has_pair(argv, "-device", "virtio-net-pci,netdev=net,romfile="));
	vm.cpu = "max";
	assert_true(has_pair(qemu_command(&vm, &arena), "-cpu", "max"));
	assert_string_equal(qemu_machine_default(architecture_of("linux/arm64", &err)), "virt");
	assert_string_equal(qemu_machine_default(architecture_of("linux/amd64", &err)), "q35");
	arena_release(&arena);
}

/* What --dry-run prints, a shell reads back as the same words. */
static void the_text_of_a_command_is_the_command(void **state)
{
	char *argv[] = { (char *)"printf", (char *)"<%s>",  (char *)"-a",          (char *)"", (char *)"it's",
			 (char *)"a b",    (char *)"$HOME", (char *)"--x=\"y\"\\", NULL };
	struct arena arena = { 0 };
	autofclose FILE *out = popen(qemu_command_text(argv, &arena), "r");
	char got[256] = "";

	(void)state;
	assert_non_null(out);
	assert_true(fread(got, 1, sizeof(got) - 1, out) > 0);
	assert_string_equal(got, "<-a><><it's><a b><$HOME><--x=\"y\"\\>");
	(void)pclose(out);
	out = NULL;
	arena_release(&arena);
}

static void an_unknown_machine_is_told_the_names(void **state)
{
	struct error err;

	(void)state;
	assert_null(qemu_machine_find("pc98", &err));
	assert_string_equal(err.message, "--machine 'pc98': unknown; there is 'q35', 'microvm', 'virt'");
}

/* --- what the guest says --- */

static void feed(struct guest_status *guest, const char *text)
{
	guest_status_feed(guest, text, strlen(text));
}

static void a_status_may_come_in_pieces(void **state)
{
	struct guest_status guest = { 0 };

	(void)state;
	feed(&guest, "ex");
	feed(&guest, "it 4");
	assert_false(guest.reported);
	feed(&guest, "2\nexi");
	assert_true(guest.reported);
	assert_int_equal(guest.status, 42);
}

static void only_numbers_to_255_are_a_status(void **state)
{
	static const char *const cases[] = {
		"exit\n",
		"exit \n",
		"exit 256\n",
		"exit -1\n",
		"exit 1x\n",
		"exit  1\n",
		"exit 99999999999999999999\n",
		"exits 1\n",
		"exit1\n",
		"\n",
		" exit 1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct guest_status guest = { 0 };

		feed(&guest, cases[i]);
		if (guest.reported)
			fail_msg("'%s' was taken", cases[i]);
	}
}

static void lines_without_end_are_bounded(void **state)
{
	struct guest_status guest = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 100000; i++)
		feed(&guest, "xxxxxxxxxxxxxxxx");
	feed(&guest, "\nexit 3\n");
	assert_true(guest.reported);
	assert_int_equal(guest.status, 3);
}

static void a_failure_is_remembered(void **state)
{
	struct guest_status guest = { 0 };

	(void)state;
	feed(&guest, "failed onboot 'x'\x1b[2J ended with status 1\n");
	assert_true(guest.failed);
	assert_false(guest.reported);
	assert_null(strchr(guest.line, '\x1b'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_become_rules),
		cmocka_unit_test(bad_ports_are_refused),
		cmocka_unit_test(a_port_in_use_is_told),
		cmocka_unit_test(disks_are_parsed),
		cmocka_unit_test(bad_disks_are_refused),
		cmocka_unit_test(a_disk_is_made_sparse_once_and_never_changed),
		cmocka_unit_test(a_disk_that_cannot_be_is_told),
		cmocka_unit_test(disks_keep_their_order_and_names_are_escaped),
		cmocka_unit_test(the_text_of_a_command_is_the_command),
		cmocka_unit_test(a_machine_of_several_has_a_second_card),
		cmocka_unit_test(a_microvm_is_told_what_it_has),
		cmocka_unit_test(a_machine_of_arm_is_virt),
		cmocka_unit_test(an_unknown_machine_is_told_the_names),
		cmocka_unit_test(a_status_may_come_in_pieces),
		cmocka_unit_test(only_numbers_to_255_are_a_status),
		cmocka_unit_test(lines_without_end_are_bounded),
		cmocka_unit_test(a_failure_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
