"""The hub itself, by `huggingface_hub`: what lies there, its bytes, and a commit.

Of the library's ways to download, none is used: they keep copies in the home folder, and believe
what a hub says of a file's size. Its telemetry is off, and a token is sent only where the hub does
not answer without.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from mien.errors import BundleError, MienError, MissingExtraError, SettingsError, one_line
from mien.models.hub.address import Address
from mien.models.hub.readme import make_readme
from mien.models.info import BundleInfo

SECONDS, CHUNK = 30.0, 1 << 18
# A hub answers so to strangers of what is private, or shown to who agreed to its terms.
UNKNOWN, NOT_FOUND = 401, 404
HIDDEN = (UNKNOWN, 403, NOT_FOUND)
LOG_IN = "`hf auth login`, or a token in HF_TOKEN"
# Read by the library when it is imported: no reports, and no caches in the home folder for files
# of a few megabytes.
_SWITCHES = ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_PROGRESS_BARS")


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies in a repository at one commit.

    Attributes:
        commit: Its full hash: what is asked for next is of the same one.
        sizes: Name of each file → bytes, as the hub says; None where it does not.
        private: Whether the public does not see it.
    """

    commit: str
    sizes: Mapping[str, int | None]
    private: bool


class Hub:
    """A hub, asked without a token as long as that is enough."""

    def __init__(self) -> None:
        """Get ready; asks nothing yet.

        Raises:
            MissingExtraError: `huggingface_hub` is not installed.
        """
        self._library = _library()
        # Read anew: the library keeps what it found when it was imported.
        endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or None
        self._api = self._library.HfApi(endpoint=endpoint, library_name="mien")
        self._token: str | None = None

    @property
    def endpoint(self) -> str:
        """Its address, without a slash at the end."""
        return str(self._api.endpoint)

    def readme(self, info: BundleInfo, card: str, address: Address) -> str:
        """Return README.md for a bundle; see `make_readme`."""
        return make_readme(self._library, info, card, address, self.endpoint)

    def log_in(self, address: Address) -> None:
        """Send the token from now on.

        Raises:
            SettingsError: There is none.
        """
        self._token = self._library.get_token()
        if not self._token:
            raise SettingsError(f"{address}: a hub takes files by a token alone: {LOG_IN}")

    def listing(self, address: Address) -> Listing:
        """Ask what lies there.

        Raises:
            BundleError: Nothing does, it is not shown, or the hub cannot be reached.
        """
        with self._told(address):
            try:
                return self._listing(address)
            except self._library.errors.HfHubHTTPError as error:
                if not self._may_ask_again(error.response.status_code):
                    raise
                return self._listing(address)

    def find(self, address: Address) -> Listing | None:
        """Return what lies there, or None where there is nothing, or nothing is shown.

        Raises:
            BundleError: The hub cannot be reached, or does not take the token.
        """
        with self._told(address):
            try:
                return self._listing(address)
            except self._library.errors.HfHubHTTPError as error:
                if error.response.status_code != NOT_FOUND:
                    raise
                return None

    def fetch(self, address: Address, commit: str, name: str, most: int) -> Iterator[bytes]:
        """Yield the bytes of a file, as they come.

        Raises:
            BundleError: It is longer than `most`, is not there, or the hub cannot be reached.
        """
        library, taken = self._library, 0
        url = library.hf_hub_url(address.repo, name, revision=commit, endpoint=self.endpoint)
        with self._told(address), self._answer(url) as response:
            library.utils.hf_raise_for_status(response)
            for chunk in response.iter_raw(CHUNK):
                taken += len(chunk)
                if taken > most:
                    raise BundleError(f"{address}: its {name} is longer than the hub says")
                yield chunk

    @contextlib.contextmanager
    def _answer(self, url: str) -> Iterator[Any]:
        """Ask for a file; once more with the token, where it is shown to some alone."""
        utils = self._library.utils
        with contextlib.ExitStack() as stack:
            while True:
                headers = utils.build_hf_headers(token=self._token or False, library_name="mien")
                # What is packed may unpack to anything.
                headers["Accept-Encoding"] = "identity"
                stream = utils.get_session().stream("GET", url, headers=headers, timeout=SECONDS)
                response = stack.enter_context(stream)
                if not self._may_ask_again(response.status_code):
                    break
            yield response

    def publish(
        self,
        address: Address,
        files: Mapping[str, bytes],
        without: Sequence[str],
        message: str,
        *,
        new: bool,
        private: bool,
    ) -> str:
        """Put files into a repository, in one commit.

        Args:
            address: The repository.
            files: Name → bytes.
            without: Names of files that are removed.
            message: Of the commit.
            new: Whether the repository is made.
            private: Whether it is private, where it is made.

        Returns:
            Where it can be seen.

        Raises:
            BundleError: The hub does not take it, or cannot be reached.
        """
        library = self._library
        operations: list[Any] = [
            library.CommitOperationAdd(path_in_repo=name, path_or_fileobj=data)
            for name, data in files.items()
        ]
        operations += [library.CommitOperationDelete(path_in_repo=name) for name in without]
        with self._told(address):
            if new:
                self._api.create_repo(
                    address.repo, private=private, exist_ok=True, token=self._token
                )
            self._api.create_commit(
                address.repo, operations, commit_message=message, token=self._token
            )
        return f"{self.endpoint}/{address.repo}"

    def _listing(self, address: Address) -> Listing:
        found = self._api.model_info(
            address.repo,
            revision=address.revision,
            files_metadata=True,
            timeout=SECONDS,
            token=self._token or False,
        )
        sizes = {one.rfilename: one.size for one in found.siblings or ()}
        return Listing(str(found.sha), sizes, bool(found.private))

    def _may_ask_again(self, status: int) -> bool:
        """Whether the hub may say more to who is logged in: then it is asked with the token."""
        if status in HIDDEN and not self._token:
            self._token = self._library.get_token()
            return bool(self._token)
        return False

    @contextlib.contextmanager
    def _told(self, address: Address) -> Iterator[None]:
        """Turn whatever the library raises into one line, in which no token stands."""
        try:
            yield
        except MienError:
            raise
        except Exception as error:  # the library, httpx and its parsers have no common base
            said = self._reason(address, error)
            raise BundleError(said.replace(self._token, "…") if self._token else said) from error

    def _reason(self, address: Address, error: Exception) -> str:
        errors = self._library.errors
        match error:
            case errors.OfflineModeIsEnabled():
                return f"{address}: HF_HUB_OFFLINE is set, so that the hub is not asked; unset it"
            case errors.GatedRepoError():
                where = f"{self.endpoint}/{address.repo}"
                return (
                    f"{address}: shown to who agreed to its terms: do so at {where}; then {LOG_IN}"
                )
            case errors.RevisionNotFoundError():
                return f"{address}: has no revision {address.revision!r}"
            case errors.HfHubHTTPError(response=answer) if answer.status_code in HIDDEN:
                if answer.status_code != NOT_FOUND and self._token:
                    return f"{address}: {self.endpoint} does not let this token do it: {LOG_IN}"
                return f"{address}: not on {self.endpoint}, or private: if it is yours, {LOG_IN}"
            case errors.HfHubHTTPError():
                said = one_line(error) if error.server_message is None else error.server_message
                answer = f"{error.response.status_code} ({' '.join(said.split())[:200]})"
                return f"{address}: {self.endpoint} answers {answer}"
        return f"{address}: {self.endpoint} cannot be reached ({one_line(error)})"


def _library() -> ModuleType:
    """Import the library, with what it reports and keeps switched off."""
    former = {name: os.environ.get(name) for name in _SWITCHES}
    os.environ.update(dict.fromkeys(_SWITCHES, "1"))
    try:
        import huggingface_hub
        import huggingface_hub.constants
        import huggingface_hub.errors
        import huggingface_hub.utils
    except ModuleNotFoundError as error:
        raise MissingExtraError("a hub of models", "hub") from error
    finally:
        for name, value in former.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
    # Somebody else may have imported it before.
    for name in _SWITCHES:
        setattr(huggingface_hub.constants, name, True)
    return huggingface_hub
