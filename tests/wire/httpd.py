#!/usr/bin/env python3
"""git's own http-backend behind a small HTTP/1.1 server on loopback.

httpd.py ROOT PORTFILE [--auth USER:PASSWORD] [--no-v2] [--agent TEXT]
         [--log FILE] [--swap OLD=NEW] [--lie NAME [--other ORIGIN]]

Writes the port it got to PORTFILE. The log has a line for each request:
METHOD PATH STATUS MS BYTES-IN BYTES-OUT; MS is what git took. It ends when
its parent does. The lies are in lies.py.
"""
import argparse
import base64
import http.server
import os
import subprocess
import sys
import threading
import time

opt = argparse.ArgumentParser()
opt.add_argument("root")
opt.add_argument("portfile")
opt.add_argument("--auth")
opt.add_argument("--no-v2", action="store_true")
opt.add_argument("--agent")
opt.add_argument("--log")
opt.add_argument("--swap", help="OLD=NEW in greetings, of the same length")
opt.add_argument("--lie")
opt.add_argument("--other")
opt = opt.parse_args()
backend = os.path.join(
    subprocess.check_output(["git", "--exec-path"], text=True).strip(),
    "git-http-backend")
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *args):
        pass

    def answer(self, status, headers, body, taken=0, ms=0):
        # Before it is said: whoever heard the answer finds it in the log.
        if opt.log:
            with lock, open(opt.log, "a") as f:
                f.write(f"{self.command} {self.path} {status} {ms:.0f} "
                        f"{taken} {len(body)}\n")
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while n := int(self.rfile.readline(), 16):
                body += self.rfile.read(n)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def handle_git(self):
        body = self.read_body()
        if opt.auth:
            want = "Basic " + base64.b64encode(opt.auth.encode()).decode()
            if self.headers.get("Authorization") != want:
                return self.answer(
                    401, [("WWW-Authenticate", 'Basic realm="git"')],
                    b"no\n", len(body))
        path, _, query = self.path.partition("?")
        env = {
            "PATH": os.environ["PATH"], "HOME": opt.root,
            "GIT_PROJECT_ROOT": opt.root, "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1", "REMOTE_USER": "tester",
            "REMOTE_ADDR": "127.0.0.1", "REQUEST_METHOD": self.command,
            "PATH_INFO": path, "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        if opt.agent:
            env["GIT_USER_AGENT"] = opt.agent
        if "Git-Protocol" in self.headers and not opt.no_v2:
            env["GIT_PROTOCOL"] = self.headers["Git-Protocol"]
        began = time.monotonic()
        out = subprocess.run([backend], input=body, env=env,
                             stdout=subprocess.PIPE).stdout
        ms = 1000 * (time.monotonic() - began)
        head, _, rest = out.partition(b"\r\n\r\n")
        status, headers = 200, []
        for line in head.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(": ")
            if name.lower() == "status":
                status = int(value.split()[0])
            elif name:
                headers.append((name, value))
        if opt.swap and self.command == "GET":
            old, new = opt.swap.encode().split(b"=")
            assert len(old) == len(new)
            rest = rest.replace(old, new)
        if opt.lie:
            sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
            import lies
            if lies.tell(opt, self, body, status, headers, rest):
                return None
        return self.answer(status, headers, rest, len(body), ms)

    do_GET = do_POST = handle_git


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def end_with_parent():
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=end_with_parent, daemon=True).start()
with open(opt.portfile + ".new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(opt.portfile + ".new", opt.portfile)
server.serve_forever()
