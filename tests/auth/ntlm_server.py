"""A small BITS server behind NTLM or Negotiate, by pyspnego: the counterpart that bitsup is tested against.

Usage: ntlm_server.py ntlm|negotiate USERS LOG [close] [hangup] [many] [tls=PEM] [bound=PEM]
USERS is a file of DOMAIN:USER:PASSWORD lines. Prints its port. LOG gets a line for each request: the connection's
number, the packet, and what was made of it. `close` ends every other connection after its first fragment; `hangup` every
one that brings a proof. `many`: files may come at a time, and are not kept. `tls` is a file with the certificate and key for TLS. `bound`: only who signs in bound to the
certificate in that file is let in (RFC 5929), as with Extended Protection.
"""

import base64
import os
import hashlib
import socketserver
import ssl
import sys
from http.server import BaseHTTPRequestHandler

scheme, users, log_path = sys.argv[1:4]
closing = "close" in sys.argv[4:]
many = "many" in sys.argv[4:]
hanging_up = "hangup" in sys.argv[4:]
files = dict(option.split("=", 1) for option in sys.argv[4:] if "=" in option)
os.environ["NTLM_USER_FILE"] = users

import spnego  # noqa: E402  (reads the environment)



def bindings():
    """What a client that signs in has to be bound to; None: it need not be."""
    if "bound" not in files:
        return None
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from spnego.channel_bindings import GssChannelBindings

    with open(files["bound"], "rb") as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    algorithm = certificate.signature_hash_algorithm.name
    if algorithm in ("md5", "sha1"):
        algorithm = "sha256"
    digest = hashlib.new(algorithm, certificate.public_bytes(Encoding.DER)).digest()
    return GssChannelBindings(application_data=b"tls-server-end-point:" + digest)


required = bindings()
name = {"ntlm": "NTLM", "negotiate": "Negotiate"}[scheme]
stored = bytearray()
connections = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        global connections
        super().setup()
        self.context = None
        self.user = None
        self.number = connections
        self.fragments = 0
        connections += 1

    def log_message(self, *_):
        pass

    def note(self, what):
        with open(log_path, "a", encoding="utf-8") as log:
            log.write(f"{self.number} {self.headers.get('BITS-Packet-Type')} {what}\n")

    def answer(self, status, fields, body=b""):
        self.send_response_only(status)
        for key, value in fields:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def challenge(self, token=None):
        value = name if token is None else f"{name} {base64.b64encode(token).decode()}"
        # Weaker ways are there, and are not to be taken.
        offers = [value, "NTLM", 'Digest realm="x", nonce="n", qop="auth"', 'Basic realm="x"']
        offers = offers if value != "NTLM" and scheme != "ntlm" else [offers[0], *offers[2:]]
        self.answer(401, [("WWW-Authenticate", offer) for offer in offers], b"<h1>401</h1>")

    def signed_in(self):
        if self.user:
            return True
        given = self.headers.get("Authorization", "")
        if not given.startswith(name + " "):
            self.note(f"by {given.split()[0]}" if given else "unsigned")
            self.challenge()
            return False
        if self.context is None:
            self.context = spnego.server(
                hostname="127.0.0.1", service="HTTP", protocol=scheme, channel_bindings=required
            )
        elif hanging_up:
            self.note("hung up")
            self.close_connection = True
            return False
        try:
            token = self.context.step(base64.b64decode(given.split(" ", 1)[1]))
        except Exception as error:  # a wrong password, mostly
            self.note(f"refused {type(error).__name__}")
            self.context = None
            self.challenge()
            return False
        if not self.context.complete:
            self.note("challenged")
            self.challenge(token)
            return False
        self.user = self.context.client_principal
        return True

    def do_BITS_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.signed_in():
            return
        self.note(f"{self.user} {len(body)}")
        packet = self.headers["BITS-Packet-Type"]
        fields = [("BITS-Packet-Type", "Ack")]
        if packet == "Create-Session":
            fields.append(("BITS-Session-Id", "{1}"))
        if packet == "Fragment":
            first = int(self.headers["Content-Range"].split()[1].split("-")[0])
            if not many:
                del stored[first:]
                stored.extend(body)
            received = first + len(body) if many else len(stored)
            fields.append(("BITS-Received-Content-Range", str(received)))
            self.fragments += 1
        # Before the answer: the test reads it when the client has ended.
        if packet == "Close-Session":
            self.note(f"stored {len(stored)}")
        self.answer(200, fields)
        if closing and packet == "Fragment" and self.fragments == 1 and self.number % 2 == 0:
            self.close_connection = True


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
