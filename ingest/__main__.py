"""``python -m ingest``: the ingest worker, wired from the environment."""

import sys

from core import settings, telemetry
from core.errors import MunimentError, SettingsError


def main() -> None:
    """Read the settings and serve; a setting that is wrong or missing is named, with exit status 2."""
    telemetry.silence_phone_home()
    try:
        loaded = settings.load()
        if loaded.database.url is None or loaded.broker.url is None:
            raise SettingsError("The worker needs MUNIMENT_DATABASE_URL and MUNIMENT_BROKER_URL; `muniment up` sets both.")
        telemetry.configure(loaded.log_level)
        from ingest.tasks import serve  # after the phone-home switches, which must precede the parsers' import

        serve(loaded)
    except MunimentError as error:
        sys.exit(f"muniment worker: {error}")


main()
