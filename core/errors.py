"""Every error Muniment raises on purpose.

MunimentError
├── SettingsError              a setting is wrong; names its key
├── InvalidInput               the caller sent something we cannot use
├── Unauthenticated            no key, or not a key of ours
├── Forbidden                  a key that may not do this
├── NotFound                   not there, or not yours: the two look the same
├── DocumentError              a file that cannot become a document
│   ├── RejectedDocument       refused at the door: type, name, size
│   └── UnreadableDocument     encrypted, damaged, no pages, no text
├── ModelError
│   ├── ModelMismatch          vectors of one model offered to an index of another
│   ├── WeightsError           missing, unreachable or with the wrong hash
│   ├── LicenceRefused         a model whose licence the policy does not allow
│   ├── ModelUnavailable       the model server does not answer (retryable)
│   └── ContextTooLong         the prompt does not fit the model's window
├── DependencyUnavailable      database or broker does not answer (retryable)
└── Busy                       as many questions are being answered as we take at once (retryable)

A message says what is wrong and what to do next, in words for the person who will read it.
No HTTP here: api/errors.py maps classes to statuses.
"""

from typing import ClassVar


class MunimentError(Exception):
    """Root of the tree. ``retryable``: the same call may succeed later without anyone changing anything."""

    retryable: ClassVar[bool] = False


class SettingsError(MunimentError): ...


class InvalidInput(MunimentError): ...


class Unauthenticated(MunimentError): ...


class Forbidden(MunimentError): ...


class NotFound(MunimentError): ...


class DocumentError(MunimentError): ...


class RejectedDocument(DocumentError): ...


class UnreadableDocument(DocumentError): ...


class ModelError(MunimentError): ...


class ModelMismatch(ModelError): ...


class WeightsError(ModelError): ...


class LicenceRefused(ModelError): ...


class ModelUnavailable(ModelError):
    retryable = True


class ContextTooLong(ModelError): ...


class DependencyUnavailable(MunimentError):
    retryable = True


class Busy(MunimentError):
    retryable = True
