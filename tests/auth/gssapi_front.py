"""A front that lets in whom the system's GSSAPI library vouches for, and hands on to a BITS server.

Usage: gssapi_front.py KEYTAB BACKEND_PORT LOG connection|each|silent|forged [tls=PEM] [bound=HEX] [brief]
connection: who signed in is remembered for the connection. each: every request is looked at by itself. silent: the same,
and the server does not prove who it is. forged: it proves to be somebody else. Prints its port. LOG gets a line for each
request: the packet, and what was made of it. tls: a file with the certificate and key for TLS. bound: only tokens bound to
the certificate with this hash are taken (RFC 5929), as with Extended Protection. brief: each connection ends, unannounced,
with its first answer.
"""

import base64
import http.client
import socketserver
import ssl
import sys
from http.server import BaseHTTPRequestHandler

import gssapi

keytab, backend_port, log_path, mode = sys.argv[1:5]
files = dict(option.split("=", 1) for option in sys.argv[5:] if "=" in option)
brief = "brief" in sys.argv[5:]
bindings = None
if "bound" in files:
    bindings = gssapi.raw.ChannelBindings(application_data=b"tls-server-end-point:" + bytes.fromhex(files["bound"]))
credentials = gssapi.Credentials(usage="accept", store={"keytab": keytab})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.user = None
        self.backend = http.client.HTTPConnection("127.0.0.1", int(backend_port))

    def log_message(self, *_):
        pass

    def note(self, what):
        with open(log_path, "a", encoding="utf-8") as log:
            log.write(f"{self.headers.get('BITS-Packet-Type')} {what}\n")

    def answer(self, status, fields, body=b""):
        self.send_response_only(status)
        for key, value in fields:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or brief

    def refuse(self, what, token=None):
        self.note(f"401 {what}")
        value = "Negotiate" + (f" {base64.b64encode(token).decode()}" if token else "")
        self.answer(401, [("WWW-Authenticate", value), ("WWW-Authenticate", "NTLM")], b"<h1>401</h1>")

    def proof(self):
        """The fields that the answer gets; None: nobody was let in, and that was said."""
        given = self.headers.get("Authorization", "")
        if not given.startswith("Negotiate "):
            if self.user and mode == "connection":
                return []
            return self.refuse("unsigned")
        context = gssapi.SecurityContext(creds=credentials, usage="accept", channel_bindings=bindings)
        token = None
        try:
            # A token that says what is wrong is handed out first; the error comes with the next question.
            token = context.step(base64.b64decode(given.split(" ", 1)[1]))
            if not context.complete:
                return self.refuse("incomplete", token)
            # The library takes tokens that are bound to nothing as well, and only says so.
            if bindings and gssapi.RequirementFlag.channel_bound not in context.actual_flags:
                return self.refuse("unbound")
            self.user = str(context.initiator_name)
        except gssapi.exceptions.GSSError as error:
            return self.refuse(type(error).__name__, token)
        if mode == "silent" or not token:
            return []
        if mode == "forged":
            token = token[:-8] + bytes(byte ^ 0x55 for byte in token[-8:])
        return [("WWW-Authenticate", "Negotiate " + base64.b64encode(token).decode())]

    def do_BITS_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fields = self.proof()
        if fields is None:
            return
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("authorization", "host", "connection")}
        self.backend.request("BITS_POST", self.path, body, headers)
        answer = self.backend.getresponse()
        content = answer.read()
        self.note(f"{answer.status} {self.user} {len(body)}")
        kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in ("content-length", "connection", "date")]
        self.answer(answer.status, kept + fields, content)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(("127.0.0.1", 0), Handler) as server:
    if "tls" in files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files["tls"])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()
