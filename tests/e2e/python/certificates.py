"""Certificates of a test, made by the openssl command."""

import pathlib
import subprocess


def openssl(*arguments) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


class Authority:
    """Signs certificates; `certificate` is the file of its own."""

    def __init__(self, folder: pathlib.Path, name: str):
        self._folder = folder
        self.certificate = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self._key]
        openssl("req", "-x509", *new_key, "-out", self.certificate, "-days", "2", "-subj", f"/CN={name}")

    def sign(self, file: str, subject: str, names: str = "", days: int = 2) -> tuple[pathlib.Path, pathlib.Path]:
        """A certificate and its key: `names` are subject alternative names, such as "DNS:localhost"."""
        certificate, key = self._folder / f"{file}.pem", self._folder / f"{file}.key"
        request, extensions = self._folder / f"{file}.csr", self._folder / f"{file}.ext"
        extensions.write_text(f"subjectAltName={names}\n" if names else "basicConstraints=CA:FALSE\n")
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
        openssl("req", *new_key, "-out", request, "-subj", f"/CN={subject}")
        by = ["-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-days", days]
        openssl("x509", "-req", "-in", request, *by, "-extfile", extensions, "-out", certificate)
        return certificate, key
