"""What the control plane's API works on: the store, opened when it is first asked for, and the secrets."""

from collections.abc import Callable, Mapping

from trunkline import setup
from trunkline.cli.opened import Hidden
from trunkline.cli.providers import listed
from trunkline.config import schema
from trunkline.data import DataDirectory
from trunkline.kept.disclosing import Disclosure
from trunkline.store.base import Store
from trunkline.tenancy.managing import Manager


class Administering:
    """Implements `trunkline.control.api.Administration`. But for `token`, all is called in one worker thread."""

    def __init__(
        self, config: Callable[[], schema.Config], data: DataDirectory, environment: Mapping[str, str]
    ) -> None:
        """`config`: the one that holds now. Raises `DataError`."""
        self._config = config
        self._data = data
        self._environment = environment
        self._store: Store | None = None
        token, self.token_made = data.secret(data.control_token)
        self._token = token.decode()

    @property
    def token(self) -> str:
        """What callers must show."""
        written = self._config().control.token
        return written.get_secret_value() if written is not None else self._token

    def manager(self, by: str) -> Manager:
        """Who makes changes. Raises `StoreError`."""
        config = self._config()
        if self._store is None:
            self._store = setup.open_configured_store(config, self._data)
        hidden = Hidden(config, self._data, self._store)
        return Manager(self._store, config, hidden, listed(config, self._environment), by)

    def disclosure(self, by: str) -> Disclosure:
        """Who reads and erases what is kept of what was said. Raises `StoreError`."""
        managing = self.manager(by)
        return Disclosure(managing.store, managing.config, Hidden(managing.config, self._data, managing.store), by)

    def close(self) -> None:
        """Let go of the store."""
        if self._store is not None:
            self._store.close()
