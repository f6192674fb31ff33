/*
 * plan_fixture - plans out of texts: scenario and workflow are written into a folder of their own and loaded.
 */
#pragma once

#include "test.h"
#include "file.h"
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char dir[64];
    struct diag_list diags;
    struct buf out;
    struct plan_options options;
};

static inline void begin(struct fixture *f)
{
    *f = (struct fixture){.dir = "/tmp/orfeas-plan-XXXXXX", .options = {.time_scale = 1, .share_dir = SHARE_DIR}};
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(chdir(f->dir), 0); /* so that messages say "s.yaml" */
    diag_init(&f->diags);
    buf_init(&f->out, 1 << 20);
}

static inline void end(struct fixture *f)
{
    unlink("s.yaml");
    unlink("w.yaml");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(f->dir), 0);
    diag_finish(&f->diags);
    buf_finish(&f->out);
}

/* What was told, all of it. */
static inline const char *told(struct fixture *f)
{
    buf_clear(&f->out);
    diag_write(&f->diags, &f->out);
    return buf_text(&f->out);
}

static inline void forget(struct fixture *f)
{
    diag_finish(&f->diags);
    diag_init(&f->diags);
}

static inline void put(const char *name, const char *text)
{
    assert_int_equal(file_write(name, text, strlen(text)), 0);
}

static inline struct plan *load(struct fixture *f, const char *scenario)
{
    put("s.yaml", scenario);
    return plan_load("s.yaml", &f->options, &f->diags);
}

static inline struct plan *load_right(struct fixture *f, const char *scenario)
{
    struct plan *plan = load(f, scenario);
    if (!plan)
        fail_msg("not loaded: %s", told(f));
    assert_int_equal(f->diags.count, 0);
    return plan;
}

static inline void set(struct fixture *f, const struct plan_setting *settings, int count)
{
    f->options.settings = settings;
    f->options.setting_count = count;
}
