/* almanac: a scriptable Lua host for Ex Libris Alma Digital.
 *
 * Two ways in, built from the same sources:
 *
 *   - a host of one's own, a program that links libalmanac (`pkg-config
 *     --cflags --libs almanac`): alm_host_open makes a Lua 5.4 state with the
 *     library on its path and a ceiling on its memory, alm_host_main runs the
 *     command line in it, alm_host_close frees everything;
 *   - a Lua that runs already (stock lua5.4, busted, any program that embeds
 *     Lua 5.4): require "almanac.core" calls luaopen_almanac_core. The module
 *     links no Lua of its own and uses the one that loads it.
 *
 * A host belongs to one thread at a time. */
#ifndef ALMANAC_H
#define ALMANAC_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ALMANAC_VERSION "0.1.0"

typedef struct alm_host alm_host;
struct lua_State;

/* A host whose Lua may hold at most `ceiling` bytes (0: the default, 4 GiB).
 * The Lua files are looked for where ALMANAC_LUA says, else where they are
 * installed with libalmanac, else beside the running program.
 * NULL when there is no memory for it. */
alm_host *alm_host_open(size_t ceiling);

/* Runs the command line and returns its exit status: 0 done, 1 nothing was
 * started, 2 done in part, 75 stopped early and safe to resume. Whatever a
 * script raises ends here with a message on stderr and status 1. SIGINT and
 * SIGTERM are caught from then on and SIGPIPE is ignored. The descriptors 0 to 2
 * stay as the host has them: one that is closed should be opened before. */
int alm_host_main(alm_host *host, int argc, char **argv);

/* Frees the host and all it opened. NULL is fine. */
void alm_host_close(alm_host *host);

/* The module "almanac.core"; lua/almanac/core.d.lua and engine/ describe what it gives. */
int luaopen_almanac_core(struct lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
