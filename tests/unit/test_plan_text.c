/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define HEAD "slipway-plan 1\nmachine root_type=initramfs\n"

static const char everything[] =
	"slipway-plan 1\n"
	"machine hostname=box root_type=squashfs root_source=/dev/vda root_timeout=5 on_failure=reboot\n"
	"module path=/lib/modules/6.1/a.ko\n"
	"module path=/lib/modules/6.1/b%20c.ko parameters=x=1%20y=%25 optional=true\n"
	"sysctl key=net.ipv4.ip_forward value=1\n"
	"sysctl key=kernel.core_pattern value=\n"
	"storage kind=state on_failure=reboot match=label which=my%20state create=blank filesystem=ext4 grow=true check=true "
	"repair=true wait=5000 time_limit=1 option=noexec option=sync\n"
	"storage kind=swap-file name=swap0 size=1152921504606846976 priority=32768\n"
	"storage kind=volume path=/v name=v persistent=true filled=true uid=0 gid=4294967294 mode=0700\n"
	"storage kind=zram percent=50 algorithm=zstd\n"
	"log-remote protocol=udp host=logs.example format=json\n"
	"log-remote protocol=tcp host=10.0.2.2 port=6514\n"
	"container stage=onboot name=net bundle=/containers/onboot/000-net ignore_failure=true new_pid=true\n"
	"container stage=services name=redis bundle=/containers/services/redis restart=on-failure restart_max=3 "
	"on_exit=poweroff stop_signal=SIGINT stop_timeout=1500 cgroup=db/redis log_console=false log_memory=64 log_file_size=1024 log_file_count=2 log_sync=always log_policy=drop log_kmsg=true\n"
	"mkdir path=/var/lib/redis\n"
	"mount path=/var/lib/redis type=tmpfs source=tmpfs option=size=1m option=mode=0700\n"
	"bind-namespace path=/run/netns/redis type=net\n"
	"interface name=veth0 add=veth peer=veth1 create_in_root=true\n"
	"interface name=eth1\n"
	"cgroup path=redis\n"
	"container stage=services name=web bundle=/containers/services/web after=redis after=net requires=redis "
	"ready=fd ready_fd=7 ready_timeout=500 critical=true\n"
	"credential name=key source=/etc/key optional=true uid=4294967294 gid=7\n"
	"io-max path=/dev/vda limits=rbps=1%20wbps=max\n"
	"probe for=ready kind=exec command=/bin/a command=b%20c interval=250 timeout=70\n"
	"probe for=health kind=http address=::1 port=8080 path=/x host=a status=204 interval=9 retries=7 start_period=5 action=reboot\n"
	"container stage=services name=once bundle=/containers/services/once restart=on-failure oneshot=true\n"
	"container stage=services name=told bundle=/containers/services/told ready=notify watchdog=30000 restart_delay=1 "
	"restart_delay_max=2 restart_reset=3 oom=kill-service\n"
	"container stage=services name=job bundle=/containers/services/job every=2592000000\n"
	"container stage=services name=night bundle=/containers/services/night cron=0%204%20*%20*%20*\n"
	"container stage=onshutdown name=bye bundle=/containers/onshutdown/000-bye\n";

static int parse(const char *text, struct arena *arena, struct plan *plan, struct error *err)
{
	return plan_parse(text, strlen(text), arena, plan, err);
}

static void what_was_read_is_written_byte_for_byte(void **state)
{
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct plan plan;
	autobuffer struct buffer out = { 0 };

	(void)state;
	assert_int_equal(parse(everything, &arena, &plan, &err), 0);
	assert_int_equal(plan_write(&plan, &out, &err), 0);
	assert_string_equal(buffer_string(&out), everything);
	arena_release(&arena);
}

static void every_field_arrives(void **state)
{
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct plan plan;

	(void)state;
	assert_int_equal(parse(everything, &arena, &plan, &err), 0);
	assert_string_equal(plan.machine.hostname, "box");
	assert_string_equal(plan.machine.root_source, "/dev/vda");
	assert_int_equal(plan.machine.root_timeout, 5);
	assert_string_equal(plan.machine.on_failure, "reboot");
	assert_int_equal(plan.modules_count, 2);
	assert_null(plan.modules[0].parameters);
	assert_string_equal(plan.modules[1].path, "/lib/modules/6.1/b c.ko");
	assert_string_equal(plan.modules[1].parameters, "x=1 y=%");
	assert_true(plan.modules[1].optional);
	assert_string_equal(plan.sysctls[1].value, "");
	assert_int_equal(plan.containers_count, 8);
	assert_int_equal(plan.probes_count, 2);
	assert_int_equal(plan.probes[0].container, 2);
	assert_int_equal(plan.probes[0].command.count, 2);
	assert_string_equal(plan.probes[0].command.items[1], "b c");
	assert_string_equal(plan.probes[0].address, "127.0.0.1");
	assert_int_equal(plan.probes[1].purpose, PLAN_PROBE_HEALTH);
	assert_int_equal(plan.probes[1].kind, PLAN_PROBE_HTTP);
	assert_int_equal(plan.probes[1].status, 204);
	assert_int_equal(plan.probes[1].retries, 7);
	assert_int_equal(plan.probes[1].action, PLAN_ILL_REBOOT);
	assert_true(plan_notifies(&plan.containers[4]) && !plan_notifies(&plan.containers[3]));
	assert_int_equal(plan.containers[4].watchdog, 30000);
	assert_int_equal(plan.containers[4].restart_delay_max, 2);
	assert_int_equal(plan.containers[4].oom, PLAN_OOM_KILL_SERVICE);
	assert_true(plan_is_scheduled(&plan.containers[5]) && plan_is_scheduled(&plan.containers[6]));
	assert_int_equal(plan.containers[5].every, 2592000000u);
	assert_string_equal(plan.containers[6].cron, "0 4 * * *");
	assert_int_equal(plan.containers[2].after.count, 2);
	assert_string_equal(plan.containers[2].after.items[1], "net");
	assert_string_equal(plan.containers[2].requires.items[0], "redis");
	assert_int_equal(plan.containers[2].ready, PLAN_READY_FD);
	assert_int_equal(plan.containers[2].ready_fd, 7);
	assert_int_equal(plan.containers[2].ready_timeout, 500);
	assert_true(plan.containers[2].critical);
	assert_true(plan.containers[3].oneshot);
	assert_true(plan.containers[0].ignore_failure);
	assert_true(plan.containers[0].new_pid);
	assert_int_equal(plan.containers[1].stage, PLAN_SERVICES);
	assert_int_equal(plan.containers[1].restart, PLAN_RESTART_ON_FAILURE);
	assert_int_equal(plan.containers[1].restart_max, 3);
	assert_int_equal(plan.containers[1].on_exit, PLAN_EXIT_POWEROFF);
	assert_string_equal(plan.containers[1].stop_signal, "SIGINT");
	assert_int_equal(plan.containers[1].stop_timeout, 1500);
	assert_string_equal(plan.containers[1].cgroup, "db/redis");
	assert_false(plan.containers[1].log.console);
	assert_int_equal(plan.containers[1].log.memory, 64);
	assert_int_equal(plan.containers[1].log.policy, PLAN_LOG_DROP);
	assert_int_equal(plan.containers[1].log.sync, PLAN_SYNC_ALWAYS);
	assert_int_equal(plan.prepares_count, 8);
	assert_int_equal(plan.prepares[0].kind, PLAN_MKDIR);
	assert_int_equal(plan.prepares[1].kind, PLAN_MOUNT);
	assert_int_equal(plan.prepares[1].container, 1);
	assert_int_equal(plan.prepares[1].options.count, 2);
	assert_string_equal(plan.prepares[1].options.items[1], "mode=0700");
	assert_string_equal(plan.prepares[2].namespace_type, "net");
	assert_string_equal(plan.prepares[3].peer, "veth1");
	assert_true(plan.prepares[3].create_in_root);
	assert_null(plan.prepares[4].add);
	assert_int_equal(plan.prepares[5].kind, PLAN_CGROUP);
	arena_release(&arena);
}

static void defaults_depend_on_the_stage(void **state)
{
	static const char text[] = HEAD "container stage=onboot name=a bundle=/a\n"
					"container stage=services name=b bundle=/b\n";
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct plan plan;

	(void)state;
	assert_int_equal(parse(text, &arena, &plan, &err), 0);
	assert_string_equal(plan.machine.hostname, "slipway");
	assert_int_equal(plan.machine.root_timeout, 30);
	assert_string_equal(plan.machine.on_failure, "poweroff");
	assert_int_equal(plan.containers[0].restart, PLAN_RESTART_NEVER);
	assert_int_equal(plan.containers[1].restart, PLAN_RESTART_ALWAYS);
	assert_string_equal(plan.containers[0].cgroup, "onboot/a");
	assert_string_equal(plan.containers[1].cgroup, "services/b");
	assert_string_equal(plan.containers[1].stop_signal, "SIGTERM");
	assert_int_equal(plan.containers[1].stop_timeout, 10000);
	assert_true(plan.containers[1].log.console);
	assert_int_equal(plan.containers[1].log.memory, 256);
	assert_int_equal(plan.containers[1].after.count, 0);
	assert_int_equal(plan.containers[1].ready, PLAN_READY_EXEC);
	assert_int_equal(plan.containers[1].ready_fd, 3);
	assert_int_equal(plan.containers[1].ready_timeout, 60000);
	assert_false(plan.containers[1].oneshot);
	assert_false(plan.containers[1].critical);
	arena_release(&arena);
}

/* Every byte but NUL goes through a value unharmed. */
static void any_byte_survives_a_value(void **state)
{
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct plan_sysctl sysctl = { "k", NULL };
	struct plan plan = { .machine = { .hostname = "h", .root_type = "initramfs", .root_timeout = 30,
					  .on_failure = "poweroff" },
			     .sysctls = &sysctl, .sysctls_count = 1 }, back;
	autobuffer struct buffer out = { 0 };
	char all[256];

	(void)state;
	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	sysctl.value = all;
	assert_int_equal(plan_write(&plan, &out, &err), 0);
	assert_non_null(strstr(out.data, "value=%01%02"));
	assert_int_equal(plan_parse(out.data, out.length, &arena, &back, &err), 0);
	assert_string_equal(back.sysctls[0].value, all);
	arena_release(&arena);
}

static void each_error_names_line_and_field(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "the plan is cut short: its last line has no end" },
		{ "slipway-plan 1", "the plan is cut short: its last line has no end" },
		{ "hello\n", "line 1: expected 'slipway-plan 1', got 'hello'" },
		{ "slipway-plan 2\n", "line 1: this is a plan of version '2', and version 1 is understood" },
		{ "slipway-plan 01\n", "line 1: this is a plan of version '01', and version 1 is understood" },
		{ "slipway-plan 1\n", "line 2: record 'machine' is missing" },
		{ "slipway-plan 1\nmodule path=/a\n",
		  "line 2: the first record, and no other, must be 'machine', got 'module'" },
		{ HEAD "machine root_type=initramfs\n",
		  "line 3: the first record, and no other, must be 'machine', got 'machine'" },
		{ "slipway-plan 1\nmachine\n", "line 2: record 'machine': field 'root_type' is missing" },
		{ "slipway-plan 1\nmachine root_type=ext4\n",
		  "line 2: field 'root_type': expected one of the words of this field, got 'ext4'" },
		{ "slipway-plan 1\nmachine root_type=squashfs\n",
		  "line 2: field 'root_source' is missing: a root of type 'squashfs' has one" },
		{ HEAD "\n", "line 3: unknown record ''" },
		{ HEAD "weather sun=1\n", "line 3: unknown record 'weather'" },
		{ HEAD "module path=/a colour=red\n", "line 3: record 'module' has no field 'colour'" },
		{ HEAD "module path=/a  optional=true\n", "line 3: expected key=value, got ''" },
		{ HEAD "module path=/a optional\n", "line 3: expected key=value, got 'optional'" },
		{ HEAD "module path=/a path=/b\n", "line 3: field 'path' stands twice" },
		{ HEAD "module path=a\n", "line 3: field 'path': expected an absolute path, got 'a'" },
		{ HEAD "module path=/a optional=yes\n", "line 3: field 'optional': expected true or false, got 'yes'" },
		{ HEAD "sysctl key=/etc value=1\n",
		  "line 3: field 'key': expected a relative path without '..', got '/etc'" },
		{ HEAD "sysctl key=a value=%2\n", "line 3: field 'value': '%2' is not a byte: expected %01 to %FF" },
		{ HEAD "sysctl key=a value=%00\n", "line 3: field 'value': '%00' is not a byte: expected %01 to %FF" },
		{ HEAD "sysctl key=a value=%c3\n", "line 3: field 'value': '%c3' is not a byte: expected %01 to %FF" },
		{ HEAD "sysctl key=a value=a\tb\n", "line 3: field 'value': byte 0x09 must be written as %09" },
		{ HEAD "container stage=services name=a bundle=/a restart_max=-1\n",
		  "line 3: field 'restart_max': expected a number within the limit, got '-1'" },
		{ HEAD "container stage=services name=a bundle=/a stop_timeout=86400001\n",
		  "line 3: field 'stop_timeout': expected a number within the limit, got '86400001'" },
		{ HEAD "container stage=services name=a bundle=/a stop_timeout=99999999999\n",
		  "line 3: field 'stop_timeout': expected a number within the limit, got '99999999999'" },
		{ HEAD "container stage=services name=a/b bundle=/a\n",
		  "line 3: field 'name': expected a name without a slash, got 'a/b'" },
		{ HEAD "container stage=services name=a bundle=/a cgroup=../b\n",
		  "line 3: field 'cgroup': expected a relative path without '..', got '../b'" },
		{ HEAD "container stage=services name=a bundle=/a\ncontainer stage=onboot name=b bundle=/b\n",
		  "line 4: field 'stage': onboot stands before services, then onshutdown, then emergency" },
		{ HEAD "mkdir path=/a\n", "line 3: record 'mkdir' must follow the container it is for" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena arena = { 0 };
		struct error err = { 0 };
		struct plan plan = { .modules_count = 77 };

		assert_int_equal(parse(cases[i].text, &arena, &plan, &err), -1);
		assert_string_equal(err.message, cases[i].message);
		assert_int_equal(plan.modules_count, 77);	/* results on success only */
		arena_release(&arena);
	}
}

static void a_nul_byte_is_refused(void **state)
{
	static const char text[] = HEAD "sysctl key=a value=b\0c\n";
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct plan plan;

	(void)state;
	assert_int_equal(plan_parse(text, sizeof(text) - 1, &arena, &plan, &err), -1);
	assert_string_equal(err.message, "a NUL byte in the plan");
	arena_release(&arena);
}

static void limits_hold_for_reader_and_writer(void **state)
{
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct plan plan;
	autobuffer struct buffer text = { 0 }, out = { 0 };
	struct plan_sysctl *sysctls;

	(void)state;
	buffer_add_string(&text, HEAD);
	for (unsigned int i = 1; i < PLAN_RECORDS_MAX; i++)
		buffer_add_string(&text, "sysctl key=a value=b\n");
	assert_int_equal(plan_parse(text.data, text.length, &arena, &plan, &err), 0);
	assert_int_equal(plan_write(&plan, &out, &err), 0);
	buffer_add_string(&text, "sysctl key=a value=b\n");
	assert_int_equal(plan_parse(text.data, text.length, &arena, &plan, &err), -1);
	assert_string_equal(err.message, "line 4098: more than 4096 records");
	plan.sysctls_count++;
	assert_int_equal(plan_write(&plan, &out, &err), -1);
	plan.sysctls_count = 2;
	sysctls = plan.sysctls;
	sysctls[1].value = memset(arena_alloc(&arena, PLAN_BYTES_MAX + 1), 'x', PLAN_BYTES_MAX);
	assert_int_equal(plan_write(&plan, &out, &err), -1);
	assert_non_null(strstr(err.message, "bytes, and 1048576 is the most"));
	(void)buffer_reserve(&text, PLAN_BYTES_MAX);
	assert_int_equal(plan_parse(text.data, PLAN_BYTES_MAX + 1, &arena, &plan, &err), -1);
	assert_string_equal(err.message, "a plan of more than 1048576 bytes");
	arena_release(&arena);
}

/* Whatever can be written can be read: the writer refuses what the reader would. */
static void writer_refuses_what_the_reader_would(void **state)
{
	struct plan_container container = { .stage = PLAN_SERVICES, .name = "a/b", .bundle = "/b",
					    .stop_signal = "SIGTERM", .cgroup = "x",
					    .log = { .console = true, .memory = 256, .file_count = 5, .sync = PLAN_SYNC_INTERVAL } };
	struct plan_prepare prepare = { .kind = PLAN_MKDIR, .container = 1, .path = "/x" };
	struct plan plan = { .machine = { .hostname = "h", .root_type = "initramfs", .on_failure = "poweroff" },
			     .containers = &container, .containers_count = 1 };
	struct error err = { 0 };
	autobuffer struct buffer out = { 0 };

	(void)state;
	assert_int_equal(plan_write(&plan, &out, &err), -1);
	assert_string_equal(err.message, "container 'a/b': record 'container': field 'name': "
					 "expected a name without a slash, got 'a/b'");
	container.name = NULL;
	assert_int_equal(plan_write(&plan, &out, &err), -1);
	container.name = "a";
	plan.prepares = &prepare;
	plan.prepares_count = 1;
	assert_int_equal(plan_write(&plan, &out, &err), -1);
	assert_string_equal(err.message, "prepare record 0 is out of the order of its containers");
	assert_int_equal(out.length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_read_is_written_byte_for_byte),
		cmocka_unit_test(every_field_arrives),
		cmocka_unit_test(defaults_depend_on_the_stage),
		cmocka_unit_test(any_byte_survives_a_value),
		cmocka_unit_test(each_error_names_line_and_field),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(limits_hold_for_reader_and_writer),
		cmocka_unit_test(writer_refuses_what_the_reader_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
