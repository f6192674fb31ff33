#include "test.h"

#include "gpu.h"
#include "gpu_processes.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A machine's /sys/class/drm and /proc, as files. */
struct machine {
    char root[64], drm[80], proc[80];
};

static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

static void put_file(const struct machine *m, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", m->root, name);
    make_folders(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void init_machine(struct machine *m)
{
    snprintf(m->root, sizeof m->root, "/tmp/test-amdgpu-XXXXXX");
    assert_non_null(mkdtemp(m->root));
    snprintf(m->drm, sizeof m->drm, "%s/drm", m->root);
    snprintf(m->proc, sizeof m->proc, "%s/proc", m->root);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void finish_machine(struct machine *m)
{
    nftw(m->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Its device is a link into the bus, as in sysfs. */
static void put_card(const struct machine *m, int number, const char *bus)
{
    char target[160], link[200], name[100];
    snprintf(name, sizeof name, "bus/%s/vendor", bus);
    put_file(m, name, "0x1002\n");
    snprintf(name, sizeof name, "drm/card%d/dev", number);
    put_file(m, name, "226:0\n");
    snprintf(target, sizeof target, "../../bus/%s", bus);
    snprintf(link, sizeof link, "%s/card%d/device", m->drm, number);
    assert_int_equal(symlink(target, link), 0);
}

static struct gpu_set *open_machine(const struct machine *m, char why[GPU_WHY])
{
    return gpu_open(&(struct gpu_places){.nvml = "/none.so", .drm = m->drm, .proc = m->proc}, why);
}

static struct gpu_reading read_card(const struct machine *m, int index, const struct gpu_processes *processes)
{
    char why[GPU_WHY];
    struct gpu_reading r;
    struct gpu_set *s = open_machine(m, why);
    assert_non_null(s);
    assert_string_equal(gpu_driver(s, index), "");
    gpu_read(s, index, processes, &r);
    gpu_close(s);
    return r;
}

static const struct {
    const char *file, *text;
    int figure;
    double value;
} FILES[] = {
    {"gpu_busy_percent", "37\n", GPU_USAGE, .37},
    {"mem_busy_percent", "5\n", GPU_MEMORY_TRAFFIC, .05},
    {"mem_info_vram_total", "17163091968\n", GPU_MEMORY_TOTAL, 17163091968},
    {"mem_info_vram_used", "163091968\n", GPU_MEMORY_USED, 163091968},
    {"hwmon/hwmon4/temp1_input", "54000\n", GPU_TEMPERATURE, 54},
    {"hwmon/hwmon4/power1_average", "101500000\n", GPU_POWER, 101.5},
    {"hwmon/hwmon4/power1_input", "99000000\n", GPU_POWER, 101.5}, /* the average comes first */
    {"hwmon/hwmon4/power1_cap", "203000000\n", GPU_POWER_LIMIT, 203},
    {"hwmon/hwmon4/freq1_input", "2310000000\n", GPU_CLOCK_SM, 2.31e9},
    {"hwmon/hwmon4/freq2_input", "1000000000\n", GPU_CLOCK_MEMORY, 1e9},
};

static void put_files(const struct machine *m, const char *but)
{
    char name[100];
    for (int i = 0; i < COUNT(FILES); i++) {
        snprintf(name, sizeof name, "bus/0000:03:00.0/%s", FILES[i].file);
        put_file(m, name, strcmp(FILES[i].file, but) == 0 ? "" : FILES[i].text);
    }
}

static void test_every_figure(void **state)
{
    (void)state;
    struct machine m;
    init_machine(&m);
    put_card(&m, 2, "0000:03:00.0");
    put_files(&m, "");
    put_file(&m, "bus/0000:03:00.0/device", "0x73bf\n");
    put_file(&m, "bus/0000:03:00.0/unique_id", "8a5b\n");
    struct gpu_reading r = read_card(&m, 0, NULL);
    assert_string_equal(r.name, "AMD GPU 0x73bf");
    assert_string_equal(r.uuid, "8a5b");
    assert_string_equal(r.vendor, "AMD");
    assert_string_equal(r.source, "amdgpu");
    assert_false(r.lost || r.throttle_known);
    assert_int_equal(r.present, ((1u << GPU_FIGURES) - 1) & ~(1u << GPU_ENERGY | 1u << GPU_PROCESS_MEMORY));
    for (int i = 0; i < COUNT(FILES); i++)
        assert_near(r.value[FILES[i].figure], FILES[i].value, 1e-6 * FILES[i].value);
    assert_near(r.value[GPU_MEMORY_FREE], 17e9, 0);
    put_file(&m, "bus/0000:03:00.0/product_name", "Radeon Something\n");
    assert_string_equal(read_card(&m, 0, NULL).name, "Radeon Something");
    finish_machine(&m);
}

/* An empty file, and what is no number, is a figure that is not there. */
static void test_files_that_are_missing(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(FILES); i++) {
        struct machine m;
        init_machine(&m);
        put_card(&m, 0, "0000:03:00.0");
        put_files(&m, FILES[i].file);
        struct gpu_reading r = read_card(&m, 0, NULL);
        assert_int_equal(gpu_has(&r, (enum gpu_figure)FILES[i].figure), FILES[i].figure == GPU_POWER);
        finish_machine(&m);
    }
    static const char *const bad[] = {"N/A\n", "-1\n", "12x\n", "1e300\n", "inf\n", "\n"};
    for (int i = 0; i < COUNT(bad); i++) {
        struct machine m;
        init_machine(&m);
        put_card(&m, 0, "0000:03:00.0");
        put_file(&m, "bus/0000:03:00.0/gpu_busy_percent", bad[i]);
        assert_int_equal(read_card(&m, 0, NULL).present, 0);
        finish_machine(&m);
    }
}

static void test_which_cards(void **state)
{
    (void)state;
    struct machine m;
    char why[GPU_WHY], name[200];
    init_machine(&m);
    assert_null(open_machine(&m, why));
    assert_non_null(strstr(why, "/none.so"));
    assert_non_null(strstr(why, "; no amdgpu card"));
    put_file(&m, "drm/card0/device/vendor", "0x8086\n");
    put_file(&m, "drm/card1-DP-1/device/vendor", "0x1002\n");
    assert_null(open_machine(&m, why));
    put_card(&m, 5, "0000:05:00.0");
    put_card(&m, 12, "0000:03:00.0");
    put_file(&m, "bus/0000:03:00.0/device", "0x1\n");
    struct gpu_set *s = open_machine(&m, why);
    assert_int_equal(gpu_count(s), 2);
    struct gpu_reading r;
    gpu_read(s, 1, NULL, &r);
    assert_string_equal(r.name, "AMD GPU 0x1");
    snprintf(name, sizeof name, "%s/bus/0000:03:00.0/vendor", m.root);
    remove(name);
    gpu_read(s, 1, NULL, &r);
    assert_true(r.lost && r.present == 0);
    gpu_close(s);
    finish_machine(&m);
}

#define FDINFO(client, bus, memory) \
    "pos:\t0\nflags:\t02\ndrm-driver:\tamdgpu\ndrm-client-id:\t" client "\ndrm-pdev:\t" bus "\n" memory

static void test_memory_of_processes(void **state)
{
    (void)state;
    struct machine m;
    init_machine(&m);
    put_card(&m, 0, "0000:03:00.0");
    struct gpu_processes target = {.pids = {10, 11, 12}, .count = 3};
    struct gpu_reading r = read_card(&m, 0, &target);
    assert_false(gpu_has(&r, GPU_PROCESS_MEMORY));
    put_file(&m, "proc/10/fdinfo/4", FDINFO("7", "0000:03:00.0", "drm-memory-vram:\t1000 KiB\n"));
    put_file(&m, "proc/10/fdinfo/5", FDINFO("7", "0000:03:00.0", "drm-memory-vram:\t1000 KiB\n")); /* the same */
    put_file(&m, "proc/11/fdinfo/3", FDINFO("7", "0000:03:00.0", "drm-memory-vram:\t1000 KiB\n")); /* handed on */
    put_file(&m, "proc/11/fdinfo/4", FDINFO("8", "0000:03:00.0", "drm-resident-vram:\t2 MiB\n"));
    put_file(&m, "proc/11/fdinfo/5", FDINFO("9", "0000:03:00.0", "drm-memory-vram:\t512\n"));
    put_file(&m, "proc/11/fdinfo/6", FDINFO("10", "0000:04:00.0", "drm-memory-vram:\t77 KiB\n")); /* another card */
    put_file(&m, "proc/11/fdinfo/7", FDINFO("11", "0000:03:00.0", "drm-engine-gfx:\t1 ns\n"));
    put_file(&m, "proc/11/fdinfo/8", "pos:\t0\nflags:\t02\n");
    put_file(&m, "proc/13/fdinfo/3", FDINFO("12", "0000:03:00.0", "drm-memory-vram:\t77 KiB\n")); /* not the target's */
    r = read_card(&m, 0, &target);
    assert_true(gpu_has(&r, GPU_PROCESS_MEMORY));
    assert_near(r.value[GPU_PROCESS_MEMORY], 1000 * 1024 + 2 * 1024 * 1024 + 512, 0);
    finish_machine(&m);
}

static void test_descendants(void **state)
{
    (void)state;
    struct machine m;
    init_machine(&m);
    static const struct {
        int pid, parent;
        bool ours;
    } rows[] = {{1, 0, false}, {10, 1, true}, {11, 1, false}, {12, 40, true}, {40, 10, true}, {41, 11, false}};
    for (int i = 0; i < COUNT(rows); i++) {
        char name[40], text[120];
        snprintf(name, sizeof name, "proc/%d/stat", rows[i].pid);
        snprintf(text, sizeof text, "%d (a) 1 ((b) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 4096 1", rows[i].pid,
                 rows[i].parent);
        put_file(&m, name, text);
    }
    put_file(&m, "proc/50/stat", "50 no brackets");
    put_file(&m, "proc/self/stat", "10 (x) S 10");
    struct gpu_processes p;
    gpu_processes_find(&p, m.proc, 10);
    assert_int_equal(p.count, 3);
    for (int i = 0; i < COUNT(rows); i++)
        assert_int_equal(gpu_processes_has(&p, rows[i].pid), rows[i].ours);
    gpu_processes_find(&p, m.proc, 0);
    assert_int_equal(p.count, 0);
    gpu_processes_find(&p, "/none", 7);
    assert_int_equal(p.count, 1);
    finish_machine(&m);
}

/* As the kernel shows it. */
static void test_descendants_that_live(void **state)
{
    (void)state;
    int up[2];
    assert_int_equal(pipe(up), 0);
    int child = fork();
    if (child == 0) {
        char byte;
        close(up[1]);
        _exit(read(up[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(up[0]);
    struct gpu_processes p;
    gpu_processes_find(&p, "/proc", getpid());
    assert_true(gpu_processes_has(&p, getpid()) && gpu_processes_has(&p, child));
    assert_false(gpu_processes_has(&p, getppid()));
    close(up[1]);
    waitpid(child, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_figure),        cmocka_unit_test(test_files_that_are_missing),
        cmocka_unit_test(test_which_cards),         cmocka_unit_test(test_memory_of_processes),
        cmocka_unit_test(test_descendants),         cmocka_unit_test(test_descendants_that_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
