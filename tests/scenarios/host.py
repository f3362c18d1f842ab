"""A web server beside the forge: what metric, http and argocd gates ask."""
import http.server
import threading
import urllib.parse


class Host:
    def __init__(self):
        self.forget()
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked = urllib.parse.unquote_plus(self.path)
                host.asked.append((asked, dict(self.headers)))
                status, text = 404, ''
                for part, answer in host.answers.items():
                    if part in asked:
                        status, text = answer
                self.send_response(status)
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())
            do_POST = do_GET

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        server.daemon_threads = True
        self.url = f'http://127.0.0.1:{server.server_port}'
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def forget(self):
        self.answers, self.asked = {}, []

    def answer(self, part, text, status=200):
        """To every request with PART in its path and query; the last one wins."""
        self.answers.pop(part, None)
        self.answers[part] = status, text
