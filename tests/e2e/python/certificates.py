"""Certificates of a test, made by the openssl command."""

import pathlib
import subprocess


def openssl(*arguments) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def new_key(file: pathlib.Path) -> list:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file]


class Authority:
    """Signs certificates; `certificate` is the file of its own, signed by itself or by `above`."""

    def __init__(self, folder: pathlib.Path, name: str, above: "Authority | None" = None):
        self._folder = folder
        self.certificate = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        if above is not None:
            above._make(folder, name, name, "basicConstraints=critical,CA:TRUE\n")
            return
        openssl("req", "-x509", *new_key(self._key), "-out", self.certificate, "-days", "2", "-subj", f"/CN={name}")

    def sign(self, file: str, subject: str, names: str = "", days: int = 2) -> tuple[pathlib.Path, pathlib.Path]:
        """A certificate and its key: `names` are subject alternative names, such as "DNS:localhost"."""
        extensions = f"subjectAltName={names}\n" if names else "basicConstraints=CA:FALSE\n"
        return self._make(self._folder, file, subject, extensions, days)

    def _make(self, folder: pathlib.Path, file: str, subject: str, extensions: str, days: int = 2):
        certificate, key = folder / f"{file}.pem", folder / f"{file}.key"
        request, extension_file = folder / f"{file}.csr", folder / f"{file}.ext"
        extension_file.write_text(extensions)
        openssl("req", *new_key(key), "-out", request, "-subj", f"/CN={subject}")
        by = ["-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-days", days]
        openssl("x509", "-req", "-in", request, *by, "-extfile", extension_file, "-out", certificate)
        return certificate, key
