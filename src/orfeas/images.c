#include "images.h"

#include "exit_code.h"
#include "picture.h"
#include "test_image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int complain(struct images *images, const char *path, const char *why)
{
    snprintf(images->wrong, sizeof images->wrong, "the picture %s cannot be used: %s",
             *path ? path : "from the seed", why);
    return EXIT_USAGE;
}

static struct image *add(struct images *images)
{
    images->list = realloc(images->list, (size_t)(images->count + 1) * sizeof *images->list);
    if (!images->list)
        abort();
    images->list[images->count] = (struct image){.path = ""};
    return &images->list[images->count++];
}

/* ---- files ---- */

/* Returns 0 or an errno value. */
static int map(struct image *image, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int error = fd < 0 || fstat(fd, &st) != 0 ? errno : 0;
    if (!error && !S_ISREG(st.st_mode))
        error = S_ISDIR(st.st_mode) ? EISDIR : ENOTSUP;
    if (!error && st.st_size == 0)
        error = ENODATA;
    if (!error && st.st_size > PAYLOAD_MAX_BYTES)
        error = EFBIG;
    if (!error) {
        void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED)
            error = errno;
        else
            *image = (struct image){image->path, bytes, (size_t)st.st_size, true};
    }
    if (fd >= 0)
        close(fd);
    return error;
}

static int load_file(struct images *images, const char *path)
{
    struct image *image = add(images);
    image->path = strdup(path);
    if (!image->path)
        abort();
    int error = map(image, path);
    if (error == ENODATA)
        return complain(images, path, "it is empty");
    if (error == ENOTSUP)
        return complain(images, path, "it is no regular file");
    return error ? complain(images, path, strerror(error)) : EXIT_PASS;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_type != DT_DIR;
}

/* In the order of their names, so that the same directory gives the same run. What is no picture is left out.
 */
static int load_directory(struct images *images, const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_visible, alphasort), code = EXIT_PASS;
    if (count < 0)
        return complain(images, path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char file[4096 + 256];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        free(entries[i]);
        if (code != EXIT_PASS || images->count == IMAGES_MAX)
            continue;
        code = load_file(images, file);
        struct image *last = &images->list[images->count - 1];
        if (code == EXIT_PASS && picture_sniff(last->bytes, last->len) == PICTURE_UNKNOWN) {
            munmap((void *)(uintptr_t)last->bytes, last->len);
            free((void *)(uintptr_t)last->path);
            images->count--;
        }
    }
    free(entries);
    if (code == EXIT_PASS && images->count == 0)
        return complain(images, path, "no PNG, JPEG or WebP file is in this directory");
    return code;
}

/* ---- whatever is asked for ---- */

static int draw(struct images *images, uint64_t seed)
{
    struct buf png;
    buf_init(&png, PAYLOAD_MAX_BYTES);
    if (!test_image_render(seed, &png)) {
        buf_finish(&png);
        return EXIT_INTERNAL;
    }
    struct image *image = add(images);
    image->bytes = png.bytes;
    image->len = png.len;
    return EXIT_PASS;
}

int images_load(struct images *images, const struct options *o)
{
    struct stat st;
    *images = (struct images){0};
    if (!o->image)
        return draw(images, o->seed);
    if (stat(o->image, &st) == 0)
        return S_ISDIR(st.st_mode) ? load_directory(images, o->image) : load_file(images, o->image);
    int error = errno == ENOENT ? test_image_write(o->image, o->seed) : errno;
    if (error)
        return complain(images, o->image, error > 0 ? strerror(error) : "no memory");
    if (!o->quiet)
        fprintf(stderr, "made the test picture %s\n", o->image);
    return load_file(images, o->image);
}

void images_finish(struct images *images)
{
    for (int i = 0; i < images->count; i++) {
        struct image *image = &images->list[i];
        void *bytes = (void *)(uintptr_t)image->bytes;
        if (image->mapped)
            munmap(bytes, image->len);
        else
            free(bytes);
        if (*image->path)
            free((void *)(uintptr_t)image->path);
    }
    free(images->list);
}

struct payload *images_payloads(struct images *images, bool unique)
{
    struct payload *payloads = calloc((size_t)images->count, sizeof *payloads);
    if (!payloads)
        abort();
    for (int i = 0; i < images->count; i++) {
        char why[PAYLOAD_ERROR_TEXT];
        const struct image *image = &images->list[i];
        if (payload_init(&payloads[i], image->bytes, image->len, unique, why))
            continue;
        complain(images, image->path, why);
        while (i > 0)
            payload_finish(&payloads[--i]);
        free(payloads);
        return NULL;
    }
    return payloads;
}
