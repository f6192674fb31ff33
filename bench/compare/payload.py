"""What is uploaded: a picture of an exact size, and the form that a browser would wrap it in."""
import os
import struct
import zlib

BOUNDARY = "----------------------------orfeas-bench"
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
_EMPTY_CHUNK = 12 # bytes: length, kind, checksum
_ASIDE = 500      # bytes for all but the pixels, and 3 % for what their compression adds


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def noise_png(size):
    """A grey picture of noise, padded to exactly `size` bytes."""
    side = int(((size - _ASIDE) * 0.97) ** 0.5)
    rows = b"".join(b"\0" + os.urandom(side) for _ in range(side))
    start = (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
             + _chunk(b"IDAT", zlib.compress(rows, 1)))
    end = _chunk(b"IEND", b"")
    padding = size - len(start) - len(end) - _EMPTY_CHUNK
    return start + _chunk(b"paDd", bytes(padding)) + end


def disk_png(side=64):
    """A grey disk on a transparent ground: of all pictures that become a model the cheapest."""
    def pixel(x, y):
        return b"\x80\xff" if (2 * x - side) ** 2 + (2 * y - side) ** 2 < side ** 2 / 2 else b"\0\0"
    rows = b"".join(b"\0" + b"".join(pixel(x, y) for x in range(side)) for y in range(side))
    return (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 4, 0, 0, 0))
            + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b""))


def form(picture):
    return (f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"image\"; filename=\"image.png\"\r\n"
            "Content-Type: image/png\r\n\r\n").encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode()


class Payload:
    """Files in a folder: the picture for us, the form with it for the peers, which don't make one themselves."""

    def __init__(self, folder, name, size):
        self.picture = os.path.join(folder, name + ".png")
        self.form = os.path.join(folder, name + "-form.bin") # siege takes what is named otherwise for text
        picture = noise_png(size)
        for path, content in ((self.picture, picture), (self.form, form(picture))):
            with open(path, "wb") as f:
                f.write(content)
