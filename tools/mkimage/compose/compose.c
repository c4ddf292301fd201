/* SPDX-License-Identifier: Apache-2.0 */
/* The file as a whole: what is at its top, and what its services have to do with each other. */
#include "tools/mkimage/compose/importer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "tools/mkimage/compose/text.h"

/* ------------------------------------------------------------ what all parts use */

void importer_note(struct importer *importer, const struct node *node, const char *format, ...)
{
	char message[ERROR_MESSAGE_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	for (char *p = message; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	if (!importer->input->quiet)
		log_warning("%s:%u:%u: not kept: %s", node->at.file, node->at.line, node->at.column, message);
	buffer_printf(importer->notes, "# not kept, line %u: %s\n", node->at.line, message);
}

void list_add(struct importer *importer, struct compose_list *list, const char *text)
{
	*(const char **)arena_push(importer->arena, &list->items, &list->count, sizeof(*list->items)) = text;
}

const char *node_text(struct importer *importer, const struct node *node)
{
	if (node->kind != NODE_LIST && node->kind != NODE_MAP && node->kind != NODE_NULL)
		return node->value;
	(void)place_error(&node->at, importer->err, "expected a string, got %s", node_describe(node, importer->arena));
	return NULL;
}

/* Also what was put in for a variable. */
int node_flag(struct importer *importer, const struct node *node, bool *flag)
{
	const char *text = node_text(importer, node);

	if (!text)
		return -1;
	*flag = strcasecmp(text, "true") == 0;
	return *flag || strcasecmp(text, "false") == 0 ? 0 :
	       place_error(&node->at, importer->err, "expected true or false, got '%s'", text_shown(text, importer->arena));
}

int node_expect(struct importer *importer, const struct node *node, enum node_kind kind, const char *expected)
{
	return node->kind == kind ? 0 :
	       place_error(&node->at, importer->err, "expected %s, got %s", expected, node_describe(node, importer->arena));
}

/* ------------------------------------------------------------ the top */

static int check_top(struct importer *importer, const struct node *root)
{
	static const char *const known[] = { "version", "name", "services", "networks", "volumes", "configs", "secrets", NULL };

	for (size_t i = 0; i < root->count; i++) {
		const struct node *key = root->pairs[i].key;
		size_t k = 0;

		if (strncmp(key->value, "x-", 2) == 0)
			continue;
		if (strcmp(key->value, "include") == 0)
			return place_error(&key->at, importer->err, "'include' is not read; write the services of the other file here");
		while (known[k] && strcmp(known[k], key->value) != 0)
			k++;
		if (!known[k])
			return place_error(&key->at, importer->err, "unknown key '%s'; known are name, services, networks, volumes, configs "
					   "and secrets", text_shown(key->value, importer->arena));
	}
	return 0;
}

static void note_networks(struct importer *importer, const struct node *networks)
{
	if (networks && networks->kind == NODE_MAP && networks->count > 1)
		importer_note(importer, networks, "all services share the machine's network: its parts do not keep them from each other");
}

static void note_volumes(struct importer *importer, const struct node *volumes)
{
	for (size_t i = 0; volumes && volumes->kind == NODE_MAP && i < volumes->count; i++)
		if (volumes->pairs[i].value->kind == NODE_MAP && volumes->pairs[i].value->count > 0)
			importer_note(importer, volumes->pairs[i].value, "a volume is a directory of the machine's state partition");
}

static int read_services(struct importer *importer, const struct node *services)
{
	for (size_t i = 0; i < services->count; i++) {
		const struct node *key = services->pairs[i].key, *value = services->pairs[i].value;
		struct compose_service *service;

		if (node_find(value, "profiles")) {
			importer_note(importer, key, "the service '%s', which has profiles", text_shown(key->value, importer->arena));
			continue;
		}
		service = arena_push(importer->arena, &importer->services, &importer->services_count, sizeof(*service));
		service->name = text_name(key->value, importer->arena);
		service->at = key->at;
		for (size_t k = 0; k + 1 < importer->services_count; k++)
			if (strcmp(importer->services[k].name, service->name) == 0)
				return place_error(&key->at, importer->err, "'%s' is the name of another service, too", service->name);
		if (service_read(importer, value, service) < 0)
			return -1;
	}
	return importer->services_count ? 0 : place_error(&services->at, importer->err, "there are no services");
}

/* ------------------------------------------------------------ among services */

static struct compose_service *find_service(const struct importer *importer, const char *name)
{
	for (size_t i = 0; i < importer->services_count; i++)
		if (strcmp(importer->services[i].name, name) == 0)
			return &importer->services[i];
	return NULL;
}

static int check_dependencies(struct importer *importer, const struct compose_service *service)
{
	for (size_t i = 0; i < service->dependencies_count; i++) {
		struct compose_dependency *dependency = &service->dependencies[i];
		struct compose_service *other = find_service(importer, text_name(dependency->service, importer->arena));

		if (!other && dependency->required)
			return place_error(&dependency->at, importer->err, "there is no service '%s'%s",
					   text_shown(dependency->service, importer->arena), " (one with profiles is left out)");
		dependency->service = other ? other->name : NULL;
		if (!other)
			continue;
		if (dependency->condition == COMPOSE_HEALTHY) {
			other->wait_healthy = true;
			other->health_image = !other->health.set;
		}
		other->oneshot = other->oneshot || dependency->condition == COMPOSE_COMPLETED;
	}
	return 0;
}

/* They share one network: two cannot listen at the same port of it. */
static void check_ports(struct importer *importer)
{
	for (size_t a = 0; a < importer->services_count; a++)
		for (size_t i = 0; i < importer->services[a].ports.count; i++)
			for (size_t b = 0; b < a; b++)
				for (size_t k = 0; k < importer->services[b].ports.count; k++) {
					const struct compose_service *one = &importer->services[a], *other = &importer->services[b];
					const struct node at = { .at = one->at };
					const char *port = strrchr(one->ports.items[i], ':') + 1;

					if (strcmp(port, strrchr(other->ports.items[k], ':') + 1) == 0)
						importer_note(importer, &at, "'%s' and '%s' both listen at port %s, and share one network: "
							      "one of them has to listen elsewhere", other->name, one->name, port);
				}
}

int compose_manifest(const struct compose_input *input, const char *text, size_t length, struct arena *arena, struct buffer *out,
		     struct error *err)
{
	autobuffer struct buffer notes = { 0 };
	struct importer importer = { .input = input, .arena = arena, .err = err, .notes = &notes };
	const struct node *services, *name;
	struct node *root;

	if (length > MANIFEST_BYTES_MAX)
		return error_set(err, "%s: more than %u bytes", input->path, MANIFEST_BYTES_MAX);
	if (node_parse(arena_strdup(arena, input->path), true, text, length, arena, &root, err) < 0 ||
	    node_expect(&importer, root, NODE_MAP, "a mapping") < 0 || compose_interpolate(&importer, root) < 0 ||
	    check_top(&importer, root) < 0)
		return -1;
	services = node_find(root, "services");
	if (!services)
		return place_error(&root->at, err, "'services' is missing");
	if (node_expect(&importer, services, NODE_MAP, "a mapping of services") < 0)
		return -1;
	name = node_find(root, "name");
	importer.project = name ? node_text(&importer, name) : input->name;
	if (!importer.project)
		return -1;
	importer.project = text_name(importer.project, arena);
	importer.configs = node_find(root, "configs");
	importer.secrets = node_find(root, "secrets");
	importer.declared = node_find(root, "volumes");
	note_networks(&importer, node_find(root, "networks"));
	note_volumes(&importer, importer.declared);
	if (read_services(&importer, services) < 0)
		return -1;
	for (size_t i = 0; i < importer.services_count; i++)
		if (check_dependencies(&importer, &importer.services[i]) < 0)
			return -1;
	check_ports(&importer);
	compose_write(&importer, out);
	return 0;
}
