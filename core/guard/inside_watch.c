/* The limits of a call: steps are counted by a hook of Lua, time inside C
 * functions by a timer, both end the process on the spot. That is why no
 * pcall, coroutine or metamethod outlives them. The timer's handler looks at
 * the state wherever it was interrupted; should that ever crash, the process
 * ends all the same and the other side says so. */
#include <lauxlib.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "inside.h"

#define SLICE 1000                      /* steps between two looks */
#define CALL_SLICES 20000               /* 20 million steps a call */
#define ALL_SLICES 50000000L            /* 50,000 million in all calls */
#define TICKS 20                        /* of the timer, in the time of a call */

static lua_State *state;
static const char *library;
static double seconds;
static lua_CFunction own_error; /* Lua's `error` */

static struct {
  char rule[32], name[256];
  char memory[128]; /* where memory ran out */
  volatile sig_atomic_t open, number;
  long slices;
} call;

static long all_slices;
static struct { /* of several calls together; no ticks: there is none */
  const char *words;
  volatile sig_atomic_t ticks;
} budget;
static volatile sig_atomic_t ticked;

/* ---- the last message ---- */

static bool is_of_recipe(const lua_Debug *place) {
  return place->currentline > 0 && place->source[0] == '@' &&
         strncmp(place->source + 1, library, strlen(library)) != 0;
}

/* "path:12: " of the innermost line that is the recipe's own; else "". */
static void find_place(char *text, size_t size) {
  lua_Debug place;
  text[0] = '\0';
  for (int level = 0; state && lua_getstack(state, level, &place); level++) {
    lua_getinfo(state, "Sl", &place);
    if (!is_of_recipe(&place)) continue;
    snprintf(text, size, "%s:%d: ", place.short_src, place.currentline);
    return;
  }
}

static void write_all(const char *data, size_t length) {
  while (length > 0) {
    ssize_t written = write(STDOUT_FILENO, data, length);
    if (written <= 0) return;
    data += written;
    length -= (size_t)written;
  }
}

/* { stopped = text } in the form of lua/wire.c, which must not allocate here */
static void write_stopped(const char *text) {
  static const char head[] = "t\0\0\0\0\1\0\0\0s\7\0\0\0stoppeds";
  uint32_t length = (uint32_t)strlen(text);
  uint32_t size = (uint32_t)(sizeof head - 1 + sizeof length + length);
  char message[1024];
  memcpy(message, &size, sizeof size);
  memcpy(message + 4, head, sizeof head - 1);
  memcpy(message + 4 + sizeof head - 1, &length, sizeof length);
  memcpy(message + 4 + sizeof head - 1 + sizeof length, text, length);
  write_all(message, size + 4);
}

static _Noreturn void stop_at(const char *place, const char *words) {
  char text[800];
  snprintf(text, sizeof text, "%sthe recipe was stopped: %s%s%s%s%s%s", place,
           words, call.rule[0] ? " (rule " : "", call.rule,
           call.rule[0] ? ", for '" : "", call.rule[0] ? call.name : "",
           call.rule[0] ? "')" : "");
  write_stopped(text);
  _exit(0);
}

_Noreturn void alm_inside_stop(const char *words) {
  char place[128];
  find_place(place, sizeof place);
  stop_at(place, words);
}

/* ---- what looks ---- */

static void count_slice(void) {
  if (++call.slices > CALL_SLICES)
    alm_inside_stop("one call took more than 20 million steps");
  if (++all_slices > ALL_SLICES)
    alm_inside_stop("its calls took more than 50,000 million steps in all");
}

static void count(lua_State *L, lua_Debug *place) {
  (void)L;
  (void)place;
  count_slice();
}

void alm_inside_steps(size_t steps) {
  static size_t rest;
  if (!call.open) return;
  for (rest += steps; rest >= SLICE; rest -= SLICE) count_slice();
}

void alm_inside_budget(double budget_seconds, const char *words) {
  budget.words = words;
  budget.ticks = budget_seconds > 0 ? 1 + (sig_atomic_t)(budget_seconds * TICKS / seconds) : 0;
}

/* Every twentieth of a call's time, processor time: a busy machine stops no
 * rule. */
static void tick(int signal_number) {
  static sig_atomic_t number, ticks;
  (void)signal_number;
  ticked = 1;
  if (call.open && budget.ticks > 0 && --budget.ticks == 0) alm_inside_stop(budget.words);
  if (!call.open || call.number != number) {
    number = call.number;
    ticks = 0;
  } else if (++ticks >= TICKS) {
    char words[64];
    snprintf(words, sizeof words, "one call took longer than %g s", seconds);
    alm_inside_stop(words);
  }
}

static void start_timer(void) {
  struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGPROF, &action, NULL);
  long step = (long)(seconds * 1e6 / TICKS);
  struct timeval every = {step / 1000000, step % 1000000};
  setitimer(ITIMER_PROF, &(struct itimerval){every, every}, NULL);
}

void alm_inside_start(lua_State *L, double call_seconds, const char *folder) {
  state = L;
  library = folder;
  seconds = call_seconds;
  lua_getglobal(L, "error");
  own_error = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  start_timer();
}

bool alm_inside_sign(void) {
  bool due = ticked;
  ticked = 0;
  return due;
}

void alm_inside_no_memory(void) {
  if (call.open) find_place(call.memory, sizeof call.memory);
}

/* ---- calls ---- */

static void open_call(lua_State *L, const char *rule, const char *name) {
  snprintf(call.rule, sizeof call.rule, "%s", rule);
  snprintf(call.name, sizeof call.name, "%s", name);
  call.memory[0] = '\0';
  call.slices = 0;
  call.number++;
  call.open = 1;
  lua_sethook(L, count, LUA_MASKCOUNT, SLICE);
}

static void close_call(lua_State *L) {
  lua_sethook(L, NULL, 0, 0);
  call.open = 0;
}

/* "path:12: " that Lua put before the message, of almanac's own line; else 0. */
static size_t own_place(lua_State *L, const char *message) {
  lua_Debug frame;
  char text[128];
  for (int level = 1; lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "Sl", &frame);
    if (frame.currentline <= 0) continue;
    if (is_of_recipe(&frame)) return 0;
    int length = snprintf(text, sizeof text, "%s:%d: ", frame.short_src, frame.currentline);
    if (strncmp(message, text, (size_t)length) == 0) return (size_t)length;
  }
  return 0;
}

/* Whether almanac's own code said it with `error`: then it is in words already. */
static bool is_in_words(lua_State *L) {
  lua_Debug frame;
  if (!lua_getstack(L, 1, &frame)) return false;
  lua_getinfo(L, "f", &frame);
  bool said = lua_tocfunction(L, -1) == own_error;
  lua_pop(L, 1);
  return said;
}

/* The name by which the recipe called into almanac; NULL when that is not known. */
static const char *called_as(lua_State *L) {
  lua_Debug frame, inner;
  for (int level = 1; lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "Sl", &frame);
    if (is_of_recipe(&frame)) break;
    inner = frame;
    if (!lua_getinfo(L, "n", &inner)) inner.name = NULL;
    frame.name = inner.name;
    if (lua_getstack(L, level + 1, &inner) && lua_getinfo(L, "Sl", &inner) && is_of_recipe(&inner))
      return frame.name;
  }
  return NULL;
}

/* What goes wrong inside almanac's own functions is told at the recipe's line. */
static int place_message(lua_State *L) {
  const char *message = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL;
  size_t skip = message ? own_place(L, message) : 0;
  if (skip == 0) return 1;
  char place[128];
  find_place(place, sizeof place);
  if (is_in_words(L)) {
    lua_pushfstring(L, "%s%s", place, message + skip);
    return 1;
  }
  const char *name = called_as(L);
  lua_pushfstring(L, "%s%s%s%s can't take what it was given: %s", place, name ? "'" : "",
                  name ? name : "a function", name ? "'" : "", message + skip);
  return 1;
}

/* When memory ran out, the rest of it may not suffice for another call. */
static int protected_call(lua_State *L, int args) {
  int handler = lua_gettop(L) - args; /* below the function */
  lua_pushcfunction(L, place_message);
  lua_insert(L, handler);
  int status = lua_pcall(L, args, LUA_MULTRET, handler);
  lua_remove(L, handler);
  if (status != LUA_ERRMEM) return status;
  char words[64];
  snprintf(words, sizeof words, "it took more than %d MB of memory",
           (int)(ALM_GUARD_MEMORY >> 20));
  stop_at(call.memory, words);
}

int alm_inside_call(lua_State *L, const char *rule, const char *name, int args) {
  int base = lua_gettop(L) - args; /* of the function */
  bool inner = call.open;
  if (!inner) open_call(L, rule, name);
  int status = protected_call(L, args);
  if (!inner) close_call(L);
  lua_pushboolean(L, status == LUA_OK);
  lua_insert(L, base);
  return lua_gettop(L) - base + 1;
}
