/*
 * replay_main - feeds every file of the folders given to the target, once, as a regression test.
 *
 *   fuzz_NAME FOLDER_OR_FILE...      exits 1 when one cannot be read, or there is none
 */
#include "file.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>

enum { INPUT_MAX = 1 << 20 };

/* False when the file cannot be read. */
static bool replay(const char *path)
{
    struct buf input;
    buf_init(&input, INPUT_MAX);
    int error = file_read(path, &input);
    if (error) {
        fprintf(stderr, "%s: %s\n", path, strerror(error));
    } else {
        char *copy = fuzz_copy(input.bytes, input.len);
        printf("%s\n", path);
        fflush(stdout); /* before what it may end in */
        LLVMFuzzerTestOneInput((const uint8_t *)copy, input.len);
        free(copy);
    }
    buf_finish(&input);
    return !error;
}

/* How many files were fed; -1 when one could not be read. */
static int replay_folder(const char *path, DIR *folder)
{
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        if (!replay(file))
            return -1;
        count++;
    }
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        int fed = folder ? replay_folder(argv[i], folder) : replay(argv[i]) ? 1 : -1;
        if (folder)
            closedir(folder);
        if (fed < 0)
            return 1;
        count += fed;
    }
    printf("%d files\n", count);
    return count ? 0 : 1;
}
