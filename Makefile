# almanac. `make help` lists what there is.
#   BUILD=dir      where everything built goes (build)
#   SANITIZE=1     builds with AddressSanitizer and UBSan, in build/sanitized
#   PREFIX=dir     where `make install` puts things (/usr/local)

SANITIZE ?=
BUILD    ?= build$(if $(SANITIZE),/sanitized)
PREFIX   ?= /usr/local
DESTDIR  ?=

LUA      = lua5.4
PACKAGES = libcurl libcrypto sqlite3 libmicrohttpd libutf8proc libxml-2.0 zlib jansson
OPENED   = yaz   # only its headers: core/marc8.c opens it when there is MARC-8
PC       := $(shell pkg-config --version >/dev/null 2>&1 && echo pkg-config)

CC       ?= gcc
CFLAGS   ?= -O2 -g
STRICT    = -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow \
            -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Werror
SAN       = $(if $(SANITIZE),-fsanitize=address$(COMMA)undefined -fno-omit-frame-pointer)
COMMA    := ,
CPPFLAGS += $(if $(PC),$(shell $(PC) --cflags $(PACKAGES) $(OPENED) lua5.4))
ALL_C     = $(STRICT) $(CFLAGS) $(SAN) -fPIC $(CPPFLAGS)
LIBS      = $(if $(PC),$(shell $(PC) --libs $(PACKAGES))) -lcsv -lm -pthread
LUA_LIBS  = $(if $(PC),$(shell $(PC) --libs lua5.4))
# Lua's many small blocks beside SQLite's pages; the sanitizers have an allocator of their own
MALLOC    = $(if $(SANITIZE),,-lmimalloc)

GUARD_C   = core/sandbox_child.c core/sandbox_lock.c core/sandbox_watch.c
ENGINE   := $(filter-out core/main.c core/host.c $(GUARD_C),$(wildcard core/*.c))
BINDINGS := $(wildcard core/lua/*.c)
MODULE_O := $(patsubst core/%.c,$(BUILD)/obj/%.o,$(ENGINE) $(BINDINGS))
HOST_O   := $(BUILD)/obj/main.o $(BUILD)/obj/host.o
PROGRAM   = $(BUILD)/bin/almanac
MODULE    = $(BUILD)/lua/almanac/core.so
# the process that a recipe runs in: Lua, text, records, and what locks it in
GUARD     = $(BUILD)/lua/almanac/guard
GUARD_O  := $(patsubst core/%.c,$(BUILD)/obj/%.o,$(GUARD_C) core/buf.c core/error.c core/standard.c core/sys.c core/text.c \
              $(wildcard core/marc*.c core/regex*.c core/xml*.c core/lua/marc*.c) \
              $(addprefix core/lua/,scratch.c text.c util.c wire.c xml.c))

DEPS      = gcc pkg-config ca-certificates liblua5.4-dev lua-cjson lua-argparse lua-check \
            libcurl4-openssl-dev libssl-dev libsqlite3-dev libmicrohttpd-dev \
            libutf8proc-dev libcsv-dev libxml2-dev libseccomp-dev libyaz-dev zlib1g-dev libjansson-dev libmimalloc-dev
BENCH_DEPS = rclone
TEST_DEPS = lua5.4 lua-busted libxml2-utils yaz git clang libclang-rt-14-dev

# installs the Debian packages of $(1) that are not there yet
define install_missing
missing=$$(for p in $(1); do dpkg-query -Wf '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
[ -z "$$missing" ] || { echo "installing" $$missing; \
  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
  $$sudo apt-get -qq update && DEBIAN_FRONTEND=noninteractive $$sudo apt-get -qq install -y --no-install-recommends $$missing >/dev/null; }
endef

SPEC     ?=
SPEC_ENV  = LUA_PATH="lua/?.lua;lua/?/init.lua;spec/?.lua;;" LUA_CPATH="$(BUILD)/lua/?.so;;" \
            ALMANAC_BUILD=$(BUILD) ALMANAC_LUA=$(abspath lua) $(if $(SANITIZE),$(SAN_ENV))
SAN_ENV   = LD_PRELOAD=$(shell $(CC) -print-file-name=libasan.so) \
            ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

all: $(PROGRAM) $(MODULE) $(GUARD) ## the program, the module for stock Lua, the process for recipes

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

$(PROGRAM): $(HOST_O) $(MODULE_O)
	@mkdir -p $(@D)
	@echo '  ld  $@'
	@$(CC) $(SAN) -Wl,-E -o $@ $^ $(MALLOC) $(LIBS) $(LUA_LIBS)

$(MODULE): $(MODULE_O)
	@mkdir -p $(@D)
	@echo '  ld  $@'
	@$(CC) $(SAN) -shared -Wl,-z,nodelete -o $@ $^ $(LIBS)

$(GUARD): $(GUARD_O)
	@mkdir -p $(@D)
	@echo '  ld  $@'
	@$(CC) $(SAN) -o $@ $^ $(if $(PC),$(shell $(PC) --libs libutf8proc libseccomp libxml-2.0 zlib jansson)) $(LUA_LIBS)

$(BUILD)/obj/%.o: core/%.c
	@mkdir -p $(@D)
	@echo '  cc  $<'
	@$(CC) $(ALL_C) -MMD -MP -c -o $@ $<

-include $(MODULE_O:.o=.d) $(HOST_O:.o=.d) $(GUARD_O:.o=.d)

install: all ## program, library, recipes and module, below PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/lua/5.4/almanac \
	  $(DESTDIR)$(PREFIX)/share/lua/5.4 $(DESTDIR)$(PREFIX)/share/almanac
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/almanac
	install -m 644 $(MODULE) $(DESTDIR)$(PREFIX)/lib/lua/5.4/almanac/core.so
	install -m 755 $(GUARD) $(DESTDIR)$(PREFIX)/lib/lua/5.4/almanac/guard
	cp -R lua/almanac $(DESTDIR)$(PREFIX)/share/lua/5.4/
	cp -R recipes $(DESTDIR)$(PREFIX)/share/almanac/

deps: ## installs what building and running needs (Debian packages)
	@$(call install_missing,$(DEPS))

deps-test: deps ## installs what the specs and the linter need as well
	@$(call install_missing,$(TEST_DEPS))
	@command -v npm >/dev/null || { $(call install_missing,nodejs npm); }
	@[ -d spec/node_modules/s3rver ] || npm ci --prefix spec --no-audit --no-fund --loglevel=error --ignore-scripts

demo: deps ## the main job on sample images, against a local rehearsal
	@$(MAKE) --no-print-directory -s all
	@sh recipes/jpg-derivatives/sample/demo.sh $(abspath $(PROGRAM)) $(abspath $(BUILD)/demo)

test: deps-test ## installs what is missing and runs all specs
	@$(MAKE) --no-print-directory -s all
	@$(MAKE) --no-print-directory spec

# SPEC=spec/x_spec.lua runs one
spec: all ## runs the specs with what is installed
	@$(SPEC_ENV) $(LUA) spec/run.lua $(SPEC)

bench: deps-test ## benchmarks beside named peers; BENCH="startup recipe upload plan pace scale million"
	@$(call install_missing,$(BENCH_DEPS))
	@$(MAKE) --no-print-directory -s all
	@$(SPEC_ENV) $(LUA) spec/bench/run.lua $(BENCH)

torture: deps-test ## kills, cuts and lies to runs and compares; N=1000 rounds, SEED=7, J=4 at a time, KIND=help
	@$(MAKE) --no-print-directory -s all
	@$(SPEC_ENV) N=$(N) SEED=$(SEED) KIND=$(KIND) CHANGE=$(CHANGE) J=$(J) KEEP=$(KEEP) $(LUA) spec/torture/run.lua

bench-marc: deps-test ## MARC beside yaz-marcdump and a bare SAX2 pass; N=100000 records, ROUNDS=5
	@$(MAKE) --no-print-directory -s all $(BUILD)/bench/sax
	@$(SPEC_ENV) N=$(N) ROUNDS=$(ROUNDS) $(LUA) spec/bench/marc.lua

$(BUILD)/bench/%: spec/bench/%.c
	@mkdir -p $(@D)
	@$(CC) $(STRICT) $(CFLAGS) $(CPPFLAGS) -o $@ $< $(LIBS)

fuzz: deps-test ## libFuzzer on what comes from outside; SECONDS=20 each, TARGETS="marcxml oai", JOBS=2
	@$(MAKE) --no-print-directory -s -f spec/fuzz/Makefile run

lint: ## luacheck, and the rules of the layout
	luacheck -q lua recipes spec
	$(LUA) spec/lint.lua

clean: ## removes what was built
	rm -rf build

.PHONY: all help install deps deps-test demo test spec bench bench-marc torture fuzz lint clean
