"""A WebDAV server: `serve_webdav.py PORT FOLDER USER PASSWORD [CERTIFICATE]`."""

import sys

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter
from wsgidav.wsgidav_app import WsgiDAVApp


def main(port: str, folder: str, user: str, password: str, certificate: str = "") -> None:
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/files": folder, "/readable": {"root": folder, "readonly": True}},
            "simple_dc": {"user_mapping": {"*": {user: {"password": password}}}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
            "hotfixes": {"re_encode_path_info": True},
            "verbose": 1,
            "logging": {"enable": False},
        }
    )
    server = wsgi.Server(("127.0.0.1", int(port)), app, numthreads=16)
    if certificate:
        server.ssl_adapter = BuiltinSSLAdapter(certificate, certificate)
    server.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
