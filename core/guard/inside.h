/* The call of a rule that is under way in the guard's own process, and what
 * ends it. Knows Lua: this process holds one state and nothing else. */
#ifndef ALM_INSIDE_H
#define ALM_INSIDE_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes that the state may hold. */
#define ALM_GUARD_MEMORY ((size_t)256 << 20)

/* Watches the calls of this state from now on. `library` is the folder of
 * almanac's own Lua files: a place in them is not the recipe's. */
void alm_inside_start(lua_State *L, double seconds, const char *library);

/* fn, … on the stack -> true, results … or false, error, as pcall does, within
 * the limits of one call. `rule` and `name` say what it is about. A call
 * inside a call shares its limits. Passing them ends the process after a last
 * message { stopped = "where: what" }: nothing in Lua can catch that. */
int alm_inside_call(lua_State *L, const char *rule, const char *name, int args);

/* Steps that were taken in C, to be counted like Lua's. */
void alm_inside_steps(size_t steps);

/* Processor time that the calls from now on may take together; 0: as ever.
 * `words` are what the last message says when it is used up, and must stay. */
void alm_inside_budget(double budget_seconds, const char *words);

/* Whether a sign of life is due: some time has passed since the last. */
bool alm_inside_sign(void);

/* Notes where memory ran out, for the message. Called by the allocator. */
void alm_inside_no_memory(void);

/* Writes a last message and ends the process. */
_Noreturn void alm_inside_stop(const char *words);

#endif
