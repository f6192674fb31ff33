"""Requests that mean no good, from a seed: hostile(seed) is the same request on every machine.

Each has a name, a path, a body with its headers, and `good`: whether what was done to it may leave a picture that a model
can be made of (a flipped bit in a comment does). All others must be refused, or end as a failed job with a reason.
"""
import glob
import os
import random
import struct
import zlib
from collections import namedtuple

from test_api import JSON, PNG, flat_png

CORPUS = os.path.join(os.path.dirname(__file__), "..", "..", "fuzz", "corpus", "picture")
Hostile = namedtuple("Hostile", "name path body headers good")


def samples(kind):
    return [open(path, "rb").read() for path in sorted(glob.glob(os.path.join(CORPUS, kind + "-[0-9]")))]


PNGS, JPEGS, WEBPS = samples("png") + [PNG], samples("jpeg"), samples("webp")
ALL = PNGS + JPEGS + WEBPS


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width, height, pixels, *more, depth=8, colour=6, interlaced=0):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
            + b"".join(more) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def zeros(count):
    """`count` zero bytes, compressed a thousandfold, without ever having them all."""
    z = zlib.compressobj(9)
    piece = bytes(1 << 16)
    return b"".join(z.compress(piece[:min(len(piece), count - at)]) for at in range(0, count, len(piece))) + z.flush()


# ---- pictures: (bytes, may be good) ----


def truncated(r):
    data = r.choice(ALL)
    return data[:r.randrange(len(data))], False


def flipped(r):
    data = bytearray(r.choice(ALL))
    for _ in range(r.choice((1, 1, 2, 8, 64))):
        data[r.randrange(len(data))] ^= 1 << r.randrange(8)
    return bytes(data), True


def zeroed(r):
    data = bytearray(r.choice(ALL))
    at, count = r.randrange(12, len(data)), r.randrange(1, 40)
    data[at:at + count] = bytes(len(data[at:at + count]))
    return bytes(data), True


def spliced(r):
    one, two = r.choice(ALL), r.choice(ALL)
    return one[:r.randrange(12, len(one))] + two[r.randrange(len(two)):], True


def noise(r):
    magic = r.choice((b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\xff\xff\0\0WEBPVP8 ", b"RIFF\0\0\0\0WEBPVP8L"))
    return magic + r.randbytes(r.randrange(1, 3000)), False


def only_zeros(r):
    return bytes(r.choice((1, 100, 100000, 1000000))), False


def wrong_magic(r):
    return r.choice((b"GIF89a\1\0\1\0\0\0\0;", b"BM" + bytes(60), b"%PDF-1.7\n", b"\x7fELF\2\1\1" + bytes(80),
                     b"MZ" + bytes(100), b"PK\3\4" + bytes(30), b"II*\0\x08\0\0\0", b"<svg xmlns='x'><script>1</script></svg>",
                     b"<?php system($_GET['c']); ?>", b"<html><script>alert(1)</script>", b"#!/bin/sh\nid\n",
                     b"\0\0\0\x20ftypavif" + bytes(20), b"\xff\xd8", b"\x89PNG\r\n\x1a", b"RIFF\0\0\0\0WEB")) + r.randbytes(8), False


def large_dimensions(r):
    width, height = r.choice(((0x7fffffff, 0x7fffffff), (65535, 65535), (8192, 8192), (8193, 1), (1, 8193), (100000, 1),
                              (0, 5), (5, 0), (0x80000000, 4), (0xffffffff, 0xffffffff), (4097, 4096)))
    return png_of(width, height, zeros(1000)), False


def jpeg_dimensions(r):
    data = bytearray(r.choice(JPEGS))
    for marker in (b"\xff\xc0", b"\xff\xc2"):
        at = data.find(marker)
        if at >= 0:
            data[at + 5:at + 9] = struct.pack(">HH", *r.choice(((65535, 65535), (0, 10), (10, 0), (8193, 10), (4097, 4097))))
    return bytes(data), False


def pixel_bomb(r):
    """As many pixels as are taken, of nothing: 64 MiB from 65 kB. Nothing is seen on it."""
    side = r.choice((1024, 2048, 4096))
    return png_of(side, side, zeros(side * (4 * side + 1))), False


def data_bomb(r):
    """Far more data than pixels."""
    return png_of(8, 8, zeros(r.choice((1 << 20, 1 << 24)))), False


def text_bomb(r):
    """Chunks that unfold to megabytes if somebody reads them."""
    kind, head = r.choice(((b"zTXt", b"Comment\0\0"), (b"iTXt", b"Comment\0\1\0\0\0"), (b"iCCP", b"icc\0\0")))
    bombs = [chunk(kind, head + zeros(1 << 24))] * r.choice((1, 20))
    return PNG[:33] + b"".join(bombs) + PNG[33:], True


def many_chunks(r):
    return PNG[:33] + chunk(r.choice((b"tEXt", b"prVt", b"sPLT")), b"a\0" + bytes(9)) * r.choice((200, 5000)) + PNG[33:], True


def bad_chunk_length(r):
    data = bytearray(PNG)
    at = r.choice((8, 33))
    data[at:at + 4] = struct.pack(">I", r.choice((0xffffffff, 0x7fffffff, 0x80000000, 1 << 24, 0)))
    return bytes(data), False


def bad_layout(r):
    depth, colour = r.choice(((8, 5), (3, 0), (16, 3), (8, 7), (0, 6), (255, 255), (8, 3)))
    return png_of(16, 16, zeros(16 * 65), depth=depth, colour=colour, interlaced=r.choice((0, 1, 2))), False


def scan_bomb(r):
    """A progressive JPEG whose first scan is there again and again, each a pass over the whole picture."""
    data = JPEGS[2]
    at = data.index(b"\xff\xda")
    end = data.index(b"\xff", at + 2)
    while data[end + 1] in (0, *range(0xd0, 0xd8)):
        end = data.index(b"\xff", end + 2)
    return data[:at] + data[at:end] * r.choice((101, 1000, 20000)) + data[end:], False


def polyglot(r):
    tail = r.choice((b"<script>alert(1)</script>", b"<?php phpinfo();?>", b"PK\5\6" + bytes(18), b"%PDF-1.4\n%%EOF", PNG,
                     b"\x7fELF" + bytes(100)))
    return r.choice((PNG, flat_png(), JPEGS[0], WEBPS[0])) + tail, True


PICTURES = (truncated, flipped, flipped, flipped, zeroed, spliced, noise, only_zeros, wrong_magic, large_dimensions,
            jpeg_dimensions, pixel_bomb, data_bomb, text_bomb, many_chunks, bad_chunk_length, bad_layout, scan_bomb, polyglot)

# ---- forms around a picture: (body, content type, may be good) ----

DISPOSITION = b'--BB\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
MULTIPART = "multipart/form-data; boundary=BB"


def image_part(picture=PNG, more=b'; filename="x.png"'):
    return DISPOSITION % (b"image", more, picture)


def many_parts(r):
    return DISPOSITION % (b"x", b"", b"y") * r.choice((17, 1000, 20000)) + image_part() + b"--BB--\r\n", MULTIPART, False


def long_part_header(r):
    return (b"--BB\r\n" + b"X-%d: " % r.randrange(9) + b"a" * r.choice((5000, 100000)) + b"\r\n" + image_part()[4:]
            + b"--BB--\r\n", MULTIPART, False)


def two_images(r):
    return image_part() * 2 + b"--BB--\r\n", MULTIPART, False


def no_end(r):
    body = image_part() + b"--BB--\r\n"
    return body[:r.randrange(len(body) - 8)], MULTIPART, False


def bad_boundary(r):
    boundary = r.choice(("", "x" * 71, "x" * 5000, '"', "a b\x01"))
    return image_part() + b"--BB--\r\n", "multipart/form-data; boundary=" + boundary, False


def other_boundary(r):
    return image_part() + b"--BB--\r\n", "multipart/form-data; boundary=" + r.choice(("CC", "BBB", "-", "bb")), False


def nested(r):
    inner = b"--BB\r\nContent-Type: multipart/mixed; boundary=CC\r\n\r\n" + image_part().replace(b"--BB", b"--CC")
    return inner + b"--CC--\r\n--BB--\r\n", MULTIPART, False


def file_names(r):
    name = r.choice((b"../../../../etc/passwd", b"/etc/passwd", b"..\\..\\windows\\win.ini", b"a\0b.png", b"\xff\xfe\xc0\xaf.png",
                     b"con.png", b"x" * 5000, b"\xe2\x80\xae gnp.exe", b"%2e%2e%2f", b"\r\n.png", b"", b"'; DROP TABLE jobs; --"))
    return image_part(more=b'; filename="%s"' % name) + b"--BB--\r\n", MULTIPART, True


def field_values(r):
    name = r.choice((b"quality", b"format", b"width", b"depth"))
    value = r.choice((b"9" * 100, b"-1", b"0x7", b"7\0", b"\xff\xfe", b"1e3", b"nan", b"", b"../x", b"7 ", b"x" * 5000))
    return DISPOSITION % (name, b"", value) + image_part() + b"--BB--\r\n", MULTIPART, False


def not_a_form(r):
    return r.randbytes(r.randrange(5000)), MULTIPART, False


FORMS = (many_parts, long_part_header, two_images, no_end, bad_boundary, other_boundary, nested, file_names, field_values,
         not_a_form)

# ---- JSON ----


def json_text(r):
    job = b'"job_id":"00000000-0000-4000-8000-%012d"' % r.randrange(10)
    return r.choice((b"[" * r.choice((17, 60000)), b'{"a":' * 5000, b"{%s,\"x\":%s}" % (job, b"9" * 5000), b"{%s,%s}" % (job, job),
                     b'{"job_id":"../../etc/passwd"}', b'{"job_id":"%s"}' % (b"a" * 50000), b"\xff\xfe{\0}\0",
                     b'{%s,"quality":1e999}' % job, b'{"job_id":"\\ud800"}', b'{%s,"format":"\\u0000stl"}' % job,
                     b"{%s}" % job, b"null", b"", b'"', bytes(100), b'{%s,"dimensions":{"width":-1}}' % job))


def hostile(seed):
    r = random.Random(seed)
    path = r.choice(("/api/upload-image", "/api/generate-3d", "/api/generate-3d"))
    kind = r.random()
    if kind < 0.7:
        make = r.choice(PICTURES)
        picture, good = make(r)
        return Hostile(make.__name__, path, image_part(picture) + b"--BB--\r\n", {"Content-Type": MULTIPART}, good)
    if kind < 0.92:
        make = r.choice(FORMS)
        body, content_type, good = make(r)
        good |= make == field_values and path == "/api/upload-image"  # it takes the picture only
        return Hostile(make.__name__, path, body, {"Content-Type": content_type}, good)
    return Hostile("json_text", "/api/generate-3d", json_text(r), JSON, False)
