/* SPDX-License-Identifier: Apache-2.0 */
/* A chart as a document. What chart_finish() makes is written for whoever reads that, and made anew where it is read. */
#include "base/cleanup.h"
#include "oci/json.h"
#include "tools/bootchart/chart.h"

static const struct json_field span_fields[] = {
	JSON_ROW("kind", struct chart_span, kind_name, JSON_REQUIRED, .words = chart_kind_names),
	JSON_ROW("name", struct chart_span, name, JSON_REQUIRED),
	JSON_ROW("state", struct chart_span, state, 0),
	JSON_ROW("source", struct chart_span, source, 0),
	JSON_ROW("failed", struct chart_span, failed, 0),
	JSON_ROW("starts", struct chart_span, starts, 0),
	JSON_ROW_HAS("start_us", struct chart_span, start_us, 0),
	JSON_ROW_HAS("exec_us", struct chart_span, exec_us, 0),
	JSON_ROW_HAS("ready_us", struct chart_span, ready_us, 0),
	JSON_ROW_HAS("end_us", struct chart_span, end_us, 0),
	JSON_ROW("after", struct chart_span, after, 0),
	JSON_ROW("requires", struct chart_span, requires, 0),
};
static const struct json_type span_type = JSON_TYPE(struct chart_span, span_fields);

static const struct json_field link_fields[] = {
	JSON_ROW("kind", struct chart_link, kind_name, 0),
	JSON_ROW("name", struct chart_link, name, 0),
	JSON_ROW("at_us", struct chart_link, at_us, JSON_ALWAYS),
	JSON_ROW("took_us", struct chart_link, took_us, JSON_ALWAYS),
};
static const struct json_type link_type = JSON_TYPE(struct chart_link, link_fields);

static const struct json_field chart_fields[] = {
	JSON_ROW_CONSTANT("bootchart", .limit = 1),
	JSON_ROW("machine", struct chart, machine, 0),
	JSON_ROW("kernel", struct chart, kernel, 0),
	JSON_ROW("arch", struct chart, arch, 0),
	JSON_ROW("cpus", struct chart, cpus, 0),
	JSON_ROW("version", struct chart, version, 0),
	JSON_ROW("settled", struct chart, settled, JSON_ALWAYS),
	JSON_ROW_HAS("init_us", struct chart, init_us, 0),
	JSON_ROW_HAS("services_us", struct chart, services_us, 0),
	JSON_ROW_HAS("now_us", struct chart, now_us, 0),
	JSON_ROW("total_us", struct chart, total_us, JSON_ALWAYS),
	JSON_ROW("unknown", struct chart, unknown, 0),
	JSON_ROW_ARRAY("spans", struct chart, spans, spans_count, &span_type, 0, .limit = CHART_SPANS_MAX),
	JSON_ROW_ARRAY("critical_chain", struct chart, chain, chain_count, &link_type, 0, .limit = CHART_SPANS_MAX),
};
static const struct json_type chart_type = JSON_TYPE(struct chart, chart_fields);
static const struct json_field root = { .key = "bootchart", .kind = JSON_KIND_OBJECT, .type = &chart_type };

int chart_read_json(const char *json, size_t length, struct arena *arena, struct chart *chart, struct error *err)
{
	*chart = (struct chart){ 0 };
	if (json_read(json, length, CHART_BYTES_MAX, &root, arena, chart, err) < 0)
		return -1;
	return chart_finish(chart, arena, err);
}

int chart_write_json(const struct chart *chart, struct buffer *out, struct error *err)
{
	if (json_write(&root, chart, true, out, err) < 0)
		return -1;
	buffer_add_string(out, "\n");
	return 0;
}
