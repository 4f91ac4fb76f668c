// Is loaded behind the sanitizers' library into the process that runs a spec file: the hundreds of
// programs that specs start (sh, mktemp, rm) then begin without that library, which costs each of them
// some 20 ms. almanac's own programs are linked with it.
#include <stdlib.h>

__attribute__((constructor)) static void unset_preload(void) { unsetenv("LD_PRELOAD"); }
