"""A bundle onto a hub: what is published is said before, and comes there in one commit."""

from dataclasses import dataclass
from pathlib import Path

from mien.errors import BundleError, SettingsError
from mien.models.bundle import CARD, INFO, hashed_files
from mien.models.hub.address import Address
from mien.models.hub.client import Hub
from mien.models.hub.pull import LARGEST, UNHASHED, load_whole
from mien.models.info import BundleInfo

README = "README.md"


@dataclass(frozen=True, slots=True)
class Publication:
    """What will be published, and where.

    Attributes:
        info: What the bundle's model.json says.
        address: The repository.
        files: Name → bytes of each file; other files of the folder stay where they are.
    """

    info: BundleInfo
    address: Address
    files: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Destination:
    """The repository as it is, or will be.

    Attributes:
        new: Whether it has to be made.
        private: Whether the public does not see it.
        without: Files of a bundle that it has and the new one has not; they are removed.
    """

    new: bool
    private: bool
    without: tuple[str, ...]


def prepare(path: Path, address: Address, hub: Hub) -> Publication:
    """Load a bundle strictly and write its README.md. Asks no hub.

    Args:
        path: The bundle's folder.
        address: Where it is to lie.
        hub: The hub.

    Raises:
        BundleError: It does not load whole, or has no card.
        SettingsError: The address names a revision.
    """
    if address.revision is not None:
        raise SettingsError(f"{address}: a model is published on main; leave out @…")
    info = load_whole(path).info
    if not (path / CARD).is_file():
        raise BundleError(f"{path / CARD}: is missing; a model is published with its card")
    names = (INFO, *hashed_files(info), *(one for one in UNHASHED if (path / one).is_file()))
    try:
        files = {name: (path / name).read_bytes() for name in names}
        card = files[CARD].decode("utf-8")
    except OSError as error:
        raise BundleError(f"{error.filename}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BundleError(f"{path / CARD}: is no text in utf-8; write it anew") from error
    for name, data in files.items():
        if len(data) > LARGEST[name]:
            raise BundleError(
                f"{path / name}: has {len(data):,} bytes, more than anybody's mien would fetch"
            )
    files[README] = hub.readme(info, card, address).encode()
    return Publication(info, address, files)


def look_up(publication: Publication, hub: Hub, *, public: bool) -> Destination:
    """Log in and see what is there; nothing is changed.

    Args:
        publication: What will be published.
        hub: The hub.
        public: Whether everybody may see it.

    Raises:
        SettingsError: There is no token, or the repository is public and that was not said.
        BundleError: The hub does not answer.
    """
    address = publication.address
    hub.log_in(address)
    there = hub.find(address)
    if there is None:
        return Destination(new=True, private=not public, without=())
    if not there.private and not public:
        raise SettingsError(f"{address}: is there already and public; --public to publish on it")
    old = LARGEST.keys() & there.sizes.keys() - publication.files.keys()
    return Destination(new=False, private=there.private, without=tuple(sorted(old)))


def push(publication: Publication, destination: Destination, hub: Hub) -> str:
    """Publish, in one commit.

    Returns:
        Where it can be seen.

    Raises:
        BundleError: The hub does not take it, or cannot be reached.
    """
    info = publication.info
    return hub.publish(
        publication.address,
        publication.files,
        destination.without,
        f"{info.name} {info.version}",
        new=destination.new,
        private=destination.private,
    )
