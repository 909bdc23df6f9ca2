"""Logging for entry points: one line an event, on standard error, with its ``extra=`` fields as key=value.

Rooms call ``logging.getLogger(__name__)`` and log an event name; only entry points call :func:`configure`.
Nothing here or anywhere sends telemetry: :func:`silence_phone_home` switches off what libraries would send.
"""

import logging
import os
import sys

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

PHONE_HOME_OFF = {
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "1",
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "VLLM_NO_USAGE_STATS": "1",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime 1.32 heeds neither DO_NOT_TRACK nor its own disable_telemetry_events()
}


class KeyValueFormatter(logging.Formatter):
    """Append the record's extra fields, so that ``grep event=...`` finds them."""

    def format(self, record: logging.LogRecord) -> str:
        """Format as usual, then the extra fields."""
        extra = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        return super().format(record) + "".join(f" {k}={v!r}" for k, v in extra.items())


def configure(level: str) -> None:
    """Send the root logger to standard error at ``level``; call once, from an entry point."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(KeyValueFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "pdfminer", "kombu", "amqp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def silence_phone_home() -> None:
    """Set the environment that keeps libraries from calling out; before their first import."""
    os.environ.update(PHONE_HOME_OFF)
