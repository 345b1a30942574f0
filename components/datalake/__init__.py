"""Object stores: the lake's zones, incoming documents and backups."""

from components.datalake.object_store import ACCESS_KEY, SECRET_KEY, BlobStore, ObjectStore, S3Store, bucket_of

__all__ = ["ACCESS_KEY", "SECRET_KEY", "BlobStore", "ObjectStore", "S3Store", "bucket_of"]
