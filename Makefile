# almanac. `make help` lists what there is.
#   BUILD=dir      where everything built goes (build)
#   SANITIZE=1     builds with AddressSanitizer and UBSan, in build/sanitized
#   PREFIX=dir     where `make install` puts things (/usr/local)

SANITIZE ?=
BUILD    ?= build$(if $(SANITIZE),/sanitized)
PREFIX   ?= /usr/local
DESTDIR  ?=

LUA      = lua5.4
PACKAGES = libcurl libcrypto sqlite3 libmicrohttpd libutf8proc libxml-2.0
PC       := $(shell pkg-config --version >/dev/null 2>&1 && echo pkg-config)

CC       ?= gcc
CFLAGS   ?= -O2 -g
STRICT    = -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow \
            -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Werror
SAN       = $(if $(SANITIZE),-fsanitize=address$(COMMA)undefined -fno-omit-frame-pointer)
COMMA    := ,
CPPFLAGS += $(if $(PC),$(shell $(PC) --cflags $(PACKAGES) lua5.4))
ALL_C     = $(STRICT) $(CFLAGS) $(SAN) -fPIC $(CPPFLAGS)
LIBS      = $(if $(PC),$(shell $(PC) --libs $(PACKAGES))) -lcsv -pthread
LUA_LIBS  = $(if $(PC),$(shell $(PC) --libs lua5.4))

ENGINE   := $(filter-out core/main.c core/host.c,$(wildcard core/*.c))
BINDINGS := $(wildcard core/lua/*.c)
MODULE_O := $(patsubst core/%.c,$(BUILD)/obj/%.o,$(ENGINE) $(BINDINGS))
HOST_O   := $(BUILD)/obj/main.o $(BUILD)/obj/host.o
PROGRAM   = $(BUILD)/bin/almanac
MODULE    = $(BUILD)/lua/almanac/core.so

all: $(PROGRAM) $(MODULE) ## the program and the module for stock Lua

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

$(PROGRAM): $(HOST_O) $(MODULE_O)
	@mkdir -p $(@D)
	$(CC) $(SAN) -Wl,-E -o $@ $^ $(LIBS) $(LUA_LIBS)

$(MODULE): $(MODULE_O)
	@mkdir -p $(@D)
	$(CC) $(SAN) -shared -o $@ $^ $(LIBS)

$(BUILD)/obj/%.o: core/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_C) -MMD -MP -c -o $@ $<

-include $(MODULE_O:.o=.d) $(HOST_O:.o=.d)

install: all ## program, library, recipes and module, below PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/lua/5.4/almanac \
	  $(DESTDIR)$(PREFIX)/share/lua/5.4 $(DESTDIR)$(PREFIX)/share/almanac
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/almanac
	install -m 644 $(MODULE) $(DESTDIR)$(PREFIX)/lib/lua/5.4/almanac/core.so
	cp -R lua/almanac $(DESTDIR)$(PREFIX)/share/lua/5.4/
	cp -R recipes $(DESTDIR)$(PREFIX)/share/almanac/

clean: ## removes what was built
	rm -rf build

.PHONY: all help install clean
