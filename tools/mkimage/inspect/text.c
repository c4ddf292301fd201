/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "tools/mkimage/inspect/inspect.h"
#include "tools/mkimage/inspect/shown.h"
#include "tools/mkimage/inspect/sizes.h"

static void add_line(struct buffer *out, const char *label, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* "  label     value". */
static void add_line(struct buffer *out, const char *label, const char *format, ...)
{
	char *line;
	va_list args;

	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		arena_out_of_memory();
	va_end(args);
	buffer_printf(out, "  %-13s ", label);
	shown_add(out, line);
	buffer_add(out, "\n", 1);
	free(line);
}

/* A list in one line, "-" when it is empty. */
static void add_list(struct buffer *out, const char *label, const char *const *items, size_t count)
{
	buffer_printf(out, "  %-13s ", label);
	for (size_t i = 0; i < count; i++) {
		buffer_add_string(out, i ? " " : "");
		shown_add(out, *items[i] ? items[i] : "''");
	}
	buffer_add_string(out, count ? "\n" : "-\n");
}

static void add_size_line(struct buffer *out, const char *label, const struct contents_size *size)
{
	add_line(out, label, "%s in %" PRIu64 " files", contents_shown_size(size->bytes).text, size->files);
}

/* --- parts ------------------------------------------------------------------------------------- */

static void add_machine(struct buffer *out, const struct contents *c)
{
	buffer_add_string(out, "machine\n");
	add_line(out, "format", "%s", c->format);
	if (c->has_provenance) {
		add_line(out, "built by", "slipway %s", c->provenance.slipway);
		add_line(out, "manifest", "%s", c->provenance.manifest.text);
	}
	for (size_t i = 0; i < c->files_count; i++)
		add_line(out, "file", "%s  %s  %s", c->files[i].name, contents_shown_size(c->files[i].size).text, c->files[i].digest.text);
	add_line(out, "kernel", "%s", c->kernel.version ? c->kernel.version : "-");
	add_line(out, "cmdline", "%s", c->kernel.cmdline);
	if (c->kernel.image)
		add_line(out, "kernel image", "%s@%s", c->kernel.image->name, c->kernel.image->digest.text);
	add_size_line(out, "modules", &c->kernel.modules);
	for (size_t i = 0; i < c->plan.modules_count; i++)
		add_line(out, "module", "%s%s%s", c->plan.modules[i].path, c->plan.modules[i].parameters ? " " : "",
			 c->plan.modules[i].parameters ? c->plan.modules[i].parameters : "");
	add_size_line(out, "root", &c->size);
	add_size_line(out, "not of images", &c->build);
}

static void add_image(struct buffer *out, const struct contents_image *image)
{
	buffer_add_string(out, "image ");
	shown_add(out, image->image->reference);
	buffer_add_string(out, "\n");
	add_line(out, "name", "%s", image->image->name);
	add_line(out, "digest", "%s", image->image->digest.text);
	for (size_t i = 0; i < image->image->layers_count; i++) {
		const struct contents_layer *layer = &image->layers[i];

		add_line(out, "layer", "%s  %s in %" PRIu64 " files", layer->layer->digest.text,
			 contents_shown_size(layer->size.bytes).text, layer->size.files);
	}
}

static void add_mount(struct buffer *out, const struct oci_mount *mount)
{
	autobuffer struct buffer options = { 0 };

	for (size_t i = 0; i < mount->options.count; i++)
		buffer_printf(&options, "%s%s", i ? "," : "", mount->options.items[i]);
	add_line(out, "mount", "%s  %s %s  %s", mount->destination, mount->type ? mount->type : "bind",
		 mount->source ? mount->source : "-", buffer_string(&options));
}

static void add_number(struct buffer *out, const char *name, const struct oci_number *number)
{
	if (number->set)
		add_line(out, "resource", "%s=%" PRId64, name, number->value);
}

static void add_resources(struct buffer *out, const struct oci_resources *r)
{
	const struct {
		const char *name;
		const struct oci_number *number;
	} rows[] = {
		{ "memory", &r->memory_limit }, { "memory reservation", &r->memory_reservation }, { "memory+swap", &r->memory_swap },
		{ "cpu shares", &r->cpu_shares }, { "cpu quota", &r->cpu_quota }, { "cpu period", &r->cpu_period },
		{ "pids", &r->pids_limit },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		add_number(out, rows[i].name, rows[i].number);
	if (r->cpuset_cpus)
		add_line(out, "resource", "cpus=%s", r->cpuset_cpus);
	for (size_t i = 0; i < r->unified.count; i++)
		add_line(out, "resource", "%s=%s", r->unified.items[i].key, r->unified.items[i].value);
}

static void add_container(struct buffer *out, const struct contents_container *c)
{
	const struct oci_process *process = c->config.process;

	buffer_printf(out, "%s ", c->stage);
	shown_add(out, c->name);
	buffer_add_string(out, "\n");
	if (c->image)
		add_line(out, "image", "%s@%s", c->image->name, c->image->digest.text);
	if (process) {
		add_list(out, "command", process->args.items, process->args.count);
		add_line(out, "user", "%u:%u", process->user.uid, process->user.gid);
		add_list(out, "capabilities", process->capabilities ? process->capabilities->bounding.items : NULL,
			 process->capabilities ? process->capabilities->bounding.count : 0);
	}
	for (size_t i = 0; i < c->config.mounts_count; i++)
		add_mount(out, &c->config.mounts[i]);
	if (c->config.linux_.resources)
		add_resources(out, c->config.linux_.resources);
	add_line(out, "size", "%s in %" PRIu64 " files, of which no other container has %s",
		 contents_shown_size(c->size.bytes).text, c->size.files, contents_shown_size(c->own.bytes).text);
}

static void add_directory(struct buffer *out, const struct size_node *node, unsigned int depth)
{
	buffer_printf(out, "%10s %8" PRIu64 "  %*s", contents_shown_size(node->size.bytes).text, node->size.files, (int)depth * 2, "");
	shown_add(out, depth ? node->name : "/");
	buffer_add(out, "\n", 1);
	for (size_t i = 0; i < node->children_count; i++)
		add_directory(out, &node->children[i], depth + 1);
}

void report_text(const struct contents *c, bool tree, struct buffer *out)
{
	add_machine(out, c);
	for (size_t i = 0; i < c->provenance.images_count; i++)
		add_image(out, &c->images[i]);
	for (size_t i = 0; i < c->plan.containers_count; i++)
		add_container(out, &c->containers[i]);
	if (tree) {
		struct arena arena = { 0 };

		buffer_printf(out, "%10s %8s  %s\n", "SIZE", "FILES", "DIRECTORY");
		add_directory(out, sizes_tree(c, 0, &arena), 0);
		arena_release(&arena);
	}
}
