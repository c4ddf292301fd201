# SPDX-License-Identifier: Apache-2.0
# One make, no recursion. `make help` lists what can be asked for.

VERSION := 0.1.0
# SAN=1 is a build of its own, so that switching costs no rebuild.
BUILD ?= build$(if $(SAN),/san)
CACHE ?= $(or $(SLIPWAY_CACHE),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME)/slipway,$(HOME)/.cache/slipway))
PREFIX ?= /usr/local
DESTDIR ?=

MAKEFLAGS += --no-builtin-rules --no-print-directory
# As many jobs as processors, unless the command line says otherwise.
ifeq (,$(filter -j%,$(MAKEFLAGS)))
MAKEFLAGS += -j$(shell nproc)
endif
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

HOST_CC ?= gcc
TARGET_CC ?= musl-gcc

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-align -Wwrite-strings -Wvla -Werror=implicit-function-declaration
COMMON := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DSLIPWAY_VERSION='"$(VERSION)"' -I. $(WARNINGS)
, := ,
# In these files $(BUILD) stands as it is here: they count also when it is given as another path to the same place.
DEPENDENCIES = -MMD -MP -MT '$$(BUILD)$(@:$(BUILD)%=%)'
SANITIZE := $(if $(SAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)

# libcurl is loaded at run time: tools/mkimage/registry/curl.h.
HOST_PACKAGES := libarchive jansson yaml-0.1 libsquashfs1 libcrypto libzstd liblz4 libxxhash sqlite3 libseccomp ext2fs com_err blkid libcryptsetup
# Asked once, and not before the first recipe that wants it: prerequisites may have brought pkg-config a moment ago.
PACKAGES_CFLAGS = $(eval PACKAGES_CFLAGS := $(shell pkg-config --cflags $(HOST_PACKAGES)))$(PACKAGES_CFLAGS)
PACKAGES_LIBS = $(eval PACKAGES_LIBS := $(shell pkg-config --libs $(HOST_PACKAGES)))$(PACKAGES_LIBS)
HARDEN := $(if $(SAN),-O1,-O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2)
HOST_CFLAGS = $(COMMON) $(HARDEN) -g $(SANITIZE) $(PACKAGES_CFLAGS) $(CFLAGS)
HOST_LIBS = $(PACKAGES_LIBS) -lpthread
HOST_LDFLAGS = -Wl,--as-needed -Wl,-z,relro,-z,now $(SANITIZE) $(LDFLAGS)

# What runs on the target: static, for size, with no kernel headers of musl's own (see tools/target-libs.sh).
TARGET_CFLAGS = $(COMMON) -Os -g -fno-pie -ffunction-sections -fdata-sections -fstack-protector-strong \
	-fno-asynchronous-unwind-tables
TARGET_INCLUDES = -isystem $(BUILD)/$(1)-libs/include -isystem $(BUILD)/$(1)-libs/kernel-headers
TARGET_LDFLAGS = -static -no-pie -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack
TARGET_LIBS = -ljansson -lseccomp -lext2fs -lcom_err -lblkid

# The same for another architecture: the flavour 'aarch64' beside the flavour 'target'. Its compiler is made by the first that asks for it.
AARCH64_TOOLS := aarch64-linux-gnu-
AARCH64_CC = $(eval AARCH64_CC := $(shell CACHE='$(CACHE)' tools/musl-cross.sh || echo false))$(AARCH64_CC)

# --- libraries: a directory each; the order is that of the layers --------------------------------

SOURCES = $(wildcard $(1)/*.c)
LIB_base     := $(call SOURCES,base)
LIB_control  := $(call SOURCES,control)
LIB_oci      := $(call SOURCES,oci)
LIB_plan     := $(call SOURCES,plan)
LIB_runtime  := $(call SOURCES,runtime/linux) $(call SOURCES,runtime/container)
LIB_command  := $(filter-out %/main.c,$(call SOURCES,runtime/command))
LIB_init     := $(filter-out %/main.c,$(call SOURCES,init))
LIB_storage  := $(call SOURCES,init/storage)
LIB_manifest := $(call SOURCES,tools/mkimage/manifest)
LIB_source   := $(call SOURCES,tools/mkimage/source)
LIB_registry := $(call SOURCES,tools/mkimage/registry)
LIB_trust    := $(call SOURCES,tools/mkimage/trust)
LIB_compile  := $(call SOURCES,tools/mkimage/compile)
LIB_tree     := $(call SOURCES,tools/mkimage/tree)
LIB_provenance := $(call SOURCES,tools/mkimage/provenance)
LIB_root     := $(call SOURCES,tools/mkimage/root)
LIB_package  := $(call SOURCES,tools/mkimage/package)
LIB_compose  := $(call SOURCES,tools/mkimage/compose)
LIB_builder  := $(call SOURCES,tools/mkimage/builder)
LIB_image    := $(call SOURCES,tools/mkimage/image) $(call SOURCES,tools/mkimage/boot)
LIB_inspect  := $(call SOURCES,tools/mkimage/inspect)
LIB_bootchart := $(call SOURCES,tools/bootchart)
LIB_slipway  := $(filter-out %/main.c,$(call SOURCES,tools/slipway))

LIBS := base control oci plan runtime command storage init manifest source registry trust compile tree provenance root package builder compose image inspect bootchart slipway

# What each library stands on, nearest first: the order for the linker.
NEED_base     :=
NEED_control  := base
NEED_oci      := base
NEED_plan     := base
NEED_runtime  := oci base
NEED_command  := runtime oci base
NEED_storage  := plan base
NEED_init     := storage runtime control plan oci base
NEED_manifest := base
NEED_source   := oci base
NEED_registry := source oci base
NEED_trust    := source oci base
NEED_compile  := source manifest runtime plan oci base
NEED_tree     := source oci base
NEED_compose  := manifest oci base
NEED_builder  := source oci base
NEED_image    := tree source oci base
NEED_provenance := tree source oci base
NEED_package  := root provenance tree compile source manifest runtime plan oci base
NEED_root     := provenance tree compile source manifest runtime plan oci base
NEED_inspect  := provenance tree source plan oci base
NEED_bootchart := control oci base
NEED_slipway  := bootchart control builder compose inspect package root image provenance tree compile registry trust source manifest runtime plan oci base

# A flavour is a directory of objects, with a compiler and flags of its own: see the pattern rules below.
FLAVOURS := host target aarch64 replay fuzz
OBJECTS = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))
ARCHIVES = $(patsubst %,$(BUILD)/$(1)/lib%.a,$(2))
# LIBRARY and what it stands on.
WITH_NEEDS = $(call ARCHIVES,$(1),$(2) $(NEED_$(2)))

define library
$(BUILD)/$(1)/lib$(2).a: $(call OBJECTS,$(1),$(LIB_$(2)))
	@mkdir -p $$(@D) && rm -f $$@ && $(if $(filter aarch64,$(1)),$(AARCH64_TOOLS))ar rcD $$@ $$^
endef
$(foreach f,$(FLAVOURS),$(foreach l,$(LIBS),$(eval $(call library,$(f),$(l)))))

# --- programs ------------------------------------------------------------------------------------

# The script that builds kernels, with what it reads.
SCRIPTS_BESIDE := kernel-build.sh lib-debian.sh lib-kconfig.sh debian-sources.sh
PROGRAMS := $(BUILD)/bin/slipway $(BUILD)/bin/slipway-runtime $(BUILD)/libexec/slipway/init $(BUILD)/libexec/slipway/e2fsck \
	$(BUILD)/libexec/slipway/count.so $(SCRIPTS_BESIDE:%=$(BUILD)/libexec/slipway/%)

all: $(PROGRAMS) ## build everything

$(BUILD)/host/%.o: %.c | prerequisites-check
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(HOST_CC) $(HOST_CFLAGS) $(DEPENDENCIES) -c $< -o $@

$(BUILD)/bin/slipway: $(call OBJECTS,host,tools/slipway/main.c) $(call WITH_NEEDS,host,slipway)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(HOST_CC) $(HOST_LDFLAGS) $^ $(HOST_LIBS) -o $@

# What runs on a target, in a directory: FLAVOUR, DIRECTORY, COMPILER, prefix of other tools.
#  init     the one binary of the target: PID 1 and the OCI runtime, told apart by the name it is called by
#  e2fsck   built with the libraries
# Their script knows whether there is anything to do. The key changes with them, and then all of the target is built anew.
define target
$(BUILD)/$(1)/%.o: %.c $(BUILD)/$(1)-libs.key
	@mkdir -p $$(@D)
	@echo "  CC($(1:target=t))   $$<"
	@$$($(3)) $$(TARGET_CFLAGS) $$(call TARGET_INCLUDES,$(1)) $$(DEPENDENCIES) -c $$< -o $$@

INIT_PARTS_$(1) := $(call OBJECTS,$(1),init/main.c) $(call ARCHIVES,$(1),init command $(NEED_init))
$(2)/init: $$(INIT_PARTS_$(1)) $(BUILD)/$(1)-libs.key
	@mkdir -p $$(@D)
	@echo "  LD($(1:target=t))   $$@"
	@$$($(3)) $$(TARGET_LDFLAGS) -L$(BUILD)/$(1)-libs/lib -Wl,--start-group $$(INIT_PARTS_$(1)) -Wl,--end-group $$(TARGET_LIBS) -o $$@.debug
	@$(4)objcopy --strip-all $$@.debug $$@

$(2)/e2fsck: $(BUILD)/$(1)-libs.key
	@mkdir -p $$(@D)
	@cp -f $(BUILD)/$(1)-libs/libexec/e2fsck $$@

$(BUILD)/$(1)-libs.key: FORCE | prerequisites-check
	@CACHE='$$(CACHE)' TARGET_CC='$$($(3))' tools/target-libs.sh --link $(BUILD)/$(1)-libs
	@readlink $(BUILD)/$(1)-libs | cmp -s - $$@ || readlink $(BUILD)/$(1)-libs >$$@
endef
$(eval $(call target,target,$(BUILD)/libexec/slipway,TARGET_CC,))
$(eval $(call target,aarch64,$(BUILD)/libexec/slipway/aarch64,AARCH64_CC,$(AARCH64_TOOLS)))

AARCH64_PROGRAMS := $(patsubst %,$(BUILD)/libexec/slipway/aarch64/%,init e2fsck)
aarch64: $(AARCH64_PROGRAMS) ## what runs on the target, for arm64: then 'slipway build --platform linux/arm64' has it

# For hosts: the runtime by itself, which needs nothing of what PID 1 does with disks.
RUNTIME_PARTS := $(call OBJECTS,target,runtime/command/main.c) $(call WITH_NEEDS,target,command)
$(BUILD)/bin/slipway-runtime: $(RUNTIME_PARTS) $(BUILD)/target-libs.key
	@mkdir -p $(@D)
	@echo "  LD(t)   $@"
	@$(TARGET_CC) $(TARGET_LDFLAGS) -L$(BUILD)/target-libs/lib -Wl,--start-group $(RUNTIME_PARTS) -Wl,--end-group $(TARGET_LIBS) -o $@
	@objcopy --strip-all $@

# Loaded by QEMU, which brings the functions that it calls.
$(BUILD)/libexec/slipway/count.so: tools/counter/count.c tools/counter/plugin.h control/test.h | prerequisites-check
	@mkdir -p $(@D)
	@echo "  LD(so)  $@"
	@$(HOST_CC) $(COMMON) -O2 -fPIC -shared $< -o $@

$(SCRIPTS_BESIDE:%=$(BUILD)/libexec/slipway/%): $(BUILD)/libexec/slipway/%: tools/%
	@mkdir -p $(@D)
	@cp -f $< $@

# --- packages and running ------------------------------------------------------------------------

# `slipway pkg build` knows by itself whether a package is up to date. The store is the user's, or SLIPWAY_STORE.
# What builds a kernel takes minutes, and is asked for by itself.
KERNEL_RECIPES := pkg/kernel pkg/kernel-cloud pkg/kernel-aarch64
RECIPES := $(filter-out $(KERNEL_RECIPES),$(patsubst %/build.yml,%,$(wildcard pkg/*/build.yml)))
HELLO_RECIPES := pkg/busybox pkg/kernel-debian

packages-hello: $(PROGRAMS)
	@$(BUILD)/bin/slipway pkg build $(HELLO_RECIPES)

# One after the other: they share apt's state.
packages: packages-hello ## build every package of pkg/ into the store
	@$(BUILD)/bin/slipway pkg build $(filter-out $(HELLO_RECIPES),$(RECIPES))

packages-kernel: packages-hello ## build our own kernel (pkg/kernel): about twenty minutes the first time
packages-kernel-cloud: packages-hello ## build the one with PCI, ACPI and EFI (pkg/kernel-cloud): half an hour the first time
packages-kernel packages-kernel-cloud:
	@$(BUILD)/bin/slipway pkg build --cache '$(CACHE)' $(@:packages-%=pkg/%)

run: packages-hello ## build examples/hello.yml and boot it in QEMU
	@mkdir -p $(BUILD)/run
	$(BUILD)/bin/slipway build -o $(BUILD)/run/hello examples/hello.yml
	$(BUILD)/bin/slipway run $(BUILD)/run/hello

# --- tests ---------------------------------------------------------------------------------------

include Makefile.tests

# --- prerequisites -------------------------------------------------------------------------------

# What is asked for says which groups of packages are needed, and whether they may be installed: only by the goals that
# are about more than this directory. The others check, and say what is missing.
GROUPS_run            := run
GROUPS_packages       := run
GROUPS_packages-kernel := run kernel
GROUPS_packages-kernel-cloud := run kernel
GROUPS_packages-kernel-aarch64 := run kernel aarch64
GROUPS_unit           := check
GROUPS_check          := check
GROUPS_test           := check run test kernel
GROUPS_functional     := run test kernel
GROUPS_conformance    := run test
GROUPS_check-conformance := run test
GROUPS_qemu           := run test
GROUPS_reproducibility := run test
GROUPS_check-store-killed := run test
GROUPS_check-html     := run html
GROUPS_check-kernel-configs := kernel aarch64
GROUPS_aarch64        := aarch64
GROUPS_check-aarch64  := aarch64 run test
GROUPS_check-dockerfiles := run test dockerfiles
GROUPS_bench          := run bench
GROUPS_bench-check    := run bench
GROUPS_fuzz           := fuzz
GROUPS_fuzz-run       := fuzz
GROUPS_prerequisites  := check run test bench kernel
GOALS := $(or $(MAKECMDGOALS),all)
GROUPS := build $(foreach g,$(GOALS),$(GROUPS_$(g))) $(if $(filter $(BUILD)/tests/%,$(GOALS)),check)
INSTALLING := $(filter run test check-html aarch64 check-aarch64 prerequisites,$(GOALS))

prerequisites-check:
	@tools/prerequisites.sh $(if $(INSTALLING),,--check) $(sort $(GROUPS))

prerequisites: $(BUILD)/target-libs.key ## install Debian packages (as root) and build the target's libraries

# --- the rest ------------------------------------------------------------------------------------

INSTALL_FILES := bin/slipway bin/slipway-runtime libexec/slipway/init libexec/slipway/e2fsck libexec/slipway/count.so \
	$(SCRIPTS_BESIDE:%=libexec/slipway/%) \
	$(patsubst $(BUILD)/%,%,$(wildcard $(AARCH64_PROGRAMS)))
MAN_PAGES := $(wildcard tools/slipway/*.[1-8] runtime/*.[1-8] runtime/command/*.[1-8] init/*.[1-8] plan/*.[1-8] docs/*.[1-8])

install: $(PROGRAMS) ## install below DESTDIR and PREFIX (default /usr/local)
	@$(foreach f,$(INSTALL_FILES),install -D -m 755 $(BUILD)/$(f) '$(DESTDIR)$(PREFIX)/$(f)' &&) true
	@$(foreach f,$(MAN_PAGES),install -D -m 644 $(f) '$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(f)))/$(notdir $(f))' &&) true

compile_commands.json: Makefile $(foreach l,$(LIBS),$(LIB_$(l))) | prerequisites-check ## for editors and clang-tidy
	@{ echo '['; sep=''; for f in $(foreach l,$(LIBS),$(LIB_$(l))) $(wildcard tools/slipway/main.c init/main.c) $(UNIT_SOURCES); do \
		printf '%s{"directory":"%s","file":"%s","arguments":["%s"' "$$sep" '$(CURDIR)' "$$f" '$(HOST_CC)'; \
		for a in $(filter-out -DSLIPWAY_VERSION%,$(HOST_CFLAGS)) -c "$$f"; do printf ',"%s"' "$$a"; done; \
		printf ',"-DSLIPWAY_VERSION=\\"$(VERSION)\\""]}'; sep=','; done; echo ']'; } > $@.new
	@mv $@.new $@

clean: ## remove what was built (the cache outside the tree stays)
	rm -rf build compile_commands.json

help: ## this list
	@sed -n 's/^\([a-z0-9_.-]*\):.*## /\1\t/p' Makefile Makefile.tests | expand -t 24
	@echo
	@echo 'SAN=1          with AddressSanitizer and UBSan, in a build directory of its own (build/san)'
	@echo 'BUILD=DIR      build elsewhere than in build/'
	@echo 'CACHE=DIR      target libraries and their sources ($(CACHE))'
	@echo 'ONLY=WORD      of the tests, those whose path has WORD in it'
	@echo 'SLIPWAY_STORE  where packages go (default: the store of the user)'

FORCE:
.PHONY: all aarch64 packages packages-hello packages-kernel packages-kernel-cloud run prerequisites prerequisites-check install clean help FORCE
.DEFAULT_GOAL := all

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
