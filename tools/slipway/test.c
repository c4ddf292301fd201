/* SPDX-License-Identifier: Apache-2.0 */
/* `slipway test`: boots what a manifest says, waits for one of its services, and leaves with that one's exit status. */
#include "tools/slipway/command.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "plan/plan.h"
#include "tools/mkimage/manifest/values.h"
#include "tools/slipway/build.h"
#include "tools/slipway/cluster.h"
#include "tools/slipway/console.h"
#include "tools/slipway/lines.h"
#include "tools/slipway/machines.h"
#include "tools/slipway/test_artifacts.h"
#include "tools/slipway/test_record.h"
#include "tools/slipway/test_repeat.h"
#include "tools/slipway/test_report.h"
#include "tools/slipway/vm.h"

#define DETERMINISTIC_MACHINE "q35"
#define TIMEOUT_DEFAULT 600		/* seconds */
#define ARTIFACTS_MAX_DEFAULT 1024	/* MiB */
#define ARTIFACTS_MAX_MAX (1u << 24)
#define SEED_DEFAULT 1

struct test_options {
	struct vm_options vm;
	const char *service, *artifacts, *junit, *record, *log;
	struct option_list collect;
	unsigned int artifacts_max, timeout, repeat, parallel, seed;
	bool until_failure, deterministic;
	const char *store, *format, *pull;
	struct builder_options builder;
};

#define AT(member) offsetof(struct test_options, member)

static const struct option test_option_table[] = {
	{ OPTION_STRING, 0, "service", "NAME", "the service that is the test (default: the manifest's test.service, or the only one)",
	  AT(service) },
	{ OPTION_UNSIGNED, 0, "timeout", "SECONDS", "end a run after this time, with status 124 (default: test.timeout, or 600)",
	  AT(timeout) },
	{ OPTION_STRING, 0, "artifacts", "DIR", "copy what the test leaves (test.artifacts) to an empty or new directory", AT(artifacts) },
	{ OPTION_LIST, 0, "collect", "PATH", "an artifact, in place of the manifest's test.artifacts (repeatable)", AT(collect) },
	{ OPTION_UNSIGNED, 0, "artifacts-max", "MB", "of all artifacts of a run (default 1024)", AT(artifacts_max) },
	{ OPTION_STRING, 0, "junit", "FILE", "write a report as JUnit XML", AT(junit) },
	{ OPTION_UNSIGNED, 0, "repeat", "N", "run it so often (default 1)", AT(repeat) },
	{ OPTION_UNSIGNED, 0, "parallel", "N", "so many runs side by side (default 1)", AT(parallel) },
	{ OPTION_FLAG, 0, "until-failure", NULL, "begin no more runs when one has not passed", AT(until_failure) },
	{ OPTION_FLAG, 0, "deterministic", NULL, "one CPU, no network, and clocks that stand on instructions: each run is the same",
	  AT(deterministic) },
	{ OPTION_UNSIGNED, 0, "seed", "N", "of the random numbers of --deterministic (default 1)", AT(seed) },
	{ OPTION_STRING, 0, "record", "FILE", "write the command of QEMU as a shell script", AT(record) },
	{ OPTION_STRING, 0, "log", "FILE", "keep a copy of the console (of several runs FILE.1, FILE.2, ...)", AT(log) },
	VM_OPTION_ROWS(struct test_options),
	{ OPTION_STRING, 'f', "format", "FORMAT", "of the image (default kernel+squashfs, with --deterministic kernel+initrd)", AT(format) },
	BUILDER_OPTIONS(struct test_options),
	PULL_OPTION_ROW(struct test_options, pull),
	{ OPTION_STRING, 0, "store", "DIR", COMMAND_STORE_HELP, AT(store) },
	OPTION_TABLE_END,
};

/* ------------------------------------------------------------ which service, and what of it */

/* A machine; alone, or one of several, of which some stand beside the tests. */
struct tested {
	const char *name;		/* NULL: it is alone */
	const char *service;		/* NULL: it is no test */
	unsigned int timeout;		/* seconds */
	bool wants_artifacts;
};

struct test {
	const struct test_options *options;
	struct arena *arena;		/* outlives those of the manifests */
	const char *name;		/* the manifest's */
	struct manifest_machines machines;	/* none: there is one */
	struct tested *tested;		/* one each */
	size_t count;
};

static int choose_service(struct manifest *manifest, const struct test *test, struct tested *tested, struct error *err)
{
	const char *name = test->options->service ? test->options->service : manifest->test.service.value;
	const struct manifest_container *service = manifest_test_service(manifest, name);

	if (!service && name)
		return error_set(err, "--service: '%s' has no service '%s'", manifest->path, name);
	if (!service)
		return error_set(err, "'%s' has %s; say which one is the test with 'test: {service: NAME}' or --service", manifest->path,
				 manifest->services.count ? "more than one service" : "no service");
	if (service->schedule.set)
		return error_set(err, "the service '%s' has a schedule, and a test runs once", service->name.value);
	tested->service = arena_strdup(test->arena, service->name.value);
	manifest->test.service = service->name;
	return 0;
}

static void choose_artifacts(struct manifest *manifest, const struct test_options *o, struct arena *arena)
{
	struct manifest_strings *artifacts = &manifest->test.artifacts;

	/* What nobody wants is not sent. */
	if (o->collect.count == 0 && o->artifacts)
		return;
	artifacts->items = arena_array(arena, o->collect.count, sizeof(*artifacts->items));
	artifacts->count = o->collect.count;
	for (size_t i = 0; i < o->collect.count; i++)
		artifacts->items[i].value = arena_strdup(arena, o->collect.items[i]);
}

static struct tested *find_tested(const struct test *test, const char *machine)
{
	for (size_t i = 0; i < test->count; i++) {
		const char *name = test->tested[i].name;

		if (name && machine ? strcmp(name, machine) == 0 : name == machine)
			return &test->tested[i];
	}
	return NULL;
}

static int amend(struct manifest *manifest, void *context, struct arena *arena, struct error *err)
{
	const struct test *test = context;
	struct tested *tested = find_tested(test, manifest->lan.machine);
	unsigned int milliseconds;

	if (!tested)
		return error_set(err, "'%s' has changed while it was read; try again", manifest->path);
	/* Of several machines those are tests that say so. */
	if (tested->name && !manifest->test.set)
		return 0;
	if (choose_service(manifest, test, tested, err) < 0)
		return -1;
	choose_artifacts(manifest, test->options, arena);
	tested->wants_artifacts = manifest->test.artifacts.count > 0;
	if (!tested->name && test->options->artifacts && !tested->wants_artifacts)
		return error_set(err, "--artifacts: '%s' names none; add 'test: {artifacts: [PATH]}' or --collect PATH", manifest->path);
	tested->timeout = TIMEOUT_DEFAULT;
	if (test->options->timeout)
		tested->timeout = test->options->timeout;
	else if (manifest->test.timeout.value && manifest_duration(manifest->test.timeout.value, &milliseconds))
		tested->timeout = milliseconds / 1000;
	manifest->test.set = true;
	return 0;
}

/* ------------------------------------------------------------ options that do not go together */

static int check_numbers(const struct test_options *o, struct error *err)
{
	if (o->repeat == 0 || o->repeat > TEST_REPEAT_MAX)
		return error_set(err, "--repeat: expected a number from 1 to %d", TEST_REPEAT_MAX);
	if (o->parallel == 0 || o->parallel > TEST_PARALLEL_MAX)
		return error_set(err, "--parallel: expected a number from 1 to %d", TEST_PARALLEL_MAX);
	if (o->parallel > 1 && o->vm.publish.count)
		return error_set(err, "--publish: a port is one machine's, and --parallel makes several");
	if (o->artifacts_max == 0 || o->artifacts_max > ARTIFACTS_MAX_MAX)
		return error_set(err, "--artifacts-max: expected a number from 1 to %u", ARTIFACTS_MAX_MAX);
	return 0;
}

static int check_artifacts(const struct test_options *o, struct arena *arena, struct error *err)
{
	if (o->collect.count && !o->artifacts)
		return error_set(err, "--collect needs --artifacts DIR to put it in");
	if (o->collect.count > MANIFEST_ARTIFACTS_MAX)
		return error_set(err, "--collect: at most %d paths are allowed; name directories", MANIFEST_ARTIFACTS_MAX);
	for (size_t i = 0; i < o->collect.count; i++) {
		const char *problem = value_artifact(o->collect.items[i], arena);

		if (problem)
			return error_set(err, "--collect: %s", problem);
	}
	return o->artifacts ? artifacts_check(o->artifacts, err) : 0;
}

/* What a thread of QEMU has a part in does not come at the same instruction each time. */
static int make_deterministic(struct test_options *o, struct error *err)
{
	if (o->format && strcmp(o->format, "kernel+initrd") != 0)
		return error_set(err, "--deterministic: only the format 'kernel+initrd' does without a disk");
	if (o->vm.cpus > 1)
		return error_set(err, "--deterministic: several CPUs are not; remove --cpus");
	if (o->vm.publish.count)
		return error_set(err, "--publish needs the network that --deterministic takes away");
	if (strcmp(o->vm.kvm, "on") == 0)
		return error_set(err, "--deterministic: KVM does not count instructions; remove --kvm on");
	if (o->vm.machine && strcmp(o->vm.machine, DETERMINISTIC_MACHINE) != 0)
		return error_set(err, "--deterministic: only a machine of the kind '" DETERMINISTIC_MACHINE "' is");
	o->format = "kernel+initrd";
	o->vm.kvm = "off";
	o->vm.no_network = true;
	return 0;
}

static int check(struct test_options *o, struct arena *arena, struct error *err)
{
	if (check_numbers(o, err) < 0 || check_artifacts(o, arena, err) < 0)
		return -1;
	/* Whoever tests it is inside; and there may be several. */
	o->vm.ports_stay = true;
	if (o->deterministic)
		return make_deterministic(o, err);
	return o->seed ? error_set(err, "--seed is for --deterministic") : 0;
}

/* What several machines cannot have, or only some of them. */
static int check_machines(const struct test *test, const char *path, struct error *err)
{
	const struct test_options *o = test->options;
	size_t tests = 0, artifacts = 0;

	for (size_t i = 0; i < test->count; i++) {
		const struct manifest_test *stated = &test->machines.items[i].manifest.test;

		tests += stated->set;
		artifacts += stated->set && (stated->artifacts.count || o->collect.count);
	}
	if (o->deterministic)
		return error_set(err, "--deterministic: each machine has a clock of its own, and no count of instructions says when a packet of "
				 "another arrives; it is for one machine");
	if (o->service)
		return error_set(err, "--service: there are several machines; say it with 'test: {service: NAME}' below one of them");
	if (tests == 0)
		return error_set(err, "'%s': no machine is a test; add 'test: {service: NAME}' below one of 'machines'", path);
	if (o->artifacts && artifacts == 0)
		return error_set(err, "--artifacts: no machine of '%s' names any; add 'test: {artifacts: [PATH]}' or --collect PATH", path);
	if (test->count * o->repeat > TEST_REPEAT_MAX)
		return error_set(err, "--repeat: %u runs of %zu machines are more than %d; give a smaller number", o->repeat, test->count,
				 TEST_REPEAT_MAX);
	return cluster_check_options(&o->vm, err);
}

/* ------------------------------------------------------------ reports */

static int report(const char *path, const struct test *test, const struct test_result *const *results, double seconds, struct error *err)
{
	struct test_case *cases = arena_array(test->arena, test->count, sizeof(*cases));
	const struct test_suite suite = {
		.name = test->name, .cases = cases, .cases_count = test->count, .results = results, .runs = test->options->repeat,
		.seconds = seconds,
	};
	autobuffer struct buffer text = { 0 };

	for (size_t i = 0; i < test->count; i++)
		cases[i] = (struct test_case){
			.machine = test->tested[i].name ? arena_printf(test->arena, "%s.%s", test->name, test->tested[i].name) : test->name,
			.service = test->tested[i].service,
		};
	test_report(&suite, &text);
	return file_write_atomic(AT_FDCWD, path, text.data, text.length, 0644, err);
}

struct sum {
	bool run;
	int status;			/* of the first machine that did not pass */
};

static struct sum sum_of(const struct test *test, const struct test_result *const *results)
{
	struct sum sum = { 0 };

	for (size_t i = 0; i < test->count; i++) {
		if (!test->tested[i].service || results[i]->outcome == TEST_NOT_RUN)
			continue;
		sum.run = true;
		if (sum.status == 0)
			sum.status = results[i]->status;
	}
	return sum;
}

/* Of several runs one line; gives the status of the first one that did not pass. */
static int sum_up(const struct test *test, const struct test_result *const *results, double seconds)
{
	unsigned int run = 0, passed = 0, repeat = test->options->repeat;
	int status = 0;

	for (unsigned int i = 0; i < repeat; i++) {
		struct sum sum = sum_of(test, results + i * test->count);

		run += sum.run;
		passed += sum.run && sum.status == 0;
		if (status == 0)
			status = sum.status;
	}
	if (repeat > 1)
		log_info("%u of %u runs: %u passed, %u did not, in %.1f s", run, repeat, passed, run - passed, seconds);
	/* Nothing was run, for a signal came first. */
	return run == 0 ? EXIT_INTERRUPTED : status;
}

/* ------------------------------------------------------------ the whole of it */

static const char *build(struct test *test, const struct input *input, const char *operand, struct arena *arena, struct error *err)
{
	const struct test_options *o = test->options;
	struct build_options build = {
		.format = o->format ? o->format : "kernel+squashfs", .store = o->store, .builder = o->builder, .pull = o->pull,
		.platform = o->vm.platform, .silent = true, .amend = amend, .context = test,
	};

	build.output = vm_output(input, "test", arena, err);
	return build.output && build_image(&build, operand, err) == 0 ? build.output : NULL;
}

static void remove_empty(const struct test *test, const char *directory, struct arena *arena)
{
	for (unsigned int i = 1; test->machines.count && test->options->repeat > 1 && i <= test->options->repeat; i++)
		(void)rmdir(arena_printf(arena, "%s/%u", directory, i));
	(void)rmdir(directory);
}

static int run(const struct test *test, const struct test_run *machines, struct arena *arena, int *status, struct error *err)
{
	const struct test_options *o = test->options;
	const struct test_repeat repeat = {
		.machines = machines, .machines_count = test->count, .log = o->log, .count = o->repeat,
		.parallel = o->parallel < o->repeat ? o->parallel : o->repeat, .until_failure = o->until_failure,
	};
	bool there = o->artifacts && access(o->artifacts, F_OK) == 0;
	const struct test_result **results;
	double seconds;

	if ((o->record && test_record(o->record, machines, test->count, err) < 0) ||
	    test_repeat(&repeat, &results, &seconds, arena, err) < 0)
		return -1;
	/* Made for the directories of several runs or machines, none of which had any. */
	if (o->artifacts && !there)
		remove_empty(test, o->artifacts, arena);
	*status = sum_up(test, results, seconds);
	return o->junit ? report(o->junit, test, results, seconds, err) : 0;
}

static int describe(const struct test *test, const char *prefix, size_t index, struct qemu_vm *vm, struct arena *arena, struct error *err)
{
	const struct test_options *o = test->options;
	const char *words = test->tested[index].service ? PLAN_TEST_WORD : NULL;
	struct qemu_deterministic *deterministic;

	if (test->machines.count)
		return cluster_describe(vm, prefix, &test->machines.items[index], &o->vm, words, arena, err);
	if (vm_describe(vm, prefix, &o->vm, words, arena, err) < 0)
		return -1;
	/* Of an image for another kind of processor the default is another machine. */
	if (o->deterministic && strcmp(vm->machine->name, DETERMINISTIC_MACHINE) != 0)
		return error_set(err, "--deterministic: only a machine of the kind '" DETERMINISTIC_MACHINE "' is, not '%s'", vm->machine->name);
	if (o->deterministic) {
		deterministic = arena_alloc(arena, sizeof(*deterministic));
		*deterministic = (struct qemu_deterministic){ .seed = o->seed ? o->seed : SEED_DEFAULT, .counter = command_beside("count.so", arena) };
		vm->deterministic = deterministic;
	}
	return 0;
}

static int boot(const struct test *test, const char *prefix, struct arena *arena, int *status, struct error *err)
{
	const struct test_options *o = test->options;
	struct test_run *runs = arena_array(arena, test->count, sizeof(*runs));
	const char **names = arena_array(arena, test->count, sizeof(*names));

	for (size_t i = 0; i < test->count; i++)
		names[i] = test->tested[i].name;
	for (size_t i = 0; i < test->count; i++) {
		const struct tested *tested = &test->tested[i];

		runs[i] = (struct test_run){
			.machine = tested->name, .aside = !tested->service, .timeout = tested->timeout,
			.prefix = tested->name ? lines_prefix(tested->name, names, test->count, arena) : NULL,
			.critical = test->machines.count && test->machines.items[i].critical,
			.artifacts = tested->wants_artifacts ? o->artifacts : NULL, .artifacts_max = (uint64_t)o->artifacts_max << 20,
		};
		if (describe(test, prefix, i, &runs[i].vm, arena, err) < 0)
			return -1;
	}
	return run(test, runs, arena, status, err);
}

static int test(const char *operand, struct test_options *o, struct arena *arena, int *status, struct error *err)
{
	struct test test = { .options = o, .arena = arena };
	struct input input;
	const char *prefix;

	if (check(o, arena, err) < 0)
		return -1;
	input_find(operand, arena, &input);
	if (cluster_read(&input, arena, &test.machines, err) < 0)
		return -1;
	test.name = input.kind == INPUT_MANIFEST ? machine_name(operand, arena) : input.name;
	test.count = test.machines.count ? test.machines.count : 1;
	test.tested = arena_array(arena, test.count, sizeof(*test.tested));
	for (size_t i = 0; i < test.machines.count; i++)
		test.tested[i].name = test.machines.items[i].name;
	if (test.machines.count && check_machines(&test, input.path, err) < 0)
		return -1;
	prefix = build(&test, &input, operand, arena, err);
	return prefix ? boot(&test, prefix, arena, status, err) : -1;
}

static int test_main(int argc, char **argv)
{
	struct test_options o = { .vm = VM_OPTIONS_DEFAULT, .repeat = 1, .parallel = 1, .artifacts_max = ARTIFACTS_MAX_DEFAULT };
	struct option_list operands = { 0 };
	struct arena arena = { 0 };
	int status = EXIT_NO_STATUS, r;
	struct error err;

	console_open_standard();
	r = option_parse(&command_test, "slipway", argc, argv, &o, &operands, &arena, &err);
	if (r == 0)
		r = test(operands.items[0], &o, &arena, &status, &err);
	else if (r > 0)
		status = 0;
	if (r < 0) {
		error_print(&err, "slipway");
		status = EXIT_NO_STATUS;
	}
	arena_release(&arena);
	return status;
}

const struct option_command command_test = {
	.name = "test",
	.operands = "MANIFEST|DOCKERFILE|DIR",
	.summary = "boot machines in QEMU, wait for one of their services, and leave with its exit status",
	.options = test_option_table,
	.operands_min = 1,
	.operands_max = 1,
	.run = test_main,
};
