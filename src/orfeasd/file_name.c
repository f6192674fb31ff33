#include "file_name.h"

#include "json_out.h"

#include <stdbool.h>
#include <string.h>

static bool is_control(const unsigned char *at)
{
    return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

void file_name_clean(const char *name, char out[FILE_NAME_MAX + 1])
{
    static const char REPLACEMENT[] = "\xef\xbf\xbd";
    size_t used = 0;
    while (*name) {
        size_t len = json_utf8(name);
        bool replace = !len || is_control((const unsigned char *)name);
        size_t adds = replace ? sizeof REPLACEMENT - 1 : len;
        if (used + adds > FILE_NAME_MAX)
            break;
        memcpy(out + used, replace ? REPLACEMENT : name, adds);
        used += adds;
        name += len ? len : 1;
    }
    out[used] = '\0';
}
