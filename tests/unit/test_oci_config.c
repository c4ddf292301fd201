/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"

#define DATA "tests/data/oci/config/"

/* Around what a case is about: a document that is whole without it. */
#define ROOT "\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"}"
#define PROCESS(more) "{" ROOT ",\"process\":{\"args\":[\"a\"],\"cwd\":\"/\"" more "}}"
#define LINUX(more) "{" ROOT ",\"linux\":{" more "}}"
#define RESOURCES(more) LINUX("\"resources\":{" more "}")

static int parse(const char *json, struct arena *arena, struct oci_config *config, struct error *err)
{
	return oci_config_parse(json, strlen(json), arena, config, err);
}

static void read_file(const char *path, struct arena *arena, struct oci_config *config)
{
	struct error err = { 0 };

	if (oci_config_read(AT_FDCWD, path, arena, config, &err) < 0)
		fail_msg("%s", err.message);
}

static void a_document_in_our_form_is_written_back_byte_for_byte(void **state)
{
	static const char *const paths[] = { DATA "minimal.json", DATA "everything.json" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		autobuffer struct buffer text = { 0 }, written = { 0 };
		struct arena arena = { 0 };
		struct oci_config config;
		struct error err = { 0 };

		assert_int_equal(file_read(AT_FDCWD, paths[i], OCI_CONFIG_BYTES_MAX, &text, &err), 0);
		read_file(paths[i], &arena, &config);
		assert_int_equal(oci_config_write(&config, &written, &err), 0);
		buffer_add_string(&written, "\n");
		assert_string_equal(buffer_string(&written), buffer_string(&text));
		arena_release(&arena);
	}
}

static void every_kind_of_member_is_filled(void **state)
{
	struct arena arena = { 0 };
	struct oci_config c;

	(void)state;
	read_file(DATA "everything.json", &arena, &c);
	assert_string_equal(c.oci_version, "1.3.0");
	assert_true(c.process->terminal && c.process->has_console_size);
	assert_int_equal(c.process->console_height, 25);
	assert_int_equal(c.process->user.gid, UINT32_MAX);
	assert_true(c.process->user.has_umask && c.process->user.umask == 0);
	assert_int_equal(c.process->user.additional_gids_count, 3);
	assert_int_equal(c.process->user.additional_gids[2], 4294967294);
	assert_string_equal(c.process->args.items[2], "echo \"a\\b\"\n\t\001 <&> ü € 𝄞");
	assert_string_equal(c.process->env.items[2], "");
	assert_string_equal(c.process->capabilities->ambient.items[0], "CAP_NET_BIND_SERVICE");
	assert_true(c.process->rlimits[0].hard == UINT64_MAX && c.process->rlimits[0].soft == 0);
	assert_true(c.process->rlimits[1].hard == (uint64_t)INT64_MAX + 1);
	assert_true(c.process->rlimits[1].soft == INT64_MAX);
	assert_true(c.process->has_oom_score_adj && c.process->oom_score_adj == -1000);
	assert_int_equal(c.process->scheduler->nice, -20);
	assert_string_equal(c.process->cpu_affinity_final, "2,3");
	assert_true(c.root.readonly);
	assert_int_equal(c.mounts_count, 2);
	assert_null(c.mounts[1].type);
	assert_int_equal(c.mounts[1].gid_mappings.items[0].host_id, 200000);
	assert_int_equal(c.hooks.create_runtime.items[0].timeout, 5);
	assert_false(c.hooks.poststop.items[0].has_timeout);
	assert_string_equal(oci_pairs_find(&c.annotations, OCI_ANNOTATION_OVERLAY), "tmpfs");
	assert_string_equal(oci_pairs_find(&c.annotations, "a.key"), "");
	assert_null(oci_pairs_find(&c.annotations, "b.key"));
	assert_string_equal(c.annotations.items[0].key, "z.key");
	assert_true(c.linux_.resources->memory_limit.set && c.linux_.resources->memory_limit.value == -1);
	assert_true(c.linux_.resources->pids_limit.set && c.linux_.resources->pids_limit.value == 0);
	assert_true(c.linux_.resources->devices[1].has_minor && !c.linux_.resources->devices[0].has_minor);
	assert_null(c.linux_.resources->devices[0].type);
	assert_string_equal(c.linux_.resources->rdma[1].device, "mlx4_0");
	assert_false(c.linux_.resources->rdma[1].hca_handles.set);
	assert_string_equal(c.linux_.resources->unified.items[1].value, "10 100");
	assert_int_equal(c.linux_.namespaces_count, 8);
	assert_true(c.linux_.devices[0].has_uid && !c.linux_.devices[1].has_uid);
	assert_string_equal(c.linux_.net_devices[0].host_name, "eth7");
	assert_true(c.linux_.seccomp->has_default_errno_ret);
	assert_true(c.linux_.seccomp->syscalls[1].args[0].value == UINT64_MAX);
	assert_string_equal(c.linux_.time_offsets[1].clock, "monotonic");
	assert_int_equal(c.linux_.time_offsets[1].secs, -172800);
	arena_release(&arena);
}

static void null_empty_and_unknown_are_as_absent(void **state)
{
	struct arena arena = { 0 };
	struct oci_config c;

	(void)state;
	read_file(DATA "other-habits.json", &arena, &c);
	assert_string_equal(c.oci_version, "1.0.2-dev");
	assert_string_equal(c.process->args.items[0], "/bin/true");
	assert_string_equal(c.process->args.items[1], "");
	assert_null(c.hostname);
	assert_null(c.process->apparmor_profile);
	assert_non_null(c.process->capabilities);
	assert_int_equal(c.process->user.uid, 0);
	assert_false(c.process->has_console_size);
	assert_true(c.process->rlimits[0].hard == UINT64_MAX);
	assert_null(c.linux_.namespaces[0].path);
	assert_null(c.linux_.seccomp);
	assert_null(c.linux_.cgroups_path);
	assert_non_null(c.linux_.resources);
	assert_int_equal(c.mounts_count, 0);
	arena_release(&arena);
}

/* What the reader says, whole: the place first, then what it wanted and what it got. */
static const struct {
	const char *json, *error;
} refused[] = {
	{ "", "line 1, column 0: not JSON: '[' or '{' expected near end of file" },
	{ "{", "line 1, column 1: not JSON: string or '}' expected near end of file" },
	{ "{} x", "line 1, column 4: not JSON: end of file expected near 'x'" },
	{ "{\"a\":1,\n\"a\":2}", "line 2, column 3: not JSON: duplicate object key near '\"a\"'" },
	{ "[]", "expected an object, got an array" },
	{ "\"x\"", "line 1, column 3: not JSON: '[' or '{' expected near '\"x\"'" },
	{ "{}", "ociVersion: is missing" },
	{ "{\"ociVersion\":null}", "ociVersion: is missing" },
	{ "{\"ociVersion\":\"\"}", "ociVersion: must not be empty" },
	{ "{\"ociVersion\":1}", "ociVersion: expected a string, got 1" },
	{ "{\"ociVersion\":\"1.3.0\"}", "root: is missing" },
	{ "{\"ociVersion\":\"1.3.0\",\"root\":\"/\"}", "root: expected an object, got \"/\"" },
	{ "{\"ociVersion\":\"1.3.0\",\"root\":{}}", "root.path: is missing" },
	{ "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"\"}}", "root.path: must not be empty" },
	{ "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\",\"readonly\":1}}",
	  "root.readonly: expected true or false, got 1" },
	{ "{" ROOT ",\"process\":{}}", "process.args: is missing" },
	{ "{" ROOT ",\"process\":{\"args\":[]}}", "process.args: must not be empty" },
	{ "{" ROOT ",\"process\":{\"args\":\"sh\"}}", "process.args: expected an array of strings, got \"sh\"" },
	{ "{" ROOT ",\"process\":{\"args\":[\"a\",3]}}", "process.args[1]: expected a string, got 3" },
	{ "{" ROOT ",\"process\":{\"args\":[\"a\",null]}}", "process.args[1]: expected a string, got null" },
	{ "{" ROOT ",\"process\":{\"args\":[\"a\\u0000b\"]}}", "process.args[0]: a string must not hold a NUL byte" },
	{ "{" ROOT ",\"process\":{\"args\":[\"a\"]}}", "process.cwd: is missing" },
	{ "{" ROOT ",\"process\":{\"args\":[\"a\"],\"cwd\":\"w\"}}",
	  "process.cwd: expected an absolute path, got \"w\"" },
	{ PROCESS(",\"user\":{\"uid\":-1}"), "process.user.uid: expected an integer from 0 to 4294967295, got -1" },
	{ PROCESS(",\"user\":{\"uid\":0,\"gid\":4294967296}"),
	  "process.user.gid: expected an integer from 0 to 4294967295, got 4294967296" },
	{ PROCESS(",\"user\":{\"uid\":1.0}"), "process.user.uid: expected an integer, got 1" },
	{ PROCESS(",\"user\":{\"uid\":\"root\"}"), "process.user.uid: expected an integer, got \"root\"" },
	{ PROCESS(",\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[1,true]}"),
	  "process.user.additionalGids[1]: expected an integer, got true" },
	{ PROCESS(",\"oomScoreAdj\":2147483648"),
	  "process.oomScoreAdj: expected an integer from -2147483648 to 2147483647, got 2147483648" },
	{ PROCESS(",\"consoleSize\":{\"height\":65536}"),
	  "process.consoleSize.height: expected an integer from 0 to 65535, got 65536" },
	{ PROCESS(",\"rlimits\":[{\"type\":\"A\",\"hard\":1,\"soft\":1},{\"type\":\"A\",\"hard\":1,\"soft\":1}]"),
	  "process.rlimits: 'A' stands twice" },
	{ PROCESS(",\"rlimits\":[{\"type\":\"A\",\"hard\":1}]"), "process.rlimits[0].soft: is missing" },
	{ PROCESS(",\"user\":{\"uid\":0}"), "process.user.gid: is missing" },
	{ PROCESS(",\"rlimits\":[{\"type\":\"A\",\"hard\":-1}]"),
	  "process.rlimits[0].hard: expected an integer from 0 to 9223372036854775807, got -1" },
	{ PROCESS(",\"rlimits\":[{\"type\":\"A\",\"hard\":18446744073709551616}]"),
	  "line 1, column 126: not JSON: too big integer near '18446744073709551616'" },
	{ PROCESS(",\"oomScoreAdj\":18446744073709551615"),
	  "process.oomScoreAdj: expected an integer from -2147483648 to 2147483647, got 18446744073709551615" },
	{ PROCESS(",\"apparmorProfile\":18446744073709551615"),
	  "process.apparmorProfile: expected a string, got 18446744073709551615" },
	{ "{" ROOT ",\"mounts\":[{\"destination\":\"/\"},{\"type\":\"proc\"}]}", "mounts[1].destination: is missing" },
	{ "{" ROOT ",\"mounts\":{}}", "mounts: expected an array, got an object" },
	{ "{" ROOT ",\"mounts\":[null]}", "mounts[0]: expected an object, got null" },
	{ "{" ROOT ",\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}}",
	  "hooks.poststop[0].path: expected an absolute path, got \"x\"" },
	{ "{" ROOT ",\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":0}]}}",
	  "hooks.poststop[0].timeout: expected a number of seconds greater than 0, got 0" },
	{ "{" ROOT ",\"annotations\":{\"a.b\":1}}", "annotations[\"a.b\"]: expected a string, got 1" },
	{ "{" ROOT ",\"annotations\":{\"a\\nb\":[]}}", "annotations[\"a?b\"]: expected a string, got an array" },
	{ "{" ROOT ",\"annotations\":{\"\":\"x\"}}", "annotations: a key must not be empty" },
	{ LINUX("\"maskedPaths\":[\"/a\",\"b\"]"), "linux.maskedPaths[1]: expected an absolute path, got \"b\"" },
	{ LINUX("\"readonlyPaths\":[\"\"]"), "linux.readonlyPaths[0]: expected an absolute path, got \"\"" },
	{ LINUX("\"seccomp\":{\"defaultAction\":\"A\",\"listenerMetadata\":\"x\"}"),
	  "linux.seccomp.listenerMetadata: must not be there without listenerPath" },
	{ RESOURCES("\"memory\":{\"swappiness\":101}"),
	  "linux.resources.memory.swappiness: expected an integer from 0 to 100, got 101" },
	{ LINUX("\"namespaces\":[{}]"), "linux.namespaces[0].type: is missing" },
	{ LINUX("\"namespaces\":[{\"type\":\"net\"}]"),
	  "linux.namespaces[0].type: expected 'pid', 'network', 'mount', 'ipc', 'uts', 'user', 'cgroup' or 'time', "
	  "got \"net\"" },
	{ LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]"), "linux.namespaces: 'pid' stands twice" },
	{ LINUX("\"namespaces\":[{\"type\":\"pid\",\"path\":\"p\"}]"),
	  "linux.namespaces[0].path: expected an absolute path, got \"p\"" },
	{ LINUX("\"sysctl\":{\"net.core.somaxconn\":1024}"),
	  "linux.sysctl[\"net.core.somaxconn\"]: expected a string, got 1024" },
	{ LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"x\"}]"),
	  "linux.devices[0].type: expected 'c', 'b', 'u' or 'p', got \"x\"" },
	{ LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"minor\":0}]"), "linux.devices[0].major: is missing" },
	{ LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"b\",\"major\":0}]"), "linux.devices[0].minor: is missing" },
	{ LINUX("\"uidMappings\":[{\"containerID\":0,\"size\":1}]"), "linux.uidMappings[0].hostID: is missing" },
	{ LINUX("\"timeOffsets\":{\"realtime\":{\"secs\":1}}"),
	  "linux.timeOffsets[\"realtime\"]: no such clock has an offset, only 'monotonic' and 'boottime'" },
	{ RESOURCES("\"devices\":[{\"access\":\"r\"}]"), "linux.resources.devices[0].allow: is missing" },
	{ LINUX("\"seccomp\":{}"), "linux.seccomp.defaultAction: is missing" },
	{ LINUX("\"seccomp\":{\"defaultAction\":\"A\",\"syscalls\":[{\"names\":[],\"action\":\"A\"}]}"),
	  "linux.seccomp.syscalls[0].names: must not be empty" },
	{ RESOURCES("\"memory\":{\"limit\":\"x\"}"),
	  "linux.resources.memory.limit: expected an integer, got \"x\"" },
	{ RESOURCES("\"cpu\":{\"shares\":-1}"),
	  "linux.resources.cpu.shares: expected an integer from 0 to 9223372036854775807, got -1" },
	{ RESOURCES("\"rdma\":{\"dev\":1}"), "linux.resources.rdma[\"dev\"]: expected an object, got 1" },
	{ "{" ROOT ",\"hostname\":[\"0123456789\"]}", "hostname: expected a string, got an array" },
	{ "{" ROOT ",\"root2\":\"\xff\"}", "line 1, column 51: not JSON: unable to decode byte 0xff near '\"'" },
	{ "{" ROOT ",\"mounts\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
	  "mounts: expected an array, got \"0123456789012345678901234567890123456789012345678901234567890123...\"" },
};

static void a_refusal_names_the_place_and_what_stood_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct arena arena = { 0 };
		struct oci_config config = { .hostname = "untouched" };
		struct error err = { 0 };

		if (parse(refused[i].json, &arena, &config, &err) == 0)
			fail_msg("accepted: %s", refused[i].json);
		assert_string_equal(err.message, refused[i].error);
		assert_string_equal(config.hostname, "untouched");
		arena_release(&arena);
	}
}

static void any_version_1_is_accepted_and_no_other(void **state)
{
	static const char *const good[] = { "1.0.0",	  "1.0.2-dev",	       "1.3.0",	      "1.0.0-rc5-dev",
					    "1.0.0-rc.5", "1.2.1+build.7", "1.10.99-a+b" };
	static const char *const bad[] = { "1",	     "1.0",	"2.0.0",  "0.9.0",   "1.0.0.0", "v1.0.0", "1.0.0-",
					   "1.0.0+", "01.0.0", "1.00.0", "1.0.0-a b", "1..0", "10.0.0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good) + ARRAY_SIZE(bad); i++) {
		bool ok = i < ARRAY_SIZE(good);
		struct arena arena = { 0 };
		struct oci_config config;
		struct error err = { 0 };
		const char *version = ok ? good[i] : bad[i - ARRAY_SIZE(good)];
		const char *json = arena_printf(&arena, "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}", version);

		if (parse(json, &arena, &config, &err) != (ok ? 0 : -1))
			fail_msg("'%s': %s", version, ok ? err.message : "accepted");
		if (!ok)
			assert_non_null(strstr(err.message, "ociVersion: expected a version 1.x.y"));
		arena_release(&arena);
	}
}

static void limits_are_met_before_memory(void **state)
{
	autobuffer struct buffer many = { 0 }, deep = { 0 };
	struct arena arena = { 0 };
	struct oci_config config;
	struct error err = { 0 };

	(void)state;
	buffer_add_string(&many, "{" ROOT ",\"mounts\":[0");
	for (int i = 0; i < 65536; i++)
		buffer_add_string(&many, ",0");
	buffer_add_string(&many, "]}");
	assert_int_equal(parse(buffer_string(&many), &arena, &config, &err), -1);
	assert_string_equal(err.message, "mounts: 65537 items are more than the 65536 allowed");
	for (int i = 0; i < 100000; i++)
		buffer_add_string(&deep, "[");
	assert_int_equal(parse(buffer_string(&deep), &arena, &config, &err), -1);
	assert_non_null(strstr(err.message, "maximum parsing depth"));
	assert_int_equal(oci_config_parse(buffer_string(&deep), OCI_CONFIG_BYTES_MAX + 1, &arena, &config, &err), -1);
	assert_string_equal(err.message, "16777217 bytes are more than the 16777216 allowed");
	arena_release(&arena);
}

static void a_document_that_would_fill_memory_is_refused(void **state)
{
	autobuffer struct buffer text = { 0 };
	struct arena arena = { 0 };
	struct oci_config config;
	struct error err = { 0 };

	(void)state;
	/* Each empty object of three bytes costs jansson some two hundred. */
	buffer_add_string(&text, "{\"x\":[{}");
	while (text.length < OCI_CONFIG_BYTES_MAX - 16)
		buffer_add_string(&text, ",{}");
	buffer_add_string(&text, "]}");
	assert_int_equal(parse(buffer_string(&text), &arena, &config, &err), -1);
	assert_string_equal(err.message, "the document takes more than the 268435456 bytes of memory allowed");
	arena_release(&arena);
}

static void only_the_bytes_given_are_read(void **state)
{
	static const char json[] = "{" ROOT "}";
	size_t length = strlen(json);
	char *exact = malloc(length);	/* no NUL behind it: ASan sees one byte too many */
	struct arena arena = { 0 };
	struct oci_config config;
	struct error err = { 0 };

	(void)state;
	assert_non_null(exact);
	memcpy(exact, json, length);
	assert_int_equal(oci_config_parse(exact, length, &arena, &config, &err), 0);
	for (size_t n = 0; n < length; n++)
		assert_int_equal(oci_config_parse(exact, n, &arena, &config, &err), -1);
	memcpy(exact, "[18446744073709551615", 21);
	assert_int_equal(oci_config_parse(exact, 21, &arena, &config, &err), -1);
	free(exact);
	arena_release(&arena);
}

static void what_cannot_be_json_is_not_written(void **state)
{
	const char *args[] = { "ok", "\xc3" }, *env[] = { "\xed\xa0\x80" };
	struct oci_process process = { .args = { args, 2 }, .cwd = "/" };
	struct oci_config config = { .oci_version = "1.3.0", .root = { .path = "r" }, .process = &process };
	autobuffer struct buffer out = { 0 };
	struct error err = { 0 };

	(void)state;
	buffer_add_string(&out, "before");
	assert_int_equal(oci_config_write(&config, &out, &err), -1);
	assert_string_equal(err.message, "process.args[1]: a string must be UTF-8 text");
	assert_string_equal(buffer_string(&out), "before");
	process.args.count = 1;
	process.env = (struct oci_strings){ env, 1 };
	assert_int_equal(oci_config_write(&config, &out, &err), -1);
	assert_string_equal(err.message, "process.env[0]: a string must be UTF-8 text");
	process.env.count = 0;
	process.cwd = NULL;
	assert_int_equal(oci_config_write(&config, &out, &err), -1);
	assert_string_equal(err.message, "process.cwd: is missing");
	process.cwd = "/";
	assert_int_equal(oci_config_write(&config, &out, &err), 0);
}

static void what_was_read_can_grow(void **state)
{
	/* Six pointers fill their memory to the last byte, and env comes right behind them. */
	static const char json[] = "{" ROOT ",\"process\":{\"cwd\":\"/\",\"args\":[\"1\",\"2\",\"3\",\"4\",\"5\","
				   "\"6\"],\"env\":[\"A=a\",\"B=b\"]}}";
	struct arena arena = { 0 };
	struct oci_config c;
	struct error err = { 0 };
	struct oci_strings *args;

	(void)state;
	assert_int_equal(parse(json, &arena, &c, &err), 0);
	args = &c.process->args;
	for (int i = 0; i < 9; i++)
		*(const char **)arena_push(&arena, &args->items, &args->count, sizeof(*args->items)) = "more";
	assert_int_equal(args->count, 15);
	assert_string_equal(args->items[5], "6");
	assert_string_equal(args->items[6], "more");
	assert_string_equal(c.process->env.items[0], "A=a");
	assert_string_equal(c.process->env.items[1], "B=b");
	arena_release(&arena);
}

static void a_missing_file_is_named(void **state)
{
	struct arena arena = { 0 };
	struct oci_config config;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(oci_config_read(AT_FDCWD, DATA "none.json", &arena, &config, &err), -1);
	assert_string_equal(err.message, "cannot open '" DATA "none.json': No such file or directory");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_in_our_form_is_written_back_byte_for_byte),
		cmocka_unit_test(every_kind_of_member_is_filled),
		cmocka_unit_test(null_empty_and_unknown_are_as_absent),
		cmocka_unit_test(a_refusal_names_the_place_and_what_stood_there),
		cmocka_unit_test(any_version_1_is_accepted_and_no_other),
		cmocka_unit_test(limits_are_met_before_memory),
		cmocka_unit_test(a_document_that_would_fill_memory_is_refused),
		cmocka_unit_test(only_the_bytes_given_are_read),
		cmocka_unit_test(what_cannot_be_json_is_not_written),
		cmocka_unit_test(what_was_read_can_grow),
		cmocka_unit_test(a_missing_file_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
