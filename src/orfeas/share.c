#include "share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool own_dir(char ret[SHARE_PATH])
{
    ssize_t n = readlink("/proc/self/exe", ret, SHARE_PATH - 1);
    if (n <= 0)
        return false;
    ret[n] = '\0';
    char *slash = strrchr(ret, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

static bool has_scenarios(const char *dir)
{
    char path[SHARE_PATH + 20];
    snprintf(path, sizeof path, "%s/scenarios", dir);
    return access(path, R_OK) == 0;
}

bool share_dir(char ret[SHARE_PATH])
{
    const char *given = getenv("ORFEAS_SHARE");
    if (given && *given) {
        snprintf(ret, SHARE_PATH, "%s", given);
        return has_scenarios(ret);
    }
    char dir[SHARE_PATH];
    if (own_dir(dir)) {
        static const char *const ways[] = {"..", "../..", "../../..", "../share/orfeas"};
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
            if (snprintf(ret, SHARE_PATH, "%s/%s", dir, ways[i]) < SHARE_PATH && has_scenarios(ret))
                return true;
        }
    }
    snprintf(ret, SHARE_PATH, "%s", ORFEAS_DATADIR);
    return has_scenarios(ret);
}

bool share_program(const char *name, char ret[SHARE_PATH])
{
    char dir[SHARE_PATH];
    if (!own_dir(dir))
        return false;
    static const char *const ways[] = {"", "../orfeasd/", "../src/orfeasd/"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (snprintf(ret, SHARE_PATH, "%s/%s%s", dir, ways[i], name) < SHARE_PATH && access(ret, X_OK) == 0)
            return true;
    }
    return false;
}
