#!/usr/bin/env python3
"""A TCP proxy on loopback that holds every byte back for a while.

delay.py PORTFILE TARGET-PORT MS: each way. It ends when its parent does.
"""
import asyncio
import os
import sys

portfile, target, ms = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])


async def pump(reader, writer):
    """What comes in goes out MS later, however much is on its way."""
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue(1024)

    async def send():
        while item := await queue.get():
            at, data = item
            await asyncio.sleep(max(0, at - loop.time()))
            if not data:
                break
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    sender = asyncio.create_task(send())
    try:
        while True:
            data = await reader.read(65536)
            await queue.put((loop.time() + ms / 1000, data))
            if not data:
                break
        await sender
    except ConnectionError:
        sender.cancel()


async def serve(reader, writer):
    # The handshake takes a round trip as well.
    await asyncio.sleep(2 * ms / 1000)
    up_reader, up_writer = await asyncio.open_connection("127.0.0.1", target)
    try:
        await asyncio.gather(pump(reader, up_writer),
                             pump(up_reader, writer))
    except (ConnectionError, OSError):
        pass
    for w in (writer, up_writer):
        w.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    with open(portfile + ".new", "w") as f:
        f.write(str(server.sockets[0].getsockname()[1]))
    os.rename(portfile + ".new", portfile)
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(0.5)

asyncio.run(main())
