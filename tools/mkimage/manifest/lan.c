/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/manifest/lan.h"

#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "tools/mkimage/manifest/machines.h"
#include "tools/mkimage/manifest/network.h"

/* No network of QEMU, Docker, Podman, libvirt or Kubernetes by default, for a machine may be on one of these, too. */
#define NETWORK "10.200.0"
/* QEMU's own, whose last three bytes are everybody's; these say the address. */
#define MAC "52:54:00:c8:00"

_Static_assert(MANIFEST_MACHINES_MAX < 255, "a byte is the number of a machine");

struct manifest_lan lan_place(const char *const *names, size_t count, size_t number, struct arena *arena)
{
	struct manifest_lan lan = {
		.machine = names[number - 1], .mac = arena_printf(arena, MAC ":%02zx", number),
		.address = arena_printf(arena, NETWORK ".%zu/24", number),
	};
	autobuffer struct buffer hosts = { 0 };

	buffer_add_string(&hosts, "127.0.0.1\tlocalhost\n::1\tlocalhost\n");
	for (size_t i = 0; i < count; i++)
		buffer_printf(&hosts, NETWORK ".%zu\t%s\n", i + 1, names[i]);
	lan.hosts = arena_strdup(arena, buffer_string(&hosts));
	return lan;
}

static struct manifest_link link_of(const struct manifest_lan *lan, const struct place *at, struct arena *arena)
{
	struct manifest_link link = {
		.at = *at, .name = { MANIFEST_LAN, *at }, .match = { .set = true, .mac = { lan->mac, *at } },
		.addresses = { .set = true, .at = *at, .items = arena_array(arena, 1, sizeof(*link.addresses.items)), .count = 1 },
	};

	link.addresses.items[0] = (struct manifest_string){ lan->address, *at };
	return link;
}

/* In front of the others, so that one of the manifest's own counts. */
static void add_hosts(struct manifest *manifest, const struct manifest_lan *lan, const struct place *at, struct arena *arena)
{
	struct manifest_file *files = arena_array(arena, manifest->files_count + 1, sizeof(*files));

	files[0] = (struct manifest_file){
		.at = *at, .path = { "etc/hosts", *at }, .contents = { lan->hosts, *at }, .mode = { "0644", *at },
	};
	if (manifest->files_count)
		memcpy(files + 1, manifest->files, manifest->files_count * sizeof(*files));
	manifest->files = files;
	manifest->files_count++;
}

static bool has_hostname(const struct manifest *manifest, struct arena *arena)
{
	for (size_t i = 0; i < manifest->files_count; i++)
		if (strcmp(path_clean(arena, manifest->files[i].path.value), "etc/hostname") == 0)
			return true;
	return manifest->hostname.value || manifest->network.hostname.value;
}

int lan_add(struct checker *checker, struct manifest *manifest, const struct manifest_lan *lan, const struct place *at)
{
	struct manifest_network *network = &manifest->network;
	struct manifest_link *links = arena_array(checker->arena, network->links_count + 1, sizeof(*links));
	int taken = network_find(network, MANIFEST_LAN);

	if (taken >= 0)
		return check_fail(checker, &network->links[taken].name.at,
				  network_where(network, &network->links[taken], checker->arena), "name",
				  "'" MANIFEST_LAN "' is the network of all 'machines'; give it another name");
	if (network->links_count)
		memcpy(links, network->links, network->links_count * sizeof(*links));
	links[network->links_count++] = link_of(lan, at, checker->arena);
	network->links = links;
	if (!network->set) {
		network->set = true;
		network->at = *at;
	}
	if (!has_hostname(manifest, checker->arena))
		manifest->hostname = (struct manifest_string){ lan->machine, *at };
	add_hosts(manifest, lan, at, checker->arena);
	manifest->lan = *lan;
	return 0;
}
