/* SPDX-License-Identifier: Apache-2.0 */
/* What PID 1 and its workers read from others: messages of services, answers of servers, tables of the firmware. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "init/credentials.h"
#include "init/firmware.h"
#include "init/notify.h"
#include "init/oom.h"
#include "init/probe.h"

static void a_message_is_read_line_by_line(void **state)
{
	static const char text[] = "MAINPID=5\nREADY=1\nSTATUS=warming \x1b[31mup\nREADY=11\nWATCHDOG=1";
	struct notify_message m;
	char longer[300];

	(void)state;
	notify_parse(text, sizeof(text) - 1, &m);
	assert_true(m.ready && m.alive && m.has_said && !m.stopping && !m.ill);
	assert_string_equal(m.said, "warming ?[31mup");
	notify_parse("READY=11\nXREADY=1\nREADY=1 \nSTATUS", 33, &m);
	assert_false(m.ready || m.has_said);
	notify_parse("STOPPING=1\nWATCHDOG=trigger\nSTATUS=", 35, &m);
	assert_true(m.stopping && m.ill && m.has_said && !m.alive);
	assert_string_equal(m.said, "");
	notify_parse("", 0, &m);
	assert_false(m.ready);
	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "STATUS=", 7);
	notify_parse(longer, sizeof(longer), &m);
	assert_int_equal(strlen(m.said), sizeof(m.said) - 1);
}

static void a_cgroup_is_its_own_or_one_below(void **state)
{
	(void)state;
	assert_true(notify_is_in_cgroup("0::/services/web\n", "services/web"));
	assert_true(notify_is_in_cgroup("0::/services/web/inner\n", "services/web"));
	assert_true(notify_is_in_cgroup("12:pids:/x\n0::/services/web\n", "services/web"));
	assert_false(notify_is_in_cgroup("0::/services/web2\n", "services/web"));
	assert_false(notify_is_in_cgroup("0::/services\n", "services/web"));
	assert_false(notify_is_in_cgroup("0::/\n", "services/web"));
	assert_false(notify_is_in_cgroup("10::/services/web\n", "services/web"));
	assert_false(notify_is_in_cgroup("", "services/web"));
}

static void the_status_of_a_web_server_is_the_number_of_its_first_line(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\n", 200 }, { "HTTP/1.0 404 Not Found\r\n", 404 }, { "HTTP/1.1 204\r\n", 204 },
		{ "HTTP/1.1 301", 301 },	{ "HTTP/1.1 20", -1 },		     { "HTTP/2 200\r\n", -1 },
		{ "HTTP/1.2 200 OK", -1 },	{ "HTTP/1.1 2000 OK", -1 },	     { "HTTP/1.1  200 OK", -1 },
		{ "HTTP/1.1 abc", -1 },		{ "SSH-2.0-OpenSSH", -1 },	     { "", -1 },
		{ "HTTP/1.1", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (probe_http_status(cases[i].text, strlen(cases[i].text)) != cases[i].status)
			fail_msg("'%s'", cases[i].text);
}

static void kills_are_those_of_processes(void **state)
{
	(void)state;
	assert_int_equal(oom_kills_of("low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n"), 5);
	assert_int_equal(oom_kills_of("oom_kill 7"), 7);
	assert_int_equal(oom_kills_of("oom 4\nmax oom_kill 5\n"), 0);
	assert_int_equal(oom_kills_of(""), 0);
}

static void check_cmdline(const char *cmdline, const char *name, const char *expected, const char *message)
{
	autobuffer struct buffer out = { 0 };
	struct error err = { 0 };
	bool found = credential_from_cmdline(cmdline, name, &out, &err);

	assert_int_equal(found, expected != NULL);
	assert_string_equal(err.message, message);
	if (expected)
		assert_string_equal(buffer_string(&out), expected);
}

static void a_credential_of_the_command_line_is_a_word_in_base64(void **state)
{
	(void)state;
	check_cmdline("quiet slipway.credential.key=aGVsbG8= x", "key", "hello", "");
	check_cmdline("slipway.credential.key=aGVsbG8\n", "key", "hello", "");
	check_cmdline("slipway.credential.key2=eA== slipway.credential.key=eQ==", "key", "y", "");
	check_cmdline("xslipway.credential.key=eQ==", "key", NULL, "");
	check_cmdline("slipway.credential.key", "key", NULL, "");
	check_cmdline("slipway.credential.=eQ==", "key", NULL, "");
	check_cmdline("", "key", NULL, "");
	check_cmdline("slipway.credential.key=a*b=", "key", NULL, "credential 'key': its value is not base64");
	check_cmdline("slipway.credential.key=a", "key", NULL, "credential 'key': its value is not base64");
}

/* Type, length, handle, then the formatted rest; strings behind it. */
static void check_smbios(const void *table, size_t length, const char *name, const char *expected)
{
	autobuffer struct buffer out = { 0 };
	struct error err = { 0 };
	/* A copy of just so many bytes: reading beyond it would be seen. */
	unsigned char *copy = malloc(length ? length : 1);

	memcpy(copy, table, length);
	assert_int_equal(credential_from_smbios(copy, length, name, &out, &err), expected != NULL);
	if (expected)
		assert_string_equal(buffer_string(&out), expected);
	free(copy);
}

static void a_credential_of_the_firmware_is_one_of_its_strings(void **state)
{
	static const char table[] =
		"\x01\x05\x00\x00\x07" "io.slipway.credential:key=of another type\0\0"
		"\x7e\x06\x01\x00\x00\x00" "\0\0"
		"\x0b\x05\x02\x00\x04" "other\0io.slipway.credential:key2=no\0io.systemd.credential:key=a:b=c\0"
		"io.slipway.credential.binary:bin=AQI=\0\0"
		"\x7f\x04\x03\x00" "\0";

	(void)state;
	check_smbios(table, sizeof(table), "key", "a:b=c");
	check_smbios(table, sizeof(table), "key2", "no");
	check_smbios(table, sizeof(table), "bin", "\1\2");
	check_smbios(table, sizeof(table), "ke", NULL);
	/* Cut anywhere it is read to its end and no further. */
	for (size_t length = 0; length < sizeof(table); length++)
		check_smbios(table, length, "none", NULL);
}

static void put(int directory, const char *path, const char *bytes, size_t length)
{
	struct error err;
	autofree char *parent = strdup(path);

	*strrchr(parent, '/') = '\0';
	assert_int_equal(file_mkdirs(directory, parent, 0700, &err), 0);
	assert_int_equal(file_write_atomic(directory, path, bytes, length, 0600, &err), 0);
}

#define FPDT_START "acpi/fpdt/boot/bootloader_launch_ns"
#define FPDT_END "acpi/fpdt/boot/exitbootservice_end_ns"
#define EFI_START "efi/efivars/LoaderTimeInitUSec-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define EFI_END "efi/efivars/LoaderTimeExecUSec-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"

static void the_time_before_the_kernel_is_known_or_not(void **state)
{
	static const struct {
		const char *start, *end;
		int64_t start_us, end_us;	/* of ACPI; -1: is not believed */
	} cases[] = {
		{ "2100000000\n", "2500000999\n", 2100000, 2500000 }, { "1000\n", "1000\n", 1, 1 },
		{ "0\n", "2500000000\n", -1, -1 }, { "2500000000\n", "2100000000\n", -1, -1 }, { "1\n", "3600000001000\n", -1, -1 },
		{ "", "5\n", -1, -1 }, { "-5\n", "5\n", -1, -1 }, { "x\n", "5\n", -1, -1 }, { "1\n", "99999999999999999999999999\n", -1, -1 },
	};
	char name[] = "/tmp/slipway-firmware.XXXXXX";
	struct firmware_times t;
	struct error err;
	autoclose int directory = -1;

	(void)state;
	assert_non_null(mkdtemp(name));
	directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_false(firmware_times_read(directory, &t));
	put(directory, FPDT_START, "7\n", 2);
	assert_false(firmware_times_read(directory, &t));
	/* Four bytes of attributes, then text of two bytes a character, with its NUL. */
	put(directory, EFI_START, "\6\0\0\0" "1\0" "5\0" "0\0" "\0\0", 12);
	put(directory, EFI_END, "\6\0\0\0" "2\0" "0\0" "1\0" "\0\0", 12);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put(directory, FPDT_START, cases[i].start, strlen(cases[i].start));
		put(directory, FPDT_END, cases[i].end, strlen(cases[i].end));
		assert_true(firmware_times_read(directory, &t));
		assert_string_equal(t.source, cases[i].start_us < 0 ? "efi" : "fpdt");
		assert_int_equal(t.loader_start, cases[i].start_us < 0 ? 150 : cases[i].start_us);
		assert_int_equal(t.loader_end, cases[i].start_us < 0 ? 201 : cases[i].end_us);
	}
	/* Cut, without digits, and with characters that are none of ours. */
	put(directory, EFI_END, "\6\0\0", 3);
	assert_false(firmware_times_read(directory, &t));
	put(directory, EFI_END, "\6\0\0\0" "\0\0", 6);
	assert_false(firmware_times_read(directory, &t));
	put(directory, EFI_END, "\6\0\0\0" "2\1" "0\0", 8);
	assert_false(firmware_times_read(directory, &t));
	assert_int_equal(file_remove_tree(AT_FDCWD, name, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_read_line_by_line),
		cmocka_unit_test(a_cgroup_is_its_own_or_one_below),
		cmocka_unit_test(the_status_of_a_web_server_is_the_number_of_its_first_line),
		cmocka_unit_test(kills_are_those_of_processes),
		cmocka_unit_test(a_credential_of_the_command_line_is_a_word_in_base64),
		cmocka_unit_test(a_credential_of_the_firmware_is_one_of_its_strings),
		cmocka_unit_test(the_time_before_the_kernel_is_known_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
