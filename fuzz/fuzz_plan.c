/* plan: a scenario's or workflow's text; it is right, or told why not. */
#include "fuzz.h"
#include "plan.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct plan_options options = {.time_scale = 60, .share_dir = SHARE_DIR};
    struct diag_list diags;
    struct buf told;
    char path[64];
    int fd = memfd_create("plan", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    diag_init(&diags);
    buf_init(&told, 4 << 20);
    assert(plan_check_file(path, &options, &diags) == (diags.count == 0));
    diag_write(&diags, &told);
    buf_finish(&told);
    diag_finish(&diags);
    close(fd);
    return 0;
}
