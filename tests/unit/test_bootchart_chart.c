/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Charts of boots: what is drawn of a boot that went well (tests/data/bootchart/boot.*) and of one that is looked at too early
 * (early.*), byte for byte; and what machines and files may not say.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "tools/bootchart/chart.h"
#include "tools/bootchart/draw.h"

static struct arena arena;
static struct error err;

static int clean(void **state)
{
	(void)state;
	arena_release(&arena);
	err = (struct error){ 0 };
	return 0;
}

static const char *data(const char *name)
{
	return arena_printf(&arena, "%s/tests/data/bootchart/%s", getenv("TOP") ? getenv("TOP") : ".", name);
}

/* Lines as a machine sends them; they are changed. */
static int add_lines(struct chart *chart, char *lines)
{
	struct record record;

	for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
		if (record_parse(line, &record, &err) < 0 || chart_add_record(chart, &record, &arena, &err) < 0)
			return -1;
	return 0;
}

static int make(struct chart *chart, const char *lines)
{
	*chart = (struct chart){ 0 };
	return add_lines(chart, arena_strdup(&arena, lines)) < 0 ? -1 : chart_finish(chart, &arena, &err);
}

static void read_chart(const char *name, int64_t host, struct chart *chart)
{
	struct buffer text = { 0 };

	*chart = (struct chart){ 0 };
	assert_int_equal(file_read(AT_FDCWD, data(name), 100000, &text, &err), 0);
	assert_int_equal(add_lines(chart, text.data), 0);
	chart_add_host(chart, host, &arena);
	if (chart_finish(chart, &arena, &err) < 0)
		fail_msg("%s: %s", name, err.message);
	buffer_release(&text);
}

/* BOOTCHART_WRITE=1 writes what is expected anew, for a person to look at. */
static void compare(const char *name, const struct buffer *got)
{
	struct buffer expected = { 0 };

	if (getenv("BOOTCHART_WRITE"))
		assert_int_equal(file_write_atomic(AT_FDCWD, data(name), got->data, got->length, 0644, &err), 0);
	assert_int_equal(file_read(AT_FDCWD, data(name), 1000000, &expected, &err), 0);
	assert_string_equal(buffer_string(got), buffer_string(&expected));
	buffer_release(&expected);
}

static void compare_all(const char *name, int64_t host)
{
	struct buffer text = { 0 }, json = { 0 }, svg = { 0 }, again = { 0 };
	struct chart chart;

	read_chart(arena_printf(&arena, "%s.records", name), host, &chart);
	chart_write_text(&chart, &text);
	chart_write_svg(&chart, &svg);
	assert_int_equal(chart_write_json(&chart, &json, &err), 0);
	compare(arena_printf(&arena, "%s.txt", name), &text);
	compare(arena_printf(&arena, "%s.svg", name), &svg);
	compare(arena_printf(&arena, "%s.json", name), &json);
	/* What was written is read, and is the same chart. */
	assert_int_equal(chart_read_json(json.data, json.length, &arena, &chart, &err), 0);
	assert_int_equal(chart_write_json(&chart, &again, &err), 0);
	assert_string_equal(buffer_string(&again), buffer_string(&json));
	again.length = 0;
	chart_write_svg(&chart, &again);
	assert_string_equal(buffer_string(&again), buffer_string(&svg));
	buffer_release(&text);
	buffer_release(&json);
	buffer_release(&svg);
	buffer_release(&again);
}

static void a_boot_is_drawn(void **state)
{
	(void)state;
	compare_all("boot", 1500000);
}

static void a_boot_is_drawn_before_its_end(void **state)
{
	(void)state;
	compare_all("early", 0);
}

/* ------------------------------------------------------------ what follows */

static const char *chain_of(const struct chart *chart)
{
	struct buffer out = { 0 };
	char *text;

	for (size_t i = 0; i < chart->chain_count; i++)
		buffer_printf(&out, "%s%s", i ? " " : "", chart->chain[i].name);
	text = arena_strdup(&arena, buffer_string(&out));
	buffer_release(&out);
	return text;
}

#define MACHINE "machine now_us=900 init_us=10 services_us=100\nspan kind=kernel name=kernel start_us=0 end_us=10\n" \
	"span kind=init name=plan start_us=10 end_us=20\n"

static void the_chain_goes_by_what_was_waited_for(void **state)
{
	static const struct {
		const char *lines, *chain;
	} cases[] = {
		{ "", "init kernel" },
		{ "span kind=service name=a start_us=100 ready_us=200\nspan kind=service name=b start_us=210 ready_us=300\nneed on=a\n",
		  "b a init kernel" },
		/* The later of two. */
		{ "span kind=service name=a start_us=100 ready_us=200\nspan kind=service name=c start_us=100 ready_us=205\n"
		  "span kind=service name=b start_us=210 ready_us=300\nneed on=a\nneed on=c required=1\n", "b c init kernel" },
		/* What was ready before the services began held nobody up, but the onboot container did. */
		{ "span kind=network name=network start_us=12 ready_us=50\nspan kind=onboot name=x start_us=20 end_us=99\n"
		  "span kind=service name=b start_us=101 ready_us=300\nneed on=network\n", "b x init kernel" },
		{ "span kind=network name=network start_us=22 ready_us=150\nspan kind=onboot name=x start_us=20 end_us=99\n"
		  "span kind=service name=b start_us=151 ready_us=300\nneed on=network\n", "b network init kernel" },
		/* Onboot containers follow each other. */
		{ "span kind=onboot name=x start_us=20 end_us=50\nspan kind=onboot name=y start_us=51 end_us=99\n", "y x init kernel" },
		/* What is not there, and what is not over, is no link. */
		{ "span kind=service name=b start_us=210 ready_us=300\nneed on=nobody\nneed on=c\nspan kind=service name=c start_us=100\n",
		  "b init kernel" },
		/* A circle, all at one moment. */
		{ "span kind=service name=a start_us=200 ready_us=200\nneed on=b\nspan kind=service name=b start_us=200 ready_us=200\n"
		  "need on=a\n", "a b init kernel" },
	};
	struct chart chart;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (make(&chart, arena_printf(&arena, MACHINE "%s", cases[i].lines)) < 0)
			fail_msg("case %zu: %s", i, err.message);
		if (strcmp(chain_of(&chart), cases[i].chain) != 0)
			fail_msg("case %zu: '%s', not '%s'", i, chain_of(&chart), cases[i].chain);
	}
}

static void what_is_not_known_is_said_to_be(void **state)
{
	struct chart chart = { 0 };

	(void)state;
	assert_int_equal(make(&chart, MACHINE), 0);
	assert_int_equal(chart.unknown.count, 2);
	assert_string_equal(chart.unknown.items[0], "firmware");
	assert_int_equal(chart.total_us, 20);
	/* The host's clock knows less than the firmware's table: it is not believed. */
	chart = (struct chart){ 0 };
	assert_int_equal(add_lines(&chart, arena_strdup(&arena, "span kind=firmware name=firmware start_us=-900 end_us=-1\n")), 0);
	chart_add_host(&chart, 800, &arena);
	chart_add_host(&chart, 0, &arena);
	chart_add_host(&chart, -5, &arena);
	assert_int_equal(chart.spans_count, 1);
	chart_add_host(&chart, 1000, &arena);
	assert_int_equal(chart_finish(&chart, &arena, &err), 0);
	assert_int_equal(chart.unknown.count, 1);
	assert_string_equal(chart.spans[0].name, "before the firmware");
	assert_int_equal(chart.spans[0].end_us, -900);
}

static void times_have_a_form(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{ 0, "0.0ms" }, { 49, "0.0ms" }, { 50, "0.1ms" }, { 1234, "1.2ms" }, { -1250, "-1.3ms" }, { 999949, "999.9ms" },
		{ 999950, "1.000s" }, { 1051600, "1.052s" }, { 59999499, "59.999s" }, { -2100000, "-2.100s" },
		{ INT64_MIN, "-9223372036854.776s" }, { INT64_MAX, "9223372036854.776s" },
	};
	char text[DRAW_TIME_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		draw_time(cases[i].us, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void names_are_harmless(void **state)
{
	static const struct {
		const char *name;
		size_t max;
		const char *shown;
	} cases[] = {
		{ "web", 3, "web" }, { "webs", 3, "..." }, { "webserver", 8, "webse..." }, { "a\033[2Jb\n\x7f", 20, "a?[2Jb??" },
		{ "\xc2\x9b" "31m", 20, "?31m" }, { "\xe2\x80\xae" "dab", 20, "?dab" }, { "\xef\xbf\xbf", 20, "?" },
		{ "\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x9a\xa2", 3, "\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x9a\xa2" }, { "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 4, "\xc3\xa9..." },
		/* What is no UTF-8 does not come this far, and does no harm. */
		{ "\xf0\x9f", 20, "?" }, { "\xff", 20, "?" },
	};
	struct buffer out = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		out.length = 0;
		buffer_add_string(&out, "");
		draw_label(&out, cases[i].name, cases[i].max);
		if (strcmp(buffer_string(&out), cases[i].shown) != 0)
			fail_msg("case %zu: '%s', not '%s'", i, buffer_string(&out), cases[i].shown);
	}
	buffer_release(&out);
}

/* ------------------------------------------------------------ hostile machines and files */

static void what_a_machine_says_is_checked(void **state)
{
	static const struct {
		const char *lines, *error;
	} cases[] = {
		{ "machine name=x\n", "there is nothing in it" },
		{ "machine name=x\nmachine name=y\n", "machine 0: it comes twice" },
		{ "machine now_us=NaN\n", "machine 0: 'now_us' is no number of microseconds: 'NaN'" },
		{ "machine cpus=-1\n", "machine 0: 'cpus' is no number from 0 to 4294967295" },
		{ "span name=x start_us=1 end_us=2\n", "spans[0]: unknown kind ''" },
		{ "span kind=rocket name=x\n", "spans[0]: unknown kind 'rocket'" },
		{ "span kind=init start_us=1 end_us=2\n", "spans[0]: the name is missing" },
		{ "span kind=init name=x start_us=1\n", "spans[0]: 'x': start_us and end_us have to be there" },
		{ "span kind=init name=x start_us=5 end_us=4\n", "spans[0]: 'x': end_us, 4, is before start_us, 5" },
		{ "span kind=init name=x start_us=1 end_us=2 ready_us=2\n", "spans[0]: 'x': what is no container has no exec_us and no ready_us" },
		{ "span kind=service name=x exec_us=4\n", "spans[0]: 'x': it has exec_us and no start_us" },
		{ "span kind=service name=x start_us=4 ready_us=-4\n", "spans[0]: 'x': ready_us, -4, is before start_us, 4" },
		{ "span kind=service name=x start_us=4 exec_us=6 ready_us=5\n", "spans[0]: 'x': ready_us, 5, is before exec_us, 6" },
		{ "span kind=service name=x start_us=4 end_us=3\n", "spans[0]: 'x': end_us, 3, is before start_us, 4" },
		{ "span kind=service name=x start_us=10000000000001\n", "spans[0]: 'x': start_us: 10000000000001 is no time of a boot" },
		{ "span kind=service name=x start_us=-999999999999999999\n", "spans[0]: 'x': start_us: -999999999999999999 is no time of a boot" },
		{ "span kind=service name=x start_us=1e9\n", "span 1: 'start_us' is no number of microseconds: '1e9'" },
		{ "span kind=service name=x start_us=99999999999999999999\n", "span 1: 'start_us' is no number of microseconds: '99999999999999999999'" },
		{ "machine now_us=5\nspan kind=service name=x start_us=6\n", "spans[0]: 'x': start_us: 6 is later than now_us, 5" },
		{ "machine init_us=-10000000000001\nspan kind=service name=x\n", "init_us: -10000000000001 is no time of a boot" },
		{ "span kind=service name=x\nspan kind=service name=x\n", "service 'x' is there twice" },
		{ "need on=x\n", "need 0: nobody has it, or nothing is needed" },
		{ "span kind=service name=x\nneed\n", "need 0: nobody has it, or nothing is needed" },
		{ "span kind=service name=x\nneed on=\n", "spans[0]: 'x': the name of what it needs is missing" },
		{ "span kind=service name=a%0Ab start_us=4 end_us=3\n", "spans[0]: 'a?b': end_us, 3, is before start_us, 4" },
	};
	struct chart chart;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (make(&chart, cases[i].lines) == 0)
			fail_msg("case %zu was taken", i);
		if (strcmp(err.message, cases[i].error) != 0)
			fail_msg("case %zu: '%s', not '%s'", i, err.message, cases[i].error);
	}
	assert_int_equal(make(&chart, arena_printf(&arena, "span kind=service name=%0256d\n", 0)), -1);
	assert_string_equal(err.message, "spans[0]: the name has more than 255 bytes");
	/* Of a newer machine. */
	assert_int_equal(make(&chart, "weather sun=1\nspan kind=service name=x shoe=1\n"), 0);
}

static int read_json(const char *json, struct chart *chart)
{
	return chart_read_json(json, strlen(json), &arena, chart, &err);
}

static void what_a_file_says_is_checked(void **state)
{
	static const char *const refused[] = {
		"", "{", "[]", "null", "{}", "{\"bootchart\":2,\"spans\":[]}", "{\"bootchart\":1}", "{\"bootchart\":1,\"spans\":[]}",
		"{\"bootchart\":1,\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"x\"}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"x\",\"name\":\"y\"}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"x\"},{\"kind\":\"service\",\"name\":\"x\"}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"\"}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":7}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"a\\u0000b\"}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"SERVICE\",\"name\":\"x\"}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"x\",\"start_us\":NaN}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"x\",\"start_us\":1e300}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"x\",\"start_us\":1.5}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"x\",\"start_us\":9223372036854775807}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"x\",\"start_us\":99999999999999999999}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"x\",\"starts\":-1}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"x\",\"after\":\"y\"}]}",
		"{\"bootchart\":1,\"now_us\":-9223372036854775808,\"spans\":[{\"kind\":\"service\",\"name\":\"x\"}]}",
		"{\"bootchart\":1,\"spans\":[{\"kind\":\"service\",\"name\":\"x\"}],\"critical_chain\":7}",
	};
	struct chart chart;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (read_json(refused[i], &chart) == 0)
			fail_msg("'%s' was taken", refused[i]);
		assert_true(*err.message && !strchr(err.message, '\n'));
	}
	/* Conclusions are drawn here, whatever the file says of them. */
	assert_int_equal(read_json("{\"bootchart\":1,\"total_us\":5,\"unknown\":[\"everything\"],\"critical_chain\":[{\"kind\":\"x\",\"name\":\"y\"}],"
				   "\"spans\":[{\"kind\":\"init\",\"name\":\"x\",\"start_us\":-7,\"end_us\":9}]}", &chart), 0);
	assert_int_equal(chart.total_us, 16);
	assert_int_equal(chart.unknown.count, 2);
	assert_string_equal(chain_of(&chart), "init");
}

static void a_million_services_are_refused(void **state)
{
	struct buffer json = { 0 };
	struct chart chart;

	(void)state;
	buffer_add_string(&json, "{\"bootchart\":1,\"spans\":[");
	for (unsigned int i = 0; i < 1000000; i++)
		buffer_printf(&json, "%s{}", i ? "," : "");
	buffer_add_string(&json, "]}");
	assert_int_equal(chart_read_json(json.data, json.length, &arena, &chart, &err), -1);
	assert_non_null(strstr(err.message, "spans"));
	json.length = 0;
	for (unsigned int i = 0; i <= CHART_SPANS_MAX; i++)
		buffer_printf(&json, "span kind=service name=s%u\n", i);
	assert_int_equal(make(&chart, buffer_string(&json)), -1);
	assert_string_equal(err.message, "span 8192: there are more than 8192");
	buffer_release(&json);
}

/* As many as there may be, each needing many, in circles: it takes no time worth a word, and no picture breaks. */
static void as_many_as_there_may_be_are_drawn(void **state)
{
	struct buffer lines = { 0 }, out = { 0 };
	struct chart chart;

	(void)state;
	buffer_add_string(&lines, "machine now_us=10000000000000\n");
	for (unsigned int i = 0; i < CHART_SPANS_MAX; i++) {
		buffer_printf(&lines, "span kind=service name=s%u start_us=-10000000000000 ready_us=%s\n", i, i == 0 ? "10000000000000" : "-10000000000000");
		for (unsigned int k = 0; k < CHART_NEEDS_MAX / CHART_SPANS_MAX; k++)
			buffer_printf(&lines, "need on=s%u\n", (i + 2 * k + 2) % CHART_SPANS_MAX);
	}
	assert_int_equal(make(&chart, buffer_string(&lines)), 0);
	/* The even ones, each once. */
	assert_int_equal(chart.chain_count, CHART_SPANS_MAX / 2);
	chart_write_svg(&chart, &out);
	assert_null(strstr(buffer_string(&out), "=\"-"));
	chart_write_text(&chart, &out);
	buffer_add_string(&lines, "need on=x\n");
	assert_int_equal(make(&chart, buffer_string(&lines)), -1);
	assert_string_equal(err.message, "need 0: there are more than 65536");
	buffer_release(&lines);
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_boot_is_drawn, clean),
		cmocka_unit_test_teardown(a_boot_is_drawn_before_its_end, clean),
		cmocka_unit_test_teardown(the_chain_goes_by_what_was_waited_for, clean),
		cmocka_unit_test_teardown(what_is_not_known_is_said_to_be, clean),
		cmocka_unit_test_teardown(times_have_a_form, clean),
		cmocka_unit_test_teardown(names_are_harmless, clean),
		cmocka_unit_test_teardown(what_a_machine_says_is_checked, clean),
		cmocka_unit_test_teardown(what_a_file_says_is_checked, clean),
		cmocka_unit_test_teardown(a_million_services_are_refused, clean),
		cmocka_unit_test_teardown(as_many_as_there_may_be_are_drawn, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
