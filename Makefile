# SPDX-License-Identifier: Apache-2.0
# One make, no recursion. `make help` lists what can be asked for.

VERSION := 0.1.0
# SAN=1 is a build of its own, so that switching costs no rebuild.
BUILD ?= build$(if $(SAN),/san)
CACHE ?= $(or $(SLIPWAY_CACHE),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME)/slipway,$(HOME)/.cache/slipway))
PREFIX ?= /usr/local
DESTDIR ?=

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

HOST_CC ?= gcc
TARGET_CC ?= musl-gcc

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-align -Wwrite-strings -Wvla -Werror=implicit-function-declaration
COMMON := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DSLIPWAY_VERSION='"$(VERSION)"' -I. $(WARNINGS) -MMD -MP
SANITIZE := $(if $(SAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
, := ,

HOST_PACKAGES := libarchive jansson yaml-0.1 libsquashfs1 libcrypto libzstd libseccomp
HOST_CFLAGS = $(COMMON) -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2 $(SANITIZE) \
	$(shell pkg-config --cflags $(HOST_PACKAGES) 2>/dev/null) $(CFLAGS)
ifdef SAN
HOST_CFLAGS += -U_FORTIFY_SOURCE -O1
endif
HOST_LIBS = $(shell pkg-config --libs $(HOST_PACKAGES) 2>/dev/null) -lpthread
HOST_LDFLAGS = $(SANITIZE) $(LDFLAGS)

# What runs on the target: static, for size, with no kernel headers of musl's own (see tools/target-libs.sh).
TARGET_PREFIX = $(CACHE)/target/current
TARGET_CFLAGS = $(COMMON) -Os -g -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong \
	-fno-asynchronous-unwind-tables -isystem $(TARGET_PREFIX)/include -isystem $(TARGET_PREFIX)/kernel-headers
TARGET_LDFLAGS = -static -no-pie -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack -L$(TARGET_PREFIX)/lib
TARGET_LIBS = -ljansson -lseccomp

# --- libraries: a directory each; the order is that of the layers --------------------------------

SOURCES = $(wildcard $(1)/*.c)
LIB_base     := $(call SOURCES,base)
LIB_oci      := $(call SOURCES,oci)
LIB_plan     := $(call SOURCES,plan)
LIB_runtime  := $(call SOURCES,runtime/linux) $(call SOURCES,runtime/container)
LIB_command  := $(filter-out %/main.c,$(call SOURCES,runtime/command))
LIB_init     := $(filter-out %/main.c,$(call SOURCES,init))
LIB_manifest := $(call SOURCES,tools/mkimage/manifest)
LIB_source   := $(call SOURCES,tools/mkimage/source)
LIB_compile  := $(call SOURCES,tools/mkimage/compile)
LIB_tree     := $(call SOURCES,tools/mkimage/tree)
LIB_root     := $(call SOURCES,tools/mkimage/root)
LIB_package  := $(call SOURCES,tools/mkimage/package)
LIB_image    := $(call SOURCES,tools/mkimage/image) $(call SOURCES,tools/mkimage/boot)
LIB_slipway  := $(filter-out %/main.c,$(call SOURCES,tools/slipway))

LIBS := base oci plan runtime command init manifest source compile tree root package image slipway

# What each library stands on, nearest first: the order for the linker.
NEED_base     :=
NEED_oci      := base
NEED_plan     := base
NEED_runtime  := oci base
NEED_command  := runtime oci base
NEED_init     := runtime plan oci base
NEED_manifest := base
NEED_source   := oci base
NEED_compile  := source manifest plan oci base
NEED_tree     := source oci base
NEED_image    := tree source oci base
NEED_package  := tree manifest source oci base
NEED_root     := tree compile source manifest plan oci base
NEED_slipway  := package root image tree compile source manifest plan oci base

HOST_OBJECTS = $(patsubst %.c,$(BUILD)/host/%.o,$(1))
TARGET_OBJECTS = $(patsubst %.c,$(BUILD)/target/%.o,$(1))
HOST_ARCHIVES = $(patsubst %,$(BUILD)/host/lib%.a,$(1))
TARGET_ARCHIVES = $(patsubst %,$(BUILD)/target/lib%.a,$(1))

define library
$(BUILD)/host/lib$(1).a: $(call HOST_OBJECTS,$(LIB_$(1)))
	@rm -f $$@ && ar rcD $$@ $$^
$(BUILD)/target/lib$(1).a: $(call TARGET_OBJECTS,$(LIB_$(1)))
	@rm -f $$@ && ar rcD $$@ $$^
endef
$(foreach l,$(LIBS),$(eval $(call library,$(l))))

# --- programs ------------------------------------------------------------------------------------

PROGRAMS := $(BUILD)/bin/slipway $(BUILD)/bin/slipway-runtime $(BUILD)/libexec/slipway/init

all: $(PROGRAMS) ## build everything

$(BUILD)/host/%.o: %.c | prerequisites-check
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(HOST_CC) $(HOST_CFLAGS) -c $< -o $@

$(BUILD)/target/%.o: %.c | $(TARGET_PREFIX)
	@mkdir -p $(@D)
	@echo "  CC(t)   $<"
	@$(TARGET_CC) $(TARGET_CFLAGS) -c $< -o $@

$(BUILD)/bin/slipway: $(call HOST_OBJECTS,tools/slipway/main.c) $(call HOST_ARCHIVES,slipway $(NEED_slipway))
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(HOST_CC) $(HOST_LDFLAGS) $^ $(HOST_LIBS) -o $@

# The one binary of the target: PID 1 and the OCI runtime, told apart by the name it is called by.
$(BUILD)/libexec/slipway/init: $(call TARGET_OBJECTS,init/main.c) $(call TARGET_ARCHIVES,init command $(NEED_init))
	@mkdir -p $(@D)
	@echo "  LD(t)   $@"
	@$(TARGET_CC) $(TARGET_LDFLAGS) $(call TARGET_OBJECTS,init/main.c) \
		-Wl,--start-group $(call TARGET_ARCHIVES,init command $(NEED_init)) -Wl,--end-group \
		$(TARGET_LIBS) -o $@.debug
	@objcopy --strip-all $@.debug $@

$(BUILD)/bin/slipway-runtime: $(BUILD)/libexec/slipway/init
	@mkdir -p $(@D)
	@cp -f $< $@

# --- tests ---------------------------------------------------------------------------------------

# tests/unit/test_LIBRARY_what.c is linked with LIBRARY and what that stands on, and nothing else.
UNIT_SOURCES := $(call SOURCES,tests/unit)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SOURCES))

define unit_test
$(BUILD)/tests/$(1): $(BUILD)/host/tests/unit/$(1).o \
		$(call HOST_ARCHIVES,$(word 2,$(subst _, ,$(1))) $(NEED_$(word 2,$(subst _, ,$(1)))))
	@mkdir -p $$(@D)
	@$$(HOST_CC) $$(HOST_LDFLAGS) $$^ $$(HOST_LIBS) -lcmocka -o $$@
endef
$(foreach t,$(notdir $(UNIT_TESTS)),$(eval $(call unit_test,$(t))))

-include Makefile.tests

# --- the rest ------------------------------------------------------------------------------------

$(TARGET_PREFIX): tools/target-libs.sh tools/target-libs.txt
	@CACHE='$(CACHE)' tools/target-libs.sh
	@touch $@

# The prerequisites script runs once a version of itself; afterwards a stamp answers.
prerequisites: ## install Debian packages and build the target's libraries
	@tools/prerequisites.sh
	@CACHE='$(CACHE)' tools/target-libs.sh

prerequisites-check:
	@tools/prerequisites.sh --check

install: all ## install below DESTDIR and PREFIX
	install -D -m 755 $(BUILD)/bin/slipway $(DESTDIR)$(PREFIX)/bin/slipway
	install -D -m 755 $(BUILD)/bin/slipway-runtime $(DESTDIR)$(PREFIX)/bin/slipway-runtime
	install -D -m 755 $(BUILD)/libexec/slipway/init $(DESTDIR)$(PREFIX)/libexec/slipway/init

compile_commands.json: Makefile $(foreach l,$(LIBS),$(LIB_$(l))) ## for editors and clang-tidy
	@{ echo '['; sep=''; for f in $(foreach l,$(LIBS),$(LIB_$(l))) tools/slipway/main.c init/main.c; do \
		printf '%s{"directory":"%s","file":"%s","arguments":["%s"' "$$sep" '$(CURDIR)' "$$f" '$(HOST_CC)'; \
		for a in $(filter-out -MMD -MP -DSLIPWAY_VERSION%,$(HOST_CFLAGS)) -c "$$f"; do printf ',"%s"' "$$a"; done; \
		printf ',"-DSLIPWAY_VERSION=\\"$(VERSION)\\""]}'; sep=','; done; echo ']'; } > $@

clean: ## remove what was built (the cache outside the tree stays)
	rm -rf build compile_commands.json

help: ## this list
	@sed -n 's/^\([a-z_.-]*\):.*## /\1\t/p' Makefile Makefile.tests 2>/dev/null | expand -t 24

.PHONY: all prerequisites prerequisites-check install clean help
.DEFAULT_GOAL := all

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
