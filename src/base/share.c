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

static bool holds(const char *dir, const char *what)
{
    char path[SHARE_PATH];
    return snprintf(path, sizeof path, "%s/%s", dir, what) < SHARE_PATH && access(path, R_OK) == 0;
}

bool share_dir(const char *what, char ret[SHARE_PATH])
{
    static const char *const ways[] = {"..", "../..", "../../..", "../share/orfeas"};
    const char *given = getenv("ORFEAS_SHARE");
    if (given && *given)
        return snprintf(ret, SHARE_PATH, "%s", given) < SHARE_PATH && holds(ret, what);
    char dir[SHARE_PATH];
    if (!own_dir(dir))
        return false;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (snprintf(ret, SHARE_PATH, "%s/%s", dir, ways[i]) < SHARE_PATH && holds(ret, what))
            return true;
    return false;
}

bool share_program(const char *name, char ret[SHARE_PATH])
{
    char dir[SHARE_PATH];
    return own_dir(dir) && snprintf(ret, SHARE_PATH, "%s/%s", dir, name) < SHARE_PATH &&
           access(ret, X_OK) == 0;
}
