# almanac. `make help` lists what there is.
#   BUILD=dir      where everything built goes (build)
#   SANITIZE=1     builds with AddressSanitizer and UBSan, in build/sanitized
#   WERROR=1       a warning ends the build
#   PREFIX=dir     where `make install` puts things (/usr/local); LIBDIR=dir the library (PREFIX/lib)
# CC, CFLAGS, CPPFLAGS and LDFLAGS are taken as they are given.

SANITIZE ?=
BUILD    ?= build$(if $(SANITIZE),/sanitized)
PREFIX   ?= /usr/local
LIBDIR   ?= $(PREFIX)/lib
DESTDIR  ?=

LUA      = lua5.4
PACKAGES = libcurl libcrypto sqlite3 libmicrohttpd libutf8proc libxml-2.0 zlib
OPENED   = yaz libarchive   # only their headers: core/marc/marc8.c and core/base/unpack_archive.c open them when there is MARC-8, or an archive
PC       := $(shell pkg-config --version >/dev/null 2>&1 && echo pkg-config)

CC       ?= gcc
CFLAGS   ?= -O2 -g
STRICT    = -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow \
            -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wformat-security \
            -Werror=implicit-function-declaration
# As Debian builds: what reads files of strangers is hard to take over. The
# sanitizers look for the same themselves; fortified calls need an optimizer.
GIVEN     = $(CPPFLAGS) $(CFLAGS)
FORTIFY   = $(if $(or $(SANITIZE),$(findstring _FORTIFY_SOURCE,$(GIVEN)),$(findstring -O0,$(GIVEN))),,\
              $(if $(findstring -O,$(GIVEN)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
CLASH    := $(shell $(CC) -Werror -fstack-clash-protection -E -x c /dev/null >/dev/null 2>&1 && echo -fstack-clash-protection)
HARDENED  = -fstack-protector-strong $(CLASH) $(FORTIFY)
HARD_LD   = -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
SAN       = $(if $(SANITIZE),-fsanitize=address$(COMMA)undefined -fno-omit-frame-pointer)
COMMA    := ,
PKG_C     = $(if $(PC),$(shell $(PC) --cflags $(PACKAGES) $(OPENED) lua5.4))
WARNED    = $(STRICT) $(if $(WERROR),-Werror)
ALL_C     = $(WARNED) $(HARDENED) $(CFLAGS) $(SAN) -fPIC $(PKG_C) $(CPPFLAGS)
ALL_LD    = $(CFLAGS) $(SAN) $(HARD_LD) $(LDFLAGS)
LIBS      = $(if $(PC),$(shell $(PC) --libs $(PACKAGES))) -lcsv -lm -pthread
LUA_LIBS  = $(if $(PC),$(shell $(PC) --libs lua5.4))
# Lua's many small blocks beside SQLite's pages; the sanitizers have an allocator of their own
MALLOC    = $(if $(SANITIZE),,-lmimalloc)

ROOMS     = base http runfile files serve guard marc picture
GUARD_C   = $(addprefix core/guard/,inside.c inside_lock.c inside_order.c inside_watch.c)
PICTURE_C := $(wildcard core/picture/work*.c)
ENGINE   := $(filter-out $(GUARD_C) $(PICTURE_C),$(wildcard $(ROOMS:%=core/%/*.c)))
BINDINGS := $(wildcard core/lua/*.c)
MODULE_O := $(patsubst core/%.c,$(BUILD)/obj/%.o,$(ENGINE) $(BINDINGS))
HOST_O   := $(BUILD)/obj/main.o $(BUILD)/obj/host.o
PROGRAM   = $(BUILD)/bin/almanac
MODULE    = $(BUILD)/lua/almanac/core.so
# the same for hosts of one's own: include/almanac.h
VERSION  := $(shell sed -n 's/^\#define ALMANAC_VERSION "\(.*\)"/\1/p' include/almanac.h)
SONAME    = libalmanac.so.$(firstword $(subst ., ,$(VERSION)))
LIBRARY   = $(BUILD)/lib/libalmanac.so.$(VERSION)
# the process that a recipe runs in: Lua, text, records, and what locks it in
GUARD     = $(BUILD)/lua/almanac/guard
GUARD_O  := $(patsubst core/%.c,$(BUILD)/obj/%.o,$(GUARD_C) $(addprefix core/base/,buf.c error.c iconv.c standard.c sys.c text.c) \
              $(wildcard core/marc/marc*.c core/base/regex*.c core/base/unpack*.c core/base/xml*.c core/lua/marc*.c) \
              $(addprefix core/lua/,scratch.c text.c util.c wire.c xml.c))

# the process that decodes pictures: libvips, and what locks it in. It is built where libvips is; all else goes without
VIPS     := $(if $(PC),$(shell $(PC) --exists vips && echo yes))
PICTURE   = $(BUILD)/lua/almanac/picture
PICTURE_O = $(patsubst core/%.c,$(BUILD)/obj/%.o,$(PICTURE_C) $(addprefix core/base/,buf.c error.c standard.c))

DEPS      = gcc pkg-config ca-certificates liblua5.4-dev lua-cjson lua-argparse lua-check \
            libcurl4-openssl-dev libssl-dev libsqlite3-dev libmicrohttpd-dev \
            libutf8proc-dev libcsv-dev libxml2-dev libseccomp-dev libyaz-dev libarchive-dev zlib1g-dev libmimalloc-dev
PICTURE_DEPS = libvips-dev
BENCH_DEPS = rclone
PICTURE_TEST = imagemagick
SLURM_TEST = slurm-wlm munge
TEST_DEPS = lua5.4 lua-busted libxml2-utils yaz libmarc-record-perl git clang libclang-rt-14-dev

# installs the Debian packages of $(1) that are not there yet, or says who can
define install_missing
if ! command -v dpkg-query >/dev/null; then \
  echo "This is no Debian or Ubuntu. Their packages that are needed, for those of this system that match:" $(1) >&2; exit 1; fi; \
missing=$$(for p in $(1); do dpkg-query -Wf '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
[ -z "$$missing" ] || { sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
  if [ -n "$$sudo" ] && ! command -v sudo >/dev/null; then $(call for_root,$$missing); exit 1; fi; \
  echo "installing" $$missing; \
  $$sudo apt-get -qq update && DEBIAN_FRONTEND=noninteractive $$sudo apt-get -qq install -y --no-install-recommends $$missing >/dev/null || \
  { [ -z "$$sudo" ] || $(call for_root,$$missing); exit 1; }; }
endef
for_root = { echo "Only an administrator of this machine can install packages. Ask for:"; \
  echo "  apt-get install --no-install-recommends" $(1); } >&2

SPEC     ?=
SPEC_ENV  = LUA_PATH="lua/?.lua;lua/?/init.lua;spec/?.lua;;" LUA_CPATH="$(BUILD)/lua/?.so;;" \
            ALMANAC_BUILD=$(BUILD) ALMANAC_LUA=$(abspath lua) $(if $(SANITIZE),$(SAN_ENV))
# Stock Lua loads the module, so the sanitizers' library comes before it. To note by what way each piece of memory
# was asked for doubles the time: FRAMES=30 does it, when a report is to be understood.
FRAMES   ?= 1
PRELOAD   = $(shell $(CC) -print-file-name=libasan.so) $(abspath $(BUILD)/unset_preload.so)
SAN_ENV   = LD_PRELOAD="$(PRELOAD)" ALMANAC_PRELOAD="$(PRELOAD)" \
            ASAN_OPTIONS=detect_leaks=1:malloc_context_size=$(FRAMES) UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

all: $(PROGRAM) $(MODULE) $(GUARD) lib $(if $(VIPS),$(PICTURE)) ## the program, the module for stock Lua, the process for recipes, the library

lib: $(LIBRARY) ## the shared library for hosts of one's own, with include/almanac.h

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

$(PROGRAM): $(HOST_O) $(MODULE_O)
	@mkdir -p $(@D)
	@echo '  ld  $@'
	@$(CC) $(ALL_LD) -pie -Wl,-E -o $@ $^ $(MALLOC) $(LIBS) $(LUA_LIBS)

$(MODULE): $(MODULE_O)
	@mkdir -p $(@D)
	@echo '  ld  $@'
	@$(CC) $(ALL_LD) -shared -Wl,-z,nodelete -o $@ $^ $(LIBS)

$(LIBRARY): $(BUILD)/obj/host.o $(MODULE_O) core/almanac.map
	@mkdir -p $(@D)
	@echo '  ld  $@'
	@$(CC) $(ALL_LD) -shared -Wl,-z,nodelete -Wl,-soname,$(SONAME) -Wl,--version-script=core/almanac.map -o $@ \
	  $(filter %.o,$^) $(LIBS) $(LUA_LIBS)
	@ln -sf $(@F) $(@D)/$(SONAME)
	@ln -sf $(@F) $(@D)/libalmanac.so

$(GUARD): $(GUARD_O)
	@mkdir -p $(@D)
	@echo '  ld  $@'
	@$(CC) $(ALL_LD) -pie -o $@ $^ $(if $(PC),$(shell $(PC) --libs libutf8proc libseccomp libxml-2.0 zlib)) $(LUA_LIBS)

pictures: ## the process that decodes pictures, with what it needs installed (Debian: libvips-dev)
	@$(call install_missing,$(PICTURE_DEPS))
	@$(MAKE) --no-print-directory -s all

$(PICTURE): $(PICTURE_O)
	@mkdir -p $(@D)
	@echo '  ld  $@'
	@$(CC) $(ALL_LD) -pie -o $@ $^ $(if $(PC),$(shell $(PC) --libs vips libseccomp)) -lm

$(PICTURE_C:core/%.c=$(BUILD)/obj/%.o): PKG_C += $(if $(PC),$(subst -I,-isystem ,$(shell $(PC) --cflags vips)))

# what is missing is told once, before a hundred errors of the compiler tell it
HEADERS   = curl/curl.h openssl/evp.h sqlite3.h microhttpd.h utf8proc.h csv.h libxml/parser.h seccomp.h \
            yaz/yaz-iconv.h archive.h zlib.h lua.h
$(BUILD)/packages:
	@mkdir -p $(@D)
	@missing=$$(for tool in $(firstword $(CC)) pkg-config; do command -v $$tool >/dev/null || echo $$tool; done; \
	  for header in $(HEADERS); do \
	    echo "#include <$$header>" | $(CC) $(PKG_C) $(CPPFLAGS) -E -x c - >/dev/null 2>&1 || echo $$header; done); \
	  $(if $(MALLOC),echo 'int main(void){return 0;}' | $(CC) -x c - -o /dev/null $(MALLOC) >/dev/null 2>&1 || missing="$$missing $(MALLOC)";) \
	  [ -z "$$missing" ] || { echo "almanac can't be built here yet; missing:" $$missing; \
	    echo "Run \`make deps\` first: it installs the packages that almanac needs (Debian, Ubuntu)."; exit 1; } >&2
	@touch $@

# other flags of this file build everything anew
$(BUILD)/flags: Makefile
	@mkdir -p $(@D)
	@echo '$(STRICT) $(HARDENED) $(HARD_LD)' >$@.new
	@cmp -s $@.new $@ || cp $@.new $@; rm -f $@.new

$(BUILD)/obj/%.o: core/%.c $(BUILD)/flags | $(BUILD)/packages
	@mkdir -p $(@D)
	@echo '  cc  $<'
	@$(CC) $(ALL_C) -MMD -MP -c -o $@ $<

-include $(MODULE_O:.o=.d) $(HOST_O:.o=.d) $(GUARD_O:.o=.d) $(PICTURE_O:.o=.d)

# the folders of an installation; all quoted, for blanks in them
BIN_TO    = $(DESTDIR)$(PREFIX)/bin
LUA_TO    = $(DESTDIR)$(PREFIX)/share/lua/5.4
C_TO      = $(DESTDIR)$(PREFIX)/lib/lua/5.4/almanac
SHARE_TO  = $(DESTDIR)$(PREFIX)/share/almanac
LIB_TO    = $(DESTDIR)$(LIBDIR)
INSTALL   = install

install: all ## program, library, recipes, module, header, below PREFIX
	$(INSTALL) -d "$(BIN_TO)" "$(C_TO)" "$(LUA_TO)" "$(SHARE_TO)" "$(LIB_TO)/pkgconfig" "$(DESTDIR)$(PREFIX)/include"
	$(INSTALL) -m 755 $(PROGRAM) "$(BIN_TO)/almanac"
	$(INSTALL) -m 644 $(MODULE) "$(C_TO)/core.so"
	$(INSTALL) -m 755 $(GUARD) "$(C_TO)/guard"
	$(if $(VIPS),$(INSTALL) -m 755 $(PICTURE) "$(C_TO)/picture")
	cp -R lua/almanac "$(LUA_TO)/"
	cp -R recipes "$(SHARE_TO)/"
	chmod -R u+rwX,go+rX,go-w "$(LUA_TO)/almanac" "$(SHARE_TO)"
	$(INSTALL) -m 644 include/almanac.h "$(DESTDIR)$(PREFIX)/include/almanac.h"
	$(INSTALL) -m 644 $(LIBRARY) "$(LIB_TO)/$(notdir $(LIBRARY))"
	ln -sf $(notdir $(LIBRARY)) "$(LIB_TO)/$(SONAME)"
	ln -sf $(notdir $(LIBRARY)) "$(LIB_TO)/libalmanac.so"
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR)' 'includedir=$${prefix}/include' '' 'Name: almanac' \
	  'Description: scriptable Lua host for Ex Libris Alma Digital' 'Version: $(VERSION)' \
	  'Libs: -L$${libdir} -lalmanac' 'Cflags: -I$${includedir}' >"$(LIB_TO)/pkgconfig/almanac.pc"
	chmod 644 "$(LIB_TO)/pkgconfig/almanac.pc"
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || ! ldconfig -vN 2>/dev/null | grep -q '^$(LIBDIR):' || ldconfig

deps: ## installs what building and running needs (Debian packages)
	@$(call install_missing,$(DEPS))

deps-test: deps ## installs what the specs and the linter need as well
	@$(call install_missing,$(TEST_DEPS))
	@( $(call install_missing,$(PICTURE_DEPS) $(PICTURE_TEST)) ) || \
	  echo "libvips or ImageMagick can't be had here: the specs of pictures are skipped"
	@[ -d spec/node_modules/s3rver ] || $(MAKE) --no-print-directory -s s3rver || \
	  echo "s3rver, an S3 server by others, can't be had here (npm): the specs that try uploads on it are skipped"

# It starts services, which is not for a test to do on anybody's machine
deps-slurm: ## installs Slurm, for the specs and the benchmark of derivatives on a cluster
	@$(call install_missing,$(SLURM_TEST))

s3rver: # only specs use it
	@command -v npm >/dev/null || { $(call install_missing,nodejs npm); }
	@npm ci --prefix spec --no-audit --no-fund --loglevel=error --ignore-scripts

demo: deps ## the main job on sample images, against a local rehearsal
	@$(MAKE) --no-print-directory -s all
	@sh recipes/jpg-derivatives/sample/demo.sh $(abspath $(PROGRAM)) $(abspath $(BUILD)/demo)

test: deps-test ## installs what is missing and runs all specs
	@$(MAKE) --no-print-directory -s all
	@$(MAKE) --no-print-directory spec

# SPEC=spec/x_spec.lua runs one
spec: all $(if $(SANITIZE),$(BUILD)/unset_preload.so) ## runs the specs with what is installed
	@$(SPEC_ENV) $(LUA) spec/run.lua $(SPEC)

bench: deps-test ## benchmarks beside named peers; BENCH="startup recipe upload fetch plan pace scale million records shards"
	@$(call install_missing,$(BENCH_DEPS))
	@$(MAKE) --no-print-directory -s all
	@$(SPEC_ENV) $(LUA) spec/bench/run.lua $(BENCH)

torture: deps-test ## kills, cuts and lies to runs and compares; N=1000 rounds, SEED=7, J=4 at a time, KIND=help
	@$(MAKE) --no-print-directory -s all
	@$(SPEC_ENV) N=$(N) SEED=$(SEED) KIND=$(KIND) CHANGE=$(CHANGE) J=$(J) KEEP=$(KEEP) $(LUA) spec/torture/run.lua

bench-marc: deps-test ## MARC beside yaz-marcdump and a bare SAX2 pass; N=100000 records, ROUNDS=5
	@$(MAKE) --no-print-directory -s all $(BUILD)/bench/sax
	@$(SPEC_ENV) N=$(N) ROUNDS=$(ROUNDS) $(LUA) spec/bench/marc.lua

$(BUILD)/unset_preload.so: spec/support/unset_preload.c
	@mkdir -p $(@D)
	@$(CC) $(WARNED) -shared -fPIC -o $@ $<

$(BUILD)/bench/%: spec/bench/%.c
	@mkdir -p $(@D)
	@$(CC) $(WARNED) $(CFLAGS) $(PKG_C) $(CPPFLAGS) $(LDFLAGS) -o $@ $< $(LIBS)

fuzz: deps-test ## libFuzzer on what comes from outside; SECONDS=20 each, TARGETS="marcxml oai", JOBS=2
	@$(MAKE) --no-print-directory -s -f spec/fuzz/Makefile run

calls: all ## the table of Alma's calls anew, from its OpenAPI descriptions; OPENAPI=folder
	@$(SPEC_ENV) $(LUA) spec/tools/calls.lua $(OPENAPI)

reference: all ## lua/almanac/REFERENCE.md anew, from the comments of the public modules; the table of scripts
	@$(SPEC_ENV) $(LUA) spec/tools/reference.lua

lint: ## luacheck, and the rules of the layout
	luacheck -q lua recipes spec
	$(LUA) spec/lint.lua

clean: ## removes what was built
	rm -rf build

.PHONY: all lib help install deps deps-test deps-slurm pictures s3rver demo test spec bench bench-marc torture fuzz calls reference lint clean
