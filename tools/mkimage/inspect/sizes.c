/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/inspect/sizes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "oci/json.h"

/* --- by container and by layer ----------------------------------------------------------------- */

/* What is known of an inode during a walk, in inode->user: which containers have a name of it. */
struct seen {
	struct contents_container *first, *last;	/* NULL: none */
};

struct adding {
	struct contents *contents;
	struct contents_container **sorted;	/* by bundle */
	struct contents_container *current;	/* what the walk is inside of; NULL: nothing */
	struct arena arena;
};

static void add(struct contents_size *size, const struct tree_inode *inode)
{
	size->bytes += inode->size;
	size->files++;
}

static int compare_bundles(const void *a, const void *b)
{
	struct contents_container *const *x = a, *const *y = b;

	return strcmp((*x)->bundle, (*y)->bundle);
}

static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* The walk goes through all of a container before it leaves it. */
static void enter(struct adding *a, const struct tree_node *node, const char *path)
{
	struct contents_container key = { .bundle = path }, *pointer = &key, **found;

	if (a->current && is_below(path, a->current->bundle))
		return;
	a->current = NULL;
	if (!S_ISDIR(node->inode->mode))
		return;
	found = bsearch(&pointer, a->sorted, a->contents->plan.containers_count, sizeof(*a->sorted), compare_bundles);
	a->current = found ? *found : NULL;
}

static void add_to_layer(struct contents *c, const struct tree_node *node)
{
	const struct provenance_image *image;
	const struct provenance_layer *layer;

	if (!c->has_provenance || !provenance_layer_of(&c->provenance, node->origin, &image, &layer))
		add(&c->build, node->inode);
	else
		add(&c->images[image - c->provenance.images].layers[layer - image->layers].size, node->inode);
}

static void add_to_container(struct contents_container *container, struct seen *seen, const struct tree_inode *inode)
{
	if (!container || seen->last == container)
		return;
	add(&container->size, inode);
	if (!seen->first) {
		seen->first = container;
		add(&container->own, inode);
	} else if (seen->last == seen->first) {
		seen->first->own.bytes -= inode->size;
		seen->first->own.files--;
	}
	seen->last = container;
}

static int add_node(struct tree_node *node, const char *path, void *context, struct error *err)
{
	struct adding *a = context;
	struct seen *seen = node->inode->user;

	(void)err;
	a->contents->entries++;
	enter(a, node, path);
	if (!S_ISREG(node->inode->mode))
		return 0;
	if (!seen) {
		seen = node->inode->user = arena_alloc(&a->arena, sizeof(*seen));
		add(&a->contents->size, node->inode);
		if (is_below(path, "lib/modules"))
			add(&a->contents->kernel.modules, node->inode);
		add_to_layer(a->contents, node);
	}
	add_to_container(a->current, seen, node->inode);
	return 0;
}

static int forget(struct tree_node *node, const char *path, void *context, struct error *err)
{
	(void)path, (void)context, (void)err;
	node->inode->user = NULL;
	return 0;
}

static void make_images(struct contents *c, struct arena *arena)
{
	c->images = arena_array(arena, c->provenance.images_count, sizeof(*c->images));
	for (size_t i = 0; i < c->provenance.images_count; i++) {
		const struct provenance_image *image = &c->provenance.images[i];

		c->images[i] = (struct contents_image){
			image, arena_array(arena, image->layers_count, sizeof(struct contents_layer)),
		};
		for (size_t k = 0; k < image->layers_count; k++)
			c->images[i].layers[k].layer = &image->layers[k];
	}
}

void sizes_add_up(struct contents *c, struct arena *arena)
{
	struct adding a = { .contents = c };

	make_images(c, arena);
	a.sorted = arena_array(&a.arena, c->plan.containers_count, sizeof(*a.sorted));
	for (size_t i = 0; i < c->plan.containers_count; i++)
		a.sorted[i] = &c->containers[i];
	qsort(a.sorted, c->plan.containers_count, sizeof(*a.sorted), compare_bundles);
	(void)tree_walk(c->tree, add_node, &a, NULL);
	(void)tree_walk(c->tree, forget, NULL, NULL);
	arena_release(&a.arena);
}

/* --- by directory ------------------------------------------------------------------------------ */

struct making {
	struct arena *arena;
	uint64_t smallest;
	uint32_t marked;		/* any value that is not NULL marks an inode as counted */
};

static int largest_first(const void *a, const void *b)
{
	const struct size_node *x = a, *y = b;

	if (x->size.bytes != y->size.bytes)
		return x->size.bytes < y->size.bytes ? 1 : -1;
	/* The rest, which has no node, comes last. */
	if (!x->node || !y->node)
		return !x->node - !y->node;
	return strcmp(x->node->name, y->node->name);
}

static void make(struct making *m, const struct tree_node *node, struct size_node *out);

static void add_child(struct making *m, const struct tree_node *child, struct size_node *out, struct contents_size *rest)
{
	bool directory = S_ISDIR(child->inode->mode);
	struct size_node made;

	make(m, child, &made);
	out->size.bytes += made.size.bytes;
	out->size.files += made.size.files;
	if (m->smallest == 0 ? directory : made.size.bytes >= m->smallest) {
		*(struct size_node *)arena_push(m->arena, &out->children, &out->children_count, sizeof(made)) = made;
	} else {
		rest->bytes += made.size.bytes;
		rest->files += made.size.files;
	}
}

static void make(struct making *m, const struct tree_node *node, struct size_node *out)
{
	struct contents_size rest = { 0 };

	*out = (struct size_node){ .node = node, .name = json_utf8(m->arena, node->name) };
	if (S_ISREG(node->inode->mode) && !node->inode->user) {
		node->inode->user = &m->marked;
		add(&out->size, node->inode);
	}
	for (size_t i = 0; i < node->children_count; i++)
		add_child(m, node->children[i], out, &rest);
	if (m->smallest > 0 && rest.bytes > 0)
		*(struct size_node *)arena_push(m->arena, &out->children, &out->children_count, sizeof(*out)) =
			(struct size_node){ .name = "", .size = rest };
	if (out->children_count > 0)
		qsort(out->children, out->children_count, sizeof(*out->children), largest_first);
}

struct size_node *sizes_tree(const struct contents *contents, uint64_t smallest, struct arena *arena)
{
	struct making m = { .arena = arena, .smallest = smallest };
	struct size_node *root = arena_alloc(arena, sizeof(*root));

	make(&m, tree_root(contents->tree), root);
	(void)tree_walk(contents->tree, forget, NULL, NULL);
	return root;
}
