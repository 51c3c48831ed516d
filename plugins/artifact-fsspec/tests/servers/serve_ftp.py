"""An FTP server: `serve_ftp.py PORT FOLDER USER PASSWORD [CERTIFICATE]`."""

import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import ThreadedFTPServer


def main(port: str, folder: str, user: str, password: str, certificate: str = "") -> None:
    authorizer = DummyAuthorizer()
    authorizer.add_user(user, password, folder, perm="elradfmwMT")
    authorizer.add_user("reader", password, folder, perm="elr")
    handler = TLS_FTPHandler if certificate else FTPHandler
    handler.authorizer = authorizer
    if certificate:
        handler.certfile = certificate
        handler.tls_control_required = handler.tls_data_required = True
    ThreadedFTPServer(("127.0.0.1", int(port)), handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
