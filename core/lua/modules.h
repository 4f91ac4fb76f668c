/* The primitives of almanac.core, a line each. A new one is a binding file
 * with alm_open_NAME and a line here. */
#ifndef ALM_LUA_MODULES_H
#define ALM_LUA_MODULES_H

#include <lua.h>

#define ALM_MODULES(module) \
  module(claim) \
  module(csv) \
  module(files) \
  module(hash) \
  module(http) \
  module(marc) \
  module(pass) \
  module(pictures) \
  module(runfile) \
  module(guard) \
  module(serve) \
  module(sys) \
  module(text) \
  module(xml) \
  module(unpack)

#define ALM_DECLARE_MODULE(name) int alm_open_##name(lua_State *L);
ALM_MODULES(ALM_DECLARE_MODULE)
#undef ALM_DECLARE_MODULE

#endif
