#include "jpeg_write.h"

enum { CHUNK = 16 * 1024 };

static struct jpeg_write *owner(j_compress_ptr codec)
{
    return codec->client_data;
}

static _Noreturn void on_error(j_common_ptr codec)
{
    longjmp(((struct jpeg_write *)codec->client_data)->on_error, 1);
}

static void on_message(j_common_ptr codec)
{
    (void)codec; /* libraries never print */
}

static void offer_chunk(j_compress_ptr codec)
{
    struct jpeg_write *j = owner(codec);
    char *room = buf_reserve(j->out, CHUNK);
    if (!room)
        on_error((j_common_ptr)codec);
    j->destination.next_output_byte = (JOCTET *)room;
    j->destination.free_in_buffer = CHUNK;
}

static boolean on_full(j_compress_ptr codec)
{
    buf_commit(owner(codec)->out, CHUNK);
    offer_chunk(codec);
    return TRUE;
}

static void on_end(j_compress_ptr codec)
{
    buf_commit(owner(codec)->out, CHUNK - owner(codec)->destination.free_in_buffer);
}

bool jpeg_write_start(struct jpeg_write *j, int width, int height, int quality, struct buf *out)
{
    *j = (struct jpeg_write){.out = out};
    j->codec.err = jpeg_std_error(&j->error);
    j->error.error_exit = on_error;
    j->error.output_message = on_message;
    j->codec.client_data = j;
    if (setjmp(j->on_error)) {
        jpeg_destroy_compress(&j->codec);
        return false;
    }
    jpeg_create_compress(&j->codec);
    j->destination = (struct jpeg_destination_mgr){
        .init_destination = offer_chunk, .empty_output_buffer = on_full, .term_destination = on_end};
    j->codec.dest = &j->destination;
    j->codec.image_width = (JDIMENSION)width;
    j->codec.image_height = (JDIMENSION)height;
    j->codec.input_components = 3;
    j->codec.in_color_space = JCS_RGB;
    jpeg_set_defaults(&j->codec);
    jpeg_set_quality(&j->codec, quality, TRUE);
    j->codec.dct_method = JDCT_ISLOW;
    jpeg_start_compress(&j->codec, TRUE);
    return true;
}

bool jpeg_write_row(struct jpeg_write *j, uint8_t *rgb)
{
    if (setjmp(j->on_error))
        return false;
    JSAMPROW row = rgb;
    return jpeg_write_scanlines(&j->codec, &row, 1) == 1;
}

static bool finish_file(struct jpeg_write *j)
{
    if (setjmp(j->on_error))
        return false;
    jpeg_finish_compress(&j->codec);
    return true;
}

bool jpeg_write_end(struct jpeg_write *j, bool finish)
{
    bool done = finish && finish_file(j);
    jpeg_destroy_compress(&j->codec);
    return done;
}
