"""The state of moto's backends as a file."""

import functools
import io
import json
import pickle
import sys
import threading
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.backends import get_backend
from moto.core.base_backend import BackendDict, BaseBackend
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy

from sandbox.environment import write_private

# service -> account -> region
Backends = dict[str, dict[str, dict[str, BaseBackend]]]
ATTEMPTS = 20
LOCKS = {type(factory()): factory for factory in (threading.Lock, threading.RLock)}


class Memory:
    """Keeps what moto's backends hold.

    Args:
        file: private file of the sandbox's owner; it need not exist.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._unsaved: set[str] = set()

    def save(self) -> None:
        """Write the state of every backend in one step.

        Raises:
            TimeoutError: requests kept changing it.
        """
        write_private(self._file, self._dump())

    def restore(self) -> None:
        """Give the backends the state of the file; a file that cannot be read is set aside."""
        if not self._file.exists():
            return
        try:
            state = cast("Backends", pickle.loads(self._file.read_bytes()))  # noqa: S301 - written by this class, 0600
        except Exception as error:  # noqa: BLE001 - a pickle fails in as many ways as its classes
            self._file.replace(self._file.with_suffix(".unreadable"))
            print(f"{self._file.name} cannot be read ({error!r}); starting with empty AWS accounts.", file=sys.stderr)
            return
        for service, accounts in state.items():
            for account, regions in accounts.items():
                for region, backend in regions.items():
                    dict.__setitem__(_services(service)[account], region, backend)

    def _dump(self) -> bytes:
        for _ in range(ATTEMPTS):
            state: Backends = {
                backends.service_name: {account: dict(regions) for account, regions in backends.items()}
                for backends in list(BackendDict._instances)  # noqa: SLF001 - no public list  # pyright: ignore[reportPrivateUsage, reportGeneralTypeIssues]
            }
            try:
                return _pickled({name: state[name] for name in state.keys() - self._unsaved})
            except RuntimeError:
                # a request changed a dictionary meanwhile
                continue
            except Exception:  # noqa: BLE001 - some backend holds a thread, a socket, ...
                self._exclude(state)
        raise TimeoutError(f"moto's state did not hold still in {ATTEMPTS} attempts")

    def _exclude(self, state: Backends) -> None:
        for service in state.keys() - self._unsaved:
            try:
                _pickled({service: state[service]})
            except RuntimeError:
                continue
            except Exception as error:  # noqa: BLE001 - see above
                self._unsaved.add(service)
                print(f"The state of {service} cannot be kept over a restart: {error!r}", file=sys.stderr)


class _Pickler(pickle.Pickler):
    """Knows keys and locks, which pickle refuses, and leaves out what comes with moto."""

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) in LOCKS:
            return LOCKS[type(obj)], ()
        if isinstance(obj, AWSManagedPolicy) and obj.attachment_count == 0:
            # there are over a thousand of them: 24 MB in every save
            return _aws_managed_policy, (obj.name, obj.account_id, obj.partition)
        if isinstance(obj, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            form, secret = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            pem = obj.private_bytes(serialization.Encoding.PEM, form, secret)
            return _private_key, (pem,)
        return NotImplemented


def _private_key(pem: bytes) -> Any:
    return serialization.load_pem_private_key(pem, password=None)


def _aws_managed_policy(name: str, account: str, partition: str) -> AWSManagedPolicy:
    return AWSManagedPolicy.from_data(name, account, partition, _aws_managed_policies()[name])


@functools.cache
def _aws_managed_policies() -> dict[str, Any]:
    return json.loads(aws_managed_policies_data)


def _pickled(state: Backends) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(state)
    return buffer.getvalue()


def _services(name: str) -> BackendDict[BaseBackend]:
    return cast("BackendDict[BaseBackend]", get_backend(cast("Any", name)))
