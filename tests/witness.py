"""A witness for gates: answers GETs from files, and writes down who asked.

witness.py DIR: prints its address. DIR/answers is lines "PREFIX STATUS BODY"
read anew at each request: the first PREFIX that the path (percent-decoded)
starts with counts. DIR/asked gets one JSON line per request.
"""
import http.server
import json
import sys
import urllib.parse

DIR = sys.argv[1]


class Witness(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = urllib.parse.unquote_plus(self.path)
        with open(DIR + '/asked', 'a') as f:
            f.write(json.dumps({'path': path, 'authorization':
                                self.headers.get('Authorization', '')}) + '\n')
        status, body = 404, '{"message": "no such thing"}'
        for line in open(DIR + '/answers'):
            prefix, s, b = line.rstrip('\n').split(' ', 2)
            if path.startswith(prefix.replace('%20', ' ')):
                status, body = int(s), b
                break
        self.send_response(status)
        if status // 100 == 3:
            self.send_header('Location', body)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Witness)
print('127.0.0.1:%d' % server.server_address[1], flush=True)
server.serve_forever()
