/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers applied to a tree: image-spec layer.md, in any compression libarchive reads
 * (gzip, zstd, xz, none), streamed.
 *
 * What the layer may not do. A path with `..` that climbs out, and a hard link whose
 * target climbs out, are refused; absolute names are taken as relative to the root;
 * symlinks met on the way to an entry are followed inside the root, as in a chroot,
 * which is what containerd does (continuity's fs.RootPath); a symlink's own target is
 * kept as it is. Whiteouts (`.wh.NAME`) and opaque directories (`.wh..wh..opq`) only
 * hide what lower layers put there, never what the same layer did, in any order.
 *
 * A hard link is to what its target's last part is, not to where a symlink there leads. One to nothing,
 * to a directory or to itself is refused. So are whiteouts of nothing, of `.` and of `..`, and files
 * inside of a name that begins with `.wh.`. What AUFS left (`.wh..wh.NAME`) is skipped; hard links into its
 * `.wh..wh.plnk` are links to one file. An entry for the root gives the root its attributes.
 *
 * Names, targets and xattrs are bytes, whatever the locale. Names of users and groups, ACLs in
 * the text form of star (xattrs are kept) and fractions of seconds are not read.
 *
 * Corrupt, cut off, compressed twice, followed by garbage in the compressed stream: errors. Behind
 * the end of the tar there may be anything, as for every other reader; it is hashed. A tar without its end mark
 * is taken only where a diff_id vouches for it. A layer that fails leaves the tree with a part of it.
 * Without a diff_id the checksum inside a gzip stream is not looked at (libarchive does not); those of zstd and xz are.
 */
#ifndef MKIMAGE_TREE_LAYER_H
#define MKIMAGE_TREE_LAYER_H

#include "base/error.h"
#include "oci/image.h"
#include "tools/mkimage/source/store.h"
#include "tools/mkimage/tree/tree.h"

#define LAYER_ENTRIES_MAX 2000000u
#define LAYER_BYTES_MAX (64ull << 30)	/* unpacked: what stops a decompression bomb */

/*
 * Applies the layer that `read` gives (bytes, 0 at the end, -1 with the error).
 * `diff_id`, where given, is the digest that the uncompressed tar must have.
 * `name` is for messages.
 */
typedef long layer_read(void *context, void *data, size_t length, struct error *err);
int layer_apply(struct tree *tree, layer_read *read, void *context, const struct digest *diff_id,
		const char *name, struct error *err);

/* All layers of an image in the store, base first, each with an origin of its own (tree_set_origin). The error names the image and the layer. */
int layer_apply_image(struct tree *tree, struct store *store, const struct oci_image *image, struct error *err);

/* What changes when somebody writes to the image's blobs in the store (store_stamp): a line for each layer. */
void layer_stamps(struct store *store, const struct oci_image *image, struct buffer *out);

/*
 * Applies a tar, compressed or not, read from where `fd` stands to its end (kernel.tar, a .deb's data.tar). An
 * empty file is an error.
 */
int layer_apply_fd(struct tree *tree, int fd, const char *name, struct error *err);

/*
 * Writes the tree as a layer: a pax tar, sorted, no names of users and groups,
 * into `write` (0 or -1 with the error). Deterministic. The root is the entry "./"; of hard links
 * the first in order is the file. What a layer cannot say is refused: sockets, names that begin with `.wh.`, xattrs
 * whose names are not printable ASCII or have a `%` or `=`.
 */
typedef int layer_write(void *context, const void *data, size_t length, struct error *err);
int layer_write_tree(struct tree *tree, layer_write *write, void *context, struct error *err);

#endif
