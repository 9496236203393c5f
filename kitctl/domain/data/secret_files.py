"""Files that hold secrets by their name, which no data set may contain."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

# Name of a file → what it is.
_NAMES = {
    ".env": "environment variables",
    ".env.*": "environment variables",
    "*.env": "environment variables",
    ".envrc": "environment variables",
    "kaggle.json": "Kaggle's credentials",
    "access_token": "a Kaggle access token",
    "credentials.json": "credentials",
    "client_secret*.json": "credentials",
    "service-account*.json": "credentials",
    ".netrc": "passwords",
    "_netrc": "passwords",
    ".pgpass": "passwords",
    ".htpasswd": "passwords",
    ".git-credentials": "passwords",
    ".npmrc": "tokens",
    ".pypirc": "tokens",
    "secrets.toml": "secrets",
    "secrets.y*ml": "secrets",
    "secrets.json": "secrets",
    "application_default_credentials.json": "credentials",
    ".dockercfg": "passwords",
    "id_rsa": "a private key",
    "id_dsa": "a private key",
    "id_ecdsa": "a private key",
    "id_ed25519": "a private key",
    "*.pem": "a key or certificate",
    "*.p12": "a private key",
    "*.pfx": "a private key",
    "*.ppk": "a private key",
    "*.jks": "a private key",
    "*.kdbx": "passwords",
}
# Examples without values, as repositories have them.
_HARMLESS = re.compile(r"\.env\.(example|sample|template|dist)|example\.env|sample\.env")
_FOLDERS = {
    ".ssh": "SSH keys",
    ".aws": "AWS credentials",
    ".azure": "Azure credentials",
    ".docker": "passwords",
    ".gnupg": "private keys",
    ".kaggle": "Kaggle's credentials",
    ".kube": "credentials",
    "gcloud": "Google credentials",
}


def kind_of_secret(path: str) -> str:
    """Return what a file holds by its name, "" where it is no file of secrets."""
    *folders, name = PurePosixPath(path.lower()).parts
    for folder in folders:
        if folder in _FOLDERS:
            return _FOLDERS[folder]
    if _HARMLESS.fullmatch(name):
        return ""
    return next((kind for pattern, kind in _NAMES.items() if fnmatchcase(name, pattern)), "")
