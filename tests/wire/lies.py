"""What a git server can do wrong, in httpd.py's answers (--lie NAME).

tell() is given the true answer of git's http-backend, after it has acted, and
returns True when it answered something else itself.
"""
import hashlib
import struct
import threading
import time
import zlib


def pkt(data):
    if isinstance(data, str):
        data = data.encode()
    return b"%04x" % (len(data) + 4) + data


def unband(body):
    """The pack in an answer to fetch, and what stands before it."""
    at, head, pack = 0, b"", b""
    inside = False
    while at < len(body):
        n = int(body[at:at + 4], 16)
        line = body[at + 4:at + max(n, 4)]
        if inside and n > 4 and line[:1] == b"\1":
            pack += line[1:]
        elif not inside:
            head += body[at:at + max(n, 4)]
            inside = line == b"packfile\n"
        at += max(n, 4)
    return head, pack


def band(head, pack, channel=b"\1"):
    out = head
    for at in range(0, len(pack), 60000):
        out += pkt(channel + pack[at:at + 60000])
    return out + b"0000"


def sealed(pack):
    return pack + hashlib.sha1(pack).digest()


def entry(kind, size):
    """An object's head in a pack."""
    out, byte = b"", kind << 4 | size & 15
    size >>= 4
    while size:
        out += bytes([byte | 128])
        byte, size = size & 127, size >> 7
    return out + bytes([byte])


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def header(count):
    return b"PACK" + struct.pack(">II", 2, count)


def delta_bomb():
    """A megabyte, and chains of deltas that copy it a thousand times."""
    base = b"x" * (1 << 20)
    first = entry(3, len(base)) + zlib.compress(base)
    size = len(base)
    copies = b"".join(b"\xf0" + struct.pack("<I", 1 << 20)[:3]
                      for _ in range(1000))
    delta = varint(size) + varint(size * 1000) + copies
    # OFS_DELTA, back to the first object.
    back = len(first)
    off = bytes([back & 127])
    back >>= 7
    while back:
        back -= 1
        off = bytes([back & 127 | 128]) + off
        back >>= 7
    return sealed(header(2) + first + entry(6, len(delta)) + off +
                  zlib.compress(delta))


def other_object():
    data = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n" \
           b"author A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx\n"
    return sealed(header(1) + entry(1, len(data)) + zlib.compress(data))


PACKS = {
    "truncated-pack": lambda pack: pack[:len(pack) // 2],
    "corrupt-pack": lambda pack: pack[:30] + bytes([pack[30] ^ 1]) + pack[31:],
    "empty-pack": lambda pack: sealed(header(0)),
    "wrong-object": lambda pack: other_object(),
    "not-a-pack": lambda pack: b"<html>no</html>" * 10,
    "huge-object": lambda pack: sealed(header(1) + entry(3, 1 << 42) +
                                       zlib.compress(b"x" * 100)),
    "huge-count": lambda pack: sealed(header(4000000000)),
    "delta-bomb": lambda pack: delta_bomb(),
}


def send_head(h, length=None, kind="application/x-git-upload-pack-result"):
    h.send_response(200)
    h.send_header("Content-Type", kind)
    if length is not None:
        h.send_header("Content-Length", str(length))
    else:
        h.send_header("Connection", "close")
    h.end_headers()


def forever(h, piece):
    h.close_connection = True
    try:
        while True:
            h.wfile.write(piece)
    except OSError:
        pass
    return True


def is_fetch(h, body):
    return h.path.endswith("/git-upload-pack") and b"command=fetch" in body


def is_push(h):
    return h.path.endswith("/git-receive-pack")


def lie_about_fetch(opt, h, status, headers, rest):
    head, pack = unband(rest)
    if opt.lie in PACKS:
        h.answer(status, headers, band(head, PACKS[opt.lie](pack)))
    elif opt.lie == "cut-off":
        send_head(h, len(rest))
        h.wfile.write(rest[:len(rest) // 2])
        h.wfile.flush()
        h.connection.close()
        h.close_connection = True
    elif opt.lie == "endless-pack":
        send_head(h)
        h.wfile.write(head)
        return forever(h, pkt(b"\1" + b"\0" * 60000))
    elif opt.lie == "endless-progress":
        send_head(h)
        h.wfile.write(head)
        return forever(h, pkt(b"\2" + b"working\n" * 7000))
    elif opt.lie == "drip":
        send_head(h)
        h.wfile.write(head)
        while True:
            h.wfile.write(pkt(b"\2."))
            h.wfile.flush()
            time.sleep(0.1)
    elif opt.lie == "fatal":
        h.answer(status, headers,
                 head + pkt(b"\3\x1b[31mout of disk\x1b[0m\n"))
    elif opt.lie == "band-9":
        h.answer(status, headers, head + pkt(b"\x09x") + b"0000")
    elif opt.lie == "not-packets":
        h.answer(status, headers, b"zzzz" + rest)
    elif opt.lie == "says-err":
        h.answer(status, headers, pkt("ERR \x1b[2Jgo away\n"))
    else:
        return False
    return True


def lie_about_push(opt, h, status, headers, rest):
    kind = "application/x-git-receive-pack-result"
    if opt.lie == "lost-reply":
        h.connection.close()
        h.close_connection = True
    elif opt.lie == "lost-reply-500":
        h.answer(500, [], b"")
    elif opt.lie == "half-report":
        send_head(h, len(rest), kind)
        h.wfile.write(rest[:8])
        h.wfile.flush()
        h.connection.close()
        h.close_connection = True
    elif opt.lie == "silent-push":
        time.sleep(600)
    elif opt.lie == "other-ref":
        report = pkt("unpack ok\n") + pkt("ok refs/heads/else\n") + b"0000"
        h.answer(status, headers, pkt(b"\1" + report) + b"0000")
    elif opt.lie == "escapes":
        report = pkt("unpack ok\n") + \
            pkt("ng refs/heads/main \x1b[31mno\x07\n") + b"0000"
        h.answer(status, headers,
                 pkt(b"\2\x1b]0;title\x07 hello \x9b2J\n") +
                 pkt(b"\1" + report) + b"0000")
    elif opt.lie == "payload-too-large":
        h.answer(413, [("Content-Type", "text/plain; charset=utf-8")],
                 b"the \x1b[1mlimit\x07 is 1 MB\nmore\n")
    else:
        return False
    return True


asked = {}


def lie_early(opt, h, what, headers, rest):
    """What is asked while other things are: in vain, cut short, or never."""
    asked[what] = asked.get(what, 0) + 1
    once = asked[what] == 1
    lie = opt.lie.removeprefix(what + "-")
    if lie == "500-once" and once:
        h.answer(500, headers, b"0000")
    elif lie == "500":
        h.answer(500, [("Content-Type", "text/plain")], b"overloaded\n")
    elif lie == "dies-once" and once:
        h.close_connection = True
    elif lie == "cut-once" and once or lie == "cut":
        h.answer(200, headers, rest[:40])
    elif lie == "html-once" and once:
        h.answer(200, [("Content-Type", "text/html")], b"<html>log in</html>0000")
    elif lie == "403":
        h.answer(403, [("Content-Type", "text/plain")], b"read only\n")
    elif lie == "silent":
        time.sleep(600)
    else:
        return False
    return True


seen = {"refs": threading.Event(), "greeting": threading.Event()}


def in_pairs(h, body):
    """Answers nothing before what may be asked beside it has been asked."""
    if b"command=ls-refs" in body:
        seen["refs"].set()
    elif "service=git-receive-pack" in h.path:
        seen["greeting"].set()
    elif "service=git-upload-pack" in h.path:
        seen["refs"].wait()
    elif is_fetch(h, body):
        seen["greeting"].wait()


def tell(opt, h, body, status, headers, rest):
    lie = opt.lie
    if lie == "redirect":
        h.answer(302, [("Location",
                        opt.other + h.path)], b"")
        return True
    if lie == "redirect-here":
        h.answer(301, [("Location", "/elsewhere" + h.path)], b"")
        return True
    if lie == "silent":
        time.sleep(600)
    if lie == "html":
        h.answer(200, [("Content-Type", "text/html")], b"<html>log in</html>")
        return True
    if lie == "flood-of-refs" and b"command=ls-refs" in body:
        send_head(h)
        line = pkt("1" * 40 + " refs/heads/" + "x" * 200 + "\n")
        return forever(h, line * 300)
    if lie == "bad-ref" and b"command=ls-refs" in body:
        h.answer(status, headers,
                 pkt("1" * 40 + " refs/heads/\x1b[2J..\n") + b"0000")
        return True
    if lie == "in-pairs":
        in_pairs(h, body)
    if lie.startswith("refs-") and b"command=ls-refs" in body:
        return lie_early(opt, h, "refs", headers, rest)
    if lie.startswith("greeting-") and "service=git-receive-pack" in h.path:
        return lie_early(opt, h, "greeting", headers, rest)
    if is_fetch(h, body):
        return lie_about_fetch(opt, h, status, headers, rest)
    if is_push(h):
        return lie_about_push(opt, h, status, headers, rest)
    return False
