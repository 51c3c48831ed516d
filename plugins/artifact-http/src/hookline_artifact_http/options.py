"""Who asks a server for artifacts."""

from attrs import frozen

from hookline_lib_client.options import HttpOptions


@frozen
class ArtifactOptions(HttpOptions):
    """How a server is asked, as `HttpOptions` says.

    Attributes:
        use_environment: the credentials in the environment are those of the tracking server. A URL of artifacts may
            come from anywhere, such as the record of a run, so they are sent to no other place by themselves: this is
            set where the artifact store is that of the tracking server, or by you.
    """

    use_environment: bool = False
