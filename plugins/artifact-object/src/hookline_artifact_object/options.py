"""How an object store is reached. What is not given here comes from the environment, as its other programs read it."""

from attrs import field, frozen
from attrs.validators import ge, gt, le

MEBIBYTE = 2**20


@frozen
class ObjectOptions:
    """What holds for every kind of object store.

    Attributes:
        endpoint: the URL to ask in place of the public service's, such as `https://minio.example:9000`. One that starts
            with `http://` is asked without encryption.
        anonymous: ask without credentials, for what is public.
        ca_bundle: a file of certificates (PEM) to trust besides the system's.
        timeout: seconds to wait for a connection, for the next bytes of an answer, and for a part to be taken.
        retries: how often a request that failed on the way is sent again.
        part_size: bytes of the parts that files above this size are moved in; files with more than 10,000 such parts
            are moved in larger ones.
        parallel: how many parts of one file are on their way at once. One file takes up to
            `part_size * parallel` bytes of memory.
    """

    endpoint: str | None = None
    anonymous: bool = False
    ca_bundle: str | None = None
    timeout: float = field(default=120.0, validator=gt(0))
    retries: int = field(default=5, validator=ge(0))
    part_size: int = field(default=8 * MEBIBYTE, validator=(ge(5 * MEBIBYTE), le(1024 * MEBIBYTE)))
    parallel: int = field(default=4, validator=(ge(1), le(64)))


@frozen
class S3Options(ObjectOptions):
    """How S3, or a server that speaks it, is reached.

    Attributes:
        region: default `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's, or `us-east-1`.
        access_key_id, secret_access_key, session_token: default the environment's (`AWS_ACCESS_KEY_ID` and so on, a web
            identity, a container's role), the profile's, or the role of the machine.
        profile: a section of `~/.aws/credentials` and `~/.aws/config`; default `AWS_PROFILE`, or `default`.
        virtual_hosted: whether the bucket stands in the host's name, as an endpoint may ask for, which then holds it.
        checksum: `SHA256` or `CRC64NVME` sends such a checksum with every part, which the store compares. Without one
            it compares the SHA-256 that the request is signed with.
    """

    region: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    profile: str | None = None
    virtual_hosted: bool = False
    checksum: str | None = None


@frozen
class GoogleOptions(ObjectOptions):
    """How Google Cloud Storage is reached.

    Attributes:
        service_account: the file of a service account's key; default that of `GOOGLE_SERVICE_ACCOUNT` or
            `GOOGLE_APPLICATION_CREDENTIALS`, of `gcloud auth application-default login`, or the role of the machine.
    """

    service_account: str | None = None


@frozen
class AzureOptions(ObjectOptions):
    """How Azure's storage is reached.

    Attributes:
        account: its name, where the URI does not hold it; default `AZURE_STORAGE_ACCOUNT_NAME`.
        account_key, sas_token: default the environment's: `AZURE_STORAGE_ACCOUNT_KEY`, `AZURE_STORAGE_SAS_TOKEN`,
            `AZURE_STORAGE_CONNECTION_STRING`, a service principal (`AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET` and
            `AZURE_TENANT_ID`), a workload identity, or the role of the machine.
        connection_string: holds the account, a key or a signature, and perhaps an endpoint, in one text.
        use_azure_cli: whether to ask `az` for a token.
    """

    account: str | None = None
    account_key: str | None = field(default=None, repr=False)
    sas_token: str | None = field(default=None, repr=False)
    connection_string: str | None = field(default=None, repr=False)
    use_azure_cli: bool = False
