/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as one page that needs nothing else: a treemap of the root, and tables. What comes from the image is escaped
 * where it is text of the page, and in the data of the treemap, where no '<' is left that could end the element.
 */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "tools/mkimage/inspect/inspect.h"
#include "tools/mkimage/inspect/page.h"
#include "tools/mkimage/inspect/sizes.h"

/* Of the whole, what is smaller is told of together. */
#define PARTS 5000

static void add_escaped(struct buffer *out, const char *text)
{
	static const struct {
		char character;
		const char *entity;
	} rows[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" } };

	for (const char *s = text; *s; s++) {
		const char *entity = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			if (rows[i].character == *s)
				entity = rows[i].entity;
		if (entity)
			buffer_add_string(out, entity);
		/* HTML has no control characters: parse errors, or worse in whoever reads the source. */
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			buffer_add_string(out, "\xef\xbf\xbd");
		else
			buffer_add(out, s, 1);
	}
}

static void add_cell(struct buffer *out, const char *tag, const char *text)
{
	buffer_printf(out, "<%s>", tag);
	add_escaped(out, text ? text : "");
	buffer_printf(out, "</%s>", tag);
}

static void add_row(struct buffer *out, const char *label, const char *value)
{
	buffer_add_string(out, "<tr>");
	add_cell(out, "th", label);
	add_cell(out, "td", value);
	buffer_add_string(out, "</tr>\n");
}

static void add_size_cells(struct buffer *out, const struct contents_size *size)
{
	buffer_printf(out, "<td>%s</td><td>%" PRIu64 "</td>", contents_shown_size(size->bytes).text, size->files);
}

static void add_machine(struct buffer *out, const struct contents *c, struct arena *arena)
{
	buffer_add_string(out, "<h2>Machine</h2>\n<table>\n");
	add_row(out, "format", c->format);
	add_row(out, "kernel", c->kernel.version);
	add_row(out, "command line", c->kernel.cmdline);
	if (c->has_provenance) {
		add_row(out, "built by", arena_printf(arena, "slipway %s", c->provenance.slipway));
		add_row(out, "manifest", c->provenance.manifest.text);
	}
	add_row(out, "root", contents_shown_size(c->size.bytes).text);
	add_row(out, "modules", contents_shown_size(c->kernel.modules.bytes).text);
	buffer_add_string(out, "</table>\n<h2>Files</h2>\n<table>\n<tr><th>file</th><th>size</th><th>digest</th></tr>\n");
	for (size_t i = 0; i < c->files_count; i++) {
		buffer_add_string(out, "<tr>");
		add_cell(out, "td", c->files[i].name);
		add_cell(out, "td", contents_shown_size(c->files[i].size).text);
		add_cell(out, "td", c->files[i].digest.text);
		buffer_add_string(out, "</tr>\n");
	}
	buffer_add_string(out, "</table>\n");
}

static void add_list_cell(struct buffer *out, const struct oci_strings *list)
{
	buffer_add_string(out, "<td>");
	for (size_t i = 0; list && i < list->count; i++) {
		buffer_add_string(out, i ? " " : "");
		add_escaped(out, list->items[i]);
	}
	buffer_add_string(out, "</td>");
}

static void add_containers(struct buffer *out, const struct contents *c)
{
	buffer_add_string(out, "<h2>Containers</h2>\n<table>\n<tr><th>stage</th><th>name</th><th>image</th><th>command</th>"
			       "<th>user</th><th>capabilities</th><th>size</th><th>files</th></tr>\n");
	for (size_t i = 0; i < c->plan.containers_count; i++) {
		const struct contents_container *container = &c->containers[i];
		const struct oci_process *process = container->config.process;

		buffer_add_string(out, "<tr>");
		add_cell(out, "td", container->stage);
		add_cell(out, "td", container->name);
		add_cell(out, "td", container->image ? container->image->name : "");
		add_list_cell(out, process ? &process->args : NULL);
		buffer_printf(out, "<td>%u:%u</td>", process ? process->user.uid : 0, process ? process->user.gid : 0);
		add_list_cell(out, process && process->capabilities ? &process->capabilities->bounding : NULL);
		add_size_cells(out, &container->size);
		buffer_add_string(out, "</tr>\n");
	}
	buffer_add_string(out, "</table>\n");
}

static void add_images(struct buffer *out, const struct contents *c)
{
	buffer_add_string(out, "<h2>Images and layers</h2>\n<table>\n<tr><th>image</th><th>layer</th><th>size</th><th>files</th></tr>\n");
	for (size_t i = 0; i < c->provenance.images_count; i++)
		for (size_t k = 0; k < c->images[i].image->layers_count; k++) {
			buffer_add_string(out, "<tr>");
			add_cell(out, "td", c->images[i].image->name);
			add_cell(out, "td", c->images[i].layers[k].layer->digest.text);
			add_size_cells(out, &c->images[i].layers[k].size);
			buffer_add_string(out, "</tr>\n");
		}
	buffer_add_string(out, "</table>\n");
}

/* For who has no scripts: directories that open and close by themselves. */
static void add_directory(struct buffer *out, const struct size_node *node)
{
	buffer_add_string(out, node->children_count ? "<details><summary>" : "<div>");
	add_escaped(out, node->node && node->node->parent ? node->name : node->node ? "/" : "(smaller ones)");
	buffer_printf(out, " <span>%s</span>", contents_shown_size(node->size.bytes).text);
	buffer_add_string(out, node->children_count ? "</summary>\n" : "</div>\n");
	for (size_t i = 0; i < node->children_count; i++)
		add_directory(out, &node->children[i]);
	if (node->children_count)
		buffer_add_string(out, "</details>\n");
}

static int add_data(struct buffer *out, const struct size_node *tree, struct error *err)
{
	autobuffer struct buffer json = { 0 };

	if (report_json_tree(tree, &json, err) < 0)
		return -1;
	buffer_add_string(out, "<script type=\"application/json\" id=\"data\">");
	for (const char *s = buffer_string(&json); *s; s++)
		if (*s == '<')
			buffer_add_string(out, "\\u003c");
		else
			buffer_add(out, s, 1);
	buffer_add_string(out, "</script>\n");
	return 0;
}

int report_html(const struct contents *c, struct buffer *out, struct error *err)
{
	struct arena arena = { 0 };
	const struct size_node *tree = sizes_tree(c, c->size.bytes / PARTS + 1, &arena);
	int r;

	buffer_add_string(out, PAGE_HEAD "<title>");
	add_escaped(out, c->name);
	buffer_add_string(out, "</title>\n" PAGE_STYLE "<h1>");
	add_escaped(out, c->name);
	buffer_add_string(out, "</h1>\n" PAGE_TREEMAP);
	add_containers(out, c);
	add_images(out, c);
	add_machine(out, c, &arena);
	buffer_add_string(out, "<h2>Directories</h2>\n");
	add_directory(out, tree);
	r = add_data(out, tree, err);
	buffer_add_string(out, PAGE_SCRIPT);
	arena_release(&arena);
	return r;
}
