"""Libraries for object stores, without a platform: obstore, or boto3 as it is documented (variant `boto3`)."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from comparison.adapters import base
from comparison.objects import BUCKET

FILES_AT_ONCE = 8
PARTS_AT_ONCE = 4
PART = 8 << 20


class ObjectArtifacts(base.ObjectArtifacts):
    """Puts and gets from threads."""

    def start(self, folder: Path) -> None:
        self._store: Any = (_Boto3 if self.variant == "boto3" else _Obstore)()

    def open_run(self) -> None:
        """There are no runs."""

    def put_file(self, path: Path) -> None:
        self._store.put(path.name, path)

    def put_folder(self, path: Path) -> None:
        _at_once(FILES_AT_ONCE, lambda each: self._store.put(each.name, each), path.iterdir())

    def get(self, target: Path) -> None:
        _at_once(FILES_AT_ONCE, lambda found: self._store.get(*found, target / found[0]), self._store.list())


class _Obstore:
    def __init__(self) -> None:
        import obstore
        from obstore.store import S3Store

        self._obstore = obstore
        config = {"endpoint": os.environ["AWS_ENDPOINT_URL"], "region": "us-east-1"}
        self._bucket = S3Store(BUCKET, config=config, client_options={"allow_http": True})

    def put(self, key: str, path: Path) -> None:
        options = {"use_multipart": path.stat().st_size > PART, "chunk_size": PART, "max_concurrency": PARTS_AT_ONCE}
        self._obstore.put(self._bucket, key, path, **options)

    def list(self) -> Iterable[tuple[str, int]]:
        return [(each["path"], each["size"]) for some in self._obstore.list(self._bucket) for each in some]

    def get(self, key: str, size: int, path: Path) -> None:
        if size <= PART:
            path.write_bytes(self._obstore.get(self._bucket, key).bytes())
            return
        with path.open("wb", buffering=0) as file:

            def part(start: int) -> None:
                end = min(start + PART, size)
                os.pwrite(file.fileno(), self._obstore.get_range(self._bucket, key, start=start, end=end), start)

            _at_once(PARTS_AT_ONCE, part, range(0, size, PART))


class _Boto3:
    def __init__(self) -> None:
        import boto3

        self._client = boto3.client("s3")

    def put(self, key: str, path: Path) -> None:
        self._client.upload_file(str(path), BUCKET, key)

    def list(self) -> Iterable[tuple[str, int]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [(each["Key"], each["Size"]) for page in pages for each in page["Contents"]]

    def get(self, key: str, _size: int, path: Path) -> None:
        self._client.download_file(BUCKET, key, str(path))


def _at_once(count: int, work: Callable[[Any], None], items: Iterable[Any]) -> None:
    with ThreadPoolExecutor(count) as pool:
        for _ in pool.map(work, items):
            pass
