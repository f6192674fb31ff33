#include "test.h"
#include "picture.h"
#include "rng.h"
#include "sample_files.h"

#include <stdlib.h>
#include <zlib.h>

/* Decodes from memory that ends where the file ends, so that a read beyond it is seen. */
static bool decode(const struct buf *file, struct picture *ret)
{
    char error[PICTURE_ERROR_TEXT] = "";
    char *copy = malloc(file->len + !file->len);
    memcpy(copy, file->bytes, file->len);
    struct picture_info info;
    bool probed = picture_probe(copy, file->len, &picture_default_limits, &info, error);
    bool ok = picture_decode(copy, file->len, &picture_default_limits, ret, error);
    free(copy);
    if (!ok) {
        assert_string_not_equal(error, "");
    } else {
        assert_true(probed);
        assert_int_equal(info.width, ret->width);
        assert_int_equal(info.height, ret->height);
        assert_int_equal(info.has_alpha, ret->has_alpha);
    }
    return ok;
}

static void assert_refused(const struct buf *file, const char *why)
{
    char error[PICTURE_ERROR_TEXT] = "";
    struct picture p = {0};
    if (picture_decode(file->bytes, file->len, &picture_default_limits, &p, error))
        fail_msg("taken, but expected: %s", why);
    if (!strstr(error, why))
        fail_msg("refused with '%s', expected '%s'", error, why);
}

static void test_sniffs_by_content(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        enum picture_format format;
    } rows[] = {
        {"\x89PNG\r\n\x1a\n", 8, PICTURE_PNG},
        {"\x89PNG\r\n\x1a", 7, PICTURE_UNKNOWN},
        {"\xff\xd8\xff\xe0", 4, PICTURE_JPEG},
        {"\xff\xd8", 2, PICTURE_UNKNOWN},
        {"RIFF\0\0\0\0WEBPVP8 ", 16, PICTURE_WEBP},
        {"RIFF\0\0\0\0WAVEfmt ", 16, PICTURE_UNKNOWN},
        {"GIF89a", 6, PICTURE_UNKNOWN},
        {"<svg xmlns=", 11, PICTURE_UNKNOWN},
        {"", 0, PICTURE_UNKNOWN},
    };
    for (int i = 0; i < COUNT(rows); i++)
        assert_int_equal(picture_sniff(rows[i].bytes, rows[i].len), rows[i].format);
    assert_string_equal(picture_format_name(PICTURE_JPEG), "jpeg");
    assert_string_equal(picture_format_name(PICTURE_UNKNOWN), "unknown");
}

static void test_every_kind_of_png_becomes_rgba(void **state)
{
    (void)state;
    for (int kind = 0; kind < SAMPLE_PNGS; kind++) {
        for (int interlaced = 0; interlaced < 2; interlaced++) {
            struct buf file;
            struct picture p;
            buf_init(&file, 1 << 20);
            sample_png((enum sample_png)kind, 37, 23, interlaced, &file);
            assert_true(decode(&file, &p));
            for (int i = 0; i < 37 * 23; i++) {
                uint8_t expected[4];
                sample_png_pixel((enum sample_png)kind, i % 37, i / 37, expected);
                if (memcmp(p.rgba + i * 4, expected, 4))
                    fail_msg("kind %d, interlaced %d: pixel %d differs", kind, interlaced, i);
            }
            assert_int_equal(p.has_alpha, kind == SAMPLE_RGBA || kind == SAMPLE_GREY_ALPHA ||
                                              kind == SAMPLE_PALETTE_ALPHA || kind == SAMPLE_RGBA_16 ||
                                              kind == SAMPLE_RGB_KEY);
            picture_finish(&p);
            assert_null(p.rgba);
            buf_finish(&file);
        }
    }
}

static void test_jpeg_comes_close(void **state)
{
    (void)state;
    for (int kind = 0; kind < SAMPLE_CMYK; kind++) {
        struct buf file;
        struct picture p;
        buf_init(&file, 1 << 20);
        sample_jpeg((enum sample_jpeg)kind, 45, 31, &file);
        assert_true(decode(&file, &p));
        assert_int_equal(p.width, 45);
        assert_int_equal(p.height, 31);
        assert_false(p.has_alpha);
        for (int i = 0; i < 45 * 31; i++) {
            uint8_t expected[3];
            sample_gradient(45, 31, i % 45, i / 45, expected);
            for (int k = 0; k < 3; k++)
                assert_near(p.rgba[i * 4 + k], expected[kind == SAMPLE_JPEG_GREY ? 0 : k], 12);
            assert_int_equal(p.rgba[i * 4 + 3], 255);
        }
        picture_finish(&p);
        buf_finish(&file);
    }
}

static void test_lossless_webp_is_exact(void **state)
{
    (void)state;
    struct picture original = sample_picture(33, 21), p;
    for (int i = 3; i < 33 * 21 * 4; i += 4) /* the encoder may change the colour where alpha is 0 */
        original.rgba[i] |= 1;
    struct buf file;
    buf_init(&file, 1 << 20);
    sample_webp(&original, true, &file);
    assert_true(decode(&file, &p));
    assert_true(p.has_alpha);
    assert_memory_equal(p.rgba, original.rgba, 33 * 21 * 4);
    picture_finish(&p);
    buf_clear(&file);
    sample_webp(&original, false, &file);
    assert_true(decode(&file, &p));
    assert_int_equal(p.width, 33);
    for (int i = 3; i < 33 * 21 * 4; i += 4) /* alpha is lossless even here */
        assert_int_equal(p.rgba[i], original.rgba[i]);
    picture_finish(&p);
    picture_finish(&original);
    buf_finish(&file);
}

static void put_u32(char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (char)(value >> (24 - 8 * i));
}

/* A PNG that says it is this large, with a right checksum. */
static void set_png_size(struct buf *file, uint32_t width, uint32_t height)
{
    put_u32(file->bytes + 16, width);
    put_u32(file->bytes + 20, height);
    put_u32(file->bytes + 29, (uint32_t)crc32(0, (const Bytef *)file->bytes + 12, 17));
}

static void test_limits_are_checked_on_the_header(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height;
        bool taken;
    } rows[] = {
        {8192, 2048, true},
        {8192, 2049, false},
        {8193, 1, false},
        {1, 8193, false},
        {0x7fffffff, 0x7fffffff, false},
        {0xffffffff, 1, false},
        {0, 5, false},
    };
    struct buf file;
    struct picture_info info;
    char error[PICTURE_ERROR_TEXT];
    buf_init(&file, 1 << 20);
    sample_png(SAMPLE_GREY, 8, 8, false, &file);
    for (int i = 0; i < COUNT(rows); i++) {
        set_png_size(&file, rows[i].width, rows[i].height);
        assert_int_equal(picture_probe(file.bytes, file.len, &picture_default_limits, &info, error),
                         rows[i].taken);
        struct picture p;
        assert_false(decode(&file, &p)); /* the pixels are not there in any case */
    }
    buf_clear(&file);
    sample_jpeg(SAMPLE_YCBCR, 40, 30, &file);
    const struct picture_limits small = {.max_side = 100, .max_pixels = 1199};
    assert_false(picture_probe(file.bytes, file.len, &small, &info, error));
    assert_string_equal(error, "the picture has 1200 pixels; at most 1199 are taken");
    buf_finish(&file);
}

static void test_refuses_with_a_reason(void **state)
{
    (void)state;
    struct buf file;
    buf_init(&file, 1 << 20);
    sample_jpeg(SAMPLE_CMYK, 16, 16, &file);
    assert_refused(&file, "CMYK");
    buf_clear(&file);
    sample_animated_webp(&file);
    assert_refused(&file, "animations");
    buf_clear(&file);
    sample_scan_bomb(150, &file);
    assert_refused(&file, "scans");
    buf_clear(&file);
    buf_add_text(&file, "<html>");
    assert_refused(&file, "not a PNG, JPEG or WebP");
    buf_clear(&file);
    struct picture p;
    sample_scan_bomb(90, &file); /* many, but not too many */
    assert_true(decode(&file, &p));
    picture_finish(&p);
    buf_finish(&file);
}

static int small_files(struct buf files[8])
{
    struct picture p = sample_picture(9, 7);
    for (int i = 0; i < 8; i++)
        buf_init(&files[i], 1 << 16);
    sample_png(SAMPLE_RGBA, 9, 7, false, &files[0]);
    sample_png(SAMPLE_PALETTE_ALPHA, 9, 7, true, &files[1]);
    sample_jpeg(SAMPLE_YCBCR, 17, 9, &files[2]);
    sample_jpeg(SAMPLE_PROGRESSIVE, 17, 9, &files[3]);
    sample_jpeg(SAMPLE_JPEG_GREY, 9, 9, &files[4]);
    sample_webp(&p, true, &files[5]);
    sample_webp(&p, false, &files[6]);
    picture_finish(&p);
    return 7;
}

static void test_no_half_picture_from_any_prefix(void **state)
{
    (void)state;
    struct buf files[8];
    int count = small_files(files);
    for (int i = 0; i < count; i++) {
        struct buf part = files[i];
        for (part.len = 0; part.len < files[i].len; part.len++) {
            struct picture p;
            /* RIFF pads chunks to even lengths; libwebp does not miss that last byte. */
            if (decode(&part, &p)) {
                assert_int_equal(picture_sniff(part.bytes, part.len), PICTURE_WEBP);
                assert_int_equal(part.len, files[i].len - 1);
                picture_finish(&p);
            }
        }
    }
    for (int i = 0; i < count; i++)
        buf_finish(&files[i]);
}

static void test_every_flipped_bit_of_a_png_is_found(void **state)
{
    (void)state;
    struct buf file;
    buf_init(&file, 1 << 16);
    sample_png(SAMPLE_RGBA, 9, 7, false, &file);
    for (size_t bit = 0; bit < file.len * 8; bit++) {
        struct picture p;
        file.bytes[bit / 8] ^= (char)(1 << bit % 8);
        if (decode(&file, &p))
            fail_msg("bit %zu was flipped, and nobody noticed", bit);
        file.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    buf_finish(&file);
}

static void test_flipped_bits_never_crash(void **state)
{
    (void)state;
    struct buf files[8];
    int count = small_files(files);
    struct rng rng;
    rng_init(&rng, 7, 1);
    for (int round = 0; round < 6000; round++) {
        struct buf *file = &files[round % count];
        size_t at[4];
        int flips = (int)rng_range(&rng, 1, 4);
        for (int i = 0; i < flips; i++) {
            at[i] = (size_t)rng_range(&rng, 0, (int64_t)file->len * 8 - 1);
            file->bytes[at[i] / 8] ^= (char)(1 << at[i] % 8);
        }
        struct picture p;
        if (decode(file, &p))
            picture_finish(&p);
        for (int i = 0; i < flips; i++)
            file->bytes[at[i] / 8] ^= (char)(1 << at[i] % 8);
    }
    for (int i = 0; i < count; i++) {
        struct picture p;
        assert_true(decode(&files[i], &p)); /* all flips were undone */
        picture_finish(&p);
        buf_finish(&files[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sniffs_by_content),
        cmocka_unit_test(test_every_kind_of_png_becomes_rgba),
        cmocka_unit_test(test_jpeg_comes_close),
        cmocka_unit_test(test_lossless_webp_is_exact),
        cmocka_unit_test(test_limits_are_checked_on_the_header),
        cmocka_unit_test(test_refuses_with_a_reason),
        cmocka_unit_test(test_no_half_picture_from_any_prefix),
        cmocka_unit_test(test_every_flipped_bit_of_a_png_is_found),
        cmocka_unit_test(test_flipped_bits_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
