/* profile: orfeasd's profiles; deadlines drawn from what is taken rise. */
#include "fuzz.h"
#include "profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diag_list diags;
    struct profile profile;
    nsec ends[PROFILE_STAGES_MAX], last = 0;
    diag_init(&diags);
    if (profile_parse((const char *)data, size, "p.yaml", &profile, &diags)) {
        assert(profile.stage_count >= 0 && profile.stage_count <= PROFILE_STAGES_MAX);
        profile_draw(&profile, 1, size, 60, ends);
        for (int i = 0; i < profile.stage_count; last = ends[i++])
            assert(ends[i] >= last);
        profile_stretch(&profile, last / 2, 1e6, ends);
        last = 0;
        for (int i = 0; i < profile.stage_count; last = ends[i++])
            assert(ends[i] >= last);
    } else {
        assert(diags.count);
    }
    diag_finish(&diags);
    return 0;
}
